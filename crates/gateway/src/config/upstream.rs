//! A resolver above us, as it is written in a configuration:
//!
//! | Written | Means |
//! |---|---|
//! | `192.0.2.1`, `192.0.2.1:53`, `[2001:db8::1]:53` | UDP, and TCP for long answers |
//! | `tls://192.0.2.1#dns.example` | DNS over TLS, port 853; its certificate must be for `dns.example` |
//! | `https://192.0.2.1/dns-query#dns.example` | DNS over HTTPS, port 443 |
//!
//! The address is a number, because a name would need a resolver. Without `#NAME` the certificate must be for the
//! address. `?ca=FILE` before the `#` names the authority of a provider that has one of its own.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// A resolver above us.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Where.
    pub address: SocketAddr,
    /// How.
    pub way: Way,
    /// For whom its certificate is; `None`: for the address.
    pub name: Option<String>,
    /// A file with the authorities (PEM) to believe in the place of the browsers'.
    pub authority: Option<PathBuf>,
}

/// How a resolver is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Way {
    /// UDP, and TCP for long answers.
    Plain,
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTPS (RFC 8484).
    Https {
        /// The path, with its slash.
        path: String,
    },
}

impl From<SocketAddr> for Upstream {
    fn from(address: SocketAddr) -> Self {
        Self { address, way: Way::Plain, name: None, authority: None }
    }
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text} is no resolver's address. Write it like 192.0.2.1, tls://192.0.2.1#dns.example or https://192.0.2.1/dns-query#dns.example"
            )
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return address(text, 53).map(Self::from).ok_or_else(wrong);
        };
        let (rest, name) = match rest.rsplit_once('#') {
            Some((rest, name)) if !name.is_empty() => (rest, Some(name.to_owned())),
            Some(_) => return Err(wrong()),
            None => (rest, None),
        };
        let (rest, authority) = match rest.split_once("?ca=") {
            Some((rest, file)) => (rest, Some(PathBuf::from(file))),
            None => (rest, None),
        };
        let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (way, port) = match (scheme, path) {
            ("udp", "") => (Way::Plain, 53),
            ("tls", "" | "/") => (Way::Tls, 853),
            ("https", "" | "/") => (Way::Https { path: "/dns-query".into() }, 443),
            ("https", path) => (Way::Https { path: path.into() }, 443),
            _ => return Err(wrong()),
        };
        Ok(Self { address: address(host, port).ok_or_else(wrong)?, way, name, authority })
    }
}

fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    text.parse().ok().or_else(|| bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port)))
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Plain => return write!(f, "{}", self.address),
            Way::Tls => write!(f, "tls://{}", self.address)?,
            Way::Https { path } => write!(f, "https://{}{path}", self.address)?,
        }
        if let Some(file) = &self.authority {
            write!(f, "?ca={}", file.display())?;
        }
        self.name.as_ref().map_or(Ok(()), |name| write!(f, "#{name}"))
    }
}

impl<'de> serde::Deserialize<'de> for Upstream {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (written, shown) in [
            ("192.0.2.1", "192.0.2.1:53"),
            ("192.0.2.1:5300", "192.0.2.1:5300"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[2001:db8::1]", "[2001:db8::1]:53"),
            ("udp://192.0.2.1", "192.0.2.1:53"),
            ("tls://192.0.2.1#dns.example", "tls://192.0.2.1:853#dns.example"),
            ("tls://[2001:db8::1]:8853", "tls://[2001:db8::1]:8853"),
            ("https://192.0.2.1#dns.example", "https://192.0.2.1:443/dns-query#dns.example"),
            ("https://192.0.2.1:4430/q?ca=/etc/ca.pem#d.example", "https://192.0.2.1:4430/q?ca=/etc/ca.pem#d.example"),
        ] {
            let upstream: Upstream = written.parse().unwrap();
            assert_eq!(upstream.to_string(), shown);
            assert_eq!(shown.parse::<Upstream>().unwrap(), upstream);
        }
        for bad in ["", "dns.example", "tls://dns.example", "tls://192.0.2.1/x", "quic://192.0.2.1", "tls://192.0.2.1#"]
        {
            assert!(bad.parse::<Upstream>().unwrap_err().contains("is no resolver's address"), "{bad}");
        }
    }
}
