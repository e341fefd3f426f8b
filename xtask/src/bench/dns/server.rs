//! The servers that are compared, each started on a free port with the same names to block.

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{place, sh};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Holdfast,
    Unbound,
    Dnsmasq,
    Dnsdist,
    Recursor,
}

impl Kind {
    /// Ours first.
    pub(crate) const ALL: [Self; 5] = [Self::Holdfast, Self::Unbound, Self::Dnsmasq, Self::Dnsdist, Self::Recursor];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Holdfast => "holdfast",
            Self::Unbound => "unbound",
            Self::Dnsmasq => "dnsmasq",
            Self::Dnsdist => "dnsdist",
            Self::Recursor => "pdns_recursor",
        }
    }

    /// Its program, if it is there.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Holdfast => Some(place::target().join("release/examples/dns_server")),
            // Debian keeps some of them where only root looks.
            _ => ["/usr/sbin", "/usr/bin"]
                .iter()
                .map(|folder| Path::new(folder).join(self.name()))
                .find(|path| path.is_file()),
        }
    }

    fn command(self, program: &Path, folder: &Path, port: u16, names: &[String], above: u16) -> Result<Command> {
        let write = |file: &str, text: String| -> Result<PathBuf> {
            let path = folder.join(file);
            std::fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
            Ok(path)
        };
        let lines = |head: String, line: &dyn Fn(&mut String, &str)| {
            names.iter().fold(head, |mut text, name| {
                line(&mut text, name);
                text
            })
        };
        let mut command = sh::program("taskset");
        command.args(["-c", "0"]).arg(program);
        match self {
            Self::Holdfast => {
                let list = write("names.txt", lines(String::new(), &|text, name| _ = writeln!(text, "{name}")))?;
                command.arg(list).arg(port.to_string()).arg(folder.join("lists.compiled")).arg(above.to_string());
            }
            Self::Unbound => {
                let head = format!(
                    "server:\n  interface: 127.0.0.1\n  port: {port}\n  num-threads: 1\n  do-daemonize: no\n  username: \"\"\n  chroot: \"\"\n  \
                     directory: \"{}\"\n  pidfile: \"\"\n  use-syslog: no\n  logfile: \"\"\n  module-config: \"iterator\"\n  \
                     do-not-query-localhost: no\nforward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{above}\nserver:\n",
                    folder.display()
                );
                let zones = lines(head, &|text, name| _ = writeln!(text, "  local-zone: \"{name}.\" always_nxdomain"));
                command.arg("-d").arg("-c").arg(write("unbound.conf", zones)?);
            }
            Self::Dnsmasq => {
                let head = format!(
                    "port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\npid-file=\nuser=\n\
                     server=127.0.0.1#{above}\ncache-size=10000\ndns-forward-max=1000\n"
                );
                let zones = lines(head, &|text, name| _ = writeln!(text, "local=/{name}/"));
                command
                    .arg("--keep-in-foreground")
                    .arg(format!("--conf-file={}", write("dnsmasq.conf", zones)?.display()));
            }
            Self::Dnsdist => {
                // The names in a file of their own: a program of so many lines is more than its Lua takes.
                let list = write("dnsdist.names", lines(String::new(), &|text, name| _ = writeln!(text, "{name}.")))?;
                let rules = format!(
                    "setLocal('127.0.0.1:{port}')\nlocal above = newServer({{address='127.0.0.1:{above}'}})\nabove:setUp()\n\
                     setSecurityPollSuffix('')\ngetPool(''):setCache(newPacketCache(20000))\nlocal names = newSuffixMatchNode()\n\
                     for name in io.lines('{}') do names:add(newDNSName(name)) end\n\
                     addAction(SuffixMatchNodeRule(names), RCodeAction(DNSRCode.NXDOMAIN))\n",
                    list.display()
                );
                command.args(["--supervised", "--disable-syslog", "-C"]).arg(write("dnsdist.conf", rules)?);
            }
            Self::Recursor => {
                let head =
                    "$TTL 60\n@ SOA localhost. root.localhost. 1 3600 600 86400 60\n@ NS localhost.\n".to_owned();
                let zone = lines(head, &|text, name| _ = writeln!(text, "{name} CNAME .\n*.{name} CNAME ."));
                let lua = format!("rpzFile('{}', {{policyName='listed'}})\n", write("blocked.rpz", zone)?.display());
                let own = folder.join("recursor");
                std::fs::create_dir_all(&own)?;
                let conf = format!(
                    "local-address=127.0.0.1\nlocal-port={port}\nthreads=1\ndnssec=off\nsocket-dir={0}\nlua-config-file={1}\n\
                     forward-zones-recurse=.=127.0.0.1:{above}\nquiet=yes\nloglevel=0\nsetuid=root\nsetgid=root\n",
                    own.display(),
                    write("recursor.lua", lua)?.display()
                );
                std::fs::write(own.join("recursor.conf"), conf)?;
                command.arg("--daemon=no").arg("--write-pid=no").arg(format!("--config-dir={}", own.display()));
            }
        }
        Ok(command)
    }
}

/// One of them, running; ended when dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts it and waits until it blocks a name.
    ///
    /// # Errors
    /// When it ends, or does not answer within two minutes.
    pub(crate) fn start(kind: Kind, program: &Path, folder: &Path, names: &[String], above: u16) -> Result<Self> {
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = kind
            .command(program, folder, port, names, above)?
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("could not start {}", kind.name()))?;
        let mut server = Self { child, port };
        let name = names.first().context("a name")?;
        let waiting = Instant::now();
        while !answers(port, name)? {
            if let Some(status) = server.child.try_wait()? {
                bail!("{} ended with {status}", kind.name());
            }
            if waiting.elapsed() > Duration::from_secs(120) {
                bail!("{} did not answer within two minutes", kind.name());
            }
        }
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Processor time that it has used, in seconds.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn processor_seconds(&self) -> Result<f64> {
        processor_seconds(self.child.id())
    }

    /// Memory that it holds, in millions of bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        resident_megabytes(self.child.id())
    }
}

/// Processor time that a process has used, in seconds.
///
/// # Errors
/// When it has ended.
pub(crate) fn processor_seconds(process: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name in brackets: state is the first word; user and system time are the 12th and 13th.
    let words: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = words.iter().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum::<f64>();
    // Linux counts them in hundredths on every machine that Debian runs on.
    Ok(ticks / 100.0)
}

/// Memory that a process holds, in millions of bytes.
///
/// # Errors
/// When it has ended.
pub(crate) fn resident_megabytes(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: f64 = line.split_whitespace().next().context("a number")?.parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has then said.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks for one name and waits up to 200 ms.
fn answers(port: u16, name: &str) -> Result<bool> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let sent = socket.send_to(&question(name)?, ("127.0.0.1", port));
    let mut answer = [0; 512];
    let answered = sent.is_ok() && socket.recv(&mut answer).is_ok();
    if !answered {
        // A closed port answers at once; do not ask in a tight circle.
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(answered)
}

/// A question for the address of a name.
///
/// # Errors
/// When it is no name.
pub(crate) fn question(name: &str) -> Result<Vec<u8>> {
    let mut question = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len())?);
        question.extend(label.bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    Ok(question)
}
