//! Search over what was written, references and names. Who may know is inside the query: a search finds no more than a
//! list would show (S8).

use domain::SettingId;
use domain::concern::{ConcernKind, ConcernStatus};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryOrder, QuerySelect};

use crate::concerns::{Concern, Sees, visible_to};
use crate::db::Reads;
use crate::dialect;
use crate::entity::cases::{concern, concern_person};
use crate::entity::register::{Person, person};
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

/// Concerns that the viewer may know of and whose chronology, reference or people match all words, newest first. Words that
/// stand in somebody's name are found in the names of those concerned, the others in what was written.
/// Words match from their beginning: `tab` finds "tablet".
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, sees: &Sees, query: &str, limit: u64) -> Result<Vec<Concern>> {
    find(db, setting, sees, &Asked { words: query.to_owned(), ..Asked::default() }, (0, limit)).await
}

/// As [`list`], narrowed by kind, state and time; without words, whatever the narrowing leaves. `skip` leaves out the newest.
///
/// # Errors
/// As any read.
pub async fn find(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    asked: &Asked,
    (skip, limit): (u64, u64),
) -> Result<Vec<Concern>> {
    let words = words(&asked.words);
    if words.is_empty() {
        if !asked.has_filter() || !asked.words.trim().is_empty() {
            return Ok(Vec::new());
        }
        return newest(db, visible_to(setting, sees).add(asked.condition()), (skip, limit)).await;
    }
    let engine = db.connection().get_database_backend();
    let mut others = with_reference(setting, &asked.words);
    // "Ella tablet": a name, and what was written of it. Words that name nobody must stand in the text.
    let (names, rest) = names_among(db, setting, &words).await?;
    if !names.is_empty() {
        let mut named = parts_of(setting);
        for word in names {
            named.and_where(concern_person::Column::ConcernId.in_subquery(of_somebody_called(setting, word)));
        }
        if is_common(db, &rest).await? {
            named.and_where(dialect::has_words(engine, "\"concern_person\".\"concern_id\"", &rest));
        } else if !rest.is_empty() {
            named.and_where(concern_person::Column::ConcernId.in_subquery(dialect::matching(engine, &rest)));
        }
        others.union(UnionType::Distinct, named);
    }
    let found = if is_common(db, &words).await? {
        Condition::any()
            .add(dialect::has_words(engine, "\"concern\".\"id\"", &words))
            .add(concern::Column::Id.in_subquery(others))
    } else {
        // One set of concerns, so that PostgreSQL looks who may know of the hits, and not who may know of every concern there is.
        let mut hits = dialect::matching(engine, &words);
        hits.union(UnionType::Distinct, others);
        Condition::all().add(concern::Column::Id.in_subquery(hits))
    };
    newest(db, visible_to(setting, sees).add(asked.condition()).add(found), (skip, limit)).await
}

/// Do concerns have to be asked for these words, and not the words for their concerns? A page is full of the newest fifty long
/// before all that have a common word are gathered.
async fn is_common(db: &impl Reads, words: &[String]) -> Result<bool> {
    if words.is_empty() {
        return Ok(false);
    }
    let on = db.connection();
    let row = on.query_one_raw(dialect::is_common(on.get_database_backend(), words)).await?;
    Ok(row.map(|row| row.try_get("", "common")).transpose()?.unwrap_or(false))
}

/// References are capitals, and one concern's.
fn with_reference(setting: SettingId, typed: &str) -> SelectStatement {
    let mut select = Query::select();
    select
        .column((concern::Entity, concern::Column::Id))
        .from(concern::Entity)
        .and_where(concern::Column::SettingId.eq(setting.0))
        .and_where(concern::Column::Reference.eq(typed.trim().to_uppercase()));
    select
}

fn parts_of(setting: SettingId) -> SelectStatement {
    let mut parts = Query::select();
    parts
        .column((concern_person::Entity, concern_person::Column::ConcernId))
        .from(concern_person::Entity)
        .and_where(concern_person::Column::SettingId.eq(setting.0));
    parts
}

/// Words that stand in somebody's name, and the others.
async fn names_among<'a>(
    db: &impl Reads,
    setting: SettingId,
    words: &'a [String],
) -> Result<(Vec<&'a String>, Vec<String>)> {
    let (mut names, mut rest) = (Vec::new(), Vec::new());
    for word in words {
        let called = Condition::all().add(person::Column::SettingId.eq(setting.0)).add(is_called(word));
        let somebody: Vec<Person> = rows::many(db, rows::select::<Person>(called).limit(1)).await?;
        if somebody.is_empty() { rest.push(word.clone()) } else { names.push(word) }
    }
    Ok((names, rest))
}

async fn newest(db: &impl Reads, condition: Condition, (skip, limit): (u64, u64)) -> Result<Vec<Concern>> {
    let select = rows::select::<Concern>(condition)
        .order_by_desc(concern::Column::RecordedAt)
        .order_by_desc(concern::Column::Id)
        .offset(skip)
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
fn of_somebody_called(setting: SettingId, word: &str) -> SelectStatement {
    let mut called = Query::select();
    called
        .column(person::Column::Id)
        .from(person::Entity)
        .and_where(Expr::col(person::Column::SettingId).eq(setting.0));
    called.cond_where(is_called(word));
    let mut named = parts_of(setting);
    named.and_where(concern_person::Column::PersonId.in_subquery(called));
    named
}

fn is_called(word: &str) -> Condition {
    Condition::any()
        .add(lower(person::Column::Name).like(format!("%{word}%")))
        .add(lower(person::Column::KnownAs).like(format!("%{word}%")))
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
