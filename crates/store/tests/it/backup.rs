//! Backups: opened by the paper alone on a bare machine, on either engine, whole or not at all.

use store::audit::{self, Subject};
use store::backup::{self, Destruction, Restored};
use store::{DbConfig, Engine, Error, MachineKey, RecoveryCode, Scope, concerns, people, search};
use testkit::postgres::Postgres;
use testkit::{House, NewConcern, TestDb, World};

struct Nursery {
    test: TestDb,
    world: World,
    house: House,
    concern: domain::ConcernId,
    file: std::path::PathBuf,
}

async fn backed_up() -> Nursery {
    let (test, world) = (testkit::db().await, World::new(9));
    let house = House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    House::build(&test.db, &mut world.system(), "Beeches").await.unwrap();
    let concern = house.concern(&test.db, &mut world.system(), NewConcern::new("seen on the tablet")).await.unwrap();
    let mut tx = test.db.write(&mut world.system(), Scope::Setting(house.setting), "audit.sign").await.unwrap();
    audit::sign_head(&mut tx, house.setting).await.unwrap();
    tx.commit().await.unwrap();
    let file = test.folder.path().join("whole.holdfast-backup");
    backup::create(&test.db, Scope::All, &file, world.now()).await.unwrap();
    Nursery { test, world, house, concern, file }
}

/// What the lead sees after restoring, and that the chain is whole and says that it forked.
async fn inspect(nursery: &Nursery, restored: &Restored) {
    let (db, house) = (&restored.db, &nursery.house);
    assert_eq!(audit::verify(db, &[]).await.unwrap().findings, []);
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let before = nursery.test.db.read(Scope::Setting(house.setting)).await.unwrap();
    assert_eq!(
        people::list(&reader, house.setting, None).await.unwrap(),
        people::list(&before, house.setting, None).await.unwrap()
    );
    let found = search::list(&reader, house.setting, &house.lead(), "tablet", 10).await.unwrap();
    assert_eq!(found.iter().map(|concern| concern.id).collect::<Vec<_>>(), [nursery.concern]);
    assert_eq!(audit::newest(&reader, house.setting).await.unwrap().unwrap().act, "backup.restore");
}

#[tokio::test]
async fn from_one_engine_to_the_other_and_back_with_nothing_but_the_paper() {
    let mut nursery = backed_up().await;
    let server = Postgres::start().unwrap();
    let summary = backup::verify(&nursery.file, &nursery.test.code).unwrap();
    assert!(summary.rows > 20 && summary.setting.is_none());
    let code: RecoveryCode = nursery.test.code.printable().parse().unwrap();
    for (step, url) in [("there", Some(server.database("there").unwrap())), ("back", None)] {
        let folder = tempfile::TempDir::new().unwrap();
        let config =
            DbConfig { engine: url.map_or(Engine::Sqlite, Engine::Postgres), ..testkit::db::config(folder.path()) };
        let machine = MachineKey::beside(folder.path());
        let mut ctx = nursery.world.system();
        let restored = backup::restore(&nursery.file, &code, &config, &machine, &mut ctx, &[]).await.unwrap();
        assert!(restored.code.is_none(), "the paper stays the same");
        inspect(&nursery, &restored).await;
        let next = nursery.test.folder.path().join(step);
        backup::create(&restored.db, Scope::All, &next, nursery.world.now()).await.unwrap();
        nursery.file = next;
    }
}

#[tokio::test]
async fn a_damaged_cut_or_foreign_file_is_refused_before_anything_is_written() {
    let nursery = backed_up().await;
    let code = &nursery.test.code;
    let whole = std::fs::read(&nursery.file).unwrap();
    let other = nursery.test.folder.path().join("other");
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&other, bytes).unwrap();
        let made_at = nursery.world.now();
        // The day in the first line is for people; everything that matters is sealed.
        assert!(backup::verify(&other, code).map_or(true, |read| read.made_at != made_at), "byte {at}");
    }
    for cut in [0, 5, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&other, &whole[..cut]).unwrap();
        assert!(backup::verify(&other, code).is_err(), "cut at {cut}");
    }
    let wrong = RecoveryCode::generate(&mut *nursery.world.system().rng);
    assert!(matches!(backup::verify(&nursery.file, &wrong).unwrap_err(), Error::WrongKey { .. }));
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data");
    let (config, machine) = (testkit::db::config(&data), MachineKey::beside(&data));
    let mut ctx = nursery.world.system();
    assert!(backup::restore(&other, code, &config, &machine, &mut ctx, &[]).await.is_err());
    assert!(!data.exists(), "nothing was written");
    let config = testkit::db::config(nursery.test.folder.path());
    let machine = MachineKey::beside(nursery.test.folder.path());
    assert!(
        backup::restore(&nursery.file, code, &config, &machine, &mut ctx, &[]).await.is_err(),
        "never over what is there"
    );
}

#[tokio::test]
async fn one_setting_alone_takes_nothing_of_the_other() {
    let nursery = backed_up().await;
    let file = nursery.test.folder.path().join("one");
    let scope = Scope::Setting(nursery.house.setting);
    let summary = backup::create(&nursery.test.db, scope, &file, nursery.world.now()).await.unwrap();
    assert_eq!(summary.setting, Some(nursery.house.setting));
    let folder = tempfile::TempDir::new().unwrap();
    let (config, machine) = (testkit::db::config(folder.path()), MachineKey::beside(folder.path()));
    let mut ctx = nursery.world.system();
    let restored = backup::restore(&file, &nursery.test.code, &config, &machine, &mut ctx, &[]).await.unwrap();
    assert!(restored.code.is_some(), "the installation's keys do not travel: there is a new paper");
    assert_ne!(restored.keys.verifying_key(), nursery.test.keys.verifying_key());
    inspect(&nursery, &restored).await;
    let reader = restored.db.read(Scope::All).await.unwrap();
    let names: Vec<_> = store::settings::list(&reader).await.unwrap().into_iter().map(|setting| setting.name).collect();
    assert_eq!(names, ["Acorns"]);
}

#[tokio::test]
async fn what_was_destroyed_after_the_backup_does_not_come_back() {
    let nursery = backed_up().await;
    let (db, house) = (&nursery.test.db, &nursery.house);
    let mut tx = db.write(&mut nursery.world.system(), Scope::Setting(house.setting), "record.destroy").await.unwrap();
    let subject = Subject { table: "concern", id: Some(nursery.concern.0) };
    audit::destroy_content(&mut tx, house.setting, subject, "police").await.unwrap();
    tx.commit().await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let ledger: Vec<Destruction> = backup::list_destructions(&reader, house.setting).await.unwrap();
    assert_eq!(ledger.len(), 1);
    let head = audit::find_head(&reader, house.setting).await.unwrap().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let (config, machine) = (testkit::db::config(folder.path()), MachineKey::beside(folder.path()));
    let mut ctx = nursery.world.system();
    let restored =
        backup::restore(&nursery.file, &nursery.test.code, &config, &machine, &mut ctx, &ledger).await.unwrap();
    let report = audit::verify(&restored.db, &[head]).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.destroyed), ([].as_slice(), 1));
    let reader = restored.db.read(Scope::Setting(house.setting)).await.unwrap();
    let filter =
        audit::Filter { subject: Some(nursery.concern.0), act: Some("concern.raise".into()), ..Default::default() };
    let link = audit::list(&reader, house.setting, &filter, 1).await.unwrap().remove(0);
    assert_eq!(audit::find_content(&reader, house.setting, link.id).await.unwrap(), None);
    assert!(concerns::lookup(&reader, house.setting, &house.lead(), nursery.concern).await.unwrap().is_some());
}

/// A letter in a nursery's concern.
async fn with_letter(nursery: &Nursery) -> store::attachments::Attachment {
    let house = &nursery.house;
    let mut tx =
        nursery.test.db.write(&mut nursery.world.system(), Scope::Setting(house.setting), "test.attach").await.unwrap();
    let row = store::attachments::Attachment {
        id: tx.fresh(),
        setting_id: house.setting,
        concern_id: nursery.concern,
        name: "letter.pdf".into(),
        media_type: "application/pdf".into(),
        bytes: 0,
        sha256: String::new(),
        what: "A letter".into(),
        declared: serde_json::json!({}),
        scanned: "clean".into(),
        added_by: house.dsl,
        added_at: tx.now(),
        sealed_at: None,
        sealed_by: None,
        ordered: None,
        ordered_word: None,
        ordered_by: None,
        ordered_at: None,
        destroyed_at: None,
        destroyed_by: None,
        version: 0,
    };
    // Several pieces.
    let row = store::attachments::add(&mut tx, row, &vec![7; 200_000]).await.unwrap();
    tx.commit().await.unwrap();
    row
}

/// What a restore into an empty folder can read of the letter.
async fn read_after_restore(
    nursery: &Nursery,
    file: &std::path::Path,
    letter: &store::attachments::Attachment,
) -> bool {
    let folder = tempfile::TempDir::new().unwrap();
    let config = testkit::db::config(folder.path());
    let machine = MachineKey::beside(folder.path());
    let mut ctx = nursery.world.system();
    let restored = backup::restore(file, &nursery.test.code, &config, &machine, &mut ctx, &[]).await.unwrap();
    let reader = restored.db.read(Scope::Setting(nursery.house.setting)).await.unwrap();
    let read = store::attachments::content(&reader, letter).await;
    assert!(read.as_ref().map_or(true, |content| content.len() == 200_000));
    read.is_ok()
}

#[tokio::test]
async fn a_file_comes_back_with_the_keys_beside_the_backup_and_is_gone_from_it_once_they_are() {
    let nursery = backed_up().await;
    let letter = with_letter(&nursery).await;
    let (db, house) = (&nursery.test.db, &nursery.house);
    let folder = nursery.test.folder.path().join("backups");
    std::fs::create_dir(&folder).unwrap();
    let old = folder.join("monday.backup");
    backup::create(db, Scope::All, &old, nursery.world.now()).await.unwrap();
    assert!(read_after_restore(&nursery, &old, &letter).await);
    // The backup alone, copied somewhere without the keys: shut.
    let alone = nursery.test.folder.path().join("alone.backup");
    std::fs::copy(&old, &alone).unwrap();
    assert!(!read_after_restore(&nursery, &alone, &letter).await, "a key travels in the backup");
    // Destroyed: the next writing of the keys shuts Monday's backup, too.
    let mut tx = db.write(&mut nursery.world.system(), Scope::Setting(house.setting), "test.destroy").await.unwrap();
    store::attachments::forget_content(&mut tx, house.setting, letter.id).await.unwrap();
    tx.commit().await.unwrap();
    backup::write_file_keys(db, Scope::All, &folder, nursery.world.now()).await.unwrap();
    assert!(!read_after_restore(&nursery, &old, &letter).await, "Monday's backup still opens it");
}
