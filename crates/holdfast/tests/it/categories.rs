//! Lists as they come, in folders named as their makers name them, speak in the policy's words by the time that a device
//! hears of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RecordType};

use crate::house::command;

/// The process, its DNS, and what it said so far.
struct Gateway(Child, SocketAddr, Arc<Mutex<String>>);

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `holdfast gateway --standalone` with an empty policy: every black category is blocked for everybody.
fn standalone(lists: &std::path::Path, policy: &std::path::Path) -> Gateway {
    let mut command = command(&["gateway", "--standalone", "--dns", "127.0.0.1:0", "--proxy", "127.0.0.1:0"]);
    command.args(["--upstream", "127.0.0.1:9", "--lists"]).arg(lists).arg("--policy").arg(policy);
    started(command)
}

fn started(mut command: std::process::Command) -> Gateway {
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said =
        lines.find_map(|line| Some(line.unwrap().strip_prefix("Gateway: DNS ")?.to_owned())).expect("it started");
    // Somebody must go on reading, or it would wait for room.
    let heard = Arc::new(Mutex::new(String::new()));
    let journal = heard.clone();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| journal.lock().unwrap().push_str(&line)));
    Gateway(child, said.split(',').next().unwrap().parse().unwrap(), heard)
}

/// A web server that gives one body again and again, until it is told another.
fn mirror(body: Arc<Mutex<String>>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let body = body.lock().unwrap().clone();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}

/// A gateway alone fetches lists, keeps the last good ones, and has them at its next start.
#[test]
fn a_gateway_alone_fetches_lists_and_keeps_the_last_good_ones() {
    let place = tempfile::tempdir().unwrap();
    let (policy, lists, fetched) =
        (place.path().join("policy.json"), place.path().join("base"), place.path().join("fetched"));
    std::fs::write(&policy, "").unwrap();
    std::fs::create_dir_all(lists.join("games")).unwrap();
    std::fs::write(lists.join("games").join("domains"), "game.example\n").unwrap();
    let root = place.path().join("root.pem");
    std::fs::write(&root, rcgen::generate_simple_self_signed(["mirror.test".to_owned()]).unwrap().cert.pem()).unwrap();
    let good: String = (0..400).map(|n| format!("casino-{n}.example\n")).collect();
    let body = Arc::new(Mutex::new(good));
    let source = format!("gambling=http://{}/list.txt", mirror(body.clone()));
    let start = || {
        let mut command = command(&["gateway", "--standalone", "--dns", "127.0.0.1:0", "--proxy", "127.0.0.1:0"]);
        command.args(["--upstream", "127.0.0.1:9", "--lists"]).arg(&lists).arg("--policy").arg(&policy);
        command.args(["--fetch", &source, "--fetched"]).arg(&fetched).arg("--mirror-root").arg(&root);
        started(command)
    };
    let blocks = |gateway: &Gateway, name: &str| {
        why(gateway.1, name) == (ResponseCode::NXDomain, "category: Gambling; ask the office".to_owned())
    };
    let soon = |what: &dyn Fn() -> bool| {
        let began = std::time::Instant::now();
        while !what() {
            assert!(began.elapsed() < Duration::from_secs(60), "it has not come");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let gateway = start();
    soon(&|| blocks(&gateway, "www.casino-7.example."));
    assert_eq!(why(gateway.1, "game.example.").0, ResponseCode::NXDomain, "the base beside it");
    drop(gateway);
    // An error page, and half a list: the last good one is there from the first question on, and stays.
    for bad in ["<!DOCTYPE html><p>Sign in</p>".to_owned(), "casino-1.example\n".to_owned()] {
        *body.lock().unwrap() = bad;
        let gateway = start();
        assert!(blocks(&gateway, "www.casino-399.example."));
        soon(&|| gateway.2.lock().unwrap().contains("The last good version stays in force"));
        assert!(blocks(&gateway, "www.casino-399.example."));
    }
}

/// The code and the text of the Extended DNS Error.
fn why(server: SocketAddr, name: &str) -> (ResponseCode, String) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut message = Message::new(9, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    message.set_edns(Edns::new());
    socket.send_to(&message.to_vec().unwrap(), server).unwrap();
    let mut bytes = [0; 1500];
    let length = socket.recv(&mut bytes).unwrap();
    let answer = Message::from_vec(&bytes[..length]).unwrap();
    let text = match answer.edns.as_ref().and_then(|edns| edns.option(EdnsCode::Unknown(15)).cloned()) {
        Some(EdnsOption::Unknown(_, data)) => String::from_utf8(data[2..].to_vec()).unwrap(),
        _ => String::new(),
    };
    (answer.metadata.response_code, text)
}

#[test]
fn every_folder_of_a_real_list_is_blocked_under_the_policys_title() {
    let content = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/categories.toml");
    let categories = filter::Categories::parse(&std::fs::read_to_string(content).unwrap()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let lists = place.path().join("ut1");
    let mut expected = Vec::new();
    for category in categories.all() {
        for list in &category.lists {
            let folder = lists.join(list);
            std::fs::create_dir_all(&folder).unwrap();
            let name = format!("only-in-{}.example", list.replace('_', "-"));
            std::fs::write(folder.join("domains"), format!("{name}\n")).unwrap();
            expected.push((name, category));
        }
    }
    assert!(
        expected.iter().any(|(name, category)| name == "only-in-mixed-adult.example" && category.id == "pornography")
    );
    let policy = place.path().join("policy.json");
    std::fs::write(&policy, "").unwrap();
    let gateway = standalone(&lists, &policy);
    for (name, category) in expected {
        let (code, text) = why(gateway.1, &format!("www.{name}."));
        match category.kind {
            filter::Kind::Black => {
                assert_eq!(code, ResponseCode::NXDomain, "{name}");
                assert_eq!(text, format!("category: {}; ask the office", category.title), "{name}");
            }
            filter::Kind::White => assert_ne!(code, ResponseCode::NXDomain, "{name}: {text}"),
        }
    }
}
