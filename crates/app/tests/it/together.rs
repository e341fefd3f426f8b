//! Working to the end: one concern split in two, another kind, strands that lock the whole, things to do with reminders, plans,
//! sealed addresses, clocks that rest, the person who takes allegations, an area without a pack.

use std::sync::Arc;

use app::agencies::{self, Details};
use app::attachments::{self, CouldShow, FileState, NewFile, Viewing};
use app::concerns::{self, About, Afterwards, Beside, Children, How, Report, Resting, Split, StrandKind};
use app::follow_up::{self, NewTask, Origin};
use app::plans::{self, Look, New};
use app::testing::TestApp;
use app::{Error, addresses, notices, people, setup, transfers, wall};
use domain::concern::{ConcernKind, ConcernStatus, EntryKind};
use domain::{ConcernId, EntryId, PersonId};
use filter::{CanonicalUrl, Lists, Outcome, Prepared, Request, SealedTier, decide};
use jiff::civil::date;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

async fn told(app: &TestApp, kind: ConcernKind, words: &str) -> ConcernId {
    let report = Report { kind, what_happened: words.into(), ..app.breach() };
    concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed").concern
}

async fn look(app: &TestApp, who: PersonId, id: ConcernId) -> concerns::ConcernView {
    concerns::open(&app.services, &mut app.ctx(who), id).await.expect("theirs")
}

async fn entry_of(app: &TestApp, who: PersonId, id: ConcernId, words: &str) -> EntryId {
    let view = look(app, who, id).await;
    view.chronology.iter().find(|entry| entry.text.contains(words)).and_then(|entry| entry.id).expect("there")
}

async fn add(app: &TestApp, id: ConcernId, kind: EntryKind, text: &str) -> EntryId {
    let new = concerns::NewEntry { kind, text: text.into(), event_at: app.world.now() };
    concerns::add_entry(&app.services, &mut app.ctx(app.people.dsl), id, new).await.expect("added")
}

fn split_of(kind: ConcernKind, entries: Vec<EntryId>) -> Split {
    Split { kind, entries, about: None, reason: "It is another matter.".into() }
}

fn refuses<T: std::fmt::Debug>(done: &Result<T, Error>, field: &str) {
    assert!(matches!(done, Err(Error::Invalid(why)) if why.contains_key(field)), "{field}: {done:?}");
}

fn letter() -> NewFile {
    NewFile {
        could_show: CouldShow::No,
        what: "Letter from the Front Door".into(),
        name: "letter.pdf".into(),
        content: b"%PDF-1.7 letter".to_vec(),
    }
}

#[tokio::test]
async fn a_part_becomes_a_concern_of_its_own_and_no_word_is_lost_or_doubled() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let first = told(&app, ConcernKind::FilterBreach, "A picture came up.").await;
    let other = add(&app, first, EntryKind::ChildWords, "“He hits me.”").await;
    let stays = entry_of(&app, people.dsl, first, "A picture came up.").await;
    let before = look(&app, people.dsl, first).await.chronology.len();
    let dsl = &mut app.ctx(people.dsl);
    refuses(&concerns::split(services, dsl, first, split_of(ConcernKind::ChildAtRisk, Vec::new())).await, "entries");
    let part =
        concerns::split(services, dsl, first, split_of(ConcernKind::ChildAtRisk, vec![other])).await.expect("split");
    assert_eq!(part.afterwards, Afterwards::Seen);
    let (one, two) = (look(&app, people.dsl, first).await, look(&app, people.dsl, part.concern).await);
    assert_eq!(one.chronology.len(), before + 1, "nothing is taken away; the program says that it was split");
    let shared = two.chronology.iter().find(|entry| entry.id == Some(other)).expect("both show it");
    assert!(shared.from_elsewhere && shared.text == "“He hits me.”");
    assert!(two.chronology.iter().all(|entry| entry.id != Some(stays)), "what was not chosen is not there");
    assert_eq!((two.kind, two.status), (ConcernKind::ChildAtRisk, ConcernStatus::Open));
    assert_eq!(two.people.iter().map(|person| person.id).collect::<Vec<_>>(), [people.child], "about the same child");
    let ties = concerns::strands(services, &app.ctx(people.dsl), first).await.expect("strands");
    assert_eq!((ties[0].how, ties[0].other), (How::Became, part.concern));
    // A correction made in one is read in both: the words lie in one place.
    let right = concerns::Correction { of: other, text: "“He hit him.”".into() };
    concerns::correct(services, &mut app.ctx(people.dsl), part.concern, right).await.expect("corrected");
    for id in [first, part.concern] {
        let view = look(&app, people.dsl, id).await;
        assert!(view.chronology.iter().any(|entry| entry.text == "“He hit him.”"), "{id}");
        assert!(view.chronology.iter().any(|entry| entry.id == Some(other) && entry.corrected), "{id}");
    }
    // Whoever must not know of the first does not know of the part; shut out later, its words are gone there too.
    concerns::exclude(services, &mut app.ctx(people.dsl), first, people.deputy).await.expect("shut out");
    let theirs = look(&app, people.deputy, part.concern).await;
    assert!(theirs.chronology.iter().all(|entry| !entry.text.contains("He hit")), "{:?}", theirs.chronology);
    let again =
        concerns::split(services, &mut app.ctx(people.dsl), first, split_of(ConcernKind::Bullying, vec![stays])).await;
    let hidden = concerns::open(services, &mut app.ctx(people.deputy), again.expect("split").concern).await;
    assert!(matches!(hidden, Err(Error::NotFound)), "{hidden:?}");
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn a_part_about_an_adult_here_goes_to_the_case_manager_alone_and_leaves_no_trace() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let first = told(&app, ConcernKind::FilterBreach, "A picture came up.").await;
    let other = add(&app, first, EntryKind::Fact, "The colleague had shown it on purpose.").await;
    let split = Split { about: Some(people.colleague), ..split_of(ConcernKind::FilterBreach, vec![other]) };
    let before = look(&app, people.deputy, first).await.chronology.len();
    let part = concerns::split(services, &mut app.ctx(people.dsl), first, split).await.expect("split");
    assert_eq!(part.afterwards, Afterwards::Gone, "not the lead\u{2019}s");
    assert_eq!(look(&app, people.deputy, first).await.chronology.len(), before, "the first says nothing of it");
    for who in [people.dsl, people.deputy] {
        assert!(concerns::strands(services, &app.ctx(who), first).await.expect("strands").is_empty());
        assert!(matches!(concerns::open(services, &mut app.ctx(who), part.concern).await, Err(Error::NotFound)));
    }
    let theirs = look(&app, people.manager, part.concern).await;
    assert!(theirs.chronology.iter().any(|entry| entry.text.contains("on purpose")));
    assert!(theirs.people.iter().any(|person| person.id == people.colleague));
    let about = concerns::open(services, &mut app.ctx(people.colleague), part.concern).await;
    assert!(matches!(about, Err(Error::NotFound)));
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn a_strand_locks_the_closing_of_the_whole_until_its_own_gates_are_met() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let whole = told(&app, ConcernKind::FilterBreach, "The whole.").await;
    let strand = told(&app, ConcernKind::FilterBreach, "The strand.").await;
    for id in [whole, strand] {
        look(&app, people.dsl, id).await;
    }
    let reference = look(&app, people.dsl, whole).await.reference;
    crate::breach_journey::work_to_the_debrief(&app, whole).await;
    concerns::debrief(services, &mut app.ctx(people.dsl), whole, crate::breach_journey::learned(&app))
        .await
        .expect("learned");
    assert!(look(&app, people.dsl, whole).await.may_close.is_ok());
    let dsl = &mut app.ctx(people.dsl);
    concerns::tie(services, dsl, strand, &reference, StrandKind::Merged, "The same afternoon.").await.expect("tied");
    let view = look(&app, people.dsl, whole).await;
    assert!(view.may_close.as_ref().is_err_and(|say| say.contains("goes on in this one")), "{:?}", view.may_close);
    let closing = || domain::procedure::Answers::from([("summary".to_owned(), "It ended well.".to_owned())]);
    let early = concerns::close(services, &mut app.ctx(people.dsl), whole, closing(), 0).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{early:?}");
    crate::breach_journey::work_to_the_debrief(&app, strand).await;
    concerns::debrief(services, &mut app.ctx(people.dsl), strand, crate::breach_journey::learned(&app))
        .await
        .expect("learned");
    assert!(look(&app, people.dsl, whole).await.may_close.is_ok(), "its own gates are met");
    concerns::close(services, &mut app.ctx(people.dsl), whole, closing(), 0).await.expect("closed");
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn another_kind_keeps_every_record_and_opens_no_file() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app, ConcernKind::Message, "A message came.").await;
    look(&app, people.dsl, id).await;
    let file = attachments::add(services, &mut app.ctx(people.dsl), id, letter()).await.expect("added");
    let retype = async |kind| concerns::retype(services, &mut app.ctx(people.dsl), id, kind, "By what was said.").await;
    refuses(&retype(ConcernKind::Message).await, "kind");
    refuses(&retype(ConcernKind::AccessRequest).await, "kind");
    refuses(&retype(ConcernKind::AdultHere).await, "kind");
    retype(ConcernKind::IndecentImage).await.expect("another kind");
    let view = look(&app, people.dsl, id).await;
    assert_eq!(view.procedure.as_ref().map(|known| known.id.as_str()), Some("P5"));
    assert!(view.chronology.iter().any(|entry| entry.text == "A message came."), "every word stays");
    let files = attachments::list(services, &app.ctx(people.dsl), id).await.expect("list");
    assert!(matches!(files.files[0].state, FileState::Sealed(_)), "{:?}", files.files);
    // And back: what was an image once takes no file ever again (S17).
    retype(ConcernKind::Message).await.expect("and back");
    refuses(&attachments::add(services, &mut app.ctx(people.dsl), id, letter()).await, "file");
    let gone = attachments::fetch(services, &mut app.ctx(people.dsl), id, file).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    // Nor does a part of it, nor what it goes on in.
    let words = entry_of(&app, people.dsl, id, "A message came.").await;
    let part =
        concerns::split(services, &mut app.ctx(people.dsl), id, split_of(ConcernKind::Bullying, vec![words])).await;
    refuses(
        &attachments::add(services, &mut app.ctx(people.dsl), part.expect("split").concern, letter()).await,
        "file",
    );
    let whole = told(&app, ConcernKind::FilterBreach, "The whole.").await;
    let kept = attachments::add(services, &mut app.ctx(people.dsl), whole, letter()).await.expect("added");
    let reference = look(&app, people.dsl, whole).await.reference;
    let dsl = &mut app.ctx(people.dsl);
    concerns::tie(services, dsl, id, &reference, StrandKind::Merged, "The same child.").await.expect("tied");
    let gone = attachments::fetch(services, &mut app.ctx(people.dsl), whole, kept).await;
    assert!(matches!(gone, Err(Error::NotFound)), "merging opens nothing: {gone:?}");
    // About an adult here: its procedure may change, and the wall stands.
    let image = told(&app, ConcernKind::YoungPersonsImage, "An image was spoken of.").await;
    let part = domain::concern::Part::About;
    concerns::add_person(services, &mut app.ctx(people.dsl), image, people.colleague, part).await.expect("added");
    let view = look(&app, people.manager, image).await;
    refuses(&attachments::add(services, &mut app.ctx(people.manager), image, letter()).await, "file");
    assert!(view.procedure.is_some());
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn a_viewing_is_declared_where_it_may_be_and_stands_in_the_record() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app, ConcernKind::YoungPersonsImage, "A child spoke of an image.").await;
    let viewing = Viewing {
        why: "The police ask whether a child is in danger now.".into(),
        referred: "Police on 101 at ten, 46/1/26; social care at half past.".into(),
        witness: "Ben Deputy".into(),
        place: "The office tablet, in the office".into(),
    };
    let missing = Viewing { witness: String::new(), ..viewing.clone() };
    refuses(&attachments::declare_viewing(services, &mut app.ctx(people.dsl), id, missing).await, "witness");
    let before = look(&app, people.dsl, id).await.chronology.len();
    attachments::declare_viewing(services, &mut app.ctx(people.dsl), id, viewing).await.expect("accepted");
    let view = look(&app, people.dsl, id).await;
    assert_eq!(view.chronology.len(), before + 1, "the refused one left nothing");
    let said =
        view.chronology.iter().find(|entry| entry.what == concerns::What::Said(EntryKind::Viewing)).expect("there");
    assert!(said.text.contains("Ben Deputy") && said.text.contains("46/1/26"), "{}", said.text);
    assert_eq!(said.author.as_deref(), Some("Amara Lead"));
    app.end().await;
}

#[tokio::test]
async fn a_report_names_what_it_belongs_to_of_what_its_teller_may_know() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let own = told(&app, ConcernKind::FilterBreach, "Before.").await;
    let report = Report { kind: ConcernKind::AdultHere, about: About::Person(people.technician), ..app.breach() };
    let hidden = concerns::report(services, &mut app.ctx(people.colleague), report).await.expect("filed").concern;
    let offered = concerns::linkable(services, &app.ctx(people.practitioner)).await.expect("list");
    assert_eq!(offered.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [own], "their own and no other");
    assert!(!offered[0].1.contains("Before"), "a reference and a day: {}", offered[0].1);
    let beside = Beside { linked: vec![own, hidden, own], ..Beside::default() };
    let filed = concerns::report_beside(services, &mut app.ctx(people.practitioner), app.breach(), beside)
        .await
        .expect("filed");
    let ties = concerns::strands(services, &app.ctx(people.dsl), filed.concern).await.expect("strands");
    assert_eq!(ties.iter().map(|tie| (tie.other, tie.how)).collect::<Vec<_>>(), [(own, How::Touches)]);
    let theirs = concerns::strands(services, &app.ctx(people.manager), hidden).await.expect("strands");
    assert!(theirs.is_empty(), "what is not theirs to know is as if it were not there: {theirs:?}");
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn something_to_do_comes_from_a_step_or_a_note_and_is_not_forgotten() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app, ConcernKind::FilterBreach, "A picture.").await;
    look(&app, people.dsl, id).await;
    let note = add(&app, id, EntryKind::Strategy, "Met with social care. The technician looks at the tablet.").await;
    let today = services.calendar.local(app.world.now()).date();
    let due = today.checked_add(2.days()).expect("a day");
    let new = |owner| NewTask { title: "Look at the tablet’s settings".into(), owner, due };
    let give = async |who, origin, task| follow_up::add_from(services, &mut app.ctx(who), id, origin, task).await;
    let step = look(&app, people.dsl, id).await.steps[0].step.clone();
    let from_step = give(people.dsl, Origin::Step(step.key.clone()), new(people.technician)).await.expect("given");
    give(people.dsl, Origin::Entry(note), new(people.practitioner)).await.expect("given");
    let none = give(people.dsl, Origin::Step("no_such".into()), new(people.technician)).await;
    assert!(matches!(none, Err(Error::NotFound)), "{none:?}");
    let stranger = give(people.practitioner, Origin::Concern, new(people.technician)).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.colleague).await.expect("shut out");
    refuses(&give(people.dsl, Origin::Concern, new(people.colleague)).await, "owner");
    let leads = follow_up::tasks(services, &app.ctx(people.dsl), false).await.expect("tasks");
    let origins: Vec<_> = leads.iter().filter_map(|task| task.origin.as_deref()).collect();
    assert!(origins.contains(&step.title.as_str()) && origins.contains(&"Strategy note"), "{origins:?}");
    let theirs = follow_up::tasks(services, &app.ctx(people.technician), false).await.expect("tasks");
    assert_eq!(
        (theirs.len(), &theirs[0].origin, theirs[0].concern),
        (1, &None, None),
        "a step would say what it is about"
    );
    // On the morning of its day its owner is told, the day after also the lead; done in time, nobody.
    follow_up::finish(services, &mut app.ctx(people.technician), from_step, "Looked: all as it was.")
        .await
        .expect("done");
    app.work().await;
    let count = async |who| {
        let mine = notices::mine(services, &app.ctx(who)).await.expect("notices");
        mine.iter().filter(|notice| notice.link == "/actions").count()
    };
    let (lead, owner, finished) =
        (count(people.dsl).await, count(people.practitioner).await, count(people.technician).await);
    app.pass(SignedDuration::from_hours(48)).await;
    assert_eq!(count(people.practitioner).await, owner + 1, "reminded on its day");
    assert_eq!(count(people.dsl).await, lead);
    app.pass(SignedDuration::from_hours(24)).await;
    assert_eq!((count(people.practitioner).await, count(people.dsl).await), (owner + 2, lead + 1), "late: both");
    assert_eq!(count(people.technician).await, finished, "who has done it hears nothing");
    app.end().await;
}

#[tokio::test]
async fn a_plan_carries_the_childs_voice_and_is_looked_at_again() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app, ConcernKind::ChildAtRisk, "Tired and hungry.").await;
    look(&app, people.dsl, id).await;
    let today = services.calendar.local(app.world.now()).date();
    let new = New {
        child: people.child,
        need: "A calm start of the day.".into(),
        help: "Eli meets her at the door each morning.".into(),
        voice: "“I like the quiet corner.”".into(),
        owner: people.deputy,
        review_on: today.checked_add(14.days()).expect("a day"),
    };
    let add = async |new| plans::add(services, &mut app.ctx(people.dsl), id, new).await;
    refuses(&add(New { voice: " ".into(), ..new.clone() }).await, "voice");
    refuses(&add(New { child: people.child_2, ..new.clone() }).await, "child");
    refuses(&add(New { owner: people.practitioner, ..new.clone() }).await, "owner");
    refuses(&add(New { review_on: date(2020, 1, 1), ..new.clone() }).await, "review_on");
    let plan = add(new).await.expect("made");
    let view = look(&app, people.dsl, id).await;
    let kinds: Vec<_> = view.chronology.iter().map(|entry| entry.what).collect();
    for kind in [EntryKind::Plan, EntryKind::Voice] {
        assert!(kinds.contains(&concerns::What::Said(kind)), "{kind:?}");
    }
    let wall_of = async |who| wall::wall(services, &app.ctx(who)).await.expect("wall");
    let href = format!("/plans/{plan}");
    assert!(wall_of(people.deputy).await.running.iter().any(|line| line.href == href));
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.deputy_2).await.expect("shut out");
    assert!(plans::list(services, &app.ctx(people.deputy_2), None).await.expect("list").is_empty());
    app.pass(SignedDuration::from_hours(24 * 14)).await;
    let told = notices::mine(services, &app.ctx(people.deputy)).await.expect("notices");
    assert!(told.iter().any(|notice| notice.link == "/plans"), "{told:?}");
    app.pass(SignedDuration::from_hours(24 * 2)).await;
    assert!(wall_of(people.deputy).await.late.iter().any(|line| line.href == href), "nobody looked");
    let seen = Look { outcome: "She sleeps better.".into(), voice: "“Good.”".into(), again: None, version: 0 };
    let stale = Look { version: 7, ..seen.clone() };
    let stale = plans::look(services, &mut app.ctx(people.deputy), plan, stale).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    plans::look(services, &mut app.ctx(people.deputy), plan, seen).await.expect("looked");
    assert!(wall_of(people.deputy).await.late.iter().all(|line| line.href != href), "it has ended");
    app.end().await;
}

/// What the gateway would answer with the newest snapshot.
fn blocked(app: &TestApp, url: &str, sees_urls: bool) -> bool {
    let snapshot = app.gateway.published().last().cloned().expect("published");
    let prepared = Prepared::new(snapshot, Arc::new(SealedTier::not_supplied())).expect("a good one");
    let url = CanonicalUrl::parse(url).expect("a URL");
    let request = Request { url: sees_urls.then_some(&url), ..Request::of("children", url.host()) };
    let verdict = decide(&prepared, &Lists::missing(), &request, app.world.now());
    verdict.outcome == Outcome::Block && verdict.cause == filter::Cause::Sealed
}

#[tokio::test]
async fn an_address_is_refused_to_everybody_and_known_to_nobody_else() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let breach = told(&app, ConcernKind::FilterBreach, "A picture.").await;
    let id = told(&app, ConcernKind::IndecentImage, "An address was seen.").await;
    look(&app, people.dsl, id).await;
    let seal =
        async |who, id, address: &str, whole| addresses::seal(services, &mut app.ctx(who), id, address, whole).await;
    refuses(&seal(people.dsl, breach, "bad.example", true).await, "address");
    for never in ["childline.org.uk", "https://www.childline.org.uk/x", "time.apple.com", "two words", "nodots"] {
        refuses(&seal(people.dsl, id, never, true).await, "address");
    }
    let site = seal(people.dsl, id, "https://zanderfish.example/a.html", true).await.expect("sealed");
    seal(people.dsl, id, "https://big.example/zanderpage/", false).await.expect("sealed");
    let stranger = seal(people.practitioner, id, "other.example", true).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    assert!(
        blocked(&app, "http://www.zanderfish.example/", false),
        "in force at once, for a path that sees names alone"
    );
    assert!(!blocked(&app, "http://big.example/", true), "the page alone");
    assert!(
        blocked(&app, "http://big.example/zanderpage/x", true)
            && !blocked(&app, "http://big.example/zanderpage/x", false)
    );
    // Neither the snapshot, nor the policy, nor the record says what it is; the concern shows it inert.
    let snapshot = serde_json::to_string(&app.gateway.published()).expect("text");
    assert!(!snapshot.contains("zander"), "the gateway holds no word of it");
    let view = look(&app, people.dsl, id).await;
    assert!(view.chronology.iter().all(|entry| !entry.text.contains("zander")), "nor a print of the concern");
    let listed = addresses::list(services, &app.ctx(people.dsl), id).await.expect("list");
    assert_eq!(listed.rows[0].defanged, "hxxps[:]//zanderfish[.]example/a[.]html");
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.deputy).await.expect("shut out");
    let theirs = addresses::list(services, &app.ctx(people.deputy), id).await;
    assert!(matches!(theirs, Err(Error::NotFound)));
    let hits = concerns::search(services, &mut app.ctx(people.deputy), "zanderfish").await.expect("search");
    assert!(hits.is_empty());
    // Copied for the police: in the audit, and in who looked.
    app.signed_in(people.dsl).await;
    let whole = addresses::copy(services, &mut app.ctx(people.dsl), id, site).await.expect("copied");
    assert_eq!(whole, "https://zanderfish.example/a.html");
    let (_, looks) = concerns::looks(services, &app.ctx(people.dsl), id).await.expect("looks");
    assert!(looks.iter().any(|look| look.did.contains("IWF")), "{looks:?}");
    // It ends by release alone, behind the same gate as a held device.
    let release = async |who| addresses::release(services, &mut app.ctx(who), id, site, "The police, 46/1/26.").await;
    hold_without_word(&app, id).await;
    let early = release(people.dsl).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{early:?}");
    assert!(blocked(&app, "http://zanderfish.example/", false));
    let_go(&app, id).await;
    refuses(&addresses::release(services, &mut app.ctx(people.dsl), id, site, " ").await, "word");
    release(people.dsl).await.expect("released");
    assert!(!blocked(&app, "http://zanderfish.example/", false));
    assert!(blocked(&app, "http://big.example/zanderpage/x", true), "the other stays");
    app.work().await;
    app.end().await;
}

/// The device was locked away: from then on nothing is released before somebody's word.
async fn hold_without_word(app: &TestApp, id: ConcernId) {
    let answers = [("held", "none"), ("where", "No device.")];
    record(app, id, "hold_device", &answers).await;
}

/// It was judged, and the police let everything go.
async fn let_go(app: &TestApp, id: ConcernId) {
    for (key, wanted) in [("judge", "no"), ("agency_word", "released")] {
        let view = look(app, app.people.dsl, id).await;
        let step = &view.steps.iter().find(|state| state.step.key == key).expect("there").step;
        let mut answers = domain::procedure::Answers::new();
        for field in &step.fields {
            let only = field.only_if.as_ref();
            let asked = only.is_none_or(|only| answers.get(&only.field).is_some_and(|said| only.is.contains(said)));
            if !asked || !field.required {
                continue;
            }
            let chosen = field.choices.iter().find(|choice| choice.value == wanted);
            let answer = match field.kind {
                domain::procedure::FieldKind::Choice => {
                    chosen.or(field.choices.first()).map(|choice| choice.value.clone()).expect("choices")
                }
                domain::procedure::FieldKind::When => app.world.now().to_string(),
                domain::procedure::FieldKind::Staff => app.people.technician.to_string(),
                _ => "PC 4711.".to_owned(),
            };
            answers.insert(field.key.clone(), answer);
        }
        let said: Vec<(&str, &str)> = answers.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        record(app, id, key, &said).await;
    }
}

async fn record(app: &TestApp, id: ConcernId, step: &str, answers: &[(&str, &str)]) {
    let attempt = concerns::StepAttempt {
        step: step.into(),
        act: domain::procedure::Act::AlreadyHappened,
        answers: answers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        reason: None,
        event_at: app.world.now(),
        seen: 9,
        device: None,
        leave: app::holds::Leave::None,
    };
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, attempt).await.expect("recorded");
}

#[tokio::test]
async fn a_request_for_data_rests_while_one_waits_for_an_answer_and_a_breach_of_data_never_does() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let report = Report { kind: ConcernKind::AccessRequest, children: Children::Nobody, ..app.breach() };
    let id = concerns::report(services, &mut app.ctx(people.dsl), report).await.expect("filed").concern;
    let clock = async || {
        let view = look(&app, people.dsl, id).await;
        view.clocks.iter().find(|clock| clock.key == "answer").cloned().expect("runs")
    };
    let first = clock().await;
    assert_eq!(first.resting, Resting::May);
    app.pass(SignedDuration::from_hours(24 * 5)).await;
    let from = app.world.now();
    let rest =
        async |reason: &str| concerns::rest(services, &mut app.ctx(people.dsl), id, "answer", from, reason).await;
    refuses(&rest(" ").await, "reason");
    rest("Asked which of two children is meant.").await.expect("rests");
    refuses(&rest("And once more.").await, "reason");
    app.pass(SignedDuration::from_hours(24 * 40)).await;
    let resting = clock().await;
    assert!(
        matches!(resting.resting, Resting::Since(..)) && resting.standing != domain::clock::Standing::Late,
        "{resting:?}"
    );
    let on = async |at| concerns::go_on(services, &mut app.ctx(people.dsl), id, "answer", at).await;
    refuses(&on(from.checked_sub(SignedDuration::from_hours(1)).expect("before")).await, "until");
    on(app.world.now()).await.expect("goes on");
    let after = clock().await;
    let later = after.due.duration_since(first.due).as_hours();
    assert!((24 * 40..24 * 41).contains(&later), "later by as long as it rested: {later} hours");
    assert_eq!(after.resting, Resting::May);
    // The 72 hours of the ICO never rest.
    let lost = told(&app, ConcernKind::DataLost, "A tablet is gone.").await;
    let view = look(&app, people.dsl, lost).await;
    assert!(view.clocks.iter().all(|clock| clock.resting == Resting::Never), "{:?}", view.clocks);
    let no = concerns::rest(services, &mut app.ctx(people.dsl), lost, "ico", app.world.now(), "Weekend.").await;
    assert!(matches!(no, Err(Error::NotFound)), "{no:?}");
    app.end().await;
}

#[tokio::test]
async fn the_setting_says_which_five_days_a_childs_file_has() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let new = transfers::New {
        child: people.child,
        to_name: "Anytown Primary".into(),
        to_lead: "Mx Lead".into(),
        left_on: date(2026, 12, 17),
        note: String::new(),
    };
    let id = transfers::begin(services, &mut app.ctx(people.dsl), new).await.expect("begun");
    let due = async || {
        let file = transfers::one(services, &app.ctx(people.dsl), id).await.expect("there");
        services.calendar.local(file.due).date()
    };
    let typed = setup::terms(services, &app.ctx(people.manager)).await.expect("terms");
    assert_eq!((typed.file_days.as_str(), due().await), ("days", date(2026, 12, 22)), "the shortest reading");
    let lines = "Autumn 2026: 2/9/2026 to 18/12/2026\nSpring 2027: 5/1/2027 to 25/3/2027".to_owned();
    for (file_days, expected) in [("working_days", date(2026, 12, 24)), ("school_days", date(2027, 1, 8))] {
        let typed = setup::Terms { lines: lines.clone(), file_days: file_days.into() };
        setup::set_terms(services, &mut app.ctx(people.manager), &typed).await.expect("kept");
        assert_eq!(due().await, expected, "{file_days}");
    }
    assert_eq!(setup::terms(services, &app.ctx(people.manager)).await.expect("terms").lines, lines);
    let wrong = setup::Terms { lines: "Autumn".into(), file_days: "days".into() };
    refuses(&setup::set_terms(services, &mut app.ctx(people.manager), &wrong).await, "lines");
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn one_named_person_takes_allegations_adds_files_and_never_hears_of_their_own() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let name = async |who, person| people::name_case_manager(services, &mut app.ctx(who), person).await;
    assert!(name(people.dsl, Some(people.deputy)).await.is_err(), "who appoints decides");
    refuses(&name(people.manager, Some(people.practitioner)).await, "person");
    name(people.manager, Some(people.deputy)).await.expect("named");
    let about = async |person| {
        let report = Report { kind: ConcernKind::AdultHere, about: About::Person(person), ..app.breach() };
        concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern
    };
    let sees = async |who, id| concerns::open(services, &mut app.ctx(who), id).await.is_ok();
    let first = about(people.colleague).await;
    assert!(sees(people.deputy, first).await, "the one who is named");
    for other in [people.dsl, people.deputy_2, people.manager, people.chair] {
        assert!(!sees(other, first).await, "never several");
    }
    attachments::add(services, &mut app.ctx(people.deputy), first, letter()).await.expect("adds files");
    // About the one who is named, or somebody close: past them, without a trace.
    let own = about(people.deputy).await;
    assert!(!sees(people.deputy, own).await && sees(people.manager, own).await);
    attachments::add(services, &mut app.ctx(people.manager), own, letter()).await.expect("who holds it adds files");
    app.tie(people.deputy, people.technician).await;
    let close = about(people.technician).await;
    assert!(!sees(people.deputy, close).await && sees(people.manager, close).await);
    // On the other route the manager still adds none (S17).
    let breach = told(&app, ConcernKind::FilterBreach, "A picture.").await;
    concerns::invite(services, &mut app.ctx(people.dsl), breach, people.manager, "Knows the family.".into())
        .await
        .expect("let in");
    assert!(sees(people.manager, breach).await);
    let refused = attachments::add(services, &mut app.ctx(people.manager), breach, letter()).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    name(people.chair, None).await.expect("nobody by name");
    assert!(sees(people.manager, about(people.colleague).await).await);
    app.work().await;
    app.end().await;
}

const PACK: &str = r#"
[[agency]]
key = "lado"
name = "Essex LADO"
when = "About an adult who works with children."
phone = "03330 139797"
last_checked = "2024-01-10"
source = "Invented for a test"

[[agency]]
key = "essex_hub"
name = "Essex Children and Families Hub"
when = "A child may be suffering harm."
phone = "0345 603 7627"
last_checked = "2026-02-01"
source = "Invented for a test"
"#;

#[tokio::test]
async fn an_area_without_a_pack_is_entered_by_hand_or_brought_as_a_file_and_grows_old() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let directory = async || agencies::directory(services, &app.ctx(people.dsl)).await.expect("directory");
    assert!(directory().await.entries.iter().any(|entry| entry.agency.name.contains("Kent")));
    assert!(agencies::set_area(services, &mut app.ctx(people.dsl), "other").await.is_err(), "the manager\u{2019}s");
    refuses(&agencies::set_area(services, &mut app.ctx(people.manager), "atlantis").await, "area");
    agencies::set_area(services, &mut app.ctx(people.manager), "other").await.expect("elsewhere");
    assert!(
        directory().await.entries.iter().all(|entry| !entry.agency.name.contains("Kent")),
        "no number of another council"
    );
    let by_hand = Details {
        name: Some("Anytown School Nurse".into()),
        when: Some("A child’s health worries you.".into()),
        phone: Some("01234 567890".into()),
        ..Details::default()
    };
    let key = agencies::add(services, &mut app.ctx(people.dsl), by_hand.clone(), "Rang it.").await.expect("entered");
    refuses(&agencies::add(services, &mut app.ctx(people.dsl), by_hand, "Rang it.").await, "name");
    refuses(&agencies::take_pack(services, &mut app.ctx(people.dsl), "[[agency]]\nkey = 3").await, "pack");
    assert_eq!(agencies::take_pack(services, &mut app.ctx(people.dsl), PACK).await.expect("taken"), 2);
    let found = directory().await;
    let of = |key: &str| found.entries.iter().find(|entry| entry.agency.key == key).expect("there");
    assert_eq!(of(&key).agency.phone.as_deref(), Some("01234 567890"));
    assert_eq!(of("essex_hub").agency.name, "Essex Children and Families Hub");
    assert!(!of("essex_hub").old, "its own day counts");
    app.pass(SignedDuration::from_mins(1)).await;
    let checked = Details { phone: Some("01234 000000".into()), ..Details::default() };
    agencies::check(services, &mut app.ctx(people.dsl), "essex_hub", checked, "Rang it.").await.expect("checked");
    let found = directory().await;
    let hub = found.entries.iter().find(|entry| entry.agency.key == "essex_hub").expect("there");
    assert_eq!(
        (hub.agency.name.as_str(), hub.agency.phone.as_deref()),
        ("Essex Children and Families Hub", Some("01234 000000"))
    );
    app.pass(SignedDuration::from_hours(24 * 400)).await;
    let stale = directory().await;
    assert!(stale.entries.iter().find(|entry| entry.agency.key == key).expect("there").old, "after a year it says so");
    app.end().await;
}

/// What one may do with two concerns and a deputy, in any order.
#[derive(Debug, Clone, Copy)]
enum Does {
    Split(usize),
    Exclude(usize),
    Merge(usize, usize),
    Retype(usize, bool),
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        3 => (0..6_usize).prop_map(Does::Split),
        2 => (0..6_usize).prop_map(Does::Exclude),
        2 => (0..6_usize, 0..6_usize).prop_map(|(one, other)| Does::Merge(one, other)),
        2 => (0..6_usize, any::<bool>()).prop_map(|(which, image)| Does::Retype(which, image)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    /// However concerns are split, merged and re-typed: nobody who is shut out of where words were written reads them
    /// anywhere, and what was ever joined with an image takes no file.
    #[test]
    fn walls_hold_across_everything_that_is_joined(acts in prop::collection::vec(does(), 1..9)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::new().await;
            let (services, people) = (&app.services, app.people);
            let mut ids = vec![
                told(&app, ConcernKind::FilterBreach, "Wolpertinger.").await,
                told(&app, ConcernKind::Message, "Jabberwocky.").await,
            ];
            let mut image: Vec<std::collections::BTreeSet<ConcernId>> = ids.iter().map(|id| [*id].into()).collect();
            let mut images = std::collections::BTreeSet::new();
            let mut shut = std::collections::BTreeSet::new();
            let at = |ids: &[ConcernId], n: usize| ids[n % ids.len()];
            for act in acts {
                let dsl = &mut app.ctx(people.dsl);
                match act {
                    Does::Split(n) => {
                        let id = at(&ids, n);
                        let entry = look(&app, people.dsl, id).await.chronology.iter().find_map(|entry| {
                            (entry.text.contains("olpert") || entry.text.contains("abber")).then_some(entry.id).flatten()
                        });
                        let Some(entry) = entry else { continue };
                        let part = concerns::split(services, dsl, id, split_of(ConcernKind::Bullying, vec![entry])).await.unwrap();
                        if shut.contains(&id) { shut.insert(part.concern); }
                        let whole = image.iter_mut().find(|joined| joined.contains(&id)).unwrap();
                        whole.insert(part.concern);
                        ids.push(part.concern);
                    }
                    Does::Exclude(n) => {
                        concerns::exclude(services, dsl, at(&ids, n), people.deputy).await.unwrap();
                        shut.insert(at(&ids, n));
                    }
                    Does::Merge(one, other) => {
                        let (one, other) = (at(&ids, one), at(&ids, other));
                        let reference = look(&app, people.dsl, other).await.reference;
                        if concerns::tie(services, dsl, one, &reference, StrandKind::Merged, "They belong.").await.is_ok() {
                            let of = |id| image.iter().position(|joined: &std::collections::BTreeSet<_>| joined.contains(&id)).unwrap();
                            let (a, b) = (of(one), of(other));
                            if a != b {
                                let moved = image[b].clone();
                                image[a].extend(moved);
                                image.remove(b);
                            }
                        }
                    }
                    Does::Retype(n, to_image) => {
                        let kind = if to_image { ConcernKind::IndecentImage } else { ConcernKind::Hate };
                        if concerns::retype(services, dsl, at(&ids, n), kind, "By what was said.").await.is_ok() && to_image {
                            images.insert(at(&ids, n));
                        }
                    }
                }
            }
            for id in &ids {
                let joined = image.iter().find(|joined| joined.contains(id)).unwrap();
                let wall = joined.iter().any(|one| images.contains(one));
                let files = attachments::list(services, &app.ctx(people.dsl), *id).await.unwrap();
                assert_eq!(files.none_here.is_some(), wall, "{id}");
                let theirs = concerns::open(services, &mut app.ctx(people.deputy), *id).await;
                assert_eq!(theirs.is_err(), shut.contains(id), "{id}");
                if let Ok(view) = theirs {
                    let written = |word: &str| view.chronology.iter().any(|entry| entry.text.contains(word));
                    assert!(!(written("Wolpertinger") && shut.contains(&ids[0])), "words of a concern that is shut to them");
                    assert!(!(written("Jabberwocky") && shut.contains(&ids[1])), "words of a concern that is shut to them");
                }
            }
            app.work().await;
            app.end().await;
        });
    }
}
