//! The procedures, for everybody who works here to read, and what this setting adds to them (S42): one form for each kind of
//! addition, two people for each.
//!
//! To offer one more addition: a line in [`ADDITIONS`], its fields in [`fields`], its arm in [`Input::change`].

use std::str::FromStr;

use app::procedures::{self, OwnView, ProcedureHere};
use axum::extract::Path;
use domain::access::Action;
use domain::exclusion::CASE_ROLES;
use domain::people::Role;
use domain::procedure::own::Change;
use domain::procedure::{ProgramAct, Step, Within};
use views::FormView;
use views::pages::register::{Act, RegisterForm, RegisterList, RegisterThing, Section, field};
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// What a setting can add: key in the address, what the link says.
const ADDITIONS: [(&str, &str); 6] = [
    ("step", "Add a step of your own"),
    ("usually", "Say who usually does a step here"),
    ("say", "Add a sentence to a step"),
    ("must-not", "Add something that must not be done"),
    ("agency", "Add an agency to a step"),
    ("clock", "Let a clock run out sooner"),
];

/// All procedures.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let mut table = Table::new("Procedures").quiet_caption().column("Procedure").column("For what").column("Edition");
    for found in procedures::list(visit.services(), &visit.ctx()).await? {
        let of = &found.procedure;
        let kinds: Vec<&str> = of.kinds.iter().map(|kind| kind.in_words()).collect();
        let edition = match found.own.iter().filter(|own| own.rule.holds()).count() {
            0 => Cell::Text(of.edition.clone()),
            _ => Cell::Noted(of.edition.clone(), vec!["With this setting’s own rules".to_owned()]),
        };
        let title = format!("{} {}", of.id, of.title);
        table.push(vec![Cell::link(&format!("/procedures/{}", of.id), &title), Cell::Text(kinds.join("; ")), edition]);
    }
    visit.page(&RegisterList {
        heading: "Procedures".to_owned(),
        about:
            "What is done, by whom, in which order, and what must not be done. Everybody who works here may read them."
                .to_owned(),
        table,
        // An inspector tells by ways of their own, and is refused our people's numbers.
        ways: match visit.may(Action::ReadContacts) {
            true => vec![("/who-to-tell".to_owned(), "Whom must I tell?".to_owned())],
            false => Vec::new(),
        },
        ..RegisterList::default()
    })
}

/// One procedure.
///
/// # Errors
/// There is none of that name.
pub async fn get(visit: Visit, Path(id): Path<String>) -> Answer {
    let found = procedures::one(visit.services(), &visit.ctx(), &id).await?;
    visit.page(&page(&visit, &found))
}

fn page(visit: &Visit, found: &ProcedureHere) -> RegisterThing {
    let of = &found.procedure;
    let path = format!("/procedures/{}", of.id);
    let mut notes = Vec::new();
    if let Some(misfit) = &found.misfit {
        let say = format!("This setting’s own rules have no effect: they no longer fit this edition. {misfit}");
        notes.push(Banner::new(Tone::Gap, &say));
    }
    let mut must_not = Table::new("Must not").quiet_caption().column("Do not").column("Where it comes from");
    for rule in &of.must_not {
        must_not.push(vec![(&rule.text).into(), (&rule.source).into()]);
    }
    let mut clocks = Table::new("Clocks").quiet_caption().column("What is due").column("Within").column("Source");
    for clock in &of.clocks {
        clocks.push(vec![(&clock.title).into(), within(clock.within).into(), (&clock.source).into()]);
    }
    let mut acts = Vec::new();
    let mut own = Table::new("Own").quiet_caption().column("Rule").column("Why").column("How it stands");
    for rule in &found.own {
        let what = in_words(found, &rule.rule.change);
        own.push(vec![Cell::Text(what.clone()), (&rule.rule.why).into(), standing(visit, rule)]);
        acts.extend(acts_of(found, &path, rule, &what));
    }
    let ways = ADDITIONS.iter().filter(|_| found.may_change);
    RegisterThing {
        title: format!("Procedure {}", of.id),
        heading: format!("{} {}", of.id, of.title),
        back: ("/procedures".to_owned(), "All procedures".to_owned()),
        notes,
        summary: Summary::new().row("Edition", &of.edition).row("Rests on", of.sources.join("; ")),
        sections: vec![
            Section {
                heading: "First words on the report form".to_owned(),
                table: first_words(found),
                ..Section::default()
            },
            Section { heading: "What must not be done".to_owned(), table: must_not, ..Section::default() },
            Section { heading: "Steps, in their order".to_owned(), table: steps(found), ..Section::default() },
            Section {
                heading: "Clocks".to_owned(),
                table: clocks,
                empty: "No clock runs in this procedure.".to_owned(),
            },
            Section {
                heading: "This setting’s own".to_owned(),
                table: own,
                empty: "This setting has added nothing. Additions tighten; nothing can be taken away or loosened."
                    .to_owned(),
            },
        ],
        ways: ways.map(|(key, words)| (format!("{path}/own/{key}"), (*words).to_owned())).collect(),
        acts,
        ..RegisterThing::default()
    }
}

fn first_words(found: &ProcedureHere) -> Table {
    let mut table = Table::new("First words").quiet_caption().column("Where the setting’s policy says").column("Words");
    for (screen, said) in &found.procedure.first_words {
        let name = match screen.as_str() {
            "default" => "Nothing about the screen".to_owned(),
            "flight_mode" => "Put the device in flight mode".to_owned(),
            "monitor_off_stay" => "Turn the monitor off, and stay with it".to_owned(),
            "power_off" => "Turn the power off".to_owned(),
            other => other.replace('_', " "),
        };
        table.push(vec![name.into(), said.join(" ").into()]);
    }
    table
}

fn steps(found: &ProcedureHere) -> Table {
    let mut table = Table::new("Steps").quiet_caption().column("Step").column("Who").column("Before closing");
    for step in &found.procedure.steps {
        let mut notes = vec![step.text.clone()];
        notes.extend(step.gates.iter().map(|gate| {
            let never = if gate.absolute { " Nobody can waive this." } else { "" };
            format!("Locked until: {}{never}", gate.say)
        }));
        notes.extend(step.must_not.iter().map(|rule| format!("Must not: {}", rule.text)));
        let agencies: Vec<&str> =
            step.agencies.iter().filter_map(|key| found.agencies.get(key)).map(String::as_str).collect();
        if !agencies.is_empty() {
            notes.push(format!("Outside: {}", agencies.join("; ")));
        }
        notes.push(format!("Source: {}", step.source));
        let owed = match (step.act == Some(ProgramAct::Close), step.closes, step.when.is_some()) {
            (true, _, _) => "The last step",
            (_, true, true) => "Owed where it applies",
            (_, true, false) => "Owed",
            (_, false, _) => "Not owed",
        };
        let title = if step.is_own() { format!("{} (our own)", step.title) } else { step.title.clone() };
        table.push(vec![Cell::Noted(title, notes), who(found, step).into(), owed.into()]);
    }
    table
}

fn who(found: &ProcedureHere, step: &Step) -> String {
    if step.who.contains(&Role::Practitioner) {
        return "Anybody who works here".to_owned();
    }
    let titles: Vec<String> = step.who.iter().map(|role| title(found, *role)).collect();
    titles.join("; ")
}

fn title(found: &ProcedureHere, role: Role) -> String {
    found.titles.get(&role).cloned().unwrap_or_else(|| role.key().to_owned())
}

fn standing(visit: &Visit, own: &OwnView) -> Cell {
    let rule = &own.rule;
    let day = |word: Option<domain::procedure::own::Word>| {
        word.map(|word| words::day(visit.services().calendar.local(word.at).date())).unwrap_or_default()
    };
    let by = |name: &Option<String>| name.clone().unwrap_or_else(|| "somebody who has left".to_owned());
    if rule.ending.is_some() {
        return Tag::new(
            Tone::Due,
            &format!("{} wants it gone; it holds until somebody else agrees", by(&own.ending_by)),
        )
        .into();
    }
    match (rule.proposed.is_some(), rule.agreed.is_some()) {
        (true, true) => Cell::Noted(
            format!("Since {}", day(rule.agreed)),
            vec![format!("{} proposed it, {} agreed.", by(&own.proposed_by), by(&own.agreed_by))],
        ),
        (true, false) => {
            Tag::new(Tone::Due, &format!("{} proposed it on {}", by(&own.proposed_by), day(rule.proposed))).into()
        }
        (false, _) => "It came with this setting’s policy".into(),
    }
}

fn acts_of(found: &ProcedureHere, path: &str, own: &OwnView, what: &str) -> Vec<Act> {
    let hidden = Some(("key".to_owned(), own.rule.key.clone()));
    let mut acts = Vec::new();
    if own.can_agree {
        let button = if own.rule.ending.is_some() { "Agree that it goes" } else { "Agree to the rule" };
        acts.push(Act {
            action: format!("{path}/agree"),
            button: button.to_owned(),
            hint: what.to_owned(),
            grave: false,
            hidden: hidden.clone(),
        });
    }
    if found.may_change {
        let button = if own.rule.ending.is_some() { "Keep it after all" } else { "Take the rule back" };
        acts.push(Act {
            action: format!("{path}/take-back"),
            button: button.to_owned(),
            hint: what.to_owned(),
            grave: true,
            hidden,
        });
    }
    acts
}

fn in_words(found: &ProcedureHere, change: &Change) -> String {
    let step = |key: &String| found.procedure.step(key).map_or_else(|| key.clone(), |step| step.title.clone());
    match change {
        Change::ExtraStep { after, title, .. } => format!("A step after “{}”: {title}", step(after)),
        Change::Usually { step: key, role } => format!("“{}” is usually done by: {}", step(key), title(found, *role)),
        Change::Say { step: key, text } => format!("“{}” says as well: {text}", step(key)),
        Change::MustNot { text } => format!("Must not: {text}"),
        Change::Agency { step: key, agency } => {
            let name = found.agencies.get(agency).unwrap_or(agency);
            format!("“{}” names {name} as well", step(key))
        }
        Change::Clock { clock, within: limit } => {
            let known = found.procedure.clocks.iter().find(|known| known.key == *clock);
            format!("“{}” within {}", known.map_or(clock, |known| &known.title), within(*limit))
        }
    }
}

fn within(within: Within) -> String {
    let many = |count: u16, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    match within {
        Within::Hours(hours) => many(hours, "hour"),
        Within::SameDay => "the same day".to_owned(),
        Within::WorkingDays(days) => many(days, "working day"),
        Within::SchoolDays(days) => many(days, "day of term"),
        Within::DaysCountingTheFirst(days) => format!("{}, the day itself as day one", many(days, "day")),
        Within::Days(days) => many(days, "day"),
        Within::OneMonth => "one month".to_owned(),
        Within::Months(months) => many(months, "month"),
    }
}

/// The form of one addition.
///
/// # Errors
/// There is no such procedure, or no such addition.
pub async fn form(visit: Visit, Path((id, kind)): Path<(String, String)>) -> Answer {
    visit.page(&form_page(&visit, &id, &kind, FormView::new()).await?)
}

async fn form_page(visit: &Visit, id: &str, kind: &str, form: FormView) -> Result<RegisterForm, Fault> {
    let found = procedures::one(visit.services(), &visit.ctx(), id).await?;
    let heading = ADDITIONS.iter().find(|(key, _)| *key == kind).ok_or(app::Error::NotFound)?.1;
    let mut all = fields(&found, kind, &form);
    all.push(field(
        &form
            .text("why", "Why, or which decision of yours?")
            .hint("It stands beside the rule, and is the source of what it adds.")
            .max(300),
    ));
    Ok(RegisterForm {
        heading: heading.to_owned(),
        back: Some((format!("/procedures/{id}"), format!("Procedure {id}"))),
        about: vec![
            "It takes two: when somebody else has agreed, it holds for every concern that begins from then on."
                .to_owned(),
            "Nothing of the procedure can be taken away or loosened.".to_owned(),
        ],
        fields: all,
        action: format!("/procedures/{id}/own/{kind}"),
        button: "Propose it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

fn fields(found: &ProcedureHere, kind: &str, form: &FormView) -> Vec<String> {
    let of = &found.procedure;
    let ours = of.steps.iter().filter(|step| !step.is_own());
    let steps: Vec<(String, String)> = ours.map(|step| (step.key.clone(), step.title.clone())).collect();
    let step = |label: &str| field(&form.select("step", label).option("", "Choose").options(&steps));
    match kind {
        "step" => vec![
            step("After which step?"),
            field(&form.text("title", "What is it called?").hint("Begin with a verb: “Ring the chair”.").max(100)),
            field(&form.area("text", "What is to be done?").rows(3).max(600)),
            field(
                &form
                    .radios("closes", "Must it be done before the concern can be closed?")
                    .inline()
                    .option("yes", "Yes")
                    .option("no", "No"),
            ),
        ],
        "usually" => {
            let roles: Vec<(String, String)> =
                CASE_ROLES.iter().map(|role| (role.key().to_owned(), title(found, *role))).collect();
            vec![
                step("Which step?"),
                field(
                    &form
                        .select("role", "Who usually does it here?")
                        .hint("Whoever takes the concern still may: this person could be the one it is about.")
                        .option("", "Choose")
                        .options(&roles),
                ),
            ]
        }
        "say" => vec![step("Which step?"), field(&form.area("text", "The sentence").rows(3).max(600))],
        "must-not" => {
            vec![field(&form.area("text", "What must not be done?").hint("Begin with “Do not”.").rows(2).max(600))]
        }
        "agency" => {
            let agencies: Vec<(String, String)> =
                found.agencies.iter().map(|(key, name)| (key.clone(), name.clone())).collect();
            vec![
                step("Which step?"),
                field(&form.select("agency", "Which agency?").option("", "Choose").options(&agencies)),
            ]
        }
        _ => {
            let clocks: Vec<(String, String)> = of
                .clocks
                .iter()
                .map(|clock| (clock.key.clone(), format!("{} (now {})", clock.title, within(clock.within))))
                .collect();
            vec![
                field(&form.select("clock", "Which clock?").option("", "Choose").options(&clocks)),
                field(&form.text("count", "How many?").keyboard("numeric").width(3).max(3)),
                field(
                    &form
                        .radios("unit", "Of what?")
                        .option("hours", "Hours, weekends too")
                        .option("working_days", "Working days")
                        .option("days", "Days, weekends too"),
                ),
            ]
        }
    }
}

/// An addition, as typed: what its kind asks for.
pub struct Input {
    step: String,
    title: String,
    text: String,
    closes: bool,
    role: Option<Role>,
    agency: String,
    clock: String,
    within: Option<Within>,
    why: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let why = fields.text("why", 300, "Say why");
        let count = u16::from_str(fields.raw("count").trim()).ok().filter(|count| (1..=500).contains(count));
        let within = count.and_then(|count| match fields.raw("unit") {
            "hours" => Some(Within::Hours(count)),
            "working_days" => Some(Within::WorkingDays(count)),
            "days" => Some(Within::Days(count)),
            _ => None,
        });
        let raw = |name: &str| fields.raw(name).trim().to_owned();
        Some(Self {
            step: raw("step"),
            title: raw("title"),
            text: raw("text"),
            // Not answered: owed, the stricter of the two.
            closes: fields.raw("closes") != "no",
            role: CASE_ROLES.into_iter().find(|role| role.key() == fields.raw("role")),
            agency: raw("agency"),
            clock: raw("clock"),
            within,
            why: why?,
        })
    }
}

impl Input {
    /// The change, or the field to mend and what to do.
    fn change(self, kind: &str) -> Result<(Change, String), (&'static str, &'static str)> {
        let need =
            |said: &str, name: &'static str, say: &'static str| if said.is_empty() { Err((name, say)) } else { Ok(()) };
        if matches!(kind, "step" | "usually" | "say" | "agency") {
            need(&self.step, "step", "Choose a step")?;
        }
        if matches!(kind, "step" | "say" | "must-not") {
            need(&self.text, "text", "Write what is to be said")?;
        }
        let change = match kind {
            "step" => {
                need(&self.title, "title", "Say what it is called")?;
                Change::ExtraStep { after: self.step, title: self.title, text: self.text, closes: self.closes }
            }
            "usually" => {
                Change::Usually { step: self.step, role: self.role.ok_or(("role", "Choose who usually does it"))? }
            }
            "say" => Change::Say { step: self.step, text: self.text },
            "must-not" => Change::MustNot { text: self.text },
            "agency" => {
                need(&self.agency, "agency", "Choose an agency")?;
                Change::Agency { step: self.step, agency: self.agency }
            }
            _ => {
                need(&self.clock, "clock", "Choose a clock")?;
                let within = self.within.ok_or(("count", "Write a number from 1 to 500, and choose of what"))?;
                Change::Clock { clock: self.clock, within }
            }
        };
        Ok((change, self.why))
    }
}

/// Proposes it.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, Path((id, kind)): Path<(String, String)>, form: Form<Input>) -> Answer {
    let mut view = form.view;
    let Some(input) = form.input else { return visit.again(&form_page(&visit, &id, &kind, view).await?) };
    let (change, why) = match input.change(&kind) {
        Ok(both) => both,
        Err((name, say)) => {
            view.error(name, say);
            return visit.again(&form_page(&visit, &id, &kind, view).await?);
        }
    };
    match procedures::propose(visit.services(), &mut visit.ctx(), &id, change, &why).await {
        Ok(()) => {
            let said = "Proposed. It holds when somebody else has agreed.";
            visit.go_saying(&format!("/procedures/{id}"), Tone::Done, said)
        }
        Err(error) => {
            let mut view = mend(view, error)?;
            // What would be weaker belongs to no one field.
            if let Some(said) = view.error_of("change").map(str::to_owned) {
                view.error("", said);
            }
            visit.again(&form_page(&visit, &id, &kind, view).await?)
        }
    }
}

/// Which rule.
pub struct Which {
    key: String,
}

impl FromForm for Which {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { key: fields.text("key", 60, "Choose a rule")? })
    }
}

/// Agrees to a rule, or to its end.
///
/// # Errors
/// Nothing waits, or the same person proposed it.
pub async fn agree(visit: Visit, Path(id): Path<String>, form: Form<Which>) -> Answer {
    let Some(Which { key }) = form.input else { return Err(app::Error::NotFound.into()) };
    procedures::agree(visit.services(), &mut visit.ctx(), &id, &key).await?;
    visit.go_saying(&format!("/procedures/{id}"), Tone::Done, "Agreed.")
}

/// Takes a rule back, or keeps it after all.
///
/// # Errors
/// There is none of that name.
pub async fn take_back(visit: Visit, Path(id): Path<String>, form: Form<Which>) -> Answer {
    let Some(Which { key }) = form.input else { return Err(app::Error::NotFound.into()) };
    procedures::take_back(visit.services(), &mut visit.ctx(), &id, &key).await?;
    visit.go_saying(&format!("/procedures/{id}"), Tone::Done, "Saved.")
}
