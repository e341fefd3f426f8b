//! Encrypted DNS of the whole program: the addresses that the demo hands out are served, under its own root, and each is
//! one device's.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::house::House;
use crate::wire::upstream;

/// Blocked for children by its category, open to staff.
const NAME: &str = "video.example.";

fn question() -> Vec<u8> {
    let mut message = Message::new(5, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(NAME).unwrap(), RecordType::A));
    message.to_vec().unwrap()
}

async fn tls(house: &House, to: SocketAddr, name: &str) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(house.data().join("tls/root.crt")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(to).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn each_device_has_its_own_address_and_the_demo_says_which() {
    let house = House::demo_with(&["--upstream", &upstream().await.to_string()]).await;
    let credentials = house.credentials();
    for (device, expected) in [("children-tablet", ResponseCode::NXDomain), ("staff-laptop", ResponseCode::NoError)] {
        let of = |key: &str| credentials["devices"][device][key].as_str().unwrap_or_else(|| panic!("{key}")).to_owned();
        let url: http::Uri = of("doh_url").parse().unwrap();
        assert_eq!(url.path(), format!("/dns-query/{}", of("doh_path")));
        let at = SocketAddr::new(url.host().unwrap().parse().unwrap(), url.port_u16().unwrap());
        let mut line = tls(&house, at, url.host().unwrap()).await;
        let request = format!(
            "GET {}?dns={} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            url.path(),
            URL_SAFE_NO_PAD.encode(question()),
            url.authority().unwrap()
        );
        line.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let message = Message::from_vec(&answer[body..]).unwrap();
        assert_eq!(message.metadata.response_code, expected, "{device} over HTTPS");

        let mut line = tls(&house, of("dot_address").parse().unwrap(), &of("dot_name")).await;
        let packet = question();
        line.write_u16(packet.len() as u16).await.unwrap();
        line.write_all(&packet).await.unwrap();
        line.flush().await.unwrap();
        let mut answer = vec![0; line.read_u16().await.unwrap().into()];
        line.read_exact(&mut answer).await.unwrap();
        assert_eq!(Message::from_vec(&answer).unwrap().metadata.response_code, expected, "{device} over TLS");
    }
    assert!(private(&house), "the keys are not where they should be");
}

/// The leaf's key is for our eyes, and the root's key is not in the gateway's folder.
fn private(house: &House) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let folder = house.data().join("gateway");
    let mode = std::fs::metadata(folder.join("tls.key")).unwrap().permissions().mode();
    mode & 0o077 == 0 && !folder.join("root.key").exists()
}
