//! What the cache knows an answer by: bytes that stand in every question already, so that looking one up allocates nothing
//! and builds no name.
//!
//! What it is: the name as it stands on the wire, in lower case, the type, and the two bits that change an answer.
//! What it is not: anything of the client. Who may see what of an answer is decided after the cache.

use super::upstream::Ask;
use super::wire::Question;

/// The longest name on the wire (RFC 1035, section 3.1), a type, and the bits.
const MOST: usize = 255 + 2 + 1;

/// A question, as the cache knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    bytes: [u8; MOST],
    length: usize,
}

impl Key {
    /// Of a question as it came. The answer to it is that of [`Ask::key`] for the same question.
    pub(super) fn of(question: &Question<'_>) -> Self {
        // Behind name and type stands the class, which is always the same.
        let section = question.section();
        let named = section.get(..section.len().saturating_sub(2)).unwrap_or(&[]);
        let mut key = Self::empty();
        key.push(named);
        // No length of a label is a letter.
        if let Some(name) = key.bytes.get_mut(..named.len().saturating_sub(2)) {
            name.make_ascii_lowercase();
        }
        key.push(&[bits(question.edns.is_some_and(|edns| edns.dnssec_ok), question.checking_disabled())]);
        key
    }

    fn empty() -> Self {
        Self { bytes: [0; MOST], length: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + bytes.len()) {
            place.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    /// As the cache compares it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

impl Ask {
    /// As the cache knows it.
    pub(super) fn key(&self) -> Key {
        let mut key = Key::empty();
        for label in self.name.iter() {
            key.push(&[u8::try_from(label.len()).unwrap_or(0)]);
            key.push(label);
        }
        key.push(&[0]);
        key.push(&u16::from(self.kind).to_be_bytes());
        key.push(&[bits(self.dnssec_ok, self.checking_disabled)]);
        key
    }
}

fn bits(dnssec_ok: bool, checking_disabled: bool) -> u8 {
    u8::from(dnssec_ok) | u8::from(checking_disabled) << 1
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hickory_proto::rr::{Name, RecordType};

    use super::*;

    fn packet(name: &str, kind: u16, checking_disabled: bool, dnssec_ok: bool) -> Vec<u8> {
        let mut bytes = vec![0, 1, 1, if checking_disabled { 0x10 } else { 0 }, 0, 1, 0, 0, 0, 0, 0, 1];
        for label in name.split('.').filter(|label| !label.is_empty()) {
            bytes.push(label.len() as u8);
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 1]);
        bytes.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, if dnssec_ok { 0x80 } else { 0 }, 0, 0, 0]);
        bytes
    }

    #[test]
    fn what_is_asked_again_is_found_again_and_nothing_else_is() {
        let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
        let mut seen = HashSet::new();
        for name in ["", "a", "www.example.com", "wwwexample.com", "www.examplecom", "xwww.example.com", &longest] {
            for kind in [1, 28, 65] {
                for (dnssec_ok, checking_disabled) in [(false, false), (true, false), (false, true), (true, true)] {
                    let bytes = packet(&name.to_uppercase(), kind, checking_disabled, dnssec_ok);
                    let question = Question::parse(&bytes).unwrap();
                    let key = Key::of(&question);
                    let name = Name::from_ascii(format!("{name}.")).unwrap();
                    let ask = Ask { name, kind: RecordType::from(kind), dnssec_ok, checking_disabled };
                    assert_eq!(key.as_bytes(), ask.key().as_bytes(), "{ask:?}");
                    assert!(seen.insert(key.as_bytes().to_vec()), "{ask:?}");
                }
            }
        }
    }
}
