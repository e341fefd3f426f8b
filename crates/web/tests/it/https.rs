//! Beyond loopback: HTTPS under our own root; plain HTTP hands out the root, leads to HTTPS, and takes nothing (S48).

use std::net::SocketAddr;
use std::sync::Arc;

use app::testing::TestApp;
use holdfast_web::{Config, Door, Edge, Listen, Serving, Site, router, serve};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

async fn start(app: &TestApp) -> Serving {
    let any = || SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config { https: true, styleguide: false, key: [7; 32] };
    let listen = Listen {
        web: Door::take(any()).unwrap(),
        plain: Some(any()),
        https: true,
        tls_folder: app.services.data.join("tls"),
        names: vec!["holdfast.local".to_owned(), "127.0.0.1".to_owned()],
    };
    let site = Site::new(config, Edge::system(), app.services.clone());
    serve(listen, Edge::system().now.as_ref()(), router(site)).unwrap()
}

/// One request, one answer.
async fn speak(mut line: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    line.write_all(format!("{request}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A line that ends without TLS's own goodbye still brought its answer.
    let _ = line.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn plainly(serving: &Serving, request: &str) -> String {
    speak(TcpStream::connect(serving.plain.unwrap()).await.unwrap(), request).await
}

fn trusting(root: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    if !root.is_empty() {
        roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn a_device_with_our_root_gets_the_pages_and_one_without_gets_none() {
    let app = TestApp::new().await;
    let serving = start(&app).await;
    let answer = plainly(&serving, "GET /root.crt HTTP/1.1\r\nHost: holdfast.local").await;
    let (head, root) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("application/x-x509-ca-cert"), "{head}");
    assert!(root.starts_with("-----BEGIN CERTIFICATE-----") && !root.contains("PRIVATE"), "{root}");
    for name in ["holdfast.local", "localhost"] {
        let stream = TcpStream::connect(serving.web).await.unwrap();
        let line = trusting(root).connect(ServerName::try_from(name).unwrap(), stream).await.unwrap();
        let page = speak(line, &format!("GET /sign-in HTTP/1.1\r\nHost: {name}")).await;
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(page.contains("strict-transport-security: max-age=31536000"), "{page}");
        assert!(page.contains("__Host-holdfast-form=") && page.contains("; Secure;"), "{page}");
    }
    for (roots, name) in [("", "holdfast.local"), (root, "elsewhere.example")] {
        let stream = TcpStream::connect(serving.web).await.unwrap();
        let refused = trusting(roots).connect(ServerName::try_from(name).unwrap(), stream).await;
        assert!(refused.is_err(), "{name}");
    }
    serving.stop().await;
}

#[tokio::test]
async fn plain_http_leads_to_https_shows_no_form_and_takes_none() {
    let app = TestApp::new().await;
    let serving = start(&app).await;
    let secure = format!("https://holdfast.local:{}", serving.web.port());
    for path in ["/", "/sign-in", "/concerns/report?x=1"] {
        let answer = plainly(&serving, &format!("GET {path} HTTP/1.1\r\nHost: holdfast.local:80")).await;
        assert!(answer.starts_with("HTTP/1.1 307"), "{answer}");
        assert!(answer.contains(&format!("location: {secure}{path}\r\n")), "{answer}");
        assert!(!answer.contains("<form") && !answer.contains("set-cookie"), "{answer}");
    }
    let password = "username=dsl&password=hunter2hunter2";
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nHost: holdfast.local\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n{password}",
        password.len()
    );
    let answer = plainly(&serving, &request).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "a form that came in clear is not sent on: {answer}");
    // Somebody else's name in the Host header does not lead to a page of theirs under our port without being seen.
    let answer = plainly(&serving, "GET / HTTP/1.1\r\nHost: ").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    // The port of the pages speaks TLS and nothing else.
    let clear =
        speak(TcpStream::connect(serving.web).await.unwrap(), "GET /sign-in HTTP/1.1\r\nHost: holdfast.local").await;
    assert!(!clear.contains("<form"), "{clear}");
    serving.stop().await;
}
