//! Snapshot + lists + request + now → verdict.
//!
//! What it is: one order of evaluation, the same for DNS, proxy and the command line:
//! sealed → held → never logged → always → of a concern → bypass → closed hours → no session → block rule → allow rule → part of a site → not approved →
//! no data → category → safe search → unlisted.
//! An earlier step is never undone by a later one, so an allow rule beats a category and nothing else; safe search
//! still holds for what an allow rule or the always-list opens. A category that is locked for children is the exception:
//! it stands before their allow rules (`docs/decisions/0013-locked-for-children.md`). What break-glass opens for adults (S30) is
//! schedules, categories but malware, and the lack of data; what stands before those, and block rules, stays.
//! What it is not: who asks ([`crate::identity`]), or how an answer looks on the wire.
//! To add a step: a function that answers `Option<Verdict>`, its line in [`decide`], its cause in `verdict.rs`, a property.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::compiled::{Asked, Question};
use crate::prepared::PartMet;
use crate::rule::About;
use crate::safesearch::{self, Target};
use crate::{
    Audience, CanonicalUrl, Cause, Device, Group, Host, Lists, NameRule, Outcome, PartRule, Prepared, Reason, Verdict,
};

/// One question: may this group (and this device, if it is known) reach this host or address?
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Group id; an unknown one falls to the strictest group.
    pub group: &'a str,
    /// The device, if [`Prepared::identify`] named one.
    pub device: Option<Uuid>,
    /// Whom it wants to reach.
    pub host: &'a Host,
    /// What it wants there, where the path shows it (plain HTTP, inspection). Its host is `host`.
    pub url: Option<&'a CanonicalUrl>,
    /// DNS record type, as its number, where the path is DNS; rules with `$dnstype` look at it. A connection that needs an
    /// address (proxy) leaves it out.
    pub rtype: Option<u16>,
    /// Where the question came from, where the path shows it; rules with `$client` look at it.
    pub from: Option<IpAddr>,
}

impl<'a> Request<'a> {
    /// A question for a host by a group, with nothing else known.
    pub fn of(group: &'a str, host: &'a Host) -> Self {
        Self { group, device: None, host, url: None, rtype: None, from: None }
    }
}

/// Ways round the filter that ask for a name first, and what each is. With everything below.
const BYPASS: [(&str, &str); 5] = [
    ("use-application-dns.net", "a browser asking whether it may use encrypted DNS of its own"),
    ("mask.icloud.com", "iCloud Private Relay"),
    ("mask-h2.icloud.com", "iCloud Private Relay"),
    ("mask-canary.icloud.com", "iCloud Private Relay"),
    ("resolver.arpa", DESIGNATED),
];

/// What is said of `resolver.arpa`, which must answer "nothing here" rather than "no such name" (RFC 9462).
pub const DESIGNATED: &str = "a device looking for encrypted DNS";

/// Decides one request. Never fails: what cannot be decided is blocked, but for essential systems (S30).
pub fn decide(policy: &Prepared, lists: &Lists, request: &Request<'_>, now: Timestamp) -> Verdict {
    if policy.sealed().contains(request.host, request.url) {
        return block(Cause::Sealed);
    }
    if request.device.is_some_and(|device| policy.is_held(device, now)) {
        return block(Cause::Held);
    }
    let asked = Asked::new(request.host);
    let host = asked.as_str();
    let named = policy.named(host);
    if named.never_log {
        return allow(Cause::NeverLogged);
    }
    // `Prepared` holds its strictest group for sure; without one there would be no policy to speak of.
    let Some((group, rules)) = policy.rules(request.group) else {
        return block(Cause::NoData);
    };
    if named.always {
        return rewritten(group, request.host).unwrap_or(allow(Cause::Always));
    }
    // In the words of the sealed tier and no others: nobody learns from an answer that there is a concern (S8, S19).
    if policy.is_of_a_case(request.host, request.url) {
        return block(Cause::Sealed);
    }
    if let Some(what) = named.bypass {
        return block(Cause::Bypass { what: what.to_owned() });
    }
    let hours = policy.hours(group, now);
    if let Some(schedule) = hours.closed {
        return block(Cause::Hours { name: schedule.name.clone() });
    }
    if group.supervised && !policy.has_session(rules.id(), request.device, now) {
        return block(Cause::NoSession);
    }
    if let Some(rule) = rules.block(group, host, now) {
        return block(cause(rule));
    }
    let about = about(request, request.device.and_then(|device| policy.device(device)), group);
    let question = Question { host: &asked, url: request.url, about: Some(&about) };
    if let Some(rule) = rules.allow(group, host, now) {
        if let Some(cause) = locked(group, lists, &question) {
            return block(cause);
        }
        return rewritten(group, request.host).unwrap_or_else(|| allow(cause(rule)));
    }
    let mut only_part = false;
    match rules.part(group, request.host, request.url, now) {
        Some(PartMet::Inside(part)) => {
            return match locked(group, lists, &question) {
                Some(cause) => block(cause),
                None => rewritten(group, request.host).unwrap_or_else(|| allow(part_cause(part))),
            };
        }
        // A locked category stays what it is, whatever was approved below it.
        Some(PartMet::Unseen) => match locked(group, lists, &question) {
            Some(cause) => return block(cause),
            None => only_part = true,
        },
        None => {}
    }
    if group.supervised {
        return block(if only_part { only_a_part() } else { Cause::NotApproved });
    }
    if lists.is_missing() {
        return match group.audience {
            Audience::Essential => allow(Cause::NoData),
            Audience::Adults if hours.open => allow(Cause::NoData),
            Audience::Children | Audience::Adults | Audience::Guests => block(Cause::NoData),
        };
    }
    let reason = |id: &str| hours.reason(group, id);
    let mut others = false;
    if let Some(cause) = category_and_others(lists, &question, None, reason, &mut others)
        .or_else(|| crate::probe::category(group, &hours, host))
    {
        return block(if only_part { only_a_part() } else { cause });
    }
    // Our own safe search stands before a list's, which might be a milder one. What no list speaks of, as nearly everything,
    // is looked up once.
    safe_search(group, request.host)
        .or_else(|| others.then(|| rewritten_by_list(lists, &question, reason)).flatten())
        .unwrap_or(allow(Cause::Unlisted))
}

/// What some lists' rules look at besides the name.
fn about<'a>(request: &Request<'_>, device: Option<&'a Device>, group: &Group) -> About<'a> {
    About {
        rtype: request.rtype,
        from: request.from,
        device: device.map(|device| device.name.as_str()),
        doh_path: device.and_then(|device| device.doh_path.as_deref()),
        audience: Some(group.audience),
    }
}

/// The names by which devices look for a way round the filter, and what each is: refused to everybody.
pub fn ways_round() -> impl Iterator<Item = (&'static str, &'static str)> {
    BYPASS.into_iter()
}

/// Hits of one question that are kept in place.
const KEPT: usize = 8;

/// The most specific match in a category that has a reason, with all lists of that category that hold the host. Matches
/// that block, or those that go to the name `to`.
fn category<'g>(
    lists: &Lists,
    question: &Question<'_>,
    to: Option<&str>,
    reason: impl Fn(&str) -> Option<&'g Reason>,
) -> Option<Cause> {
    category_and_others(lists, question, to, reason, &mut false)
}

/// The same; `others` says whether lists have matches of the other kind.
fn category_and_others<'g>(
    lists: &Lists,
    question: &Question<'_>,
    to: Option<&str>,
    reason: impl Fn(&str) -> Option<&'g Reason>,
    others: &mut bool,
) -> Option<Cause> {
    let mut best: Option<crate::Hit<'_>> = None;
    // Hits are kept as they come, so that the lists of the best one need no second walk; few names have more.
    let mut kept = [None; KEPT];
    let mut count = 0;
    lists.walk(question, |hit| {
        if hit.rewrite() != to {
            *others = true;
            return;
        }
        if let Some(place) = kept.get_mut(count) {
            *place = Some(hit);
        }
        count += 1;
        let closer = best.is_none_or(|best| hit.matched.len() > best.matched.len());
        if closer && reason(hit.category).is_some() {
            best = Some(hit);
        }
    });
    let best = best?;
    let reason = reason(best.category)?;
    Some(Cause::Category {
        category: Arc::clone(best.category),
        title: Arc::clone(&reason.title),
        why: Arc::clone(&reason.why),
        matched: best.matched.text(),
        lists: if count == 1 { Arc::clone(best.name) } else { names(lists, question, to, best, kept, count) },
        because: Arc::clone(&reason.because),
    })
}

/// The lists of the best hit's category that hold the name, sorted.
fn names(
    lists: &Lists,
    question: &Question<'_>,
    to: Option<&str>,
    best: crate::Hit<'_>,
    kept: [Option<crate::Hit<'_>>; KEPT],
    count: usize,
) -> Arc<[String]> {
    let mut names: Vec<String> = Vec::with_capacity(1);
    let mut note = |hit: crate::Hit<'_>| {
        if hit.category == best.category && hit.rewrite() == to && !names.contains(&hit.list.name) {
            names.push(hit.list.name.clone());
        }
    };
    match count <= KEPT {
        true => kept.into_iter().flatten().for_each(note),
        false => lists.walk(question, &mut note),
    }
    names.sort_unstable();
    names.into()
}

/// A list of a blocked category may hold a name to a search engine's safe one instead of blocking it. Any list that
/// blocks was heard before. Of several, the first by name: the answer must not depend on the order of lists.
fn rewritten_by_list<'g>(
    lists: &Lists,
    question: &Question<'_>,
    reason: impl Fn(&str) -> Option<&'g Reason>,
) -> Option<Verdict> {
    let mut to: Option<&str> = None;
    lists.walk(question, |hit| {
        if let Some(target) = hit.rewrite().filter(|_| reason(hit.category).is_some()) {
            to = Some(to.map_or(target, |to| to.min(target)));
        }
    });
    let cause = category(lists, question, Some(to?), reason)?;
    Some(Verdict { outcome: Outcome::Rewrite(to?.to_owned()), cause })
}

/// What no rule opens for this group, asked of a name or address that an opened name leads to: a rule that opens a name
/// takes what it leads to with it, but not into a category that is locked.
pub fn locked_behind(policy: &Prepared, lists: &Lists, request: &Request<'_>) -> Option<Verdict> {
    let (group, _) = policy.rules(request.group)?;
    let asked = Asked::new(request.host);
    let device = request.device.and_then(|device| policy.device(device));
    let question = Question { host: &asked, url: None, about: Some(&about(request, device, group)) };
    locked(group, lists, &question).map(block)
}

/// A category that no allow rule of this group opens.
fn locked(group: &Group, lists: &Lists, question: &Question<'_>) -> Option<Cause> {
    group.blocked.values().any(|reason| reason.locked).then_some(())?;
    category(lists, question, None, |id| group.blocked.get(id).filter(|reason| reason.locked))
}

fn safe_search(group: &Group, host: &Host) -> Option<Verdict> {
    let level = safesearch::level(group.audience, group.safe_search)?;
    let engine = safesearch::engine(host.name()?, level)?;
    let cause = Cause::SafeSearch { engine: engine.name.to_owned() };
    match engine.to {
        Target::Rewrite(target) => Some(Verdict { outcome: Outcome::Rewrite(target.to_owned()), cause }),
        // Adults whose safe search is on chose to have it where there is one, not to lose the rest.
        Target::Block => (group.audience == Audience::Children).then(|| block(cause)),
    }
}

/// Safe search for what somebody opened: an engine that can be held is; one that cannot was opened knowingly.
fn rewritten(group: &Group, host: &Host) -> Option<Verdict> {
    safe_search(group, host).filter(|verdict| verdict.outcome != Outcome::Block)
}

fn cause(rule: &NameRule) -> Cause {
    Cause::Rule { rule: rule.rule.clone(), reason: rule.reason.clone(), matched: rule.name.clone() }
}

fn part_cause(part: &PartRule) -> Cause {
    Cause::Rule { rule: part.rule.clone(), reason: part.reason.clone(), matched: part.part.clone() }
}

/// The rule that is named where only a part of a site is approved and the path shows the name alone. Where pages are inspected
/// the proxy opens the tunnel and asks again with the whole address.
pub const ONLY_A_PART: &str = "only_a_part";

fn only_a_part() -> Cause {
    Cause::Rule {
        rule: ONLY_A_PART.to_owned(),
        reason: "Only a part of this site is approved. It opens on devices whose pages are inspected, and this one\u{2019}s are not."
            .to_owned(),
        matched: "a part of this site".to_owned(),
    }
}

fn block(cause: Cause) -> Verdict {
    Verdict { outcome: Outcome::Block, cause }
}

fn allow(cause: Cause) -> Verdict {
    Verdict { outcome: Outcome::Allow, cause }
}
