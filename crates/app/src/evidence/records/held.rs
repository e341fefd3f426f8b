//! The filter as it is held for people: sessions with children, what adults' devices reach, who had a shared one, which
//! devices checked themselves.

use std::collections::BTreeSet;

use filter::Audience;
use jiff::SignedDuration;
use store::devices::Device;
use store::help::HelpCall;

use super::super::facts::Facts;
use super::{Answer, Question, Say, about, every};
use crate::activity::checks;
use crate::filtering::hours::Does;
use crate::filtering::policy::{Group, Policy};

pub(super) const ANSWERS: &[Question] = &[
    ("filtering_named", filtering_named),
    ("sessions_supervised", sessions_supervised),
    ("help_answered", help_answered),
    ("lesson_before_access", lesson_before_access),
    ("personal_use_blocked", personal_use_blocked),
    ("sharing_counts_as_social", sharing_counts_as_social),
    ("no_social_in_hours", no_social_in_hours),
    ("downloads_blocked", downloads_blocked),
    ("devices_checked", devices_checked),
    ("shared_devices_taken", shared_devices_taken),
    ("progress_app_on_our_devices", progress_app_on_our_devices),
    ("access_taken_with_reason", access_taken_with_reason),
    ("stricter_group_ready", stricter_group_ready),
];

const QUARTER: SignedDuration = SignedDuration::from_hours(24 * 90);
const SOCIAL: &str = "social_media";

fn no_policy(facts: &Facts) -> Answer {
    Answer::new(false, "This setting has no filter policy yet.", facts.now)
}

fn filtering_named(facts: &Facts) -> Answer {
    let named = |what: &str| facts.profile.providers.get(what).map(|name| name.trim()).filter(|name| !name.is_empty());
    let what = match (named("internet"), named("filtering")) {
        (_, None) => "Nobody has written down who filters this line.".to_owned(),
        (None, _) => "Nobody has written down who provides the internet connection.".to_owned(),
        (Some(line), Some(filter)) => format!("The connection is {line}\u{2019}s, the filtering {filter}\u{2019}s."),
    };
    Answer::new(named("internet").is_some() && named("filtering").is_some(), what, facts.now)
}

/// Children's groups that some device is really in: a group that nobody uses binds nobody.
fn childrens<'f>(facts: &'f Facts, policy: &'f Policy) -> impl Iterator<Item = &'f Group> {
    let used: BTreeSet<&str> = in_use(facts).map(|device| device.group_key.as_str()).collect();
    policy
        .groups
        .iter()
        .filter(move |(key, group)| group.audience == Audience::Children && used.contains(key.as_str()))
        .map(|(_, group)| group)
}

/// Devices on which somebody can open a page.
fn in_use(facts: &Facts) -> impl Iterator<Item = &Device> {
    facts.devices.iter().filter(|device| device.retired_at.is_none() && checks::asks_pages(device.kind))
}

fn sessions_supervised(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let groups: Vec<&Group> = childrens(facts, policy).collect();
    let open: Vec<&str> = groups.iter().filter(|group| !group.supervised).map(|group| group.name.as_str()).collect();
    let what = match (groups.len(), open.len()) {
        (0, _) => "No device is in a children\u{2019}s group yet.".to_owned(),
        (_, 0) => format!(
            "Children\u{2019}s devices reach approved material only, while a named adult has a session open. Sessions in the last 90 days: {}.",
            about(facts.sessions.len())
        ),
        _ => format!("These devices open without a session: {}.", open.join(", ")),
    };
    Answer::new(open.is_empty(), what, facts.now)
}

fn lesson_before_access(facts: &Facts) -> Answer {
    let held = sessions_supervised(facts);
    if !held.ok {
        return held;
    }
    let say = Say {
        none: "No session with children has been opened in the last 90 days; none can be without a lesson first.",
        all: "Every session says what the children learned first.",
        some: "Some sessions do not say what the children learned first.",
    };
    every(facts, facts.sessions.iter(), |session| !session.lesson.trim().is_empty(), say)
}

/// Every group for these people blocks all of these, whatever the hour.
fn blocks(facts: &Facts, audiences: &[Audience], wanted: &[&str], say: (&str, &str)) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let opens = |group: &Group, id: &str| {
        !group.blocked.contains_key(id)
            || group.hours.values().any(|hours| matches!(&hours.does, Does::Without(open) if open.contains(id)))
    };
    let of = || policy.groups.values().filter(|group| audiences.contains(&group.audience));
    let short: Vec<&str> =
        of().filter(|group| wanted.iter().any(|id| opens(group, id))).map(|group| group.name.as_str()).collect();
    match (of().count(), short.is_empty()) {
        (0, _) => Answer::new(false, "There is no group for them yet.", facts.now),
        (_, true) => Answer::new(true, say.0, facts.now),
        (_, false) => Answer::new(false, format!("{} {}.", say.1, short.join(", ")), facts.now),
    }
}

fn personal_use_blocked(facts: &Facts) -> Answer {
    let say = (
        "Social media, personal email and gaming are blocked on every device of staff.",
        "Social media, personal email or gaming can be opened by:",
    );
    blocks(facts, &[Audience::Adults], &[SOCIAL, "webmail", "games"], say)
}

fn sharing_counts_as_social(facts: &Facts) -> Answer {
    let say = (
        "Where social media is blocked, so are dating and gaming: every kind of sharing and messaging counts.",
        "Some kinds of sharing and messaging are open to:",
    );
    blocks(facts, &[Audience::Children, Audience::Adults], &[SOCIAL, "dating", "games"], say)
}

/// SOC-05 is about working hours: blocked always, or by a schedule while the setting is open.
fn no_social_in_hours(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let held = |group: &Group| {
        let hours = |does: &Does| matches!(does, Does::Also(also) if also.contains_key(SOCIAL));
        let in_hours = |hours: &crate::filtering::hours::Hours| {
            matches!(hours.when, crate::filtering::hours::Times::Opening) && !facts.profile.hours.is_empty()
        };
        let opened = group.hours.values().any(|one| matches!(&one.does, Does::Without(open) if open.contains(SOCIAL)));
        !opened
            && (group.blocked.contains_key(SOCIAL) || group.hours.values().any(|one| in_hours(one) && hours(&one.does)))
    };
    let whose = |group: &&Group| matches!(group.audience, Audience::Adults | Audience::Guests);
    let open: Vec<&str> =
        policy.groups.values().filter(whose).filter(|group| !held(group)).map(|group| group.name.as_str()).collect();
    match open.is_empty() {
        true => {
            Answer::new(true, "Social media is blocked for adults and guests while the setting is open.", facts.now)
        }
        false => {
            Answer::new(false, format!("Social media is open in working hours for: {}.", open.join(", ")), facts.now)
        }
    }
}

fn downloads_blocked(facts: &Facts) -> Answer {
    let say = (
        "Sites for downloads and file sharing are blocked for children and for staff.",
        "Downloads and file sharing are open to:",
    );
    blocks(facts, &[Audience::Children, Audience::Adults], &["downloads"], say)
}

fn devices_checked(facts: &Facts) -> Answer {
    let say = Say {
        none: "No device is registered yet.",
        all: "Every device checked itself within a term, and is protected.",
        some: "Some devices have no good check of this term.",
    };
    let good = |device: &&Device| facts.checks.get(&device.id).is_some_and(|check| checks::is_good(check, facts.now));
    let mut answer = every(facts, in_use(facts), good, say);
    answer.ok &= in_use(facts).next().is_some();
    answer
}

fn shared_devices_taken(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let adults =
        |device: &&Device| policy.groups.get(&device.group_key).is_some_and(|group| group.audience == Audience::Adults);
    let shared = in_use(facts).filter(|device| device.person_id.is_none()).filter(adults);
    let since = facts.ago(QUARTER);
    let say = Say {
        none: "No device of staff is shared: each belongs to one person.",
        all: "Every shared device of staff was taken by somebody by name in the last 90 days.",
        some: "Some devices of staff are shared, and nobody said that they had them.",
    };
    every(facts, shared, |device| facts.uses.iter().any(|one| one.device_id == device.id && one.from_at >= since), say)
}

/// APP-03, APP-04: on this network the app is for our own devices. Mobile data passes by; what staff were told is signed.
fn progress_app_on_our_devices(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let Some(name) = facts.profile.apps.get("progress").map(|name| name.trim()).filter(|name| !name.is_empty()) else {
        return Answer::new(
            false,
            "Nobody has written down which app shows families their children\u{2019}s progress.",
            facts.now,
        );
    };
    let Some(app) = crate::progress_apps::find(name) else {
        let what =
            format!("Holdfast does not know on which sites {name} lives, so it cannot say to whom they are open.");
        return Answer::new(false, what, facts.now);
    };
    let closed =
        |group: &Group| app.sites.iter().all(|site| group.block.get(site).is_some_and(|one| one.until.is_none()));
    let open: Vec<&str> = policy
        .groups
        .values()
        .filter(|group| group.audience == Audience::Guests && !closed(group))
        .map(|group| group.name.as_str())
        .collect();
    let sites = app.sites.join(", ");
    match open.is_empty() {
        true => {
            Answer::new(true, format!("{name} ({sites}) is closed to guests and personal devices here."), facts.now)
        }
        false => Answer::new(false, format!("{name} ({sites}) can be opened by: {}.", open.join(", ")), facts.now),
    }
}

/// SOC-06: what was taken from somebody outside any concern says why. What comes of a concern says it there.
fn access_taken_with_reason(facts: &Facts) -> Answer {
    let adults = |device: domain::DeviceId| {
        let device = facts.devices.iter().find(|one| one.id == device);
        let audience = |device: &Device| facts.policy.as_ref()?.1.groups.get(&device.group_key).map(|one| one.audience);
        device.is_some_and(|device| device.person_id.is_some() || audience(device) == Some(Audience::Adults))
    };
    let since = facts.ago(super::super::facts::YEAR);
    let holds = facts.holds.iter().filter(|hold| hold.concern_id.is_none() && hold.placed_at >= since);
    let say = Say {
        none: "Nobody\u{2019}s access had to be taken away in the last year. A lead or the manager can, on the page of held devices.",
        all: "Every device that was taken from an adult in the last year says who did so and why.",
        some: "Some devices were taken from adults without a word of why.",
    };
    let told = |hold: &&store::devices::Hold| hold.reason.as_ref().is_some_and(|why| !why.trim().is_empty());
    every(facts, holds.filter(|hold| adults(hold.device_id)), told, say)
}

/// VUL-02: for children who need it stricter there is a group that opens no more than what somebody chose for them.
fn stricter_group_ready(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let children: Vec<(&String, &Group)> =
        policy.groups.iter().filter(|(_, group)| group.audience == Audience::Children).collect();
    let no_wider = |one: &Group, than: &Group| than.blocked.keys().all(|id| one.blocked.contains_key(id));
    let tighter = |one: &Group, than: &Group| {
        no_wider(one, than)
            && ((one.supervised && !than.supervised) || one.blocked.len() > than.blocked.len())
            && (one.supervised || !than.supervised)
    };
    let ready = children
        .iter()
        .find(|(key, group)| children.iter().any(|(other, wider)| key != other && tighter(group, wider)));
    match ready {
        Some((key, group)) => {
            let used = in_use(facts).filter(|device| device.group_key == **key).count();
            let what = format!(
                "\u{201c}{}\u{201d} stands ready for children who need it stricter. Devices in it: {used}.",
                group.name
            );
            Answer::new(true, what, facts.now)
        }
        None if children.iter().all(|(_, group)| group.supervised) && !children.is_empty() => {
            Answer::new(true, "Every children\u{2019}s group opens chosen material only, with an adult.", facts.now)
        }
        None => Answer::new(
            false,
            "No group of devices is stricter than the others, for children who need that.",
            facts.now,
        ),
    }
}

/// So long somebody may look at a screen before they say that they went there.
const SAY_SO: SignedDuration = SignedDuration::from_mins(15);

/// Who came, and after how long (S35). A name is asked for within a day: on a device that nobody had taken there is none yet.
fn help_answered(facts: &Facts) -> Answer {
    let old = |call: &&HelpCall, than: SignedDuration| facts.now.duration_since(call.called_at) > than;
    let silent = facts.help.iter().filter(|call| call.answered_at.is_none() && old(call, SAY_SO)).count();
    let nameless = facts
        .help
        .iter()
        .filter(|call| call.answered_at.is_some() && call.answered_by.is_none())
        .filter(|call| old(call, SignedDuration::from_hours(24)))
        .count();
    let mut after: Vec<i64> =
        facts.help.iter().filter(|call| call.answered_at.is_some()).map(crate::help::seconds).collect();
    after.sort_unstable();
    let what = match (facts.help.len(), silent, nameless) {
        (0, ..) => "No child has called for help in the last 90 days.".to_owned(),
        (_, 0, 0) => {
            let middle = after.get(after.len() / 2).copied().unwrap_or_default();
            let longest = after.last().copied().unwrap_or_default();
            let office = facts.help.iter().filter(|call| call.office_told_at.is_some()).count();
            format!(
                "Calls for help in the last 90 days: {}. Half were answered within {middle} seconds, the last after {longest}; the office was called to {office}.",
                facts.help.len()
            )
        }
        (_, 0, nameless) => format!("Of {nameless} calls for help nobody has said by name that they came."),
        (_, silent, _) => format!("To {silent} calls for help nobody has said that they came."),
    };
    Answer::new(silent == 0 && nameless == 0, what, facts.now)
}
