//! One line for each page and state. A page without a sample is red: [`every_page_has_a_sample`].

use crate::views::{
    Chrome, FormView, Page, Shell,
    pages::{account, blank, certificate, duties, problem, register, sign_in, styleguide},
    shell::{Contact, Flash, Holder, Who},
    ui::Tone,
};

#[path = "samples/concerns.rs"]
mod concerns;
#[path = "samples/evidence.rs"]
mod evidence;
#[path = "samples/filter.rs"]
mod filter;
#[path = "samples/keeping.rs"]
mod keeping;
#[path = "samples/tell.rs"]
mod tell;
#[path = "samples/working.rs"]
mod working;

/// Name, rendered page. `samples` in the name of a page's template: `sign_in` for `pages/sign_in.html`.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let to_mend = {
        let mut form = FormView::new().with("username", "<b>robin</b>").with("next", "/account");
        form.error("username", "Enter your username");
        form.error("password", "Enter your password");
        form.error("code", "Enter the six figures");
        form.error("", "This page had been open for a long time.");
        form
    };
    let to_mend2 = {
        let mut form = FormView::new();
        form.error("again", "The two do not match.");
        form
    };
    let session =
        account::SessionLine { id: "1".into(), label: "Firefox on Android".into(), here: true, ..Default::default() };
    let other = account::SessionLine { here: false, ..session.clone() };
    let mut all = vec![
        ("sign_in", nobody(&sign_in::SignIn::default())),
        ("certificate", nobody(&certificate::Certificate::default())),
        ("duties", somebody(&duties::Duties::default())),
        (
            "duties",
            somebody(&duties::Duties {
                duties: vec![duties::DutyCard {
                    key: "csa_duty".into(),
                    title: "Duty to report".into(),
                    status: crate::views::ui::Tag::new(crate::views::ui::Tone::Info, "Off"),
                    text: "What changes.".into(),
                    source: "An Act".into(),
                }],
                may_change: true,
                form: FormView::new(),
            }),
        ),
        (
            "certificate",
            nobody(&certificate::Certificate {
                fingerprint: "A1:B2:<b>".into(),
                pages: Some("https://holdfast.local:8443/".into()),
            }),
        ),
        ("register/list", somebody(&register::RegisterList { heading: "Devices".into(), ..Default::default() })),
        (
            "register/list",
            somebody(&register::RegisterList {
                heading: "Devices".into(),
                add: Some(("/devices/new".into(), "Add a device".into())),
                ways: vec![("/imports/devices".into(), "Add many".into())],
                table: crate::views::ui::Table::new("Devices").column("Device").row(["<b>Tablet</b>".into()]),
                ..Default::default()
            }),
        ),
        (
            "register/thing",
            somebody(&register::RegisterThing {
                title: "Device".into(),
                heading: "Office <laptop>".into(),
                back: ("/devices".into(), "Devices".into()),
                acts: vec![register::Act {
                    action: "/devices/1/retire".into(),
                    button: "Take it out of use".into(),
                    hint: "Its credential stops.".into(),
                    grave: true,
                    hidden: Some(("import".into(), "\"><b>".into())),
                }],
                sheet: Some(register::Sheet {
                    heading: "How to set it up".into(),
                    steps: vec!["Enter the proxy.".into()],
                    summary: crate::views::ui::Summary::new().row("DNS", "192.0.2.1:53"),
                    picture_svg: Some("<svg role=\"img\" aria-label=\"Picture to scan\"></svg>".into()),
                }),
                sections: vec![register::Section {
                    heading: "Roles".into(),
                    empty: "None".into(),
                    ..Default::default()
                }],
                ..Default::default()
            }),
        ),
        (
            "register/form",
            somebody(&register::RegisterForm {
                heading: "Add a device".into(),
                fields: vec![
                    register::field(&to_mend2.text("again", "Name")),
                    register::field(&register::HoursTable {
                        days: vec![register::HoursDay {
                            key: "monday".into(),
                            name: "Monday".into(),
                            from: "8 o’c<".into(),
                            to: "18:00".into(),
                            error: Some(crate::views::ui::FieldError {
                                name: "monday-from".into(),
                                message: "Write a time like 08:00".into(),
                            }),
                        }],
                    }),
                ],
                paper_code: Some("ABCD-EFGH".into()),
                form: {
                    let mut form = to_mend2.clone();
                    form.error("monday-from", "Write a time like 08:00");
                    form
                },
                action: "/devices/new".into(),
                button: "Save".into(),
                ..Default::default()
            }),
        ),
        (
            "register/once",
            somebody(&register::ShownOnce {
                heading: "The credential".into(),
                summary: crate::views::ui::Summary::new().row("User", "d-1"),
                on: ("/devices".into(), "Done".into()),
                ..Default::default()
            }),
        ),
        ("sign_in", nobody(&sign_in::SignIn { form: to_mend.clone() })),
        ("second_factor", nobody(&sign_in::SecondFactor { form: to_mend.clone(), report_anyway: true })),
        ("second_factor", nobody(&sign_in::SecondFactor::default())),
        (
            "second_factor_set_up",
            somebody(&sign_in::SecondFactorSetUp {
                form: to_mend.clone(),
                picture_svg: "<svg role=\"img\" aria-label=\"Picture to scan\"></svg>".into(),
                key: "ABCD EFGH".into(),
            }),
        ),
        ("unlock", somebody(&sign_in::Unlock { form: to_mend.clone(), name: "Maya".into() })),
        ("account", somebody(&account::Account::default())),
        (
            "account",
            somebody(&account::Account {
                name: "Maya <Okafor>".into(),
                username: "maya".into(),
                roles: vec!["Safeguarding lead".into(), "Manager".into()],
                second_factor: true,
                password: "Only you know it".into(),
                recovery_codes: Some(2),
                several_settings: true,
                devices: vec![account::DeviceLine { name: "Office laptop".into(), ..Default::default() }],
                tokens: vec![account::TokenLine { id: "1".into(), scope: "evidence".into(), ..Default::default() }],
                sessions: vec![session, other],
            }),
        ),
        ("password", somebody(&account::Password { form: to_mend, why: Some("Choose your own.".into()) })),
        ("password", somebody(&account::Password::default())),
        (
            "set_password",
            nobody(&account::SetPassword {
                form: to_mend2.clone(),
                username: "robin".into(),
                action: "/set-password/a".into(),
            }),
        ),
        ("second_factor_replace", somebody(&sign_in::SecondFactorReplace { form: to_mend2.clone() })),
        ("recovery_codes", somebody(&sign_in::RecoveryCodes { codes: vec!["ABCD-EFGH".into()] })),
        ("recovery_codes", somebody(&sign_in::RecoveryCodes::default())),
        ("blank", nobody(&blank::Blank { back: "/".into() })),
        ("problem", nobody(&problem::Problem { heading: "This page is not here".into(), ..Default::default() })),
        (
            "problem",
            somebody(&problem::Problem {
                on_paper: Some(("/blank-form".into(), "Print the form".into())),
                heading: "Somebody else changed this".into(),
                sentences: vec!["Nothing was overwritten.".into()],
                way: Some(("/".into(), "To your page".into())),
                reference: Some("0190".into()),
                kept: vec![("Yours: words".into(), "<script>alert(1)</script>".into())],
            }),
        ),
        ("styleguide", somebody(&styleguide::Styleguide::example())),
        ("styleguide", nobody(&styleguide::Styleguide::default())),
    ];
    all.extend(tell::all());
    all.extend(concerns::all());
    all.extend(evidence::all());
    all.extend(filter::all());
    all.extend(working::all());
    all.extend(keeping::all());
    all
}

fn nobody<P: Page>(page: &P) -> String {
    let chrome =
        Chrome { setting: "Holdfast".into(), path: "/a?b=c&d".into(), assets: "/assets/0".into(), ..Chrome::default() };
    Shell::render_page(&chrome, "token", page).unwrap()
}

fn somebody<P: Page>(page: &P) -> String {
    let chrome = Chrome {
        setting: "Bluebell <Lane> Nursery".into(),
        fictional: true,
        who: Some(Who {
            name: "Maya Okafor".into(),
            role: "Safeguarding lead".into(),
            reports: true,
            searches: true,
            several_settings: true,
        }),
        contact: Some(Contact {
            title: "Safeguarding lead".into(),
            name: "Maya Okafor".into(),
            phone: "01632 960 101".into(),
            holder: Some(Holder { title: "Deputy".into(), name: "Sam Reed".into(), phone: "01632 960 102".into() }),
        }),
        path: "/".into(),
        flash: Some(Flash { tone: Tone::Done, words: "Saved.".into() }),
        ring: Some(crate::views::ui::Ring {
            from: "/calls".into(),
            calls: vec![crate::views::ui::RingingCall {
                words: "Limpets <b> calls for help".into(),
                action: Some("/alerts/1/coming".into()),
            }],
            ..Default::default()
        }),
        assets: "/assets/0".into(),
        nonce: "n".into(),
        idle_minutes: Some(10),
    };
    Shell::render_page(&chrome, "token", page).unwrap()
}

#[test]
fn every_page_has_a_sample() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages");
    let sampled: Vec<_> = all().into_iter().map(|(name, _)| name.to_owned()).collect();
    let missing: Vec<_> = pages_below(&folder, "").into_iter().filter(|page| !sampled.contains(page)).collect();
    assert_eq!(missing, Vec::<String>::new(), "pages without a sample");
}

/// Templates by their path below `pages/`. What begins with `_` is a part of pages, not a page.
fn pages_below(folder: &std::path::Path, above: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            pages.extend(pages_below(&path, &format!("{above}{name}/")));
        } else if !name.starts_with('_') {
            pages.push(format!("{above}{name}"));
        }
    }
    pages
}
