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
    let what = What::Checked {
        path: "dns".into(),
        passed: true,
        safe_search: Some(true),
        bypass_closed: true,
        blocks: true,
        dns: true,
        proxy: true,
    };
    let at = app.services.now();
    let event =
        Activity { at, until: at, device: Some(app.people.tablet), group: "children".into(), proven: true, what };
    app.gateway.spooled(Batch { id: 1, events: vec![event] });
    app::activity::ingest(&app.services).await.unwrap();
    let (_, html) = technician.see(&page).await;
    assert!(html.contains("Protected, ") && html.contains("Held") && html.contains("DNS and proxy"), "{html}");
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

/// What was typed leads from the alert to a report that carries the filter's own record of it.
#[tokio::test]
async fn a_search_of_concern_leads_to_a_report_with_its_record() {
    use app::gateway::{Activity, What};
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let what = What::Searched { engine: "Bing".into(), terms: "how to make a pipe bomb".into() };
    let at = app.services.now() - jiff::SignedDuration::from_mins(2);
    let device = Some(app.people.tablet);
    app.gateway.saw(vec![Activity { at, until: at, device, group: "children".into(), proven: true, what }]);
    let lead = Browser::of(&nursery, app.people.dsl).await;
    let (_, html) = lead.see("/alerts").await;
    let way =
        html.split("href=\"").find(|rest| rest.starts_with("/concerns/report/monitoring_alert")).expect("a way on");
    let way = way.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let (status, html) = lead.see(&way).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("how to make a pipe bomb") && html.contains("typed into Bing"), "{way}: {html}");
    let staff = Browser::of(&nursery, app.people.practitioner).await;
    assert!(!staff.see(&way).await.1.contains("pipe bomb"), "nobody else is shown it by the address");
}

#[tokio::test]
async fn a_films_page_lets_in_one_host_and_no_other_page_does() {
    use app::filtering::sessions::{self, Open, Youngest};
    use app::filtering::{Change, Decide, Propose, Risk, Verdict, decide};
    let nursery = Nursery::new().await;
    let (app, people) = (&nursery.app, nursery.app.people);
    let path = path_of(&nursery).await;
    let risk = || Risk {
        harm: "Nobody, because an adult sits there.".into(),
        loss: "The song before lunch would be missed.".into(),
        safeguards: "An adult sits beside them.".into(),
    };
    let groups = || vec!["children".to_owned()];
    let approve = |name: &str| Change::Approve {
        name: name.into(),
        helpers: vec!["googlevideo.com".into()],
        title: "Washing hands".into(),
        purpose: "Before lunch.".into(),
        evaluation: "Looked at whole by Ada.".into(),
        groups: groups(),
        until: None,
    };
    let mut rules = Vec::new();
    for change in [
        Change::Supervise { on: true, groups: groups() },
        approve("https://youtu.be/abcdefghij_"),
        approve("films.example.org/a;b,c.mp4"),
    ] {
        let new = Propose { change, reason: "For lunch.".into(), risk: risk(), concern: None };
        let made = decide::propose(&app.services, &mut app.ctx(people.technician), new).await.unwrap();
        if made.in_force.is_none() {
            decide::agree(&app.services, &mut app.ctx(people.dsl), made.id, 0).await.unwrap();
            let yes = Decide { id: made.id, version: 1, note: String::new(), verdict: Verdict::Approve };
            decide::decide(&app.services, &mut app.ctx(people.manager), yes).await.unwrap();
            rules.push(format!("/start/{path}/film/{}", made.id));
        }
    }
    let [tube, file] = rules.try_into().unwrap();
    let start = format!("/start/{path}");
    let (status, headers, _) = nursery.ask(get(&tube)).await;
    assert_eq!((status, headers[http::header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, start.as_str()));

    let open = Open {
        group: "children".into(),
        room: Some(people.room),
        minutes: 20,
        youngest: Youngest::TwoToFive,
        lesson: "Stop, and tell a grown-up.".into(),
        plan: "A song before lunch.".into(),
    };
    sessions::open(&app.services, &mut app.ctx(people.practitioner), open).await.unwrap();
    let (_, headers, html) = nursery.ask(get(&start)).await;
    assert!(html.contains(&tube) && html.contains(&file), "{html}");
    assert!(!headers["content-security-policy"].to_str().unwrap().contains("frame-src"));

    let (status, headers, html) = nursery.ask(get(&tube)).await;
    assert_eq!(status, StatusCode::OK);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("; frame-src https://www.youtube-nocookie.com; ") && policy.contains("media-src 'self';"));
    assert_eq!(headers["refresh"].to_str().unwrap(), format!("1200; url={start}"), "it goes when the session ends");
    assert!(html.contains("sandbox=\"allow-scripts allow-same-origin\""), "no windows, no way out: {html}");
    assert!(html.contains("referrerpolicy=\"strict-origin\""), "the tablet's address stays here: {html}");
    assert!(html.contains("https://www.youtube-nocookie.com/embed/abcdefghij_?rel=0"), "{html}");
    let ways: Vec<&str> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(ways.iter().all(|way| way.starts_with('/')), "no links out: {ways:?}");

    let (_, headers, html) = nursery.ask(get(&file)).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("media-src 'self' https://films.example.org/a%3Bb%2Cc.mp4;"), "{policy}");
    assert!(!policy.contains("frame-src") && html.contains("<video") && !html.contains("<iframe"), "{html}");
    assert_eq!(nursery.ask(get(&format!("{start}/film/none"))).await.0, StatusCode::NOT_FOUND);
}
