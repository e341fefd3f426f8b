//! Every duty stands as its evidence stands: there, it is met; deleted, aged or made false, it is red (S51).
//!
//! Here is the nursery in which all is well. [`red`] breaks one thing at a time, [`silence`] asks that nobody learns of a
//! concern by it (S8), [`worked`] follows one breach through the controls that it touches.

mod lists;
pub(crate) mod red;
mod silence;
mod worked;

use std::sync::Arc;

use app::evidence::{self, Standing, signed};
use app::gateway::{GatewayState, ProbeResult};
use app::testing::TestApp;
use domain::control::{Proof, Status};
use domain::{AccountId, EvidenceId, PersonId};
use jiff::{SignedDuration, ToSpan};
use serde_json::json;
use store::Scope;
use store::accounts::Account;
use store::evidence::Evidence;
use store::filtering::FilterPolicy;
use store::people::Membership;
use uuid::Uuid;

/// A nursery in which everything that can be met in a test is met: accounts with second factors, a gateway that runs and
/// passes every probe, a policy with reasons, pages that answer, checks that were signed.
pub(crate) async fn all_well() -> TestApp {
    all_well_of("n").await
}

/// The profile in whose seed this control is asked for: some duties are one policy's alone.
pub(crate) fn profile_with(control: &str) -> &'static str {
    let content = app::content::embedded().expect("content");
    let asked = |seed: &str| {
        let mut duties = content.obligations.iter();
        duties.any(|duty| duty.clauses.contains_key(seed) && duty.controls.iter().any(|key| key == control))
    };
    if asked("N") { "n" } else { "h" }
}

pub(crate) async fn all_well_of(profile: &str) -> TestApp {
    let app = TestApp::of(profile, 1).await;
    give_accounts(&app).await;
    policy(&app, 2).await;
    register_devices(&app).await;
    run_gateway(&app);
    red::essential(&app, app::setup::essential::Where::Elsewhere).await;
    let lead = "Amara Lead";
    let page = format!("<a class=\"hf-report\" href=\"/concerns/report\">Report</a> Tell {lead}");
    serve(&app, page, "<a href=\"/concerns/report/filter_breach\">A screen</a> In danger? 999".to_owned());
    for (kind, person) in [
        ("external_filter_test", app.people.dsl),
        ("signed_check/filter_periodic", app.people.dsl),
        ("signed_check/device_security", app.people.technician),
        ("signed_check/network_passwords", app.people.manager),
        ("signed_check/progress_app_accounts", app.people.manager),
        ("signed_check/secure_mail", app.people.dsl),
        ("signed_check/data_protection", app.people.manager),
        ("signed_check/provider_review", app.people.manager),
        ("signed_check/reporting_shown", app.people.dsl),
        ("signed_check/abuse_explained", app.people.dsl),
        ("signed_check/image_law_explained", app.people.dsl),
        ("signed_check/committee_report", app.people.dsl),
        ("signed_check/personal_phones", app.people.manager),
        ("signed_check/monitoring_told", app.people.dsl),
        ("signed_check/limits_told", app.people.dsl),
        ("signed_check/behaviour_clause", app.people.dsl),
        (signed::RISK_ASSESSMENT, app.people.manager),
        (signed::PROVIDER_HAS_LISTS, app.people.technician),
    ] {
        sign(&app, kind, person, true).await;
    }
    write_evidence(&app, "self_test", None).await;
    checks(&app).await;
    app
}

/// Every device on which pages are opened checked itself just now.
async fn checks(app: &TestApp) {
    use app::gateway::{Activity, Batch, What};
    let db = app.services.db.read(Scope::Setting(app.setting)).await.expect("read");
    let devices = store::devices::list(&db, app.setting).await.expect("devices");
    drop(db);
    let at = app.world.now();
    let checked = |device: &store::devices::Device| Activity {
        at,
        until: at,
        device: Some(device.id),
        group: device.group_key.clone(),
        proven: true,
        what: What::Checked {
            path: "dns".into(),
            passed: true,
            safe_search: Some(true),
            bypass_closed: true,
            blocks: true,
            dns: true,
            proxy: false,
        },
    };
    app.gateway.spooled(Batch { id: 90_000, events: devices.iter().map(checked).collect() });
    app::activity::ingest(&app.services).await.expect("taken");
}

/// What the groups of these tests block.
pub(crate) const BLOCKED: [(&str, &str); 6] = [
    ("gambling", "Gambling"),
    ("social_media", "Social media"),
    ("webmail", "Personal email"),
    ("dating", "Dating"),
    ("games", "Gaming"),
    ("downloads", "Downloads"),
];

pub(crate) async fn standing(app: &TestApp) -> Standing {
    app.services.live.forget().await;
    evidence::evaluate_for(&app.services, &mut app.world.system(), app.setting).await.expect("reckoned")
}

/// What the door for people without an account says, in short.
const OPEN_DOOR: &str =
    "<a href=\"/tell/w/new\"><a href=\"/tell/w/back\"><a href=\"tel:999\"><a href=\"tel:08000280285\">";

/// What the sheet of signs says, in short.
const SIGNS: &str = "<ul data-signs></ul><a href=\"/tell/w/new\"><a href=\"tel:999\">";

pub(crate) fn serve(app: &TestApp, front: String, report: String) {
    let knock: evidence::Knock = Arc::new(move |path: String| {
        let answer = match path.as_str() {
            "/sign-in" => (200, front.clone()),
            "/concerns/report" => (200, report.clone()),
            signs if signs.ends_with("/signs") && !report.is_empty() => (200, SIGNS.to_owned()),
            door if door.starts_with("/tell/") && !report.is_empty() => (200, OPEN_DOOR.to_owned()),
            _ => (404, String::new()),
        };
        Box::pin(async move { Ok(answer) })
    });
    app.services.live.open_door(knock);
}

async fn give_accounts(app: &TestApp) {
    let mut ctx = app.world.system();
    let now = ctx.now;
    let mut tx = app.services.db.write(&mut ctx, Scope::All, "test.accounts").await.expect("write");
    for person in app.everybody() {
        let id = AccountId(Uuid::from_u128(person.0.as_u128() ^ 1));
        let account = Account {
            id,
            username: id.to_string(),
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5$a25vd3M".into(),
            password_set_at: now,
            totp_secret: Some("secret".into()),
            totp_last_step: None,
            failed_attempts: 0,
            locked_until: None,
            must_change: false,
            recovered_at: None,
            recovery_confirmed_by: None,
            created_at: now,
            ended_at: None,
        };
        store::accounts::add(&mut tx, &account).await.expect("account");
        let membership = Membership {
            id: tx.fresh(),
            setting_id: app.setting,
            account_id: id,
            person_id: person,
            created_at: now,
            ended_at: None,
        };
        store::people::add_membership(&mut tx, &membership).await.expect("membership");
    }
    tx.commit().await.expect("commit");
}

/// A version of the policy in which children and adults are apart; by a proposal of the lead that the manager approved.
pub(crate) async fn policy(app: &TestApp, number: i64) {
    let mut ctx = app.world.system();
    let now = ctx.now;
    let why = |title: &str| json!({ "title": title, "why": "For adults.", "because": ["FIL-03"] });
    let blocked: serde_json::Map<_, _> = BLOCKED.iter().map(|(id, title)| ((*id).to_owned(), why(title))).collect();
    let document = json!({
        "groups": {
            "children": { "name": "Children", "audience": "children", "supervised": true, "blocked": blocked },
            "staff": { "name": "Staff", "audience": "adults", "blocked": blocked },
        },
        "strictest": "children",
    });
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.policy").await.expect("write");
    let proposal = store::filtering::Proposal {
        id: tx.fresh(),
        setting_id: app.setting,
        change: json!({}),
        direction: store::words::Direction::Tightens,
        reason: "Adults apart".into(),
        risk: json!({ "harm": "None", "loss": "None", "safeguards": "The lists" }),
        concern_id: None,
        proposed_by: app.people.dsl,
        proposed_at: now,
        state: store::words::ProposalState::Approved,
        decided_by: Some(app.people.manager),
        decided_at: Some(now),
        decision_note: None,
        lead_agreed_by: Some(app.people.dsl),
        lead_agreed_at: Some(now),
        everybody_told_at: None,
        applied_number: Some(number),
        base_number: number - 1,
        version: 0,
    };
    store::filtering::add_proposal(&mut tx, &proposal).await.expect("proposal");
    let version = FilterPolicy {
        setting_id: app.setting,
        number,
        policy: document,
        made_at: now,
        made_by: Some(app.people.manager),
        proposal_id: Some(proposal.id),
        note: "Adults apart".into(),
    };
    store::filtering::add(&mut tx, &version).await.expect("version");
    let review = store::follow_up::Review {
        id: tx.fresh(),
        setting_id: app.setting,
        concern_id: None,
        what: "filtering".into(),
        why: "The filter was changed.".into(),
        opened_at: now,
        opened_by: None,
        due: app.services.calendar.local(now).date().checked_add(42.days()).expect("a day"),
        closed_at: None,
        closed_by: None,
        outcome: None,
    };
    store::follow_up::add_review(&mut tx, &review).await.expect("review");
    tx.commit().await.expect("commit");
}

async fn register_devices(app: &TestApp) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.devices").await.expect("write");
    for mut device in store::devices::list(&tx, app.setting).await.expect("devices") {
        device.mac = Some(format!("02:00:00:00:00:{:02x}", device.name.len()));
        if device.room_id.is_none() && device.person_id.is_none() {
            device.person_id = Some(app.people.technician);
        }
        store::devices::set(&mut tx, &device).await.expect("set");
    }
    tx.commit().await.expect("commit");
}

pub(crate) fn state(app: &TestApp) -> GatewayState {
    use app::gateway::Gateway;
    let next = app.gateway.next_version().expect("version");
    GatewayState {
        at: app.world.now(),
        policy: Some(next.saturating_sub(1)),
        role_card: None,
        apart: app::gateway::Apart::Shut,
        dns: "127.0.0.1:5335".into(),
        encrypted_dns: Default::default(),
        proxy: "127.0.0.1:3128".into(),
        list_names: Some(1_000_000),
        lists_changed_at: Some(app.world.now()),
        lists_refused: None,
        fetched_at: None,
        sealed_lists: Vec::new(),
        sealed_refused: None,
        sealed_supplied: false,
        sealed: "No signed list is supplied.".into(),
        upstreams: Vec::new(),
        silent: 0,
        cuts: Vec::new(),
        answered: 0,
        blocked: 0,
        lost: 0,
    }
}

pub(crate) fn probes() -> Vec<ProbeResult> {
    let result = |group: &str, path: &str, what: &str| ProbeResult {
        group: group.into(),
        path: path.into(),
        what: what.into(),
        expected: "blocked".into(),
        got: "blocked".into(),
        passed: true,
    };
    let mut all = Vec::new();
    for group in ["children", "staff"] {
        for path in ["dns", "proxy"] {
            for (_, title) in BLOCKED {
                all.push(result(group, path, &format!("a name in the category {title}")));
            }
            all.push(result(group, path, "a name in no category"));
            all.push(result(group, path, "a way round the filter"));
        }
    }
    all.push(result("children", "dns", "a search engine"));
    all.push(result("children", "block page", "the page that a child sees"));
    all.push(result("staff", "block page", "the page that an adult sees"));
    all
}

pub(crate) fn run_gateway(app: &TestApp) {
    app.gateway.say(Some(state(app)));
    app.gateway.probes(Ok(probes()));
}

pub(crate) async fn sign(app: &TestApp, kind: &str, person: PersonId, ok: bool) {
    let on = app.services.calendar.local(app.world.now()).date();
    let notes = "Looked at each tablet in both rooms with the technician.".to_owned();
    let signature = signed::Signature { kind: kind.into(), ok, on, notes };
    signed::sign(&app.services, &mut app.ctx(person), signature).await.expect("signed");
}

pub(crate) async fn write_evidence(app: &TestApp, kind: &str, by: Option<PersonId>) {
    let mut ctx = app.world.system();
    let now = ctx.now;
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.evidence").await.expect("write");
    let row = Evidence {
        id: tx.fresh::<EvidenceId>(),
        setting_id: app.setting,
        kind: kind.into(),
        ok: true,
        summary: "All parts passed.".into(),
        detail: json!({}),
        effective_at: now,
        recorded_at: now,
        signed_by: by,
        fictional: true,
    };
    store::evidence::add(&mut tx, &row).await.expect("row");
    tx.commit().await.expect("commit");
}

pub(crate) fn status(standing: &Standing, key: &str) -> Status {
    let control = standing.obligations.iter().flat_map(|duty| &duty.controls).find(|control| control.key == key);
    control.unwrap_or_else(|| panic!("no control {key} is shown")).status
}

pub(crate) fn said(standing: &Standing, key: &str) -> String {
    let control = standing.obligations.iter().flat_map(|duty| &duty.controls).find(|control| control.key == key);
    control.and_then(|control| control.evidence.first()).map(|one| one.what.clone()).unwrap_or_default()
}

#[test]
fn each_question_has_an_answer_and_each_answer_a_question() {
    let content = app::content::embedded().expect("content");
    let asked: std::collections::BTreeSet<Proof> = content.questions().into_iter().cloned().collect();
    let answered: Vec<Proof> = evidence::answered();
    let known: std::collections::BTreeSet<Proof> = answered.iter().cloned().collect();
    assert_eq!(known.len(), answered.len(), "an answer is there twice");
    assert_eq!(asked.difference(&known).collect::<Vec<_>>(), Vec::<&Proof>::new(), "asked and not answered");
    assert_eq!(known.difference(&asked).collect::<Vec<_>>(), Vec::<&Proof>::new(), "answered and not asked");
}

/// The README says how many duties are reckoned; a new control that forgets it is red here.
#[test]
fn the_readme_counts_what_is_reckoned() {
    let content = app::content::embedded().expect("content");
    let reckoned = content.obligations.iter().filter(|duty| !duty.controls.is_empty()).count();
    let readme = include_str!("../../../../README.md");
    let said = format!("all {} duties of both policies by clause; {reckoned} of them", content.obligations.len());
    assert!(readme.contains(&said), "the README should say: {said}");
}

#[tokio::test]
async fn every_duty_is_there_and_what_is_not_built_says_so() {
    for (seed, profile) in [("N", "n"), ("H", "h")] {
        let app = TestApp::of(profile, 3).await;
        let found = standing(&app).await;
        assert_eq!(found.seed, seed);
        assert_eq!(found.obligations.len(), 261);
        assert_eq!(found.rows().len(), 261);
        for (duty, known) in found.obligations.iter().zip(&app.services.content.obligations) {
            assert_eq!(duty.id, known.id);
            let expected_none = !known.clauses.contains_key(seed);
            assert_eq!(duty.status == Status::NotApplicable, expected_none, "{}", duty.id);
            if !expected_none {
                assert_eq!(duty.status == Status::NotBuilt, known.controls.is_empty(), "{}", duty.id);
            }
        }
        app.end().await;
    }
}

#[tokio::test]
async fn a_nursery_where_all_is_well_has_no_gap_but_the_lists_that_nobody_supplied() {
    let app = all_well().await;
    let found = standing(&app).await;
    let gaps: Vec<(String, String)> = found
        .obligations
        .iter()
        .flat_map(|duty| &duty.controls)
        .filter(|control| control.status != Status::Met)
        .map(|control| (control.key.clone(), said(&found, &control.key)))
        .collect();
    let only: std::collections::BTreeSet<&str> = gaps.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(only, ["lists_cover_categories"].into(), "{gaps:?}");
    app.end().await;
}

#[tokio::test]
async fn pages_that_do_not_answer_are_a_gap() {
    let app = TestApp::new().await;
    let found = standing(&app).await;
    assert_eq!(status(&found, "report_form_reachable"), Status::Gap, "no page is served");
    assert_eq!(status(&found, "open_door_answers"), Status::Gap, "no page is served");
    assert_eq!(status(&found, "signs_for_families"), Status::Gap, "no page is served");
    serve(&app, "<a class=\"hf-report\" href=\"/gone\">".into(), String::new());
    let found = standing(&app).await;
    assert_eq!(status(&found, "report_form_reachable"), Status::Gap, "the button leads nowhere");
    assert_eq!(status(&found, "open_door_answers"), Status::Gap, "the door is shut");
    assert_eq!(status(&found, "signs_for_families"), Status::Gap, "the door is shut");
    app.end().await;
}

#[tokio::test]
async fn a_row_of_evidence_can_never_stand_in_for_a_probe() {
    let app = TestApp::new().await;
    let content = app.services.content.clone();
    for control in content.controls.values() {
        if let Proof::Probe(question) = &control.proof {
            write_evidence(&app, question, Some(app.people.dsl)).await;
            write_evidence(&app, &control.key, Some(app.people.dsl)).await;
        }
    }
    let found = standing(&app).await;
    for key in ["dns_blocks_categories", "proxy_blocks_categories", "report_form_reachable", "sealed_supplied"] {
        assert_eq!(status(&found, key), Status::Gap, "{key}");
    }
    app.end().await;
}

#[tokio::test]
async fn what_a_person_must_sign_counts_for_nothing_without_a_name() {
    let app = TestApp::new().await;
    write_evidence(&app, "signed_check/filter_periodic", None).await;
    assert_eq!(status(&standing(&app).await, "filter_periodic"), Status::Gap);
    app.world.pass(SignedDuration::from_mins(1));
    write_evidence(&app, "signed_check/filter_periodic", Some(app.people.dsl)).await;
    assert_eq!(status(&standing(&app).await, "filter_periodic"), Status::Met);
    app.end().await;
}

#[tokio::test]
async fn parents_and_practitioners_read_no_evidence_and_sign_nothing() {
    let app = TestApp::new().await;
    for person in [app.people.parent, app.people.practitioner] {
        assert!(evidence::evaluate(&app.services, &mut app.ctx(person)).await.is_err());
        assert!(signed::list(&app.services, &app.ctx(person)).await.is_err());
    }
    let notes = "Looked at all of it.".to_owned();
    let on = app.services.calendar.local(app.world.now()).date();
    let of = |kind: &str| signed::Signature { kind: kind.into(), ok: true, on, notes: notes.clone() };
    let risk = signed::sign(&app.services, &mut app.ctx(app.people.technician), of(signed::RISK_ASSESSMENT)).await;
    assert!(risk.is_err(), "a technician does not assess the risk");
    let test = signed::sign(&app.services, &mut app.ctx(app.people.technician), of("self_test")).await;
    assert!(test.is_err(), "nobody signs a probe");
    let late = signed::Signature { on: on.checked_add(1.day()).expect("day"), ..of("external_filter_test") };
    assert!(signed::sign(&app.services, &mut app.ctx(app.people.dsl), late).await.is_err(), "tomorrow");
    app.end().await;
}

/// Where reckoning takes a second, the first page waits for nothing: it says that the duties are being counted, then how they
/// stood within the last half hour while they are counted anew; and what is older than that is not said of today.
#[tokio::test]
async fn the_first_page_of_a_large_house_says_what_is_at_hand() {
    let app = TestApp::new().await;
    app.becomes_large();
    let duties = async || {
        let home = app::home::of(&app.services, &mut app.ctx(app.people.dsl)).await.expect("home");
        let lines = home.todo.into_iter().filter(|line| line.href.starts_with("/evidence"));
        lines.map(|line| line.word).collect::<Vec<_>>()
    };
    let counting = ["Being counted"];
    let counted = async || {
        for _ in 0..2_000 {
            let words = duties().await;
            if words != counting {
                return words;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("never counted");
    };
    assert_eq!(duties().await, counting);
    let first = counted().await;
    assert!(first.iter().any(|word| word.ends_with("duties")), "{first:?}");
    app.pass(SignedDuration::from_mins(20)).await;
    assert!(duties().await.iter().any(|word| word.ends_with("duties")), "it waits for nothing");
    counted().await;
    app.pass(SignedDuration::from_mins(31)).await;
    assert_eq!(duties().await, counting, "what is older than half an hour is not said of today");
    counted().await;
}
