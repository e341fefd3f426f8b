//! What the worker may take from the machine. Set before a byte is read, and never lifted again.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Address space, in bytes. Typst needs a tenth of it; the rest is thread stacks and allocator reserves.
const MEMORY: u64 = 2 << 30;
/// Processor time, in seconds. A long concern takes one.
const CPU_SECONDS: u64 = 60;
/// Largest file, for people who send standard output to one.
const FILE_BYTES: u64 = 64 << 20;
/// Standard input, output and error. With no fourth descriptor there is no file and no socket to open.
const DESCRIPTORS: u64 = 3;

/// Applies all of them.
///
/// # Errors
/// When the system refuses one; then nothing may be read.
pub(crate) fn apply() -> rustix::io::Result<()> {
    // No core dump: it would hold the record.
    for (resource, limit) in
        [(Resource::Core, 0), (Resource::As, MEMORY), (Resource::Fsize, FILE_BYTES), (Resource::Nofile, DESCRIPTORS)]
    {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    // The soft limit sends SIGXCPU, which says why; the hard one would be a bare SIGKILL.
    setrlimit(Resource::Cpu, Rlimit { current: Some(CPU_SECONDS), maximum: Some(CPU_SECONDS + 5) })?;
    Ok(())
}
