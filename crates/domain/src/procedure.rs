//! Procedures as data, and the engine that keeps their gates.
//!
//! A procedure is a file in `content/procedures/`: steps with who, when, gates, must-nots, agencies, clocks, sources.
//! The engine answers three questions, always from the same records: how does each step *stand*, may this *act* be
//! recorded, and may the *program* do this.
//! The rule above all (S1): a gate locks what the program does and what may be marked as the next step; recording that
//! something has already happened is never locked, it is only marked out of order for ever.
//!
//! To add a procedure, add a file, which names what it shares with the others (`common.toml`, [`Shared`]); to add a
//! kind of act that the program does, add a [`ProgramAct`].

mod engine;
mod model;
pub mod own;
pub(crate) mod shared;

pub use engine::{
    Act, Answers, Attempt, Locked, REASON_AT_LEAST, Recorded, Refusal, Standing, State, StepRecord, StepState, Switches,
};
pub use model::{
    Choice, ClockRule, Condition, Field, FieldKind, Gate, MustNot, Procedure, ProgramAct, Start, Step, Waiver, Within,
};
pub use shared::{Resolved, Rule, Shared};
