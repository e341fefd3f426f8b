//! Keeping and handing out: what is due, holds, two people's decisions and certificates; exports; the bench on which somebody's
//! own data are redacted; emergencies; what an inspector is shown. Nothing here decides who may see what.

pub mod bundle;
pub mod decisions;
pub mod due;
pub mod emergency;
pub mod exports;
pub mod holds;
pub mod inspection;

use jiff::Timestamp;

use crate::{Visit, words};

fn moment(visit: &Visit, at: Timestamp) -> String {
    words::moment(&visit.services().calendar.local(at))
}
