//! To and fro between whoever holds a concern and the reporter who has an account: asked, answered on the page of the own report,
//! and neither sees more than before (S4, S8).

use app::concerns::{self, About};
use app::testing::TestApp;
use app::{Error, notices};
use domain::concern::ConcernKind;

const QUESTION: &str = "Which way did the zanderfish go?";
const ANSWER: &str = "Out by the garden gate.";

#[tokio::test]
async fn the_holder_asks_and_the_reporter_answers_and_sees_no_more() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.expect("told").concern;
    // Nothing was asked: nothing to answer.
    let early = concerns::answer_holder(services, &mut app.ctx(people.practitioner), id, ANSWER).await;
    assert!(matches!(early, Err(Error::Invalid(_))), "{early:?}");
    concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opened");
    concerns::answer_sender(services, &mut app.ctx(people.dsl), id, QUESTION).await.expect("asked");
    let notices = notices::mine(services, &app.ctx(people.practitioner)).await.expect("theirs");
    assert!(notices.iter().any(|notice| notice.link == format!("/reports/{id}")), "the reporter is told");

    let receipt = concerns::receipt(services, &app.ctx(people.practitioner), id).await.expect("theirs");
    assert_eq!(
        receipt.messages.iter().map(|(us, text, _)| (*us, text.as_str())).collect::<Vec<_>>(),
        [(true, QUESTION)]
    );
    assert!(!format!("{receipt:?}").contains(&people.dsl.to_string()), "nor who asks");
    concerns::answer_holder(services, &mut app.ctx(people.practitioner), id, ANSWER).await.expect("answered");
    let told = notices::mine(services, &app.ctx(people.dsl)).await.expect("hers");
    assert!(told.iter().any(|notice| notice.link == format!("/concerns/{id}")), "whoever works it is told");
    let letters = concerns::letters(services, &mut app.ctx(people.dsl), id).await.expect("hers");
    assert_eq!(letters.reporter.as_deref(), Some("Eli Practitioner"));
    assert_eq!(letters.messages.iter().map(|(us, ..)| *us).collect::<Vec<_>>(), [true, false]);
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("hers");
    let entry = view.chronology.iter().find(|entry| entry.text == ANSWER).expect("part of the record");
    assert_eq!((entry.author.as_deref(), entry.is_from_sender()), (Some("Eli Practitioner"), false));
    let receipt = concerns::receipt(services, &app.ctx(people.practitioner), id).await.expect("theirs");
    assert_eq!(receipt.messages.len(), 2);
    assert!(receipt.words.iter().all(|(_, text)| text != ANSWER), "an answer stands once on the page");
    // What else is written there, the reporter does not see; nor do others see any of it.
    let own = concerns::open(services, &mut app.ctx(people.practitioner), id).await.map(|_| ());
    assert!(matches!(own, Err(Error::NotFound)), "{own:?}");
    for stranger in [people.colleague, people.manager, people.deputy] {
        let answered = concerns::answer_holder(services, &mut app.ctx(stranger), id, ANSWER).await;
        assert!(matches!(answered, Err(Error::NotFound)), "{answered:?}");
    }
    for stranger in [people.colleague, people.manager, people.practitioner] {
        let asked = concerns::answer_sender(services, &mut app.ctx(stranger), id, QUESTION).await;
        assert!(matches!(asked, Err(Error::NotFound)), "{asked:?}");
        let read = concerns::letters(services, &mut app.ctx(stranger), id).await.map(|_| ());
        assert!(matches!(read, Err(Error::NotFound)), "{read:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_reporter_who_is_shut_out_is_neither_asked_nor_answers_nor_keeps_what_was_asked() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.expect("told").concern;
    concerns::answer_sender(services, &mut app.ctx(people.dsl), id, QUESTION).await.expect("asked");
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.practitioner).await.expect("shut out");
    let ctx = &mut app.ctx(people.practitioner);
    assert!(matches!(concerns::receipt(services, ctx, id).await, Err(Error::NotFound)));
    let answered = concerns::answer_holder(services, ctx, id, ANSWER).await;
    assert!(matches!(answered, Err(Error::NotFound)), "{answered:?}");
    let notices = notices::mine(services, ctx).await.expect("theirs");
    assert!(notices.iter().all(|notice| !notice.link.contains(&id.to_string())), "{notices:?}");
    let asked = concerns::answer_sender(services, &mut app.ctx(people.dsl), id, QUESTION).await;
    assert!(matches!(asked, Err(Error::NotFound)), "{asked:?}");
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("hers");
    assert!(!view.can_be_asked);
    // Who told it oneself asks nobody.
    let own = concerns::report(services, &mut app.ctx(people.dsl), app.breach()).await.expect("told").concern;
    assert!(!concerns::open(services, &mut app.ctx(people.dsl), own).await.expect("hers").can_be_asked);
    // Of an allegation the case manager asks, and the one it is about learns nothing.
    let about =
        concerns::Report { kind: ConcernKind::AdultHere, about: About::Person(people.colleague), ..app.breach() };
    let id = concerns::report(services, &mut app.ctx(people.practitioner), about).await.expect("told").concern;
    concerns::answer_sender(services, &mut app.ctx(people.manager), id, QUESTION).await.expect("asked");
    let lead = concerns::answer_sender(services, &mut app.ctx(people.dsl), id, QUESTION).await;
    assert!(matches!(lead, Err(Error::NotFound)), "{lead:?}");
    concerns::answer_holder(services, &mut app.ctx(people.practitioner), id, ANSWER).await.expect("answered");
    let all = notices::mine(services, &app.ctx(people.colleague)).await.expect("theirs");
    assert!(all.iter().all(|notice| !notice.link.contains(&id.to_string())));
    app.end().await;
}
