//! Sealed addresses: refused to everybody, known to nobody else, let go on somebody’s word.

use super::*;

/// What the gateway would answer with the newest snapshot.
fn blocked(app: &TestApp, url: &str, sees_urls: bool) -> bool {
    let snapshot = app.gateway.published().last().cloned().expect("published");
    let prepared = Prepared::new(snapshot, Arc::new(SealedTier::not_supplied())).expect("a good one");
    let url = CanonicalUrl::parse(url).expect("a URL");
    let request = Request { url: sees_urls.then_some(&url), ..Request::of("children", url.host()) };
    let verdict = decide(&prepared, &Lists::missing(), &request, app.world.now());
    verdict.outcome == Outcome::Block && verdict.cause == filter::Cause::Sealed
}

#[tokio::test]
async fn an_address_is_refused_to_everybody_and_known_to_nobody_else() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let breach = told(&app, ConcernKind::FilterBreach, "A picture.").await;
    let id = told(&app, ConcernKind::IndecentImage, "An address was seen.").await;
    look(&app, people.dsl, id).await;
    let seal =
        async |who, id, address: &str, whole| addresses::seal(services, &mut app.ctx(who), id, address, whole).await;
    refuses(&seal(people.dsl, breach, "bad.example", true).await, "address");
    for never in ["childline.org.uk", "https://www.childline.org.uk/x", "time.apple.com", "two words", "nodots"] {
        refuses(&seal(people.dsl, id, never, true).await, "address");
    }
    let site = seal(people.dsl, id, "https://zanderfish.example/a.html", true).await.expect("sealed");
    seal(people.dsl, id, "https://big.example/zanderpage/", false).await.expect("sealed");
    let stranger = seal(people.practitioner, id, "other.example", true).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    assert!(
        blocked(&app, "http://www.zanderfish.example/", false),
        "in force at once, for a path that sees names alone"
    );
    assert!(!blocked(&app, "http://big.example/", true), "the page alone");
    assert!(
        blocked(&app, "http://big.example/zanderpage/x", true)
            && !blocked(&app, "http://big.example/zanderpage/x", false)
    );
    // Neither the snapshot, nor the policy, nor the record says what it is; the concern shows it inert.
    let snapshot = serde_json::to_string(&app.gateway.published()).expect("text");
    assert!(!snapshot.contains("zander"), "the gateway holds no word of it");
    let view = look(&app, people.dsl, id).await;
    assert!(view.chronology.iter().all(|entry| !entry.text.contains("zander")), "nor a print of the concern");
    let listed = addresses::list(services, &app.ctx(people.dsl), id).await.expect("list");
    assert_eq!(listed.rows[0].defanged, "hxxps[:]//zanderfish[.]example/a[.]html");
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.deputy).await.expect("shut out");
    let theirs = addresses::list(services, &app.ctx(people.deputy), id).await;
    assert!(matches!(theirs, Err(Error::NotFound)));
    let hits = concerns::search(services, &mut app.ctx(people.deputy), "zanderfish").await.expect("search");
    assert!(hits.is_empty());
    // Copied for the police: in the audit, and in who looked.
    app.signed_in(people.dsl).await;
    let whole = addresses::copy(services, &mut app.ctx(people.dsl), id, site).await.expect("copied");
    assert_eq!(whole, "https://zanderfish.example/a.html");
    let (_, looks) = concerns::looks(services, &app.ctx(people.dsl), id).await.expect("looks");
    assert!(looks.iter().any(|look| look.did.contains("IWF")), "{looks:?}");
    // It ends by release alone, behind the same gate as a held device.
    let release = async |who| addresses::release(services, &mut app.ctx(who), id, site, "The police, 46/1/26.").await;
    hold_without_word(&app, id).await;
    let early = release(people.dsl).await;
    assert!(matches!(early, Err(Error::Locked(_))), "{early:?}");
    assert!(blocked(&app, "http://zanderfish.example/", false));
    let_go(&app, id).await;
    refuses(&addresses::release(services, &mut app.ctx(people.dsl), id, site, " ").await, "word");
    release(people.dsl).await.expect("released");
    assert!(!blocked(&app, "http://zanderfish.example/", false));
    assert!(blocked(&app, "http://big.example/zanderpage/x", true), "the other stays");
    app.work().await;
    app.end().await;
}

/// The device was locked away: from then on nothing is released before somebody's word.
async fn hold_without_word(app: &TestApp, id: ConcernId) {
    let answers = [("held", "none"), ("where", "No device.")];
    record(app, id, "hold_device", &answers).await;
}

/// It was judged, and the police let everything go.
async fn let_go(app: &TestApp, id: ConcernId) {
    for (key, wanted) in [("judge", "no"), ("agency_word", "released")] {
        let view = look(app, app.people.dsl, id).await;
        let step = &view.steps.iter().find(|state| state.step.key == key).expect("there").step;
        let mut answers = domain::procedure::Answers::new();
        for field in &step.fields {
            let only = field.only_if.as_ref();
            let asked = only.is_none_or(|only| answers.get(&only.field).is_some_and(|said| only.is.contains(said)));
            if !asked || !field.required {
                continue;
            }
            let chosen = field.choices.iter().find(|choice| choice.value == wanted);
            let answer = match field.kind {
                domain::procedure::FieldKind::Choice => {
                    chosen.or(field.choices.first()).map(|choice| choice.value.clone()).expect("choices")
                }
                domain::procedure::FieldKind::When => app.world.now().to_string(),
                domain::procedure::FieldKind::Staff => app.people.technician.to_string(),
                _ => "PC 4711.".to_owned(),
            };
            answers.insert(field.key.clone(), answer);
        }
        let said: Vec<(&str, &str)> = answers.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        record(app, id, key, &said).await;
    }
}

async fn record(app: &TestApp, id: ConcernId, step: &str, answers: &[(&str, &str)]) {
    let attempt = concerns::StepAttempt {
        step: step.into(),
        act: domain::procedure::Act::AlreadyHappened,
        answers: answers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        reason: None,
        event_at: app.world.now(),
        seen: 9,
        device: None,
        leave: app::holds::Leave::None,
    };
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, attempt).await.expect("recorded");
}
