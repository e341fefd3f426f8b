//! Somebody at a browser, without the browser: cookies, forms with their token, no JavaScript.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, Once};

use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};
use scraper::{Html, Selector};
use serde_json::Value;

/// Clones share their cookies, as tabs of one browser do.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    base: String,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// 0 when nothing came back at all.
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) html: String,
}

/// A file that came back.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) status: u16,
    /// The `Content-Type`.
    pub(crate) kind: String,
    /// The `Content-Disposition`.
    pub(crate) disposition: String,
    pub(crate) body: Vec<u8>,
}

impl Visitor {
    pub(crate) fn new(base: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, base: base.to_owned(), jar: Arc::default() }
    }

    /// The same browser after the program came back, perhaps on another port.
    pub(crate) fn moved(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// Looks at a page.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.ask(self.client.get(self.url(path))).await
    }

    /// Sends a form with this token.
    pub(crate) async fn send(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = format!("_token={token}");
        for (name, value) in fields {
            write!(body, "&{}={}", encode(name), encode(value)).unwrap();
        }
        let request = self.client.post(self.url(path)).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(body)).await
    }

    /// Opens the page with the form, fills it in as it stands there, changes these fields, and sends it.
    pub(crate) async fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
        self.send(path, &page.token(), fields).await
    }

    /// Sends a form that stands on one page to another path, with the token of the page.
    pub(crate) async fn send_on(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(path, &self.get(page).await.token(), fields).await
    }

    /// Asks a page that takes its question in the address.
    pub(crate) async fn fill_query(&self, path: &str, question: &str) -> Page {
        self.get(&format!("{path}?q={}", encode(question))).await
    }

    /// Presses a button that answers with a file.
    pub(crate) async fn download(&self, path: &str, token: &str) -> Download {
        let request = self.client.post(self.url(path)).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(COOKIE, self.cookies()).body(format!("_token={token}"));
        let response = request.send().await.unwrap();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (kind, disposition) = (header(CONTENT_TYPE).to_owned(), header(CONTENT_DISPOSITION).to_owned());
        Download {
            status: response.status().as_u16(),
            kind,
            disposition,
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// Username, password, and the figures where they are asked for.
    pub(crate) async fn sign_in(&self, person: &Value) {
        let text = |key: &str| person[key].as_str().unwrap_or_default();
        let page = self.fill("/sign-in", &[("username", text("username")), ("password", text("password"))]).await;
        assert_eq!(page.status, 303, "{page:?}");
        if page.location.starts_with("/sign-in/second-step") {
            let now = app::accounts::second_factor::figures(text("totp_secret"), now()).unwrap();
            let page = self.fill("/sign-in/second-step", &[("code", &now)]).await;
            assert_eq!(page.status, 303, "{page:?}");
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn cookies(&self) -> String {
        let jar = self.jar.lock().unwrap();
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Page {
        match request.header(COOKIE, self.cookies()).send().await {
            Ok(response) => self.read(response).await,
            Err(error) => Page { status: 0, location: String::new(), html: error.to_string() },
        }
    }

    async fn read(&self, response: Response) -> Page {
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let location = header(LOCATION).unwrap_or_default().to_owned();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.jar.lock().unwrap();
            match cookie.contains("Max-Age=0") {
                true => jar.remove(name),
                false => jar.insert(name.to_owned(), value.to_owned()),
            };
        }
        match response.text().await {
            Ok(html) => Page { status, location, html },
            Err(error) => Page { status: 0, location, html: error.to_string() },
        }
    }
}

impl Page {
    /// The token of the form in the middle of the page.
    pub(crate) fn token(&self) -> String {
        self.first("main input[name=_token]", "value")
    }

    /// An attribute of the first element that fits.
    pub(crate) fn first(&self, selector: &str, attribute: &str) -> String {
        let page = Html::parse_document(&self.html);
        let found = page.select(&Selector::parse(selector).unwrap()).next();
        let value = found.and_then(|element| element.value().attr(attribute)).map(str::to_owned);
        value.unwrap_or_else(|| panic!("no {attribute} of {selector} in {}", self.html))
    }

    /// The value of the option that reads so.
    pub(crate) fn option(&self, select: &str, reads: &str) -> String {
        let page = Html::parse_document(&self.html);
        let options = Selector::parse(&format!("select[name={select}] option")).unwrap();
        let found = page.select(&options).find(|option| option.text().collect::<String>().trim() == reads);
        let value = found.and_then(|option| option.value().attr("value")).map(str::to_owned);
        value.unwrap_or_else(|| panic!("no “{reads}” to choose in {}", self.words()))
    }

    /// The words of the page as somebody reads them.
    pub(crate) fn words(&self) -> String {
        let page = Html::parse_document(&self.html);
        let main = page.select(&Selector::parse("main").unwrap()).next();
        let text = main.map(|main| main.text().collect::<String>()).unwrap_or_else(|| self.html.clone());
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The machine's clock, which the program under test reads too.
#[expect(clippy::disallowed_methods, reason = "the program under test has the machine's clock, so its visitors do")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// As a browser encodes a form.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b' ' => out.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").unwrap(),
        }
        out
    })
}
