//! The raw SQL: everything that the two engines say differently. Each statement is prepared on both by a test.

use domain::ConcernId;
use sea_orm::sea_query::{Expr, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use uuid::Uuid;

use crate::db::{Reads, Scope};
use crate::error::Result;
use crate::table::{Column, TableDef};

/// Replaces the placeholders of a migration by the engine's types.
pub(crate) fn translate(sql: &str, engine: DbBackend) -> String {
    let words = match engine {
        DbBackend::Postgres => {
            [("{uuid}", "UUID"), ("{bool}", "BOOLEAN"), ("{long}", "BIGINT"), ("{blob}", "BYTEA"), ("{strict}", "")]
        }
        _ => [
            ("{uuid}", "BLOB"),
            ("{bool}", "INTEGER"),
            ("{long}", "INTEGER"),
            ("{blob}", "BLOB"),
            ("{strict}", "STRICT"),
        ],
    };
    words.iter().fold(sql.to_owned(), |sql, (from, to)| sql.replace(from, to))
}

/// Tells row security whose rows this transaction may touch. SQLite has none; its queries name the setting.
pub(crate) async fn set_scope(on: &DatabaseTransaction, scope: Scope) -> Result<()> {
    if on.get_database_backend() == DbBackend::Postgres {
        let value = match scope {
            Scope::Setting(id) => id.to_string(),
            Scope::All => "all".to_owned(),
        };
        on.execute_raw(Statement::from_sql_and_values(on.get_database_backend(), SET_SCOPE, [value.into()])).await?;
    }
    Ok(())
}

const SET_SCOPE: &str = "SELECT set_config('holdfast.setting', $1, true)";

/// One writer a setting on PostgreSQL, as SQLite has one writer: the chain cannot fork, and what was read inside a
/// write is still so when it is written. Released by the end of the transaction.
pub(crate) async fn lock_scope(on: &DatabaseTransaction, scope: Scope) -> Result<()> {
    if on.get_database_backend() == DbBackend::Postgres {
        let statement = match scope {
            Scope::All => Statement::from_string(on.get_database_backend(), LOCK_ALL),
            Scope::Setting(id) => {
                let (_, low) = id.0.as_u64_pair();
                Statement::from_sql_and_values(on.get_database_backend(), LOCK_SETTING, [low.cast_signed().into()])
            }
        };
        on.query_one_raw(statement).await?;
    }
    Ok(())
}

const LOCK_ALL: &str = "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(4660)) AS held";
const LOCK_SETTING: &str =
    "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock_shared(4660), pg_advisory_xact_lock($1)) AS held";

/// Row security for one table: rows of the transaction's setting, and those of nobody (S41).
pub(crate) fn row_security(table: &str, column: &str) -> String {
    format!(
        "ALTER TABLE \"{table}\" ENABLE ROW LEVEL SECURITY;
         ALTER TABLE \"{table}\" FORCE ROW LEVEL SECURITY;
         DROP POLICY IF EXISTS one_setting ON \"{table}\";
         CREATE POLICY one_setting ON \"{table}\" USING (
           current_setting('holdfast.setting', true) = 'all'
           OR \"{column}\"::text = current_setting('holdfast.setting', true)
           OR (\"{column}\" IS NULL AND current_setting('holdfast.setting', true) <> ''));"
    )
}

/// The tables with row security: every one that belongs to a setting, and the search table.
pub(crate) fn secured(tables: &[&'static TableDef]) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = tables.iter().filter_map(|def| Some((def.name, def.setting_column()?))).collect();
    all.push(("search", "setting_id"));
    all
}

/// The ids of concerns with an entry that has all these words (or begins of words).
pub(crate) fn matching(engine: DbBackend, words: &[String]) -> SelectStatement {
    let (concern, matches) = match engine {
        DbBackend::Postgres => ("s.concern_id", MATCH_POSTGRES),
        _ => (CONCERN_SQLITE, MATCH_SQLITE),
    };
    let mut select = Query::select();
    select
        .expr(Expr::cust(concern))
        .from_as("search", "s")
        .and_where(Expr::cust_with_values(matches, [query(engine, words)]));
    select
}

/// Do so many texts have all these words that concerns are asked, newest first, instead of looking the words up?
///
/// SQLite counts to three thousand. PostgreSQL may use no index for `@@` below row security, since it could leak (its documentation, 5.9:
/// such an operator is not `LEAKPROOF`), so that each search reads every text; it judges by one page in two hundred (ten texts there
/// stand for two thousand), and by the first three hundred texts where there are few.
pub(crate) fn is_common(engine: DbBackend, words: &[String]) -> Statement {
    let sql = if engine == DbBackend::Postgres { COMMON_POSTGRES } else { COMMON_SQLITE };
    Statement::from_sql_and_values(engine, sql, [query(engine, words).into()])
}

const COMMON_POSTGRES: &str = "SELECT \
    (SELECT count(*) FROM search s TABLESAMPLE SYSTEM (0.5) REPEATABLE (1) WHERE s.words @@ to_tsquery('simple', $1)) >= 10 \
    OR (SELECT count(*) FROM (SELECT words FROM search LIMIT 300) f WHERE f.words @@ to_tsquery('simple', $1)) >= 60 AS common";
const COMMON_SQLITE: &str =
    "SELECT count(*) >= 3000 AS common FROM (SELECT 1 FROM search s WHERE s.search MATCH ? LIMIT 3000)";

/// Has the concern of this column (of the query around it) a text with all these words? Each concern's own texts are asked: for words
/// that so many have that looking them up would take longer.
pub(crate) fn has_words(engine: DbBackend, column: &str, words: &[String]) -> SimpleExpr {
    let sql = match engine {
        // Not EXISTS, which the planner may turn into a look at every text with these words.
        DbBackend::Postgres => {
            format!("(SELECT 1 FROM search s WHERE s.concern_id = {column} AND {MATCH_POSTGRES} LIMIT 1) IS NOT NULL")
        }
        // The plus keeps the list of hits a set to look into: without it each concern would be tried with every hit of the list.
        _ => format!(
            "EXISTS (SELECT 1 FROM search_content c INDEXED BY search_of_concern WHERE c.c2 = {column} \
             AND +c.id IN (SELECT s.rowid FROM search s WHERE {MATCH_SQLITE}))"
        ),
    };
    Expr::cust_with_values(sql, [query(engine, words)])
}

/// All these words, or begins of words, as the engine asks for them.
fn query(engine: DbBackend, words: &[String]) -> String {
    match engine {
        DbBackend::Postgres => words.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & "),
        _ => words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" "),
    }
}

const MATCH_POSTGRES: &str = "s.words @@ to_tsquery('simple', $1)";
const MATCH_SQLITE: &str = "s.search MATCH ?";
/// From an index that holds no text: see migration 36.
const CONCERN_SQLITE: &str = "(SELECT c.c2 FROM search_content c INDEXED BY search_concern_of WHERE c.id = s.rowid)";

/// Adds a text to the index.
pub(crate) fn index(engine: DbBackend, setting: Uuid, concern: ConcernId, source: Uuid, text: &str) -> Statement {
    let sql = match engine {
        DbBackend::Postgres => INDEX_POSTGRES,
        _ => INDEX_SQLITE,
    };
    Statement::from_sql_and_values(engine, sql, [setting.into(), concern.0.into(), source.into(), text.into()])
}

const INDEX_POSTGRES: &str = "INSERT INTO search (setting_id, concern_id, source_id, text) VALUES ($1, $2, $3, $4)";
const INDEX_SQLITE: &str = "INSERT INTO search (setting_id, concern_id, source_id, text) VALUES (?, ?, ?, ?)";

/// Takes every text of a concern out of the index.
pub(crate) fn forget(engine: DbBackend, concern: ConcernId) -> Statement {
    let sql = match engine {
        DbBackend::Postgres => FORGET_POSTGRES,
        _ => FORGET_SQLITE,
    };
    Statement::from_sql_and_values(engine, sql, [concern.0.into()])
}

const FORGET_POSTGRES: &str = "DELETE FROM search WHERE concern_id = $1";
const FORGET_SQLITE: &str = "DELETE FROM search WHERE concern_id = ?";

/// The columns that a table has in this database: before an upgrade it may not yet have all that we know.
pub(crate) async fn columns(db: &impl Reads, def: &'static TableDef) -> Result<Vec<&'static Column>> {
    let on = db.connection();
    let sql = match on.get_database_backend() {
        DbBackend::Postgres => COLUMNS_POSTGRES,
        _ => COLUMNS_SQLITE,
    };
    let found =
        on.query_all_raw(Statement::from_sql_and_values(on.get_database_backend(), sql, [def.name.into()])).await?;
    let names =
        found.iter().map(|row| row.try_get::<String>("", "name")).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(def.columns().filter(|column| names.iter().any(|name| name == column.name)).collect())
}

const COLUMNS_POSTGRES: &str = "SELECT column_name::text AS name FROM information_schema.columns \
                                WHERE table_schema = current_schema() AND table_name = $1";
const COLUMNS_SQLITE: &str = "SELECT name FROM pragma_table_info(?)";

/// Every raw statement in a form that the engine only prepares: for [`Db::check_statements`](crate::Db::check_statements).
pub(crate) fn prepared(engine: DbBackend) -> Vec<String> {
    match engine {
        DbBackend::Postgres => [
            SET_SCOPE,
            LOCK_ALL,
            LOCK_SETTING,
            INDEX_POSTGRES,
            FORGET_POSTGRES,
            COLUMNS_POSTGRES,
            COMMON_POSTGRES,
            &format!("SELECT count(*) FROM search s WHERE {MATCH_POSTGRES}"),
        ]
        .iter()
        .map(|sql| format!("PREPARE checked AS {sql}; DEALLOCATE checked"))
        .collect(),
        _ => [
            INDEX_SQLITE,
            FORGET_SQLITE,
            COLUMNS_SQLITE,
            COMMON_SQLITE,
            &format!("SELECT {CONCERN_SQLITE} FROM search s WHERE {MATCH_SQLITE}"),
        ]
        .iter()
        .map(|sql| format!("EXPLAIN {sql}"))
        .collect(),
    }
}

/// Counts what the planner goes by.
pub(crate) fn tend(engine: DbBackend) -> &'static str {
    match engine {
        DbBackend::Postgres => "ANALYZE",
        // The second bit: tables that were never looked at too (https://sqlite.org/pragma.html#pragma_optimize).
        _ => "PRAGMA optimize = 0x10002",
    }
}

/// What the engine says about how it keeps its word, one row each.
pub(crate) fn assurances(engine: DbBackend) -> &'static [(&'static str, &'static str)] {
    match engine {
        DbBackend::Postgres => &[
            ("fsync", "SHOW fsync"),
            ("synchronous_commit", "SHOW synchronous_commit"),
            ("version", "SHOW server_version"),
        ],
        _ => &[
            ("journal_mode", "PRAGMA journal_mode"),
            ("synchronous", "PRAGMA synchronous"),
            ("foreign_keys", "PRAGMA foreign_keys"),
            ("secure_delete", "PRAGMA secure_delete"),
            ("trusted_schema", "PRAGMA trusted_schema"),
            ("version", "PRAGMA cipher_version"),
        ],
    }
}
