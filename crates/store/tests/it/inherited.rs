//! What is made from a concern is not there for whom the concern is not there: hold, proposal, action, review, notice
//! (S8). Their owner need not be able to read the case.

use domain::DeviceId;
use domain::concern::Urgency;
use jiff::civil::date;
use serde_json::json;
use store::words::{DeviceKind, Direction, ProposalState};
use store::{Db, Scope, Sees, devices, filtering, follow_up, notices};
use testkit::{House, NewConcern, World};
use uuid::Uuid;

/// Run by the contract, on both engines.
pub(crate) async fn what_is_made_from_a_concern_inherits_its_exclusions(db: &Db, world: &World) {
    let house = House::build(db, &mut world.system(), "Acorns").await.unwrap();
    let excluded = NewConcern { excluded: &[house.deputy], ..NewConcern::new("seen") };
    let hidden = house.concern(db, &mut world.system(), excluded).await.unwrap();
    let plain = house.concern(db, &mut world.system(), NewConcern::new("seen")).await.unwrap();
    for concern in [None, Some(hidden), Some(plain)] {
        make(db, world, &house, concern).await;
    }
    let nobody_special = House::sees(house.practitioner, &[]);
    assert_eq!(seen(db, world, &house, &nobody_special).await, [3; 6], "no case rights are needed");
    assert_eq!(seen(db, world, &house, &house.lead()).await, [3; 6]);
    let deputy = House::sees(house.deputy, &[domain::concern::RouteKind::Safeguarding]);
    assert_eq!(seen(db, world, &house, &deputy).await, [2; 6], "but shut out is shut out");
}

/// One of each, from a concern or from none.
async fn make(db: &Db, world: &World, house: &House, concern_id: Option<domain::ConcernId>) {
    let setting_id = house.setting;
    let mut tx = db.write(&mut world.system(), Scope::Setting(setting_id), "concern.follow_up").await.unwrap();
    let device = devices::Device {
        id: tx.fresh::<DeviceId>(),
        setting_id,
        name: "Tablet".into(),
        kind: DeviceKind::Tablet,
        group_key: "children".into(),
        room_id: None,
        person_id: None,
        mac: None,
        addresses: json!([]),
        proxy_user: None,
        proxy_password_sha256: None,
        doh_path: None,
        check_passed_at: None,
        cannot_hold: false,
        retired_at: None,
        version: 1,
    };
    devices::add(&mut tx, &device).await.unwrap();
    let hold = devices::Hold {
        id: tx.fresh(),
        setting_id,
        device_id: device.id,
        concern_id,
        placed_by: house.practitioner,
        placed_at: tx.now(),
        until_at: None,
        confirmed_by: None,
        released_at: None,
        released_by: None,
        custody: None,
        reason: None,
    };
    devices::add_hold(&mut tx, &hold).await.unwrap();
    let proposal = filtering::Proposal {
        id: tx.fresh(),
        setting_id,
        change: json!({}),
        direction: Direction::Tightens,
        reason: "it got through".into(),
        risk: json!({}),
        concern_id,
        proposed_by: house.dsl,
        proposed_at: tx.now(),
        state: ProposalState::Waiting,
        decided_by: None,
        decided_at: None,
        decision_note: None,
        lead_agreed_by: None,
        lead_agreed_at: None,
        everybody_told_at: None,
        applied_number: None,
        base_number: 1,
        version: 1,
    };
    filtering::add_proposal(&mut tx, &proposal).await.unwrap();
    let action = follow_up::Action {
        id: tx.fresh(),
        setting_id,
        concern_id,
        title: "Talk it over".into(),
        owner_id: house.practitioner,
        due: date(2026, 3, 9),
        made_by: house.dsl,
        made_at: tx.now(),
        done_at: None,
        done_by: None,
        done_note: None,
        version: 1,
    };
    follow_up::add(&mut tx, &action).await.unwrap();
    let review = follow_up::Review {
        id: tx.fresh(),
        setting_id,
        concern_id,
        what: "filtering".into(),
        why: "it got through".into(),
        opened_at: tx.now(),
        opened_by: None,
        due: date(2026, 3, 9),
        closed_at: None,
        closed_by: None,
        outcome: None,
    };
    follow_up::add_review(&mut tx, &review).await.unwrap();
    for person_id in [house.dsl, house.deputy, house.practitioner] {
        let notice = notices::Notice {
            id: tx.fresh::<Uuid>(),
            setting_id,
            person_id,
            urgency: Urgency::Prompt,
            link: "/".into(),
            concern_id,
            made_at: tx.now(),
            mailed_at: None,
            mail_failed: None,
            seen_at: None,
        };
        notices::add(&mut tx, &notice).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// How many of each a viewer sees: holds, proposals, actions, reviews, own notices, the outbox' thirds.
async fn seen(db: &Db, world: &World, house: &House, sees: &Sees) -> [usize; 6] {
    let setting = house.setting;
    let reader = db.read(Scope::Setting(setting)).await.unwrap();
    let own = notices::list_unseen(&reader, setting, sees).await.unwrap().len();
    assert_eq!(notices::count_unseen(&reader, setting, sees).await.unwrap(), own as u64);
    [
        devices::list_holds(&reader, setting, sees, world.now()).await.unwrap().len(),
        filtering::list_proposals(&reader, setting, sees, None).await.unwrap().len(),
        follow_up::list(&reader, setting, sees, &follow_up::Filter::default()).await.unwrap().len(),
        follow_up::list_reviews(&reader, setting, sees, follow_up::Which::Open).await.unwrap().len(),
        own,
        notices::list_outbox(&reader, setting, sees, 100).await.unwrap().len() / 3,
    ]
}
