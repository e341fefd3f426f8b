//! A concern that two people let go is gone from rows, search and audit; who was shut out stays shut out from what was made of
//! it; the chain is whole (S8, S37).

use domain::retention::RecordKind;
use store::{Db, Scope, audit, backup, concerns, keeping, search};
use testkit::{House, NewConcern, World};

const WORD: &str = "xylocopa";

/// Run by the contract, on both engines.
pub(crate) async fn what_is_destroyed_is_gone_and_its_walls_stay(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let text = format!("It was a {WORD}.");
    let new = NewConcern { excluded: &[house.deputy], invited: &[house.practitioner], ..NewConcern::new(&text) };
    let id = house.concern(db, &mut world.system(), new).await.unwrap();
    house.concern(db, &mut world.system(), NewConcern::new("It was a bee.")).await.unwrap();
    let setting = house.setting;
    let mut tx = db.write(&mut world.system(), Scope::Setting(setting), "record.destroy").await.unwrap();
    let gone = keeping::destroy(&mut tx, setting, RecordKind::Concern, id.0, "its day came").await.unwrap();
    tx.commit().await.unwrap();
    assert!(gone.rows >= 3 && gone.digest.len() == 64, "{gone:?}");
    let everything = backup::every_row(db).await.unwrap();
    assert!(!everything.contains(WORD) && !everything.contains("knows the family"));
    assert!(everything.contains("It was a bee."));
    let reader = db.read(Scope::Setting(setting)).await.unwrap();
    let lead = house.lead();
    assert!(concerns::lookup(&reader, setting, &lead, id).await.unwrap().is_none());
    assert!(search::list(&reader, setting, &lead, WORD, 10).await.unwrap().is_empty());
    assert_eq!(concerns::count(&reader, setting, &lead, &concerns::Filter::default()).await.unwrap(), 1);
    let shut: Vec<_> = concerns::list_exclusions(&reader, setting, id).await.unwrap();
    assert!(shut.iter().any(|row| row.person_id == house.deputy), "the wall is gone");
    drop(reader);
    let whole = audit::verify(db, &[]).await.unwrap();
    assert!(whole.is_whole(), "{:?}", whole.findings);
    // Twice is not there.
    let mut tx = db.write(&mut world.system(), Scope::Setting(setting), "record.destroy").await.unwrap();
    assert!(keeping::destroy(&mut tx, setting, RecordKind::Concern, id.0, "again").await.is_err());
}
