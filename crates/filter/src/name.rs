//! Host names in one spelling.

use std::net::IpAddr;

/// A canonical host name: lower case, punycode, no trailing dot, at most 253 bytes, labels of 1 to 63.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

/// A name or a literal address: what a URL, a CONNECT or a list line may speak of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A name.
    Name(HostName),
    /// A literal address.
    Ip(IpAddr),
}

/// Why a text is no host name. Each reads as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// More than 253 bytes.
    #[error("it is longer than 253 characters")]
    TooLong,
    /// A label of none or more than 63 bytes.
    #[error("a part between two dots is empty or longer than 63 characters")]
    Label,
    /// A byte that names cannot hold.
    #[error("it holds a character that host names cannot hold")]
    Character,
    /// It is not valid international text.
    #[error("it is not a valid international name")]
    International,
    /// It is an address.
    #[error("it is an address, not a name")]
    Address,
    /// It ends in a number but is no address.
    #[error("it ends in a number but is not an address")]
    Number,
}

impl HostName {
    /// Reads a name as people and programs write it. An address is refused.
    pub fn parse(_text: &str) -> Result<Self, NameError> {
        todo!()
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Host {
    /// Reads a name or an address (IPv4 also in octal, hexadecimal and short forms; IPv6 with or without brackets).
    pub fn parse(_text: &str) -> Result<Self, NameError> {
        todo!()
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}
