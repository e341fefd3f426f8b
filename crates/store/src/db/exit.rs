//! The end of the process. SQLCipher frees its private heap, and OpenSSL its tables, in exit handlers of their own, while
//! connection threads may still be closing their pages: a crash after everything was done. Nothing needs those handlers:
//! the system takes the memory back, and what is committed is on the disk.
//!
//! So ours runs first (exit handlers run last in, first out) and ends the process there, with the status it had.

use std::ffi::{c_int, c_void};
use std::sync::Once;

/// `OPENSSL_INIT_NO_ATEXIT` of OpenSSL 3 (crypto.h): no exit handler.
const NO_ATEXIT: u64 = 0x0008_0000;

// SQLCipher links the first two; the others are the C library's.
unsafe extern "C" {
    fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> c_int;
    fn sqlite3_initialize() -> c_int;
    #[cfg(target_env = "gnu")]
    fn on_exit(handler: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    #[cfg(target_env = "gnu")]
    fn _exit(status: c_int) -> !;
}

/// Once, before the first connection: whoever initialises OpenSSL first decides, and SQLCipher registers its handler when
/// it is initialised.
pub(super) fn before_the_handlers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: documented as callable from any thread at any time; no settings means its defaults.
        let quiet = unsafe { OPENSSL_init_crypto(NO_ATEXIT, std::ptr::null()) } == 1;
        // SAFETY: documented as thread-safe and harmless when repeated.
        let ready = unsafe { sqlite3_initialize() } == 0;
        if !(quiet && ready && registered()) {
            tracing::warn!("the libraries under the database keep their exit handlers");
        }
    });
}

/// Rust has flushed its own streams before any exit handler runs, and nothing here prints through C.
#[cfg(target_env = "gnu")]
fn registered() -> bool {
    extern "C" fn leave(status: c_int, _: *mut c_void) {
        // SAFETY: ends the process; touches no memory of ours.
        unsafe { _exit(status) }
    }
    // SAFETY: the handler is a plain function that lives as long as the process, and its argument is unused.
    unsafe { on_exit(leave, std::ptr::null_mut()) == 0 }
}

/// Only the GNU library tells a handler the status to leave with; elsewhere the race at the end remains.
#[cfg(not(target_env = "gnu"))]
fn registered() -> bool {
    false
}
