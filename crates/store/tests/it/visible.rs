//! Nobody ever sees another setting's concern, nor one from which they are shut out: whatever was filed, excluded and
//! invited, in whatever order, by lookup, list, count, search, chronology and receipts alike (S8).

use std::collections::BTreeSet;

use domain::concern::{ConcernKind, RouteKind};
use domain::roster::Kinds;
use domain::{ConcernId, PersonId};
use proptest::prelude::*;
use store::concerns::{self, Exclusion, Filter, Invitation};
use store::{Db, Scope, search};
use testkit::{House, NewConcern, World};

/// What happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    File { house: usize, allegation: bool, kind: ConcernKind },
    Exclude { concern: usize, person: usize },
    Invite { concern: usize, person: usize },
    Lift { concern: usize, person: usize },
}

/// What should be visible.
struct Case {
    house: usize,
    id: ConcernId,
    route: RouteKind,
    kind: ConcernKind,
    excluded: BTreeSet<PersonId>,
    invited: BTreeSet<PersonId>,
}

const KINDS: [ConcernKind; 3] = [ConcernKind::FilterBreach, ConcernKind::Bullying, ConcernKind::Hate];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2_usize, any::<bool>(), proptest::sample::select(KINDS.to_vec()))
            .prop_map(|(house, allegation, kind)| Step::File { house, allegation, kind }),
        3 => (0..8_usize, 0..4_usize).prop_map(|(concern, person)| Step::Exclude { concern, person }),
        2 => (0..8_usize, 0..4_usize).prop_map(|(concern, person)| Step::Invite { concern, person }),
        1 => (0..8_usize, 0..4_usize).prop_map(|(concern, person)| Step::Lift { concern, person }),
    ]
}

fn staff(house: &House) -> [PersonId; 4] {
    [house.dsl, house.deputy, house.manager, house.practitioner]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_one_may_not_know_is_not_there(steps in proptest::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let test = testkit::db().await;
            check(&test.db, &World::new(7), &steps).await;
        });
    }
}

/// The same on the other engine, with a fixed course of events.
pub(crate) async fn check_on(db: &Db, world: &World) {
    let mut steps = Vec::new();
    for number in 0..24_usize {
        steps.push(Step::File { house: number % 2, allegation: number % 3 == 0, kind: KINDS[number / 2 % 3] });
        steps.push(Step::Exclude { concern: number / 2, person: number % 4 });
        steps.push(Step::Invite { concern: number / 3, person: (number + 1) % 4 });
        steps.push(Step::Lift { concern: number / 4, person: (number + 2) % 4 });
    }
    check(db, world, &steps).await;
}

async fn check(db: &Db, world: &World, steps: &[Step]) {
    let houses = [
        House::build(db, &mut world.system(), "Acorns").await.unwrap(),
        House::build(db, &mut world.system(), "Beeches").await.unwrap(),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for step in steps {
        take(db, world, &houses, &mut cases, step).await;
    }
    for (number, house) in houses.iter().enumerate() {
        // The other house's people too: an id from elsewhere opens nothing here.
        for person in houses.iter().flat_map(staff) {
            for routes in [vec![], vec![RouteKind::Safeguarding], vec![RouteKind::Safeguarding, RouteKind::Allegation]]
            {
                for kinds in [Kinds::All, Kinds::Only([KINDS[1], KINDS[2]].into()), Kinds::Only(BTreeSet::new())] {
                    let sees = concerns::Sees { person, routes: routes.clone(), kinds };
                    compare(db, house, number, &cases, &sees).await;
                }
            }
        }
    }
}

async fn take(db: &Db, world: &World, houses: &[House; 2], cases: &mut Vec<Case>, step: &Step) {
    let (concern, person) = match *step {
        Step::File { house, allegation, kind } => {
            let route = if allegation { RouteKind::Allegation } else { RouteKind::Safeguarding };
            let new = NewConcern { route, kind, ..NewConcern::new("seen on the tablet") };
            let id = houses[house].concern(db, &mut world.system(), new).await.unwrap();
            cases.push(Case { house, id, route, kind, excluded: BTreeSet::new(), invited: BTreeSet::new() });
            return;
        }
        Step::Exclude { concern, person } | Step::Invite { concern, person } | Step::Lift { concern, person } => {
            (concern, person)
        }
    };
    let Some(case) = cases.get_mut(concern) else { return };
    let house = &houses[case.house];
    let person_id = staff(house)[person];
    let mut tx = db.write(&mut world.system(), Scope::Setting(house.setting), "concern.access").await.unwrap();
    let exclusion = Exclusion { concern_id: case.id, person_id, setting_id: house.setting, added_at: tx.now() };
    match step {
        Step::Exclude { .. } => {
            concerns::add_exclusion(&mut tx, &exclusion).await.unwrap();
            case.excluded.insert(person_id);
        }
        Step::Lift { .. } => {
            let lifted = concerns::lift_exclusion(&mut tx, &exclusion).await;
            assert_eq!(lifted.is_ok(), case.excluded.remove(&person_id));
        }
        _ if case.invited.insert(person_id) => {
            let invitation = Invitation {
                concern_id: case.id,
                person_id,
                setting_id: house.setting,
                invited_by: house.dsl,
                at: tx.now(),
                reason: "needed".into(),
            };
            concerns::add_invitation(&mut tx, &invitation).await.unwrap();
        }
        _ => {}
    }
    tx.commit().await.unwrap();
}

async fn compare(db: &Db, house: &House, number: usize, cases: &[Case], sees: &concerns::Sees) {
    let person = sees.person;
    let by_role = |case: &Case| sees.routes.contains(&case.route) && sees.kinds.cover(case.kind);
    let right = |case: &&Case| {
        case.house == number && !case.excluded.contains(&person) && (by_role(case) || case.invited.contains(&person))
    };
    let expected: BTreeSet<ConcernId> = cases.iter().filter(right).map(|case| case.id).collect();
    let reader = db.read(Scope::Setting(house.setting)).await.unwrap();
    let ids = |found: Vec<concerns::Concern>| found.into_iter().map(|concern| concern.id).collect::<BTreeSet<_>>();
    let listed = concerns::list(&reader, house.setting, sees, &Filter::default()).await.unwrap();
    assert_eq!(ids(listed), expected, "list");
    let counted = concerns::count(&reader, house.setting, sees, &Filter::unfinished()).await.unwrap();
    assert_eq!(counted, expected.len() as u64, "count");
    let found = search::list(&reader, house.setting, sees, "tablet", 1000).await.unwrap();
    assert_eq!(ids(found), expected, "search");
    for case in cases {
        let there = expected.contains(&case.id);
        let looked = concerns::lookup(&reader, house.setting, sees, case.id).await.unwrap();
        assert_eq!(looked.is_some(), there, "lookup");
        let entries = concerns::list_entries(&reader, house.setting, sees, case.id).await.unwrap();
        assert_eq!(entries.len(), usize::from(there), "chronology");
    }
    let receipts = concerns::list_receipts(&reader, house.setting, person).await.unwrap();
    let filed = cases
        .iter()
        .filter(|case| case.house == number && person == house.practitioner && !case.excluded.contains(&person));
    assert_eq!(receipts.len(), filed.count(), "receipts");
}

/// An index of which only the setting is used walks everything that the setting has, and a scan walks everything.
#[tokio::test]
async fn one_concern_is_read_by_its_own_key_however_many_there_are() {
    let (test, world) = (testkit::db().await, World::new(3));
    let house = House::build(&test.db, &mut world.system(), "Acorns").await.unwrap();
    let reader = test.db.read(Scope::Setting(house.setting)).await.unwrap();
    let sees = concerns::Sees { person: house.dsl, routes: vec![RouteKind::Safeguarding], kinds: Kinds::All };
    let any = uuid::Uuid::nil();
    let ids = (ConcernId(any), house.child, domain::DeviceId(any));
    let ways = concerns::ways(&reader, house.setting, &sees, ids).await.unwrap();
    assert_eq!(ways.len(), 6);
    for (what, steps) in ways {
        assert!(steps.iter().any(|step| step.starts_with("SEARCH")), "{what}: {steps:?}");
        for step in steps {
            let walks = step.starts_with("SCAN") || step.ends_with("(setting_id=?)");
            assert!(!walks, "{what} walks all of the setting: {step}");
        }
    }
}
