//! Filing is not telling (S4), and routing always ends with somebody (S7).

use app::concerns::{self, About, SafeNow};
use app::testing::TestApp;
use app::{Error, notices};
use domain::Role;
use domain::concern::{ConcernKind, EntryKind};
use domain::roster::Kinds;
use jiff::SignedDuration;

const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(31);

#[tokio::test]
async fn what_nobody_opens_goes_up_and_at_the_end_outside_although_mail_is_down() {
    let app = TestApp::new().await;
    let people = app.people;
    app.mail.set_down(true);
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let told = async |person| notices::mine(&app.services, &app.ctx(person)).await.expect("notices").len();
    assert_eq!((told(people.dsl).await, told(people.manager).await, told(people.chair).await), (1, 0, 0));
    app.pass(HALF_AN_HOUR).await;
    assert_eq!((told(people.manager).await, told(people.chair).await), (1, 0));
    let receipt = concerns::receipt(&app.services, &app.ctx(people.practitioner), filed.concern).await.expect("theirs");
    assert_eq!(receipt.passed_on, 1);
    assert!(receipt.tell.iter().any(|who| who.name == "Carys Manager"), "{:?}", receipt.tell);
    app.pass(HALF_AN_HOUR).await;
    assert_eq!(told(people.chair).await, 1);
    app.pass(HALF_AN_HOUR).await;
    let view =
        concerns::open(&app.services, &mut app.ctx(people.chair), filed.concern).await.expect("the chair was told");
    assert!(view.chronology.iter().any(|entry| entry.text.contains("whom to ring outside")), "{:?}", view.chronology);
    assert!(app.mail.sent().is_empty());
    // Mail comes back: what is still unseen goes out.
    app.mail.set_down(false);
    app.pass(SignedDuration::from_hours(1)).await;
    assert!(app.mail.sent().iter().any(|mail| mail.to == "amara.lead@nursery.test"));
    app.end().await;
}

#[tokio::test]
async fn what_nobody_takes_is_told_again_more_rarely_and_every_day_until_somebody_opens_it() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let mails = || app.mail.sent().iter().filter(|mail| mail.to == "amara.lead@nursery.test").count();
    let lines = async |person| notices::mine(&app.services, &app.ctx(person)).await.expect("notices").len();
    for _ in 0..3 {
        app.pass(HALF_AN_HOUR).await;
    }
    assert_eq!(mails(), 2, "everybody was told, nobody opened it: once more at once");
    let wall = async |person| app::wall::wall(&app.services, &app.ctx(person)).await.expect("a wall");
    for person in [people.dsl, people.manager, people.chair] {
        let late = wall(person).await.late;
        assert!(late.iter().any(|line| line.href == format!("/concerns/{}", filed.concern)), "{late:?}");
        assert_eq!(lines(person).await, 1, "one line on the page, however often the mail goes");
    }
    let mut by_day = Vec::new();
    for _ in 0..3 {
        let before = mails();
        for _ in 0..24 {
            app.pass(SignedDuration::from_mins(60)).await;
        }
        by_day.push(mails() - before);
    }
    assert_eq!(by_day, [4, 1, 1], "after 1, 2, 4 and 8 hours; 16 more; then once a day");
    // Red at home for whoever may see it, until somebody opens it; then silence.
    let home = app::home::of(&app.services, &mut app.ctx(people.dsl)).await.expect("home");
    assert!(home.todo.iter().any(|todo| todo.title.contains("nobody has opened")), "{:?}", home.todo);
    concerns::open(&app.services, &mut app.ctx(people.deputy), filed.concern).await.expect("taken");
    let before = mails();
    for _ in 0..50 {
        app.pass(SignedDuration::from_mins(60)).await;
    }
    assert_eq!(mails(), before);
    let of = format!("/concerns/{}", filed.concern);
    assert!(!wall(people.dsl).await.late.iter().any(|line| line.href == of && line.what.contains("Open it")));
    app.end().await;
}

#[tokio::test]
async fn what_was_opened_stays_where_it_is_and_urgent_means_five_minutes() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.safe_now = SafeNow::No;
    let urgent = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    let quiet = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    concerns::open(&app.services, &mut app.ctx(people.deputy), quiet.concern).await.expect("a deputy sees it");
    app.pass(SignedDuration::from_mins(6)).await;
    let links: Vec<String> = notices::mine(&app.services, &app.ctx(people.manager))
        .await
        .expect("notices")
        .into_iter()
        .map(|notice| notice.link)
        .collect();
    assert_eq!(links, [format!("/concerns/{}", urgent.concern)]);
    app.pass(HALF_AN_HOUR).await;
    let after = notices::mine(&app.services, &app.ctx(people.manager)).await.expect("notices");
    assert_eq!(after.len(), 1, "what somebody opened is not passed on");
    app.end().await;
}

/// A limit keeps nobody waiting: when those who work with a kind do not open it, the other deputies are told before the manager,
/// and see that one.
#[tokio::test]
async fn a_deputy_of_other_kinds_is_told_next_and_sees_only_what_they_were_told() {
    let app = TestApp::new().await;
    let people = app.people;
    let only = Kinds::Only([ConcernKind::Hate].into());
    let manager = &mut app.ctx(people.manager);
    app::people::limit(&app.services, manager, people.deputy, only.clone()).await.expect("limited");
    let told = async |person, link: &str| {
        let notices = notices::mine(&app.services, &app.ctx(person)).await.expect("notices");
        notices.iter().filter(|notice| notice.link == link).count()
    };
    assert_eq!(
        (told(people.deputy, "/concerns").await, told(people.dsl, "/people/roles").await),
        (1, 1),
        "both hear of it"
    );
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let (of, as_limited) = (format!("/concerns/{}", filed.concern), || {
        let mut ctx = app.ctx(people.deputy);
        if let domain::Actor::Member(member) = &mut ctx.actor {
            member.kinds = only.clone();
        }
        ctx
    });
    assert_eq!((told(people.deputy, &of).await, told(people.deputy_2, &of).await), (0, 1));
    let seen = concerns::open(&app.services, &mut as_limited(), filed.concern).await;
    assert!(matches!(seen, Err(Error::NotFound)), "{seen:?}");
    app.pass(HALF_AN_HOUR).await;
    assert_eq!(
        (told(people.deputy, &of).await, told(people.manager, &of).await),
        (1, 0),
        "next, and before the manager"
    );
    concerns::open(&app.services, &mut as_limited(), filed.concern).await.expect("told, so seen");
    app.end().await;
}

#[tokio::test]
async fn an_allegation_goes_to_one_case_manager_and_never_to_the_leads() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = About::Person(people.colleague);
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    for lead in [people.dsl, people.deputy, people.chair, people.colleague] {
        let seen = concerns::open(&app.services, &mut app.ctx(lead), filed.concern).await;
        assert!(matches!(seen, Err(Error::NotFound)), "{seen:?}");
    }
    let view =
        concerns::open(&app.services, &mut app.ctx(people.manager), filed.concern).await.expect("the case manager");
    assert_eq!(view.people.len(), 2);
    // The manager adds one deputy by name.
    let why = "Advises on the nursery's behalf".to_owned();
    concerns::invite(&app.services, &mut app.ctx(people.manager), filed.concern, people.deputy, why)
        .await
        .expect("lets in");
    concerns::open(&app.services, &mut app.ctx(people.deputy), filed.concern).await.expect("let in");
    app.end().await;
}

#[tokio::test]
async fn about_the_manager_it_goes_to_the_chair_and_with_everybody_shut_out_outside() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = About::Person(people.manager);
    let filed =
        concerns::report(&app.services, &mut app.ctx(people.practitioner), report.clone()).await.expect("filed");
    assert!(matches!(
        concerns::open(&app.services, &mut app.ctx(people.manager), filed.concern).await,
        Err(Error::NotFound)
    ));
    concerns::open(&app.services, &mut app.ctx(people.chair), filed.concern).await.expect("the chair");

    app.vacate(Role::Chair).await;
    let filed =
        concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("never refused");
    let receipt = concerns::receipt(&app.services, &app.ctx(people.practitioner), filed.concern).await.expect("theirs");
    assert!(receipt.tell.is_empty());
    assert!(
        receipt.outside.iter().any(|agency| agency.key == "lado" && agency.phone.is_some()),
        "{:?}",
        receipt.outside
    );
    app.end().await;
}

#[tokio::test]
async fn a_look_is_written_down_each_time() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    for _ in 0..3 {
        concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    }
    concerns::print(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("prints");
    let reader = app.services.db.read(store::Scope::Setting(app.setting)).await.expect("reads");
    let looks = async |act: &str| {
        let filter =
            store::audit::Filter { act: Some(act.into()), subject: Some(filed.concern.0), ..Default::default() };
        let links = store::audit::list(&reader, app.setting, &filter, 100).await.expect("reads");
        links.into_iter().filter(|link| link.subject_version.is_none()).count()
    };
    assert_eq!(looks("concern.view").await, 3, "INC-02");
    assert_eq!(looks("concern.print").await, 1);
    drop(reader);
    app.end().await;
}

/// Taking a record out unread ends no escalation: only its page before somebody's eyes does (S4).
#[tokio::test]
async fn an_export_a_print_or_the_bench_is_not_an_opening() {
    let app = TestApp::new().await;
    let people = app.people;
    let of_the_child = || app::concerns::Report {
        kind: ConcernKind::DataComplaint,
        children: app::concerns::Children::Known(vec![people.child]),
        device: None,
        room: None,
        ..app.breach()
    };
    let filed = concerns::report(&app.services, &mut app.ctx(people.deputy), of_the_child()).await.expect("filed");
    let request = app::concerns::Report { kind: ConcernKind::AccessRequest, ..of_the_child() };
    let request = concerns::report(&app.services, &mut app.ctx(people.dsl), request).await.expect("filed").concern;
    let lead = || app.ctx(people.dsl);
    let what = app::keeping::exports::What::Concern(filed.concern);
    let made = app::keeping::exports::make(&app.services, &mut lead(), what, crate::handing_out::told()).await;
    made.expect("exported");
    concerns::print(&app.services, &mut lead(), filed.concern).await.expect("printed");
    app::keeping::bundle::begin(&app.services, &mut lead(), request, people.child).await.expect("begun");
    app::keeping::bundle::bench(&app.services, &mut lead(), request).await.expect("read");
    let stands = async || {
        let reader = app.services.db.read(store::Scope::All).await.expect("reads");
        store::concerns::lookup_for_program(&reader, app.setting, filed.concern).await.expect("reads").expect("there")
    };
    assert_eq!(stands().await.opened_at, None, "nobody has opened it");
    let unseen = app::notices::mine(&app.services, &lead()).await.expect("theirs");
    assert!(unseen.iter().any(|notice| notice.link == format!("/concerns/{}", filed.concern)), "the notice stays");
    concerns::open(&app.services, &mut lead(), filed.concern).await.expect("opened");
    assert!(stands().await.opened_at.is_some());
    // Each is listed as what it was.
    let (_, looks) = concerns::looks(&app.services, &lead(), filed.concern).await.expect("listed");
    for did in ["Looked", "Printed", "Exported", "Read it on the bench where data are made ready"] {
        assert_eq!(looks.iter().filter(|look| look.did == did).count(), 1, "{did}: {looks:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn two_settings_never_meet() {
    let (here, there) = (TestApp::new().await, TestApp::of("h", 7).await);
    let filed = concerns::report(&there.services, &mut there.ctx(there.people.practitioner), there.breach())
        .await
        .expect("filed");
    // A lead of one setting with the other's database: the id alone opens nothing.
    let mut foreign = here.ctx(here.people.dsl);
    assert!(matches!(concerns::open(&there.services, &mut foreign, filed.concern).await, Err(Error::NotFound)));
    let new = concerns::NewEntry { kind: EntryKind::Note, text: "A note.".into(), event_at: there.world.now() };
    assert!(concerns::add_entry(&there.services, &mut foreign, filed.concern, new).await.is_err());
    let mut report = here.breach();
    report.device = None;
    report.room = None;
    report.about = About::Person(there.people.dsl);
    let across = concerns::report(&here.services, &mut here.ctx(here.people.practitioner), report).await;
    assert!(matches!(across, Err(Error::Invalid(_))), "{across:?}");
    here.end().await;
    there.end().await;
}
