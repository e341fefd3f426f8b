//! The file as bytes: there and back, and every way to break it.

use super::*;
use crate::Kind;
use crate::list::{Form, Rejections, read};

/// A file from lists, each a name and its lines.
fn compiled(lists: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(FileKey([7; 16]));
    for (name, text) in lists {
        let list = builder.list(ListInfo::new(name, Kind::Black, "here")).unwrap();
        let mut rejections = Rejections::default();
        read(text.as_bytes(), name, Form::Names, &mut rejections, |entry| builder.entry(list, entry).unwrap()).unwrap();
        assert_eq!(rejections.total(), 0, "{:?}", rejections.into_kept());
    }
    builder.finish("print").unwrap()
}

fn sample() -> Vec<u8> {
    let games = "example.com\ndeep.example.net\n198.51.100.7\nexample.org/Bad/\nexample.org/q?id=1\n\
        ||typed.example^$dnstype=AAAA\n/^ads[0-9]+\\./\n";
    compiled(&[("games", games), ("other", "example.com\n0.0.0.0 www.example.com\n@@||deep.example.net^\n")])
}

fn file(lists: &[(&str, &str)]) -> Compiled {
    Compiled::from_bytes(compiled(lists)).unwrap()
}

fn said(file: &Compiled, text: &str) -> Vec<(String, usize, bool)> {
    let url = CanonicalUrl::parse(text).unwrap();
    let asked = Asked::new(url.host());
    let mut out = Vec::new();
    let question = Question { url: Some(&url), ..Question::of(&asked) };
    file.walk(&question, |word| out.push((word.matched.to_string(), word.list, word.effect.allow)));
    out
}

fn names(file: &Compiled, text: &str) -> Vec<String> {
    said(file, text).into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn suffixes_and_sets() {
    let file = Compiled::from_bytes(sample()).unwrap();
    let word = |name: &str, list| (name.to_owned(), list, false);
    assert_eq!(said(&file, "example.com"), [word("example.com", 0), word("example.com", 1)]);
    assert_eq!(
        said(&file, "www.example.com"),
        [word("example.com", 0), word("example.com", 1), word("www.example.com", 1)]
    );
    assert_eq!(names(&file, "a.www.example.com"), ["example.com", "example.com"], "a hosts entry is exact");
    assert_eq!(names(&file, "notexample.com"), [""; 0]);
    assert_eq!(names(&file, "example.net"), [""; 0]);
    assert_eq!(
        said(&file, "a.deep.example.net"),
        [word("deep.example.net", 0), ("deep.example.net".to_owned(), 1, true)]
    );
    assert_eq!(names(&file, "198.51.100.7"), ["198.51.100.7"]);
    assert_eq!(names(&file, "198.51.100.8"), [""; 0]);
    assert_eq!(names(&file, "typed.example"), ["typed.example"]);
    assert_eq!(names(&file, "ads7.example"), ["/^ads[0-9]+\\./"]);
    assert_eq!((file.names(), file.urls(), file.patterns()), (4, 2, 1));
    let counts: Vec<_> = file.lists().iter().map(|list| (list.names, list.urls, list.rules)).collect();
    assert_eq!(counts, [(3, 2, 2), (2, 0, 1)]);
}

#[test]
fn names_of_any_depth() {
    let deep = |labels: usize| format!("{}example.com", "a.".repeat(labels));
    let listed: String = [1, 2, 3, 6, 120].map(|labels| deep(labels) + "\n").concat();
    let file = file(&[("deep", &listed)]);
    for (asked, found) in [(0, 0), (1, 1), (2, 2), (3, 3), (5, 3), (6, 4), (119, 4), (120, 5), (121, 5)] {
        assert_eq!(names(&file, &deep(asked)).len(), found, "{asked}");
    }
}

#[test]
fn url_prefixes_end_at_folders() {
    let file = Compiled::from_bytes(sample()).unwrap();
    assert_eq!(names(&file, "http://example.org/bad/x/y"), ["example.org/bad"]);
    assert_eq!(names(&file, "https://www.example.org:8443/./BAD"), ["example.org/BAD"]);
    assert_eq!(names(&file, "example.org/badly"), [""; 0]);
    assert_eq!(names(&file, "example.org/"), [""; 0]);
    assert_eq!(names(&file, "example.org/q?id=1"), ["example.org/q?id=1"]);
    assert_eq!(names(&file, "example.org/q?id=2"), [""; 0]);
}

#[test]
fn a_full_table_finds_all_its_names_and_no_others() {
    let listed: String = (0..20_000).map(|number| format!("n{number}.example.com\n")).collect();
    let file = file(&[("many", &listed)]);
    assert_eq!(file.names(), 20_000);
    for number in 0..20_000 {
        assert_eq!(names(&file, &format!("n{number}.example.com")).len(), 1, "{number}");
        assert_eq!(names(&file, &format!("m{number}.example.com")).len(), 0, "{number}");
    }
    assert!(file.bytes() < 20_000 * 10, "{} bytes", file.bytes());
}

#[test]
fn other_files_are_refused_politely() {
    let whole = sample();
    let refused = |bytes: Vec<u8>| Compiled::from_bytes(bytes).unwrap_err();
    assert!(refused(Vec::new()).contains("too short"));
    assert!(refused(b"0.0.0.0 example.com\n".repeat(20)).contains("not a compiled list"));
    let mut older = whole.clone();
    older[8] = 1;
    assert!(refused(older.clone()).contains("version 1") && refused(older.clone()).contains("Compile again"));
    older.truncate(160);
    assert!(refused(older).contains("Compile again"), "the head of version 1 was shorter");
    let mut newer = whole.clone();
    newer[8] = 99;
    assert!(refused(newer).contains("version 99"));
    assert!(refused(whole[..whole.len() - 1].to_vec()).contains("cut short"));
    let mut longer = whole.clone();
    longer.push(0);
    assert!(refused(longer).contains("damaged"));
}

#[test]
fn every_flipped_byte_is_noticed() {
    let whole = sample();
    for at in 0..whole.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= mask;
            // Twelve to sixteen are zeroes for later use; they are in the checksum like all else.
            assert!(Compiled::from_bytes(changed).is_err(), "byte {at} ^ {mask:#x}");
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let whole = sample();
    for end in 0..whole.len() {
        assert!(Compiled::from_bytes(whole[..end].to_vec()).is_err(), "{end}");
    }
}

/// Somebody who knows the format can make the checksum right. That may give wrong answers, never a panic.
#[test]
fn a_forged_checksum_opens_nothing_wild() {
    let whole = sample();
    let mut opened = 0;
    for at in 48..whole.len() {
        for mask in [0x01, 0x40, 0xff] {
            let mut forged = whole.clone();
            forged[at] ^= mask;
            let sum = layout::checksum(&FileKey([7; 16]), &forged).unwrap();
            forged[layout::CHECKSUM_AT..layout::CHECKSUM_AT + 8].copy_from_slice(&sum.to_le_bytes());
            if let Ok(file) = Compiled::from_bytes(forged) {
                opened += 1;
                for text in ["www.example.com", "a.deep.example.net", "typed.example", "http://example.org/bad/x"] {
                    said(&file, text);
                }
            }
        }
    }
    assert!(opened > 100, "{opened}");
}

#[test]
fn addresses_read_as_everybody_writes_them() {
    let parts = [0, 1, 9, 10, 19, 99, 100, 101, 199, 255];
    for (a, b) in parts.into_iter().flat_map(|a| parts.map(|b| (a, b))) {
        let ip = std::net::IpAddr::from([a, b, b, a]);
        assert_eq!(Asked::new(&Host::Ip(ip)).as_str(), ip.to_string());
    }
    let ip: std::net::IpAddr = "2001:db8::7".parse().unwrap();
    assert_eq!(Asked::new(&Host::Ip(ip)).as_str(), "2001:db8::7");
}
