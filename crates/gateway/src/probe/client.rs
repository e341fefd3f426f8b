//! The probe's own small clients, each from a given loopback address: a DNS question over UDP, over TLS or over HTTPS, a
//! CONNECT, and a page.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, UdpSocket};
use tokio::time::timeout;

use filter::probe::SEARCH_ADDRESS;

use crate::Error;
use crate::dns::secure::Line;
use crate::dns::upstream::Ask;

/// A gateway on the same machine answers within milliseconds; a busy one within this.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Blocked, with the short text of the DNS answer.
    Blocked(Option<String>),
    /// There is no such name.
    NoSuchName,
    /// Led to the address that stands for safe search.
    Led,
    /// Something answered.
    Reached,
    /// A page for people, with the signs of its markup read back into words.
    Page(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(Some(why)) => write!(f, "blocked ({why})"),
            Self::Blocked(None) => f.write_str("blocked"),
            Self::NoSuchName => f.write_str("let through"),
            Self::Led => f.write_str("held to safe search"),
            Self::Reached => f.write_str("reached"),
            Self::Page(_) => f.write_str("another page, or one that lacks something"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// Asks for an address over UDP.
pub(super) async fn dns(server: SocketAddr, source: IpAddr, name: &str) -> Result<Answer, Error> {
    let cannot = |why: String| Error::Probe { what: "DNS", why };
    let exchange = async {
        let id: u16 = rand::random();
        let name = Name::from_ascii(name).map_err(std::io::Error::other)?;
        let mut query = Message::new(id, MessageType::Query, OpCode::Query);
        query.metadata.recursion_desired = true;
        query.add_query(Query::query(name, RecordType::A));
        query.set_edns(Edns::new());
        let socket = UdpSocket::bind((source, 0)).await?;
        socket.connect(server).await?;
        socket.send(&query.to_vec().map_err(std::io::Error::other)?).await?;
        let mut buffer = [0; 2048];
        loop {
            let length = socket.recv(&mut buffer).await?;
            let answer = Message::from_vec(buffer.get(..length).unwrap_or(&[])).map_err(std::io::Error::other)?;
            if answer.metadata.id == id {
                return Ok::<_, std::io::Error>(answer);
            }
        }
    };
    let answer = timeout(PATIENCE, exchange)
        .await
        .map_err(|_| cannot(format!("{server} does not answer")))?
        .map_err(|e| cannot(format!("{server}: {e}")))?;
    Ok(read(&answer))
}

/// Asks the same over an encrypted way. One that is not there is a wrong answer, and no reason to stop: the others go on.
pub(super) async fn encrypted(line: &Line, name: &str) -> Answer {
    let exchange = async {
        let mut name = Name::from_ascii(name).map_err(std::io::Error::other)?;
        name.set_fqdn(true);
        line.exchange(&Ask { name, kind: RecordType::A, dnssec_ok: false, checking_disabled: false }).await
    };
    match timeout(PATIENCE, exchange).await {
        Ok(Ok(answer)) => read(&answer),
        Ok(Err(error)) => Answer::Other(format!("no answer: {error}")),
        Err(_) => Answer::Other("no answer".to_owned()),
    }
}

fn read(answer: &Message) -> Answer {
    match (extended_error(answer), answer.metadata.response_code) {
        (Some((15 | 17, text)), _) => Answer::Blocked(Some(text)),
        (_, ResponseCode::NXDomain) => Answer::NoSuchName,
        (_, ResponseCode::NoError) if is_led(answer) => Answer::Led,
        (_, ResponseCode::NoError) => Answer::Reached,
        (_, code) => Answer::Other(code.to_string()),
    }
}

fn is_led(message: &Message) -> bool {
    message.answers.iter().any(|record| record.data.ip_addr().is_some_and(|ip| ip.to_string() == SEARCH_ADDRESS))
}

fn extended_error(message: &Message) -> Option<(u16, String)> {
    let option = message.edns.as_ref()?.option(EdnsCode::Unknown(15))?;
    let EdnsOption::Unknown(_, data) = option else { return None };
    let (code, text) = data.split_first_chunk()?;
    Some((u16::from_be_bytes(*code), String::from_utf8_lossy(text).into_owned()))
}

/// Asks the proxy for a tunnel and reads the first line of what it says.
pub(super) async fn proxy(server: SocketAddr, source: IpAddr, name: &str, port: u16) -> Result<Answer, Error> {
    let cannot = |why: String| Error::Probe { what: "the proxy", why };
    let exchange = async {
        let socket = match source {
            IpAddr::V4(_) => TcpSocket::new_v4()?,
            IpAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.bind((source, 0).into())?;
        let mut stream = socket.connect(server).await?;
        let request = format!("CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}:{port}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        Ok::<_, std::io::Error>(line)
    };
    let line = timeout(PATIENCE, exchange)
        .await
        .map_err(|_| cannot(format!("{server} does not answer")))?
        .map_err(|e| cannot(format!("{server}: {e}")))?;
    Ok(match line.split(' ').nth(1) {
        Some("200") => Answer::Reached,
        Some("403") => Answer::Blocked(None),
        Some("502") => Answer::NoSuchName,
        _ => Answer::Other(line.trim().to_owned()),
    })
}

/// The most of a page that is read.
const LONGEST_PAGE: u64 = 256 * 1024;

/// Asks the proxy for a page by plain HTTP, as a browser does, and reads what a person would read.
pub(super) async fn page(server: SocketAddr, source: IpAddr, name: &str) -> Result<Answer, Error> {
    let cannot = |why: String| Error::Probe { what: "the block page", why };
    let exchange = async {
        let socket = match source {
            IpAddr::V4(_) => TcpSocket::new_v4()?,
            IpAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.bind((source, 0).into())?;
        let mut stream = socket.connect(server).await?;
        let request = format!("GET http://{name}/ HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST_PAGE).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = timeout(PATIENCE, exchange)
        .await
        .map_err(|_| cannot(format!("{server} does not answer")))?
        .map_err(|e| cannot(format!("{server}: {e}")))?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    Ok(match status {
        "403" => Answer::Page(words(&answer)),
        "502" => Answer::NoSuchName,
        other => Answer::Other(format!("status {other}")),
    })
}

/// What the templates escape, back as it was typed.
fn words(html: &str) -> String {
    let signs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    signs.iter().fold(html.to_owned(), |text, (escaped, sign)| text.replace(escaped, sign))
}
