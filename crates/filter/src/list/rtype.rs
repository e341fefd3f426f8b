//! The names of DNS record types, for `$dnstype`.
//!
//! What it is not: a DNS library. Source: IANA's registry of resource record types, November 2026; `TYPE123` is RFC 3597's.

/// Types that lists and zones speak of.
const KNOWN: [(&str, u16); 22] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("PTR", 12),
    ("HINFO", 13),
    ("MX", 15),
    ("TXT", 16),
    ("RP", 17),
    ("AAAA", 28),
    ("LOC", 29),
    ("SRV", 33),
    ("NAPTR", 35),
    ("DNAME", 39),
    ("DS", 43),
    ("RRSIG", 46),
    ("DNSKEY", 48),
    ("TLSA", 52),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("ANY", 255),
    ("CAA", 257),
];

/// The number of a type.
pub(super) fn number(text: &str) -> Result<u16, String> {
    let upper = text.trim().to_ascii_uppercase();
    let known = KNOWN.iter().find(|(name, _)| *name == upper).map(|(_, number)| *number);
    known
        .or_else(|| upper.strip_prefix("TYPE")?.parse().ok())
        .ok_or_else(|| format!("“{}” is no type of DNS record", super::line::shown(text)))
}

/// Whether a word is the name of a type.
pub(super) fn is_one(text: &str) -> bool {
    KNOWN.iter().any(|(name, _)| name.eq_ignore_ascii_case(text))
}
