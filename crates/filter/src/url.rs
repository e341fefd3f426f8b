//! URLs in one spelling, so that no second spelling slips through.

use crate::{Host, NameError};

/// A canonical URL without scheme, user, port and fragment: what lists speak of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CanonicalUrl {
    host: Host,
    path: String,
    query: Option<String>,
}

/// Why a text is no URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// More than we read.
    #[error("it is longer than 8192 characters")]
    TooLong,
    /// A port that is no port.
    #[error("its port is not a number up to 65535")]
    Port,
    /// Its host is none.
    #[error("its host cannot be read: {0}")]
    Host(#[from] NameError),
}

impl CanonicalUrl {
    /// Reads a URL, with or without its scheme.
    pub fn parse(_text: &str) -> Result<Self, UrlError> {
        todo!()
    }

    /// Its host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its path; begins with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its query without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}
