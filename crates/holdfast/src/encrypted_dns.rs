//! Encrypted DNS: its name, and a certificate under the setting's own root, made fresh at each start and left in the
//! gateway's folder. The gateway gets that leaf and never the root's key (S29).

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;

use anyhow::Context;

use crate::cli::Listen;
use crate::house;

/// What devices on this machine itself call us, when our pages have no name but a number.
const HERE: &str = "holdfast.localhost";
/// The contract's ports for trying.
const DOT: u16 = 8853;
const DOH: u16 = 8443;

/// The demo's addresses: where DNS is, on ports of their own; a taken one gives way to a free one, since nobody has
/// written it into a device.
pub(crate) fn of_the_demo(listen: &Listen) -> Listen {
    let dns = listen.dns.unwrap_or(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 5335));
    let place = |asked: Option<SocketAddr>, port: u16| {
        let wanted = SocketAddr::new(dns.ip(), if dns.port() == 0 { 0 } else { port });
        let free = || TcpListener::bind(wanted).map_or(SocketAddr::new(dns.ip(), 0), |_| wanted);
        Some(asked.unwrap_or_else(free))
    };
    Listen { dot: place(listen.dot, DOT), doh: place(listen.doh, DOH), ..listen.clone() }
}

/// Completes what is asked for with a name and a certificate. Nothing is made when nobody wants encrypted DNS, or when
/// the setting has a certificate of its own.
///
/// # Errors
/// The data folder, or the root in it.
pub(crate) fn prepare(data: &Path, web_base: &str, listen: &Listen) -> anyhow::Result<Listen> {
    let mut listen = listen.clone();
    if listen.dot.is_none() && listen.doh.is_none() {
        return Ok(listen);
    }
    let name = listen.dns_name.clone().unwrap_or_else(|| name(web_base));
    if listen.dns_certificate.is_none() {
        let mut names = vec![name.clone(), format!("*.{name}")];
        let addresses = [listen.dot, listen.doh].into_iter().flatten().map(|address| address.ip());
        names.extend(addresses.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
        names.extend(Some(host(web_base)).filter(|host| !host.is_empty()));
        names.sort();
        names.dedup();
        let leaf = web::tls::issue(&data.join("tls"), &names, house::now())?;
        let folder = data.join("gateway");
        house::make_folder(&folder)?;
        let (chain, key) = (folder.join("tls.crt"), folder.join("tls.key"));
        crate::demo::write_private(&key, leaf.key_pem.as_bytes())?;
        std::fs::write(&chain, leaf.chain_pem).with_context(|| format!("cannot write {}", chain.display()))?;
        (listen.dns_certificate, listen.dns_key) = (Some(chain), Some(key));
    }
    listen.dns_name = Some(name);
    Ok(listen)
}

/// The name of our pages, if they have one.
fn name(web_base: &str) -> String {
    let host = host(web_base);
    // One label alone cannot have names below it in a certificate.
    let named = host.contains('.') && host.parse::<IpAddr>().is_err();
    if named { host } else { HERE.to_owned() }
}

/// The host of an address, lower case, an IPv6 one without its brackets.
fn host(web_base: &str) -> String {
    let rest = web_base.split("://").nth(1).unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => authority.split(':').next(),
    };
    host.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_pages_or_one_for_this_machine() {
        assert_eq!(name("https://Holdfast.home.arpa:8443/x"), "holdfast.home.arpa");
        for number in ["http://127.0.0.1:8080", "https://[::1]/", "https://holdfast", ""] {
            assert_eq!(name(number), HERE, "{number}");
        }
    }
}
