//! What people decide on pages reaches the wire: an approved change at once, with nobody's question dropped; a
//! held device is cut at once and learns nothing but that it is offline.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hickory_proto::op::ResponseCode;

use crate::house::{House, until};
use crate::visitor::Visitor;
use crate::wire::{OUTSIDE, ask_from, through_proxy, upstream};

/// Blocked for children by its category.
const NAME: &str = "video.example";

/// A second on a machine that does nothing else (each test prints what it took); other tests beside it are given for.
const AT_ONCE: Duration = Duration::from_secs(5);

fn address(house: &House, device: &str) -> IpAddr {
    house.credentials()["devices"][device]["source_address"].as_str().unwrap().parse().unwrap()
}

/// Two hundred questions a second, until told to stop: how many were asked, how many were never answered.
async fn load(device: IpAddr, dns: SocketAddr, stop: Arc<AtomicBool>, begun: Arc<AtomicUsize>) -> (usize, usize) {
    let lost = Arc::new(AtomicUsize::new(0));
    let mut asked = Vec::new();
    let mut beat = tokio::time::interval(Duration::from_millis(5));
    while !stop.load(Ordering::Relaxed) {
        beat.tick().await;
        let (lost, number) = (lost.clone(), asked.len());
        begun.fetch_add(1, Ordering::Relaxed);
        asked.push(tokio::spawn(async move {
            let name = if number % 2 == 0 { format!("open-{number}.example") } else { "casino.example".to_owned() };
            if ask_from(device, dns, &name, number as u16).await.is_none() {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let number = asked.len();
    for question in asked {
        question.await.unwrap();
    }
    (number, lost.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_change_is_in_force_at_once_and_no_question_is_dropped() {
    let house = House::demo_with(&["--upstream", &upstream().await.to_string()]).await;
    let (tablet, dns) = (address(&house, "children-tablet"), house.at().dns);
    let technician = house.signed_in("technician").await;
    let lead = house.signed_in("dsl").await;
    let manager = house.signed_in("manager").await;
    let answer = async |name: &str| ask_from(tablet, dns, name, 4711).await.map(|(code, _)| code);
    assert_eq!(answer(NAME).await, Some(ResponseCode::NXDomain), "blocked to begin with");

    let proposed = technician
        .fill(
            "/filter/propose",
            &[
                ("do", "allow_name"),
                ("host", NAME),
                ("groups", "children"),
                ("concern", ""),
                ("step", "send"),
                ("reason", "For the autumn project."),
                ("harm", "Nobody, because we looked at it."),
                ("loss", "The project would stop."),
                ("safeguards", "An adult sits beside them."),
            ],
        )
        .await;
    assert_eq!(proposed.status, 303, "{}", proposed.words());
    let page = proposed.location;
    assert_eq!(answer(NAME).await, Some(ResponseCode::NXDomain), "a proposal changes nothing");
    let version = async |visitor: &Visitor| visitor.get(&page).await.first("main input[name=version]", "value");
    let agreed = lead.send_on(&page, &format!("{page}/agree"), &[("version", &version(&lead).await)]).await;
    assert_eq!(agreed.status, 303, "{}", agreed.words());
    assert_eq!(answer(NAME).await, Some(ResponseCode::NXDomain), "the lead's word alone changes nothing");

    let stop = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(AtomicUsize::new(0));
    let asking = tokio::spawn(load(tablet, dns, stop.clone(), begun.clone()));
    let more = async |count: usize| {
        let enough = begun.load(Ordering::Relaxed) + count;
        until("questions are asked", Duration::from_secs(20), async || begun.load(Ordering::Relaxed) >= enough).await
    };
    more(80).await;
    let fields = [("version", &*version(&manager).await), ("verdict", "approve"), ("note", "")];
    let began = Instant::now();
    let approved = manager.fill(&page, &fields).await;
    assert_eq!(approved.status, 303, "{}", approved.words());
    until("the tablet reaches it", AT_ONCE, async || answer(NAME).await == Some(ResponseCode::NoError)).await;
    let took = began.elapsed();
    more(80).await;
    stop.store(true, Ordering::Relaxed);
    let (asked, lost) = asking.await.unwrap();
    eprintln!("in force {took:?} after the button was pressed; {asked} questions meanwhile, {lost} dropped");
    assert!(asked > 150, "{asked}");
    assert_eq!(lost, 0, "of {asked}");
    assert_eq!(answer("casino.example").await, Some(ResponseCode::NXDomain), "and nothing else opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_device_is_cut_at_once_and_says_only_that_it_is_offline() {
    let house = House::demo_with(&["--upstream", &upstream().await.to_string()]).await;
    let (tablet, at) = (address(&house, "children-tablet"), house.at());
    let open = "open.example";
    assert_eq!(ask_from(tablet, at.dns, open, 1).await, Some((ResponseCode::NoError, vec![OUTSIDE])));
    let lead = house.signed_in("dsl").await;
    let name = house.credentials()["devices"]["children-tablet"]["name"].as_str().unwrap().to_owned();
    let device = lead.get("/holds").await.option("device", &name);
    let held = lead.fill("/holds", &[("device", &device), ("why", "It was left open in the yard.")]).await;
    assert_eq!(held.status, 303, "{}", held.words());
    let took = until("DNS is cut", AT_ONCE, async || {
        ask_from(tablet, at.dns, open, 2).await.is_none_or(|(code, _)| code != ResponseCode::NoError)
    })
    .await;
    eprintln!("cut {took:?} after the button was pressed");
    let answer = through_proxy(tablet, at.proxy, "http://open.example/").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("This device is offline. Ask the office."), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    for word in ["held", "hold", "concern", "report", "Mainbrace", "police", "safeguarding", "policy"] {
        assert!(!body.to_lowercase().contains(&word.to_lowercase()), "{word}: {answer}");
    }
    let other = address(&house, "children-tablet-2");
    assert_eq!(ask_from(other, at.dns, open, 3).await, Some((ResponseCode::NoError, vec![OUTSIDE])), "nobody else");
}
