//! Whoever must not know of a concern walks through every page of the house, with its id and reference in hand, and finds
//! no trace of it: not a word, and no difference to a thing that never was (S8).

use app::attachments::{self, CouldShow, NewFile};
use app::concerns::{self, About, Report};
use app::filtering::Change;
use app::filtering::decide::{self, Propose, Risk};
use app::holds;
use app::keeping::{self, exports};
use app::referrals::{self, Decision, Text};
use domain::concern::ConcernKind;
use domain::referral::Consent;
use domain::{ConcernId, PersonId};
use holdfast_web::{Route, routes};
use http::{Method, header};

use crate::browser::Browser;
use crate::{Nursery, get};

/// Words that stand in this concern and nowhere else in the world.
pub(crate) const MARKERS: [&str; 3] = ["Quetzalcoatlus", "Wolpertinger", "Jabberwocky"];

/// What somebody might have overheard of it.
struct Overheard {
    /// Id, then reference, then a word of it.
    keys: Vec<String>,
    /// For each key, another of its kind that never was.
    never: Vec<String>,
}

impl Overheard {
    fn of(concern: String, reference: String) -> Self {
        let other: String = reference.chars().map(|c| if c.is_ascii_digit() { '7' } else { c }).rev().collect();
        let never = vec!["0190a1b2-7777-7000-8000-000000000000".to_owned(), other, "Zzyzxmarker".to_owned()];
        Self { keys: vec![concern, reference, MARKERS[0].to_owned()], never }
    }

    /// Every way to put a key into a route: its path, and queries that any page might read.
    fn paths(&self, route: &Route) -> Vec<(String, String)> {
        let pairs = self.keys.iter().zip(&self.never);
        let in_path = |key: &str| {
            let path = route.path.replace("{id}", key).replace("{entry}", key).replace("{token}", key);
            let path =
                path.replace("{path}", key).replace("{what}", "people").replace("{place}", key).replace("{file}", key);
            path.replace("{act}", "sent").replace("{key}", "could_be_illegal").replace("{kind}", "filter_breach")
        };
        let mut paths = Vec::new();
        for (key, never) in pairs {
            // Ids, references and words of letters need no escape in an address.
            let (ours, nobodys) = (key, never);
            // A path that holds no key is one page: it is read once, without any key in hand, at the end of the walk.
            if route.path.contains('{') {
                paths.push((in_path(ours), in_path(nobodys)));
            }
            for name in ["q", "concern", "id", "next", "back", "reference", "shelf"] {
                let plain = in_path("0190a1b2-7777-7000-8000-000000000000");
                paths.push((format!("{plain}?{name}={ours}"), format!("{plain}?{name}={nobodys}")));
            }
        }
        paths
    }
}

/// Status, headers and body, without what differs between any two answers: the nonce, the request's id, and what the
/// visitor typed into the address.
async fn answer(browser: &Browser<'_>, path: &str, typed: &[String]) -> String {
    let (status, headers, mut html) = browser.nursery.ask(browser.with_cookie(get(path))).await;
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("none").to_owned();
    let request = headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("none").to_owned();
    let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    html = format!("{status} {to}\n{html}").replace(&nonce, "NONCE").replace(&request, "REQUEST");
    for word in typed {
        html = html.replace(word.as_str(), "TYPED");
    }
    html
}

/// One walk is four tests, each through every fourth door: together they go as fast as the machine has cores.
const PARTS: usize = 4;

/// The doors of one part.
fn doors(part: usize) -> impl Iterator<Item = Route> {
    let all = routes::all().into_iter().filter(|route| route.method == Method::GET);
    all.enumerate().filter(move |(number, _)| number % PARTS == part).map(|(_, route)| route)
}

async fn finds_nothing(nursery: &Nursery, who: PersonId, overheard: &Overheard, part: usize) {
    let browser = Browser::of(nursery, who).await;
    let typed: Vec<String> = overheard.keys.iter().chain(&overheard.never).cloned().collect();
    let mut walked = 0;
    for route in &doors(part).collect::<Vec<_>>() {
        for (ours, nobodys) in overheard.paths(route) {
            let (found, nothing) = (answer(&browser, &ours, &typed).await, answer(&browser, &nobodys, &typed).await);
            assert_eq!(found, nothing, "{ours} differs from {nobodys}");
            for marker in MARKERS {
                assert!(!found.contains(marker), "{marker} at {ours}: {found}");
            }
            walked += 1;
        }
    }
    for api in ["/healthz", "/healthz/gateway", "/api/v1/openapi.json", "/api/v1/concerns", "/api/v1/evidence"] {
        for key in overheard.keys.iter().chain(&MARKERS.map(str::to_owned)) {
            // What was typed into the address may come back in a link to here; nothing else of the concern may.
            let found = answer(&browser, &format!("{api}?q={key}"), std::slice::from_ref(key)).await;
            let words = overheard.keys.iter().map(String::as_str).chain(MARKERS);
            let told: Vec<&str> = words.filter(|word| found.contains(word)).collect();
            assert!(told.is_empty(), "{told:?} at {api}: {found}");
        }
        walked += 1;
    }
    // Without any key in hand: the pages as they are.
    for route in doors(part).filter(|route| !route.path.contains('{')) {
        let found = answer(&browser, route.path, &[]).await;
        for word in overheard.keys.iter().chain(&MARKERS.map(str::to_owned)) {
            assert!(!found.contains(word.as_str()), "{word} at {}: {found}", route.path);
        }
    }
    assert!(walked > 200, "{walked} in part {part}");
}

/// A concern about somebody, told by somebody else, with markers in every text that a report has.
async fn told_about(nursery: &Nursery, kind: ConcernKind, about: About, by: PersonId) -> Overheard {
    let app = &nursery.app;
    let report = Report {
        kind,
        what_happened: format!("Something about a {}.", MARKERS[0]),
        who_is_safe: format!("Everybody but the {}.", MARKERS[1]),
        about,
        told: Some(concerns::Told { who: format!("Mx {}", MARKERS[2]), at: Some(app.world.now()) }),
        ..app.breach()
    };
    let filed = concerns::report(&app.services, &mut app.ctx(by), report).await.unwrap();
    app.work().await;
    let reference = concerns::receipt(&app.services, &app.ctx(by), filed.concern).await.unwrap().reference;
    let mut works = None;
    for person in [app.people.manager, app.people.deputy] {
        if concerns::open(&app.services, &mut app.ctx(person), filed.concern).await.is_ok() {
            works = works.or(Some(person));
        }
    }
    with_all_that_comes_of_it(nursery, filed.concern, &reference, works.expect("somebody works it")).await;
    Overheard::of(filed.concern.to_string(), reference)
}

/// Everything that can be made from a concern, by whoever works it, with a marker in every text that it has.
pub(crate) async fn with_all_that_comes_of_it(nursery: &Nursery, id: ConcernId, reference: &str, works: PersonId) {
    let app = &nursery.app;
    let (services, people) = (&app.services, app.people);
    let ctx = &mut app.ctx(works);
    let say = |what: &str| format!("{what} of the {}, by Mx {}.", MARKERS[1], MARKERS[2]);
    holds::place_on_word(services, ctx, people.tablet, id, (holds::Leave::Lado, "Their officer agreed."))
        .await
        .expect("held");
    let held = holds::list(services, ctx).await.expect("holds");
    let held = held.iter().find(|hold| hold.concern == Some(id)).expect("theirs").id;
    holds::confirm(services, ctx, held, Some(say("In the safe"))).await.expect("confirmed");
    let letter = NewFile {
        could_show: CouldShow::No,
        what: say("A letter"),
        name: format!("{}.pdf", MARKERS[0]),
        content: b"%PDF-1.7 letter".to_vec(),
    };
    // Some kinds take no file at all (S17); where the others stop taking one, the walk over every kind is red.
    if let Ok(file) = attachments::add(services, ctx, id, letter).await {
        attachments::fetch(services, ctx, id, file).await.expect("fetched");
    }
    let text = Text {
        answers: [("concern".to_owned(), say("The words"))].into(),
        consent: Consent::NotNeeded,
        consent_reason: Some(say("Not asked: the word")),
    };
    let referral = referrals::New { agency: "lado".into(), step: None, decision: Decision::Refer(text) };
    referrals::add(services, ctx, id, referral).await.expect("drafted");
    let change = Change::BlockName { name: "blocked.example.com".into(), groups: vec!["children".into()] };
    let risk = Risk { harm: say("A risk"), loss: say("A loss"), safeguards: say("A guard") };
    let proposal = Propose { change, reason: say("The reason"), risk, concern: Some(id) };
    decide::propose(services, ctx, proposal).await.expect("proposed");
    let told = exports::For {
        for_whom: say("The police"),
        why: say("Their request"),
        other_way: "By telephone.".into(),
        agency: Some("police".into()),
        waiver: None,
    };
    let parcel = exports::make(services, ctx, exports::What::Concern(id), told).await.expect("made");
    exports::fetch(services, ctx, parcel.id).await.expect("fetched");
    let hold = keeping::holds::New {
        reach: keeping::holds::Reach::Concern(reference.to_owned()),
        ground: keeping::holds::HoldGround::Police,
        asked_by: say("The police"),
        reason: say("A trial"),
    };
    keeping::holds::place(services, ctx, hold).await.expect("held");
    app.work().await;
}

/// Whoever it is not for finds nothing behind the doors of one part.
async fn walks(kind: ConcernKind, about: Who, who: Who, part: usize) {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let overheard = told_about(&nursery, kind, About::Person(about(&people)), people.practitioner).await;
    finds_nothing(&nursery, who(&people), &overheard, part).await;
}

type Who = fn(&app::testing::People) -> PersonId;

macro_rules! walks {
    ($($name:ident: $kind:ident about $about:ident, walked by $who:ident;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn first_doors() {
                walks(ConcernKind::$kind, |people| people.$about, |people| people.$who, 0).await;
            }

            #[tokio::test]
            async fn second_doors() {
                walks(ConcernKind::$kind, |people| people.$about, |people| people.$who, 1).await;
            }

            #[tokio::test]
            async fn third_doors() {
                walks(ConcernKind::$kind, |people| people.$about, |people| people.$who, 2).await;
            }

            #[tokio::test]
            async fn last_doors() {
                walks(ConcernKind::$kind, |people| people.$about, |people| people.$who, 3).await;
            }
        }
    )*};
}

walks! {
    a_deputy_whom_an_allegation_is_about_finds_no_trace_of_it: AdultHere about deputy, walked by deputy;
    neither_does_another_deputy_whom_it_is_not_for: AdultHere about deputy, walked by deputy_2;
    nor_a_technician: AdultHere about deputy, walked by technician;
    nor_a_colleague_who_may_hold_a_tablet: AdultHere about deputy, walked by colleague;
    nor_a_lead_who_is_shut_out_of_a_breach: ChildAtRisk about dsl, walked by dsl;
}

#[test]
fn the_parts_are_the_whole_house() {
    let all = routes::all().iter().filter(|route| route.method == Method::GET).count();
    assert_eq!((0..PARTS).flat_map(doors).count(), all);
    let mut paths: Vec<_> = (0..PARTS).flat_map(doors).map(|route| route.path).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), all, "each door once");
}

/// The walks are not blind: somebody who may see it does.
#[tokio::test]
async fn the_manager_and_the_deputy_find_what_is_about_the_lead() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let overheard =
        told_about(&nursery, ConcernKind::ChildAtRisk, About::Person(people.dsl), people.practitioner).await;
    let manager = Browser::of(&nursery, people.manager).await;
    let deputy = Browser::of(&nursery, people.deputy).await;
    let mut seen = 0;
    for browser in [&manager, &deputy] {
        for path in [format!("/concerns/{}", overheard.keys[0]), format!("/search?q={}", overheard.keys[2])] {
            let found = answer(browser, &path, &[]).await;
            seen += usize::from(found.starts_with("200") && found.contains(&overheard.keys[0]));
        }
    }
    assert!(seen >= 2, "nobody found it");
}

/// An inspector walks through every page that opens: no child, no parent, no reference, no word of a case (S47). Pages say whom
/// to ring, so that colleagues' names may stand there.
#[tokio::test]
async fn an_inspector_walks_the_whole_house_and_meets_no_child_and_no_case() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let overheard = told_about(&nursery, ConcernKind::ChildAtRisk, About::Nobody, app.people.practitioner).await;
    let browser = Browser::of(&nursery, app.people.inspector).await;
    let (mut opened, mut words) = (0, vec!["Joy Child", "Kit Child", "Ida Parent"]);
    words.extend(MARKERS);
    words.extend(overheard.keys.iter().map(String::as_str));
    for route in routes::all().iter().filter(|route| route.method == Method::GET) {
        for (path, _) in overheard.paths(route) {
            let typed: Vec<String> =
                words.iter().filter(|word| path.contains(**word)).map(|word| (*word).to_owned()).collect();
            let found = answer(&browser, &path, &typed).await;
            opened += usize::from(found.starts_with("200"));
            let told: Vec<&&str> = words.iter().filter(|word| found.contains(**word)).collect();
            assert!(told.is_empty(), "{told:?} at {path}: {found}");
        }
    }
    assert!(opened > 50, "{opened} pages opened");
}
