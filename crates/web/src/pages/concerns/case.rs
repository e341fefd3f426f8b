//! One concern: what must not be done, what comes next, clocks, and what happened.

use app::concerns::{self, ConcernView, EntryView, FollowUp, Resting, StepView, What, kind_in_words, what_in_words};
use app::holds::Cut;
use axum::extract::Path;
use domain::ConcernId;
use domain::clock::Standing;
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::procedure::{Act, ProgramAct, State};
use views::FormView;
use views::pages::concerns::Word;
use views::pages::concerns::case::{Case, StepCard};
use views::ui::{Chronology, ChronologyEntry, Summary, Tone};

use super::{moment, on_day, ring};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// The concern. Looking at it is written down, and the first look tells the reporter that it was opened.
///
/// # Errors
/// It is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<Case, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let referrals = app::referrals::of_concern(visit.services(), &visit.ctx(), id).await?;
    let letters = app::referrals::letters_of(visit.services(), &visit.ctx(), id).await?;
    let strands = concerns::strands(visit.services(), &visit.ctx(), id).await?;
    let prompts = app::chronology::prompts(visit.services(), &visit.ctx(), id).await?;
    let noisy = concerns::noisy(visit.services(), &visit.ctx(), id).await?;
    let beside = vec![
        ("Tell and ask for help".to_owned(), telling(visit, &concern, &letters)),
        ("Work on it".to_owned(), working(visit, &concern, &strands, noisy.is_some()).await?),
        ("Read it and hand it on".to_owned(), reading(&concern, strands.is_empty())),
    ];
    let out = concerns::back::shut_out_of(visit.services(), &visit.ctx(), id).await?;
    let waits = out.proposals.iter().find(|one| one.to_decide);
    let mistake = waits.map(|one| format!("{} was shut out by mistake, says {}.", one.who, one.by.0));
    let mut case = Case { mistake, ..drawn(visit, concern, form) };
    case.heed.extend(prompts.into_iter().map(|(sentence, _)| sentence));
    case.heed.extend(noisy);
    Ok(Case { referrals: referrals.iter().map(referral).collect(), beside, ..case })
}

/// A link and its words.
type Way = (String, String);

fn way(href: impl Into<String>, words: impl Into<String>) -> Way {
    (href.into(), words.into())
}

fn telling(visit: &Visit, concern: &ConcernView, letters: &[app::referrals::LetterView]) -> Vec<Way> {
    let here = format!("/concerns/{}", concern.id);
    let mut ways = vec![
        way(format!("{here}/referrals/new"), "Refer to an agency, or write down why not"),
        way(format!("{here}/share"), "Whom it is safe to tell, and what they were told"),
        way(format!("{here}/letter"), "A letter to one of a child\u{2019}s adults"),
    ];
    ways.extend(letters.iter().map(|letter| {
        let words = format!("Letter to {}, {}", letter.to, moment(visit, letter.at));
        way(format!("/letters/{}/print", letter.id), words)
    }));
    ways.extend(concern.can_be_asked.then(|| {
        let words = match &concern.reporter {
            Some(name) => format!("Ask {name}, who told this"),
            None => "Write to the sender, who has no account".to_owned(),
        };
        way(format!("{here}/sender"), words)
    }));
    ways
}

async fn working(
    visit: &Visit,
    concern: &ConcernView,
    strands: &[concerns::StrandView],
    noisy: bool,
) -> Result<Vec<Way>, Fault> {
    let (id, here) = (concern.id, format!("/concerns/{}", concern.id));
    let mut ways = Vec::new();
    if concern.status != ConcernStatus::Closed {
        ways.push(way(format!("{here}/actions"), "Give somebody something to do"));
        ways.push(way(format!("{here}/plan"), "Make a support plan"));
    }
    for plan in app::plans::list(visit.services(), &visit.ctx(), Some(id)).await? {
        let stands = match plan.ended_at {
            Some(_) => "ended".to_owned(),
            None => format!("looked at again on {}", words::day(plan.review_on)),
        };
        ways.push(way(format!("/plans/{}", plan.id), format!("Support plan of {}, {stands}", plan.child)));
    }
    let addresses = app::addresses::list(visit.services(), &visit.ctx(), id).await?;
    if addresses.may_seal || !addresses.rows.is_empty() {
        let sealed = addresses.rows.iter().filter(|row| row.released.is_none()).count();
        ways.push(way(format!("{here}/addresses"), format!("Sealed addresses: {sealed}")));
    }
    for clock in &concern.clocks {
        let href = format!("{here}/clocks/{}", clock.key);
        match &clock.resting {
            Resting::Never => {}
            Resting::May => ways.push(way(href, format!("Let the clock rest: {}", clock.title))),
            Resting::Since(..) => ways.push(way(href, format!("Let the clock go on: {}", clock.title))),
        }
    }
    for strand in strands {
        ways.push(way(format!("/concerns/{}", strand.other), super::super::working::strands::in_words(strand)));
    }
    if noisy {
        ways.push(way("/filter", "Propose to tune the rule that raised it"));
    }
    ways.push(way(format!("{here}/strands"), "Tie it to another concern"));
    if concern.status != ConcernStatus::Closed {
        ways.push(way(format!("{here}/split"), "Split it: a part becomes a concern of its own"));
        ways.push(way(format!("{here}/kind"), "It is about something else"));
    }
    Ok(ways)
}

fn reading(concern: &ConcernView, alone: bool) -> Vec<Way> {
    let (id, here) = (concern.id, format!("/concerns/{}", concern.id));
    let mut ways = vec![way(format!("{here}/files"), "Files"), way(format!("{here}/print"), "Print")];
    if !alone {
        ways.push(way(format!("{here}/chronology"), "Read them all as one chronology"));
    }
    let about: Vec<_> = concern.people.iter().filter(|person| person.part != Part::Witness).collect();
    for person in &about {
        ways.push(way(format!("/people/{}/chronology", person.id), format!("Everything about {}", person.name)));
    }
    if let Some((device, name)) = &concern.device {
        ways.push(way(format!("/devices/{device}/chronology"), format!("Everything about {name}")));
    }
    if concern.kind == ConcernKind::AccessRequest {
        ways.push(way(format!("{here}/bundle"), "Gather what we hold, and redact it"));
    }
    if concern.kind == ConcernKind::FileTransfer {
        ways.push(way(format!("{here}/bundle"), "Choose what goes along, redact it, encrypt it"));
        let child = concern.people.iter().find(|person| person.part == Part::Child);
        let child = child.map(|child| format!("?child={}", child.id)).unwrap_or_default();
        ways.push(way(format!("/transfers/new{child}"), "Write down where the file goes"));
        ways.push(way("/transfers", "Files that move on: that it went, and the receipt"));
    }
    ways.push(way(format!("/exports/new?concern={id}"), "Make an export: encrypted, for somebody outside"));
    for person in about {
        let words = format!("Make an export of everything about {}", person.name);
        ways.push(way(format!("/exports/new?person={}", person.id), words));
    }
    if concern.status == ConcernStatus::Closed {
        ways.push(way(format!("/keeping/records/concern/{id}"), "How long it is kept"));
    }
    ways
}

/// Why it is opened again.
pub struct Again(String);

impl FromForm for Again {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("reason", concerns::LONGEST_LINE, "Say why, in a few words").map(Self)
    }
}

/// Opens a closed concern again.
///
/// # Errors
/// It is not for this person.
pub async fn reopen(visit: Visit, Path(id): Path<ConcernId>, form: Form<Again>) -> Answer {
    let Some(Again(reason)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match concerns::reopen(visit.services(), &mut visit.ctx(), id, reason).await {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "The concern is open again."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// Why the concern moves to the newer edition.
pub struct Move(String);

impl FromForm for Move {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("move_reason", concerns::LONGEST_LINE, "Say why, in a few words").map(Self)
    }
}

/// Moves a concern to the edition that the program carries.
///
/// # Errors
/// It is not for this person, or there is nothing to move to.
pub async fn move_edition(visit: Visit, Path(id): Path<ConcernId>, form: Form<Move>) -> Answer {
    let Some(Move(reason)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match concerns::move_edition(visit.services(), &mut visit.ctx(), id, reason).await {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Moved. The record says what changed."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

fn drawn(visit: &Visit, concern: ConcernView, form: FormView) -> Case {
    let path = format!("/concerns/{}", concern.id);
    let closed = concern.status == ConcernStatus::Closed;
    let next = concern.next.clone().filter(|_| !closed);
    let (first, rest): (Vec<&StepView>, Vec<&StepView>) =
        concern.steps.iter().partition(|step| next.as_deref() == Some(step.step.key.as_str()));
    let serves = concern.procedure.as_ref().map(|procedure| procedure.id.as_str()).unwrap_or_default();
    let sentences: Vec<_> = concern.chronology.iter().filter_map(|entry| correctable(&path, visit, entry)).collect();
    Case {
        reference: concern.reference.clone(),
        kind: kind_in_words(concern.kind).to_owned(),
        words: tags(&concern),
        facts: facts(visit, &concern),
        heed: heed(&concern),
        must_not: concern.must_not.iter().map(|rule| (rule.text.clone(), rule.source.clone())).collect(),
        next: first.first().map(|step| card(visit, &path, serves, step)),
        steps: rest.into_iter().map(|step| card(visit, &path, serves, step)).collect(),
        procedure: concern.procedure.as_ref().map(|procedure| {
            format!("Procedure {}, “{}”, edition {}.", procedure.id, procedure.title, procedure.edition)
        }),
        moved_on: moved_on(&concern),
        clocks: concern.clocks.iter().map(|clock| clock_line(visit, clock, &concern.steps)).collect(),
        chronology: chronology(visit, &concern.chronology),
        correctable: sentences,
        holds: concern
            .holds
            .iter()
            .map(|hold| (hold.device_name.clone(), cut(visit, hold.cut), until(visit, hold.until)))
            .collect(),
        proposals: concern
            .proposals
            .iter()
            .map(|row| (format!("/filter/proposals/{}", row.id), row.reason.clone(), proposal(row.state.key())))
            .collect(),
        follow_up: concern.follow_up.iter().map(follow_up).collect(),
        referrals: Vec::new(),
        beside: Vec::new(),
        people: concern.people.iter().map(|person| (person.name.clone(), part(person.part).to_owned())).collect(),
        let_in: concern.let_in.clone(),
        must_not_know: concern.must_not_know.clone(),
        mistake: None,
        closed,
        may_close: concern.may_close.is_ok(),
        form,
        path,
    }
}

fn referral(row: &app::referrals::ReferralView) -> (String, String, Word) {
    let tag = super::super::working::referrals::tag(row);
    let given = row.reference.as_ref().map(|known| format!(", their reference {known}")).unwrap_or_default();
    (format!("/referrals/{}", row.id), format!("{}{given}", row.to), Word { tone: tag.tone, word: tag.word })
}

/// The program's text of the procedure is another one than the text with which the concern began (S42).
fn moved_on(concern: &ConcernView) -> Option<String> {
    let procedure = concern.procedure.as_ref().filter(|procedure| procedure.moved_on)?;
    let shown = if procedure.shown == procedure.edition {
        "The steps shown are those with which it began.".to_owned()
    } else {
        format!("The text with which it began is lost: the steps shown are those of edition {}.", procedure.shown)
    };
    Some(format!(
        "This concern began with edition {} of its procedure. Holdfast now carries edition {}. {shown}",
        procedure.edition, procedure.carried
    ))
}

fn tags(concern: &ConcernView) -> Vec<Word> {
    let mut tags = Vec::new();
    match concern.status {
        ConcernStatus::Closed | ConcernStatus::Destroyed => tags.push(Word::new(Tone::Done, "Closed")),
        ConcernStatus::Received | ConcernStatus::Open => tags.push(Word::new(Tone::Info, "Open")),
    }
    if concern.urgency == Urgency::Urgent && concern.status != ConcernStatus::Closed {
        tags.push(Word::new(Tone::Gap, "Urgent"));
    }
    if concern.route == RouteKind::Allegation {
        tags.push(Word::new(Tone::Shut, "About an adult here: yours alone"));
    }
    tags
}

fn heed(concern: &ConcernView) -> Vec<String> {
    let mut heed = Vec::new();
    if concern.words_owed && concern.status != ConcernStatus::Closed {
        heed.push("The reporter still owes the exact words. They are due today.".to_owned());
    }
    if concern.child_unknown {
        heed.push("Which child it was is still to be found out.".to_owned());
    }
    if concern.child_given_up {
        heed.push("It was decided that nobody can find out which child it was.".to_owned());
    }
    if concern.status != ConcernStatus::Closed {
        heed.extend(moved_on(concern));
    }
    if concern.clock_suspect {
        heed.push("This computer’s clock stood wrong when it was told. Check the times.".to_owned());
    }
    heed
}

fn facts(visit: &Visit, concern: &ConcernView) -> Summary {
    // The minute in which somebody without an account wrote is nobody's business (S14).
    let moment_of = |at| if concern.unsigned { on_day(visit, at) } else { moment(visit, at) };
    let mut facts = Summary::new().row("Happened", moment_of(concern.event_at));
    if concern.known_at != concern.event_at {
        facts = facts.row("Known here", moment_of(concern.known_at));
    }
    facts = facts.row("Told", moment_of(concern.recorded_at));
    if concern.unsigned {
        facts = facts.row("Told by", "Somebody without an account");
    }
    if let Some(reporter) = &concern.reporter {
        facts = facts.row("Told by", reporter);
    }
    if let Some((who, at)) = &concern.told_in_person {
        let at = at.map_or_else(|| "nobody wrote down when".to_owned(), |at| moment(visit, at));
        facts = facts.row("Told in person", format!("{who}, {at}"));
    }
    if let Some((at, by)) = &concern.opened {
        facts = facts.row("First opened", format!("{}, by {by}", moment(visit, *at)));
    }
    if let Some((_, device)) = &concern.device {
        facts = facts.row("Device", device);
    }
    if let Some(room) = &concern.room {
        facts = facts.row("Room", room);
    }
    if let Some(at) = concern.closed_at {
        facts = facts.row("Closed", moment(visit, at));
    }
    facts
}

/// Procedures whose device step offers to seal an address (S19).
const SEALS_FROM: [&str; 5] = ["P3", "P4", "P5", "P8", "P15"];

fn card(visit: &Visit, path: &str, procedure: &str, step: &StepView) -> StepCard {
    let form = format!("{path}/steps/{}", step.step.key);
    let (href, button) = match step.step.act {
        Some(ProgramAct::Debrief) => (format!("{path}/debrief"), "Learn from it"),
        Some(ProgramAct::Close) => (format!("{path}/close"), "Close the concern"),
        _ if matches!(step.state, State::Done | State::OutOfOrder) => (form.clone(), "Record it anew"),
        _ => (form.clone(), "Record this step"),
    };
    let mut marks: Vec<String> = Vec::new();
    if step.ever_out_of_order {
        marks.push("Recorded out of its order.".to_owned());
    }
    marks.extend(step.waived.iter().map(|why| format!("Gone on without: {why}")));
    if let Some(last) = step.records.last() {
        marks.push(format!("{}, {}", moment(visit, last.event_at), last.by));
    }
    let mut ways = Vec::new();
    if step.agencies.iter().any(|agency| agency.key != "emergency") && step.state != State::NotNeeded {
        ways.push((format!("{path}/referrals/new?step={}", step.step.key), "Write a referral".to_owned()));
    }
    if step.step.act == Some(ProgramAct::InformFamily) && step.state != State::NotNeeded {
        ways.push((format!("{path}/share"), "Whom it is safe to tell, and share with them".to_owned()));
        ways.push((format!("{path}/letter"), "A letter alone".to_owned()));
    }
    if step.step.act == Some(ProgramAct::HoldDevice) && SEALS_FROM.contains(&procedure) {
        ways.push((format!("{path}/addresses"), "Seal an address: the filter refuses it to everybody".to_owned()));
    }
    if step.state != State::NotNeeded {
        ways.push((
            format!("{path}/actions?step={}", step.step.key),
            "Give somebody something to do from it".to_owned(),
        ));
    }
    StepCard {
        ways,
        href,
        title: step.step.title.clone(),
        text: step.step.text.clone(),
        word: word(step.state),
        locks: step.locked_by.iter().map(|locked| locked.say.clone()).collect(),
        can_do: step.yours && step.locked_by.is_empty() && step.state != State::NotNeeded,
        waive: step.may_waive.then(|| format!("{form}?act=waived")),
        already: format!("{form}?act=already_happened"),
        button: button.to_owned(),
        must_not: step.step.must_not.iter().map(|rule| rule.text.clone()).collect(),
        agencies: step.agencies.iter().map(ring).collect(),
        said: step.said.iter().map(|answer| (answer.label.clone(), answer.value.clone())).collect(),
        marks,
        source: step.step.source.clone(),
    }
}

pub(super) fn word(state: State) -> Word {
    match state {
        State::NotNeeded => Word::new(Tone::Calm, "Not needed"),
        State::Locked => Word::new(Tone::Shut, "Waits"),
        State::Ready => Word::new(Tone::Info, "Can be done"),
        State::Done => Word::new(Tone::Done, "Done"),
        State::OutOfOrder => Word::new(Tone::Due, "Done out of order"),
        State::Waived => Word::new(Tone::Due, "Gone on without"),
    }
}

fn clock_line(visit: &Visit, clock: &concerns::ClockView, steps: &[StepView]) -> (String, String, Word) {
    let left = clock.due.duration_since(visit.services().now());
    let due = moment(visit, clock.due);
    let (line, word) = match clock.standing {
        Standing::Running => (format!("By {due}: {} left.", words::span(left)), Word::new(Tone::Info, "Running")),
        Standing::Soon => (format!("By {due}: {} left.", words::span(left)), Word::new(Tone::Due, "Soon")),
        Standing::Late => (format!("Was due {due}: {} ago.", words::span(left)), Word::new(Tone::Gap, "Late")),
        Standing::MetInTime => (format!("Was due {due}."), Word::new(Tone::Done, "In time")),
        Standing::MetLate => (format!("Was due {due}."), Word::new(Tone::Due, "Done late")),
    };
    let line = match shut(clock, steps) {
        Some(say) => format!("{line} {say} Ask them what you may say, and when."),
        None => line,
    };
    match &clock.resting {
        Resting::Since(at, reason) => {
            let line =
                format!("Rests since {}: {reason} If it went on now, it would be due {due}.", moment(visit, *at));
            (clock.title.clone(), line, Word::new(Tone::Calm, "Rests"))
        }
        Resting::May | Resting::Never => (clock.title.clone(), line, word),
    }
}

/// Where a lock and a legal clock meet, the page says so (S2): what the gate of the step says that would stop the clock.
fn shut(clock: &concerns::ClockView, steps: &[StepView]) -> Option<String> {
    if clock.stopped.is_some() {
        return None;
    }
    let mut its = steps.iter().filter(|step| clock.stops.contains(&step.step.key));
    its.find_map(|step| step.locked_by.first()).map(|locked| locked.say.clone())
}

pub(super) fn chronology(visit: &Visit, entries: &[EntryView]) -> Chronology {
    let entries = entries.iter().map(|entry| {
        let mut said = entry.text.clone();
        for answer in &entry.answers {
            said.push_str(&format!("\n{}: {}", answer.label, answer.value));
        }
        let sent = entry.is_from_sender();
        let nobody = if sent { "The sender, without an account" } else { "Holdfast" };
        let mut by = entry.author.clone().unwrap_or_else(|| nobody.to_owned());
        if entry.recorded_at != entry.event_at && !sent {
            by.push_str(&format!(", written {}", moment(visit, entry.recorded_at)));
        }
        if entry.from_elsewhere {
            by.push_str(", from the concern that this one was split from");
        }
        if let Some(wrong) = &entry.corrects {
            by.push_str(&format!(". Corrects: “{}”", short(wrong)));
        }
        ChronologyEntry {
            when: if sent { on_day(visit, entry.event_at) } else { moment(visit, entry.event_at) },
            datetime: match sent {
                true => visit.services().calendar.local(entry.event_at).date().to_string(),
                false => entry.event_at.to_string(),
            },
            kind: what_in_words(entry.what).to_owned(),
            tone: match entry.what {
                What::Said(EntryKind::ChildWords) => Tone::Info,
                What::Said(EntryKind::System) => Tone::Calm,
                What::Step(Act::Done) => Tone::Done,
                What::Step(_) => Tone::Due,
                What::Said(_) => Tone::Calm,
            },
            words: said,
            by,
            out_of_order: entry.out_of_order,
            superseded: entry.corrected,
        }
    });
    Chronology { entries: entries.collect() }
}

fn correctable(path: &str, visit: &Visit, entry: &EntryView) -> Option<(String, String)> {
    let id = entry.id.filter(|_| !entry.corrected)?;
    let when = if entry.is_from_sender() { on_day(visit, entry.event_at) } else { moment(visit, entry.event_at) };
    Some((format!("{path}/entries/{id}"), format!("{when}: {}", short(&entry.text))))
}

/// The beginning of a text, for a list.
fn short(text: &str) -> String {
    const LETTERS: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= LETTERS {
        line.to_owned()
    } else {
        format!("{}…", line.chars().take(LETTERS).collect::<String>())
    }
}

pub(super) fn cut(visit: &Visit, cut: Cut) -> String {
    match cut {
        Cut::NotKnown => {
            "The gateway does not answer, so nothing is known to be cut off. Lock the device away.".to_owned()
        }
        Cut::NotYet => {
            "The gateway has not taken this up yet. Look again in a moment. Lock the device away.".to_owned()
        }
        Cut::Since { at, closed, refused } => format!(
            "Cut off at the gateway since {}: {closed} open connections closed, {refused} questions refused. Not cut: mobile data, and anything already on the device.",
            moment(visit, at)
        ),
    }
}

pub(super) fn until(visit: &Visit, until: Option<jiff::Timestamp>) -> String {
    until.map_or_else(|| "until somebody lets it back".to_owned(), |at| format!("until {}", moment(visit, at)))
}

fn proposal(state: &str) -> Word {
    match state {
        "approved" => Word::new(Tone::Done, "In force"),
        "refused" => Word::new(Tone::Shut, "Refused"),
        "withdrawn" => Word::new(Tone::Calm, "Withdrawn"),
        _ => Word::new(Tone::Due, "Waits for somebody else’s yes"),
    }
}

fn follow_up(row: &FollowUp) -> (String, Word) {
    match row {
        FollowUp::Action { title, owner, due, done_at, .. } => (
            format!("{title}: {owner}, by {}", words::day(*due)),
            if done_at.is_some() { Word::new(Tone::Done, "Done") } else { Word::new(Tone::Due, "To do") },
        ),
        FollowUp::Review { what, due, closed_at, .. } => (
            format!("Review of the {what}, by {}", words::day(*due)),
            if closed_at.is_some() { Word::new(Tone::Done, "Done") } else { Word::new(Tone::Due, "Open") },
        ),
    }
}

pub(super) fn part(part: Part) -> &'static str {
    match part {
        Part::Child => "child",
        Part::About => "the adult it is about",
        Part::Witness => "saw or heard it",
    }
}
