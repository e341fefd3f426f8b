//! `holdfast role-card`: the local role card, put aside while all is well and loaded when the filter can read no policy (S30).
//!
//! It asks no account and no record: whoever may write the gateway's folder may load one, and what it may say was signed
//! beforehand by the records.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use ed25519_dalek::VerifyingKey;
use serde_json::json;

use crate::{cli, house, output};

pub(crate) fn run(command: cli::RoleCard) -> anyhow::Result<ExitCode> {
    match command {
        cli::RoleCard::Take { data, out } => {
            let dir = data.data.join("gateway");
            let from = gateway::role_card::fresh(&dir);
            let card = gateway::role_card::read(&from, &key(&dir)?, house::now())
                .context("no good card lies here. Start Holdfast once, so that it writes one")?;
            anyhow::ensure!(!out.exists(), "{} is there already", out.display());
            let bytes = std::fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
            crate::demo::write_private(&out, &bytes)?;
            said(&card)
        }
        cli::RoleCard::Load { data, file } => {
            let dir = data.data.join("gateway");
            let card = gateway::role_card::load(&dir, &file, &key(&dir)?, house::now())?;
            said(&card)
        }
    }
}

fn said(card: &filter::PolicySnapshot) -> anyhow::Result<ExitCode> {
    let groups: Vec<&str> =
        card.groups.iter().filter(|(key, _)| **key != card.strictest).map(|(_, group)| group.name.as_str()).collect();
    output::json(&json!({ "of": card.made_at, "groups": groups, "devices": card.devices.len() }))?;
    Ok(ExitCode::SUCCESS)
}

/// Whose signature counts here.
fn key(dir: &Path) -> anyhow::Result<VerifyingKey> {
    let path = dir.join("snapshot.pub");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).with_context(|| format!("{} is damaged", path.display()))?;
    Ok(VerifyingKey::from_bytes(&bytes)?)
}
