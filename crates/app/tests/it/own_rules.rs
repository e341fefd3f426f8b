//! What a setting adds to its procedures (S42): two people, both with names and in the audit; from the next concern on; open
//! ones keep their edition; nobody can weaken a thing; another setting sees nothing of it.

use app::concerns;
use app::procedures::{self, ProcedureHere};
use app::testing::TestApp;
use app::{Error, Result};
use domain::PersonId;
use domain::access::Refused;
use domain::procedure::Within;
use domain::procedure::own::Change;

const WHY: &str = "Decided by the committee on 3 November.";

fn extra() -> Change {
    Change::ExtraStep {
        after: "told_lead".into(),
        title: "Ring the chair of the committee".into(),
        text: "The chair hears the same day that something got through.".into(),
        closes: true,
    }
}

async fn propose(app: &TestApp, person: PersonId, change: Change) -> Result<()> {
    procedures::propose(&app.services, &mut app.ctx(person), "P1", change, WHY).await
}

async fn p1(app: &TestApp, person: PersonId) -> ProcedureHere {
    procedures::one(&app.services, &app.ctx(person), "P1").await.expect("there")
}

async fn steps_of_a_new_concern(app: &TestApp) -> (domain::ConcernId, Vec<String>) {
    let filed =
        concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.expect("filed");
    let view = concerns::open(&app.services, &mut app.ctx(app.people.dsl), filed.concern).await.expect("opens");
    (filed.concern, view.steps.into_iter().map(|step| step.step.title).collect())
}

#[tokio::test]
async fn two_people_add_a_step_and_two_take_it_away() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let ours = "Ring the chair of the committee".to_owned();
    let (before, steps) = steps_of_a_new_concern(&app).await;
    assert!(!steps.contains(&ours));

    propose(&app, people.dsl, extra()).await.expect("proposed");
    let found = p1(&app, people.dsl).await;
    let waiting = found.own.iter().find(|own| own.rule.waits()).expect("it waits");
    assert!(!waiting.can_agree, "who proposed it cannot agree");
    let key = waiting.rule.key.clone();
    let alone = procedures::agree(services, &mut app.ctx(people.dsl), "P1", &key).await;
    assert!(matches!(alone, Err(Error::Invalid(_))), "{alone:?}");
    assert!(!steps_of_a_new_concern(&app).await.1.contains(&ours), "it held before anybody agreed");

    let acts = app.acts().await;
    procedures::agree(services, &mut app.ctx(people.manager), "P1", &key).await.expect("agreed");
    assert!(app.acts().await > acts, "not audited");
    let found = p1(&app, people.practitioner).await;
    assert!(found.procedure.steps.iter().any(|step| step.is_own() && step.title == ours));
    let own = found.own.iter().find(|own| own.rule.key == key).expect("there");
    assert_eq!((own.proposed_by.as_deref(), own.agreed_by.is_some()), (Some("Amara Lead"), true));

    let (since, steps) = steps_of_a_new_concern(&app).await;
    assert!(steps.contains(&ours), "{steps:?}");
    let view = concerns::open(services, &mut app.ctx(people.dsl), since).await.expect("opens");
    let procedure = view.procedure.expect("there");
    assert!(procedure.edition.contains('+') && !procedure.moved_on, "{}", procedure.edition);
    let closing = concerns::close(services, &mut app.ctx(people.dsl), since, Default::default(), 0).await;
    assert!(closing.is_err(), "closed without the setting's own step");
    // The one that was open before keeps its edition, and is offered the new one.
    let old = concerns::open(services, &mut app.ctx(people.dsl), before).await.expect("opens");
    assert!(old.steps.iter().all(|step| step.step.title != ours));
    assert!(old.procedure.expect("there").moved_on);
    concerns::move_edition(services, &mut app.ctx(people.dsl), before, "Our own step counts here too.".into())
        .await
        .expect("moved");
    let old = concerns::open(services, &mut app.ctx(people.dsl), before).await.expect("opens");
    assert!(old.steps.iter().any(|step| step.step.title == ours));

    procedures::take_back(services, &mut app.ctx(people.manager), "P1", &key).await.expect("asked");
    assert!(steps_of_a_new_concern(&app).await.1.contains(&ours), "one person alone took it away");
    procedures::agree(services, &mut app.ctx(people.dsl), "P1", &key).await.expect("agreed");
    assert!(!steps_of_a_new_concern(&app).await.1.contains(&ours));
    let view = concerns::open(services, &mut app.ctx(people.dsl), since).await.expect("opens");
    assert!(view.steps.iter().any(|step| step.step.title == ours), "it began with it");
    app.end().await;
}

#[tokio::test]
async fn what_would_weaken_is_refused_in_words_and_not_everybody_may() {
    let app = TestApp::new().await;
    let people = app.people;
    let later = propose(&app, people.dsl, Change::Clock { clock: "parents".into(), within: Within::Days(60) }).await;
    assert!(matches!(&later, Err(Error::Invalid(said)) if said["change"].contains("sooner")), "{later:?}");
    let nowhere = propose(&app, people.dsl, Change::Say { step: "no_step".into(), text: "Be quick.".into() }).await;
    assert!(matches!(nowhere, Err(Error::Invalid(_))), "{nowhere:?}");
    let nobody = Change::Agency { step: "told_lead".into(), agency: "no_agency".into() };
    assert!(matches!(propose(&app, people.dsl, nobody).await, Err(Error::Invalid(_))));
    let short = procedures::propose(&app.services, &mut app.ctx(people.dsl), "P1", extra(), "no").await;
    assert!(matches!(&short, Err(Error::Invalid(said)) if said.contains_key("why")), "{short:?}");
    for person in [people.practitioner, people.technician] {
        let refused = propose(&app, person, extra()).await;
        assert!(matches!(refused, Err(Error::Refused(Refused::Role))), "{refused:?}");
    }
    assert!(p1(&app, people.dsl).await.own.is_empty(), "something was kept");
    app.end().await;
}

#[tokio::test]
async fn a_rule_that_fits_no_more_stands_in_nobodys_way() {
    let mut app = TestApp::new().await;
    let people = app.people;
    propose(&app, people.dsl, extra()).await.expect("proposed");
    let key = p1(&app, people.dsl).await.own[0].rule.key.clone();
    procedures::agree(&app.services, &mut app.ctx(people.manager), "P1", &key).await.expect("agreed");
    // An upgrade brings an edition without the step that it follows.
    let mut content = (*app.services.content).clone();
    let newer = content.procedures.get_mut("P1").expect("there");
    newer.edition = "2031-01".into();
    newer.steps.iter_mut().find(|step| step.key == "told_lead").expect("there").key = "told_somebody".into();
    app.services.content = std::sync::Arc::new(content);
    let found = p1(&app, people.dsl).await;
    assert!(found.misfit.is_some() && found.procedure.edition == "2031-01");
    let (_, steps) = steps_of_a_new_concern(&app).await;
    assert!(!steps.is_empty(), "a report was refused because of a rule");
    app.end().await;
}
