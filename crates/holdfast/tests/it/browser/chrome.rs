//! Chromium as people use it: windows, words on buttons, labels beside boxes. Waits for what should come, never for a time.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel, RequestData, SessionId};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::program::Program;

/// Two busy cores.
const PATIENCE: Duration = Duration::from_secs(20);

const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// Starts windows.
pub(super) struct Chromedriver {
    process: Child,
    address: String,
}

impl Chromedriver {
    /// On a free port.
    pub(super) async fn start() -> Self {
        Self::start_in(None).await
    }

    /// With a home folder of its own: what a device trusts lies there.
    pub(super) async fn start_in(home: Option<&Path>) -> Self {
        // The client with which thirtyfour speaks to it is built without a provider of its own; a second call is refused.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // It takes a free port of IPv4 and then the same of IPv6, which somebody may have: then it ends, and is asked again.
        for _ in 0..5 {
            if let Some(started) = Self::try_start_in(home).await {
                return started;
            }
        }
        panic!("chromedriver found no port");
    }

    async fn try_start_in(home: Option<&Path>) -> Option<Self> {
        let mut command = Command::new("chromedriver");
        if let Some(home) = home {
            command.env("HOME", home);
        }
        let mut process = command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed (Debian: chromium-driver)");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let port = loop {
            let line = lines.next_line().await.expect("its words")?;
            let named = line.strip_prefix("ChromeDriver was started successfully on port ");
            if let Some(port) = named.and_then(|rest| rest.trim_end_matches('.').parse::<u16>().ok()) {
                break port;
            }
        };
        // Whatever else it says must not fill its pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { process, address: format!("http://127.0.0.1:{port}") })
    }

    /// A browser with nothing in it: no cookie, no history.
    pub(super) async fn open(&self) -> Browser {
        self.open_through(None).await
    }

    /// A browser that asks this proxy for everything.
    pub(super) async fn open_through(&self, proxy: Option<SocketAddr>) -> Browser {
        self.open_as(Trust::Everything, proxy, &[], json!({})).await
    }

    /// A browser with flags and settings of its own.
    pub(super) async fn open_as(
        &self,
        trust: Trust,
        proxy: Option<SocketAddr>,
        flags: &[String],
        settings: Value,
    ) -> Browser {
        let profile = tempfile::tempdir().expect("a folder");
        let mut wanted = ChromeCapabilities::new();
        for flag in FLAGS.iter().copied().chain(flags.iter().map(String::as_str)) {
            wanted.add_arg(flag).expect("a flag");
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display())).expect("a flag");
        if let Some(proxy) = proxy {
            wanted.add_arg(&format!("--proxy-server=http://{proxy}")).expect("a flag");
        }
        wanted.add_experimental_option("localState", settings).expect("a wish");
        // The chain under the demo's own root is checked by `pages::the_chain_ends_at_our_root`.
        wanted.accept_insecure_certs(matches!(trust, Trust::Everything)).expect("a wish");
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a wish");
        let driver = WebDriver::new(&self.address, wanted).await.expect("a browser");
        let browser = Browser { driver, _profile: profile };
        browser.wide().await;
        browser
    }

    /// Ends it and every browser that it started.
    pub(super) async fn stop(mut self) {
        self.process.kill().await.expect("it ends");
    }
}

/// Whom a browser believes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trust {
    /// Everybody: a journey is not about certificates.
    Everything,
    /// What is in its store, and the public authorities.
    Store,
}

/// One window with its own cookies.
pub(super) struct Browser {
    driver: WebDriver,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens an address.
    pub(super) async fn go(&self, url: &str) {
        self.driver.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// Opens an address, or says what the browser says.
    pub(super) async fn try_go(&self, url: &str) -> Result<(), String> {
        self.driver.goto(url).await.map_err(|error| error.to_string())
    }

    /// Opens an address again and again until these words stand there: for what is written down elsewhere first.
    pub(super) async fn until_it_opens(&self, url: &str, words: &str) {
        self.wait(&format!("“{words}” at {url}"), async || {
            self.try_go(url).await.ok()?;
            self.text().await.contains(words).then_some(())
        })
        .await;
    }

    /// Opens an address again and again until the browser has an error of its own to say.
    pub(super) async fn until_it_says(&self, url: &str, error: &str) {
        self.wait(&format!("{error} at {url}"), async || {
            self.try_go(url).await.err().filter(|said| said.contains(error)).map(drop)
        })
        .await;
    }

    pub(super) async fn url(&self) -> String {
        self.driver.current_url().await.expect("an address").to_string()
    }

    /// Everything that can be read on the page.
    pub(super) async fn text(&self) -> String {
        let words = self.run("return document.body ? document.body.innerText : ''", vec![]).await;
        words.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page and gives what it returns.
    pub(super) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let ran = self.driver.execute(script, arguments).await;
        ran.unwrap_or_else(|error| panic!("a script failed: {error}")).json().clone()
    }

    /// As [`Self::run`], for a script that calls back when it is done.
    pub(super) async fn run_and_wait(&self, script: &str) -> Value {
        let ran = self.driver.execute_async(script, vec![]).await;
        ran.unwrap_or_else(|error| panic!("a script failed: {error}")).json().clone()
    }

    /// Asks Chromium itself.
    pub(super) async fn command(&self, name: &str, parameters: Value) -> Value {
        let asked = self.driver.cmd(DevTools { name: name.to_owned(), parameters }).await;
        let answer: Result<Value, _> = asked.and_then(|answer| answer.value());
        answer.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// As on a desk.
    pub(super) async fn wide(&self) {
        self.size(1280, 900).await;
    }

    /// As on a telephone.
    pub(super) async fn narrow(&self) {
        self.size(390, 844).await;
    }

    async fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// The whole page as a picture in `target/shots`.
    pub(super) async fn picture(&self, name: &str) {
        let taken = self
            .command("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "optimizeForSpeed": true }))
            .await;
        let data = taken["data"].as_str().expect("a picture");
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).expect("base64");
        let folder = shots();
        fs::create_dir_all(&folder).expect("a folder for pictures");
        fs::write(folder.join(format!("{name}.png")), bytes).expect("a picture is kept");
    }

    /// What the console said since it was last asked, but what browsers only remark.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let said = self.driver.browser_log().await.expect("the console");
        said.into_iter()
            .filter(|entry| entry.level != "INFO" && entry.level != "DEBUG")
            .map(|entry| entry.message)
            .collect()
    }

    /// The element, once it is there.
    pub(super) async fn find(&self, selector: &str) -> WebElement {
        self.wait(selector, async || self.driver.find(By::Css(selector)).await.ok()).await
    }

    /// Is it there now?
    pub(super) async fn has(&self, selector: &str) -> bool {
        self.driver.find(By::Css(selector)).await.is_ok()
    }

    /// Waits until a text can be read somewhere on the page.
    pub(super) async fn see(&self, words: &str) {
        self.wait(&format!("“{words}”"), async || self.text().await.contains(words).then_some(())).await;
    }

    /// Loads the page again until a text can be read on it: for what arrives from elsewhere.
    pub(super) async fn see_in_time(&self, words: &str) {
        self.look_until(&format!("“{words}”"), |text| text.contains(words)).await;
    }

    /// Loads the page again until it reads so.
    pub(super) async fn look_until(&self, what: &str, so: impl Fn(&str) -> bool) {
        self.wait(what, async || {
            if so(&self.text().await) {
                return Some(());
            }
            self.driver.refresh().await.expect("the page again");
            None
        })
        .await;
    }

    async fn wait<T>(&self, what: &str, mut seen: impl AsyncFnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = seen().await {
                return found;
            }
            if began.elapsed() > PATIENCE {
                self.picture("failed").await;
                panic!("{what} is not on {}, which says:\n{}", self.url().await, self.text().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types into the box of this name, in place of what it held.
    pub(super) async fn fill(&self, name: &str, text: &str) {
        let input = self.find(&format!("[name='{name}']")).await;
        input.clear().await.expect("an empty box");
        input.send_keys(text).await.unwrap_or_else(|error| panic!("{name} takes no text: {error}"));
    }

    /// Types as a person does, letter by letter.
    pub(super) async fn type_at(&self, name: &str, text: &str, letter: Duration) {
        let input = self.find(&format!("[name='{name}']")).await;
        for one in text.chars() {
            input.send_keys(one.to_string()).await.unwrap_or_else(|error| panic!("{name} takes no text: {error}"));
            tokio::time::sleep(letter).await;
        }
    }

    /// Says that it was just now, as somebody does who looks at the clock on the wall.
    #[expect(clippy::disallowed_methods, reason = "a browser and the program beside it have the machine's time")]
    pub(super) async fn just_now(&self, name: &str) {
        let now = jiff::Timestamp::now().in_tz("Europe/London").expect("the zone");
        for (part, format) in [("day", "%-d"), ("month", "%-m"), ("year", "%Y"), ("time", "%H:%M")] {
            self.fill(&format!("{name}-{part}"), &now.strftime(format).to_string()).await;
        }
    }

    /// Chooses a radio or ticks a box.
    pub(super) async fn choose(&self, name: &str, value: &str) {
        let input = self.find(&format!("input[name='{name}'][value='{value}']")).await;
        input.click().await.unwrap_or_else(|error| panic!("{name} = {value} cannot be chosen: {error}"));
    }

    /// Ticks the radio or box that carries this label.
    pub(super) async fn tick(&self, label: &str) {
        let path = format!("//label[normalize-space()={}]", quoted(label));
        let found =
            self.wait(&format!("the label “{label}”"), async || self.driver.find(By::XPath(&*path)).await.ok()).await;
        found.click().await.unwrap_or_else(|error| panic!("{label} cannot be ticked: {error}"));
    }

    /// Chooses from a list by what it shows.
    pub(super) async fn pick(&self, name: &str, label: &str) {
        self.find(&format!("select[name='{name}']")).await;
        let path = format!("//select[@name='{name}']/option[normalize-space()={}]", quoted(label));
        let found = self
            .wait(&format!("{label} in the list {name}"), async || self.driver.find(By::XPath(&*path)).await.ok())
            .await;
        found.click().await.unwrap_or_else(|error| panic!("{label} cannot be picked: {error}"));
    }

    /// Presses the button with these words and waits for the page that follows.
    pub(super) async fn press(&self, words: &str) {
        self.leave_by(
            &format!("//button[normalize-space()={0}] | //a[@role='button'][normalize-space()={0}]", quoted(words)),
            words,
        )
        .await;
    }

    /// Follows the first link with these words and waits for the page that follows.
    pub(super) async fn follow(&self, words: &str) {
        self.leave_by(&format!("//main//a[normalize-space()={}]", quoted(words)), words).await;
    }

    async fn leave_by(&self, path: &str, words: &str) {
        let way = self.wait(&format!("the way “{words}”"), async || self.driver.find(By::XPath(path)).await.ok()).await;
        self.run("window.left = true", vec![]).await;
        way.click().await.unwrap_or_else(|error| panic!("“{words}” cannot be pressed: {error}"));
        let arrived = "return document.readyState === 'complete' && !window.left";
        self.wait(&format!("the page after “{words}”"), async || {
            // Between two pages there is nothing to ask.
            let ran = self.driver.execute(arrived, vec![]).await.ok()?;
            ran.json().as_bool().filter(|arrived| *arrived)
        })
        .await;
    }

    /// Presses a key on whatever has the focus.
    pub(super) async fn key(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.expect("a key");
    }

    /// Signs in as somebody of the demo, with the second step where they have one.
    pub(super) async fn sign_in(&self, program: &Program, key: &str) {
        let person = program.person(key);
        self.go(&format!("{}/sign-in", program.web)).await;
        self.fill("username", &person.username).await;
        self.fill("password", &person.password).await;
        self.press("Sign in").await;
        if let Some(figures) = person.figures() {
            self.fill("code", &figures).await;
            self.press("Continue").await;
        }
        self.find(".hf-who").await;
    }

    pub(super) async fn close(self) {
        self.driver.quit().await.expect("it closes");
    }
}

/// A command of the DevTools protocol, through the door that chromedriver has for it.
#[derive(Debug)]
struct DevTools {
    name: String,
    parameters: Value,
}

impl FormatRequestData for DevTools {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(http::Method::POST, format!("/session/{session}/goog/cdp/execute"))
            .add_body(json!({ "cmd": self.name, "params": self.parameters }))
    }
}

/// Where the pictures lie.
fn shots() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    target.join("shots")
}

/// Words as XPath takes them.
fn quoted(words: &str) -> String {
    if words.contains('\'') { format!("\"{words}\"") } else { format!("'{words}'") }
}
