//! Whom every kind of concern reaches, about whomever it is, in both seeds: a table that a safeguarding lead can read
//! (`docs/routing.md`), printed from the rule and compared with what is checked in (S7, S8).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdfast_domain::PersonId;
use holdfast_domain::concern::{ConcernKind, Part, RouteKind};
use holdfast_domain::exclusion::shut_out;
use holdfast_domain::people::Role;
use holdfast_domain::roster::{Kinds, Roster};
use holdfast_domain::routing::{Way, ladder, route};
use holdfast_domain::setting::Profile;

use crate::content::content;

const HEAD: &str = "# Whom a concern reaches\n\nPrinted from the program's own rule for every kind of concern, about every role, \
                    and compared with it by a test. Each row: who is told first, then who next when nobody opens it. After \
                    the last one, always: the LADO and Ofsted, whose numbers the pages show. Whoever it is about is never \
                    on the way, nor is anybody close to them.\n";

/// Who can be the one it is about: a role that somebody here holds, or nobody who works here.
fn about() -> Vec<Option<Role>> {
    let staff = Role::ALL.into_iter().filter(|role| role.is_staff());
    std::iter::once(None).chain(staff.map(Some)).collect()
}

/// One person for each role.
fn house(profile: &Profile) -> (Roster, BTreeMap<PersonId, Role>) {
    let (mut roster, mut names) = (Roster::new(), BTreeMap::new());
    for (number, role) in Role::ALL.into_iter().enumerate() {
        if role == Role::Deputy && !profile.deputies {
            continue;
        }
        let id: PersonId = format!("00000000-0000-0000-0000-0000000000{number:02}").parse().unwrap();
        roster.appoint(role, id, &Kinds::All);
        names.insert(id, role);
    }
    (roster, names)
}

#[test]
fn every_kind_about_every_role_reaches_somebody_who_may_know() {
    let content = content();
    let mut now = HEAD.to_owned();
    let mut rows = 0;
    for profile in content.profiles.values() {
        let (roster, names) = house(profile);
        now.push_str(&format!(
            "\n## {}\n\n| What it is about | Whom | Way | Who is told |\n|---|---|---|---|\n",
            profile.name
        ));
        for kind in ConcernKind::ALL {
            for role in about() {
                let Some(person) = role.map(|role| roster.get(&role).map(|held| held[0])) else {
                    rows += 1;
                    now.push_str(&row(profile, &roster, &names, kind, None));
                    continue;
                };
                let Some(person) = person else { continue };
                rows += 1;
                now.push_str(&row(profile, &roster, &names, kind, Some(person)));
            }
        }
    }
    assert!(rows > 300, "{rows} rows: too few");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/routing.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == now, "docs/routing.md differs from the rule; run with UPDATE=1 and read the difference");
}

fn row(
    profile: &Profile,
    roster: &Roster,
    names: &BTreeMap<PersonId, Role>,
    kind: ConcernKind,
    about: Option<PersonId>,
) -> String {
    let way = route(kind, about.is_some());
    let people: Vec<(PersonId, Part)> = about.iter().map(|person| (*person, Part::About)).collect();
    let excluded = shut_out(&people, &[], &names.keys().copied().collect());
    let whole = Way::of(way, kind, &profile.switches).about(&excluded, roster, &profile.switches);
    let ladder = ladder(&whole, roster, &excluded);
    let what = format!("{} about {about:?} in {}", kind.key(), profile.key);
    let told: BTreeSet<PersonId> = ladder.rungs.iter().flatten().copied().collect();
    assert!(!ladder.rungs.is_empty(), "{what}: nobody inside");
    assert!(told.is_disjoint(&excluded), "{what}: reaches the one it is about");
    for person in &told {
        assert!(holdfast_domain::exclusion::CASE_ROLES.contains(&names[person]), "{what}: reaches {:?}", names[person]);
    }
    if way == RouteKind::Allegation {
        assert!(ladder.rungs.iter().all(|rung| rung.len() == 1), "{what}: several hear of an allegation");
        assert!(told.iter().all(|person| names[person] != Role::Deputy), "{what}: a deputy hears of an allegation");
    }
    let name = |person: &PersonId| profile.title(names[person]).to_owned();
    let rungs: Vec<String> =
        ladder.rungs.iter().map(|rung| rung.iter().map(name).collect::<Vec<_>>().join(" and ")).collect();
    let whom = about.map_or_else(|| "Nobody who works here".to_owned(), |person| name(&person));
    let way = match way {
        RouteKind::Safeguarding => "safeguarding",
        RouteKind::Allegation => "allegation",
    };
    format!("| {} | {whom} | {way} | {} |\n", kind.in_words(), rungs.join(", then "))
}
