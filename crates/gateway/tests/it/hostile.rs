//! Strangers' packets: no panic, no hang, and an honest client is answered right after.

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use proptest::prelude::*;
use tokio::net::UdpSocket;

use crate::world::*;

#[test]
fn malformed_packets_never_stop_the_gateway() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let packet = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..700),
        // Nearly a question: one with a few bytes turned over.
        prop::collection::vec((0usize..50, any::<u8>()), 1..5).prop_map(|flips| {
            let mut packet = query("some.name.test.", RecordType::A);
            for (at, value) in flips {
                if let Some(byte) = packet.get_mut(at) {
                    *byte = value;
                }
            }
            packet
        }),
    ];
    proptest!(ProptestConfig::with_cases(300), |(packet in packet)| {
        runtime.block_on(async {
            let socket = UdpSocket::bind((STRANGER, 0)).await.unwrap();
            socket.send_to(&packet, world.gateway.dns_addr()).await.unwrap();
            let answer = world.ask(TABLET, "casino.test.", RecordType::A).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
        });
    });
}

#[tokio::test]
async fn what_is_no_plain_question_is_refused_by_name() {
    let world = World::new().await;
    let code = async |packet: &[u8]| {
        let answer = world.udp(TABLET, packet).await.unwrap();
        Message::from_vec(&answer).unwrap().metadata.response_code
    };
    let mut none = query("a.test.", RecordType::A);
    none[5] = 0;
    assert_eq!(code(&none).await, ResponseCode::FormErr);
    let mut update = query("a.test.", RecordType::A);
    update[2] |= 0x28;
    assert_eq!(code(&update).await, ResponseCode::NotImp);
    assert_eq!(code(&query("a.test.", RecordType::AXFR)).await, ResponseCode::Refused);
    assert_eq!(world.upstream.asked.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn service_labels_and_odd_bytes_are_no_way_round() {
    let world = World::new().await;
    let odd: [&[&[u8]]; 5] = [
        &[b"_443", b"_tcp", b"casino", b"test"],
        &[b"a.b", b"casino", b"test"],
        &[b"\0", b"casino", b"test"],
        &[b"xn--\xff", b"CASINO", b"test"],
        &[b"a b", b"-", b"casino", b"test"],
    ];
    for labels in odd {
        let mut packet = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
        for label in labels {
            packet.push(label.len() as u8);
            packet.extend_from_slice(label);
        }
        packet.extend_from_slice(&[0, 0, 16, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        let answer = Message::from_vec(&world.udp(TABLET, &packet).await.unwrap()).unwrap();
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{labels:?}");
        assert_eq!(ede(&answer).unwrap().0, 17, "{labels:?}");
    }
}
