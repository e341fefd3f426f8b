//! Lists as they come, in folders named as their makers name them, speak in the policy's words by the time that a device
//! hears of them.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Stdio};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RecordType};

use crate::house::command;

struct Gateway(Child, SocketAddr);

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
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said =
        lines.find_map(|line| Some(line.unwrap().strip_prefix("Gateway: DNS ")?.to_owned())).expect("it started");
    // Somebody must go on reading, or it would wait for room.
    std::thread::spawn(move || lines.for_each(drop));
    Gateway(child, said.split(',').next().unwrap().parse().unwrap())
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
