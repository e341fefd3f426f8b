//! Many packets for one call of the kernel: `recvmmsg` and `sendmmsg`, which are most of what an answer over UDP costs.
//!
//! What it is: one thread's buffers, filled and emptied together. Where the kernel has no such calls, the same
//! buffers are used for one packet at a time, and nobody above sees a difference.
//! What it is not: a decision. What is in a packet is [`super::listen`]'s business.
//!
//! An answer leaves from the address that the kernel's routes choose. A machine with several addresses listens on the
//! one that devices ask (the operator's book says so), not on all of them.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

/// Packets taken with one call. More would keep the first ones waiting for the last.
const TOGETHER: usize = 32;
/// Bytes of a question that are read. A longer one loses its end in the kernel and does not parse; real ones have 60.
const LONGEST: usize = 2048;

/// One thread's packets and answers.
pub(super) struct Batch {
    receiving: MultiHeaders<SockaddrStorage>,
    sending: MultiHeaders<SockaddrStorage>,
    buffers: Vec<[u8; LONGEST]>,
    /// Length and sender of each packet that was read.
    read: Vec<(usize, SockaddrStorage)>,
    answers: Vec<Vec<u8>>,
    to: Vec<Option<SockaddrStorage>>,
    /// Whether the kernel has the calls.
    many: bool,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            receiving: MultiHeaders::preallocate(TOGETHER, None),
            sending: MultiHeaders::preallocate(TOGETHER, None),
            buffers: vec![[0; LONGEST]; TOGETHER],
            read: Vec::with_capacity(TOGETHER),
            answers: Vec::with_capacity(TOGETHER),
            to: Vec::with_capacity(TOGETHER),
            many: true,
        }
    }

    /// Waits for packets, as long as the socket's own time limit; none when it ran out.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> io::Result<()> {
        self.read.clear();
        let received = if self.many { self.receive_many(socket) } else { self.receive_one(socket) };
        match received {
            Err(error) if error.raw_os_error() == Some(Errno::ENOSYS as i32) => {
                self.many = false;
                Ok(())
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(()),
            other => other,
        }
    }

    fn receive_many(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = self.buffers.iter_mut().map(|b| [IoSliceMut::new(b)]).collect();
        // Returns with the first packet, and with whatever else has arrived by then.
        let received =
            recvmmsg(socket.as_raw_fd(), &mut self.receiving, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)?;
        self.read.extend(received.filter_map(|message| Some((message.bytes, message.address?))));
        Ok(())
    }

    fn receive_one(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let Some(buffer) = self.buffers.first_mut() else { return Ok(()) };
        let (length, peer) = socket.recv_from(buffer)?;
        self.read.push((length, peer.into()));
        Ok(())
    }

    /// Whether more than one packet came.
    pub(super) fn is_several(&self) -> bool {
        self.read.len() > 1
    }

    /// What came.
    pub(super) fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.buffers.iter().zip(&self.read).map(|(buffer, (length, _))| buffer.get(..*length).unwrap_or(&[]))
    }

    /// Hands each packet with its sender to `answer`, together with a buffer to build in, and sends what comes back.
    pub(super) fn answer(
        &mut self,
        socket: &UdpSocket,
        mut answer: impl FnMut(&[u8], SocketAddr, Vec<u8>) -> Result<Vec<u8>, Vec<u8>>,
    ) {
        let mut spare = std::mem::take(&mut self.answers);
        self.to.clear();
        for (buffer, (length, peer)) in self.buffers.iter().zip(&self.read) {
            let Some(address) = std_address(peer) else { continue };
            let packet = buffer.get(..*length).unwrap_or(&[]);
            match answer(packet, address, spare.pop().unwrap_or_default()) {
                Ok(bytes) => {
                    self.answers.push(bytes);
                    self.to.push(Some(*peer));
                }
                Err(unused) => spare.push(unused),
            }
        }
        if self.many {
            self.send_many(socket)
        } else {
            self.send_each(socket)
        }
        // Their room is used again.
        self.answers.append(&mut spare);
        self.answers.truncate(TOGETHER);
    }

    fn send_many(&mut self, socket: &UdpSocket) {
        let slices: Vec<[IoSlice<'_>; 1]> = self.answers.iter().map(|answer| [IoSlice::new(answer)]).collect();
        let mut done = 0;
        while let (Some(left), Some(to)) = (slices.get(done..), self.to.get(done..)) {
            if left.is_empty() {
                return;
            }
            let sent = sendmmsg(socket.as_raw_fd(), &mut self.sending, left, to, [], MsgFlags::empty());
            done += match sent {
                Ok(results) => results.count().max(1),
                // A client that went away, or no room in the kernel for a second: this one is given up, as UDP may.
                Err(_) => 1,
            };
        }
    }

    fn send_each(&self, socket: &UdpSocket) {
        for (answer, to) in self.answers.iter().zip(&self.to) {
            if let Some(peer) = to.as_ref().and_then(std_address) {
                // As above.
                let _ = socket.send_to(answer, peer);
            }
        }
    }
}

fn std_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn echo(many: bool) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let clients: Vec<_> = (0..100).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        for (number, client) in clients.iter().enumerate() {
            client.send_to(&[number as u8; 30], socket.local_addr().unwrap()).unwrap();
        }
        let mut batch = Batch { many, ..Batch::new() };
        let mut seen = 0;
        while seen < clients.len() {
            batch.receive(&socket).unwrap();
            batch.answer(&socket, |packet, _, mut answer| {
                seen += 1;
                answer.clear();
                answer.extend_from_slice(packet);
                // Every seventh is not answered.
                if packet[0].is_multiple_of(7) { Err(answer) } else { Ok(answer) }
            });
        }
        for (number, client) in clients.iter().enumerate().filter(|(number, _)| number % 7 != 0) {
            client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut answer = [0; 64];
            let length = client.recv(&mut answer).unwrap();
            assert_eq!(answer[..length], [number as u8; 30]);
        }
    }

    #[test]
    fn everybody_gets_the_own_answer() {
        echo(true);
    }

    #[test]
    fn a_kernel_without_the_calls_is_served_one_by_one() {
        echo(false);
    }
}
