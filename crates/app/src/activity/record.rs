//! What the filter wrote of one alert, as a sentence for the concern that a person makes of it (P2, S22): what was asked for and
//! blocked, how often, when; "asked for", never "visited", and with what is known of the device. Of a sealed entry the moment
//! alone. It is read from the log again when the concern is filed, so that nobody can write it otherwise.

use domain::access::{Action, Relation, authorize};
use domain::{DeviceId, OpCtx};
use jiff::{SignedDuration, Timestamp};

use super::alerts::of_concern;
use super::{BYPASS, of_setting, why};
use crate::concerns::defanged;
use crate::gateway::{Activity, What};
use crate::{Result, Services};

/// Which alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// When it was last seen.
    pub at: Timestamp,
    /// The device, if one is known.
    pub device: Option<DeviceId>,
    /// The name that was blocked; none with a device: what was typed there; none without: a sealed entry, of which no name is kept.
    pub host: Option<String>,
}

/// What stands in the log of one alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// In a sentence.
    pub say: String,
    /// By which rule: a category's id, the gateway's word, or `search: ` and what was looked for. None for a sealed entry.
    pub rule: Option<String>,
}

/// What a search is counted under: a rule of the monitoring, beside those of the filter.
const SEARCH: &str = "search: ";

/// How a rule is called where people read it.
pub(crate) fn rule_in_words(rule: &str) -> String {
    rule.strip_prefix(SEARCH).map_or_else(|| why(rule), |about| format!("Searches about {about}"))
}

/// Alerts of one name within so long of another are one record: prefetch and adverts ask many times.
const AROUND: SignedDuration = SignedDuration::from_mins(15);

/// The record of an alert; `None`: the log holds no such thing (any more).
///
/// # Errors
/// Refused for who does not read activity; [`crate::Error::Unavailable`] when the log cannot be read.
pub async fn record(services: &Services, ctx: &mut OpCtx, alert: &Alert) -> Result<Option<Record>> {
    authorize(&ctx.actor, Action::ReadActivity, Relation::Setting)?;
    let from = alert.at.saturating_sub(AROUND).unwrap_or(alert.at);
    let to = alert.at.saturating_add(AROUND).unwrap_or(alert.at);
    let events = of_setting(services, ctx, from, to).await?;
    let say = |at: Timestamp| services.calendar.say(at);
    if let (None, Some(device)) = (&alert.host, alert.device) {
        return searched(services, ctx, &events, device, alert.at).await;
    }
    let Some(wanted) = &alert.host else {
        let found = events.iter().find(|event| event.at == alert.at && matches!(event.what, What::Sealed { .. }));
        return Ok(found.map(|event| Record {
            say: format!(
                "From the filter: an illegal address was asked for and blocked at {}. Which, and by whom, is not kept.",
                say(event.at)
            ),
            rule: None,
        }));
    };
    let (mut times, mut first, mut last, mut rule, mut proven) = (0_u64, None, None, String::new(), true);
    for event in events.iter().filter(|event| event.device == alert.device) {
        let (count, because) = match &event.what {
            What::Blocked { host, count, because, .. } if host == wanted => (*count, because.as_str()),
            What::Bypass { host } if host == wanted => (1, BYPASS),
            _ => continue,
        };
        times = times.saturating_add(count);
        first = Some(first.map_or(event.at, |known: Timestamp| known.min(event.at)));
        last = Some(last.map_or(event.until, |known: Timestamp| known.max(event.until)));
        because.clone_into(&mut rule);
        proven &= event.proven;
    }
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    let names = super::devices(services, ctx).await?;
    let device = alert.device.and_then(|id| names.into_iter().find(|(known, _)| *known == id));
    let by = match (device, proven) {
        (Some((_, name)), true) => format!("by {name}, which proved who it is"),
        (Some((_, name)), false) => format!("by {name}, known by its network address alone"),
        (None, _) => "by a device that nobody knows".to_owned(),
    };
    let host = defanged(std::slice::from_ref(wanted));
    let when = if first == last { say(last) } else { format!("{} to {}", say(first), say(last)) };
    let many = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let because = why(&rule);
    let say = format!(
        "From the filter: {host} was asked for {many} and blocked, {when}, {by}. Why: {because}. Asked for is not visited: adverts and pages ask by themselves."
    );
    Ok(Some(Record { say, rule: Some(rule).filter(|rule| !rule.is_empty()) }))
}

/// The record of what was typed into a search engine: the words of that moment, and how often the same thing was looked for
/// around it on that device.
async fn searched(
    services: &Services,
    ctx: &mut OpCtx,
    events: &[Activity],
    device: DeviceId,
    at: Timestamp,
) -> Result<Option<Record>> {
    let here = |event: &&Activity| event.device == Some(device);
    let typed = events.iter().filter(here).find_map(|event| match &event.what {
        What::Searched { engine, terms } if event.at == at => Some((engine, terms, of_concern(event)?, event.proven)),
        _ => None,
    });
    let Some((engine, terms, about, proven)) = typed else { return Ok(None) };
    let times = events.iter().filter(here).filter(|event| of_concern(event) == Some(about)).count();
    let name =
        super::devices(services, ctx).await?.into_iter().find(|(known, _)| *known == device).map(|(_, name)| name);
    let by = match (name, proven) {
        (Some(name), true) => format!("on {name}, which proved who it is"),
        (Some(name), false) => format!("on {name}, known by its network address alone"),
        (None, _) => "on a device that nobody knows".to_owned(),
    };
    let many = if times == 1 { "once".to_owned() } else { format!("{times} times around then") };
    let say = format!(
        "From the filter: \u{201c}{terms}\u{201d} was typed into {engine} at {}, {by}. It is looked for as: {about}; {many}. Typed is not meant, and \
         a device is not a person: somebody else may have had it.",
        services.calendar.say(at)
    );
    Ok(Some(Record { say, rule: Some(format!("{SEARCH}{about}")) }))
}
