//! Beyond this machine: the certificate over plain HTTP, everything else over HTTPS, and no link to "every address".

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::{Certificate, Client, redirect::Policy};

use crate::house::House;
use crate::visitor::Visitor;

/// The word after these words, in what the program said.
fn word_after(said: &str, words: &str) -> String {
    let rest = said.split_once(words).unwrap_or_else(|| panic!("{words:?} is not in {said}")).1;
    rest.split_whitespace().next().unwrap().to_owned()
}

fn port_of(url: &str) -> u16 {
    url.parse::<http::Uri>().unwrap().port_u16().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_the_network_gets_the_certificate_and_then_the_pages_by_the_name_that_was_asked_for() {
    let mut house = House::closed();
    for listener in ["--web", "--plain", "--dns", "--proxy"] {
        house.option(listener, "0.0.0.0:0");
    }
    house.option("--name", "nursery.test");
    house.flag("--lan");
    house.start_until_it_says("Stop with Ctrl-C").await;
    let said = house.said();
    assert!(!said.contains("0.0.0.0"), "a link to every address: {said}");
    let (pages, certificate) = (word_after(&said, "Pages "), word_after(&said, "Certificate for devices: "));
    assert!(pages.starts_with("https://nursery.test:"), "{pages}");
    assert!(certificate.starts_with("http://nursery.test:"), "{certificate}");
    assert_eq!(house.at().web, pages);

    // A device that knows nothing yet: the page that explains, the root, and nothing else but a way to HTTPS.
    drop(Visitor::new(&pages)); // chooses the cryptography for the clients below
    let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let device =
        || Client::builder().no_proxy().redirect(Policy::none()).resolve("nursery.test", here(port_of(&pages)));
    let stranger = Client::builder().no_proxy().redirect(Policy::none());
    let stranger = stranger.resolve("nursery.test", here(port_of(&certificate))).build().unwrap();
    let explains = stranger.get(&certificate).send().await.unwrap().text().await.unwrap();
    let fingerprint = word_after(&said, "its fingerprint (SHA-256): ");
    for words in [fingerprint.as_str(), "/root.crt", &pages] {
        assert!(explains.contains(words), "{words} is not on {explains}");
    }
    assert!(!explains.contains("<form") && !explains.contains("<script"), "{explains}");
    let base = certificate.trim_end_matches("/certificate");
    let led = stranger.get(format!("{base}/sign-in")).send().await.unwrap();
    assert_eq!(led.headers()["location"], format!("{pages}/sign-in"));
    let root = stranger.get(format!("{base}/root.crt")).send().await.unwrap().bytes().await.unwrap();

    // One that installed it reads the pages under that name; one that did not reads nothing.
    let root = Certificate::from_pem(&root).unwrap();
    let trusting = device().tls_certs_only([root]).build().unwrap();
    let page = trusting.get(format!("{pages}/sign-in")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(device().build().unwrap().get(format!("{pages}/sign-in")).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_the_demo_is_reached_by_the_machines_own_address() {
    let mut house = House::closed();
    house.option("--web", "0.0.0.0:0");
    house.option("--plain", "0.0.0.0:0");
    house.flag("--lan");
    // A machine without any network says what it needs instead of a link that leads nowhere.
    if std::net::UdpSocket::bind("0.0.0.0:0").unwrap().connect("192.0.2.1:9").is_err() {
        let (_, said) = house.fail().await;
        assert!(said.contains("--name"), "{said}");
        return;
    }
    house.start_until_it_says("Stop with Ctrl-C").await;
    let said = house.said();
    assert!(!said.contains("//0.0.0.0"), "{said}");
    let pages = word_after(&said, "Pages ");
    let host = pages.parse::<http::Uri>().unwrap().host().unwrap().to_owned();
    assert!(!host.parse::<std::net::IpAddr>().unwrap().is_loopback(), "{pages}");
}

#[tokio::test]
async fn the_block_page_and_our_own_pages_never_share_an_address() {
    let mut house = House::closed();
    house.becomes_real("web = \"127.0.0.1:0\"\nplain = \"127.0.0.1:8081\"\nblock_http = \"127.0.0.1:8081\"", "");
    let (status, said) = house.fail().await;
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("The block page needs an address of its own"), "{said}");
    let mut house = House::closed();
    house.becomes_real("web = \"127.0.0.1:0\"\nplain = \"127.0.0.1:0\"", "");
    let (_, said) = house.fail().await;
    assert!(said.contains("not served over HTTPS"), "{said}");
}
