//! The file on the disk: sealed, honest about damage, ours alone, in a fit place, and what happens when the disk is full.

use std::path::Path;
use std::sync::Arc;

use rand::SeedableRng;
use store::audit::{self, Finding};
use store::db::FILE;
use store::{Db, DbConfig, Error, Keys, MachineKey, Scope, people};
use testkit::{House, NewConcern, TestDb, World};

async fn reopen(test: TestDb) -> (tempfile::TempDir, Result<Db, Error>) {
    let TestDb { db, keys, folder, .. } = test;
    db.close().await;
    let opened = Db::open(&testkit::db::config(folder.path()), keys, World::new(0).now()).await;
    (folder, opened)
}

fn flip(folder: &Path, at: usize) {
    let path = folder.join(FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn the_engine_keeps_its_word() {
    let test = testkit::db().await;
    let all = test.db.assurances().await.unwrap();
    let says = |name: &str| all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    assert_eq!(says("journal_mode"), Some("wal"));
    assert_eq!(says("synchronous"), Some("2"), "FULL");
    assert_eq!(says("foreign_keys"), Some("1"));
    assert_eq!(says("secure_delete"), Some("1"));
    assert_eq!(says("trusted_schema"), Some("0"));
    assert!(says("version").unwrap().starts_with('4'), "SQLCipher: {all:?}");
    assert!(test.db.check_statements().await.unwrap() >= 3);
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening_and_nothing_of_it_is_readable_on_the_disk() {
    let (test, world) = (testkit::db().await, World::new(3));
    let house = House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    house.concern(&test.db, &mut world.system(), NewConcern::new("words of a child")).await.unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(test.folder.path()).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().starts_with(FILE) {
            continue;
        }
        seen += 1;
        let bytes = std::fs::read(entry.path()).unwrap();
        for word in ["CREATE TABLE", "SQLite format", "concern", "Amara", "Acorns", "words of a child"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "“{word}” in {:?}", entry.file_name());
        }
    }
    assert!(seen >= 2, "the file and its log");
    let (_folder, opened) = reopen(test).await;
    let db = opened.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    assert_eq!(people::list(&reader, house.setting, None).await.unwrap().len(), 5);
}

#[tokio::test]
async fn somebody_who_reads_makes_no_page_look_damaged() {
    let (test, world) = (testkit::db().await, World::new(3));
    House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    let reading = test.db.read(Scope::All).await.unwrap();
    assert!(!store::settings::list(&reading).await.unwrap().is_empty());
    // What is written now stays in the log for as long as they read.
    for name in ["Birches", "Cedars", "Damsons"] {
        House::build(&test.db, &mut world.system(), name).await.unwrap();
    }
    assert_eq!(audit::verify(&test.db, &[]).await.unwrap().findings, []);
    drop(reading);
    assert_eq!(audit::verify(&test.db, &[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn a_flipped_byte_names_the_page_and_advises_to_restore() {
    let (test, world) = (testkit::db().await, World::new(3));
    House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    let folder = test.folder.path().to_owned();
    // Into the file itself, out of the log; pages have 4096 bytes and are counted from 1.
    test.db.damaged_pages().await.unwrap();
    flip(&folder, 4096 * 6 + 100);
    let found = audit::verify(&test.db, &[]).await.unwrap().findings;
    assert!(matches!(&found[..], [Finding::Page(page)] if page.ends_with("page 7")), "{found:?}");
    assert!(found[0].to_string().contains("database page") && found[0].to_string().contains("restore"));
    flip(&folder, 4096 * 6 + 100);
    assert!(audit::verify(&test.db, &[]).await.unwrap().is_whole());
    flip(&folder, 200);
    let (_folder, opened) = reopen(test).await;
    let said = opened.unwrap_err().to_string();
    assert!(said.contains("page 1") && said.contains("restore the last good backup"), "{said}");
}

#[tokio::test]
async fn another_key_is_called_another_key() {
    let test = testkit::db().await;
    let elsewhere = tempfile::TempDir::new().unwrap();
    let mut rng = rand::rngs::StdRng::seed_from_u64(9);
    let (other, _) = Keys::create(elsewhere.path(), &MachineKey::beside(elsewhere.path()), &mut rng).unwrap();
    let (_folder, opened) = reopen(TestDb { keys: Arc::new(other), ..test }).await;
    let error = opened.unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("Nothing was changed"));
}

#[tokio::test]
async fn two_programs_cannot_open_one_database() {
    let test = testkit::db().await;
    let config = testkit::db::config(test.folder.path());
    let second = Db::open(&config, Arc::clone(&test.keys), World::new(0).now()).await;
    assert!(matches!(second.unwrap_err(), Error::InUse(_)));
    let (_folder, opened) = reopen(test).await;
    opened.unwrap();
}

#[tokio::test]
async fn unfit_places_are_refused_in_a_sentence() {
    let test = testkit::db().await;
    let elsewhere = tempfile::TempDir::new().unwrap();
    let open = async |data: std::path::PathBuf| {
        Db::open(&DbConfig::sqlite(data), Arc::clone(&test.keys), World::new(0).now()).await.unwrap_err()
    };
    let synced = open(elsewhere.path().join("OneDrive - Acorns Nursery/holdfast")).await;
    assert!(matches!(synced, Error::SyncedFolder { by: "OneDrive", .. }), "{synced}");
    assert!(!elsewhere.path().join("OneDrive - Acorns Nursery").exists(), "and nothing was made there");
    let file = elsewhere.path().join("file");
    std::fs::write(&file, "").unwrap();
    let unwritable = open(file.join("data")).await;
    assert!(matches!(unwritable, Error::NotWritable { .. }), "{unwritable}");
    let unwritable = open("/proc/holdfast".into()).await;
    assert!(unwritable.to_string().starts_with("cannot write in /proc/holdfast"), "{unwritable}");
}

/// A disk of 12 MB, in a namespace of our own: the test runs itself again inside it.
#[test]
fn on_a_full_disk_a_report_still_works() {
    const INSIDE: &str = "HOLDFAST_FULL_DISK";
    if let Some(disk) = std::env::var_os(INSIDE) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(fill(Path::new(&disk)));
    }
    let disk = tempfile::TempDir::new().unwrap();
    let script = format!("mount -t tmpfs -o size=12m tmpfs {0} && exec \"$0\" --exact \"$1\"", disk.path().display());
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .arg("files::on_a_full_disk_a_report_still_works")
        .env(INSIDE, disk.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

async fn fill(disk: &Path) {
    let world = World::new(4);
    let data = disk.join("data");
    let mut rng = rand::rngs::StdRng::seed_from_u64(9);
    let (keys, _) = Keys::create(&data, &MachineKey::beside(&data), &mut rng).unwrap();
    let config = DbConfig { reserve: 2 << 20, ..DbConfig::sqlite(&data) };
    let db = Db::open(&config, Arc::new(keys), world.now()).await.unwrap();
    let house = House::build(&db, &mut world.system(), "Acorns").await.unwrap();
    assert!(!db.is_short_of_space());
    // Somebody fills the disk with something else.
    let hog = disk.join("hog");
    let mut file = std::fs::File::create(&hog).unwrap();
    while std::io::Write::write_all(&mut file, &[7; 4096]).is_ok() {}
    let long = "x".repeat(200_000);
    let mut full = None;
    for _ in 0..20 {
        if let Err(error) = house.concern(&db, &mut world.system(), NewConcern::new(&long)).await {
            full = Some(error);
            break;
        }
    }
    let full = full.unwrap();
    assert!(matches!(full.downcast_ref(), Some(Error::Full)), "{full:#}");
    assert!(db.is_short_of_space());
    // An act that is given up after that is rolled back. What comes next is committed all the same, and not as a part of it.
    drop(db.write(&mut world.system(), Scope::Setting(house.setting), "concern.step").await.unwrap());
    let id = house.concern(&db, &mut world.system(), NewConcern::new("seen on the tablet")).await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let found = store::concerns::lookup(&reader, house.setting, &house.lead(), id).await.unwrap();
    assert!(found.is_some(), "the report is in");
    drop(reader);
    assert!(matches!(db.refill_reserve(), Err(Error::Full)), "no room for a new reserve yet");
    drop(file);
    std::fs::remove_file(&hog).unwrap();
    db.refill_reserve().unwrap();
    assert!(!db.is_short_of_space());
}
