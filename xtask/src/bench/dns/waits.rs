//! How long answers wait while lists are swapped every second under load, and whether any question is lost.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::server::question;
use crate::bench::figures::{Figures, in_words};
use crate::sh;

/// How long each of the two parts is watched.
const WATCHED: Duration = Duration::from_secs(10);
/// Questions a second beside ours: a big setting's busiest moment many times over.
const LOAD: &str = "20000";
/// One of ours is sent so often.
const BEAT: Duration = Duration::from_micros(500);
/// An answer that takes longer is lost.
const LOST: Duration = Duration::from_secs(2);

/// Adds the times with the lists as they are, and with the lists swapped.
///
/// # Errors
/// When the load cannot be made, or a question is lost.
pub(crate) fn add(figures: &mut Figures, port: u16, lists: &Path, names: &[String], questions: &Path) -> Result<()> {
    let mut load = sh::program("taskset")
        .args(["-c", "1", "dnsperf", "-s", "127.0.0.1", "-c", "4", "-q", "100", "-Q", LOAD, "-p", &port.to_string()])
        .args(["-l", &(2 * WATCHED.as_secs() + 5).to_string(), "-d"])
        .arg(questions)
        .stdout(Stdio::null())
        .spawn()
        .context("could not start dnsperf")?;
    std::thread::sleep(Duration::from_secs(1));
    let steady = watch(port, names, || Ok(()))?;
    let swapped = watch(port, names, || swap(lists))?;
    // It ends by itself a little later.
    let _ = load.kill();
    let _ = load.wait();
    for (what, waits) in [("lists at rest", &steady), ("lists swapped every second", &swapped)] {
        figures.add(format!("holdfast: p99 wait, {what}, microseconds"), in_words(waits.p99));
        figures.add(format!("holdfast: longest wait, {what}, microseconds"), in_words(waits.longest));
    }
    figures.add("holdfast: p99 while swapped, times the one at rest", in_words(swapped.p99 / steady.p99.max(1.0)));
    figures.add("holdfast: questions lost of those watched", format!("0 of {}", steady.asked + swapped.asked));
    Ok(())
}

/// Times in microseconds.
struct Waits {
    asked: usize,
    p99: f64,
    longest: f64,
}

fn watch(port: u16, names: &[String], mut each_second: impl FnMut() -> Result<()>) -> Result<Waits> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(LOST))?;
    let (began, mut second) = (Instant::now(), 0);
    let mut waits = Vec::new();
    let mut answer = [0; 1500];
    for name in names.iter().cycle() {
        if began.elapsed() >= WATCHED {
            break;
        }
        if began.elapsed().as_secs() > second {
            second += 1;
            each_second()?;
        }
        let question = question(name)?;
        let sent = Instant::now();
        socket.send(&question)?;
        if socket.recv(&mut answer).is_err() {
            bail!("a question for {name} was lost");
        }
        waits.push(sent.elapsed());
        std::thread::sleep(BEAT);
    }
    waits.sort_unstable();
    let micros = |wait: Option<&Duration>| wait.map_or(0.0, |wait| wait.as_secs_f64() * 1e6);
    Ok(Waits { asked: waits.len(), p99: micros(waits.get(waits.len() * 99 / 100)), longest: micros(waits.last()) })
}

/// The same lists as a new file: what a nightly update does.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn swap(lists: &Path) -> Result<()> {
    let aside = lists.with_extension("next");
    std::fs::copy(lists, &aside)?;
    std::fs::rename(&aside, lists).context("could not swap the lists")
}
