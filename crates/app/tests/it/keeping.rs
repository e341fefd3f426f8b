//! Keeping: nothing goes by itself, nothing that is held, nothing by one person; what goes is gone, the chain stays whole, and
//! a restore does not bring it back (S36–S38, S40, S43).

use app::Error;
use app::keeping::dispose::{self, Keep};
use app::keeping::due::{self, List, SHOWN};
use app::keeping::holds::{self, HoldGround, New, Reach};
use app::testing::TestApp;
use app::{concerns, follow_up};
use domain::concern::ConcernStatus;
use domain::retention::{Due, RecordKind};
use domain::{ConcernId, PersonId};
use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;
use store::Scope;
use store::audit::{Finding, verify};
use store::concerns::Concern;

const SECRET: &str = "zanderfish";

/// A concern about a child who was born, told and closed, with a word that stands nowhere else.
pub(crate) async fn closed(app: &TestApp, words: &str) -> ConcernId {
    let mut ctx = app.ctx(app.people.practitioner);
    let report = concerns::Report { what_happened: format!("It was a {words}."), ..app.breach() };
    let id = concerns::report(&app.services, &mut ctx, report).await.expect("filed").concern;
    concerns::open(&app.services, &mut app.ctx(app.people.dsl), id).await.expect("opened");
    let mut tx =
        app.services.db.write(&mut app.world.system(), Scope::Setting(app.setting), "test.close").await.unwrap();
    let concern = store::concerns::lookup_for_program(&tx, app.setting, id).await.unwrap().unwrap();
    let shut = Concern { status: ConcernStatus::Closed, closed_at: Some(app.world.now()), ..concern };
    store::concerns::set(&mut tx, &shut).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Gives the children their birthdays.
pub(crate) async fn born(app: &TestApp) {
    let mut tx =
        app.services.db.write(&mut app.world.system(), Scope::Setting(app.setting), "test.born").await.unwrap();
    for child in [app.people.child, app.people.child_2] {
        let person = store::people::lookup(&tx, app.setting, child).await.unwrap().unwrap();
        let person = store::people::Person { born: Some(date(2023, 5, 6)), ..person };
        store::people::set(&mut tx, &person).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn years(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * 366 * n)
}

async fn propose(app: &TestApp, who: PersonId, id: ConcernId) -> app::Result<domain::DisposalId> {
    dispose::propose(&app.services, &mut app.ctx(who), RecordKind::Concern, id.0, "Its time has come.").await
}

async fn agree(app: &TestApp, who: PersonId, id: domain::DisposalId) -> app::Result<domain::DisposalId> {
    dispose::agree(&app.services, &mut app.ctx(who), id).await
}

async fn is_there(app: &TestApp, id: ConcernId) -> bool {
    let reader = app.services.db.read(Scope::Setting(app.setting)).await.unwrap();
    store::concerns::lookup_for_program(&reader, app.setting, id).await.unwrap().is_some()
}

/// Words that stand in a second concern hold the first; what points at entries goes with them, and nothing is left half.
#[tokio::test]
async fn a_record_that_lent_its_words_waits_for_the_other_and_then_goes_whole() {
    let app = TestApp::new().await;
    born(&app).await;
    let (services, people) = (&app.services, app.people);
    let (lender, borrower) = (closed(&app, SECRET).await, closed(&app, "harmless").await);
    let view = concerns::open(services, &mut app.ctx(people.dsl), lender).await.unwrap();
    let entry = view.chronology.iter().filter(|entry| entry.text.contains(SECRET)).find_map(|entry| entry.id).unwrap();
    let due = services.calendar.local(app.world.now()).date();
    let task = follow_up::NewTask { title: "Look again".into(), owner: people.technician, due };
    let origin = follow_up::Origin::Entry(entry);
    follow_up::add_from(services, &mut app.ctx(people.dsl), lender, origin, task).await.expect("given");
    let mut tx = services.db.write(&mut app.world.system(), Scope::Setting(app.setting), "test.share").await.unwrap();
    let shared = store::together::SharedEntry {
        concern_id: borrower,
        entry_id: entry,
        setting_id: app.setting,
        shared_by: people.dsl,
        shared_at: app.world.now(),
    };
    store::together::share_entry(&mut tx, &shared).await.unwrap();
    tx.commit().await.unwrap();
    app.world.pass(years(30));

    let held = propose(&app, people.dsl, lender).await.unwrap_err();
    assert!(matches!(&held, Error::Invalid(why) if why[""].contains("another concern")), "{held:?}");
    for id in [borrower, lender] {
        let waits = propose(&app, people.dsl, id).await.expect("nothing holds it now");
        agree(&app, people.deputy, waits).await.expect("it goes whole");
        assert!(!is_there(&app, id).await);
    }
    assert!(!store::backup::every_row(&services.db).await.unwrap().contains(SECRET), "a word of it is left");
    assert!(verify(&services.db, &[]).await.unwrap().is_whole());
}

/// Whoever ever said that it could be sexual abuse of a child is heard for the longest time, whatever was said since.
#[tokio::test]
async fn what_could_ever_be_sexual_abuse_is_kept_longest() {
    let app = TestApp::new().await;
    born(&app).await;
    let (services, people) = (&app.services, app.people);
    let plain = closed(&app, "cartoon").await;
    let grave = {
        let told = concerns::Report { kind: domain::concern::ConcernKind::Bullying, ..app.breach() };
        let ctx = &mut app.ctx(people.practitioner);
        concerns::report(services, ctx, told).await.expect("filed").concern
    };
    concerns::open(services, &mut app.ctx(people.dsl), grave).await.expect("opened");
    for (seen, csa) in [(0, "not_sure"), (1, "no")] {
        let view = concerns::open(services, &mut app.ctx(people.dsl), grave).await.expect("opened");
        let step = view.steps.iter().find(|state| state.step.key == "judge").expect("it is judged");
        let answers = step.step.fields.iter().filter(|field| field.required).map(|field| {
            let answer = match field.key.as_str() {
                "csa" => csa.to_owned(),
                "crime" => "not_sure".to_owned(),
                _ if !field.choices.is_empty() => field.choices.last().expect("one").value.clone(),
                _ => "As it was.".to_owned(),
            };
            (field.key.clone(), answer)
        });
        let attempt = concerns::StepAttempt {
            step: "judge".into(),
            act: domain::procedure::Act::AlreadyHappened,
            answers: answers.collect(),
            reason: None,
            event_at: app.world.now(),
            seen,
            device: None,
            leave: app::holds::Leave::None,
        };
        let saved = concerns::record(services, &mut app.ctx(people.dsl), grave, attempt).await;
        assert!(saved.is_ok(), "{saved:?}");
    }
    let mut tx = services.db.write(&mut app.world.system(), Scope::Setting(app.setting), "test.close").await.unwrap();
    let concern = store::concerns::lookup_for_program(&tx, app.setting, grave).await.unwrap().unwrap();
    let shut = Concern { status: ConcernStatus::Closed, closed_at: Some(app.world.now()), ..concern };
    store::concerns::set(&mut tx, &shut).await.unwrap();
    tx.commit().await.unwrap();
    let day = async |id: ConcernId| {
        let one = due::one(services, &app.ctx(people.dsl), RecordKind::Concern, id.0).await.expect("a record");
        one.day().expect("a day").year()
    };
    assert_eq!((day(plain).await, day(grave).await), (2023 + 25, 2023 + 75));
}

#[tokio::test]
async fn two_people_let_a_record_go_and_what_went_is_gone_everywhere_but_for_its_certificate() {
    let app = TestApp::new().await;
    born(&app).await;
    let (id, other) = (closed(&app, SECRET).await, closed(&app, "harmless").await);
    let people = app.people;
    let early = propose(&app, people.dsl, id).await.unwrap_err();
    assert!(matches!(&early, Error::Invalid(why) if why[""].contains("day has not come")), "{early:?}");
    // The lists say so, and nothing goes by itself when the day is there.
    app.world.pass(years(30));
    app.work().await;
    assert!(is_there(&app, id).await);
    let wall = due::wall(&app.services, &app.ctx(people.dsl), None).await.unwrap();
    assert_eq!([List::Due, List::Soon].map(|list| wall.part(list).unwrap().all), [2, 0]);
    let held_by_nobody = wall.part(List::Due).unwrap().records.iter().find(|one| one.id == id.0).unwrap();
    assert_eq!(held_by_nobody.due, Due::On { day: date(2048, 5, 6), rule: "child_concern".into() });

    let waits = propose(&app, people.dsl, id).await.unwrap();
    let alone = agree(&app, people.dsl, waits).await.unwrap_err();
    assert!(matches!(&alone, Error::Invalid(why) if why[""].contains("Somebody else")), "{alone:?}");
    assert!(is_there(&app, id).await, "one person is not enough");
    agree(&app, people.deputy, waits).await.unwrap();

    assert!(!is_there(&app, id).await && is_there(&app, other).await);
    let everything = store::backup::every_row(&app.services.db).await.unwrap();
    assert!(!everything.contains(SECRET), "a word of it is left");
    let certificate = dispose::decision(&app.services, &app.ctx(people.dsl), waits).await.unwrap();
    assert!(certificate.second.is_some() && certificate.gone.as_ref().is_some_and(|(rows, _)| *rows > 5));
    assert_eq!(certificate.gone.unwrap().1.len(), 64);
    for viewer in [people.dsl, people.deputy] {
        assert!(concerns::open(&app.services, &mut app.ctx(viewer), id).await.is_err());
        let found = concerns::search(&app.services, &mut app.ctx(viewer), SECRET).await.unwrap();
        assert!(found.is_empty());
    }
    // The chain is whole, with and without what it knew of the record, and still names who alters anything.
    let whole = verify(&app.services.db, &[]).await.unwrap();
    assert!(whole.is_whole() && whole.destroyed <= whole.rows, "{:?}", whole.findings);
    crate::evidence::red::tamper(&app, "UPDATE entry SET text = 'nothing at all' WHERE text LIKE '%harmless%'").await;
    let tampered = verify(&app.services.db, &[]).await.unwrap();
    assert!(
        tampered
            .findings
            .iter()
            .any(|one| matches!(one, Finding::Altered { table, field, .. } if table == "entry" && field == "text")),
        "{:?}",
        tampered.findings
    );
}

#[tokio::test]
async fn what_is_held_stays_and_a_wrong_clock_destroys_nothing() {
    let app = TestApp::new().await;
    born(&app).await;
    let id = closed(&app, SECRET).await;
    let people = app.people;
    app.world.pass(years(30));
    let hold = |reach: Reach| New {
        reach,
        ground: HoldGround::Inquiry,
        asked_by: "The inquiry".into(),
        reason: "They asked for everything of those years.".into(),
    };
    for reach in [Reach::Everything, Reach::Person(people.child)] {
        let placed = holds::place(&app.services, &mut app.ctx(people.manager), hold(reach)).await.unwrap();
        let refused = propose(&app, people.dsl, id).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid(why) if why[""].contains("public inquiry")), "{refused:?}");
        holds::lift(&app.services, &mut app.ctx(people.manager), placed, "They wrote that it is over.").await.unwrap();
    }
    // Placed between the first and the second: the second finds it.
    let waits = propose(&app, people.dsl, id).await.unwrap();
    let placed = holds::place(&app.services, &mut app.ctx(people.manager), hold(Reach::Everything)).await.unwrap();
    assert!(agree(&app, people.deputy, waits).await.is_err());
    assert!(is_there(&app, id).await);
    holds::lift(&app.services, &mut app.ctx(people.manager), placed, "They wrote that it is over.").await.unwrap();
    // The clock falls back behind the last entry: suspect, whatever else is true.
    app.world.pass(-SignedDuration::from_hours(1));
    let suspect = agree(&app, people.deputy, waits).await.unwrap_err();
    assert!(matches!(&suspect, Error::Invalid(why) if why[""].contains("clock")), "{suspect:?}");
    app.world.pass(SignedDuration::from_hours(2));
    let until = date(2070, 1, 1);
    let keep = Keep { until, reason: "A claim may come.".into() };
    dispose::keep(&app.services, &mut app.ctx(people.dsl), RecordKind::Concern, id.0, keep).await.unwrap();
    assert!(agree(&app, people.deputy, waits).await.is_err(), "kept longer ends the proposal");
    assert!(propose(&app, people.dsl, id).await.is_err(), "and it comes back only then");
    app.end().await;
}

#[tokio::test]
async fn a_long_list_is_shown_part_by_part_and_every_record_in_exactly_one() {
    let app = TestApp::new().await;
    let left = 2 * SHOWN + 7;
    let mut tx =
        app.services.db.write(&mut app.world.system(), Scope::Setting(app.setting), "test.left").await.unwrap();
    let child = store::people::lookup(&tx, app.setting, app.people.child).await.unwrap().unwrap();
    for at in 0..left {
        let name = format!("Left {at}");
        let gone = Some(date(2015, 1, 1).checked_add(jiff::Span::new().days(i64::try_from(at % 40).unwrap())).unwrap());
        let row = store::people::Person { id: tx.fresh(), name, gone, version: 0, ..child.clone() };
        store::people::add(&mut tx, &row).await.unwrap();
    }
    tx.commit().await.unwrap();
    let ctx = app.ctx(app.people.dsl);
    let whole = due::wall(&app.services, &ctx, None).await.unwrap();
    let first = whole.part(List::Due).unwrap();
    assert_eq!((first.records.len(), first.all, whole.counts.0), (SHOWN, left, left));
    let mut seen = Vec::new();
    for (page, count) in [(0, SHOWN), (1, SHOWN), (2, 7), (3, 0), (usize::MAX, 0)] {
        let wall = due::wall(&app.services, &ctx, Some((List::Due, page))).await.unwrap();
        assert_eq!(wall.parts.len(), 1, "the list that was asked for, and no other");
        let part = wall.part(List::Due).unwrap();
        assert_eq!((part.records.len(), part.all), (count, left), "part {page}");
        seen.extend(part.records.iter().map(|one| (one.day(), one.id)));
    }
    assert!(seen.is_sorted_by_key(|(day, _)| *day), "the oldest day first, across parts");
    let different: std::collections::BTreeSet<_> = seen.iter().map(|(_, id)| *id).collect();
    assert_eq!((seen.len(), different.len()), (left, left));
    // One record by its key is the one that the list has.
    let (day, id) = seen[60];
    let one = due::one(&app.services, &ctx, RecordKind::Person, id).await.unwrap();
    assert_eq!((one.day(), one.id), (day, id));
    assert!(matches!(due::one(&app.services, &ctx, RecordKind::Concern, id).await, Err(Error::NotFound)));
    app.end().await;
}

#[tokio::test]
async fn who_is_shut_out_learns_of_no_proposal_and_no_certificate() {
    let app = TestApp::new().await;
    born(&app).await;
    let id = closed(&app, SECRET).await;
    let people = app.people;
    concerns::exclude(&app.services, &mut app.ctx(people.dsl), id, people.deputy).await.expect("shut out");
    app.world.pass(years(30));
    let waits = propose(&app, people.dsl, id).await.unwrap();
    let services = &app.services;
    let shut = app.ctx(people.deputy);
    let seen = (
        dispose::list_waiting(services, &shut).await.unwrap().len(),
        due::wall(services, &shut, None).await.unwrap().part(List::Due).unwrap().all,
    );
    assert_eq!(seen, (0, 0));
    assert!(matches!(agree(&app, people.deputy, waits).await, Err(Error::NotFound)));
    // The chair does not read safeguarding concerns, and may be the second.
    agree(&app, people.chair, waits).await.unwrap();
    assert_eq!(dispose::certificates(services, &shut).await.unwrap().len(), 0, "nor afterwards");
    assert_eq!(dispose::certificates(services, &app.ctx(people.deputy_2)).await.unwrap().len(), 1);
    app.end().await;
}

#[tokio::test]
async fn a_restore_of_an_older_backup_does_not_bring_back_what_was_destroyed() {
    let app = TestApp::new().await;
    born(&app).await;
    let id = closed(&app, SECRET).await;
    app.world.pass(years(30));
    app::upkeep::back_up(&app.services, &mut app.world.system(), app.setting).await.unwrap();
    let waits = propose(&app, app.people.dsl, id).await.unwrap();
    agree(&app, app.people.deputy, waits).await.unwrap();
    let folder = app.services.data.join("backups");
    let mut backup = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    let backup = backup.find(|path| path.extension().is_some_and(|it| it == "backup")).expect("a backup");
    let into = tempfile::TempDir::new().unwrap();
    let config = testkit::db::config(into.path());
    let machine = store::MachineKey::beside(into.path());
    let code = &app.database().code;
    let restored =
        store::backup::restore(&backup, code, &config, &machine, &mut app.world.system(), &[]).await.unwrap();
    let everything = store::backup::every_row(&restored.db).await.unwrap();
    assert!(!everything.contains(SECRET), "it came back");
    let whole = verify(&restored.db, &[]).await.unwrap();
    assert!(whole.is_whole(), "{:?}", whole.findings);
    // Without the list beside it the backup has it still: that is what the page says of copies taken elsewhere.
    let elsewhere = tempfile::TempDir::new().unwrap();
    let alone = elsewhere.path().join("old.backup");
    std::fs::copy(&backup, &alone).unwrap();
    let into = tempfile::TempDir::new().unwrap();
    let (config, machine) = (testkit::db::config(into.path()), store::MachineKey::beside(into.path()));
    let restored = store::backup::restore(&alone, code, &config, &machine, &mut app.world.system(), &[]).await.unwrap();
    assert!(store::backup::every_row(&restored.db).await.unwrap().contains(SECRET));
}

/// What hangs on a concern goes, unless a line says why it stays.
#[test]
fn every_table_of_a_concern_goes_or_is_named() {
    let goes: Vec<&str> = store::keeping::goes_with_a_concern().collect();
    for table in
        ["entry", "step_record", "concern_person", "referral", "letter", "attachment", "action", "notice", "redaction"]
    {
        assert!(goes.contains(&table), "{table} stays behind");
    }
    for table in store::keeping::STAYS {
        assert!(!goes.contains(&table));
    }
}

/// An act of somebody, in any order.
#[derive(Debug, Clone, Copy)]
enum Do {
    Propose(usize),
    Agree(usize),
    Withdraw(usize),
    Keep,
    Hold,
    Lift,
    Pass,
    Back,
}

fn any_act() -> impl Strategy<Value = Do> {
    prop_oneof![
        4 => (0_usize..4).prop_map(Do::Propose),
        5 => (0_usize..4).prop_map(Do::Agree),
        1 => (0_usize..4).prop_map(Do::Withdraw),
        1 => Just(Do::Keep),
        2 => Just(Do::Hold),
        2 => Just(Do::Lift),
        2 => Just(Do::Pass),
        1 => Just(Do::Back),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// Whatever is done in whatever order: a record goes by two different people, never while it is held, never before its
    /// day, and the chain is whole after it.
    #[test]
    fn no_order_of_acts_destroys_without_two_people_or_past_a_hold(acts in proptest::collection::vec(any_act(), 4..14)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::new().await;
            born(&app).await;
            let id = closed(&app, SECRET).await;
            let people = [app.people.dsl, app.people.deputy, app.people.deputy_2, app.people.manager];
            let mut held: Option<domain::LegalHoldId> = None;
            app.world.pass(years(20));
            for act in acts {
                let before = is_there(&app, id).await;
                let waits = dispose::list_waiting(&app.services, &app.ctx(app.people.dsl)).await.unwrap().pop();
                match act {
                    Do::Propose(who) => drop(propose(&app, people[who], id).await),
                    Do::Agree(who) => {
                        let Some(waits) = waits else { continue };
                        let first = (0..4).find(|n| app_name(*n) == waits.first.0).unwrap();
                        let done = agree(&app, people[who], waits.id).await.is_ok();
                        prop_assert!(!done || (first != who && held.is_none()), "{who} after {first}, held {held:?}");
                        prop_assert!(!done || app.world.now().to_string().as_str() >= "2048-05-06");
                    }
                    Do::Withdraw(who) => {
                        let Some(waits) = waits else { continue };
                        drop(dispose::withdraw(&app.services, &mut app.ctx(people[who]), waits.id).await);
                    }
                    Do::Keep => {
                        let keep = Keep { until: date(2049, 1, 1), reason: "A claim may come.".into() };
                        drop(dispose::keep(&app.services, &mut app.ctx(people[0]), RecordKind::Concern, id.0, keep).await);
                    }
                    Do::Hold if held.is_none() => {
                        let new = New {
                            reach: Reach::Person(app.people.child),
                            ground: HoldGround::Police,
                            asked_by: "The police".into(),
                            reason: "They asked.".into(),
                        };
                        held = Some(holds::place(&app.services, &mut app.ctx(people[3]), new).await.unwrap());
                    }
                    Do::Lift => {
                        let Some(hold) = held.take() else { continue };
                        holds::lift(&app.services, &mut app.ctx(people[3]), hold, "They said so.").await.unwrap();
                    }
                    Do::Hold => {}
                    Do::Pass => app.world.pass(years(2)),
                    Do::Back => app.world.pass(-SignedDuration::from_hours(1)),
                }
                let gone_now = before && !is_there(&app, id).await;
                prop_assert!(!gone_now || matches!(act, Do::Agree(_)), "{act:?} destroyed it");
            }
            let whole = verify(&app.services.db, &[]).await.unwrap();
            prop_assert!(whole.is_whole(), "{:?}", whole.findings);
            Ok(())
        })?;
    }
}

/// Names of the four, as the pages say them.
fn app_name(n: usize) -> &'static str {
    ["Amara Lead", "Ben Deputy", "Bea Deputy", "Carys Manager"].get(n).copied().unwrap_or_default()
}

/// A child who left, with a mother on the register.
async fn who_left(app: &TestApp, name: &str, gone: jiff::civil::Date) -> domain::PersonId {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, store::Scope::Setting(app.setting), "test.register").await.unwrap();
    let person = |id: domain::PersonId, kind, name: &str| store::people::Person {
        id,
        setting_id: app.setting,
        kind,
        name: name.into(),
        known_as: name.into(),
        born: None,
        email: None,
        email_verified_at: None,
        phone: None,
        room_id: None,
        joined: None,
        gone: Some(gone),
        version: 0,
    };
    let (child, mother) = (tx.fresh(), tx.fresh());
    store::people::add(&mut tx, &person(child, domain::people::PersonKind::Child, name)).await.unwrap();
    store::people::add(&mut tx, &person(mother, domain::people::PersonKind::Family, "Mother Quillfeather"))
        .await
        .unwrap();
    let tie = store::people::Relationship {
        id: tx.fresh(),
        setting_id: app.setting,
        person_id: child,
        other_id: mother,
        kind: store::words::Tie::Parent,
        parental_responsibility: true,
        do_not_contact: false,
        never_disclose_address: false,
        court_order: Some("Order of the zanderfish court".into()),
    };
    store::people::add_relationship(&mut tx, &tie).await.unwrap();
    tx.commit().await.unwrap();
    child
}

#[tokio::test]
async fn an_entry_of_the_register_goes_by_two_people_and_never_while_a_record_names_the_person() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let long_ago = jiff::civil::date(2020, 7, 20);
    let child = who_left(&app, "Pip Wintergreen", long_ago).await;
    let kind = RecordKind::Person;
    let reason = "She left years ago.";
    // Somebody who is here is not due, and is not on the list at all.
    let here = dispose::propose(services, &mut app.ctx(people.dsl), kind, people.child.0, reason).await;
    assert!(matches!(here, Err(Error::NotFound)), "{here:?}");
    let id = dispose::propose(services, &mut app.ctx(people.dsl), kind, child.0, reason).await.unwrap();
    let own = dispose::agree(services, &mut app.ctx(people.dsl), id).await.unwrap_err();
    assert!(matches!(&own, Error::Invalid(why) if why[""].contains("Somebody else")), "{own:?}");
    dispose::agree(services, &mut app.ctx(people.manager), id).await.unwrap();
    let rows = store::backup::every_row(&services.db).await.unwrap();
    for gone in ["Wintergreen", "zanderfish"] {
        assert!(!rows.contains(gone), "{gone} is still in the rows");
    }
    assert!(rows.contains("Mother Quillfeather"), "her own entry is another one");
    let certificate = dispose::decision(services, &app.ctx(people.dsl), id).await.unwrap();
    assert_eq!(certificate.gone.map(|(rows, _)| rows), Some(2), "the entry and the tie");
    let report = store::audit::verify(&services.db, &[]).await.unwrap();
    assert!(report.is_whole(), "{:?}", report.findings);

    // A concern names this one: it stays, whoever asks, and says so in words that tell nothing.
    let named = who_left(&app, "Bryony Wintergreen", long_ago).await;
    let children = app::concerns::Children::Known(vec![named]);
    let report = app::concerns::Report { children, ..app.breach() };
    app::concerns::report(services, &mut app.ctx(people.practitioner), report).await.unwrap();
    let held = dispose::propose(services, &mut app.ctx(people.dsl), kind, named.0, reason).await.unwrap_err();
    assert!(matches!(&held, Error::Invalid(why) if why[""].contains("must not go")), "{held:?}");
    app.end().await;
}
