//! Asking and deciding as one story: the asker hears of the second person's word, a failed proposal leaves the request open, a yes that is
//! taken back waits again, and what was open for a time stands in the record of the review.

use app::Error;
use app::filtering::decide::{self, Risk, Verdict};
use app::filtering::{Change, ProposalState, ask, view};
use app::testing::TestApp;
use domain::PersonId;
use jiff::SignedDuration;

use crate::filtering::{propose, risk, say, with_staff};

async fn asked(app: &TestApp, group: &str) -> uuid::Uuid {
    let wanted = ask::Ask {
        host: "paint.example.com".into(),
        group: group.into(),
        category: None,
        why: "For the autumn project.".into(),
    };
    ask::ask(&app.services, &mut app.ctx(app.people.practitioner), wanted).await.unwrap()
}

async fn yes(
    app: &TestApp,
    who: PersonId,
    id: uuid::Uuid,
    long: ask::HowLong,
    risk: Risk,
) -> app::Result<Option<decide::Proposed>> {
    let verdict = ask::Yes::Propose { long, risk };
    ask::reply(&app.services, &mut app.ctx(who), ask::Reply { id, words: "Yes, go on.".into(), verdict }).await
}

/// The notices that lead whoever asked to their own requests.
async fn told(app: &TestApp) -> usize {
    let mine = app::notices::mine(&app.services, &app.ctx(app.people.practitioner)).await.unwrap();
    mine.iter().filter(|notice| notice.link == "/filter/ask").count()
}

#[tokio::test]
async fn whoever_asked_is_told_again_when_the_second_person_decides() {
    let app = TestApp::new().await;
    let people = app.people;
    for verdict in [Verdict::Approve, Verdict::Refuse] {
        let before = told(&app).await;
        let id = asked(&app, "children").await;
        let proposed = yes(&app, people.dsl, id, ask::HowLong::UntilChanged, risk()).await.unwrap().unwrap();
        assert_eq!(told(&app).await, before + 1, "of the first answer");
        say(&app, people.manager, proposed, verdict).await.unwrap();
        assert_eq!(told(&app).await, before + 2, "of the decision");
        let mine = view::my_requests(&app.services, &app.ctx(people.practitioner)).await.unwrap();
        let one = mine.iter().find(|one| one.request.id == id).unwrap();
        assert_eq!(one.request.decided_at, Some(app.services.now()));
        let (_, words) = one.outcome.as_ref().unwrap().decided.clone().unwrap();
        assert_eq!(words.as_deref(), Some("I looked at it with the team."));
        app.pass(SignedDuration::from_hours(1)).await;
        if verdict == Verdict::Approve {
            let back = Change::ForgetName { name: "paint.example.com".into(), groups: vec!["children".into()] };
            propose(&app, people.dsl, back, None).await.unwrap();
        }
    }
    app.end().await;
}

#[tokio::test]
async fn an_answer_whose_proposal_fails_leaves_the_request_waiting() {
    let app = TestApp::new().await;
    let id = asked(&app, "children").await;
    let no_risk = Risk { harm: String::new(), loss: String::new(), safeguards: String::new() };
    let failed = yes(&app, app.people.dsl, id, ask::HowLong::UntilChanged, no_risk).await;
    assert!(matches!(failed, Err(Error::Invalid(_))), "{failed:?}");
    let one = view::request(&app.services, &app.ctx(app.people.dsl), id).await.unwrap();
    assert!(one.request.answer.is_none());
    assert!(view::proposals(&app.services, &app.ctx(app.people.dsl)).await.unwrap().is_empty());
    // Two who answer at once: one of them, and one proposal.
    let (dsl, deputy) = (app.people.dsl, app.people.deputy);
    let (one, other) = tokio::join!(
        yes(&app, dsl, id, ask::HowLong::UntilChanged, risk()),
        yes(&app, deputy, id, ask::HowLong::UntilChanged, risk())
    );
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {other:?}");
    assert_eq!(view::proposals(&app.services, &app.ctx(dsl)).await.unwrap().len(), 1);
    app.end().await;
}

#[tokio::test]
async fn a_yes_that_is_taken_back_decided_nothing() {
    let app = TestApp::new().await;
    let id = asked(&app, "children").await;
    let proposed = yes(&app, app.people.dsl, id, ask::HowLong::UntilChanged, risk()).await.unwrap().unwrap();
    decide::withdraw(&app.services, &mut app.ctx(app.people.dsl), proposed.id, 0).await.unwrap();
    let one = view::request(&app.services, &app.ctx(app.people.dsl), id).await.unwrap();
    assert!(one.request.answer.is_none() && one.outcome.is_none(), "{one:?}");
    let no = ask::Reply { id, words: "There is a better one.".into(), verdict: ask::Yes::No };
    ask::reply(&app.services, &mut app.ctx(app.people.deputy), no).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn what_was_open_for_a_time_stands_in_the_record_of_the_review() {
    let app = TestApp::new().await;
    let people = app.people;
    with_staff(&app).await;
    let id = asked(&app, "staff").await;
    yes(&app, people.dsl, id, ask::HowLong::Hour, risk()).await.unwrap().unwrap();
    let from = app.services.now();
    // For ever is no override for a time.
    let stays = Change::AllowName { name: "stays.example.com".into(), groups: vec!["staff".into()], until: None };
    let stays = propose(&app, people.dsl, stays, None).await.unwrap();
    say(&app, people.manager, stays, Verdict::Approve).await.unwrap();
    let reviews = app::follow_up::reviews_with_record(&app.services, &app.ctx(people.manager), false).await.unwrap();
    let review = reviews.iter().find(|one| one.what == "filtering").unwrap();
    let [one] = review.overrides.as_slice() else { panic!("{:?}", review.overrides) };
    let practitioner = view::my_requests(&app.services, &app.ctx(people.practitioner)).await.unwrap();
    assert_eq!(one.names, ["paint.example.com"]);
    assert_eq!(one.groups, ["Staff"]);
    assert_eq!(one.why, "For the autumn project.");
    assert_eq!(one.asked_by, practitioner[0].asked_by);
    assert_eq!(Some(&one.allowed_by), practitioner[0].answered_by.as_ref());
    assert_eq!((one.from, one.until), (from, from + SignedDuration::from_hours(1)));
    assert!(!one.cut_short);
    // A second one, closed by somebody before its end.
    let until = Some(from + SignedDuration::from_hours(24 * 9));
    let days = Change::AllowName { name: "days.example.com".into(), groups: vec!["staff".into()], until };
    let days = propose(&app, people.dsl, days, None).await.unwrap();
    say(&app, people.manager, days, Verdict::Approve).await.unwrap();
    app.pass(SignedDuration::from_hours(5)).await;
    let back = Change::ForgetName { name: "days.example.com".into(), groups: vec!["staff".into()] };
    propose(&app, people.dsl, back, None).await.unwrap();
    let closed_at = app.services.now();
    let id = review.id;
    app::follow_up::close_review(&app.services, &mut app.ctx(people.dsl), id, "All of it was needed.").await.unwrap();
    let reviews = app::follow_up::reviews_with_record(&app.services, &app.ctx(people.manager), true).await.unwrap();
    let closed = reviews.iter().find(|one| one.id == id).unwrap();
    let short = closed.overrides.iter().find(|one| one.names == ["days.example.com"]).unwrap();
    assert!(short.cut_short && short.until == closed_at, "{short:?}");
    assert_eq!(closed.overrides.len(), 2, "what is closed keeps its record");
    // The next review begins where that one ended.
    app.pass(SignedDuration::from_hours(1)).await;
    let block = Change::BlockName { name: "bad.example.com".into(), groups: vec!["staff".into()] };
    propose(&app, people.dsl, block, None).await.unwrap();
    let reviews = app::follow_up::reviews_with_record(&app.services, &app.ctx(people.manager), false).await.unwrap();
    let next = reviews.iter().find(|one| one.what == "filtering").unwrap();
    assert!(next.id != id && next.overrides.is_empty(), "{:?}", next.overrides);
    app.end().await;
}

#[tokio::test]
async fn a_decided_request_names_its_end() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    let id = asked(&app, "staff").await;
    yes(&app, app.people.dsl, id, ask::HowLong::Hour, risk()).await.unwrap().unwrap();
    let mine = view::my_requests(&app.services, &app.ctx(app.people.practitioner)).await.unwrap();
    let outcome = mine[0].outcome.as_ref().unwrap();
    assert_eq!(outcome.state, ProposalState::Approved);
    assert_eq!(outcome.until, Some(app.services.now() + SignedDuration::from_hours(1)));
    assert!(outcome.decided.is_none(), "who answered decided: nobody else to name");
    app.end().await;
}

#[tokio::test]
async fn what_is_in_force_is_taken_back_by_a_proposal() {
    let app = TestApp::new().await;
    let people = app.people;
    let block = Change::BlockName { name: "bad.example.com".into(), groups: vec!["children".into()] };
    let first = propose(&app, people.technician, block, None).await.unwrap();
    let blocked = |app: &TestApp| {
        let newest = app.gateway.published().pop().unwrap();
        newest.groups["children"].block.iter().any(|rule| rule.name == "bad.example.com")
    };
    assert!(blocked(&app));
    let alone = decide::withdraw(&app.services, &mut app.ctx(people.technician), first.id, 0).await;
    assert!(matches!(alone, Err(Error::Invalid(_))), "that would say taken back of what stands: {alone:?}");
    let why = || "It was the wrong site; they meant another.".to_owned();
    let back = decide::undo(&app.services, &mut app.ctx(people.technician), first.id, why(), risk()).await.unwrap();
    assert_eq!(back.in_force, None, "it lets more through");
    assert!(blocked(&app));
    let own = view::proposal(&app.services, &app.ctx(people.manager), first.id).await.unwrap().proposal;
    assert_eq!(own.state, ProposalState::Withdrawn);
    crate::filtering::agree(&app, people.dsl, back).await.unwrap();
    say(&app, people.manager, back, Verdict::Approve).await.unwrap();
    assert!(!blocked(&app), "really gone");
    app.end().await;
}

/// S34: what devices asked for is offered to be ticked, what was asked for beside the site first, each with its category.
#[tokio::test]
async fn helper_hosts_that_were_asked_for_are_offered_with_their_category() {
    use app::gateway::{Activity, What};
    let app = TestApp::new().await;
    let people = app.people;
    let supervise = Change::Supervise { on: true, groups: vec!["children".into()] };
    propose(&app, people.dsl, supervise, None).await.unwrap();
    let now = app.services.now();
    let event = |host: &str, ago: i64, count: u64, group: &str, because: &str| {
        let at = now - SignedDuration::from_mins(ago);
        let (host, because, path) = (host.to_owned(), because.to_owned(), "dns".to_owned());
        let what = What::Blocked { host, count, because, path };
        Activity { at, until: at, device: Some(people.tablet), group: group.into(), proven: true, what }
    };
    app.gateway.saw(vec![
        event("paint.example.com", 30, 1, "children", "not_approved"),
        event("busy.example.net", 200, 90, "children", "not_approved"),
        event("stills.example.net", 29, 2, "children", "not_approved"),
        event("listed.example.net", 29, 1, "children", "not_approved"),
        event("staff.example.net", 29, 9, "staff", "not_approved"),
        event("bad.example.net", 29, 9, "children", "gambling"),
    ]);
    let why = app::filtering::Why { title: "Gambling".into(), why: "For adults.".into(), because: Vec::new() };
    let block = Change::BlockCategory { category: "gambling".into(), why, groups: vec!["children".into()] };
    propose(&app, people.dsl, block, None).await.unwrap();
    app.gateway.lists_hold("listed.example.net", "gambling");
    let lead = app.ctx(people.dsl);
    let site = Some("paint.example.com");
    let offered = app::activity::not_approved(&app.services, &lead, "children", site).await.unwrap();
    let hosts: Vec<_> = offered.iter().map(|one| (one.host.as_str(), one.beside)).collect();
    assert_eq!(hosts, [("stills.example.net", true), ("listed.example.net", true), ("busy.example.net", false)]);
    assert_eq!(offered[1].category.as_deref(), Some("Gambling"));
    assert_eq!(offered[0].category, None);
    let technician = app.ctx(people.technician);
    assert!(app::activity::not_approved(&app.services, &technician, "children", site).await.is_err(), "for the leads");
    app.end().await;
}
