//! The commands that ask: put the question, print the answer as the contract says, exit 0 for yes and 1 for no.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use store::{DbConfig, MachineKey, RecoveryCode};

use crate::cli;
use crate::control::{self, Ask, Proof, Reply};
use crate::{house, output};

pub(crate) async fn filter(command: cli::Filter) -> anyhow::Result<ExitCode> {
    match command {
        cli::Filter::Decide { data, group, device, person: _, at, urls } => {
            let reply = control::ask(&data.data, Ask::Decide { group, device, at, urls }).await?;
            output::json_lines(reply.data.as_array().into_iter().flatten())?;
            Ok(exit(&reply))
        }
        cli::Filter::Test { data, json } => {
            let reply = control::ask(&data.data, Ask::SelfTest).await?;
            match json {
                true => output::json(&reply.data)?,
                false => probes(&reply.data),
            }
            Ok(exit(&reply))
        }
    }
}

fn probes(results: &Value) {
    let text = |result: &Value, key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for result in results.as_array().into_iter().flatten() {
        let passed = result.get("passed").and_then(Value::as_bool).unwrap_or_default();
        println!(
            "{}  {:<16} {:<6} {:<40} expected {}, got {}",
            if passed { "pass" } else { "FAIL" },
            text(result, "group"),
            text(result, "path"),
            text(result, "what"),
            text(result, "expected"),
            text(result, "got"),
        );
    }
}

pub(crate) async fn evidence(options: cli::Evidence) -> anyhow::Result<ExitCode> {
    let data = &options.data.data;
    let ask = Ask::Evidence { setting: options.setting, proof: proof(data, None)? };
    let reply = control::ask(data, ask).await?;
    match options.json {
        true => output::json(&reply.data)?,
        false => {
            for row in reply.data.as_array().into_iter().flatten() {
                let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
                println!("{:<8} {}", text("id"), text("status"));
            }
        }
    }
    Ok(exit(&reply))
}

pub(crate) async fn audit(command: cli::Audit) -> anyhow::Result<ExitCode> {
    match command {
        cli::Audit::Verify { file: Some(file), json, .. } => {
            let reader = File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let report = store::audit::verify_file(BufReader::new(reader), None)?;
            let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
            let say = match findings.first() {
                None => {
                    format!("The exported chain holds: {} links, signed by {}.", report.links, report.verifying_key)
                }
                Some(first) => format!("The exported chain is broken. {first}"),
            };
            let data = json!({ "whole": findings.is_empty(), "links": report.links, "findings": findings,
                "verifying_key": report.verifying_key });
            if json {
                output::json(&data)?;
            }
            Ok(exit(&Reply::said(findings.is_empty(), data, say)))
        }
        cli::Audit::Verify { data, file: None, json } => {
            let reply = control::ask(&data.data, Ask::AuditVerify).await?;
            if json {
                output::json(&reply.data)?;
            }
            Ok(exit(&reply))
        }
        cli::Audit::Export { data, out } => {
            let reply = control::ask(&data.data, Ask::AuditExport { out: absolute(&out)? }).await?;
            output::json(&reply.data)?;
            Ok(exit(&reply))
        }
    }
}

pub(crate) async fn backup(command: cli::Backup) -> anyhow::Result<ExitCode> {
    match command {
        cli::Backup::Create { data, out, setting } => {
            let ask = Ask::BackupCreate { out: absolute(&out)?, setting };
            let reply = control::ask(&data.data, ask).await?;
            output::json(&reply.data)?;
            Ok(exit(&reply))
        }
        cli::Backup::Verify { file, recovery_code_file } => {
            let code = recovery_code(recovery_code_file.as_deref())?;
            let summary = store::backup::verify(&file, &code)?;
            output::json(&json!({ "whole": true, "rows": summary.rows, "bytes": summary.bytes,
                "made_at": summary.made_at }))?;
            Ok(ExitCode::SUCCESS)
        }
        cli::Backup::Restore { file, data, database_url, recovery_code_file } => {
            let code = recovery_code(recovery_code_file.as_deref())?;
            restore(&file, &data.data, database_url.as_deref(), &code).await
        }
    }
}

async fn restore(file: &Path, data: &Path, url: Option<&str>, code: &RecoveryCode) -> anyhow::Result<ExitCode> {
    house::make_folder(data)?;
    let config = match url {
        Some(url) => DbConfig::postgres(data, url),
        None => DbConfig::sqlite(data),
    };
    let now = house::now();
    let mut rng = StdRng::from_rng(&mut rand::rng());
    let mut ctx = domain::OpCtx {
        actor: domain::Actor::System,
        now,
        request_id: domain::id::fresh(now, &mut rng),
        rng: Box::new(rng),
        client: domain::ctx::Client::default(),
    };
    let restored = store::backup::restore(file, code, &config, &MachineKey::beside(data), &mut ctx, &[]).await?;
    crate::serve::remember(data, url)?;
    output::json(&json!({ "rows": restored.summary.rows, "made_at": restored.summary.made_at, "data": data }))?;
    if let Some(fresh) = restored.code {
        println!("This folder has new keys. Its recovery code, shown once: {}", fresh.printable().as_str());
    }
    restored.db.close().await;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn token(command: cli::Token) -> anyhow::Result<ExitCode> {
    let cli::Token::Create { data, user, expires, scope } = command;
    let proof = proof(&data.data, Some(&user))?;
    let ask = Ask::Token { user, lasts_seconds: expires.as_secs(), scopes: scope, proof };
    let reply = control::ask(&data.data, ask).await?;
    if let Some(token) = reply.data.get("token").and_then(Value::as_str) {
        println!("{token}");
    }
    Ok(exit(&reply))
}

pub(crate) async fn doctor(options: cli::Doctor) -> anyhow::Result<ExitCode> {
    let reply = control::ask(&options.data.data, Ask::Doctor).await?;
    if options.json {
        output::json(&reply.data)?;
        return Ok(exit(&reply));
    }
    for finding in reply.data.as_array().into_iter().flatten() {
        let text = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or_default();
        println!("{:<6} {:<14} {}", text("stands"), text("what"), text("say"));
        if !text("mend").is_empty() {
            println!("       {:<14} \u{2192} {}", "", text("mend"));
        }
    }
    Ok(exit(&reply))
}

fn exit(reply: &Reply) -> ExitCode {
    if let Some(say) = &reply.say {
        eprintln!("{say}");
    }
    if reply.yes { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The running program may stand in another folder.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}

/// Who asks, outside the demo (S16): typed at the terminal, never on the command line, where others could read it.
fn proof(data: &Path, user: Option<&str>) -> anyhow::Result<Option<Proof>> {
    if data.join(crate::demo::CREDENTIALS).exists() {
        return Ok(None);
    }
    let user = match user {
        Some(user) => user.to_owned(),
        None => question("Your username: ", Echo::On)?,
    };
    let password = question("Your password: ", Echo::Off)?;
    let code = question("The six figures of your second step: ", Echo::On)?;
    Ok(Some(Proof { user, password, code }))
}

/// The paper's code: from a file, from the environment, from a demo's own note, or typed.
fn recovery_code(file: Option<&Path>) -> anyhow::Result<RecoveryCode> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
        None => match std::env::var("HOLDFAST_RECOVERY_CODE").ok().or_else(demo_code) {
            Some(code) => code,
            None => question("The recovery code, from the paper: ", Echo::On)?,
        },
    };
    text.trim().parse().map_err(|why| anyhow::anyhow!("that is no recovery code: {why}"))
}

/// A demo's people are invented; its code lies in its own folder, so that backups can be tried.
fn demo_code() -> Option<String> {
    let folder = std::env::var_os("HOLDFAST_DATA").map_or_else(|| PathBuf::from("./holdfast-data"), PathBuf::from);
    let text = std::fs::read(folder.join(crate::demo::CREDENTIALS)).ok()?;
    let value: Value = serde_json::from_slice(&text).ok()?;
    Some(value.get("recovery_code")?.as_str()?.to_owned())
}

#[derive(PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

fn question(words: &str, echo: Echo) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    eprint!("{words}");
    std::io::stderr().flush()?;
    let terminal = stdin.is_terminal() && echo == Echo::Off;
    let before = if terminal { Some(rustix::termios::tcgetattr(&stdin)?) } else { None };
    if let Some(before) = &before {
        let mut silent = before.clone();
        silent.local_modes.remove(rustix::termios::LocalModes::ECHO);
        rustix::termios::tcsetattr(&stdin, rustix::termios::OptionalActions::Now, &silent)?;
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if let Some(before) = &before {
        rustix::termios::tcsetattr(&stdin, rustix::termios::OptionalActions::Now, before)?;
        eprintln!();
    }
    read?;
    anyhow::ensure!(!line.trim().is_empty(), "nothing was typed");
    Ok(line.trim().to_owned())
}
