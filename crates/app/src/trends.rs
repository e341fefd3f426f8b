//! Trends: how many concerns, of which area and kind, where and when; and the termly report to those who govern (DSL-09,
//! DSL-10).
//!
//! Whoever works cases counts what they may open, exactly. In everybody else's hands small numbers are kept back
//! (`domain::small_numbers`), allegations that are not theirs do not weigh, and only a time that is over can be counted: a
//! number that grows by one under one's eyes names somebody.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, ConcernStatus};
use domain::ctx::Member;
use domain::setting::Profile;
use domain::small_numbers::{self, Shown};
use domain::{DeviceId, OpCtx, Role, RoomId};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan, Zoned};
use store::concerns::{Counted, Fact};
use store::words::Area;
use store::{Reads, Scope};

use crate::concerns::{case, kind_in_words};
use crate::referrals::{Paper, PaperSection};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A time to count in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// For links: its first day.
    pub key: String,
    /// "Term 1 2026", "January to March 2026".
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Counts of a time.
#[derive(Debug, Clone)]
pub struct Trends {
    /// Which.
    pub period: Period,
    /// Others that can be chosen, newest first.
    pub periods: Vec<Period>,
    /// Are these counts exact? Else small ones are kept back.
    pub exact: bool,
    /// Of everything.
    pub total: Shown,
    /// By area, kind, room, device, month, time of day.
    pub tables: Vec<Counts>,
}

/// One table of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// "By area of risk".
    pub title: String,
    /// Label and count, in their own order.
    pub rows: Vec<(String, Shown)>,
}

impl Counts {
    /// The rows that say something: all but a nought.
    pub fn told(&self) -> impl Iterator<Item = &(String, Shown)> {
        self.rows.iter().filter(|(_, shown)| shown.count() != Some(0))
    }

    /// The rest in one sentence, so that twenty noughts do not hide a two.
    pub fn none(&self) -> Option<String> {
        let labels: Vec<&str> =
            self.rows.iter().filter(|(_, shown)| shown.count() == Some(0)).map(|(label, _)| label.as_str()).collect();
        if labels.len() == self.rows.len() {
            // Of nothing at all a list of everything says less than one word.
            return Some("None.".to_owned());
        }
        (!labels.is_empty()).then(|| format!("None: {}.", labels.join("; ")))
    }
}

/// Counts of the newest time that this reader may count in, or of another one.
///
/// # Errors
/// [`Refused`]; [`Error::NotFound`] for a time that is not on the list.
pub async fn of(services: &Services, ctx: &OpCtx, period: Option<&str>) -> Result<Trends> {
    authorize(&ctx.actor, Action::ReadTrends, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&reader, member.setting).await?;
    let exact = is_exact(member);
    let periods = periods(&profile, services.calendar.local(ctx.now).date(), exact);
    let period = match period {
        Some(key) => periods.iter().find(|one| one.key == key).ok_or(Error::NotFound)?.clone(),
        None => periods.first().ok_or(Error::NotFound)?.clone(),
    };
    let counted = if exact { Counted::Visible(sees(member)) } else { Counted::For(member.person) };
    let (from, to) = bounds(services, &period)?;
    let facts = store::concerns::facts(&reader, member.setting, &counted, from, to).await?;
    let tables = tables(services, &reader, member, &facts, &period, exact).await?;
    let total = shown_total(facts.len(), exact);
    Ok(Trends { period, periods, exact, total, tables })
}

/// Exact only in the hands of who opens concerns by their role.
fn is_exact(member: &Member) -> bool {
    !sees(member).routes.is_empty() && [Role::Dsl, Role::Deputy].iter().any(|role| member.roles.contains(role))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn shown_total(n: usize, exact: bool) -> Shown {
    if exact { Shown::Count(count(n)) } else { small_numbers::total(count(n)) }
}

/// The setting's terms; where it has typed none that is over, quarters. The lead may count in the one that runs, and in the
/// last twelve months.
fn periods(profile: &Profile, today: Date, exact: bool) -> Vec<Period> {
    let over = |to: Date| to < today;
    let mut all: Vec<Period> = profile
        .terms
        .iter()
        .filter(|term| over(term.to) || (exact && term.from <= today))
        .map(|term| Period { key: term.from.to_string(), name: term.name.clone(), from: term.from, to: term.to })
        .collect();
    if all.iter().all(|period| !over(period.to)) {
        all.extend(quarters(today));
    }
    all.sort_by_key(|period| std::cmp::Reverse(period.from));
    if exact && let Ok(from) = today.checked_sub(1.year()) {
        all.insert(0, Period { key: "year".into(), name: "The last twelve months".into(), from, to: today });
    }
    all
}

/// The four quarters that are over.
fn quarters(today: Date) -> Vec<Period> {
    let mut all = Vec::new();
    let month = (today.month() - 1) / 3 * 3 + 1;
    let mut begin = date(today.year(), month, 1);
    for _ in 0..4 {
        let (Ok(from), Ok(to)) = (begin.checked_sub(3.months()), begin.yesterday()) else { break };
        let name = format!("{} to {}", from.strftime("%B"), to.strftime("%B %Y"));
        all.push(Period { key: from.to_string(), name, from, to });
        begin = from;
    }
    all
}

fn bounds(services: &Services, period: &Period) -> Result<(Timestamp, Timestamp)> {
    let at = |day: Date| -> std::result::Result<Timestamp, jiff::Error> {
        Ok(day.at(0, 0, 0, 0).to_zoned(services.calendar.zone().clone())?.timestamp())
    };
    let wrong = |error: jiff::Error| Error::Internal(error.to_string());
    Ok((at(period.from).map_err(wrong)?, at(period.to.tomorrow().map_err(wrong)?).map_err(wrong)?))
}

async fn tables(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    facts: &[Fact],
    period: &Period,
    exact: bool,
) -> Result<Vec<Counts>> {
    let rooms = store::people::list_rooms(db, member.setting).await?;
    let rooms: BTreeMap<RoomId, String> = rooms.into_iter().map(|room| (room.id, room.name)).collect();
    let devices = store::devices::list_all(db, member.setting).await?;
    let homes: BTreeMap<DeviceId, Option<RoomId>> = devices.iter().map(|device| (device.id, device.room_id)).collect();
    let devices: BTreeMap<DeviceId, String> = devices.into_iter().map(|device| (device.id, device.name)).collect();
    let local = |at: Timestamp| services.calendar.local(at);
    let room_of = |fact: &Fact| {
        let own = fact.room.map(RoomId).or_else(|| homes.get(&DeviceId(fact.device?)).copied().flatten());
        own.and_then(|room| rooms.get(&room).cloned()).unwrap_or_else(|| NOWHERE.to_owned())
    };
    let device_of = |fact: &Fact| {
        fact.device.and_then(|id| devices.get(&DeviceId(id)).cloned()).unwrap_or_else(|| "No device".to_owned())
    };
    let areas = Area::ALL.iter().map(|area| area_in_words(*area).to_owned()).collect();
    let mut room_labels: Vec<String> = rooms.values().cloned().collect();
    room_labels.push(NOWHERE.to_owned());
    let mut tables = vec![
        table("By area of risk", facts, areas, exact, |fact| {
            Area::from_key(&fact.area).map_or_else(|| fact.area.clone(), |area| area_in_words(area).to_owned())
        }),
        by_kind(facts, exact),
        table("By room", facts, room_labels, exact, room_of),
        table("By month", facts, months(period), exact, |fact| month(&local(fact.recorded_at))),
        table("By time of day", facts, TIMES.iter().map(|(name, _)| (*name).to_owned()).collect(), exact, |fact| {
            let hour = local(fact.event_at).hour();
            TIMES.iter().find(|(_, to)| hour < *to).map_or("After 6pm", |(name, _)| name).to_owned()
        }),
    ];
    // A device is often one person's: which one, only for who works the cases.
    if exact {
        let mut named: Vec<String> = devices.values().cloned().collect();
        named.push("No device".to_owned());
        let by_device = table("By device", facts, named, exact, device_of);
        let rows = by_device.rows.into_iter().filter(|(_, shown)| shown.count() != Some(0)).collect();
        tables.insert(3, Counts { rows, ..by_device });
    }
    Ok(tables)
}

/// By what it was about. A kind begins in one area of risk, and the areas stand in a table above: what is kept back there must not
/// follow from here, nor the other way round.
fn by_kind(facts: &[Fact], exact: bool) -> Counts {
    let of = |fact: &Fact| {
        ConcernKind::from_key(&fact.kind).map_or_else(|| fact.kind.clone(), |kind| kind_in_words(kind).to_owned())
    };
    let kinds = ConcernKind::ALL.into_iter().map(|kind| kind_in_words(kind).to_owned()).collect();
    let mut counts = table("By what it was about", facts, kinds, true, of);
    if exact {
        return counts;
    }
    let area_of = |label: &str| {
        ConcernKind::ALL.into_iter().find(|kind| kind_in_words(*kind) == label).map(crate::concerns::area_of)
    };
    let mut groups: BTreeMap<Option<Area>, Vec<(usize, u64)>> = BTreeMap::new();
    for (at, (label, shown)) in counts.rows.iter().enumerate() {
        groups.entry(area_of(label)).or_default().push((at, shown.count().unwrap_or(0)));
    }
    let plain: Vec<Vec<u64>> = groups.values().map(|parts| parts.iter().map(|(_, count)| *count).collect()).collect();
    let shown = small_numbers::nested(&plain);
    for ((at, _), shown) in groups.values().flatten().zip(shown.into_iter().flatten()) {
        if let Some(row) = counts.rows.get_mut(*at) {
            row.1 = shown;
        }
    }
    counts
}

const NOWHERE: &str = "No room, or elsewhere";

/// Parts of the day, each up to its hour.
const TIMES: [(&str, i8); 5] =
    [("Before 9am", 9), ("9am to 12 noon", 12), ("12 noon to 3pm", 15), ("3pm to 6pm", 18), ("After 6pm", 24)];

fn month(at: &Zoned) -> String {
    at.strftime("%B %Y").to_string()
}

fn months(period: &Period) -> Vec<String> {
    let mut all = Vec::new();
    let mut day = date(period.from.year(), period.from.month(), 1);
    while day <= period.to && all.len() < 24 {
        all.push(day.strftime("%B %Y").to_string());
        match day.checked_add(1.month()) {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    all
}

fn table(title: &str, facts: &[Fact], mut labels: Vec<String>, exact: bool, of: impl Fn(&Fact) -> String) -> Counts {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for fact in facts {
        *counts.entry(of(fact)).or_default() += 1;
    }
    // What no label foresaw (an older word) still weighs.
    labels.extend(counts.keys().filter(|key| !labels.contains(key)).cloned().collect::<Vec<_>>());
    let plain: Vec<u64> = labels.iter().map(|label| counts.get(label).copied().unwrap_or(0)).collect();
    let shown = if exact { plain.into_iter().map(Shown::Count).collect() } else { small_numbers::table(&plain) };
    Counts { title: title.to_owned(), rows: labels.into_iter().zip(shown).collect() }
}

/// An area of risk, for people.
pub fn area_in_words(area: Area) -> &'static str {
    match area {
        Area::Content => "Content: what is seen",
        Area::Contact => "Contact: who gets in touch",
        Area::Conduct => "Conduct: what people do",
        Area::Commerce => "Commerce: money, adverts, scams",
    }
}

/// A count as people read it.
pub fn in_words(shown: Shown) -> String {
    shown.count().map_or_else(|| "kept back".to_owned(), |count| count.to_string())
}

/// The termly report to the committee or governing body: counts with small numbers kept back, whoever prints it, because it
/// leaves the lead's hands; how the work went; what was learned. No names, no words of any concern.
///
/// # Errors
/// As [`of`].
pub async fn report(services: &Services, ctx: &mut OpCtx, period: Option<&str>) -> Result<Paper> {
    authorize(&ctx.actor, Action::ReadTrends, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "report.committee").await?;
    let profile = case::profile(&tx, member.setting).await?;
    let periods = periods(&profile, services.calendar.local(ctx.now).date(), false);
    let period = match period {
        Some(key) => periods.iter().find(|one| one.key == key).ok_or(Error::NotFound)?.clone(),
        None => periods.first().ok_or(Error::NotFound)?.clone(),
    };
    let (from, to) = bounds(services, &period)?;
    let facts = store::concerns::facts(&tx, member.setting, &Counted::For(member.person), from, to).await?;
    let mut sections = vec![PaperSection {
        heading: "What this is".into(),
        paragraphs: vec![format!(
            "Concerns about safety, online and off, that were told from {} to {}. Numbers below {} are kept back, and so is any other number from which one could be worked out. Allegations about adults are not among these concerns; actions and reviews are counted wherever they came from.",
            domain::clock::say_day(period.from),
            domain::clock::say_day(period.to),
            small_numbers::LEAST
        )],
        ..PaperSection::default()
    }];
    let closed = facts.iter().filter(|fact| fact.status == ConcernStatus::Closed.key()).count();
    let both = small_numbers::table(&[count(closed), count(facts.len() - closed)]);
    let shown = |at: usize| both.get(at).map_or_else(String::new, |shown| in_words(*shown));
    sections.push(PaperSection {
        heading: "Concerns".into(),
        rows: vec![
            ("Told".into(), in_words(small_numbers::total(count(facts.len())))),
            ("Closed since, with a debrief".into(), shown(0)),
            ("Still worked".into(), shown(1)),
        ],
        ..PaperSection::default()
    });
    for counts in tables(services, &tx, &member, &facts, &period, false).await? {
        sections.push(PaperSection {
            rows: counts.told().map(|(label, shown)| (label.clone(), in_words(*shown))).collect(),
            paragraphs: counts.none().into_iter().collect(),
            heading: counts.title,
        });
    }
    sections.push(work(&tx, &member, from, to).await?);
    let setting = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let who = store::people::lookup(&tx, member.setting, member.person).await?;
    let subject = store::audit::Subject { table: "setting", id: Some(member.setting.0) };
    tx.note(member.setting, subject, &serde_json::json!({ "period": period.key })).await?;
    tx.commit().await?;
    Ok(Paper {
        title: format!("Safeguarding report, {}", period.name),
        setting: setting.name,
        fictional: setting.fictional,
        marking: Some(format!("For the {}", profile.body)),
        printed_by: who.map(|person| person.name).unwrap_or_default(),
        printed_at: services.calendar.say(ctx.now),
        audit_head: None,
        reference: format!("safeguarding-report-{}", period.key),
        sections,
    })
}

/// What came of it, without a word of any concern.
async fn work(db: &impl Reads, member: &Member, from: Timestamp, to: Timestamp) -> Result<PaperSection> {
    let during = |at: Timestamp| at >= from && at < to;
    // What is made from a concern weighs only for those who are not shut out from it (S8).
    let (viewer, all) = (sees(member), store::follow_up::Which::All);
    let which = store::follow_up::Filter { which: all, ..Default::default() };
    let actions = store::follow_up::list(db, member.setting, &viewer, &which).await?;
    let reviews = store::follow_up::list_reviews(db, member.setting, &viewer, all).await?;
    let versions = store::filtering::list(db, member.setting).await?;
    let made = actions.iter().filter(|row| during(row.made_at)).count();
    let done = actions.iter().filter(|row| during(row.made_at) && row.done_at.is_some()).count();
    let opened = reviews.iter().filter(|row| during(row.opened_at)).count();
    let changes = versions.iter().filter(|row| during(row.made_at)).count();
    // One action given is one concern: what comes of few is as small as they are.
    let actions = small_numbers::table(&[count(done), count(made.saturating_sub(done))]);
    let of_actions = |at: usize| actions.get(at).map_or_else(String::new, |shown| in_words(*shown));
    let alone = |n: usize| in_words(small_numbers::total(count(n)));
    Ok(PaperSection {
        heading: "What came of it".into(),
        rows: vec![
            ("Actions given to somebody, with a date".into(), alone(made)),
            ("Of these, done".into(), of_actions(0)),
            ("Of these, still to be done".into(), of_actions(1)),
            ("Reviews of policy, filtering or curriculum opened".into(), alone(opened)),
            ("Changes of the filter, each with its reason".into(), alone(changes)),
        ],
        ..PaperSection::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_over_and_follow_each_other() {
        let all = quarters(date(2026, 11, 22));
        let days: Vec<_> = all.iter().map(|period| (period.from, period.to)).collect();
        assert_eq!(days[0], (date(2026, 7, 1), date(2026, 9, 30)));
        assert_eq!(days[3], (date(2025, 10, 1), date(2025, 12, 31)));
        assert_eq!(all[0].name, "July to September 2026");
    }
}
