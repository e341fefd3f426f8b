//! Where a compiled file's bytes stand: mapped from the disk, read into memory, or handed over.
//!
//! A question touches two or three places anywhere in the file. On pages of 4 KiB each of them costs a walk through the
//! page tables besides the memory itself, which for a county's file is half of the answer's time (more in a virtual machine,
//! where every step of that walk is a walk of its own). So a large file that is read stands in pages of 2 MiB, where the
//! kernel has them to give; where it has not, the answers are the same, and slower.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memmap2::{Mmap, MmapMut};

/// Below this many bytes large pages gain nothing, and the last of them would stand mostly empty.
const LARGE: usize = 8 << 20;
/// No compiled file is longer: sixty times the largest that anybody publishes.
const LONGEST: u64 = 4 << 30;

/// The bytes.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file.
    pub(super) fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: the map is read-only and private. Its bytes change only if somebody writes into the file in place;
        // this program never does (it writes aside and renames, so an old map keeps its old file). All reading of it
        // is bounds-checked on plain bytes, so that changed bytes give a wrong answer at worst, not a wild pointer.
        #[expect(unsafe_code, reason = "mapping a file has no safe form")]
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Self::Mapped(map))
    }

    /// Reads a file into memory of its own.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let length = usize::try_from(length).ok().filter(|_| length <= LONGEST);
        let length = length.ok_or_else(|| io::Error::other("it is longer than any compiled list"))?;
        if length < LARGE {
            let mut bytes = Vec::with_capacity(length);
            file.take(LARGE as u64).read_to_end(&mut bytes)?;
            return Ok(Self::Owned(bytes));
        }
        let mut room = MmapMut::map_anon(length)?;
        // A kernel without large pages says so; that is no reason not to answer.
        #[cfg(target_os = "linux")]
        let _ = room.advise(memmap2::Advice::HugePage);
        file.read_exact(&mut room)?;
        Ok(Self::Mapped(room.make_read_only()?))
    }

    pub(super) fn get(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_however_it_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes");
        for length in [0, 1, LARGE - 1, LARGE, LARGE + 12_345] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7 + at / 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            assert!(Bytes::read(&path).unwrap().get() == bytes, "{length}");
            if length > 0 {
                assert!(Bytes::map(&path).unwrap().get() == bytes, "{length}");
            }
        }
        assert!(Bytes::read(folder.path()).is_err(), "a folder is none");
    }
}
