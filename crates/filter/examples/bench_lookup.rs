//! Figures of the compiled file and its lookup, as JSON: `cargo run --release --example bench_lookup -- LISTS [NAMES]`.
//!
//! `LISTS` is what `--lists` takes; it is measured as it is, beside the plain answer (a `HashMap` from name to lists,
//! asked suffix by suffix). Then `NAMES` names (5.6 million if not said) are made out of the halves of its names, so that
//! labels, lengths and endings are real ones, in sixty lists of which one holds most; a twentieth stands in several.
//! Compiling is done by a process of its own, whose peak of memory is the system's word (`VmHWM`).
//!
//! A URL prefix costs what a name costs, and counts as one in the bytes. A lookup is asked for a three-label host. "In a row": as many as the processor can overlap, as in a busy gateway.
//! "In batches": 32 at a time, all of them announced first, as the gateway does with the packets that came together.
//! "One by one": none begins before the one before has answered. All of them from the file in memory, as the gateway has it;
//! "mapped" from the file on the disk, on small pages.
#![allow(clippy::disallowed_methods, reason = "a stopwatch needs a clock")]

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use holdfast_filter::compiled::Asked;
use holdfast_filter::list::source::find;
use holdfast_filter::list::{Entry, Rejections, read};
use holdfast_filter::{Compiled, FileKey, Host, Question, compile};
use serde_json::{Value, json};

/// What a county's provider runs.
const FULL: usize = 5_600_000;
/// How many different hosts are asked for; their text alone is larger than a processor's nearest memory.
const ASKED: usize = 300_000;

type Done<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Done<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().ok_or("give a path to lists")?;
    if first == "--compile" {
        let (from, to) = (arguments.next().ok_or("from")?, arguments.next().ok_or("to")?);
        return compile_here(Path::new(&from), Path::new(&to));
    }
    let path = PathBuf::from(first);
    let names = arguments.next().map_or(Ok(FULL), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let known = names_of(&path)?;
    let as_given = measured(&path, folder.path(), &known)?;
    let lists = folder.path().join("generated");
    let made = generate(&known, names, &lists)?;
    let figures =
        json!({ "as_given": as_given, "peer": peer(&known), "generated": measured(&lists, folder.path(), &made)? });
    println!("{figures:#}");
    Ok(())
}

/// The bare names of lists with the numbers of their lists.
fn names_of(path: &Path) -> Done<Vec<(String, u16)>> {
    let mut names = Vec::new();
    for (number, source) in find(path)?.iter().enumerate() {
        for (file, form) in &source.files {
            let reader = std::io::BufReader::new(std::fs::File::open(file)?);
            let mut rejections = Rejections::default();
            read(reader, &source.list, *form, &mut rejections, |entry| {
                if let Entry::Host { host: Host::Name(name), .. } = entry {
                    names.push((name.to_string(), u16::try_from(number).unwrap_or(u16::MAX)));
                }
            })?;
        }
    }
    Ok(names)
}

/// Compiles in a process of its own and measures what came out.
fn measured(lists: &Path, folder: &Path, names: &[(String, u16)]) -> Done<Value> {
    let out = folder.join("bench.compiled");
    let child = std::process::Command::new(std::env::current_exe()?).arg("--compile").args([lists, &out]).output()?;
    let compiled: Value = serde_json::from_slice(&child.stdout)?;
    let mut ready = Vec::new();
    for _ in 0..5 {
        let clock = Instant::now();
        black_box(Compiled::read(&out)?);
        ready.push(clock.elapsed().as_secs_f64());
    }
    let (file, mapped) = (Compiled::read(&out)?, Compiled::open(&out)?);
    let step = (names.len() / ASKED).max(1);
    let two = || names.iter().map(|(name, _)| name).filter(|name| name.matches('.').count() == 1).step_by(step);
    let hits: Vec<Host> = two().filter_map(|name| Host::parse(&format!("www.{name}")).ok()).take(ASKED).collect();
    // The same names with two letters more, so that nothing about them is in the lists but their endings.
    let misses: Vec<Host> = two()
        .filter_map(|name| name.split_once('.'))
        .filter_map(|(label, end)| Host::parse(&format!("www.{label}qx.{end}")).ok())
        .take(ASKED)
        .collect();
    let found = |hosts: &[Host]| hosts.iter().filter(|host| ask(&file, host) > 0).count() as f64 / hosts.len() as f64;
    Ok(json!({
        "names": file.names(),
        "urls": file.urls(),
        "bytes_per_name": file.bytes() as f64 / (file.names() + file.urls()).max(1) as f64,
        "compile": compiled,
        "ready_seconds": median(ready),
        "share_found": { "hits": found(&hits), "misses": found(&misses) },
        "ns_one_by_one_mapped": { "hit": one_by_one(&hits, |host| ask(&mapped, host)), "miss": one_by_one(&misses, |host| ask(&mapped, host)) },
        "ns_warm": { "hit": warm(&hits, |host| ask(&file, host)), "miss": warm(&misses, |host| ask(&file, host)) },
        "ns_in_batches": { "hit": in_batches(&file, &hits), "miss": in_batches(&file, &misses) },
        "ns_in_a_row": { "hit": in_a_row(&hits, |host| ask(&file, host)), "miss": in_a_row(&misses, |host| ask(&file, host)) },
        "ns_one_by_one": { "hit": one_by_one(&hits, |host| ask(&file, host)), "miss": one_by_one(&misses, |host| ask(&file, host)) },
    }))
}

fn ask(file: &Compiled, host: &Host) -> usize {
    let asked = Asked::new(host);
    let mut words = 0;
    file.walk(&Question::of(&asked), |word| words += 1 + word.list);
    words
}

fn compile_here(from: &Path, to: &Path) -> Done<()> {
    let clock = Instant::now();
    let report = compile(&[from.to_owned()], to, FileKey([42; 16]))?;
    let seconds = clock.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    let peak: f64 = peak.unwrap_or(f64::NAN);
    println!("{}", json!({ "seconds": seconds, "peak_mib": peak / 1024.0, "rejected": report.rejected_total }));
    Ok(())
}

/// A `HashMap` from name to lists, in the same run.
fn peer(names: &[(String, u16)]) -> Value {
    let mut peer: HashMap<&str, Vec<u16>> = HashMap::new();
    for (name, list) in names {
        peer.entry(name).or_default().push(*list);
    }
    let two = || names.iter().map(|(name, _)| name).filter(|name| name.matches('.').count() == 1).take(ASKED);
    let host = |label: &str, end: &str| Host::parse(&format!("www.{label}.{end}")).ok();
    let hits: Vec<Host> = two().filter_map(|name| name.split_once('.')).filter_map(|(l, e)| host(l, e)).collect();
    let misses: Vec<Host> =
        two().filter_map(|name| name.split_once('.')).filter_map(|(l, e)| host(&format!("{l}qx"), e)).collect();
    let ask = |host: &Host| {
        host.name().map_or(0, |name| name.suffixes().filter_map(|suffix| peer.get(suffix)).map(Vec::len).sum())
    };
    json!({ "name": "HashMap", "ns_hit": in_a_row(&hits, ask), "ns_miss": in_a_row(&misses, ask) })
}

/// Makes names out of halves of real ones, and writes them as lists.
fn generate(known: &[(String, u16)], wanted: usize, folder: &Path) -> Done<Vec<(String, u16)>> {
    // Any fixed sequence that goes everywhere will do (Knuth's constants).
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(state) * below as u128) >> 64) as usize
    };
    let mut seen: HashSet<u64> = HashSet::with_capacity(wanted);
    let mut files = Vec::new();
    for list in 0..60 {
        let place = folder.join(format!("list{list:02}"));
        std::fs::create_dir_all(&place)?;
        files.push(BufWriter::new(std::fs::File::create(place.join("domains"))?));
    }
    let mut sample = Vec::new();
    let mut tried = 0_usize;
    while seen.len() < wanted {
        tried += 1;
        if tried > wanted * 20 {
            return Err("these lists are too small to make so many names of".into());
        }
        let (Some((one, _)), Some((other, _))) = (known.get(next(known.len())), known.get(next(known.len()))) else {
            return Err("there is no name in these lists".into());
        };
        let (label, end) = one.split_once('.').unwrap_or((one, "com"));
        let (second, _) = other.split_once('.').unwrap_or((other, ""));
        let half = |text: &str, back: bool| {
            let at = text.len() / 2;
            if back {
                text.get(at..).unwrap_or_default().to_owned()
            } else {
                text.get(..at + 1).unwrap_or(text).to_owned()
            }
        };
        let glued = format!("{}{}.{end}", half(label, false), half(second, true));
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(&glued, &mut hasher);
        if Host::parse(&glued).is_err() || !seen.insert(std::hash::Hasher::finish(&hasher)) {
            continue;
        }
        // One list holds four fifths, as UT1's `adult` does.
        let list = if next(5) > 0 { 0 } else { next(60) };
        let also = if next(20) == 0 { Some(next(60)) } else { None };
        for list in [Some(list), also].into_iter().flatten() {
            if let Some(file) = files.get_mut(list) {
                writeln!(file, "{glued}")?;
            }
        }
        if seen.len().is_multiple_of((wanted / (2 * ASKED)).max(1)) {
            sample.push((glued, 0));
        }
    }
    Ok(sample)
}

/// Nanoseconds a question: the median over batches of a thousand, eleven times through all of them. A batch is shorter
/// than a turn of the scheduler, so that what else runs on the machine shows in few of them.
fn in_a_row(hosts: &[Host], lookup: impl Fn(&Host) -> usize) -> f64 {
    let mut batches = Vec::new();
    for _ in 0..11 {
        for batch in hosts.chunks_exact(1000) {
            let clock = Instant::now();
            let found: usize = batch.iter().map(|host| lookup(black_box(host))).sum();
            black_box(found);
            batches.push(clock.elapsed().as_secs_f64() * 1e9 / 1000.0);
        }
    }
    median(batches)
}

/// The same, 32 at a time: each batch is announced, then asked.
fn in_batches(file: &Compiled, hosts: &[Host]) -> f64 {
    let mut batches = Vec::new();
    for _ in 0..11 {
        for thousand in hosts.chunks_exact(1024) {
            let clock = Instant::now();
            let mut found = 0;
            for batch in thousand.chunks_exact(32) {
                if let Some(mut ahead) = file.ahead() {
                    batch.iter().filter_map(Host::name).for_each(|name| ahead.name(name.as_str()));
                    ahead.done();
                }
                found += batch.iter().map(|host| ask(file, black_box(host))).sum::<usize>();
            }
            black_box(found);
            batches.push(clock.elapsed().as_secs_f64() * 1e9 / 1024.0);
        }
    }
    median(batches)
}

/// The same few hosts again and again: what is left when all memory is near.
fn warm(hosts: &[Host], lookup: impl Fn(&Host) -> usize) -> f64 {
    let few = hosts.get(..100).unwrap_or(hosts);
    let again: Vec<Host> = few.iter().cycle().take(few.len() * 10).cloned().collect();
    in_a_row(&again, lookup)
}

/// The same, where the next question waits for the answer.
fn one_by_one(hosts: &[Host], lookup: impl Fn(&Host) -> usize) -> f64 {
    let mut batches = Vec::new();
    for _ in 0..11 {
        for batch in hosts.chunks_exact(1000) {
            let clock = Instant::now();
            let mut at = 0;
            while let Some(host) = batch.get(at) {
                // Never a bit of a real answer, but the processor cannot know that before the answer is there.
                let answer = lookup(black_box(host));
                at += 1 + (answer >> 62);
            }
            batches.push(clock.elapsed().as_secs_f64() * 1e9 / 1000.0);
        }
    }
    median(batches)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
