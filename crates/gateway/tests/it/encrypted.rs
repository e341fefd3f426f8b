//! DNS over TLS and DNS over HTTPS: the same answers, and the device known by its secret.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::world::*;

async fn tls(world: &World, to: SocketAddr, from: IpAddr, name: &str, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(world.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, connect(to, from).await).await.unwrap()
}

async fn over_tls(world: &World, from: IpAddr, server: &str, names: &[&str]) -> Vec<Message> {
    let mut stream = tls(world, world.gateway.listening.dot.unwrap(), from, server, b"dot").await;
    // All at once: the answers come as they are ready.
    for name in names {
        let packet = query(name, RecordType::A);
        stream.write_u16(packet.len() as u16).await.unwrap();
        stream.write_all(&packet).await.unwrap();
    }
    stream.flush().await.unwrap();
    let mut answers = Vec::new();
    for _ in names {
        let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
        stream.read_exact(&mut answer).await.unwrap();
        answers.push(Message::from_vec(&answer).unwrap());
    }
    answers
}

async fn over_https(
    world: &World,
    from: IpAddr,
    two: bool,
    request: Request<Full<Bytes>>,
) -> (StatusCode, String, Bytes) {
    let protocol: &[u8] = if two { b"h2" } else { b"http/1.1" };
    let stream = tls(world, world.gateway.listening.doh.unwrap(), from, TLS_NAME, protocol).await;
    let stream = TokioIo::new(stream);
    let response = if two {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    };
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let said = format!("{} {}", header("content-type"), header("cache-control"));
    (response.status(), said, response.into_body().collect().await.unwrap().to_bytes())
}

fn get(path: &str, message: &[u8]) -> Request<Full<Bytes>> {
    let uri = format!("https://{TLS_NAME}{path}?dns={}", URL_SAFE_NO_PAD.encode(message));
    Request::get(uri).header("host", TLS_NAME).body(Full::default()).unwrap()
}

fn post(path: &str, kind: &str, message: Vec<u8>) -> Request<Full<Bytes>> {
    let request = Request::post(format!("https://{TLS_NAME}{path}")).header("content-type", kind);
    request.header("host", TLS_NAME).body(Full::new(message.into())).unwrap()
}

const MESSAGE: &str = "application/dns-message";

/// One address question by a device's secret.
pub(crate) async fn ask_over_https(world: &World, from: IpAddr, secret: &str, name: &str) -> Message {
    let request = get(&format!("/dns-query/{secret}"), &query(name, RecordType::A));
    let (_, _, body) = over_https(world, from, false, request).await;
    Message::from_vec(&body).unwrap()
}

fn code(bytes: &[u8]) -> ResponseCode {
    Message::from_vec(bytes).unwrap().metadata.response_code
}

#[tokio::test]
async fn the_name_that_is_asked_for_says_which_device_it_is() {
    let world = World::new().await;
    // Games are open to the laptop alone.
    for (from, server, expected) in [
        (STRANGER, "secret2.dns.test", ResponseCode::NoError),
        (STRANGER, "SECRET2.dns.test", ResponseCode::NoError),
        (STRANGER, "secret1.dns.test", ResponseCode::NXDomain),
        (STRANGER, "dns.test", ResponseCode::NXDomain),
        (LAPTOP, "dns.test", ResponseCode::NoError),
        // A wrong secret, and one that belongs to another device than the address: the strictest group.
        (LAPTOP, "wrong.dns.test", ResponseCode::NXDomain),
        (TABLET, "secret2.dns.test", ResponseCode::NXDomain),
    ] {
        let answers = over_tls(&world, from, server, &["arcade.test."]).await;
        assert_eq!(answers[0].metadata.response_code, expected, "{server} from {from}");
    }
    let events = world.events().await;
    let wrong = |e: &&holdfast_gateway::ActivityEvent| {
        matches!(e.kind, holdfast_gateway::Kind::Unidentified { wrong_credential: true, .. })
    };
    assert_eq!(events.iter().filter(wrong).count(), 2, "{events:?}");
}

#[tokio::test]
async fn questions_on_one_line_do_not_wait_for_each_other() {
    let world = World::new().await;
    let names: Vec<String> = (0..40).map(|n| format!("n{n}.test.")).collect();
    let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
    all.push("casino.test.");
    let answers = over_tls(&world, TABLET, TLS_NAME, &all).await;
    assert_eq!(answers.len(), 41);
    let blocked = |m: &&Message| m.metadata.response_code == ResponseCode::NXDomain;
    assert_eq!(answers.iter().filter(blocked).count(), 1);
}

#[tokio::test]
async fn the_path_says_which_device_it_is_in_both_methods_and_both_versions() {
    let world = World::new().await;
    let message = query("arcade.test.", RecordType::A);
    for two in [false, true] {
        for (path, expected) in [
            ("/dns-query/secret2", ResponseCode::NoError),
            ("/dns-query/secret1", ResponseCode::NXDomain),
            ("/dns-query/nobody", ResponseCode::NXDomain),
            ("/dns-query", ResponseCode::NXDomain),
        ] {
            for request in [get(path, &message), post(path, MESSAGE, message.clone())] {
                let (status, said, body) = over_https(&world, STRANGER, two, request).await;
                assert_eq!((status, code(&body)), (StatusCode::OK, expected), "{path}, HTTP/2: {two}");
                assert!(said.starts_with("application/dns-message private, max-age="), "{said}");
                assert_eq!(body[..2], message[..2], "the question's own id");
            }
        }
    }
}

/// RFC 7830, section 4: padded is answered padded; RFC 8467, section 4.1: to multiples of 468 bytes.
#[tokio::test]
async fn padded_questions_get_padded_answers() {
    let world = World::new().await;
    let padded = |name: &str| {
        let mut packet = query(name, RecordType::A);
        // The OPT record stands last; its length is in its last two bytes.
        let length = packet.len();
        packet[length - 1] = 8;
        packet.extend([0, 12, 0, 4, 0, 0, 0, 0]);
        packet
    };
    for name in ["casino.test.", "ordinary.test.", "missing.test.", "large.test.", "www.google.com.", "broken.test."] {
        let (_, _, body) = over_https(&world, TABLET, true, post("/dns-query", MESSAGE, padded(name))).await;
        let message = Message::from_vec(&body).unwrap();
        assert_eq!((body.len() % 468, message.edns.is_some()), (0, true), "{name}: {}", body.len());
        let mut stream = tls(&world, world.gateway.listening.dot.unwrap(), TABLET, TLS_NAME, b"dot").await;
        let packet = padded(name);
        stream.write_u16(packet.len() as u16).await.unwrap();
        stream.write_all(&packet).await.unwrap();
        stream.flush().await.unwrap();
        let length = stream.read_u16().await.unwrap();
        assert_eq!(length % 468, 0, "{name}");
        let (_, _, body) =
            over_https(&world, TABLET, true, post("/dns-query", MESSAGE, query(name, RecordType::A))).await;
        assert_ne!(body.len() % 468, 0, "{name}: who does not pad is not padded to");
    }
}

#[tokio::test]
async fn an_answer_is_kept_no_longer_than_its_records() {
    let world = World::new().await;
    for (path, name, age) in [
        ("/dns-query/secret2", "ordinary.test.", "max-age=300"),
        ("/dns-query/secret1", "ordinary.test.", "max-age=30"),
        ("/dns-query/secret1", "casino.test.", "max-age=10"),
    ] {
        let (_, said, _) = over_https(&world, STRANGER, true, get(path, &query(name, RecordType::A))).await;
        assert!(said.ends_with(age), "{said}");
    }
}

#[tokio::test]
async fn what_is_no_question_is_refused_in_http() {
    let world = World::new().await;
    let message = query("a.test.", RecordType::A);
    let other = |method: Method| {
        let request = Request::builder().method(method).uri(format!("https://{TLS_NAME}/dns-query"));
        request.header("host", TLS_NAME).body(Full::<Bytes>::default()).unwrap()
    };
    let long = format!("https://{TLS_NAME}/dns-query?dns=*");
    let cases: Vec<(Request<Full<Bytes>>, u16)> = vec![
        (get("/", &message), 404),
        (get("/dns-query/a/b", &message), 404),
        (get("/dns-query", b"short"), 400),
        (Request::get(&long).header("host", TLS_NAME).body(Full::default()).unwrap(), 400),
        (other(Method::GET), 400),
        (other(Method::PUT), 405),
        (post("/dns-query", "text/plain", message.clone()), 415),
        (post("/dns-query", MESSAGE, vec![0; 70_000]), 413),
    ];
    for (request, expected) in cases {
        let what = format!("{} {}", request.method(), request.uri());
        let (status, _, _) = over_https(&world, TABLET, true, request).await;
        assert_eq!(status.as_u16(), expected, "{what}");
    }
}

#[tokio::test]
async fn one_address_cannot_take_every_line() {
    let world = World::new().await;
    let mut lines = Vec::new();
    for _ in 0..16 {
        lines.push(tls(&world, world.gateway.listening.dot.unwrap(), STRANGER, TLS_NAME, b"dot").await);
    }
    let mut one_more = connect(world.gateway.listening.dot.unwrap(), STRANGER).await;
    let closed = tokio::time::timeout(Duration::from_secs(5), one_more.read_u8()).await.expect("closed at once");
    assert!(closed.is_err());
    let answers = over_tls(&world, TABLET, TLS_NAME, &["casino.test."]).await;
    assert_eq!(answers[0].metadata.response_code, ResponseCode::NXDomain, "others have theirs");
    drop(lines);
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_while_it_runs() {
    let world = World::new().await;
    let new = rcgen::generate_simple_self_signed([TLS_NAME.to_owned()]).unwrap();
    std::fs::write(world.dir.path().join("tls.key"), new.signing_key.serialize_pem()).unwrap();
    std::fs::write(world.dir.path().join("tls.crt"), new.cert.pem()).unwrap();
    let world = World { certificate: new.cert.der().clone(), ..world };
    let dot = world.gateway.listening.dot.unwrap();
    until(Duration::from_secs(20), async || {
        let mut roots = RootCertStore::empty();
        roots.add(world.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(TLS_NAME).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, connect(dot, TABLET).await).await.ok()
    })
    .await;
}

#[tokio::test]
async fn encrypted_dns_without_a_certificate_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let signing = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let recipient = age::x25519::Identity::generate().to_public();
    let mut config = holdfast_gateway::Config::new(dir.path(), signing.verifying_key(), recipient);
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    (config.dns, config.proxy, config.doh) = (any, any, Some(any));
    let error = holdfast_gateway::start(config, clock()).await.unwrap_err().to_string();
    assert!(error.contains("needs a certificate"), "{error}");
}
