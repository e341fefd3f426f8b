//! Telling without an account: the way of a report, what is kept of its sender, coming back, and who must not see.

use app::concerns::{self, SafeNow};
use app::keeping::exports;
use app::telling::{self, Door, Matter, SenderIs, Unsigned};
use app::testing::TestApp;
use app::{Error, notices};
use domain::concern::{ConcernStatus, EntryKind, RouteKind};
use domain::{Actor, Client, ConcernId, PersonId};
use jiff::SignedDuration;
use rand_chacha::rand_core::SeedableRng;
use store::Scope;

use crate::handing_out::{opened, told as why};

fn unsigned(matter: Matter) -> Unsigned {
    Unsigned {
        matter,
        about: None,
        safe_now: SafeNow::Yes,
        what_happened: "A grown-up shouted at the zanderfish.".into(),
        worry: "It may happen again.".into(),
        day: None,
        sender: SenderIs::Parent,
        name: String::new(),
        reach: String::new(),
    }
}

async fn door(app: &TestApp) -> Door {
    telling::door(&app.services, app.world.now(), &telling::word_of(app.setting)).await.expect("a door")
}

/// Tells it and gives the six words with the concern that came of it.
async fn tell(app: &TestApp, unsigned: Unsigned) -> (String, ConcernId) {
    let door = door(app).await;
    let mut ctx = app.services.context(Actor::Nobody, Client::default());
    let told = telling::tell(&app.services, &mut ctx, &door, unsigned).await.expect("told");
    let concern = telling::open(&app.services, &door, &told.receipt).await.expect("the words open it");
    (told.receipt, concern)
}

async fn concern(app: &TestApp, id: ConcernId) -> store::concerns::Concern {
    let reader = app.services.db.read(Scope::Setting(app.setting)).await.unwrap();
    store::concerns::lookup_for_program(&reader, app.setting, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn it_becomes_a_concern_like_any_other_without_a_reporter() {
    let app = TestApp::new().await;
    let (receipt, id) = tell(&app, unsigned(Matter::Child)).await;
    assert_eq!(receipt.split(' ').count(), 6);
    let told = concern(&app, id).await;
    assert_eq!((told.reporter_id, told.route), (None, RouteKind::Safeguarding));
    assert!(told.receipt_hash.starts_with("words:") && !told.receipt_hash.contains(receipt.split(' ').next().unwrap()));
    let lead = &mut app.ctx(app.people.dsl);
    assert!(
        notices::mine(&app.services, lead).await.unwrap().iter().any(|notice| notice.link.contains(&id.to_string()))
    );
    let view = concerns::open(&app.services, lead, id).await.expect("the lead sees it");
    assert!(view.unsigned && view.reporter.is_none() && view.child_unknown);
    let kinds: Vec<_> = view.chronology.iter().map(|entry| entry.what).collect();
    assert!(
        kinds.contains(&concerns::What::Said(EntryKind::Fact))
            && kinds.contains(&concerns::What::Said(EntryKind::Opinion))
    );
    assert!(view.chronology.iter().filter(|entry| entry.is_from_sender()).count() >= 3, "its times show as days");
    // On paper, too: a day, never a minute.
    let made = exports::make(&app.services, lead, exports::What::Concern(id), why()).await.unwrap();
    let (_, paper) = opened(&app, made.id, &made.passphrase).await;
    let minute = app.services.calendar.say(told.recorded_at);
    assert!(paper.contains("Written down") && !paper.contains(&format!("Written down: {minute}")), "{paper}");
    app.end().await;
}

#[tokio::test]
async fn nothing_of_the_sender_is_kept_and_a_session_does_not_tell_on_them() {
    let app = TestApp::new().await;
    let door = door(&app).await;
    // A member of staff tells by the open door, signed in, from an address.
    let mut ctx = app.ctx(app.people.practitioner);
    ctx.client = Client { addr: Some("203.0.113.7".parse().unwrap()), label: Some("Sentinel browser".into()) };
    let told = telling::tell(&app.services, &mut ctx, &door, unsigned(Matter::AdultHere)).await.unwrap();
    let id = telling::open(&app.services, &door, &told.receipt).await.unwrap();
    telling::write(&app.services, &mut ctx, &door, id, "One more thing.").await.unwrap();
    let account = app.ctx(app.people.practitioner).member().unwrap().account.to_string();
    let reader = app.services.db.read(Scope::All).await.unwrap();
    let links = store::audit::list(&reader, app.setting, &store::audit::Filter::default(), 100_000).await.unwrap();
    drop(reader);
    let told_on = links.iter().any(|link| link.actor == account && link.act.starts_with("concern."));
    assert!(!told_on && links.iter().any(|link| link.actor == "nobody" && link.act == "concern.raise"));
    let everything = store::backup::every_row(&app.services.db).await.unwrap();
    assert!(everything.contains("One more thing."), "the look is not blind");
    for trace in ["203.0.113.7", "Sentinel browser", &told.receipt] {
        assert!(!everything.contains(trace), "{trace} is kept somewhere");
    }
    assert!(concerns::mine(&app.services, &app.ctx(app.people.practitioner)).await.unwrap().is_empty());
    app.end().await;
}

#[tokio::test]
async fn whom_it_is_about_is_passed_by() {
    let app = TestApp::new().await;
    for (about, next) in [(app.people.manager, app.people.chair), (app.people.dsl, app.people.manager)] {
        let report = Unsigned { about: Some(about), ..unsigned(Matter::AdultHere) };
        let (_, id) = tell(&app, report).await;
        let told = concern(&app, id).await;
        assert_eq!(told.route, RouteKind::Allegation);
        let seen = |person: PersonId| {
            let (services, mut ctx) = (app.services.clone(), app.ctx(person));
            async move { concerns::open(&services, &mut ctx, id).await }
        };
        assert!(matches!(seen(about).await, Err(Error::NotFound)), "the one it is about finds nothing");
        assert!(seen(next).await.is_ok(), "the next in line has it");
    }
    // Nobody outside the list can be named: a form that was bent names no child and no colleague.
    let door = door(&app).await;
    let mut ctx = app.services.context(Actor::Nobody, Client::default());
    let bent = Unsigned { about: Some(app.people.colleague), ..unsigned(Matter::AdultHere) };
    let refused = telling::tell(&app.services, &mut ctx, &door, bent).await;
    assert!(matches!(&refused, Err(Error::Invalid(why)) if why.contains_key("about")), "{refused:?}");
    app.end().await;
}

#[tokio::test]
async fn words_open_only_what_they_were_given_for() {
    let app = TestApp::new().await;
    let (receipt, id) = tell(&app, unsigned(Matter::Else)).await;
    let here = door(&app).await;
    let shouted = receipt.to_uppercase().replace(' ', " - ");
    assert_eq!(telling::open(&app.services, &here, &shouted).await.unwrap(), id);
    // Good words that were never given out, words with a slip, and none at all.
    let mut rng = rand_chacha::ChaCha8Rng::from_seed([9; 32]);
    let never = domain::reference::words::fresh(&mut rng);
    for typed in [never.as_str(), "acorn", "", "acorn acorn acorn acorn acorn acorn"] {
        let refused = telling::open(&app.services, &here, typed).await;
        assert!(matches!(&refused, Err(Error::Invalid(why)) if why.contains_key("code")), "{typed}: {refused:?}");
    }
    // Another setting's door does not open it.
    let other = app.neighbour("h").await;
    let there = door(&other).await;
    assert!(telling::open(&app.services, &there, &receipt).await.is_err());
    assert!(telling::read(&app.services, &there, id).await.is_err());
    // A report by somebody with an account is none of the open door's.
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    assert!(matches!(telling::read(&app.services, &here, filed.concern).await, Err(Error::NotFound)));
    assert!(telling::open(&app.services, &here, &filed.receipt).await.is_err());
    app.end().await;
}

#[tokio::test]
async fn to_and_fro_and_only_whoever_works_it_can_answer() {
    let app = TestApp::new().await;
    let (_, id) = tell(&app, unsigned(Matter::Child)).await;
    let here = door(&app).await;
    let services = &app.services;
    let inbox = telling::read(services, &here, id).await.unwrap();
    assert!(!inbox.read && inbox.messages.is_empty());
    concerns::open(services, &mut app.ctx(app.people.dsl), id).await.unwrap();
    notices::seen(services, &mut app.ctx(app.people.dsl), &format!("/concerns/{id}")).await.unwrap();
    concerns::answer_sender(services, &mut app.ctx(app.people.dsl), id, "Thank you. We have read it.").await.unwrap();
    for stranger in [app.people.practitioner, app.people.technician, app.people.chair] {
        let refused = concerns::answer_sender(services, &mut app.ctx(stranger), id, "I was here.").await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        assert!(matches!(concerns::letters(services, &mut app.ctx(stranger), id).await, Err(Error::NotFound)));
    }
    // Two letters of one instant have no order of their own.
    app.pass(SignedDuration::from_mins(1)).await;
    let mut sender = services.context(Actor::Nobody, Client::default());
    telling::write(services, &mut sender, &here, id, "It was on Monday.").await.unwrap();
    let inbox = telling::read(services, &here, id).await.unwrap();
    let said: Vec<_> = inbox.messages.iter().map(|one| (one.from_us, one.text.as_str())).collect();
    assert!(inbox.read);
    assert_eq!(said, [(true, "Thank you. We have read it."), (false, "It was on Monday.")]);
    let waiting = notices::mine(services, &app.ctx(app.people.dsl)).await.unwrap();
    assert!(waiting.iter().any(|notice| notice.link == format!("/concerns/{id}")), "who works it is told");
    // An answer needs words, and not a picture.
    for text in ["", "  ", &format!("data:image/png;base64,{}", "A".repeat(400))] {
        assert!(concerns::answer_sender(services, &mut app.ctx(app.people.dsl), id, text).await.is_err(), "{text}");
        assert!(telling::write(services, &mut sender, &here, id, text).await.is_err(), "{text}");
    }
    // A reporter with an account reads it on the page of their own report, never with six words.
    let filed = concerns::report(services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    concerns::answer_sender(services, &mut app.ctx(app.people.dsl), filed.concern, "Hello.").await.unwrap();
    assert!(matches!(telling::read(services, &here, filed.concern).await, Err(Error::NotFound)));
    app.end().await;
}

#[tokio::test]
async fn nobody_reads_it_so_the_next_is_told() {
    let app = TestApp::new().await;
    let (_, id) = tell(&app, unsigned(Matter::Child)).await;
    app.pass(SignedDuration::from_mins(31)).await;
    app.work().await;
    assert_eq!(concern(&app, id).await.status, ConcernStatus::Received);
    let told = notices::mine(&app.services, &app.ctx(app.people.manager)).await.unwrap();
    assert!(told.iter().any(|notice| notice.link.contains(&id.to_string())));
    app.end().await;
}

#[tokio::test]
async fn a_flood_fills_no_mailbox_and_everything_is_there() {
    let app = TestApp::new().await;
    let here = door(&app).await;
    for n in 0..40 {
        let mut ctx = app.services.context(Actor::Nobody, Client::default());
        let report = Unsigned { what_happened: format!("Number {n}."), ..unsigned(Matter::Else) };
        telling::tell(&app.services, &mut ctx, &here, report).await.expect("told");
    }
    app.work().await;
    let lead = app.ctx(app.people.dsl);
    let notices = notices::mine(&app.services, &lead).await.unwrap().len();
    assert!(notices >= 40, "each has its line: {notices}");
    let queue = concerns::queue(&app.services, &lead, concerns::Shelf::Unfinished, 0).await.unwrap();
    assert_eq!(queue.unfinished, 40);
    let mails = app.mail.sent().iter().filter(|mail| mail.text.contains("/concerns/")).count();
    let leads = 3;
    assert!(mails <= (20 + 2) * leads, "{mails} mails");
    // A colleague reports in the middle of it, and is told of by mail at once.
    let before = app.mail.sent().len();
    concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    app.work().await;
    assert!(app.mail.sent().len() > before);
    app.end().await;
}
