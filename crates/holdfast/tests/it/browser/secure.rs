//! The block page over HTTPS in a real browser: through the proxy and by DNS over HTTPS, on a device that trusts our root and on
//! one that does not (S28).

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::chrome::{Chromedriver, Trust};
use super::network::line_from;
use super::program::Program;

/// What chromedriver says where a person would see a warning about a certificate.
pub(super) const WARNING: &str = "insecure certificate";

/// Blocked for children by the policy of the demo; nothing exists there.
fn blocked() -> String {
    filter::probe::probe_name("gambling")
}

/// A home folder whose browser trusts this root, as after "install certificate".
pub(super) fn trusting_home(root: &Path) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    let store = home.path().join(".pki/nssdb");
    std::fs::create_dir_all(&store).expect("a store");
    let certutil = |arguments: &[&str]| {
        let place = format!("sql:{}", store.display());
        let ran = Command::new("certutil").arg("-d").arg(&place).args(arguments).output();
        let ran = ran.expect("certutil is installed (Debian: libnss3-tools)");
        assert!(ran.status.success(), "certutil: {}", String::from_utf8_lossy(&ran.stderr));
    };
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-n", "Holdfast", "-t", "C,,", "-i", &root.display().to_string()]);
    home
}

async fn start() -> Program {
    Program::start_with(&["--block-http", "127.0.0.1:0", "--block-https", "127.0.0.1:0"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_trusts_us_reads_why_over_https() {
    let program = start().await;
    let (_, address) = program.device("children-tablet");
    let line = line_from(address, program.proxy).await;
    let home = trusting_home(&program.data().join("tls/root.crt"));
    let chromedriver = Chromedriver::start_in(Some(home.path())).await;

    // Before the check a blocked tunnel is refused, and the browser shows its own error.
    let browser = chromedriver.open_as(Trust::Store, Some(line), &[], json!({})).await;
    let url = format!("https://{}/", blocked());
    assert!(browser.try_go(&url).await.is_err(), "a page came before the device had shown that it trusts us");

    // The check page loads one picture over HTTPS, and that is the proof.
    browser.go("http://check.holdfast.invalid/").await;
    browser.see("Our certificate").await;
    browser.see("Closed: none of 4").await;
    browser.picture("secure-01-check").await;
    browser.narrow().await;
    browser.picture("secure-01-check-narrow").await;
    browser.wide().await;
    browser.until_it_opens(&url, "Tell a grown-up").await;
    browser.wide().await;
    browser.picture("secure-02-proxy").await;
    assert!(browser.url().await.starts_with("https://"));
    // The button works inside, too.
    browser.find("main.child button").await.click().await.expect("pressed");
    browser.see("Help is coming").await;
    browser.close().await;

    // By DNS over HTTPS with the tablet's own secret: the name leads to our page, under a certificate for that name.
    // The page's port is 443 in life; a test has no right to that one, so the address names the port.
    let url = format!("https://{}:{}/", blocked(), program.block_https.expect("its address").port());
    let doh = json!({
        "dns_over_https.mode": "secure",
        "dns_over_https.templates": program.doh_url("children-tablet"),
    });
    let browser = chromedriver.open_as(Trust::Store, None, &[], doh).await;
    browser.until_it_opens(&url, "Tell a grown-up").await;
    browser.picture("secure-03-doh").await;
    browser.close().await;
    chromedriver.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_does_not_trust_us_is_never_led_to_a_warning() {
    let program = start().await;
    let (_, address) = program.device("children-tablet");
    let line: SocketAddr = line_from(address, program.proxy).await;
    let home = tempfile::tempdir().expect("a folder");
    let chromedriver = Chromedriver::start_in(Some(home.path())).await;
    let browser = chromedriver.open_as(Trust::Store, Some(line), &[], json!({})).await;
    browser.go("http://check.holdfast.invalid/").await;
    browser.see("It is not on this device").await;
    browser.picture("secure-04-not-there").await;
    browser.follow("Get the certificate").await;
    browser.see("Its fingerprint").await;
    browser.picture("secure-05-ca").await;
    for _ in 0..3 {
        let error =
            browser.try_go(&format!("https://{}/", blocked())).await.expect_err("an error of the browser's own");
        assert!(
            !error.contains(WARNING) && !error.contains("ERR_CERT"),
            "a warning that people learn to click through: {error}"
        );
        assert!(error.contains("ERR_TUNNEL_CONNECTION_FAILED"), "{error}");
    }
    browser.close().await;
    chromedriver.stop().await;
}
