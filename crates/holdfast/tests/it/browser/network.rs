//! What is around the program: a resolver above it, a device that asks, and a line that sends from a device's address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::net::{TcpListener, TcpSocket, UdpSocket};

/// Of a block that is kept for documentation; nobody is there (RFC 5737).
pub(super) const SOMEWHERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

/// The filtering provider's resolver: it knows every name.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
}

impl Upstream {
    pub(super) async fn start() -> Self {
        Self::start_at(SOMEWHERE).await
    }

    /// Every name is at this address.
    pub(super) async fn start_at(place: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("its address");
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = somewhere(&buffer[..length], place) {
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
        });
        Self { address }
    }
}

fn somewhere(packet: &[u8], place: Ipv4Addr) -> Option<Vec<u8>> {
    let query = Message::from_vec(packet).ok()?;
    let question = query.queries.first()?.clone();
    let mut answer = Message::response(query.metadata.id, OpCode::Query);
    answer.metadata.recursion_available = true;
    if question.query_type() == RecordType::A {
        answer.add_answer(Record::from_rdata(question.name().clone(), 30, RData::A(A(place))));
    }
    answer.add_query(question);
    if query.edns.is_some() {
        answer.set_edns(Edns::new());
    }
    answer.to_vec().ok()
}

/// What a device is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// An address.
    Address(IpAddr),
    /// No such name, with the code and text of the Extended DNS Error (RFC 8914).
    Nothing(u16, String),
    /// Something else.
    Other(ResponseCode),
}

/// Asks as the device with this address.
pub(super) async fn ask(dns: SocketAddr, from: IpAddr, name: &str) -> Told {
    let socket = UdpSocket::bind((from, 0)).await.expect("the device's address");
    socket.connect(dns).await.expect("the resolver");
    let mut query = Message::new(7, MessageType::Query, OpCode::Query);
    query.metadata.recursion_desired = true;
    query.add_query(Query::query(Name::from_ascii(name).expect("a name"), RecordType::A));
    query.set_edns(Edns::new());
    socket.send(&query.to_vec().expect("a message")).await.expect("sent");
    let mut buffer = [0; 4096];
    let received = tokio::time::timeout(Duration::from_secs(8), socket.recv(&mut buffer)).await;
    let length = received.unwrap_or_else(|_| panic!("no answer about {name}")).expect("an answer");
    let answer = Message::from_vec(&buffer[..length]).expect("DNS");
    let address = answer.answers.iter().find_map(|record| match &record.data {
        RData::A(A(address)) => Some(IpAddr::V4(*address)),
        _ => None,
    });
    match (address, answer.metadata.response_code) {
        (Some(address), _) => Told::Address(address),
        (None, ResponseCode::NXDomain) => {
            let (code, text) = extended_error(&answer).unwrap_or_default();
            Told::Nothing(code, text)
        }
        (None, code) => Told::Other(code),
    }
}

fn extended_error(message: &Message) -> Option<(u16, String)> {
    match message.edns.as_ref()?.option(EdnsCode::Unknown(15))? {
        EdnsOption::Unknown(_, data) => {
            Some((u16::from_be_bytes([data[0], data[1]]), String::from_utf8_lossy(&data[2..]).into_owned()))
        }
        _ => None,
    }
}

/// A line to the proxy that starts at a device's address, since a browser cannot choose where it sends from.
pub(super) async fn line_from(device: IpAddr, proxy: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let socket = TcpSocket::new_v4()?;
                socket.bind((device, 0).into())?;
                let mut far = socket.connect(proxy).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    address
}
