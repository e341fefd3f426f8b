//! The one-time link: the setting and its first person.

use app::accounts::Token;
use app::setup::{self, FirstPerson};
use axum::extract::Path;
use views::FormView;
use views::pages::register::{RegisterForm, field};

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend};

/// The first page.
pub struct First {
    setting_name: String,
    template: String,
    name: String,
    username: String,
    new: Secret,
    again: Secret,
}

impl FromForm for First {
    const SECRETS: &'static [&'static str] = &["new", "again"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let setting_name = fields.text("setting_name", 120, "Enter the nursery's name");
        let template = fields.text("template", 20, "Choose the one that is nearest");
        let name = fields.text("name", 120, "Enter your name");
        let username = fields.text("username", 40, "Enter a username");
        let new = fields.secret("new", "Enter a password");
        let again = fields.secret("again", "Enter the password a second time");
        Some(Self {
            setting_name: setting_name?,
            template: template?,
            name: name?,
            username: username?,
            new: new?,
            again: again?,
        })
    }
}

fn first_page(visit: &Visit, token: &Token, form: FormView) -> RegisterForm {
    let mut templates = form.radios("template", "Which is nearest to how you work?");
    for (key, words) in setup::templates(visit.services()) {
        templates = templates.option(&key, &words);
    }
    let fields = vec![
        field(&form.text("setting_name", "The nursery's name").max(120)),
        field(&templates),
        field(
            &form
                .text("name", "Your name")
                .hint("You manage the setting in Holdfast. You can hand that over later.")
                .autocomplete("name"),
        ),
        field(&form.text("username", "Your username").width(20).autocomplete("username")),
        field(
            &form
                .password("new", "Your password")
                .hint("At least 12 characters: three or four words that do not belong together.")
                .autocomplete("new-password"),
        ),
        field(&form.password("again", "The same password again").autocomplete("new-password")),
    ];
    RegisterForm {
        heading: "Set up Holdfast".into(),
        about: vec![
            "This makes your setting and your own sign-in. The rest follows as a list that you can leave at any time."
                .into(),
        ],
        fields,
        form,
        action: format!("/set-up/{}", token.expose()),
        button: "Begin".into(),
        ..RegisterForm::default()
    }
}

/// The one-time link.
///
/// # Errors
/// It does not work (any more).
pub async fn get(visit: Visit, Path(token): Path<String>) -> Answer {
    let token = Token::given(&token);
    setup::check_link(visit.services(), &visit.ctx(), &token).await?;
    visit.page(&first_page(&visit, &token, FormView::new()))
}

/// Makes the setting and signs its first person in.
///
/// # Errors
/// The link does not work (any more), or the records are away.
pub async fn post(visit: Visit, Path(token): Path<String>, form: Form<First>) -> Answer {
    let token = Token::given(&token);
    setup::check_link(visit.services(), &visit.ctx(), &token).await?;
    let Some(input) = form.input else { return visit.again(&first_page(&visit, &token, form.view)) };
    let first = FirstPerson {
        setting_name: input.setting_name,
        template: input.template,
        name: input.name,
        username: input.username,
        new: input.new.reveal().to_owned(),
        again: input.again.reveal().to_owned(),
        label: visit.browser().to_owned(),
    };
    match setup::begin(visit.services(), &mut visit.ctx(), &token, first).await {
        Ok(signed_in) => doorway::enter(&visit, &signed_in, "/set-up"),
        Err(error) => visit.again(&first_page(&visit, &token, mend(form.view, error)?)),
    }
}
