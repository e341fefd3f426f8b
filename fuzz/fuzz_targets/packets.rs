//! DNS bytes: as a question, as an answer from above, as both.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| holdfast_gateway::fuzzing::packet(bytes));
