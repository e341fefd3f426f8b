//! One account in two settings (S41).

use app::accounts::{self, Token};
use app::testing::TestApp;
use app::{Error, people};
use domain::{Role, SettingId};
use store::Scope;

/// A second nursery in which the holder of this session is a colleague.
async fn second(app: &TestApp, visit: &accounts::Visit) -> SettingId {
    let mut system = app.world.system();
    let mut tx = app.services.db.write(&mut system, Scope::All, "test.second_setting").await.unwrap();
    let mut setting = store::settings::lookup(&tx, app.setting).await.unwrap().unwrap();
    let mut person = store::people::lookup(&tx, app.setting, visit.person).await.unwrap().unwrap();
    let membership = store::people::find_membership(&tx, app.setting, visit.account).await.unwrap();
    let mut membership = membership.unwrap();
    (setting.id, setting.name) = (tx.fresh(), "Dunlin Nursery".into());
    store::settings::add(&mut tx, &setting).await.unwrap();
    (person.id, person.setting_id, person.room_id) = (tx.fresh(), setting.id, None);
    store::people::add(&mut tx, &person).await.unwrap();
    (membership.id, membership.setting_id, membership.person_id) = (tx.fresh(), setting.id, person.id);
    store::people::add_membership(&mut tx, &membership).await.unwrap();
    let appointment = store::people::Appointment {
        id: tx.fresh(),
        setting_id: setting.id,
        person_id: person.id,
        role: Role::Practitioner,
        starts_at: tx.now(),
        ends_at: None,
        made_by: None,
        kinds: None,
    };
    store::people::add_appointment(&mut tx, &appointment).await.unwrap();
    tx.commit().await.unwrap();
    setting.id
}

#[tokio::test]
async fn a_session_goes_to_another_setting_and_its_roles_are_those_of_that_one() {
    let app = TestApp::new().await;
    let (word, _) = app.signed_in(app.people.manager).await;
    let token = Token::given(&word);
    let mut nobody = app.world.nobody();
    let visit = accounts::visit(&app.services, &mut nobody, &token).await.unwrap().unwrap();
    assert_eq!(visit.places, 1);
    let there = second(&app, &visit).await;

    let visit = accounts::visit(&app.services, &mut nobody, &token).await.unwrap().unwrap();
    assert_eq!(visit.places, 2);
    let mut ctx = app.world.ctx(visit.actor.clone());
    let places = accounts::list_places(&app.services, &ctx).await.unwrap();
    let seen: Vec<_> = places.iter().map(|place| (place.setting, place.here)).collect();
    assert!(seen.contains(&(app.setting, true)) && seen.contains(&(there, false)), "{places:?}");
    assert!(people::list(&app.services, &ctx, None).await.is_ok(), "the manager sees the register");

    let nowhere = SettingId(uuid::Uuid::from_u128(7));
    let refused = accounts::choose_place(&app.services, &mut ctx, &visit, nowhere).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    let gone = accounts::choose_place(&app.services, &mut ctx, &visit, there).await.unwrap();
    assert!(
        accounts::visit(&app.services, &mut nobody, &token).await.unwrap().is_none(),
        "the old word is worth nothing"
    );
    let visit = accounts::visit(&app.services, &mut nobody, &gone.token).await.unwrap().unwrap();
    assert_eq!((visit.setting, visit.roles.len()), (there, 1));
    let ctx = app.world.ctx(visit.actor.clone());
    assert!(people::list(&app.services, &ctx, None).await.is_err(), "a colleague there does not");
    app.end().await;
}
