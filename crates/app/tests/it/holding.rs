//! Holds (S9, S25): who may hold what, for how long, and what the page says was really cut.

use app::concerns::{self, About};
use app::gateway::{Cut as GatewayCut, GatewayState};
use app::holds::{self, Cut, Leave, leaves};
use app::testing::TestApp;
use app::{Error, Services};
use domain::concern::ConcernKind;
use domain::{DeviceId, OpCtx};
use jiff::{SignedDuration, Timestamp};

async fn hold(services: &Services, mut ctx: OpCtx, device: DeviceId) -> app::Result<holds::Placed> {
    holds::place(services, &mut ctx, device, None, Leave::None).await
}

fn state(at: Timestamp, cuts: Vec<(DeviceId, GatewayCut)>) -> GatewayState {
    GatewayState {
        at,
        policy: Some(1),
        role_card: None,
        apart: app::gateway::Apart::Shut,
        dns: String::new(),
        encrypted_dns: Default::default(),
        proxy: String::new(),
        list_names: None,
        lists_changed_at: None,
        lists_refused: None,
        fetched_at: None,
        sealed_lists: Vec::new(),
        sealed_refused: None,
        sealed_supplied: false,
        sealed: String::new(),
        upstreams: Vec::new(),
        silent: 0,
        cuts,
        answered: 0,
        blocked: 0,
        lost: 0,
    }
}

#[tokio::test]
async fn staff_hold_a_room_device_for_four_hours_and_nothing_else() {
    let app = TestApp::new().await;
    let people = app.people;
    let placed = hold(&app.services, app.ctx(people.practitioner), people.tablet).await.expect("a room's tablet");
    assert_eq!(placed.until, Some(app.world.now() + SignedDuration::from_hours(4)));
    for device in [people.laptop, people.server] {
        let refused = hold(&app.services, app.ctx(people.practitioner), device).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let refused = hold(&app.services, app.ctx(people.dsl), people.server).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "not even a lead holds the box itself: {refused:?}");
    let refused = hold(&app.services, app.ctx(people.parent), people.tablet).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");

    app.pass(SignedDuration::from_hours(5)).await;
    assert!(holds::list(&app.services, &app.ctx(people.dsl)).await.expect("holds").is_empty(), "it ended by itself");

    let placed = hold(&app.services, app.ctx(people.practitioner), people.tablet).await.expect("again");
    holds::confirm(&app.services, &mut app.ctx(people.dsl), placed.hold, Some("Office safe".into()))
        .await
        .expect("confirms");
    app.pass(SignedDuration::from_hours(5)).await;
    let held = holds::list(&app.services, &app.ctx(people.dsl)).await.expect("holds");
    assert_eq!(held.first().map(|hold| hold.until), Some(None), "confirmed: until somebody releases it");
    holds::release(&app.services, &mut app.ctx(people.dsl), placed.hold).await.expect("from no concern");
    assert!(holds::list(&app.services, &app.ctx(people.dsl)).await.expect("holds").is_empty());
    app.end().await;
}

#[tokio::test]
async fn the_page_says_what_was_really_cut() {
    let app = TestApp::new().await;
    let people = app.people;
    hold(&app.services, app.ctx(people.practitioner), people.tablet).await.expect("a room's tablet");
    let cut = async || holds::list(&app.services, &app.ctx(people.dsl)).await.expect("holds")[0].cut;
    assert_eq!(cut().await, Cut::NotKnown, "no gateway");
    app.gateway.say(Some(state(app.world.now(), Vec::new())));
    assert_eq!(cut().await, Cut::NotYet);
    let at = app.world.now();
    let done = GatewayCut { since: Some(at), tunnels_closed: 2, refused: 3 };
    app.gateway.say(Some(state(at, vec![(people.tablet, done)])));
    assert_eq!(cut().await, Cut::Since { at, closed: 2, refused: 3 });
    app.world.pass(SignedDuration::from_mins(1));
    assert_eq!(cut().await, Cut::NotKnown, "a gateway that fell silent cuts nothing that we know of");
    app.end().await;
}

#[tokio::test]
async fn the_device_of_the_person_concerned_waits_for_advice_or_danger() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = About::Person(people.practitioner);
    let filed = concerns::report(&app.services, &mut app.ctx(people.colleague), report).await.expect("filed");
    let ask = async |leave| {
        let ctx = &mut app.ctx(people.manager);
        holds::place_on_word(&app.services, ctx, people.laptop, filed.concern, (leave, "Their officer agreed.")).await
    };
    assert!(matches!(ask(Leave::None).await, Err(Error::Invalid(_))));
    // Nor by the page of held devices, where no concern stands beside it.
    let why = "He must not use it now.";
    let round = holds::place_saying(&app.services, &mut app.ctx(people.manager), people.laptop, why).await;
    assert!(matches!(&round, Err(Error::Invalid(fields)) if fields.contains_key("device")), "{round:?}");
    ask(Leave::Lado).await.expect("on the LADO's word");
    let record = concerns::open(&app.services, &mut app.ctx(people.manager), filed.concern).await.expect("the record");
    assert!(
        record.chronology.iter().any(|entry| entry.text.contains("the LADO had agreed")),
        "{:?}",
        record.chronology
    );
    // The word has its reason, stands on the wall, and is asked about again after a week; a danger after a day.
    let services = &app.services;
    let ctx = &mut app.ctx(people.manager);
    let no_words = holds::place(services, ctx, people.laptop, Some(filed.concern), Leave::Danger).await;
    assert!(matches!(&no_words, Err(Error::Invalid(why)) if why.contains_key("reason")), "{no_words:?}");
    let waiting = async || leaves::list(services, &app.ctx(people.manager)).await.expect("the manager's");
    let first = waiting().await;
    assert_eq!((first.len(), first[0].why.as_str()), (1, "Their officer agreed."));
    assert_eq!(first[0].look_again_at, app.world.now() + SignedDuration::from_hours(24 * 7));
    app.world.pass(SignedDuration::from_hours(24 * 8));
    let wall = app::wall::wall(services, &app.ctx(people.manager)).await.expect("a wall");
    assert!(wall.late.iter().any(|line| line.href == "/holds"), "{:?}", wall.late);
    let again = async |id, leave, found: &str| {
        leaves::look_again(services, &mut app.ctx(people.manager), id, leave, found).await
    };
    assert!(matches!(again(first[0].id, Leave::Lado, " ").await, Err(Error::Invalid(_))));
    assert!(matches!(again(first[0].id, Leave::None, "Rang them.").await, Err(Error::Invalid(_))));
    again(first[0].id, Leave::Danger, "Rang them: no answer, and he threatens again.").await.expect("it stays");
    assert!(matches!(again(first[0].id, Leave::Lado, "Once more.").await, Err(Error::NotFound)), "once");
    let next = waiting().await;
    assert_eq!(next[0].look_again_at, app.world.now() + SignedDuration::from_hours(24));
    for stranger in [people.dsl, people.practitioner, people.colleague] {
        let theirs = leaves::list(services, &app.ctx(stranger)).await.unwrap_or_default();
        assert!(theirs.is_empty(), "what hangs on the concern is nobody else's");
    }
    // The person concerned sees no hold, wherever they look (S8, S9).
    let seen = holds::list(&app.services, &app.ctx(people.practitioner)).await.expect("their page");
    assert!(seen.is_empty(), "{seen:?}");
    app.end().await;
}

/// A lead who knows of no concern learns of none by being refused (S8).
#[tokio::test]
async fn whoever_knows_of_no_concern_is_refused_nothing() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = About::Person(people.practitioner);
    concerns::report(&app.services, &mut app.ctx(people.colleague), report).await.expect("filed");
    let why = "Betting sites at work, twice after we had spoken.";
    holds::place_saying(&app.services, &mut app.ctx(people.deputy), people.laptop, why).await.expect("as ever");
    app.end().await;
}

/// S7: a colleague whom an allegation is not for meets the device that is held, and learns neither by whom, nor where it lies.
#[tokio::test]
async fn whoever_may_not_open_the_concern_behind_a_hold_sees_that_the_device_is_held_and_nothing_else() {
    let app = TestApp::new().await;
    let people = app.people;
    let report =
        concerns::Report { kind: ConcernKind::AdultHere, about: About::Person(people.practitioner), ..app.breach() };
    let filed = concerns::report(&app.services, &mut app.ctx(people.colleague), report).await.expect("filed");
    let manager = &mut app.ctx(people.manager);
    holds::place_on_word(&app.services, manager, people.tablet, filed.concern, (Leave::Lado, "Their officer agreed."))
        .await
        .expect("held");
    let seen = async |who| {
        let all = holds::list(&app.services, &app.ctx(who)).await.expect("their page");
        all.into_iter().find(|hold| hold.device == people.tablet).expect("the device is held, for all to know")
    };
    let hold = seen(people.manager).await;
    holds::confirm(&app.services, manager, hold.id, Some("In the safe of the manager".into()))
        .await
        .expect("confirmed");
    let theirs = seen(people.manager).await;
    assert!(theirs.placed_by.is_some() && theirs.custody.is_some() && theirs.concern.is_some(), "{theirs:?}");
    for who in [people.dsl, people.deputy, people.deputy_2, people.technician, people.colleague] {
        let hold = seen(who).await;
        let told = (&hold.placed_by, &hold.custody, &hold.reason, &hold.confirmed_by, hold.concern, hold.until);
        assert_eq!(told, (&None, &None, &None, &None, None, None), "{hold:?}");
        for decided in [
            holds::confirm(&app.services, &mut app.ctx(who), hold.id, None).await,
            holds::keep(&app.services, &mut app.ctx(who), hold.id, "On the shelf").await,
            holds::release(&app.services, &mut app.ctx(who), hold.id).await,
        ] {
            assert!(matches!(decided, Err(Error::NotFound | Error::Refused(_))), "{decided:?}");
        }
    }
    let about = holds::list(&app.services, &app.ctx(people.practitioner)).await.expect("their page");
    assert!(about.iter().all(|hold| hold.device != people.tablet), "the person concerned has no trace of it");
    app.end().await;
}

/// SOC-06: whoever decides on holds says why, and reads why; a colleague who may hold a tablet does not.
#[tokio::test]
async fn access_is_taken_away_with_a_reason_that_colleagues_do_not_read() {
    let app = TestApp::new().await;
    let people = &app.people;
    let silent = holds::place_saying(&app.services, &mut app.ctx(people.dsl), people.laptop, " no ").await;
    assert!(matches!(&silent, Err(Error::Invalid(fields)) if fields.contains_key("why")), "{silent:?}");
    let why = "Betting sites at work, twice after we had spoken.";
    holds::place_saying(&app.services, &mut app.ctx(people.dsl), people.laptop, why).await.unwrap();
    let read = async |person| {
        let all = holds::list(&app.services, &app.ctx(person)).await.unwrap();
        all.into_iter().find(|hold| hold.device == people.laptop).unwrap().reason
    };
    assert_eq!(read(people.dsl).await.as_deref(), Some(why));
    assert_eq!(read(people.practitioner).await, None);
    // Somebody who stands before a child's tablet need not stop to write.
    holds::place_saying(&app.services, &mut app.ctx(people.practitioner), people.tablet, "").await.unwrap();
    app.end().await;
}
