//! Every procedure, through the use cases: walked to its end with the mildest and with the gravest answers, and tried in
//! other orders, in which nothing that is locked happens and no fact is refused (S1 to S3).

use app::concerns::{self, About, Children, ConcernView, Debrief, Lesson, Report, StepAttempt};
use app::holds::Leave;
use app::testing::TestApp;
use app::{Error, holds};
use domain::concern::{ConcernKind, ConcernStatus};
use domain::procedure::{Act, Answers, FieldKind, ProgramAct, State, Step};
use domain::{ConcernId, PersonId};
use jiff::SignedDuration;
use jiff::civil::date;

/// Which of the choices somebody makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picks {
    First,
    Last,
}

fn answers(app: &TestApp, step: &Step, picks: Picks) -> Answers {
    let mut answers = Answers::new();
    let people = app.people;
    for field in &step.fields {
        let asked =
            field.only_if.as_ref().is_none_or(|only| answers.get(&only.field).is_some_and(|a| only.is.contains(a)));
        if !asked || !field.required {
            continue;
        }
        let answer = match field.kind {
            FieldKind::Choice => match picks {
                Picks::First => field.choices.first(),
                Picks::Last => field.choices.last(),
            }
            .map(|choice| choice.value.clone())
            .expect("a choice has choices"),
            FieldKind::When => app.world.now().to_string(),
            FieldKind::Children => people.child.to_string(),
            FieldKind::Staff if field.differs_from.is_some() => people.practitioner.to_string(),
            FieldKind::Staff => people.technician.to_string(),
            FieldKind::Device => people.tablet.to_string(),
            FieldKind::Family => people.parent.to_string(),
            FieldKind::Line | FieldKind::Text | FieldKind::Reference => "As it was.".to_owned(),
        };
        answers.insert(field.key.clone(), answer);
    }
    answers
}

fn attempt(app: &TestApp, view: &ConcernView, key: &str, act: Act, picks: Picks) -> StepAttempt {
    let state = view.steps.iter().find(|state| state.step.key == key).expect("a step of it");
    let says = matches!(act, Act::Done | Act::AlreadyHappened);
    StepAttempt {
        step: key.to_owned(),
        act,
        answers: if says { answers(app, &state.step, picks) } else { Answers::new() },
        reason: (!says).then(|| "the police asked for it".to_owned()),
        event_at: app.world.now(),
        seen: state.seen,
        device: None,
        leave: Leave::None,
    }
}

async fn told(app: &TestApp, kind: ConcernKind, about: About) -> ConcernId {
    let by = if kind.is_matter() { app.people.dsl } else { app.people.practitioner };
    let children = if kind.is_matter() { Children::Nobody } else { Children::Known(vec![app.people.child]) };
    let report = Report { kind, about, children, ..app.breach() };
    concerns::report(&app.services, &mut app.ctx(by), report).await.expect("told").concern
}

/// Whose it is: the lead's, the case manager's alone, or the chair's where it is about the case manager.
fn worker(app: &TestApp, kind: ConcernKind, about: &About) -> PersonId {
    match about {
        About::Person(whom) if *whom == app.people.manager => app.people.chair,
        About::Person(_) => app.people.manager,
        _ if kind == ConcernKind::AdultHere => app.people.manager,
        _ => app.people.dsl,
    }
}

/// The kinds that can be about somebody who works here: those that have a procedure for it, and two that P9 takes over.
const ABOUT_ADULTS: [ConcernKind; 5] = [
    ConcernKind::AdultHere,
    ConcernKind::Radicalisation,
    ConcernKind::PersonalDevice,
    ConcernKind::Bullying,
    ConcernKind::ChildAtRisk,
];

/// Allegations: about a colleague, about a deputy, and about the manager, whose case the chair has.
fn allegations(app: &TestApp) -> Vec<(ConcernKind, About)> {
    let people = app.people;
    let whom = [people.colleague, people.deputy, people.manager];
    ABOUT_ADULTS.into_iter().flat_map(|kind| whom.map(|whom| (kind, About::Person(whom)))).collect()
}

async fn look(app: &TestApp, who: PersonId, id: ConcernId) -> ConcernView {
    concerns::open(&app.services, &mut app.ctx(who), id).await.expect("theirs")
}

/// Does what is next; where something outside is waited for, waives it or records that it happened; closes.
async fn walk(app: &TestApp, kind: ConcernKind, about: About, picks: Picks) {
    let who = worker(app, kind, &about);
    let id = told(app, kind, about).await;
    let name = kind.key();
    for _ in 0..60 {
        app.world.pass(SignedDuration::from_mins(1));
        let view = look(app, who, id).await;
        let open = |state: &&concerns::StepView| {
            state.step.closes && !matches!(state.step.act, Some(ProgramAct::Close | ProgramAct::Debrief))
        };
        let ready = view.steps.iter().filter(open).find(|state| state.state == State::Ready);
        let waits = view.steps.iter().filter(open).find(|state| state.state == State::Locked);
        let (key, act) = match (ready, waits) {
            (Some(state), _) => (&state.step.key, Act::Done),
            (None, Some(state)) if state.may_waive => (&state.step.key, Act::Waived),
            (None, Some(state)) => (&state.step.key, Act::AlreadyHappened),
            (None, None) => break,
        };
        let tried = attempt(app, &view, key, act, picks);
        let saved = concerns::record(&app.services, &mut app.ctx(who), id, tried).await;
        assert!(saved.is_ok(), "{name}: {key} {act:?}: {saved:?}");
    }
    let early = concerns::close(&app.services, &mut app.ctx(who), id, Answers::new(), 0).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{name} closed without a debrief: {early:?}");
    let view = look(app, who, id).await;
    let debrief = view.steps.iter().find(|state| state.step.act == Some(ProgramAct::Debrief)).expect("a debrief");
    // Enough of both for whatever the picks promise.
    let action = Lesson::Action { title: "Show it once more".into(), owner: who, due: date(2027, 4, 1) };
    let review = Lesson::Review { what: "policy".into(), why: "It came up".into(), due: date(2027, 5, 1) };
    let lessons = vec![action.clone(), action.clone(), action, review];
    let learned = Debrief { answers: answers(app, &debrief.step, picks), lessons, seen: debrief.seen };
    let saved = concerns::debrief(&app.services, &mut app.ctx(who), id, learned).await;
    assert!(saved.is_ok(), "{name}: the debrief: {saved:?}");
    let closing = Answers::from([("summary".to_owned(), "It ended well.".to_owned())]);
    let closed = concerns::close(&app.services, &mut app.ctx(who), id, closing, 0).await;
    assert!(closed.is_ok(), "{name}: {closed:?}");
    let view = look(app, who, id).await;
    assert_eq!(view.status, ConcernStatus::Closed, "{name}");
    assert!(
        view.steps
            .iter()
            .filter(|state| state.step.closes)
            .all(|state| { matches!(state.state, State::Done | State::OutOfOrder | State::Waived | State::NotNeeded) })
    );
}

#[tokio::test]
async fn every_procedure_can_be_walked_to_its_end() {
    let app = TestApp::new().await;
    for kind in ConcernKind::ALL {
        for picks in [Picks::First, Picks::Last] {
            walk(&app, kind, About::Nobody, picks).await;
        }
    }
    app.end().await;
}

#[tokio::test]
async fn every_allegation_can_be_walked_to_its_end() {
    let app = TestApp::new().await;
    for (kind, about) in allegations(&app) {
        for picks in [Picks::First, Picks::Last] {
            walk(&app, kind, about.clone(), picks).await;
        }
    }
    app.end().await;
}

/// A small shuffle that the seed decides.
fn shuffled(mut keys: Vec<String>, mut seed: u64) -> Vec<String> {
    for at in (1..keys.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).expect("31 bits") % (at + 1);
        keys.swap(at, other);
    }
    keys
}

#[tokio::test]
async fn in_any_other_order_nothing_locked_happens_and_no_fact_is_refused() {
    let app = TestApp::new().await;
    try_other_orders(app, kinds(ConcernKind::ALL.get(..12).expect("24 kinds"))).await;
}

#[tokio::test]
async fn nor_for_the_other_kinds() {
    let app = TestApp::new().await;
    try_other_orders(app, kinds(ConcernKind::ALL.get(12..).expect("24 kinds"))).await;
}

#[tokio::test]
async fn nor_in_an_allegation() {
    let app = TestApp::new().await;
    let all = allegations(&app);
    try_other_orders(app, all).await;
}

fn kinds(of: &[ConcernKind]) -> Vec<(ConcernKind, About)> {
    of.iter().map(|kind| (*kind, About::Nobody)).collect()
}

async fn try_other_orders(app: TestApp, kinds: Vec<(ConcernKind, About)>) {
    let mut early = 0;
    for (n, (kind, about)) in kinds.into_iter().enumerate() {
        let who = worker(&app, kind, &about);
        let id = told(&app, kind, about.clone()).await;
        // Of an allegation no device is held before the LADO was asked: on their word, then.
        let had = !kind.is_matter() && (kind != ConcernKind::AdultHere || about != About::Nobody);
        if had {
            let ctx = &mut app.ctx(who);
            let held = match about {
                About::Nobody => holds::place(&app.services, ctx, app.people.tablet, Some(id), Leave::None).await,
                _ => {
                    let word = (Leave::Lado, "Their officer agreed.");
                    holds::place_on_word(&app.services, ctx, app.people.tablet, id, word).await
                }
            };
            assert!(held.is_ok(), "{held:?}");
        }
        let name = format!("{} {about:?}", kind.key());
        let view = look(&app, who, id).await;
        let keys: Vec<String> = view.steps.iter().map(|state| state.step.key.clone()).collect();
        let mut released = false;
        for (round, act) in [(1, Act::Done), (2, Act::Done), (3, Act::AlreadyHappened)] {
            let seed = u64::try_from(n).expect("few") * 10 + round;
            for key in shuffled(keys.clone(), seed) {
                app.world.pass(SignedDuration::from_secs(10));
                let view = look(&app, who, id).await;
                let state = view.steps.iter().find(|state| state.step.key == key).expect("there").clone();
                let picks = if seed % 2 == 0 { Picks::First } else { Picks::Last };
                let tried = attempt(&app, &view, &key, act, picks);
                let saved = concerns::record(&app.services, &mut app.ctx(who), id, tried).await;
                match (act, &saved) {
                    (Act::Done, Ok(_)) => {
                        assert!(state.locked_by.is_empty(), "{name}: {key} was done behind a shut gate");
                        released |= state.step.act == Some(ProgramAct::ReleaseHold);
                    }
                    (Act::Done, Err(Error::Locked(_))) => assert!(!state.locked_by.is_empty(), "{name}: {key}"),
                    (Act::AlreadyHappened, Ok(saved)) => {
                        let shut = !state.locked_by.is_empty();
                        assert!(!shut || saved.out_of_order, "{name}: {key} was early and is not marked");
                    }
                    other => panic!("{name}: {key}: {other:?}"),
                }
                // The program lets a device back for its own step done in order, and for nothing else.
                let held = holds::list(&app.services, &app.ctx(who)).await.expect("holds");
                let held = held.iter().any(|hold| hold.concern == Some(id));
                assert!(!had || held != released, "{name}: after {key} the device is held: {held}");
            }
        }
        let view = look(&app, who, id).await;
        assert_ne!(view.status, ConcernStatus::Closed, "{name}: a step closes nothing by itself");
        early += view.steps.iter().filter(|state| state.ever_out_of_order).count();
    }
    assert!(early > 12, "{early} facts came before their turn, and are marked for ever");
    app.end().await;
}
