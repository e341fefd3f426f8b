//! Resolvers above us: encrypted ways, and the way back to the first.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::world::*;

/// A resolver that is asked through TLS or HTTPS, with a certificate for `resolver.test`; counts its connections.
async fn secure(https: bool, folder: &std::path::Path) -> (SocketAddr, Arc<AtomicUsize>) {
    let made = rcgen::generate_simple_self_signed(["resolver.test".to_owned()]).unwrap();
    std::fs::write(folder.join("ca.pem"), made.cert.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![if https { b"h2".to_vec() } else { b"dot".to_vec() }];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let connections = count.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                if https {
                    let service = service_fn(async |request: http::Request<hyper::body::Incoming>| {
                        assert_eq!(request.uri().path(), "/q");
                        assert_eq!(request.headers()["content-type"], "application/dns-message");
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let answer = zone(&body, &Default::default()).to_vec().unwrap();
                        Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(bytes::Bytes::from(answer))))
                    });
                    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    return;
                }
                while let Ok(length) = stream.read_u16().await {
                    let mut query = vec![0; length.into()];
                    stream.read_exact(&mut query).await.unwrap();
                    let answer = zone(&query, &Default::default()).to_vec().unwrap();
                    stream.write_u16(answer.len() as u16).await.unwrap();
                    stream.write_all(&answer).await.unwrap();
                    stream.flush().await.unwrap();
                }
            });
        }
    });
    (address, count)
}

async fn asked_through(https: bool) {
    let folder = tempfile::tempdir().unwrap();
    let (address, connections) = secure(https, folder.path()).await;
    let ca = folder.path().join("ca.pem");
    let written = match https {
        true => format!("https://{address}/q?ca={}#resolver.test", ca.display()),
        false => format!("tls://{address}?ca={}#resolver.test", ca.display()),
    };
    let upstream: holdfast_gateway::Upstream = written.parse().unwrap();
    let world = World::configured(Some(policy(1)), |config| config.upstreams = vec![upstream]).await;
    for name in ["one.test.", "two.test.", "three.test."] {
        assert_eq!(world.ask(LAPTOP, name, RecordType::A).await.answers.len(), 1, "{name}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1, "the connection is kept");
    until(std::time::Duration::from_secs(10), async || world.status().upstreams.get(&written).copied()).await;
}

#[tokio::test]
async fn a_resolver_is_asked_through_tls() {
    asked_through(false).await;
}

#[tokio::test]
async fn a_resolver_is_asked_through_https() {
    asked_through(true).await;
}

#[tokio::test]
async fn a_resolver_with_another_certificate_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (address, _) = secure(false, folder.path()).await;
    let ca = folder.path().join("ca.pem");
    for written in [format!("tls://{address}?ca={}#other.test", ca.display()), format!("tls://{address}#resolver.test")]
    {
        let upstream: holdfast_gateway::Upstream = written.parse().unwrap();
        let world = World::configured(Some(policy(1)), |config| config.upstreams = vec![upstream]).await;
        let answer = world.ask(LAPTOP, "one.test.", RecordType::A).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::ServFail, "{written}");
    }
}
