//! Working to the end: one concern split in two, another kind, strands that lock the whole, and any order of it all.

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

mod desk;
mod sealed;
mod setting;

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
    let right = concerns::Correction { of: other, text: "“He hit him.”".into(), event_at: None };
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
    let files = attachments::list(services, &mut app.ctx(people.dsl), id).await.expect("list");
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

/// S17: about an adult here an image follows the procedure for allegations. The wall is the image's, not the procedure's.
#[tokio::test]
async fn an_image_about_an_adult_here_takes_no_file_by_its_kind_or_by_what_is_answered() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let manager = || app.ctx(people.manager);
    let about = async |kind| {
        let report = Report { kind, about: About::Person(people.colleague), ..app.breach() };
        concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern
    };
    for kind in [ConcernKind::IndecentImage, ConcernKind::YoungPersonsImage, ConcernKind::AlteredImage] {
        let id = about(kind).await;
        let procedure = look(&app, people.manager, id).await.procedure.expect("one").id;
        refuses(&attachments::add(services, &mut manager(), id, letter()).await, "file");
        refuses(&attachments::ask(services, &mut manager(), id, CouldShow::No).await, "file");
        // Another kind takes the word away, and not what was said once.
        concerns::retype(services, &mut manager(), id, ConcernKind::AdultHere, "By what was said.")
            .await
            .expect("kind");
        refuses(&attachments::add(services, &mut manager(), id, letter()).await, "file");
        assert!(["P3", "P5", "P9", "P15"].contains(&procedure.as_str()), "{procedure}");
    }
    // Not about an image: files are taken, until somebody answers that it is about one, or is not sure.
    for answer in ["yes", "not_sure", "no"] {
        let id = about(ConcernKind::AdultHere).await;
        look(&app, people.manager, id).await;
        let file = attachments::add(services, &mut manager(), id, letter()).await.expect("an allegation takes files");
        criteria(&app, id, answer).await;
        let after = attachments::add(services, &mut manager(), id, letter()).await;
        let gone = attachments::fetch(services, &mut manager(), id, file).await;
        if answer == "no" {
            assert!(after.is_ok() && gone.is_ok(), "{after:?} {gone:?}");
        } else {
            refuses(&after, "file");
            assert!(matches!(gone, Err(Error::NotFound)), "{answer}: {gone:?}");
            criteria(&app, id, "no").await;
            refuses(&attachments::add(services, &mut manager(), id, letter()).await, "file");
        }
    }
    app.work().await;
    app.end().await;
}

/// The case manager judges an allegation, and says whether it is about indecent images.
async fn criteria(app: &TestApp, id: ConcernId, images: &str) {
    let answers = [("images", images), ("crime", "not_sure"), ("child_hurt", "no"), ("why", "By what was said.")];
    let mut answers: domain::procedure::Answers =
        answers.map(|(field, answer)| (field.to_owned(), answer.to_owned())).into();
    let content = &app.services.content;
    let step = content.procedures["P9"].step("criteria").expect("P9 asks");
    for field in step.fields.iter().filter(|field| !field.choices.is_empty()) {
        answers.entry(field.key.clone()).or_insert_with(|| field.choices[0].value.clone());
    }
    let attempt = concerns::StepAttempt {
        step: "criteria".into(),
        act: domain::procedure::Act::AlreadyHappened,
        answers,
        reason: None,
        event_at: app.world.now(),
        device: None,
        leave: app::holds::Leave::None,
        seen: 99,
    };
    concerns::record(&app.services, &mut app.ctx(app.people.manager), id, attempt).await.expect("recorded");
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
                let files = attachments::list(services, &mut app.ctx(people.dsl), *id).await.unwrap();
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
