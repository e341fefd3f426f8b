//! The log of low-level concerns: corrected by other notes, linked to concerns, entered by the step of a procedure.

use app::Error;
use app::concerns::{self, About, Children, Did, StepAttempt};
use app::holds::Leave;
use app::low_level::{self, Correction, New};
use app::testing::TestApp;
use domain::concern::ConcernKind;
use domain::procedure::Act;
use domain::{ConcernId, PersonId};
use uuid::Uuid;

async fn write(app: &TestApp, about: PersonId, what: &str) -> Uuid {
    let new = New { about, what: what.into(), response: "We spoke.".into(), event_at: app.world.now() };
    low_level::add(&app.services, &mut app.ctx(app.people.manager), new).await.expect("written")
}

fn correction(app: &TestApp, what: &str) -> Correction {
    Correction {
        what: what.into(),
        response: "We spoke.".into(),
        event_at: app.world.now(),
        why: "The wrong room.".into(),
    }
}

#[tokio::test]
async fn a_correction_stands_beside_what_it_corrects_and_counts_once() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let first = write(&app, people.colleague, "A phone in Starfish.").await;
    app.world.pass(jiff::SignedDuration::from_secs(1));
    let correct =
        async |id, what| low_level::correct(services, &mut app.ctx(people.manager), id, correction(&app, what)).await;
    let second = correct(first, "A phone in Seahorse.").await.expect("corrected");
    let stale = correct(first, "A phone in the hall.").await;
    assert!(matches!(&stale, Err(Error::Conflict { theirs }) if theirs["what"].contains("Seahorse")), "{stale:?}");
    app.world.pass(jiff::SignedDuration::from_secs(1));
    let third = correct(second, "A watch in Seahorse.").await.expect("corrected again");
    let wordless = Correction { why: " ".into(), ..correction(&app, "A watch.") };
    let refused = low_level::correct(services, &mut app.ctx(people.manager), third, wordless).await;
    assert!(matches!(&refused, Err(Error::Invalid(why)) if why.contains_key("why")), "{refused:?}");

    let note = low_level::one(services, &mut app.ctx(people.manager), second).await.expect("theirs");
    let versions: Vec<&str> = note.versions.iter().map(|row| row.what.as_str()).collect();
    assert_eq!(versions, ["A phone in Starfish.", "A watch in Seahorse."], "both stay readable");
    assert!(note.row.corrected.is_some() && note.row.corrects.as_deref() == Some("The wrong room."));
    for _ in 0..2 {
        write(&app, people.colleague, "Late from break.").await;
    }
    let file = low_level::read(services, &mut app.ctx(people.manager)).await.expect("the file");
    assert_eq!((file.rows.len(), file.patterns[0].count), (5, 3), "three matters, five notes");
    // Nobody corrects what is about themselves, nor finds it.
    let own = write_about_manager(&app).await;
    assert!(matches!(correct(own, "Nothing at all.").await, Err(Error::NotFound)));
    for stranger in [people.dsl, people.colleague, people.practitioner] {
        let refused = low_level::one(services, &mut app.ctx(stranger), third).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    }
    app.end().await;
}

async fn write_about_manager(app: &TestApp) -> Uuid {
    let new =
        New { about: app.people.manager, what: "Alone.".into(), response: "Spoke.".into(), event_at: app.world.now() };
    low_level::add(&app.services, &mut app.ctx(app.people.chair), new).await.expect("the chair's")
}

async fn allegation(app: &TestApp, about: About) -> (ConcernId, String) {
    let report = concerns::Report { kind: ConcernKind::AdultHere, about, children: Children::Nobody, ..app.breach() };
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    (filed.concern, filed.reference)
}

fn step(app: &TestApp, key: &str, answers: &[(&str, &str)], seen: usize) -> StepAttempt {
    StepAttempt {
        step: key.into(),
        act: Act::Done,
        answers: answers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        reason: None,
        event_at: app.world.now(),
        seen,
        device: None,
        leave: Leave::None,
    }
}

const NONE_OF_THEM: [(&str, &str); 5] = [
    ("meets", "no"),
    ("crime", "no"),
    ("child_hurt", "no"),
    ("images", "no"),
    ("why", "A phone on the table at lunch."),
];

#[tokio::test]
async fn the_step_enters_the_note_once_linked_and_shut_to_whom_the_concern_is_shut() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let (id, reference) = allegation(&app, About::Person(people.colleague)).await;
    concerns::open(services, &mut app.ctx(people.manager), id).await.expect("opens");
    let record = async |attempt| concerns::record(services, &mut app.ctx(people.manager), id, attempt).await;
    record(step(&app, "criteria", &NONE_OF_THEM, 0)).await.expect("judged");
    let done = [("pattern", "none"), ("done", "We agreed: phones stay in the office.")];
    let saved = record(step(&app, "low_level", &done, 0)).await.expect("entered");
    assert_eq!(saved.did, Did::Logged(1));
    let file = low_level::read(services, &mut app.ctx(people.manager)).await.expect("the file");
    let row = &file.rows[0];
    assert_eq!((row.about.as_str(), row.what.as_str()), ("Fay Colleague", "A phone on the table at lunch."));
    assert_eq!(row.response, "We agreed: phones stay in the office.");
    assert_eq!(row.concerns, [(id, reference)]);
    // The chair keeps the file too: they read the note, and learn of no concern that is not theirs.
    let chairs = low_level::read(services, &mut app.ctx(people.chair)).await.expect("the file");
    assert!(chairs.rows[0].concerns.is_empty());
    // Recorded again, it is corrected and not written twice.
    app.world.pass(jiff::SignedDuration::from_secs(1));
    record(step(&app, "low_level", &[("pattern", "none"), ("done", "We agreed otherwise.")], 1)).await.expect("again");
    let file = low_level::read(services, &mut app.ctx(people.manager)).await.expect("the file");
    let stands: Vec<&str> =
        file.rows.iter().filter(|row| row.corrected.is_none()).map(|row| row.response.as_str()).collect();
    assert_eq!((file.rows.len(), stands), (2, vec!["We agreed otherwise."]));
    // What is made from a concern inherits who must not see it (S8): the note is gone for the chair, to the last version.
    concerns::invite(services, &mut app.ctx(people.manager), id, people.dsl, "A second pair of eyes".into())
        .await
        .expect("in");
    concerns::exclude(services, &mut app.ctx(people.manager), id, people.chair).await.expect("shut out");
    let chairs = low_level::read(services, &mut app.ctx(people.chair)).await.expect("the file");
    assert!(chairs.rows.is_empty(), "{:?}", chairs.rows);
    let gone = low_level::one(services, &mut app.ctx(people.chair), file.rows[0].id).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    app.end().await;
}

#[tokio::test]
async fn without_a_name_nothing_is_entered_and_a_link_is_for_who_sees_both() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let (id, reference) = allegation(&app, About::Nobody).await;
    let record = async |attempt| concerns::record(services, &mut app.ctx(people.manager), id, attempt).await;
    record(step(&app, "criteria", &NONE_OF_THEM, 0)).await.expect("judged");
    let done = [("pattern", "none"), ("done", "We spoke with everybody.")];
    let nobody = record(step(&app, "low_level", &done, 0)).await.expect("recorded all the same");
    assert_eq!(nobody.did, Did::Logged(0));
    assert!(low_level::read(services, &mut app.ctx(people.manager)).await.expect("the file").rows.is_empty());

    let note = write(&app, people.colleague, "A joke about a child.").await;
    let link = async |who, to: &str| low_level::link(services, &mut app.ctx(who), note, to).await;
    for wrong in ["NO-SUCH", ""] {
        assert!(matches!(link(people.manager, wrong).await, Err(Error::Invalid(_))), "{wrong}");
    }
    let (unseen, there) = (link(people.chair, &reference).await, link(people.chair, "NO-SUCH").await);
    assert_eq!(format!("{unseen:?}"), format!("{there:?}"), "not theirs and not there look alike");
    link(people.manager, &reference.to_lowercase()).await.expect("linked");
    link(people.manager, &reference).await.expect("twice is once");
    let file = low_level::read(services, &mut app.ctx(people.manager)).await.expect("the file");
    assert_eq!(file.rows[0].concerns.len(), 1);
    let view = concerns::open(services, &mut app.ctx(people.manager), id).await.expect("opens");
    assert!(view.chronology.iter().any(|entry| entry.text.contains("log of low-level concerns")));
    app.end().await;
}
