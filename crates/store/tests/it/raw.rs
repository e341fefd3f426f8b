//! Somebody with the key and a database tool: what the store must notice.

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::TestDb;

/// A connection past the store.
pub(crate) async fn connect(test: &TestDb) -> SqliteConnection {
    let key = hex::encode(*test.keys.derive("sqlcipher"));
    SqliteConnectOptions::new()
        .filename(test.folder.path().join(store::db::FILE))
        .pragma("key", format!("\"x'{key}'\""))
        .foreign_keys(false)
        .connect()
        .await
        .unwrap()
}

/// Runs SQL past the store; it must change something.
pub(crate) async fn tamper(test: &TestDb, sql: &str) {
    let mut connection = connect(test).await;
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_value_that_makes_no_sense_names_table_column_and_row() {
    let (test, world) = (testkit::db().await, testkit::World::new(1));
    let house = testkit::House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    tamper(&test, "UPDATE person SET born = '31 June' WHERE name LIKE 'Ellis%'").await;
    let reader = test.db.read(store::Scope::Setting(house.setting)).await.unwrap();
    let error = store::people::lookup(&reader, house.setting, house.child).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains(&format!("table person, column born, row {}", house.child)), "{said}");
    assert!(said.contains("31 June"), "{said}");
}
