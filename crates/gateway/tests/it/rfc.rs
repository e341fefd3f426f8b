//! What the standards ask of a resolver, a row each, with the section that asks for it.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, RecordType};

use crate::world::*;

/// A question for `ordinary.test A` with something done to its bytes.
async fn with(world: &World, from: IpAddr, change: impl FnOnce(&mut Vec<u8>)) -> Option<Message> {
    let mut packet = bare("ordinary.test.", RecordType::A);
    change(&mut packet);
    let answer = world.udp(from, &packet).await?;
    Some(Message::from_vec(&answer).unwrap())
}

/// A question without EDNS.
fn bare(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}

/// Appends an EDNS record with these flags (TTL field) and options.
fn edns(packet: &mut Vec<u8>, payload: u16, ttl: [u8; 4], options: &[u8]) {
    packet[11] += 1;
    packet.extend_from_slice(&[0, 0, 41]);
    packet.extend_from_slice(&payload.to_be_bytes());
    packet.extend_from_slice(&ttl);
    packet.extend_from_slice(&(options.len() as u16).to_be_bytes());
    packet.extend_from_slice(options);
}

#[tokio::test]
async fn rfc_6891_edns() {
    let world = World::new().await;
    let none = with(&world, LAPTOP, |_| {}).await.unwrap();
    assert!(none.edns.is_none(), "6.1.1: no OPT to who sent none");
    let some = with(&world, LAPTOP, |p| edns(p, 4096, [0; 4], &[])).await.unwrap();
    assert_eq!(some.edns.as_ref().unwrap().max_payload(), 1232);
    let version = with(&world, LAPTOP, |p| edns(p, 4096, [0, 1, 0, 0], &[])).await.unwrap();
    assert_eq!(version.metadata.response_code.low(), ResponseCode::BADVERS.low(), "6.1.3");
    assert_eq!(version.edns.as_ref().unwrap().rcode_high(), 1, "6.1.3: BADVERS is 16");
    assert_eq!(version.edns.as_ref().unwrap().version(), 0, "6.1.3: says which version it has");
    let tiny = with(&world, LAPTOP, |p| edns(p, 1, [0; 4], &[])).await.unwrap();
    assert_eq!(tiny.metadata.response_code, ResponseCode::NoError, "6.2.3: less than 512 reads as 512");
    let twice = with(&world, LAPTOP, |p| {
        edns(p, 512, [0; 4], &[]);
        edns(p, 512, [0; 4], &[]);
    });
    assert_eq!(twice.await.unwrap().metadata.response_code, ResponseCode::FormErr, "6.1.1: two OPT records");
    let unknown = with(&world, LAPTOP, |p| edns(p, 4096, [0; 4], &[0xff, 0xfe, 0, 2, 1, 2])).await.unwrap();
    assert_eq!(unknown.metadata.response_code, ResponseCode::NoError, "6.1.2: unknown options are ignored");
    let padded = with(&world, LAPTOP, |p| edns(p, 4096, [0, 0, 0x7f, 0xff], &[])).await.unwrap();
    assert_eq!(padded.metadata.response_code, ResponseCode::NoError, "6.1.4: unknown flags are ignored");
    assert!(!padded.edns.as_ref().unwrap().flags().dnssec_ok);
    let wants = with(&world, LAPTOP, |p| edns(p, 4096, [0, 0, 0x80, 0], &[])).await.unwrap();
    assert!(wants.edns.as_ref().unwrap().flags().dnssec_ok, "RFC 3225, 3: DO is copied");
}

#[tokio::test]
async fn rfc_6891_sizes() {
    let world = World::new().await;
    for (payload, cut) in [(None, true), (Some(512), true), (Some(1232), true), (Some(65_535), true)] {
        let mut packet = bare("large.test.", RecordType::A);
        if let Some(payload) = payload {
            edns(&mut packet, payload, [0; 4], &[]);
        }
        let bytes = world.udp(LAPTOP, &packet).await.unwrap();
        let answer = Message::from_vec(&bytes).unwrap();
        assert!(bytes.len() <= usize::from(payload.unwrap_or(512)).min(1232), "{payload:?}");
        assert_eq!((answer.metadata.truncation, answer.answers.len()), (cut, 0), "{payload:?}");
        assert_eq!(answer.queries.len(), 1);
    }
}

#[tokio::test]
async fn rfc_8906_no_silence() {
    let world = World::new().await;
    let code = |answer: Option<Message>| answer.expect("an answer").metadata.response_code;
    // 8.1.2: unknown types are questions like any other.
    for kind in [1000, 65_280, 65_535] {
        let answer = world.ask(LAPTOP, "ordinary.test.", RecordType::from(kind)).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "TYPE{kind}");
    }
    // 8.1.3: flags that nobody knows.
    assert_eq!(code(with(&world, LAPTOP, |p| p[3] |= 0x40).await), ResponseCode::NoError, "Z");
    assert_eq!(code(with(&world, LAPTOP, |p| p[3] |= 0x20).await), ResponseCode::NoError, "AD");
    assert_eq!(code(with(&world, LAPTOP, |p| p[3] |= 0x10).await), ResponseCode::NoError, "CD");
    assert_eq!(code(with(&world, LAPTOP, |p| p[2] |= 0x04).await), ResponseCode::NoError, "AA means nothing here");
    // 8.1.4: every other opcode.
    for opcode in (1..16_u8).filter(|opcode| *opcode != 0) {
        let answer = with(&world, LAPTOP, |p| p[2] = (p[2] & 0x87) | (opcode << 3)).await.unwrap();
        assert_eq!(answer.metadata.response_code, ResponseCode::NotImp, "opcode {opcode}");
        assert_eq!(u8::from(answer.metadata.op_code), opcode, "4: the opcode comes back");
    }
    // 8.1.1: recursion is offered, and the id comes back.
    let plain = with(&world, LAPTOP, |_| {}).await.unwrap();
    assert!(plain.metadata.recursion_available && plain.metadata.recursion_desired && !plain.metadata.authoritative);
    assert_eq!(plain.metadata.id, 7);
    // Other classes, and questions that are zone transfers.
    for class in [DNSClass::CH, DNSClass::HS, DNSClass::ANY] {
        let mut message = Message::new(7, MessageType::Query, OpCode::Query);
        let mut query = Query::query(Name::from_ascii("version.bind.").unwrap(), RecordType::TXT);
        query.set_query_class(class);
        message.add_query(query);
        let answer = world.udp(LAPTOP, &message.to_vec().unwrap()).await.unwrap();
        assert_eq!(Message::from_vec(&answer).unwrap().metadata.response_code, ResponseCode::Refused, "{class}");
    }
    // An answer is no question: whoever answers it can be made to talk to himself for ever.
    let packet = {
        let mut p = bare("ordinary.test.", RecordType::A);
        p[2] |= 0x80;
        p
    };
    let socket = tokio::net::UdpSocket::bind((LAPTOP, 0)).await.unwrap();
    socket.send_to(&packet, world.gateway.dns_addr()).await.unwrap();
    assert_eq!(world.ask(LAPTOP, "ordinary.test.", RecordType::A).await.answers.len(), 1);
    assert!(socket.try_recv(&mut [0; 512]).is_err());
}

#[tokio::test]
async fn rfc_8482_any() {
    let world = World::new().await;
    let any = world.ask(LAPTOP, "ordinary.test.", RecordType::ANY).await;
    assert_eq!((any.metadata.response_code, any.answers.len()), (ResponseCode::NoError, 1));
    assert_eq!(any.answers[0].record_type(), RecordType::HINFO, "4.2");
    assert_eq!(world.upstream.times_asked("ordinary.test"), 0);
    let blocked = world.ask(TABLET, "casino.test.", RecordType::ANY).await;
    assert_eq!(blocked.metadata.response_code, ResponseCode::NXDomain, "blocked is blocked for every type");
}

#[tokio::test]
async fn rfc_8914_errors_say_which_category_and_whom_to_ask() {
    let world = World::new().await;
    for (from, name, code, text) in [
        (TABLET, "casino.test.", 17, "category: Gambling; ask the office"),
        (TABLET, "use-application-dns.net.", 15, "a way round the filter; ask the office"),
        (TABLET, "www.startpage.com.", 17, "Startpage has no safe search that can be held; ask the office"),
        (LAPTOP, "broken.test.", 23, "the provider's DNS answered that it failed"),
    ] {
        let answer = world.ask(from, name, RecordType::A).await;
        assert_eq!(ede(&answer).unwrap(), (code, text.into()), "{name}");
    }
    let without = world.udp(TABLET, &bare("casino.test.", RecordType::A)).await.unwrap();
    let without = Message::from_vec(&without).unwrap();
    assert_eq!((without.metadata.response_code, without.edns), (ResponseCode::NXDomain, None), "only in an OPT record");
}

#[tokio::test]
async fn rfc_2308_no_is_kept_and_says_for_how_long() {
    let world = World::new().await;
    let blocked = world.ask(TABLET, "casino.test.", RecordType::A).await;
    let RData::SOA(soa) = &blocked.authorities[0].data else { panic!("3: a no carries a SOA record: {blocked:?}") };
    assert_eq!((blocked.authorities[0].ttl, soa.minimum), (10, 10), "5: the lesser of the two is the time");
    for kind in [RecordType::A, RecordType::MX] {
        world.ask(LAPTOP, "missing.test.", kind).await;
        world.ask(LAPTOP, "missing.test.", kind).await;
    }
    assert_eq!(world.upstream.times_asked("missing.test"), 2, "5: once for each type");
    for _ in 0..3 {
        assert_eq!(
            world.ask(LAPTOP, "broken.test.", RecordType::A).await.metadata.response_code,
            ResponseCode::ServFail
        );
    }
    assert_eq!(world.upstream.times_asked("broken.test"), 1, "RFC 9520, 3.2: a failure is kept for a moment");
}

#[tokio::test]
async fn rfc_8767_stale_answers() {
    let world = World::new().await;
    world.ask(LAPTOP, "brief.test.", RecordType::A).await;
    world.upstream.silent.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let began = Instant::now();
    let stale = world.ask(LAPTOP, "brief.test.", RecordType::A).await;
    let took = began.elapsed();
    assert_eq!((stale.answers[0].ttl, ede(&stale).unwrap().0), (30, 3), "4: 30 seconds; RFC 8914: code 3");
    assert!(took < Duration::from_millis(2500), "5: within the client response timer, not after it: {took:?}");
    let began = Instant::now();
    world.ask(LAPTOP, "brief.test.", RecordType::A).await;
    assert!(began.elapsed() < Duration::from_millis(500), "5: no resolver is waited for again at once");
}

#[tokio::test]
async fn rfc_7871_a_client_subnet_changes_nothing_and_goes_nowhere() {
    let world = World::new().await;
    // The laptop's address, said by the tablet: family 1, 32 bits.
    let IpAddr::V4(laptop) = LAPTOP else { unreachable!() };
    let option = [&[0, 8, 0, 8, 0, 1, 32, 0][..], &laptop.octets()].concat();
    let mut packet = bare("arcade.test.", RecordType::A);
    edns(&mut packet, 1232, [0; 4], &option);
    let answer = Message::from_vec(&world.udp(TABLET, &packet).await.unwrap()).unwrap();
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "the tablet stays the tablet");
    let mut packet = bare("open.test.", RecordType::A);
    edns(&mut packet, 1232, [0; 4], &option);
    let answer = Message::from_vec(&world.udp(TABLET, &packet).await.unwrap()).unwrap();
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    assert!(answer.edns.unwrap().options().as_ref().is_empty(), "nothing is echoed");
    let sent = world.upstream.packets.lock().unwrap();
    let sent = sent.iter().map(|packet| Message::from_vec(packet).unwrap()).collect::<Vec<_>>();
    assert!(
        !sent.is_empty() && sent.iter().all(|m| m.edns.as_ref().unwrap().options().as_ref().is_empty()),
        "{sent:?}"
    );
}

/// An answer's option of this kind.
fn option(answer: &[u8], code: u16) -> Option<Vec<u8>> {
    use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
    let message = Message::from_vec(answer).unwrap();
    match message.edns?.option(EdnsCode::from(code))? {
        EdnsOption::Unknown(_, data) => Some(data.clone()),
        other => Some(Vec::<u8>::try_from(other).unwrap()),
    }
}

const COOKIE: u16 = 10;

fn with_cookie(name: &str, data: &[u8]) -> Vec<u8> {
    let mut packet = bare(name, RecordType::A);
    edns(&mut packet, 1232, [0; 4], &[&[0, 10, 0, data.len() as u8][..], data].concat());
    packet
}

#[tokio::test]
async fn rfc_7873_cookies() {
    let world = World::new().await;
    // Blocked, from above, from the cache, and what is refused: who sends a cookie gets one back, whatever the answer.
    for name in ["casino.test.", "ordinary.test.", "ordinary.test.", "x.invalid.", "broken.test."] {
        let answer = world.udp(TABLET, &with_cookie(name, &[5; 8])).await.unwrap();
        let cookie = option(&answer, COOKIE).unwrap();
        assert_eq!((cookie.len(), &cookie[..8]), (24, &[5_u8; 8][..]), "5.2.3: {name}");
        let again = world.udp(TABLET, &with_cookie(name, &cookie)).await.unwrap();
        assert_eq!(option(&again, COOKIE).unwrap()[..8], [5; 8], "5.2.5: {name}");
    }
    let none = world.udp(TABLET, &query("casino.test.", RecordType::A)).await.unwrap();
    assert_eq!(option(&none, COOKIE), None, "5.2.1: none to who sent none");
    for length in [0, 7, 9, 15, 41] {
        let answer = world.udp(TABLET, &with_cookie("casino.test.", &vec![1; length])).await.unwrap();
        assert_eq!(
            Message::from_vec(&answer).unwrap().metadata.response_code,
            ResponseCode::FormErr,
            "5.2.2: {length}"
        );
    }
    let wrong = world.udp(TABLET, &with_cookie("ordinary.test.", &[1; 24])).await.unwrap();
    let wrong = Message::from_vec(&wrong).unwrap();
    assert_eq!(wrong.metadata.response_code, ResponseCode::NoError, "5.2.4: a wrong cookie is as none");
    let sent = world.upstream.packets.lock().unwrap().clone();
    assert!(
        sent.iter().all(|packet| option(packet, COOKIE).is_none()),
        "4: it is the client's and ours, nobody else's"
    );
}

#[tokio::test]
async fn rfc_7873_who_is_proven_does_not_wait_for_who_pretends() {
    let world = World::new().await;
    let learnt = option(&world.udp(LAPTOP, &with_cookie("first.test.", &[3; 8])).await.unwrap(), COOKIE).unwrap();
    // Somebody floods in the laptop's name: names that nobody has asked for yet.
    world.upstream.silent.store(true, Ordering::SeqCst);
    let flood = tokio::net::UdpSocket::bind((LAPTOP, 0)).await.unwrap();
    flood.connect(world.gateway.dns_addr()).await.unwrap();
    let code = |bytes: &[u8]| Message::from_vec(bytes).unwrap().metadata.response_code.low();
    let mut refused = false;
    let mut answer = [0; 1500];
    for number in 0..20_000 {
        flood.send(&query(&format!("flood{number}.test."), RecordType::A)).await.unwrap();
        while let Ok(length) = flood.try_recv(&mut answer) {
            refused |= code(&answer[..length]) == ResponseCode::Refused.low();
        }
        if refused {
            break;
        }
    }
    assert!(refused, "the address ran dry");
    world.upstream.silent.store(false, Ordering::SeqCst);
    // New to us, it is told to come again with the cookie in the answer; with it, it is answered.
    let mut told = None;
    for number in 0..200 {
        let bytes = world.udp(LAPTOP, &with_cookie(&format!("new{number}.test."), &[4; 8])).await.unwrap();
        if code(&bytes) == ResponseCode::BADCOOKIE.low() {
            told = Some(option(&bytes, COOKIE).unwrap());
            break;
        }
        flood.send(&query(&format!("more{number}.test."), RecordType::A)).await.unwrap();
    }
    for cookie in [learnt, told.expect("5.2.3: BADCOOKIE")] {
        let bytes = world.udp(LAPTOP, &with_cookie("mine.test.", &cookie)).await.unwrap();
        assert_eq!(code(&bytes), ResponseCode::NoError.low());
    }
}

#[tokio::test]
async fn rfc_7830_nothing_is_padded_in_the_open() {
    let world = World::new().await;
    let mut packet = bare("ordinary.test.", RecordType::A);
    edns(&mut packet, 1232, [0; 4], &[0, 12, 0, 4, 0, 0, 0, 0]);
    let bytes = world.udp(LAPTOP, &packet).await.unwrap();
    assert_eq!((option(&bytes, 12), bytes.len() < 100), (None, true), "6");
}

#[tokio::test]
async fn rfc_6840_what_was_validated_above_is_said_to_who_asks() {
    let world = World::new().await;
    let ad = |message: &Message| message.metadata.authentic_data;
    let asked = |change: fn(&mut Vec<u8>)| {
        let mut packet = bare("validated.test.", RecordType::A);
        change(&mut packet);
        packet
    };
    for (packet, expected) in [
        (asked(|_| {}), false),
        (asked(|p| p[3] |= 0x20), true),
        (asked(|p| edns(p, 1232, [0, 0, 0x80, 0], &[])), true),
    ] {
        let answer = Message::from_vec(&world.udp(LAPTOP, &packet).await.unwrap()).unwrap();
        assert_eq!(ad(&answer), expected, "5.8");
    }
    let unsigned = with(&world, LAPTOP, |p| p[3] |= 0x20).await.unwrap();
    assert!(!ad(&unsigned), "what was not validated is not called so");
}

#[tokio::test]
async fn the_clients_own_spelling_comes_back() {
    let world = World::new().await;
    for name in ["OrDiNaRy.TeSt.", "ordinary.test.", "ORDINARY.TEST."] {
        let answer = world.ask(LAPTOP, name, RecordType::A).await;
        assert_eq!(answer.queries[0].name().to_ascii(), name);
        assert_eq!(answer.answers[0].name.to_ascii(), name, "0x20: the record's owner points at the question");
    }
    assert_eq!(world.upstream.times_asked("ordinary.test"), 1);
}

#[tokio::test]
async fn rfc_9460_service_records_keep_what_is_harmless() {
    let world = World::new().await;
    let ech = world.ask(LAPTOP, "ech.test.", RecordType::HTTPS).await;
    let RData::HTTPS(https) = &ech.answers[0].data else { panic!("{ech:?}") };
    assert_eq!(https.svc_params.len(), 1, "alpn stays, ech goes: {https}");
    for name in ["hint.test.", "target.test."] {
        let answer = world.ask(TABLET, name, RecordType::HTTPS).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain, "{name} leads to what is blocked");
    }
}

#[tokio::test]
async fn edns_in_the_answer_is_well_formed_for_every_name() {
    let world = World::new().await;
    let edns_of = |message: Message| message.edns.map(|edns: Edns| edns.max_payload());
    for name in ["casino.test.", "ordinary.test.", "missing.test.", "www.google.com.", "broken.test.", "x.invalid."] {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::HTTPS, RecordType::TXT] {
            assert_eq!(edns_of(world.ask(TABLET, name, kind).await), Some(1232), "{name} {kind}");
        }
    }
}
