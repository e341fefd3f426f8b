//! Inspection's certificates (S29): a root of its own, made only when inspection is approved, its key encrypted to a key that
//! control alone can open; and an authority under it, left in the gateway's folder until the day when inspection ends.
//!
//! What it is not: a decision. Whether, for whom and until when stands in the policy that two people agreed on.

use std::path::Path;

use anyhow::Context;
use filter::PolicySnapshot;
use jiff::Timestamp;

/// Beside `DATA/tls`, since it is another root: `DATA/inspection`.
const FOLDER: &str = "inspection";
const ROOT: &str = "root.crt";
const KEY: &str = "root.key.age";
/// Until when the authority in the gateway's folder is.
const MARK: &str = "inspection.until";

/// Brings the gateway's folder into line with the policy that it is about to get.
///
/// # Errors
/// The folders, or the root in them.
pub(crate) fn settle(
    gateway: &Path,
    identity: &age::x25519::Identity,
    snapshot: &PolicySnapshot,
    now: Timestamp,
) -> anyhow::Result<()> {
    let files = gateway::inspection_files(gateway);
    let mark = gateway.join(MARK);
    let Some(until) =
        snapshot.inspection.values().map(|inspection| inspection.until).max().filter(|until| now < *until)
    else {
        for path in [&files.chain, &files.key, &mark] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot take {} away", path.display()));
                }
                _ => {}
            }
        }
        return Ok(());
    };
    let said = until.to_string();
    if files.chain.exists() && std::fs::read_to_string(&mark).is_ok_and(|there| there == said) {
        return Ok(());
    }
    let folder = gateway.parent().unwrap_or(gateway).join(FOLDER);
    crate::house::make_folder(&folder)?;
    crate::house::make_folder(gateway)?;
    let (root, key) = root(&folder, identity, now)?;
    let mut never: Vec<String> = snapshot.never_log.iter().chain(&snapshot.always).cloned().collect();
    never.extend(filter::exempt::names().map(str::to_owned));
    let authority = web::tls::inspection_authority(&root, &key, &never, now, until)?;
    crate::demo::write_private(&files.key, authority.key_pem.as_bytes())?;
    crate::demo::write_private(&files.chain, authority.chain_pem.as_bytes())?;
    crate::demo::write_private(&mark, said.as_bytes())
}

/// The root and its key, made when there is none.
fn root(folder: &Path, identity: &age::x25519::Identity, now: Timestamp) -> anyhow::Result<(String, String)> {
    let (root, key) = (folder.join(ROOT), folder.join(KEY));
    if root.exists() && key.exists() {
        let sealed = std::fs::read(&key).with_context(|| format!("cannot read {}", key.display()))?;
        let opened = age::decrypt(identity, &sealed).context("inspection's root cannot be opened")?;
        let root = std::fs::read_to_string(&root).with_context(|| format!("cannot read {}", root.display()))?;
        return Ok((root, String::from_utf8(opened).context("inspection's root is damaged")?));
    }
    let (certificate, private) = web::tls::make_inspection_root(now)?;
    let sealed =
        age::encrypt(&identity.to_public(), private.as_bytes()).context("inspection's root cannot be closed")?;
    crate::demo::write_private(&key, &sealed)?;
    crate::demo::write_private(&root, certificate.as_bytes())?;
    Ok((certificate, private))
}
