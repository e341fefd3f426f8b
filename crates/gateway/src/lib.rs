//! The wire: DNS, the explicit HTTP proxy, the block page, and the probes that prove all three.
//!
//! What it is: sockets around one question, `filter::decide`. Control (the rest of the program) and gateway speak
//! through files in one folder, never through a pipe, so that a crash of either side never stops DNS (S31):
//!
//! | File | Written by | Read by |
//! |---|---|---|
//! | `snapshots/NNNNNNNN.json` | control ([`snapshot::write`]) | gateway, which keeps the last good one |
//! | `spool/*.age` | gateway | control ([`spool::SpoolReader`]) |
//! | `status.json` | gateway | control ([`status::read`]) |
//! | `sealed/*.sealed` | whoever supplies a signed list | gateway, which keeps what it took in `sealed/in-force` ([`sealed`]) |
//! | `running.lock` | gateway | control ([`holder`]) |
//!
//! What it is not: a holder of records. It cannot reach `store` or `app`, has no database key, and can seal events
//! but not open them.
//!
//! To add one more way in: say what its connection shows of who asks, and hand the packet to the same answer path as
//! UDP, TCP, DNS over TLS and DNS over HTTPS do; nothing else may decide.

#![forbid(unsafe_code)]

pub mod activity;
mod alone;
mod authority;
pub mod baseline;
mod blockpage;
mod clock;
mod config;
mod counters;
mod dns;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod inspect;
mod lock;
mod neighbours;
mod policy;
mod presence;
pub mod probe;
mod proxy;
pub mod role_card;
mod running;
pub mod sealed;
pub mod snapshot;
pub mod spool;
pub mod status;
mod tls;
mod watch;

pub use activity::{ActivityEvent, Confidence, Kind, Route};
pub use alone::holder;
pub use blockpage::check::CHECK_HOST;
pub use clock::Clock;
pub use config::{Config, Patience, Targets, TlsFiles, Upstream, Way, inspection_files, snapshot_dir};
pub use error::Error;
pub use running::{Running, run_child, start};
