//! The filter's verdict in the words of the contract. A sealed entry says "block" and nothing else (S27).

use app::gateway::{Answer, Question};
use filter::{CanonicalUrl, Cause, Host, Lists, Outcome, Prepared, Request};
use jiff::Timestamp;

/// What a group would get for a name or URL.
///
/// # Errors
/// A sentence, when what was typed is neither.
pub(crate) fn answer(policy: &Prepared, lists: &Lists, question: &Question, now: Timestamp) -> Result<Answer, String> {
    let url = match question.url.contains("://") {
        true => Some(CanonicalUrl::parse(&question.url).map_err(|error| error.to_string())?),
        false => None,
    };
    let host = match &url {
        Some(url) => url.host().clone(),
        None => Host::parse(&question.url).map_err(|error| error.to_string())?,
    };
    let device = question.device.map(|device| device.0);
    // Over TLS the path is invisible: only plain HTTP is decided by its whole address.
    let seen = url.as_ref().filter(|_| question.url.trim_start().to_ascii_lowercase().starts_with("http://"));
    let verdict =
        filter::decide(policy, lists, &Request { device, url: seen, ..Request::of(&question.group, &host) }, now);
    let word = match verdict.outcome {
        Outcome::Allow => "allow",
        Outcome::Block => "block",
        Outcome::Rewrite(_) => "rewrite",
    };
    let mut answer = Answer { verdict: word.to_owned(), category: None, rule: None, reason: None, because: None };
    match verdict.cause {
        Cause::Sealed => {}
        Cause::Held => answer.reason = Some("This device is offline. Ask the office.".to_owned()),
        Cause::NeverLogged => {
            answer.reason = Some("A help service: it always works, and no record is made.".to_owned())
        }
        Cause::Always => answer.reason = Some("Our own pages, or what a device needs to work.".to_owned()),
        Cause::Bypass { what } => answer.reason = Some(format!("A way round the filter: {what}.")),
        Cause::Rule { rule, reason, .. } => {
            answer.rule = Some(rule);
            answer.reason = Some(reason);
        }
        Cause::Category { category, title, why, lists, because, .. } => {
            answer.rule = Some(lists.join(", "));
            answer.reason = Some(format!("{title}: {why}"));
            answer.category = Some(category.to_string());
            answer.because = Some(because.to_vec());
        }
        Cause::SafeSearch { engine } => answer.reason = Some(format!("{engine} is held to safe search.")),
        Cause::Hours { name } => answer.reason = Some(format!("Closed at this hour: {name}.")),
        Cause::NoSession => answer.reason = Some("No adult has a session open there.".to_owned()),
        Cause::NotApproved => answer.reason = Some("Nobody has approved this for children.".to_owned()),
        Cause::NoData => {
            answer.reason = Some("The filter's lists are missing, and this group is closed without them.".to_owned())
        }
        Cause::Unlisted => answer.reason = Some("Nothing speaks against it.".to_owned()),
    }
    Ok(answer)
}
