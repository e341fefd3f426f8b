//! Bytes both ways between two streams, with one buffer for each thread and none for each tunnel.
//!
//! Most tunnels are silent most of the time, and `tokio::io::copy_bidirectional` keeps 16 KB for each of them. Here what is read
//! is written at once from a buffer that the thread's tunnels share; only what the other side does not take at that moment is
//! kept, for that tunnel alone, until it does. What it is not: a place where bytes are looked at.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The shared buffer's size, bytes; the most that one direction of a tunnel keeps while the other side does not read.
const BUFFER: usize = 32 << 10;

thread_local! {
    /// Lent for the time of one poll, which never waits.
    static SHARED: RefCell<Box<[u8]>> = RefCell::new(vec![0; BUFFER].into());
}

/// Carries until both sides have ended, each told when the other one does.
///
/// # Errors
/// The first of either side.
pub(super) async fn both_ways<A, B>(a: &mut A, b: &mut B) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let (mut there, mut back) = (Way::default(), Way::default());
    poll_fn(|cx| {
        SHARED.with_borrow_mut(|buffer| {
            let one = there.carry(cx, a, b, buffer)?;
            let other = back.carry(cx, b, a, buffer)?;
            if one.is_ready() && other.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
    })
    .await
}

/// One direction.
#[derive(Default)]
struct Way {
    /// Read, and not taken by the other side yet.
    waiting: Vec<u8>,
    /// So much of it has been.
    taken: usize,
    /// Something was written since the last flush.
    unflushed: bool,
    stage: Stage,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// One side has ended; the other one is to be told.
    Ending,
    Ended,
}

impl Way {
    fn carry<R, W>(&mut self, cx: &mut Context<'_>, from: &mut R, to: &mut W, buffer: &mut [u8]) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            while let Some(left) = self.waiting.get(self.taken..).filter(|left| !left.is_empty()) {
                self.taken += ready!(write(cx, to, left))?;
                self.unflushed = true;
            }
            self.waiting = Vec::new();
            self.taken = 0;
            match self.stage {
                Stage::Ended => return Poll::Ready(Ok(())),
                Stage::Ending => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    self.stage = Stage::Ended;
                    continue;
                }
                Stage::Open => {}
            }
            let mut reading = ReadBuf::new(buffer);
            match Pin::new(&mut *from).poll_read(cx, &mut reading)? {
                Poll::Ready(()) => {}
                Poll::Pending => {
                    // Nothing more for now: what was written leaves.
                    if self.unflushed {
                        ready!(Pin::new(&mut *to).poll_flush(cx))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
            let read = reading.filled();
            if read.is_empty() {
                self.stage = Stage::Ending;
                continue;
            }
            let mut written = 0;
            while let Some(left) = read.get(written..).filter(|left| !left.is_empty()) {
                match write(cx, to, left)? {
                    Poll::Ready(some) => {
                        written += some;
                        self.unflushed = true;
                    }
                    Poll::Pending => {
                        self.waiting = left.to_vec();
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

fn write<W: AsyncWrite + Unpin>(cx: &mut Context<'_>, to: &mut W, bytes: &[u8]) -> Poll<io::Result<usize>> {
    match ready!(Pin::new(to).poll_write(cx, bytes))? {
        0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        some => Poll::Ready(Ok(some)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// Between two ends that take and give in small bites, everything comes over in order, and each end hears of the other's.
    #[tokio::test]
    async fn everything_arrives_in_order_whoever_is_slow_and_both_ends_hear_of_the_end() {
        // One side takes a third of what the other one gives, so that something always waits.
        for (one, other) in [(3, 1), (1, 3), (21, 7), (1000, 3000), (300_000, 100_000)] {
            let (mut near, mut client) = duplex(one);
            let (mut server, mut far) = duplex(other);
            tokio::spawn(async move { both_ways(&mut client, &mut server).await });
            let sent: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
            let back: Vec<u8> = sent.iter().rev().copied().collect();
            let (mut got, mut got_back) = (Vec::new(), Vec::new());
            let (mut far_read, mut far_write) = tokio::io::split(&mut far);
            let (mut near_read, mut near_write) = tokio::io::split(&mut near);
            tokio::join!(
                async {
                    near_write.write_all(&sent).await.unwrap();
                    near_write.shutdown().await.unwrap();
                },
                async {
                    far_write.write_all(&back).await.unwrap();
                    far_write.shutdown().await.unwrap();
                },
                async { _ = far_read.read_to_end(&mut got).await.unwrap() },
                async { _ = near_read.read_to_end(&mut got_back).await.unwrap() },
            );
            assert!(got == sent && got_back == back, "{one} {other}");
        }
    }

    /// What the other side does not take is at most one buffer.
    #[tokio::test]
    async fn no_more_is_kept_than_one_buffer() {
        let (mut near, mut client) = duplex(1 << 20);
        let (mut server, _never_reads) = duplex(1000);
        tokio::spawn(async move { both_ways(&mut client, &mut server).await });
        let mut written = 0;
        let wait = std::time::Duration::from_millis(200);
        while let Ok(Ok(some)) = tokio::time::timeout(wait, near.write(&[0; 4096])).await {
            written += some;
        }
        assert!(written <= (1 << 20) + BUFFER + 1000, "{written}");
    }
}
