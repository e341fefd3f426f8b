//! What is special to PostgreSQL: row security, a server that goes away, roles that must not be used.

use std::sync::Arc;
use std::time::Duration;

use store::audit::{self, Finding};
use store::{Db, DbConfig, Engine, Error, Scope, people};
use testkit::postgres::Postgres;
use testkit::{House, NewConcern, TestDb, World};

struct Served {
    server: Postgres,
    test: TestDb,
    folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        Self {
            server: Postgres::start().unwrap(),
            test: testkit::db().await,
            folder: tempfile::TempDir::new().unwrap(),
        }
    }

    async fn open(&self, url: String) -> Result<Db, Error> {
        let config = DbConfig {
            engine: Engine::Postgres(url),
            patience: Duration::from_secs(3),
            ..testkit::db::config(self.folder.path())
        };
        Db::open(&config, Arc::clone(&self.test.keys), World::new(0).now()).await
    }
}

#[tokio::test]
async fn postgres_is_special() {
    // One server for all of it: starting one takes longer than any of these.
    let served = Served::start().await;
    raw_sql_cannot_read_across_settings(&served).await;
    a_role_that_walks_past_row_security_is_refused(&served).await;
    another_computer_is_reached_over_checked_tls_or_not_at_all(&served).await;
    tampering_by_the_owner_of_the_server_is_named(&served).await;
    what_one_may_not_know_is_not_there(&served).await;
    a_server_that_goes_away_comes_back(&served).await;
}

async fn raw_sql_cannot_read_across_settings(served: &Served) {
    let url = served.server.database("across").unwrap();
    let db = served.open(url.clone()).await.unwrap();
    let world = World::new(8);
    let one = House::build(&db, &mut world.system(), "Acorns").await.unwrap();
    let other = House::build(&db, &mut world.system(), "Beeches").await.unwrap();
    assert!(db.check_statements().await.unwrap() >= 6);
    db.close().await;
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    let tables = "SELECT c.table_name::text FROM information_schema.columns c WHERE c.table_schema = 'public' AND \
                  (c.column_name = 'setting_id' OR (c.table_name = 'setting' AND c.column_name = 'id'))";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&pool).await.unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    for table in &tables {
        let count = format!("SELECT count(*) FROM \"{table}\"");
        let seen: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&pool).await.unwrap();
        assert_eq!(seen, 0, "{table}: without a scope there is nothing");
    }
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("SELECT set_config('holdfast.setting', $1, true)")
        .bind(one.setting.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    for (house, expected) in [(&one, 5_i64), (&other, 0)] {
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM person WHERE setting_id = $1")
            .bind(house.setting.0)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(seen, expected);
    }
    let moved = sqlx::query("UPDATE person SET setting_id = $1").bind(other.setting.0).execute(&mut *tx).await;
    assert!(moved.unwrap_err().to_string().contains("row-level security"), "nor can a row be pushed across");
}

async fn a_role_that_walks_past_row_security_is_refused(served: &Served) {
    served.server.sql("postgres", "CREATE DATABASE unsafe").unwrap();
    let error = served.open(served.server.url("postgres", "unsafe")).await.unwrap_err();
    assert!(matches!(error, Error::Unsafe(_)), "{error}");
}

async fn another_computer_is_reached_over_checked_tls_or_not_at_all(served: &Served) {
    for mode in ["", "?sslmode=disable", "?sslmode=require"] {
        let error = served.open(format!("postgres://holdfast@192.0.2.7/records{mode}")).await.unwrap_err();
        assert!(matches!(&error, Error::Unsafe(said) if said.contains("verify-full")), "{mode}: {error}");
    }
}

async fn tampering_by_the_owner_of_the_server_is_named(served: &Served) {
    let db = served.open(served.server.database("tampered").unwrap()).await.unwrap();
    let world = World::new(8);
    let house = House::build(&db, &mut world.system(), "Acorns").await.unwrap();
    house.concern(&db, &mut world.system(), NewConcern::new("what was seen")).await.unwrap();
    served.server.sql("tampered", "UPDATE entry SET text = 'nothing was seen'").unwrap();
    served.server.sql("tampered", "UPDATE audit SET actor = 'system2' WHERE seq = 2").unwrap();
    let found = audit::verify(&db, &[]).await.unwrap().findings;
    let fields: Vec<_> = found
        .iter()
        .map(|finding| match finding {
            Finding::Altered { table, field, .. } => format!("{table}.{field}"),
            other => other.to_string(),
        })
        .collect();
    assert_eq!(fields, ["audit.actor", "entry.text"]);
    db.close().await;
}

async fn what_one_may_not_know_is_not_there(served: &Served) {
    let db = served.open(served.server.database("visible").unwrap()).await.unwrap();
    crate::visible::check_on(&db, &World::new(8)).await;
    db.close().await;
}

async fn a_server_that_goes_away_comes_back(served: &Served) {
    let db = served.open(served.server.database("away").unwrap()).await.unwrap();
    let world = World::new(8);
    let house = House::build(&db, &mut world.system(), "Acorns").await.unwrap();
    served.server.crash().unwrap();
    let gone = db.read(Scope::All).await.err().unwrap();
    assert!(matches!(gone, Error::Unavailable(_)), "{gone}");
    let gone = db.write(&mut world.system(), Scope::All, "anything").await.err().unwrap();
    assert!(matches!(gone, Error::Unavailable(_)), "{gone}");
    served.server.restart().unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    assert_eq!(people::list(&reader, house.setting, None).await.unwrap().len(), 5);
}
