//! URLs in one spelling, so that no second spelling slips through.
//!
//! What it is: canonicalisation after the Safe Browsing rules (percent-decoding until nothing is left to decode, dots,
//! double slashes, ports, users, fragments, addresses in octal and hexadecimal, international names), and the walk over
//! a path's prefixes.
//! What it is not: a URL for fetching. The result is what lists speak of: `host/path?query`.

use crate::{Host, NameError};

/// Longest URL that is read, in bytes. Browsers send no longer ones that a list could mean.
pub const LONGEST: usize = 8192;

/// A canonical URL without scheme, user, port and fragment: what lists speak of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CanonicalUrl {
    host: Host,
    path: String,
    query: Option<String>,
}

/// Why a text is no URL. Each reads as the end of a sentence.
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
    ///
    /// # Errors
    /// [`UrlError`] when it is too long or has no readable host.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > LONGEST {
            return Err(UrlError::TooLong);
        }
        // Tabs and line ends are dropped wherever they stand, as browsers do.
        let text: String = text.trim().chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
        let text = text.split_once('#').map_or(text.as_str(), |(before, _)| before);
        let rest = without_scheme(text);
        let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let host = host(authority)?;
        // Decoded before it is cut: a `%3F` is a question mark (Safe Browsing decodes the whole address first), or the same
        // address would have two spellings that nothing tells apart.
        let decoded = unescape(tail.as_bytes());
        let mut parts = decoded.splitn(2, |byte| *byte == b'?');
        let path = canonical_path(parts.next().unwrap_or_default());
        Ok(Self { host, path, query: parts.next().map(escape) })
    }

    /// A host with nothing behind it.
    pub fn of_host(host: Host) -> Self {
        Self { host, path: "/".into(), query: None }
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

impl std::fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.host, &self.query) {
            (Host::Ip(std::net::IpAddr::V6(ip)), _) => write!(f, "[{ip}]{}", self.path)?,
            (host, _) => write!(f, "{host}{}", self.path)?,
        }
        self.query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

/// `scheme://rest`; a browser reads backslashes there as slashes.
fn without_scheme(text: &str) -> &str {
    let Some((scheme, rest)) = text.split_once(':') else {
        return text;
    };
    let named = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let slashes = rest.bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    if named && slashes >= 2 { rest.trim_start_matches(['/', '\\']) } else { text }
}

/// User and port fall away; leading, trailing and doubled dots too, as Safe Browsing asks.
fn host(authority: &str) -> Result<Host, UrlError> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, port)) => (inner, port.strip_prefix(':').unwrap_or(port)),
        None => host.split_once(':').unwrap_or((host, "")),
    };
    if !port.is_empty() && port.parse::<u16>().is_err() {
        return Err(UrlError::Port);
    }
    let decoded = unescape(host.as_bytes());
    let decoded = String::from_utf8(decoded).map_err(|_| NameError::Character)?;
    if decoded.contains(':') {
        return Ok(Host::parse(&decoded)?);
    }
    let mut dotted = String::with_capacity(decoded.len());
    for label in decoded.split('.').filter(|label| !label.is_empty()) {
        if !dotted.is_empty() {
            dotted.push('.');
        }
        dotted.push_str(label);
    }
    Ok(Host::parse(&dotted)?)
}

/// Decodes `%XX` again and again until nothing is left to decode, in one pass: after each byte the end of the output
/// is looked at once more. Gives the same as looping over the whole text (`%2541` → `%41` → `A`), in linear time.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        out.push(*byte);
        while let [.., b'%', high, low] = out.as_slice() {
            let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) else {
                break;
            };
            out.truncate(out.len() - 3);
            out.push(high * 16 + low);
        }
    }
    out
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Writes `%XX` for what is not plain: control characters, blanks, bytes beyond ASCII, `#` and `%`.
fn escape(bytes: &[u8]) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if *byte <= b' ' || *byte >= 0x7f || matches!(byte, b'#' | b'%') {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        } else {
            out.push(char::from(*byte));
        }
    }
    out
}

fn canonical_path(decoded: &[u8]) -> String {
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut folder = true;
    for segment in decoded.split(|byte| matches!(byte, b'/' | b'\\')) {
        folder = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut out = String::with_capacity(decoded.len() + 1);
    for segment in &segments {
        out.push('/');
        out.push_str(&escape(segment));
    }
    if folder || segments.is_empty() {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        CanonicalUrl::parse(text).unwrap().to_string()
    }

    #[test]
    fn one_spelling() {
        for (text, canonical) in [
            ("http://user:pw@bücher.example:80/A", "xn--bcher-kva.example/A"),
            ("http://[2001:DB8::1]:80/a", "[2001:db8::1]/a"),
            ("http:\\\\evil.com\\a\\..\\b", "evil.com/b"),
            ("http://0303.0177.0.013/x/./y", "195.127.0.11/x/y"),
            ("http://a.example/b%3Fc/../d?e", "a.example/b?c/../d?e"),
            ("http://a.example/c%253f", "a.example/c?"),
        ] {
            assert_eq!(url(text), canonical, "{text}");
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(CanonicalUrl::parse("http:///"), Err(UrlError::Host(NameError::Empty)));
        assert_eq!(CanonicalUrl::parse("http://a.example:99999/"), Err(UrlError::Port));
        assert_eq!(CanonicalUrl::parse(&"a".repeat(8193)), Err(UrlError::TooLong));
        assert!(CanonicalUrl::parse("http://a%00b.example/").is_err());
    }
}
