//! Setting up the second factor: a picture to scan, a key to type, six figures to prove it.

use views::{FormView, pages::sign_in::SecondFactorSetUp, ui::Tone};

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

/// The picture and the form.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

/// Proves it.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match doorway::confirm_second_factor(&visit, input.code.reveal()).await {
        Ok((signed_in, _codes)) => {
            let response = visit.go_saying("/account", Tone::Done, "Your second step is set up.")?;
            Ok(doorway::with_session(&visit, response, &signed_in))
        }
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<SecondFactorSetUp, Fault> {
    let begun = doorway::begin_second_factor(visit).await?;
    Ok(SecondFactorSetUp { form, picture_svg: picture(&begun.uri)?, key: in_fours(&begun.key) })
}

/// The `otpauth` address as a picture: black on white, whatever the device's colours, or cameras do not read it.
fn picture(uri: &str) -> Result<String, Fault> {
    let code = qrcode::QrCode::new(uri).map_err(|error| Fault::Broken(error.to_string()))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(220, 220).build();
    let start = svg.find("<svg").unwrap_or_default();
    let svg = svg.get(start..).unwrap_or_default();
    Ok(svg.replacen("<svg", r#"<svg role="img" aria-label="Picture to scan""#, 1))
}

fn in_fours(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
