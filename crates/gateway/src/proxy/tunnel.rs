//! Everything that the proxy holds open, so that a hold or a tightened policy ends it and not only what comes after.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use filter::{CanonicalUrl, Cause, Host, Outcome};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use crate::counters::Counters;
use crate::lock::Mutex;
use crate::policy::{Client, Gate};

/// Most tunnels, in all and for one client.
const MOST: usize = 4096;
const MOST_EACH: usize = 256;
/// A tunnel that carries nothing for so long is closed.
const IDLE_CHECK: Duration = Duration::from_secs(30);
const IDLE_CHECKS: u32 = 10;

#[derive(Debug)]
struct Open {
    client: Client,
    host: Host,
    url: Option<CanonicalUrl>,
    close: CancellationToken,
}

/// What is open now.
#[derive(Debug, Default)]
pub(crate) struct Tunnels {
    open: Mutex<HashMap<u64, Open>>,
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
        let mut open = self.open.lock();
        let mine = open
            .values()
            .filter(|o| o.client.subject.device == client.subject.device)
            .filter(|o| client.subject.device.is_some() || o.client.address == client.address);
        if open.len() >= MOST || mine.count() >= MOST_EACH {
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        open.insert(id, Open { client: client.clone(), host: host.clone(), url: url.cloned(), close });
        Some(Entered { tunnels: self.clone(), id })
    }

    pub(crate) fn count(&self) -> u64 {
        self.open.lock().len() as u64
    }

    /// Decides each again under the policy in force and closes those that it would not open now.
    pub(crate) fn review(&self, gate: &Gate, counters: &Counters) {
        let policy = gate.policy();
        let now = gate.clock.now();
        self.open.lock().retain(|_, open| {
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
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.tunnels.open.lock().remove(&self.id);
    }
}

/// Carries bytes both ways until one side ends, nothing moves for five minutes, or `close`. Bytes are counted, not read.
pub(super) async fn carry<A, B>(client: A, server: B, close: &CancellationToken)
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let moved = AtomicU64::new(0);
    let mut client = Counted { inner: client, moved: &moved };
    let mut server = server;
    tokio::select! {
        () = close.cancelled() => {}
        () = until_idle(&moved) => {}
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
    }
}

async fn until_idle(moved: &AtomicU64) {
    let (mut before, mut quiet) = (0, 0);
    while quiet < IDLE_CHECKS {
        tokio::time::sleep(IDLE_CHECK).await;
        let now = moved.load(Ordering::Relaxed);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
}

struct Counted<'a, T> {
    inner: T,
    moved: &'a AtomicU64,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<'_, T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.moved.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<'_, T> {
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
