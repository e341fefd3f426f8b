//! Setting a device up: the page that it opens by its own secret address, the files for its system, and the printed sheet
//! that leads there.

use app::devices::{self, SetUpSheet, profiles};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use domain::DeviceId;
use http::header;
use views::pages::devices::{PaperSheet, SetUp};
use views::ui::{Cell, Summary};

use super::{kind_in_words, steps};
use crate::fault::Fault;
use crate::pages::second_step_set_up::picture;
use crate::{Answer, Visit};

fn check() -> String {
    format!("http://{}/", devices::CHECK_HOST)
}

fn is_for_children(sheet: &SetUpSheet) -> bool {
    sheet.audience == app::filtering::Audience::Children
}

/// What the device shows to whoever sets it up.
///
/// # Errors
/// No device has this path, or the records are away.
pub async fn on_device(visit: Visit, Path(path): Path<String>) -> Answer {
    let sheet = devices::set_up_on_device(visit.services(), &path).await?;
    let files = format!("/this-device/{}", crate::visit::encode(&path));
    visit.page(&SetUp {
        systems: steps::of_kind(&sheet, Some(&files)),
        start: is_for_children(&sheet).then(|| format!("/start/{}", crate::visit::encode(&path))),
        name: sheet.name,
        group: sheet.group,
        check: check(),
    })
}

/// A file for the device's system.
///
/// # Errors
/// No device has this path, there is no such file, or it has no address yet.
pub async fn file(visit: Visit, Path((path, file)): Path<(String, String)>) -> Result<Response, Fault> {
    let system = profiles::System::of_file(&file).ok_or(Fault::NotFound)?;
    let sheet = devices::set_up_on_device(visit.services(), &path).await?;
    let file = profiles::file(&sheet, system).map_err(|missing| match missing {
        profiles::Missing::NoAddress => Fault::NotFound,
        profiles::Missing::Unwritten => Fault::Broken(missing.to_string()),
    })?;
    let headers = [
        (header::CONTENT_TYPE, file.media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        // It holds the device's own address.
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file.bytes).into_response())
}

/// The sheet of paper.
///
/// # Errors
/// There is no such device, or the records are away.
pub async fn paper(visit: Visit, Path(id): Path<DeviceId>) -> Answer {
    let (services, ctx) = (visit.services(), visit.ctx());
    let view = devices::lookup(services, &ctx, id).await?;
    let sheet = devices::set_up_sheet(services, &ctx, id).await?;
    let facts = Summary::new()
        .row("Setting", Cell::Text(sheet.setting.clone()))
        .row("What it is", kind_in_words(sheet.kind))
        .row("Group", &sheet.group)
        .row("Room", view.room.unwrap_or_else(|| "None".into()))
        .row("For", view.person.unwrap_or_else(|| "Shared".into()));
    let host = services.web_base.strip_prefix("https://").and_then(|rest| rest.split(['/', ':']).next());
    let certificate = host.filter(|_| sheet.root_pem.is_some()).map(|host| format!("http://{host}/certificate"));
    visit.page(&PaperSheet {
        back: format!("/devices/{id}"),
        facts,
        picture_svg: sheet.set_up_url.as_deref().map(picture).transpose()?,
        systems: steps::of_kind(&sheet, None),
        address: sheet.set_up_url,
        certificate,
        check: check(),
        name: sheet.name,
    })
}

/// The automatic proxy configuration of a device.
///
/// # Errors
/// No device has this path, or no gateway runs.
pub async fn pac(visit: Visit, Path(path): Path<String>) -> Result<Response, Fault> {
    Ok(script(devices::pac(visit.services(), &path).await?))
}

/// The automatic proxy configuration for whoever looks for one by itself.
///
/// # Errors
/// No gateway runs.
pub async fn wpad(visit: Visit) -> Result<Response, Fault> {
    Ok(script(devices::wpad(visit.services())?))
}

fn script(script: String) -> Response {
    ([(header::CONTENT_TYPE, "application/x-ns-proxy-autoconfig")], script).into_response()
}
