//! What the setting itself says: who takes allegations, and an area without a pack.

use super::*;

#[tokio::test]
async fn one_named_person_takes_allegations_adds_files_and_never_hears_of_their_own() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let name = async |who, person| people::name_case_manager(services, &mut app.ctx(who), person).await;
    assert!(name(people.dsl, Some(people.deputy)).await.is_err(), "who appoints decides");
    refuses(&name(people.manager, Some(people.practitioner)).await, "person");
    name(people.manager, Some(people.deputy)).await.expect("named");
    let about = async |person| {
        let report = Report { kind: ConcernKind::AdultHere, about: About::Person(person), ..app.breach() };
        concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern
    };
    let sees = async |who, id| concerns::open(services, &mut app.ctx(who), id).await.is_ok();
    let first = about(people.colleague).await;
    assert!(sees(people.deputy, first).await, "the one who is named");
    for other in [people.dsl, people.deputy_2, people.manager, people.chair] {
        assert!(!sees(other, first).await, "never several");
    }
    attachments::add(services, &mut app.ctx(people.deputy), first, letter()).await.expect("adds files");
    // About the one who is named, or somebody close: past them, without a trace.
    let own = about(people.deputy).await;
    assert!(!sees(people.deputy, own).await && sees(people.manager, own).await);
    attachments::add(services, &mut app.ctx(people.manager), own, letter()).await.expect("who holds it adds files");
    app.tie(people.deputy, people.technician).await;
    let close = about(people.technician).await;
    assert!(!sees(people.deputy, close).await && sees(people.manager, close).await);
    // On the other route the manager still adds none (S17).
    let breach = told(&app, ConcernKind::FilterBreach, "A picture.").await;
    concerns::invite(services, &mut app.ctx(people.dsl), breach, people.manager, "Knows the family.".into())
        .await
        .expect("let in");
    assert!(sees(people.manager, breach).await);
    let refused = attachments::add(services, &mut app.ctx(people.manager), breach, letter()).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    name(people.chair, None).await.expect("nobody by name");
    assert!(sees(people.manager, about(people.colleague).await).await);
    app.work().await;
    app.end().await;
}

const PACK: &str = r#"
[[agency]]
key = "lado"
name = "Essex LADO"
when = "About an adult who works with children."
phone = "03330 139797"
last_checked = "2024-01-10"
source = "Invented for a test"

[[agency]]
key = "essex_hub"
name = "Essex Children and Families Hub"
when = "A child may be suffering harm."
phone = "0345 603 7627"
last_checked = "2026-02-01"
source = "Invented for a test"
"#;

#[tokio::test]
async fn an_area_without_a_pack_is_entered_by_hand_or_brought_as_a_file_and_grows_old() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let directory = async || agencies::directory(services, &app.ctx(people.dsl)).await.expect("directory");
    assert!(directory().await.entries.iter().any(|entry| entry.agency.name.contains("Kent")));
    assert!(agencies::set_area(services, &mut app.ctx(people.dsl), "other").await.is_err(), "the manager\u{2019}s");
    refuses(&agencies::set_area(services, &mut app.ctx(people.manager), "atlantis").await, "area");
    agencies::set_area(services, &mut app.ctx(people.manager), "other").await.expect("elsewhere");
    assert!(
        directory().await.entries.iter().all(|entry| !entry.agency.name.contains("Kent")),
        "no number of another council"
    );
    let by_hand = Details {
        name: Some("Anytown School Nurse".into()),
        when: Some("A child’s health worries you.".into()),
        phone: Some("01234 567890".into()),
        ..Details::default()
    };
    let key = agencies::add(services, &mut app.ctx(people.dsl), by_hand.clone(), "Rang it.").await.expect("entered");
    refuses(&agencies::add(services, &mut app.ctx(people.dsl), by_hand, "Rang it.").await, "name");
    refuses(&agencies::take_pack(services, &mut app.ctx(people.dsl), "[[agency]]\nkey = 3").await, "pack");
    assert_eq!(agencies::take_pack(services, &mut app.ctx(people.dsl), PACK).await.expect("taken"), 2);
    let found = directory().await;
    let of = |key: &str| found.entries.iter().find(|entry| entry.agency.key == key).expect("there");
    assert_eq!(of(&key).agency.phone.as_deref(), Some("01234 567890"));
    assert_eq!(of("essex_hub").agency.name, "Essex Children and Families Hub");
    assert!(!of("essex_hub").old, "its own day counts");
    app.pass(SignedDuration::from_mins(1)).await;
    let checked = Details { phone: Some("01234 000000".into()), ..Details::default() };
    agencies::check(services, &mut app.ctx(people.dsl), "essex_hub", checked, "Rang it.").await.expect("checked");
    let found = directory().await;
    let hub = found.entries.iter().find(|entry| entry.agency.key == "essex_hub").expect("there");
    assert_eq!(
        (hub.agency.name.as_str(), hub.agency.phone.as_deref()),
        ("Essex Children and Families Hub", Some("01234 000000"))
    );
    app.pass(SignedDuration::from_hours(24 * 400)).await;
    let stale = directory().await;
    assert!(stale.entries.iter().find(|entry| entry.agency.key == key).expect("there").old, "after a year it says so");
    app.end().await;
}
