//! Files of a concern: who may add one, what is never taken, sealed for everybody, destroyed everywhere (S17, S18, S20).

use app::keeping::exports;
use std::sync::Arc;

use app::attachments::{self, CouldShow, FileOrder, FileState, NewFile, Order, Question, Stopped, Viewing};
use app::concerns::{self, StepAttempt};
use app::gateway::Pending;
use app::scanner::{Scan, Scanner};
use app::testing::TestApp;
use app::{Error, upkeep};
use domain::procedure::Act;
use domain::{AttachmentId, ConcernId, PersonId};
use proptest::prelude::*;
use store::Scope;

use crate::handing_out::{opened, told as why};

const LETTER: &[u8] = b"%PDF-1.7 letter about the zanderfish, which nobody else writes of";

fn letter() -> NewFile {
    NewFile {
        could_show: CouldShow::No,
        what: "Letter from the Front Door".into(),
        name: "../Kit Child.pdf".into(),
        content: LETTER.to_vec(),
    }
}

async fn told(app: &TestApp) -> ConcernId {
    let mut ctx = app.ctx(app.people.practitioner);
    concerns::report(&app.services, &mut ctx, app.breach()).await.expect("filed").concern
}

async fn added(app: &TestApp, id: ConcernId) -> AttachmentId {
    attachments::add(&app.services, &mut app.ctx(app.people.dsl), id, letter()).await.expect("added")
}

/// Says whether something could be illegal.
async fn judge(app: &TestApp, id: ConcernId, answer: &str) {
    let answers = [("answer".to_owned(), answer.to_owned()), ("why".to_owned(), "By what was seen.".to_owned())];
    let attempt = StepAttempt {
        step: "could_be_illegal".into(),
        act: Act::AlreadyHappened,
        answers: answers.into(),
        reason: None,
        event_at: app.world.now(),
        device: None,
        leave: app::holds::Leave::None,
        seen: 9,
    };
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, attempt).await.expect("recorded");
}

fn order(order: FileOrder, authority: &str, app: &TestApp) -> Order {
    Order {
        order,
        authority: authority.into(),
        who: "PC 4711, Kent".into(),
        reference: "46/1/26".into(),
        said_at: app.world.now(),
    }
}

fn refuses<T: std::fmt::Debug>(done: &Result<T, Error>, field: &str) {
    assert!(matches!(done, Err(Error::Invalid(why)) if why.contains_key(field)), "{field}: {done:?}");
}

#[tokio::test]
async fn a_letter_is_kept_encrypted_and_fetched_under_a_name_that_says_nothing() {
    let app = TestApp::new().await;
    let id = told(&app).await;
    let file = added(&app, id).await;
    let deputy = &mut app.ctx(app.people.deputy);
    let files = attachments::list(&app.services, deputy, id).await.unwrap();
    assert_eq!((files.files[0].name.as_str(), &files.files[0].state), ("Kit Child.pdf", &FileState::Here));
    let before = app.acts().await;
    let fetched = attachments::fetch(&app.services, deputy, id, file).await.unwrap();
    assert_eq!(fetched.content.as_slice(), LETTER);
    assert!(!fetched.name.contains("Kit") && fetched.name.ends_with(".pdf"), "{}", fetched.name);
    assert!(app.acts().await > before, "a fetch is in the audit");
    let (_, looks) = app::concerns::looks(&app.services, &app.ctx(app.people.dsl), id).await.unwrap();
    for did in ["Added a file", "Looked at the list of its files", "Fetched a file"] {
        assert_eq!(looks.iter().filter(|look| look.did == did).count(), 1, "who looked is shown ({did}): {looks:?}");
    }
    let rows = store::backup::every_row(&app.services.db).await.unwrap();
    assert!(rows.contains("attachment_part") && !rows.contains("zanderfish"), "content lies in the clear");
    // Whoever does not see the concern finds neither the file nor that there is one.
    for stranger in [app.people.practitioner, app.people.technician, app.people.chair, app.people.inspector] {
        let ctx = &mut app.ctx(stranger);
        assert!(matches!(attachments::fetch(&app.services, ctx, id, file).await, Err(Error::NotFound)));
        assert!(matches!(attachments::list(&app.services, ctx, id).await, Err(Error::NotFound)));
    }
    // Nor by another concern's way in.
    let other = told(&app).await;
    assert!(matches!(attachments::fetch(&app.services, deputy, other, file).await, Err(Error::NotFound)));
    app.end().await;
}

#[tokio::test]
async fn reporters_attach_nothing_and_neither_does_who_answers_anything_but_no() {
    let app = TestApp::new().await;
    let id = told(&app).await;
    for other in [app.people.practitioner, app.people.manager, app.people.chair, app.people.parent] {
        let done = attachments::add(&app.services, &mut app.ctx(other), id, letter()).await;
        assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
    }
    let lead = app.people.dsl;
    for could_show in [CouldShow::Yes, CouldShow::NotSure] {
        let new = NewFile { could_show, ..letter() };
        refuses(&attachments::add(&app.services, &mut app.ctx(lead), id, new).await, "could_show");
        let asked = attachments::ask(&app.services, &mut app.ctx(lead), id, could_show).await.unwrap();
        assert_eq!(asked, Question::Stop);
    }
    let view = concerns::open(&app.services, &mut app.ctx(lead), id).await.unwrap();
    let said: Vec<_> = view.chronology.iter().filter(|entry| entry.text.contains("A file was not added")).collect();
    assert_eq!(said.len(), 4, "whichever way it was answered");
    assert!(said.iter().all(|entry| !entry.text.contains("lock")), "nobody said where the device lies: {said:?}");
    app.world.pass(jiff::SignedDuration::from_mins(1));
    attachments::cannot_show(&app.services, &mut app.ctx(app.people.deputy), id, "It is a letter.").await.unwrap();
    assert_eq!(attachments::ask(&app.services, &mut app.ctx(lead), id, CouldShow::No).await.unwrap(), Question::Choose);
    for (content, name) in [
        (b"<svg onload='alert(1)'/>".to_vec(), "letter.pdf"),
        (b"MZ\x90\0 a program".to_vec(), "letter.docx"),
        (Vec::new(), "empty.pdf"),
        (vec![b'a'; attachments::LARGEST + 1], "long.txt"),
        (format!("data:image/png;base64,{}", "A".repeat(400)).into_bytes(), "words.txt"),
    ] {
        let new = NewFile { content, name: name.into(), ..letter() };
        refuses(&attachments::add(&app.services, &mut app.ctx(lead), id, new).await, "file");
    }
    let no_words = NewFile { what: " ".into(), ..letter() };
    refuses(&attachments::add(&app.services, &mut app.ctx(lead), id, no_words).await, "what");
    assert!(attachments::list(&app.services, &mut app.ctx(lead), id).await.unwrap().files.is_empty());
    app.end().await;
}

/// S17: the question is not asked until the answer suits. What one person said stands until another one decides in writing.
#[tokio::test]
async fn a_yes_is_taken_back_by_nobody_but_a_second_person_with_a_reason() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app).await;
    let kept = added(&app, id).await;
    let ask = async |who, answer| attachments::ask(services, &mut app.ctx(who), id, answer).await;
    let add = async |who| attachments::add(services, &mut app.ctx(who), id, letter()).await;
    let decide = async |who, why: &str| attachments::cannot_show(services, &mut app.ctx(who), id, why).await;
    let stopped = async |who| attachments::list(services, &mut app.ctx(who), id).await.unwrap().stopped;
    assert_eq!(stopped(people.dsl).await, None);
    assert!(matches!(decide(people.deputy, "It is a letter.").await, Err(Error::NotFound)), "nothing was said");
    assert_eq!(ask(people.dsl, CouldShow::NotSure).await.unwrap(), Question::Stop);
    for who in [people.dsl, people.deputy] {
        refuses(&ask(who, CouldShow::No).await, "could_show");
        refuses(&add(who).await, "could_show");
        assert!(!attachments::list(services, &mut app.ctx(who), id).await.unwrap().may_add);
    }
    assert_eq!(stopped(people.dsl).await, Some(Stopped::ForAnother));
    assert_eq!(stopped(people.deputy).await, Some(Stopped::ForYou));
    // What was there before is not what was asked about.
    attachments::fetch(services, &mut app.ctx(people.deputy), id, kept).await.expect("still there");
    refuses(&decide(people.dsl, "I looked into it again.").await, "why");
    refuses(&decide(people.deputy, " ").await, "why");
    for other in [people.practitioner, people.manager, people.technician] {
        assert!(matches!(decide(other, "It is a letter.").await, Err(Error::NotFound)));
    }
    app.world.pass(jiff::SignedDuration::from_mins(1));
    decide(people.deputy, "It is the letter that the Front Door sent.").await.expect("decided");
    assert_eq!(stopped(people.dsl).await, None);
    add(people.dsl).await.expect("a second person decided");
    // And it can be said again, with the file itself too.
    let new = NewFile { could_show: CouldShow::Yes, ..letter() };
    refuses(&attachments::add(services, &mut app.ctx(people.deputy), id, new).await, "could_show");
    refuses(&add(people.dsl).await, "could_show");
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.unwrap();
    assert!(view.chronology.iter().any(|entry| entry.text.contains("the Front Door sent")), "the reason is on record");
    app.end().await;
}

#[tokio::test]
async fn what_could_be_illegal_seals_every_file_at_once_and_for_ever() {
    let app = TestApp::new().await;
    let id = told(&app).await;
    let file = added(&app, id).await;
    judge(&app, id, "not_sure").await;
    let lead = app.people.dsl;
    let none = |done: Result<attachments::Fetched, Error>| assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
    none(attachments::fetch(&app.services, &mut app.ctx(lead), id, file).await);
    refuses(&attachments::add(&app.services, &mut app.ctx(lead), id, letter()).await, "file");
    refuses(&attachments::ask(&app.services, &mut app.ctx(lead), id, CouldShow::No).await, "file");
    let files = attachments::list(&app.services, &mut app.ctx(lead), id).await.unwrap();
    assert!(files.none_here.is_some() && !files.may_add);
    assert_eq!(files.files[0].state, FileState::Sealed(None));
    assert!(files.files[0].name.is_empty() && files.files[0].what.is_empty(), "not even its name");
    // It is written on the file itself, not only reckoned when somebody looks: what makes backups asks the file (S17).
    let reader = app.services.db.read(store::Scope::Setting(app.setting)).await.unwrap();
    let rows = store::attachments::list_for_program(&reader, app.setting, id).await.unwrap();
    assert!(rows.iter().all(|row| row.sealed_at.is_some()), "{rows:?}");
    drop(reader);
    // Neither does a later answer open it, nor paper, nor an export.
    judge(&app, id, "no").await;
    none(attachments::fetch(&app.services, &mut app.ctx(lead), id, file).await);
    let made = exports::make(&app.services, &mut app.ctx(lead), exports::What::Concern(id), why()).await.unwrap();
    let (_, export) = opened(&app, made.id, &made.passphrase).await;
    assert!(!export.contains("Kit Child.pdf"), "{export}");
    app.end().await;
}

#[tokio::test]
async fn two_people_and_the_police_let_go_or_destroy_and_the_backups_forget() {
    let app = TestApp::new().await;
    let id = told(&app).await;
    let file = added(&app, id).await;
    let services = &app.services;
    let (lead, deputy) = (app.people.dsl, app.people.deputy);
    upkeep::back_up(services, &mut app.world.system(), app.setting).await.unwrap();
    let keys = services.data.join("backups/attachment-keys.holdfast");
    let with_key = std::fs::read(&keys).expect("keys beside the backup").len();

    attachments::seal(services, &mut app.ctx(deputy), id, file).await.unwrap();
    assert!(std::fs::read(&keys).unwrap().len() < with_key, "the key of a sealed file lies in no backup");
    assert!(attachments::fetch(services, &mut app.ctx(lead), id, file).await.is_err());
    // Nobody's word but that of the police; not without a reference; not by one person alone.
    for authority in ["iwf", "social_care", "lado", "manager"] {
        let done =
            attachments::order(services, &mut app.ctx(lead), id, file, order(FileOrder::Release, authority, &app))
                .await;
        refuses(&done, "authority");
    }
    let bare = Order { reference: " ".into(), ..order(FileOrder::Release, "police", &app) };
    refuses(&attachments::order(services, &mut app.ctx(lead), id, file, bare).await, "reference");
    assert!(attachments::agree(services, &mut app.ctx(deputy), id, file).await.is_err(), "nothing waits");
    attachments::order(services, &mut app.ctx(lead), id, file, order(FileOrder::Release, "police", &app))
        .await
        .unwrap();
    refuses(&attachments::agree(services, &mut app.ctx(lead), id, file).await, "");
    assert!(attachments::fetch(services, &mut app.ctx(lead), id, file).await.is_err(), "one person is not two");
    for stranger in [app.people.practitioner, app.people.technician] {
        assert!(matches!(attachments::agree(services, &mut app.ctx(stranger), id, file).await, Err(Error::NotFound)));
    }
    attachments::agree(services, &mut app.ctx(deputy), id, file).await.unwrap();
    assert!(attachments::fetch(services, &mut app.ctx(lead), id, file).await.is_ok(), "let go");

    // Taken back, then recorded once more, then destroyed.
    attachments::order(services, &mut app.ctx(deputy), id, file, order(FileOrder::Destroy, "lado", &app))
        .await
        .unwrap();
    attachments::withdraw(services, &mut app.ctx(deputy), id, file).await.unwrap();
    assert!(attachments::agree(services, &mut app.ctx(lead), id, file).await.is_err());
    attachments::order(services, &mut app.ctx(deputy), id, file, order(FileOrder::Destroy, "police", &app))
        .await
        .unwrap();
    attachments::agree(services, &mut app.ctx(lead), id, file).await.unwrap();
    let rows = store::backup::every_row(&services.db).await.unwrap();
    assert!(
        !rows.contains("\"attachment_part\"") && !rows.contains("Kit Child.pdf"),
        "something of it is left: {rows}"
    );
    let files = attachments::list(services, &mut app.ctx(lead), id).await.unwrap();
    assert!(matches!(files.files[0].state, FileState::Destroyed(_)));
    assert!(attachments::seal(services, &mut app.ctx(lead), id, file).await.is_err(), "there is nothing to seal");
    let reader = services.db.read(Scope::Setting(app.setting)).await.unwrap();
    let gone = store::backup::list_destructions(&reader, app.setting).await.unwrap();
    assert!(gone.iter().any(|one| one.table == "attachment" && one.row == Some(file.0)), "a restore repeats it");
    drop(reader);
    assert!(store::audit::verify(&services.db, &[]).await.unwrap().is_whole(), "the chain is whole");
    app.end().await;
}

/// A scanner that says what it was told to say.
struct Says(Result<Option<Scan>, String>);

impl Scanner for Says {
    fn scan<'a>(&'a self, _: &'a [u8]) -> Pending<'a, Result<Option<Scan>, String>> {
        let said = self.0.clone();
        Box::pin(async move { said })
    }
}

#[tokio::test]
async fn the_scanner_is_asked_and_silence_is_no_clean() {
    let mut app = TestApp::new().await;
    let id = told(&app).await;
    let lead = app.people.dsl;
    app.services.scanner = Arc::new(Says(Ok(Some(Scan::Found("Eicar".into())))));
    refuses(&attachments::add(&app.services, &mut app.ctx(lead), id, letter()).await, "file");
    app.services.scanner = Arc::new(Says(Err("gone".into())));
    let done = attachments::add(&app.services, &mut app.ctx(lead), id, letter()).await;
    assert!(matches!(done, Err(Error::Unavailable { .. })), "{done:?}");
    app.services.scanner = Arc::new(Says(Ok(Some(Scan::Clean))));
    added(&app, id).await;
    app.services.scanner = Arc::new(Says(Ok(None)));
    added(&app, id).await;
    let files = attachments::list(&app.services, &mut app.ctx(lead), id).await.unwrap().files;
    assert_eq!((files.len(), files.iter().filter(|file| file.scanned).count()), (2, 1));
    app.end().await;
}

#[tokio::test]
async fn a_viewing_is_declared_on_no_procedure_but_one() {
    let app = TestApp::new().await;
    let id = told(&app).await;
    let viewing = Viewing {
        why: "The police asked.".into(),
        referred: "Police, 46/1/26.".into(),
        witness: "Ben".into(),
        place: "Office".into(),
    };
    let done = attachments::declare_viewing(&app.services, &mut app.ctx(app.people.dsl), id, viewing).await;
    assert!(matches!(done, Err(Error::NotFound)), "this is a breach: {done:?}");
    app.end().await;
}

/// Whatever order people act in: a file that was ever sealed is seen again only after two people and the police.
#[derive(Debug, Clone, Copy)]
enum Does {
    Seal(usize),
    OrderRelease(usize),
    OrderDestroy(usize),
    Withdraw(usize),
    Agree(usize),
    JudgeNo,
}

fn does() -> impl Strategy<Value = Does> {
    let who = 0..3_usize;
    prop_oneof![
        who.clone().prop_map(Does::Seal),
        who.clone().prop_map(Does::OrderRelease),
        who.clone().prop_map(Does::OrderDestroy),
        who.clone().prop_map(Does::Withdraw),
        who.prop_map(Does::Agree),
        Just(Does::JudgeNo),
    ]
}

async fn run(acts: Vec<Does>) {
    let app = TestApp::new().await;
    let id = told(&app).await;
    let file = added(&app, id).await;
    let services = &app.services;
    let people: [PersonId; 3] = [app.people.dsl, app.people.deputy, app.people.practitioner];
    let (mut sealed, mut gone, mut first) = (false, false, None);
    for act in acts {
        match act {
            Does::Seal(who) => {
                if attachments::seal(services, &mut app.ctx(people[who]), id, file).await.is_ok() && !sealed {
                    (sealed, first) = (true, None);
                }
            }
            Does::OrderRelease(who) | Does::OrderDestroy(who) => {
                let what = if matches!(act, Does::OrderRelease(_)) { FileOrder::Release } else { FileOrder::Destroy };
                let word = order(what, "police", &app);
                if attachments::order(services, &mut app.ctx(people[who]), id, file, word).await.is_ok() {
                    first = Some((who, what));
                }
            }
            Does::Withdraw(who) => {
                if attachments::withdraw(services, &mut app.ctx(people[who]), id, file).await.is_ok() {
                    first = None;
                }
            }
            Does::Agree(who) => {
                if attachments::agree(services, &mut app.ctx(people[who]), id, file).await.is_ok() {
                    let (by, what) = first.take().expect("somebody recorded a word");
                    assert_ne!(by, who, "one person did it alone");
                    match what {
                        FileOrder::Release => sealed = false,
                        FileOrder::Destroy => gone = true,
                    }
                }
            }
            Does::JudgeNo => judge(&app, id, "no").await,
        }
        let seen = attachments::fetch(services, &mut app.ctx(app.people.deputy), id, file).await.is_ok();
        assert_eq!(seen, !sealed && !gone, "after {act:?}");
    }
    app.end().await;
}

#[test]
fn no_order_of_acts_opens_a_sealed_file() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: 12,
        failure_persistence: None,
        ..Default::default()
    });
    runner
        .run(&prop::collection::vec(does(), 1..14), |acts| {
            runtime.block_on(run(acts));
            Ok(())
        })
        .unwrap();
}
