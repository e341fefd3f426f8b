//! The house as one machine holds it: keys, database, lists, gateway folder, services. `demo`, `serve` and every command
//! that needs records open it here, in this order, and nowhere else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use app::Services;
use app::mail::Mailer;
use domain::clock::Calendar;
use filter::CompileReport;
use jiff::Timestamp;
use store::{Db, DbConfig, Keys, MachineKey, RecoveryCode};

use crate::edge::LocalGateway;

/// How to open it.
pub(crate) struct Plan {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// PostgreSQL, instead of the encrypted SQLite file.
    pub(crate) database_url: Option<String>,
    /// Our own pages as other devices reach them.
    pub(crate) web_base: String,
    /// Who sends mail.
    pub(crate) mailer: Arc<dyn Mailer>,
    /// Fictional?
    pub(crate) demo: bool,
    /// How lists are fetched.
    pub(crate) from_web: crate::sealed_tier::FromWeb,
}

/// An open house.
pub(crate) struct House {
    pub(crate) services: Services,
    pub(crate) keys: Arc<Keys>,
    /// Shown once, when the keys were made just now.
    pub(crate) fresh_recovery_code: Option<RecoveryCode>,
}

impl House {
    /// Opens, and makes what is missing.
    ///
    /// # Errors
    /// One sentence that says what to mend: folder, key, database.
    pub(crate) async fn open(plan: Plan) -> anyhow::Result<Self> {
        let (keys, fresh_recovery_code) = keys(&plan.data)?;
        let keys = Arc::new(keys);
        let now = now();
        let config = match &plan.database_url {
            Some(url) => DbConfig::postgres(&plan.data, url),
            None => DbConfig::sqlite(&plan.data),
        };
        let db = Db::open(&config, keys.clone(), now).await?;
        let content = app::content::embedded()?;
        let calendar = Calendar::england(content.bank_holidays.iter().map(|holiday| holiday.date))?;
        let gateway = LocalGateway::new(
            &plan.data,
            keys.signing_key(),
            keys.spool_identity()?,
            compiled_lists(&plan.data),
            fetched_lists(&plan.data),
            gateway::Clock::new(self::now),
        );
        let services = Services {
            db,
            content: Arc::new(content),
            calendar: Arc::new(calendar),
            gateway: Arc::new(gateway),
            mailer: plan.mailer,
            printer: Arc::new(crate::printer::Worker::beside_us()),
            scanner: crate::scanner::from_environment(),
            clock: Arc::new(MachineClock),
            data: plan.data,
            web_base: plan.web_base,
            demo: plan.demo,
            wake: Arc::default(),
            publishing: Arc::default(),
            live: Arc::default(),
            lists: Arc::new(app::sources::Desk::new(plan.from_web.rules()?).map_err(anyhow::Error::msg)?),
        };
        Ok(Self { services, keys, fresh_recovery_code })
    }
}

fn keys(data: &Path) -> anyhow::Result<(Keys, Option<RecoveryCode>)> {
    let machine = machine_key(data);
    if Keys::exist(data) {
        return Ok((Keys::open(data, &machine)?, None));
    }
    let (keys, code) = Keys::create(data, &machine, &mut rand::rng())?;
    Ok((keys, Some(code)))
}

/// systemd hands a credential over where it is configured to; else the key lies beside the data, and `doctor` says what
/// that does not protect (S36).
fn machine_key(data: &Path) -> MachineKey {
    match std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join("holdfast-machine-key")) {
        Some(path) if path.exists() => MachineKey::Credential(path),
        _ => MachineKey::beside(data),
    }
}

/// Where the compiled lists of a data folder lie, for gateway and commands alike.
pub(crate) fn compiled_lists(data: &Path) -> PathBuf {
    data.join("lists").join("lists.compiled")
}

/// What was fetched from the sources of lists, compiled.
pub(crate) fn fetched_lists(data: &Path) -> PathBuf {
    data.join("lists").join("fetched.compiled")
}

/// Makes a folder for our files.
///
/// # Errors
/// One sentence, without the system's numbers.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let in_the_way = folder.ancestors().find(|place| place.exists() && !place.is_dir());
    if let Some(file) = in_the_way {
        anyhow::bail!("{} is a file, and our files need a folder there. Choose another place", file.display());
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| anyhow::anyhow!("cannot make the folder {}: {}", folder.display(), error.kind()))
}

/// Brings the compiled lists up to date with what `--lists` names, or with our own small ones. A bad list never
/// replaces a good one: then the report says so and the old file stays.
///
/// # Errors
/// When there is nothing usable and no earlier version.
pub(crate) fn refresh_lists(data: &Path, named: Option<&Path>) -> anyhow::Result<Option<CompileReport>> {
    let folder = data.join("lists");
    make_folder(&folder)?;
    let own = folder.join("own");
    let source = match named {
        Some(path) => path.to_owned(),
        None => {
            write_own_lists(&own)?;
            own
        }
    };
    let out = compiled_lists(data);
    let started = std::time::Instant::now();
    let (_, report) = filter::open_or_compile_as(&source, &out, crate::lists::file_key())?;
    note_refusal(data, report.as_ref())?;
    if report.is_none() && source != out && !out.exists() {
        // `--lists` named a compiled file as it is: copied aside, then renamed, since the gateway maps what lies there.
        let aside = out.with_extension("new");
        std::fs::copy(&source, &aside)
            .and_then(|_| std::fs::rename(&aside, &out))
            .with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(report.map(|report| CompileReport { seconds: started.elapsed().as_secs_f64(), ..report }))
}

/// Why the newest lists were not taken at the last start, so that `doctor` can say it weeks later.
fn refusal(data: &Path) -> PathBuf {
    data.join("lists").join("refused.txt")
}

fn note_refusal(data: &Path, report: Option<&CompileReport>) -> anyhow::Result<()> {
    // A whole list that was refused stands first, without a line.
    let refused = report.and_then(|report| report.rejected.first()).filter(|first| first.line == 0);
    let path = refusal(data);
    match refused {
        Some(refused) => std::fs::write(&path, &refused.why),
        None if path.exists() => std::fs::remove_file(&path),
        None => Ok(()),
    }
    .with_context(|| format!("cannot write {}", path.display()))
}

/// Why the newest lists were not taken, if they were not; the last good ones are in force then.
pub(crate) fn refused_lists(data: &Path) -> Option<String> {
    std::fs::read_to_string(refusal(data)).ok()
}

fn write_own_lists(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (path, text) in app::content::files() {
        if let Some(name) = path.strip_prefix("lists/") {
            let file = folder.join(name);
            std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}

/// The machine's clock: with `web`'s edge, the only place that asks it.
struct MachineClock;

impl app::services::Clock for MachineClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "the edge where time enters")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
