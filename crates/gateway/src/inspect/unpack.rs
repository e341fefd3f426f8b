//! The beginning of an answer as a browser will read it, unpacked as far as it is looked at.
//!
//! A packed answer may be a bomb: a few kilobytes that unpack to gigabytes, or kilobytes without end that unpack to nothing. So
//! both are counted: no more is unpacked than is wanted, and no more packed bytes are waited for than that. The device gets the
//! answer as it came. What it is not: br or zstd, which we ask for nothing in; such an answer is not looked into.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// One answer that is being read.
pub(super) struct Unpacking {
    how: How,
    /// Bytes as they came.
    came: usize,
    /// Nothing more can be got out of it.
    over: bool,
}

enum How {
    Plain(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Limited>>),
    /// `deflate` is zlib's form (RFC 9110, 8.4.1.2); many send the bare one. The first byte tells.
    Deflate,
    Zlib(Box<ZlibDecoder<Limited>>),
    Bare(Box<DeflateDecoder<Limited>>),
}

impl Unpacking {
    /// By what `Content-Encoding` says, in small letters; nothing for what we do not unpack.
    pub(super) fn of(coding: &str) -> Option<Self> {
        let how = match coding.trim() {
            "" | "identity" => How::Plain(Vec::new()),
            "gzip" | "x-gzip" => How::Gzip(Box::new(MultiGzDecoder::new(Limited::default()))),
            "deflate" => How::Deflate,
            _ => return None,
        };
        Some(Self { how, came: 0, over: false })
    }

    /// Whether more is needed to have `most` bytes.
    pub(super) fn wants(&self, most: usize) -> bool {
        !self.over && self.came < most && self.bytes().len() < most
    }

    /// Takes the next bytes as they came; keeps `most` of what they unpack to.
    pub(super) fn feed(&mut self, bytes: &[u8], most: usize) {
        self.came = self.came.saturating_add(bytes.len());
        if let (How::Deflate, Some(first)) = (&self.how, bytes.first()) {
            self.how = match first & 0x0f {
                8 => How::Zlib(Box::new(ZlibDecoder::new(Limited::default()))),
                _ => How::Bare(Box::new(DeflateDecoder::new(Limited::default()))),
            };
        }
        // Whatever cannot be unpacked, or is enough, ends it; what was got until then is weighed.
        self.over |= match &mut self.how {
            How::Plain(kept) => {
                let room = most.saturating_sub(kept.len());
                kept.extend_from_slice(bytes.get(..bytes.len().min(room)).unwrap_or_default());
                false
            }
            How::Deflate => false,
            How::Gzip(decoder) => {
                decoder.get_mut().most = most;
                decoder.write_all(bytes).and_then(|()| decoder.flush()).is_err()
            }
            How::Zlib(decoder) => {
                decoder.get_mut().most = most;
                decoder.write_all(bytes).and_then(|()| decoder.flush()).is_err()
            }
            How::Bare(decoder) => {
                decoder.get_mut().most = most;
                decoder.write_all(bytes).and_then(|()| decoder.flush()).is_err()
            }
        };
    }

    /// What there is.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.how {
            How::Plain(kept) => kept,
            How::Deflate => &[],
            How::Gzip(decoder) => &decoder.get_ref().kept,
            How::Zlib(decoder) => &decoder.get_ref().kept,
            How::Bare(decoder) => &decoder.get_ref().kept,
        }
    }
}

/// Takes so much and refuses the rest, which stops the decoder.
#[derive(Default)]
struct Limited {
    kept: Vec<u8>,
    most: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.most.saturating_sub(self.kept.len());
        let some = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        self.kept.extend_from_slice(some);
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    const MOST: usize = 96 << 10;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn unpacked(coding: &str, packed: &[u8], bite: usize) -> (Vec<u8>, usize) {
        let mut unpacking = Unpacking::of(coding).unwrap();
        for some in packed.chunks(bite) {
            if !unpacking.wants(MOST) {
                break;
            }
            unpacking.feed(some, MOST);
        }
        (unpacking.bytes().to_vec(), unpacking.came)
    }

    #[test]
    fn every_way_of_packing_that_we_ask_for_is_read_in_any_bites() {
        let text = b"Casino bonus: free spins on every slot".repeat(40);
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(&text).unwrap();
        let packed = [
            ("", text.clone()),
            ("identity", text.clone()),
            ("gzip", gzip(&text)),
            ("x-gzip", gzip(&text)),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", bare.finish().unwrap()),
        ];
        for (coding, packed) in packed {
            for bite in [1, 13, 1 << 20] {
                assert!(unpacked(coding, &packed, bite).0 == text, "{coding} in bites of {bite}");
            }
        }
        for other in ["br", "zstd", "gzip, br", "compress"] {
            assert!(Unpacking::of(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_is_looked_at() {
        let bomb = gzip(&vec![b'a'; 64 << 20]);
        assert!(bomb.len() < 80_000, "{}", bomb.len());
        for bite in [100, 4096, bomb.len()] {
            let (got, _) = unpacked("gzip", &bomb, bite);
            assert_eq!(got.len(), MOST, "in bites of {bite}");
        }
    }

    #[test]
    fn packed_nothing_without_end_is_not_waited_for() {
        let nothing = gzip(b"").repeat(20_000);
        let (got, came) = unpacked("gzip", &nothing, 1000);
        assert!(got.is_empty() && came <= MOST + 1000, "{came}");
    }

    #[test]
    fn damaged_bytes_end_it_with_what_there_was() {
        let mut packed = gzip(&b"free spins ".repeat(2000));
        let middle = packed.len() / 2;
        packed[middle..].fill(0xff);
        let (got, _) = unpacked("gzip", &packed, 64);
        assert!(got.len() < 22_000);
        assert_eq!(unpacked("gzip", b"no gzip at all", 3).0, b"");
    }
}
