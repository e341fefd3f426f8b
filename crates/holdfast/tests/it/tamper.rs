//! What somebody with the key and a database tool does behind the program's back, through the command that finds it
//! (S37): table, row and field are named; a flipped byte names its page and advises to restore.

use std::os::unix::fs::FileExt;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use store::{Keys, MachineKey};

use crate::house::House;

/// A connection past the program.
pub(crate) async fn connect(data: &Path) -> SqliteConnection {
    let keys = Keys::open(data, &MachineKey::beside(data)).unwrap();
    let key = hex::encode(*keys.derive("sqlcipher"));
    let options = SqliteConnectOptions::new().filename(data.join("holdfast.db")).foreign_keys(false);
    options.pragma("key", format!("\"x'{key}'\"")).connect().await.unwrap()
}

/// Runs SQL past the program and returns the first column of the row that `which` names.
async fn tamper(data: &Path, which: &str, sql: &str) -> Vec<u8> {
    let mut connection = connect(data).await;
    let row = sqlx::query(sqlx::AssertSqlSafe(which)).fetch_one(&mut connection).await.unwrap();
    let key: Vec<u8> = row.try_get_unchecked(0).unwrap();
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&key).execute(&mut connection).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{sql}");
    connection.close().await.unwrap();
    key
}

/// The verdict of `audit verify`: its exit code, its sentence, its findings.
fn verify(house: &House) -> (Option<i32>, String, Vec<String>) {
    let ended = house.command(&["audit", "verify", "--json"]);
    let say = String::from_utf8(ended.stderr).unwrap();
    let found: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap_or_else(|_| panic!("no JSON: {say}"));
    assert_eq!(found["whole"] == true, ended.status.success());
    let findings = found["findings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    (ended.status.code(), say, findings)
}

fn written(id: &[u8]) -> String {
    uuid::Uuid::from_slice(id).unwrap().to_string()
}

#[tokio::test]
async fn an_update_of_a_record_names_table_row_and_field() {
    let house = House::closed();
    let (code, say, findings) = verify(&house);
    assert_eq!((code, findings.len()), (Some(0), 0), "whole before anything was done to it: {say}");
    let which = "SELECT id FROM concern ORDER BY id LIMIT 1";
    let id = tamper(&house.data(), which, "UPDATE concern SET known_at = known_at + 60000000 WHERE id = ?").await;
    let (code, say, findings) = verify(&house);
    assert_eq!(code, Some(1));
    assert_eq!(findings.len(), 1, "{findings:?}");
    let named = format!("table concern, row {}, field known_at", written(&id));
    assert!(findings[0].contains(&named) && say.contains(&named), "{say}");
}

#[tokio::test]
async fn an_update_of_an_audit_row_names_table_row_and_field_also_while_the_program_runs() {
    let house = House::demo().await;
    let which = "SELECT id FROM audit WHERE act = 'concern.raise' ORDER BY seq LIMIT 1";
    let mut connection = connect(&house.data()).await;
    let seq: i64 = sqlx::query_scalar("SELECT seq FROM audit WHERE act = 'concern.raise' ORDER BY seq LIMIT 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    tamper(&house.data(), which, "UPDATE audit SET actor = 'somebody else' WHERE id = ?").await;
    let (code, say, findings) = verify(&house);
    assert_eq!(code, Some(1), "{say}");
    let of_row =
        |finding: &&String| finding.contains("table audit, row") && finding.contains(&format!(" {seq}, field actor"));
    assert_eq!(findings.iter().filter(of_row).count(), 1, "{findings:?}");
}

#[tokio::test]
async fn a_flipped_byte_names_the_page_and_advises_to_restore() {
    let house = House::closed();
    let file = std::fs::OpenOptions::new().read(true).write(true).open(house.data().join("holdfast.db")).unwrap();
    let mut byte = [0];
    let at = 4096 * 6 + 100; // Pages have 4096 bytes and are counted from 1.
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    let ended = house.command(&["audit", "verify"]);
    let say = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{say}");
    assert!(say.contains("page 7") && say.contains("restore"), "{say}");
    file.write_all_at(&byte, at).unwrap();
    assert_eq!(verify(&house).0, Some(0), "the byte was all of it");
}

#[tokio::test]
async fn the_exported_chain_is_checked_without_database_or_key_and_shows_one_changed_letter() {
    let house = House::closed();
    let out = house.data().join("chain.jsonl");
    let out = out.to_str().unwrap();
    assert!(house.command(&["audit", "export", "--out", out]).status.success());
    let elsewhere = tempfile::TempDir::new().unwrap();
    let alone = elsewhere.path().join("chain.jsonl");
    let text = std::fs::read_to_string(out).unwrap();
    let check = |text: &str| {
        std::fs::write(&alone, text).unwrap();
        let words = ["audit", "verify", "--file", alone.to_str().unwrap()];
        let ended = crate::house::command(&words).current_dir(elsewhere.path()).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    let (code, say) = check(&text);
    assert_eq!(code, Some(0), "{say}");
    for name in ["Mainbrace", "Spinnaker", "Driftwood"] {
        assert!(!text.contains(name), "no name in the chain: {name}");
    }
    let changed = text.replacen("concern.raise", "concern.raisd", 1);
    assert_ne!(changed, text);
    let (code, say) = check(&changed);
    assert_eq!(code, Some(1), "{say}");
    assert!(say.contains("altered after it was signed"), "{say}");
}
