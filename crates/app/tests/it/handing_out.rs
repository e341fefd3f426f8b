//! Handing out: an export is encrypted, marked and listed; somebody's own data are redacted for good, read over by a second
//! person, and can be made again; a record opened in an emergency shuts by itself and is looked at (S12, S47).

use std::process::Command;

use app::Error;
use app::attachments::{self, CouldShow, NewFile};
use app::concerns::{self, Children};
use app::keeping::bundle::{self, NewMark, Purpose};
use app::keeping::exports::{self, For, What};
use app::keeping::{emergency, inspector};
use app::testing::TestApp;
use domain::concern::ConcernKind;
use domain::redaction::Ground;
use domain::{ConcernId, ExportId};
use jiff::SignedDuration;

/// Why a test hands something out.
pub(crate) fn told() -> For {
    For {
        for_whom: "PC 4711, Kent Police".into(),
        why: "Their request of today.".into(),
        other_way: "By telephone.".into(),
        agency: Some("police".into()),
        waiver: None,
    }
}

async fn filed(app: &TestApp, kind: ConcernKind, words: &str) -> ConcernId {
    let of_the_lead =
        matches!(kind, ConcernKind::AccessRequest | ConcernKind::FileTransfer | ConcernKind::DataComplaint);
    let by = if of_the_lead { app.people.dsl } else { app.people.practitioner };
    let children = Children::Known(vec![app.people.child]);
    let report =
        concerns::Report { kind, what_happened: words.into(), children, device: None, room: None, ..app.breach() };
    concerns::report(&app.services, &mut app.ctx(by), report).await.expect("filed").concern
}

/// Every file of a parcel as one text, opened by a stranger's program with the passphrase.
pub(crate) async fn opened(app: &TestApp, id: ExportId, passphrase: &str) -> (Vec<u8>, String) {
    let (name, bytes) = exports::fetch(&app.services, &mut app.ctx(app.people.dsl), id).await.unwrap();
    assert!(name.starts_with("export-") && !name.contains("Joy"));
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("it.zip");
    std::fs::write(&file, &bytes).unwrap();
    let out = Command::new("7zz").args(["x", "-so", &format!("-p{passphrase}")]).arg(&file).output().expect("7zz");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    (bytes, String::from_utf8(out.stdout).unwrap())
}

#[tokio::test]
async fn an_export_is_encrypted_marked_listed_and_taken_by_its_maker_alone() {
    let app = TestApp::new().await;
    let people = app.people;
    let id = filed(&app, ConcernKind::FilterBreach, "A zanderfish came up.").await;
    let missing = For { for_whom: String::new(), ..told() };
    let refused = exports::make(&app.services, &mut app.ctx(people.dsl), What::Concern(id), missing).await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid(why) if why.contains_key("for_whom")), "{refused:?}");
    let made = exports::make(&app.services, &mut app.ctx(people.dsl), What::Concern(id), told()).await.unwrap();
    let (bytes, text) = opened(&app, made.id, &made.passphrase).await;
    assert!(!String::from_utf8_lossy(&bytes).contains("zanderfish"), "it lies open");
    let mark = format!("Export {}, for PC 4711, Kent Police, by Amara Lead", made.number);
    assert_eq!(text.matches(&mark).count(), 3, "on paper, in the table, in the data: {text}");
    assert!(text.contains("zanderfish") && text.contains("\"format\": \"holdfast-records-1\""));
    // Kept nowhere, in the list for those who see the concern, fetched by nobody else.
    assert!(!store::backup::every_row(&app.services.db).await.unwrap().contains(&made.passphrase));
    let listed = exports::list(&app.services, &app.ctx(people.deputy)).await.unwrap();
    assert_eq!(listed.iter().map(|one| (one.taken.0, one.mine)).collect::<Vec<_>>(), [(1, false)]);
    assert!(matches!(exports::fetch(&app.services, &mut app.ctx(people.deputy), made.id).await, Err(Error::NotFound)));
    concerns::exclude(&app.services, &mut app.ctx(people.dsl), id, people.deputy_2).await.unwrap();
    assert!(exports::list(&app.services, &app.ctx(people.deputy_2)).await.unwrap().is_empty(), "shut out is shut out");
    let file = exports::make(&app.services, &mut app.ctx(people.deputy_2), What::File(people.child), told()).await;
    assert!(matches!(file, Err(Error::NotFound)));
    // A week later the parcel is gone, the list is not.
    app.world.pass(SignedDuration::from_hours(24 * 8));
    app::jobs::schedule(&app.services, &mut app.world.system()).await.unwrap();
    app.work().await;
    assert!(matches!(exports::fetch(&app.services, &mut app.ctx(people.dsl), made.id).await, Err(Error::NotFound)));
    assert_eq!(exports::list(&app.services, &app.ctx(people.dsl)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_blacked_out_is_gone_for_good_and_the_same_marks_make_the_same_bundle() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let record =
        filed(&app, ConcernKind::DataComplaint, "Joy and Kit saw it; Kit's father Omar shouted of the zanderfish.")
            .await;
    let request = filed(&app, ConcernKind::AccessRequest, "Ida asks for Joy's data.").await;
    assert!(matches!(
        bundle::begin(services, &mut app.ctx(people.dsl), record, people.child).await,
        Err(Error::NotFound)
    ));
    bundle::begin(services, &mut app.ctx(people.dsl), request, people.child).await.unwrap();
    let bench = bundle::bench(services, &mut app.ctx(people.dsl), request).await.unwrap();
    let words: Vec<&str> = bench.proposals.iter().map(|one| one.words.as_str()).collect();
    assert!(words.contains(&"Kit") && !words.contains(&"Joy"), "{words:?}");
    let early = bundle::send_to_check(services, &mut app.ctx(people.dsl), request, "Dear Ida").await.unwrap_err();
    assert!(matches!(&early, Error::Invalid(why) if why[""].contains("every name")), "{early:?}");
    bundle::take_proposals(services, &mut app.ctx(people.dsl), request).await.unwrap();
    let mark = |words: &str, reason: &str| NewMark {
        item: None,
        words: Some(words.into()),
        ground: Ground::ThirdParty,
        reason: reason.into(),
        left_in: false,
    };
    let nameless = bundle::set_marks(services, &mut app.ctx(people.dsl), request, vec![mark("Omar", "")]).await;
    assert!(
        matches!(&nameless, Err(Error::Invalid(why)) if why.contains_key("reason")),
        "a third party needs a reason"
    );
    bundle::set_marks(services, &mut app.ctx(people.dsl), request, vec![mark("Omar", "He did not agree.")])
        .await
        .unwrap();
    let whole = bench.lines.iter().find(|line| line.item.text.contains("book corner")).expect("who was safe");
    let line = NewMark {
        item: Some(whole.item.key.clone()),
        words: None,
        ground: Ground::SeriousHarm,
        reason: "It says where she hides.".into(),
        left_in: false,
    };
    bundle::set_marks(services, &mut app.ctx(people.dsl), request, vec![line]).await.unwrap();
    // Two people, of what was sent and of nothing else.
    assert!(bundle::make(services, &mut app.ctx(people.dsl), request, told()).await.is_err(), "not checked");
    bundle::send_to_check(services, &mut app.ctx(people.dsl), request, "Dear Ida").await.unwrap();
    let own = bundle::check(services, &mut app.ctx(people.dsl), request).await.unwrap_err();
    assert!(matches!(&own, Error::Invalid(why) if why[""].contains("Somebody else")), "{own:?}");
    bundle::check(services, &mut app.ctx(people.deputy), request).await.unwrap();
    let made = bundle::make(services, &mut app.ctx(people.dsl), request, told()).await.unwrap();
    let (_, text) = opened(&app, made.id, &made.passphrase).await;
    for gone in ["Kit", "kit", "Omar", "book corner", "hides", "did not agree"] {
        assert!(!text.contains(gone), "{gone} is left: {text}");
    }
    for stays in ["Joy", "[another child]'s father [somebody else]", "zanderfish", "[left out]", "Dear Ida"] {
        assert!(text.contains(stays), "{stays} is missing: {text}");
    }
    // The original is untouched, and the same marks make the same again.
    let view = concerns::open(services, &mut app.ctx(people.dsl), record).await.unwrap();
    assert!(view.chronology.iter().any(|entry| entry.text.contains("Kit's father Omar")));
    let again = bundle::make(services, &mut app.ctx(people.dsl), request, told()).await.unwrap();
    let (_, second) = opened(&app, again.id, &again.passphrase).await;
    let without_mark =
        |text: &str| text.lines().filter(|line| !line.contains("Export ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_mark(&second), without_mark(&text));
    // Another word in a record: what was checked is not what would go.
    let new = concerns::NewEntry {
        kind: domain::concern::EntryKind::Fact,
        text: "Kit came back.".into(),
        event_at: app.world.now(),
    };
    concerns::add_entry(services, &mut app.ctx(people.dsl), record, new).await.unwrap();
    let changed = bundle::make(services, &mut app.ctx(people.dsl), request, told()).await.unwrap_err();
    assert!(matches!(&changed, Error::Invalid(why) if why[""].contains("changed")), "{changed:?}");
    app.end().await;
}

/// The program helps nobody to tell whom a concern is about, nor anybody while "police or advice first" is shut (S2, S7).
#[tokio::test]
async fn what_may_not_be_told_yet_and_what_is_about_the_one_who_asks_stays_out_of_the_bundle() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let lead = || app.ctx(people.dsl);
    filed(&app, ConcernKind::DataComplaint, "Joy and the zanderfish.").await;
    let unjudged = filed(&app, ConcernKind::FilterBreach, "Joy and the quaggafish.").await;
    let about_her_mother = concerns::Report {
        kind: ConcernKind::DataComplaint,
        what_happened: "Joy's mother and the gurnardfish.".into(),
        about: concerns::About::Person(people.parent),
        children: Children::Known(vec![people.child]),
        device: None,
        room: None,
        ..app.breach()
    };
    let about = concerns::report(services, &mut lead(), about_her_mother).await.unwrap().concern;
    let request = filed(&app, ConcernKind::AccessRequest, "Ida asks for Joy's data.").await;
    bundle::begin(services, &mut lead(), request, people.child).await.unwrap();
    let on_the_bench = async || {
        let bench = bundle::bench(services, &mut lead(), request).await.unwrap();
        let text: String = bench.handed_out().into_iter().map(|(_, _, text)| text).collect();
        let mut kept: Vec<_> = bench.kept_back.into_iter().map(|one| one.reference).collect();
        kept.sort();
        (text, kept)
    };
    let reference = async |id| concerns::open(services, &mut lead(), id).await.unwrap().reference;
    let (text, kept) = on_the_bench().await;
    assert!(text.contains("zanderfish") && text.contains("gurnardfish") && !text.contains("quaggafish"), "{text}");
    assert_eq!(kept, [reference(unjudged).await]);
    // The mother is whom it goes to.
    concerns::add_person(services, &mut lead(), request, people.parent, domain::concern::Part::Witness).await.unwrap();
    let (text, kept) = on_the_bench().await;
    assert!(!text.contains("gurnardfish"), "{text}");
    let mut both = vec![reference(unjudged).await, reference(about).await];
    both.sort();
    assert_eq!(kept, both);
    app.end().await;
}

#[tokio::test]
async fn an_emergency_opens_one_record_for_four_hours_tells_everybody_and_never_passes_an_exclusion() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = filed(&app, ConcernKind::ChildAtRisk, "She has a bruise.").await;
    let reader = services.db.read(store::Scope::All).await.unwrap();
    let reference = store::concerns::lookup_for_program(&reader, app.setting, id).await.unwrap().unwrap().reference;
    drop(reader);
    assert!(concerns::open(services, &mut app.ctx(people.chair), id).await.is_err(), "the chair reads no cases");
    let why = "She is at the hospital; lead and deputies do not answer.";
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.manager).await.unwrap();
    let words = |error: Error| match error {
        Error::Invalid(why) => why,
        other => panic!("{other:?}"),
    };
    let shut = words(emergency::open(services, &mut app.ctx(people.manager), &reference, why).await.unwrap_err());
    let none = words(emergency::open(services, &mut app.ctx(people.manager), "ZZ-0000", why).await.unwrap_err());
    assert_eq!(shut, none, "shut out looks like not there");
    assert!(emergency::open(services, &mut app.ctx(people.practitioner), &reference, why).await.is_err());

    emergency::open(services, &mut app.ctx(people.chair), &reference, why).await.unwrap();
    concerns::open(services, &mut app.ctx(people.chair), id).await.expect("open now");
    for told in [people.dsl, people.deputy, people.deputy_2] {
        let notices = app::notices::mine(services, &app.ctx(told)).await.unwrap();
        assert!(notices.iter().any(|notice| notice.link == "/emergency"), "not told");
    }
    let shut = app::notices::mine(services, &app.ctx(people.manager)).await.unwrap();
    assert!(shut.iter().all(|notice| notice.link != "/emergency"), "the one shut out is not told");
    assert!(emergency::list(services, &app.ctx(people.manager)).await.unwrap().is_empty());
    // Four hours; by the clock even where the job does not run.
    app.world.pass(SignedDuration::from_hours(4));
    assert!(concerns::open(services, &mut app.ctx(people.chair), id).await.is_err(), "still open");
    app.work().await;
    assert!(concerns::open(services, &mut app.ctx(people.chair), id).await.is_err());
    let one = emergency::list(services, &app.ctx(people.dsl)).await.unwrap().remove(0);
    assert!(one.mine_to_review && !one.lasts);
    let own = emergency::review(services, &mut app.ctx(people.chair), one.id, "I was right.", true).await;
    assert!(own.is_err(), "nobody reviews themselves");
    emergency::review(services, &mut app.ctx(people.dsl), one.id, "We were on a train.", true).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn an_inspector_reads_no_name_and_is_shown_one_case_in_writing() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = filed(&app, ConcernKind::ChildAtRisk, "She has a bruise.").await;
    let seen = inspector::of(services, &mut app.ctx(people.inspector)).await.unwrap();
    let all = format!("{seen:?}");
    for name in ["Joy", "Kit", "Amara", "Ben", "Ida", "bruise"] {
        assert!(!all.contains(name), "{name} is shown");
    }
    assert!(!seen.may_show);
    assert!(app::keeping::exports::list(services, &app.ctx(people.inspector)).await.is_err());
    let reader = services.db.read(store::Scope::All).await.unwrap();
    let reference = store::concerns::lookup_for_program(&reader, app.setting, id).await.unwrap().unwrap().reference;
    drop(reader);
    let who = "Mx Inspector, Ofsted";
    assert!(inspector::show_one(services, &mut app.ctx(people.committee), &reference, who).await.is_err());
    inspector::show_one(services, &mut app.ctx(people.dsl), &reference, who).await.unwrap();
    let view = concerns::open(services, &mut app.ctx(people.deputy), id).await.unwrap();
    assert!(view.chronology.iter().any(|entry| entry.text.contains(who)));
    app.end().await;
}

/// Adds a letter with these words.
async fn letter(app: &TestApp, concern: ConcernId, words: &str) -> domain::AttachmentId {
    let file = NewFile {
        could_show: CouldShow::No,
        // The fish alone: the words themselves must be found nowhere.
        what: words.split(" ").nth(3).expect("a fish").into(),
        name: "letter.txt".into(),
        content: words.as_bytes().to_vec(),
    };
    attachments::add(&app.services, &mut app.ctx(app.people.dsl), concern, file).await.expect("added")
}

#[tokio::test]
async fn a_file_goes_along_only_when_somebody_decided_so_with_a_reason_and_a_sealed_one_never() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let lead = || app.ctx(people.dsl);
    let record = filed(&app, ConcernKind::DataComplaint, "Joy saw it.").await;
    for words in ["Words of the herring letter.", "Words of the turbot letter.", "Words of the sealed letter."] {
        let id = letter(&app, record, words).await;
        if words.contains("sealed") {
            attachments::seal(services, &mut lead(), record, id).await.expect("sealed");
        }
    }
    let request = filed(&app, ConcernKind::AccessRequest, "Ida asks for the data.").await;
    bundle::begin(services, &mut lead(), request, people.child).await.unwrap();
    let bench = bundle::bench(services, &mut lead(), request).await.unwrap();
    assert_eq!(bench.undecided.len(), 2, "the sealed one is not spoken of: {:?}", bench.undecided);
    bundle::take_proposals(services, &mut lead(), request).await.unwrap();
    let early = bundle::send_to_check(services, &mut lead(), request, "Dear Ida").await.unwrap_err();
    assert!(matches!(&early, Error::Invalid(why) if why[""].contains("every file")), "{early:?}");
    let decide = |key: &str, reason: &str, left_in| NewMark {
        item: Some(key.to_owned()),
        words: None,
        ground: Ground::OtherChild,
        reason: reason.into(),
        left_in,
    };
    let of = |fish: &str| &bench.undecided.iter().find(|file| file.what.contains(fish)).expect("it waits").key;
    let (along, out) = (of("herring"), of("turbot"));
    for left_in in [true, false] {
        let silent = bundle::set_marks(services, &mut lead(), request, vec![decide(along, " ", left_in)]).await;
        assert!(matches!(&silent, Err(Error::Invalid(why)) if why.contains_key("reason")), "{silent:?}");
    }
    let decided = vec![decide(along, "It is about her alone.", true), decide(out, "It is about Kit.", false)];
    bundle::set_marks(services, &mut lead(), request, decided).await.unwrap();
    bundle::send_to_check(services, &mut lead(), request, "Dear Ida").await.unwrap();
    bundle::check(services, &mut app.ctx(people.deputy), request).await.unwrap();
    let made = bundle::make(services, &mut lead(), request, told()).await.unwrap();
    let (_, text) = opened(&app, made.id, &made.passphrase).await;
    assert!(text.contains("herring letter"), "{text}");
    for never in ["turbot letter", "sealed letter", "about Kit"] {
        assert!(!text.contains(never), "{never} went along: {text}");
    }
    // Sealed after it was decided: it stays, and what was checked is no longer what would go.
    let files = attachments::list(services, &mut lead(), record).await.unwrap();
    let herring = files.files.iter().find(|file| !file.name.is_empty()).expect("a file that is not sealed").id;
    attachments::seal(services, &mut lead(), record, herring).await.unwrap();
    let changed = bundle::make(services, &mut lead(), request, told()).await.unwrap_err();
    assert!(matches!(&changed, Error::Invalid(why) if why[""].contains("changed")), "{changed:?}");
    app.end().await;
}

#[tokio::test]
async fn the_file_of_a_child_who_moves_on_is_made_ready_on_the_same_bench() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let lead = || app.ctx(people.dsl);
    filed(&app, ConcernKind::DataComplaint, "Joy and Kit saw the zanderfish.").await;
    filed(&app, ConcernKind::FilterBreach, "Joy and the quaggafish.").await;
    let new = app::transfers::New {
        child: people.child,
        to_name: "Anytown Primary".into(),
        to_lead: "Mx Lead".into(),
        left_on: jiff::civil::date(2026, 2, 27),
        note: String::new(),
    };
    let transfer = app::transfers::begin(services, &mut lead(), new).await.unwrap();
    assert_eq!(app::transfers::one(services, &lead(), transfer).await.unwrap().bench, None);
    let moving = filed(&app, ConcernKind::FileTransfer, "Joy goes to school.").await;
    assert_eq!(app::transfers::one(services, &lead(), transfer).await.unwrap().bench, Some(moving));
    bundle::begin(services, &mut lead(), moving, people.child).await.unwrap();
    assert_eq!(bundle::bench(services, &mut lead(), moving).await.unwrap().purpose, Purpose::Transfer);
    bundle::take_proposals(services, &mut lead(), moving).await.unwrap();
    bundle::send_to_check(services, &mut lead(), moving, "To your lead").await.unwrap();
    bundle::check(services, &mut app.ctx(people.deputy), moving).await.unwrap();
    let made = bundle::make(services, &mut lead(), moving, told()).await.unwrap();
    let (_, text) = opened(&app, made.id, &made.passphrase).await;
    assert!(text.contains("zanderfish") && text.contains("[another child]") && !text.contains("Kit"), "{text}");
    let listed = exports::one(services, &lead(), made.id).await.unwrap();
    assert_eq!(listed.what, "The file of a child who moves on, redacted");
    // The register shows what the bench chose, and what is recorded there is not typed again in the record of the move.
    let file = async || app::transfers::one(services, &lead(), transfer).await.unwrap();
    let before = file().await;
    assert_eq!(before.concerns.len(), 1, "not the one that waits for the police: {:?}", before.concerns);
    let out = NewMark {
        item: Some(format!("record-{}", before.concerns[0].0)),
        words: None,
        ground: Ground::NotTheirs,
        reason: "It is about a letter.".into(),
        left_in: false,
    };
    bundle::set_marks(services, &mut lead(), moving, vec![out]).await.unwrap();
    assert!(file().await.concerns.is_empty(), "the list is the bench's");
    let at = app.world.now();
    let sent = app::transfers::Change::Sent { how: "by secure mail".into(), at };
    app::transfers::change(services, &mut lead(), transfer, sent, file().await.version).await.unwrap();
    let received = app::transfers::Change::Received { from: "Mx Lead".into(), at };
    app::transfers::change(services, &mut lead(), transfer, received, file().await.version).await.unwrap();
    let view = concerns::open(services, &mut lead(), moving).await.unwrap();
    for step in ["sent", "receipt"] {
        let step = view.steps.iter().find(|one| one.step.key == step).expect("a step of M3");
        assert_eq!(step.records.len(), 1, "{step:?}");
        assert!(!step.records[0].out_of_order, "{step:?}");
    }
    app.end().await;
}

/// "Police or advice first" and the way of an allegation hold for a child's file as for a request; taking such a record along, and
/// leaving another out, is somebody's choice with a reason (S2, S7).
#[tokio::test]
async fn what_waits_for_the_police_and_what_is_about_an_adult_go_with_no_child_by_themselves() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    filed(&app, ConcernKind::DataComplaint, "Joy was told by Ben of the zanderfish.").await;
    let unjudged = filed(&app, ConcernKind::FilterBreach, "Joy and the quaggafish.").await;
    let moving = filed(&app, ConcernKind::FileTransfer, "Joy goes to school.").await;
    let lead = || app.ctx(people.dsl);
    bundle::begin(services, &mut lead(), moving, people.child).await.unwrap();
    let bench = async || bundle::bench(services, &mut lead(), moving).await.unwrap();
    let text = |bench: &bundle::Bench| bench.handed_out().into_iter().map(|(_, _, text)| text).collect::<String>();
    let first = bench().await;
    assert!(text(&first).contains("zanderfish") && !text(&first).contains("quaggafish"), "{}", text(&first));
    let locked = first.kept_back.first().expect("it is named as kept back").clone();
    assert!(locked.why.contains("Nobody may be told"), "{locked:?}");
    // An allegation whose case manager added the lead: seen, and still no part of the child's file.
    let allegation = concerns::Report {
        kind: ConcernKind::AdultHere,
        what_happened: "Joy and the gurnardfish.".into(),
        children: Children::Known(vec![people.child]),
        about: concerns::About::Person(people.colleague),
        device: None,
        room: None,
        ..app.breach()
    };
    let allegation = concerns::report(services, &mut app.ctx(people.practitioner), allegation).await.unwrap().concern;
    concerns::invite(services, &mut app.ctx(people.manager), allegation, people.dsl, "She knows the family.".into())
        .await
        .unwrap();
    let with_it = bench().await;
    assert!(!text(&with_it).contains("gurnardfish"), "{}", text(&with_it));
    assert!(with_it.kept_back.iter().any(|one| one.why.contains("about an adult here")), "{:?}", with_it.kept_back);
    let staff: Vec<_> = first.proposals.iter().filter(|one| one.whose == "who works here").collect();
    assert!(staff.iter().any(|one| one.words == "Ben"), "{:?}", first.proposals);
    let choice = |key: &Option<String>, reason: &str, left_in| NewMark {
        item: key.clone(),
        words: None,
        ground: Ground::NotTheirs,
        reason: reason.into(),
        left_in,
    };
    let silent = bundle::set_marks(services, &mut lead(), moving, vec![choice(&locked.key, " ", true)]).await;
    assert!(matches!(&silent, Err(Error::Invalid(why)) if why.contains_key("reason")), "{silent:?}");
    let along = choice(&locked.key, "The police said so by telephone.", true);
    bundle::set_marks(services, &mut lead(), moving, vec![along]).await.unwrap();
    let (out, _) = first.records.iter().find(|(_, reference)| *reference != locked.reference).expect("the open one");
    bundle::set_marks(services, &mut lead(), moving, vec![choice(out, "It is about a letter.", false)]).await.unwrap();
    let second = bench().await;
    assert!(text(&second).contains("quaggafish") && !text(&second).contains("zanderfish"), "{}", text(&second));
    assert!(!text(&second).contains("The police said"), "the reason stays on the bench");
    let written = concerns::open(services, &mut lead(), unjudged).await.unwrap();
    assert!(
        written.chronology.iter().any(|entry| entry.text.contains("goes along")),
        "it stands in the record for ever"
    );
    assert!(second.kept_back.iter().any(|one| one.why.contains("about a letter")), "{:?}", second.kept_back);
    // Taken back: as before.
    for mark in second.marks.iter().filter(|mark| mark.record) {
        bundle::end_mark(services, &mut lead(), moving, mark.id).await.unwrap();
    }
    let again = text(&bench().await);
    assert!(again.contains("zanderfish") && !again.contains("quaggafish"), "{again}");
    assert!(again.contains("It was chosen, with a reason, that this stays out"), "that it was so stays: {again}");
    app.end().await;
}

/// While police or advice come first, one record or all about somebody leaves for those who may always be told; for anybody else
/// only with a reason, which stands in the record for ever (S1, S2).
#[tokio::test]
async fn while_police_or_advice_come_first_a_record_leaves_for_them_or_for_a_reason_that_stays() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let lead = || app.ctx(people.dsl);
    let locked = filed(&app, ConcernKind::FilterBreach, "Joy and the quaggafish.").await;
    let free = filed(&app, ConcernKind::DataComplaint, "Joy and the zanderfish.").await;
    let school = || For { for_whom: "Mx Lead, Anytown Primary".into(), agency: None, ..told() };
    for what in [What::Concern(locked), What::File(people.child)] {
        let before = exports::before(services, &lead(), what).await.unwrap();
        assert_eq!(before.shut.iter().map(|shut| shut.concern).collect::<Vec<_>>(), [locked]);
        for key in ["emergency", "police", "front_door", "lado", "nhs", "ofsted", "ico"] {
            assert!(before.agencies.iter().any(|(known, _)| known == key), "{key} may always be told: {before:?}");
        }
        for told in [school(), For { agency: Some("other_setting".into()), ..school() }] {
            let refused = exports::make(services, &mut lead(), what, told).await.unwrap_err();
            let says =
                matches!(&refused, Error::Invalid(why) if why.contains_key("waiver") || why.contains_key("agency"));
            assert!(says, "{refused:?}");
        }
    }
    assert!(exports::before(services, &lead(), What::Concern(free)).await.unwrap().shut.is_empty());
    exports::make(services, &mut lead(), What::Concern(free), school()).await.expect("nothing stands before it");
    exports::make(services, &mut lead(), What::File(people.child), told())
        .await
        .expect("the police are never locked out");
    let shut = exports::before(services, &lead(), What::Concern(locked)).await.unwrap().shut.remove(0);
    let urgent = For { waiver: Some("He goes there tomorrow and she is at risk.".into()), ..school() };
    let made = exports::make(services, &mut lead(), What::Concern(locked), urgent).await;
    assert_eq!(made.is_ok(), shut.waivable, "{made:?}");
    let view = concerns::open(services, &mut lead(), locked).await.unwrap();
    let says = |words: &str| view.chronology.iter().any(|entry| entry.text.contains(words));
    assert!(says("may be told at any time"), "{:?}", view.chronology);
    assert_eq!(says("He goes there tomorrow"), shut.waivable, "{:?}", view.chronology);
    app.end().await;
}
