//! The central property: whatever anybody does, in whatever order, the person whom a concern is about, and everybody
//! else who must not see it, finds no trace of it: not in a list, a count, a search, a notice, a receipt, a hold, an
//! action, a proposal, an outbox or an export (S7, S8). And reporting is never refused.

use app::keeping::exports;
use std::collections::BTreeSet;

use app::concerns::{self, About, Children, Debrief, Lesson, SafeNow, Shelf};
use app::filtering::change::Change;
use app::filtering::decide::{self, Propose, Risk};
use app::filtering::view;
use app::holds::Leave;
use app::testing::TestApp;
use app::{Error, follow_up, holds, notices};
use domain::access::{Action, Relation};
use domain::concern::{ConcernKind, EntryKind, Part, RouteKind};
use domain::ctx::SecondFactor;
use domain::{ConcernId, PersonId};
use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use store::{Scope, Sees};

use crate::breach_journey::{learned, work_to_the_debrief};

use crate::handing_out::told;

/// One thing that somebody does. Numbers choose people and concerns, modulo how many there are.
#[derive(Debug, Clone)]
enum Does {
    Report { who: usize, kind: usize, about: Option<usize>, hold: bool },
    Open { who: usize, which: usize },
    Entry { who: usize, which: usize },
    Exclude { who: usize, which: usize, whom: usize },
    Invite { who: usize, which: usize, whom: usize },
    HandOver { who: usize, which: usize, whom: usize },
    AddAbout { who: usize, which: usize, whom: usize },
    Debrief { who: usize, which: usize, owner: usize },
    Hold { who: usize, which: usize },
    Propose { who: usize, which: usize },
    Refer { who: usize, which: usize },
    Pass { minutes: i64 },
    Tie { one: usize, other: usize },
}

fn does() -> impl Strategy<Value = Does> {
    let n = 0..16_usize;
    prop_oneof![
        4 => (n.clone(), 0..5_usize, proptest::option::of(n.clone()), any::<bool>())
            .prop_map(|(who, kind, about, hold)| Does::Report { who, kind, about, hold }),
        3 => (n.clone(), n.clone()).prop_map(|(who, which)| Does::Open { who, which }),
        1 => (n.clone(), n.clone()).prop_map(|(who, which)| Does::Entry { who, which }),
        2 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, which, whom)| Does::Exclude { who, which, whom }),
        2 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, which, whom)| Does::Invite { who, which, whom }),
        1 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, which, whom)| Does::HandOver { who, which, whom }),
        2 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, which, whom)| Does::AddAbout { who, which, whom }),
        1 => (n.clone(), n.clone(), n.clone()).prop_map(|(who, which, owner)| Does::Debrief { who, which, owner }),
        1 => (n.clone(), n.clone()).prop_map(|(who, which)| Does::Hold { who, which }),
        2 => (n.clone(), n.clone()).prop_map(|(who, which)| Does::Propose { who, which }),
        1 => (n.clone(), n.clone()).prop_map(|(who, which)| Does::Refer { who, which }),
        2 => (1..90_i64).prop_map(|minutes| Does::Pass { minutes }),
        1 => (n.clone(), n).prop_map(|(one, other)| Does::Tie { one, other }),
    ]
}

/// A word that only this concern holds, so that a search can look for it.
fn mark(n: usize) -> String {
    format!("zanderfish{n}")
}

/// A change whose reason holds the concern's own word. The name that it blocks is in force for all to see.
fn proposed(told: &[Told], which: usize) -> Propose {
    let some = || "Nothing that we know of.".to_owned();
    Propose {
        change: Change::BlockName { name: format!("host-{which}.example"), groups: Vec::new() },
        reason: format!("Because of the {} that came up.", mark(which)),
        risk: Risk { harm: some(), loss: some(), safeguards: some() },
        concern: told.get(which).map(|told| told.id),
    }
}

/// A concern that has everything a concern can have, and a deputy who was shut out afterwards: whatever else happens
/// in a run, something hangs on it that must not be seen.
async fn one_with_everything(app: &TestApp) -> Told {
    let (services, people) = (&app.services, app.people);
    let mut report = app.breach();
    report.what_happened = mark(0);
    report.hold_device = true;
    let filed = concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    let told = Told { id: filed.concern, reference: filed.reference };
    let of = std::slice::from_ref(&told);
    decide::propose(services, &mut app.ctx(people.deputy), proposed(of, 0)).await.expect("proposed");
    work_to_the_debrief(app, told.id).await;
    app::referrals::add(services, &mut app.ctx(people.dsl), told.id, referral()).await.expect("referred");
    let mut debrief = learned(app);
    for lesson in &mut debrief.lessons {
        match lesson {
            // The owner is the one who is shut out afterwards.
            Lesson::Action { title, owner, .. } => (*title, *owner) = (format!("Look at {}", mark(0)), people.deputy),
            Lesson::Review { why, .. } => *why = format!("After {}", mark(0)),
        }
    }
    concerns::debrief(services, &mut app.ctx(people.dsl), told.id, debrief).await.expect("learned");
    concerns::exclude(services, &mut app.ctx(people.dsl), told.id, people.deputy).await.expect("shut out");
    told
}

fn referral() -> app::referrals::New {
    let consent = domain::referral::Consent::NotNeeded;
    let text = app::referrals::Text { answers: Default::default(), consent, consent_reason: None };
    let decision = app::referrals::Decision::Refer(text);
    app::referrals::New { agency: "police".into(), step: None, decision }
}

struct Told {
    id: ConcernId,
    reference: String,
}

async fn run(does: Vec<Does>, seed: u64) -> Result<(), TestCaseError> {
    let app = TestApp::of("n", seed).await;
    // An inspector reads the evidence and works no concern: the one role for which reporting is no business of theirs.
    let reports = |person: &PersonId| {
        let member = app.ctx(*person).member().cloned().expect("somebody");
        domain::access::any_allowed(&member.roles, Action::ReportConcern, Relation::Setting)
    };
    let everybody: Vec<PersonId> = app.everybody().into_iter().filter(reports).collect();
    let pick = |n: usize| everybody[n % everybody.len()];
    let mut told = vec![one_with_everything(&app).await];
    for act in does {
        if let Does::Report { who, kind, about, hold } = act {
            // With whatever the session lacks: reporting is never refused (S3).
            let second_factor = if hold { SecondFactor::NotShown } else { SecondFactor::Shown };
            let mut report = app.breach();
            report.kind = ConcernKind::ALL[kind];
            report.what_happened = mark(told.len());
            report.safe_now = if hold { SafeNow::NotSure } else { SafeNow::Yes };
            report.about = about.map_or(About::Nobody, |n| About::Person(pick(n)));
            report.children = if hold { Children::NotYetKnown } else { report.children };
            report.hold_device = hold;
            let filed = concerns::report(&app.services, &mut app.ctx_with(pick(who), second_factor), report).await;
            prop_assert!(filed.is_ok(), "reporting was refused: {filed:?}");
            let filed = filed.expect("just asked");
            told.push(Told { id: filed.concern, reference: filed.reference });
        } else if let Does::Pass { minutes } = act {
            app.pass(SignedDuration::from_mins(minutes)).await;
        } else if let Does::Tie { one, other } = act {
            app.tie(pick(one), pick(other)).await;
        } else if !told.is_empty() {
            other(&app, &everybody, &told, act).await?;
        }
        app.world.pass(SignedDuration::from_secs(1));
    }
    app.work().await;
    for (n, concern) in told.iter().enumerate() {
        no_trace(&app, n, concern).await?;
    }
    app.end().await;
    Ok(())
}

/// What is refused is refused; only what was let through matters, and it is checked at the end.
async fn other(app: &TestApp, everybody: &[PersonId], told: &[Told], act: Does) -> Result<(), TestCaseError> {
    let services = &app.services;
    let pick = |n: usize| everybody[n % everybody.len()];
    let of = |n: usize| told[n % told.len()].id;
    let why = || "knows the family well".to_owned();
    let done = match act {
        Does::Open { who, which } => concerns::open(services, &mut app.ctx(pick(who)), of(which)).await.map(|_| ()),
        Does::Entry { who, which } => {
            let new = concerns::NewEntry { kind: EntryKind::Note, text: "A note.".into(), event_at: app.world.now() };
            concerns::add_entry(services, &mut app.ctx(pick(who)), of(which), new).await.map(|_| ())
        }
        Does::Exclude { who, which, whom } => {
            concerns::exclude(services, &mut app.ctx(pick(who)), of(which), pick(whom)).await.map(|_| ())
        }
        Does::Invite { who, which, whom } => {
            concerns::invite(services, &mut app.ctx(pick(who)), of(which), pick(whom), why()).await
        }
        Does::HandOver { who, which, whom } => {
            concerns::hand_over(services, &mut app.ctx(pick(who)), of(which), pick(whom), why()).await.map(|_| ())
        }
        Does::AddAbout { who, which, whom } => {
            concerns::add_person(services, &mut app.ctx(pick(who)), of(which), pick(whom), Part::About)
                .await
                .map(|_| ())
        }
        Does::Debrief { who, which, owner } => {
            let lesson = Lesson::Action { title: "Something".into(), owner: pick(owner), due: date(2026, 12, 1) };
            let debrief = Debrief { answers: Default::default(), lessons: vec![lesson], seen: 0 };
            concerns::debrief(services, &mut app.ctx(pick(who)), of(which), debrief).await
        }
        Does::Hold { who, which } => {
            let ctx = &mut app.ctx(pick(who));
            holds::place(services, ctx, app.people.tablet, Some(of(which)), Leave::None).await.map(|_| ())
        }
        Does::Propose { who, which } => {
            decide::propose(services, &mut app.ctx(pick(who)), proposed(told, which % told.len())).await.map(|_| ())
        }
        Does::Refer { who, which } => {
            app::referrals::add(services, &mut app.ctx(pick(who)), of(which), referral()).await.map(|_| ())
        }
        Does::Report { .. } | Does::Pass { .. } | Does::Tie { .. } => Ok(()),
    };
    let broke = matches!(done, Err(Error::Internal(_) | Error::Unavailable { .. }));
    prop_assert!(!broke, "it broke: {done:?}");
    Ok(())
}

/// Everybody who is shut out, looking everywhere.
async fn no_trace(app: &TestApp, n: usize, concern: &Told) -> Result<(), TestCaseError> {
    let services = &app.services;
    let reader = services.db.read(Scope::Setting(app.setting)).await.expect("reads");
    let rows = store::concerns::list_exclusions(&reader, app.setting, concern.id).await.expect("reads");
    let parts = store::concerns::list_parts_for_program(&reader, app.setting, concern.id).await.expect("reads");
    // Eyes that nobody has: shut out of nothing, so that there is something for the others not to see.
    let all = Sees {
        person: PersonId(uuid::Uuid::nil()),
        routes: vec![RouteKind::Safeguarding, RouteKind::Allegation],
        kinds: Default::default(),
    };
    let which = store::follow_up::Which::All;
    let filter = store::follow_up::Filter { concern: Some(concern.id), which, ..Default::default() };
    let actions = store::follow_up::list(&reader, app.setting, &all, &filter).await.expect("reads");
    let mut reviews = store::follow_up::list_reviews(&reader, app.setting, &all, which).await.expect("reads");
    reviews.retain(|review| review.concern_id == Some(concern.id));
    let mut proposals = store::filtering::list_proposals(&reader, app.setting, &all, None).await.expect("reads");
    proposals.retain(|proposal| proposal.concern_id == Some(concern.id));
    let which = store::working::Referrals { concern: Some(concern.id), ..Default::default() };
    let referrals = store::working::list_referrals(&reader, app.setting, &all, &which).await.expect("reads");
    let referrals: Vec<domain::ReferralId> = referrals.into_iter().map(|row| row.id).collect();
    drop(reader);
    prop_assert!(n > 0 || !referrals.is_empty(), "there is a referral to see");
    if n == 0 {
        let there = (!actions.is_empty(), !reviews.is_empty(), !proposals.is_empty());
        prop_assert_eq!(there, (true, true, true), "there is something to see");
    }
    let shut_out: BTreeSet<PersonId> = rows.into_iter().map(|row| row.person_id).collect();
    for part in parts.iter().filter(|part| part.part == Part::About) {
        prop_assert!(shut_out.contains(&part.person_id), "the person it is about is shut out");
    }
    let (id, link) = (concern.id, format!("/concerns/{}", concern.id));
    let nothing = domain::ConcernId(uuid::Uuid::from_u128(7));
    for person in app.everybody() {
        if !shut_out.contains(&person) {
            continue;
        }
        let ctx = &mut app.ctx(person);
        prop_assert!(matches!(concerns::open(services, ctx, id).await, Err(Error::NotFound)));
        prop_assert!(matches!(concerns::receipt(services, ctx, id).await, Err(Error::NotFound)));
        prop_assert!(matches!(concerns::print(services, ctx, id).await, Err(Error::NotFound)));
        let taken = exports::make(services, ctx, exports::What::Concern(id), told()).await;
        let of_nothing = exports::make(services, ctx, exports::What::Concern(nothing), told()).await;
        prop_assert!(taken.is_err() && format!("{taken:?}") == format!("{of_nothing:?}"), "{taken:?} tells");
        for shelf in [app::referrals::Shelf::Open, app::referrals::Shelf::Finished] {
            let listed = app::referrals::list(services, ctx, shelf, 0).await.unwrap_or_default().rows;
            prop_assert!(listed.iter().all(|row| row.concern != id), "a referral tells");
        }
        if let Ok(wall) = app::wall::wall(services, ctx).await {
            let lines = wall.late.iter().chain(&wall.running).chain(&wall.met);
            prop_assert!(lines.filter(|line| line.href == link).count() == 0, "a clock tells");
        }
        let of = [app::chronology::Of::Person(app.people.child), app::chronology::Of::Device(app.people.tablet)];
        for of in of {
            if let Ok(found) = app::chronology::read(services, ctx, of, None, app::chronology::Much::Paper).await {
                prop_assert!(found.concerns.iter().all(|strand| strand.id != id), "a chronology tells");
                prop_assert!(!format!("{found:?}").contains(&mark(n)), "a chronology tells");
            }
        }
        prop_assert!(concerns::looks(services, ctx, id).await.is_err());
        prop_assert!(concerns::strands(services, ctx, id).await.is_err());
        prop_assert!(app::referrals::of_concern(services, ctx, id).await.is_err());
        prop_assert!(app::referrals::letters_of(services, ctx, id).await.is_err());
        prop_assert!(app::referrals::recipients(services, ctx, id, None).await.is_err());
        for referral in &referrals {
            let seen = app::referrals::one(services, ctx, *referral).await.map(|_| ());
            prop_assert!(matches!(seen, Err(Error::NotFound)), "{seen:?}");
            let printed = app::referrals::on_paper(services, ctx, *referral).await.map(|_| ());
            prop_assert!(matches!(printed, Err(Error::NotFound)), "{printed:?}");
            let not = app::referrals::Change::NotMade { reason: "It is not needed, we think.".into() };
            let changed = app::referrals::change(services, ctx, *referral, not, 0).await.map(|_| ());
            prop_assert!(matches!(changed, Err(Error::NotFound)), "{changed:?}");
        }
        let words = concerns::StageTwo { facts: "More.".into(), ..Default::default() };
        prop_assert!(matches!(concerns::add_words(services, ctx, id, words).await, Err(Error::NotFound)));
        let mine = concerns::mine(services, ctx).await.expect("one's own list");
        prop_assert!(mine.iter().all(|report| report.concern != id));
        let waiting = notices::mine(services, ctx).await.expect("one's own notices");
        prop_assert!(waiting.iter().all(|notice| notice.link != link));
        for shelf in [Shelf::Unfinished, Shelf::Closed] {
            if let Ok(queue) = concerns::queue(services, ctx, shelf, 0).await {
                prop_assert!(queue.rows.iter().all(|row| row.id != id));
                let visible = u64::try_from(queue.rows.len()).expect("few");
                let counted = if shelf == Shelf::Unfinished { queue.unfinished } else { queue.closed };
                prop_assert_eq!(visible, counted, "a count tells what a list does not");
            }
        }
        for words in [mark(n), concern.reference.clone()] {
            if let Ok(found) = concerns::search(services, ctx, &words).await {
                prop_assert!(found.iter().all(|hit| hit.id != id));
            }
        }
        if let Ok(held) = holds::list(services, ctx).await {
            prop_assert!(held.iter().all(|hold| hold.concern != Some(id)));
        }
        if let Ok(outbox) = notices::outbox(services, ctx).await {
            prop_assert!(outbox.sent.iter().all(|sent| sent.link != link));
        }
        for action in &actions {
            let done = follow_up::finish(services, ctx, action.id, "It was done well.").await;
            prop_assert!(matches!(done, Err(Error::NotFound | Error::Refused(_))), "{done:?}");
        }
        for review in &reviews {
            let closed = follow_up::close_review(services, ctx, review.id, "It was looked at.").await;
            prop_assert!(matches!(closed, Err(Error::NotFound | Error::Refused(_))), "{closed:?}");
        }
        for proposal in &proposals {
            let seen = view::proposal(services, ctx, proposal.id).await.map(|_| ());
            prop_assert!(matches!(seen, Err(Error::NotFound | Error::Refused(_))), "{seen:?}");
            let taken = decide::withdraw(services, ctx, proposal.id, proposal.version).await;
            prop_assert!(matches!(taken, Err(Error::NotFound | Error::Refused(_))), "{taken:?}");
        }
        let mut said = String::new();
        if let Ok(tasks) = follow_up::tasks(services, ctx, true).await {
            prop_assert!(tasks.iter().all(|task| task.concern != Some(id)));
            said.push_str(&format!("{tasks:?}"));
        }
        said.push_str(&format!("{:?}", follow_up::reviews(services, ctx, true).await.ok()));
        said.push_str(&format!("{:?}", view::overview(services, ctx).await.ok()));
        said.push_str(&format!("{:?}", view::history(services, ctx).await.ok()));
        for word in said.split(|c: char| !c.is_ascii_alphanumeric()) {
            prop_assert_ne!(word, mark(n), "its word in what was made from it");
        }
        let reader = services.db.read(Scope::Setting(app.setting)).await.expect("reads");
        let viewer = app::sight::sees(ctx.member().expect("somebody"));
        let actions = store::follow_up::list(&reader, app.setting, &viewer, &filter).await.expect("reads");
        prop_assert!(actions.is_empty(), "an action of it");
        let held = store::devices::list_holds(&reader, app.setting, &viewer, ctx.now).await.expect("reads");
        prop_assert!(held.iter().all(|hold| hold.concern_id != Some(id)));
    }
    Ok(())
}

#[test]
fn whatever_anybody_does() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let sequence = (proptest::collection::vec(does(), 1..25), 1..1_000_u64);
    runner.run(&sequence, |(does, seed)| runtime.block_on(run(does, seed))).expect("the property");
}
