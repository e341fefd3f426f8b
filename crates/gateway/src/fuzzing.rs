//! One way in for fuzzers: everything that reads a stranger's DNS bytes, and what must hold of what comes out.

use hickory_proto::op::Message;

use crate::dns::{packed, probe_answer};

/// Reads the bytes as a question and as an answer from above, and as both at once.
///
/// # Panics
/// When an answer of ours cannot be read back, or is longer than its way allows.
pub fn packet(bytes: &[u8]) {
    packed::least_ttl(bytes);
    if let Some(answer) = probe_answer(bytes) {
        assert!(answer.len() <= usize::from(u16::MAX), "longer than any way carries");
        assert!(Message::from_vec(&answer).is_ok(), "an answer of ours that nobody can read");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the fuzzer found worth keeping is tried again by every test run.
    #[test]
    fn the_corpus_is_harmless() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/packets");
        for file in std::fs::read_dir(corpus).into_iter().flatten().flatten() {
            packet(&std::fs::read(file.path()).unwrap());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            packet(&bytes);
        }

        #[test]
        fn nearly_a_message_is_harmless(flips in prop::collection::vec((0usize..80, any::<u8>()), 0..8)) {
            // A question with EDNS, and an answer to it with an alias and an address.
            let mut bytes = b"\x12\x34\x01\x00\x00\x01\x00\x02\x00\x00\x00\x01\x03www\x01a\x00\x00\x01\x00\x01".to_vec();
            bytes.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01b\xc0\x10");
            bytes.extend(b"\xc0\x10\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01");
            bytes.extend(b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00");
            for (at, value) in flips {
                if let Some(byte) = bytes.get_mut(at) { *byte = value; }
            }
            packet(&bytes);
        }
    }
}
