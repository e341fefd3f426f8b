//! Starts that cannot be: one plain sentence, exit 1, nothing changed.

use std::net::{TcpListener, UdpSocket};

use crate::house::{House, command};

/// Fails with these words on its last line, and without the words that only programmers read.
async fn fails_saying(house: &mut House, words: &[&str]) {
    let (status, said) = house.fail().await;
    assert_eq!(status.code(), Some(1), "{said}");
    let last =
        said.lines().rfind(|line| line.starts_with("holdfast: ")).unwrap_or_else(|| panic!("no sentence: {said}"));
    for word in words {
        assert!(last.contains(word), "“{word}” is not in: {last}");
    }
    for word in ["panicked", "os error", "Os {", "RUST_BACKTRACE"] {
        assert!(!last.contains(word), "{last}");
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let mut house = House::closed();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--web", "--dns", "--proxy"] {
        let mut house = House::closed();
        house.option(option, &address);
        fails_saying(&mut house, &[&address, "another program has this port"]).await;
    }
    // DNS listens twice on its number; the other half can be taken too.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    house.option("--dns", &address);
    fails_saying(&mut house, &[&address, "another program has this port"]).await;
}

#[tokio::test]
async fn a_port_that_is_taken_under_serve_ends_it_with_the_gateways_sentence_and_leaves_no_child() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut house = House::closed();
    house.becomes_real(&format!("dns = \"{address}\"\nweb = \"127.0.0.1:0\"\nproxy = \"127.0.0.1:0\""), "");
    let (status, said) = house.fail().await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}: another program has this port")), "{said}");
    assert!(said.lines().last().unwrap().starts_with("holdfast: the gateway did not start"), "{said}");
    assert_eq!(house.gateway_process(), None, "a child was left behind");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let mut house = House::empty();
    std::fs::write(house.data(), "a file where the folder should be").unwrap();
    let place = house.data().display().to_string();
    fails_saying(&mut house, &[&place]).await;
    assert_eq!(std::fs::read_to_string(house.data()).unwrap(), "a file where the folder should be");
    let ended = command(&["demo", "--data", "/proc/holdfast"]).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.starts_with("holdfast: cannot ") && said.contains("/proc/holdfast"), "{said}");
}

#[tokio::test]
async fn another_key_opens_nothing_and_harms_nothing() {
    let mut house = House::closed();
    let key = house.data().join("machine.key");
    let right = std::fs::read(&key).unwrap();
    let anothers = age::x25519::Identity::generate().to_string();
    std::fs::write(&key, age::secrecy::ExposeSecret::expose_secret(&anothers)).unwrap();
    fails_saying(&mut house, &["key", "Nothing was changed", "recovery code"]).await;
    std::fs::write(&key, right).unwrap();
    house.start().await;
    assert!(house.command(&["audit", "verify"]).status.success());
}

#[tokio::test]
async fn a_second_program_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let house = House::demo().await;
    let mut second = House::guest_of(&house);
    fails_saying(&mut second, &["another Holdfast is already using", "Stop it first"]).await;
    assert_eq!(house.visitor().get("/healthz").await.status, 200);
    // Commands still find the first.
    assert!(house.command(&["audit", "verify"]).status.success());
}

#[tokio::test]
async fn a_real_setting_and_a_demo_never_share_a_folder() {
    let mut house = House::closed();
    house.becomes_real("web = \"127.0.0.1:0\"", "");
    house.mark_as_demo();
    fails_saying(&mut house, &["holds a demo, and a demo never becomes a real setting"]).await;
    let mut house = House::closed();
    std::fs::remove_file(house.data().join("demo-credentials.json")).unwrap();
    fails_saying(&mut house, &["holds a real setting. A demo never touches one"]).await;
    house.flag("--fresh");
    fails_saying(&mut house, &["was not made by a demo"]).await;
    assert!(house.data().join("holdfast.db").exists());
}
