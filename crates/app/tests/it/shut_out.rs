//! Shutting out never leaves a concern alone or in one hand; who was shut out by mistake comes back by two people.

use app::concerns::back::{self, Word};
use app::concerns::{self, About};
use app::testing::TestApp;
use app::{Error, notices};
use domain::concern::{ConcernKind, ConcernStatus, Part};
use domain::{ConcernId, PersonId};
use jiff::SignedDuration;
use proptest::prelude::*;

async fn told(app: &TestApp) -> ConcernId {
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await;
    filed.expect("filed").concern
}

async fn notified(app: &TestApp, person: PersonId, id: ConcernId) -> usize {
    let mine = notices::mine(&app.services, &app.ctx(person)).await.expect("notices");
    mine.iter().filter(|notice| notice.link == format!("/concerns/{id}")).count()
}

async fn opens(app: &TestApp, person: PersonId, id: ConcernId) -> bool {
    concerns::open(&app.services, &mut app.ctx(person), id).await.is_ok()
}

#[tokio::test]
async fn whoever_shuts_out_the_leads_is_not_left_alone_with_it() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = told(&app).await;
    assert!(opens(&app, people.deputy, id).await);
    let shut_out = async |who, whom| concerns::exclude(services, &mut app.ctx(who), id, whom).await;
    let before = notified(&app, people.dsl, id).await;
    shut_out(people.deputy, people.deputy_2).await.expect("shut out");
    assert!(notified(&app, people.dsl, id).await > before, "the other lead hears that somebody was shut out");
    assert_eq!(notified(&app, people.manager, id).await, 0, "a lead is left");

    shut_out(people.deputy, people.dsl).await.expect("shut out");
    assert_eq!(notified(&app, people.manager, id).await, 1, "one deputy alone: the manager is told");
    assert!(opens(&app, people.manager, id).await);
    shut_out(people.deputy, people.manager).await.expect("shut out");
    assert_eq!(notified(&app, people.chair, id).await, 1, "then the chair");
    let last = shut_out(people.deputy, people.chair).await;
    assert!(matches!(&last, Err(Error::Invalid(why)) if why["shut_out"].contains("LADO")), "{last:?}");
    // What the deputy did does not stop the chair.
    shut_out(people.chair, people.deputy).await.expect("shut out");
    assert!(opens(&app, people.chair, id).await && !opens(&app, people.deputy, id).await);
    let own = shut_out(people.chair, people.chair).await;
    assert!(matches!(own, Err(Error::Invalid(_))), "nor can the last one go by their own word: {own:?}");
    app.end().await;
}

#[tokio::test]
async fn who_loses_sight_is_foreseen_exactly_and_looking_changes_nothing() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = told(&app).await;
    concerns::open(services, &mut app.ctx(people.deputy), id).await.expect("opened");
    app.tie(people.dsl, people.practitioner).await;
    let before = app.rows_with(&id.to_string()).await;
    let ctx = &mut app.ctx(people.deputy);
    let foreseen = concerns::foresee(services, ctx, id, people.dsl, Part::About).await.expect("foreseen");
    // The lead, whom it is about; her relative, who told it; and on the other route both deputies, whose it no longer is.
    assert_eq!(foreseen.lose, ["Amara Lead", "Bea Deputy", "Ben Deputy", "Eli Practitioner"]);
    assert!(foreseen.me && foreseen.rerouted);
    let witness = concerns::foresee(services, ctx, id, people.colleague, Part::Witness).await.expect("foreseen");
    assert_eq!((witness.lose, witness.me, witness.rerouted), (Vec::new(), false, false));
    assert_eq!(app.rows_with(&id.to_string()).await, before, "a look changes nothing");
    let stranger = concerns::foresee(services, &mut app.ctx(people.colleague), id, people.dsl, Part::About).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    // And so it comes.
    concerns::add_person(services, &mut app.ctx(people.deputy), id, people.dsl, Part::About).await.expect("named");
    for person in [people.dsl, people.deputy, people.deputy_2] {
        assert!(!opens(&app, person, id).await, "{person} still sees it");
    }
    let receipt = concerns::receipt(services, &app.ctx(people.practitioner), id).await;
    assert!(matches!(receipt, Err(Error::NotFound)), "her relative keeps no receipt");
    app.end().await;
}

#[tokio::test]
async fn a_concern_whose_worker_is_shut_out_is_opened_by_nobody_and_goes_up_again() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = told(&app).await;
    assert!(opens(&app, people.dsl, id).await);
    concerns::exclude(services, &mut app.ctx(people.deputy), id, people.dsl).await.expect("shut out");
    let receipt = concerns::receipt(services, &app.ctx(people.practitioner), id).await.expect("theirs");
    assert!(receipt.opened_at.is_none(), "nobody who may see it has opened it");
    app.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(notified(&app, people.manager, id).await, 1, "and so it goes to the next");
    let view = concerns::open(services, &mut app.ctx(people.manager), id).await.expect("taken");
    assert_eq!((view.status, view.opened.map(|(_, by)| by)), (ConcernStatus::Open, Some("Carys Manager".to_owned())));
    app.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(notified(&app, people.chair, id).await, 0, "somebody has it");
    app.end().await;
}

#[tokio::test]
async fn whoever_was_named_by_mistake_is_let_back_by_two_people_and_by_nobody_alone() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let id = told(&app).await;
    concerns::add_person(services, &mut app.ctx(people.deputy), id, people.dsl, Part::About).await.expect("named");
    assert!(!opens(&app, people.dsl, id).await);
    assert!(opens(&app, people.manager, id).await, "the case manager's");
    let propose =
        async |who, whom| back::propose(services, &mut app.ctx(who), id, whom, "The wrong Amara was chosen.").await;
    let wordless = back::propose(services, &mut app.ctx(people.manager), id, people.dsl, " ").await;
    assert!(matches!(wordless, Err(Error::Invalid(_))), "{wordless:?}");
    for stranger in [people.dsl, people.deputy, people.chair, people.practitioner] {
        let refused = propose(stranger, people.dsl).await;
        assert!(matches!(refused, Err(Error::NotFound | Error::Refused(_))), "{refused:?}");
    }
    let nobody = propose(people.manager, people.chair).await;
    assert!(matches!(nobody, Err(Error::Invalid(_))), "not shut out: {nobody:?}");
    let proposal = propose(people.manager, people.dsl).await.expect("proposed");
    assert!(matches!(propose(people.manager, people.dsl).await, Err(Error::Invalid(_))), "it waits already");
    let decide = async |who, word| back::decide(services, &mut app.ctx(who), id, proposal, word).await;
    let own = decide(people.manager, Word::Agree).await;
    assert!(matches!(&own, Err(Error::Invalid(why)) if why[""].contains("Somebody else")), "{own:?}");
    for stranger in [people.dsl, people.chair, people.deputy] {
        assert!(matches!(decide(stranger, Word::Agree).await, Err(Error::NotFound)), "they cannot even see it");
    }
    concerns::invite(services, &mut app.ctx(people.manager), id, people.chair, "Second pair of eyes".into())
        .await
        .expect("let in");
    // The chair's own sister cannot be let back by the chair.
    app.tie(people.chair, people.dsl).await;
    let close = decide(people.chair, Word::Agree).await;
    assert!(matches!(&close, Err(Error::Invalid(why)) if why[""].contains("family")), "{close:?}");
    concerns::invite(services, &mut app.ctx(people.manager), id, people.deputy_2, "Second pair of eyes".into())
        .await
        .expect("let in");
    decide(people.deputy_2, Word::Agree).await.expect("agreed");
    assert!(matches!(decide(people.deputy_2, Word::Agree).await, Err(Error::NotFound)), "once");

    let view = concerns::open(services, &mut app.ctx(people.manager), id).await.expect("opens");
    assert!(view.must_not_know.is_empty() && view.people.iter().all(|person| person.part != Part::About));
    let words: Vec<&str> = view.chronology.iter().map(|entry| entry.text.as_str()).collect();
    assert!(words.iter().any(|text| text.contains("The wrong Amara was chosen.")), "for ever: {words:?}");
    assert!(words.iter().any(|text| text.contains("Two people said so")), "{words:?}");
    // An allegation stays with the case manager until they let the lead in: no role opens it.
    assert!(!opens(&app, people.dsl, id).await);
    concerns::invite(services, &mut app.ctx(people.manager), id, people.dsl, "It is hers to work".into())
        .await
        .expect("in");
    assert!(opens(&app, people.dsl, id).await);
    let reader = services.db.read(store::Scope::Setting(app.setting)).await.expect("reads");
    for act in ["concern.let_back_propose", "concern.let_back_decide"] {
        let filter = store::audit::Filter { act: Some(act.into()), ..Default::default() };
        assert!(!store::audit::list(&reader, app.setting, &filter, 10).await.expect("reads").is_empty(), "{act}");
    }
    drop(reader);
    app.end().await;
}

#[tokio::test]
async fn a_reason_that_stands_in_the_register_keeps_them_out() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    app.tie(people.child, people.deputy).await;
    let id = told(&app).await;
    let refused =
        back::propose(services, &mut app.ctx(people.dsl), id, people.deputy, "She says that she is fair.").await;
    assert!(matches!(&refused, Err(Error::Invalid(why)) if why["back"].contains("register")), "{refused:?}");
    // One word shut this one out, and nothing in the register does: back, and told.
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.deputy_2).await.expect("shut out");
    let proposal =
        back::propose(services, &mut app.ctx(people.dsl), id, people.deputy_2, "The other Bea was meant.").await;
    let refuse = back::decide(services, &mut app.ctx(people.dsl), id, proposal.expect("proposed"), Word::Refuse).await;
    refuse.expect("taken back");
    assert!(!opens(&app, people.deputy_2, id).await, "taken back is not let back");
    app.end().await;
}

/// What a worker may do with people.
#[derive(Debug, Clone)]
enum Does {
    Name { who: usize, whom: usize },
    ShutOut { who: usize, whom: usize },
    Invite { who: usize, whom: usize },
    HandOver { who: usize, whom: usize },
    Tie { one: usize, other: usize },
    Open { who: usize },
    Back { who: usize, second: usize, whom: usize },
    Pass { minutes: i64 },
}

fn does() -> impl Strategy<Value = Does> {
    let n = || 0..7_usize;
    prop_oneof![
        4 => (n(), n()).prop_map(|(who, whom)| Does::Name { who, whom }),
        6 => (n(), n()).prop_map(|(who, whom)| Does::ShutOut { who, whom }),
        1 => (n(), n()).prop_map(|(who, whom)| Does::Invite { who, whom }),
        1 => (n(), n()).prop_map(|(who, whom)| Does::HandOver { who, whom }),
        1 => (n(), n()).prop_map(|(one, other)| Does::Tie { one, other }),
        2 => n().prop_map(|who| Does::Open { who }),
        2 => (n(), n(), n()).prop_map(|(who, second, whom)| Does::Back { who, second, whom }),
        1 => (1..90_i64).prop_map(|minutes| Does::Pass { minutes }),
    ]
}

/// After whatever was done: somebody inside who works cases sees it and was told of it; or everybody who could is shut out by
/// what was recorded as fact, and the reporter is shown whom to ring.
async fn somebody_can_act(app: &TestApp, id: ConcernId, whole: bool) -> Result<(), TestCaseError> {
    let people = app.people;
    let case_roles = [people.dsl, people.deputy, people.deputy_2, people.manager, people.chair];
    let mut inside = 0;
    for person in case_roles {
        let queue = concerns::queue(&app.services, &app.ctx(person), concerns::Shelf::Unfinished, 0).await;
        inside += usize::from(queue.is_ok_and(|queue| queue.rows.iter().any(|row| row.id == id)));
    }
    let receipt = concerns::receipt(&app.services, &app.ctx(people.practitioner), id).await;
    // Whoever told it may have been shut out since; the numbers stand on the open page too.
    if let Ok(receipt) = receipt {
        prop_assert!(receipt.outside.iter().any(|agency| agency.key == "lado" && agency.phone.is_some()));
        prop_assert!(inside > 0 || receipt.tell.is_empty(), "nobody inside, and the receipt names somebody");
    }
    prop_assert!(inside > 0 || !whole, "one worker's word left nobody who can act");
    Ok(())
}

async fn run(all: Vec<Does>, facts_too: bool) -> Result<(), TestCaseError> {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let who = [
        people.dsl,
        people.deputy,
        people.deputy_2,
        people.manager,
        people.chair,
        people.practitioner,
        people.colleague,
    ];
    let mut report = app.breach();
    if facts_too && all.len().is_multiple_of(2) {
        (report.kind, report.about) = (ConcernKind::AdultHere, About::Person(people.colleague));
    }
    let id = concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern;
    for one in all {
        let why = || "Knows the family well".to_owned();
        match one {
            Does::Name { who: n, whom } if facts_too => {
                drop(concerns::add_person(services, &mut app.ctx(who[n]), id, who[whom], Part::About).await);
            }
            Does::Tie { one, other } if facts_too && one != other => app.tie(who[one], who[other]).await,
            Does::Name { .. } | Does::Tie { .. } => {}
            Does::ShutOut { who: n, whom } => {
                drop(concerns::exclude(services, &mut app.ctx(who[n]), id, who[whom]).await)
            }
            Does::Invite { who: n, whom } => {
                drop(concerns::invite(services, &mut app.ctx(who[n]), id, who[whom], why()).await);
            }
            Does::HandOver { who: n, whom } => {
                drop(concerns::hand_over(services, &mut app.ctx(who[n]), id, who[whom], why()).await);
            }
            Does::Open { who: n } => drop(concerns::open(services, &mut app.ctx(who[n]), id).await),
            Does::Back { who: n, second, whom } => {
                if let Ok(row) =
                    back::propose(services, &mut app.ctx(who[n]), id, who[whom], "By mistake, we think.").await
                {
                    let agreed = back::decide(services, &mut app.ctx(who[second]), id, row, Word::Agree).await;
                    prop_assert!(n != second || agreed.is_err(), "one person is two");
                }
            }
            Does::Pass { minutes } => app.pass(SignedDuration::from_mins(minutes)).await,
        }
        somebody_can_act(&app, id, !facts_too).await?;
        app.world.pass(SignedDuration::from_secs(1));
    }
    app.end().await;
    Ok(())
}

#[test]
fn no_row_of_namings_leaves_a_concern_with_nobody_who_can_act() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(all in proptest::collection::vec(does(), 1..14), facts_too: bool)| {
        runtime.block_on(run(all, facts_too))?;
    });
}
