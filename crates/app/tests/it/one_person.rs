//! A setting where only one person may approve (S45): what weakens is in force by another person's word, or a day after everybody was told;
//! never by its author's alone for children. Whatever people press in whatever order.

use app::filtering::decide::{self, Decide, Verdict};
use app::filtering::{Change, Direction, Policy, direction, view};
use app::testing::TestApp;
use domain::PersonId;
use domain::setting::FourEyes;
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::filtering::{agree, propose, say, set_four_eyes, with_staff};

#[tokio::test]
async fn the_question_is_asked_in_set_up_and_the_leads_hear_of_the_answer() {
    let app = TestApp::new().await;
    let people = app.people;
    let manager = || app.ctx(people.manager);
    let standing = app::setup::approving(&app.services, &manager()).await.unwrap();
    assert_eq!((standing.four_eyes, standing.approvers), (FourEyes::AnotherPerson, 1));
    app::setup::set_approving(&app.services, &mut manager(), FourEyes::ChairOrDelay).await.unwrap();
    let told = app::notices::mine(&app.services, &app.ctx(people.chair)).await.unwrap();
    assert!(told.iter().any(|notice| notice.link == "/filter"), "{told:?}");
    assert!(view::overview(&app.services, &app.ctx(people.dsl)).await.unwrap().one_person, "shown as a gap");
    // A second person who may approve: the delay is gone by itself, and cannot be asked for.
    app::people::appoint(&app.services, &mut app.ctx(people.chair), people.colleague, domain::Role::Manager)
        .await
        .unwrap();
    assert!(!view::overview(&app.services, &app.ctx(people.dsl)).await.unwrap().one_person);
    let again = app::setup::set_approving(&app.services, &mut manager(), FourEyes::ChairOrDelay).await;
    assert!(matches!(again, Err(app::Error::Invalid(_))), "{again:?}");
    app.end().await;
}

#[tokio::test]
async fn everybody_is_told_and_only_then_the_day_begins() {
    let app = TestApp::new().await;
    let people = app.people;
    with_staff(&app).await;
    let open = |name: &str| Change::AllowName { name: name.into(), groups: vec!["staff".into()], until: None };
    // Proposed while another person had to approve: nobody was told, so no day has passed when the setting changes its mind.
    let older = propose(&app, people.manager, open("older.example.com"), None).await.unwrap();
    agree(&app, people.dsl, older).await.unwrap();
    app.pass(SignedDuration::from_hours(30)).await;
    set_four_eyes(&app, FourEyes::ChairOrDelay).await;
    assert!(say(&app, people.manager, older, Verdict::Approve).await.is_err());

    let newer = propose(&app, people.manager, open("newer.example.com"), None).await.unwrap();
    let link = format!("/filter/proposals/{}", newer.id);
    for who in [people.dsl, people.deputy, people.chair, people.committee, people.technician] {
        let told = app::notices::mine(&app.services, &app.ctx(who)).await.unwrap();
        assert!(told.iter().any(|notice| notice.link == link), "somebody was not told");
    }
    let shown = view::proposal(&app.services, &app.ctx(people.chair), newer.id).await.unwrap();
    assert_eq!(shown.alone_from, Some(app.services.now() + SignedDuration::from_hours(24)), "shown on its page");
    let others = propose(&app, people.technician, open("others.example.com"), None).await.unwrap();
    let others = view::proposal(&app.services, &app.ctx(people.chair), others.id).await.unwrap();
    assert!(!others.one_person, "the manager is another person than its author");
    let children = Change::AllowName { name: "paint.example.com".into(), groups: vec!["children".into()], until: None };
    let children = propose(&app, people.manager, children, None).await.unwrap();
    let children = view::proposal(&app.services, &app.ctx(people.chair), children.id).await.unwrap();
    assert!(children.one_person && children.alone_from.is_none(), "the chair, whatever the hour");
    agree(&app, people.dsl, newer).await.unwrap();
    app.pass(SignedDuration::from_hours(23)).await;
    assert!(say(&app, people.manager, newer, Verdict::Approve).await.is_err());
    app.pass(SignedDuration::from_hours(1)).await;
    say(&app, people.manager, newer, Verdict::Approve).await.unwrap();
    app.end().await;
}

/// What people may do, in any order.
#[derive(Debug, Clone)]
enum Act {
    Propose { who: u8, opens: bool, children: bool, site: u8 },
    Agree { who: u8, which: u8 },
    Say { who: u8, which: u8, yes: bool },
    Withdraw { who: u8, which: u8 },
    Pass(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_u8..3, any::<bool>(), any::<bool>(), 0_u8..3)
            .prop_map(|(who, opens, children, site)| Act::Propose { who, opens, children, site }),
        3 => (0_u8..3, any::<u8>()).prop_map(|(who, which)| Act::Agree { who, which }),
        4 => (0_u8..4, any::<u8>(), any::<bool>()).prop_map(|(who, which, yes)| Act::Say { who, which, yes }),
        1 => (0_u8..3, any::<u8>()).prop_map(|(who, which)| Act::Withdraw { who, which }),
        3 => (1_u8..30).prop_map(Act::Pass),
    ]
}

async fn play(acts: Vec<Act>) {
    let app = TestApp::new().await;
    with_staff(&app).await;
    set_four_eyes(&app, FourEyes::ChairOrDelay).await;
    let people = app.people;
    let anybody = |who: u8| [people.manager, people.dsl, people.technician, people.chair][usize::from(who % 4)];
    let mut made: Vec<decide::Proposed> = Vec::new();
    let pick = |made: &[decide::Proposed], which: u8| (!made.is_empty()).then(|| made[usize::from(which) % made.len()]);
    for act in acts {
        match act {
            Act::Propose { who, opens, children, site } => {
                let groups = vec![if children { "children" } else { "staff" }.to_owned()];
                let name = format!("site{site}.example.com");
                let change = match opens {
                    true => Change::AllowName { name, groups, until: None },
                    false => Change::BlockName { name, groups },
                };
                made.extend(propose(&app, anybody(who), change, None).await.ok());
            }
            Act::Agree { who, which } => {
                let Some(one) = pick(&made, which) else { continue };
                let _ = agree(&app, anybody(who), one).await;
            }
            Act::Say { who, which, yes } => {
                let Some(one) = pick(&made, which) else { continue };
                let verdict = if yes { Verdict::Approve } else { Verdict::Refuse };
                let _ = speak(&app, anybody(who), one, verdict).await;
            }
            Act::Withdraw { who, which } => {
                let Some(one) = pick(&made, which) else { continue };
                let version =
                    view::proposal(&app.services, &app.ctx(people.chair), one.id).await.unwrap().proposal.version;
                let _ = decide::withdraw(&app.services, &mut app.ctx(anybody(who)), one.id, version).await;
            }
            Act::Pass(hours) => app.pass(SignedDuration::from_hours(i64::from(hours))).await,
        }
    }
    judge(&app).await;
    app.end().await;
}

async fn speak(app: &TestApp, who: PersonId, one: decide::Proposed, verdict: Verdict) -> app::Result<Option<i64>> {
    let version = view::proposal(&app.services, &app.ctx(app.people.chair), one.id).await?.proposal.version;
    let note = "I looked at it with the team.".into();
    decide::decide(&app.services, &mut app.ctx(who), Decide { id: one.id, version, note, verdict }).await
}

/// Every version that opens something came of another person's yes, or of its author's a day after everybody was told, and then of nothing
/// that is children's.
async fn judge(app: &TestApp) {
    let setting = app.setting;
    let reader = app.services.db.read(store::Scope::Setting(setting)).await.unwrap();
    let mut rows = store::filtering::list(&reader, setting).await.unwrap();
    drop(reader);
    rows.sort_by_key(|row| row.number);
    let read = |row: &store::filtering::FilterPolicy| serde_json::from_value::<Policy>(row.policy.clone()).unwrap();
    for pair in rows.windows(2) {
        let (before, after) = (read(&pair[0]), read(&pair[1]));
        let Some(id) = pair[1].proposal_id else { continue };
        if direction(&before, &after) == Direction::Tightens {
            continue;
        }
        let one = view::proposal(&app.services, &app.ctx(app.people.chair), id).await.unwrap().proposal;
        let by = one.decided_by.expect("somebody decided");
        assert!(one.lead_agreed_by.is_some(), "without the lead: {one:?}");
        if by != one.proposed_by {
            continue;
        }
        let told = one.everybody_told_at.expect("its author alone, and nobody was told");
        assert!(one.decided_at.unwrap().duration_since(told) >= SignedDuration::from_hours(24), "too soon: {one:?}");
        let of = |policy: &Policy| policy.groups["children"].allow.len();
        assert!(of(&after) <= of(&before), "children\u{2019}s, by one person: {one:?}");
        let _ = pair;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_weakens_is_never_in_force_by_one_persons_word(acts in prop::collection::vec(act(), 4..28)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(acts));
    }
}
