//! What a machine must have, and how it gets it. On Debian as root it is installed; elsewhere it is named.

use anyhow::{Result, bail};

use crate::sh;

/// Oldest Node.js with which the assets build.
const NODE: u32 = 20;

/// One thing that must be there.
struct Need {
    /// In words.
    what: &'static str,
    /// The Debian package.
    debian: &'static str,
    /// Is it there?
    there: fn() -> bool,
}

const BUILDING: [Need; 5] = [
    Need { what: "a C compiler (cc)", debian: "build-essential", there: || sh::exists("cc") },
    Need { what: "pkg-config", debian: "pkg-config", there: || sh::exists("pkg-config") },
    Need {
        what: "the OpenSSL headers, for SQLCipher's cryptography",
        debian: "libssl-dev",
        there: || sh::succeeds("pkg-config", &["--exists", "libcrypto"]),
    },
    Need { what: "Node.js 20 or newer (to build styles and scripts; not to run)", debian: "nodejs", there: node },
    Need { what: "npm", debian: "npm", there: || sh::exists("npm") },
];

const TESTING: [Need; 10] = [
    Need { what: "PostgreSQL's server", debian: "postgresql", there: postgres },
    Need { what: "Chromium", debian: "chromium", there: || sh::exists("chromium") },
    Need { what: "certutil (what a browser trusts)", debian: "libnss3-tools", there: || sh::exists("certutil") },
    Need { what: "chromedriver", debian: "chromium-driver", there: || sh::exists("chromedriver") },
    Need { what: "dig", debian: "bind9-dnsutils", there: || sh::exists("dig") },
    Need { what: "kdig", debian: "knot-dnsutils", there: || sh::exists("kdig") },
    Need { what: "pdftotext and pdfinfo", debian: "poppler-utils", there: || sh::exists("pdftotext") },
    Need { what: "7-Zip", debian: "7zip", there: || sh::exists("7z") || sh::exists("7zz") },
    Need { what: "clamd, the virus scanner", debian: "clamav-daemon", there: || daemon("clamd") },
    Need { what: "dnsperf", debian: "dnsperf", there: || sh::exists("dnsperf") },
];

/// The servers that ours is measured beside. Nothing fails without them; they are left out of the figures.
const PEERS: [Need; 8] = [
    Need { what: "unbound", debian: "unbound", there: || daemon("unbound") },
    Need { what: "dnsmasq", debian: "dnsmasq-base", there: || daemon("dnsmasq") },
    Need { what: "dnsdist", debian: "dnsdist", there: || daemon("dnsdist") },
    Need { what: "tinyproxy", debian: "tinyproxy", there: || daemon("tinyproxy") },
    Need { what: "e2guardian", debian: "e2guardian", there: || daemon("e2guardian") },
    Need { what: "squid", debian: "squid", there: || daemon("squid") },
    Need { what: "nginx", debian: "nginx", there: || daemon("nginx") },
    Need { what: "pdns-recursor", debian: "pdns-recursor", there: || daemon("pdns_recursor") },
];

/// Debian keeps some of them where only root looks.
fn daemon(name: &str) -> bool {
    ["/usr/sbin", "/usr/bin"].iter().any(|folder| std::path::Path::new(folder).join(name).is_file())
}

/// Gets what measuring is better with, where that can be had.
pub(crate) fn for_measuring() {
    if let Err(missing) = ensure(&PEERS) {
        sh::say(&format!("Measured without some of the others: {missing}"));
    }
}

/// What building needs.
///
/// # Errors
/// Names what is missing and could not be installed.
pub(crate) fn for_building() -> Result<()> {
    ensure(&BUILDING)
}

/// What the tests need on top of that.
///
/// # Errors
/// Names what is missing and could not be installed.
pub(crate) fn for_testing() -> Result<()> {
    ensure(&TESTING)
}

/// GiB that building everything for the tests takes, and what they write: 9.3 measured, 5 with `CARGO_INCREMENTAL=0`.
const ROOM: u64 = 12;
/// GiB below which tests fail for want of room alone.
const LEAST_ROOM: u64 = 2;

/// Says so before hours are lost, where the disk is too full; `None` where `df` does not tell.
///
/// # Errors
/// When the tests cannot pass for want of room.
pub(crate) fn room() -> Result<()> {
    match free() {
        Some(free) if free < LEAST_ROOM => {
            bail!("the disk has {free} GiB left; the tests need {LEAST_ROOM}, and {ROOM} when nothing is built yet")
        }
        Some(free) if free < ROOM => {
            sh::say(&format!("{free} GiB of disk are left; with nothing built yet {ROOM} are needed"))
        }
        _ => {}
    }
    Ok(())
}

/// GiB left on the disk of the repository.
fn free() -> Option<u64> {
    let told = sh::program("df").args(["-Pk", "."]).output().ok()?;
    available(&String::from_utf8_lossy(&told.stdout))
}

/// The fourth word of the second line, KiB (POSIX, df -P).
fn available(told: &str) -> Option<u64> {
    told.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok().map(|kib| kib >> 20)
}

/// Debian keeps the server's programs off the path.
fn postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    sh::exists("initdb") || versions.map(|version| version.path().join("bin/initdb")).any(|initdb| initdb.is_file())
}

fn node() -> bool {
    let version = std::process::Command::new("node").arg("--version").output();
    version.is_ok_and(|output| major(&String::from_utf8_lossy(&output.stdout)).is_some_and(|major| major >= NODE))
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn ensure(needs: &[Need]) -> Result<()> {
    let missing = || needs.iter().filter(|need| !(need.there)()).collect::<Vec<_>>();
    let first = missing();
    if first.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = first.iter().map(|need| need.debian).collect();
    if debian() && root() {
        sh::say(&format!("Installing what is missing: {}", packages.join(" ")));
        let apt = |arguments: &[&str]| {
            sh::run(
                sh::program("apt-get")
                    .args(["-q", "-o", "Dpkg::Use-Pty=0"])
                    .args(arguments)
                    .env("DEBIAN_FRONTEND", "noninteractive"),
            )
        };
        apt(&["update"])?;
        apt(&[&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat())?;
    }
    let left = missing();
    if left.is_empty() {
        return Ok(());
    }
    let names: String = left.iter().map(|need| format!("\n  - {} (Debian: {})", need.what, need.debian)).collect();
    let packages: Vec<&str> = left.iter().map(|need| need.debian).collect();
    bail!(
        "this machine lacks:{names}\nOn Debian or Ubuntu: sudo apt-get update && sudo apt-get install {}",
        packages.join(" ")
    );
}

fn debian() -> bool {
    std::path::Path::new("/etc/debian_version").exists() && sh::exists("apt-get")
}

/// Whether we may install. The owner of our own process entry is the effective user.
fn root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.1.0"), Some(9));
        assert_eq!(major("nonsense"), None);
    }

    #[test]
    fn room_on_a_disk() {
        let told =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 264212480 26570752 68714496 28% /\n";
        assert_eq!(available(told), Some(65));
        assert_eq!(available("df: no such file"), None);
    }

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        // A need with a package that exists nowhere, so that neither road can install it.
        let needs = [Need { what: "a unicorn", debian: "holdfast-no-such-package", there: || false }];
        if !(debian() && root()) {
            let error = ensure(&needs).expect_err("it is missing").to_string();
            assert!(error.contains("a unicorn") && error.contains("holdfast-no-such-package"), "{error}");
        }
        assert!(ensure(&[Need { what: "nothing", debian: "x", there: || true }]).is_ok());
    }
}
