//! Referrals from a draft to an outcome, the decision not to refer, who may be told when, and letters to families.

use std::collections::BTreeMap;

use app::concerns::{self, What};
use app::referrals::{self, Change, Decision, New, NewLetter, Shelf, Text};
use app::testing::TestApp;
use app::{Error, agencies, notices};
use domain::concern::EntryKind;
use domain::referral::{Consent, ReferralState};
use domain::{ConcernId, ReferralId};
use jiff::SignedDuration;

async fn breach(app: &TestApp) -> ConcernId {
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await;
    let id = filed.expect("filed").concern;
    concerns::open(&app.services, &mut app.ctx(app.people.dsl), id).await.expect("opens");
    id
}

fn text(consent: Consent, reason: Option<&str>) -> Text {
    let answers = BTreeMap::from([("concern".to_owned(), "A picture came up.".to_owned())]);
    Text { answers, consent, consent_reason: reason.map(str::to_owned) }
}

fn to(agency: &str, text: Text) -> New {
    New { agency: agency.to_owned(), step: None, decision: Decision::Refer(text) }
}

async fn drafted(app: &TestApp, id: ConcernId, agency: &str) -> ReferralId {
    let new = to(agency, text(Consent::Given, None));
    referrals::add(&app.services, &mut app.ctx(app.people.dsl), id, new).await.expect("drafted")
}

async fn change(app: &TestApp, id: ReferralId, change: Change) -> Result<ConcernId, Error> {
    let ctx = &mut app.ctx(app.people.dsl);
    let version = referrals::one(&app.services, ctx, id).await.expect("there").version;
    referrals::change(&app.services, ctx, id, change, version).await
}

fn sent(app: &TestApp, before_its_turn: bool) -> Change {
    Change::Sent { how: "telephone".into(), at: app.world.now(), reference: Some("FD 12".into()), before_its_turn }
}

async fn it_could_be_illegal(app: &TestApp, id: ConcernId) {
    let fields = [("answer", "not_sure".to_owned()), ("why", "It looked young.".to_owned())];
    let step = crate::breach_journey::step(app, "could_be_illegal", &fields);
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, step).await.expect("recorded");
}

#[tokio::test]
async fn from_a_draft_to_an_outcome_with_everything_in_the_chronology() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = breach(&app).await;
    let begun = referrals::begin(services, &app.ctx(people.dsl), id, Some("front_door"), None).await.expect("begins");
    assert!(begun.filled["children"].contains("Joy Child"), "{:?}", begun.filled);
    assert!(begun.filled["concern"].contains("search for penguins"), "the facts are filled in");
    assert!(begun.filled["writer"].contains("Amara Lead"));

    // Without agreement only with a reason.
    let bare = to("front_door", text(Consent::Overridden, None));
    let refused = referrals::add(services, &mut app.ctx(people.dsl), id, bare).await;
    assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields.contains_key("consent_reason")), "{refused:?}");
    let why = Some("Asking would raise the risk to the child.");
    let new = to("front_door", text(Consent::Overridden, why));
    let referral = referrals::add(services, &mut app.ctx(people.dsl), id, new).await.expect("drafted");

    change(&app, referral, sent(&app, false)).await.expect("never locked");
    let view = referrals::one(services, &mut app.ctx(people.dsl), referral).await.expect("there");
    assert_eq!((view.state, view.reference.as_deref()), (ReferralState::Sent, Some("FD 12")));
    assert!(view.chase_at.is_some_and(|at| at > app.world.now()) && !view.late);

    // They are silent: whoever works it is told, and the list says so.
    app.pass(SignedDuration::from_hours(24 * 5)).await;
    let open = referrals::list(services, &app.ctx(people.dsl), Shelf::Open, 0).await.expect("list").rows;
    assert!(open.iter().any(|row| row.id == referral && row.late), "late");
    let waiting = notices::mine(services, &app.ctx(people.deputy)).await.expect("notices");
    let link = format!("/concerns/{id}");
    assert!(waiting.iter().filter(|notice| notice.link == link).count() >= 2, "told again: {waiting:?}");

    let asked = Change::Chased { at: app.world.now(), words: "The duty desk, who looks into it".into() };
    change(&app, referral, asked).await.expect("asked again");
    let had = Change::Acknowledged { at: app.world.now(), reference: None, words: "Mx Duty rang".into() };
    change(&app, referral, had).await.expect("acknowledged");
    let outcome = Change::Outcome { at: app.world.now(), words: "Early help was offered.".into() };
    change(&app, referral, outcome).await.expect("outcome");
    let again = change(&app, referral, sent(&app, false)).await;
    assert!(matches!(again, Err(Error::Invalid(_))), "an outcome stands: {again:?}");
    let done = referrals::list(services, &app.ctx(people.dsl), Shelf::Finished, 0).await.expect("list").rows;
    assert!(done.iter().any(|row| row.id == referral));

    let case = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let said: Vec<&str> = case
        .chronology
        .iter()
        .filter(|entry| entry.what == What::Said(EntryKind::Referral))
        .map(|entry| entry.text.as_str())
        .collect();
    assert_eq!(said.len(), 5, "{said:?}");
    assert!(said[1].contains("FD 12") && said[4].contains("Early help"), "{said:?}");
    let paper = referrals::on_paper(services, &mut app.ctx(people.dsl), referral).await.expect("paper");
    let rows: Vec<_> = paper.sections.iter().flat_map(|section| &section.rows).collect();
    assert!(rows.iter().any(|(_, value)| value.contains("Asking would raise the risk")), "{rows:?}");
    assert!(paper.audit_head.is_some());
    app.end().await;
}

#[tokio::test]
async fn two_people_at_one_referral_notice_each_other() {
    let app = TestApp::new().await;
    let id = breach(&app).await;
    let referral = drafted(&app, id, "lesas").await;
    change(&app, referral, sent(&app, false)).await.expect("sent");
    let late = Change::NotMade { reason: "We think it is not needed after all.".into() };
    let late = referrals::change(&app.services, &mut app.ctx(app.people.deputy), referral, late, 0).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    app.end().await;
}

#[tokio::test]
async fn not_referring_is_a_decision_with_its_reason() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = breach(&app).await;
    let not = |reason: &str| New {
        agency: "front_door".into(),
        step: None,
        decision: Decision::Not { reason: reason.into() },
    };
    let bare = referrals::add(services, &mut app.ctx(people.dsl), id, not("no")).await;
    assert!(matches!(&bare, Err(Error::Invalid(fields)) if fields.contains_key("reason")), "{bare:?}");
    let reason = "A cartoon, seen for a second; both families know and are calm.";
    let referral = referrals::add(services, &mut app.ctx(people.dsl), id, not(reason)).await.expect("decided");
    let case = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert!(case.chronology.iter().any(|entry| entry.text.contains(reason)));
    // One may think again, and the record keeps both.
    change(&app, referral, sent(&app, false)).await.expect("referred after all");
    app.end().await;
}

#[tokio::test]
async fn police_and_social_care_are_never_locked_and_another_setting_is_until_advice() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = breach(&app).await;
    it_could_be_illegal(&app, id).await;
    for agency in ["police", "front_door", "lado", "ofsted", "ico", "nhs", "iwf", "ceop"] {
        let referral = drafted(&app, id, agency).await;
        change(&app, referral, sent(&app, false)).await.unwrap_or_else(|error| panic!("{agency}: {error}"));
        referrals::on_paper(services, &mut app.ctx(people.dsl), referral).await.expect("printed");
    }
    let other = drafted(&app, id, "other_setting").await;
    let locked = change(&app, other, sent(&app, false)).await;
    assert!(matches!(locked, Err(Error::Locked(_))), "{locked:?}");
    let paper = referrals::on_paper(services, &mut app.ctx(people.dsl), other).await;
    assert!(matches!(paper, Err(Error::Locked(_))), "nor printed");
    // What has happened is recorded, marked for ever, and the others are told (S1).
    change(&app, other, sent(&app, true)).await.expect("recorded as it was");
    let case = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let entry = case.chronology.iter().rfind(|entry| entry.text.contains("safeguarding lead of another setting"));
    assert!(entry.is_some_and(|entry| entry.out_of_order), "{:?}", case.chronology);
    app.end().await;
}

#[tokio::test]
async fn a_letter_goes_to_one_safe_adult_names_no_other_child_and_waits_for_advice() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = breach(&app).await;
    let chosen = Some((people.child, people.parent));
    let early = referrals::recipients(services, &app.ctx(people.dsl), id, chosen).await.expect("list");
    assert!(early.locked.is_some(), "whether it could be illegal comes first");
    let letter = |text: &str| NewLetter { child: people.child, to: people.parent, text: text.into() };
    let locked = referrals::write(services, &mut app.ctx(people.dsl), id, letter("Dear Ida Parent")).await;
    assert!(matches!(locked, Err(Error::Locked(_))), "{locked:?}");

    let fields = [("answer", "no".to_owned()), ("why", "A cartoon.".to_owned())];
    let step = crate::breach_journey::step(&app, "could_be_illegal", &fields);
    concerns::record(services, &mut app.ctx(people.dsl), id, step).await.expect("recorded");
    let found = referrals::recipients(services, &app.ctx(people.dsl), id, chosen).await.expect("list");
    assert!(found.locked.is_none() && found.text.contains("Joy") && found.text.contains("Ida Parent"), "{found:?}");
    assert!(!found.text.contains('{'), "everything is filled in: {}", found.text);

    let claims = referrals::write(services, &mut app.ctx(people.dsl), id, letter(&found.text)).await;
    assert!(matches!(&claims, Err(Error::Invalid(fields)) if fields["text"].contains("Write here")), "{claims:?}");
    let mut text = found.text.clone();
    while let (Some(from), Some(until)) = (text.find('['), text.find(']')) {
        text.replace_range(from..=until, "An adult was there.");
    }
    let naming = format!("{text} Kit Child saw it too.");
    let refused = referrals::write(services, &mut app.ctx(people.dsl), id, letter(&naming)).await;
    assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields["text"].contains("Kit Child")), "{refused:?}");
    let to_colleague = NewLetter { to: people.colleague, ..letter(&text) };
    let refused = referrals::write(services, &mut app.ctx(people.dsl), id, to_colleague).await;
    assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields.contains_key("to")), "{refused:?}");
    let kept = referrals::write(services, &mut app.ctx(people.dsl), id, letter(&text)).await.expect("kept");
    let paper = referrals::letter_on_paper(services, &mut app.ctx(people.dsl), kept).await.expect("paper");
    assert!(paper.marking.is_none() && paper.audit_head.is_none(), "a letter is not the record");

    // Whom the register says not to contact gets none from here.
    let lead = &mut app.ctx(people.dsl);
    let known = app::people::lookup(services, lead, people.child).await.expect("known");
    app::people::remove_tie(services, lead, known.ties[0].id).await.expect("taken away");
    let draft = app::people::TieDraft {
        other: people.parent,
        kind: app::people::Tie::Parent,
        parental_responsibility: true,
        court_order: Some("No contact, Anytown Family Court".into()),
        do_not_contact: true,
        never_disclose_address: true,
    };
    app::people::add_tie(services, lead, people.child, draft).await.expect("tied");
    let found = referrals::recipients(services, &app.ctx(people.dsl), id, None).await.expect("list");
    assert!(found.adults[0].never.is_some(), "{:?}", found.adults);
    let refused = referrals::write(services, &mut app.ctx(people.dsl), id, letter("Dear Ida Parent")).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    app.end().await;
}

#[tokio::test]
async fn a_checked_number_holds_on_every_page_and_the_pack_stays_beside_it() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let details = agencies::Details { phone: Some("03000 99 99 99".into()), ..agencies::Details::default() };
    let practitioner = &mut app.ctx(people.practitioner);
    let refused = agencies::check(services, practitioner, "front_door", details.clone(), "Rang it").await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    app.world.pass(SignedDuration::from_hours(24 * 800));
    agencies::check(services, &mut app.ctx(people.dsl), "front_door", details.clone(), "Rang it").await.expect("kept");
    let wrong = agencies::Details { phone: Some("ring me".into()), ..details };
    let refused = agencies::check(services, &mut app.ctx(people.dsl), "front_door", wrong, "Rang it").await;
    assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields.contains_key("phone")), "{refused:?}");

    let directory = agencies::directory(services, &app.ctx(people.practitioner)).await.expect("directory");
    let entry = directory.entries.iter().find(|entry| entry.agency.key == "front_door").expect("listed");
    assert_eq!(entry.agency.phone.as_deref(), Some("03000 99 99 99"));
    assert!(entry.pack.is_some() && !entry.old && entry.checked.as_ref().is_some_and(|check| check.by == "Amara Lead"));
    let lado = directory.entries.iter().find(|entry| entry.agency.key == "lado").expect("listed");
    assert!(lado.old, "more than a year later the others are old");
    let sheet = app::contacts::sheet(services, &app.ctx(people.practitioner)).await.expect("sheet");
    assert!(sheet.outside.iter().any(|agency| agency.phone.as_deref() == Some("03000 99 99 99")));
    // Families see what is for them, and no more.
    let theirs = agencies::directory(services, &app.ctx(people.parent)).await.expect("directory");
    assert!(theirs.entries.iter().all(|entry| entry.agency.for_families) && !theirs.may_check);
    app.end().await;
}

#[tokio::test]
async fn a_long_list_comes_part_by_part_and_what_is_to_be_asked_about_soonest_comes_first() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = breach(&app).await;
    let setting = store::Scope::Setting(app.setting);
    let mut tx = services.db.write(&mut app.world.system(), setting, "test.refer").await.unwrap();
    let now = app.world.now();
    for at in 0..63_i64 {
        // Every third waits for nobody; of the others what was made first is to be asked about last.
        let row = store::working::Referral {
            id: tx.fresh(),
            setting_id: app.setting,
            concern_id: id,
            agency: "front_door".into(),
            step: None,
            state: ReferralState::Sent,
            answers: serde_json::json!({}),
            consent: Consent::Given,
            consent_reason: None,
            reason: None,
            how: None,
            sent_at: Some(now),
            reference: None,
            acknowledged_at: None,
            outcome: None,
            outcome_at: None,
            chase_at: (at % 3 != 0).then(|| now - SignedDuration::from_hours(at - 30)),
            made_by: people.dsl,
            made_at: now + SignedDuration::from_secs(at),
            version: 0,
        };
        store::working::add_referral(&mut tx, &row).await.unwrap();
    }
    tx.commit().await.unwrap();
    let ctx = app.ctx(people.dsl);
    let mut seen = Vec::new();
    for (part, rows, more) in [(0, 50, true), (1, 13, false), (2, 0, false), (usize::MAX, 0, false)] {
        let listed = referrals::list(services, &ctx, Shelf::Open, part).await.expect("list");
        assert_eq!((listed.rows.len(), listed.more), (rows, more), "part {part}");
        seen.extend(listed.rows.into_iter().map(|row| (row.chase_at.is_none(), row.chase_at, row.late, row.id)));
    }
    assert!(seen.is_sorted_by_key(|(none, chase, ..)| (*none, *chase)), "the soonest first, across parts");
    let late = seen.iter().take_while(|(_, _, late, _)| *late).count();
    assert_eq!(late, seen.iter().filter(|(_, _, late, _)| *late).count(), "no late one behind one that is not");
    let different: std::collections::BTreeSet<_> = seen.iter().map(|(.., id)| *id).collect();
    assert_eq!(different.len(), 63, "each in exactly one part");
    let wall = app::wall::wall(services, &ctx).await.expect("the wall");
    let asked = wall.late.iter().chain(&wall.running).filter(|line| line.href.starts_with("/referrals/")).count();
    assert_eq!(asked, 42, "the wall has each that waits for an answer, on whichever part it is");
}
