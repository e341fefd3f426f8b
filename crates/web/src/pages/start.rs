//! The start page of a tablet: what can be opened, help, and a session with a short number. No account: the tablet is
//! known by its own secret address (S33, S35).

use app::filtering::Film;
use app::filtering::sessions::{Open, pin};
use app::filtering::start;
use axum::extract::{Path, Query};
use http::{HeaderValue, header};
use serde::Deserialize;
use views::FormView;
use views::pages::sessions as pages;

use super::sessions::{Press, lengths, rest};
use crate::headers::Shows;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Whether help was called just now.
#[derive(Debug, Deserialize)]
pub struct Called {
    #[serde(default)]
    called: bool,
}

/// A session as typed on the tablet.
pub struct Input {
    username: String,
    pin: crate::form::Secret,
    open: Open,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["pin"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.text("username", 60, "Enter your username");
        let pin = fields.secret("pin", "Enter your six figures");
        let open = rest(fields);
        Some(Self { username: username?, pin: pin?, open: open? })
    }
}

/// What the tablet shows first.
///
/// # Errors
/// No device has this path.
pub async fn get(visit: Visit, Path(path): Path<String>, Query(Called { called }): Query<Called>) -> Answer {
    let page = page(&visit, &path, FormView::new(), called).await?;
    visit.page(&page)
}

/// One approved film, and nothing else (S34). When no session is open the tablet goes back to its start page; when the
/// session ends while it plays, by itself too.
///
/// # Errors
/// No device has this path, or nobody approved this film for it.
pub async fn film(visit: Visit, Path((path, rule)): Path<(String, String)>) -> Answer {
    let back = format!("/start/{}", crate::visit::encode(&path));
    let Some(playing) = start::film(visit.services(), &path, &rule).await? else { return visit.go(&back) };
    let left = playing.until.duration_since(visit.services().now()).as_secs().max(1);
    let (page, shows) = match playing.film {
        Film::Frame { host, address, .. } => {
            let page = pages::Film { back: back.clone(), title: playing.title, frame: Some(address), file: None };
            (page, Shows::Frame(host))
        }
        Film::File { address } => {
            let page =
                pages::Film { back: back.clone(), title: playing.title, frame: None, file: Some(address.clone()) };
            (page, Shows::Media(address))
        }
    };
    let mut response = visit.page(&page)?;
    response.extensions_mut().insert(shows);
    let refresh = HeaderValue::from_str(&format!("{left}; url={back}"));
    if let Ok(refresh) = refresh {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    Ok(response)
}

/// Opens a session with a short number.
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn post(visit: Visit, Path(path): Path<String>, form: Form<Input>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    let Some(input) = form.input else { return visit.again(&page(&visit, &path, form.view, false).await?) };
    match pin::open(visit.services(), &tablet, &input.username, input.pin.reveal(), input.open).await {
        Ok(_) => visit.go(&format!("/start/{}", crate::visit::encode(&path))),
        Err(error) => visit.again(&page(&visit, &path, mend(form.view, error)?, false).await?),
    }
}

/// Who takes a shared device.
pub struct Taking {
    username: String,
    pin: crate::form::Secret,
}

impl FromForm for Taking {
    const SECRETS: &'static [&'static str] = &["pin"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.text("username", 60, "Enter your username");
        let pin = fields.secret("pin", "Enter your six figures");
        Some(Self { username: username?, pin: pin? })
    }
}

/// Takes a shared device with a short number (MON-05).
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn take(visit: Visit, Path(path): Path<String>, form: Form<Taking>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    let Some(input) = form.input else { return visit.again(&page(&visit, &path, form.view, false).await?) };
    match app::devices::using::take(visit.services(), &tablet, &input.username, input.pin.reveal()).await {
        Ok(()) => visit.go(&format!("/start/{}", crate::visit::encode(&path))),
        Err(error) => visit.again(&page(&visit, &path, mend(form.view, error)?, false).await?),
    }
}

/// Gives it back.
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn give_back(visit: Visit, Path(path): Path<String>, form: Form<Press>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    if form.input.is_some() {
        app::devices::using::give_back(visit.services(), &tablet).await?;
    }
    visit.go(&format!("/start/{}", crate::visit::encode(&path)))
}

/// Calls help: the room's staff and the leads. It records that, and nothing else (S6).
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn help(visit: Visit, Path(path): Path<String>, form: Form<Press>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    let back = format!("/start/{}", crate::visit::encode(&path));
    if form.input.is_none() {
        return visit.go(&back);
    }
    app::activity::call_help(visit.services(), &tablet).await?;
    visit.go(&format!("{back}?called=true"))
}

async fn page(visit: &Visit, path: &str, form: FormView, called: bool) -> Result<pages::Start, Fault> {
    let found = start::of(visit.services(), path).await?;
    let until = found.until.map(|until| {
        let local = visit.services().calendar.local(until);
        format!("Until {}", local.strftime("%-I:%M%P"))
    });
    Ok(pages::Start {
        path: path.to_owned(),
        children: found.children,
        shared: found.shared,
        with: found.with.map(|(name, until)| {
            let until = visit.services().calendar.local(until);
            format!("{name} has it, until {} at the latest.", until.strftime("%-I:%M%P"))
        }),
        closed: found.supervised && until.is_none(),
        until,
        material: found.material,
        called,
        form,
        lengths: lengths(),
        check: format!("http://{}/", app::devices::CHECK_HOST),
    })
}
