//! Starting and stopping: sockets are bound before anything is answered, so that a taken port is said at once.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::status::Listening;
use crate::{Clock, Config, Error};

/// A gateway that serves until [`Running::shutdown`] or until it is dropped with its runtime.
#[derive(Debug)]
pub struct Running {
    /// Where it really listens.
    pub listening: Listening,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    /// Where DNS really listens.
    pub fn dns_addr(&self) -> SocketAddr {
        self.listening.dns
    }

    /// Where the proxy really listens.
    pub fn proxy_addr(&self) -> SocketAddr {
        self.listening.proxy
    }

    /// Stops listening, lets answers under way finish (two seconds), closes tunnels, flushes the spool.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Binds every socket and serves on the current tokio runtime.
///
/// # Errors
/// [`Error::Listen`] with a sentence for the technician; [`Error::File`] when the folder cannot be used. A missing or
/// damaged snapshot or list is not an error: the baseline serves (S30) and `status.json` says why.
pub async fn start(config: Config, clock: Clock) -> Result<Running, Error> {
    let (_, _) = (&config, &clock);
    Err(Error::Listen {
        what: "DNS",
        address: config.dns,
        why: "the gateway is being built".into(),
    })
}

/// The gateway as a process of its own (S31): serves until the process is told to stop (SIGTERM or SIGINT).
///
/// # Errors
/// As [`start`].
pub async fn run_child(config: Config, clock: Clock) -> Result<(), Error> {
    let running = start(config, clock).await?;
    stop_signal().await;
    running.shutdown().await;
    Ok(())
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut term) => {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
