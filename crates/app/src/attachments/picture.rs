//! Pictures that are kept are painted anew: the pixels go in, a fresh file comes out. What else a picture can carry (the
//! place, the hour, the camera, a thumbnail of what was cut away, another file behind it) does not.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::Kind;
use crate::{Error, Result};

/// Longest side, in pixels. A page that was photographed is readable with half of that.
const SIDE: u32 = 8_000;
/// Memory for one picture.
const MEMORY: u64 = 256 * 1024 * 1024;

/// Paints it anew.
///
/// # Errors
/// [`Error::Invalid`] on `file` for what is no picture, or too large a one.
pub(super) fn anew(content: &[u8], kind: Kind) -> Result<Vec<u8>> {
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Pdf | Kind::Docx | Kind::Text => return Err(Error::Internal("not a picture".into())),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(limits.clone());
    let unreadable = || Error::invalid("file", "This picture cannot be read, or it is too large. Choose another file.");
    let mut decoder = reader.into_decoder().map_err(|_| unreadable())?;
    // As `ImageReader::decode` does, which tells nothing of how the camera was held.
    limits.reserve(decoder.total_bytes()).map_err(|_| unreadable())?;
    decoder.set_limits(limits).map_err(|_| unreadable())?;
    let held = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(|_| unreadable())?;
    // The note of how it was held goes with all the others: a page that was photographed would lie on its side for ever.
    pixels.apply_orientation(held);
    // JPEG has no see-through.
    let pixels = if format == ImageFormat::Jpeg { pixels.to_rgb8().into() } else { pixels };
    let mut painted = Cursor::new(Vec::new());
    pixels.write_to(&mut painted, format).map_err(|_| unreadable())?;
    Ok(painted.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn png() -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(4, 3).write_to(&mut out, ImageFormat::Png).unwrap();
        out.into_inner()
    }

    #[test]
    fn what_hangs_on_a_picture_is_gone_and_the_picture_is_there() {
        let mut with_more = png();
        with_more.extend_from_slice(b"GPS 51.5N zanderfish");
        let painted = anew(&with_more, Kind::Png).unwrap();
        assert!(!painted.windows(10).any(|part| part == b"zanderfish"));
        let again = image::load_from_memory(&painted).unwrap();
        assert_eq!((again.width(), again.height()), (4, 3));
    }

    #[test]
    fn a_page_that_was_photographed_upright_stands_upright_when_the_note_of_the_camera_is_gone() {
        let mut plain = Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(40, 30).write_to(&mut plain, ImageFormat::Jpeg).unwrap();
        let plain = plain.into_inner();
        // Exif with one entry: orientation (0x0112), a short, 6: turn it a quarter to the right.
        let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let held = [&plain[..2], &[0xff, 0xe1], &length, exif, &plain[2..]].concat();
        let painted = anew(&held, Kind::Jpeg).unwrap();
        let again = image::load_from_memory(&painted).unwrap();
        assert_eq!((again.width(), again.height()), (30, 40));
        assert!(!painted.windows(4).any(|part| part == b"Exif"));
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_refused() {
        // A valid head that promises 60,000 by 60,000 pixels.
        let mut head = png();
        head[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(anew(&head, Kind::Png).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(noise in prop::collection::vec(any::<u8>(), 0..300), at in 8..60_usize) {
            let mut bent = png();
            let at = at.min(bent.len());
            bent.truncate(at);
            bent.extend(noise);
            let _ = anew(&bent, Kind::Png);
            let _ = anew(&bent, Kind::Jpeg);
        }
    }
}
