//! One thing broken at a time, and the control that must see it.

use app::concerns;
use app::gateway::GatewayState;
use app::testing::TestApp;
use domain::concern::ConcernKind;
use domain::control::Status;
use domain::declaration::DeclarationKind;
use domain::{AccountId, PersonId, Role};
use jiff::SignedDuration;
use serde_json::json;
use store::Scope;
use store::accounts::Account;
use store::concerns::Invitation;
use store::filtering::FilterPolicy;
use uuid::Uuid;

use super::{BLOCKED, all_well_of, probes, profile_with, run_gateway, said, sign, standing, state, status};

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

/// Somebody with the key and a database tool, past the program.
pub(crate) async fn tamper(app: &TestApp, sql: &str) {
    use sqlx::{ConnectOptions, Connection};
    let test = app.database();
    let key = hex::encode(*test.keys.derive("sqlcipher"));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(test.folder.path().join(store::db::FILE));
    let mut connection = options.pragma("key", format!("\"x'{key}'\"")).connect().await.expect("opens");
    let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("runs");
    assert!(done.rows_affected() > 0, "{sql}");
    connection.close().await.expect("closes");
}

/// Answers all questions for systems that must always work in one way.
pub(crate) async fn essential(app: &TestApp, all: app::setup::essential::Where) {
    let answers = app::setup::essential::SYSTEMS.iter().map(|(key, _)| ((*key).to_owned(), all)).collect();
    app::setup::essential::answer(&app.services, &mut app.ctx(app.people.manager), answers).await.unwrap();
}

async fn invite(app: &TestApp, concern: domain::ConcernId, person: PersonId) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.invite").await.expect("write");
    let invitation = Invitation {
        setting_id: app.setting,
        concern_id: concern,
        person_id: person,
        invited_by: app.people.dsl,
        at: tx.now(),
        reason: "Fixed the tablet".into(),
    };
    store::concerns::add_invitation(&mut tx, &invitation).await.expect("invited");
    tx.commit().await.expect("commit");
}

/// A list of strangers' names for each category that the policy of these tests names: more than our own small one.
fn supply_a_list(app: &TestApp) {
    let folder = app.services.data.join("lists");
    let mut folders = Vec::new();
    for (category, _) in BLOCKED {
        let of = folder.join(category);
        std::fs::create_dir_all(&of).expect("made");
        let names: String =
            (0..5_000).map(|number| format!("{}-{number}.example\n", category.replace('_', "-"))).collect();
        std::fs::write(of.join("domains"), names).expect("written");
        folders.push(of);
    }
    let out = folder.join("lists.compiled");
    filter::compile(&folders, &out, filter::FileKey([7; 16])).expect("compiled");
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
pub(super) async fn neglected(app: &TestApp, hours: i64) -> domain::ConcernId {
    let filed =
        concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.expect("filed");
    app.world.pass(SignedDuration::from_hours(hours));
    run_gateway(app);
    filed.concern
}

/// A declaration of a colleague's; decided by somebody: it stays for ten days.
async fn declared(app: &TestApp, kind: DeclarationKind, decided_by: Option<PersonId>) {
    use app::declarations::{self, Decision};
    let id = declarations::declare(&app.services, &mut app.ctx(app.people.practitioner), kind, "Something online.")
        .await
        .expect("declared");
    let Some(decider) = decided_by else { return };
    let today = app.services.calendar.local(app.world.now()).date();
    let decision = Decision {
        outcome: domain::declaration::DeclarationOutcome::Agreed,
        reason: "We spoke.".into(),
        review_on: today.checked_add(jiff::Span::new().days(10)).ok(),
        version: 0,
    };
    declarations::decide(&app.services, &mut app.ctx(decider), id, decision).await.expect("decided");
}

/// A concern of a kind that nobody works, so many hours later.
async fn neglected_kind(app: &TestApp, kind: ConcernKind, hours: i64) -> domain::ConcernId {
    let report = concerns::Report { kind, ..app.breach() };
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    app.world.pass(SignedDuration::from_hours(hours));
    run_gateway(app);
    filed.concern
}

/// Something that happened before its turn.
async fn happened(app: &TestApp, id: domain::ConcernId, step: &str, answers: &[(&str, &str)]) {
    lead_records(app, id, domain::procedure::Act::AlreadyHappened, step, answers, 0).await;
}

/// A step, done by the lead.
pub(crate) async fn judge(app: &TestApp, id: domain::ConcernId, step: &str, answers: &[(&str, &str)]) {
    lead_records(app, id, domain::procedure::Act::Done, step, answers, 0).await;
}

/// The same, by somebody who saw so many records of it before.
pub(crate) async fn judge_again(
    app: &TestApp,
    id: domain::ConcernId,
    step: &str,
    answers: &[(&str, &str)],
    seen: usize,
) {
    lead_records(app, id, domain::procedure::Act::Done, step, answers, seen).await;
}

async fn lead_records(
    app: &TestApp,
    id: domain::ConcernId,
    act: domain::procedure::Act,
    step: &str,
    answers: &[(&str, &str)],
    seen: usize,
) {
    let attempt = concerns::StepAttempt {
        step: step.into(),
        act,
        answers: answers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        reason: None,
        event_at: app.world.now(),
        seen,
        device: None,
        leave: app::holds::Leave::None,
    };
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, attempt).await.expect("recorded");
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

/// A version of the policy that nobody proposed.
async fn policy_without_proposal(app: &TestApp, number: i64) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
    let before = store::filtering::find_newest(&tx, app.setting).await.expect("read").expect("there");
    let row = FilterPolicy { number, made_at: tx.now(), made_by: None, proposal_id: None, ..before };
    store::filtering::add(&mut tx, &row).await.expect("add");
    tx.commit().await.expect("commit");
}

/// The policy with something of it changed, past the program.
async fn change_policy(app: &TestApp, how: impl FnOnce(&mut serde_json::Value)) {
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
    let mut row = store::filtering::find_newest(&tx, app.setting).await.expect("read").expect("there");
    row.number += 1;
    row.made_at = tx.now();
    how(&mut row.policy["groups"]);
    store::filtering::add(&mut tx, &row).await.expect("add");
    tx.commit().await.expect("commit");
}

fn unblock(groups: &mut serde_json::Value, group: &str, category: &str) {
    groups[group]["blocked"].as_object_mut().expect("blocked").remove(category).expect("it was blocked");
}

flips! {
    nobody_says_who_filters: "filtering_named", |app| {
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut row = store::settings::lookup(&tx, app.setting).await.expect("read").expect("there");
        row.profile["providers"]["filtering"] = json!(" ");
        store::settings::set(&mut tx, &row).await.expect("set");
        tx.commit().await.expect("commit");
    }
    a_provider_who_was_not_heard: "provider_review", |app| {
        app.world.pass(SignedDuration::from_mins(1)); run_gateway(&app);
        sign(&app, "signed_check/provider_review", app.people.manager, false).await;
    }
    a_page_that_does_not_say_its_limits: "limits_said", |app| {
        change_probe(&app, "the page that an adult sees", "block page").await;
    }
    the_progress_app_on_a_personal_phone: "progress_app_on_our_devices", |app| {
        change_policy(&app, |groups| {
            groups["guests"] = json!({ "name": "Guests", "audience": "guests", "blocked": {} });
        }).await;
    }
    staff_who_use_their_own_phones: "personal_phones_told", |app| {
        app.world.pass(SignedDuration::from_mins(1)); run_gateway(&app);
        sign(&app, "signed_check/personal_phones", app.people.manager, false).await;
    }
    access_taken_without_a_word: "access_taken_with_reason", |app| {
        let mut ctx = app.ctx(app.people.dsl);
        let why = "Betting at work, twice after we had spoken.";
        app::holds::place_saying(&app.services, &mut ctx, app.people.laptop, why).await.expect("held");
        assert_eq!(status(&standing(&app).await, "access_taken_with_reason"), Status::Met);
        tamper(&app, "UPDATE hold SET reason = NULL").await;
    }
    no_group_is_stricter: "stricter_group_ready", |app| {
        change_policy(&app, |groups| groups["children"]["supervised"] = json!(false)).await;
    }
    nobody_was_told_of_monitoring: "monitoring_told", |app| {
        app.world.pass(SignedDuration::from_mins(1)); run_gateway(&app);
        sign(&app, "signed_check/monitoring_told", app.people.dsl, false).await;
    }
    activity_that_nobody_forgot: "activity_forgotten", |app| {
        let old = app::gateway::Activity {
            at: app.world.now() - SignedDuration::from_hours(24 * 40),
            until: app.world.now() - SignedDuration::from_hours(24 * 40),
            device: None,
            group: "children".into(),
            proven: true,
            what: app::gateway::What::Checked {
                path: "dns".into(),
                passed: true,
                safe_search: None,
                bypass_closed: true,
                blocks: true,
                dns: true,
                proxy: false,
            },
        };
        app.gateway.saw(vec![old]);
    }
    nobody_told_staff_of_the_limits: "limits_told", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    a_change_after_the_review_was_closed: "changes_reviewed", |app| {
        let open = app::follow_up::reviews(&app.services, &app.ctx(app.people.manager), false).await.expect("reviews");
        for review in open {
            let mut ctx = app.ctx(app.people.manager);
            app::follow_up::close_review(&app.services, &mut ctx, review.id, "The policy says so already.").await.expect("closed");
        }
        assert_eq!(status(&standing(&app).await, "changes_reviewed"), Status::Met);
        app.world.pass(SignedDuration::from_mins(1)); run_gateway(&app);
        change_policy(&app, |groups| groups["staff"]["name"] = json!("All staff")).await;
    }
    a_review_that_is_a_month_late: "changes_reviewed", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 80)); run_gateway(&app);
    }
    childrens_devices_without_a_session: "sessions_supervised", |app| {
        change_policy(&app, |groups| groups["children"]["supervised"] = json!(false)).await;
    }
    access_without_a_lesson: "lesson_before_access", |app| {
        change_policy(&app, |groups| groups["children"]["supervised"] = json!(false)).await;
    }
    opened_and_never_looked_at: "break_glass_reviewed", |app| {
        let open = app::filtering::break_glass::Open {
            group: "staff".into(),
            hours: 4,
            reason: "The council\u{2019}s page is blocked.".into(),
            again: "Staff".into(),
        };
        app::filtering::break_glass::open(&app.services, &mut app.ctx(app.people.manager), open).await.unwrap();
        app.world.pass(SignedDuration::from_hours(24 * 8));
        run_gateway(&app);
    }
    alarms_here_and_none_in_their_group: "essential_systems_asked", |app| {
        app.world.pass(SignedDuration::from_secs(1));
        essential(&app, app::setup::essential::Where::Here).await;
    }
    a_call_to_which_nobody_came: "help_answered", |app| {
        let tablet = app::filtering::start::Tablet {
            setting: app.setting,
            device: app.people.tablet,
            name: "Starfish tablet".into(),
            group: "children".into(),
            room: Some(app.people.room),
        };
        app::help::call(&app.services, &tablet).await.unwrap();
        app.world.pass(SignedDuration::from_mins(16));
        run_gateway(&app);
    }
    search_that_is_not_held: "search_held", |app| { change_probe(&app, "a search engine", "dns").await; }
    search_that_nobody_asked_for: "search_held", |app| {
        app.gateway.probes(Ok(probes().into_iter().filter(|one| one.what != "a search engine").collect()));
    }
    private_mail_on_staff_devices: "personal_use_blocked", |app| {
        change_policy(&app, |groups| unblock(groups, "staff", "webmail")).await;
    }
    private_mail_at_lunch: "personal_use_blocked", |app| {
        let lunch = json!({ "name": "Lunch", "when": "opening", "does": { "without": ["webmail"] } });
        change_policy(&app, |groups| groups["staff"]["hours"] = json!({ "lunch": lunch })).await;
    }
    dating_counts_too: "sharing_counts_as_social", |app| {
        change_policy(&app, |groups| unblock(groups, "children", "dating")).await;
    }
    social_media_in_working_hours: "no_social_in_hours", |app| {
        change_policy(&app, |groups| unblock(groups, "staff", "social_media")).await;
    }
    downloads_for_children: "downloads_blocked", |app| {
        change_policy(&app, |groups| unblock(groups, "children", "downloads")).await;
    }
    checks_of_devices_that_grew_old: "devices_checked", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 121)); run_gateway(&app);
    }
    a_shared_device_without_a_name: "shared_devices_taken", |app| {
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let laptop = store::devices::lookup(&tx, app.setting, app.people.laptop).await.expect("read").expect("there");
        let shared = store::devices::Device { person_id: None, group_key: "staff".into(), ..laptop };
        store::devices::set(&mut tx, &shared).await.expect("set");
        tx.commit().await.expect("commit");
    }
    a_plan_that_nobody_looked_at: "support_plans_kept", |app| {
        let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.expect("filed");
        let review_on = app.services.calendar.local(app.world.now()).date();
        let new = app::plans::New {
            child: app.people.child,
            need: "Quiet.".into(),
            help: "A corner.".into(),
            voice: "“Mine.”".into(),
            owner: app.people.dsl,
            review_on,
        };
        app::plans::add(&app.services, &mut app.ctx(app.people.dsl), filed.concern, new).await.expect("made");
        assert_eq!(status(&standing(&app).await, "support_plans_kept"), Status::Met);
        app.world.pass(SignedDuration::from_hours(24 * 16));
        run_gateway(&app);
    }
    something_to_do_is_weeks_late: "actions_kept", |app| {
        let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.expect("filed");
        let due = app.services.calendar.local(app.world.now()).date();
        let task = app::follow_up::NewTask { title: "Ring them".into(), owner: app.people.technician, due };
        let origin = app::follow_up::Origin::Concern;
        app::follow_up::add_from(&app.services, &mut app.ctx(app.people.dsl), filed.concern, origin, task).await.expect("given");
        assert_eq!(status(&standing(&app).await, "actions_kept"), Status::Met);
        app.world.pass(SignedDuration::from_hours(24 * 16));
        run_gateway(&app);
    }
    somebody_here_has_no_login: "everybody_can_tell", |app| {
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let all = store::people::list_memberships(&tx, app.setting).await.expect("read");
        let theirs = all.into_iter().find(|membership| membership.person_id == app.people.practitioner).expect("there");
        store::people::end_membership(&mut tx, theirs).await.expect("ended");
        tx.commit().await.expect("commit");
    }
    a_helpline_that_nobody_checked: "family_helplines", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 700));
        run_gateway(&app);
    }
    nobody_was_shown_the_form_for_a_year: "reporting_shown", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    nobody_spoke_of_abuse_online_for_a_year: "abuse_explained", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    nobody_spoke_of_the_law_on_images: "image_law_explained", |app| {
        app.world.pass(SignedDuration::from_mins(1)); run_gateway(&app);
        sign(&app, "signed_check/image_law_explained", app.people.dsl, false).await;
    }
    the_committee_heard_nothing_for_two_terms: "committee_report", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 241)); run_gateway(&app);
    }
    ceop_has_no_address: "ceop_shown", |app| {
        // What the setting found counts from the day on which it is newer than the pack.
        app.world.pass(SignedDuration::from_hours(24 * 300));
        let none = app::agencies::Details { phone: Some("101".into()), ..Default::default() };
        app::agencies::check(&app.services, &mut app.ctx(app.people.dsl), "ceop", none, "The page is gone.").await.expect("checked");
    }
    closed_without_a_word_of_support: "support_given", |app| {
        let id = neglected_kind(&app, ConcernKind::Bullying, 1).await;
        tamper(&app, &format!("UPDATE concern SET status = 'closed' WHERE hex(id) = upper('{}')", id.0.simple())).await;
    }
    a_file_lies_open_beside_an_image: "imagery_without_files", |app| {
        let id = neglected_kind(&app, ConcernKind::Message, 1).await;
        let file = app::attachments::NewFile {
            could_show: app::attachments::CouldShow::No,
            what: "Letter from the Front Door".into(),
            name: "letter.pdf".into(),
            content: b"%PDF-1.7 letter".to_vec(),
        };
        app::attachments::add(&app.services, &mut app.ctx(app.people.dsl), id, file).await.expect("added");
        assert_eq!(status(&standing(&app).await, "imagery_without_files"), Status::Met);
        tamper(&app, &format!("UPDATE concern SET procedure = 'P5' WHERE hex(id) = upper('{}')", id.0.simple())).await;
    }
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
    every_deputy_limited: "deputies_share_queue", |app| {
        for deputy in [app.people.deputy, app.people.deputy_2] {
            let kinds = domain::roster::Kinds::Only([domain::concern::ConcernKind::Hate].into());
            app::people::limit(&app.services, &mut app.ctx(app.people.manager), deputy, kinds).await.expect("limited");
        }
    }
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
    nobody_asked_for_alarms: "essential_systems_asked", |app| {
        tamper(&app, "UPDATE evidence SET kind = 'gone' WHERE kind = 'essential_systems'").await;
    }
    a_gateway_that_could_read_the_records: "gateway_apart", |app| {
        let apart = app::gateway::Apart::Open("this kernel has no Landlock".into());
        app.gateway.say(Some(GatewayState { apart, ..state(&app) }));
    }
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
    the_record_of_processing_grew_old: "data_protection_signed", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    a_record_that_came_to_its_day_and_nobody_looked: "retention_looked_at", |app| {
        crate::keeping::born(&app).await;
        crate::keeping::closed(&app, "thing").await;
        app.world.pass(SignedDuration::from_hours(24 * 366 * 23)); run_gateway(&app);
    }
    a_certificate_without_a_digest: "destroyed_by_two", |app| {
        let mut ctx = app.world.system();
        let row = store::keeping::Disposal {
            id: ctx.fresh(), setting_id: app.setting, record: domain::retention::RecordKind::Transfer, record_id: Uuid::nil(),
            concern_id: None, about_id: None, state: store::words::DisposalState::Destroyed, rule: "file_transfer".into(),
            edition: "1".into(), due: jiff::civil::date(2026, 1, 1), reason: "Old.".into(), keep_until: None,
            decided_by: app.people.dsl, decided_at: ctx.now, second_by: Some(app.people.deputy), second_at: Some(ctx.now),
            digest: None, gone: Some(1), version: 0,
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::keeping::add_disposal(&mut tx, &row).await.expect("add");
        tx.commit().await.expect("commit");
    }
    an_export_that_does_not_say_why: "exports_accounted", |app| {
        let mut ctx = app.world.system();
        let row = store::keeping::Export {
            id: ctx.fresh(), setting_id: app.setting, number: "X".into(), what: store::words::ExportOf::File, concern_id: None,
            person_id: None, for_whom: "Somebody".into(), why: String::new(), other_way: "By hand".into(), bytes: 1,
            sha256: String::new(), made_by: app.people.dsl, made_at: ctx.now, taken: 0, taken_at: None, version: 0,
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::keeping::add_export(&mut tx, &row, &[]).await.expect("add");
        tx.commit().await.expect("commit");
    }
    a_request_for_data_that_nobody_answered: "requests_answered", |app| {
        let report = concerns::Report { kind: ConcernKind::AccessRequest, device: None, room: None, ..app.breach() };
        concerns::report(&app.services, &mut app.ctx(app.people.dsl), report).await.expect("filed");
        app.world.pass(SignedDuration::from_hours(24 * 33)); run_gateway(&app);
    }
    an_emergency_that_nobody_looked_at: "emergencies_reviewed", |app| {
        let concern_id = neglected(&app, 1).await;
        let mut ctx = app.world.system();
        let row = store::keeping::Emergency {
            id: ctx.fresh(), setting_id: app.setting, concern_id, person_id: app.people.chair, reason: "Nobody there.".into(),
            opened_at: ctx.now, ends_at: ctx.now, ended_at: Some(ctx.now), reviewed_by: None, reviewed_at: None, review: None,
            justified: None, version: 0,
        };
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        store::keeping::add_emergency(&mut tx, &row).await.expect("add");
        tx.commit().await.expect("commit");
        app.world.pass(SignedDuration::from_hours(24 * 8)); run_gateway(&app);
    }
    how_staff_send_mail: "secure_mail", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    the_providers_word_grew_old: "sealed_supplied", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 366)); run_gateway(&app);
    }
    a_change_without_an_assessment: "risk_assessment_linked", |app| {
        app.world.pass(SignedDuration::from_mins(1));
        policy_without_proposal(&app, 3).await;
        run_gateway(&app);
    }
    one_field_changed_behind_the_programs_back: "audit_chain_intact", |app| {
        tamper(&app, "UPDATE audit SET actor = 'somebody else' WHERE seq = 3").await;
    }
    a_record_changed_behind_the_programs_back: "audit_chain_intact", |app| {
        neglected(&app, 1).await;
        tamper(&app, "UPDATE concern SET known_at = known_at + 60000000").await;
    }
    a_technician_let_near_a_concern: "technical_role_without_cases", |app| {
        let id = neglected(&app, 1).await;
        invite(&app, id, app.people.technician).await;
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
            proposal_id: None, decided_at: None,
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
    nobody_takes_an_allegation: "case_manager_named", |app| { app.vacate(Role::Manager).await; app.vacate(Role::Chair).await; }
    nobody_for_one_about_the_manager: "case_manager_named", |app| { app.vacate(Role::Chair).await; }
    numbers_that_nobody_looked_at: "agencies_known", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 800)); run_gateway(&app);
    }
    a_child_at_risk_left_waiting: "welfare_worked", |app| { neglected_kind(&app, ConcernKind::ChildAtRisk, 48).await; }
    an_allegation_left_waiting: "allegations_worked", |app| { neglected_kind(&app, ConcernKind::AdultHere, 48).await; }
    imagery_left_waiting: "imagery_worked", |app| { neglected_kind(&app, ConcernKind::YoungPersonsImage, 48).await; }
    an_indecent_image_left_waiting: "indecent_images_worked", |app| { neglected_kind(&app, ConcernKind::IndecentImage, 48).await; }
    a_faked_image_left_waiting: "indecent_images_worked", |app| { neglected_kind(&app, ConcernKind::AlteredImage, 48).await; }
    bullying_left_waiting: "bullying_worked", |app| { neglected_kind(&app, ConcernKind::Bullying, 48).await; }
    hate_left_waiting: "hate_worked", |app| { neglected_kind(&app, ConcernKind::Hate, 48).await; }
    extremism_left_waiting: "radicalisation_worked", |app| { neglected_kind(&app, ConcernKind::Radicalisation, 48).await; }
    a_message_left_waiting: "messages_worked", |app| { neglected_kind(&app, ConcernKind::Message, 48).await; }
    a_phone_left_waiting: "personal_devices_worked", |app| { neglected_kind(&app, ConcernKind::PersonalDevice, 48).await; }
    parents_left_waiting: "parents_told_or_reason", |app| { neglected_kind(&app, ConcernKind::ChildAtRisk, 72).await; }
    a_deletion_before_the_word: "deletion_waited", |app| {
        let id = neglected_kind(&app, ConcernKind::IndecentImage, 1).await;
        let (by, beside) = (app.people.technician.to_string(), app.people.dsl.to_string());
        let at = app.world.now().to_string();
        happened(&app, id, "delete", &[("what", "A mail"), ("by", &by), ("witness", &beside), ("at", &at)]).await;
    }
    others_told_before_the_police: "outside_asked_first", |app| {
        let id = neglected_kind(&app, ConcernKind::ChildAtRisk, 1).await;
        let at = app.world.now().to_string();
        happened(&app, id, "other_settings", &[("who", "Their lead"), ("at", &at), ("what", "All of it.")]).await;
    }
    pictures_by_staff_that_are_no_allegation: "own_devices_are_allegations", |app| {
        let id = neglected_kind(&app, ConcernKind::PersonalDevice, 1).await;
        let judged = [
            ("whose", "staff"), ("images", "yes"), ("criteria", "yes"), ("why", "Seen by two."),
            ("crime", "no"), ("harm", "no"), ("family", "no"),
        ];
        happened(&app, id, "judge", &judged).await;
    }
    nobody_read_the_behaviour_clause: "behaviour_clause", |app| {
        app.world.pass(SignedDuration::from_hours(24 * 401)); run_gateway(&app);
    }
    a_declaration_waits_for_weeks: "conflicts_declared", |app| {
        declared(&app, DeclarationKind::Content, None).await;
        app.world.pass(SignedDuration::from_hours(24 * 8)); run_gateway(&app);
    }
    nobody_decides_for_the_lead: "conflicts_declared", |app| {
        for role in [Role::Manager, Role::Chair, Role::Deputy] {
            app.vacate(role).await;
        }
    }
    a_friend_past_the_agreed_day: "friends_declared", |app| {
        declared(&app, DeclarationKind::Friend, Some(app.people.manager)).await;
        assert_eq!(status(&standing(&app).await, "friends_declared"), Status::Met);
        app.world.pass(SignedDuration::from_hours(24 * 12)); run_gateway(&app);
    }
    a_friendship_past_the_agreed_day: "friendships_decided", |app| {
        declared(&app, DeclarationKind::Friendship, Some(app.people.dsl)).await;
        assert_eq!(status(&standing(&app).await, "friendships_decided"), Status::Met);
        app.world.pass(SignedDuration::from_hours(24 * 12)); run_gateway(&app);
    }
    imagery_closed_without_a_word_on_looking: "imagery_looks_declared", |app| {
        let id = neglected_kind(&app, ConcernKind::YoungPersonsImage, 1).await;
        let mut ctx = app.world.system();
        let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.break").await.expect("write");
        let mut row = store::concerns::lookup_for_program(&tx, app.setting, id).await.expect("read").expect("there");
        row.status = domain::concern::ConcernStatus::Closed;
        row.closed_at = Some(tx.now());
        store::concerns::set(&mut tx, &row).await.expect("set");
        tx.commit().await.expect("commit");
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

/// A request for data whose asker was told after so many days that it takes longer, as it stands after so many.
async fn told_that_it_takes_longer(after: i64, looked_at: i64) -> Status {
    let app = all_well_of(profile_with("requests_answered")).await;
    let report = concerns::Report { kind: ConcernKind::AccessRequest, device: None, room: None, ..app.breach() };
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.dsl), report).await.expect("filed");
    judge(&app, filed.concern, "who", &[("sure", "yes"), ("what", "All of it."), ("complex", "yes")]).await;
    app.world.pass(SignedDuration::from_hours(24 * after));
    let at = app.world.now().to_string();
    judge(&app, filed.concern, "longer", &[("why", "Six years."), ("at", &at), ("how", "By letter")]).await;
    app.world.pass(SignedDuration::from_hours(24 * (looked_at - after)));
    run_gateway(&app);
    status(&standing(&app).await, "requests_answered")
}

#[tokio::test]
async fn a_request_takes_three_months_for_those_alone_who_heard_of_it_in_the_first() {
    assert_eq!(told_that_it_takes_longer(20, 60).await, Status::Met);
    assert_eq!(told_that_it_takes_longer(40, 60).await, Status::Gap, "told too late");
    assert_eq!(told_that_it_takes_longer(20, 100).await, Status::Gap, "three months are over");
}

#[tokio::test]
async fn a_request_that_rested_has_its_days_left() {
    let app = all_well_of(profile_with("requests_answered")).await;
    let report = concerns::Report { kind: ConcernKind::AccessRequest, device: None, room: None, ..app.breach() };
    let id = concerns::report(&app.services, &mut app.ctx(app.people.dsl), report).await.expect("filed").concern;
    let from = app.world.now();
    let mut lead = app.ctx(app.people.dsl);
    concerns::rest(&app.services, &mut lead, id, "answer", from, "Asked which of two children.").await.expect("rests");
    app.world.pass(SignedDuration::from_hours(24 * 40));
    run_gateway(&app);
    assert_eq!(status(&standing(&app).await, "requests_answered"), Status::Met);
}

#[tokio::test]
async fn a_category_is_covered_by_a_real_list_and_no_longer_when_the_list_is_gone() {
    let app = all_well_of(profile_with("lists_cover_categories")).await;
    assert_eq!(status(&standing(&app).await, "lists_cover_categories"), Status::Gap, "nobody supplied one");
    // The self-test's page says the same beside its answers.
    let behind =
        async || app::filtering::supply::behind(&app.services, &app.ctx(app.people.technician)).await.expect("read");
    let before = behind().await;
    assert!(before.kinds > 0 && before.thin.len() == before.kinds, "{before:?}");
    supply_a_list(&app);
    assert_eq!(behind().await.thin, Vec::<String>::new());
    let found = standing(&app).await;
    assert_eq!(status(&found, "lists_cover_categories"), Status::Met, "{}", said(&found, "lists_cover_categories"));
    std::fs::remove_file(app.services.data.join("lists/lists.compiled")).expect("removed");
    assert_eq!(status(&standing(&app).await, "lists_cover_categories"), Status::Gap);
    supply_a_list(&app);
    app.gateway.say(None);
    assert_eq!(status(&standing(&app).await, "lists_cover_categories"), Status::Gap, "a list that no gateway reads");
}

#[tokio::test]
async fn a_plain_file_or_pages_without_https_are_not_encrypted() {
    let mut app = all_well_of(profile_with("data_encrypted")).await;
    assert_eq!(status(&standing(&app).await, "data_encrypted"), Status::Met);
    let base = std::mem::replace(&mut app.services.web_base, "http://holdfast.test".into());
    assert_eq!(status(&standing(&app).await, "data_encrypted"), Status::Gap, "others read along");
    app.services.web_base = base;
    // What somebody finds who takes the disk: the first bytes of the file say what it is.
    let elsewhere = tempfile::TempDir::new().expect("a folder");
    std::fs::write(elsewhere.path().join(store::db::FILE), b"SQLite format 3\0 and all the names").expect("written");
    app.services.data = elsewhere.path().to_owned();
    assert_eq!(status(&standing(&app).await, "data_encrypted"), Status::Gap, "it reads as a plain database");
}

/// What the house does by itself every day.
async fn day(app: &TestApp) {
    app::jobs::schedule(&app.services, &mut app.world.system()).await.expect("scheduled");
    app.work().await;
}

#[tokio::test]
async fn a_new_edition_of_guidance_opens_a_review_once_and_is_red_without() {
    let mut app = all_well_of(profile_with("changes_reviewed")).await;
    let mut content = (*app.services.content).clone();
    let from =
        app.services.calendar.local(app.world.now()).date().checked_add(jiff::Span::new().days(3)).expect("a day");
    let known = content.guidance.first().cloned().expect("some guidance");
    content.guidance.push(domain::content::Guidance { edition: "of tomorrow".into(), from: Some(from), ..known });
    app.services.content = std::sync::Arc::new(content);
    assert_eq!(status(&standing(&app).await, "changes_reviewed"), Status::Met, "it is not in force yet");
    app.world.pass(SignedDuration::from_hours(24 * 5));
    run_gateway(&app);
    assert_eq!(status(&standing(&app).await, "changes_reviewed"), Status::Gap, "nobody was asked to look");
    day(&app).await;
    let open = app::follow_up::reviews(&app.services, &app.ctx(app.people.manager), false).await.expect("reviews");
    let of_it =
        |reviews: &[app::follow_up::ReviewView]| reviews.iter().filter(|one| one.why.contains("of tomorrow")).count();
    assert_eq!(of_it(&open), 1, "the day's work opened one");
    run_gateway(&app);
    assert_eq!(status(&standing(&app).await, "changes_reviewed"), Status::Met);
    app.world.pass(SignedDuration::from_hours(25));
    day(&app).await;
    let open = app::follow_up::reviews(&app.services, &app.ctx(app.people.manager), false).await.expect("reviews");
    assert_eq!(of_it(&open), 1, "and no second one");
}

flips! {
    a_stored_password_that_is_hashed_cheaply_is_seen: "passwords_policy", |app| {
        tamper(&app, "UPDATE account SET password_hash = '$argon2id$v=19$m=8,t=1,p=1$bm9ib2R5$a25vd3M' WHERE id = (SELECT min(id) FROM account)").await;
    }
    a_wall_that_somebody_took_away_past_the_program_is_seen: "exclusion_holds", |app| {
        let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.expect("filed");
        concerns::exclude(&app.services, &mut app.ctx(app.people.dsl), filed.concern, app.people.deputy).await.expect("shut out");
        assert_eq!(status(&standing(&app).await, "exclusion_holds"), Status::Met);
        tamper(&app, "DELETE FROM exclusion").await;
    }
}

// What the two conclude from a program that takes weak words, or from lists that show too much, is tested beside them, in
// `evidence::live`: no row can make the program's own code weaker.
