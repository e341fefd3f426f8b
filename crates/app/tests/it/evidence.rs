//! Every duty stands as its evidence stands: there, it is met; deleted, aged or made false, it is red (S51). And nobody
//! learns of a concern by it (S8).

use std::sync::Arc;

use app::evidence::{self, Standing, signed};
use app::gateway::{GatewayState, ProbeResult};
use app::testing::TestApp;
use app::{concerns, follow_up, home, trail};
use domain::concern::ConcernKind;
use domain::control::{Proof, Status};
use domain::{AccountId, EvidenceId, OpCtx, PersonId, Role};
use jiff::{SignedDuration, ToSpan};
use serde_json::json;
use store::Scope;
use store::accounts::Account;
use store::evidence::Evidence;
use store::filtering::FilterPolicy;
use store::people::Membership;
use uuid::Uuid;

use crate::breach_journey::{learned, work_to_the_debrief};

/// A nursery in which everything that can be met in a test is met: accounts with second factors, a gateway that runs and
/// passes every probe, a policy with reasons, pages that answer, checks that were signed.
async fn all_well() -> TestApp {
    all_well_of("n").await
}

/// The profile in whose seed this control is asked for: some duties are one policy's alone.
fn profile_with(control: &str) -> &'static str {
    let content = app::content::embedded().expect("content");
    let asked = |seed: &str| {
        let mut duties = content.obligations.iter();
        duties.any(|duty| duty.clauses.contains_key(seed) && duty.controls.iter().any(|key| key == control))
    };
    if asked("N") { "n" } else { "h" }
}

async fn all_well_of(profile: &str) -> TestApp {
    let app = TestApp::of(profile, 1).await;
    give_accounts(&app).await;
    policy(&app, 2).await;
    register_devices(&app).await;
    run_gateway(&app);
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
        (signed::RISK_ASSESSMENT, app.people.manager),
        (signed::PROVIDER_HAS_LISTS, app.people.technician),
    ] {
        sign(&app, kind, person, true).await;
    }
    write_evidence(&app, "self_test", None).await;
    app
}

async fn standing(app: &TestApp) -> Standing {
    app.services.live.forget().await;
    evidence::evaluate_for(&app.services, &mut app.world.system(), app.setting).await.expect("reckoned")
}

fn serve(app: &TestApp, front: String, report: String) {
    let knock: evidence::Knock = Arc::new(move |path: String| {
        let answer = match path.as_str() {
            "/sign-in" => (200, front.clone()),
            "/concerns/report" => (200, report.clone()),
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
            password_hash: "x".into(),
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
async fn policy(app: &TestApp, number: i64) {
    let mut ctx = app.world.system();
    let now = ctx.now;
    let why = json!({ "title": "Gambling", "why": "For adults.", "because": ["FIL-03"] });
    let document = json!({
        "groups": {
            "children": { "name": "Children", "audience": "children", "blocked": { "gambling": why } },
            "staff": { "name": "Staff", "audience": "adults", "blocked": { "gambling": why } },
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

fn state(app: &TestApp) -> GatewayState {
    use app::gateway::Gateway;
    let next = app.gateway.next_version().expect("version");
    GatewayState {
        at: app.world.now(),
        policy: Some(next.saturating_sub(1)),
        dns: "127.0.0.1:5335".into(),
        proxy: "127.0.0.1:3128".into(),
        list_names: Some(1_000_000),
        lists_changed_at: Some(app.world.now()),
        lists_refused: None,
        sealed_supplied: false,
        sealed: "No signed list is supplied.".into(),
        upstreams: Vec::new(),
        cuts: Vec::new(),
        answered: 0,
        blocked: 0,
        lost: 0,
    }
}

fn probes() -> Vec<ProbeResult> {
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
            all.push(result(group, path, "a name in the category Gambling"));
            all.push(result(group, path, "a name in no category"));
            all.push(result(group, path, "a way round the filter"));
        }
    }
    all.push(result("children", "block page", "the page that a child sees"));
    all.push(result("staff", "block page", "the page that an adult sees"));
    all
}

fn run_gateway(app: &TestApp) {
    app.gateway.say(Some(state(app)));
    app.gateway.probes(Ok(probes()));
}

async fn sign(app: &TestApp, kind: &str, person: PersonId, ok: bool) {
    let on = app.services.calendar.local(app.world.now()).date();
    let notes = "Looked at each tablet in both rooms with the technician.".to_owned();
    let signature = signed::Signature { kind: kind.into(), ok, on, notes };
    signed::sign(&app.services, &mut app.ctx(person), signature).await.expect("signed");
}

async fn write_evidence(app: &TestApp, kind: &str, by: Option<PersonId>) {
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

fn status(standing: &Standing, key: &str) -> Status {
    let control = standing.obligations.iter().flat_map(|duty| &duty.controls).find(|control| control.key == key);
    control.unwrap_or_else(|| panic!("no control {key} is shown")).status
}

fn said(standing: &Standing, key: &str) -> String {
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

/// Breaks one thing, and says which control must see it.
macro_rules! flips {
    ($($name:ident: $control:literal, |$app:ident| $break:block)*) => {$(
        #[tokio::test]
        async fn $name() {
            let $app = all_well_of(profile_with($control)).await;
            let before = standing(&$app).await;
            assert_eq!(status(&before, $control), Status::Met, "{}", said(&before, $control));
            $break
            let after = standing(&$app).await;
            assert_eq!(status(&after, $control), Status::Gap, "{}", said(&after, $control));
        }
    )*};
}

async fn change_probe(app: &TestApp, what: &str, path: &str) {
    let mut results = probes();
    for result in results.iter_mut().filter(|one| one.what == what && one.path == path) {
        result.passed = false;
        result.got = "let through".into();
    }
    app.gateway.probes(Ok(results));
}

async fn end_accounts_second_factor(app: &TestApp, person: PersonId) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::All, "test.account").await.expect("write");
    let id = AccountId(Uuid::from_u128(person.0.as_u128() ^ 1));
    let account = store::accounts::lookup(&tx, id).await.expect("read").expect("there");
    store::accounts::set(&mut tx, &Account { totp_secret: None, ..account }).await.expect("set");
    tx.commit().await.expect("commit");
}

/// A breach that was filed and that nothing was done about, so long ago.
async fn neglected(app: &TestApp, hours: i64) -> domain::ConcernId {
    let filed =
        concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.expect("filed");
    app.world.pass(SignedDuration::from_hours(hours));
    run_gateway(app);
    filed.concern
}

async fn forget_notices(app: &TestApp) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.forget").await.expect("write");
    for person in app.everybody() {
        for notice in store::overview::notices(&tx, app.setting, jiff::Timestamp::UNIX_EPOCH).await.expect("notices") {
            if notice.person_id == person {
                store::notices::set_seen(&mut tx, app.setting, person, &notice.link).await.expect("seen");
            }
        }
    }
    let later = tx.now().saturating_add(SignedDuration::from_secs(1)).expect("later");
    store::notices::cleanup(&mut tx, app.setting, later).await.expect("cleanup");
    tx.commit().await.expect("commit");
}

async fn judge(app: &TestApp, id: domain::ConcernId, step: &str, answers: &[(&str, &str)]) {
    let attempt = concerns::StepAttempt {
        step: step.into(),
        act: domain::procedure::Act::Done,
        answers: answers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        reason: None,
        event_at: app.world.now(),
        seen: 0,
        device: None,
        leave: app::holds::Leave::None,
    };
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, attempt).await.expect("recorded");
}

flips! {
    nobody_is_lead: "lead_appointed", |app| { app.vacate(Role::Dsl).await; }
    the_route_has_no_lead: "lead_reachable", |app| { app.vacate(Role::Dsl).await; }
    no_name_to_show: "contact_shown", |app| { app.vacate(Role::Dsl).await; }
    a_block_page_without_the_name: "contact_shown", |app| {
        change_probe(&app, "the page that an adult sees", "block page").await;
    }
    no_chair: "vacancies_filled", |app| { app.vacate(Role::Chair).await; }
    no_manager_decides: "responsibility_named", |app| { app.vacate(Role::Manager).await; }
    no_technician: "technical_role_named", |app| { app.vacate(Role::Technician).await; }
    no_deputy: "deputies_share_queue", |app| { app.vacate(Role::Deputy).await; }
    a_manager_without_second_factor: "second_factor_on", |app| {
        end_accounts_second_factor(&app, app.people.manager).await;
    }
    an_account_left_over: "accounts_personal", |app| { app.vacate(Role::Technician).await; }
    a_category_let_through_by_dns: "dns_blocks_categories", |app| {
        change_probe(&app, "a name in the category Gambling", "dns").await;
    }
    a_category_let_through_by_the_proxy: "proxy_blocks_categories", |app| {
        change_probe(&app, "a name in the category Gambling", "proxy").await;
    }
    a_group_that_nobody_asked_for: "dns_blocks_categories", |app| {
        app.gateway.probes(Ok(probes().into_iter().filter(|one| one.group == "staff").collect()));
    }
    a_way_round: "bypass_closed", |app| { change_probe(&app, "a way round the filter", "dns").await; }
    the_childs_page_is_broken: "children_block_page_help", |app| {
        change_probe(&app, "the page that a child sees", "block page").await;
    }
    the_adults_page_is_broken: "block_says_why", |app| {
        change_probe(&app, "the page that an adult sees", "block page").await;
    }
    no_gateway_no_rules: "own_rules_enforced", |app| { app.gateway.say(None); }
    no_gateway_no_strictest: "unknown_devices_strictest", |app| { app.gateway.say(None); }
    a_gateway_with_an_old_policy: "filter_history_complete", |app| {
        app.gateway.say(Some(GatewayState { policy: Some(77), ..state(&app) }));
    }
    no_gateway_no_alerts: "alerts_reach_lead", |app| { app.gateway.say(None); }
    old_lists: "lists_fresh", |app| {
        let old = app.world.now().checked_sub(SignedDuration::from_hours(24 * 40)).expect("old");
        app.gateway.say(Some(GatewayState { lists_changed_at: Some(old), ..state(&app) }));
    }
    a_self_test_that_grew_old: "self_test", |app| { app.world.pass(SignedDuration::from_hours(50)); run_gateway(&app); }
    an_external_test_that_grew_old: "external_filter_test", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 241)); run_gateway(&app);
    }
    a_termly_check_that_grew_old: "filter_periodic", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 201)); run_gateway(&app);
    }
    a_check_that_says_no: "filter_periodic", |app| {
        app.world.pass(SignedDuration::from_mins(1)); run_gateway(&app);
        sign(&app, "signed_check/filter_periodic", app.people.dsl, false).await;
    }
    passwords_of_the_network: "network_passwords", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    accounts_of_the_app: "progress_app_accounts", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    how_staff_send_mail: "secure_mail", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    the_providers_word_grew_old: "sealed_supplied", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 366)); run_gateway(&app);
    }
    a_risk_assessment_that_grew_old: "risk_assessment_linked", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 366)); run_gateway(&app);
    }
    one_person_alone_changed_the_filter: "filter_changes_two_people", |app| {
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut proposal = store::overview::proposals(&tx, app.setting).await.expect("read").pop().expect("there");
        proposal.decided_by = Some(proposal.proposed_by);
        store::filtering::set_proposal(&mut tx, &proposal).await.expect("set");
        tx.commit().await.expect("commit");
    }
    a_block_without_a_reason: "groups_have_reasons", |app| {
        let mut ctx = app.world.system();
        let now = ctx.now;
        let bare = json!({ "title": "Gambling", "why": "", "because": [] });
        let group = |audience: &str| json!({ "name": "x", "audience": audience, "blocked": { "gambling": bare } });
        let row = FilterPolicy {
            setting_id: app.setting, number: 3, made_at: now, made_by: None, proposal_id: None, note: "x".into(),
            policy: json!({ "groups": { "children": group("children"), "staff": group("adults") }, "strictest": "children" }),
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::filtering::add(&mut tx, &row).await.expect("add");
        tx.commit().await.expect("commit");
    }
    a_device_that_nobody_answers_for: "devices_traceable", |app| {
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut tablet = store::devices::lookup(&tx, app.setting, app.people.tablet).await.expect("read").expect("there");
        tablet.room_id = None;
        store::devices::set(&mut tx, &tablet).await.expect("set");
        tx.commit().await.expect("commit");
    }
    a_request_without_an_answer: "access_requests_answered", |app| {
        let mut ctx = app.world.system();
        let row = store::filtering::AccessRequest {
            id: ctx.fresh(), setting_id: app.setting, host: "x.example".into(), group_key: "staff".into(), category: None,
            why: "x".into(), asked_by: None, asked_at: ctx.now, answer: None, answered_by: None, answered_at: None, words: None,
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::filtering::add_request(&mut tx, &row).await.expect("add");
        tx.commit().await.expect("commit");
        app.world.pass(SignedDuration::from_hours(24 * 6));
        run_gateway(&app);
    }
    a_rule_that_nobody_proposed: "own_rules_decided", |app| {
        let mut ctx = app.world.system();
        let now = ctx.now;
        let rule = json!({ "name": "x", "audience": "children", "blocked": {}, "block": { "x.example": { "rule": "by hand", "reason": "x" } } });
        let row = FilterPolicy {
            setting_id: app.setting, number: 3, made_at: now, made_by: None, proposal_id: None, note: "x".into(),
            policy: json!({ "groups": { "children": rule }, "strictest": "children" }),
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::filtering::add(&mut tx, &row).await.expect("add");
        tx.commit().await.expect("commit");
    }
    a_concern_that_told_nobody: "concerns_notified", |app| {
        neglected(&app, 1).await;
        forget_notices(&app).await;
    }
    a_breach_that_reached_no_lead: "breaches_reported_to_lead", |app| {
        neglected(&app, 1).await;
        forget_notices(&app).await;
    }
    a_concern_that_nobody_opened: "concerns_opened_in_time", |app| { neglected(&app, 2).await; }
    a_concern_without_its_account: "concern_records_complete", |app| { neglected(&app, 25).await; }
    a_breach_without_an_address: "breach_facts_recorded", |app| { neglected(&app, 25).await; }
    a_device_that_was_not_held: "breach_devices_held", |app| { neglected(&app, 2).await; }
    a_clock_that_ran_out: "breaches_worked", |app| { neglected(&app, 48).await; }
    parents_who_were_not_told: "breach_parents_told_or_reason", |app| { neglected(&app, 25).await; }
    something_illegal_that_nobody_reported: "illegal_breaches_reported", |app| {
        let id = neglected(&app, 1).await;
        judge(&app, id, "could_be_illegal", &[("answer", "not_sure"), ("why", "It looked very young.")]).await;
        app.world.pass(SignedDuration::from_hours(2));
        run_gateway(&app);
    }
    closed_without_a_debrief: "closed_concerns_have_debrief", |app| {
        let id = neglected(&app, 1).await;
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut row = store::concerns::lookup_for_program(&tx, app.setting, id).await.expect("read").expect("there");
        row.status = domain::concern::ConcernStatus::Closed;
        row.closed_at = Some(tx.now());
        store::concerns::set(&mut tx, &row).await.expect("set");
        tx.commit().await.expect("commit");
    }
    opened_without_a_line_in_the_audit: "concern_views_logged", |app| {
        let id = neglected(&app, 1).await;
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut row = store::concerns::lookup_for_program(&tx, app.setting, id).await.expect("read").expect("there");
        row.opened_at = Some(tx.now());
        store::concerns::set(&mut tx, &row).await.expect("set");
        tx.commit().await.expect("commit");
    }
    a_mail_with_a_name_in_its_link: "mail_carries_no_names", |app| {
        let mut ctx = app.world.system();
        let now = ctx.now;
        let notice = store::notices::Notice {
            id: ctx.fresh(), setting_id: app.setting, person_id: app.people.dsl, urgency: domain::concern::Urgency::Prompt,
            link: "/concerns/Joy Child".into(), concern_id: None, made_at: now, mailed_at: None, mail_failed: None, seen_at: None,
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::notices::add(&mut tx, &notice).await.expect("add");
        tx.commit().await.expect("commit");
    }
    a_wording_that_nobody_knows: "breach_first_words", |app| {
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut row = store::settings::lookup(&tx, app.setting).await.expect("read").expect("there");
        row.profile["switches"]["screen"] = json!("shout");
        store::settings::set(&mut tx, &row).await.expect("set");
        tx.commit().await.expect("commit");
    }
}

#[tokio::test]
async fn pages_that_do_not_answer_are_a_gap() {
    let app = TestApp::new().await;
    let found = standing(&app).await;
    assert_eq!(status(&found, "report_form_reachable"), Status::Gap, "no page is served");
    serve(&app, "<a class=\"hf-report\" href=\"/gone\">".into(), String::new());
    let found = standing(&app).await;
    assert_eq!(status(&found, "report_form_reachable"), Status::Gap, "the button leads nowhere");
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
async fn a_worked_breach_leaves_every_control_of_concerns_met() {
    for profile in ["n", "h"] {
        let app = all_well_of(profile).await;
        let checked = a_worked_breach(&app).await;
        assert!(checked >= 9, "{profile}: only {checked} controls were asked");
    }
}

async fn a_worked_breach(app: &TestApp) -> usize {
    let mut report = app.breach();
    report.hold_device = true;
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    let words = concerns::StageTwo { child_words: "“Look!”".into(), ..concerns::StageTwo::default() };
    concerns::add_words(&app.services, &mut app.ctx(app.people.practitioner), filed.concern, words)
        .await
        .expect("words");
    concerns::open(&app.services, &mut app.ctx(app.people.dsl), filed.concern).await.expect("opens");
    work_to_the_debrief(app, filed.concern).await;
    concerns::debrief(&app.services, &mut app.ctx(app.people.dsl), filed.concern, learned(app)).await.expect("learned");
    let closing = std::collections::BTreeMap::from([("summary".to_owned(), "A rude cartoon.".to_owned())]);
    concerns::close(&app.services, &mut app.ctx(app.people.dsl), filed.concern, closing, 0).await.expect("closes");
    app.pass(SignedDuration::from_hours(30)).await;
    run_gateway(app);
    let found = standing(app).await;
    let mut checked = 0;
    for key in [
        "concerns_notified",
        "concerns_opened_in_time",
        "concern_records_complete",
        "concern_views_logged",
        "closed_concerns_have_debrief",
        "lessons_became_actions",
        "breaches_reported_to_lead",
        "breach_facts_recorded",
        "breach_devices_held",
        "breaches_worked",
        "breach_parents_told_or_reason",
        "illegal_breaches_reported",
        "technical_role_without_cases",
        "exclusion_holds",
        "audit_chain_intact",
        "mail_carries_no_names",
    ] {
        if is_shown(&found, key) {
            assert_eq!(status(&found, key), Status::Met, "{key}: {}", said(&found, key));
            checked += 1;
        }
    }
    // A month and a day after its date the action is overdue, and the lesson is no longer learned.
    app.world.pass(SignedDuration::from_hours(24 * 90));
    run_gateway(app);
    let found = standing(app).await;
    if is_shown(&found, "lessons_became_actions") {
        assert_eq!(status(&found, "lessons_became_actions"), Status::Gap, "{}", said(&found, "lessons_became_actions"));
    }
    checked
}

fn is_shown(found: &Standing, key: &str) -> bool {
    found.obligations.iter().flat_map(|duty| &duty.controls).any(|control| control.key == key)
}

/// What stands, without the times of asking.
fn texts(found: &Standing) -> Vec<(String, Status, String)> {
    let controls = found.obligations.iter().flat_map(|duty| &duty.controls);
    controls
        .map(|control| {
            let what = control.evidence.first().map(|one| one.what.clone()).unwrap_or_default();
            (control.key.clone(), control.status, what)
        })
        .collect()
}

async fn as_seen_by(app: &TestApp, person: PersonId) -> Vec<(String, Status, String)> {
    app.services.live.forget().await;
    let mut ctx: OpCtx = app.ctx(person);
    texts(&evidence::evaluate(&app.services, &mut ctx).await.expect("may read"))
}

#[tokio::test]
async fn who_must_not_know_of_a_concern_reads_the_same_as_if_there_were_none() {
    let app = all_well().await;
    let shut_out = [app.people.manager, app.people.dsl, app.people.deputy, app.people.committee];
    let mut before = Vec::new();
    for person in shut_out {
        before.push(as_seen_by(&app, person).await);
    }
    // An allegation about the manager: to the chair alone. Nobody opens it; every control of concerns would turn.
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = concerns::About::Person(app.people.manager);
    concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    app.world.pass(SignedDuration::from_hours(20));
    run_gateway(&app);
    for (person, before) in shut_out.into_iter().zip(before) {
        let after = as_seen_by(&app, person).await;
        assert_eq!(after, before);
    }
    let whole = standing(&app).await;
    assert_eq!(status(&whole, "concerns_opened_in_time"), Status::Gap, "the program itself knows");
    assert_eq!(
        as_seen_by(&app, app.people.chair)
            .await
            .iter()
            .find(|(key, ..)| key == "concerns_opened_in_time")
            .map(|(_, status, _)| *status),
        Some(Status::Gap),
        "and so does whoever holds it"
    );
}

#[tokio::test]
async fn no_small_number_and_no_way_to_a_concern_stands_in_any_sentence() {
    let app = all_well().await;
    let id = neglected(&app, 30).await;
    let found = standing(&app).await;
    for control in found.obligations.iter().flat_map(|duty| &duty.controls) {
        for one in &control.evidence {
            assert!(!one.what.contains(&id.to_string()), "{}", one.what);
            assert!(one.link.as_deref().is_none_or(|link| !link.starts_with("/concerns")), "{:?}", one.link);
            for name in ["Joy Child", "Eli Practitioner", "penguins"] {
                assert!(!one.what.contains(name), "{}: {}", control.key, one.what);
            }
        }
    }
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

#[tokio::test]
async fn actions_and_reviews_are_kept_by_whom_they_belong_to() {
    let app = TestApp::new().await;
    let people = app.people;
    let due = app.services.calendar.local(app.world.now()).date().checked_add(7.days()).expect("day");
    let new = follow_up::NewTask { title: "Order new covers".into(), owner: people.colleague, due };
    let id = follow_up::add(&app.services, &mut app.ctx(people.manager), new.clone()).await.expect("made");
    assert!(follow_up::add(&app.services, &mut app.ctx(people.practitioner), new).await.is_err());
    assert_eq!(follow_up::tasks(&app.services, &app.ctx(people.colleague), false).await.expect("mine").len(), 1);
    assert!(follow_up::tasks(&app.services, &app.ctx(people.practitioner), false).await.expect("none").is_empty());
    let theirs = follow_up::finish(&app.services, &mut app.ctx(people.practitioner), id, "Done it").await;
    assert!(matches!(theirs, Err(app::Error::NotFound)), "{theirs:?}");
    assert!(follow_up::finish(&app.services, &mut app.ctx(people.colleague), id, " ").await.is_err(), "with words");
    follow_up::finish(&app.services, &mut app.ctx(people.colleague), id, "Ordered ten").await.expect("done");
    let again = follow_up::finish(&app.services, &mut app.ctx(people.manager), id, "Me too").await;
    assert!(matches!(again, Err(app::Error::Conflict { .. })), "{again:?}");
    let review = follow_up::open_review(&app.services, &mut app.ctx(people.dsl), "policy", "New guidance", due).await;
    let review = review.expect("open");
    follow_up::close_review(&app.services, &mut app.ctx(people.dsl), review, "Changed page 3").await.expect("closed");
    assert!(follow_up::reviews(&app.services, &app.ctx(people.dsl), false).await.expect("open ones").is_empty());
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn the_audit_page_tells_nobody_of_an_allegation_that_is_not_theirs() {
    let app = all_well().await;
    let people = app.people;
    let lines = async |person| trail::read(&app.services, &app.ctx(person), None).await.expect("may read").lines;
    let (dsl, manager) = (lines(people.dsl).await, lines(people.manager).await);
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = concerns::About::Person(people.manager);
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    concerns::open(&app.services, &mut app.ctx(people.chair), filed.concern).await.expect("opens");
    assert_eq!(lines(people.dsl).await, dsl);
    assert_eq!(lines(people.manager).await, manager);
    let chair = lines(people.chair).await;
    assert!(chair.iter().any(|line| line.did == "Concern: view"), "{chair:?}");
    assert!(trail::read(&app.services, &app.ctx(people.committee), None).await.is_err());
    assert!(trail::verify(&app.services, &mut app.ctx(people.manager)).await.expect("walks").whole);
}

#[tokio::test]
async fn a_home_page_shows_what_needs_this_person_and_nothing_else() {
    let app = all_well().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let lead = home::of(&app.services, &mut app.ctx(people.dsl)).await.expect("home");
    assert!(lead.todo.iter().any(|one| one.href == format!("/concerns/{}", filed.concern)), "{lead:?}");
    assert!(lead.todo.iter().any(|one| one.href == "/concerns"), "{lead:?}");
    let colleague = home::of(&app.services, &mut app.ctx(people.colleague)).await.expect("home");
    assert!(colleague.todo.is_empty(), "{colleague:?}");
    assert!(!colleague.ways.iter().any(|(href, _)| href == "/evidence"));
    let manager = home::of(&app.services, &mut app.ctx(people.manager)).await.expect("home");
    assert!(manager.ways.iter().any(|(href, _)| href == "/evidence"));
}
