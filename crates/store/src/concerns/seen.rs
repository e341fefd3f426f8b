//! Who may know of a concern, as one condition that every query shares.

use domain::concern::{ConcernStatus, RouteKind};
use domain::roster::Kinds;
use domain::{PersonId, SettingId};
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Iden};

use crate::entity::cases::{concern, exclusion, invitation};

/// A viewer: who they are and which routes they work today. `app` fills routes and kinds from the viewer's appointments by the
/// rules of `domain` (the allegation route for the case manager alone, S7); exclusions and invitations are looked up in
/// the query itself, so that nobody can forget them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sees {
    /// Who looks.
    pub person: PersonId,
    /// Routes whose concerns they work.
    pub routes: Vec<RouteKind>,
    /// Of those routes, the kinds that their role opens.
    pub kinds: Kinds,
}

impl Sees {
    /// Somebody whose role opens nothing: what they were let in to by name, and what has no concern.
    pub fn by_name(person: PersonId) -> Self {
        Self { person, routes: Vec::new(), kinds: Kinds::All }
    }
}

/// The concerns of a setting that a viewer may know of: not shut out, and either on one of their routes or invited by
/// name.
pub(crate) fn visible_to(setting: SettingId, sees: &Sees) -> Condition {
    visible_even_destroyed(setting, sees).add(is_there())
}

/// It was not destroyed.
pub(crate) fn is_there() -> SimpleExpr {
    concern::Column::Status.ne(ConcernStatus::Destroyed.key())
}

/// As [`visible_to`], with the empty places of destroyed ones: for certificates alone.
pub(crate) fn visible_even_destroyed(setting: SettingId, sees: &Sees) -> Condition {
    let here = (concern::Entity, concern::Column::Id);
    let mut invited = Query::select();
    invited
        .expr(Expr::val(1))
        .from(invitation::Entity)
        .and_where(Expr::col((invitation::Entity, invitation::Column::ConcernId)).equals(here))
        .and_where(Expr::col((invitation::Entity, invitation::Column::PersonId)).eq(sees.person.0));
    let mut by_role = Condition::all().add(concern::Column::Route.is_in(sees.routes.iter().map(|route| route.key())));
    if let Kinds::Only(kinds) = &sees.kinds {
        by_role = by_role.add(concern::Column::Kind.is_in(kinds.iter().map(|kind| kind.key())));
    }
    let right = Condition::any().add(by_role).add(Expr::exists(invited));
    Condition::all().add(concern::Column::SettingId.eq(setting.0)).add(right).add(not_excluded(here, sees.person))
}

/// Rows that hang on a concern of which the viewer may know. Asked of each row's concern, by its key: a list of all that
/// the viewer may know of would cost every such query as much as ten thousand concerns.
pub(crate) fn of_visible(concern_id: impl IntoColumnRef, setting: SettingId, sees: &Sees) -> SimpleExpr {
    of(concern_id, visible_to(setting, sees))
}

/// As [`of_visible`], with the empty places of destroyed ones.
pub(crate) fn of_visible_even_destroyed(concern_id: impl IntoColumnRef, setting: SettingId, sees: &Sees) -> SimpleExpr {
    of(concern_id, visible_even_destroyed(setting, sees))
}

fn of(concern_id: impl IntoColumnRef, visible: Condition) -> SimpleExpr {
    let mut one = SelectStatement::new();
    one.expr(Expr::val(1))
        .from(concern::Entity)
        .and_where(Expr::col((concern::Entity, concern::Column::Id)).equals(concern_id))
        .cond_where(visible);
    Expr::exists(one)
}

/// The viewer is not shut out from the concern of this column.
pub(crate) fn not_excluded(concern_id: impl IntoColumnRef, person: PersonId) -> SimpleExpr {
    let mut shut_out = Query::select();
    shut_out
        .expr(Expr::val(1))
        .from(exclusion::Entity)
        .and_where(Expr::col((exclusion::Entity, exclusion::Column::ConcernId)).equals(concern_id))
        .and_where(Expr::col((exclusion::Entity, exclusion::Column::PersonId)).eq(person.0));
    Expr::exists(shut_out).not()
}

/// What is made from a concern (hold, proposal, action, review, notice) inherits its exclusions, though not its route:
/// the owner of an action need not be able to read the case (S8).
pub(crate) fn inherits<E: EntityTrait + Iden>(table: E, sees: &Sees) -> Condition {
    let column = (table, ConcernIdColumn);
    Condition::any().add(Expr::col(column).is_null()).add(not_excluded((table, ConcernIdColumn), sees.person))
}

/// `concern_id`, the same in every table.
#[derive(Clone, Copy)]
struct ConcernIdColumn;

impl Iden for ConcernIdColumn {
    fn unquoted(&self) -> &str {
        "concern_id"
    }
}
