//! Figures of the compiled file and its lookup, as JSON: `cargo run --release --example bench_lookup -- LISTS`.
//!
//! `LISTS` is what `--lists` takes. Hits are names of the lists with a label before them; misses are the same names
//! with their last letters changed. The peer is the plain answer: a `HashMap` from name to lists, asked suffix by suffix.
#![allow(clippy::disallowed_methods, reason = "a stopwatch needs a clock")]

use std::collections::HashMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use holdfast_filter::compiled::Asked;
use holdfast_filter::list::source::find;
use holdfast_filter::list::{Entry, Rejections, read};
use holdfast_filter::{Compiled, FileKey, Host, compile};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = PathBuf::from(std::env::args().nth(1).ok_or("give a path to lists")?);
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("bench.compiled");
    let clock = Instant::now();
    let report = compile(std::slice::from_ref(&path), &out, FileKey([42; 16]))?;
    let build_seconds = clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    let file = Compiled::open(&out)?;
    let open_seconds = clock.elapsed().as_secs_f64();

    let mut peer: HashMap<String, Vec<u16>> = HashMap::new();
    for (number, source) in find(&path)?.iter().enumerate() {
        for (file, form) in &source.files {
            let reader = std::io::BufReader::new(std::fs::File::open(file)?);
            let mut rejections = Rejections::default();
            read(reader, &source.list, *form, &mut rejections, |entry| {
                if let Entry::Host(Host::Name(name)) = entry {
                    peer.entry(name.to_string()).or_default().push(u16::try_from(number).unwrap_or(u16::MAX));
                }
            })?;
        }
    }
    // Each name's text, its allocation's rounding and header, the vector, and the table's slots.
    let slot = size_of::<(String, Vec<u16>)>() + 1;
    let peer_bytes = peer.capacity() * slot
        + peer.iter().map(|(name, lists)| rounded(name.capacity()) + rounded(lists.capacity() * 2)).sum::<usize>();

    // Every seventh name, in the map's order, which is no order.
    let mut hits: Vec<Host> = Vec::new();
    let mut misses: Vec<Host> = Vec::new();
    for name in peer.keys().step_by(7) {
        if let Ok(host) = Host::parse(&format!("www.{name}")) {
            hits.push(host);
        }
        if let Ok(host) =
            Host::parse(&format!("www.{}qx.{}", name.replace('.', "-"), name.rsplit('.').next().unwrap_or("com")))
        {
            misses.push(host);
        }
    }
    let ours = |hosts: &[Host]| {
        measure(hosts, |host| {
            let mut lists = 0;
            file.walk_host(&Asked::new(host), |hit| lists += hit.lists().count());
            lists
        })
    };
    let theirs = |hosts: &[Host]| {
        measure(hosts, |host| {
            host.name().map_or(0, |name| name.suffixes().filter_map(|suffix| peer.get(suffix)).map(Vec::len).sum())
        })
    };
    let figures = serde_json::json!({
        "names": report.names,
        "urls": report.urls,
        "rejected": report.rejected_total,
        "bytes_per_name": report.bytes as f64 / report.names.max(1) as f64,
        "build_seconds": build_seconds,
        "open_seconds": open_seconds,
        "ns_per_lookup_hit": ours(&hits),
        "ns_per_lookup_miss": ours(&misses),
        "peer": {
            "name": "HashMap<String>",
            "ns_hit": theirs(&hits),
            "ns_miss": theirs(&misses),
            "bytes_per_name": peer_bytes as f64 / peer.len().max(1) as f64,
        },
    });
    println!("{figures:#}");
    Ok(())
}

/// An allocator hands out multiples of 16 bytes, 8 of which are its own.
fn rounded(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + 8).next_multiple_of(16) }
}

/// Nanoseconds a question: the median of 21 runs over all of them.
fn measure(hosts: &[Host], lookup: impl Fn(&Host) -> usize) -> f64 {
    let mut runs: Vec<f64> = (0..21)
        .map(|_| {
            let clock = Instant::now();
            let found: usize = hosts.iter().map(|host| lookup(black_box(host))).sum();
            black_box(found);
            clock.elapsed().as_secs_f64() * 1e9 / hosts.len().max(1) as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs.get(10).copied().unwrap_or_default()
}
