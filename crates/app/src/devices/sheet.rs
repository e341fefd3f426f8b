//! "How to set this device up": where its proxy and DNS are, its own addresses of encrypted DNS, its own automatic
//! configuration (PAC), and an address that the filter must block on it.
//!
//! What it is not: the certificate (the gateway's). The PAC's address holds the device's own
//! path, which is random; whoever knows it learns the proxy's address and nothing else.

use std::net::SocketAddr;

use domain::access::Action;
use domain::{DeviceId, OpCtx};
use store::Scope;

use crate::error::{Error, Result};
use crate::people;
use crate::services::Services;

/// The port that devices use for DNS over TLS unless told otherwise (RFC 7858).
const DOT_PORT: &str = "853";
/// Where a device checks itself: a name that only our filter answers, `gateway::CHECK_HOST`; the binary's tests compare.
pub const CHECK_HOST: &str = "check.holdfast.invalid";

/// What the page of a device shows to whoever sets it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUpSheet {
    /// The device's name.
    pub name: String,
    /// Its group's name.
    pub group: String,
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
    /// Proxy user; the password was shown once.
    pub proxy_user: Option<String>,
    /// Opened on the device, our own page must come in its place: an address of a category that its group blocks, at which
    /// nothing exists. `None` for a group that blocks nothing.
    pub check_url: Option<String>,
}

/// The sheet of a device.
///
/// # Errors
/// [`Error::NotFound`]; refused for who may not keep devices.
pub async fn set_up_sheet(services: &Services, ctx: &OpCtx, id: DeviceId) -> Result<SetUpSheet> {
    people::may(ctx, Action::KeepDevices)?;
    let view = super::lookup(services, ctx, id).await?;
    let base = services.web_base.trim_end_matches('/');
    let state = services.gateway.status();
    let path = view.device.doh_path.as_deref();
    let encrypted = state.as_ref().map(|state| state.encrypted_dns.clone()).unwrap_or_default();
    let reader = services.db.read(Scope::Setting(view.device.setting_id)).await?;
    let policy = super::policy_of(&reader, view.device.setting_id).await?;
    let group = policy.as_ref().and_then(|policy| policy.groups.get(&view.device.group_key));
    let blocked = group.and_then(|group| group.blocked.keys().next());
    Ok(SetUpSheet {
        name: view.device.name,
        group: view.group,
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
        pac_url: path.map(|path| format!("{base}/pac/{path}")),
        proxy_user: view.device.proxy_user,
        check_url: blocked.map(|category| format!("http://{}/", filter::probe::probe_name(category))),
    })
}

/// The automatic configuration of the device with this path, for its browser.
///
/// # Errors
/// [`Error::NotFound`] for a path that no device in use has; [`Error::Unavailable`] while no gateway runs.
pub async fn pac(services: &Services, path: &str) -> Result<String> {
    let reader = services.db.read(Scope::All).await?;
    let mut known = false;
    for setting in store::settings::list(&reader).await? {
        let devices = store::devices::list(&reader, setting.id).await?;
        known |= devices.iter().any(|device| device.doh_path.as_deref() == Some(path));
    }
    if !known {
        return Err(Error::NotFound);
    }
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
