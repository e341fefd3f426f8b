//! The rows that the questions are asked of, read once in one consistent view, and with all that the viewer may not know
//! of taken out before anything is counted (S8).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::clock::Calendar;
use domain::concern::{ConcernKind, EntryKind, RouteKind};
use domain::content::Content;
use domain::exclusion::CASE_ROLES;
use domain::procedure::{Procedure, ProgramAct, State, StepRecord};
use domain::setting::Profile;
use domain::{AccountId, ConcernId, PersonId, Role, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::accounts::Account;
use store::concerns::Concern;
use store::devices::{Device, Hold};
use store::filtering::{AccessRequest, FilterPolicy, Proposal};
use store::follow_up::{Action, Review};
use store::notices::Notice;
use store::overview::Look;
use store::people::{Appointment, Membership, Person};
use store::{Reader, Scope};

use super::Viewer;
use crate::concerns::case;
use crate::filtering::{Policy, decide, supply};
use crate::gateway::GatewayState;
use crate::{Error, Result, Services};

/// How far back questions look.
pub(super) const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// Everything that the questions are asked of.
pub(super) struct Facts {
    pub(super) now: Timestamp,
    pub(super) name: String,
    pub(super) profile: Profile,
    pub(super) content: Arc<Content>,
    pub(super) calendar: Arc<Calendar>,
    pub(super) people: BTreeMap<PersonId, Person>,
    /// In force today.
    pub(super) appointments: Vec<Appointment>,
    /// Every one that ever was.
    pub(super) all_appointments: Vec<Appointment>,
    /// Ended ones too.
    pub(super) memberships: Vec<Membership>,
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) devices: Vec<Device>,
    /// Number and policy in force; none before the first.
    pub(super) policy: Option<(i64, Policy)>,
    pub(super) versions: Vec<FilterPolicy>,
    pub(super) requests: Vec<AccessRequest>,
    pub(super) gateway: Option<GatewayState>,
    /// The gateway's own word that it runs the newest policy that it was given.
    pub(super) newest_policy_runs: bool,
    pub(super) evidence: BTreeMap<String, store::evidence::Evidence>,
    /// Categories with a list behind them that is more than the project's own small one.
    pub(super) covered: BTreeSet<String>,
    /// Is there more in the base of the lists than the project's own small ones?
    pub(super) base_is_real: bool,
    /// Sources of lists and how each stands; none without a policy.
    pub(super) sources: Option<Vec<crate::sources::view::SourceView>>,
    /// Sessions with children of the last 90 days.
    pub(super) sessions: Vec<store::supervision::Supervised>,
    /// Everything runs on invented people, in one process (S50).
    pub(super) demo: bool,
    /// Groups of adults' devices that were opened in an emergency.
    pub(super) break_glass: Vec<store::break_glass::BreakGlass>,
    /// What was answered last about systems that must always work.
    pub(super) essential: Option<store::evidence::Evidence>,
    /// Calls for help of the last 90 days.
    pub(super) help: Vec<store::help::HelpCall>,
    /// What each device last found out about itself.
    pub(super) checks: BTreeMap<domain::DeviceId, crate::activity::checks::Checked>,
    /// Who took a shared device in the last 90 days.
    pub(super) uses: Vec<store::vouchers::DeviceUse>,
    /// Our own pages, as other devices reach them.
    pub(super) web_base: String,
    // From here on: without what the viewer may not know of.
    pub(super) concerns: Vec<Concern>,
    pub(super) steps: BTreeMap<ConcernId, Vec<StepRecord>>,
    /// How children are helped.
    pub(super) plans: Vec<store::together::SupportPlan>,
    /// For each file that can be fetched: is its concern one that takes none (S17)?
    pub(super) open_files: Vec<bool>,
    /// What staff declared about their own life online: counted, never shown, and so of the whole setting.
    pub(super) declarations: Vec<store::declarations::Declaration>,
    /// Who is of whose family.
    pub(super) families: BTreeMap<PersonId, BTreeSet<PersonId>>,
    /// Clocks that rest or rested.
    pub(super) rests: Vec<store::together::ClockRest>,
    /// Texts of procedures that concerns began with and that the program no longer carries, by name and edition.
    texts: BTreeMap<(String, String), Procedure>,
    pub(super) invited: BTreeMap<ConcernId, BTreeSet<PersonId>>,
    pub(super) notices: Vec<Notice>,
    /// Which notices are of a concern: with ten thousand concerns nobody may look through all for each.
    notices_by_concern: BTreeMap<ConcernId, Vec<usize>>,
    pub(super) holds: Vec<Hold>,
    pub(super) proposals: Vec<Proposal>,
    /// Proposals that exist but are not this viewer's to know of: a version that came of one is not faulted.
    pub(super) hidden_proposals: BTreeSet<domain::ProposalId>,
    pub(super) actions: BTreeMap<ConcernId, Vec<Action>>,
    pub(super) reviews: BTreeMap<ConcernId, Vec<Review>>,
    /// Those that come of no concern: a change of the filter, of guidance, of technology.
    pub(super) own_reviews: Vec<Review>,
    /// When the setting began here.
    pub(super) began: Timestamp,
    pub(super) referrals: Vec<store::working::Referral>,
    /// Certificates.
    pub(super) destroyed: Vec<store::keeping::Disposal>,
    /// Records whose day came: how many, and of those how many wait longer than anybody should.
    pub(super) due: (usize, usize),
    pub(super) exports: Vec<store::keeping::Export>,
    pub(super) emergencies: Vec<store::keeping::Emergency>,
    /// The directory as this setting has it.
    pub(super) agencies: Vec<domain::content::Agency>,
    pub(super) looks: Vec<Look>,
    /// How many must not see something, by the rows and by the chain. Of the whole setting, since a number that nobody is told tells
    /// nothing.
    pub(super) walls: (usize, usize),
    /// Concerns that were passed on because nobody had opened them.
    pub(super) passed_on: BTreeSet<ConcernId>,
    /// Concerns whose report names the hosts that the device had asked for.
    pub(super) with_hosts: BTreeSet<ConcernId>,
}

/// The acts that show a concern to somebody.
const LOOKS: [&str; 4] = ["concern.view", "concern.print", "concern.export", "concern.bench"];

/// Ties of the register, from both sides.
async fn families(db: &Reader, setting: SettingId) -> Result<BTreeMap<PersonId, BTreeSet<PersonId>>> {
    let mut families: BTreeMap<PersonId, BTreeSet<PersonId>> = BTreeMap::new();
    for tie in store::people::list_all_relationships(db, setting).await? {
        families.entry(tie.person_id).or_default().insert(tie.other_id);
        families.entry(tie.other_id).or_default().insert(tie.person_id);
    }
    Ok(families)
}

impl Facts {
    pub(super) async fn load(
        services: &Services,
        setting: SettingId,
        now: Timestamp,
        viewer: Viewer<'_>,
    ) -> Result<Self> {
        let db = services.db.read(Scope::All).await?;
        let row = store::settings::lookup(&db, setting).await?.ok_or(Error::NotFound)?;
        let since = now.saturating_sub(YEAR).unwrap_or(now);
        let content = Arc::clone(&services.content);
        let excluded = by_concern(
            store::overview::exclusions(&db, setting).await?.into_iter().map(|row| (row.concern_id, row.person_id)),
        );
        let invited = by_concern(
            store::overview::invitations(&db, setting).await?.into_iter().map(|row| (row.concern_id, row.person_id)),
        );
        let (concerns, hidden): (Vec<Concern>, Vec<Concern>) = store::overview::concerns(&db, setting)
            .await?
            .into_iter()
            .partition(|concern| may_count(viewer, concern, &excluded, &invited));
        let hidden: BTreeSet<ConcernId> = hidden.into_iter().map(|concern| concern.id).collect();
        let known = |concern: Option<ConcernId>| concern.is_none_or(|id| !hidden.contains(&id));
        let (proposals, unknown): (Vec<Proposal>, Vec<Proposal>) = store::overview::proposals(&db, setting)
            .await?
            .into_iter()
            .partition(|proposal| known(proposal.concern_id));
        let memberships = store::overview::memberships(&db, setting).await?;
        let quarter = now.saturating_sub(SignedDuration::from_hours(24 * 90)).unwrap_or(now);
        let gateway = services.gateway.status();
        let notices = kept(store::overview::notices(&db, setting, since).await?, |row| known(row.concern_id));
        let profile: Profile = decide::read(&row.profile)?;
        let agencies = crate::agencies::of(services, &db, setting, &profile.area).await?;
        let newest_policy_runs = gateway.as_ref().is_some_and(|state| {
            is_fresh(state, now)
                && services.gateway.next_version().is_ok_and(|next| state.policy == Some(next.saturating_sub(1)))
        });
        Ok(Self {
            now,
            name: row.name.clone(),
            profile,
            calendar: Arc::clone(&services.calendar),
            people: store::people::list(&db, setting, None).await?.into_iter().map(|one| (one.id, one)).collect(),
            appointments: store::people::list_appointments(&db, setting, now).await?,
            all_appointments: store::people::list_all_appointments(&db, setting).await?,
            accounts: accounts(&db, &memberships).await?,
            memberships,
            devices: store::devices::list(&db, setting).await?,
            policy: policy(&db, setting).await?,
            versions: store::filtering::list(&db, setting).await?,
            requests: store::filtering::list_requests(&db, setting, since).await?,
            gateway,
            newest_policy_runs,
            evidence: newest_evidence(&db, setting, &content, now).await?,
            covered: supply::covered(services),
            base_is_real: supply::base_is_real(services),
            sources: match crate::sources::view::all(services, &db, setting, now).await {
                Ok((sources, _)) => Some(sources),
                Err(Error::NotFound) => None,
                Err(error) => return Err(error),
            },
            sessions: store::supervision::list(&db, setting, quarter).await?,
            demo: services.demo,
            break_glass: store::break_glass::list(&db, setting).await?,
            essential: store::evidence::find_newest(&db, setting, crate::setup::essential::KIND, now).await?,
            help: store::help::list(&db, setting, quarter).await?,
            checks: crate::activity::checks::newest(&db, setting, since).await?,
            uses: store::vouchers::list_uses(&db, setting, quarter).await?,
            web_base: services.web_base.clone(),
            steps: steps(&db, setting, &content, &hidden).await?,
            plans: kept(store::together::list_plans_for_program(&db, setting).await?, |row| {
                known(Some(row.concern_id))
            }),
            open_files: open_files(&db, &content, setting, &hidden).await?,
            declarations: store::declarations::list(&db, setting).await?,
            families: families(&db, setting).await?,
            rests: kept(store::together::list_rests(&db, setting).await?, |row| known(Some(row.concern_id))),
            texts: texts(&db, setting, &content).await?,
            invited,
            notices_by_concern: places(&notices, |row| row.concern_id),
            notices,
            holds: kept(store::overview::holds(&db, setting).await?, |row| known(row.concern_id)),
            proposals,
            hidden_proposals: unknown.into_iter().map(|proposal| proposal.id).collect(),
            actions: of_concerns(store::overview::actions(&db, setting).await?, &hidden, |row| row.concern_id),
            own_reviews: kept(store::overview::reviews(&db, setting).await?, |row| row.concern_id.is_none()),
            began: row.created_at,
            reviews: of_concerns(store::overview::reviews(&db, setting).await?, &hidden, |row| row.concern_id),
            referrals: kept(store::overview::referrals(&db, setting).await?, |row| known(Some(row.concern_id))),
            agencies,
            due: crate::keeping::due::neglected(services, &db, setting, &concerns, now).await?,
            destroyed: kept(
                store::keeping::list_disposals_for_program(&db, setting, &[store::words::DisposalState::Destroyed])
                    .await?,
                |row| known(row.concern_id),
            ),
            exports: kept(store::keeping::list_exports_for_program(&db, setting, since).await?, |row| {
                known(row.concern_id)
            }),
            emergencies: kept(store::keeping::list_emergencies_for_program(&db, setting).await?, |row| {
                known(Some(row.concern_id))
            }),
            looks: kept(store::overview::looks(&db, setting, &LOOKS).await?, |look| known(Some(look.concern))),
            walls: (
                store::overview::exclusions(&db, setting).await?.len(),
                store::audit::count_subjects(&db, setting, "exclusion").await?,
            ),
            passed_on: with_entry(&db, setting, EntryKind::System, "Nobody had opened this", since).await?,
            with_hosts: with_entry(&db, setting, EntryKind::Fact, "Names that the device", since).await?,
            concerns,
            content,
        })
    }

    /// Breaches of filtering since a time.
    pub(super) fn breaches(&self, since: Timestamp) -> impl Iterator<Item = &Concern> {
        self.concerns
            .iter()
            .filter(move |concern| concern.kind == ConcernKind::FilterBreach && concern.recorded_at >= since)
    }

    /// The procedure in the edition that holds for a concern.
    pub(super) fn procedure(&self, concern: &Concern) -> Option<&Procedure> {
        let carried = self.content.procedures.get(&concern.procedure);
        carried
            .filter(|carried| carried.edition == concern.edition)
            .or_else(|| self.texts.get(&(concern.procedure.clone(), concern.edition.clone())))
            .or(carried)
    }

    /// Does its procedure ask for this step, as things stand, or was it done?
    pub(super) fn is_owed_or_done(&self, concern: &Concern, step: &str) -> bool {
        let Some(procedure) = self.procedure(concern) else { return false };
        let records: &[StepRecord] = self.steps.get(&concern.id).map_or(&[], Vec::as_slice);
        let switches = case::switches(&self.profile, &self.calendar, concern);
        procedure.standing(records, &switches).of(step).is_some_and(|state| state.state != State::NotNeeded)
    }

    /// What was recorded about a step of a concern, oldest first.
    pub(super) fn records<'a>(&'a self, concern: ConcernId, step: &'a str) -> impl Iterator<Item = &'a StepRecord> {
        self.steps.get(&concern).into_iter().flatten().filter(move |record| record.step == step)
    }

    /// The notices that a concern made.
    pub(super) fn notices_of(&self, concern: ConcernId) -> impl Iterator<Item = &Notice> {
        self.notices_by_concern.get(&concern).into_iter().flatten().filter_map(|at| self.notices.get(*at))
    }

    /// So long before now.
    pub(super) fn ago(&self, time: SignedDuration) -> Timestamp {
        self.now.saturating_sub(time).unwrap_or(self.now)
    }

    /// Who holds a role today, with the appointment, longest first.
    pub(super) fn holders(&self, role: Role) -> impl Iterator<Item = &Appointment> {
        self.appointments.iter().filter(move |appointment| appointment.role == role)
    }

    /// Did they hold a role that works cases at that time?
    pub(super) fn worked_cases(&self, person: PersonId, at: Timestamp) -> bool {
        self.all_appointments.iter().any(|held| {
            held.person_id == person
                && CASE_ROLES.contains(&held.role)
                && held.starts_at <= at
                && held.ends_at.is_none_or(|end| end > at)
        })
    }

    /// The account of somebody who may sign in today.
    pub(super) fn account_of(&self, person: PersonId) -> Option<&Account> {
        let membership = self.memberships.iter().find(|held| held.person_id == person && held.ended_at.is_none())?;
        self.accounts.get(&membership.account_id).filter(|account| account.ended_at.is_none())
    }

    /// The gateway, if it said within the last fifteen seconds that it runs.
    pub(super) fn running_gateway(&self) -> Option<&GatewayState> {
        self.gateway.as_ref().filter(|state| is_fresh(state, self.now))
    }

    /// A moment, for a sentence.
    pub(super) fn day(&self, at: Timestamp) -> String {
        domain::clock::say_day(self.calendar.local(at).date())
    }
}

/// May a concern weigh in what this viewer reads? Not if they must not see it, and not if it is an allegation that is not
/// theirs (S7): then it is as if it did not exist.
fn may_count(
    viewer: Viewer<'_>,
    concern: &Concern,
    excluded: &BTreeMap<ConcernId, BTreeSet<PersonId>>,
    invited: &BTreeMap<ConcernId, BTreeSet<PersonId>>,
) -> bool {
    let Viewer::Member(member) = viewer else { return true };
    let among = |of: &BTreeMap<ConcernId, BTreeSet<PersonId>>| {
        of.get(&concern.id).is_some_and(|all| all.contains(&member.person))
    };
    !among(excluded) && (concern.route == RouteKind::Safeguarding || among(invited))
}

/// Has the gateway said within the last fifteen seconds that it runs?
pub(super) fn is_fresh(state: &GatewayState, now: Timestamp) -> bool {
    now.duration_since(state.at).as_secs().abs() < 15
}

fn by_concern(rows: impl Iterator<Item = (ConcernId, PersonId)>) -> BTreeMap<ConcernId, BTreeSet<PersonId>> {
    let mut all: BTreeMap<ConcernId, BTreeSet<PersonId>> = BTreeMap::new();
    for (concern, person) in rows {
        all.entry(concern).or_default().insert(person);
    }
    all
}

fn kept<T>(mut rows: Vec<T>, keep: impl Fn(&T) -> bool) -> Vec<T> {
    rows.retain(|row| keep(row));
    rows
}

/// For each file that can be fetched, whether its concern is one without files.
async fn open_files(
    db: &Reader,
    content: &Content,
    setting: SettingId,
    hidden: &BTreeSet<ConcernId>,
) -> Result<Vec<bool>> {
    let mut open = Vec::new();
    for id in store::attachments::list_open_for_program(db, setting).await? {
        let concern = store::concerns::lookup_for_program(db, setting, id).await?;
        if let Some(concern) = concern.filter(|concern| !hidden.contains(&concern.id)) {
            let case = crate::concerns::case::loaded(db, concern).await?;
            open.push(crate::attachments::no_files(db, content, &case).await?.is_some());
        }
    }
    Ok(open)
}

/// Where in a list the rows of each concern are.
fn places<T>(rows: &[T], of: impl Fn(&T) -> Option<ConcernId>) -> BTreeMap<ConcernId, Vec<usize>> {
    let mut found: BTreeMap<ConcernId, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(concern) = of(row) {
            found.entry(concern).or_default().push(at);
        }
    }
    found
}

/// Rows by the concern that they come of; those that come of none, or of a hidden one, are not asked about.
fn of_concerns<T>(
    rows: Vec<T>,
    hidden: &BTreeSet<ConcernId>,
    of: impl Fn(&T) -> Option<ConcernId>,
) -> BTreeMap<ConcernId, Vec<T>> {
    let mut found: BTreeMap<ConcernId, Vec<T>> = BTreeMap::new();
    for row in rows {
        if let Some(concern) = of(&row).filter(|concern| !hidden.contains(concern)) {
            found.entry(concern).or_default().push(row);
        }
    }
    found
}

async fn accounts(db: &Reader, memberships: &[Membership]) -> Result<BTreeMap<AccountId, Account>> {
    let mut accounts = BTreeMap::new();
    for membership in memberships {
        if let Some(account) = store::accounts::lookup(db, membership.account_id).await? {
            accounts.insert(account.id, account);
        }
    }
    Ok(accounts)
}

async fn policy(db: &Reader, setting: SettingId) -> Result<Option<(i64, Policy)>> {
    match decide::in_force(db, setting).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The newest row of each kind that a control or a probe names.
async fn newest_evidence(
    db: &Reader,
    setting: SettingId,
    content: &Content,
    now: Timestamp,
) -> Result<BTreeMap<String, store::evidence::Evidence>> {
    let mut newest = BTreeMap::new();
    let named = content.controls.values().filter_map(|control| match &control.proof {
        domain::control::Proof::Signed(kind) => Some(kind.as_str()),
        _ => None,
    });
    for kind in named.chain([super::signed::RISK_ASSESSMENT, super::signed::PROVIDER_HAS_LISTS]) {
        if let Some(row) = store::evidence::find_newest(db, setting, kind, now).await? {
            newest.insert(kind.to_owned(), row);
        }
    }
    Ok(newest)
}

async fn steps(
    db: &Reader,
    setting: SettingId,
    content: &Content,
    hidden: &BTreeSet<ConcernId>,
) -> Result<BTreeMap<ConcernId, Vec<StepRecord>>> {
    let debriefs: BTreeSet<String> = content
        .procedures
        .values()
        .flat_map(|procedure| &procedure.steps)
        .filter(|step| step.act == Some(ProgramAct::Debrief))
        .map(|step| step.key.clone())
        .collect();
    let debriefs: Vec<String> = debriefs.into_iter().collect();
    // What fits no kind is looked at for its debrief alone: there may be thousands of them.
    let kinds: Vec<ConcernKind> =
        ConcernKind::ALL.into_iter().filter(|kind| *kind != ConcernKind::SomethingElse).collect();
    let mut rows: BTreeMap<ConcernId, Vec<store::concerns::StepRecord>> = BTreeMap::new();
    for row in store::overview::steps(db, setting, &debriefs, &kinds).await? {
        if !hidden.contains(&row.concern_id) {
            rows.entry(row.concern_id).or_default().push(row);
        }
    }
    Ok(rows.into_iter().map(|(concern, rows)| (concern, case::for_engine(&rows))).collect())
}

async fn texts(db: &Reader, setting: SettingId, content: &Content) -> Result<BTreeMap<(String, String), Procedure>> {
    let mut texts = BTreeMap::new();
    for row in store::procedures::list(db, setting).await? {
        let carried = content.procedures.get(&row.procedure).is_some_and(|carried| carried.edition == row.edition);
        if !carried {
            texts.insert((row.procedure, row.edition), case::read_text(row.text)?);
        }
    }
    Ok(texts)
}

async fn with_entry(
    db: &Reader,
    setting: SettingId,
    kind: EntryKind,
    begins: &str,
    since: Timestamp,
) -> Result<BTreeSet<ConcernId>> {
    Ok(store::overview::with_entry(db, setting, kind, begins, since).await?.into_iter().collect())
}
