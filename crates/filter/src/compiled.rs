//! The compiled list file.

/// The key of one file's hashes: 16 random bytes from `OpCtx.rng`, so that nobody can craft names that collide.
#[derive(Clone, Copy)]
pub struct FileKey(pub [u8; 16]);

/// One compiled file, mapped or in memory.
#[derive(Debug)]
pub struct Compiled {}
