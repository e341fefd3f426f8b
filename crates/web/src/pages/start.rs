//! The start page of a tablet: what can be opened, help, and a session with a short number. No account: the tablet is
//! known by its own secret address (S33, S35).

use app::filtering::Film;
use app::filtering::sessions::{Open, pin};
use app::filtering::start;
use app::help;
use axum::extract::{Path, Query};
use http::{HeaderValue, header};
use serde::Deserialize;
use views::FormView;
use views::pages::sessions as pages;
use views::ui::{PinForm, Ring, RingingCall};

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

/// Calls that ring on a tablet, for its own page.
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn calls(visit: Visit, Path(path): Path<String>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    let ring = ring(&visit, &path, &tablet, FormView::new()).await?;
    visit.part(&ring)
}

/// "I'm coming", on a device that only adults hold.
///
/// # Errors
/// No device has this path, nothing rings there, or a short number is asked for.
pub async fn coming(visit: Visit, Path((path, id)): Path<(String, uuid::Uuid)>, form: Form<Press>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    if form.input.is_some() {
        help::answer_on(visit.services(), &tablet, id).await?;
    }
    visit.go(&format!("/start/{}", crate::visit::encode(&path)))
}

/// Who comes, with a short number.
pub struct Coming {
    username: String,
    pin: crate::form::Secret,
}

impl FromForm for Coming {
    const SECRETS: &'static [&'static str] = &["coming_pin"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.text("coming_username", 60, "Enter your username");
        let pin = fields.secret("coming_pin", "Enter your six figures");
        Some(Self { username: username?, pin: pin? })
    }
}

/// "I'm here", on a device that a child may hold.
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn coming_by_pin(visit: Visit, Path(path): Path<String>, form: Form<Coming>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    let mut view = form.view;
    if let Some(input) = form.input {
        match help::answer_by_pin(visit.services(), &tablet, &input.username, input.pin.reveal()).await {
            Ok(()) => return visit.go(&format!("/start/{}", crate::visit::encode(&path))),
            Err(app::Error::Invalid(wrong)) => {
                wrong.into_values().for_each(|say| view.error("coming_pin", say));
            }
            Err(other) => return Err(other.into()),
        }
    }
    let mut page = page(&visit, &path, FormView::new(), false).await?;
    page.ring = ring(&visit, &path, &tablet, view).await?;
    visit.again(&page)
}

async fn ring(visit: &Visit, path: &str, tablet: &start::Tablet, form: FormView) -> Result<Ring, Fault> {
    let found = help::on_device(visit.services(), tablet).await?;
    let base = format!("/start/{}", crate::visit::encode(path));
    let calls: Vec<RingingCall> = found
        .ringing
        .iter()
        .map(|call| RingingCall {
            words: super::alerts::in_words(visit.site(), call),
            action: (!found.asks_pin).then(|| format!("{base}/coming/{}", call.id)),
        })
        .collect();
    let asks = found.asks_pin && (found.own || !calls.is_empty());
    Ok(Ring {
        from: format!("{base}/calls"),
        pin: asks.then(|| PinForm { action: format!("{base}/coming"), form }),
        stands_by: !found.asks_pin,
        calls,
    })
}

/// Calls help: the room's staff, and after a while the office. It records that, and nothing else (S6).
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn help(visit: Visit, Path(path): Path<String>, form: Form<Press>) -> Answer {
    let tablet = start::tablet(visit.services(), &path).await?;
    let back = format!("/start/{}", crate::visit::encode(&path));
    if form.input.is_none() {
        return visit.go(&back);
    }
    help::call(visit.services(), &tablet).await?;
    visit.go(&format!("{back}?called=true"))
}

async fn page(visit: &Visit, path: &str, form: FormView, called: bool) -> Result<pages::Start, Fault> {
    let found = start::of(visit.services(), path).await?;
    let tablet = start::tablet(visit.services(), path).await?;
    let ring = ring(visit, path, &tablet, FormView::new()).await?;
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
        ring,
        form,
        lengths: lengths(),
        check: format!("http://{}/", app::devices::CHECK_HOST),
    })
}
