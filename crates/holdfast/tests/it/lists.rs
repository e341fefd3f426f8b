//! Lists that went bad overnight: half a download, an error page in HTML, a picture. The last good ones stay in force,
//! `doctor` says so, and nobody's tablet opens up.

use std::path::Path;

use hickory_proto::op::ResponseCode;

use crate::house::House;
use crate::wire::{OUTSIDE, ask, upstream};

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>503</title></head>\n<body><h1>Please sign in to the Wi-Fi</h1>\n\
                    <p>This service is not available.</p></body></html>\n";

/// A list that is long enough to be missed.
fn write_good(folder: &Path) {
    let category = folder.join("gambling");
    std::fs::create_dir_all(&category).unwrap();
    let names: String = (0..4000).map(|n| format!("casino-{n}.example\n")).collect();
    std::fs::write(category.join("domains"), names).unwrap();
}

#[tokio::test]
async fn a_bad_list_never_replaces_a_good_one() {
    let lists = tempfile::TempDir::new().unwrap();
    write_good(lists.path());
    let (place, resolver) = (lists.path().display().to_string(), upstream().await.to_string());
    let mut house = House::demo_with(&["--lists", &place, "--upstream", &resolver]).await;
    let blocked = (ResponseCode::NXDomain, Vec::new());
    let still_blocks = async |house: &House, what: &str| {
        for name in ["casino-7.example", "www.casino-3999.example"] {
            assert_eq!(ask(house.at().dns, name).await, Some(blocked.clone()), "{what}: {name}");
        }
        let open = ask(house.at().dns, "holdfast-open.example").await.unwrap();
        assert_eq!(open, (ResponseCode::NoError, vec![OUTSIDE]), "{what}: everything is closed");
    };
    still_blocks(&house, "good").await;
    let file = lists.path().join("gambling").join("domains");
    let good = std::fs::read(&file).unwrap();
    let half: Vec<u8> = good[..good.len() / 3].to_vec();
    let noise: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (what, bytes) in [("half a list", half), ("HTML", HTML.into()), ("noise", noise), ("nothing", Vec::new())] {
        std::fs::write(&file, bytes).unwrap();
        assert!(house.stop().success());
        house.start().await;
        still_blocks(&house, what).await;
        let doctor = house.command(&["doctor"]);
        let (code, said) = (doctor.status.code(), String::from_utf8_lossy(&doctor.stdout).into_owned());
        assert!(code == Some(1) && said.contains("last good version of the lists stays in force"), "{what}: {said}");
    }
    // A newer good one is taken again.
    std::fs::write(&file, [&good[..], b"casino-new.example\n"].concat()).unwrap();
    house.stop();
    house.start().await;
    assert_eq!(ask(house.at().dns, "casino-new.example").await, Some(blocked.clone()));
    assert!(!String::from_utf8_lossy(&house.command(&["doctor"]).stdout).contains("last good version"));
}

#[tokio::test]
async fn a_damaged_compiled_file_is_not_taken_by_a_running_gateway() {
    let resolver = upstream().await.to_string();
    let house = House::demo_with(&["--upstream", &resolver]).await;
    let blocked = Some((ResponseCode::NXDomain, Vec::new()));
    assert_eq!(ask(house.at().dns, "casino.example").await, blocked);
    let compiled = house.data().join("lists").join("lists.compiled");
    let aside = compiled.with_extension("new");
    std::fs::write(&aside, HTML).unwrap();
    std::fs::rename(&aside, &compiled).unwrap();
    crate::house::until("doctor names the refused file", std::time::Duration::from_secs(10), async || {
        let said = house.command(&["doctor", "--json"]);
        String::from_utf8_lossy(&said.stdout).contains("The last good ones stay in force")
    })
    .await;
    assert_eq!(ask(house.at().dns, "casino.example").await, blocked);
    assert_eq!(house.visitor().get("/healthz").await.status, 200);
}
