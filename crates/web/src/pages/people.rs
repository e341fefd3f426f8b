//! The register of people: list, one person, the form, roles, sign-ins, recoveries.

use app::accounts::{self, HandOver, Vouched};
use app::people::{self, PersonDraft};
use axum::extract::Path;
use domain::access::Action;
use domain::people::{PersonKind, Role};
use domain::{PersonId, RoomId};
use uuid::Uuid;
use views::FormView;
use views::pages::register::{Act, RegisterForm, RegisterList, RegisterThing, Section, ShownOnce, field};
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use crate::pages::devices::Press;
use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
    words,
};

/// What is typed about a person.
pub struct Input {
    draft: PersonDraft,
    version: i64,
}

const KINDS: [PersonKind; 4] = [PersonKind::Staff, PersonKind::Child, PersonKind::Family, PersonKind::Visitor];

fn kind_in_words(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Staff => "Member of staff",
        PersonKind::Child => "Child",
        PersonKind::Family => "Parent, carer or family",
        PersonKind::Visitor => "Visitor",
        PersonKind::Unknown => "Not yet known",
    }
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.choice("kind", PersonKind::from_key, "Choose who they are");
        let name = fields.text("name", people::LONGEST_NAME, "Enter the name");
        let known_as = fields.maybe("known_as", people::LONGEST_NAME);
        let left_out = ["day", "month", "year"].iter().all(|part| fields.raw(&format!("born-{part}")).is_empty());
        let born = if left_out { Some(None) } else { fields.date("born", "Enter the day").map(Some) };
        let email = fields.maybe("email", 254);
        let phone = fields.maybe("phone", 30);
        let nowhere = fields.raw("room").is_empty();
        let room = if nowhere { Some(None) } else { fields.parsed::<RoomId>("room", "Choose a room").map(Some) };
        let version = fields.raw("version").parse().unwrap_or(0);
        let draft = PersonDraft {
            kind: kind?,
            name: name?,
            known_as: known_as?.unwrap_or_default(),
            born: born?,
            email: email?,
            phone: phone?,
            room: room?,
            joined: None,
            gone: None,
        };
        Some(Self { draft, version })
    }
}

/// The list.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let profile_titles = |roles: &domain::RoleSet| roles.iter().map(|role| title(*role)).collect::<Vec<_>>().join(", ");
    let mut table = Table::new("People").quiet_caption();
    for column in ["Name", "Who", "Room", "Roles", "Signs in"] {
        table = table.column(column);
    }
    for person in people::list(visit.services(), &visit.ctx(), None).await? {
        let state = match (person.gone, person.has_account) {
            (true, _) => Tag::new(Tone::Shut, "Has left"),
            (false, true) => Tag::new(Tone::Done, "Yes"),
            (false, false) => Tag::new(Tone::Calm, "No"),
        };
        table.push(vec![
            Cell::link(&format!("/people/{}", person.id), &person.name),
            kind_in_words(person.kind).into(),
            person.room.unwrap_or_default().into(),
            profile_titles(&person.roles).into(),
            state.into(),
        ]);
    }
    visit.page(&RegisterList {
        heading: "People".into(),
        about: "Staff, children, their families, visitors. What is needed to keep children safe, and no more.".into(),
        table,
        empty: ("Nobody yet.".into(), "Add the staff first, then the children.".into()),
        add: Some(("/people/new".into(), "Add a person".into())),
        ways: vec![
            ("/people/roles".into(), "Who holds which role, and what stands empty".into()),
            ("/people/recoveries".into(), "Lost second steps".into()),
            ("/imports/people".into(), "Add many from a spreadsheet".into()),
        ],
        ..RegisterList::default()
    })
}

fn title(role: Role) -> &'static str {
    match role {
        Role::Practitioner => "Member of staff",
        Role::Dsl => "Safeguarding lead",
        Role::Deputy => "Deputy safeguarding lead",
        Role::Manager => "Manager",
        Role::Chair => "Chair",
        Role::Committee => "Committee",
        Role::Technician => "Technician",
        Role::Parent => "Parent or carer",
        Role::Inspector => "Inspector",
    }
}

async fn form_page(visit: &Visit, form: FormView, id: Option<PersonId>) -> Result<RegisterForm, Fault> {
    let rooms = people::list_rooms(visit.services(), &visit.ctx()).await?;
    let rooms: Vec<(String, String)> = rooms.into_iter().map(|room| (room.id.to_string(), room.name)).collect();
    let mut kinds = form.radios("kind", "Who are they?");
    for kind in KINDS {
        kinds = kinds.option(kind.key(), kind_in_words(kind));
    }
    let fields = vec![
        format!(
            "<input type=\"hidden\" name=\"version\" value=\"{}\">",
            form.value("version").parse::<i64>().unwrap_or(0)
        ),
        field(&kinds),
        field(&form.text("name", "Full name").max(120)),
        field(&form.text("known_as", "What people call them (if it differs)").max(120)),
        field(&form.date("born", "Date of birth (children)")),
        field(&form.select("room", "Room").option("", "No room").options(&rooms)),
        field(
            &form
                .text("email", "Their own mail address")
                .hint("Notices go there once they have opened a link.")
                .keyboard("email"),
        ),
        field(&form.text("phone", "Telephone").keyboard("tel").width(20)),
    ];
    let (heading, action, back) = match id {
        None => ("Add a person", "/people/new".to_owned(), ("/people".to_owned(), "People".to_owned())),
        Some(id) => ("Change a person", format!("/people/{id}/edit"), (format!("/people/{id}"), "Back".to_owned())),
    };
    let button = "Save".into();
    Ok(RegisterForm {
        heading: heading.into(),
        back: Some(back),
        form,
        fields,
        action,
        button,
        ..RegisterForm::default()
    })
}

/// The empty form.
///
/// # Errors
/// The records are away.
pub async fn new(visit: Visit) -> Answer {
    visit.page(&form_page(&visit, FormView::new(), None).await?)
}

/// Adds a person.
///
/// # Errors
/// The records are away.
pub async fn add(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&form_page(&visit, form.view, None).await?) };
    match people::add(visit.services(), &mut visit.ctx(), input.draft).await {
        Ok(id) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "They are in the register."),
        Err(error) => visit.again(&form_page(&visit, mend(form.view, error)?, None).await?),
    }
}

/// The form of one person.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn edit(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    let person = people::lookup(visit.services(), &visit.ctx(), id).await?.person;
    let mut form = FormView::new()
        .with("version", person.version.to_string())
        .with("kind", person.kind.key())
        .with("name", person.name)
        .with("known_as", person.known_as)
        .with("email", person.email.unwrap_or_default())
        .with("phone", person.phone.unwrap_or_default())
        .with("room", person.room_id.map(|id| id.to_string()).unwrap_or_default());
    if let Some(born) = person.born {
        form = form.with("born-day", born.day().to_string()).with("born-month", born.month().to_string());
        form = form.with("born-year", born.year().to_string());
    }
    visit.page(&form_page(&visit, form, Some(id)).await?)
}

/// Changes them.
///
/// # Errors
/// They are not there, somebody was faster, or the records are away.
pub async fn save(visit: Visit, Path(id): Path<PersonId>, form: Form<Input>) -> Answer {
    let Some(mut input) = form.input else { return visit.again(&form_page(&visit, form.view, Some(id)).await?) };
    // The form does not ask for first and last day; what stands there stays.
    let before = people::lookup(visit.services(), &visit.ctx(), id).await?.person;
    (input.draft.joined, input.draft.gone) = (before.joined, before.gone);
    match people::edit(visit.services(), &mut visit.ctx(), id, input.version, input.draft).await {
        Ok(()) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "Saved."),
        Err(error) => visit.again(&form_page(&visit, mend(form.view, error)?, Some(id)).await?),
    }
}

/// One person.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn show(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    let services = visit.services();
    let view = people::lookup(services, &visit.ctx(), id).await?;
    let person = &view.person;
    let address = match (&person.email, person.email_verified_at) {
        (None, _) => Cell::from("None"),
        (Some(email), Some(_)) => Cell::Inert(format!("{email} (proved)")),
        (Some(email), None) => Cell::Inert(format!("{email} (not proved yet)")),
    };
    let mut summary = Summary::new().row("Who", kind_in_words(person.kind)).row("Known as", &person.known_as);
    if let Some(born) = person.born {
        summary = summary.row("Born", words::day(born));
    }
    summary = summary
        .row("Room", view.room.clone().unwrap_or_else(|| "None".into()))
        .row("Mail", address)
        .row("Telephone", person.phone.clone().map_or_else(|| Cell::from("None"), Cell::Phone))
        .row("Signs in as", view.username.clone().unwrap_or_else(|| "Has no sign-in".into()));
    let mut roles = Table::new("Roles").quiet_caption().column("Role").column("Since");
    let mut acts = Vec::new();
    for held in &view.appointments {
        roles.push(vec![title(held.role).into(), words::moment(&services.calendar.local(held.since)).into()]);
        acts.push(Act {
            action: "/people/roles/end".into(),
            button: format!("End: {}", title(held.role)),
            hint: "It ends at once, and so do their sessions.".into(),
            grave: true,
            hidden: Some(("appointment".into(), held.id.to_string())),
        });
    }
    let mut ties = Table::new("Family").quiet_caption().column("Who").column("What to know");
    for tie in &view.ties {
        let mut know = vec![tie.kind.key().to_owned()];
        know.extend(tie.parental_responsibility.then(|| "parental responsibility".to_owned()));
        know.extend(tie.do_not_contact.then(|| "DO NOT CONTACT".to_owned()));
        know.extend(tie.never_disclose_address.then(|| "NEVER DISCLOSE THE ADDRESS".to_owned()));
        know.extend(tie.court_order.as_ref().map(|order| format!("court order: {order}")));
        ties.push(vec![Cell::link(&format!("/people/{}", tie.other), &tie.name), know.join("; ").into()]);
    }
    let press = |what: &str, button: &str, hint: &str, grave| Act {
        action: format!("/people/{id}/{what}"),
        button: button.into(),
        hint: hint.into(),
        grave,
        hidden: None,
    };
    if person.email.is_some() && person.email_verified_at.is_none() {
        acts.push(press("verify", "Mail them a link to prove the address", "", false));
    }
    let mut ways = vec![(format!("/people/{id}/edit"), "Change what the register says".to_owned())];
    if person.kind != PersonKind::Child {
        if visit.may(Action::Appoint) {
            ways.push((format!("/people/{id}/role"), "Give them a role".to_owned()));
        }
        if view.username.is_none() {
            if visit.may(Action::ResetPassword) {
                ways.push((format!("/people/{id}/account"), "Give them a sign-in".to_owned()));
            }
        } else {
            acts.push(press(
                "reset-password",
                "Reset their password",
                "You get a link to hand over. You never learn the password.",
                false,
            ));
            if view.second_factor {
                acts.push(press(
                    "vouch",
                    "I know they have lost their second step",
                    "Say this only face to face. A second person has to say so too.",
                    false,
                ));
            }
        }
    }
    let section = |heading: &str, table, empty: &str| Section { heading: heading.into(), table, empty: empty.into() };
    let sections =
        vec![section("Roles", roles, "No role here today."), section("Family", ties, "Nobody is tied to them.")];
    visit.page(&RegisterThing {
        title: "Person".into(),
        heading: person.name.clone(),
        back: ("/people".into(), "People".into()),
        summary,
        sections,
        ways,
        acts,
        ..RegisterThing::default()
    })
}

/// A username.
pub struct Username(String);

impl FromForm for Username {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("username", 40, "Enter a username").map(Self)
    }
}

fn account_form(id: PersonId, form: FormView) -> RegisterForm {
    let username =
        form.text("username", "Username").hint("Letters, figures, dots; theirs alone, never shared.").width(20);
    RegisterForm {
        heading: "Give them a sign-in".into(),
        back: Some((format!("/people/{id}"), "Back".into())),
        about: vec![
            "You get a link to hand over. With it they choose their own password; nobody else learns it.".into(),
        ],
        fields: vec![field(&username)],
        form,
        action: format!("/people/{id}/account"),
        button: "Make the link".into(),
        table: None,
    }
}

/// The form for a sign-in.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn account_get(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    people::lookup(visit.services(), &visit.ctx(), id).await?;
    visit.page(&account_form(id, FormView::new()))
}

/// Gives a sign-in; the link is shown once.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn account_post(visit: Visit, Path(id): Path<PersonId>, form: Form<Username>) -> Answer {
    let Some(Username(username)) = form.input else { return visit.again(&account_form(id, form.view)) };
    match people::give_account(visit.services(), &mut visit.ctx(), id, &username).await {
        Ok(handed) => visit.page(&handed_over(&visit, &handed, format!("/people/{id}"))),
        Err(error) => visit.again(&account_form(id, mend(form.view, error)?)),
    }
}

/// The page of a link that is shown once.
pub fn handed_over(visit: &Visit, handed: &HandOver, on: String) -> ShownOnce {
    let base = visit.services().web_base.trim_end_matches('/');
    let until = words::moment(&visit.services().calendar.local(handed.until));
    ShownOnce {
        heading: "A link to hand over".into(),
        about: vec!["Give it to them in person. It works once. This page shows it once.".into()],
        summary: Summary::new().row("Link", Cell::Inert(format!("{base}{}", handed.path))).row("Works until", until),
        picture_svg: None,
        on: (on, "I have handed it over".into()),
    }
}

/// Resets a password; the link is shown once.
///
/// # Errors
/// They have no sign-in, or the records are away.
pub async fn reset_password(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match accounts::reset_password(visit.services(), &mut visit.ctx(), id).await {
        Ok(handed) => visit.page(&handed_over(&visit, &handed, to)),
        Err(error) => said(&visit, &to, error),
    }
}

/// Mails a link to prove an address.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn verify(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    people::send_verification(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying(&to, Tone::Done, "The mail is on its way.")
}

/// Says that somebody has lost their second step.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn vouch(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match accounts::vouch(visit.services(), &mut visit.ctx(), id).await {
        Ok(Vouched::OneMore) => visit.go_saying(&to, Tone::Info, "Noted. One more person has to say so within a day."),
        Ok(Vouched::Reset) => visit.go_saying(
            &to,
            Tone::Done,
            "They set up a new second step when they sign in. Then somebody else confirms it.",
        ),
        Err(error) => said(&visit, &to, error),
    }
}

/// A refusal in words, beside the button that was pressed.
fn said(visit: &Visit, to: &str, error: app::Error) -> Answer {
    match error {
        app::Error::Invalid(said) => visit.go_saying(to, Tone::Gap, &said.into_values().collect::<Vec<_>>().join(" ")),
        other => Err(other.into()),
    }
}

/// A role.
pub struct RoleInput(Role);

impl FromForm for RoleInput {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.choice("role", Role::from_key, "Choose a role").map(Self)
    }
}

fn role_form(id: PersonId, form: FormView) -> RegisterForm {
    let mut radios = form.radios("role", "Which role?");
    for role in Role::ALL {
        radios = radios.option(role.key(), title(role));
    }
    RegisterForm {
        heading: "Give them a role".into(),
        back: Some((format!("/people/{id}"), "Back".into())),
        about: vec!["It begins now. The leads, the manager and the chair are told of roles that work cases.".into()],
        fields: vec![field(&radios)],
        form,
        action: format!("/people/{id}/role"),
        button: "Appoint".into(),
        table: None,
    }
}

/// The form for a role.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn role_get(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    people::lookup(visit.services(), &visit.ctx(), id).await?;
    visit.page(&role_form(id, FormView::new()))
}

/// Appoints.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn role_post(visit: Visit, Path(id): Path<PersonId>, form: Form<RoleInput>) -> Answer {
    let Some(RoleInput(role)) = form.input else { return visit.again(&role_form(id, form.view)) };
    match people::appoint(visit.services(), &mut visit.ctx(), id, role).await {
        Ok(_) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "Appointed from now."),
        Err(error) => visit.again(&role_form(id, mend(form.view, error)?)),
    }
}

/// Which appointment to end.
pub struct EndRole(Uuid);

impl FromForm for EndRole {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("appointment", "Choose an appointment").map(Self)
    }
}

/// Ends an appointment.
///
/// # Errors
/// It is not in force, or the records are away.
pub async fn end_role(visit: Visit, form: Form<EndRole>) -> Answer {
    let to = "/people/roles";
    let Some(EndRole(id)) = form.input else {
        return visit.go_saying(to, Tone::Due, "Nothing was ended. Press the button once more.");
    };
    let ended = people::end_appointment(visit.services(), &mut visit.ctx(), id).await?;
    match ended.vacancy {
        None => visit.go_saying(to, Tone::Done, "The appointment has ended."),
        Some(role) => {
            let words = format!("Ended. Nobody is {} now: appoint somebody.", title(role).to_lowercase());
            visit.go_saying(to, Tone::Gap, &words)
        }
    }
}

/// Who holds which role, and what stands empty.
///
/// # Errors
/// The records are away.
pub async fn roles(visit: Visit) -> Answer {
    let roster = people::list_appointments(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Roles").quiet_caption().column("Role").column("Who").column("Since");
    for held in &roster.held {
        let since = words::moment(&visit.services().calendar.local(held.since));
        table.push(vec![
            title(held.role).into(),
            Cell::link(&format!("/people/{}", held.person), &held.name),
            since.into(),
        ]);
    }
    let vacant = |role: &Role| Banner::new(Tone::Gap, &format!("Vacant: {}. The next in line receives.", title(*role)));
    visit.page(&RegisterList {
        heading: "Roles".into(),
        about: "Who is what, today. An appointment is ended on the person's page.".into(),
        notes: roster.vacant.iter().map(vacant).collect(),
        table,
        empty: ("No role is held.".into(), "Open a person and give them a role.".into()),
        ways: vec![("/people".into(), "People".into())],
        ..RegisterList::default()
    })
}

/// Lost second steps that wait for somebody.
///
/// # Errors
/// The records are away.
pub async fn recoveries(visit: Visit) -> Answer {
    let all = accounts::list_recoveries(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Lost second steps").quiet_caption().column("Who").column("What is missing");
    let mut acts = Vec::new();
    for recovery in &all {
        let missing = match (recovery.recovered_at, recovery.has_second_factor) {
            (None, _) => "A second person who vouches",
            (Some(_), false) => "They set up a new second step",
            (Some(_), true) => "Somebody confirms, face to face, that it was them",
        };
        table.push(vec![Cell::link(&format!("/people/{}", recovery.person), &recovery.name), missing.into()]);
        if recovery.mine_to_decide {
            let (what, button) = match recovery.recovered_at {
                None => ("vouch", format!("I vouch: {} has lost it", recovery.name)),
                Some(_) => ("confirm", format!("I confirm: it was {}", recovery.name)),
            };
            acts.push(Act {
                action: format!("/people/{}/{what}", recovery.person),
                button,
                hint: "Only after speaking with them face to face.".into(),
                ..Act::default()
            });
        }
    }
    visit.page(&RegisterThing {
        title: "Lost second steps".into(),
        heading: "Lost second steps".into(),
        back: ("/people".into(), "People".into()),
        sections: vec![Section { heading: "Waiting".into(), table, empty: "Nobody waits.".into() }],
        acts,
        ..RegisterThing::default()
    })
}

/// Confirms a recovery.
///
/// # Errors
/// Nothing waits, or the records are away.
pub async fn confirm(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = "/people/recoveries";
    if form.input.is_none() {
        return visit.go_saying(to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match accounts::confirm_recovery(visit.services(), &mut visit.ctx(), id).await {
        Ok(()) => visit.go_saying(to, Tone::Done, "Confirmed. They can work again."),
        Err(error) => said(&visit, to, error),
    }
}

fn verify_form(token: &str) -> RegisterForm {
    RegisterForm {
        heading: "Is this address yours?".into(),
        about: vec!["Press the button to say so. Notices from Holdfast then come to it.".into()],
        action: format!("/verify/{token}"),
        button: "Yes, it is mine".into(),
        ..RegisterForm::default()
    }
}

/// The mailed link: a button, so that a mail scanner that opens links proves nothing.
///
/// # Errors
/// A template failed.
pub async fn verify_get(visit: Visit, Path(token): Path<String>) -> Answer {
    visit.page(&verify_form(accounts::Token::given(&token).expose()))
}

/// The address is proved.
///
/// # Errors
/// The link does not work any more, or the records are away.
pub async fn verify_post(visit: Visit, Path(token): Path<String>, form: Form<Press>) -> Answer {
    let token = accounts::Token::given(&token);
    if form.input.is_none() {
        return visit.again(&verify_form(token.expose()));
    }
    people::verify_email(visit.services(), &mut visit.ctx(), &token).await?;
    visit.go_saying("/sign-in", Tone::Done, "Thank you. The address is yours.")
}
