//! The gateway's process shuts itself in (S31): before it starts a thread it tells the kernel (Landlock) which folders it may
//! still open: its own, the compiled lists, what its configuration names, and the system's libraries. The records, their key
//! and everything else of this user are then closed to it for good, and with them the memory of other processes.
//!
//! What it is not: a limit on the network, which is the gateway's work, or a user of its own, which the service file gives. Where the
//! kernel has no Landlock the gateway runs as before and says so, in its status, to `doctor` and in the evidence.

use std::path::{Path, PathBuf};

use gateway::status::Sandbox;

use crate::cli::Listen;

/// What every program reads: libraries, names of hosts, certificates, devices. Nothing of ours lies there: of `/etc` only
/// these, because a configuration with a password of the database may lie beside them.
const SYSTEM: [&str; 18] = [
    "/usr",
    "/lib",
    "/lib64",
    "/proc",
    "/sys",
    "/dev",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/ssl",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/run/resolvconf",
];

/// Shuts this process in. Call it before the first thread: those that are there already would stay outside.
pub(crate) fn shut_in(dir: &Path, listen: &Listen) -> Sandbox {
    let named = [&listen.lists, &listen.fetched_lists, &listen.dns_certificate, &listen.dns_key];
    let more = [&listen.block_certificate, &listen.block_key];
    let data = dir.parent().map(Path::to_owned);
    let folders = named.into_iter().chain(more).flatten().map(|file| around(file, data.as_deref()));
    let mut readable: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).chain(folders).collect();
    // A program built for finding faults reads its content from the source tree; a released one carries it inside.
    if cfg!(debug_assertions) {
        readable.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content"));
    }
    if let Err(why) = landlock(dir, &readable) {
        return Sandbox::Open { why };
    }
    match data.as_deref().map(open_still) {
        Some(Some(why)) => Sandbox::Open { why },
        _ => Sandbox::Shut,
    }
}

/// The folder of a file that may be replaced while the gateway runs; the file alone where the records lie beside it.
fn around(file: &Path, data: Option<&Path>) -> PathBuf {
    match file.parent() {
        Some(folder) if Some(folder) != data && !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => file.to_owned(),
    }
}

/// Tries what must not work any more: to list the folder of the records, and to open what lies in it.
fn open_still(data: &Path) -> Option<String> {
    let data = if data.as_os_str().is_empty() { Path::new(".") } else { data };
    match std::fs::File::open(data) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
        Err(error) => return Some(format!("it could not be tried: {}: {error}", data.display())),
        Ok(_) => return Some(format!("the kernel was told to close {}, and it opens", data.display())),
    }
    let database = data.join(store::db::FILE);
    let opens = std::fs::File::open(&database).is_ok();
    opens.then(|| format!("the kernel was told to close {}, and it opens", database.display()))
}

#[cfg(target_os = "linux")]
fn landlock(dir: &Path, readable: &[PathBuf]) -> Result<(), String> {
    use landlock::{
        ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
        path_beneath_rules,
    };
    // What a later kernel could close besides is asked for as far as this one knows it.
    let abi = ABI::V3;
    let restrict = || -> Result<RulesetStatus, RulesetError> {
        let rules = Ruleset::default().handle_access(AccessFs::from_all(abi))?.create()?;
        let rules = rules.add_rules(path_beneath_rules(readable, AccessFs::from_read(abi)))?;
        let rules = rules.add_rules(path_beneath_rules([dir], AccessFs::from_all(abi)))?;
        Ok(rules.restrict_self()?.ruleset)
    };
    match restrict() {
        Ok(RulesetStatus::NotEnforced) => Err("this kernel has no Landlock".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(not(target_os = "linux"))]
fn landlock(_: &Path, _: &[PathBuf]) -> Result<(), String> {
    Err("this system has no Landlock".to_owned())
}
