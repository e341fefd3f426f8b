//! Coming in, staying in, losing the second factor, ending: against a real database.

use app::accounts::{
    self, ApiScope, Credentials, Duty, Next, PasswordChange, Proof, Token, TokenRequest, Visit, Vouched, second_factor,
};
use app::testing::TestApp;
use app::{Error, people};
use domain::access::{self, Action, Refused, Relation};
use domain::{Actor, OpCtx, PersonId, Role};
use jiff::SignedDuration;
use store::Scope;

const PASSWORD: &str = "copper teapot lantern fog";
const OTHER: &str = "seven wet umbrellas in april";

/// Somebody with a sign-in of their own.
struct Human {
    person: PersonId,
    username: String,
    secret: Option<String>,
}

struct House {
    app: TestApp,
}

impl House {
    async fn new(profile: &str) -> Self {
        Self { app: TestApp::of(profile, 1).await }
    }

    /// Gives an account by the manager's hand and chooses the password as its owner would.
    async fn human(&self, person: PersonId, username: &str) -> Human {
        let mut manager = self.app.ctx(self.app.people.manager);
        let handed = people::give_account(&self.app.services, &mut manager, person, username).await.unwrap();
        let token = Token::given(handed.path.rsplit('/').next().unwrap());
        let mut nobody = self.app.world.nobody();
        accounts::choose_with_link(&self.app.services, &mut nobody, &token, PASSWORD, PASSWORD).await.unwrap();
        Human { person, username: username.to_owned(), secret: None }
    }

    async fn sign_in(&self, username: &str, password: &str) -> app::Result<accounts::SignedIn> {
        let credentials =
            Credentials { username: username.into(), password: password.into(), label: "Office computer".into() };
        accounts::sign_in(&self.app.services, &mut self.app.world.nobody(), credentials).await
    }

    async fn visit(&self, token: &Token) -> Option<Visit> {
        accounts::visit(&self.app.services, &mut self.app.world.nobody(), token).await.unwrap()
    }

    fn ctx(&self, visit: &Visit) -> OpCtx {
        self.app.world.ctx(visit.actor.clone())
    }

    /// Signs in and shows, or sets up, the second factor.
    async fn whole(&self, human: &mut Human) -> (Token, Visit) {
        let signed_in = self.sign_in(&human.username, PASSWORD).await.unwrap();
        let visit = self.visit(&signed_in.token).await.unwrap();
        let mut ctx = self.ctx(&visit);
        let services = &self.app.services;
        let token = match (&human.secret, signed_in.next) {
            (Some(secret), Next::First(Duty::ShowSecondFactor)) => {
                let code = second_factor::figures(secret, self.app.world.now()).unwrap();
                accounts::show_second_factor(services, &mut ctx, &visit, &code).await.unwrap().token
            }
            (None, Next::First(Duty::SetUpSecondFactor)) => {
                let begun = accounts::begin_second_factor(services, &mut ctx).await.unwrap();
                let code = second_factor::figures(&begun.secret, self.app.world.now()).unwrap();
                let (again, codes) = accounts::confirm_second_factor(services, &mut ctx, &visit, &code).await.unwrap();
                assert_eq!(codes.0.len(), 10);
                human.secret = Some(begun.secret);
                again.token
            }
            other => panic!("{other:?}"),
        };
        let visit = self.visit(&token).await.unwrap();
        (token, visit)
    }

    fn later(&self, time: SignedDuration) {
        self.app.world.pass(time);
    }

    async fn account(&self, username: &str) -> store::accounts::Account {
        let reader = self.app.services.db.read(Scope::All).await.unwrap();
        store::accounts::find_by_username(&reader, username).await.unwrap().unwrap()
    }
}

fn said(error: Error) -> String {
    match error {
        Error::Invalid(said) => said.into_iter().map(|(field, say)| format!("{field}: {say}")).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lead_comes_in_by_password_and_figures_and_the_token_is_nowhere_in_the_database() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "Dsl.Lead").await;
    let (token, visit) = house.whole(&mut dsl).await;
    assert_eq!(visit.duty, None);
    let ctx = house.ctx(&visit);
    assert!(access::authorize(&ctx.actor, Action::ReadQueue, Relation::Setting).is_ok());
    let account = house.account("dsl.lead").await;
    let reader = house.app.services.db.read(Scope::All).await.unwrap();
    let sessions = store::accounts::list_sessions(&reader, account.id).await.unwrap();
    assert!(sessions.iter().all(|session| session.token_hash != token.expose() && session.csrf != token.expose()));
    assert!(sessions.iter().any(|session| session.token_hash == token.digest()));
    assert!(account.password_hash.starts_with("$argon2id$"));
}

#[tokio::test]
async fn wrong_password_locked_account_and_unknown_name_say_the_same() {
    let house = House::new("n").await;
    let human = house.human(house.app.people.practitioner, "pat").await;
    let unknown = said(house.sign_in("nobody.here", PASSWORD).await.unwrap_err());
    let wrong = said(house.sign_in("pat", OTHER).await.unwrap_err());
    assert_eq!(unknown, wrong);
    for _ in 0..4 {
        house.sign_in("pat", OTHER).await.unwrap_err();
    }
    let locked = said(house.sign_in(" PAT ", PASSWORD).await.unwrap_err());
    assert_eq!(locked, wrong, "the right password, but too early");
    // Locked out of signing in, not of reporting.
    assert!(
        app::concerns::report(&house.app.services, &mut house.app.ctx(human.person), house.app.breach()).await.is_ok()
    );
    house.later(SignedDuration::from_secs(61));
    assert!(house.sign_in("pat", PASSWORD).await.is_ok());
    assert_eq!(house.account("pat").await.failed_attempts, 0);
}

#[tokio::test]
async fn an_unknown_name_costs_the_same_work_as_a_wrong_password() {
    let house = House::new("n").await;
    house.human(house.app.people.practitioner, "pat").await;
    let mut spent = [std::time::Duration::ZERO; 2];
    for _ in 0..3 {
        for (index, name) in ["pat", "nobody.here"].into_iter().enumerate() {
            let start = std::time::Instant::now();
            house.sign_in(name, OTHER).await.unwrap_err();
            spent[index] += start.elapsed();
        }
    }
    let (known, unknown) = (spent[0].as_secs_f64(), spent[1].as_secs_f64());
    // A hash is a hundred times everything else: leaving it out would show as a factor, not as noise.
    assert!(unknown > known / 3.0 && known > unknown / 3.0, "known {known} s, unknown {unknown} s");
}

#[tokio::test]
async fn a_code_works_once_and_guessing_figures_locks() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    house.whole(&mut dsl).await;
    house.later(SignedDuration::from_secs(90));
    let (_, _) = house.whole(&mut dsl).await;
    let again = house.sign_in("lead", PASSWORD).await.unwrap();
    let visit = house.visit(&again.token).await.unwrap();
    let code = second_factor::figures(dsl.secret.as_ref().unwrap(), house.app.world.now()).unwrap();
    let services = &house.app.services;
    let replay = accounts::show_second_factor(services, &mut house.ctx(&visit), &visit, &code).await;
    assert!(said(replay.unwrap_err()).starts_with("code: "), "the same figures a second time");
    for guess in 0..5 {
        let guess = format!("00000{guess}");
        let tried = accounts::show_second_factor(services, &mut house.ctx(&visit), &visit, &guess).await;
        assert!(tried.is_err());
        // The password is known to the guesser; it must not set the count back.
        let _ = house.sign_in("lead", PASSWORD).await;
    }
    assert!(house.account("lead").await.locked_until.is_some());
    house.later(SignedDuration::from_secs(31));
    let fresh = second_factor::figures(dsl.secret.as_ref().unwrap(), house.app.world.now()).unwrap();
    let locked = accounts::show_second_factor(services, &mut house.ctx(&visit), &visit, &fresh).await;
    assert!(locked.is_err(), "right, but locked");
}

#[tokio::test]
async fn without_the_second_factor_one_reports_and_works_no_case() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    house.whole(&mut dsl).await;
    house.later(SignedDuration::from_secs(90));
    let half = house.sign_in("lead", PASSWORD).await.unwrap();
    assert_eq!(half.next, Next::First(Duty::ShowSecondFactor));
    let visit = house.visit(&half.token).await.unwrap();
    let ctx = house.ctx(&visit);
    assert_eq!(access::authorize(&ctx.actor, Action::OpenConcern, Relation::Case), Err(Refused::SecondFactor));
    assert!(access::authorize(&ctx.actor, Action::ReportConcern, Relation::Setting).is_ok());
    // Nor does half a sign-in replace the password or the second factor.
    let change = PasswordChange { old: PASSWORD.into(), new: OTHER.into(), again: OTHER.into() };
    let services = &house.app.services;
    assert!(accounts::choose_password(services, &mut house.ctx(&visit), &visit, change).await.is_err());
    assert!(accounts::begin_second_factor(services, &mut house.ctx(&visit)).await.is_err());
}

#[tokio::test]
async fn a_password_runs_out_in_the_setting_that_says_so_and_reporting_goes_on() {
    for (profile, runs_out) in [("n", true), ("h", false)] {
        let house = House::new(profile).await;
        house.human(house.app.people.practitioner, "pat").await;
        house.later(SignedDuration::from_hours(24 * 366));
        let signed_in = house.sign_in("pat", PASSWORD).await.unwrap();
        let visit = house.visit(&signed_in.token).await.unwrap();
        assert_eq!(visit.duty == Some(Duty::PasswordTooOld), runs_out, "profile {profile}");
        let mut ctx = house.ctx(&visit);
        app::concerns::report(&house.app.services, &mut ctx, house.app.breach()).await.unwrap();
        if !runs_out {
            continue;
        }
        let same = PasswordChange { old: PASSWORD.into(), new: PASSWORD.into(), again: PASSWORD.into() };
        let services = &house.app.services;
        assert!(accounts::choose_password(services, &mut ctx, &visit, same).await.is_err(), "the old one again");
        let new = PasswordChange { old: PASSWORD.into(), new: OTHER.into(), again: OTHER.into() };
        let done = accounts::choose_password(services, &mut ctx, &visit, new).await.unwrap();
        assert_eq!(done.next, Next::Home);
        assert!(house.visit(&signed_in.token).await.is_none(), "the cookie of before is worth nothing");
        assert!(house.sign_in("pat", PASSWORD).await.is_err());
        assert!(house.sign_in("pat", OTHER).await.is_ok());
    }
}

#[tokio::test]
async fn an_old_password_of_a_lead_opens_nothing_but_the_report() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    house.whole(&mut dsl).await;
    house.later(SignedDuration::from_hours(24 * 366));
    let (_, visit) = house.whole(&mut dsl).await;
    assert_eq!(visit.duty, Some(Duty::PasswordTooOld));
    let ctx = house.ctx(&visit);
    for action in [Action::ReadQueue, Action::ReadEvidence, Action::ReadAudit] {
        assert!(access::authorize(&ctx.actor, action, Relation::Setting).is_err(), "{action:?}");
    }
    assert!(access::authorize(&ctx.actor, Action::ReportConcern, Relation::Setting).is_ok());
}

#[tokio::test]
async fn management_resets_a_password_and_learns_none() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    let (token, _) = house.whole(&mut dsl).await;
    let services = &house.app.services;
    let mut manager = house.app.ctx(house.app.people.manager);
    let handed = accounts::reset_password(services, &mut manager, dsl.person).await.unwrap();
    assert!(house.visit(&token).await.is_none(), "sessions end");
    assert!(house.sign_in("lead", PASSWORD).await.is_err(), "the old one stops");
    let link = Token::given(handed.path.rsplit('/').next().unwrap());
    let mut nobody = house.app.world.nobody();
    assert_eq!(accounts::who_may_choose(services, &nobody, &link).await.unwrap().as_deref(), Some("lead"));
    assert!(
        accounts::choose_with_link(services, &mut nobody, &link, "lead lead lead", "lead lead lead").await.is_err()
    );
    accounts::choose_with_link(services, &mut nobody, &link, OTHER, OTHER).await.unwrap();
    assert!(accounts::choose_with_link(services, &mut nobody, &link, PASSWORD, PASSWORD).await.is_err(), "once");
    let in_again = house.sign_in("lead", OTHER).await.unwrap();
    assert_eq!(in_again.next, Next::First(Duty::ShowSecondFactor), "a link in the wrong hands opens no case");
    let mut practitioner = house.app.ctx(house.app.people.practitioner);
    assert!(matches!(
        accounts::reset_password(services, &mut practitioner, dsl.person).await,
        Err(Error::Refused(Refused::Role))
    ));
    let seen = app::notices::mine(services, &house.app.ctx(dsl.person)).await.unwrap();
    assert!(!seen.is_empty(), "the owner is told");
    house.later(SignedDuration::from_hours(49));
    let late =
        accounts::reset_password(services, &mut house.app.ctx(house.app.people.manager), dsl.person).await.unwrap();
    house.later(SignedDuration::from_hours(49));
    let late = Token::given(late.path.rsplit('/').next().unwrap());
    let nobody = house.app.world.nobody();
    assert_eq!(accounts::who_may_choose(services, &nobody, &late).await.unwrap(), None, "after two days");
}

#[tokio::test]
async fn ending_an_appointment_ends_the_session_and_shows_the_vacancy() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    let (token, _) = house.whole(&mut dsl).await;
    let services = &house.app.services;
    let mut manager = house.app.ctx(house.app.people.manager);
    let view = people::lookup(services, &manager, dsl.person).await.unwrap();
    let mut vacancy = None;
    for appointment in view.appointments {
        let ended = people::end_appointment(services, &mut manager, appointment.id).await.unwrap();
        vacancy = vacancy.or(ended.vacancy.map(|role| (role, ended.next_in_line)));
    }
    let (role, next) = vacancy.unwrap();
    assert_eq!(role, Role::Dsl);
    assert!(!next.is_empty(), "somebody receives meanwhile");
    assert!(house.visit(&token).await.is_none());
    assert!(said(house.sign_in("lead", PASSWORD).await.unwrap_err()).contains("no role"));
    let roster = people::list_appointments(services, &manager).await.unwrap();
    assert!(roster.vacant.contains(&Role::Dsl));
}

#[tokio::test]
async fn the_screen_locks_by_itself_and_the_password_opens_it() {
    let house = House::new("h").await;
    house.human(house.app.people.practitioner, "pat").await;
    let signed_in = house.sign_in("pat", PASSWORD).await.unwrap();
    house.later(SignedDuration::from_mins(9));
    assert!(!house.visit(&signed_in.token).await.unwrap().locked);
    house.later(SignedDuration::from_mins(9));
    // A page that refreshes itself is nobody's touch.
    accounts::glance(&house.app.services, &mut house.app.world.nobody(), &signed_in.token).await.unwrap();
    house.later(SignedDuration::from_mins(2));
    let visit = house.visit(&signed_in.token).await.unwrap();
    assert!(visit.locked);
    assert_eq!(visit.actor, Actor::Nobody);
    let services = &house.app.services;
    let mut nobody = house.app.world.nobody();
    assert!(accounts::unlock(services, &mut nobody, &visit, OTHER).await.is_err());
    let open = accounts::unlock(services, &mut nobody, &visit, PASSWORD).await.unwrap();
    assert!(!house.visit(&open.token).await.unwrap().locked);
    house.later(SignedDuration::from_hours(15));
    assert!(house.visit(&open.token).await.is_none(), "longer than any working day");
}

#[tokio::test]
async fn a_clock_that_falls_back_locks_screens_once_and_shuts_nobody_out_for_years() {
    let house = House::new("n").await;
    house.human(house.app.people.practitioner, "pat").await;
    house.human(house.app.people.colleague, "kim").await;
    let signed_in = house.sign_in("pat", PASSWORD).await.unwrap();
    for _ in 0..6 {
        assert!(house.sign_in("kim", OTHER).await.is_err());
    }
    assert!(house.sign_in("kim", PASSWORD).await.is_err(), "too early");
    // A clock that is set right by seconds locks nothing.
    house.later(-SignedDuration::from_secs(20));
    assert!(!house.visit(&signed_in.token).await.unwrap().locked);

    house.later(-SignedDuration::from_hours(24 * 365 * 6));
    let visit = house.visit(&signed_in.token).await.expect("still signed in");
    assert!(visit.locked, "how long nobody was there, this clock cannot say");
    let mut nobody = house.app.world.nobody();
    let open = accounts::unlock(&house.app.services, &mut nobody, &visit, PASSWORD).await.unwrap();
    assert!(!house.visit(&open.token).await.unwrap().locked);
    assert!(house.sign_in("kim", PASSWORD).await.is_ok(), "her minutes are not six years");
    house.later(SignedDuration::from_hours(15));
    assert!(house.visit(&open.token).await.is_none(), "a working day ends by this clock too");
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_nobody_elses() {
    let house = House::new("n").await;
    house.human(house.app.people.practitioner, "pat").await;
    house.human(house.app.people.colleague, "kim").await;
    let (one, other) = (house.sign_in("pat", PASSWORD).await.unwrap(), house.sign_in("pat", PASSWORD).await.unwrap());
    let kim = house.sign_in("kim", PASSWORD).await.unwrap();
    let visit = house.visit(&one.token).await.unwrap();
    let mut ctx = house.ctx(&visit);
    let services = &house.app.services;
    let list = accounts::list_sessions(services, &ctx).await.unwrap();
    assert_eq!(list.len(), 2);
    assert!(list[0].here && list[0].label == "Office computer");
    assert!(matches!(accounts::end_session(services, &mut ctx, kim.session).await, Err(Error::NotFound)));
    accounts::end_session(services, &mut ctx, other.session).await.unwrap();
    assert!(house.visit(&other.token).await.is_none());
    assert!(house.visit(&kim.token).await.is_some());
}

#[tokio::test]
async fn a_recovered_account_waits_for_another_lead() {
    let house = House::new("n").await;
    let who = house.app.people;
    let mut dsl = house.human(who.dsl, "lead").await;
    let mut deputy = house.human(who.deputy, "deputy").await;
    house.human(who.chair, "chair").await;
    let (token, _) = house.whole(&mut dsl).await;
    house.whole(&mut deputy).await;
    let services = &house.app.services;
    let person = dsl.person;
    assert!(accounts::vouch(services, &mut house.app.ctx(who.dsl), person).await.is_err(), "for oneself");
    assert!(accounts::vouch(services, &mut house.app.ctx(who.practitioner), person).await.is_err(), "no lead");
    house.app.tie(who.deputy_2, who.dsl).await;
    assert!(accounts::vouch(services, &mut house.app.ctx(who.deputy_2), person).await.is_err(), "a relative");
    let first = accounts::vouch(services, &mut house.app.ctx(who.deputy), person).await.unwrap();
    assert_eq!(first, Vouched::OneMore);
    let twice = accounts::vouch(services, &mut house.app.ctx(who.deputy), person).await.unwrap();
    assert_eq!(twice, Vouched::OneMore, "the same voice twice is one");
    let second = accounts::vouch(services, &mut house.app.ctx(who.manager), person).await.unwrap();
    assert_eq!(second, Vouched::Reset);
    assert!(house.visit(&token).await.is_none());
    let early = accounts::confirm_recovery(services, &mut house.app.ctx(who.chair), person).await;
    assert!(early.is_err(), "nothing to confirm before there is a new second step");

    dsl.secret = None;
    house.later(SignedDuration::from_secs(60));
    let (token, visit) = house.whole(&mut dsl).await;
    assert_eq!(visit.duty, Some(Duty::AwaitConfirmation));
    let ctx = house.ctx(&visit);
    assert_eq!(access::authorize(&ctx.actor, Action::OpenConcern, Relation::Case), Err(Refused::SecondFactor));
    app::concerns::report(services, &mut house.ctx(&visit), house.app.breach()).await.unwrap();
    assert!(accounts::confirm_recovery(services, &mut house.ctx(&visit), person).await.is_err(), "oneself");
    let voucher = accounts::confirm_recovery(services, &mut house.app.ctx(who.deputy), person).await;
    assert!(said(voucher.unwrap_err()).contains("vouched"));
    let chair = app::notices::mine(services, &house.app.ctx(who.chair)).await.unwrap();
    assert!(chair.iter().any(|notice| notice.link == "/people/recoveries"), "the chair is told");
    let waiting = accounts::list_recoveries(services, &house.app.ctx(who.chair)).await.unwrap();
    assert!(waiting.iter().any(|recovery| recovery.person == person && recovery.mine_to_decide));
    accounts::confirm_recovery(services, &mut house.app.ctx(who.chair), person).await.unwrap();
    assert_eq!(house.visit(&token).await.unwrap().duty, None);
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_cases_wait() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    let (_, visit) = house.whole(&mut dsl).await;
    house.later(SignedDuration::from_secs(90));
    let services = &house.app.services;
    let mut ctx = house.ctx(&visit);
    let code = second_factor::figures(dsl.secret.as_ref().unwrap(), house.app.world.now()).unwrap();
    assert!(accounts::new_recovery_codes(services, &mut ctx, OTHER, &code).await.is_err());
    let codes = accounts::new_recovery_codes(services, &mut ctx, PASSWORD, &code).await.unwrap();
    let half = house.sign_in("lead", PASSWORD).await.unwrap();
    let visit = house.visit(&half.token).await.unwrap();
    let paper = codes.0[3].to_lowercase();
    let shown = accounts::show_second_factor(services, &mut house.ctx(&visit), &visit, &paper).await.unwrap();
    assert_eq!(shown.next, Next::First(Duty::AwaitConfirmation));
    let half = house.sign_in("lead", PASSWORD).await.unwrap();
    let visit = house.visit(&half.token).await.unwrap();
    let again = accounts::show_second_factor(services, &mut house.ctx(&visit), &visit, &paper).await;
    assert!(again.is_err(), "a code works once");
}

#[tokio::test]
async fn a_token_needs_proof_reads_no_case_and_runs_out() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    let (_, visit) = house.whole(&mut dsl).await;
    house.later(SignedDuration::from_secs(60));
    let services = &house.app.services;
    let mut ctx = house.ctx(&visit);
    let request = TokenRequest { lasts: SignedDuration::from_hours(1), scopes: [ApiScope::Evidence].into() };
    assert!(accounts::make_token(services, &mut ctx, &request, Proof::Demo).await.is_err(), "this is no demo");
    let code = second_factor::figures(dsl.secret.as_ref().unwrap(), house.app.world.now()).unwrap();
    let wrong = Proof::Own { password: OTHER, code: &code };
    assert!(accounts::make_token(services, &mut ctx, &request, wrong).await.is_err());
    let right = Proof::Own { password: PASSWORD, code: &code };
    let (token, _) = accounts::make_token(services, &mut ctx, &request, right).await.unwrap();
    let bearer = accounts::bearer(services, &house.app.world.nobody(), &token).await.unwrap().unwrap();
    assert!(bearer.opens(Action::ReadEvidence) && !bearer.opens(Action::ReadFilter));
    for action in [Action::OpenConcern, Action::ReadQueue, Action::ExportConcern] {
        assert!(!bearer.opens(action));
        assert!(access::authorize(&bearer.actor, action, Relation::Case).is_err(), "{action:?}");
    }
    house.later(SignedDuration::from_mins(61));
    assert!(accounts::bearer(services, &house.app.world.nobody(), &token).await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_that_its_owner_ends_is_worth_nothing_at_once() {
    let house = House::new("n").await;
    let mut dsl = house.human(house.app.people.dsl, "lead").await;
    let (_, visit) = house.whole(&mut dsl).await;
    house.later(SignedDuration::from_secs(60));
    let services = &house.app.services;
    let mut ctx = house.ctx(&visit);
    let request = TokenRequest { lasts: SignedDuration::from_hours(1), scopes: [ApiScope::Evidence].into() };
    let code = second_factor::figures(dsl.secret.as_ref().unwrap(), house.app.world.now()).unwrap();
    let right = Proof::Own { password: PASSWORD, code: &code };
    let (token, _) = accounts::make_token(services, &mut ctx, &request, right).await.unwrap();
    let id = accounts::list_tokens(services, &ctx).await.unwrap()[0].id;
    let mut other = house.app.ctx(house.app.people.manager);
    assert!(accounts::end_token(services, &mut other, id).await.is_err(), "not theirs to end");
    assert!(accounts::bearer(services, &house.app.world.nobody(), &token).await.unwrap().is_some());
    accounts::end_token(services, &mut ctx, id).await.unwrap();
    assert!(accounts::bearer(services, &house.app.world.nobody(), &token).await.unwrap().is_none());
    assert!(accounts::list_tokens(services, &ctx).await.unwrap().is_empty());
}
