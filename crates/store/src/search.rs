//! Search over what was written, references and names. Who may know is inside the query: a search finds no more than a
//! list would show (S8).

use domain::SettingId;
use domain::concern::{ConcernKind, ConcernStatus};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryOrder, QuerySelect};

use crate::concerns::{Concern, Sees, visible_to};
use crate::db::Reads;
use crate::dialect;
use crate::entity::cases::{concern, concern_person};
use crate::entity::register::person;
use crate::error::Result;
use crate::rows;

/// Words of a query that count; more are ignored.
const WORDS: usize = 12;
/// Letters of a word that count.
const LETTERS: usize = 40;

/// What is searched for. What is left empty asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Words, names, a reference.
    pub words: String,
    /// Of one of these kinds.
    pub kinds: Vec<ConcernKind>,
    /// In one of these states.
    pub status: Vec<ConcernStatus>,
    /// Happened at or after this time.
    pub from: Option<Timestamp>,
    /// Happened before this time.
    pub to: Option<Timestamp>,
}

impl Asked {
    fn has_filter(&self) -> bool {
        !self.kinds.is_empty() || !self.status.is_empty() || self.from.is_some() || self.to.is_some()
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::all();
        if !self.kinds.is_empty() {
            condition = condition.add(concern::Column::Kind.is_in(self.kinds.iter().map(|kind| kind.key())));
        }
        if !self.status.is_empty() {
            condition = condition.add(concern::Column::Status.is_in(self.status.iter().map(|status| status.key())));
        }
        condition
            .add_option(self.from.map(|from| concern::Column::EventAt.gte(from.as_microsecond())))
            .add_option(self.to.map(|to| concern::Column::EventAt.lt(to.as_microsecond())))
    }
}

/// Concerns that the viewer may know of and whose chronology, reference or people match all words, newest first.
/// Words match from their beginning: `tab` finds "tablet".
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, sees: &Sees, query: &str, limit: u64) -> Result<Vec<Concern>> {
    find(db, setting, sees, &Asked { words: query.to_owned(), ..Asked::default() }, limit).await
}

/// As [`list`], narrowed by kind, state and time; without words, whatever the narrowing leaves.
///
/// # Errors
/// As any read.
pub async fn find(db: &impl Reads, setting: SettingId, sees: &Sees, asked: &Asked, limit: u64) -> Result<Vec<Concern>> {
    let words = words(&asked.words);
    if words.is_empty() {
        if !asked.has_filter() || !asked.words.trim().is_empty() {
            return Ok(Vec::new());
        }
        return newest(db, visible_to(setting, sees).add(asked.condition()), limit).await;
    }
    let engine = db.connection().get_database_backend();
    let mut found = Condition::any().add(dialect::matches(engine, &words));
    found = found.add(
        Expr::expr(Func::lower(Expr::col((concern::Entity, concern::Column::Reference))))
            .eq(asked.words.trim().to_lowercase()),
    );
    let mut named = Condition::all();
    for word in &words {
        named = named.add(of_somebody_called(setting, word));
    }
    newest(db, visible_to(setting, sees).add(asked.condition()).add(found.add(named)), limit).await
}

async fn newest(db: &impl Reads, condition: Condition, limit: u64) -> Result<Vec<Concern>> {
    let select = rows::select::<Concern>(condition)
        .order_by_desc(concern::Column::RecordedAt)
        .order_by_desc(concern::Column::Id)
        .limit(limit);
    rows::many(db, select).await
}

/// Letters and digits only: what is left cannot be an operator of either engine.
fn words(query: &str) -> Vec<String> {
    query
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .map(|word| word.chars().take(LETTERS).flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect())
        .collect()
}

/// People first, by name, then their concerns by key: a setting has hundreds of people and ten thousands of parts.
fn of_somebody_called(setting: SettingId, word: &str) -> sea_orm::sea_query::SimpleExpr {
    let mut called = Query::select();
    called
        .column(person::Column::Id)
        .from(person::Entity)
        .and_where(Expr::col(person::Column::SettingId).eq(setting.0));
    called.cond_where(
        Condition::any()
            .add(lower(person::Column::Name).like(format!("%{word}%")))
            .add(lower(person::Column::KnownAs).like(format!("%{word}%"))),
    );
    let mut named = Query::select();
    named
        .column(concern_person::Column::ConcernId)
        .from(concern_person::Entity)
        .and_where(Expr::col(concern_person::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(concern_person::Column::PersonId).in_subquery(called));
    concern::Column::Id.in_subquery(named)
}

fn lower(column: person::Column) -> sea_orm::sea_query::SimpleExpr {
    Func::lower(Expr::col((person::Entity, column))).into()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn operators_of_the_engines_do_not_survive() {
        assert_eq!(words("Tab\"let* OR 'x':* & !y"), ["tab", "let", "or", "x", "y"]);
        assert!(words("  %_'\"*()  ").is_empty());
        assert_eq!(words(&"a ".repeat(50)).len(), 12);
        assert_eq!(words(&"a".repeat(500)).first().map(String::len), Some(40));
    }
}
