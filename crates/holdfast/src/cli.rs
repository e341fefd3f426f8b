//! The commands, as `design` of the contract names them. Parsing only; each command's work is in its own module.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Makes a nursery's online safety policy true.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on a fictional setting, in one process, on this machine only.
    #[command(after_help = "Example: holdfast demo --setting n --fresh")]
    Demo(Demo),
    /// Run a real setting.
    #[command(after_help = "Example: holdfast serve --config /etc/holdfast.toml")]
    Serve(Serve),
    /// Run a gateway alone: the child of `serve`, or filter only with --standalone.
    #[command(
        after_help = "Example: holdfast gateway --standalone --lists lists/ --policy policy.json --upstream 192.0.2.1"
    )]
    Gateway(GatewayArgs),
    /// Compile lists, or look names up in them.
    #[command(subcommand)]
    Lists(Lists),
    /// Ask the filter, or test it through the real path.
    #[command(subcommand)]
    Filter(Filter),
    /// Signed lists of illegal addresses: load one, see who supplies. Nothing prints an entry.
    #[command(subcommand)]
    Sealed(Sealed),
    /// The local role card: what a technician loads at the filter when it can read no policy.
    #[command(subcommand)]
    RoleCard(RoleCard),
    /// Every obligation of the policy with its status today.
    #[command(after_help = "Example: holdfast evidence --json")]
    Evidence(Evidence),
    /// Check or take out the audit chain.
    #[command(subcommand)]
    Audit(Audit),
    /// Make, check or restore a backup.
    #[command(subcommand)]
    Backup(Backup),
    /// Tokens for the JSON API.
    #[command(subcommand)]
    Token(Token),
    /// What is wrong with this installation and how to mend it.
    #[command(after_help = "Example: holdfast doctor")]
    Doctor(Doctor),
}

/// Where the data lies.
#[derive(Debug, Clone, Args)]
pub(crate) struct Data {
    /// The data folder.
    #[arg(long, default_value = "./holdfast-data", env = "HOLDFAST_DATA")]
    pub(crate) data: PathBuf,
}

/// Where to listen.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listen {
    /// Web pages. Port 0 takes a free one and prints it.
    #[arg(long)]
    pub(crate) web: Option<SocketAddr>,
    /// Plain HTTP beside HTTPS: the certificate to install, and the way to HTTPS. Not the block page's address.
    #[arg(long)]
    pub(crate) plain: Option<SocketAddr>,
    /// DNS, UDP and TCP.
    #[arg(long)]
    pub(crate) dns: Option<SocketAddr>,
    /// DNS over TLS; a device is known by the server's name that it asks for.
    #[arg(long)]
    pub(crate) dot: Option<SocketAddr>,
    /// DNS over HTTPS; a device is known by its path.
    #[arg(long)]
    pub(crate) doh: Option<SocketAddr>,
    /// A certificate (PEM, with those that vouch for it) for encrypted DNS, in the place of one of our own.
    #[arg(long, requires = "dns_key")]
    pub(crate) dns_certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, requires = "dns_certificate")]
    pub(crate) dns_key: Option<PathBuf>,
    /// The name that encrypted DNS goes by; a device asks DNS over TLS for ITS-SECRET.NAME.
    #[arg(long)]
    pub(crate) dns_name: Option<String>,
    /// The explicit proxy.
    #[arg(long)]
    pub(crate) proxy: Option<SocketAddr>,
    /// The proxy port that asks browsers for a device's credentials.
    #[arg(long)]
    pub(crate) proxy_sign_in: Option<SocketAddr>,
    /// The block page for devices whose DNS points at it.
    #[arg(long)]
    pub(crate) block_http: Option<SocketAddr>,
    /// The block page over HTTPS, for devices that carry our certificate.
    #[arg(long)]
    pub(crate) block_https: Option<SocketAddr>,
    /// Where DNS leads blocked names on devices that show block pages, when the block page listens on every address.
    #[arg(long, value_delimiter = ',')]
    pub(crate) block_address: Vec<std::net::IpAddr>,
    /// Lead browsers that look for a proxy (the name `wpad`) to ours, by the block page's listener.
    #[arg(long)]
    pub(crate) wpad: bool,
    /// An authority (PEM, with its root) that makes the certificates of block pages; only for `gateway --standalone`.
    #[arg(long, requires = "block_key")]
    pub(crate) block_certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, requires = "block_certificate")]
    pub(crate) block_key: Option<PathBuf>,
    /// Where the name of our own pages leads; set by `serve`.
    #[arg(long, hide = true, value_delimiter = ',')]
    pub(crate) own_address: Vec<std::net::IpAddr>,
    /// Resolvers of the filtering provider, with commas between: 192.0.2.1, tls://192.0.2.1#dns.example,
    /// https://192.0.2.1/dns-query#dns.example.
    #[arg(long, value_delimiter = ',')]
    pub(crate) upstream: Vec<gateway::Upstream>,
    /// Lists: a UT1 folder, a list file, a folder of those, or a compiled file.
    #[arg(long)]
    pub(crate) lists: Option<PathBuf>,
    /// A compiled file over them: what was fetched from sources; set by `serve`.
    #[arg(long, hide = true)]
    pub(crate) fetched_lists: Option<PathBuf>,
}

/// A name or an address for a link, nothing more; an IPv6 address gets its brackets.
pub(crate) fn host(text: &str) -> Result<String, String> {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        return match ip {
            ip if ip.is_unspecified() => {
                Err(format!("{text} is every address of this machine, and no device's way to it"))
            }
            std::net::IpAddr::V4(ip) => Ok(ip.to_string()),
            std::net::IpAddr::V6(ip) => Ok(format!("[{ip}]")),
        };
    }
    let is_name = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    is_name.then(|| text.to_ascii_lowercase()).ok_or_else(|| format!("{text} is no name like nursery.home.arpa"))
}

/// `holdfast demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Which of the two fictional settings.
    #[arg(long, default_value = "n")]
    pub(crate) setting: String,
    /// Throw the old demo away and start over.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Let other machines of the network in. Never enter real names.
    #[arg(long)]
    pub(crate) lan: bool,
    /// The name or address by which devices of the network reach this machine; absent: its own address.
    #[arg(long, value_parser = host)]
    pub(crate) name: Option<String>,
    /// HTTPS on this machine too, under the demo's own root (DATA/tls/root.crt). Beyond this machine it always is.
    #[arg(long)]
    pub(crate) https: bool,
    /// PostgreSQL instead of the encrypted SQLite file.
    #[arg(long)]
    pub(crate) database_url: Option<String>,
    /// Add so many invented concerns, for measuring.
    #[arg(long, hide = true, default_value_t = 0)]
    pub(crate) bulk: usize,
}

/// `holdfast serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file.
    #[arg(long)]
    pub(crate) config: PathBuf,
}

/// `holdfast gateway`.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// Filter only: no records, no database.
    #[arg(long, requires = "policy")]
    pub(crate) standalone: bool,
    /// The policy snapshot as JSON; an empty file blocks every black-type name for everybody.
    #[arg(long)]
    pub(crate) policy: Option<PathBuf>,
    /// The folder that control and gateway share; set by `serve`.
    #[arg(long, hide = true)]
    pub(crate) dir: Option<PathBuf>,
    /// With --standalone: a list from the web for a category, asked once a day; may be given several times.
    /// Example: --fetch gambling=https://lists.example/gambling.txt
    #[arg(long, requires_all = ["standalone", "fetched"], value_parser = crate::standalone_lists::Wanted::parse)]
    pub(crate) fetch: Vec<crate::standalone_lists::Wanted>,
    /// Where fetched lists are kept, so that the last good ones are there at the next start.
    #[arg(long)]
    pub(crate) fetched: Option<PathBuf>,
    /// A mirror of one's own: trust the roots of this PEM file too when lists are fetched, and ask addresses inside the
    /// building.
    #[arg(long, requires = "fetch")]
    pub(crate) mirror_root: Option<PathBuf>,
    /// A control on another machine.
    #[arg(long, requires = "token_file")]
    pub(crate) control: Option<String>,
    /// Its one-time token.
    #[arg(long)]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) listen: Listen,
}

/// `holdfast lists`.
#[derive(Debug, Subcommand)]
pub(crate) enum Lists {
    /// Compile lists into one mapped file; prints what was taken and what was not, as JSON.
    #[command(after_help = "Example: holdfast lists compile --out lists.hf lists/ut1 extra-hosts.txt")]
    Compile {
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// Folders and files.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Say which lists a compiled file holds, with the origin, licence and counts of each, as JSON.
    #[command(after_help = "Example: holdfast lists show --db lists.hf")]
    Show {
        /// The compiled file.
        #[arg(long)]
        db: PathBuf,
    },
    /// Say what the lists hold about names or URLs, a JSON line each. Sealed lists are never opened.
    #[command(after_help = "Example: holdfast lists lookup --db lists.hf example.org")]
    Lookup {
        /// The compiled file.
        #[arg(long)]
        db: PathBuf,
        /// Names or URLs; without any, one a line from standard input.
        names: Vec<String>,
    },
}

/// `holdfast filter`.
#[derive(Debug, Subcommand)]
pub(crate) enum Filter {
    /// Say what a group would get for URLs, a JSON line each.
    #[command(after_help = "Example: holdfast filter decide --group children-tablets https://example.org/")]
    Decide {
        #[command(flatten)]
        data: Data,
        /// Group key.
        #[arg(long)]
        group: String,
        /// Device name.
        #[arg(long)]
        device: Option<String>,
        /// Person; groups of people come with schedules.
        #[arg(long)]
        person: Option<String>,
        /// As if at this time.
        #[arg(long)]
        at: Option<jiff::Timestamp>,
        /// URLs or names.
        #[arg(required = true)]
        urls: Vec<String>,
    },
    /// Run the self-test through the real DNS and proxy path for every group. Exit 1 if any part fails.
    #[command(after_help = "Example: holdfast filter test")]
    Test {
        #[command(flatten)]
        data: Data,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The local role card.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCard {
    /// Put the newest card aside, on something that is kept away from this computer. Do it after each change of devices.
    #[command(after_help = "Example: holdfast role-card take --out /media/usb/holdfast.card")]
    Take {
        #[command(flatten)]
        data: Data,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Load a card. It counts while the filter can read no policy: adults' devices and essential systems as they were on
    /// the card's day; children's, guests' and unknown devices stay closed.
    #[command(after_help = "Example: holdfast role-card load /media/usb/holdfast.card")]
    Load {
        #[command(flatten)]
        data: Data,
        /// The card.
        file: PathBuf,
    },
}

/// `holdfast sealed`.
#[derive(Debug, Subcommand)]
pub(crate) enum Sealed {
    /// Who supplies, of when, and how many entries each way through can enforce. Exit 1 when nobody does.
    #[command(after_help = "Example: holdfast sealed status")]
    Status {
        #[command(flatten)]
        data: Data,
    },
    /// Load a signed list. It is only ever replaced by a newer one of the same supplier.
    #[command(after_help = "Example: holdfast sealed load iwf.sealed")]
    Load {
        #[command(flatten)]
        data: Data,
        /// The signed file.
        file: PathBuf,
    },
    /// For whoever holds the licence: make a key, print its public half for the configuration.
    #[command(after_help = "Example: holdfast sealed key --out county.key")]
    Key {
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// For whoever holds the licence: seal and sign a plain list (addresses or SHA-256 of them, a line each).
    #[command(
        after_help = "Example: holdfast sealed make --supplier 'The county' --id county --key county.key --out iwf.sealed list.txt"
    )]
    Make {
        /// Who supplies it, as the status says it.
        #[arg(long)]
        supplier: String,
        /// Id of the key, as in the configuration.
        #[arg(long)]
        id: String,
        /// The key's file.
        #[arg(long)]
        key: PathBuf,
        /// The signed file to write.
        #[arg(long)]
        out: PathBuf,
        /// The plain list.
        list: PathBuf,
    },
}

/// `holdfast evidence`.
#[derive(Debug, Args)]
pub(crate) struct Evidence {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Key of the setting, when there are several.
    #[arg(long)]
    pub(crate) setting: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `holdfast audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Walk the chain and the signed heads; exit 1 and the first break.
    #[command(after_help = "Example: holdfast audit verify")]
    Verify {
        #[command(flatten)]
        data: Data,
        /// An exported chain; needs neither database nor key.
        #[arg(long)]
        file: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the chain to a file that can be checked without the records.
    #[command(after_help = "Example: holdfast audit export --out chain.jsonl")]
    Export {
        #[command(flatten)]
        data: Data,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
}

/// `holdfast backup`.
#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    /// Write an encrypted backup; the recovery code opens it.
    #[command(after_help = "Example: holdfast backup create --out /media/usb/holdfast.backup")]
    Create {
        #[command(flatten)]
        data: Data,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// One setting alone.
        #[arg(long)]
        setting: Option<String>,
    },
    /// Check that a backup can be read to its end.
    #[command(after_help = "Example: holdfast backup verify holdfast.backup")]
    Verify {
        /// The file.
        file: PathBuf,
        /// File with the recovery code; else it is asked for.
        #[arg(long)]
        recovery_code_file: Option<PathBuf>,
    },
    /// Restore into an empty data folder.
    #[command(after_help = "Example: holdfast backup restore holdfast.backup --data /srv/holdfast")]
    Restore {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        data: Data,
        /// PostgreSQL instead of the encrypted SQLite file.
        #[arg(long)]
        database_url: Option<String>,
        /// File with the recovery code; else it is asked for.
        #[arg(long)]
        recovery_code_file: Option<PathBuf>,
    },
}

/// `holdfast token`.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Print a bearer token for the API under /api/v1.
    #[command(after_help = "Example: holdfast token create --user dsl --expires 1h --scope evidence")]
    Create {
        #[command(flatten)]
        data: Data,
        /// Whose.
        #[arg(long)]
        user: String,
        /// How long, e.g. 1h.
        #[arg(long, value_parser = span)]
        expires: jiff::SignedDuration,
        /// evidence, filter. Never case content.
        #[arg(long, value_delimiter = ',', default_value = "evidence,filter")]
        scope: Vec<String>,
    },
}

/// `holdfast doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) data: Data,
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn span(text: &str) -> Result<jiff::SignedDuration, String> {
    text.parse::<jiff::SignedDuration>().map_err(|_| format!("{text} is not a time like 1h or 30m"))
}
