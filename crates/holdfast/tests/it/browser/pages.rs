//! Every page that somebody can reach by links, as each of them: nothing for axe to find, nothing in the console, nothing
//! wider than a telephone, and a picture of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::axe::{self, Rules};
use super::chrome::{Browser, Chromedriver};
use super::program::Program;

/// Who walks. Each sees what the others do not; the first ones see most.
const WALKERS: [&str; 8] = ["dsl", "manager", "practitioner", "technician", "chair", "deputy", "parent", "inspector"];

/// Where everybody begins. A notice's own link leads past its list.
const DOORS: [&str; 2] = ["/", "/notices"];

/// Doors to which no link of a fresh demo leads, and why.
const NO_LINK: [&str; 20] = [
    // What pages that stay open ask for by themselves, to see whether a child has called.
    "/calls",
    "/start/{path}/calls",
    // Without a word it leads on to the door's own address, as which it is looked at below.
    "/tell",
    // When the screen has locked itself, and only then.
    "/unlock",
    // Words that are handed over or mailed once.
    "/set-password/{token}",
    "/set-up/{token}",
    "/verify/{token}",
    // What machines fetch, and files that are saved, each from a page that is looked at below.
    "/pac/{path}",
    "/wpad.dat",
    "/this-device/{path}/{file}",
    "/concerns/{id}/files/{file}",
    // After something was sent: `journey` and `first_time` come through them.
    "/reports/sent",
    "/imports/{what}/preview",
    // The demo has no image that somebody might have to look at, and no file that was sealed.
    "/concerns/{id}/viewing",
    "/concerns/{id}/files/{file}/word",
    // The request for data in the demo is half way on the bench: nothing is made of it before a second person has read it.
    "/concerns/{id}/bundle/make",
    // The demo asks nobody on the internet: a source there is proposed, and not approved. And it has no licensed list.
    "/filter/lists/{key}",
    "/filter/lists/{key}/remove",
    "/filter/feeds/{key}",
    // Nobody in the demo has approved a film: what plays comes from the internet. `device_pages`, in web, draws its page.
    "/start/{path}/film/{rule}",
];

/// Pages that are met otherwise than by a link: typed, scanned, sent to by the program. Looked at all the same, as whom.
const TYPED: [(&str, &str); 5] = [
    // For who works in several settings; the demo has one.
    ("manager", "/account/settings"),
    // Between the two steps of signing in.
    ("manager", "/sign-in/second-step"),
    // From a block page.
    ("practitioner", "/ask?host=craft-videos.example&group=staff&category=social_media"),
    // A new setting leads here; the demo has a lead and a chair.
    ("manager", "/set-up/lead"),
    ("manager", "/set-up/chair"),
];

/// Of concerns, as many are opened by one person: each of the demo's stories shows something that the others do not.
const CONCERNS: usize = 7;

/// Of pages that differ only in an id, as many are opened by one person.
const SAMPLES: usize = 1;

/// Of pages of one kind that are built differently for different people, as many are judged.
const JUDGED: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_to_find_on_any_page_for_anybody() {
    let program = Program::start().await;
    let chromedriver = Chromedriver::start().await;
    let mut walk = Walk::default();

    let nobody = chromedriver.open().await;
    axe::install(&nobody).await;
    walk.look(&program, &nobody, "nobody", "/sign-in").await;
    walk.look(&program, &nobody, "nobody", "/blank").await;
    walk.look(&program, &nobody, "nobody", "/no-such-page").await;
    // A tablet's own address, which no page shows.
    let tablet = program.credential("devices", "children-tablet", "doh_path");
    walk.look(&program, &nobody, "nobody", &format!("/start/{tablet}")).await;
    walk.look(&program, &nobody, "nobody", &format!("/this-device/{tablet}")).await;
    // A guest comes by a slip of paper.
    walk.look(&program, &nobody, "nobody", "/guest").await;
    nobody.close().await;

    let mut door = None;
    for walker in WALKERS {
        let browser = chromedriver.open().await;
        axe::install(&browser).await;
        browser.sign_in(&program, walker).await;
        for (_, path) in TYPED.iter().filter(|(who, _)| *who == walker) {
            walk.look(&program, &browser, walker, path).await;
        }
        walk.everywhere(&program, &browser, walker).await;
        if walker == "dsl" {
            // The address of the open door hangs on the wall.
            browser.go(&format!("{}/poster", program.web)).await;
            let poster = browser.text().await;
            door =
                poster.split_whitespace().find_map(|word| word.split_once("/tell/")).map(|(_, word)| word.to_owned());
        }
        browser.close().await;
    }
    let nobody = chromedriver.open().await;
    axe::install(&nobody).await;
    let door = format!("/tell/{}", door.expect("the poster names it"));
    for path in ["/tell", door.as_str(), &format!("{door}/new"), &format!("{door}/back"), &format!("{door}/signs")] {
        walk.look(&program, &nobody, "nobody", path).await;
    }
    nobody.close().await;
    chromedriver.stop().await;
    walk.missed();
    assert!(walk.faults.is_empty(), "{} faults:\n{}", walk.faults.len(), walk.faults.join("\n"));
}

#[derive(Default)]
struct Walk {
    /// Pages that are built alike need axe only once.
    seen: BTreeSet<String>,
    judged: BTreeMap<String, usize>,
    reached: BTreeSet<String>,
    faults: Vec<String>,
}

impl Walk {
    async fn everywhere(&mut self, program: &Program, browser: &Browser, walker: &str) {
        let mut ahead: VecDeque<String> = DOORS.map(str::to_owned).into();
        let mut looked: BTreeMap<String, usize> = BTreeMap::new();
        let mut known: BTreeSet<String> = ahead.iter().cloned().collect();
        while let Some(path) = ahead.pop_front() {
            let times = looked.entry(shape(&path)).or_default();
            let most = if shape(&path) == "/concerns/{id}" { CONCERNS } else { SAMPLES };
            if *times >= most {
                continue;
            }
            *times += 1;
            for next in self.look(program, browser, walker, &path).await {
                if known.insert(next.clone()) {
                    ahead.push_back(next);
                }
            }
        }
    }

    /// Looks at one page and gives the links on it.
    async fn look(&mut self, program: &Program, browser: &Browser, walker: &str, path: &str) -> Vec<String> {
        browser.go(&format!("{}{path}", program.web)).await;
        let page = browser.run(PAGE, vec![]).await;
        let text = |key: &str| page[key].as_str().unwrap_or_default().to_owned();
        let whose = format!("{path} as {walker}");
        self.reached.insert(shape(text("path").as_str()));
        let asked_for = path == "/no-such-page";
        for complaint in browser.complaints().await.into_iter().filter(|_| !asked_for) {
            self.faults.push(format!("{whose}: console: {complaint}"));
        }
        let judged = self.judged.entry(shape(path)).or_default();
        if text("kind") == "text/html" && *judged < JUDGED && self.seen.insert(text("print")) {
            *judged += 1;
            self.examine(browser, walker, &whose, path).await;
        }
        if page["lost"].as_bool() == Some(true) && !asked_for {
            self.faults.push(format!("{whose}: a link leads to a page that says “{}”", text("heading")));
        }
        if let Some(ours) = page["ours"].as_str() {
            self.faults.push(format!("{whose}: a word of the makers' own: {ours}"));
        }
        let links = page["links"].as_array().cloned().unwrap_or_default();
        links.iter().filter_map(|link| link.as_str().map(str::to_owned)).collect()
    }

    /// Wide and light, then narrow and dark, so that both layouts and both palettes are judged.
    async fn examine(&mut self, browser: &Browser, walker: &str, whose: &str, path: &str) {
        let name = format!("{walker}{}", shape(path).replace(['/', '?', '=', '&'], "-").replace(['{', '}'], ""));
        browser.picture(&format!("{name}-wide")).await;
        self.judge(browser, Rules::All, &format!("{whose}, wide")).await;
        browser.narrow().await;
        browser.picture(&format!("{name}-narrow")).await;
        let excess = browser.run(EXCESS, vec![]).await;
        if let Some(excess) = excess.as_str() {
            self.faults.push(format!("{whose}, narrow: wider than the screen: {excess}"));
        }
        prefer(browser, "dark").await;
        self.judge(browser, Rules::Looks, &format!("{whose}, narrow and dark")).await;
        prefer(browser, "light").await;
        browser.wide().await;
    }

    async fn judge(&mut self, browser: &Browser, rules: Rules, whose: &str) {
        self.faults
            .extend(axe::findings(browser, rules).await.into_iter().map(|finding| format!("{whose}: {finding}")));
    }

    /// Doors of the registry that no link led to.
    fn missed(&mut self) {
        let doors = web::routes::all();
        let pages = doors.iter().filter(|door| door.method == "GET").map(|door| door.path);
        for door in pages.filter(|door| !NO_LINK.contains(door)) {
            let leads = self.reached.iter().any(|shape| shape.split('?').next() == Some(door));
            if !leads {
                self.faults.push(format!("{door}: no link led anybody there"));
            }
        }
    }
}

/// A path without what differs between pages of one kind: the door that it comes through, and the keys of its query.
fn shape(path: &str) -> String {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let doors = web::routes::all();
    let through = doors.iter().map(|door| door.path).filter(|door| fits(door, bare));
    // `/people/new` before `/people/{id}`.
    let door = through.min_by_key(|door| door.matches('{').count()).unwrap_or(bare);
    let keys: Vec<&str> =
        query.split('&').filter_map(|pair| pair.split('=').next()).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() { door.to_owned() } else { format!("{door}?{}", keys.join("&")) }
}

/// Does a path come through this door?
fn fits(door: &str, path: &str) -> bool {
    let (door, path): (Vec<_>, Vec<_>) = (door.split('/').collect(), path.split('/').collect());
    door.len() == path.len() && door.iter().zip(path).all(|(door, part)| door.starts_with('{') || *door == part)
}

async fn prefer(browser: &Browser, scheme: &str) {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.command("Emulation.setEmulatedMedia", features).await;
}

/// Where we are, what leads on from here, and what the page is made of.
const PAGE: &str = "
    const links = [...document.querySelectorAll('a[href]')]
        .filter((a) => a.origin === location.origin && a.pathname !== '/blank' && !a.hasAttribute('download'))
        .map((a) => a.pathname + a.search);
    let print = '';
    for (const e of document.body.querySelectorAll('*')) {
        const one = e.tagName + '.' + e.className;
        if (!print.endsWith(one)) print += one;
    }
    const heading = document.querySelector('h1');
    return {
        path: location.pathname + location.search, links: [...new Set(links)], print, kind: document.contentType,
        heading: heading ? heading.innerText : '',
        ours: (document.body.textContent.match(/[^.]*\\b([Ss]eeds? polic|[Cc]asework\\b|[Rr]ules? S\\d)[^.]*/) || [null])[0],
        lost: performance.getEntriesByType('navigation')[0].responseStatus >= 400,
    };";

/// The first thing that makes the page wider than the window, if any does.
const EXCESS: &str = "
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return null;
    const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 1);
    const last = wide[wide.length - 1];
    return last ? last.outerHTML.slice(0, 200) : 'something';";

/// Chromium was told to accept any certificate; somebody who installed our root must not have to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chain_ends_at_our_root() {
    let program = Program::start().await;
    let root = CertificateDer::from_pem_file(program.data().join("tls/root.crt")).expect("the root");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusting = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let at = program.web.strip_prefix("https://").expect("HTTPS").to_owned();
    let line = tokio::net::TcpStream::connect(&at).await.expect("it listens");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(trusting));
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let mut line = connector.connect(name, line).await.expect("a chain to our root, with this name in it");
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    line.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    // A server that closes without goodbye is no failure here.
    let _ = line.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
