//! Report a concern: what it is about, then one short form. Stage one, under a minute.

use app::concerns::{self, About, Beside, Children, Paper, Report, SafeNow, Told, kind_in_words};
use app::{activity, contacts};
use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use domain::concern::ConcernKind;
use domain::exclusion::Sight;
use domain::{DeviceId, PersonId};
use jiff::Timestamp;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::concerns::report::{KindGroup, KindLink, ReportForm, ReportKind};
use views::ui::Tone;

use super::draft::{self, Next, Pressed};
use super::{chosen, moment, options, tell, with_moment};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form, words};

/// What it is about.
///
/// # Errors
/// A template failed.
pub async fn kinds(visit: Visit) -> Answer {
    let works_cases = visit.ctx().member().is_some_and(|member| {
        domain::access::any_allowed(&member.roles, domain::access::Action::ReadQueue, domain::access::Relation::Setting)
    });
    let groups = visit.services().content.kinds.iter().filter(|_| visit.may_report());
    let groups = groups.filter(|group| works_cases || !group.for_case_workers).map(|group| KindGroup {
        title: group.title.clone(),
        kinds: group
            .kinds
            .iter()
            .map(|words| KindLink {
                href: format!("/concerns/report/{}", words.key.key()),
                label: kind_in_words(words.key).to_owned(),
                guidance: words.guidance.clone(),
                danger: words.danger.clone(),
            })
            .collect(),
    });
    visit.page(&ReportKind { groups: groups.collect() })
}

/// The form.
///
/// # Errors
/// There is no such kind.
pub async fn get(visit: Visit, Path(kind): Path<String>, Query(from): Query<BTreeMap<String, String>>) -> Answer {
    let kind = ConcernKind::from_key(&kind).ok_or(Fault::NotFound)?;
    // From the filter's log one comes with device and time (S21).
    let at = from.get("at").and_then(|at| at.parse().ok()).unwrap_or_else(|| visit.services().now());
    let mut form = with_moment(FormView::new(), &visit, "event", at);
    if let Some(device) = from.get("device").and_then(|device| device.parse::<DeviceId>().ok()) {
        form.set("device", device.to_string());
    }
    // From an alert, with its record: read again when it is sent.
    for (name, key) in [("alert", "alert"), ("alert_at", "at"), ("alert_device", "device"), ("alert_host", "host")] {
        if let Some(value) = from.get(key).filter(|_| from.contains_key("alert")) {
            form.set(name, value.clone());
        }
    }
    // One comes for that device: a draft about something else stays where it is kept.
    let (form, draft) = match from.contains_key("device") || from.contains_key("alert") {
        true => (form, Draft::default()),
        false => draft::restored(&visit, &key(kind), form).await?,
    };
    visit.page(&ReportForm { draft: Some(draft), ..page(&visit, kind, form).await? })
}

fn key(kind: ConcernKind) -> String {
    format!("report/{}", kind.key())
}

/// What is typed.
pub enum Input {
    /// To be kept for later, or thrown away: nothing is sent.
    Keep(Pressed),
    /// "Show what that device asked for": nothing is sent yet.
    Look,
    /// Stage one. Ids are checked by the use case.
    Send(Box<(Report, Beside)>),
}

impl FromForm for Input {
    // Two long texts, each letter up to four bytes, each byte up to three signs.
    const LIMIT: usize = 2 * 12 * concerns::LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        if let Some(pressed) = draft::pressed(fields) {
            return Some(Self::Keep(pressed));
        }
        let event_at = fields.moment("event", "Say when it happened");
        if !fields.raw("look").is_empty() {
            // Only the device and the time matter for a look; nothing else is asked for yet.
            return event_at.map(|_| Self::Look);
        }
        let kind = fields.choice("kind", ConcernKind::from_key, "Choose what it is about");
        let safe_now = fields.choice("safe_now", safe, "Say whether everybody is safe");
        let what_happened = fields.text("what_happened", concerns::LONGEST_TEXT, "Say what happened, in a few words");
        let who_is_safe = fields.maybe("who_is_safe", concerns::LONGEST_LINE);
        let told_who = fields.maybe("told_who", concerns::LONGEST_LINE);
        let children = fields.several("children", |key| match key {
            "unknown" => Some(None),
            id => id.parse().ok().map(Some),
        });
        let hosts = fields.several("hosts", |host| Some(host.to_owned()));
        let linked = fields.several("linked", |id| id.parse().ok());
        let paper = paper(fields);
        let told_at = if_said(fields, "told", "Say when you told them, or leave it out");
        let known = if_said(fields, "known", "Say when it was known here, or leave it out");
        let (event_at, told_at, known) = (event_at?, told_at?, known?);
        let report = Report {
            kind: kind?,
            what_happened: what_happened?,
            safe_now: safe_now?,
            who_is_safe: who_is_safe?.unwrap_or_default(),
            event_at,
            device: chosen(fields.raw("device")),
            room: chosen(fields.raw("room")),
            hosts: hosts?,
            about: chosen(fields.raw("about")).map_or(About::Nobody, About::Person),
            children: named(&children?),
            told: told_who?.map(|who| Told { who, at: told_at }),
            hold_device: fields.yes("hold"),
        };
        Some(Self::Send(Box::new((report, Beside { paper: paper?, linked: linked?, known, ..Beside::default() }))))
    }
}

/// Written by hand first: then who, when and where the sheet lies are all asked. The outer `None` is an error.
#[expect(clippy::option_option, reason = "an error and an empty part of the form are two things")]
fn paper(fields: &mut Fields) -> Option<Option<Paper>> {
    if !["paper_by", "paper_place"].iter().any(|name| !fields.raw(name).is_empty()) && !fields.yes("on_paper") {
        return Some(None);
    }
    let by = fields.text("paper_by", concerns::LONGEST_LINE, "Write who filled in the sheet");
    let at = fields.moment("paper", "Say when it was written by hand");
    let place = fields.text("paper_place", concerns::LONGEST_LINE, "Write where the sheet is kept now");
    Some(Some(Paper { by: by?, at: at?, place: place? }))
}

/// A moment that may be left out. The outer `None` is an error.
#[expect(clippy::option_option, reason = "an error and an empty part of the form are two things")]
fn if_said(fields: &mut Fields, name: &str, say: &str) -> Option<Option<Timestamp>> {
    let typed = ["day", "month", "year", "time"].iter().any(|part| !fields.raw(&format!("{name}-{part}")).is_empty());
    if typed { fields.moment(name, say).map(Some) } else { Some(None) }
}

fn safe(key: &str) -> Option<SafeNow> {
    match key {
        "yes" => Some(SafeNow::Yes),
        "no" => Some(SafeNow::No),
        "not_sure" => Some(SafeNow::NotSure),
        _ => None,
    }
}

fn named(children: &[Option<PersonId>]) -> Children {
    let known: Vec<PersonId> = children.iter().flatten().copied().collect();
    if !known.is_empty() {
        Children::Known(known)
    } else if children.is_empty() {
        Children::Nobody
    } else {
        Children::NotYetKnown
    }
}

/// Sends it.
///
/// # Errors
/// The records are away: then the page says what to do on paper.
pub async fn post(visit: Visit, Path(kind): Path<String>, form: Form<Input>) -> Answer {
    let kind = ConcernKind::from_key(&kind).ok_or(Fault::NotFound)?;
    let (report, mut beside) = match form.input {
        None => return visit.again(&page(&visit, kind, form.view).await?),
        Some(Input::Keep(pressed)) => {
            return match draft::done(&visit, &key(kind), pressed, form.view, "/").await? {
                Next::Go(answer) => answer,
                Next::Again(form, draft) => {
                    visit.again(&ReportForm { draft: Some(draft), ..page(&visit, kind, form).await? })
                }
            };
        }
        Some(Input::Look) => return visit.page(&with_hosts(&visit, page(&visit, kind, form.view).await?).await?),
        Some(Input::Send(report)) => *report,
    };
    beside.alert = match alert(&form.view) {
        // A log that cannot be read stops nobody from reporting (S3).
        Some(alert) => activity::record(visit.services(), &mut visit.ctx(), &alert).await.unwrap_or_default(),
        None => None,
    };
    let filed = match concerns::report_beside(visit.services(), &mut visit.ctx(), report, beside).await {
        Ok(filed) => filed,
        Err(error) => return visit.again(&page(&visit, kind, mend(form.view, error)?).await?),
    };
    draft::sent(&visit, &key(kind), &form.view).await;
    if filed.sight == Sight::Nothing {
        return visit.go("/reports/sent");
    }
    let held = match filed.hold {
        None => String::new(),
        Some(Ok(placed)) => match placed.until {
            Some(at) => format!(" {} is cut off until {}.", placed.device, moment(&visit, at)),
            None => format!(" {} is cut off until somebody lets it back.", placed.device),
        },
        Some(Err(why)) => format!(" The device was not cut off. {why}"),
    };
    let words = format!("Saved. Your receipt, shown this once: {}.{held}", filed.receipt);
    visit.go_saying(&format!("/reports/{}", filed.concern), Tone::Done, &words)
}

/// The alert from which the form was opened.
fn alert(form: &FormView) -> Option<activity::Alert> {
    if form.value("alert").is_empty() {
        return None;
    }
    let host = Some(form.value("alert_host").to_owned()).filter(|host| !host.is_empty() && host.len() <= 253);
    Some(activity::Alert { at: form.value("alert_at").parse().ok()?, device: chosen(form.value("alert_device")), host })
}

async fn page(visit: &Visit, kind: ConcernKind, mut form: FormView) -> Result<ReportForm, Fault> {
    let ctx = visit.ctx();
    let lists = contacts::lists(visit.services(), &ctx).await?;
    let sheet = contacts::sheet(visit.services(), &ctx).await?;
    let whom = sheet.whom.into_iter().find(|whom| whom.kind == kind).map(|whom| tell(whom.first)).unwrap_or_default();
    form.set("kind", kind.key());
    let record = match alert(&form) {
        Some(alert) => activity::record(visit.services(), &mut visit.ctx(), &alert).await.unwrap_or_default(),
        None => None,
    };
    let words = visit.services().content.kind(kind);
    let first_words = concerns::first_words_here(visit.services(), &ctx, kind).await?;
    let mut adults = options(&lists.staff);
    adults.extend(options(&lists.other_adults));
    Ok(ReportForm {
        action: format!("/concerns/report/{}", kind.key()),
        heading: kind_in_words(kind).to_owned(),
        first_words,
        tell: whom,
        arrives: kind.is_matter(),
        asks_about: kind.asks_about(),
        asks_device: kind.asks_device() && !lists.devices.is_empty(),
        danger: words.and_then(|words| words.danger.clone()),
        next: words.map(|words| words.next.clone()),
        form,
        children: options(&lists.children),
        adults,
        rooms: options(&lists.rooms),
        devices: options(&lists.devices),
        linked: options(&concerns::linkable(visit.services(), &ctx).await?),
        record: record.map(|record| record.say),
        hosts: None,
        draft: Some(Draft::default()),
    })
}

/// The names that the device had been allowed, as inert text. That they cannot be read stops nobody from reporting.
async fn with_hosts(visit: &Visit, mut page: ReportForm) -> Result<ReportForm, Fault> {
    let Some(device) = chosen(page.form.value("device")) else {
        page.form.error("device", "Choose the device first.");
        return Ok(page);
    };
    let mut fields = Fields::kept(&page.form, visit.latest().await);
    let Some(at) = fields.moment("event", "Say when it happened") else { return Ok(page) };
    let hosts = activity::hosts_around(visit.services(), &visit.ctx(), device, at).await.unwrap_or_default();
    let calendar = &visit.services().calendar;
    page.hosts = Some(
        hosts
            .into_iter()
            .map(|seen| {
                let words = format!("{}, {}", seen.host, words::clock(&calendar.local(seen.at)));
                (seen.host, words)
            })
            .collect(),
    );
    Ok(page)
}
