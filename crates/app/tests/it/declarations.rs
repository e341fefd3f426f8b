//! Declarations of staff about their own life online: who decides is the setting's rule, the lead's own goes elsewhere, and
//! nobody else learns that there is one.

use app::declarations::{self, Decision};
use app::keeping::{dispose, due};
use app::testing::TestApp;
use app::{Error, trail};
use domain::ctx::SecondFactor;
use domain::declaration::{DeclarationKind as Kind, DeclarationOutcome as Outcome};
use domain::retention::RecordKind;
use domain::{DeclarationId, PersonId};
use jiff::ToSpan;

async fn declare(app: &TestApp, who: PersonId, kind: Kind) -> DeclarationId {
    declarations::declare(&app.services, &mut app.ctx(who), kind, "The family of a child is on my page.")
        .await
        .expect("declared")
}

fn decision(app: &TestApp, outcome: Outcome, days: Option<i64>) -> Decision {
    let today = app.services.calendar.local(app.world.now()).date();
    let review_on = days.map(|days| today.checked_add(days.days()).expect("a day"));
    Decision { outcome, reason: "We spoke. Nothing about work.".into(), review_on, version: 0 }
}

/// Who finds it in their list, of everybody here.
async fn readers(app: &TestApp, id: DeclarationId) -> Vec<PersonId> {
    let mut readers = Vec::new();
    for person in app.everybody() {
        let listed = declarations::list(&app.services, &app.ctx(person))
            .await
            .is_ok_and(|all| all.iter().any(|one| one.id == id));
        let opened = declarations::one(&app.services, &app.ctx(person), id).await.is_ok();
        assert_eq!(listed, opened, "the list and the page say the same");
        if listed {
            readers.push(person);
        }
    }
    readers
}

fn sorted(mut people: Vec<PersonId>) -> Vec<PersonId> {
    people.sort();
    people
}

#[tokio::test]
async fn each_goes_to_whom_the_setting_says_and_nobody_else_learns_of_it() {
    for (profile, content, friend) in [("h", false, false), ("n", true, true)] {
        let app = TestApp::of(profile, 1).await;
        let people = app.people;
        let to = |manager: bool| if manager { people.manager } else { people.dsl };
        for (kind, decider) in
            [(Kind::Content, to(content)), (Kind::Friend, to(friend)), (Kind::Friendship, people.dsl)]
        {
            let id = declare(&app, people.practitioner, kind).await;
            assert_eq!(readers(&app, id).await, sorted(vec![people.practitioner, decider]), "{profile}: {kind:?}");
            let waits = declarations::waiting(&app.services, &app.ctx(decider)).await.expect("counted");
            assert!(waits > 0);
            assert_eq!(declarations::waiting(&app.services, &app.ctx(people.chair)).await.expect("counted"), 0);
            // Without the second step the decider sees none of it.
            let half = app.ctx_with(decider, SecondFactor::NotShown);
            assert!(matches!(declarations::one(&app.services, &half, id).await, Err(Error::NotFound)));
        }
        // The lead's own: past the lead, and past the deputies who answer to the lead.
        let own = declare(&app, people.dsl, Kind::Friendship).await;
        assert_eq!(readers(&app, own).await, sorted(vec![people.dsl, people.manager]), "{profile}");
        let mut ctx = app.ctx(people.dsl);
        let refused =
            declarations::decide(&app.services, &mut ctx, own, decision(&app, Outcome::Agreed, Some(30))).await;
        assert!(matches!(refused, Err(Error::NotFound | Error::Refused(_))), "nobody decides their own: {refused:?}");
        // Nor does the trail of who did what show that there is one.
        let seen = trail::read(&app.services, &app.ctx(people.chair), None).await.expect("the trail");
        assert!(!format!("{seen:?}").contains("declaration"), "{seen:?}");
        app.end().await;
    }
}

#[tokio::test]
async fn a_decision_has_words_and_a_day_and_where_it_is_forbidden_there_is_no_exception() {
    for (profile, may_stay) in [("h", false), ("n", true)] {
        let app = TestApp::of(profile, 1).await;
        let people = app.people;
        let decider = if may_stay { people.manager } else { people.dsl };
        let id = declare(&app, people.practitioner, Kind::Friend).await;
        let decide = async |said: Decision| declarations::decide(&app.services, &mut app.ctx(decider), id, said).await;
        let agreed = decide(decision(&app, Outcome::Agreed, Some(30))).await;
        if may_stay {
            agreed.expect("N advises against it, and lets the manager agree");
        } else {
            assert!(matches!(&agreed, Err(Error::Invalid(why)) if why.contains_key("outcome")), "{agreed:?}");
        }
        let again = if may_stay { 1 } else { 0 };
        let next = |outcome, days| Decision { version: again, ..decision(&app, outcome, days) };
        if may_stay {
            for days in [None, Some(0), Some(400)] {
                let refused = decide(next(Outcome::Agreed, days)).await;
                assert!(matches!(&refused, Err(Error::Invalid(why)) if why.contains_key("review_on")), "{days:?}");
            }
            let stale = decide(decision(&app, Outcome::Ended, None)).await;
            assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
        }
        let wordless = Decision { reason: " ".into(), ..next(Outcome::Ended, None) };
        assert!(matches!(decide(wordless).await, Err(Error::Invalid(_))));
        decide(next(Outcome::Ended, None)).await.expect("it may always end");
        let (view, _) = declarations::one(&app.services, &app.ctx(people.practitioner), id).await.expect("their own");
        assert!(view.decided.is_some_and(|(outcome, ..)| outcome == Outcome::Ended) && !view.waits);
        app.end().await;
    }
}

#[tokio::test]
async fn it_goes_a_year_after_its_author_left_by_two_people_and_keeps_their_entry_until_then() {
    let app = TestApp::of("h", 1).await;
    let (people, services) = (app.people, &app.services);
    let id = declare(&app, people.practitioner, Kind::Friendship).await;
    let ended = decision(&app, Outcome::Ended, None);
    declarations::decide(services, &mut app.ctx(people.dsl), id, ended).await.expect("decided");
    let kind = RecordKind::Declaration;
    let one = async |who| due::one(services, &app.ctx(who), kind, id.0).await;
    assert!(matches!(one(people.dsl).await.expect("theirs to decide").due, domain::retention::Due::NotYet(_)));
    for other in [people.manager, people.chair, people.deputy] {
        assert!(matches!(one(other).await, Err(Error::NotFound)), "a declaration of the lead's is nobody else's");
    }

    let today = services.calendar.local(app.world.now()).date();
    let mut ctx = app.world.system();
    let scope = store::Scope::Setting(app.setting);
    let mut tx = services.db.write(&mut ctx, scope, "test.leave").await.expect("writes");
    let eli = store::people::lookup(&tx, app.setting, people.practitioner).await.expect("reads").expect("there");
    store::people::set(&mut tx, &store::people::Person { gone: Some(today), ..eli }).await.expect("set");
    tx.commit().await.expect("left");
    app.pass(jiff::SignedDuration::from_hours(24 * 370)).await;
    let entry = due::one(services, &app.ctx(people.dsl), RecordKind::Person, people.practitioner.0).await;
    assert!(entry.expect("they left").held.iter().any(|why| why.contains("name this person")));
    let proposed = dispose::propose(services, &mut app.ctx(people.dsl), kind, id.0, "Nobody needs it.").await;
    let certificate = proposed.expect("its day has come");
    dispose::agree(services, &mut app.ctx(people.manager), certificate).await.expect("a second person");
    let gone = dispose::decision(services, &app.ctx(people.manager), certificate).await.expect("certified");
    assert!(!format!("{gone:?}").contains("Practitioner"), "the certificate names nobody: {gone:?}");
    assert!(!store::backup::every_row(&services.db).await.expect("rows").contains("on my page"));
    let report = store::audit::verify(&services.db, &[]).await.expect("verified");
    assert!(report.is_whole(), "{:?}", report.findings);
    app.end().await;
}
