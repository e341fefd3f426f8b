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
