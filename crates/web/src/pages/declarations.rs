//! Declarations of staff about their own life online: the list, the form, one of them with its decision.

use app::declarations::{self, Decision, View};
use axum::extract::Path;
use domain::DeclarationId;
use domain::declaration::{DeclarationKind, DeclarationOutcome};
use jiff::civil::Date;
use views::FormView;
use views::pages::register::{RegisterForm, RegisterList, RegisterThing, Section, field};
use views::ui::{Cell, Table, Tag, Tone};

use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend, words};

/// Longest text, in characters.
const LONGEST: usize = 4_000;

fn kind_in_words(kind: DeclarationKind) -> &'static str {
    match kind {
        DeclarationKind::Content => "Something online that conflicts with my work here",
        DeclarationKind::Friend => "A child, a former child or a family as a friend on my own account",
        DeclarationKind::Friendship => "A friendship with a family from before I worked here",
    }
}

fn moment(visit: &Visit, at: jiff::Timestamp) -> String {
    words::moment(&visit.services().calendar.local(at))
}

fn tag(one: &View) -> Tag {
    match (&one.decided, one.review_on) {
        (None, _) => Tag::new(Tone::Due, "Not decided yet"),
        (Some((DeclarationOutcome::Ended, ..)), _) => Tag::new(Tone::Done, "Ended"),
        (Some(_), Some(day)) if one.waits => Tag::new(Tone::Gap, &format!("Look again since {}", words::day(day))),
        (Some(_), Some(day)) => Tag::new(Tone::Done, &format!("May stay until {}", words::day(day))),
        (Some(_), None) => Tag::new(Tone::Done, "May stay"),
    }
}

/// One's own, and those that one decides.
///
/// # Errors
/// Nobody is signed in.
pub async fn list(visit: Visit) -> Answer {
    let mut table = Table::new("Declarations")
        .quiet_caption()
        .column("What")
        .column("Whose")
        .column("When")
        .column("How it stands");
    for one in declarations::list(visit.services(), &visit.ctx()).await? {
        table.push(vec![
            Cell::link(&format!("/declarations/{}", one.id), kind_in_words(one.kind)),
            Cell::Text(if one.mine { "Yours".to_owned() } else { one.author.clone() }),
            Cell::Text(moment(&visit, one.made_at)),
            tag(&one).into(),
        ]);
    }
    visit.page(&RegisterList {
        heading: "Declarations".to_owned(),
        about: "What you have told us about your own life online, and what waits for your decision. Nobody sees these but who made them and who decides. Did a child or a family write to you? Report that as a concern.".to_owned(),
        table,
        empty: (
            "You have declared nothing.".to_owned(),
            "Declare what conflicts with your work, a family who is a friend on your own account, or a friendship from before.".to_owned(),
        ),
        add: Some(("/declarations/new".to_owned(), "Declare something".to_owned())),
        ways: vec![("/concerns/report".to_owned(), "Report a concern".to_owned())],
        ..RegisterList::default()
    })
}

/// What is typed.
pub struct Input {
    kind: DeclarationKind,
    what: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.choice("kind", DeclarationKind::from_key, "Choose what it is");
        let what = fields.text("what", LONGEST, "Say what it is, in a few words");
        Some(Self { kind: kind?, what: what? })
    }
}

/// The form.
///
/// # Errors
/// Nobody is signed in.
pub async fn new(visit: Visit) -> Answer {
    visit.page(&new_page(FormView::new()))
}

fn new_page(form: FormView) -> RegisterForm {
    let mut kinds = form.radios("kind", "What is it?");
    for kind in DeclarationKind::ALL {
        kinds = kinds.option(kind.key(), kind_in_words(kind));
    }
    RegisterForm {
        heading: "Declare something".to_owned(),
        back: Some(("/declarations".to_owned(), "Declarations".to_owned())),
        about: vec![
            "About yourself alone. Telling protects you: who decides talks with you, and writes down what you agree.".to_owned(),
            "Could a child have come to harm, or did a child or family write to you? Report that as a concern instead.".to_owned(),
        ],
        fields: vec![
            field(&kinds),
            field(
                &form
                    .area("what", "What is it?")
                    .hint("Which account, since when, who can see it. No pictures, and no more about other people than is needed.")
                    .rows(4),
            ),
        ],
        action: "/declarations/new".to_owned(),
        button: "Declare it".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Declares it.
///
/// # Errors
/// Nobody is signed in.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input { kind, what }) = form.input else { return visit.again(&new_page(form.view)) };
    match declarations::declare(visit.services(), &mut visit.ctx(), kind, &what).await {
        Ok(id) => visit.go_saying(&format!("/declarations/{id}"), Tone::Done, "Declared. Who decides has been told."),
        Err(error) => visit.again(&new_page(mend(form.view, error)?)),
    }
}

/// One of them; with the form, for who decides it.
///
/// # Errors
/// Neither one's own nor one's to decide.
pub async fn one(visit: Visit, Path(id): Path<DeclarationId>) -> Answer {
    let (view, mine_to_decide) = declarations::one(visit.services(), &visit.ctx(), id).await?;
    if mine_to_decide {
        return visit.page(&page(&visit, &view, FormView::new()));
    }
    visit.page(&RegisterThing {
        title: "A declaration".to_owned(),
        heading: "A declaration".to_owned(),
        back: ("/declarations".to_owned(), "Declarations".to_owned()),
        sections: vec![Section {
            heading: "What it says".to_owned(),
            table: table(&visit, &view),
            empty: String::new(),
        }],
        ..RegisterThing::default()
    })
}

fn table(visit: &Visit, view: &View) -> Table {
    let mut table = Table::new("The declaration").quiet_caption().column("What").column("Words");
    let mut line =
        |what: &str, words: &str| table.push(vec![Cell::Text(what.to_owned()), Cell::Text(words.to_owned())]);
    line("Kind", kind_in_words(view.kind));
    line("Declared by", &format!("{}, {}", view.author, moment(visit, view.made_at)));
    line("What", &view.what);
    if let Some((outcome, by, at, reason)) = &view.decided {
        let how = match outcome {
            DeclarationOutcome::Agreed => "It may stay, as agreed",
            DeclarationOutcome::Ended => "It has ended",
        };
        line("Decided", &format!("{how}. {by}, {}", moment(visit, *at)));
        line("Why, and what was agreed", reason);
    }
    if let Some(day) = view.review_on {
        line("Looked at again", &words::day(day));
    }
    if view.deciders.is_empty() {
        line("Who decides", "Nobody here can decide this. Speak with the committee or the owner.");
    } else {
        line("Who decides", &view.deciders.join(", "));
    }
    table
}

fn page(visit: &Visit, view: &View, form: FormView) -> RegisterForm {
    let seen = form.value("version").parse().ok().filter(|_| form.has_errors()).unwrap_or(view.version);
    RegisterForm {
        heading: "A declaration".to_owned(),
        back: Some(("/declarations".to_owned(), "Declarations".to_owned())),
        about: vec!["Talk with them first, then write down what you agreed. They read it too.".to_owned()],
        table: Some(table(visit, view)),
        fields: vec![
            format!("<input type=\"hidden\" name=\"version\" value=\"{seen}\">"),
            field(
                &form
                    .radios("outcome", "How is it decided?")
                    .option(DeclarationOutcome::Agreed.key(), "It may stay, as agreed here")
                    .option(DeclarationOutcome::Ended.key(), "It has ended, or was taken down"),
            ),
            field(&form.area("reason", "Why, and what did you agree?").rows(4)),
            field(&form.date("review_on", "When do you look at it again?").hint("While it stays. Within a year.")),
        ],
        action: format!("/declarations/{}", view.id),
        button: "Write down the decision".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// What is decided.
pub struct Decided {
    outcome: DeclarationOutcome,
    reason: String,
    review_on: Option<Date>,
    version: i64,
}

impl FromForm for Decided {
    fn read(fields: &mut Fields) -> Option<Self> {
        let outcome = fields.choice("outcome", DeclarationOutcome::from_key, "Say how it is decided");
        let reason = fields.text("reason", LONGEST, "Write what you agreed, and why");
        let review_on = fields.maybe_date("review_on");
        let version = fields.parsed("version", "Open this page again");
        Some(Self { outcome: outcome?, reason: reason?, review_on: review_on?, version: version? })
    }
}

/// Decides it.
///
/// # Errors
/// Not this person's to decide.
pub async fn decide(visit: Visit, Path(id): Path<DeclarationId>, form: Form<Decided>) -> Answer {
    let (view, _) = declarations::one(visit.services(), &visit.ctx(), id).await?;
    let Some(Decided { outcome, reason, review_on, version }) = form.input else {
        return visit.again(&page(&visit, &view, form.view));
    };
    let decision = Decision { outcome, reason, review_on, version };
    match declarations::decide(visit.services(), &mut visit.ctx(), id, decision).await {
        Ok(()) => visit.go_saying("/declarations", Tone::Done, "Written down. They have been told."),
        Err(error) => visit.again(&page(&visit, &view, mend(form.view, error)?)),
    }
}
