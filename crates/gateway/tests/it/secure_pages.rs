//! The block page over HTTPS: shown where our certificate is trusted, for blocked names and no other; elsewhere the line
//! closes without a word (S28).

use std::net::IpAddr;

use filter::Hold;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use holdfast_gateway::{Kind, Targets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::*;

/// What a request over TLS brings, or nothing when the line closes before there is one.
async fn read<S>(stream: S, name: &str, world: &World, request: &str) -> Option<String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut stream = tls_over(stream, name, &world.block_root, &[b"h2", b"http/1.1"]).await.ok()?;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A line that ends without TLS's own farewell is as good.
    let _ = stream.read_to_end(&mut answer).await;
    Some(String::from_utf8(answer).unwrap())
}

fn get(name: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")
}

async fn listener(world: &World, from: IpAddr, name: &str) -> Option<String> {
    let stream = connect(world.gateway.listening.block_https.unwrap(), from).await;
    read(stream, name, world, &get(name)).await
}

async fn tunnel(world: &World, from: IpAddr, name: &str) -> Result<TcpStream, String> {
    let (stream, head) = world.tunnel(from, &format!("{name}:443")).await;
    if head.starts_with("HTTP/1.1 200 ") { Ok(stream) } else { Err(head) }
}

#[tokio::test]
async fn a_device_that_trusts_us_reads_why_over_https_and_others_get_a_closed_line() {
    let world = World::new().await;
    let page = listener(&world, SHOWS_PAGE, "casino.test").await.expect("a page");
    assert!(page.starts_with("HTTP/1.1 403 ") && page.contains("Tell a grown-up") && page.contains("action=\"/help\""));
    for (from, name) in [
        (TABLET, "casino.test"),                 // it never showed that it trusts us
        (STRANGER, "casino.test"),               // nobody knows it
        (SHOWS_PAGE, "good.test"),               // allowed: never a certificate
        (SHOWS_PAGE, "childline.org.uk"),        // never between anybody and help
        (SHOWS_PAGE, "use-application-dns.net"), // a browser's question, no page
    ] {
        assert_eq!(listener(&world, from, name).await, None, "{from} {name}");
    }
    // Without a name there is nothing to decide, and nothing is answered.
    let mut silent = connect(world.gateway.listening.block_https.unwrap(), SHOWS_PAGE).await;
    silent.write_all(b"GET / HTTP/1.1\r\nHost: casino.test\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = silent.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
}

#[tokio::test]
async fn through_the_proxy_the_page_stands_in_the_tunnel_and_nothing_goes_upstream() {
    let world = World::new().await;
    let stream = tunnel(&world, SHOWS_PAGE, "casino.test").await.unwrap();
    let page = read(stream, "casino.test", &world, &get("casino.test")).await.expect("a page");
    assert!(page.starts_with("HTTP/1.1 403 ") && page.contains("Tell a grown-up"), "{page}");
    // The name inside is the name that was asked for, or nothing.
    for inside in ["good.test", "poker.test"] {
        let stream = tunnel(&world, SHOWS_PAGE, "casino.test").await.unwrap();
        assert_eq!(read(stream, inside, &world, &get(inside)).await, None, "{inside}");
    }
    // Who never showed that it trusts us is refused before anything, as ever.
    for from in [TABLET, LAPTOP, STRANGER] {
        assert!(tunnel(&world, from, "casino.test").await.unwrap_err().starts_with("HTTP/1.1 403 "));
    }
    // An address has no name to make a certificate for.
    assert!(tunnel(&world, SHOWS_PAGE, "198.51.100.66").await.unwrap_err().starts_with("HTTP/1.1 403 "));
    assert_eq!((world.origin.connections(), world.upstream.times_asked("casino.test")), (0, 0));
}

#[tokio::test]
async fn dns_leads_only_such_devices_and_says_one_thing_for_every_type() {
    let world = World::new().await;
    let led = world.ask(SHOWS_PAGE, "casino.test.", RecordType::A).await;
    assert!(matches!(&led.answers[..], [one] if matches!(&one.data, RData::A(a) if a.0.octets() == [192, 0, 2, 80])));
    // No address of the other family, no HTTPS record that would lead past us: there is nothing, and the name exists.
    for kind in [RecordType::AAAA, RecordType::HTTPS, RecordType::TXT] {
        let nothing = world.ask(SHOWS_PAGE, "casino.test.", kind).await;
        assert_eq!((nothing.metadata.response_code, nothing.answers.len()), (ResponseCode::NoError, 0), "{kind}");
        assert!(ede(&nothing).is_some(), "{kind}");
    }
    for from in [TABLET, STRANGER] {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::HTTPS] {
            let nobody = world.ask(from, "casino.test.", kind).await;
            assert_eq!(nobody.metadata.response_code, ResponseCode::NXDomain, "{from} {kind}");
            assert!(ede(&nobody).is_some());
        }
    }
}

#[tokio::test]
async fn what_is_allowed_again_gets_no_certificate_whatever_was_made_before() {
    let world = World::new().await;
    assert!(listener(&world, SHOWS_PAGE, "casino.test").await.is_some());
    let mut next = policy(2);
    next.groups.get_mut("children").unwrap().allow.push(block_rule("casino.test"));
    world.publish(&next);
    until(std::time::Duration::from_secs(3), async || {
        listener(&world, SHOWS_PAGE, "casino.test").await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_held_device_is_shown_nothing() {
    let mut held = policy(1);
    held.holds = vec![Hold { device: device_id(4), until: None }];
    let world = World::with(held).await;
    for name in ["casino.test", "good.test", "check.holdfast.invalid"] {
        assert_eq!(listener(&world, SHOWS_PAGE, name).await, None, "{name}");
        assert!(tunnel(&world, SHOWS_PAGE, name).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_sealed_name_says_blocked_and_no_more() {
    let world = World::sealed("sealed.test").await;
    let mut pages = Vec::new();
    for name in ["sealed.test", "casino.test"] {
        pages.push(listener(&world, SHOWS_PAGE, name).await.expect("a page").replace(name, ""));
    }
    let (sealed, plain) = (&pages[0], &pages[1]);
    let body = |page: &str| page.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(sealed), body(plain), "a child sees one page for both");
}

#[tokio::test]
async fn the_check_page_shows_who_trusts_us_and_who_does_not() {
    let world = World::new().await;
    let proof = "GET /ca/proof.svg HTTP/1.1\r\nHost: check.holdfast.invalid\r\nConnection: close\r\n\r\n";
    let name = "check.holdfast.invalid";
    let https = world.gateway.listening.block_https.unwrap();
    // Over DNS, and through the proxy.
    let picture = read(connect(https, TABLET).await, name, &world, proof).await.expect("trusted");
    assert!(picture.starts_with("HTTP/1.1 200 ") && picture.contains("image/svg+xml"), "{picture}");
    let stream = tunnel(&world, LAPTOP, name).await.unwrap();
    assert!(read(stream, name, &world, proof).await.unwrap().starts_with("HTTP/1.1 200 "));
    // A device that does not trust us says so by an alert.
    let other = rcgen::generate_simple_self_signed(["other.test".into()]).unwrap();
    let refused = tls_over(connect(https, SHOWS_PAGE).await, name, other.cert.der(), &[]).await;
    assert!(refused.is_err());
    // A guest's is nobody's.
    assert!(read(connect(https, GUEST).await, name, &world, proof).await.is_some());
    let mut seen: Vec<_> = world
        .events()
        .await
        .into_iter()
        .filter_map(|event| match event.kind {
            Kind::Certificate { trusted } => Some((event.device, trusted)),
            _ => None,
        })
        .collect();
    seen.sort();
    assert_eq!(seen, [(Some(device_id(1)), true), (Some(device_id(2)), true), (Some(device_id(4)), false)]);
}

#[tokio::test]
async fn the_certificate_is_handed_out_with_its_fingerprint() {
    let world = World::new().await;
    let plain = world.gateway.listening.block_http.unwrap();
    let page = talk(plain, TABLET, "GET /ca HTTP/1.1\r\nHost: check.holdfast.invalid\r\n\r\n").await;
    use sha2::{Digest, Sha256};
    let pairs: Vec<_> = Sha256::digest(&world.block_root).iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains(&pairs.join(":")), "{page}");
    let request = "GET /ca/holdfast-root.crt HTTP/1.1\r\nHost: check.holdfast.invalid\r\n\r\n";
    let file = talk(plain, TABLET, request).await;
    let body = file.split_once("\r\n\r\n").unwrap().1;
    use rustls_pki_types::pem::PemObject;
    let root = rustls_pki_types::CertificateDer::from_pem_slice(body.as_bytes()).unwrap();
    assert_eq!(root, world.block_root);
    let proxied = world
        .proxy(TABLET, "GET http://check.holdfast.invalid/ca HTTP/1.1\r\nHost: check.holdfast.invalid\r\n\r\n")
        .await;
    assert!(proxied.contains(&pairs.join(":")), "{proxied}");
    let without = World::configured(Some(policy(1)), |config| {
        (config.block_https, config.block_authority) = (None, None);
        config.targets = Targets::Public;
    })
    .await;
    let none = talk(
        without.gateway.listening.block_http.unwrap(),
        TABLET,
        "GET /ca HTTP/1.1\r\nHost: check.holdfast.invalid\r\n\r\n",
    )
    .await;
    assert!(none.starts_with("HTTP/1.1 404 "), "{none}");
}

#[tokio::test]
async fn a_device_known_by_its_encrypted_dns_is_known_at_the_page() {
    let world = World::new().await;
    // It asks by its secret from an address that says nothing, and comes to the page from there.
    assert_eq!(listener(&world, STRANGER, "poker.test").await, None);
    let answer = crate::encrypted::ask_over_https(&world, STRANGER, "secret4", "poker.test.").await;
    assert!(!answer.answers.is_empty(), "{answer:?}");
    let page = listener(&world, STRANGER, "poker.test").await.expect("a page");
    assert!(page.contains("Tell a grown-up"), "{page}");
    // For that name, and no other.
    assert_eq!(listener(&world, STRANGER, "casino.test").await, None);
}
