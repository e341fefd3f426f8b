//! The block page's address, and the authority that makes its certificates: made fresh at each start under the setting's own
//! root and left in the gateway's folder. The gateway gets that authority's key and never the root's (S29), and the authority
//! cannot speak for the names that no filter may come between: help services, and what a device needs to live.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;

use crate::cli::Listen;
use crate::house::{self, House};

/// Completes what is asked for with addresses and an authority. Nothing is made when nobody wants block pages over HTTPS.
///
/// # Errors
/// The data folder, or the root in it; a block page on every address without a word where DNS leads.
pub(crate) fn prepare(house: &House, web: SocketAddr, listen: &Listen) -> anyhow::Result<Listen> {
    let mut listen = listen.clone();
    let listeners = [listen.block_http, listen.block_https].into_iter().flatten();
    if listen.block_address.is_empty() {
        let mut addresses: Vec<IpAddr> = listeners.map(|at| at.ip()).collect();
        addresses.dedup();
        anyhow::ensure!(
            !addresses.iter().any(IpAddr::is_unspecified),
            "the block page listens on every address, so DNS does not know where to lead devices. Give its listener one \
             address, or name it with --block-address (`block_address` in the file)"
        );
        listen.block_address = addresses;
    }
    if listen.own_address.is_empty() {
        // Our own pages and the block page need not share an address (`docs/decisions/0011`).
        listen.own_address = if web.ip().is_unspecified() { listen.block_address.clone() } else { vec![web.ip()] };
    }
    if listen.block_https.is_none() {
        return Ok(listen);
    }
    let data = &house.services.data;
    let never = house.services.content.never_log.iter().map(|entry| entry.name.clone());
    let lifelines = app::filtering::policy::LIFELINES.iter().map(|name| (*name).to_owned());
    let never: Vec<String> = never.chain(lifelines).collect();
    let authority = web::tls::issue_authority(&data.join("tls"), &never, house::now())?;
    let folder = data.join("gateway");
    house::make_folder(&folder)?;
    let (chain, key) = (folder.join("block-pages.crt"), folder.join("block-pages.key"));
    crate::demo::write_private(&key, authority.key_pem.as_bytes())?;
    std::fs::write(&chain, authority.chain_pem).with_context(|| format!("cannot write {}", chain.display()))?;
    (listen.block_certificate, listen.block_key) = (Some(chain), Some(key));
    Ok(listen)
}

/// The first of each family.
pub(crate) fn one_of_each(addresses: &[IpAddr]) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
    let v4 = addresses.iter().find_map(|address| if let IpAddr::V4(v4) = address { Some(*v4) } else { None });
    let v6 = addresses.iter().find_map(|address| if let IpAddr::V6(v6) = address { Some(*v6) } else { None });
    (v4, v6)
}
