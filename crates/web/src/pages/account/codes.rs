//! Fresh recovery codes: the old ones stop working.

use app::accounts;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::pages::sign_in::RecoveryCodes;

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, fault::mend};

/// Password and six figures.
pub struct Input {
    password: Secret,
    code: Secret,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["password", "code"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let password = fields.secret("password", "Enter your password");
        let code = fields.secret("code", "Enter the six figures that the app shows");
        Some(Self { password: password?, code: code? })
    }
}

fn page(form: FormView) -> RegisterForm {
    let fields = vec![
        field(&form.password("password", "Your password")),
        field(
            &form.text("code", "Six figures from your app").autocomplete("one-time-code").keyboard("numeric").width(10),
        ),
    ];
    RegisterForm {
        heading: "New recovery codes".into(),
        back: Some(("/account".into(), "Your account".into())),
        about: vec!["You get ten new codes. The old ones stop working.".into()],
        fields,
        form,
        action: "/account/recovery-codes".into(),
        button: "Make new codes".into(),
        ..RegisterForm::default()
    }
}

/// The form.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(FormView::new()))
}

/// Makes them, and shows them: they are shown only once, so the POST itself answers.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(form.view)) };
    let (password, code) = (input.password.reveal(), input.code.reveal());
    match accounts::new_recovery_codes(visit.services(), &mut visit.ctx(), password, code).await {
        Ok(codes) => visit.page(&RecoveryCodes { codes: codes.0 }),
        Err(error) => visit.again(&page(mend(form.view, error)?)),
    }
}
