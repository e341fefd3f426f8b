//! What each fuzz target does with bytes. `crates/filter/tests/it/corpus.rs` includes this file and replays the corpora,
//! so that what was found once is looked for in every test run.
//!
//! To add a target: a function here, a file in `fuzz_targets`, its `[[bin]]`, a folder in `corpus`, its line in the test.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic, reason = "each target uses one of these")]

use std::sync::Arc;

use holdfast_filter::list::{Entry, Form, Rejections, read};
use holdfast_filter::{CanonicalUrl, Compiled, Host, Lists, PolicySnapshot, Prepared, Request, SealedTier, decide};

/// A list in any format: bounded, no panic, names in their one spelling.
pub(crate) fn lines(bytes: &[u8]) {
    for form in [Form::Names, Form::Urls, Form::Expressions] {
        let mut rejections = Rejections::default();
        let mut entries = 0_usize;
        read(bytes, "fuzz", form, &mut rejections, |entry| {
            entries += 1;
            if let Entry::Host { host, .. } = &entry {
                let text = host.to_string();
                assert_eq!(Host::parse(&text).as_ref(), Ok(host), "{text}");
                assert!(text.contains(['.', ':']), "{text} is too wide");
            }
        })
        .unwrap();
        assert!(entries <= bytes.len());
        assert!(rejections.total() <= bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1);
    }
}

/// An address of a page: one spelling, which is its own.
pub(crate) fn urls(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(url) = CanonicalUrl::parse(text) {
        let spelt = url.to_string();
        assert_eq!(CanonicalUrl::parse(&spelt).as_ref(), Ok(&url), "{spelt}");
        assert!(url.path().starts_with('/'));
    }
    Lists::missing().lookup(text);
}

/// A compiled file, first as it is, then with length and checksum set right as a forger would.
pub(crate) fn compiled(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), Compiled::mended(bytes.to_vec())] {
        if let Ok(file) = Compiled::from_bytes(bytes) {
            let lists = Lists::of(file);
            for text in ["www.example.com", "a.b.c.d.e.f.example.net", "http://example.org/a/b?c", "198.51.100.7"] {
                lists.lookup(text);
            }
            lists.contents();
        }
    }
}

/// A policy snapshot as JSON: refused or usable, and a decision under it ends.
pub(crate) fn snapshot(bytes: &[u8]) {
    let Ok(snapshot) = serde_json::from_slice::<PolicySnapshot>(bytes) else { return };
    let text = serde_json::to_vec(&snapshot).unwrap();
    assert_eq!(serde_json::from_slice::<PolicySnapshot>(&text).unwrap(), snapshot);
    let now = snapshot.made_at;
    let groups: Vec<String> = snapshot.groups.keys().cloned().collect();
    let Ok(policy) = Prepared::new(snapshot, Arc::new(SealedTier::not_supplied())) else { return };
    for group in groups.iter().map(String::as_str).chain(["nobody"]) {
        for name in ["www.example.com", "childline.org.uk", "198.51.100.7"] {
            let host = Host::parse(name).unwrap();
            decide(&policy, &Lists::missing(), &Request::of(group, &host), now);
        }
    }
}
