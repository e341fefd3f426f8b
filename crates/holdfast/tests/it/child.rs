//! The gateway as a process of its own (S31): it comes back when it is killed, and stays when the rest is killed.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::house::{House, signal, until};
use crate::wire::ask;

/// On two busy cores; by itself it takes about half a second.
const SOON: Duration = Duration::from_secs(2);

async fn health(house: &House, path: &str) -> (u16, Value) {
    let page = house.visitor().get(path).await;
    (page.status, serde_json::from_str(&page.html).unwrap())
}

#[tokio::test]
async fn a_killed_gateway_is_back_within_two_seconds_and_health_says_so_meanwhile() {
    let (house, _) = House::serve("").await;
    let well = (200, json!({ "status": "ok" }));
    assert_eq!(health(&house, "/healthz/gateway").await, well);
    let before = ask(house.at().dns, "casino.example").await.unwrap();
    let killed = house.gateway_process().unwrap();
    signal(killed, Signal::KILL);
    until("health names what fails", Duration::from_millis(450), async || {
        let away = (503, json!({ "status": "failing", "failing": ["dns", "proxy"] }));
        health(&house, "/healthz/gateway").await == away && health(&house, "/healthz").await == away
    })
    .await;
    let took = until("the gateway is back", SOON, async || {
        house.gateway_process().is_some_and(|now| now != killed) && health(&house, "/healthz").await == well
    })
    .await;
    eprintln!("a killed gateway was back after {took:?}");
    assert_eq!(health(&house, "/healthz/gateway").await, well);
    assert_eq!(ask(house.at().dns, "casino.example").await, Some(before), "on the same port, though 0 was asked for");
}

#[tokio::test]
async fn dns_goes_on_when_the_rest_is_killed_and_a_new_start_takes_over() {
    let dns = free_port();
    let mut house = House::closed();
    let listen = format!("web = \"127.0.0.1:0\"\ndns = \"{dns}\"\nproxy = \"127.0.0.1:0\"");
    house.becomes_real(&listen, "");
    house.start().await;
    let before = ask(dns, "casino.example").await.unwrap();
    let orphan = house.gateway_process().unwrap();
    house.kill();
    assert_eq!(house.gateway_process(), Some(orphan), "the gateway fell with the rest");
    assert_eq!(ask(dns, "casino.example").await.unwrap(), before, "the filter stands alone");
    house.start().await;
    assert_ne!(house.gateway_process().unwrap(), orphan, "the old one handed over");
    assert_eq!(ask(dns, "casino.example").await.unwrap(), before);
}

/// A port that was free a moment ago: the new start must ask for the same one.
fn free_port() -> std::net::SocketAddr {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
