//! One request inside an inspected tunnel: decided by its whole address, searched for what was typed, held to safe video.

use std::sync::Arc;

use filter::safesearch::Level;
use filter::{CanonicalUrl, Cause, Host, Outcome, Verdict};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::answer::{self, Body};
use super::upstream::Upstream;
use super::{Inspector, Opening, in_force};
use crate::activity::{Kind, Route};
use crate::blockpage::listen::respond;
use crate::blockpage::{self, INSIDE_HELP_PATH, Way, short};
use crate::proxy::{carry, strip, wants_web_socket};

/// Names that take `YouTube-Restrict` (https://support.google.com/a/answer/6214622).
const YOUTUBE: [&str; 5] = [
    "www.youtube.com",
    "m.youtube.com",
    "youtubei.googleapis.com",
    "youtube.googleapis.com",
    "www.youtube-nocookie.com",
];
const RESTRICT: &str = "youtube-restrict";
/// What says something of the device.
const ABOUT_THE_DEVICE: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "proxy-connection"];

impl Inspector {
    pub(super) async fn request(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        opening: &Opening,
        upstream: &Upstream,
    ) -> Response<Body> {
        let gate = &self.pages.gate;
        let (policy, now) = (gate.policy(), gate.clock.now());
        let client = policy.again(&opening.client);
        if !is_for(&request, &opening.host) {
            return answer::whole(respond(short(421, "This page is somewhere else", "")));
        }
        if request.method() == Method::POST && request.uri().path() == INSIDE_HELP_PATH {
            return answer::whole(self.pages.help(request, &client).await);
        }
        let Some((group, inspection)) = in_force(&policy, &client, now) else {
            // It has ended: the next tunnel is carried unopened.
            opening.close.cancel();
            return answer::whole(respond(short(421, "Try again", "")));
        };
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let Ok(url) = CanonicalUrl::parse(&format!("https://{}{path}", opening.host)) else {
            return answer::whole(respond(short(400, "This address cannot be used", "")));
        };
        let verdict = policy.verdict(&client, &opening.host, Some(&url), now);
        let refuse = |verdict: &Verdict| {
            gate.record(&client, &opening.host, verdict, Route::Proxy, now);
            answer::whole(respond(blockpage::blocked(gate, &policy, &client, &opening.host, verdict, Way::Inside)))
        };
        if verdict.outcome == Outcome::Block {
            return refuse(&verdict);
        }
        if let Some((engine, terms)) = filter::search_terms::of(&url)
            && request.method() == Method::GET
        {
            let kind = Kind::Searched { engine: engine.to_owned(), terms };
            gate.recorder.alert(client.subject.clone(), kind, now);
        }
        let level = filter::safesearch::level(group.audience, group.safe_search);
        let weigh = inspection.words && wants_page(request.headers());
        let web_socket = !upstream.is_two() && wants_web_socket(request.headers());
        let client_side = web_socket.then(|| hyper::upgrade::on(&mut request));
        if prepare(&mut request, opening, upstream.is_two(), web_socket, &path).is_err() {
            return answer::whole(respond(short(400, "This address cannot be used", "")));
        }
        hold_to_safe_video(request.headers_mut(), &opening.host, level);
        if weigh {
            // Words can be weighed only where they are not packed.
            request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let mut response = match upstream.send(request).await {
            Ok(response) => response,
            Err(why) => {
                tracing::debug!(%why, "an inspected request failed");
                return answer::whole(respond(short(502, "This site does not answer", "Try again later.")));
            }
        };
        let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let protocol = response.headers().get(header::UPGRADE).cloned();
        strip(response.headers_mut());
        if let (true, Some(client_side), Some(protocol)) = (switched, client_side, protocol) {
            let server_side = hyper::upgrade::on(&mut response);
            let (close, still) = (opening.close.clone(), self.still);
            self.tasks.spawn(async move {
                if let (Ok(client), Ok(server)) = tokio::join!(client_side, server_side) {
                    carry(TokioIo::new(client), TokioIo::new(server), &close, still).await;
                }
            });
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            response.headers_mut().insert(header::UPGRADE, protocol);
            return response.map(|_| answer::empty());
        }
        if let Some(kind) = answer::refused_download(&response, &url, &inspection.downloads) {
            let cause = Cause::Rule {
                rule: "download".to_owned(),
                reason: "Files of this kind are not let through here.".to_owned(),
                matched: answer::kind_in_words(kind).to_owned(),
            };
            return refuse(&Verdict { outcome: Outcome::Block, cause });
        }
        let blocked = policy.hours(group, now);
        let read = answer::pass_on(response, weigh, &inspection.downloads).await;
        match read {
            answer::Read::Passes(response) => response,
            answer::Read::Download(kind) => {
                let cause = Cause::Rule {
                    rule: "download".to_owned(),
                    reason: "Files of this kind are not let through here.".to_owned(),
                    matched: answer::kind_in_words(kind).to_owned(),
                };
                refuse(&Verdict { outcome: Outcome::Block, cause })
            }
            // Only what the group blocks anyway is blocked by its words.
            answer::Read::About(found, response) => match blocked.reason(group, found.category) {
                Some(reason) => {
                    let cause = Cause::Category {
                        category: found.category.into(),
                        title: reason.title.clone(),
                        why: reason.why.clone(),
                        matched: "the words on the page".into(),
                        lists: ["words".to_owned()].into(),
                        because: reason.because.clone(),
                    };
                    refuse(&Verdict { outcome: Outcome::Block, cause })
                }
                None => response,
            },
        }
    }
}

/// Whether a request is for the site that the tunnel was opened for: one name, and that one.
fn is_for(request: &Request<Incoming>, host: &Host) -> bool {
    let same = |text: &str| {
        text.parse::<http::uri::Authority>()
            .is_ok_and(|named| Host::parse(named.host()).is_ok_and(|named| named == *host))
    };
    let mut named: Vec<&str> = request.uri().authority().map(|authority| authority.as_str()).into_iter().collect();
    for value in request.headers().get_all(header::HOST) {
        let Ok(value) = value.to_str() else { return false };
        named.push(value);
    }
    !named.is_empty() && named.into_iter().all(same)
}

fn prepare(
    request: &mut Request<Incoming>,
    opening: &Opening,
    two: bool,
    web_socket: bool,
    path: &str,
) -> Result<(), http::Error> {
    let authority = match opening.port {
        443 => opening.host.to_string(),
        port => format!("{}:{port}", opening.host),
    };
    let headers = request.headers_mut();
    strip(headers);
    for name in ABOUT_THE_DEVICE {
        headers.remove(name);
    }
    if two {
        headers.remove(header::HOST);
        *request.uri_mut() = Uri::builder().scheme("https").authority(authority).path_and_query(path).build()?;
        *request.version_mut() = Version::HTTP_2;
    } else {
        headers.insert(header::HOST, HeaderValue::from_str(&authority)?);
        *request.uri_mut() = Uri::builder().path_and_query(path).build()?;
        *request.version_mut() = Version::HTTP_11;
    }
    if web_socket {
        let headers = request.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    Ok(())
}

/// What a device itself says of this is not heard.
fn hold_to_safe_video(headers: &mut HeaderMap, host: &Host, level: Option<Level>) {
    headers.remove(RESTRICT);
    let Host::Name(name) = host else { return };
    if !YOUTUBE.contains(&name.as_str()) {
        return;
    }
    let word = match level {
        Some(Level::Strict) => "Strict",
        Some(Level::Moderate) => "Moderate",
        None => return,
    };
    headers.insert(RESTRICT, HeaderValue::from_static(word));
}

/// Whether a browser asks for a page, and not for a part of one.
fn wants_page(headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value("accept").contains("text/html")
}
