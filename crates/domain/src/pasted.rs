//! Is this text really an image? A picture can be pasted into a box for words, as a `data:` address or as bare base64, and
//! would then lie in the records as surely as a file (S17).
//!
//! What it is not: a reader of images. It looks for what nobody types: a `data:` address that carries something, or some
//! hundred characters of base64 without a word between them.

/// As many characters of base64 in a row are no word of any language, no telephone number and no address that people copy.
/// The smallest picture that shows anything is far longer.
const RUN: usize = 240;

/// Lines of base64 are folded after 64 or 76 characters. A shorter line in the middle of a run ends it.
const FOLD: usize = 60;

/// Does this text carry image data, or other data that is no text?
pub fn is_image_data(text: &str) -> bool {
    carries_data_address(text) || longest_run(text) >= RUN
}

/// `data:image/png;base64,iVBOR…`, wherever it stands, however it is spelled.
fn carries_data_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("data:").any(|(at, found)| {
        let rest = lower.get(at.saturating_add(found.len())..).unwrap_or_default();
        let head: String = rest.chars().take(100).collect();
        let kind = head.split([',', ';']).next().unwrap_or_default().trim();
        let typed = ["image/", "video/", "audio/", "application/"].iter().any(|known| kind.starts_with(known));
        typed || head.split(',').next().is_some_and(|before| before.contains(";base64"))
    })
}

/// The longest run of encoded data, folded lines counted as one. Letters and digits stand mixed in data; a letter that
/// somebody leant on, or a ruled line, is none.
fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0_usize, Run::default());
    for line in text.split(['\n', '\r']).filter(|line| !line.is_empty()) {
        let mut pieces = line.trim().split(|c: char| !is_base64(c)).peekable();
        let mut first = true;
        while let Some(piece) = pieces.next() {
            // Only a whole folded line goes on with the one before it.
            run = if first { run.with(piece) } else { Run::default().with(piece) };
            first = false;
            longest = longest.max(run.data());
            let whole = pieces.peek().is_none() && piece.len() >= FOLD && piece.len() == line.trim().len();
            if pieces.peek().is_none() && !whole {
                run = Run::default();
            }
        }
    }
    longest
}

/// Characters of base64 in a row.
#[derive(Clone, Copy, Default)]
struct Run {
    length: usize,
    letters: bool,
    digits: bool,
}

impl Run {
    fn with(self, piece: &str) -> Self {
        Self {
            length: self.length.saturating_add(piece.len()),
            letters: self.letters || piece.bytes().any(|byte| byte.is_ascii_alphabetic()),
            digits: self.digits || piece.bytes().any(|byte| byte.is_ascii_digit()),
        }
    }

    fn data(self) -> usize {
        if self.letters && self.digits { self.length } else { 0 }
    }
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base64(bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for three in bytes.chunks(3) {
            let word = three.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
            for at in 0..4 {
                let six = usize::try_from((word >> (18 - 6 * at)) & 63).unwrap();
                out.push(if at <= three.len() { char::from(ALPHABET[six]) } else { '=' });
            }
        }
        out
    }

    #[test]
    fn words_are_words() {
        for text in [
            "",
            "She said: look!",
            "The data: nobody wrote it down.",
            "https://pictures.example/a/very/long/path/that/somebody/copied?with=a&query=of-some-length-and-more",
        ] {
            assert!(!is_image_data(text), "{text}");
        }
        assert!(!is_image_data(&"word ".repeat(4000)));
        assert!(!is_image_data(&"-".repeat(6000)), "a ruled line");
        assert!(!is_image_data(&"a".repeat(15_000)), "a letter that somebody leant on");
        assert!(is_image_data(&"89504e470d0a".repeat(30)), "a picture in hexadecimal digits");
    }

    #[test]
    fn a_data_address_is_found_however_it_is_spelled() {
        for text in [
            "data:image/png;base64,iVBORw0KGgo=",
            "look: DATA:Image/JPEG;base64,/9j/4AAQ",
            "src='data:;base64,R0lGODlh'",
            "data:application/octet-stream,%89PNG",
        ] {
            assert!(is_image_data(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn base64_is_found_bare_folded_and_amid_words(
            bytes in prop::collection::vec(any::<u8>(), 200..2000), fold in prop::sample::select(vec![0_usize, 64, 76]),
            before in "[a-z ]{0,40}",
        ) {
            let bare = base64(&bytes);
            let folded = match fold {
                0 => bare,
                n => bare.as_bytes().chunks(n).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\r\n"),
            };
            let text = format!("{before}\n{folded}\nthat was it");
            prop_assert!(is_image_data(&text));
        }

        #[test]
        fn what_people_write_is_kept(words in prop::collection::vec("[A-Za-z’,.!0-9]{1,30}", 0..400)) {
            prop_assert!(!is_image_data(&words.join(" ")));
            prop_assert!(!is_image_data(&words.join("\n")));
        }
    }
}
