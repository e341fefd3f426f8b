//! A device is set up, checked and moved; a guest gets a voucher; the public test is recorded.

use http::StatusCode;

use crate::browser::Browser;
use crate::{Nursery, get};

async fn path_of(nursery: &Nursery) -> String {
    let app = &nursery.app;
    let mut technician = app.ctx(app.people.technician);
    app::devices::new_credential(&app.services, &mut technician, app.people.tablet).await.unwrap().doh_path
}

#[tokio::test]
async fn a_device_sets_itself_up_by_its_own_address() {
    let nursery = Nursery::new().await;
    let encrypted = app::gateway::EncryptedDns {
        https: Some("0.0.0.0:443".into()),
        tls: Some("0.0.0.0:853".into()),
        name: Some("holdfast.local".into()),
    };
    let running = app::gateway::GatewayState {
        at: nursery.app.services.now(),
        dns: "0.0.0.0:53".into(),
        proxy: "0.0.0.0:3128".into(),
        encrypted_dns: encrypted,
        ..Default::default()
    };
    nursery.app.gateway.say(Some(running));
    let path = path_of(&nursery).await;
    let (status, _, html) = nursery.ask(get(&format!("/this-device/{path}"))).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    for words in ["iPad, iPhone, Mac", "Android", "Get the profile", "http://check.holdfast.invalid/", "start page"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    for (file, kind) in [
        ("holdfast.mobileconfig", "application/x-apple-aspen-config"),
        ("holdfast-proxy.mobileconfig", "application/x-apple-aspen-config"),
        ("holdfast.ps1", "text/plain; charset=utf-8"),
        ("holdfast.json", "application/json"),
    ] {
        let (status, headers, body) = nursery.ask(get(&format!("/this-device/{path}/{file}"))).await;
        assert_eq!((status, headers[http::header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, kind), "{body}");
        assert!(headers[http::header::CONTENT_DISPOSITION].to_str().unwrap().contains(file));
        assert!(body.contains(&path), "{file} carries the device's own address: {body}");
    }
    for missing in [format!("/this-device/{path}/other.exe"), "/this-device/no-such/holdfast.ps1".to_owned()] {
        assert_eq!(nursery.ask(get(&missing)).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
    let (status, _, script) = nursery.ask(get("/wpad.dat")).await;
    assert!(
        status == StatusCode::OK && script.contains("FindProxyForURL") && !script.contains("DIRECT;\n}"),
        "{script}"
    );

    let technician = Browser::of(&nursery, nursery.app.people.technician).await;
    let (_, html) = technician.see(&format!("/devices/{}/sheet", nursery.app.people.tablet)).await;
    assert!(html.contains("<svg") && html.contains(&path) && html.contains("Keep this sheet like a key"), "{html}");
}

#[tokio::test]
async fn what_a_device_found_stands_on_its_page_and_in_the_matrix() {
    use app::gateway::{Activity, Batch, What};
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let technician = Browser::of(&nursery, app.people.technician).await;
    let page = format!("/devices/{}", app.people.tablet);
    assert!(technician.see(&page).await.1.contains("Not checked yet"));
    let what =
        What::Checked { path: "dns".into(), passed: true, safe_search: Some(true), bypass_closed: true, blocks: true };
    let at = app.services.now();
    let event =
        Activity { at, until: at, device: Some(app.people.tablet), group: "children".into(), proven: true, what };
    app.gateway.spooled(Batch { id: 1, events: vec![event] });
    app::activity::ingest(&app.services).await.unwrap();
    let (_, html) = technician.see(&page).await;
    assert!(html.contains("Protected, ") && html.contains("Held"), "{html}");
    let (_, html) = technician.see("/filter/matrix").await;
    assert!(html.contains("1 of ") && html.contains("Tablet"), "{html}");
    assert!(html.contains("/filter/matrix/print"), "the paper is one step away");
    let (_, html) = technician.see("/filter/matrix/print").await;
    assert!(html.contains("1 of ") && html.contains("Tablet") && html.contains("Printed "), "{html}");
}

#[tokio::test]
async fn the_public_test_has_four_results_and_a_date() {
    let nursery = Nursery::new().await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let tablet = nursery.app.people.tablet.to_string();
    let run = |adult: &'static str, language: &'static str| {
        vec![
            ("device", tablet.as_str()),
            ("on-day", "2"),
            ("on-month", "3"),
            ("on-year", "2026"),
            ("child_abuse", "blocked"),
            ("terrorism", "blocked"),
            ("adult", adult),
            ("language", language),
            ("notes", "In the children's room, after closing."),
        ]
    };
    let (status, _, html) = lead.send("/checks/external", &[("device", "")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    let (status, _, html) = lead.send("/checks/external", &run("reached", "blocked")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = lead.see("/checks").await;
    assert!(html.contains("Not right") && html.contains("An adult site: came through"), "{html}");
    // Language that comes through is no failure by itself; an adult site is.
    nursery.app.pass(jiff::SignedDuration::from_mins(1)).await;
    assert_eq!(lead.send("/checks/external", &run("blocked", "reached")).await.0, StatusCode::SEE_OTHER);
    let runs = app::evidence::external::list(&nursery.app.services, &nursery.app.ctx(nursery.app.people.dsl)).await;
    assert_eq!(runs.unwrap().iter().map(|run| run.ok).collect::<Vec<_>>(), [true, false]);
    assert!(lead.see("/filter/matrix").await.1.contains("Came through"));
}
