//! A small DNS client and a small resolver upstream, for asking the program what a device would get.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, UdpSocket};

/// What the upstream resolver answers to everything.
pub(crate) const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 53);

/// What came back: its code and addresses.
pub(crate) type Answer = (ResponseCode, Vec<Ipv4Addr>);

/// Asks as whoever has no identity; nothing when no answer came within two seconds.
pub(crate) async fn ask(server: SocketAddr, name: &str) -> Option<Answer> {
    ask_from(Ipv4Addr::LOCALHOST.into(), server, name, 1).await
}

/// Asks as the device with this address.
pub(crate) async fn ask_from(device: IpAddr, server: SocketAddr, name: &str, id: u16) -> Option<Answer> {
    let socket = UdpSocket::bind((device, 0)).await.unwrap();
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(format!("{name}.")).unwrap(), RecordType::A));
    socket.send_to(&message.to_vec().unwrap(), server).await.unwrap();
    let mut bytes = [0; 1500];
    let length = tokio::time::timeout(Duration::from_secs(2), socket.recv(&mut bytes)).await.ok()?.unwrap();
    let answer = Message::from_vec(&bytes[..length]).unwrap();
    assert_eq!(answer.metadata.id, id);
    let addresses = answer.answers.iter().filter_map(|r| if let RData::A(a) = &r.data { Some(a.0) } else { None });
    Some((answer.metadata.response_code, addresses.collect()))
}

/// Asks the proxy for a page as the device with this address; the whole answer.
pub(crate) async fn through_proxy(device: IpAddr, proxy: SocketAddr, url: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((device, 0).into()).unwrap();
    let mut line = socket.connect(proxy).await.unwrap();
    let host = url.split('/').nth(2).unwrap();
    let request = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    line.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(5), line.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

/// A resolver that knows everything and says [`OUTSIDE`]; lives as long as the runtime of the test.
pub(crate) async fn upstream() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut bytes = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            let Ok(asked) = Message::from_vec(&bytes[..length]) else { continue };
            let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
            answer.metadata.recursion_available = true;
            for query in asked.queries {
                if query.query_type() == RecordType::A {
                    answer.add_answer(Record::from_rdata(query.name().clone(), 5, RData::A(A(OUTSIDE))));
                }
                answer.add_query(query);
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), from).await;
        }
    });
    address
}
