//! A lookup asks the allocator for nothing, and neither does a whole decision with the words of its reason.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use holdfast_filter::compiled::Asked;
use holdfast_filter::{Cause, Compiled, Host, Outcome, Question, Request, compile, decide};

use crate::setting::*;

/// The system's allocator, counting what this thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
#[allow(unsafe_code, reason = "an allocator has no safe form")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counter any more, and nobody to ask it.
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_lookup_does_not_allocate() {
    let folder = tempfile::tempdir().unwrap();
    ut1(folder.path());
    std::fs::write(folder.path().join("games/expressions"), "").unwrap();
    let rules = "||typed.example.com^$dnstype=AAAA\n@@||good.example.com^\n||example.com^\n";
    std::fs::write(folder.path().join("rules.txt"), rules).unwrap();
    let out = folder.path().join("out");
    compile(&[folder.path().to_owned()], &out, KEY).unwrap();
    let file = Compiled::open(&out).unwrap();
    let hosts = ["a.porn.example.com", "nothing.example.org", "x.typed.example.com", "a.b.c.d.e.f.g.example.net"];
    let hosts = hosts.map(|host| Host::parse(host).unwrap());
    let before = ASKED.get();
    let mut words = 0;
    for host in &hosts {
        let asked = Asked::new(host);
        file.walk(&Question::of(&asked), |_| words += 1);
    }
    assert_eq!(ASKED.get() - before, 0);
    assert!(words >= 4, "{words}");
    drop(vec![1_u8]);
    assert!(ASKED.get() > before, "the counter counts");
}

/// From the text of a question to the verdict with category, title, sentence, list and obligations, and the copy of it all
/// that the record keeps; for names of up to 23 letters, which is most of them.
#[test]
fn a_blocked_question_does_not_allocate() {
    let (policy, lists) = (unsealed(snapshot()), some_lists());
    // The engine of expressions makes its tables once.
    decide(&policy, &lists, &Request::of("children", &host("first.example.org")), now());
    let before = ASKED.get();
    for text in ["games.example.com", "a.porn.example.com", "198.51.100.7", "nothing.example.org"] {
        let host = Host::parse(text).unwrap();
        let verdict = decide(&policy, &lists, &Request::of("children", &host), now());
        let kept = (verdict.clone(), host.clone());
        let blocked = text != "nothing.example.org";
        assert_eq!(verdict.outcome == Outcome::Block, blocked);
        assert_eq!(matches!(&kept.0.cause, Cause::Category { .. }), blocked);
    }
    assert_eq!(ASKED.get() - before, 0);
}
