//! Migrations: forward only, all or nothing, never changed, with a backup before.

use std::sync::Arc;

use store::migrate::{self, BeforeUpgrade, MIGRATIONS, Migration};
use store::{Db, Error, Scope, backup, people};
use testkit::{House, TestDb, World};

async fn open(test: &TestDb, migrations: &[Migration]) -> Result<Db, Error> {
    let config = testkit::db::config(test.folder.path());
    Db::open_with(&config, Arc::clone(&test.keys), World::new(0).now(), migrations, &BeforeUpgrade::BackUp).await
}

fn with(sql: &'static str) -> Vec<Migration> {
    let next = Migration { number: migrate::newest() + 1, name: "next", both: sql, sqlite: "", postgres: "" };
    MIGRATIONS.iter().copied().chain([next]).collect()
}

/// A database with a nursery in it, closed.
async fn closed() -> (TestDb, House) {
    let (test, world) = (testkit::db().await, World::new(6));
    let house = House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    test.db.clone().close().await;
    let TestDb { db, keys, code, folder } = test;
    drop(db);
    let elsewhere = testkit::db().await;
    (TestDb { db: elsewhere.db, keys, code, folder }, house)
}

#[tokio::test]
async fn an_upgrade_backs_up_first_and_keeps_the_rows() {
    let (test, house) = closed().await;
    let db = open(&test, &with("CREATE TABLE toy (id {uuid} PRIMARY KEY) {strict};")).await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    assert_eq!(people::list(&reader, house.setting, None).await.unwrap().len(), 5);
    let file = test.folder.path().join(format!("before-upgrade/from-step-{}.holdfast-backup", migrate::newest()));
    assert!(backup::verify(&file, &test.code).unwrap().rows > 5);
}

#[tokio::test]
async fn a_step_that_fails_half_way_leaves_everything_as_it_was() {
    let (test, house) = closed().await;
    let broken =
        with("CREATE TABLE toy (id {uuid}) {strict}; DELETE FROM appointment; CREATE TABLE toy (id {uuid}) {strict};");
    let error = open(&test, &broken).await.unwrap_err();
    assert!(matches!(error, Error::Migration { number, .. } if number == migrate::newest() + 1), "{error}");
    let db = open(&test, MIGRATIONS).await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let left = people::list_all_appointments(&reader, house.setting).await.unwrap();
    assert_eq!(left.len(), 4, "what was deleted half way is there");
}

#[tokio::test]
async fn a_changed_step_and_a_newer_database_are_refused() {
    let (test, _) = closed().await;
    let changed: Vec<_> = MIGRATIONS.iter().map(|step| Migration { sqlite: "-- other", ..*step }).collect();
    let error = open(&test, &changed).await.unwrap_err();
    assert!(error.to_string().contains("step 1 was a different one"), "{error}");
    drop(open(&test, &with("CREATE TABLE toy (id {uuid}) {strict};")).await.unwrap());
    let error = open(&test, MIGRATIONS).await.unwrap_err();
    let said = format!("newer version (step {})", migrate::newest() + 1);
    assert!(error.to_string().contains(&said), "{error}");
}
