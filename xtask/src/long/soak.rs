//! The gateway at full load for minutes, blocked and cached answers mixed, its lists swapped every second: no question that is
//! watched may be lost twice, and it may hold no more memory at the end than after its first minutes.
//!
//! What it is not: a measurement of speed (`bench dns` is).

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::bench::dns::above::{self, Above};
use crate::bench::dns::server::{Kind, Server, question};
use crate::bench::dns::{questions_for, waits};
use crate::{place, sh};

/// Names in the lists: as many as a big setting has.
const NAMES: usize = 400_000;
/// Memory may grow by this share, and this much, between the first part and the last.
const GROWTH: f64 = 1.05;
const SLACK_MB: f64 = 4.0;
/// An answer that takes longer is lost.
const LOST: Duration = Duration::from_secs(2);

/// Runs it for so many minutes.
///
/// # Errors
/// When it ends, loses a question, or grows.
pub(super) fn run(minutes: u32) -> Result<()> {
    ensure!(sh::exists("dnsperf"), "dnsperf is not installed (Debian: dnsperf)");
    sh::run(sh::cargo().args(["build", "--release", "--package", "holdfast-gateway", "--example", "dns_server"]))?;
    let folder = place::target().join("soak");
    std::fs::create_dir_all(&folder)?;
    let names: Vec<String> = (0..NAMES).map(|at| format!("n{at}.site-{}.example", at % 9973)).collect();
    // One allowed name after each blocked one.
    let allowed = above::names();
    let mixed: Vec<String> =
        names.iter().zip(allowed.iter().cycle()).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    let questions = folder.join("questions");
    std::fs::write(&questions, questions_for(&mixed))?;
    let above = Above::start()?;
    let program = Kind::Holdfast.program().context("our own server")?;
    let server = Server::start(Kind::Holdfast, &program, &folder, &names, above.port())?;
    let lists = folder.join("lists.compiled");
    let length = Duration::from_secs(60 * u64::from(minutes));
    let mut load = load(server.port(), &questions, length)?;
    let watched = watch(&server, &lists, &mixed, length);
    // It ends by itself a little later.
    let _ = load.kill();
    let _ = load.wait();
    let watched = watched?;
    let quarter = |number: usize| {
        let size = watched.resident.len() / 4;
        let mut part: Vec<f64> = watched.resident.iter().skip(number * size).take(size).copied().collect();
        part.sort_by(f64::total_cmp);
        part.get(part.len() / 2).copied().unwrap_or_default()
    };
    // The first quarter fills the cache.
    let (before, after) = (quarter(1), quarter(3));
    let most = watched.resident.iter().copied().fold(0.0, f64::max);
    println!(
        "{} s at full load, {:.0} s of processor, {} swaps of the lists, {} questions watched, {} of them asked again; \
         memory {before:.1} MB in the second quarter, {after:.1} MB in the last, {most:.1} MB at most",
        length.as_secs(),
        server.processor_seconds()?,
        watched.swaps,
        watched.asked,
        watched.again,
    );
    ensure!(after <= before * GROWTH + SLACK_MB, "memory grew from {before:.1} to {after:.1} MB");
    Ok(())
}

fn load(port: u16, questions: &std::path::Path, length: Duration) -> Result<Child> {
    sh::program("taskset")
        .args(["-c", "1", "dnsperf", "-s", "127.0.0.1", "-c", "8", "-q", "200", "-p", &port.to_string()])
        .args(["-l", &(length.as_secs() + 10).to_string(), "-d"])
        .arg(questions)
        .stdout(Stdio::null())
        .spawn()
        .context("could not start dnsperf")
}

/// What was seen, a value a second.
struct Watched {
    resident: Vec<f64>,
    asked: usize,
    /// Asked a second time, since no answer came: UDP may be dropped where the kernel's queue is full.
    again: usize,
    swaps: usize,
}

fn watch(server: &Server, lists: &std::path::Path, names: &[String], length: Duration) -> Result<Watched> {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", server.port()))?;
    socket.set_read_timeout(Some(LOST))?;
    let (began, mut second) = (Instant::now(), 0);
    let mut watched = Watched { resident: Vec::new(), asked: 0, again: 0, swaps: 0 };
    let mut answer = [0; 1500];
    for name in names.iter().cycle() {
        if began.elapsed() >= length {
            break;
        }
        if began.elapsed().as_secs() > second {
            second = began.elapsed().as_secs();
            watched.resident.push(server.resident_megabytes().context("the gateway has ended")?);
            waits::swap(lists)?;
            watched.swaps += 1;
        }
        socket.send(&question(name)?)?;
        watched.asked += 1;
        // The kernel's queue is full at full load, and UDP may be dropped there; a device asks again, and so do we, once.
        if socket.recv(&mut answer).is_err() {
            watched.again += 1;
            socket.send(&question(name)?)?;
            if socket.recv(&mut answer).is_err() {
                bail!("a question for {name} was lost twice, {} s after the start", began.elapsed().as_secs());
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    ensure!(
        watched.again * 1000 <= watched.asked,
        "{} of {} questions had to be asked again",
        watched.again,
        watched.asked
    );
    Ok(watched)
}
