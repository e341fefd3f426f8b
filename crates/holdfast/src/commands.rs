//! What the commands that need records do, in an open house.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use app::accounts::{self, ApiScope, TokenRequest};
use app::gateway::Question;
use domain::{Actor, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Scope;
use store::settings::Setting;

use crate::control::{Proof, Reply};
use crate::house::{self, House};

/// Evidence, as the contract prints it.
pub(crate) async fn evidence(house: &House, key: Option<&str>, proof: Option<Proof>) -> anyhow::Result<Reply> {
    who_asks(house, proof).await?;
    let setting = setting(house, key).await?;
    let mut ctx = house.services.system();
    Ok(Reply::yes(crate::evidence::as_json(&house.services, &mut ctx, setting.id).await?))
}

/// Walks chain, heads and rows.
pub(crate) async fn audit_verify(house: &House) -> anyhow::Result<Reply> {
    let report = store::audit::verify(&house.services.db, &[]).await?;
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let data = json!({
        "whole": report.is_whole(), "links": report.links, "heads": report.heads, "rows": report.rows,
        "destroyed": report.destroyed, "findings": findings,
    });
    let say = match findings.first() {
        None => format!("The chain holds: {} links, {} records compared.", report.links, report.rows),
        Some(first) => format!("The chain is broken. {first}"),
    };
    Ok(Reply::said(report.is_whole(), data, say))
}

/// Writes the chain to a file.
pub(crate) async fn audit_export(house: &House, out: &Path) -> anyhow::Result<Reply> {
    let file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    let mut file = BufWriter::new(file);
    let links = store::audit::export(&house.services.db, Scope::All, &mut file).await?;
    file.flush().and_then(|()| file.get_ref().sync_all()).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(Reply::yes(json!({ "links": links, "file": out })))
}

/// Makes a backup.
pub(crate) async fn backup_create(house: &House, out: &Path, key: Option<&str>) -> anyhow::Result<Reply> {
    let scope = match key {
        Some(_) => Scope::Setting(setting(house, key).await?.id),
        None => Scope::All,
    };
    let summary = store::backup::create(&house.services.db, scope, out, house::now()).await?;
    let data = json!({ "file": out, "rows": summary.rows, "bytes": summary.bytes, "made_at": summary.made_at });
    Ok(Reply::said(true, data, format!("{} rows in {}. The recovery code opens it.", summary.rows, out.display())))
}

/// Makes a token for the API.
pub(crate) async fn token(
    house: &House,
    user: &str,
    lasts_seconds: i64,
    scopes: &[String],
    proof: Option<Proof>,
) -> anyhow::Result<Reply> {
    let services = &house.services;
    let mut ctx = services.system();
    let Ok(member) = accounts::api_tokens::member_by_username(services, &ctx, user).await else {
        return Ok(Reply::no(format!("Nobody called {user} has a role here today.")));
    };
    ctx.actor = Actor::Member(member);
    let mut wanted = BTreeSet::new();
    for scope in scopes {
        wanted.insert(ApiScope::from_key(scope).with_context(|| format!("there is no scope called {scope}"))?);
    }
    let request = TokenRequest { lasts: SignedDuration::from_secs(lasts_seconds), scopes: wanted };
    let how = match &proof {
        Some(proof) => accounts::Proof::Own { password: &proof.password, code: &proof.code },
        None => accounts::Proof::Demo,
    };
    match accounts::make_token(services, &mut ctx, &request, how).await {
        Ok((token, until)) => Ok(Reply::yes(json!({ "token": token.expose(), "expires": until }))),
        Err(app::Error::Invalid(wrong)) => Ok(Reply::no(wrong.into_values().collect::<Vec<_>>().join(" "))),
        Err(app::Error::Refused(_)) => Ok(Reply::no(format!("The roles of {user} may not make tokens."))),
        Err(error) => Err(error.into()),
    }
}

/// Asks the filter what a group would get.
pub(crate) async fn decide(
    house: &House,
    group: &str,
    device: Option<&str>,
    at: Option<Timestamp>,
    urls: &[String],
) -> anyhow::Result<Reply> {
    let services = &house.services;
    let setting = setting(house, None).await?;
    let reader = services.db.read(Scope::Setting(setting.id)).await?;
    let now = at.unwrap_or_else(house::now);
    let snapshot = app::filtering::publish::snapshot(services, &reader, setting.id, 1, now).await?;
    if !snapshot.groups.contains_key(group) {
        let known: Vec<&str> = snapshot.groups.keys().map(String::as_str).collect();
        return Ok(Reply::no(format!("There is no group called {group}. There are: {}.", known.join(", "))));
    }
    let device = match device {
        None => None,
        Some(name) => {
            let devices = store::devices::list(&reader, setting.id).await?;
            let found = devices
                .iter()
                .find(|device| device.name.eq_ignore_ascii_case(name) || device.proxy_user.as_deref() == Some(name));
            Some(found.with_context(|| format!("there is no device called {name}"))?.id)
        }
    };
    drop(reader);
    let mut answers = Vec::new();
    let mut understood = true;
    for url in urls {
        let question = Question { group: group.to_owned(), device, url: url.clone() };
        let mut answer = match services.gateway.decide(&snapshot, &question, now) {
            Ok(answer) => serde_json::to_value(answer)?,
            Err(why) => {
                understood = false;
                json!({ "error": why })
            }
        };
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("url".to_owned(), Value::String(url.clone()));
        }
        answers.push(answer);
    }
    Ok(Reply { yes: understood, data: Value::Array(answers), say: None })
}

/// Runs the self-test for every setting.
pub(crate) async fn self_test(house: &House) -> anyhow::Result<Reply> {
    let services = &house.services;
    let mut all = Vec::new();
    let mut passed = true;
    for setting in settings(house).await? {
        let mut ctx = services.system();
        match app::self_test::run_for(services, &mut ctx, setting.id).await {
            Ok(results) => {
                passed &= results.iter().all(|result| result.passed);
                all.extend(results);
            }
            Err(app::Error::Unavailable { say }) => return Ok(Reply::no(say)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Reply { yes: passed && !all.is_empty(), data: serde_json::to_value(all)?, say: None })
}

pub(crate) async fn settings(house: &House) -> anyhow::Result<Vec<Setting>> {
    let reader = house.services.db.read(Scope::All).await?;
    Ok(store::settings::list(&reader).await?)
}

/// The setting of a key or name; the only one when none is named.
async fn setting(house: &House, key: Option<&str>) -> anyhow::Result<Setting> {
    let mut all = settings(house).await?;
    let is = |setting: &Setting, key: &str| {
        let own = setting.profile.get("key").and_then(Value::as_str);
        own.is_some_and(|own| own.eq_ignore_ascii_case(key)) || setting.name.eq_ignore_ascii_case(key)
    };
    match key {
        Some(key) => {
            let id: Option<SettingId> = key.parse().ok();
            all.into_iter()
                .find(|setting| is(setting, key) || Some(setting.id) == id)
                .with_context(|| format!("there is no setting called {key}"))
        }
        None if all.len() == 1 => all.pop().context("no setting"),
        None if all.is_empty() => anyhow::bail!("there is no setting yet. Start Holdfast and follow the set-up link"),
        None => {
            let names: Vec<&str> = all.iter().map(|setting| setting.name.as_str()).collect();
            anyhow::bail!("there are several settings; name one with --setting: {}", names.join(", "))
        }
    }
}

/// Outside the demo, whoever prints records shows their own password and second factor; it is audited and they are told
/// (S16).
async fn who_asks(house: &House, proof: Option<Proof>) -> anyhow::Result<()> {
    if house.services.demo {
        return Ok(());
    }
    let proof = proof.context("outside the demo this asks for your own username, password and second step")?;
    let services = &house.services;
    let mut ctx = services.system();
    let member = accounts::api_tokens::member_by_username(services, &ctx, &proof.user)
        .await
        .map_err(|_| anyhow::anyhow!("that username, password or code is not right"))?;
    ctx.actor = Actor::Member(member);
    accounts::prove_at_terminal(services, &mut ctx, &proof.password, &proof.code)
        .await
        .map_err(|_| anyhow::anyhow!("that username, password or code is not right"))
}
