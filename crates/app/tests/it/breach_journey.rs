//! Journey 2 of the architecture: something came up on a tablet, is told, opened, worked through its gates, learned from
//! and closed.

use app::keeping::exports;
use std::collections::BTreeMap;

use app::concerns::times::{self, Moment};
use app::concerns::{self, Debrief, Did, Lesson, Shelf, StageTwo, StepAttempt};
use app::holds::{Cut, Leave};
use app::testing::TestApp;
use app::{Error, holds, notices};
use domain::ConcernId;
use domain::concern::ConcernStatus;
use domain::procedure::{Act, State};
use jiff::SignedDuration;
use jiff::civil::date;

use crate::handing_out::{opened, told};

/// A step of P1 with its answers, as the lead records it.
pub(crate) fn step(app: &TestApp, key: &str, answers: &[(&str, String)]) -> StepAttempt {
    StepAttempt {
        step: key.into(),
        act: Act::Done,
        answers: answers.iter().map(|(field, answer)| ((*field).to_owned(), answer.clone())).collect(),
        reason: None,
        event_at: app.world.now(),
        seen: 0,
        device: None,
        leave: Leave::None,
    }
}

/// P1 in order, up to the debrief, for content that is not illegal.
pub(crate) async fn work_to_the_debrief(app: &TestApp, id: ConcernId) {
    let people = app.people;
    let now = app.world.now().to_string();
    let say = |text: &str| text.to_owned();
    let mut hold = step(
        app,
        "hold_device",
        &[
            ("held", say("cut_and_locked")),
            ("where", say("Office safe")),
            ("key_holder", people.manager.to_string()),
            ("since", now.clone()),
        ],
    );
    hold.device = Some(people.tablet);
    let steps = [
        step(app, "safe_now", &[("safe", say("yes"))]),
        step(app, "told_lead", &[("told", people.dsl.to_string()), ("told_at", now.clone())]),
        hold,
        step(app, "account", &[("complete", say("yes"))]),
        step(app, "could_be_illegal", &[("answer", say("no")), ("why", say("A cartoon with a rude word."))]),
        step(
            app,
            "who_exposed",
            &[("children_exposed", say("yes")), ("children", people.child.to_string()), ("others", say("None."))],
        ),
        step(
            app,
            "parents_told",
            &[
                ("outcome", say("told")),
                ("at", now.clone()),
                ("by", people.dsl.to_string()),
                ("how", say("At the door. They thanked us.")),
            ],
        ),
        step(app, "support", &[("children", say("Calm.")), ("staff", say("A chat."))]),
        step(app, "find_cause", &[("cause", say("not_listed")), ("detail", say("No list had it."))]),
        step(app, "filter_change", &[("change", say("proposed")), ("why", say("Block the host."))]),
        step(app, "retest", &[("result", say("blocked"))]),
        step(app, "release_hold", &[("at", now.clone()), ("checked_by", people.technician.to_string())]),
    ];
    for attempt in steps {
        app.world.pass(SignedDuration::from_mins(1));
        let key = attempt.step.clone();
        let saved = concerns::record(&app.services, &mut app.ctx(people.dsl), id, attempt).await;
        assert!(saved.is_ok(), "{key}: {saved:?}");
    }
}

pub(crate) fn learned(app: &TestApp) -> Debrief {
    let answers = [
        ("outcome", "The child is well."),
        ("lessons", "Search with an adult beside."),
        ("policy", "review"),
        ("filter", "changed"),
        ("training", "action"),
        ("curriculum", "no"),
        ("support", "taken"),
    ];
    Debrief {
        answers: answers.iter().map(|(field, answer)| ((*field).to_owned(), (*answer).to_owned())).collect(),
        lessons: vec![
            Lesson::Action {
                title: "Show everybody how to search with an adult beside".into(),
                owner: app.people.colleague,
                due: date(2026, 4, 1),
            },
            Lesson::Review { what: "policy".into(), why: "Searching in class".into(), due: date(2026, 5, 1) },
        ],
        seen: 0,
    }
}

#[tokio::test]
async fn from_the_first_words_to_the_debrief() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.hold_device = true;
    report.hosts = vec!["pictures.example".into()];
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    assert!(filed.hold.expect("asked for").expect("a tablet of a children's room").until.is_some(), "four hours (S25)");

    // The reporter: nobody has opened it; whom to tell in person.
    let receipt = concerns::receipt(&app.services, &app.ctx(people.practitioner), filed.concern).await.expect("theirs");
    assert_eq!(receipt.opened_at, None);
    assert!(receipt.tell.iter().any(|who| who.name == "Amara Lead" && who.phone.is_some()), "{:?}", receipt.tell);
    assert!(receipt.outside.iter().any(|agency| agency.key == "front_door"));
    assert!(receipt.words.iter().any(|(_, text)| text.contains("pictures[.]example")), "inert (S19)");

    // The lead is told by page and by mail, which says nothing (S10).
    app.work().await;
    let waiting = notices::mine(&app.services, &app.ctx(people.dsl)).await.expect("notices");
    assert_eq!(waiting.len(), 1);
    let mail = app.mail.sent();
    assert!(mail.iter().any(|mail| mail.to == "amara.lead@nursery.test"), "{mail:?}");
    for mail in &mail {
        assert_eq!(mail.subject, "Something in Holdfast needs you");
        assert!(!mail.text.contains("penguin") && !mail.text.contains("Joy"), "{}", mail.text);
    }
    assert_eq!(app.gateway.published().last().map(|policy| policy.holds.len()), Some(1), "the gateway knows the hold");

    // Stage two, the same day.
    let words = StageTwo { child_words: "“That is not a penguin.”".into(), ..StageTwo::default() };
    concerns::add_words(&app.services, &mut app.ctx(people.practitioner), filed.concern, words).await.expect("words");

    // The lead opens it: the reporter sees when.
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    assert_eq!(view.status, ConcernStatus::Open);
    assert!(!view.words_owed);
    assert_eq!(view.next.as_deref(), Some("safe_now"));
    assert!(view.chronology.iter().any(|entry| entry.text.contains("not a penguin")));
    assert_eq!(view.holds.first().map(|hold| hold.cut), Some(Cut::NotKnown), "no gateway runs: say so (S25)");
    let receipt = concerns::receipt(&app.services, &app.ctx(people.practitioner), filed.concern).await.expect("theirs");
    assert_eq!(receipt.opened_at, Some(app.world.now()), "the reporter reads when (S4)");
    assert!(notices::mine(&app.services, &app.ctx(people.dsl)).await.expect("notices").is_empty(), "settled");

    // Not before its time.
    let early = concerns::close(&app.services, &mut app.ctx(people.dsl), filed.concern, BTreeMap::new(), 0).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{early:?}");

    work_to_the_debrief(&app, filed.concern).await;
    app.work().await;
    assert_eq!(app.gateway.published().last().map(|policy| policy.holds.len()), Some(0), "the device is back");
    assert!(holds::list(&app.services, &app.ctx(people.dsl)).await.expect("holds").is_empty());

    concerns::debrief(&app.services, &mut app.ctx(people.dsl), filed.concern, learned(&app)).await.expect("learned");
    let closing = BTreeMap::from([("summary".to_owned(), "A rude cartoon; blocked since.".to_owned())]);
    concerns::close(&app.services, &mut app.ctx(people.dsl), filed.concern, closing, 0).await.expect("closes");
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    assert_eq!(view.status, ConcernStatus::Closed);
    assert_eq!(view.follow_up.len(), 2, "{:?}", view.follow_up);
    assert!(view.steps.iter().all(|step| !matches!(step.state, State::Ready | State::Locked)));
    let queue = concerns::queue(&app.services, &app.ctx(people.dsl), Shelf::Unfinished, 0).await.expect("queue");
    assert_eq!((queue.unfinished, queue.closed), (0, 1));

    // Exported for the worker, and that is in the audit.
    let what = exports::What::Concern(filed.concern);
    let made = exports::make(&app.services, &mut app.ctx(people.dsl), what, told()).await.expect("exports");
    let (_, document) = opened(&app, made.id, &made.passphrase).await;
    assert!(document.contains("not a penguin"));
    app.end().await;
}

#[tokio::test]
async fn a_wrong_word_can_be_corrected_but_stays() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    let wrong = view.chronology.iter().find(|entry| entry.text.contains("penguins")).expect("there");
    let correction =
        concerns::Correction { of: wrong.id.expect("said"), text: "It was a search for seals.".into(), event_at: None };
    concerns::correct(&app.services, &mut app.ctx(people.dsl), filed.concern, correction).await.expect("corrects");
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    assert!(view.chronology.iter().any(|entry| entry.text.contains("penguins") && entry.corrected));
    let new = view.chronology.iter().find(|entry| entry.text.contains("seals")).expect("there");
    assert!(new.corrects.as_ref().is_some_and(|old| old.contains("penguins")));
    app.end().await;
}

#[tokio::test]
async fn two_people_on_one_step_see_both_texts_and_facts_are_never_refused() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let answered = |answer: &str, why: &str| {
        step(&app, "could_be_illegal", &[("answer", answer.to_owned()), ("why", why.to_owned())])
    };
    let first = answered("not_sure", "It looked very young.");
    concerns::record(&app.services, &mut app.ctx(people.dsl), filed.concern, first).await.expect("first");
    let second =
        concerns::record(&app.services, &mut app.ctx(people.deputy), filed.concern, answered("no", "A drawing.")).await;
    let Err(Error::Conflict { theirs }) = second else { panic!("{second:?}") };
    assert_eq!(theirs.get("why").map(String::as_str), Some("It looked very young."));
    assert_eq!(theirs.get("_by").map(String::as_str), Some("Amara Lead"));

    // Parents were told already, although advice had to come first: recorded, marked for ever, the others told (S1).
    let now = app.world.now().to_string();
    let told = StepAttempt {
        act: Act::AlreadyHappened,
        ..step(
            &app,
            "parents_told",
            &[
                ("outcome", "told".to_owned()),
                ("at", now),
                ("by", people.colleague.to_string()),
                ("how", "At pick-up.".to_owned()),
            ],
        )
    };
    let locked = concerns::record(
        &app.services,
        &mut app.ctx(people.deputy),
        filed.concern,
        StepAttempt { act: Act::Done, ..told.clone() },
    )
    .await;
    assert!(matches!(locked, Err(Error::Locked(_))), "{locked:?}");
    let saved =
        concerns::record(&app.services, &mut app.ctx(people.deputy), filed.concern, told).await.expect("a fact");
    assert!(saved.out_of_order && saved.did == Did::Nothing);
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    assert!(view.steps.iter().any(|step| step.step.key == "parents_told" && step.state == State::OutOfOrder));
    app.end().await;
}

#[tokio::test]
async fn what_may_be_illegal_keeps_the_device_until_the_police_let_it_go() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.hold_device = true;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    let yes = step(&app, "could_be_illegal", &[("answer", "yes".into()), ("why", "It looked very young.".into())]);
    concerns::record(&app.services, &mut app.ctx(people.dsl), filed.concern, yes).await.expect("judged");
    let release = || {
        let at = app.world.now().to_string();
        step(&app, "release_hold", &[("at", at), ("checked_by", people.technician.to_string())])
    };
    let early = concerns::record(&app.services, &mut app.ctx(people.dsl), filed.concern, release()).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{early:?}");
    // Taking the judgement back alone does not open the gate.
    let mut no = step(&app, "could_be_illegal", &[("answer", "no".into()), ("why", "I was wrong.".into())]);
    no.seen = 1;
    concerns::record(&app.services, &mut app.ctx(people.dsl), filed.concern, no).await.expect("another answer");
    let early = concerns::record(&app.services, &mut app.ctx(people.dsl), filed.concern, release()).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{early:?}");
    // "It has already happened" records; the program still lets nothing go.
    let claimed = StepAttempt { act: Act::AlreadyHappened, ..release() };
    concerns::record(&app.services, &mut app.ctx(people.dsl), filed.concern, claimed).await.expect("a fact");
    let held = holds::list(&app.services, &app.ctx(people.dsl)).await.expect("holds");
    assert_eq!(held.len(), 1, "the program releases nothing because somebody says that it happened");
    let by_hand = holds::release(&app.services, &mut app.ctx(people.dsl), held[0].id).await;
    assert!(matches!(by_hand, Err(Error::Locked(_))), "{by_hand:?}");
    app.pass(SignedDuration::from_hours(1)).await;
    app.end().await;
}

#[tokio::test]
async fn whoever_holds_it_hears_of_what_happened_out_of_its_order() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let filed = concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    concerns::open(services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    let told = async |person| notices::mine(services, &app.ctx(person)).await.expect("notices").len();
    assert_eq!(told(people.dsl).await, 0, "settled");
    let answers = [("at", app.world.now().to_string()), ("checked_by", people.deputy.to_string())];
    let early = StepAttempt { act: Act::AlreadyHappened, ..step(&app, "release_hold", &answers) };
    let saved =
        concerns::record(services, &mut app.ctx(people.deputy), filed.concern, early).await.expect("never locked");
    assert!(saved.out_of_order);
    assert_eq!(told(people.dsl).await, 1, "the lead was not told (S1)");
    app.end().await;
}

#[tokio::test]
async fn who_promises_an_action_writes_it_and_what_was_learned_is_learned_anew_after_reopening() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let id = filed.concern;
    for (left_out, asks) in [(0, "training"), (1, "policy")] {
        let mut debrief = learned(&app);
        debrief.lessons.remove(left_out);
        let refused = concerns::debrief(&app.services, &mut app.ctx(people.dsl), id, debrief).await;
        assert!(matches!(&refused, Err(Error::Invalid(wrong)) if wrong.contains_key(asks)), "{asks}: {refused:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_time_that_is_put_right_moves_the_clocks_and_both_times_stay() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let id = filed.concern;
    let before = concerns::open(&app.services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let friday = before.known_at.saturating_sub(SignedDuration::from_hours(72)).expect("a time");
    let right = async |person, which, at, reason: &str| {
        times::put_right(&app.services, &mut app.ctx(person), id, which, at, reason).await
    };
    let at = friday;
    assert!(right(people.dsl, Moment::KnownHere, at, "").await.is_err(), "without a reason");
    let later = before.recorded_at.saturating_add(SignedDuration::from_secs(1)).expect("a time");
    assert!(
        right(people.dsl, Moment::KnownHere, later, "A slip of the pen.").await.is_err(),
        "known after it was written"
    );
    assert!(right(people.colleague, Moment::KnownHere, at, "I want to.").await.is_err(), "not theirs");
    right(people.dsl, Moment::KnownHere, at, "The room leader was told on Friday.").await.expect("put right");
    let after = concerns::open(&app.services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert_eq!(after.known_at, friday);
    let told =
        |view: &concerns::ConcernView| view.clocks.iter().find(|clock| clock.key == "lead_told").map(|clock| clock.due);
    assert!(told(&after) < told(&before), "the clock runs from then");
    let entry = after.chronology.iter().find(|entry| entry.text.contains("told on Friday")).expect("it stays for ever");
    assert!(entry.text.contains("Before, the record said"), "{}", entry.text);
    app.end().await;
}

#[tokio::test]
async fn a_time_that_nobody_said_is_not_made_up_and_stops_no_clock() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.told = Some(concerns::Told { who: "The lead".into(), at: None });
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    assert_eq!(view.told_in_person, Some(("The lead".to_owned(), None)));
    let clock = view.clocks.iter().find(|clock| clock.key == "lead_told").expect("a clock");
    assert_eq!(clock.stopped, None);
    app.end().await;
}
