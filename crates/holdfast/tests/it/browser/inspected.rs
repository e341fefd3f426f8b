//! Staff and children in a real browser: through the proxy, inspected and not, and by DNS over HTTPS, where there is nothing to
//! inspect: a resolver sees names alone (S29, S34, CLS-07).

use std::path::Path;

use serde_json::{Value, json};

use super::chrome::{Browser, Chromedriver, Trust};
use super::gateway_here::{Here, Now, Who};
use super::secure::{WARNING, trusting_home};

/// A browser with its own driver: what it believes lies in the home folder of that.
struct Window {
    browser: Browser,
    chromedriver: Chromedriver,
    _home: tempfile::TempDir,
}

impl Window {
    async fn open(root: &Path, proxy: Option<std::net::SocketAddr>, settings: Value) -> Self {
        let home = trusting_home(root);
        let chromedriver = Chromedriver::start_in(Some(home.path())).await;
        let browser = chromedriver.open_as(Trust::Store, proxy, &[], settings).await;
        Self { browser, chromedriver, _home: home }
    }

    async fn close(self) {
        self.browser.close().await;
        self.chromedriver.stop().await;
    }
}

/// The browser's own error, and none that people learn to click through.
async fn refused(browser: &Browser, url: &str, error: &str) {
    let said = browser.try_go(url).await.expect_err(url);
    assert!(said.contains(error) && !said.contains(WARNING) && !said.contains("ERR_CERT"), "{url}: {said}");
}

const NO_TUNNEL: &str = "ERR_TUNNEL_CONNECTION_FAILED";
const NO_NAME: &str = "ERR_NAME_NOT_RESOLVED";
const ORDINARY: &str = "An ordinary page";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_of_staff_is_inspected_when_that_was_agreed_and_not_otherwise() {
    let mut here = Here::start(Now { inspected: true, session: false }).await;
    let line = here.proxy_of(Who::Staff).await;
    let (page, odds) = (here.url("good.test", "/"), here.url("good.test", "/odds"));

    // This browser believes inspection's root and not the site's own.
    let window = Window::open(&here.inspection_root(), Some(line), json!({})).await;
    let browser = &window.browser;
    browser.go(&page).await;
    browser.see(ORDINARY).await;
    browser.go(&odds).await;
    browser.see("This page is blocked").await;
    browser.see("the words on the page").await;
    browser.picture("inspected-01-words").await;
    window.close().await;

    // Off: the site's own certificate comes, which another browser believes, and its pages are not weighed.
    here.publish(Now::default());
    let window = Window::open(&here.public_root(), Some(line), json!({})).await;
    window.browser.until_it_opens(&page, ORDINARY).await;
    window.browser.go(&odds).await;
    window.browser.see("Daily jackpot").await;
    refused(&window.browser, &here.url("casino.test", "/"), NO_TUNNEL).await;
    window.close().await;
    here.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_childs_browser_reaches_an_approved_part_where_inspected_and_whole_sites_alone_where_not() {
    let mut here = Here::start(Now { inspected: true, session: true }).await;
    let line = here.proxy_of(Who::Children).await;
    let songs = here.url("songs.test", "/");

    let window = Window::open(&here.inspection_root(), Some(line), json!({})).await;
    let browser = &window.browser;
    for approved in [&songs, &here.url("good.test", "/ok")] {
        browser.go(approved).await;
        browser.see(ORDINARY).await;
    }
    browser.go(&here.url("good.test", "/elsewhere")).await;
    browser.see("Tell a grown-up").await;
    browser.picture("inspected-02-child").await;
    // Nobody sits with them any more.
    here.publish(Now { inspected: true, session: false });
    browser.until_it_says(&songs, NO_TUNNEL).await;
    window.close().await;

    // Not inspected: a part cannot be told from the rest, so all of that site is shut.
    here.publish(Now { inspected: false, session: true });
    let window = Window::open(&here.public_root(), Some(line), json!({})).await;
    window.browser.until_it_opens(&songs, ORDINARY).await;
    refused(&window.browser, &here.url("good.test", "/ok"), NO_TUNNEL).await;
    refused(&window.browser, &here.url("casino.test", "/"), NO_TUNNEL).await;
    window.close().await;
    here.gateway.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_dns_over_https_staff_and_children_reach_what_their_group_may() {
    let mut here = Here::start(Now { inspected: false, session: true }).await;
    let (songs, part, casino) =
        (here.url("songs.test", "/"), here.url("good.test", "/ok"), here.url("casino.test", "/"));

    let staff = Window::open(&here.public_root(), None, here.doh_of(Who::Staff)).await;
    for open in [&songs, &part] {
        staff.browser.go(open).await;
        staff.browser.see(ORDINARY).await;
    }
    refused(&staff.browser, &casino, NO_NAME).await;
    staff.close().await;

    let children = Window::open(&here.public_root(), None, here.doh_of(Who::Children)).await;
    children.browser.go(&songs).await;
    children.browser.see(ORDINARY).await;
    for shut in [&part, &casino] {
        refused(&children.browser, shut, NO_NAME).await;
    }
    children.close().await;

    // Without a session nothing opens; a new browser remembers no name.
    here.publish(Now::default());
    let children = Window::open(&here.public_root(), None, here.doh_of(Who::Children)).await;
    refused(&children.browser, &songs, NO_NAME).await;
    children.close().await;
    here.gateway.shutdown().await;
}
