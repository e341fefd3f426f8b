//! Sharing with a family (S13): one adult at a time, only whom it is safe to tell, with everybody else's name taken out.

use std::collections::BTreeSet;

use app::concerns::{self, NewEntry, StepAttempt};
use app::referrals::{self, NewLetter};
use app::sharing::{self, FamilyWay};
use app::testing::TestApp;
use app::{Error, notices};
use domain::concern::EntryKind;
use domain::procedure::Act;
use domain::{ConcernId, PersonId};

async fn breach(app: &TestApp) -> ConcernId {
    let report = concerns::Report {
        what_happened: "Joy Child saw it, and Kit Child too. Fay was there.".into(),
        ..app.breach()
    };
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    let opinion =
        NewEntry { kind: EntryKind::Opinion, text: "I think Fay looked away.".into(), event_at: app.world.now() };
    concerns::add_entry(&app.services, &mut app.ctx(app.people.dsl), filed.concern, opinion).await.expect("added");
    filed.concern
}

/// It could not be illegal: the gate before families opens.
async fn not_illegal(app: &TestApp, id: ConcernId) {
    let fields = [("answer", "no".to_owned()), ("why", "A cartoon.".to_owned())];
    let step = crate::breach_journey::step(app, "could_be_illegal", &fields);
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, step).await.expect("recorded");
}

fn new(app: &TestApp, to: PersonId, text: &str) -> NewLetter {
    NewLetter { child: app.people.child, to, text: text.into() }
}

#[tokio::test]
async fn a_family_reads_what_was_shared_with_it_and_nothing_before_nor_beside() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = breach(&app).await;
    let whom = (people.child, people.parent);
    let share = async |text: &str, way| {
        sharing::share(services, &mut app.ctx(people.dsl), id, new(&app, people.parent, text), way).await
    };
    let early = share("Something came up.", FamilyWay::Portal).await;
    assert!(matches!(early, Err(Error::Locked(_))), "the procedure's gate is this one's: {early:?}");
    assert!(sharing::page(services, &app.ctx(people.dsl), id).await.expect("the page").locked.is_some());
    not_illegal(&app, id).await;

    // What is offered: facts, with everybody else's name taken out; no opinion, nothing of the program's.
    let (page, told) = sharing::lines_for(services, &app.ctx(people.dsl), id, whom).await.expect("offered");
    let offered: Vec<&str> = page.lines.iter().map(|(_, words)| words.as_str()).collect();
    let joined = offered.join(" ");
    assert!(joined.contains("Joy Child saw it"), "{offered:?}");
    for not in ["Kit", "Fay", "looked away"] {
        assert!(!joined.contains(not), "{not} in {offered:?}");
    }
    assert!(told.has_page && told.shares.is_empty());
    let ticked: BTreeSet<_> = page.lines.iter().map(|(entry, _)| *entry).collect();
    let text = sharing::prepare(services, &app.ctx(people.dsl), id, whom, &ticked).await.expect("prepared");
    assert!(text.contains("Ida Parent") && text.contains("Joy Child saw it") && !text.contains("Kit"), "{text}");

    let unfinished = share(&text, FamilyWay::Portal).await;
    assert!(matches!(&unfinished, Err(Error::Invalid(why)) if why["text"].contains("Write here")), "{unfinished:?}");
    let text = text.replace("[Write here", "[We did");
    let naming = share("Kit Child saw it as well.", FamilyWay::Portal).await;
    assert!(matches!(&naming, Err(Error::Invalid(why)) if why["text"].contains("Kit Child")), "{naming:?}");
    assert!(sharing::mine(services, &app.ctx(people.parent)).await.expect("theirs").is_empty());
    share(&text, FamilyWay::Portal).await.expect("shared");
    let mine = sharing::mine(services, &app.ctx(people.parent)).await.expect("theirs");
    assert_eq!(mine.len(), 1);
    let notices = notices::mine(services, &app.ctx(people.parent)).await.expect("told");
    assert_eq!(notices.iter().map(|one| one.link.as_str()).collect::<Vec<_>>(), [format!("/shared/{}", mine[0].id)]);
    for stranger in [people.practitioner, people.dsl, people.colleague] {
        let theirs = sharing::open(services, &mut app.ctx(stranger), mine[0].id).await;
        assert!(matches!(theirs, Err(Error::NotFound)), "{theirs:?}");
    }
    let read = sharing::open(services, &mut app.ctx(people.parent), mine[0].id).await.expect("theirs");
    assert_eq!(read.text, text.trim());
    assert!(notices::mine(services, &app.ctx(people.parent)).await.expect("seen").is_empty());
    // The concern itself stays shut to them, and holds who was told what, by whom, when, and that it was opened.
    let shut = concerns::open(services, &mut app.ctx(people.parent), id).await;
    assert!(matches!(shut, Err(Error::NotFound)), "{shut:?}");
    let page = sharing::page(services, &app.ctx(people.dsl), id).await.expect("the page");
    let share = &page.adults[0].shares[0];
    assert!(share.way == FamilyWay::Portal && share.by == "Amara Lead" && share.seen_at.is_some(), "{share:?}");
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert!(view.chronology.iter().any(|entry| entry.text.contains("on their own page")), "{:?}", view.chronology);
    app.end().await;
}

#[tokio::test]
async fn whom_it_is_not_safe_to_tell_gets_no_page_no_letter_and_no_word_and_the_record_says_why() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = breach(&app).await;
    not_illegal(&app, id).await;
    let early = new(&app, people.parent, "Something came up on a screen.");
    sharing::share(services, &mut app.ctx(people.dsl), id, early, FamilyWay::Portal).await.expect("nobody knew better");
    let dear = new(&app, people.parent, "Dear Ida Parent");
    let letter = referrals::write(services, &mut app.ctx(people.dsl), id, dear).await.expect("kept");
    let reason = "Social care asked us to wait.";
    let withhold =
        async |to, why: &str| sharing::withhold(services, &mut app.ctx(people.dsl), id, (people.child, to), why).await;
    assert!(matches!(withhold(people.parent, " ").await, Err(Error::Invalid(_))));
    assert!(matches!(withhold(people.colleague, reason).await, Err(Error::Invalid(_))), "none of the child's adults");
    withhold(people.parent, reason).await.expect("written down");

    // It turns out not to be safe: from that moment the page is empty and the letter stays in the drawer.
    let decide = StepAttempt {
        step: "whom_safe".into(),
        act: Act::AlreadyHappened,
        answers: [("safe", "nobody"), ("why", "The home may be part of it.")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .chain([("not_safe".to_owned(), people.parent.to_string())])
            .collect(),
        reason: None,
        event_at: app.world.now(),
        seen: 0,
        device: None,
        leave: app::holds::Leave::None,
    };
    let decided = concerns::record(services, &mut app.ctx(people.dsl), id, decide).await;
    if decided.is_err() {
        // This procedure has no such step: the lead shuts them out under who is involved.
        concerns::exclude(services, &mut app.ctx(people.dsl), id, people.parent).await.expect("shut out");
    }
    let page = sharing::page(services, &app.ctx(people.dsl), id).await.expect("the page");
    assert!(page.adults[0].adult.never.as_deref().is_some_and(|why| why.contains("not safe")), "{:?}", page.adults);
    assert!(page.adults[0].shares.iter().any(|one| one.way == FamilyWay::Withheld && one.text == reason));
    for way in [FamilyWay::Portal, FamilyWay::Letter, FamilyWay::Spoken] {
        let refused =
            sharing::share(services, &mut app.ctx(people.dsl), id, new(&app, people.parent, "Dear Ida"), way).await;
        assert!(matches!(&refused, Err(Error::Invalid(why)) if why.contains_key("to")), "{way:?}: {refused:?}");
    }
    let offered = sharing::lines_for(services, &app.ctx(people.dsl), id, (people.child, people.parent)).await;
    assert!(matches!(offered, Err(Error::NotFound)), "{offered:?}");
    assert!(sharing::mine(services, &app.ctx(people.parent)).await.expect("theirs").is_empty(), "gone at once");
    let paper = referrals::letter_on_paper(services, &mut app.ctx(people.dsl), letter).await;
    assert!(matches!(paper, Err(Error::Locked(_))), "{paper:?}");
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert!(view.chronology.iter().any(|entry| entry.text.contains(reason)), "for ever");
    app.end().await;
}

/// Two papers and two pages of the trail tell nothing of how much was written between them that is not for their reader (S8).
#[tokio::test]
async fn no_number_on_paper_or_in_a_list_tells_how_much_was_written_unseen() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = breach(&app).await;
    let head = async || concerns::print(services, &mut app.ctx(people.dsl), id).await.expect("printed").audit_head;
    let mut heads = vec![head().await.expect("a head")];
    for _ in 0..3 {
        let about = concerns::About::Person(people.colleague);
        let report = concerns::Report { kind: domain::concern::ConcernKind::AdultHere, about, ..app.breach() };
        concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("unseen by the lead");
        heads.push(head().await.expect("a head"));
    }
    for head in &heads {
        assert!(head.len() == 16 && head.chars().all(|c| c.is_ascii_hexdigit()), "only letters of a hash: {head}");
    }
    assert_eq!(heads.iter().collect::<BTreeSet<_>>().len(), heads.len(), "and each another one");
    // Whoever checks finds the letters in the chain.
    let reader = services.db.read(store::Scope::Setting(app.setting)).await.expect("reads");
    let links = store::audit::list(&reader, app.setting, &Default::default(), 10_000).await.expect("reads");
    assert!(heads.iter().all(|head| links.iter().any(|link| link.hash.starts_with(head.as_str()))));
    // The trail pages by an id that holds no number.
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = app::trail::read(services, &app.ctx(people.chair), before).await.expect("the trail");
        seen.extend(page.lines.iter().map(|line| (line.at, line.did.clone())));
        let Some(next) = page.earlier else { break };
        assert!(links.iter().any(|link| link.id == next) && Some(next) != before);
        before = Some(next);
    }
    assert!(!seen.is_empty());
    drop(reader);
    app.end().await;
}
