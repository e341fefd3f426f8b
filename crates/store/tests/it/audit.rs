//! The chain shows what was done behind the program's back: table, row, field (S37).

use serde_json::json;
use store::audit::{self, Finding, INSTALLATION, Subject};
use store::{Scope, concerns};
use testkit::{House, NewConcern, TestDb, World};

use crate::raw::tamper;

async fn house() -> (TestDb, World, House, domain::ConcernId) {
    let (test, world) = (testkit::db().await, World::new(2));
    let house = House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    let id = house.concern(&test.db, &mut world.system(), NewConcern::new("what was seen")).await.unwrap();
    assert_eq!(findings(&test).await, [], "whole before anything was done to it");
    (test, world, house, id)
}

async fn findings(test: &TestDb) -> Vec<Finding> {
    audit::verify(&test.db, &[]).await.unwrap().findings
}

fn altered(table: &str, row: &str, field: &str) -> Finding {
    Finding::Altered { table: table.into(), row: row.into(), field: field.into() }
}

#[tokio::test]
async fn an_update_of_a_record_names_table_row_and_field() {
    let (test, _, _, id) = house().await;
    tamper(&test, "UPDATE concern SET known_at = known_at + 60000000, urgency = 'urgent'").await;
    let found = findings(&test).await;
    let row = id.to_string();
    assert_eq!(found, [altered("concern", &row, "known_at"), altered("concern", &row, "urgency")]);
    assert!(found[0].to_string().contains(&format!("table concern, row {row}, field known_at")));
}

#[tokio::test]
async fn an_update_of_any_field_of_an_audit_row_names_it() {
    for (field, value) in [
        ("id", "randomblob(16)"),
        ("at", "at + 1"),
        ("actor", "'somebody else'"),
        ("act", "'concern.close'"),
        ("subject_table", "'device'"),
        ("subject_id", "randomblob(16)"),
        ("subject_version", "7"),
        ("commitment", "replace(commitment, substr(commitment, 1, 1), 'x')"),
        ("previous", "replace(previous, substr(previous, 1, 1), 'x')"),
        ("hash", "replace(hash, substr(hash, 1, 1), 'x')"),
    ] {
        let (test, _, house, _) = house().await;
        tamper(&test, &format!("UPDATE audit SET {field} = {value} WHERE seq = 5")).await;
        let found = findings(&test).await;
        let row = format!("{} 5", house.setting);
        // Without its id, a link loses its content: then nothing can tell the field.
        let named = if field == "id" { "one of its fields" } else { field };
        assert!(found.contains(&altered("audit", &row, named)), "{field}: {found:?}");
    }
}

#[tokio::test]
async fn a_row_deleted_or_added_is_named() {
    let (test, _, house, id) = house().await;
    tamper(&test, "DELETE FROM entry").await;
    let found = findings(&test).await;
    assert!(matches!(&found[..], [Finding::Deleted { table, .. }] if table == "entry"), "{found:?}");
    let sql = "INSERT INTO exclusion (setting_id, concern_id, person_id, added_at) \
               SELECT c.setting_id, c.id, p.id, 0 FROM concern c, person p WHERE p.name LIKE 'Ben%'";
    tamper(&test, sql).await;
    let row = format!("{id} {}", house.deputy);
    assert!(findings(&test).await.contains(&Finding::Added { table: "exclusion".into(), row }));
}

#[tokio::test]
async fn links_taken_out_leave_a_gap() {
    let (test, _, house, _) = house().await;
    tamper(&test, "DELETE FROM audit WHERE seq IN (3, 4)").await;
    let chain = house.setting.to_string();
    assert!(findings(&test).await.contains(&Finding::Gap { chain, from: 3, to: 4 }));
}

#[tokio::test]
async fn content_that_vanishes_or_changes_is_named() {
    let (test, _, _, _) = house().await;
    tamper(&test, "UPDATE audit_content SET content = replace(content, 'Acorns', 'Others')").await;
    let found = findings(&test).await;
    assert!(found.iter().any(|finding| matches!(finding, Finding::Altered { table, .. } if table == "audit_content")));
    let (test, _, _, _) = house().await;
    tamper(&test, "DELETE FROM audit_content WHERE content LIKE '%what was seen%'").await;
    let found = findings(&test).await;
    assert!(matches!(&found[..], [Finding::Deleted { table, .. }] if table == "audit_content"), "{found:?}");
}

#[tokio::test]
async fn a_head_that_left_the_box_shows_a_chain_that_was_cut() {
    let (test, world, house, _) = house().await;
    let mut tx = test.db.write(&mut world.system(), Scope::Setting(house.setting), "audit.sign").await.unwrap();
    let head = audit::sign_head(&mut tx, house.setting).await.unwrap().unwrap();
    assert_eq!(audit::sign_head(&mut tx, house.setting).await.unwrap().unwrap(), head, "nothing new to sign");
    tx.commit().await.unwrap();
    assert!(audit::verify_head(&test.keys.verifying_key(), &head));
    assert!(!audit::verify_head(&test.keys.verifying_key(), &audit::AuditHead { seq: head.seq - 1, ..head.clone() }));
    assert_eq!(findings(&test).await, []);
    // With every key of the database: the last entry never was, and neither was the head.
    let last = head.seq;
    tamper(&test, "DELETE FROM entry").await;
    tamper(&test, &format!("DELETE FROM audit_content WHERE audit_id IN (SELECT id FROM audit WHERE seq = {last})"))
        .await;
    tamper(&test, &format!("DELETE FROM audit WHERE seq = {last}")).await;
    let cut = [Finding::Rewritten { chain: house.setting.to_string(), seq: last }];
    assert_eq!(findings(&test).await, cut, "the head inside the box shows it");
    // Or the chain goes on from there, every hash of it right.
    let mut tx = test.db.write(&mut world.system(), Scope::Setting(house.setting), "something.else").await.unwrap();
    tx.note(house.setting, Subject { table: "report", id: None }, &json!({})).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(findings(&test).await, cut, "another link stands where the signed one stood");
    tamper(&test, "DELETE FROM audit_head").await;
    assert_eq!(findings(&test).await, [], "inside, nothing shows any more");
    assert_eq!(audit::verify(&test.db, std::slice::from_ref(&head)).await.unwrap().findings, cut, "outside, it does");
    let forged = audit::AuditHead { signature: "00".repeat(64), ..head };
    let found = audit::verify(&test.db, std::slice::from_ref(&forged)).await.unwrap().findings;
    assert!(matches!(found[..], [Finding::Forged { .. }]));
}

#[tokio::test]
async fn destroyed_content_cannot_be_read_and_the_chain_stays_whole() {
    let (test, world, house, id) = house().await;
    let mut tx = test.db.write(&mut world.system(), Scope::Setting(house.setting), "record.destroy").await.unwrap();
    let subject = Subject { table: "concern", id: Some(id.0) };
    assert_eq!(audit::destroy_content(&mut tx, house.setting, subject, "police, 12 March").await.unwrap(), 1);
    tx.commit().await.unwrap();
    let report = audit::verify(&test.db, &[]).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.destroyed), ([].as_slice(), 1));
    let reader = test.db.read(Scope::Setting(house.setting)).await.unwrap();
    let filter = audit::Filter { subject: Some(id.0), ..Default::default() };
    let links = audit::list(&reader, house.setting, &filter, 10).await.unwrap();
    let first = links.last().unwrap();
    assert_eq!(first.act, "concern.raise");
    assert_eq!(audit::find_content(&reader, house.setting, first.id).await.unwrap(), None);
}

#[tokio::test]
async fn no_name_and_no_word_of_a_record_stands_in_the_chain_itself() {
    let (test, _, _, _) = house().await;
    let mut out = Vec::new();
    audit::export(&test.db, Scope::All, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    for word in ["Acorns", "Amara", "what was seen"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn notes_are_links_of_the_setting_or_of_the_installation() {
    let (test, world, house, id) = house().await;
    let mut tx = test.db.write(&mut world.nobody(), Scope::All, "concern.view").await.unwrap();
    tx.note(house.setting, Subject { table: "concern", id: Some(id.0) }, &json!({"page": "case"})).await.unwrap();
    tx.note_as("sign_in", INSTALLATION, Subject { table: "account", id: None }, &json!({})).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(findings(&test).await, []);
    let reader = test.db.read(Scope::All).await.unwrap();
    assert_eq!(audit::newest(&reader, INSTALLATION).await.unwrap().unwrap().act, "sign_in");
    let link = audit::newest(&reader, house.setting).await.unwrap().unwrap();
    assert_eq!((link.act.as_str(), link.actor.as_str()), ("concern.view", "nobody"));
    assert_eq!(audit::newest_at(&reader, house.setting).await.unwrap(), Some(world.now()));
    assert!(concerns::lookup(&reader, house.setting, &house.lead(), id).await.unwrap().is_some());
}

#[tokio::test]
async fn an_export_verifies_alone_and_no_byte_of_it_can_change() {
    let (test, world, house, _) = house().await;
    let mut tx = test.db.write(&mut world.system(), Scope::Setting(house.setting), "audit.sign").await.unwrap();
    audit::sign_head(&mut tx, house.setting).await.unwrap();
    tx.commit().await.unwrap();
    let mut file = Vec::new();
    let links = audit::export(&test.db, Scope::All, &mut file).await.unwrap();
    let key = hex::encode(test.keys.verifying_key().to_bytes());
    let report = audit::verify_file(file.as_slice(), Some(&key)).unwrap();
    assert_eq!((report.links, report.findings.as_slice()), (links, [].as_slice()));
    assert!(audit::verify_file(file.as_slice(), Some(&"00".repeat(32))).is_err(), "another key than pinned");
    for at in (0..file.len()).step_by(37) {
        let mut other = file.clone();
        other[at] ^= 1;
        let report = audit::verify_file(other.as_slice(), Some(&key));
        assert!(report.is_err() || report.is_ok_and(|report| !report.findings.is_empty()), "byte {at}");
    }
    for cut in [0, 10, file.len() / 2, file.len() - 10] {
        assert!(audit::verify_file(&file[..cut], None).is_err(), "cut at {cut}");
    }
    assert!(audit::verify_file(vec![b'['; 1 << 20].as_slice(), None).is_err());
}
