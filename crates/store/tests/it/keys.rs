//! Keys: two ways in, neither of them the other's, and nothing open on the disk.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rand::SeedableRng;
use rand::rngs::StdRng;
use store::{Error, Keys, MachineKey, RecoveryCode};
use tempfile::TempDir;

fn made() -> (TempDir, Keys, RecoveryCode, StdRng) {
    let folder = TempDir::new().unwrap();
    let mut rng = StdRng::seed_from_u64(5);
    let (keys, code) = Keys::create(folder.path(), &MachineKey::beside(folder.path()), &mut rng).unwrap();
    (folder, keys, code, rng)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn machine_and_paper_open_the_same_keys() {
    let (folder, keys, code, mut rng) = made();
    let same = |other: &Keys| *other.derive("x") == *keys.derive("x") && other.verifying_key() == keys.verifying_key();
    assert!(same(&Keys::open(folder.path(), &MachineKey::beside(folder.path())).unwrap()));
    assert!(same(&Keys::open_with_recovery(folder.path(), &code).unwrap()));
    assert_ne!(*keys.derive("x"), *keys.derive("y"), "each purpose has a key of its own");
    let other = RecoveryCode::generate(&mut rng);
    let refused = Keys::open_with_recovery(folder.path(), &other).unwrap_err();
    assert!(matches!(refused, Error::WrongKey { .. }) && refused.to_string().contains("Nothing was changed"));
    assert!(Keys::create(folder.path(), &MachineKey::beside(folder.path()), &mut rng).is_err(), "never over old ones");
}

#[test]
fn nothing_open_lies_on_the_disk_and_files_are_their_owners_alone() {
    let (folder, keys, code, _) = made();
    let text = std::fs::read_to_string(folder.path().join("keys.json")).unwrap();
    assert!(!text.contains(code.printable().as_str()) && !text.contains("SECRET"));
    assert!(!text.contains(&hex::encode(keys.signing_key().to_bytes())));
    assert_eq!(mode(&folder.path().join("keys.json")), 0o600);
    assert_eq!(mode(&folder.path().join("machine.key")), 0o600);
    assert_eq!(format!("{keys:?}{code:?}").matches(&hex::encode(*keys.derive("sqlcipher"))).count(), 0);
}

#[test]
fn set_up_ends_when_the_code_was_typed_back() {
    let (folder, mut keys, code, mut rng) = made();
    assert!(!keys.recovery_is_confirmed());
    assert!(!keys.confirm_recovery(folder.path(), &RecoveryCode::generate(&mut rng)).unwrap());
    assert!(!keys.recovery_is_confirmed());
    let typed: RecoveryCode = code.printable().to_lowercase().parse().unwrap();
    assert!(keys.confirm_recovery(folder.path(), &typed).unwrap());
    let again = Keys::open(folder.path(), &MachineKey::beside(folder.path())).unwrap();
    assert!(again.recovery_is_confirmed());
}

#[test]
fn a_new_code_or_a_new_machine_takes_the_place_of_the_old() {
    let (folder, keys, old, mut rng) = made();
    let before = keys.derive("x");
    let elsewhere = TempDir::new().unwrap();
    let machine = MachineKey::File(elsewhere.path().join("machine.key"));
    let (mut keys, new) = keys.rewrap(folder.path(), &machine, &mut rng).unwrap();
    assert!(Keys::open_with_recovery(folder.path(), &old).is_err());
    assert!(Keys::open(folder.path(), &MachineKey::beside(folder.path())).is_err(), "the old machine's key");
    assert_eq!(*Keys::open_with_recovery(folder.path(), &new).unwrap().derive("x"), *before);
    assert_eq!(*Keys::open(folder.path(), &machine).unwrap().derive("x"), *before);
    keys.wrap_for(folder.path(), &MachineKey::beside(folder.path())).unwrap();
    assert!(Keys::open(folder.path(), &machine).is_err());
    assert!(Keys::open_with_recovery(folder.path(), &new).is_ok(), "the paper still opens it");
}

#[test]
fn the_gateway_can_write_what_only_the_store_can_read() {
    let (folder, keys, _, _) = made();
    let public = folder.path().join("gateway/spool.pub");
    assert_eq!(mode(&public), 0o644);
    let recipient: age::x25519::Recipient = std::fs::read_to_string(public).unwrap().parse().unwrap();
    let sealed = age::encrypt(&recipient, b"blocked").unwrap();
    assert_eq!(age::decrypt(&keys.spool_identity().unwrap(), &sealed).unwrap(), b"blocked");
}

#[test]
fn a_broken_key_file_is_an_error_and_not_a_panic() {
    let (folder, _, code, _) = made();
    let path = folder.path().join("keys.json");
    let whole = std::fs::read(&path).unwrap();
    for cut in (0..whole.len()).step_by(17) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(Keys::open(folder.path(), &MachineKey::beside(folder.path())).is_err());
    }
    let greedy = String::from_utf8(whole).unwrap().replace("65536", "4294967295");
    std::fs::write(&path, greedy).unwrap();
    assert!(Keys::open_with_recovery(folder.path(), &code).unwrap_err().to_string().contains("out of bounds"));
}
