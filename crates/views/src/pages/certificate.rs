//! Where a device gets the certificate under which our pages are trusted (S48).

use askama::Template;

use crate::shell::{Page, Paper};

/// The page that plain HTTP shows: what the certificate is, how to install it, by what to know it.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/certificate.html")]
pub struct Certificate {
    /// SHA-256 of the certificate, in pairs: what the terminal and the devices' own pages show too.
    pub fingerprint: String,
    /// Our pages over HTTPS, under the name that was asked for.
    pub pages: Option<String>,
}

impl Page for Certificate {
    fn title(&self) -> String {
        "Certificate for this device".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}
