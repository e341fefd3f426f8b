//! What a person reads instead of a blocked page.
//!
//! A child sees a picture, four words and a button that fetches somebody. An adult reads which category, which rule and
//! why. A held device says that it is offline and nothing else (S9); a sealed entry says "blocked" and nothing else
//! (S27). No script, no request to anywhere, no link that leads back.

pub(crate) mod check;
pub(crate) mod led;
pub(crate) mod listen;
pub(crate) mod root;
pub(crate) mod secure;
pub(crate) mod wpad;

use askama::Template;
use base64::Engine;
use filter::{Audience, Cause, Host, Verdict};
use sha2::{Digest, Sha256};

use crate::dns::OFFLINE;
use crate::policy::{Client, Gate, Policy};

/// The name under which the proxy itself takes the help button. It can exist nowhere (RFC 6761).
pub(crate) const HELP_HOST: &str = "help.holdfast.invalid";
/// Where the button posts to, at that name and at the block listener.
pub(crate) const HELP_PATH: &str = "/help";
/// Where the button posts to inside an inspected tunnel; no site of its own is likely to have it.
pub(crate) const INSIDE_HELP_PATH: &str = "/.well-known/holdfast-help";
/// Where the adult page's links lead, below the policy's `web_base`.
const ASK_PATH: &str = "/filter/ask";
const REPORT_PATH: &str = "/concerns/report";
const CSS: &str = include_str!("../templates/page.css");
/// The sound of the child's button. The tablet's own start page has the same file.
const HELP_SCRIPT: &str = include_str!("../templates/help.js");

/// Which way the page reached the device; it says where the help button posts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the proxy, under the blocked page's own address.
    Proxy,
    /// From the block listener, after DNS pointed there.
    Listener,
    /// Inside an inspected tunnel, in the place of a page of that site.
    Inside,
}

#[derive(Template)]
#[template(path = "children.html")]
struct Children<'a> {
    css: &'a str,
    js: &'a str,
    help_action: &'a str,
    ticket: &'a str,
}

#[derive(Template)]
#[template(path = "help.html")]
struct Help<'a> {
    css: &'a str,
}

#[derive(Template)]
#[template(path = "adult.html")]
struct Adult<'a> {
    css: &'a str,
    setting: &'a str,
    contact: &'a str,
    web_base: &'a str,
    ask_path: &'a str,
    report_path: &'a str,
    host: &'a str,
    group: &'a str,
    category_id: &'a str,
    category: Option<&'a str>,
    rule: Option<&'a str>,
    why: &'a str,
}

#[derive(Template)]
#[template(path = "short.html")]
struct Short<'a> {
    css: &'a str,
    title: &'a str,
    text: &'a str,
}

/// A page with its status and the policy that a browser must hold it to.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    pub(crate) csp: String,
}

/// The page for a verdict that blocks.
pub(crate) fn blocked(gate: &Gate, policy: &Policy, client: &Client, host: &Host, verdict: &Verdict, way: Way) -> Page {
    let snapshot = policy.snapshot();
    match (&verdict.cause, client.audience) {
        (Cause::Held, _) => short(403, OFFLINE, ""),
        (_, Audience::Children) => {
            let help_url = format!("http://{HELP_HOST}{HELP_PATH}");
            let (help_action, form) = match way {
                Way::Proxy => (help_url.as_str(), format!("http://{HELP_HOST}")),
                Way::Listener => (HELP_PATH, "'self'".to_owned()),
                Way::Inside => (INSIDE_HELP_PATH, "'self'".to_owned()),
            };
            let ticket = ticket(gate, client);
            page(403, &Children { css: CSS, js: HELP_SCRIPT, help_action, ticket: &ticket }, &form)
        }
        (Cause::Sealed, _) => short(403, "Blocked", ""),
        (_, Audience::Guests) => short(403, "Blocked", "This Wi-Fi is filtered. It is a place for children."),
        (cause, Audience::Adults | Audience::Essential) => {
            let (category, rule, why) = reason(cause);
            let adult = Adult {
                css: CSS,
                setting: &snapshot.setting_name,
                contact: &snapshot.contact,
                web_base: &snapshot.web_base,
                ask_path: ASK_PATH,
                report_path: REPORT_PATH,
                host: &host.to_string(),
                group: &client.subject.group,
                category_id: category_id(cause),
                category,
                rule: rule.as_deref(),
                why,
            };
            page(403, &adult, "'none'")
        }
    }
}

/// The category's id, for the form that asks for it; a person's own rule has none.
fn category_id(cause: &Cause) -> &str {
    match cause {
        Cause::Category { category, .. } => category,
        _ => "",
    }
}

/// After the button was pressed.
pub(crate) fn help_is_coming() -> Page {
    page(200, &Help { css: CSS }, "'none'")
}

/// A sentence, for everything that is not a block.
pub(crate) fn short(status: u16, title: &str, text: &str) -> Page {
    page(status, &Short { css: CSS, title, text }, "'none'")
}

/// Proves that the button was on a page that we made for this client, so that no other page can press it.
pub(crate) fn ticket(gate: &Gate, client: &Client) -> String {
    let who = match client.subject.device {
        Some(device) => device.to_string(),
        None => client.address.to_string(),
    };
    let mut digest = gate.keyed_hash(&format!("help button\n{who}"));
    digest.truncate(32);
    digest
}

fn page(status: u16, template: &impl Template, form_action: &str) -> Page {
    page_with(status, template, form_action, HELP_SCRIPT, form_action)
}

/// A page with a script of its own, and whom that may ask.
fn page_with(status: u16, template: &impl Template, form_action: &str, script: &str, connect: &str) -> Page {
    // Rendering into a string cannot fail; were it to, the device is told the least.
    let html = template.render().unwrap_or_else(|_| "Blocked".into());
    let style = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(CSS));
    let script = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    // Nothing may load but this one style sheet and the button's sound; nothing may frame the page; the button posts to us alone.
    let csp = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; connect-src {connect}; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    Page { status, html, csp }
}

/// Category, rule and sentence of a cause, in the policy's words.
fn reason(cause: &Cause) -> (Option<&str>, Option<String>, &str) {
    match cause {
        Cause::Category { title, why, matched, because, .. } => {
            let rule = match because.is_empty() {
                true => matched.to_string(),
                false => format!("{matched} ({})", because.join(", ")),
            };
            (Some(title), Some(rule), why)
        }
        Cause::Rule { rule, reason, matched } => (None, Some(format!("{matched} ({rule})")), reason),
        Cause::Bypass { what } => (None, Some(what.clone()), "It is a way round the filter."),
        Cause::NoData => (None, None, "The filter has no data at the moment, so it lets nothing through."),
        Cause::Hours { name } => (None, Some(name.clone()), "These devices are closed at this hour."),
        Cause::NoSession => (None, None, "No adult has a session open here."),
        Cause::NotApproved => (None, None, "Nobody has approved it for these devices."),
        Cause::SafeSearch { engine } => {
            (None, Some(engine.clone()), "This search engine cannot be held to its safe search.")
        }
        _ => (None, None, "It is blocked here."),
    }
}
