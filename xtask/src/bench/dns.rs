//! Answers a second and processor time an answer, blocked and from the cache: our gateway (its example `dns_server`) beside
//! the servers that Debian has, all with the same names, one core for the server and another for the questions. Ours
//! also while its lists are swapped every second.

pub(crate) mod above;
pub(crate) mod server;
pub(crate) mod waits;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::bench::Setup;
use crate::bench::figures::{Figures, in_words};
use crate::{need, place, sh};
use server::{Kind, Server};

/// Most names that every server blocks.
pub(crate) const NAMES: usize = 500_000;

/// Measures each server that can be started.
///
/// # Errors
/// When dnsperf is missing, our own program does not build, or a server does not answer.
pub(crate) fn run(setup: &Setup) -> Result<Figures> {
    if !sh::exists("dnsperf") {
        bail!("dnsperf is not installed (Debian: dnsperf)");
    }
    need::for_measuring();
    sh::run(sh::cargo().args(["build", "--release", "--package", "holdfast-gateway", "--example", "dns_server"]))?;
    let folder = place::target().join("bench");
    std::fs::create_dir_all(&folder)?;
    let names = names(&setup.lists, NAMES)?;
    let questions = folder.join("questions");
    std::fs::write(&questions, questions_for(&names))?;
    let allowed = folder.join("allowed");
    std::fs::write(&allowed, questions_for(&above::names()))?;
    let above = above::Above::start()?;

    let mut figures =
        Figures::new("dns", "DNS answers, over UDP, one core", "cargo xtask bench dns --lists LISTS".to_owned());
    figures.add("names blocked", in_words(names.len() as f64));
    for kind in Kind::ALL {
        let Some(program) = kind.program() else {
            sh::say(&format!("{} is not installed and is left out", kind.name()));
            continue;
        };
        let asking = Asking { folder: &folder, names: &names, questions: &questions, allowed: &allowed, setup };
        match asking.measure(kind, &program, &above, &mut figures) {
            // A peer that does not run on this machine is no reason to say nothing about the others.
            Err(why) if kind != Kind::Holdfast => sh::say(&format!("{} is left out: {why:#}", kind.name())),
            measured => measured?,
        }
    }
    Ok(figures)
}

/// What every server is asked.
struct Asking<'a> {
    folder: &'a Path,
    names: &'a [String],
    questions: &'a Path,
    allowed: &'a Path,
    setup: &'a Setup,
}

impl Asking<'_> {
    /// Starts one server, asks it, and adds what was found.
    fn measure(&self, kind: Kind, program: &Path, above: &above::Above, figures: &mut Figures) -> Result<()> {
        let server = Server::start(kind, program, self.folder, self.names, above.port())?;
        let name = kind.name();
        let before = server.processor_seconds()?;
        let answers = ask(server.port(), self.questions, self.setup.seconds)?;
        let processor = server.processor_seconds()? - before;
        figures.add(format!("{name}: blocked answers a second"), in_words(answers.a_second));
        figures.add(
            format!("{name}: microseconds of processor a blocked answer"),
            in_words(processor * 1e6 / answers.all.max(1.0)),
        );
        figures.add(format!("{name}: mean latency, milliseconds"), in_words(answers.latency * 1e3));
        figures.add(format!("{name}: resident memory, MB"), in_words(server.resident_megabytes()?));
        if answers.blocked < answers.all {
            bail!("{name} blocked {} of {} names: the comparison would be false", answers.blocked, answers.all);
        }
        // Once for the cache, gently; then from it.
        warm(server.port(), self.allowed)?;
        let (before, asked_above) = (server.processor_seconds()?, above.asked());
        let answers = ask(server.port(), self.allowed, self.setup.seconds)?;
        let processor = server.processor_seconds()? - before;
        figures.add(
            format!("{name}: microseconds of processor a cached answer"),
            in_words(processor * 1e6 / answers.all.max(1.0)),
        );
        let above = (above.asked() - asked_above) as f64;
        if answers.blocked > 0.0 || above > answers.all / 100.0 {
            bail!("{name} had not cached what it was asked: {above} of {} went on", answers.all);
        }
        if kind == Kind::Holdfast {
            waits::add(figures, server.port(), &self.folder.join("lists.compiled"), self.names, self.questions)?;
        }
        Ok(())
    }
}

/// Asks each name a few times, slowly enough that nothing is dropped on the way to the resolver above.
fn warm(port: u16, questions: &Path) -> Result<()> {
    let port = port.to_string();
    sh::output(
        sh::program("taskset")
            .args(["-c", "1", "dnsperf", "-s", "127.0.0.1", "-c", "4", "-q", "20", "-n", "3", "-p", &port])
            .arg("-d")
            .arg(questions),
    )?;
    Ok(())
}

/// What dnsperf found.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Answers {
    all: f64,
    blocked: f64,
    a_second: f64,
    latency: f64,
}

fn ask(port: u16, questions: &Path, seconds: u32) -> Result<Answers> {
    let said = sh::output(
        sh::program("taskset")
            .args(["-c", "1", "dnsperf", "-s", "127.0.0.1", "-c", "8", "-q", "200", "-p", &port.to_string()])
            .args(["-l", &seconds.to_string()])
            .arg("-d")
            .arg(questions),
    )?;
    read(&said).with_context(|| format!("dnsperf said something unknown:\n{said}"))
}

fn read(said: &str) -> Option<Answers> {
    let after = |label: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(label))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let codes = said.lines().find_map(|line| line.trim().strip_prefix("Response codes:"))?;
    let blocked =
        codes.split(',').find_map(|code| code.trim().strip_prefix("NXDOMAIN")?.split_whitespace().next()?.parse().ok());
    Some(Answers {
        all: after("Queries completed:")?,
        blocked: blocked.unwrap_or(0.0),
        a_second: after("Queries per second:")?,
        latency: after("Average Latency (s):")?,
    })
}

/// Each name once, in an order without neighbours: that of their digests.
pub(crate) fn questions_for(names: &[String]) -> String {
    let mut mixed: Vec<&String> = names.iter().collect();
    mixed.sort_by_cached_key(|name| {
        let mut hasher = std::hash::DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    });
    mixed.iter().fold(String::new(), |mut all, name| {
        let _ = writeln!(all, "{name} A");
        all
    })
}

/// Names from every file called `domains`, or from a plain list.
pub(crate) fn names(lists: &Path, most: usize) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    gather(lists, &mut found)?;
    if found.is_empty() {
        bail!("no names in {}", lists.display());
    }
    let step = found.len().div_ceil(most);
    Ok(found.into_iter().step_by(step).collect())
}

fn gather(path: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let inner = entry?.path();
            if inner.is_dir() || inner.file_name().is_some_and(|name| name == "domains") || inner.extension().is_some()
            {
                gather(&inner, found)?;
            }
        }
        return Ok(());
    }
    let text = std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    for line in String::from_utf8_lossy(&text).lines() {
        // The last word: alone on its line, or after the address of a hosts file.
        let Some(name) = line.split('#').next().and_then(|line| line.split_whitespace().last()) else { continue };
        if is_name(name) {
            found.insert(name.to_ascii_lowercase());
        }
    }
    Ok(())
}

/// Conservative, so that each server reads the same from it. Ours refuses a rule on a public suffix (`bet.br` is one, and is
/// listed), so none is asked.
fn is_name(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let plain = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    labels.len() >= 2
        && name.len() <= 200
        && labels.iter().all(plain)
        && labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && psl::suffix_str(name) != Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Statistics:\n\n  Queries sent:         1000\n  Queries completed:    998 (99.80%)\n  Queries lost:         2 (0.20%)\n\n  Response codes:       NOERROR 8 (0.80%), NXDOMAIN 990 (99.20%)\n  Average packet size:  request 30, response 80\n  Run time (s):         10.0\n  Queries per second:   99.8\n\n  Average Latency (s):  0.000512 (min 0.00001, max 0.01)\n";

    #[test]
    fn dnsperf_is_understood() {
        let answers = read(SAID).expect("understood");
        assert_eq!(answers, Answers { all: 998.0, blocked: 990.0, a_second: 99.8, latency: 0.000_512 });
        assert_eq!(read("Segmentation fault"), None);
    }

    #[test]
    fn only_plain_names_are_compared() {
        for good in ["example.com", "a-b.example.co.uk"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["localhost", "127.0.0.1", "-a.com", "a..com", "co.uk", "a_b.com", "ü.com", ""] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn every_name_is_asked_for() {
        let names: Vec<String> = (0..100).map(|at| format!("n{at}.com")).collect();
        let asked: BTreeSet<_> = questions_for(&names).lines().map(str::to_owned).collect();
        assert_eq!(asked.len(), 100);
    }
}
