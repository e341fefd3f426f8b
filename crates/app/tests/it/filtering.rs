//! Proposing and deciding, by those who may, and by those who may not.

use app::Error;
use app::filtering::decide::{self, Decide, Propose, Proposed, Risk, Verdict};
use app::filtering::{Change, ProposalState, ask, view};
use app::testing::TestApp;
use domain::setting::{FourEyes, Profile};
use domain::{ConcernId, PersonId};
use jiff::SignedDuration;
use store::Scope;

pub(crate) fn risk() -> Risk {
    Risk {
        harm: "Nobody, because it is a painting site.".into(),
        loss: "The autumn project would lose its pictures.".into(),
        safeguards: "An adult sits beside the child.".into(),
    }
}

fn allow(name: &str) -> Change {
    Change::AllowName { name: name.into(), groups: vec!["children".into()], until: None }
}

fn block(name: &str) -> Change {
    Change::BlockName { name: name.into(), groups: vec!["children".into()] }
}

pub(crate) async fn propose(
    app: &TestApp,
    who: PersonId,
    change: Change,
    concern: Option<ConcernId>,
) -> app::Result<Proposed> {
    let new = Propose { change, reason: "We need it for the autumn project.".into(), risk: risk(), concern };
    decide::propose(&app.services, &mut app.ctx(who), new).await
}

pub(crate) async fn say(
    app: &TestApp,
    who: PersonId,
    proposed: Proposed,
    verdict: Verdict,
) -> app::Result<Option<i64>> {
    let version = view::proposal(&app.services, &app.ctx(who), proposed.id).await?.proposal.version;
    let note = "I looked at it with the team.".into();
    decide::decide(&app.services, &mut app.ctx(who), Decide { id: proposed.id, version, note, verdict }).await
}

pub(crate) async fn agree(app: &TestApp, who: PersonId, proposed: Proposed) -> app::Result<()> {
    let version = view::proposal(&app.services, &app.ctx(who), proposed.id).await?.proposal.version;
    decide::agree(&app.services, &mut app.ctx(who), proposed.id, version).await
}

fn stands(one: &view::RequestView) -> Option<(domain::ProposalId, ProposalState)> {
    one.outcome.as_ref().map(|outcome| (outcome.proposal, outcome.state))
}

pub(crate) async fn set_four_eyes(app: &TestApp, four_eyes: FourEyes) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.four_eyes").await.unwrap();
    let mut row = store::settings::lookup(&tx, app.setting).await.unwrap().unwrap();
    let mut profile: Profile = serde_json::from_value(row.profile.clone()).unwrap();
    profile.four_eyes = four_eyes;
    row.profile = serde_json::to_value(profile).unwrap();
    store::settings::set(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

fn newest_allows(app: &TestApp, name: &str) -> bool {
    app.gateway.published().last().is_some_and(|s| s.groups["children"].allow.iter().any(|rule| rule.name == name))
}

#[tokio::test]
async fn what_tightens_is_in_force_at_once_and_is_still_looked_at() {
    let app = TestApp::new().await;
    let proposed = propose(&app, app.people.technician, block("bad.example.com"), None).await.unwrap();
    assert_eq!(proposed.in_force, Some(2));
    let snapshot = app.gateway.published().pop().unwrap();
    assert_eq!(snapshot.groups["children"].block[0].name, "bad.example.com");
    let found = view::proposal(&app.services, &app.ctx(app.people.manager), proposed.id).await.unwrap();
    assert_eq!(found.proposal.state, ProposalState::Waiting);
    assert_eq!(found.difference, ["Children's tablets: now blocks bad.example.com"]);
    say(&app, app.people.manager, proposed, Verdict::Approve).await.unwrap();
    // To approve what already stands makes no second version.
    assert_eq!(view::history(&app.services, &app.ctx(app.people.dsl)).await.unwrap().len(), 2);
    app.end().await;
}

#[tokio::test]
async fn to_forget_an_allowance_can_be_approved_afterwards() {
    let app = TestApp::new().await;
    let people = app.people;
    let first = propose(&app, people.dsl, allow("paint.example.com"), None).await.unwrap();
    say(&app, people.manager, first, Verdict::Approve).await.unwrap();
    let forget = Change::ForgetName { name: "paint.example.com".into(), groups: vec!["children".into()] };
    let second = propose(&app, people.dsl, forget, None).await.unwrap();
    assert!(second.in_force.is_some());
    say(&app, people.manager, second, Verdict::Approve).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn what_loosens_needs_the_lead_and_another_person() {
    let app = TestApp::new().await;
    let people = app.people;
    let proposed = propose(&app, people.technician, allow("paint.example.com"), None).await.unwrap();
    assert_eq!(proposed.in_force, None);
    assert!(matches!(say(&app, people.manager, proposed, Verdict::Approve).await, Err(Error::Invalid(_))));
    assert!(!newest_allows(&app, "paint.example.com"));
    agree(&app, people.dsl, proposed).await.unwrap();
    assert!(!newest_allows(&app, "paint.example.com"), "agreeing is not approving");
    say(&app, people.manager, proposed, Verdict::Approve).await.unwrap();
    assert!(newest_allows(&app, "paint.example.com"));
    app.end().await;
}

#[tokio::test]
async fn nobody_approves_their_own() {
    let app = TestApp::new().await;
    let own = propose(&app, app.people.manager, allow("paint.example.com"), None).await.unwrap();
    agree(&app, app.people.dsl, own).await.unwrap();
    app.pass(SignedDuration::from_hours(48)).await;
    assert!(matches!(say(&app, app.people.manager, own, Verdict::Approve).await, Err(Error::Invalid(_))));
    say(&app, app.people.chair, own, Verdict::Approve).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn one_person_waits_a_day_and_never_weakens_what_protects_children() {
    let app = TestApp::new().await;
    let people = app.people;
    set_four_eyes(&app, FourEyes::ChairOrDelay).await;
    let tightened = propose(&app, people.manager, block("bad.example.com"), None).await.unwrap();
    let weaker = propose(&app, people.manager, allow("paint.example.com"), None).await.unwrap();
    agree(&app, people.dsl, weaker).await.unwrap();
    assert!(say(&app, people.manager, tightened, Verdict::Approve).await.is_err(), "not before a day has passed");
    app.pass(SignedDuration::from_hours(25)).await;
    say(&app, people.manager, tightened, Verdict::Approve).await.unwrap();
    assert!(say(&app, people.manager, weaker, Verdict::Approve).await.is_err(), "children: never alone");
    say(&app, people.chair, weaker, Verdict::Approve).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn two_who_decide_at_once_and_a_roll_back_that_would_undo_what_came_later() {
    let app = TestApp::new().await;
    let people = app.people;
    let first = propose(&app, people.dsl, allow("paint.example.com"), None).await.unwrap();
    let read = view::proposal(&app.services, &app.ctx(people.chair), first.id).await.unwrap().proposal.version;
    say(&app, people.manager, first, Verdict::Approve).await.unwrap();
    let late = Decide { id: first.id, version: read, note: "No, not this one.".into(), verdict: Verdict::Refuse };
    let conflict = decide::decide(&app.services, &mut app.ctx(people.chair), late).await;
    assert!(matches!(conflict, Err(Error::Conflict { .. })), "{conflict:?}");

    let blocked = propose(&app, people.dsl, block("bad.example.com"), None).await.unwrap();
    assert_eq!(blocked.in_force, Some(3));
    let mut ctx = app.ctx(people.dsl);
    let back = decide::roll_back(&app.services, &mut ctx, 2, "It was better before.".into(), risk()).await.unwrap();
    assert_eq!(back.in_force, None, "it opens bad.example.com again");
    propose(&app, people.dsl, block("worse.example.com"), None).await.unwrap();
    let stale = say(&app, people.manager, back, Verdict::Approve).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    app.end().await;
}

#[tokio::test]
async fn whoever_is_shut_out_from_the_concern_learns_nothing_of_the_change() {
    let app = TestApp::new().await;
    let people = app.people;
    let report = app.breach();
    let filed = app::concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.unwrap();
    let concern = filed.concern;
    let lead = people.dsl;
    app::concerns::exclude(&app.services, &mut app.ctx(lead), concern, people.manager).await.unwrap();
    let proposed = propose(&app, lead, block("secret.example.com"), Some(concern)).await.unwrap();
    app.work().await;
    let shut_out = app.ctx(people.manager);
    let services = &app.services;
    assert!(matches!(view::proposal(services, &shut_out, proposed.id).await, Err(Error::NotFound)));
    let told = format!(
        "{:?}{:?}{:?}{:?}",
        view::proposals(services, &shut_out).await.unwrap(),
        view::history(services, &shut_out).await.unwrap(),
        view::overview(services, &shut_out).await.unwrap(),
        app::notices::mine(services, &shut_out).await.unwrap(),
    );
    assert!(!told.contains("secret.example.com") && !told.contains("autumn"), "{told}");
    assert!(!told.contains(&proposed.id.to_string()), "{told}");
    let seen = format!("{:?}", view::history(services, &app.ctx(lead)).await.unwrap());
    assert!(seen.contains("secret.example.com"));
    app.end().await;
}

/// S7: whoever decides on the filter sees what is asked for. The words of an allegation are not theirs, before and after.
#[tokio::test]
async fn of_a_change_from_a_concern_that_is_not_theirs_they_see_the_change_and_not_the_words() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let report = app::concerns::Report {
        kind: domain::concern::ConcernKind::AdultHere,
        about: app::concerns::About::Person(people.colleague),
        ..app.breach()
    };
    let filed = app::concerns::report(services, &mut app.ctx(people.practitioner), report).await.unwrap();
    let proposed = propose(&app, people.manager, block("shown.example.com"), Some(filed.concern)).await.unwrap();
    app.work().await;
    for who in [people.dsl, people.deputy, people.technician, people.chair] {
        let ctx = app.ctx(who);
        let one = view::proposal(services, &ctx, proposed.id).await.unwrap();
        assert!(one.proposal.concern_id.is_none() && one.say.contains("shown.example.com"), "{one:?}");
        let told = format!(
            "{one:?}{:?}{:?}{:?}",
            view::proposals(services, &ctx).await.unwrap(),
            view::history(services, &ctx).await.unwrap(),
            view::overview(services, &ctx).await.unwrap(),
        );
        assert!(told.contains("shown.example.com") && !told.contains("We need it for"), "{told}");
        assert!(!told.contains(&filed.concern.to_string()), "{told}");
    }
    let own = view::proposal(services, &app.ctx(people.manager), proposed.id).await.unwrap().proposal;
    assert_eq!((own.reason.contains("autumn"), own.concern_id), (true, Some(filed.concern)));
    app.end().await;
}

#[tokio::test]
async fn whoever_asks_reads_the_answer_and_what_became_of_it() {
    let app = TestApp::new().await;
    let people = app.people;
    let wanted = |group: &str| ask::Ask {
        host: "paint.example.com".into(),
        group: group.into(),
        category: Some("no such category".into()),
        why: "For the autumn project with the older ones.".into(),
    };
    let wrong = ask::ask(&app.services, &mut app.ctx(people.practitioner), wanted("nowhere")).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
    let id = ask::ask(&app.services, &mut app.ctx(people.practitioner), wanted("children")).await.unwrap();
    let verdict = ask::Yes::Propose { long: ask::HowLong::UntilChanged, risk: risk() };
    let reply = ask::Reply { id, words: "Yes, good idea.".into(), verdict };
    let proposed = ask::reply(&app.services, &mut app.ctx(people.dsl), reply).await.unwrap().unwrap();
    let mine = view::my_requests(&app.services, &app.ctx(people.practitioner)).await.unwrap();
    assert_eq!(stands(&mine[0]), Some((proposed.id, ProposalState::Waiting)));
    assert_eq!(
        (mine[0].request.words.as_deref(), mine[0].request.category.as_deref()),
        (Some("Yes, good idea."), None)
    );
    say(&app, people.manager, proposed, Verdict::Approve).await.unwrap();
    let mine = view::my_requests(&app.services, &app.ctx(people.practitioner)).await.unwrap();
    assert_eq!(stands(&mine[0]), Some((proposed.id, ProposalState::Approved)));
    let second = mine[0].outcome.as_ref().unwrap().decided.clone();
    assert_eq!(second.unwrap().1.as_deref(), Some("I looked at it with the team."), "the second person\u{2019}s words");
    assert!(view::my_requests(&app.services, &app.ctx(people.colleague)).await.unwrap().is_empty());
    let told = app::notices::mine(&app.services, &app.ctx(people.practitioner)).await.unwrap();
    assert!(told.iter().any(|notice| notice.link == "/filter/ask"));
    app.end().await;
}

/// Puts a staff group beside the children's, as every real setting has one.
pub(crate) async fn with_staff(app: &TestApp) {
    with_group(app, "staff", serde_json::json!({ "name": "Staff", "audience": "adults", "blocked": {} })).await;
}

/// The same for guests.
pub(crate) async fn with_guests(app: &TestApp) {
    with_group(app, "guests", serde_json::json!({ "name": "Guests", "audience": "guests", "blocked": {} })).await;
}

async fn with_group(app: &TestApp, key: &str, group: serde_json::Value) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.groups").await.unwrap();
    let newest = store::filtering::find_newest(&tx, app.setting).await.unwrap().unwrap();
    let mut policy = newest.policy.clone();
    policy["groups"][key] = group;
    let row = store::filtering::FilterPolicy { number: newest.number + 1, policy, ..newest };
    store::filtering::add(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
}

async fn asked(app: &TestApp, group: &str) -> uuid::Uuid {
    asked_for(app, group, "paint.example.com").await
}

async fn asked_for(app: &TestApp, group: &str, host: &str) -> uuid::Uuid {
    let wanted =
        ask::Ask { host: host.into(), group: group.into(), category: None, why: "For the autumn project.".into() };
    ask::ask(&app.services, &mut app.ctx(app.people.practitioner), wanted).await.unwrap()
}

async fn yes(app: &TestApp, who: PersonId, id: uuid::Uuid, long: ask::HowLong) -> app::Result<Option<Proposed>> {
    let verdict = ask::Yes::Propose { long, risk: risk() };
    ask::reply(&app.services, &mut app.ctx(who), ask::Reply { id, words: "Yes, go on.".into(), verdict }).await
}

#[tokio::test]
async fn a_leads_yes_for_an_hour_opens_adults_devices_at_once_and_ends_by_itself() {
    let app = TestApp::new().await;
    let people = app.people;
    with_staff(&app).await;
    let id = asked(&app, "staff").await;
    let granted = yes(&app, people.dsl, id, ask::HowLong::Hour).await.unwrap().unwrap();
    assert!(granted.in_force.is_some());
    let snapshot = app.gateway.published().pop().unwrap();
    let rule = &snapshot.groups["staff"].allow[0];
    assert_eq!(rule.until, Some(app.services.now() + SignedDuration::from_mins(60)), "the end is in the snapshot");
    let mine = view::my_requests(&app.services, &app.ctx(people.practitioner)).await.unwrap();
    assert_eq!(stands(&mine[0]), Some((granted.id, ProposalState::Approved)));
    let history = view::history(&app.services, &app.ctx(people.manager)).await.unwrap();
    assert!(history[0].note.contains("for 60 minutes"), "{:?}", history[0]);

    // Longer, or for children, or without the lead: somebody else approves.
    let id = asked_for(&app, "staff", "clay.example.com").await;
    assert_eq!(yes(&app, people.manager, id, ask::HowLong::Hour).await.unwrap().unwrap().in_force, None);
    let id = asked(&app, "staff").await;
    assert_eq!(yes(&app, people.dsl, id, ask::HowLong::UntilChanged).await.unwrap().unwrap().in_force, None);
    let id = asked(&app, "children").await;
    let waits = yes(&app, people.dsl, id, ask::HowLong::Hour).await.unwrap().unwrap();
    assert_eq!(waits.in_force, None, "children: never by one yes");
    app.pass(SignedDuration::from_hours(5)).await;
    say(&app, people.manager, waits, Verdict::Approve).await.unwrap();
    let snapshot = app.gateway.published().pop().unwrap();
    let rule = &snapshot.groups["children"].allow[0];
    assert_eq!(rule.until, Some(app.services.now() + SignedDuration::from_mins(60)), "an hour from the approval");
    app.end().await;
}

#[tokio::test]
async fn nobody_grants_what_they_asked_for_themselves() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    let wanted = ask::Ask {
        host: "paint.example.com".into(),
        group: "staff".into(),
        category: None,
        why: "For the autumn project.".into(),
    };
    let id = ask::ask(&app.services, &mut app.ctx(app.people.dsl), wanted).await.unwrap();
    let own = yes(&app, app.people.dsl, id, ask::HowLong::Hour).await.unwrap().unwrap();
    assert_eq!(own.in_force, None);
    app.end().await;
}

#[tokio::test]
async fn a_yes_until_the_end_of_term_ends_with_the_term() {
    let app = TestApp::new().await;
    with_staff(&app).await;
    let id = asked(&app, "staff").await;
    yes(&app, app.people.dsl, id, ask::HowLong::EndOfTerm).await.unwrap().unwrap();
    let waiting = view::proposals(&app.services, &app.ctx(app.people.dsl)).await.unwrap();
    let Change::AllowName { until: Some(until), .. } =
        serde_json::from_value(waiting[0].proposal.change.clone()).unwrap()
    else {
        panic!("{:?}", waiting[0])
    };
    let mut ctx = app.world.system();
    let tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.read").await.unwrap();
    let row = store::settings::lookup(&tx, app.setting).await.unwrap().unwrap();
    let profile: Profile = serde_json::from_value(row.profile).unwrap();
    let last = app.services.calendar.local(until).date();
    assert!(profile.terms.iter().any(|term| term.to == last), "{last} is no last day of a term");
    tx.commit().await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn a_change_opens_a_review_once_and_requests_become_figures() {
    let app = TestApp::new().await;
    let people = app.people;
    propose(&app, people.dsl, block("bad.example.com"), None).await.unwrap();
    propose(&app, people.dsl, block("worse.example.com"), None).await.unwrap();
    let reviews = app::follow_up::reviews(&app.services, &app.ctx(people.manager), false).await.unwrap();
    let opened: Vec<_> = reviews.iter().filter(|one| one.why.starts_with("The filter was changed")).collect();
    assert_eq!(opened.len(), 1, "{reviews:?}");

    asked(&app, "children").await;
    let answered = asked(&app, "children").await;
    app.pass(SignedDuration::from_mins(90)).await;
    let no = ask::Reply { id: answered, words: "There is a better one.".into(), verdict: ask::Yes::No };
    ask::reply(&app.services, &mut app.ctx(people.dsl), no).await.unwrap();
    let third = asked(&app, "children").await;
    let proposed = yes(&app, people.dsl, third, ask::HowLong::UntilChanged).await.unwrap().unwrap();
    let figures = ask::figures(&app.services, &app.ctx(people.chair)).await.unwrap();
    assert_eq!((figures.asked, figures.decided, figures.half_way, figures.over_blocked), (3, 1, 1, 0));
    assert_eq!((figures.median_minutes, figures.over_blocking_percent()), (Some(90), Some(0)));
    // Two hours later the second person says no: their clock ran until then, and the block was right.
    app.pass(SignedDuration::from_hours(2)).await;
    say(&app, people.manager, proposed, Verdict::Refuse).await.unwrap();
    let figures = ask::figures(&app.services, &app.ctx(people.chair)).await.unwrap();
    assert_eq!((figures.decided, figures.half_way, figures.over_blocked), (2, 0, 0));
    assert_eq!(figures.median_minutes, Some(120), "the later of the two, at the second person\u{2019}s word");
    // A yes that stands.
    let fourth = asked(&app, "children").await;
    let proposed = yes(&app, people.dsl, fourth, ask::HowLong::UntilChanged).await.unwrap().unwrap();
    say(&app, people.manager, proposed, Verdict::Approve).await.unwrap();
    let figures = ask::figures(&app.services, &app.ctx(people.chair)).await.unwrap();
    assert_eq!((figures.decided, figures.over_blocked), (3, 1));
    app.end().await;
}
