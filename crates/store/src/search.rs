//! Search over what was written, references and names. Who may know is inside the query: a search finds no more than a
//! list would show (S8).

use domain::SettingId;
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

/// Concerns that the viewer may know of and whose chronology, reference or people match all words, newest first.
/// Words match from their beginning: `tab` finds "tablet".
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, sees: &Sees, query: &str, limit: u64) -> Result<Vec<Concern>> {
    let words = words(query);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let engine = db.connection().get_database_backend();
    let mut found = Condition::any().add(dialect::matches(engine, &words));
    found = found.add(
        Expr::expr(Func::lower(Expr::col((concern::Entity, concern::Column::Reference))))
            .eq(query.trim().to_lowercase()),
    );
    let mut named = Condition::all();
    for word in &words {
        named = named.add(of_somebody_called(word));
    }
    let condition = visible_to(setting, sees).add(found.add(named));
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

fn of_somebody_called(word: &str) -> sea_orm::sea_query::SimpleExpr {
    let mut named = Query::select();
    named
        .column((concern_person::Entity, concern_person::Column::ConcernId))
        .from(concern_person::Entity)
        .inner_join(
            person::Entity,
            Expr::col((person::Entity, person::Column::Id))
                .equals((concern_person::Entity, concern_person::Column::PersonId)),
        )
        .cond_where(
            Condition::any()
                .add(lower(person::Column::Name).like(format!("%{word}%")))
                .add(lower(person::Column::KnownAs).like(format!("%{word}%"))),
        );
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
