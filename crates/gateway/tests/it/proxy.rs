//! The proxy: refusals before anything leaves, and what leaves says nothing of the device.

use base64::Engine;
use filter::Hold;
use hickory_proto::rr::RecordType;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::*;

const OFFLINE: &str = "This device is offline. Ask the office.";

fn get(url: &str, host: &str, more: &str) -> String {
    format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n")
}

fn credential(user: &str, password: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Proxy-Authorization: Basic {encoded}\r\n")
}

#[tokio::test]
async fn a_blocked_connect_never_reaches_the_other_side() {
    let world = World::new().await;
    let port = world.origin.address.port();
    let (_, head) = world.tunnel(TABLET, &format!("casino.test:{port}")).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(world.origin.connections(), 0);
    let (mut stream, head) = world.tunnel(TABLET, &format!("good.test:{port}")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    stream.write_all(b"through\n").await.unwrap();
    let mut echo = [0; 8];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!((&echo, world.origin.connections()), (b"through\n", 1));
}

#[tokio::test]
async fn plain_http_is_decided_forwarded_and_stripped() {
    let world = World::new().await;
    let port = world.origin.address.port();
    let host = format!("good.test:{port}");
    let private = "X-Forwarded-For: 192.168.1.7\r\nX-Hop: 1\r\nProxy-Connection: keep-alive\r\nKeep-Alive: 5\r\n";
    let mut stream = connect(world.gateway.proxy_addr(), TABLET).await;
    let request = get(&format!("http://{host}/a/path?q=1"), &host, &format!("{private}Connection: close, X-Hop\r\n"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("GET /a/path?q=1 HTTP/1.1"), "{answer}");
    let seen = answer.to_ascii_lowercase();
    for gone in ["x-forwarded-for", "x-hop", "proxy-", "keep-alive", "192.168.1.7", "127.0.0.11"] {
        assert!(!seen.contains(gone), "{gone}: {answer}");
    }
    let blocked =
        world.proxy(LAPTOP, &get(&format!("http://casino.test:{port}/"), &format!("casino.test:{port}"), "")).await;
    assert!(blocked.starts_with("HTTP/1.1 403 ") && blocked.contains("Gambling"), "{blocked}");
    assert_eq!(world.origin.connections(), 1);
}

#[tokio::test]
async fn who_asks_decides() {
    let world = World::new().await;
    let port = world.origin.address.port();
    let host = format!("arcade.test:{port}");
    let request = |more: &str| get(&format!("http://{host}/"), &host, more);
    let none = world.proxy(STRANGER, &request("")).await;
    assert!(none.starts_with("HTTP/1.1 403 "), "no identity: the strictest group at once, never 407: {none}");
    let staff = world.proxy(STRANGER, &request(&credential("device-2", PASSWORD))).await;
    assert!(staff.starts_with("HTTP/1.1 200 "), "{staff}");
    assert!(!staff.contains("Basic"), "our credential is not the other side's");
    let wrong = world.proxy(STRANGER, &request(&credential("device-2", "guess"))).await;
    assert!(wrong.starts_with("HTTP/1.1 407 ") && wrong.contains("realm=\"Holdfast\""), "{wrong}");
    let borrowed = world.proxy(TABLET, &request(&credential("device-2", PASSWORD))).await;
    assert!(borrowed.starts_with("HTTP/1.1 403 "), "the laptop's credential from the tablet's address: {borrowed}");
    let sign_in = world.gateway.listening.proxy_sign_in.unwrap();
    let asked = talk(sign_in, LAPTOP, &request("")).await;
    assert!(asked.starts_with("HTTP/1.1 407 "), "{asked}");
    let signed_in = talk(sign_in, LAPTOP, &request(&credential("device-2", PASSWORD))).await;
    assert!(signed_in.starts_with("HTTP/1.1 200 "), "{signed_in}");
}

#[tokio::test]
async fn addresses_ports_and_the_inside_are_closed() {
    let world = World::new().await;
    let port = world.origin.address.port();
    for (from, target) in [
        (TABLET, format!("127.0.0.1:{port}")),
        (TABLET, "93.184.215.14:443".to_owned()),
        (TABLET, "good.test:22".to_owned()),
        (TABLET, "0x7f.1:443".to_owned()),
        (LAPTOP, "good.test:25".to_owned()),
        // The fake resolver answers 127.0.0.1 for every name: inside, and not a port that the test opened.
        (LAPTOP, "rebound.test:443".to_owned()),
        (LAPTOP, "169.254.169.254:80".to_owned()),
    ] {
        let (_, head) = world.tunnel(from, &target).await;
        assert!(head.starts_with("HTTP/1.1 403 "), "{target}: {head}");
    }
    assert_eq!(world.origin.connections(), 0);
}

#[tokio::test]
async fn requests_that_say_two_things_are_refused() {
    let world = World::new().await;
    let port = world.origin.address.port();
    for request in [
        get(&format!("http://good.test:{port}/"), "casino.test", ""),
        get("/", "good.test", ""),
        get("ftp://good.test/", "good.test", ""),
        "CONNECT good.test HTTP/1.1\r\nHost: good.test\r\n\r\n".to_owned(),
        get(&format!("http://somebody@good.test:{port}/"), &format!("good.test:{port}"), ""),
        format!("CONNECT somebody@good.test:{port} HTTP/1.1\r\nHost: good.test:{port}\r\n\r\n"),
    ] {
        let answer = world.proxy(LAPTOP, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request}: {answer}");
    }
    assert_eq!(world.origin.connections(), 0);
}

#[tokio::test]
async fn a_cloaked_name_is_blocked_on_this_way_too() {
    let world = World::new().await;
    let (_, head) = world.tunnel(TABLET, &format!("cloaked.test:{}", world.origin.address.port())).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(world.origin.connections(), 0);
}

#[tokio::test]
async fn web_sockets_pass_over_plain_http() {
    let world = World::new().await;
    let host = format!("good.test:{}", world.origin.address.port());
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    let request = get(&format!("http://{host}/live"), &host, "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"frame\n").await.unwrap();
    let mut echo = [0; 6];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"frame\n");
}

#[tokio::test]
async fn a_hold_closes_what_is_open_and_says_one_sentence() {
    let world = World::new().await;
    let port = world.origin.address.port();
    let (mut tablet, _) = world.tunnel(TABLET, &format!("good.test:{port}")).await;
    let (mut laptop, _) = world.tunnel(LAPTOP, &format!("good.test:{port}")).await;
    let mut held = policy(2);
    held.holds = vec![Hold { device: device_id(1), until: None }];
    world.publish(&held);
    let closed = tokio::time::timeout(Duration::from_secs(1), tablet.read(&mut [0; 1])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "closed within a second: {closed:?}");
    laptop.write_all(b"still\n").await.unwrap();
    let mut echo = [0; 6];
    laptop.read_exact(&mut echo).await.unwrap();

    let answer = world.ask(TABLET, "good.test.", RecordType::A).await;
    assert_eq!(ede(&answer).unwrap().1, OFFLINE);
    for url in ["http://good.test/", "http://casino.test/"] {
        let page = world.proxy(TABLET, &get(url, &url[7..url.len() - 1], "")).await;
        assert!(page.starts_with("HTTP/1.1 403 ") && page.contains(OFFLINE), "{page}");
        for word in ["Gambling", "Limpets", "Adeyemi", "<a ", "<form"] {
            assert!(!page.contains(word), "{word}: {page}");
        }
    }
    let cut = until(Duration::from_secs(3), async || {
        world.status().held.get(&device_id(1)).copied().filter(|cut| cut.proxy_refused == 2)
    })
    .await;
    assert_eq!((cut.tunnels_closed, cut.dns_refused), (1, 1));
}

#[tokio::test]
async fn a_tightened_policy_closes_what_it_would_not_open() {
    let world = World::new().await;
    let (mut stream, _) = world.tunnel(LAPTOP, &format!("good.test:{}", world.origin.address.port())).await;
    let mut tighter = policy(2);
    tighter.groups.get_mut("staff").unwrap().block.push(block_rule("good.test"));
    world.publish(&tighter);
    let closed = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut [0; 1])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
}

/// Children reach one approved site while a session is open, and nothing after it (CLS-07).
#[tokio::test]
async fn the_end_of_a_session_closes_what_is_open() {
    let supervised = |version: u64, until: Option<jiff::Timestamp>| {
        let mut policy = policy(version);
        let group = policy.groups.get_mut("children").unwrap();
        group.supervised = true;
        group.allow.push(block_rule("good.test"));
        policy.sessions.extend(until.map(|until| filter::policy::Session {
            id: device_id(77),
            group: "children".into(),
            room: None,
            until,
        }));
        policy
    };
    let later = now() + jiff::SignedDuration::from_hours(1);
    let world = World::with(supervised(1, Some(later))).await;
    let target = format!("good.test:{}", world.origin.address.port());
    let end = async |stream: &mut tokio::net::TcpStream, within: u64| {
        let read = tokio::time::timeout(Duration::from_secs(within), stream.read(&mut [0; 1])).await;
        assert!(matches!(read, Ok(Ok(0) | Err(_))), "still open: {read:?}");
    };
    // Somebody ends it.
    let (mut tablet, head) = world.tunnel(TABLET, &target).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let (mut laptop, _) = world.tunnel(LAPTOP, &target).await;
    world.publish(&supervised(2, None));
    end(&mut tablet, 2).await;
    let (_, head) = world.tunnel(TABLET, &target).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    // A plain answer under way ends, too, and its line is not used again.
    laptop.write_all(b"still\n").await.unwrap();
    let mut echo = [0; 6];
    laptop.read_exact(&mut echo).await.unwrap();
    // It ends by itself: no new policy comes.
    let soon = jiff::SignedDuration::from_secs(4);
    world.publish(&supervised(3, Some(world.now() + soon)));
    let mut tablet = until(Duration::from_secs(3), async || {
        let (stream, head) = world.tunnel(TABLET, &target).await;
        head.starts_with("HTTP/1.1 200 ").then_some(stream)
    })
    .await;
    end(&mut tablet, 12).await;
}

/// The door of wpad.dat, and who may own the name.
#[tokio::test]
async fn browsers_that_look_for_a_proxy_find_ours_and_no_other() {
    let world = World::configured(Some(policy(1)), |config| config.wpad = true).await;
    let proxy = world.gateway.proxy_addr();
    let led = world.ask(TABLET, "wpad.", RecordType::A).await;
    assert_eq!(led.answers.len(), 1, "{led:?}");
    let lan = world.ask(TABLET, "wpad.home.arpa.", RecordType::A).await;
    assert_eq!(lan.answers.len(), 1, "{lan:?}");
    let listener = world.gateway.listening.block_http.unwrap();
    for host in ["wpad", "wpad.home.arpa"] {
        let file = talk(listener, TABLET, &format!("GET /wpad.dat HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert!(file.contains("application/x-ns-proxy-autoconfig"), "{file}");
        assert!(file.contains(&format!("return \"PROXY {proxy}\"")) && !file.contains("; DIRECT"), "{file}");
    }
    // Somebody outside may own such a name: it is never asked for above (it would choose every device's proxy).
    for from in [TABLET, LAPTOP] {
        let outside = world.ask(from, "wpad.co.uk.", RecordType::A).await;
        assert_eq!(outside.answers.len(), 0, "{outside:?}");
    }
    assert_eq!(world.upstream.times_asked("wpad.co.uk"), 0);
    let without = World::new().await;
    assert_eq!(without.ask(TABLET, "wpad.", RecordType::A).await.answers.len(), 0);
    let listener = without.gateway.listening.block_http.unwrap();
    let file = talk(listener, TABLET, "GET /wpad.dat HTTP/1.1\r\nHost: wpad\r\n\r\n").await;
    assert!(file.starts_with("HTTP/1.1 404 "), "{file}");
}

/// A WebSocket inside a tunnel is bytes like any other.
#[tokio::test]
async fn web_sockets_pass_inside_a_tunnel() {
    let world = World::new().await;
    let (mut stream, _) = world.tunnel(LAPTOP, &format!("good.test:{}", world.origin.address.port())).await;
    let ask = "GET /live HTTP/1.1\r\nHost: good.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"frame\n").await.unwrap();
    let mut echo = [0; 6];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"frame\n");
}

/// One connection of a client asks twice; the line behind it is used again, and each request is decided.
#[tokio::test]
async fn a_kept_line_serves_its_own_client_again_and_each_request_is_decided() {
    let world = World::new().await;
    let port = world.origin.address.port();
    let host = format!("good.test:{port}");
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    for path in ["one", "two"] {
        stream.write_all(get(&format!("http://{host}/{path}"), &host, "").as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let mut length = 0;
        // The answer ends with the echo of the request's head.
        while !String::from_utf8_lossy(&answer[..length]).ends_with("\r\n\r\n") || length < 150 {
            let read = stream.read(&mut answer[length..]).await.unwrap();
            assert!(read > 0);
            length += read;
        }
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.contains(&format!("GET /{path} HTTP/1.1")), "{answer}");
    }
    assert_eq!(world.origin.connections(), 1, "each request opened a line of its own");
    let blocked = get(&format!("http://casino.test:{port}/"), &format!("casino.test:{port}"), "Connection: close\r\n");
    stream.write_all(blocked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}
