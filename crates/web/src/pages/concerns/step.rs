//! One step: a form made from the procedure's own questions, for doing it, recording that it has happened, going on
//! without it; and, when two people write at once, both texts.

use std::collections::BTreeMap;

use app::concerns::{self, ConcernView, StepAttempt, StepView};
use app::contacts::{self, Lists};
use app::holds::Leave;
use axum::extract::{Path, Query};
use domain::ConcernId;
use domain::procedure::{Act, Answers, Field, FieldKind, ProgramAct};
use serde::Deserialize;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::concerns::step::{Control, Step, Theirs};
use views::ui::Tone;

use super::draft::{self, Next};
use super::{chosen, moment, options, ring, with_moment};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit};

/// How it is recorded.
#[derive(Debug, Default, Deserialize)]
pub struct How {
    #[serde(default)]
    act: String,
}

/// The form.
///
/// # Errors
/// There is no such step, or the concern is not for this person.
pub async fn get(visit: Visit, Path((id, key)): Path<(ConcernId, String)>, Query(how): Query<How>) -> Answer {
    let act = Act::from_key(&how.act).unwrap_or(Act::Done);
    let around = Around::load(&visit, id, &key).await?;
    let form = around.started(&visit, act);
    let (form, draft) = draft::restored(&visit, &around.key(act), form).await?;
    visit.page(&Step { draft: Some(draft), ..around.page(&visit, act, form, None) })
}

/// Everything that was typed; what is asked is known only once the concern is open.
pub struct Typed;

impl FromForm for Typed {
    // A step asks for six long texts at most.
    const LIMIT: usize = 6 * 12 * concerns::LONGEST_TEXT + crate::form::LIMIT;

    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// Records it.
///
/// # Errors
/// There is no such step, or the concern is not for this person.
pub async fn post(visit: Visit, Path((id, key)): Path<(ConcernId, String)>, form: Form<Typed>) -> Answer {
    let act = Act::from_key(form.view.value("act")).unwrap_or(Act::Done);
    let around = Around::load(&visit, id, &key).await?;
    if form.input.is_none() {
        return visit.again(&around.page(&visit, act, form.view, None));
    }
    let mut fields = Fields::kept(&form.view, visit.latest().await);
    if let Some(pressed) = draft::pressed(&fields) {
        return match draft::done(&visit, &around.key(act), pressed, form.view, &around.back()).await? {
            Next::Go(answer) => answer,
            Next::Again(form, draft) => {
                visit.again(&Step { draft: Some(draft), ..around.page(&visit, act, form, None) })
            }
        };
    }
    let attempt = around.attempt(&visit, act, &mut fields);
    let view = fields.into_view();
    let Some(attempt) = attempt.filter(|_| !view.has_errors()) else {
        return visit.again(&around.page(&visit, act, view, None));
    };
    match concerns::record(visit.services(), &mut visit.ctx(), id, attempt).await {
        Ok(saved) => {
            draft::sent(&visit, &around.key(act), &view).await;
            let words = match (saved.did, saved.out_of_order) {
                (concerns::Did::Held(placed), _) => format!("Recorded. {} is being cut off.", placed.device),
                (concerns::Did::Released(n), _) if n > 0 => "Recorded. The device is let back.".to_owned(),
                (concerns::Did::Logged(0), _) => {
                    "Recorded. No note was entered: name the adult under who is involved, then record this step anew."
                        .to_owned()
                }
                (concerns::Did::Logged(_), _) => "Recorded, and entered in the log of low-level concerns.".to_owned(),
                (_, true) => "Recorded, out of its order. The others who work this were told.".to_owned(),
                _ => "Recorded.".to_owned(),
            };
            visit.go_saying(&format!("/concerns/{id}"), Tone::Done, &words)
        }
        Err(error) => around.refused(&visit, act, view, error).await,
    }
}

/// A step with what its form needs.
pub(super) struct Around {
    pub(super) concern: ConcernView,
    pub(super) step: StepView,
    pub(super) lists: Lists,
}

impl Around {
    pub(super) async fn load(visit: &Visit, id: ConcernId, key: &str) -> Result<Self, Fault> {
        Self::find(visit, id, |step| step.step.key == key).await
    }

    pub(super) async fn of_act(visit: &Visit, id: ConcernId, act: ProgramAct) -> Result<Self, Fault> {
        Self::find(visit, id, |step| step.step.act == Some(act)).await
    }

    async fn find(visit: &Visit, id: ConcernId, is: impl Fn(&StepView) -> bool) -> Result<Self, Fault> {
        let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
        let step = concern.steps.iter().find(|step| is(step)).cloned().ok_or(Fault::NotFound)?;
        let lists = contacts::lists(visit.services(), &visit.ctx()).await?;
        Ok(Self { concern, step, lists })
    }

    pub(super) fn back(&self) -> String {
        format!("/concerns/{}", self.concern.id)
    }

    fn key(&self, act: Act) -> String {
        format!("step/{}/{}/{}", self.concern.id, self.step.step.key, act.key())
    }

    /// A form that begins with what was answered before.
    pub(super) fn started(&self, visit: &Visit, act: Act) -> FormView {
        let mut form = FormView::new();
        for field in &self.step.step.fields {
            let Some(answer) = self.step.answers.get(&field.key) else {
                // A time under a condition is asked, never taken for granted: perhaps it does not apply.
                if field.kind == FieldKind::When && field.only_if.is_none() && act == Act::Done {
                    form = with_moment(form, visit, &field.key, visit.services().now());
                }
                continue;
            };
            match field.kind {
                FieldKind::When => {
                    if let Ok(at) = answer.parse() {
                        form = with_moment(form, visit, &field.key, at);
                    }
                }
                FieldKind::Children | FieldKind::Family => {
                    answer.split(',').for_each(|child| form.keep(&field.key, child.trim()))
                }
                _ => form.set(&field.key, answer.clone()),
            }
        }
        if let (Some(ProgramAct::HoldDevice), Some((device, _))) = (self.step.step.act, &self.concern.device) {
            form.set("device", device.to_string());
        }
        form
    }

    pub(super) fn controls(&self, form: &FormView) -> Vec<Control> {
        let one = |field: &Field| match &field.only_if {
            None => self.control(field, form),
            Some(only) => Control::Only {
                field: only.field.clone(),
                is: only.is.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
                asks: Box::new(self.control(field, form)),
            },
        };
        self.step.step.fields.iter().map(one).collect()
    }

    /// Does a question that is always asked say when it happened? Else the page asks for that by itself.
    fn says_when(&self) -> bool {
        self.step
            .step
            .fields
            .iter()
            .any(|field| field.kind == FieldKind::When && field.required && field.only_if.is_none())
    }

    fn control(&self, field: &Field, form: &FormView) -> Control {
        let key = field.key.as_str();
        let label = if field.required && field.only_if.is_none() {
            field.label.clone()
        } else {
            format!("{} (if it applies)", field.label)
        };
        let hint = field.hint.as_deref();
        match field.kind {
            FieldKind::Line | FieldKind::Reference => {
                let it = form.text(key, &label).max(300);
                Control::Line(match hint {
                    Some(hint) => it.hint(hint),
                    None => it,
                })
            }
            FieldKind::Text => {
                let it = form.area(key, &label).rows(4);
                Control::Text(match hint {
                    Some(hint) => it.hint(hint),
                    None => it,
                })
            }
            FieldKind::Choice => {
                let mut it = form.radios(key, &label);
                if let Some(hint) = hint {
                    it = it.hint(hint);
                }
                for choice in &field.choices {
                    it = match &choice.hint {
                        Some(hint) => it.option_with(&choice.value, &choice.label, hint),
                        None => it.option(&choice.value, &choice.label),
                    };
                }
                Control::Choice(it)
            }
            FieldKind::When => Control::When(form.moment(key, &label).hint("For example 3 3 2027, 2:15pm")),
            FieldKind::Children => {
                Control::Choice(form.checkboxes(key, &label).options(&options(&self.lists.children)))
            }
            FieldKind::Family => {
                let family = self.concern.family.iter();
                let adults: Vec<(String, String)> = family
                    .map(|adult| (adult.id.to_string(), format!("{}: {}", adult.name, adult.warnings.join("; "))))
                    .collect();
                let mut it = form.checkboxes(key, &label).options(&adults);
                if let Some(hint) = hint {
                    it = it.hint(hint);
                }
                Control::Choice(it)
            }
            FieldKind::Staff => {
                Control::Select(form.select(key, &label).option("", "Choose").options(&options(&self.lists.staff)))
            }
            FieldKind::Device => {
                Control::Select(form.select(key, &label).option("", "Choose").options(&options(&self.lists.devices)))
            }
        }
    }

    /// Answers as the use case takes them.
    pub(super) fn answers(&self, fields: &mut Fields) -> Answers {
        let mut answers = BTreeMap::new();
        for field in &self.step.step.fields {
            let key = field.key.as_str();
            let answer = match field.kind {
                FieldKind::When if fields.raw(&format!("{key}-day")).is_empty() => None,
                FieldKind::When => fields.moment(key, "Say when").map(|at| at.to_string()),
                FieldKind::Children | FieldKind::Family => {
                    fields.several(key, |id| Some(id.to_owned())).map(|all| all.join(","))
                }
                _ => Some(fields.raw(key).to_owned()),
            };
            if let Some(answer) = answer.filter(|answer| !answer.is_empty()) {
                answers.insert(field.key.clone(), answer);
            }
        }
        answers
    }

    fn attempt(&self, visit: &Visit, act: Act, fields: &mut Fields) -> Option<StepAttempt> {
        let records = matches!(act, Act::Done | Act::AlreadyHappened);
        let answers = if records { self.answers(fields) } else { Answers::new() };
        let told = self.step.step.fields.iter().find(|field| field.kind == FieldKind::When);
        let told = told.and_then(|field| answers.get(&field.key)).and_then(|at| at.parse().ok());
        let event_at = match (act, told) {
            (Act::AlreadyHappened, _) if !self.says_when() => fields.moment("event", "Say when it happened")?,
            (_, Some(at)) => at,
            _ => visit.services().now(),
        };
        Some(StepAttempt {
            step: self.step.step.key.clone(),
            act,
            answers,
            reason: Some(fields.raw("reason").to_owned()).filter(|reason| !reason.is_empty()),
            event_at,
            seen: fields.raw("seen").parse().unwrap_or(0),
            device: if fields.yes("cut") { chosen(fields.raw("device")) } else { None },
            leave: match fields.raw("leave") {
                "police" => Leave::Police,
                "lado" => Leave::Lado,
                "danger" => Leave::Danger,
                _ => Leave::None,
            },
        })
    }

    /// What the use case refused, as a page on which nothing is lost.
    pub(super) async fn refused(&self, visit: &Visit, act: Act, mut view: FormView, error: app::Error) -> Answer {
        match error {
            app::Error::Conflict { theirs } => {
                let fresh = Self::load(visit, self.concern.id, &self.step.step.key).await?;
                let at = theirs.get("_at").and_then(|at| at.parse().ok());
                let theirs = Theirs {
                    by: theirs.get("_by").cloned().unwrap_or_else(|| "Somebody else".to_owned()),
                    at: at.map(|at| moment(visit, at)).unwrap_or_default(),
                    said: fresh.step.said.iter().map(|said| (said.label.clone(), said.value.clone())).collect(),
                };
                visit.again(&fresh.page(visit, act, view, Some(theirs)))
            }
            app::Error::Locked(locked) => {
                view.error("", locked.say);
                visit.again(&self.page(visit, act, view, None))
            }
            other => {
                let view = crate::fault::mend(view, other)?;
                visit.again(&self.page(visit, act, view, None))
            }
        }
    }

    fn page(&self, visit: &Visit, act: Act, form: FormView, theirs: Option<Theirs>) -> Step {
        let form = if act == Act::AlreadyHappened && form.value("event-day").is_empty() && !form.has_errors() {
            with_moment(form, visit, "event", visit.services().now())
        } else {
            form
        };
        let step = &self.step;
        let action = format!("{}/steps/{}", self.back(), step.step.key);
        let shut = act == Act::Done && !step.locked_by.is_empty();
        let mut controls = match act {
            Act::Done | Act::AlreadyHappened => self.controls(&form),
            Act::Waived | Act::Reopened => Vec::new(),
        };
        if act == Act::AlreadyHappened && !self.says_when() {
            controls
                .push(Control::When(form.moment("event", "When did it happen?").hint("For example 3 3 2027, 2:15pm")));
        }
        if matches!(act, Act::Waived | Act::Reopened) {
            controls.push(Control::Text(form.area("reason", "Why?").rows(4)));
        }
        if act == Act::Done && step.step.act == Some(ProgramAct::HoldDevice) {
            controls.extend(self.hold_controls(&form));
        }
        Step {
            back: self.back(),
            reference: self.concern.reference.clone(),
            heading: match act {
                Act::Waived => format!("Go on without: {}", step.step.title),
                Act::Reopened => format!("To be done again: {}", step.step.title),
                Act::Done | Act::AlreadyHappened => step.step.title.clone(),
            },
            text: step.step.text.clone(),
            locks: if act == Act::Done { step.locked_by.iter().map(|locked| locked.say.clone()).collect() } else { Vec::new() },
            already: (act == Act::AlreadyHappened).then(|| {
                "You are recording something that has already happened. That is always open. If its turn had not come, it stays marked as out of order, and the others who work this are told.".to_owned()
            }),
            must_not: step.step.must_not.iter().map(|rule| rule.text.clone()).collect(),
            agencies: step.agencies.iter().map(ring).collect(),
            controls: if shut { Vec::new() } else { controls },
            // What the writer had seen when they began, not what is there now: so that somebody else's record is shown
            // and not overwritten. Once it has been shown, it has been seen.
            seen: form.value("seen").parse().ok().filter(|_| theirs.is_none()).unwrap_or(step.seen),
            theirs,
            help: self.help(),
            act: act.key().to_owned(),
            button: match act {
                _ if shut => String::new(),
                Act::Done if step.step.act == Some(ProgramAct::LogLowLevel) => "Record it, and enter it in the log".to_owned(),
                Act::Done => "Record this step".to_owned(),
                Act::AlreadyHappened => "Record that it has happened".to_owned(),
                Act::Waived => "Go on without it".to_owned(),
                Act::Reopened => "Open it again".to_owned(),
            },
            draft: (!shut).then(Draft::default),
            open_way: shut.then(|| format!("{action}?act=already_happened")),
            action,
            form,
        }
    }

    fn hold_controls(&self, form: &FormView) -> Vec<Control> {
        vec![
            Control::Choice(
                form.checkboxes("cut", "Shall the gateway cut it off now?")
                    .option("yes", "Yes, cut it off until it is let back"),
            ),
            Control::Select(
                form.select("device", "Which device?").option("", "Choose").options(&options(&self.lists.devices)),
            ),
            Control::Choice(
                form.radios("leave", "Is it the device of the person concerned?")
                    .hint("Holding it would tell them. It waits for the word of the police or the LADO, or for danger.")
                    .option("", "No")
                    .option("police", "Yes, and the police said so")
                    .option("lado", "Yes, and the LADO said so")
                    .option("danger", "Yes, and somebody is in danger now"),
            ),
            Control::Text(
                form.area("reason", "If it is: who said so, and what; or what is the danger?")
                    .hint("It stays in the record, and somebody looks at it again: after a day in danger, else after a week.")
                    .rows(2),
            ),
        ]
    }

    fn help(&self) -> Option<(String, String)> {
        let to = |path: String, words: &str| Some((path, words.to_owned()));
        match self.step.step.act? {
            ProgramAct::ProposeFilterChange => {
                to(format!("/filter/propose?concern={}", self.concern.id), "Propose the change, linked to this concern")
            }
            ProgramAct::Retest => to("/filter/test".to_owned(), "Run the self-test"),
            _ => None,
        }
    }
}
