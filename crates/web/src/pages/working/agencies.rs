//! The directory of agencies, and the form with which somebody says that a number is right, or what is (AGY-01).

use app::agencies::{self, Details, Entry};
use axum::extract::Path;
use views::FormView;
use views::pages::register::{RegisterForm, RegisterList, field};
use views::ui::{Banner, Cell, Table, Tag, Tone};

use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend, words};

/// The directory.
///
/// # Errors
/// The records are away, or there are several settings and nobody is signed in.
pub async fn get(visit: Visit) -> Answer {
    let found = agencies::directory(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Agencies")
        .quiet_caption()
        .column("Agency")
        .column("When to use it")
        .column("Ring")
        .column("Out of hours")
        .column("Elsewhere")
        .column("Last checked");
    let old = found.entries.iter().filter(|entry| entry.old || entry.agency.unchecked).count();
    for entry in &found.entries {
        table.push(cells(&visit, entry, found.may_check));
    }
    let mut notes = vec![Banner::new(
        Tone::Gap,
        "In danger now, or a crime is happening: ring 999. Anybody may, and nobody waits for the lead.",
    )];
    if found.may_check && old > 0 {
        let say = if old == 1 {
            "One of these was never checked or is old. Ring or read it, and write down what you find.".to_owned()
        } else {
            format!("{old} of these were never checked or are old. Ring or read them, and write down what you find.")
        };
        notes.push(Banner::new(Tone::Due, &say));
    }
    let mut ways = vec![("/contact-sheet".to_owned(), "The contact sheet for the wall".to_owned())];
    if found.may_check {
        ways.push(("/agencies/new".to_owned(), "Enter an agency that is missing".to_owned()));
        ways.push(("/agencies/area".to_owned(), "Another area, or a pack file".to_owned()));
    }
    visit.page(&RegisterList {
        heading: "Agencies".to_owned(),
        about: if found.may_check {
            format!("{ABOUT} Follow a name to confirm or correct its numbers.")
        } else {
            ABOUT.to_owned()
        },
        notes,
        table,
        empty: ("No agency is listed.".to_owned(), "They come with the program, as packs of an area.".to_owned()),
        ways,
        ..RegisterList::default()
    })
}

const ABOUT: &str = "Whom to ask and whom to tell outside, those of our area first. Police, social care, the LADO, health, Ofsted and the ICO can be told at any time, by anybody.";

fn cells(visit: &Visit, entry: &Entry, may_check: bool) -> Vec<Cell> {
    let agency = &entry.agency;
    // A number stays in one piece on its line.
    let ring = |number: &Option<String>| match number {
        Some(number) => Cell::Phone(number.replace(' ', "\u{a0}")),
        None => Cell::Text(String::new()),
    };
    let elsewhere = [&agency.web, &agency.email].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    let day = words::day(entry.last_checked);
    let stands = match (&entry.checked, entry.old, agency.unchecked) {
        (_, _, true) => Cell::from(Tag::new(Tone::Due, "Not checked by us")),
        (_, true, _) => Tag::new(Tone::Due, &format!("Old: {day}")).into(),
        (Some(check), false, false) if entry.pack.is_some() => {
            Cell::Text(format!("Corrected here by {}, {}", check.by, super::moment(visit, check.at)))
        }
        (Some(check), false, false) => Cell::Text(format!("{day}, by {}", check.by)),
        (None, false, false) => Cell::Text(day),
    };
    let name = if entry.local { agency.name.clone() } else { format!("{} (national)", agency.name) };
    let when = match &agency.hours {
        Some(hours) => format!("{} Open: {hours}.", agency.when),
        None => agency.when.clone(),
    };
    vec![
        if may_check { Cell::link(&format!("/agencies/{}/check", agency.key), &name) } else { Cell::Text(name) },
        Cell::Text(when),
        ring(&agency.phone),
        ring(&agency.phone_out_of_hours),
        if elsewhere.is_empty() { Cell::Text(elsewhere) } else { Cell::Inert(elsewhere) },
        stands,
    ]
}

/// What was found.
pub struct Found {
    details: Details,
    note: String,
}

impl FromForm for Found {
    fn read(fields: &mut Fields) -> Option<Self> {
        let phone = fields.maybe("phone", 120);
        let phone_out_of_hours = fields.maybe("phone_out_of_hours", 120);
        let email = fields.maybe("email", 120);
        let web = fields.maybe("web", 120);
        let hours = fields.maybe("hours", 120);
        let note = fields.text("note", 300, "Say how you checked it");
        Some(Self {
            details: Details {
                phone: phone?,
                phone_out_of_hours: phone_out_of_hours?,
                email: email?,
                web: web?,
                hours: hours?,
                ..Details::default()
            },
            note: note?,
        })
    }
}

/// The form, with what is known.
///
/// # Errors
/// Not for this person, or no such agency.
pub async fn check_get(visit: Visit, Path(key): Path<String>) -> Answer {
    let entry = agencies::one(visit.services(), &visit.ctx(), &key).await?;
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let form = FormView::new()
        .with("phone", known(&entry.agency.phone))
        .with("phone_out_of_hours", known(&entry.agency.phone_out_of_hours))
        .with("email", known(&entry.agency.email))
        .with("web", known(&entry.agency.web))
        .with("hours", known(&entry.agency.hours));
    visit.page(&page(&visit, &entry, form))
}

/// Writes it down.
///
/// # Errors
/// Not for this person, or no such agency.
pub async fn check_post(visit: Visit, Path(key): Path<String>, form: Form<Found>) -> Answer {
    let entry = agencies::one(visit.services(), &visit.ctx(), &key).await?;
    let Some(found) = form.input else { return visit.again(&page(&visit, &entry, form.view)) };
    match agencies::check(visit.services(), &mut visit.ctx(), &key, found.details, &found.note).await {
        Ok(()) => visit.go_saying("/agencies", Tone::Done, "Written down. It is used on every page from now on."),
        Err(error) => visit.again(&page(&visit, &entry, mend(form.view, error)?)),
    }
}

fn page(visit: &Visit, entry: &Entry, form: FormView) -> RegisterForm {
    let mut about = vec![
        "Ring the number or read the agency\u{2019}s own page. Leave what is right, correct what is wrong, empty what does not exist. What the pack says stays beside it as the source.".to_owned(),
        format!("The pack: {} Last checked {}.", sentence(&entry.agency.source), words::day(entry.last_checked)),
    ];
    if let Some(pack) = &entry.pack {
        let known = [&pack.phone, &pack.phone_out_of_hours, &pack.email, &pack.web];
        let known = known.into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        about.push(format!("In the pack it says: {known}."));
    }
    if let Some(check) = &entry.checked {
        about.push(format!("Checked here by {}, {}: {}", check.by, super::moment(visit, check.at), check.note));
    }
    RegisterForm {
        heading: entry.agency.name.clone(),
        back: Some(("/agencies".to_owned(), "Agencies".to_owned())),
        about,
        fields: vec![
            field(&form.text("phone", "Telephone").width(20)),
            field(&form.text("phone_out_of_hours", "Out of hours").width(20)),
            field(&form.text("email", "Mail")),
            field(&form.text("web", "Web address").hint("Without https, for example kscmp.org.uk")),
            field(&form.text("hours", "Open").hint("For example Monday to Friday, 9 to 5")),
            field(
                &form
                    .text("note", "How did you check it?")
                    .hint("For example: rang it, read their contact page")
                    .max(300),
            ),
        ],
        action: format!("/agencies/{}/check", entry.agency.key),
        button: "I checked it: this is right".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// The form for an agency that no pack has.
///
/// # Errors
/// Not for this person.
pub async fn new(visit: Visit) -> Answer {
    agencies::area(visit.services(), &visit.ctx()).await?;
    visit.page(&new_page(FormView::new()))
}

fn new_page(form: FormView) -> RegisterForm {
    RegisterForm {
        heading: "Enter an agency".to_owned(),
        back: Some(("/agencies".to_owned(), "Agencies".to_owned())),
        about: vec!["For what no pack has: your area\u{2019}s own team, a school, a helpline. It is dated from today and shows as old after a year.".to_owned()],
        fields: vec![
            field(&form.text("name", "What is it called?").max(120)),
            field(&form.text("when", "When does one turn to it?").max(300)),
            field(&form.text("phone", "Telephone").max(120)),
            field(&form.text("phone_out_of_hours", "Out of hours").max(120)),
            field(&form.text("email", "Mail address").max(120)),
            field(&form.text("web", "Web address").hint("Without https, like kscmp.org.uk").max(120)),
            field(&form.text("hours", "When is it open?").max(120)),
            field(&form.text("note", "How did you check it?").hint("Rung it, read their page.").max(300)),
        ],
        action: "/agencies/new".to_owned(),
        button: "Enter it".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// An agency, as typed.
pub struct New(Details, String);

impl FromForm for New {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text("name", 120, "Write its name");
        let when = fields.text("when", 300, "Say when to turn to it");
        let note = fields.text("note", 300, "Say how you checked it");
        let mut line = |field: &str| fields.maybe(field, 120);
        let (phone, phone_out_of_hours) = (line("phone"), line("phone_out_of_hours"));
        let (email, web, hours) = (line("email"), line("web"), line("hours"));
        let details = Details {
            phone: phone?,
            phone_out_of_hours: phone_out_of_hours?,
            email: email?,
            web: web?,
            hours: hours?,
            name: name.clone(),
            when: when.clone(),
            last_checked: None,
        };
        name.and(when)?;
        Some(Self(details, note?))
    }
}

/// Enters it.
///
/// # Errors
/// Not for this person.
pub async fn post_new(visit: Visit, form: Form<New>) -> Answer {
    let Some(New(details, note)) = form.input else { return visit.again(&new_page(form.view)) };
    match agencies::add(visit.services(), &mut visit.ctx(), details, &note).await {
        Ok(_) => visit.go_saying("/agencies", Tone::Done, "It is in the directory."),
        Err(error) => visit.again(&new_page(mend(form.view, error)?)),
    }
}

/// Where the setting is, and the form for a pack file.
///
/// # Errors
/// Not for this person.
pub async fn area(visit: Visit) -> Answer {
    let found = agencies::area(visit.services(), &visit.ctx()).await?;
    let form = FormView::new().with("area", found.key.clone());
    visit.page(&area_page(&found, form))
}

fn area_page(found: &agencies::Area, form: FormView) -> RegisterForm {
    let mut radios = form.radios("area", "In which area is the setting?");
    for key in &found.packs {
        let mut name = key.replace('_', " ");
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        radios = radios.option(key, &name);
    }
    let radios = radios.option_with(
        agencies::OTHER,
        "Another area of England",
        "The national agencies stay. Enter your council\u{2019}s own by hand, or bring its pack.",
    );
    RegisterForm {
        heading: "Area and packs".to_owned(),
        back: Some(("/agencies".to_owned(), "Agencies".to_owned())),
        about: vec![
            "Social care, the LADO and the advice team differ from council to council. A pack holds those of one area, each with the day on which it was last checked.".to_owned(),
        ],
        fields: vec![
            field(&radios),
            field(
                &form
                    .area("pack", "A pack file, if you have one")
                    .hint("The text of a file like content/agencies/kent.toml. Every agency in it is taken with its own \u{201c}last checked\u{201d} day; what you have is kept beside it.")
                    .rows(8),
            ),
        ],
        action: "/agencies/area".to_owned(),
        button: "Save".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Area and pack, as typed.
pub struct Place {
    area: String,
    pack: String,
}

impl FromForm for Place {
    const LIMIT: usize = 12 * 60_000 + crate::form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let area = fields.choice("area", |key| Some(key.to_owned()), "Choose the area");
        let pack = fields.maybe("pack", 60_000);
        Some(Self { area: area?, pack: pack?.unwrap_or_default() })
    }
}

/// Saves the area, and takes a pack.
///
/// # Errors
/// Not for this person.
pub async fn post_area(visit: Visit, form: Form<Place>) -> Answer {
    let found = agencies::area(visit.services(), &visit.ctx()).await?;
    let Some(Place { area, pack }) = form.input else { return visit.again(&area_page(&found, form.view)) };
    let mut ctx = visit.ctx();
    let done = async {
        // Where it is changes for the manager alone; a pack can be brought by whoever keeps the directory.
        if area != found.key {
            agencies::set_area(visit.services(), &mut ctx, &area).await?;
        }
        match pack.trim() {
            "" => Ok(0),
            pack => agencies::take_pack(visit.services(), &mut ctx, pack).await,
        }
    };
    match done.await {
        Ok(0) => visit.go_saying("/agencies", Tone::Done, "Saved."),
        Ok(count) => visit.go_saying("/agencies", Tone::Done, &format!("Saved, with {count} agencies of the pack.")),
        Err(error) => visit.again(&area_page(&found, mend(form.view, error)?)),
    }
}
