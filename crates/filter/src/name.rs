//! Host names in one spelling, so that a list, a rule and a query that mean the same name are the same bytes.
//!
//! What it is: [`HostName`] (lower case, punycode, no trailing dot, bounded), [`Host`] (a name or a literal address),
//! and the walk over a name's suffixes.
//! What it is not: a registry's opinion. Underscores and odd hyphens live in real DNS and in real lists, so they pass.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smol_str::SmolStr;

/// Longest name in text, without the trailing dot (RFC 1035 section 3.1: 255 bytes on the wire).
const LONGEST_NAME: usize = 253;
/// Longest label (RFC 1035 section 3.1).
const LONGEST_LABEL: usize = 63;

/// A canonical host name: lower case, punycode, no trailing dot, at most 253 bytes, labels of 1 to 63.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(SmolStr);

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
    ///
    /// # Errors
    /// A [`NameError`] that says which bound or character is broken.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match Host::parse(text)? {
            Host::Name(name) => Ok(name),
            Host::Ip(_) => Err(NameError::Address),
        }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same to keep: it shares what this name has.
    pub fn text(&self) -> SmolStr {
        self.0.clone()
    }

    /// The name, then the same without its first label, and so on to the top-level label. Does not allocate.
    ///
    /// ```
    /// let name = holdfast_filter::HostName::parse("A.example.com.").unwrap();
    /// assert_eq!(name.suffixes().collect::<Vec<_>>(), ["a.example.com", "example.com", "com"]);
    /// ```
    pub fn suffixes(&self) -> Suffixes<'_> {
        suffixes(&self.0)
    }

    /// Whether this is `parent` or a name below it. `notexample.com` is not below `example.com`.
    pub fn is_at_or_below(&self, parent: &HostName) -> bool {
        self.suffixes().any(|suffix| suffix == parent.as_str())
    }
}

/// The suffixes of a name at its dots, longest first; made by [`HostName::suffixes`].
#[derive(Debug, Clone)]
pub struct Suffixes<'a> {
    rest: Option<&'a str>,
}

/// The suffixes of a text that is already canonical; a literal address has only itself.
pub(crate) fn suffixes(canonical: &str) -> Suffixes<'_> {
    Suffixes { rest: Some(canonical) }
}

impl<'a> Iterator for Suffixes<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let here = self.rest?;
        // By bytes: a search for a letter costs more than such short texts have.
        self.rest = here.bytes().position(|byte| byte == b'.').and_then(|dot| here.get(dot + 1..));
        Some(here)
    }
}

impl Host {
    /// Reads a name or an address (IPv4 also in octal, hexadecimal and short forms; IPv6 with or without brackets).
    ///
    /// # Errors
    /// A [`NameError`] that says which bound or character is broken.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        // Most names are plain: they come from the wire, and one look at each byte says so.
        let kinds = byte::kinds(text);
        if kinds & byte::FOREIGN == 0 {
            return Self::ascii(text, kinds);
        }
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(NameError::Character)?;
            return ipv6(inner).ok_or(NameError::Character);
        }
        if text.contains(':') {
            return ipv6(text).ok_or(NameError::Character);
        }
        let ascii = ascii(text)?;
        Self::ascii(&ascii, byte::kinds(&ascii))
    }

    /// Reads a name of ASCII letters, in which are these kinds of bytes.
    fn ascii(text: &str, kinds: u8) -> Result<Self, NameError> {
        let bare = text.strip_suffix('.').unwrap_or(text);
        if bare.is_empty() {
            return Err(NameError::Empty);
        }
        if bare.len() > LONGEST_NAME {
            return Err(NameError::TooLong);
        }
        let last = last_label(bare, kinds & byte::FOREIGN != 0)?;
        // Only a number begins with a digit and may be one.
        if last.first().is_some_and(u8::is_ascii_digit) && ends_in_number(bare) {
            return ipv4(bare).map(|ip| Self::Ip(IpAddr::V4(ip))).ok_or(NameError::Number);
        }
        let name = match kinds & byte::UPPER != 0 {
            true => SmolStr::from(bare.to_ascii_lowercase()),
            false => SmolStr::new(bare),
        };
        Ok(Self::Name(HostName(name)))
    }

    /// The canonical text, to keep.
    pub fn text(&self) -> SmolStr {
        match self {
            Self::Name(name) => name.text(),
            Self::Ip(ip) => smol_str::format_smolstr!("{ip}"),
        }
    }

    /// The name, if it is one.
    pub fn name(&self) -> Option<&HostName> {
        match self {
            Self::Name(name) => Some(name),
            Self::Ip(_) => None,
        }
    }
}

/// What a byte of a name is.
mod byte {
    /// A dot between labels.
    pub(super) const DOT: u8 = 1;
    /// An upper case letter.
    pub(super) const UPPER: u8 = 2;
    /// Nothing that a label may hold.
    pub(super) const FOREIGN: u8 = 4;

    /// By its value; the rest is what a label may hold as it is.
    pub(super) const KIND: [u8; 256] = {
        let mut kinds = [FOREIGN; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            #[expect(clippy::indexing_slicing, reason = "worked out when this is compiled")]
            {
                kinds[byte as usize] = match byte {
                    b'.' => DOT,
                    b'A'..=b'Z' => UPPER,
                    b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => 0,
                    _ => FOREIGN,
                };
            }
            byte += 1;
        }
        kinds
    };

    /// What is in a text.
    pub(super) fn kinds(text: &str) -> u8 {
        text.bytes().fold(0, |all, byte| all | KIND.get(usize::from(byte)).copied().unwrap_or(FOREIGN))
    }
}

/// Checks every label of a name, and gives the last.
fn last_label(name: &str, foreign: bool) -> Result<&[u8], NameError> {
    let mut last: &[u8] = &[];
    for part in name.as_bytes().split(|byte| *byte == b'.') {
        label(part.len(), foreign && part.iter().any(|byte| is_foreign(*byte)))?;
        last = part;
    }
    Ok(last)
}

fn is_foreign(byte: u8) -> bool {
    byte::KIND.get(usize::from(byte)).is_none_or(|kind| *kind == byte::FOREIGN)
}

fn label(length: usize, foreign: bool) -> Result<(), NameError> {
    match length {
        1..=LONGEST_LABEL if foreign => Err(NameError::Character),
        1..=LONGEST_LABEL => Ok(()),
        _ => Err(NameError::Label),
    }
}

/// ASCII stays as it is, also broken `xn--` labels: a browser that sends one must still meet the list.
fn ascii(text: &str) -> Result<Cow<'_, str>, NameError> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    // Four bytes a character at most; what is longer cannot become a name, and IDNA costs more than linear time.
    if text.len() > LONGEST_NAME * 4 {
        return Err(NameError::TooLong);
    }
    idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::EMPTY).map_err(|_| NameError::International)
}

fn ipv6(text: &str) -> Option<Host> {
    // A zone (`%eth0`) says through which cable, not where to.
    let bare = text.split_once('%').map_or(text, |(address, _)| address);
    let ip: Ipv6Addr = bare.parse().ok()?;
    Some(Host::Ip(IpAddr::V6(ip).to_canonical()))
}

/// The URL standard's "ends in a number": such a host is an IPv4 address or nothing.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.bytes().all(|byte| byte.is_ascii_digit()) || number(last).is_some()
}

/// IPv4 as browsers read it: one to four numbers in decimal, octal (`0…`) or hexadecimal (`0x…`); the last one
/// fills all bytes that are left.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut value: u32 = 0;
    let parts = text.split('.').count();
    if parts > 4 {
        return None;
    }
    for (at, part) in text.split('.').enumerate() {
        let part = number(part)?;
        if at + 1 < parts {
            let shift = 8 * (3 - u32::try_from(at).ok()?);
            value |= u32::from(u8::try_from(part).ok()?) << shift;
        } else {
            let room = 8 * (4 - u32::try_from(at).ok()?);
            if u64::from(part) >= 1_u64 << room {
                return None;
            }
            value |= part;
        }
    }
    Some(Ipv4Addr::from(value))
}

fn number(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        if digits.is_empty() {
            return Some(0);
        }
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?;
    }
    let radix = if text.len() > 1 && text.starts_with('0') { 8 } else { 10 };
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| u32::from_str_radix(text, radix).ok())?
}

/// Whether a rule on this name would cover more than anybody can have meant: a single label, or a public suffix
/// (`co.uk`). Suffixes that companies registered for their customers (`blogspot.com`) are a fair target.
pub(crate) fn too_wide(name: &HostName) -> Option<&'static str> {
    let text = name.as_str();
    if !text.contains('.') {
        return Some("it is a single word, which would cover a whole top-level domain");
    }
    // With a label before it: `sch.uk` is no suffix itself, but every name directly below it is one.
    let below = [b"x.", text.as_bytes()].concat();
    let whole = |name: &[u8]| {
        psl::suffix(name).is_some_and(|suffix| suffix.as_bytes() == name && suffix.typ() == Some(psl::Type::Icann))
    };
    (whole(text.as_bytes()) || whole(&below))
        .then_some("it is a public suffix, which would cover everybody's names below it")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<String, NameError> {
        HostName::parse(text).map(|name| name.to_string())
    }

    #[test]
    fn one_spelling() {
        assert_eq!(name("WWW.Example.COM."), Ok("www.example.com".into()));
        assert_eq!(name("bücher.example"), Ok("xn--bcher-kva.example".into()));
        assert_eq!(name("BÜCHER。example"), Ok("xn--bcher-kva.example".into()));
        assert_eq!(name("_dns.resolver.arpa"), Ok("_dns.resolver.arpa".into()));
        assert_eq!(name("-odd-.example"), Ok("-odd-.example".into()));
    }

    #[test]
    fn bounds() {
        let label = "a".repeat(63);
        assert!(name(&label).is_ok());
        assert_eq!(name(&format!("{label}a")), Err(NameError::Label));
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(name(&format!("{longest}.")).is_ok());
        assert_eq!(name(&format!("{longest}a")), Err(NameError::TooLong));
        for (text, why) in [
            ("", NameError::Empty),
            (".", NameError::Empty),
            ("a..b", NameError::Label),
            (".a", NameError::Label),
            ("a b.example", NameError::Character),
            ("a\0.example", NameError::Character),
            ("a/b", NameError::Character),
            ("1.2.3.4", NameError::Address),
            ("[::1]", NameError::Address),
            ("1.2.3.4.5", NameError::Number),
            ("example.0xzz.1", NameError::Number),
        ] {
            assert_eq!(name(text), Err(why), "{text}");
        }
    }

    #[test]
    fn addresses_in_every_dress() {
        for text in [
            "195.127.0.11",
            "3279880203",
            "0xc37f000b",
            "0303.0177.0.013",
            "195.127.11",
            "0xc3.0x7f.0x0.0xb",
            "195.127.0.11.",
        ] {
            assert_eq!(Host::parse(text), Ok(Host::Ip("195.127.0.11".parse().unwrap())), "{text}");
        }
        assert_eq!(Host::parse("[::ffff:1.2.3.4]"), Ok(Host::Ip("1.2.3.4".parse().unwrap())));
        assert_eq!(Host::parse("[fe80::1%eth0]"), Ok(Host::Ip("fe80::1".parse().unwrap())));
        for text in ["256.1.1.1", "1.2.3.256", "1.2.65536", "4294967296", "08.1.1.1"] {
            assert_eq!(Host::parse(text), Err(NameError::Number), "{text}");
        }
        // Octal that is no octal, inside a name that ends in letters, is a name.
        assert!(Host::parse("08.example").unwrap().name().is_some());
    }

    #[test]
    fn a_rule_can_be_too_wide() {
        for wide in ["com", "co.uk", "localhost", "sch.uk"] {
            assert!(too_wide(&HostName::parse(wide).unwrap()).is_some(), "{wide}");
        }
        for fine in ["example.com", "example.co.uk", "blogspot.com"] {
            assert!(too_wide(&HostName::parse(fine).unwrap()).is_none(), "{fine}");
        }
    }
}
