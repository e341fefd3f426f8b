//! Bytes from strangers: never a panic, never more memory than the bytes deserve.

use holdfast_filter::list::{Form, Rejections, read};
use holdfast_filter::{CanonicalUrl, Compiled, Host, Lists};
use proptest::prelude::*;

use crate::setting::*;

fn forms() -> impl Strategy<Value = Form> {
    prop_oneof![Just(Form::Names), Just(Form::Urls), Just(Form::Expressions)]
}

/// Bytes that look a little like lists, so that the deeper branches are reached.
fn listish() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "0.0.0.0 ",
        "example.com",
        "||",
        "^",
        "\n",
        "\r\n",
        "#",
        "http://",
        "%",
        "%25",
        "/",
        "..",
        "[::1]",
        "é",
        "xn--",
        "\0",
        "0x7f",
        " ",
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2000),
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..200)
            .prop_map(|words| words.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parsers_never_panic_and_stay_bounded(bytes in listish(), form in forms()) {
        let mut rejections = Rejections::default();
        let mut entries = 0_usize;
        read(bytes.as_slice(), "list", form, &mut rejections, |_| entries += 1).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
        prop_assert!(rejections.total() <= lines);
        prop_assert!(entries <= bytes.len());
        for rejected in rejections.into_kept() {
            prop_assert!(rejected.text.chars().count() <= 120 && rejected.why.len() < 1000);
            prop_assert!(!rejected.text.chars().any(char::is_control));
        }
    }

    #[test]
    fn names_and_urls_have_one_spelling(text in "\\PC{0,80}") {
        if let Ok(host) = Host::parse(&text) {
            let spelt = host.to_string();
            prop_assert!(spelt.len() <= 253);
            prop_assert_eq!(Host::parse(&spelt), Ok(host));
        }
        if let Ok(url) = CanonicalUrl::parse(&text) {
            prop_assert_eq!(CanonicalUrl::parse(&url.to_string()), Ok(url));
        }
    }

    #[test]
    fn deep_percent_signs_cost_linear_time(times in 1_usize..2000) {
        let url = format!("http://example.com/%{}41", "25".repeat(times));
        let url = CanonicalUrl::parse(&url).unwrap();
        prop_assert_eq!(url.path(), "/A");
    }

    /// Flipped bytes: refused, or (where the flip undoes itself) the same answers.
    #[test]
    fn a_flipped_file_is_refused(flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4)) {
        let whole = compiled();
        let mut changed = whole.clone();
        for (at, mask) in flips {
            let at = at.index(changed.len());
            changed[at] ^= mask;
        }
        let same = changed == whole;
        match Compiled::from_bytes(changed) {
            Ok(file) => {
                prop_assert!(same);
                prop_assert_eq!(Lists::of(file).lookup("both.example.com").lists, ["adult", "mixed_adult"]);
            }
            Err(why) => prop_assert!(!same && !why.is_empty()),
        }
    }

    #[test]
    fn a_cut_file_is_refused(at in any::<prop::sample::Index>()) {
        let whole = compiled();
        let cut = at.index(whole.len());
        prop_assert!(Compiled::from_bytes(whole[..cut].to_vec()).is_err());
    }

    #[test]
    fn any_bytes_may_call_themselves_compiled(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Compiled::from_bytes(bytes.clone()).is_err());
        let mut dressed = compiled();
        dressed.truncate(48);
        dressed.extend_from_slice(&bytes);
        prop_assert!(Compiled::from_bytes(dressed).is_err());
    }
}

fn compiled() -> Vec<u8> {
    static FILE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        ut1(folder.path());
        let out = folder.path().join("out.compiled");
        holdfast_filter::compile(&[folder.path().to_owned()], &out, KEY).unwrap();
        std::fs::read(out).unwrap()
    });
    FILE.clone()
}
