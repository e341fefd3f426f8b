//! The block page, for each who may see one.

use holdfast_gateway::{Confidence, Kind};

use crate::world::*;

async fn page(world: &World, from: std::net::IpAddr, host: &str) -> String {
    world.proxy(from, &format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n")).await
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

/// What a reader sees: no tags, no style.
fn words(answer: &str) -> Vec<String> {
    let body = body(answer).split_once("<body>").unwrap().1;
    let mut text = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
        if c == '>' {
            text.push(' ');
        }
    }
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_child_sees_a_picture_four_words_and_a_button() {
    let world = World::new().await;
    let answer = page(&world, TABLET, "casino.test").await;
    assert!(answer.contains("<svg") && answer.contains("<button"));
    // One script, ours: it sounds on the tablet and calls. The policy names it by its content.
    let script = include_str!("../../templates/help.js");
    assert_eq!(answer.matches("<script").count(), 1);
    let answer = answer.replace(&format!("<script>{script}</script>"), "");
    assert_eq!(words(&answer).join(" "), "Stop. Tell a grown-up. Get a grown-up");
    for forbidden in ["casino", "Gambling", "<script", "http-equiv", "src="] {
        assert!(!answer.contains(forbidden), "{forbidden}: {answer}");
    }
    let csp = answer.lines().find(|l| l.to_ascii_lowercase().starts_with("content-security-policy")).unwrap();
    assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"), "{csp}");
}

#[tokio::test]
async fn an_adult_sees_category_rule_and_reason_and_the_name_is_inert() {
    let world = World::new().await;
    let answer = page(&world, LAPTOP, "www.casino.test").await;
    for part in ["Gambling", "FIL-02", "blocked by our online safety policy", "Ask for it", "Report it", "Ms Adeyemi"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    assert!(answer.contains("<dd>www.casino.test</dd>") && !answer.contains("href=\"http://www.casino"), "{answer}");
    assert!(answer.contains("href=\"https://holdfast.test/filter/ask?host=www.casino.test&amp;group="), "{answer}");
    assert!(answer.contains("href=\"https://holdfast.test/concerns/report\""), "{answer}");
}

#[tokio::test]
async fn a_guest_sees_little() {
    let world = World::new().await;
    let answer = page(&world, GUEST, "casino.test").await;
    assert!(answer.contains("Blocked") && !answer.contains("Gambling") && !answer.contains("Adeyemi"), "{answer}");
}

#[tokio::test]
async fn hostile_text_in_a_policy_stays_text() {
    let mut policy = policy(1);
    policy.setting_name = "<script>alert(1)</script>".into();
    policy.groups.get_mut("staff").unwrap().blocked.get_mut("gambling").unwrap().why = "<img src=x>".into();
    let world = World::with(policy).await;
    let answer = page(&world, LAPTOP, "casino.test").await;
    assert!(!answer.contains("<script") && !answer.contains("<img"), "{answer}");
}

#[tokio::test]
async fn the_button_calls_help_once_and_only_from_our_page() {
    let world = World::new().await;
    let answer = page(&world, TABLET, "casino.test").await;
    let ticket = answer.split_once("name=\"ticket\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    assert!(answer.contains("action=\"http://help.holdfast.invalid/help\""), "{answer}");
    let press = |ticket: &str| {
        let form = format!("ticket={ticket}");
        format!(
            "POST http://help.holdfast.invalid/help HTTP/1.1\r\nHost: help.holdfast.invalid\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    assert!(world.proxy(TABLET, &press("0123456789abcdef0123456789abcdef")).await.starts_with("HTTP/1.1 400 "));
    assert!(world.proxy(LAPTOP, &press(&ticket)).await.starts_with("HTTP/1.1 400 "), "another device's ticket");
    for _ in 0..3 {
        let answer = world.proxy(TABLET, &press(&ticket)).await;
        assert!(answer.contains("Help is coming."), "{answer}");
    }
    let calls: Vec<_> =
        world.events().await.into_iter().filter(|e| matches!(e.kind, Kind::HelpCalled { .. })).collect();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((call.device, call.confidence), (Some(device_id(1)), Confidence::Address));
    assert_eq!(call.kind, Kind::HelpCalled { room: Some("Limpets room".into()) });
}

#[tokio::test]
async fn the_block_listener_explains_by_host() {
    let world = World::new().await;
    let listener = world.gateway.listening.block_http.unwrap();
    let blocked = talk(listener, SHOWS_PAGE, "GET / HTTP/1.1\r\nHost: casino.test\r\n\r\n").await;
    assert!(blocked.starts_with("HTTP/1.1 403 ") && blocked.contains("action=\"/help\""), "{blocked}");
    let open = talk(listener, SHOWS_PAGE, "GET / HTTP/1.1\r\nHost: good.test\r\n\r\n").await;
    assert!(open.starts_with("HTTP/1.1 404 "), "{open}");
    let none = talk(listener, SHOWS_PAGE, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n").await;
    assert!(none.starts_with("HTTP/1.1 400 "), "{none}");
}

/// S27: the page of a sealed address says that it is blocked. It names no list, no reason and no site, and offers nobody a
/// way to ask for it. The probe's name stands in for one: the tier treats both alike.
#[tokio::test]
async fn a_sealed_address_offers_no_asking_and_says_no_more() {
    let world = World::new().await;
    let name = filter::probe::sealed_name();
    let answer = page(&world, LAPTOP, &name).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    for forbidden in ["Ask for it", "/filter/ask", &name, "sealed", "Category", "IWF"] {
        assert!(!body(&answer).contains(forbidden), "{forbidden}: {answer}");
    }
    assert!(!words(&page(&world, GUEST, &name).await).join(" ").contains("sealed"));
    // The probe's own name frightens nobody.
    assert_eq!(world.events().await, []);
}
