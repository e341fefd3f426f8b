//! By which ways the engine comes to the rows of one concern, one person, one device: in its own words, for a test that sees an
//! index taken for another one. That costs nothing in a small house and seconds in a large one.
//!
//! What it is not: a measure of time. To add a query, give it a function of its own beside the read, and a line here.

use domain::{ConcernId, DeviceId, PersonId, SettingId};
use sea_orm::{ConnectionTrait, DbBackend, QueryTrait, Statement};

use super::{About, Sees, about, entries, people, steps};
use crate::db::Reads;
use crate::error::Result;

/// What is asked, and each step of SQLite's plan for it (`EXPLAIN QUERY PLAN`).
///
/// # Errors
/// As any read; on PostgreSQL always, which plans by what it has counted and has another word for it.
pub async fn ways(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    (id, person, device): (ConcernId, PersonId, DeviceId),
) -> Result<Vec<(&'static str, Vec<String>)>> {
    let sqlite = DbBackend::Sqlite;
    let person = About::Person(person);
    let asked = [
        ("the chronology of a concern", entries(setting, sees, id).build(sqlite)),
        ("its steps", steps(setting, sees, id).build(sqlite)),
        ("its people", people(setting, sees, id).build(sqlite)),
        ("the concerns of a person", about::concerns(setting, sees, &person).build(sqlite)),
        ("the chronology of a person", about::entries(setting, sees, &person, None).build(sqlite)),
        ("the concerns of a device", about::concerns(setting, sees, &About::Device(device)).build(sqlite)),
    ];
    let mut found = Vec::new();
    for (what, statement) in asked {
        let Statement { sql, values, db_backend } = statement;
        let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {sql}"), values, db_backend };
        let plan = db.connection().query_all_raw(explain).await?;
        let steps =
            plan.iter().map(|row| row.try_get::<String>("", "detail")).collect::<std::result::Result<_, _>>()?;
        found.push((what, steps));
    }
    Ok(found)
}
