//! `holdfast demo`: everything in one process on a fictional setting (S50).

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use app::demo::Credentials;
use app::mail::Kept;

use crate::house::{self, House, Plan};
use crate::up::{self, GatewayIn, Up};
use crate::{addresses, cli, control, encrypted_dns, reach, running};

/// Said plainly until it is built (S28).
pub(crate) const NO_BLOCK_HTTPS: &str =
    "--block-https is not built yet: over HTTPS a blocked name gets NXDOMAIN with its reason, on every device";

pub(crate) const CREDENTIALS: &str = "demo-credentials.json";

pub(crate) async fn run(options: cli::Demo) -> anyhow::Result<ExitCode> {
    let data = &options.data.data;
    refuse_beyond_loopback(&options)?;
    anyhow::ensure!(options.listen.block_https.is_none(), NO_BLOCK_HTTPS);
    up::apart(options.listen.plain, options.listen.block_http)?;
    prepare(data, options.fresh)?;
    if let Some(report) = house::refresh_lists(data, options.listen.lists.as_deref())? {
        eprintln!("Lists: {} names, {} addresses, {} lines refused.", report.names, report.urls, report.rejected_total);
    }
    if let Some(why) = house::refused_lists(data) {
        eprintln!("The lists were not taken: {why}");
    }
    let plan = Plan {
        data: data.clone(),
        database_url: options.database_url.clone(),
        // Known when the port is ours, below.
        web_base: String::new(),
        mailer: Arc::new(Kept::default()),
        demo: true,
        from_web: Default::default(),
    };
    crate::serve::remember(data, options.database_url.as_deref())?;
    let mut house = House::open(plan).await?;
    let door = web::Door::take(options.listen.web.unwrap_or(addresses::WEB))?;
    let https = options.https || !door.addr.ip().is_loopback();
    let reached = reach::authority(door.addr, options.name.as_deref())?;
    house.services.web_base = format!("{}://{reached}", if https { "https" } else { "http" });
    let mut listen = options.listen.clone();
    // Devices of the network need the certificate before they can read a page.
    if options.lan && https && listen.plain.is_none() {
        listen.plain = Some(SocketAddr::new(door.addr.ip(), addresses::PLAIN_PORT));
    }
    let house = Arc::new(house);
    let credentials = credentials(&house, &options.setting).await?;
    if options.bulk > 0 {
        let mut ctx = house.services.system();
        for setting in crate::commands::settings(&house).await? {
            app::demo::bulk::add(&house.services, &mut ctx, setting.id, options.bulk).await?;
        }
    }
    let listen = encrypted_dns::of_the_demo(&options.listen);
    let up = up::start(&house, door, &listen, GatewayIn::Process, https).await?;
    let answering = control::listen(house.clone())?;
    let stop = up::stop_signal();
    running::note(data, &up)?;
    let credentials = with_addresses(credentials, &up);
    write_private(&data.join(CREDENTIALS), &serde_json::to_vec_pretty(&credentials)?)?;
    banner(&up, &credentials, data)?;
    stop.await;
    eprintln!("Stopping.");
    running::forget(data);
    answering.abort();
    up.stop().await;
    house.services.db.clone().close().await;
    Ok(ExitCode::SUCCESS)
}

fn refuse_beyond_loopback(options: &cli::Demo) -> anyhow::Result<()> {
    let listen = &options.listen;
    let filter =
        [listen.dns, listen.dot, listen.doh, listen.proxy, listen.proxy_sign_in, listen.block_http, listen.block_https];
    let beyond =
        [listen.web, listen.plain].into_iter().chain(filter).flatten().find(|address| !address.ip().is_loopback());
    match beyond {
        Some(address) if !options.lan => anyhow::bail!(
            "the demo stays on this machine. To let others of your network in at {address}, add --lan. Never enter real names."
        ),
        _ => Ok(()),
    }
}

/// Only a folder that a demo made is ever emptied.
fn prepare(data: &Path, fresh: bool) -> anyhow::Result<()> {
    let mark = data.join(CREDENTIALS);
    if fresh && data.exists() {
        let empty = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_none());
        anyhow::ensure!(
            mark.exists() || empty,
            "{} was not made by a demo, so --fresh leaves it alone. Choose another folder with --data.",
            data.display()
        );
        std::fs::remove_dir_all(data).with_context(|| format!("cannot empty {}", data.display()))?;
    }
    anyhow::ensure!(
        mark.exists() || !store::Keys::exist(data),
        "{} holds a real setting. A demo never touches one. Choose another folder with --data.",
        data.display()
    );
    house::make_folder(data)
}

/// Those of an earlier start, or those of a demo that is built now.
async fn credentials(house: &House, setting: &str) -> anyhow::Result<serde_json::Value> {
    let path = house.services.data.join(CREDENTIALS);
    if path.exists() {
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(serde_json::from_slice(&text)?);
    }
    let mut ctx = house.services.system();
    let built: Credentials = app::demo::build(&house.services, &mut ctx, setting)
        .await
        .with_context(|| format!("the demo of setting {setting} could not be built"))?;
    let mut value = serde_json::to_value(&built)?;
    if let (Some(code), Some(fields)) = (&house.fresh_recovery_code, value.as_object_mut()) {
        fields.insert("recovery_code".to_owned(), code.printable().as_str().into());
        fields.insert("setting".to_owned(), setting.into());
    }
    write_private(&path, &serde_json::to_vec_pretty(&value)?)?;
    Ok(value)
}

pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file without a folder")?;
    let mut aside = tempfile::NamedTempFile::new_in(folder)?; // made 0600
    aside.write_all(bytes)?;
    aside.as_file().sync_all()?;
    aside.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// Where each device's encrypted DNS is, beside its secret: the ports are known only now.
fn with_addresses(mut credentials: serde_json::Value, up: &Up) -> serde_json::Value {
    let devices = credentials.get_mut("devices").and_then(|devices| devices.as_object_mut());
    for device in devices.into_iter().flat_map(|devices| devices.values_mut()).filter_map(|d| d.as_object_mut()) {
        let Some(path) = device.get("doh_path").and_then(|path| path.as_str()).map(str::to_owned) else { continue };
        let reached = |address: SocketAddr| up.as_reached(address);
        if let Some(address) = up.doh {
            device.insert("doh_url".to_owned(), format!("https://{}/dns-query/{path}", reached(address)).into());
        }
        if let (Some(address), Some(name)) = (up.dot, &up.tls_name) {
            device.insert("dot_name".to_owned(), format!("{path}.{name}").into());
            device.insert("dot_address".to_owned(), reached(address).into());
        }
    }
    credentials
}

fn banner(up: &Up, credentials: &serde_json::Value, data: &Path) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let text = |value: &serde_json::Value, key: &str| value.get(key).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    writeln!(out, "\nHoldfast demo. Everybody in it is invented. Do not enter real names.\n")?;
    writeln!(out, "  Pages   {}", up.web_url())?;
    writeln!(out, "  DNS     {} (UDP and TCP)", up.as_reached(up.dns))?;
    writeln!(out, "  Proxy   {}", up.as_reached(up.proxy))?;
    if let (Some(doh), Some(dot), Some(name)) = (up.doh, up.dot, &up.tls_name) {
        let (doh, dot, root) = (up.as_reached(doh), up.as_reached(dot), data.join("tls/root.crt"));
        writeln!(out, "  Encrypted DNS   https://{doh}/dns-query/DOH_PATH, or TLS at {dot} for DOH_PATH.{name}")?;
        writeln!(out, "                  (under {})", root.display())?;
    }
    if let Some(address) = up.proxy_sign_in {
        writeln!(out, "  Proxy that asks for a device's credential   {}", up.as_reached(address))?;
    }
    for line in up.certificate() {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "\nSign in as (codes for the second step: oathtool --totp -b SECRET, or any authenticator app)\n")?;
    for (role, person) in credentials.get("people").and_then(|people| people.as_object()).into_iter().flatten() {
        let secret = text(person, "totp_secret");
        let second = if secret.is_empty() { String::new() } else { format!("  second step {secret}") };
        writeln!(out, "  {role:<16} {:<28} {}{second}", text(person, "name"), text(person, "password"))?;
    }
    writeln!(out, "\nBe a device, on this machine\n")?;
    let dns = reach::here(up.dns);
    for (key, device) in credentials.get("devices").and_then(|devices| devices.as_object()).into_iter().flatten() {
        let (address, user) = (text(device, "source_address"), text(device, "proxy_user"));
        writeln!(out, "  {key:<18} {:<24} group {}", text(device, "name"), text(device, "group"))?;
        writeln!(out, "      dig -b {address} -p {} @{} example.org", dns.port(), dns.ip())?;
        writeln!(
            out,
            "      curl -x http://{user}:{}@{} http://example.org/",
            text(device, "proxy_password"),
            reach::here(up.proxy)
        )?;
    }
    writeln!(out, "\nAll of this is in {}/{CREDENTIALS}.", data.display())?;
    writeln!(out, "Stop with Ctrl-C.\n")?;
    Ok(out.flush()?)
}
