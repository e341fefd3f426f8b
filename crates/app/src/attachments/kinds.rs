//! What kinds of files are kept: few, told apart by their own first bytes, never by a name or a browser's word.

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A document. Kept as it is; leaves as a file, never opened inside a page.
    Pdf,
    /// A word processor's document.
    Docx,
    /// Plain words.
    Text,
    /// A photograph, painted anew: nothing of the camera, the place or the hour is left in it.
    Jpeg,
    /// A drawing or a screen, painted anew.
    Png,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Pdf, Self::Docx, Self::Text, Self::Jpeg, Self::Png];

    /// The kind of some bytes; `None`: nothing that is kept.
    pub fn of(content: &[u8]) -> Option<Self> {
        let kind = infer::get(content).map(|kind| kind.mime_type());
        match kind {
            Some(known) => Self::from_media_type(known).filter(|kind| *kind != Self::Text),
            // Words have no mark of their own: they are UTF-8 without control characters, and no mark-up or program.
            None => is_plain(content).then_some(Self::Text),
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Text => "text/plain",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The kind of a media type.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    /// The end of its name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Text => "txt",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Is it a picture?
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png)
    }
}

fn is_plain(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let control = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    let start = text.trim_start_matches('\u{feff}').trim_start();
    !control && !start.starts_with(['<', '#', '%']) && !domain::pasted::is_image_data(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_say_what_they_are_whatever_they_are_called() {
        assert_eq!(Kind::of(b"%PDF-1.7\n..."), Some(Kind::Pdf));
        assert_eq!(Kind::of(b"\x89PNG\r\n\x1a\n...."), Some(Kind::Png));
        assert_eq!(Kind::of(b"\xff\xd8\xff\xe0..."), Some(Kind::Jpeg));
        assert_eq!(Kind::of("Dear parents, thank you.\n".as_bytes()), Some(Kind::Text));
        for other in [
            &b"GIF89a....."[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<html><script>alert(1)</script>",
            b"#!/bin/sh\nrm -rf /",
            b"MZ\x90\x00",
            b"\x7fELF....",
            b"PK\x03\x04 some archive",
            b"\x00\x01\x02",
            b"\xff\xfe\x00",
        ] {
            assert_eq!(Kind::of(other), None, "{other:?}");
        }
        let hidden = format!("see: data:image/png;base64,{}", "A".repeat(300));
        assert_eq!(Kind::of(hidden.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(content in prop::collection::vec(any::<u8>(), 0..4000)) {
            let _ = Kind::of(&content);
        }
    }
}
