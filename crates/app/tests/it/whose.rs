//! Whose traffic: guests by voucher, shared devices, and devices that go to another group.

use std::net::IpAddr;

use app::filtering::Change;
use app::filtering::decide::Verdict;
use app::filtering::moving::{self, Move, Moved};
use app::filtering::sessions::pin;
use app::filtering::start;
use app::guests::{self, Standing};
use app::imports::{self, ImportKind};
use app::testing::TestApp;
use app::{Error, devices};
use jiff::SignedDuration;

use crate::filtering::{agree, propose, risk, say, with_guests, with_staff};

const PHONE: &str = "192.168.9.40";

async fn begin(app: &TestApp, code: &str) -> app::Result<jiff::Timestamp> {
    guests::begin(&app.services, Some(PHONE.parse::<IpAddr>().unwrap()), code).await
}

#[tokio::test]
async fn a_voucher_puts_a_strange_device_with_the_guests_for_a_time_and_names_nobody() {
    let app = TestApp::new().await;
    with_guests(&app).await;
    let mut technician = app.ctx(app.people.technician);
    let slips = guests::make(&app.services, &mut technician, 2, 4, None).await.unwrap();
    assert_ne!(slips[0].code, slips[1].code);
    let until = begin(&app, &slips[0].code.to_lowercase()).await.unwrap();
    assert_eq!(until, app.services.now() + SignedDuration::from_hours(4));

    let snapshot = app.gateway.published().pop().unwrap();
    let network = &snapshot.networks[0];
    assert_eq!((network.cidr.as_str(), network.group.as_str()), ("192.168.9.40/32", "guests"));
    assert_eq!(network.until, Some(until), "its end stands in the gateway's own policy");
    assert!(snapshot.devices.iter().all(|device| !device.source_addresses.contains(&PHONE.parse().unwrap())));

    assert!(matches!(begin(&app, &slips[0].code).await, Err(Error::Invalid(_))), "good for one device");
    assert!(matches!(begin(&app, "AAAA-AAAA-AAAA-AAAA").await, Err(Error::Invalid(_))));
    app.pass(SignedDuration::from_hours(5)).await;
    let lines = guests::list(&app.services, &app.ctx(app.people.technician)).await.unwrap();
    assert!(lines.iter().any(|line| line.standing == Standing::Over), "{lines:?}");
    assert_eq!(
        app.gateway.published().pop().map(|snapshot| snapshot.networks.len()),
        Some(1),
        "nobody published since"
    );
    // The next one that is made forgets where the first stood.
    guests::make(&app.services, &mut app.ctx(app.people.technician), 1, 2, None).await.unwrap();
    let db = app.services.db.read(store::Scope::Setting(app.setting)).await.unwrap();
    assert!(store::vouchers::list_placed(&db, app.setting).await.unwrap().is_empty());
    drop(db);
    assert!(!whole_audit(&app).await.contains("192.168.9.40"), "the audit never knew");
    app.end().await;
}

/// Everything that the audit holds, as text.
async fn whole_audit(app: &TestApp) -> String {
    use sqlx::{ConnectOptions, Connection, Row};
    let test = app.database();
    let key = hex::encode(*test.keys.derive("sqlcipher"));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(test.folder.path().join(store::db::FILE));
    let mut connection = options.pragma("key", format!("\"x'{key}'\"")).connect().await.unwrap();
    let rows = sqlx::query("SELECT content FROM audit_content").fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(rows.len() > 3, "an audit without content shows nothing");
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

#[tokio::test]
async fn a_voucher_is_called_back_grows_old_and_is_not_for_devices_of_the_register() {
    let app = TestApp::new().await;
    let mut technician = app.ctx(app.people.technician);
    assert!(guests::make(&app.services, &mut technician, 1, 4, None).await.is_err(), "there is no group for guests");
    with_guests(&app).await;
    for (count, hours) in [(0, 4), (guests::MOST + 1, 4), (1, 3)] {
        assert!(guests::make(&app.services, &mut technician, count, hours, None).await.is_err(), "{count} {hours}");
    }
    let practitioner = &mut app.ctx(app.people.practitioner);
    assert!(guests::make(&app.services, practitioner, 1, 4, None).await.is_err(), "not everybody makes them");
    let back = guests::make(&app.services, &mut technician, 1, 4, None).await.unwrap();
    let line = guests::list(&app.services, &technician).await.unwrap().remove(0);
    guests::call_back(&app.services, &mut technician, line.id).await.unwrap();
    assert!(matches!(guests::call_back(&app.services, &mut technician, line.id).await, Err(Error::NotFound)));
    assert!(matches!(begin(&app, &back[0].code).await, Err(Error::Invalid(_))), "it is worth nothing any more");
    let slips = guests::make(&app.services, &mut technician, 1, 4, None).await.unwrap();
    // A device of the register has its own rules.
    let draft = devices::DeviceDraft {
        name: "Crab tablet".into(),
        kind: devices::DeviceKind::Tablet,
        group: "children".into(),
        room: None,
        person: None,
        mac: None,
        addresses: "192.168.9.41".into(),
    };
    devices::add(&app.services, &mut app.ctx(app.people.technician), draft).await.unwrap();
    let ours = guests::begin(&app.services, Some("192.168.9.41".parse().unwrap()), &slips[0].code).await;
    assert!(matches!(ours, Err(Error::Invalid(_))), "{ours:?}");
    app.pass(SignedDuration::from_hours(24 * (guests::USE_WITHIN_DAYS + 1))).await;
    let lines = guests::list(&app.services, &app.ctx(app.people.technician)).await.unwrap();
    assert!(lines.iter().any(|line| line.standing == Standing::TooOld), "{lines:?}");
    assert!(lines.iter().any(|line| line.standing == Standing::CalledBack), "{lines:?}");
    app.end().await;
}

#[tokio::test]
async fn a_shared_device_is_taken_with_a_short_number_and_given_back() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    let people = app.people;
    // A tablet of the children's group goes to the staff's: its new group reaches more, so others agree.
    let mut technician = app.ctx(people.technician);
    devices::new_credential(&app.services, &mut technician, people.tablet).await.unwrap();
    move_to_staff(&app).await;
    let device = devices::lookup(&app.services, &technician, people.tablet).await.unwrap().device;
    let path = device.doh_path.unwrap();
    let tablet = start::tablet(&app.services, &path).await.unwrap();
    let start = start::of(&app.services, &path).await.unwrap();
    assert!(start.shared && start.with.is_none());

    pin::choose(&app.services, &mut app.ctx(people.practitioner), "482913").await.unwrap();
    app.signed_in(people.practitioner).await;
    let name = people.practitioner.to_string();
    let wrong = devices::using::take(&app.services, &tablet, &name, "111222").await;
    assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    devices::using::take(&app.services, &tablet, &name, "482913").await.unwrap();
    assert!(start::of(&app.services, &path).await.unwrap().with.is_some());
    app.pass(SignedDuration::from_mins(30)).await;
    devices::using::give_back(&app.services, &tablet).await.unwrap();
    assert!(start::of(&app.services, &path).await.unwrap().with.is_none());
    let had = devices::using::of_device(&app.services, &app.ctx(people.technician), people.tablet).await.unwrap();
    assert_eq!(had.len(), 1);
    assert_eq!(had[0].1.duration_since(had[0].0), SignedDuration::from_mins(30));

    devices::using::take(&app.services, &tablet, &name, "482913").await.unwrap();
    app.pass(devices::using::LASTS).await;
    assert!(start::of(&app.services, &path).await.unwrap().with.is_none(), "it ends by itself with the day");
    app.end().await;
}

fn to(group: &str, app: &TestApp) -> Move {
    Move { device: app.people.tablet, to: group.into(), reason: "It is the office's from now on.".into(), risk: risk() }
}

async fn group_of(app: &TestApp) -> String {
    devices::lookup(&app.services, &app.ctx(app.people.technician), app.people.tablet).await.unwrap().device.group_key
}

async fn move_to_staff(app: &TestApp) {
    let moved = moving::propose(&app.services, &mut app.ctx(app.people.technician), to("staff", app)).await.unwrap();
    let Moved::Waits(proposed) = moved else { panic!("{moved:?}") };
    agree(app, app.people.dsl, proposed).await.unwrap();
    say(app, app.people.manager, proposed, Verdict::Approve).await.unwrap();
    assert_eq!(group_of(app).await, "staff");
}

#[tokio::test]
async fn a_device_goes_to_a_group_that_reaches_more_only_when_others_agree() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    let people = app.people;
    // The ordinary form does not do it behind anybody's back.
    let view = devices::lookup(&app.services, &app.ctx(people.technician), people.tablet).await.unwrap();
    let draft = devices::DeviceDraft {
        name: view.device.name.clone(),
        kind: view.device.kind,
        group: "staff".into(),
        room: view.device.room_id,
        person: None,
        mac: None,
        addresses: String::new(),
    };
    let edited =
        devices::edit(&app.services, &mut app.ctx(people.technician), people.tablet, view.device.version, draft).await;
    assert!(matches!(&edited, Err(Error::Invalid(fields)) if fields.contains_key("group")), "{edited:?}");

    let bare = Move { reason: String::new(), ..to("staff", &app) };
    let refused = moving::propose(&app.services, &mut app.ctx(people.technician), bare).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "a reason and a risk assessment");
    let moved = moving::propose(&app.services, &mut app.ctx(people.technician), to("staff", &app)).await.unwrap();
    let Moved::Waits(proposed) = moved else { panic!("{moved:?}") };
    assert_eq!(group_of(&app).await, "children", "nothing yet");
    assert!(say(&app, people.technician, proposed, Verdict::Approve).await.is_err(), "not by its author");
    assert!(say(&app, people.manager, proposed, Verdict::Approve).await.is_err(), "not without the lead");
    agree(&app, people.dsl, proposed).await.unwrap();
    say(&app, people.manager, proposed, Verdict::Approve).await.unwrap();
    assert_eq!(group_of(&app).await, "staff");
    let snapshot = app.gateway.published().pop().unwrap();
    assert!(snapshot.devices.iter().any(|device| device.id == people.tablet.0 && device.group == "staff"));

    // Back to what reaches less, at once and without a word.
    let back = Move { reason: String::new(), ..to("children", &app) };
    let moved = moving::propose(&app.services, &mut app.ctx(people.technician), back).await.unwrap();
    assert_eq!((moved, group_of(&app).await.as_str()), (Moved::Now, "children"));
    app.end().await;
}

#[tokio::test]
async fn a_move_that_was_agreed_on_for_another_group_is_not_made() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    with_guests(&app).await;
    let moved = moving::propose(&app.services, &mut app.ctx(app.people.technician), to("guests", &app)).await.unwrap();
    let Moved::Waits(stale) = moved else { panic!("{moved:?}") };
    move_to_staff(&app).await;
    agree(&app, app.people.dsl, stale).await.unwrap();
    let late = say(&app, app.people.manager, stale, Verdict::Approve).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    assert_eq!(group_of(&app).await, "staff");
    app.end().await;
}

#[tokio::test]
async fn under_sessions_a_device_goes_at_once_and_away_from_them_others_agree() {
    let app = TestApp::new().await;
    let copy = Change::AddGroup { name: "Starfish".into(), like: "children".into() };
    propose(&app, app.people.dsl, copy, None).await.unwrap();
    let supervise = Change::Supervise { on: true, groups: vec!["starfish".into()] };
    propose(&app, app.people.dsl, supervise, None).await.unwrap();
    let approve = Change::Approve {
        name: "paint.example.com".into(),
        helpers: Vec::new(),
        title: "Painting".into(),
        purpose: "Colours".into(),
        evaluation: "No adverts.".into(),
        groups: vec!["starfish".into()],
        until: None,
    };
    let proposed = propose(&app, app.people.technician, approve, None).await.unwrap();
    agree(&app, app.people.dsl, proposed).await.unwrap();
    say(&app, app.people.manager, proposed, Verdict::Approve).await.unwrap();
    let mut technician = app.ctx(app.people.technician);
    assert_eq!(moving::propose(&app.services, &mut technician, to("starfish", &app)).await.unwrap(), Moved::Now);
    let back = moving::propose(&app.services, &mut technician, to("children", &app)).await.unwrap();
    assert!(matches!(back, Moved::Waits(_)), "it would reach more than what is approved");
    app.end().await;
}

/// From the guests to the adults a device may reach more, whatever it is called: then others agree.
#[tokio::test]
async fn a_guests_device_becomes_an_adults_at_one_word_only_where_it_reaches_no_more() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    with_guests(&app).await;
    let people = app.people;
    let phone = devices::DeviceDraft {
        name: "Visitor phone".into(),
        kind: devices::DeviceKind::Phone,
        group: "guests".into(),
        room: None,
        person: None,
        mac: None,
        addresses: String::new(),
    };
    let id = devices::add(&app.services, &mut app.ctx(people.technician), phone).await.unwrap();
    let to = |group: &str| Move { device: id, ..to(group, &app) };
    let search = moving::propose(&app.services, &mut app.ctx(people.technician), to("staff")).await.unwrap();
    assert!(matches!(search, Moved::Waits(_)), "guests\u{2019} search is held safer than adults\u{2019}: {search:?}");
    let strict = Change::SetSearch { level: app::filtering::SafeSearch::Strict, groups: vec!["staff".into()] };
    propose(&app, people.dsl, strict, None).await.unwrap();
    assert_eq!(moving::propose(&app.services, &mut app.ctx(people.technician), to("staff")).await.unwrap(), Moved::Now);
    let back = moving::propose(&app.services, &mut app.ctx(people.technician), to("guests")).await.unwrap();
    assert!(matches!(back, Moved::Waits(_)), "guests are watched less: {back:?}");
    // Now the guests' group blocks something that the adults' does not.
    let block = Change::BlockName { name: "bad.example.com".into(), groups: vec!["guests".into()] };
    propose(&app, people.dsl, block, None).await.unwrap();
    let policy = app::filtering::view::overview(&app.services, &app.ctx(people.dsl)).await.unwrap().policy;
    assert!(moving::is_laxer(&policy, "guests", "staff"));
    app.end().await;
}

#[tokio::test]
async fn a_device_that_goes_out_of_use_does_not_come_back_as_an_adults() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    let mut technician = app.ctx(app.people.technician);
    devices::retire(&app.services, &mut technician, app.people.tablet).await.unwrap();
    let again = |group: &str| devices::DeviceDraft {
        name: format!("Laptop for {group}"),
        kind: devices::DeviceKind::Laptop,
        group: group.into(),
        room: None,
        person: None,
        mac: None,
        addresses: String::new(),
    };
    let laxer = devices::add(&app.services, &mut technician, again("staff")).await;
    assert!(matches!(&laxer, Err(Error::Invalid(fields)) if fields["group"].contains("went out of use")), "{laxer:?}");
    // Nor from a file.
    let file = "name,kind,group\nLaptop 2,laptop,staff\nTablet 2,tablet,children\n";
    let seen = imports::look_at(&app.services, &mut technician, ImportKind::Devices, file.as_bytes()).await.unwrap();
    assert!(seen.lines[0].faults.iter().any(|fault| fault.say.contains("went out of use")), "{seen:?}");
    assert!(seen.lines[1].faults.is_empty(), "{seen:?}");
    devices::add(&app.services, &mut technician, again("children")).await.unwrap();
    app.pass(SignedDuration::from_hours(24 * 31)).await;
    devices::add(&app.services, &mut app.ctx(app.people.technician), again("staff")).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn what_the_register_forgets_is_not_set_free() {
    let app = TestApp::new().await;
    let people = app.people;
    let owls = Change::AddGroup { name: "Owls".into(), like: "children".into() };
    propose(&app, people.dsl, owls, None).await.unwrap();
    let block = Change::BlockName { name: "bad.example.com".into(), groups: vec!["owls".into()] };
    propose(&app, people.dsl, block, None).await.unwrap();
    let mut technician = app.ctx(people.technician);
    let file = "name,kind,group\nTablet 2,tablet,owls\n";
    imports::look_at(&app.services, &mut technician, ImportKind::Devices, file.as_bytes()).await.unwrap();
    let (id, _) =
        imports::bring_in(&app.services, &mut technician, ImportKind::Devices, imports::Faulty::Refuse).await.unwrap();
    let back = imports::take_back(&app.services, &mut technician, id).await;
    assert!(matches!(&back, Err(Error::Invalid(said)) if said.contains_key("freed")), "{back:?}");
    let all = devices::list(&app.services, &technician).await.unwrap();
    let tablet = all.iter().find(|one| one.name == "Tablet 2").expect("still there").id;
    let retired = devices::retire(&app.services, &mut technician, tablet).await;
    assert!(matches!(&retired, Err(Error::Invalid(_))), "{retired:?}");
    let to = Move { device: tablet, ..to("children", &app) };
    assert!(matches!(moving::propose(&app.services, &mut technician, to).await, Ok(Moved::Waits(_))));
    app.end().await;
}

#[tokio::test]
async fn a_group_that_goes_leaves_its_devices_in_the_strictest_and_its_vouchers_worth_nothing() {
    let app = TestApp::new().await;
    let people = app.people;
    with_staff(&app).await;
    with_guests(&app).await;
    let second = Change::AddGroup { name: "Parents' evening".into(), like: "guests".into() };
    propose(&app, people.dsl, second, None).await.unwrap();
    let mut technician = app.ctx(people.technician);
    let unnamed = guests::make(&app.services, &mut technician, 1, 4, None).await;
    assert!(matches!(&unnamed, Err(Error::Invalid(fields)) if fields.contains_key("group")), "which one? {unnamed:?}");
    assert!(guests::make(&app.services, &mut technician, 1, 4, Some("staff")).await.is_err(), "staff are no guests");
    let slips = guests::make(&app.services, &mut technician, 1, 4, Some("parents-evening")).await.unwrap();
    begin(&app, &slips[0].code).await.unwrap();
    assert_eq!(app.gateway.published().pop().unwrap().networks[0].group, "parents-evening");

    move_to_staff(&app).await;
    for group in ["staff", "parents-evening"] {
        let gone = propose(&app, people.technician, Change::RemoveGroup { group: group.into() }, None).await.unwrap();
        assert_eq!(gone.in_force, None, "others agree");
        agree(&app, people.dsl, gone).await.unwrap();
        say(&app, people.manager, gone, Verdict::Approve).await.unwrap();
    }
    assert_eq!(group_of(&app).await, "children", "in the register too");
    let snapshot = app.gateway.published().pop().unwrap();
    assert!(snapshot.networks.is_empty(), "the voucher's group is gone: its device is one that nobody knows");
    assert_eq!(
        guests::list(&app.services, &app.ctx(people.technician)).await.unwrap()[0].group,
        "A group that is gone"
    );
    app.end().await;
}

#[tokio::test]
async fn who_moves_the_end_of_a_term_is_not_alone_in_knowing() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut manager = app.ctx(people.manager);
    let mut terms = app::setup::terms(&app.services, &manager).await.unwrap();
    app::setup::set_terms(&app.services, &mut manager, &terms).await.unwrap();
    let told = async || {
        let mine = app::notices::mine(&app.services, &app.ctx(people.dsl)).await.unwrap();
        mine.iter().filter(|notice| notice.link == "/filter").count()
    };
    assert_eq!(told().await, 0, "nothing changed");
    terms.lines = "Autumn 2031: 2/9/2031 to 18/12/2031".into();
    app::setup::set_terms(&app.services, &mut manager, &terms).await.unwrap();
    assert_eq!(told().await, 1);
    app.end().await;
}
