//! What both engines promise alike. The same checks run on SQLite and on a real PostgreSQL.

use std::sync::Arc;

use domain::concern::{ConcernStatus, RouteKind};
use domain::people::PersonKind;
use domain::{AccountId, ConcernId, PersonId, RoomId};
use jiff::SignedDuration;
use serde_json::json;
use store::audit;
use store::{Db, Error, Scope, Tx, accounts, concerns, drafts, jobs, people, search};
use testkit::postgres::Postgres;
use testkit::{House, NewConcern, World};

use crate::destroyed::what_is_destroyed_is_gone_and_its_walls_stay;
use crate::inherited::what_is_made_from_a_concern_inherits_its_exclusions;

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    contract(async |_| testkit::db().await.into_parts()).await;
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    let server = Postgres::start().unwrap();
    contract(async |name| {
        let url = server.database(name).unwrap();
        let made = testkit::db().await;
        let folder = tempfile::TempDir::new().unwrap();
        let config = store::DbConfig { engine: store::Engine::Postgres(url), ..testkit::db::config(folder.path()) };
        let db = Db::open(&config, Arc::clone(&made.keys), World::new(0).now()).await.unwrap();
        (db, folder)
    })
    .await;
}

/// Every check gets an empty database of its own.
async fn contract(fresh: impl AsyncFn(&str) -> (Db, tempfile::TempDir)) {
    macro_rules! checks {
        ($($check:ident)*) => {$(
            let (db, _folder) = fresh(stringify!($check)).await;
            $check(&db, &World::new(1)).await;
            let report = audit::verify(&db, &[]).await.unwrap();
            assert_eq!(report.findings, [], "after {}", stringify!($check));
            db.close().await;
        )*};
    }
    checks! {
        a_row_comes_back_as_it_was_written
        a_lost_update_is_a_conflict
        what_is_not_committed_never_happened
        a_row_cannot_point_into_another_setting
        a_write_stays_in_its_setting
        accounts_and_codes
        drafts_are_their_authors_alone
        jobs_run_at_least_once_and_rest_after_ten_tries
        a_missed_schedule_runs_once
        search_finds_words_references_and_names
        a_word_that_stands_nearly_everywhere_is_found_newest_first
        every_write_is_in_the_chain
        many_writers_make_one_chain
        what_is_made_from_a_concern_inherits_its_exclusions
        what_is_destroyed_is_gone_and_its_walls_stay
    }
}

async fn a_row_comes_back_as_it_was_written(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "person.change").await.unwrap();
    let mut person = people::lookup(&tx, house.setting, house.child).await.unwrap().unwrap();
    person.born = Some(jiff::civil::date(2022, 2, 28));
    person.known_as = "Ellis “El” — 😀 'quoted'".to_owned();
    let room = people::Room { id: tx.fresh::<RoomId>(), setting_id: house.setting, name: "Caterpillars".to_owned() };
    people::add_room(&mut tx, &room).await.unwrap();
    person.room_id = Some(room.id);
    person.email_verified_at = Some(tx.now());
    person.version = people::set(&mut tx, &person).await.unwrap();
    tx.commit().await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    assert_eq!(people::lookup(&reader, house.setting, house.child).await.unwrap().unwrap(), person);
    assert_eq!(person.version, 2);
    let staff = people::list(&reader, house.setting, Some(PersonKind::Staff)).await.unwrap();
    assert_eq!(staff.len(), 4);
}

async fn a_lost_update_is_a_conflict(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let stale = people::lookup(&reader, house.setting, house.dsl).await.unwrap().unwrap();
    drop(reader);
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "person.change").await.unwrap();
    assert_eq!(people::set(&mut tx, &stale).await.unwrap(), 2);
    let lost = people::set(&mut tx, &stale).await.unwrap_err();
    assert!(matches!(lost, Error::Conflict { table: "person", .. }), "{lost}");
    tx.commit().await.unwrap();
}

async fn what_is_not_committed_never_happened(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "concern.raise").await.unwrap();
    let row = house.concern_row(tx.fresh(), RouteKind::Safeguarding, tx.now());
    concerns::add(&mut tx, &row).await.unwrap();
    drop(tx);
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    assert!(concerns::lookup(&reader, house.setting, &house.lead(), row.id).await.unwrap().is_none());
}

async fn a_row_cannot_point_into_another_setting(db: &Db, world: &World) {
    let (one, other) = two(db, world).await;
    let mut tx = db.write(&mut world.system(), Scope::Setting(one.setting), "concern.raise").await.unwrap();
    let row = concerns::Concern {
        reporter_id: Some(other.practitioner),
        ..one.concern_row(tx.fresh(), RouteKind::Safeguarding, tx.now())
    };
    let refused = concerns::add(&mut tx, &row).await.unwrap_err();
    assert!(matches!(refused, Error::Reference(_)), "{refused}");
}

async fn a_write_stays_in_its_setting(db: &Db, world: &World) {
    let (one, other) = two(db, world).await;
    let mut tx = db.write(&mut world.system(), Scope::Setting(one.setting), "concern.raise").await.unwrap();
    let row = other.concern_row(tx.fresh(), RouteKind::Safeguarding, tx.now());
    let refused = concerns::add(&mut tx, &row).await.unwrap_err();
    assert!(matches!(refused, Error::OutOfScope { .. }), "{refused}");
    let reader = db.read(Scope::Setting(other.setting)).await.unwrap();
    let theirs = people::lookup(&reader, other.setting, other.child).await.unwrap().unwrap();
    let pulled = people::Person { setting_id: one.setting, ..theirs };
    let refused = people::set(&mut tx, &pulled).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "a forged setting does not pull a row over: {refused}");
}

async fn accounts_and_codes(db: &Db, world: &World) {
    let mut tx = db.write(&mut world.system(), Scope::All, "account.add").await.unwrap();
    let mut account = accounts::Account {
        id: tx.fresh::<AccountId>(),
        username: "amara".into(),
        password_hash: "$argon2id$…".into(),
        password_set_at: tx.now(),
        totp_secret: None,
        totp_last_step: None,
        failed_attempts: 0,
        locked_until: None,
        must_change: false,
        recovered_at: None,
        recovery_confirmed_by: None,
        created_at: tx.now(),
        ended_at: None,
    };
    accounts::add(&mut tx, &account).await.unwrap();
    account.failed_attempts = 3;
    accounts::set(&mut tx, &account).await.unwrap();
    accounts::set_recovery_codes(&mut tx, account.id, &["a".into(), "b".into()]).await.unwrap();
    assert!(accounts::use_recovery_code(&mut tx, account.id, "a").await.unwrap());
    assert!(!accounts::use_recovery_code(&mut tx, account.id, "a").await.unwrap(), "a code works once");
    assert_eq!(accounts::count_recovery_codes(&tx, account.id).await.unwrap(), 1);
    let subject = audit::Subject { table: "account", id: Some(account.id.0) };
    tx.note(audit::INSTALLATION, subject, &json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.write(&mut world.system(), Scope::All, "account.add").await.unwrap();
    let twin = accounts::Account { id: tx.fresh(), ..account.clone() };
    assert!(matches!(accounts::add(&mut tx, &twin).await.unwrap_err(), Error::Duplicate(_)));
    drop(tx);
    let reader = db.read(Scope::All).await.unwrap();
    assert_eq!(accounts::find_by_username(&reader, "amara").await.unwrap().unwrap(), account);
}

async fn drafts_are_their_authors_alone(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "draft.save").await.unwrap();
    for text in ["first", "second"] {
        let draft = drafts::Draft {
            id: tx.fresh(),
            setting_id: house.setting,
            person_id: house.practitioner,
            what: "report".into(),
            fields: json!({"what": text}),
            saved_at: tx.now(),
        };
        drafts::set(&mut tx, &draft).await.unwrap();
    }
    let found = drafts::find_by_form(&tx, house.setting, house.practitioner, "report").await.unwrap().unwrap();
    assert_eq!(found.fields, json!({"what": "second"}));
    assert!(drafts::find_by_form(&tx, house.setting, house.dsl, "report").await.unwrap().is_none());
    drafts::discard(&mut tx, house.setting, house.practitioner, "report").await.unwrap();
    assert!(drafts::list(&tx, house.setting, house.practitioner).await.unwrap().is_empty());
    tx.commit().await.unwrap();
}

fn job(world: &World, key: &str) -> jobs::NewJob {
    jobs::NewJob {
        setting: None,
        kind: "mail".into(),
        idempotency_key: key.into(),
        payload: json!({}),
        run_at: world.now(),
    }
}

async fn lease(db: &Db, world: &World) -> Vec<jobs::Job> {
    let mut tx = db.write(&mut world.system(), Scope::All, "job.lease").await.unwrap();
    let leased = jobs::lease(&mut tx, SignedDuration::from_mins(5), 10).await.unwrap();
    tx.commit().await.unwrap();
    leased
}

async fn jobs_run_at_least_once_and_rest_after_ten_tries(db: &Db, world: &World) {
    let mut tx = db.write(&mut world.system(), Scope::All, "job.add").await.unwrap();
    assert!(matches!(jobs::add(&mut tx, job(world, "one@here")).await.unwrap(), jobs::Queued::Now(_)));
    assert_eq!(jobs::add(&mut tx, job(world, "one@here")).await.unwrap(), jobs::Queued::Before);
    tx.commit().await.unwrap();
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "job.add").await.unwrap();
    let again = jobs::add(&mut tx, job(world, "one@here")).await.unwrap();
    assert_eq!(again, jobs::Queued::Before, "a job of the installation can follow from an act of a setting");
    tx.commit().await.unwrap();
    assert_eq!(lease(db, world).await.len(), 1);
    assert_eq!(lease(db, world).await.len(), 0, "it is leased");
    for tries in 2..=jobs::POISON {
        world.pass(SignedDuration::from_mins(6));
        let again = lease(db, world).await;
        assert_eq!(again.first().map(|job| job.attempts), Some(tries), "the worker died: another takes it up");
    }
    world.pass(SignedDuration::from_mins(6));
    assert!(lease(db, world).await.is_empty(), "it rests");
    let reader = db.read(Scope::All).await.unwrap();
    let resting = jobs::list_poisoned(&reader).await.unwrap();
    drop(reader);
    assert_eq!(resting.len(), 1, "and is visible");
    let mut tx = db.write(&mut world.system(), Scope::All, "job.revive").await.unwrap();
    assert!(jobs::revive(&mut tx, resting[0].id).await.unwrap());
    tx.commit().await.unwrap();
    let revived = lease(db, world).await.remove(0);
    let mut tx = db.write(&mut world.system(), Scope::All, "job.finish").await.unwrap();
    jobs::finish(&mut tx, revived).await.unwrap();
    assert_eq!(jobs::count_waiting(&tx).await.unwrap(), 0);
    assert_eq!(jobs::add(&mut tx, job(world, "one@here")).await.unwrap(), jobs::Queued::Before, "done is done");
    tx.commit().await.unwrap();
}

async fn a_missed_schedule_runs_once(db: &Db, world: &World) {
    for round in 0..3 {
        // The box was off for three days; then the scheduler ticks, the worker works, the scheduler ticks again.
        world.pass(SignedDuration::from_hours(72));
        let ticks = [tick(db, world).await, tick(db, world).await];
        assert!(matches!(ticks, [jobs::Queued::Now(_), jobs::Queued::Before]), "round {round}: {ticks:?}");
        for job in lease(db, world).await {
            let mut tx = db.write(&mut world.system(), Scope::All, "job.finish").await.unwrap();
            jobs::finish(&mut tx, job).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(tick(db, world).await, jobs::Queued::Before, "round {round}: once today is enough");
    }
    world.pass(SignedDuration::from_hours(24));
    assert!(matches!(tick(db, world).await, jobs::Queued::Now(_)));
    world.pass(SignedDuration::from_hours(24));
    assert_eq!(tick(db, world).await, jobs::Queued::Before, "while one waits, no other is added");
}

async fn tick(db: &Db, world: &World) -> jobs::Queued {
    let mut tx = db.write(&mut world.system(), Scope::All, "job.schedule").await.unwrap();
    let queued = jobs::add_scheduled(&mut tx, None, "backup", SignedDuration::from_hours(24)).await.unwrap();
    tx.commit().await.unwrap();
    queued
}

async fn name_the_child(tx: &mut Tx, house: &House, concern_id: ConcernId) {
    let part = concerns::ConcernPerson {
        concern_id,
        person_id: house.child,
        part: domain::concern::Part::Child,
        setting_id: house.setting,
    };
    concerns::add_person(tx, &part).await.unwrap();
}

async fn search_finds_words_references_and_names(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let text = "The tablet showed a violent café scene";
    let id = house.concern(db, &mut world.system(), NewConcern::new(text)).await.unwrap();
    let shut_out = NewConcern { excluded: &[house.dsl], ..NewConcern::new(text) };
    house.concern(db, &mut world.system(), shut_out).await.unwrap();
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "concern.name").await.unwrap();
    name_the_child(&mut tx, &house, id).await;
    tx.commit().await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let find = async |words: &str| -> Vec<_> {
        let found = search::list(&reader, house.setting, &house.lead(), words, 10).await.unwrap();
        found.into_iter().map(|concern| concern.id).collect()
    };
    assert_eq!(find("TABL viol").await, [id], "words match from their beginning, and the excluded one stays hidden");
    assert_eq!(find("Ellis Child").await, [id]);
    assert_eq!(find(&id.to_string()).await, [id], "by reference");
    assert!(find("tablet unicorn").await.is_empty());
    assert!(find("\" OR 1=1 -- ' :* & | !").await.is_empty());
}

async fn a_word_that_stands_nearly_everywhere_is_found_newest_first(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let mut with = Vec::new();
    for number in 0..32 {
        world.pass(SignedDuration::from_mins(1));
        let out = [house.dsl];
        let excluded: &[PersonId] = if number == 30 { &out } else { &[] };
        let new = NewConcern { excluded, ..NewConcern::new("It was in the garden.") };
        let id = house.concern(db, &mut world.system(), new).await.unwrap();
        if number % 2 == 1 {
            continue;
        }
        if number != 30 {
            with.push(id);
        }
        let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "concern.write").await.unwrap();
        for _ in 0..200 {
            let entry = concerns::Entry {
                id: tx.fresh(),
                setting_id: house.setting,
                concern_id: id,
                kind: domain::concern::EntryKind::Fact,
                text: "The tablet again.".to_owned(),
                event_at: tx.now(),
                recorded_at: tx.now(),
                author_id: Some(house.dsl),
                supersedes: None,
                out_of_order: false,
            };
            concerns::add_entry(&mut tx, &entry).await.unwrap();
        }
        if number % 8 == 0 {
            name_the_child(&mut tx, &house, id).await;
        }
        tx.commit().await.unwrap();
    }
    with.reverse();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let find = async |words: &str, page: (u64, u64)| -> Vec<_> {
        let asked = search::Asked { words: words.to_owned(), ..search::Asked::default() };
        let found = search::find(&reader, house.setting, &house.lead(), &asked, page).await.unwrap();
        found.into_iter().map(|concern| concern.id).collect()
    };
    assert_eq!(find("tab", (0, 100)).await, with, "3,200 texts in 16 concerns, one of them not for the lead");
    assert_eq!(find("again TABLET", (0, 4)).await, with[..4]);
    assert_eq!(find("tablet", (4, 4)).await, with[4..8]);
    let ellis: Vec<_> = with.iter().rev().step_by(4).rev().copied().collect();
    assert_eq!(find("Ellis tablet", (0, 100)).await, ellis, "a name, and a word that stands everywhere");
    assert!(find("tablet garden", (0, 100)).await.is_empty(), "both words in one text");
    assert_eq!(find("garden", (0, 100)).await.len(), 31, "a rare word goes the other way");
}

async fn every_write_is_in_the_chain(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let id = house.concern(db, &mut world.system(), NewConcern::new("seen")).await.unwrap();
    let mut ctx = world.member(house.setting, house.dsl, &[domain::Role::Dsl]);
    let account = ctx.member().unwrap().account;
    let mut tx = db.write(&mut ctx, Scope::Setting(house.setting), "concern.open").await.unwrap();
    let mut concern = concerns::lookup(&tx, house.setting, &house.lead(), id).await.unwrap().unwrap();
    concern.status = ConcernStatus::Open;
    concerns::set(&mut tx, &concern).await.unwrap();
    tx.commit().await.unwrap();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let filter = audit::Filter { act: Some("concern.open".into()), ..Default::default() };
    let links = audit::list(&reader, house.setting, &filter, 10).await.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].actor, account.to_string());
    assert_eq!((links[0].subject_table.as_str(), links[0].subject_version), ("concern", Some(2)));
    let content = audit::find_content(&reader, house.setting, links[0].id).await.unwrap().unwrap();
    assert_eq!(content["row"]["status"], "open");
}

async fn many_writers_make_one_chain(db: &Db, world: &World) {
    let (one, other) = two(db, world).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12_u64 {
        let (db, house) = (db.clone(), if number % 2 == 0 { one } else { other });
        tasks.spawn(async move {
            house.concern(&db, &mut World::new(100 + number).system(), NewConcern::new("seen")).await.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.len(), 12);
    for house in [one, other] {
        let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
        let filed = concerns::count(&reader, house.setting, &house.lead(), &concerns::Filter::default()).await.unwrap();
        assert_eq!(filed, 6);
    }
}

async fn two(db: &Db, world: &World) -> (House, House) {
    let one = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    (one, House::build(db, &mut world.system(), "Beeches").await.unwrap())
}
