//! Everything that the proxy holds open, so that a hold or a tightened policy ends it and not only what comes after.
//! How bytes are carried is [`mod@super::both_ways`].

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use filter::{CanonicalUrl, Cause, Host, Outcome};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::both_ways::both_ways;
use crate::counters::Counters;
use crate::lock::Mutex;
use crate::policy::{Client, Gate};

/// Most tunnels, in all and for one client.
const MOST: usize = 4096;
const MOST_EACH: usize = 256;
/// So many looks, one after the other, must find a line as it was.
const IDLE_CHECKS: u32 = 10;

/// Whose it is: the device, or where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Device(Uuid),
    Address(IpAddr),
}

impl Whose {
    fn of(client: &Client) -> Self {
        client.subject.device.map_or(Self::Address(client.address), Self::Device)
    }
}

#[derive(Debug)]
struct Open {
    client: Client,
    host: Host,
    url: Option<CanonicalUrl>,
    close: CancellationToken,
}

/// Behind the lock.
#[derive(Debug, Default)]
struct All {
    open: HashMap<u64, Open>,
    each: HashMap<Whose, usize>,
}

impl All {
    fn leave(&mut self, whose: Whose) {
        if let Some(count) = self.each.get_mut(&whose) {
            *count -= 1;
            if *count == 0 {
                self.each.remove(&whose);
            }
        }
    }
}

/// What is open now.
#[derive(Debug, Default)]
pub(crate) struct Tunnels {
    all: Mutex<All>,
    next: AtomicU64,
}

impl Tunnels {
    /// Enters one; `None` when there are too many.
    pub(super) fn enter(
        self: &Arc<Self>,
        client: &Client,
        host: &Host,
        url: Option<&CanonicalUrl>,
        close: CancellationToken,
    ) -> Option<Entered> {
        let mut all = self.all.lock();
        let whose = Whose::of(client);
        if all.open.len() >= MOST || all.each.get(&whose).is_some_and(|mine| *mine >= MOST_EACH) {
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        *all.each.entry(whose).or_default() += 1;
        all.open.insert(id, Open { client: client.clone(), host: host.clone(), url: url.cloned(), close });
        Some(Entered { tunnels: self.clone(), id, whose })
    }

    pub(crate) fn count(&self) -> u64 {
        self.all.lock().open.len() as u64
    }

    /// Decides each again under the policy in force and closes those that it would not open now.
    pub(crate) fn review(&self, gate: &Gate, counters: &Counters) {
        let policy = gate.policy();
        let now = gate.clock.now();
        // What is closed leaves the registry when its task has ended, which gives its place back.
        self.all.lock().open.retain(|_, open| {
            let client = policy.again(&open.client);
            let verdict = policy.verdict(&client, &open.host, open.url.as_ref(), now);
            if verdict.outcome != Outcome::Block {
                return true;
            }
            if verdict.cause == Cause::Held {
                counters.cut(client.subject.device, |cut| cut.tunnels_closed += 1);
            }
            open.close.cancel();
            false
        });
    }
}

/// One entry; leaves the registry when dropped.
#[derive(Debug)]
pub(super) struct Entered {
    tunnels: Arc<Tunnels>,
    id: u64,
    whose: Whose,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut all = self.tunnels.all.lock();
        all.open.remove(&self.id);
        all.leave(self.whose);
    }
}

/// Carries bytes both ways until both sides ended, nothing moves for `still`, or `close`. Bytes are counted, not read.
pub(crate) async fn carry<A, B>(client: A, server: B, close: &CancellationToken, still: Duration)
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let moved = Moved::default();
    let mut client = Counted { inner: client, moved: moved.clone() };
    let mut server = server;
    tokio::select! {
        () = close.cancelled() => {}
        () = until_idle(&moved, still) => {}
        _ = both_ways(&mut client, &mut server) => {}
    }
}

/// Bytes that moved on a line, whichever way.
pub(super) type Moved = Arc<AtomicU64>;

/// Ends when nothing has moved for so long.
pub(super) async fn until_idle(moved: &AtomicU64, still: Duration) {
    let (mut before, mut quiet) = (0, 0);
    while quiet < IDLE_CHECKS {
        tokio::time::sleep(still / IDLE_CHECKS).await;
        let now = moved.load(Ordering::Relaxed);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
}

/// A line whose bytes are counted, not read.
#[derive(Debug)]
pub(super) struct Counted<T> {
    pub(super) inner: T,
    pub(super) moved: Moved,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.moved.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = &polled {
            self.moved.fetch_add(*written as u64, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
