//! Who may call whom, read from `cargo metadata` and not from good will (docs/ARCHITECTURE.md, "Rooms").
//!
//! A new room needs a row in [`ROOMS`]; a new arrow needs a reason and a decision in `docs/decisions/`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// A room and the rooms that it may use in what is shipped.
const ROOMS: [(&str, &[&str]); 11] = [
    ("holdfast", &["app", "domain", "filter", "gateway", "store", "views", "web"]),
    ("web", &["app", "domain", "views"]),
    // The pure types of `filter` describe the policy that it writes; never the gateway and its files.
    ("app", &["domain", "filter", "store"]),
    ("gateway", &["domain", "filter"]),
    ("filter", &["domain"]),
    ("store", &["domain"]),
    ("domain", &[]),
    ("views", &[]),
    ("reports", &[]),
    ("testkit", &["app", "domain", "filter", "store"]),
    ("xtask", &[]),
];

/// Rooms that nothing shipped may use.
const NEVER_SHIPPED: [&str; 2] = ["testkit", "xtask"];

/// A room that must not reach another, over however many steps, and why.
const NEVER_REACHES: [(&str, &str, &str); 7] = [
    ("gateway", "store", "the wire holds no record and no key to one; it may stand on another machine"),
    ("gateway", "app", "the filter keeps working when the rest is down"),
    ("gateway", "web", "the filter keeps working when the rest is down"),
    ("filter", "store", "a verdict depends on what it is given, never on the database"),
    ("domain", "store", "rules are pure"),
    ("store", "app", "the database has no business rules"),
    ("reports", "store", "the PDF worker asks no questions"),
];

/// A package from outside, by the beginning of its name, the only rooms that may use it, and why.
const OUTSIDERS: [(&str, &[&str], &str); 12] = [
    ("sea-orm", &["store"], "entities never leave the store"),
    ("sqlx", &["store"], "SQL lives in one room"),
    ("libsqlite3-sys", &["store"], "SQL lives in one room"),
    ("axum", &["web"], "HTTP pages live in one room"),
    ("tower-http", &["web"], "HTTP pages live in one room"),
    ("askama", &["views", "gateway", "web"], "templates; the gateway has its own block page"),
    ("hickory", &["gateway"], "its interface moves each minor release; one adapter"),
    ("lettre", &["app"], "mail leaves through jobs only"),
    ("typst", &["reports"], "224 seconds of compiler, and a stranger's words inside it"),
    ("clap", &["holdfast", "xtask"], "commands"),
    ("tokio", &["app", "gateway", "holdfast", "store", "testkit", "web"], "domain, filter and views wait for nothing"),
    ("anyhow", &["holdfast", "reports", "testkit", "xtask"], "every other room names its errors"),
];

/// What each room uses in what is shipped: rooms by their short name, and packages from outside.
type Uses = BTreeMap<String, BTreeSet<String>>;

fn uses(metadata: &Metadata, kinds: &[DependencyKind]) -> Uses {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            // An optional one is in no program that is shipped: `testing` of `app` is for the tests of rooms above it.
            let used = package.dependencies.iter().filter(|used| kinds.contains(&used.kind) && !used.optional);
            (short(&package.name), used.map(|dependency| short(&dependency.name)).collect())
        })
        .collect()
}

fn short(name: &str) -> String {
    name.strip_prefix("holdfast-").unwrap_or(name).to_owned()
}

fn reachable(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(room) = next.pop() {
        for used in uses.get(&room).into_iter().flatten().filter(|used| uses.contains_key(*used)) {
            if reached.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    reached
}

fn violations(uses: &Uses) -> Vec<String> {
    let mut found = Vec::new();
    for (room, used) in uses {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| name == room) else {
            found.push(format!("{room} is a new room without a row in ROOMS"));
            continue;
        };
        for other in used.iter().filter(|other| uses.contains_key(*other)) {
            if NEVER_SHIPPED.contains(&other.as_str()) || !allowed.contains(&other.as_str()) {
                found.push(format!("{room} → {other} is not an arrow of this house"));
            }
        }
        for (package, rooms, why) in OUTSIDERS {
            if used.iter().any(|other| other.starts_with(package)) && !rooms.contains(&room.as_str()) {
                found.push(format!("{room} uses {package}, which only {rooms:?} may: {why}"));
            }
        }
    }
    for (from, to, why) in NEVER_REACHES {
        if reachable(uses, from).contains(to) {
            found.push(format!("{from} reaches {to}: {why}"));
        }
    }
    found
}

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata")
}

#[test]
fn the_arrows_of_the_house() {
    let shipped = uses(&metadata(), &[DependencyKind::Normal, DependencyKind::Build]);
    let found = violations(&shipped);
    assert!(found.is_empty(), "{found:#?}");
    for (room, _) in ROOMS {
        assert!(shipped.contains_key(room), "{room} has a row in ROOMS and is not in the workspace");
    }
}

#[test]
fn tests_stay_inside_their_rooms_too() {
    // What a room uses for its tests may be more, but a test of the wire that needs the database is a wrong arrow.
    let for_tests = uses(&metadata(), &[DependencyKind::Development]);
    for pure in ["domain", "filter", "gateway", "views", "reports"] {
        let rooms: Vec<_> = for_tests[pure].iter().filter(|used| for_tests.contains_key(*used)).collect();
        assert!(rooms.iter().all(|room| ["domain", "filter"].contains(&room.as_str())), "{pure}: {rooms:?}");
    }
}

#[test]
fn a_planted_violation_is_found() {
    let honest = uses(&metadata(), &[DependencyKind::Normal, DependencyKind::Build]);
    for (room, wrong, needle) in [
        ("gateway", "store", "gateway reaches store"),
        ("domain", "store", "domain → store"),
        ("web", "store", "web → store"),
        ("app", "gateway", "app → gateway"),
        ("web", "testkit", "web → testkit"),
        ("app", "sqlx", "app uses sqlx"),
        ("views", "axum-extra", "views uses axum"),
        ("domain", "tokio-util", "domain uses tokio"),
    ] {
        let mut planted = honest.clone();
        planted.get_mut(room).expect("a room").insert(wrong.to_owned());
        let found = violations(&planted);
        assert!(found.iter().any(|violation| violation.contains(needle)), "{room} → {wrong}: {found:#?}");
    }
}
