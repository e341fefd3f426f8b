//! Concerns: told in under a minute, opened, worked through gates, closed with what was learned.
//!
//! Every function takes [`Services`](crate::Services) and the context, asks the authorisation table, and reaches a
//! concern only through `case::of`, which asks the one rule of `domain::exclusion`: what one may not see is not found.
//! What it is not: the procedure's rules (`domain::procedure`, `content/procedures/`) or the words of a page.
//!
//! To add something that people do with a concern: a module here, one write transaction that begins with
//! `case::of(&tx, …)`, and a journey in `tests/it/`.

mod apart;
pub mod back;
pub(crate) mod case;
mod clocks;
pub(crate) mod edition;
mod entries;
mod finish;
mod looks;
mod mine;
mod noisy;
mod paper;
pub(crate) mod people;
mod queue;
mod report;
mod rests;
mod retype;
mod search;
mod sender;
mod steps;
mod strands;
pub mod times;
mod view;
mod words;

pub use apart::{Part, Split, linkable, split};
pub use clocks::{ClockView, DueClock, Resting, clocks_due};
pub use edition::move_edition;
pub use entries::{Correction, NewEntry, add_entry, correct};
pub(crate) use entries::{append, by_the_program};
pub use finish::{Debrief, Lesson, REVIEWS, close, debrief, reopen};
pub use looks::{LookView, looks};
pub use mine::{MyReport, Receipt, ToTell, by_code, mine, receipt};
pub use noisy::noisy;
pub use paper::{Print, kind_in_words, print, what_in_words};
pub(crate) use paper::{document, for_bench, for_export};
pub(crate) use people::tell_holders;
pub use people::{
    Afterwards, FamilyAdult, Foreseen, add_person, child_cannot_be_known, exclude, foresee, hand_over, invite,
    name_child,
};
pub use queue::{Ages, Queue, QueueRow, Shelf, Unopened, ages, queue, unopened, waiting};
pub use report::{
    About, Beside, Children, Filed, Paper, Report, SafeNow, Told, first_words, first_words_here, report, report_beside,
};
pub(crate) use report::{area as area_of, defanged, file_unsigned};
pub use rests::{RestForm, go_on, rest, rest_form};
pub use retype::retype;
pub use search::{Asked, Hit, search, search_for};
pub use sender::{Letters, answer_holder, answer_sender, letters};
pub(crate) use steps::happened_elsewhere;
pub use steps::{Did, StepAttempt, StepSaved, record};
pub use store::words::StrandKind;
pub use strands::{How, StrandView, strands, tie};
pub use view::{
    AnswerView, ConcernView, EntryView, FollowUp, HoldView, PersonView, ProcedureView, ProposalView, StepRecordView,
    StepView, What, open,
};
pub(crate) use view::{Names, in_words, told};
pub use words::{Owed, StageTwo, add_words, owed_words};

/// The longest text that one field keeps, in characters. A page of 10 MB is a mistake or an attack; nobody writes so
/// much about one moment.
pub const LONGEST_TEXT: usize = 20_000;

/// The longest single line, in characters.
pub const LONGEST_LINE: usize = 300;

/// What beside a field says that was given a pasted picture instead of words (S17).
pub const NO_PICTURES: &str = "This holds a picture or other data, not words. Take it out and write what you saw. Never send anybody a picture of a child: tell the lead in person.";
