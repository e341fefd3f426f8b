//! What waits for somebody when they come in: what needs them, what is due, what changed. Counts are of what they may know
//! of, and of nothing else (S8).

use domain::OpCtx;
use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::control::Status;
use jiff::Span;
use store::Scope;
use store::words::ProposalState;

use crate::evidence::signed;
use crate::filtering::ask::{self, Figures};
use crate::filtering::break_glass;
use crate::keeping::{bundle, dispose, emergency};
use crate::sight::sees;
use crate::{Result, Services, concerns, declarations, drafts, evidence, follow_up, notices, wrong_clock};

/// So many months before the bank holidays run out, somebody is asked to bring the program up to date.
const HALF_A_YEAR: i32 = 6;

/// One line of a home page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    /// What to do, verb first. Never says what a concern is about.
    pub title: String,
    /// Where.
    pub href: String,
    /// A line below.
    pub hint: Option<String>,
    /// How soon.
    pub tone: Tone,
    /// One or two words: "3 wait", "Late".
    pub word: String,
}

/// How soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Now.
    Now,
    /// By a day.
    Due,
    /// Good to know.
    Quiet,
}

/// A home page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// What needs this person, most pressing first.
    pub todo: Vec<Todo>,
    /// How quickly people are answered who asked for a blocked site, and how often the filter was in the way without need
    /// (FDM-02); for those who answer.
    pub asking: Option<Figures>,
    /// Ways that this person's roles open, without anything waiting.
    pub ways: Vec<(String, String)>,
}

/// What waits for the actor.
///
/// # Errors
/// [`Refused`] when nobody is signed in.
pub async fn of(services: &Services, ctx: &mut OpCtx) -> Result<Home> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let mut todo = Vec::new();
    for notice in notices::mine(services, ctx).await? {
        let now = notice.urgency == Urgency::Urgent;
        todo.push(Todo {
            title: "Something needs you".to_owned(),
            href: notice.link,
            hint: Some(format!("Since {}.", services.calendar.say(notice.made_at))),
            tone: if now { Tone::Now } else { Tone::Due },
            word: if now { "Now" } else { "Soon" }.to_owned(),
        });
    }
    clock_waits(services, ctx, &mut todo).await?;
    concerns_waiting(services, ctx, &mut todo).await?;
    drafts_waiting(services, ctx, &mut todo).await?;
    filter_waiting(services, ctx, &mut todo).await?;
    tasks_waiting(services, ctx, &mut todo).await?;
    keeping_waits(services, ctx, &mut todo).await?;
    let declared = declarations::waiting(services, ctx).await?;
    if declared > 0 {
        todo.push(Todo {
            title: "Decide what somebody declared".to_owned(),
            href: "/declarations".to_owned(),
            hint: Some("Talk with them first.".to_owned()),
            tone: Tone::Due,
            word: waits(declared),
        });
    }
    evidence_waiting(services, ctx, &mut todo).await?;
    todo.sort_by_key(|one| one.tone);
    let answers = authorize(&ctx.actor, Action::AnswerAccess, Relation::Setting).is_ok();
    let asking = if answers { Some(ask::figures(services, ctx).await?) } else { None };
    Ok(Home { todo, asking, ways: ways(ctx) })
}

fn waits(count: usize) -> String {
    if count == 1 { "1 waits".to_owned() } else { format!("{count} wait") }
}

/// A clock behind the newest record (S43): for who can have it mended.
async fn clock_waits(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    if authorize(&ctx.actor, Action::ReadOutbox, Relation::Setting).is_err() {
        return Ok(());
    }
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let today = services.calendar.local(ctx.now).date();
    if let Some(last) =
        services.calendar.known_until().filter(|last| today.saturating_add(Span::new().months(HALF_A_YEAR)) > *last)
    {
        todo.push(Todo {
            title: "Have Holdfast brought up to date".to_owned(),
            href: "/clocks".to_owned(),
            hint: Some(format!(
                "It knows the bank holidays until {}. After that, days that the law counts would end too early.",
                domain::clock::say_day(last)
            )),
            tone: if today > last { Tone::Now } else { Tone::Due },
            word: "Bank holidays".to_owned(),
        });
    }
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    if let Some(newest) = wrong_clock::ahead_of(&db, member.setting, ctx.now).await? {
        let calendar = &services.calendar;
        todo.push(Todo {
            title: "Have the clock of the Holdfast computer set right".to_owned(),
            href: "/evidence".to_owned(),
            hint: Some(format!(
                "It says {}, and the newest record is of {}. Reports are taken and marked; nothing is destroyed; roles stay as they are.",
                calendar.say(ctx.now),
                calendar.say(newest)
            )),
            tone: Tone::Now,
            word: "Wrong clock".to_owned(),
        });
    }
    Ok(())
}

async fn concerns_waiting(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    let count = usize::try_from(concerns::waiting(services, ctx).await?).unwrap_or(usize::MAX);
    if count > 0 {
        todo.push(Todo {
            title: "Open the concerns that nobody has opened".to_owned(),
            href: "/concerns".to_owned(),
            hint: Some("Opening stops the next person from being told.".to_owned()),
            tone: Tone::Now,
            word: waits(count),
        });
    }
    let Some(ages) = concerns::ages(services, ctx).await? else { return Ok(()) };
    if ages.open > 0 {
        todo.push(Todo {
            title: "Go on with the concerns that are open".to_owned(),
            href: "/concerns".to_owned(),
            hint: Some(ages.in_words()),
            tone: if ages.older > 0 { Tone::Due } else { Tone::Quiet },
            word: format!("{} open", ages.open),
        });
    }
    Ok(())
}

/// What waits for a second person, a request for data half way, an emergency that nobody has looked at.
async fn keeping_waits(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    if authorize(&ctx.actor, Action::KeepRetention, Relation::Setting).is_err() {
        return Ok(());
    }
    let line = |title: &str, href: String, hint: &str, tone: Tone, word: &str| Todo {
        title: title.to_owned(),
        href,
        hint: Some(hint.to_owned()),
        tone,
        word: word.to_owned(),
    };
    for one in dispose::list_waiting(services, ctx).await?.into_iter().filter(|one| !one.mine) {
        let (title, hint) = ("Agree or not: a record may go", "One person says so. Nothing goes without a second.");
        todo.push(line(title, format!("/keeping/decisions/{}", one.id), hint, Tone::Due, "1 waits"));
    }
    for (request, to_check) in bundle::waiting(services, ctx).await? {
        let (title, word) = match to_check {
            true => ("Read over what somebody is to be given", "To check"),
            false => ("Go on with a request for data", "Begun"),
        };
        let hint = "It has a month, from the day on which they asked.";
        todo.push(line(title, format!("/concerns/{request}/bundle"), hint, Tone::Due, word));
    }
    if emergency::list(services, ctx).await?.iter().any(|one| one.mine_to_review) {
        let (title, hint) =
            ("Look at what was opened in an emergency", "Somebody else than who opened it says whether it was right.");
        todo.push(line(title, "/emergency".to_owned(), hint, Tone::Now, "To review"));
    }
    Ok(())
}

/// What was begun and not sent. The line says neither what it is about nor of which concern.
async fn drafts_waiting(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    for draft in drafts::list(services, ctx).await? {
        let age = ctx.now.duration_since(draft.saved_at).as_hours() / 24;
        let left = (drafts::KEPT_DAYS - age).max(0);
        todo.push(Todo {
            title: "Finish what you began to write".to_owned(),
            href: draft.href,
            hint: Some(format!(
                "Kept since {} and not sent. It is forgotten in {left} days.",
                services.calendar.say(draft.saved_at)
            )),
            tone: if age >= 1 { Tone::Now } else { Tone::Due },
            word: "Draft".to_owned(),
        });
    }
    Ok(())
}

async fn filter_waiting(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let may = |action| authorize(&ctx.actor, action, Relation::Setting).is_ok();
    if may(Action::BreakGlass) || may(Action::KeepReviews) {
        break_glass_waits(services, ctx, todo).await?;
    }
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    if may(Action::ApproveChange) || may(Action::AgreeWeakening) {
        let waiting =
            store::filtering::list_proposals(&db, member.setting, &sees(member), Some(ProposalState::Waiting)).await?;
        let mine = waiting.iter().filter(|proposal| proposal.proposed_by != member.person).count();
        if mine > 0 {
            todo.push(Todo {
                title: "Decide on changes to the filter".to_owned(),
                href: "/filter".to_owned(),
                hint: Some("Somebody else proposed them.".to_owned()),
                tone: Tone::Due,
                word: waits(mine),
            });
        }
    }
    if may(Action::AnswerAccess) {
        let asked = store::filtering::list_waiting_requests(&db, member.setting).await?.len();
        if asked > 0 {
            todo.push(Todo {
                title: "Answer who asked for a blocked page".to_owned(),
                href: "/filter/requests".to_owned(),
                hint: Some("Within two working days.".to_owned()),
                tone: Tone::Due,
                word: waits(asked),
            });
        }
    }
    Ok(())
}

/// Adults' devices that somebody opened in an emergency: what is open, and what nobody else has looked at (S30).
async fn break_glass_waits(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    let (open, unseen) = break_glass::waits(services, ctx).await?;
    for (group, until) in open {
        todo.push(Todo {
            title: format!("Open in an emergency: {group}"),
            href: break_glass::LINK.to_owned(),
            hint: Some(format!(
                "The filter lets these devices through. It ends by itself: {}.",
                services.calendar.say(until)
            )),
            tone: Tone::Now,
            word: "Open".to_owned(),
        });
    }
    if unseen > 0 {
        todo.push(Todo {
            title: "Look at what adults\u{2019} devices were opened for".to_owned(),
            href: break_glass::LINK.to_owned(),
            hint: Some("Somebody else than who opened them says whether it was right.".to_owned()),
            tone: Tone::Due,
            word: "To review".to_owned(),
        });
    }
    Ok(())
}

async fn tasks_waiting(services: &Services, ctx: &OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    let mine = follow_up::tasks(services, ctx, false).await?;
    for task in mine.into_iter().filter(|task| task.mine) {
        todo.push(Todo {
            title: task.title,
            href: "/actions".to_owned(),
            hint: Some(format!("Until {}.", domain::clock::say_day(task.due))),
            tone: if task.late { Tone::Now } else { Tone::Due },
            word: if task.late { "Late" } else { "To do" }.to_owned(),
        });
    }
    if authorize(&ctx.actor, Action::KeepReviews, Relation::Setting).is_ok() {
        let late = follow_up::reviews(services, ctx, false).await?.iter().filter(|review| review.late).count();
        if late > 0 {
            todo.push(Todo {
                title: "Finish reviews that are past their day".to_owned(),
                href: "/reviews".to_owned(),
                hint: None,
                tone: Tone::Due,
                word: waits(late),
            });
        }
    }
    Ok(())
}

async fn evidence_waiting(services: &Services, ctx: &mut OpCtx, todo: &mut Vec<Todo>) -> Result<()> {
    if authorize(&ctx.actor, Action::ReadEvidence, Relation::Setting).is_err() {
        return Ok(());
    }
    let counts = evidence::counts_at_hand(services, ctx).await?;
    if counts.is_none() {
        todo.push(Todo {
            title: "See how the duties of the policy stand".to_owned(),
            href: "/evidence".to_owned(),
            hint: Some(
                "They are being looked at. Open this page again in a minute, or look at each of them now.".to_owned(),
            ),
            tone: Tone::Quiet,
            word: "Being counted".to_owned(),
        });
    }
    let counts = counts.unwrap_or_default();
    for (status, tone, title) in [
        (Status::Gap, Tone::Due, "Mend what the policy asks for and nothing shows"),
        (Status::Due, Tone::Quiet, "Renew proof that grows old"),
    ] {
        let count = counts.get(&status).copied().unwrap_or_default();
        if count > 0 {
            todo.push(Todo {
                title: title.to_owned(),
                href: format!("/evidence?status={}", status.key()),
                hint: None,
                tone,
                word: if count == 1 { "1 duty".to_owned() } else { format!("{count} duties") },
            });
        }
    }
    let unsigned = signed::list(services, ctx).await?.iter().filter(|check| check.may && check.last.is_none()).count();
    if unsigned > 0 {
        todo.push(Todo {
            title: "Make and sign the checks that nobody has made yet".to_owned(),
            href: "/checks".to_owned(),
            hint: None,
            tone: Tone::Quiet,
            word: if unsigned == 1 { "1 check".to_owned() } else { format!("{unsigned} checks") },
        });
    }
    Ok(())
}

/// Pages that this person's roles open.
fn ways(ctx: &OpCtx) -> Vec<(String, String)> {
    let all = [
        (Action::ReadQueue, "/concerns", "Concerns"),
        (Action::ReadContacts, "/poster", "Poster: telling without an account"),
        (Action::ReadQueue, "/clocks", "What is due, late, met"),
        (Action::ReadQueue, "/referrals", "Referrals"),
        (Action::ReadQueue, "/plans", "Support plans"),
        (Action::ArrangeCover, "/cover", "Cover and hand-over"),
        (Action::MoveFile, "/transfers", "Files that move on with a child"),
        (Action::Declare, "/declarations", "Declarations about your own life online"),
        (Action::KeepLowLevel, "/low-level", "Low-level concerns about adults here"),
        (Action::ReadTrends, "/trends", "Trends and the termly report"),
        (Action::KeepRetention, "/keeping", "What is kept, and how long"),
        (Action::KeepRetention, "/exports", "Exports: what left the building"),
        (Action::OpenInEmergency, "/emergency", "Open a record in an emergency"),
        (Action::ReadInspection, "/inspection", "What an inspector is shown"),
        (Action::ReadContacts, "/agencies", "Agencies: whom to ask, whom to tell"),
        (Action::HoldDevice, "/alerts", "Calls for help"),
        (Action::ReportConcern, "/reports", "Your reports"),
        (Action::OpenSession, "/sessions", "Open a session with children on tablets"),
        (Action::AskForAccess, "/filter/ask", "Ask for a blocked site"),
        (Action::ReadEvidence, "/evidence", "Evidence, clause by clause"),
        (Action::ReadEvidence, "/checks", "Checks to sign"),
        (Action::KeepActions, "/actions", "Actions"),
        (Action::KeepReviews, "/reviews", "Reviews"),
        (Action::ReadFilter, "/filter", "The filter"),
        (Action::KeepPeople, "/people", "People"),
        (Action::KeepDevices, "/devices", "Devices"),
        (Action::ReadAudit, "/audit", "Who did what"),
        (Action::ReadOutbox, "/outbox", "What was sent"),
        (Action::ChangeSetting, "/set-up", "Set-up"),
    ];
    let families = ctx.member().is_some_and(|member| member.roles.contains(&domain::Role::Parent));
    let shared = families.then(|| ("/shared".to_owned(), "What we shared with you about your child".to_owned()));
    all.into_iter()
        .filter(|(action, ..)| {
            let relation = if *action == Action::KeepActions { Relation::Own } else { Relation::Setting };
            authorize(&ctx.actor, *action, relation).is_ok()
        })
        .map(|(_, href, title)| (href.to_owned(), title.to_owned()))
        .chain(shared)
        .collect()
}
