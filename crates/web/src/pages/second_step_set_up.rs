//! Setting up the second factor: a picture to scan, a key to type, six figures to prove it.

use views::{
    FormView,
    pages::sign_in::{RecoveryCodes, SecondFactorReplace, SecondFactorSetUp},
};

use crate::{Answer, Fault, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend};

/// What is typed.
pub struct Input {
    code: Secret,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["code"];

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { code: fields.secret("code", "Enter the six figures that the app shows")? })
    }
}

/// The password and a code of the old device, to begin with a new one.
pub struct Replace {
    password: Secret,
    code: Secret,
}

impl FromForm for Replace {
    const SECRETS: &'static [&'static str] = &["password", "code"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let password = fields.secret("password", "Enter your password");
        let code = fields.secret("code", "Enter six figures, or a recovery code");
        Some(Self { password: password?, code: code? })
    }
}

/// The picture and the form; where there is a second step already, what is asked before it is replaced.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    match page(&visit, FormView::new()).await? {
        Some(page) => visit.page(&page),
        None => visit.page(&SecondFactorReplace::default()),
    }
}

/// Proves it, and shows the recovery codes: the one page that answers a POST itself, since they are shown only once.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let view = match form.input {
        None => form.view,
        Some(input) => match doorway::confirm_second_factor(&visit, input.code.reveal()).await {
            Ok((signed_in, codes)) => {
                let response = visit.page(&RecoveryCodes { codes: codes.0 })?;
                return Ok(doorway::with_session(&visit, response, &signed_in));
            }
            Err(error) => mend(form.view, error)?,
        },
    };
    match page(&visit, view).await? {
        Some(page) => visit.again(&page),
        None => visit.go("/account/second-step"),
    }
}

/// Begins anew.
///
/// # Errors
/// The records are away.
pub async fn replace(visit: Visit, form: Form<Replace>) -> Answer {
    let Some(input) = form.input else { return visit.again(&SecondFactorReplace { form: form.view }) };
    match doorway::replace_second_factor(&visit, input.password.reveal(), input.code.reveal()).await {
        Ok(()) => visit.go("/account/second-step"),
        Err(error) => visit.again(&SecondFactorReplace { form: mend(form.view, error)? }),
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<Option<SecondFactorSetUp>, Fault> {
    let Some(begun) = doorway::begin_second_factor(visit).await? else { return Ok(None) };
    let key = app::accounts::second_factor::in_groups(&begun.secret);
    Ok(Some(SecondFactorSetUp { form, picture_svg: picture(&begun.address)?, key }))
}

/// The `otpauth` address as a picture: black on white, whatever the device's colours, or cameras do not read it.
pub(crate) fn picture(uri: &str) -> Result<String, Fault> {
    let code = qrcode::QrCode::new(uri).map_err(|error| Fault::Broken(error.to_string()))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(220, 220).build();
    let start = svg.find("<svg").unwrap_or_default();
    let svg = svg.get(start..).unwrap_or_default();
    Ok(svg.replacen("<svg", r#"<svg role="img" aria-label="Picture to scan""#, 1))
}
