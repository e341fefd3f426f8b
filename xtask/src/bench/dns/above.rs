//! The resolver above every server that is measured: it knows each name and says the same address, and counts.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

/// Names that nobody blocks; few enough for the smallest cache.
const NAMES: usize = 5000;

/// The names that are asked for from the cache.
pub(crate) fn names() -> Vec<String> {
    (0..NAMES).map(|number| format!("www.site-{number}.example")).collect()
}

/// A thread that answers.
pub(crate) struct Above {
    port: u16,
    asked: Arc<AtomicU64>,
}

impl Above {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn start() -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let (port, asked) = (socket.local_addr()?.port(), Arc::new(AtomicU64::new(0)));
        let count = asked.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            let mut packet = [0; 2048];
            while let Ok((length, peer)) = socket.recv_from(&mut packet) {
                count.fetch_add(1, Ordering::Relaxed);
                if let Some(answer) = packet.get(..length).and_then(answer) {
                    // A server that has ended wants it no more.
                    let _ = socket.send_to(&answer, peer);
                }
            }
        });
        Ok(Self { port, asked })
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Header and question of the packet, and one address for a day.
fn answer(packet: &[u8]) -> Option<Vec<u8>> {
    let mut end = 12;
    while *packet.get(end)? != 0 {
        end += 1 + usize::from(*packet.get(end)?);
    }
    end += 5;
    let is_address = packet.get(end - 4..end - 2)? == [0, 1];
    let mut bytes = packet.get(..end)?.to_vec();
    let counts = [0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0];
    bytes.get_mut(2..12)?.copy_from_slice(&counts);
    if is_address {
        bytes.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 1, 0x51, 0x80, 0, 4, 198, 51, 100, 1]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_answered_with_one() {
        let question = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 2, b'b', b'c', 0, 0, 1, 0, 1];
        let answer = answer(&question).expect("an answer");
        assert_eq!(answer.len(), question.len() + 16);
        assert_eq!(answer.get(..4), Some(&[0x12, 0x34, 0x81, 0x80][..]));
        assert!(super::answer(&[0; 5]).is_none());
    }
}
