//! A DNS question as bytes: read without copying more than its name, answered by patching a copy of it.
//!
//! It reads strangers' packets, so each access is checked and nothing follows a pointer (a question has none).

use hickory_proto::rr::RecordType;

use super::cookie::{self, Cookie};

/// RFC 8914 information codes that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Ede {
    StaleAnswer = 3,
    NotReady = 14,
    Blocked = 15,
    Filtered = 17,
    StaleNxDomain = 19,
    NoReachableAuthority = 22,
    NetworkError = 23,
}

/// Response codes that we make ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    Refused = 5,
    /// Needs the OPT record's upper bits: 16.
    BadVersion = 16,
    /// RFC 7873: come again with the cookie that is in this answer.
    BadCookie = 23,
}

/// The largest UDP answer that never fragments (DNS flag day 2020).
pub(crate) const UDP_PAYLOAD: u16 = 1232;
pub(crate) const HEADER: usize = 12;
const CLASS_IN: u16 = 1;
const OPT: u16 = 41;
/// The option that only makes a message longer (RFC 7830).
const PADDING: u16 = 12;
/// Encrypted answers are made as long as the next multiple of this, so that their length says little (RFC 8467, 4.1).
const PADDED: usize = 468;

/// A well-formed question, borrowing its packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    packet: &'a [u8],
    /// Where the question section ends.
    end: usize,
    pub(crate) kind: RecordType,
    pub(crate) edns: Option<Edns>,
}

/// What the client's OPT record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Edns {
    pub(crate) payload: u16,
    pub(crate) dnssec_ok: bool,
    pub(crate) cookie: Option<Cookie>,
    /// Whether the answer may be padded: the question was.
    pub(crate) padded: bool,
    /// The cookie that goes back; see [`Question::reply_with`].
    reply: Option<[u8; cookie::LENGTH]>,
}

impl Edns {
    /// Bytes of the OPT record in an answer, without errors and padding.
    fn room(&self) -> usize {
        11 + self.reply.map_or(0, |reply| 4 + reply.len())
    }
}

/// Why a packet is not a question that we answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// Not even an answer is due: too short for a header, or itself an answer.
    Silently,
    /// Answered with this code.
    With(Code),
}

impl<'a> Question<'a> {
    /// Reads a packet.
    pub(crate) fn parse(packet: &'a [u8]) -> Result<Self, Rejected> {
        let header = packet.get(..HEADER).ok_or(Rejected::Silently)?;
        let flags = u16_at(header, 2).ok_or(Rejected::Silently)?;
        if flags & 0x8000 != 0 {
            return Err(Rejected::Silently);
        }
        let malformed = Rejected::With(Code::FormErr);
        if flags & 0x7800 != 0 {
            return Err(Rejected::With(Code::NotImp));
        }
        let count = |at| u16_at(header, at).unwrap_or(0);
        if count(4) != 1 || count(6) != 0 || flags & 0x0200 != 0 {
            return Err(malformed);
        }
        let name_end = skip_plain_name(packet, HEADER).ok_or(malformed)?;
        let kind = u16_at(packet, name_end).ok_or(malformed)?;
        let class = u16_at(packet, name_end + 2).ok_or(malformed)?;
        let end = name_end + 4;
        let mut edns = None;
        let mut at = end;
        // Authority records stand in no plain question; a dynamic update has another opcode.
        if count(8) != 0 || count(10) > 8 {
            return Err(malformed);
        }
        for _ in 0..count(10) {
            let owner_end = skip_plain_name(packet, at).ok_or(malformed)?;
            let field = |offset| u16_at(packet, owner_end + offset).ok_or(malformed);
            let (record, payload, ttl_high, ttl_low, length) = (field(0)?, field(2)?, field(4)?, field(6)?, field(8)?);
            at = owner_end + 10 + usize::from(length);
            if packet.len() < at {
                return Err(malformed);
            }
            if record == OPT {
                if edns.is_some() || owner_end != at - 10 - usize::from(length) || packet.get(owner_end - 1) != Some(&0)
                {
                    return Err(malformed);
                }
                if ttl_high & 0xff != 0 {
                    return Err(Rejected::With(Code::BadVersion));
                }
                let mut said = Edns { payload: payload.max(512), dnssec_ok: ttl_low & 0x8000 != 0, ..Edns::default() };
                options(packet.get(at - usize::from(length)..at).unwrap_or(&[]), &mut said).ok_or(malformed)?;
                edns = Some(said);
            }
        }
        let kind = RecordType::from(kind);
        match kind {
            _ if class != CLASS_IN => return Err(Rejected::With(Code::Refused)),
            RecordType::AXFR | RecordType::IXFR => return Err(Rejected::With(Code::Refused)),
            // They stand beside a question, never in one.
            RecordType::OPT | RecordType::TSIG => return Err(Rejected::With(Code::NotImp)),
            _ => {}
        }
        Ok(Self { packet, end, kind, edns })
    }

    /// Hands over the name as text; see [`with_name`].
    pub(crate) fn with_name<T>(&self, read: impl FnOnce(&str) -> T) -> T {
        with_name(self.packet, read)
    }

    pub(crate) fn id(&self) -> u16 {
        u16_at(self.packet, 0).unwrap_or(0)
    }

    pub(crate) fn recursion_desired(&self) -> bool {
        self.flags() & 0x0100 != 0
    }

    pub(crate) fn checking_disabled(&self) -> bool {
        self.flags() & 0x0010 != 0
    }

    /// What goes back in answers to this question besides what it says itself: a cookie, and padding where the way is
    /// encrypted (elsewhere it hides nothing, RFC 7830, section 6).
    pub(crate) fn reply_with(&mut self, cookie: Option<[u8; cookie::LENGTH]>, encrypted: bool) {
        if let Some(edns) = &mut self.edns {
            edns.reply = cookie;
            edns.padded &= encrypted;
        }
    }

    fn flags(&self) -> u16 {
        u16_at(self.packet, 2).unwrap_or(0)
    }

    /// The question section as it came: the client's own spelling goes back to it (0x20).
    pub(crate) fn section(&self) -> &'a [u8] {
        self.packet.get(HEADER..self.end).unwrap_or(&[])
    }

    /// Most bytes that an answer over UDP may have.
    pub(crate) fn udp_limit(&self) -> usize {
        usize::from(self.edns.map_or(512, |e| e.payload.min(UDP_PAYLOAD)))
    }

    /// Whether it asks to be told that an answer was validated (RFC 6840, section 5.7: AD, or DO).
    pub(crate) fn wants_authentic(&self) -> bool {
        self.flags() & 0x0020 != 0 || self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Begins an answer: header and question, counts to be raised by [`Answer`]'s methods.
    pub(crate) fn answer<'t>(&self, code: Code) -> Answer<'t> {
        self.answer_in(Vec::with_capacity(self.end + 160), code)
    }

    /// The same in room that is there already.
    pub(crate) fn answer_in<'t>(&self, mut room: Vec<u8>, code: Code) -> Answer<'t> {
        room.clear();
        room.extend_from_slice(self.packet.get(..self.end).unwrap_or(&[]));
        Answer::patch(room, self.flags(), 1, code, self.edns)
    }

    /// Makes a packed answer's header one to this question.
    pub(crate) fn sign(&self, header: &mut [u8], code: u8, authentic: bool) {
        set_u16(header, 0, self.id());
        let authentic = if authentic { 0x0020 } else { 0 };
        set_u16(header, 2, 0x8080 | (self.flags() & 0x0110) | authentic | u16::from(code & 0x0f));
    }

    /// Ends a packed answer: the EDNS record for clients that speak it, and no more bytes than `limit`.
    pub(crate) fn close(&self, mut bytes: Vec<u8>, ede: Option<(Ede, Text<'_>)>, limit: usize) -> Vec<u8> {
        let room = self.edns.map_or(0, |edns| edns.room());
        if bytes.len() + room > limit {
            // The client asks again over TCP; half an answer would be worse than none.
            bytes.truncate(self.end);
            let flags = u16_at(&bytes, 2).unwrap_or(0) | 0x0200;
            set_u16(&mut bytes, 2, flags);
            for at in [6, 8] {
                set_u16(&mut bytes, at, 0);
            }
        }
        if let Some(edns) = self.edns {
            let left = limit.saturating_sub(bytes.len() + room);
            let ede = ede.filter(|(_, text)| 6 + text.len() <= left);
            push_opt(&mut bytes, Code::NoError, &edns, ede);
        }
        bytes
    }
}

/// Hands over the name that a packet asks for as text, lower case, with every byte that host names cannot hold as `?`.
/// Empty for the root; cut where no name goes on. Does not allocate.
pub(crate) fn with_name<T>(packet: &[u8], read: impl FnOnce(&str) -> T) -> T {
    // The longest name has 255 bytes on the wire, and a dot for each length byte but the first and the last.
    let mut text = [0; 256];
    let (mut at, mut end) = (HEADER, 0);
    while let Some(&length) = packet.get(at).filter(|length| (1..=63).contains(*length)) {
        let Some(label) = packet.get(at + 1..at + 1 + usize::from(length)) else { break };
        let start = if end == 0 { 0 } else { end + 1 };
        let Some(place) = text.get_mut(start..start + label.len()) else { break };
        for (to, byte) in place.iter_mut().zip(label) {
            *to = READ.get(usize::from(*byte)).copied().unwrap_or(b'?');
        }
        if let Some(dot) = start.checked_sub(1).and_then(|dot| text.get_mut(dot)) {
            *dot = b'.';
        }
        (at, end) = (at + 1 + label.len(), start + label.len());
    }
    // Every byte of it is ASCII.
    read(text.get(..end).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or(""))
}

/// How each byte of a name reads. A dot inside a label would read as two labels.
const READ: [u8; 256] = {
    let mut read = [b'?'; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            #[expect(clippy::indexing_slicing, reason = "worked out when this is compiled")]
            {
                read[byte as usize] = byte.to_ascii_lowercase();
            }
        }
        byte += 1;
    }
    read
};

/// The answer to a packet that is no question: its header, and nothing of what could not be read.
pub(crate) fn reject(packet: &[u8], code: Code) -> Option<Vec<u8>> {
    let header = packet.get(..HEADER)?;
    let flags = u16_at(header, 2)?;
    let edns = (code == Code::BadVersion).then(Edns::default);
    Some(Answer::patch(header.to_vec(), flags, 0, code, edns).finish())
}

/// A sentence in up to three parts, which are only put together in the packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t>(pub(crate) [&'t str; 3]);

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Self([text, "", ""])
    }
}

impl Text<'_> {
    fn len(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    /// Adds it, no more of it than [`LONGEST_TEXT`] and no half of a character. Says how much it was.
    fn push(&self, bytes: &mut Vec<u8>) -> usize {
        let mut left = LONGEST_TEXT;
        for part in self.0 {
            let whole = part.floor_char_boundary(left);
            bytes.extend_from_slice(part.get(..whole).unwrap_or("").as_bytes());
            left -= whole;
            if whole < part.len() {
                break;
            }
        }
        LONGEST_TEXT - left
    }
}

/// An answer in the making.
#[derive(Debug)]
pub(crate) struct Answer<'t> {
    bytes: Vec<u8>,
    answers: u16,
    authorities: u16,
    code: Code,
    /// RFC 6891: an OPT record goes only to those who sent one; it repeats their DO bit (RFC 3225).
    edns: Option<Edns>,
    ede: Option<(Ede, Text<'t>)>,
}

impl<'t> Answer<'t> {
    fn patch(mut bytes: Vec<u8>, flags: u16, questions: u16, code: Code, edns: Option<Edns>) -> Self {
        // QR and RA set; opcode, RD and CD kept; AA, TC, AD cleared.
        let flags = 0x8080 | (flags & 0x7910) | (code as u16 & 0x0f);
        set_u16(&mut bytes, 2, flags);
        set_u16(&mut bytes, 4, questions);
        for at in [6, 8, 10] {
            set_u16(&mut bytes, at, 0);
        }
        Self { bytes, answers: 0, authorities: 0, code, edns, ede: None }
    }

    /// Adds a record that is owned by the question's name.
    pub(crate) fn record(mut self, kind: RecordType, ttl: u32, data: &[u8]) -> Self {
        self.push(kind, ttl, data);
        self.answers += 1;
        self
    }

    /// Says for how long "there is no such thing" may be kept (RFC 2308), seconds.
    pub(crate) fn negative(mut self, ttl: u32) -> Self {
        // SOA with the root as both names; serial, refresh, retry, expire are nobody's business.
        let mut data = [0; 22];
        data[2..6].copy_from_slice(&1u32.to_be_bytes());
        data[18..22].copy_from_slice(&ttl.to_be_bytes());
        self.push(RecordType::SOA, ttl, &data);
        self.authorities += 1;
        self
    }

    /// Says why (RFC 8914), to clients that speak EDNS.
    pub(crate) fn because(mut self, ede: Ede, text: impl Into<Text<'t>>) -> Self {
        self.ede = Some((ede, text.into()));
        self
    }

    fn push(&mut self, kind: RecordType, ttl: u32, data: &[u8]) {
        self.bytes.extend_from_slice(&[0xc0, HEADER as u8]);
        self.bytes.extend_from_slice(&u16::from(kind).to_be_bytes());
        self.bytes.extend_from_slice(&CLASS_IN.to_be_bytes());
        self.bytes.extend_from_slice(&ttl.to_be_bytes());
        self.bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(data);
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        set_u16(&mut self.bytes, 6, self.answers);
        set_u16(&mut self.bytes, 8, self.authorities);
        if let Some(edns) = &self.edns {
            push_opt(&mut self.bytes, self.code, edns, self.ede);
        }
        self.bytes
    }
}

/// Longest text of an Extended DNS Error, bytes. RFC 8914 asks for short ones.
const LONGEST_TEXT: usize = 200;

/// The EDNS record, with an Extended DNS Error (RFC 8914) if there is one to say, a cookie for who sent one, and padding
/// last, when all else is there.
fn push_opt(bytes: &mut Vec<u8>, code: Code, edns: &Edns, ede: Option<(Ede, Text<'_>)>) {
    bytes.push(0);
    bytes.extend_from_slice(&OPT.to_be_bytes());
    bytes.extend_from_slice(&UDP_PAYLOAD.to_be_bytes());
    bytes.extend_from_slice(&[(code as u16 >> 4) as u8, 0, if edns.dnssec_ok { 0x80 } else { 0 }, 0]);
    let length_at = bytes.len();
    bytes.extend_from_slice(&[0, 0]);
    if let Some((ede, text)) = ede {
        let length_at = bytes.len() + 2;
        for field in [15, 0, ede as u16] {
            bytes.extend_from_slice(&field.to_be_bytes());
        }
        let length = text.push(bytes);
        set_u16(bytes, length_at, 2 + length as u16);
    }
    if let Some(reply) = edns.reply {
        push_option(bytes, cookie::CODE, &reply);
    }
    if edns.padded {
        let length = (bytes.len() + 4).next_multiple_of(PADDED).min(usize::from(u16::MAX));
        const NOUGHT: [u8; PADDED] = [0; PADDED];
        let padding = length.saturating_sub(bytes.len() + 4);
        push_option(bytes, PADDING, NOUGHT.get(..padding).unwrap_or(&[]));
    }
    let length = (bytes.len() - length_at - 2) as u16;
    set_u16(bytes, length_at, length);
    set_u16(bytes, 10, 1);
}

fn push_option(bytes: &mut Vec<u8>, code: u16, data: &[u8]) {
    bytes.extend_from_slice(&code.to_be_bytes());
    bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
    bytes.extend_from_slice(data);
}

/// Reads the options that mean something to us. `None` where they do not fit their record, or a cookie is none (RFC 7873,
/// section 5.2.2); of two cookies the first counts (section 5.3).
fn options(mut data: &[u8], edns: &mut Edns) -> Option<()> {
    while !data.is_empty() {
        let (code, length) = (u16_at(data, 0)?, u16_at(data, 2)?);
        let (option, rest) = data.get(4..)?.split_at_checked(usize::from(length))?;
        match code {
            cookie::CODE if edns.cookie.is_none() => edns.cookie = Some(Cookie::read(option).ok()?),
            PADDING => edns.padded = true,
            _ => {}
        }
        data = rest;
    }
    Some(())
}

/// The position after a name without compression.
fn skip_plain_name(packet: &[u8], mut at: usize) -> Option<usize> {
    let start = at;
    loop {
        let length = *packet.get(at)?;
        at += 1 + usize::from(length);
        if length == 0 {
            return (at - start <= 255 && at <= packet.len()).then_some(at);
        }
        if length > 63 || at - start > 255 {
            return None;
        }
    }
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

fn set_u16(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn question(name: &str, kind: u16, edns: bool) -> Vec<u8> {
        let mut packet = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(edns)];
        for label in name.split('.').filter(|l| !l.is_empty()) {
            packet.push(label.len() as u8);
            packet.extend_from_slice(label.as_bytes());
        }
        packet.push(0);
        packet.extend_from_slice(&kind.to_be_bytes());
        packet.extend_from_slice(&[0, 1]);
        if edns {
            packet.extend_from_slice(&[0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0]);
        }
        packet
    }

    #[test]
    fn reads_a_question() {
        let packet = question("WwW.Example.Com", 28, true);
        let q = Question::parse(&packet).unwrap();
        assert_eq!(
            (q.with_name(str::to_owned).as_str(), q.kind, q.id()),
            ("www.example.com", RecordType::AAAA, 0x1234)
        );
        assert_eq!(q.edns, Some(Edns { payload: 4096, dnssec_ok: true, ..Edns::default() }));
        assert_eq!(q.udp_limit(), 1232);
    }

    #[test]
    fn the_answer_reads_back() {
        let packet = question("Blocked.Example", 1, true);
        let q = Question::parse(&packet).unwrap();
        let bytes = q.answer(Code::NxDomain).negative(10).because(Ede::Filtered, "gambling").finish();
        let message = hickory_proto::op::Message::from_vec(&bytes).unwrap();
        assert_eq!(message.response_code, hickory_proto::op::ResponseCode::NXDomain);
        assert_eq!(message.queries[0].name().to_ascii(), "Blocked.Example.");
        assert_eq!(message.authorities[0].ttl, 10);
        assert!(message.edns.is_some());
    }

    #[test]
    fn refuses_what_is_no_question() {
        let with = |code| Some(Rejected::With(code));
        let mut packet = question("a.example", 1, false);
        assert_eq!(Question::parse(&packet[..11]).err(), Some(Rejected::Silently));
        assert_eq!(Question::parse(&packet[..20]).err(), with(Code::FormErr));
        packet[2] = 0x81;
        assert_eq!(Question::parse(&packet).err(), Some(Rejected::Silently));
        packet[2] = 0x29;
        assert_eq!(Question::parse(&packet).err(), with(Code::NotImp));
        packet[2] = 1;
        packet[5] = 0;
        assert_eq!(Question::parse(&packet).err(), with(Code::FormErr));
        assert_eq!(Question::parse(&question("a.example", 252, false)).err(), with(Code::Refused));
        assert_eq!(Question::parse(&question("a.example", 41, false)).err(), with(Code::NotImp));
        let mut version = question("a.example", 1, true);
        let at = version.len() - 5;
        version[at] = 1;
        assert_eq!(Question::parse(&version).err(), with(Code::BadVersion));
    }

    proptest! {
        #[test]
        fn never_panics_and_every_answer_parses(packet in prop::collection::vec(any::<u8>(), 0..600)) {
            let answer = match Question::parse(&packet) {
                Ok(q) => {
                    q.with_name(|name| assert!(name.len() <= 253));
                    Some(q.answer(Code::NxDomain).negative(1).because(Ede::Blocked, "é".repeat(150).as_str()).finish())
                }
                Err(Rejected::Silently) => None,
                Err(Rejected::With(code)) => reject(&packet, code),
            };
            if let Some(answer) = answer {
                prop_assert!(hickory_proto::op::Message::from_vec(&answer).is_ok());
            }
        }

        #[test]
        fn near_questions_never_panic(
            flips in prop::collection::vec((0usize..60, any::<u8>()), 0..6), edns in any::<bool>()
        ) {
            let mut packet = question("some.longer.example.org", 65, edns);
            for (at, value) in flips {
                if let Some(byte) = packet.get_mut(at) { *byte = value; }
            }
            if let Ok(q) = Question::parse(&packet) {
                let bytes = q.answer(Code::NoError).record(RecordType::A, 30, &[127, 0, 0, 1]).finish();
                prop_assert!(bytes.len() < 1300);
            }
        }
    }
}
