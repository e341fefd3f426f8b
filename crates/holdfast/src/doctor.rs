//! `holdfast doctor`: what is wrong with this installation, and how to mend it. Each finding is one sentence and one
//! thing to do.

mod network;

use serde::Serialize;
use serde_json::json;
use store::Scope;

use crate::control::Reply;
use crate::house::{self, House};

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    /// As it should be.
    Well,
    /// Works, but somebody should know.
    Mind,
    /// Mend it.
    Wrong,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    stands: Stands,
    say: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    mend: String,
}

/// Looks at everything that can be seen from here. "No" when anything is wrong.
pub(crate) async fn look(house: &House) -> anyhow::Result<Reply> {
    let mut found = vec![gateway(house), lists(house), sealed(house), keys(house), space(house), mail(house)];
    found.push(apart(house));
    found.push(upstream(house));
    found.extend(around(house));
    found.extend(silent(house));
    found.push(clock(house).await?);
    found.push(jobs(house).await?);
    let wrong = found.iter().filter(|finding| finding.stands == Stands::Wrong).count();
    let say = match wrong {
        0 => "Nothing is wrong that can be seen from here.".to_owned(),
        1 => "One thing is wrong.".to_owned(),
        many => format!("{many} things are wrong."),
    };
    Ok(Reply::said(wrong == 0, json!(found), say))
}

fn finding(what: &'static str, stands: Stands, say: impl Into<String>, mend: &str) -> Finding {
    Finding { what, stands, say: say.into(), mend: mend.to_owned() }
}

/// Whether the gateway's process could open the records (S31).
fn apart(house: &House) -> Finding {
    use app::gateway::Apart;
    match house.services.gateway.status().map(|status| status.apart) {
        Some(Apart::Shut) => finding("apart", Stands::Well, "The gateway cannot open the records; it tried.", ""),
        Some(Apart::Shared) => {
            finding("apart", Stands::Mind, "The gateway shares the process of the records, as in a demo.", "")
        }
        Some(Apart::Open(why)) => finding(
            "apart",
            Stands::Mind,
            format!("The gateway could open the records\u{2019} files, which are encrypted: {why}."),
            "Use a kernel with Landlock (Linux 5.13 or later), or give the gateway a user of its own.",
        ),
        None => finding("apart", Stands::Mind, "The gateway does not run, so nothing can be said of its process.", ""),
    }
}

fn gateway(house: &House) -> Finding {
    let fresh =
        house.services.gateway.status().filter(|status| house::now().duration_since(status.at).as_secs().abs() < 15);
    match fresh {
        Some(status) if status.policy.is_some() => {
            finding("gateway", Stands::Well, format!("It answers: DNS {}, proxy {}.", status.dns, status.proxy), "")
        }
        Some(_) => finding(
            "gateway",
            Stands::Wrong,
            "It runs without a policy that it can trust: every device gets only our pages and help services.",
            "Start Holdfast again; it hands the policy over at each start.",
        ),
        None => finding("gateway", Stands::Wrong, "It does not run.", "Start Holdfast: `holdfast serve` starts it."),
    }
}

fn lists(house: &House) -> Finding {
    let status = house.services.gateway.status();
    let Some(names) = status.as_ref().and_then(|status| status.list_names) else {
        return finding(
            "lists",
            Stands::Wrong,
            "No list is loaded: children's devices are closed without one.",
            "Name a folder of lists in the configuration (`lists`), then start again.",
        );
    };
    if let Some(why) = status.and_then(|status| status.lists_refused) {
        let say = format!("The newest lists were not taken: {why} The last good ones stay in force.");
        return finding("lists", Stands::Wrong, say, "Look at the file that is named, or take the earlier one back.");
    }
    if let Some(why) = house::refused_lists(&house.services.data) {
        let say = format!("The newest lists were not taken at the last start: {why}");
        return finding("lists", Stands::Wrong, say, "Mend what `lists` names, or fetch it again; then start again.");
    }
    if names < 10_000 {
        let say = format!("Only {names} names: our own small lists, to try things with.");
        return finding("lists", Stands::Mind, say, "Use real category lists: see the operator's book.");
    }
    finding("lists", Stands::Well, format!("{names} names."), "")
}

fn sealed(house: &House) -> Finding {
    let how = "Ask your filtering provider in writing whether its resolvers carry the IWF and CTIRU lists, and keep them \
               upstream; or load a signed list: see the operator's book.";
    let Some(status) = house.services.gateway.status() else {
        return finding("sealed tier", Stands::Wrong, "Not known while the gateway does not run.", "");
    };
    let troubles = crate::sealed_tier::troubles(&house.services.data);
    if let Some(why) = status.sealed_refused.as_ref().or(troubles.first()) {
        let say = format!("{} The newest list was not taken: {why}", status.sealed);
        return finding(
            "sealed tier",
            Stands::Wrong,
            say,
            "Ask the supplier for the list once more. The old one holds.",
        );
    }
    if let Some(old) = status.sealed_lists.iter().find(|list| list.is_stale(house::now())) {
        let say = format!("Stale. {} The list of {} is older than a week.", status.sealed, old.by);
        return finding("sealed tier", Stands::Wrong, say, "Ask the supplier why no newer list comes.");
    }
    match status.sealed_supplied {
        true => finding("sealed tier", Stands::Well, status.sealed, ""),
        false => finding("sealed tier", Stands::Wrong, status.sealed, how),
    }
}

fn keys(house: &House) -> Finding {
    if !house.keys.recovery_is_confirmed() && !house.services.demo {
        return finding(
            "recovery code",
            Stands::Wrong,
            "Nobody has typed it back: a lost machine key would lose every record.",
            "Finish the set-up, or make a new code on the page \u{201c}Keys\u{201d}.",
        );
    }
    if house.services.data.join("machine.key").exists() {
        return finding(
            "machine key",
            Stands::Mind,
            "It lies beside the data. Whoever takes the whole box can open it.",
            "Put the box in a locked cupboard, or hand the key over as a systemd credential: see the operator's book.",
        );
    }
    finding("machine key", Stands::Well, "Handed over by the system.", "")
}

fn space(house: &House) -> Finding {
    if house.services.db.is_short_of_space() {
        return finding("disk", Stands::Wrong, "It is full. Reports still work, from the reserve.", "Make room now.");
    }
    let free = rustix::fs::statvfs(house.services.db.folder()).map(|about| about.f_bavail * about.f_frsize);
    match free {
        Ok(free) if free < 512 << 20 => {
            finding("disk", Stands::Wrong, format!("{} MB are left.", free >> 20), "Make room: 2 GB are comfortable.")
        }
        Ok(free) => finding("disk", Stands::Well, format!("{} MB are free.", free >> 20), ""),
        Err(error) => finding("disk", Stands::Mind, format!("Free space cannot be read: {error}."), ""),
    }
}

fn mail(house: &House) -> Finding {
    let way = house.services.mailer.describe();
    let stands = if way.starts_with("not set up") { Stands::Mind } else { Stands::Well };
    finding("mail", stands, format!("People are told {way}."), "")
}

fn upstream(house: &House) -> Finding {
    let resolvers = house.services.gateway.status().map(|status| status.upstreams).unwrap_or_default();
    if resolvers.is_empty() {
        return finding("upstream", Stands::Mind, "No question has gone to a resolver yet.", "");
    }
    let silent: Vec<&str> = resolvers.iter().filter(|(_, answers)| !answers).map(|(name, _)| name.as_str()).collect();
    if silent.is_empty() {
        return finding("upstream", Stands::Well, "All resolvers answer.", "");
    }
    let say = format!("No answer from {}.", silent.join(", "));
    let stands = if silent.len() == resolvers.len() { Stands::Wrong } else { Stands::Mind };
    finding("upstream", stands, say, "Check the line, and the addresses that your filtering provider gave you.")
}

/// What the network hands out beside us, as far as this machine sees it.
fn around(house: &House) -> Vec<Finding> {
    let status = house.services.gateway.status();
    let dns = status.as_ref().and_then(|status| status.dns.parse().ok());
    let upstreams = status.iter().flat_map(|status| &status.upstreams);
    let asked = upstreams.filter_map(|(name, _)| name.parse::<gateway::Upstream>().ok()).map(|one| one.address.ip());
    network::look(dns, &asked.collect())
}

/// Devices that are here and ask nothing may ask somebody else.
fn silent(house: &House) -> Option<Finding> {
    let many = house.services.gateway.status()?.silent;
    (many > 0).then(|| {
        finding(
            "silent devices",
            Stands::Mind,
            format!("{many} on the network for an hour or more without one question here. They may ask another DNS, or only sleep."),
            "Look at each one's network settings; close other ways to a DNS in the router (see the operator's book).",
        )
    })
}

/// A clock that stands before the last audit entry is suspect (S43).
async fn clock(house: &House) -> anyhow::Result<Finding> {
    let reader = house.services.db.read(Scope::All).await?;
    let now = house::now();
    for setting in store::settings::list(&reader).await? {
        if let Some(newest) = app::wrong_clock::ahead_of(&reader, setting.id, now).await? {
            let calendar = &house.services.calendar;
            let say = format!(
                "It says {}, and the newest record is of {}. Reports are taken and flagged, everybody keeps their role, nothing is destroyed; codes from a telephone do not fit a wrong clock.",
                calendar.say(now),
                calendar.say(newest)
            );
            return Ok(finding(
                "clock",
                Stands::Wrong,
                say,
                "Set the clock of this machine, by a time server if you can. Until then sign in with a recovery code.",
            ));
        }
    }
    Ok(finding("clock", Stands::Well, "It runs forward.", ""))
}

async fn jobs(house: &House) -> anyhow::Result<Finding> {
    let stuck = app::jobs::poisoned(&house.services).await?;
    let Some(first) = stuck.first() else { return Ok(finding("jobs", Stands::Well, "None is stuck.", "")) };
    let say = format!("{} gave up after ten tries. The first: {} ({}).", stuck.len(), first.kind, first.failed);
    Ok(finding("jobs", Stands::Wrong, say, "Mend the cause; they can be revived on the page \u{201c}Jobs\u{201d}."))
}
