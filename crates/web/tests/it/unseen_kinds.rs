//! Whoever is shut out of a concern of any kind learns nothing of it: each of the 24 kinds, at every door that looks and every
//! door that acts, with the ids of all that hangs on it in hand (S8). What comes back is what a made-up id gets, after exactly
//! as many statements in the database, so that no clock tells either; and nothing of the concern has changed.
//!
//! A new door is knocked on by itself. A new table whose rows have pages of their own needs a line in [`TABLES`].

use std::collections::BTreeMap;

use app::concerns::{self, About, Children, Report};
use app::follow_up::{self, NewTask, Origin};
use domain::PersonId;
use domain::concern::{ConcernKind, EntryKind};
use domain::roster::Kinds;
use holdfast_web::{Route, routes};
use http::{Method, header};
use jiff::civil::date;

use crate::browser::{Browser, encoded};
use crate::unseen::{MARKERS, with_all_that_comes_of_it};
use crate::walk::Things;
use crate::{Nursery, get, post};

/// Which table's id stands in a path that begins so.
const TABLES: [(&str, &str); 13] = [
    ("/referrals/", "referral"),
    ("/letters/", "letter"),
    ("/plans/", "support_plan"),
    ("/actions/", "action"),
    ("/reviews/", "review"),
    ("/exports/", "export"),
    ("/keeping/decisions/", "disposal"),
    ("/keeping/holds/", "legal_hold"),
    ("/filter/proposals/", "proposal"),
    ("/emergency/", "emergency"),
    ("/transfers/", "transfer"),
    ("/shared/", "family_share"),
    ("/alerts/", "help_call"),
];

/// Doors that end the walker's own session or its rights. They take no key, and every other test of them is elsewhere.
const NOT_KNOCKED: [&str; 4] = ["/sign-out", "/lock", "/account/second-step/replace", "/account/settings"];

/// What somebody holds in hand: a concern's real ids, or ones of the same shape that never were.
struct Keys {
    concern: String,
    reference: String,
    rows: BTreeMap<String, String>,
}

impl Keys {
    fn of(&self, table: &str) -> String {
        self.rows.get(table).unwrap_or(&self.concern).clone()
    }

    fn path(&self, route: &Route) -> String {
        let table = TABLES.iter().find(|(begins, _)| route.path.starts_with(begins)).map(|(_, table)| *table);
        let id = table.map_or_else(|| self.concern.clone(), |table| self.of(table));
        let path = route.path.replace("{id}", &id).replace("{entry}", &self.of("entry"));
        let path = path.replace("{file}", &self.of("attachment")).replace("{address}", &self.of("sealed_address"));
        let what = if route.path.starts_with("/keeping/") { "concern" } else { "people" };
        let path = path.replace("{what}", what).replace("{act}", "sent").replace("{kind}", "filter_breach");
        let path =
            path.replace("{token}", &self.concern).replace("{path}", &self.concern).replace("{place}", "no-such");
        path.replace("{key}", if route.path.contains("/clocks/") { "answer" } else { "could_be_illegal" })
    }

    /// Every field under whose name some form expects one of these, and words that any form takes for the rest.
    fn fields(&self, nursery: &Nursery, route: &Route) -> Vec<(&'static str, String)> {
        let things = Things::known(nursery, &self.concern, |table| self.rows.get(table).cloned());
        let mut fields = things.fields(nursery, route);
        let ours: [(&'static str, String); 12] = [
            ("concern", self.concern.clone()),
            ("id", self.concern.clone()),
            ("reference", self.reference.clone()),
            ("with", self.reference.clone()),
            ("q", self.reference.clone()),
            ("hold", self.of("hold")),
            ("entry", self.of("entry")),
            ("entries", self.of("entry")),
            ("file", self.of("attachment")),
            ("proposal", self.of("proposal")),
            ("action", self.of("action")),
            ("referral", self.of("referral")),
        ];
        let people = nursery.app.people;
        let others: [(&'static str, String); 12] = [
            ("reason", "They asked for it.".into()),
            ("why", "They asked for it.".into()),
            ("text", "Some words.".into()),
            ("note", "Some words.".into()),
            ("outcome", "Some words.".into()),
            ("reach", "concern".into()),
            ("ground", "police".into()),
            ("asked_by", "The police".into()),
            ("version", "0".into()),
            ("seen", "0".into()),
            ("child", people.child.to_string()),
            ("owner", people.technician.to_string()),
        ];
        for (name, value) in ours.into_iter().chain(others) {
            if fields.iter().all(|(there, _)| *there != name) {
                fields.push((name, value));
            }
        }
        fields
    }

    fn words(&self) -> impl Iterator<Item = &String> {
        [&self.concern, &self.reference].into_iter().chain(self.rows.values())
    }
}

/// Status, where it leads, page, and how many statements it took; without what differs between any two answers.
async fn answer(browser: &Browser<'_>, method: &Method, path: &str, keys: &Keys) -> (String, u64) {
    let nursery = browser.nursery;
    let before = nursery.app.services.db.statements();
    let request = match *method {
        Method::GET => browser.with_cookie(get(path)),
        _ => {
            let route = routes::all().into_iter().find(|route| route.mutating && matches(route.path, path));
            let mut body = format!("_token={}", encoded(&browser.csrf));
            for (name, value) in route.map(|route| keys.fields(nursery, &route)).unwrap_or_default() {
                body.push_str(&format!("&{}={}", encoded(name), encoded(&value)));
            }
            post(path, &browser.cookie, body)
        }
    };
    let (status, headers, html) = nursery.ask(request).await;
    let statements = nursery.app.services.db.statements() - before;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let policy = text(header::CONTENT_SECURITY_POLICY.as_str());
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("none").to_owned();
    let mut said = format!("{status} {}\n{html}", text("location")).replace(&nonce, "NONCE");
    let request = text("x-request-id");
    if !request.is_empty() {
        said = said.replace(&request, "REQUEST");
    }
    for word in keys.words() {
        said = said.replace(word.as_str(), "TYPED");
    }
    (without_ids(&said), statements)
}

/// Is this the door of that path?
fn matches(door: &str, path: &str) -> bool {
    let (door, path): (Vec<&str>, Vec<&str>) = (door.split('/').collect(), path.split('/').collect());
    door.len() == path.len() && door.iter().zip(&path).all(|(one, other)| one == other || one.starts_with('{'))
}

/// What is made anew by each answer: ids.
fn without_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() || c == '-' {
            word.push(c);
            continue;
        }
        out.push_str(if word.parse::<uuid::Uuid>().is_ok() { "ID" } else { &word });
        word.clear();
        out.push(c);
    }
    out
}

/// What stands between somebody and a concern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wall {
    /// They are shut out of it.
    ShutOut,
    /// They are a deputy who works with another kind.
    OtherKinds,
}

/// A concern of this kind with all that a concern can have, which somebody may not know: by what it is about, by being shut
/// out afterwards, or by its kind.
async fn one_of(nursery: &Nursery, kind: ConcernKind, out: PersonId, wall: Wall) -> Keys {
    let app = &nursery.app;
    let (services, people) = (&app.services, app.people);
    let allegation = kind == ConcernKind::AdultHere;
    let (by, works) = match kind {
        _ if allegation => (people.practitioner, people.manager),
        _ if kind.is_matter() => (people.dsl, people.dsl),
        _ => (people.practitioner, people.dsl),
    };
    let report = Report {
        kind,
        what_happened: format!("Something about a {}.", MARKERS[0]),
        about: if allegation { About::Person(out) } else { About::Nobody },
        children: if kind.is_matter() { Children::Nobody } else { Children::Known(vec![people.child]) },
        ..app.breach()
    };
    let filed = concerns::report(services, &mut app.ctx(by), report).await.expect("filed");
    app.work().await;
    let id = filed.concern;
    with_all_that_comes_of_it(nursery, id, &filed.reference, works).await;
    let ctx = &mut app.ctx(works);
    let say = |what: &str| format!("{what} of the {}.", MARKERS[1]);
    let new = concerns::NewEntry { kind: EntryKind::Note, text: say("A note"), event_at: app.world.now() };
    concerns::add_entry(services, ctx, id, new).await.expect("written");
    // Only what could be illegal is sealed; for the other kinds the program proposes a change to the filter.
    let address = format!("https://{}.example/", MARKERS[2].to_lowercase());
    let sealed = app::addresses::seal(services, ctx, id, &address, false).await;
    assert!(matches!(sealed, Ok(_) | Err(app::Error::Invalid(_))), "{sealed:?}");
    let task = NewTask { title: say("A check"), owner: people.technician, due: date(2026, 12, 1) };
    follow_up::add_from(services, ctx, id, Origin::Concern, task).await.expect("given");
    if !kind.is_matter() {
        let plan = app::plans::New {
            child: people.child,
            need: say("A corner"),
            help: say("A blanket"),
            voice: say("A word"),
            owner: works,
            review_on: date(2026, 12, 1),
        };
        app::plans::add(services, ctx, id, plan).await.expect("planned");
    }
    if !allegation && wall == Wall::ShutOut {
        concerns::exclude(services, ctx, id, out).await.expect("shut out");
    }
    app.work().await;
    let found = app.rows_with(&id.to_string()).await;
    let rows = found.iter().filter_map(|(table, rows)| {
        let (row, _) = rows.iter().find(|(row, _)| !row.is_empty() && *row != id.to_string())?;
        Some((table.clone(), row.clone()))
    });
    let mut rows: BTreeMap<String, String> = rows.collect();
    if let Some((_, row)) = app.rows_with("A trial of the").await.get("legal_hold").and_then(|rows| rows.first()) {
        rows.entry("legal_hold".to_owned()).or_insert_with(|| row.clone());
    }
    Keys { concern: id.to_string(), reference: filed.reference, rows }
}

/// Ids and a reference of the same shape that never were.
fn never(of: &Keys) -> Keys {
    let turned =
        |id: &str| id.chars().map(|c| if c == '0' || c.is_ascii_digit() { 'a' } else { c }).collect::<String>();
    Keys {
        concern: "0190a1b2-7777-7000-8000-000000000000".to_owned(),
        reference: of.reference.chars().map(|c| if c.is_ascii_digit() { '7' } else { c }).rev().collect(),
        rows: of.rows.iter().map(|(table, id)| (table.clone(), format!("0190a1b2{}", &turned(id)[8..]))).collect(),
    }
}

/// Every door that tells somebody of it, with what it said: (method and path, what differs).
async fn doors_that_tell(nursery: &Nursery, person: PersonId, ours: &Keys) -> BTreeMap<String, String> {
    let nobodys = never(ours);
    let browser = Browser::of(nursery, person).await;
    // What a first answer does once for all, such as the time at which a session was last seen.
    browser.see("/").await;
    let (mut knocked, mut tells) = (0, BTreeMap::new());
    for route in routes::all().iter().filter(|route| !NOT_KNOCKED.contains(&route.path)) {
        let keyed = route.path.contains('{');
        let door = format!("{} {}", route.method, route.path);
        let (one, other) = (ours.path(route), nobodys.path(route));
        if keyed || route.mutating {
            let first = answer(&browser, &route.method, &other, &nobodys).await;
            let real = answer(&browser, &route.method, &one, ours).await;
            // What acts on something else may do so once only: then it is as a second time with the made-up keys.
            if real != first {
                let again = answer(&browser, &route.method, &other, &nobodys).await;
                if real != again {
                    tells.insert(door.clone(), format!("{real:?} differs from {again:?}"));
                }
            }
            knocked += 1;
            if let Some(marker) = MARKERS.iter().find(|marker| real.0.contains(**marker)) {
                tells.insert(door.clone(), format!("{marker} at {one}: {}", real.0));
            }
        }
        if !keyed && !route.mutating {
            // The page as it is, then asked for the concern by its reference, a word of it and its id.
            let (_, html) = browser.see(route.path).await;
            if let Some(word) = ours.words().map(String::as_str).chain(MARKERS).find(|word| html.contains(word)) {
                tells.insert(door, format!("{word}: {html}"));
            }
        }
    }
    for (name, real, made_up) in [
        ("q", ours.reference.as_str(), nobodys.reference.as_str()),
        ("q", MARKERS[0], "Zzyzxmarkerword"),
        ("q", MARKERS[1], "Zzyzxmarkerwor"),
    ] {
        for path in ["/search", "/concerns", "/evidence/audit", "/people", "/exports", "/referrals"] {
            let typed = |word: &str| Keys { concern: word.into(), reference: word.into(), rows: BTreeMap::new() };
            let found = answer(&browser, &Method::GET, &format!("{path}?{name}={real}"), &typed(real)).await;
            let nothing = answer(&browser, &Method::GET, &format!("{path}?{name}={made_up}"), &typed(made_up)).await;
            if found != nothing {
                tells.insert(format!("GET {path}?{name}="), format!("{found:?} differs from {nothing:?}"));
            }
            knocked += 1;
        }
    }
    assert!(knocked > 150, "{knocked}");
    tells
}

async fn learns_nothing(kind: ConcernKind) {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let out = app.people.deputy;
    let ours = one_of(&nursery, kind, out, Wall::ShutOut).await;
    for table in ["entry", "hold", "attachment", "referral", "proposal", "export", "action"] {
        let takes_none = table == "attachment" && kind.is_imagery();
        assert!(takes_none || ours.rows.contains_key(table), "{kind:?} has no {table}: {:?}", ours.rows);
    }
    let before = app.rows_with(&ours.concern).await;
    let tells = doors_that_tell(&nursery, out, &ours).await;
    assert!(tells.is_empty(), "{kind:?}: {} doors tell: {tells:#?}", tells.len());
    assert_eq!(app.rows_with(&ours.concern).await, before, "{kind:?}: something of it changed");
}

macro_rules! kinds {
    ($($name:ident: $kind:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            learns_nothing(ConcernKind::$kind).await;
        })*

        #[test]
        fn each_kind_has_its_walk() {
            let walked = [$(ConcernKind::$kind),*];
            for kind in ConcernKind::ALL {
                assert!(walked.contains(&kind), "nobody walks {kind:?}");
            }
        }
    };
}

kinds! {
    filter_breach: FilterBreach,
    child_at_risk: ChildAtRisk,
    adult_here: AdultHere,
    personal_device: PersonalDevice,
    message: Message,
    personal_contact: PersonalContact,
    bullying: Bullying,
    hate: Hate,
    radicalisation: Radicalisation,
    indecent_image: IndecentImage,
    young_persons_image: YoungPersonsImage,
    altered_image: AlteredImage,
    photo_published: PhotoPublished,
    parent_posted: ParentPosted,
    data_lost: DataLost,
    attack: Attack,
    ai_tool: AiTool,
    smart_device: SmartDevice,
    crime: Crime,
    something_else: SomethingElse,
    monitoring_alert: MonitoringAlert,
    data_complaint: DataComplaint,
    access_request: AccessRequest,
    file_transfer: FileTransfer,
}

/// Need to know by kind: of a concern of another kind, a deputy meets what was made from it (a thing to do, a change to the
/// filter: S8) where the manager does, who does not open safeguarding concerns either, and nothing anywhere else.
#[tokio::test]
async fn a_deputy_who_works_with_other_kinds_learns_no_more_than_the_manager() {
    let mut doors = Vec::new();
    for manager in [false, true] {
        let nursery = Nursery::new().await;
        let app = &nursery.app;
        let deputy = app.people.deputy;
        let kinds = Kinds::Only([ConcernKind::Hate].into());
        app::people::limit(&app.services, &mut app.ctx(app.people.manager), deputy, kinds).await.expect("limited");
        let ours = one_of(&nursery, ConcernKind::Bullying, deputy, Wall::OtherKinds).await;
        let who = if manager { app.people.manager } else { deputy };
        doors.push(doors_that_tell(&nursery, who, &ours).await);
    }
    // To agree to a change of the filter, or take one back, is a task of deputies (S45), whatever it came from.
    let filters = |door: &str| door.starts_with("POST /filter/proposals/{id}/");
    let more: Vec<_> = doors[0].iter().filter(|(door, _)| !doors[1].contains_key(*door) && !filters(door)).collect();
    assert!(more.is_empty(), "{} doors tell the deputy more: {more:#?}", more.len());
    for door in ["GET /concerns", "GET /concerns/{id}", "GET /search", "GET /concerns/{id}/print", "GET /trends"] {
        assert!(!doors[0].contains_key(door), "{door}: {}", doors[0][door]);
    }
}
