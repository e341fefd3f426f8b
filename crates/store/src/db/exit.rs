//! The end of the process. OpenSSL, inside SQLCipher, tears itself down in an exit handler of its own, while connection
//! threads may still be closing their pages: a crash after everything was done. Nothing needs that handler; the system
//! takes the memory back.

use std::ffi::c_void;
use std::sync::Once;

/// `OPENSSL_INIT_NO_ATEXIT` of OpenSSL 3 (crypto.h): no exit handler.
const NO_ATEXIT: u64 = 0x0008_0000;

// SQLCipher links the library; this is the one function of it that we call ourselves.
unsafe extern "C" {
    fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> i32;
}

/// Once, before the first connection: whoever initialises OpenSSL first decides.
pub(super) fn without_a_handler() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: documented as callable from any thread at any time; no settings means its defaults.
        let done = unsafe { OPENSSL_init_crypto(NO_ATEXIT, std::ptr::null()) };
        if done != 1 {
            tracing::warn!("OpenSSL keeps its exit handler");
        }
    });
}
