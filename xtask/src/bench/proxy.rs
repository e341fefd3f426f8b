//! The proxy beside tinyproxy, e2guardian, squid and nginx: plain requests and tunnels a second, processor time for each, large bodies
//! through tunnels, what waiting costs at half of its own most, memory with 2,000 open tunnels, what inspection adds. One core
//! for the proxy, the other for load and web server. Ours decides on the full lists and writes every request down; tinyproxy has
//! no list and no log, squid no list, no cache, no log; nginx passes on to one server and knows no tunnels; e2guardian has the same
//! names and its log, weighs no words, and takes a tunnel to port 443 alone.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::Setup;
use crate::bench::dns::{self, NAMES};
use crate::bench::figures::{Figures, in_words};
use crate::{place, sh};

/// Tunnels that are held while memory is read.
const OPEN: usize = 2_000;
/// Kept lines of the load, and tunnels with large bodies at once.
const LINES: &str = "32";
const BODIES: &str = "4";

/// Measures each proxy that can be started.
///
/// # Errors
/// When our own program does not build or does not answer.
pub(crate) fn run(setup: &Setup) -> Result<Figures> {
    sh::run(sh::cargo().args(["build", "--release", "--package", "holdfast-gateway", "--example", "proxy_bench"]))?;
    let program = place::target().join("release/examples/proxy_bench");
    let folder = place::target().join("bench");
    std::fs::create_dir_all(&folder)?;
    let names = dns::names(&setup.lists, NAMES)?;
    let list = folder.join("names.txt");
    std::fs::write(&list, names.join("\n"))?;
    let origin_port = free()?;
    let mut origin =
        Process(taskset("1", &program).args(["origin", &origin_port.to_string()]).stdout(Stdio::null()).spawn()?);
    wait(origin_port, &mut origin)?;
    let mut figures =
        Figures::new("proxy", "The proxy, small answers, one core", "cargo xtask bench proxy --lists LISTS".to_owned());
    figures.add("names on our lists", in_words(names.len() as f64));
    for peer in ["holdfast", "tinyproxy", "e2guardian", "squid", "nginx"] {
        let bench = Bench { program: &program, folder: &folder, list: &list, origin: origin_port, setup };
        match bench.measure(peer, &mut figures) {
            Err(why) if peer != "holdfast" => sh::say(&format!("{peer} is left out: {why:#}")),
            measured => measured?,
        }
    }
    // Both ends and the proxy share a core here: what is compared is the same line opened and not.
    let said = sh::output(taskset("0", &program).args(["inspected", &setup.seconds.to_string()]))?;
    let found: serde_json::Value = serde_json::from_str(said.trim())?;
    let figure = |name: &str| found.get(name).and_then(serde_json::Value::as_f64).unwrap_or_default();
    figures.add("holdfast: a request over TLS, not opened, median, microseconds", in_words(figure("without_us")));
    figures.add("holdfast: a request over TLS, inspected, median, microseconds", in_words(figure("with_us")));
    Ok(figures)
}

struct Bench<'a> {
    program: &'a Path,
    folder: &'a Path,
    list: &'a Path,
    origin: u16,
    setup: &'a Setup,
}

impl Bench<'_> {
    fn measure(&self, peer: &str, figures: &mut Figures) -> Result<()> {
        let port = free()?;
        let mut proxy = Process(self.command(peer, port)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        wait(port, &mut proxy)?;
        // Peers ask the machine for a name; ours asks a resolver of its own, for one that may lead inside (no rebinding). Both
        // know it by heart after the first time.
        let to = format!("{}:{}", if peer == "holdfast" { "origin.test" } else { "localhost" }, self.origin);
        let at = SocketAddr::from(([127, 0, 0, 1], port)).to_string();
        let kinds: &[(&str, &str)] = match peer {
            "nginx" | "e2guardian" => &[("get", "requests")],
            _ => &[("get", "requests"), ("connect", "tunnels")],
        };
        let mut most = 0.0;
        for (what, words) in kinds {
            self.load(what, &at, &to, 1)?;
            let before = proxy.seconds()?;
            let found = self.load(what, &at, &to, self.setup.seconds)?;
            let used = proxy.seconds()? - before;
            let figure = |name: &str| found.get(name).and_then(serde_json::Value::as_f64).unwrap_or_default();
            figures.add(format!("{peer}: {words} a second"), in_words(figure("a_second")));
            if *what == "get" {
                most = figure("a_second");
            }
            figures.add(
                format!("{peer}: microseconds of processor, {words}"),
                in_words(used * 1e6 / figure("all").max(1.0)),
            );
            figures.add(format!("{peer}: {words}, median, microseconds"), in_words(figure("p50_us")));
            figures.add(format!("{peer}: {words}, slowest of a hundred, microseconds"), in_words(figure("p99_us")));
        }
        // At the same pace with nobody in between: the difference is what the proxy adds.
        let pace = format!("{:.0}", most / 2.0);
        for (through, at, to) in [("", at.clone(), to.clone()), (" without it", self.here(), self.here())] {
            let found = self.say(&["paced", &at, &to, &self.setup.seconds.to_string(), LINES, &pace])?;
            let figure = |name: &str| found.get(name).and_then(serde_json::Value::as_f64).unwrap_or_default();
            let at_half = format!("{peer}: at half load{through}");
            figures.add(format!("{at_half}, median, microseconds"), in_words(figure("p50_us")));
            figures.add(format!("{at_half}, slowest of a hundred, microseconds"), in_words(figure("p99_us")));
        }
        if kinds.len() < 2 {
            return Ok(());
        }
        let before = proxy.seconds()?;
        let found = self.say(&["pull", &at, &to, &self.setup.seconds.to_string(), BODIES])?;
        let used = proxy.seconds()? - before;
        let figure = |name: &str| found.get(name).and_then(serde_json::Value::as_f64).unwrap_or_default();
        figures.add(format!("{peer}: large bodies, MB a second"), in_words(figure("a_second")));
        figures.add(
            format!("{peer}: large bodies, MB for a second of processor"),
            in_words(figure("all") / used.max(1e-6)),
        );
        let idle = proxy.megabytes()?;
        let mut holder = taskset("1", self.program);
        holder.args(["hold", &at, &to, &OPEN.to_string()]).stdout(Stdio::piped());
        let mut holder = Process(holder.spawn()?);
        let mut line = String::new();
        let out = holder.0.stdout.take().context("its words")?;
        BufReader::new(out).read_line(&mut line)?;
        anyhow::ensure!(line.contains("open"), "{OPEN} tunnels could not be held");
        figures.add(format!("{peer}: memory before, MB"), in_words(idle));
        figures.add(format!("{peer}: memory with {OPEN} open tunnels, MB"), in_words(proxy.megabytes()?));
        Ok(())
    }

    /// The web server itself.
    fn here(&self) -> String {
        format!("127.0.0.1:{}", self.origin)
    }

    fn load(&self, what: &str, proxy: &str, to: &str, seconds: u32) -> Result<serde_json::Value> {
        self.say(&[what, proxy, to, &seconds.to_string(), LINES])
    }

    fn say(&self, words: &[&str]) -> Result<serde_json::Value> {
        let said = sh::output(taskset("1", self.program).args(words))?;
        serde_json::from_str(said.trim()).with_context(|| format!("the load said something unknown: {said}"))
    }

    fn command(&self, peer: &str, port: u16) -> Result<Command> {
        if peer == "holdfast" {
            let mut command = taskset("0", self.program);
            command.arg("serve").arg(self.list).arg(port.to_string()).arg(self.origin.to_string());
            return Ok(command);
        }
        let path =
            ["/usr/sbin", "/usr/bin"].iter().map(|folder| Path::new(folder).join(peer)).find(|path| path.is_file());
        let path: PathBuf = path.with_context(|| format!("it is not installed (Debian: {peer})"))?;
        let conf = self.folder.join(format!("{peer}.conf"));
        let mut command = taskset("0", &path);
        let text = match peer {
            "tinyproxy" => {
                command.arg("-d").arg("-c").arg(&conf);
                format!(
                    "Port {port}\nListen 127.0.0.1\nTimeout 600\nLogLevel Critical\nMaxClients 2000\nAllow 127.0.0.0/8\n"
                )
            }
            "e2guardian" => {
                command.arg("-N").arg("-c").arg(&conf);
                self.e2guardian(port)?
            }
            "nginx" => {
                command.arg("-p").arg(self.folder).arg("-c").arg(&conf);
                let folder = self.folder.display();
                let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|what| format!("{what}_temp_path {folder}/nginx-{what};\n"))
                    .concat();
                format!(
                    "daemon off;\nmaster_process off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log /dev/null crit;\n\
                     events {{ worker_connections 8192; }}\nhttp {{\naccess_log off;\nkeepalive_requests 1000000000;\n{temporary}\
                     upstream origin {{ server 127.0.0.1:{}; keepalive 64; keepalive_requests 1000000000; }}\n\
                     server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://origin; proxy_http_version 1.1;\n\
                     proxy_set_header Connection \"\"; }} }}\n}}\n",
                    self.origin
                )
            }
            _ => {
                // A name of its own: shared memory that another squid left behind ends it otherwise.
                command.args(["-N", "-n", &format!("bench{port}"), "-f"]).arg(&conf);
                format!(
                    "http_port 127.0.0.1:{port}\nhttp_access allow all\ncache deny all\ncache_mem 8 MB\naccess_log none\n\
                     cache_log /dev/null\npid_filename none\ncoredump_dir {0}\nserver_persistent_connections on\nicp_port 0\n\
                     cache_effective_user proxy\nmax_filedescriptors 8192\npinger_enable off\n",
                    self.folder.display()
                )
            }
        };
        std::fs::write(&conf, text)?;
        Ok(command)
    }
}

impl Bench<'_> {
    /// Debian's own configuration with our names in the place of its list of sites, and what would be found in a page's words off.
    fn e2guardian(&self, port: u16) -> Result<String> {
        let read = |name: &str| {
            let path = Path::new("/etc/e2guardian").join(name);
            std::fs::read_to_string(&path).with_context(|| format!("{} is not there", path.display()))
        };
        let group = read("e2guardianf1.conf")?
            .replace("/etc/e2guardian/lists/bannedsitelist", &self.list.display().to_string());
        std::fs::write(self.folder.join("e2guardianf1.conf"), group)?;
        let folder = self.folder.display();
        // Its log lies beside ours, where Debian's account for it may not write.
        let user = sh::output(sh::program("id").arg("-un"))?;
        let group = sh::output(sh::program("id").arg("-gn"))?;
        let ours = format!(
            "daemonuser = '{}'\ndaemongroup = '{}'\nfilterip = 127.0.0.1\nfilterports = {port}\nweightedphrasemode = 0\nnodaemon = on\nhttpworkers = 64\n\
             loglocation = '{folder}/e2guardian.log'\npidfilename = '{folder}/e2guardian.pid'\n",
            user.trim(),
            group.trim()
        );
        let set: Vec<&str> = ours.lines().filter_map(|line| line.split(" =").next()).collect();
        // It refuses a second line of the same name, and would listen on 8443 beside the bench.
        let kept = |line: &&str| {
            let name = line.split('=').next().unwrap_or_default().trim();
            !set.contains(&name) && name != "transparenthttpsport"
        };
        let theirs: String = read("e2guardian.conf")?.lines().filter(kept).map(|line| format!("{line}\n")).collect();
        Ok(format!("{theirs}{ours}"))
    }
}

fn taskset(core: &str, program: &Path) -> Command {
    let mut command = sh::program("taskset");
    command.args(["-c", core]).arg(program);
    command
}

fn free() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait(port: u16, process: &mut Process) -> Result<()> {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = process.0.try_wait()? {
            bail!("it ended with {status}");
        }
        anyhow::ensure!(began.elapsed() < Duration::from_secs(60), "it did not answer within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Ended when dropped.
struct Process(Child);

impl Process {
    fn seconds(&self) -> Result<f64> {
        crate::bench::dns::server::processor_seconds(self.0.id())
    }

    fn megabytes(&self) -> Result<f64> {
        crate::bench::dns::server::resident_megabytes(self.0.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has then said.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
