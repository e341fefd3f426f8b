//! One request, as pages see it: who, in which frame, with which token; and the frame around every answer.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use domain::access::Action;
use domain::{Actor, Client, OpCtx};
use http::{HeaderValue, StatusCode, header, request::Parts};
use uuid::Uuid;
use views::{
    Chrome, Page, Shell,
    shell::{Flash, Who},
    ui::Tone,
};

use crate::{
    assets,
    calm::Sender,
    fault::{Answer, Fault},
    flash, headers, routes, session,
    session::Session,
    site::{Front, Site},
};

/// One request. Cheap to clone; take it as the first argument of a handler.
#[derive(Clone)]
pub struct Visit(Arc<Inner>);

struct Inner {
    site: Site,
    session: Option<Session>,
    front: Front,
    request_id: Uuid,
    nonce: String,
    token: String,
    path: String,
    flash: Option<Flash>,
    ring: Option<views::ui::Ring>,
    client: Client,
    peer: Option<std::net::IpAddr>,
    browser: String,
    /// On the open door alone: the token of the six hours before, and who knocks.
    nameless: Option<(String, Sender)>,
}

impl Visit {
    /// What all requests share.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// The latest time at which something can have happened: now, or any while the clock is wrong (S43).
    pub async fn latest(&self) -> jiff::Timestamp {
        app::wrong_clock::latest_anywhere(self.services()).await
    }

    /// What use cases need.
    pub fn services(&self) -> &app::Services {
        self.site().services()
    }

    /// Who is signed in.
    pub fn session(&self) -> Option<&Session> {
        self.0.session.as_ref()
    }

    /// Who is signed in, where somebody must be.
    ///
    /// # Errors
    /// To the sign-in page.
    pub fn signed_in(&self) -> Result<&Session, Fault> {
        self.session().ok_or_else(|| Fault::SignIn(self.0.path.clone()))
    }

    /// The context for a use case: who, now, chance, from where.
    pub fn ctx(&self) -> OpCtx {
        let actor = self.session().map_or(Actor::Nobody, |session| session.visit.actor.clone());
        self.site().ctx(actor, self.0.request_id, self.0.client.clone())
    }

    /// This request in logs, in the audit, on the page that says that something broke.
    pub fn request_id(&self) -> Uuid {
        self.0.request_id
    }

    /// Path and query of this page.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What this browser is, in a word or two, for the list of sessions: "Firefox on Android".
    pub fn browser(&self) -> &str {
        &self.0.browser
    }

    /// Does this word prove that a form is ours and fresh?
    pub fn token_is(&self, word: &str) -> bool {
        let older = self.0.nameless.as_ref().is_some_and(|(older, _)| flash::same(word, older));
        !word.is_empty() && (flash::same(word, &self.0.token) || older)
    }

    /// Who knocks at the open door: a hash for today, never an address.
    pub fn sender(&self) -> Sender {
        self.0.nameless.as_ref().map_or_else(Sender::nobody, |(_, sender)| *sender)
    }

    /// Where the connection comes from, for a guest's voucher alone: it goes into no context, log or audit (S14, S24).
    /// Never known on the open door.
    pub fn peer(&self) -> Option<std::net::IpAddr> {
        self.0.peer
    }

    /// The setting's name, as the bar says it.
    pub fn setting_name(&self) -> String {
        self.session().map_or(&self.0.front, |session| &session.front).setting.clone()
    }

    /// A page.
    ///
    /// # Errors
    /// A template failed.
    pub fn page<P: Page>(&self, page: &P) -> Answer {
        self.draw(StatusCode::OK, page)
    }

    /// The same page again, because something in its form needs mending: 422, with summary and focus.
    ///
    /// # Errors
    /// A template failed.
    pub fn again<P: Page>(&self, page: &P) -> Answer {
        self.draw(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    /// The same page again, because too many came at once: 429, and when to try.
    ///
    /// # Errors
    /// A template failed.
    pub fn later<P: Page>(&self, page: &P, seconds: u64) -> Answer {
        let mut response = self.draw(StatusCode::TOO_MANY_REQUESTS, page)?;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        Ok(response)
    }

    /// A page that says that a part of the program is away, and what to do instead: 503.
    ///
    /// # Errors
    /// A template failed.
    pub fn unavailable<P: Page>(&self, page: &P) -> Answer {
        self.draw(StatusCode::SERVICE_UNAVAILABLE, page)
    }

    /// After a POST: go and see. Only to our own paths.
    ///
    /// # Errors
    /// None; an [`Answer`] so that it can end a handler.
    pub fn go(&self, path: &str) -> Answer {
        Ok(redirect(local(path)))
    }

    /// After a POST: go and see, with a sentence there. The sentence never names a child.
    ///
    /// # Errors
    /// None; an [`Answer`] so that it can end a handler.
    pub fn go_saying(&self, path: &str, tone: Tone, words: &str) -> Answer {
        let mut response = redirect(local(path));
        let site = self.site();
        let value = flash::seal(&site.config().key, &Flash { tone, words: words.to_owned() });
        add_cookie(&mut response, session::cookie(site, cookie_called(site, "flash"), value));
        Ok(response)
    }

    fn draw<P: Page>(&self, status: StatusCode, page: &P) -> Answer {
        let html = Shell::render_page(&self.chrome(), &self.0.token, page)?;
        let mut response = (status, axum::response::Html(html)).into_response();
        if self.0.flash.is_some() {
            let mut gone = session::cookie(self.site(), cookie_called(self.site(), "flash"), String::new());
            gone.make_removal();
            add_cookie(&mut response, gone);
        }
        Ok(response)
    }

    /// A component alone, for a page that asks for it by itself.
    ///
    /// # Errors
    /// A template failed.
    pub fn part<T: askama::Template>(&self, part: &T) -> Answer {
        let html = views::shell::render_part(&self.chrome(), &self.0.token, part)?;
        Ok(axum::response::Html(html).into_response())
    }

    /// Calls for help that concern whoever is signed in.
    pub fn ring(&self) -> views::ui::Ring {
        self.0.ring.clone().unwrap_or_default()
    }

    /// May their roles do this to anything? For ways that a page offers; each use case asks again.
    pub fn may(&self, action: Action) -> bool {
        self.session().is_some_and(|session| session.may(action))
    }

    /// Whoever is not known yet, or whose screen is locked, keeps the way to report.
    pub fn may_report(&self) -> bool {
        self.session().is_none_or(|session| session.member().is_none() || session.may(Action::ReportConcern))
    }

    fn chrome(&self) -> Chrome {
        let session = self.session();
        let front = session.map_or(&self.0.front, |session| &session.front);
        Chrome {
            setting: front.setting.clone(),
            fictional: front.fictional,
            who: session.map(|session| Who {
                name: session.visit.known_as.clone(),
                role: session.role_title.clone(),
                reports: self.may_report(),
                searches: session.may(Action::ReadQueue),
                several_settings: session.visit.places > 1,
            }),
            contact: front.contact.clone(),
            path: self.0.path.clone(),
            flash: self.0.flash.clone(),
            ring: self.0.ring.clone(),
            assets: assets::base().to_owned(),
            nonce: self.0.nonce.clone(),
            idle_minutes: session
                .filter(|session| !session.visit.locked)
                .map(|session| session.visit.idle_lock_minutes),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Fault::Broken("a route outside the frame".to_owned()))
    }
}

/// A form of the open door is good for six to twelve hours. It proves only that it is ours: there is nobody whose rights
/// somebody else's page could borrow.
const SLOT: i64 = 6 * 60 * 60;

/// The frame around every page: makes the visit, refuses what other sites send, draws faults, sets the headers.
pub async fn enter(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let mut rng = site.rng();
    let request_id = domain::id::fresh(site.now(), &mut *rng);
    let nonce = session::fresh_word(&mut *rng);
    // The open door reads no cookie and sets none (S14): whoever is signed in here tells as nobody, too.
    let is_nameless = routes::is_nameless(request.uri().path());
    let jar = if is_nameless { CookieJar::new() } else { CookieJar::from_headers(request.headers()) };
    let sign = match request.uri().path() {
        routes::ASKED_BY_PAGES => session::Sign::None,
        _ => session::Sign::OfLife,
    };
    let (session, failed) = match session::resolve(&site, &jar, sign).await {
        Ok(session) => (session, None),
        Err(fault) => (None, Some(fault)),
    };
    let form_cookie = cookie_called(&site, "form");
    let carried = jar.get(&form_cookie).map(|cookie| cookie.value().to_owned()).filter(|word| word.len() == 64);
    let word = carried.clone().unwrap_or_else(|| session::fresh_word(&mut *rng));
    let slot = |back: i64| {
        flash::mark(&site.config().key, "open form", &(site.now().as_second().div_euclid(SLOT) - back).to_string())
    };
    let token = session
        .as_ref()
        .map(|session| session.visit.csrf.clone())
        .or_else(|| is_nameless.then(|| slot(0)))
        .unwrap_or_else(|| flash::mark(&site.config().key, "form", &word));
    let told = jar.get(&cookie_called(&site, "flash")).and_then(|c| flash::open(&site.config().key, c.value()));
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let addr = request.extensions().get::<axum::extract::ConnectInfo<std::net::SocketAddr>>().map(|info| info.0.ip());
    // S14: what nobody in particular does leaves no address in any context.
    let client = Client { addr: addr.filter(|_| session.is_some()), label: None };
    let peer = addr.filter(|_| !is_nameless);
    let nameless = is_nameless.then(|| (slot(1), site.calm().sender(addr, site.now(), &mut *rng)));
    let nobody = session.is_none() && !is_nameless;
    let front = match &session {
        Some(_) => Front::default(),
        // Its pages name the setting themselves.
        None if is_nameless => Front { setting: "Holdfast".to_owned(), ..Front::default() },
        None => site.front().await,
    };
    let ring = match &session {
        Some(session) if request.method() == http::Method::GET => crate::pages::alerts::ring(&site, session).await,
        _ => None,
    };
    let visit = Visit(Arc::new(Inner {
        site: site.clone(),
        ring,
        session,
        front,
        request_id,
        nonce: nonce.clone(),
        token,
        path,
        flash: told,
        client,
        peer,
        browser: if is_nameless { String::new() } else { browser_of(request.headers()) },
        nameless,
    }));
    request.extensions_mut().insert(visit.clone());

    let mut response = match failed {
        Some(fault) => fault.into_response(),
        None if headers::is_foreign(&request) => Fault::Foreign.into_response(),
        None => next.run(request).await,
    };
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        response = draw_fault(&visit, &fault);
    } else if response.status() == StatusCode::BAD_REQUEST && !headers::is_page(&response) {
        // The framework could not read an address, and says so in a programmer's words.
        response = draw_fault(&visit, &Fault::NotFound);
    }
    if nobody && carried.is_none() && headers::is_page(&response) {
        add_cookie(&mut response, session::cookie(&site, form_cookie, word));
    }
    headers::private(&mut response, &nonce, site.config().https);
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Draws what went wrong.
fn draw_fault(visit: &Visit, fault: &Fault) -> Response {
    fault.log(&visit.0.request_id);
    if let Some(to) = fault.redirect() {
        return redirect(&to);
    }
    let page = fault.page(&visit.0.request_id.to_string());
    visit.draw(fault.status(), &page).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// A word or two for a browser. The rest of what it says of itself is not kept.
fn browser_of(headers: &http::HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = |known: &[(&'static str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, word)| *word)
    };
    // Order matters: Edge and Chrome both say "Safari", Edge also says "Chrome".
    let browser = first(&[("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")]);
    let system = first(&[
        ("Android", "Android"),
        ("iPad", "an iPad"),
        ("iPhone", "an iPhone"),
        ("CrOS", "a Chromebook"),
        ("Windows", "Windows"),
        ("Mac OS", "a Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

/// The full name of one of our cookies.
pub fn cookie_called(site: &Site, what: &str) -> String {
    format!("{}-{what}", session::cookie_name(site))
}

/// Adds a cookie to an answer.
pub fn add_cookie(response: &mut Response, cookie: Cookie<'static>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// 303: go and see.
fn redirect(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// The path if it is one of ours; otherwise home. `//host` and `/\host` lead elsewhere, so they are not ours.
pub fn local(path: &str) -> &str {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if ours { path } else { "/" }
}

/// Percent-encodes a path for a query value.
pub fn encode(path: &str) -> String {
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
