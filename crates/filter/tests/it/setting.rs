//! A small setting with small lists, for every test here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use filter::{
    Audience, CanonicalUrl, Categories, Device, FileKey, Group, Host, Lists, NameRule, PolicySnapshot, Prepared,
    Reason, Request, SafeSearch, SealedTier, Verdict, compile, decide,
};
use holdfast_filter as filter;
use jiff::Timestamp;
use uuid::Uuid;

pub(crate) const KEY: FileKey = FileKey([3; 16]);
pub(crate) const TABLET: Uuid = Uuid::from_u128(1);
pub(crate) const LAPTOP: Uuid = Uuid::from_u128(2);

pub(crate) const CATEGORIES: &str = r#"
    [[category]]
    id = "pornography"
    title = "Pornography"
    why = "It is not for children."
    lists = ["adult", "mixed_adult"]
    because = ["FIL-02"]
    kind = "black"
"#;

pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// A UT1 folder with three categories.
pub(crate) fn ut1(root: &Path) {
    for (name, text) in [
        ("adult/domains", "porn.example.com\nboth.example.com\n198.51.100.7\n"),
        ("adult/urls", "shared.example.com/adult/\n"),
        ("adult/usage", "black\nadult\nporn\n"),
        ("mixed_adult/domains", "both.example.com\n"),
        ("mixed_adult/usage", "black\n"),
        ("games/domains", "games.example.com\nexample.net\n"),
        ("games/expressions", "(play|game)-station\n(unclosed\n"),
        ("games/usage", "black\n"),
        ("child/domains", "painting.example.com\n"),
        ("child/usage", "white\nchild\n"),
    ] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

pub(crate) fn some_lists() -> Lists {
    let folder = tempfile::tempdir().unwrap();
    ut1(folder.path());
    let out = folder.path().join("out.compiled");
    compile(&[folder.path().to_owned()], &out, KEY).unwrap();
    Lists::open(&out).unwrap().with_categories(&Categories::parse(CATEGORIES).unwrap())
}

pub(crate) fn rule(name: &str) -> NameRule {
    NameRule { name: name.into(), rule: format!("rule-{name}"), reason: "because".into(), until: None }
}

pub(crate) fn group(audience: Audience, blocked: &[&str]) -> Group {
    let reason = |id: &&str| {
        (
            id.to_string(),
            Reason {
                title: id.to_uppercase().into(),
                why: "why".into(),
                because: ["FIL-02".to_owned()].into(),
                locked: false,
            },
        )
    };
    Group {
        name: format!("{audience:?}"),
        audience,
        blocked: blocked.iter().map(reason).collect(),
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: SafeSearch::ByAudience,
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
        open_until: None,
    }
}

pub(crate) fn device(id: Uuid, name: &str, group: &str) -> Device {
    use sha2::{Digest, Sha256};
    Device {
        id,
        name: name.into(),
        group: group.into(),
        room: None,
        proxy_user: Some(format!("{name}-user")),
        proxy_password_sha256: Some(hex::encode(Sha256::digest(format!("{name}-password")))),
        doh_path: Some(format!("{name}-doh")),
        source_addresses: vec![format!("127.0.0.{}", 10 + id.as_u128()).parse().unwrap()],
        mac: None,
        shows_block_page: false,
        person: None,
    }
}

pub(crate) fn snapshot() -> PolicySnapshot {
    PolicySnapshot {
        format: 1,
        version: 1,
        setting: Uuid::from_u128(9),
        setting_name: "Little Limpets".into(),
        contact: "Sam Sample".into(),
        web_base: "https://holdfast.local".into(),
        made_at: now(),
        groups: BTreeMap::from([
            ("children".into(), group(Audience::Children, &["pornography", "games"])),
            ("staff".into(), group(Audience::Adults, &["pornography"])),
            ("alarms".into(), group(Audience::Essential, &[])),
        ]),
        strictest: "children".into(),
        devices: vec![device(TABLET, "tablet", "children"), device(LAPTOP, "laptop", "staff")],
        holds: Vec::new(),
        never_log: BTreeSet::from(["childline.org.uk".into()]),
        always: BTreeSet::from(["holdfast.local".into()]),
        networks: Vec::new(),
        calendar: Default::default(),
        sessions: Vec::new(),
        case_addresses: holdfast_filter::CaseAddresses::default(),
        inspection: Default::default(),
    }
}

pub(crate) fn unsealed(snapshot: PolicySnapshot) -> Prepared {
    Prepared::new(snapshot, Arc::new(SealedTier::not_supplied())).unwrap()
}

/// A tier with these entries, signed by a key of ours.
pub(crate) fn sealed(entries: &[&str]) -> Arc<SealedTier> {
    let key = SigningKey::from_bytes(&[5; 32]);
    let entries: Vec<_> = entries.iter().map(|entry| CanonicalUrl::parse(entry).unwrap()).collect();
    let file = filter::sealed::seal("A supplier", now(), "k", [6; 16], &entries, &key);
    let trusted = BTreeMap::from([("k".to_owned(), key.verifying_key())]);
    Arc::new(SealedTier::load(file.as_bytes(), &trusted, &SealedTier::not_supplied()).unwrap())
}

/// Asks as a group, for a name or URL.
pub(crate) fn ask(policy: &Prepared, lists: &Lists, group: &str, text: &str) -> Verdict {
    let url = CanonicalUrl::parse(text).unwrap();
    decide(policy, lists, &Request { url: Some(&url), ..Request::of(group, url.host()) }, now())
}

pub(crate) fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}
