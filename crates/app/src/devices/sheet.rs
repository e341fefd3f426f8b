//! "How to set this device up": where its proxy and DNS are, its own addresses of encrypted DNS, its own automatic
//! configuration (PAC), and an address that the filter must block on it.
//!
//! Two ways to it: signed in, from the register ([`set_up_sheet`]); and on the device itself, by its own secret address, which
//! the sheet prints as a picture to scan ([`set_up_on_device`]). Whoever holds that address can be that device in the filter
//! and nothing else: it opens no record. What it is not: the files for each system ([`super::profiles`]).

use std::net::SocketAddr;

use domain::access::Action;
use domain::{DeviceId, OpCtx};
use filter::Audience;
use store::devices::Device;
use store::words::DeviceKind;
use store::{Reads, Scope};

use crate::error::{Error, Result};
use crate::people;
use crate::services::Services;

/// The port that devices use for DNS over TLS unless told otherwise (RFC 7858).
const DOT_PORT: &str = "853";
/// Where a device checks itself: a name that only our filter answers, `gateway::CHECK_HOST`; the binary's tests compare.
pub const CHECK_HOST: &str = "check.holdfast.invalid";

/// Our root certificate, beside the pages that it vouches for. Inspection has a root of its own, which is never here (S29).
const ROOT: &str = "tls/root.crt";

/// What the page of a device shows to whoever sets it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUpSheet {
    /// Which device.
    pub id: DeviceId,
    /// The device's name.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// The setting's name.
    pub setting: String,
    /// Its group's name.
    pub group: String,
    /// For whom its group is.
    pub audience: Audience,
    /// `host:port` of the proxy; `None` while no gateway runs.
    pub proxy: Option<String>,
    /// Address of the DNS; `None` while no gateway runs.
    pub dns: Option<String>,
    /// Its own address of DNS over HTTPS; `None` without a credential, or where none is served.
    pub doh_url: Option<String>,
    /// Its own name of DNS over TLS, with the port where that is not the usual one.
    pub dot_name: Option<String>,
    /// Automatic proxy configuration; `None` without a credential.
    pub pac_url: Option<String>,
    /// The page with which it sets itself up, opened on the device; `None` without a credential.
    pub set_up_url: Option<String>,
    /// Its start page; `None` without a credential.
    pub start_url: Option<String>,
    /// Proxy user; the password was shown once.
    pub proxy_user: Option<String>,
    /// Opened on the device, our own page must come in its place: an address of a category that its group blocks, at which
    /// nothing exists. `None` for a group that blocks nothing.
    pub check_url: Option<String>,
    /// The root certificate of our own pages and of encrypted DNS, as PEM. `None` where there is none, and for what is not
    /// the setting's own: a root of ours is never put on somebody's own device (S29).
    pub root_pem: Option<String>,
}

impl SetUpSheet {
    /// Whether DNS over TLS answers at its usual port: Android knows no other.
    pub fn dot_at_usual_port(&self) -> bool {
        self.dot_name.as_deref().is_some_and(|name| !name.contains(':'))
    }

    /// Whether plain DNS answers at its usual port: no system can be told another.
    pub fn dns_at_usual_port(&self) -> bool {
        self.dns.as_deref().and_then(|dns| dns.rsplit_once(':')).is_some_and(|(_, port)| port == "53")
    }

    /// The DNS server's address without its port.
    pub fn dns_address(&self) -> Option<std::net::IpAddr> {
        self.dns.as_deref()?.parse::<SocketAddr>().ok().map(|address| address.ip())
    }
}

/// The sheet of a device.
///
/// # Errors
/// [`Error::NotFound`]; refused for who may not keep devices.
pub async fn set_up_sheet(services: &Services, ctx: &OpCtx, id: DeviceId) -> Result<SetUpSheet> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let device = store::devices::lookup(&reader, member.setting, id).await?.ok_or(Error::NotFound)?;
    sheet(services, &reader, device).await
}

/// The sheet on the device itself, by its own secret address.
///
/// # Errors
/// [`Error::NotFound`] for a path that no device in use has.
pub async fn set_up_on_device(services: &Services, path: &str) -> Result<SetUpSheet> {
    let reader = services.db.read(Scope::All).await?;
    let device = by_path(&reader, path).await?.ok_or(Error::NotFound)?;
    sheet(services, &reader, device).await
}

/// The device in use that has this secret path.
pub(crate) async fn by_path(db: &impl Reads, path: &str) -> Result<Option<Device>> {
    for setting in store::settings::list(db).await? {
        let devices = store::devices::list(db, setting.id).await?;
        if let Some(device) = devices.into_iter().find(|device| device.doh_path.as_deref() == Some(path)) {
            return Ok(Some(device));
        }
    }
    Ok(None)
}

async fn sheet(services: &Services, db: &impl Reads, device: Device) -> Result<SetUpSheet> {
    let base = services.web_base.trim_end_matches('/');
    let state = services.gateway.status();
    let path = device.doh_path.as_deref();
    let encrypted = state.as_ref().map(|state| state.encrypted_dns.clone()).unwrap_or_default();
    let policy = super::policy_of(db, device.setting_id).await?;
    let group = policy.as_ref().and_then(|policy| policy.groups.get(&device.group_key));
    let blocked = group.and_then(|group| group.blocked.keys().next());
    let setting = store::settings::lookup(db, device.setting_id).await?.map(|setting| setting.name);
    let own = |what: &str| path.map(|path| format!("{base}/{what}/{path}"));
    // Without encrypted pages there is nothing that the root would vouch for on this device.
    let needs_root = base.starts_with("https://") || encrypted.https.is_some() || encrypted.tls.is_some();
    Ok(SetUpSheet {
        id: device.id,
        kind: device.kind,
        setting: setting.unwrap_or_default(),
        group: group.map_or_else(|| device.group_key.clone(), |group| group.name.clone()),
        audience: group.map_or(Audience::Children, |group| group.audience),
        proxy: state.as_ref().map(|state| reachable(&services.web_base, &state.proxy)),
        dns: state.as_ref().map(|state| reachable(&services.web_base, &state.dns)),
        doh_url: path
            .zip(encrypted.https)
            .map(|(path, listens)| format!("https://{}/dns-query/{path}", reachable(&services.web_base, &listens))),
        dot_name: path.zip(encrypted.tls.zip(encrypted.name)).map(|(path, (listens, name))| {
            match listens.rsplit_once(':') {
                Some((_, port)) if port != DOT_PORT => format!("{path}.{name}:{port}"),
                _ => format!("{path}.{name}"),
            }
        }),
        pac_url: own("pac"),
        set_up_url: own("this-device"),
        start_url: own("start"),
        check_url: blocked.map(|category| format!("http://{}/", filter::probe::probe_name(category))),
        root_pem: match device.kind {
            DeviceKind::Guest => None,
            _ if !needs_root => None,
            _ => tokio::fs::read_to_string(services.data.join(ROOT)).await.ok(),
        },
        proxy_user: device.proxy_user,
        name: device.name,
    })
}

/// The automatic configuration of the device with this path, for its browser.
///
/// # Errors
/// [`Error::NotFound`] for a path that no device in use has; [`Error::Unavailable`] while no gateway runs.
pub async fn pac(services: &Services, path: &str) -> Result<String> {
    let reader = services.db.read(Scope::All).await?;
    by_path(&reader, path).await?.ok_or(Error::NotFound)?;
    script(services)
}

/// The automatic configuration for whoever looks for one by itself (WPAD). It says where the proxy is and nothing of who
/// asks: such a device is known by its hardware or reserved address, or is a stranger in the strictest group.
///
/// # Errors
/// [`Error::NotFound`] while no gateway runs: there is no proxy to name.
pub fn wpad(services: &Services) -> Result<String> {
    script(services).map_err(|_| Error::NotFound)
}

fn script(services: &Services) -> Result<String> {
    let Some(state) = services.gateway.status() else {
        return Err(Error::Unavailable { say: "The gateway does not run.".into() });
    };
    let own = host_of(&services.web_base);
    let proxy = reachable(&services.web_base, &state.proxy);
    // No fallback to DIRECT: when the proxy is away, children's devices see nothing rather than everything.
    Ok(format!(
        "function FindProxyForURL(url, host) {{\n  if (host === \"{own}\" || isPlainHostName(host)) return \"DIRECT\";\n  return \"PROXY {proxy}\";\n}}\n"
    ))
}

/// A listener's address as devices reach it: a listener on all interfaces is reached by our own name.
fn reachable(web_base: &str, listens: &str) -> String {
    match listens.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => format!("{}:{}", host_of(web_base), address.port()),
        _ => listens.to_owned(),
    }
}

/// The host of our own address, for a script: letters, figures, dots, dashes, colons and brackets only.
fn host_of(web_base: &str) -> String {
    let rest = web_base.split_once("://").map_or(web_base, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_interface_is_reached_by_our_name() {
        assert_eq!(reachable("https://holdfast.local:8443/", "0.0.0.0:3128"), "holdfast.local:3128");
        assert_eq!(reachable("https://holdfast.local", "192.168.1.5:3128"), "192.168.1.5:3128");
        assert_eq!(reachable("http://[::1]:8080", "[::]:5335"), "[::1]:5335");
        assert_eq!(host_of("https://a\";evil()//"), "aevil", "nothing breaks out of the script");
    }
}
