//! How a device proves itself (S33): a proxy credential or its own DoH path first, then its hardware address, then a
//! reserved address. No account password is ever a proxy password.

use std::net::IpAddr;

use domain::access::Action;
use domain::{DeviceId, OpCtx};
use rand::Rng;
use store::Scope;

use crate::accounts::Token;
use crate::error::{Error, Result};
use crate::filtering::publish;
use crate::people;
use crate::services::Services;

/// Most reserved addresses of one device.
const MOST_ADDRESSES: usize = 8;

/// What a device is given to prove itself with. Shown once; the password is kept as SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Proxy user.
    pub user: String,
    /// Proxy password.
    pub password: String,
    /// Last part of its DoH path.
    pub doh_path: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A fresh credential for a device; the one of before stops at once.
///
/// # Errors
/// [`Error::NotFound`] when it is not in use; refused for who may not keep devices.
pub async fn new_credential(services: &Services, ctx: &mut OpCtx, id: DeviceId) -> Result<Credential> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let fresh = fresh(&mut *ctx.rng);
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.new_credential").await?;
    let found = store::devices::lookup(&tx, member.setting, id).await?;
    let mut device = found.filter(|device| device.retired_at.is_none()).ok_or(Error::NotFound)?;
    device.proxy_user = Some(fresh.user.clone());
    device.proxy_password_sha256 = Some(Token::given(&fresh.password).digest());
    device.doh_path = Some(fresh.doh_path.clone());
    store::devices::set(&mut tx, &device).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(fresh)
}

/// A random credential: a short user, a password of 128 bits and a path of 128 bits, typed at most once per device.
pub fn fresh(rng: &mut dyn Rng) -> Credential {
    Credential { user: format!("d-{}", letters(rng, 8)), password: letters(rng, 26), doh_path: letters(rng, 26) }
}

/// Small letters and figures that nobody mixes up: 32 of them, five bits each.
fn letters(rng: &mut dyn Rng, how_many: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0_u8; how_many];
    rng.fill_bytes(&mut bytes);
    bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 31))).map(|letter| char::from(*letter)).collect()
}

/// A hardware address in one form: `aa:bb:cc:dd:ee:ff`. Not one for everybody (broadcast, multicast, zero).
pub fn mac(typed: &str) -> Option<String> {
    let figures: String = typed.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    if figures.len() != 12 || !figures.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = hex::decode(&figures).ok()?;
    let group = bytes.first().is_some_and(|first| first & 1 == 1);
    if group || bytes.iter().all(|byte| *byte == 0) {
        return None;
    }
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
}

/// The reserved addresses of a row.
pub fn addresses(stored: &serde_json::Value) -> Vec<IpAddr> {
    let list = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|address| address.as_str()?.parse().ok()).collect()
}

/// Reads typed addresses.
///
/// # Errors
/// One sentence.
pub fn typed_addresses(typed: &str) -> Result<Vec<IpAddr>, String> {
    let mut found = Vec::new();
    for part in typed.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|part| !part.is_empty()) {
        let shown: String = part.chars().take(45).collect();
        let address: IpAddr = part.parse().map_err(|_| format!("“{shown}” is not an address such as 192.168.1.20."))?;
        let unfit = address.is_unspecified() || address.is_multicast() || address == IpAddr::from([255, 255, 255, 255]);
        if unfit {
            return Err(format!("{address} is not one device's address."));
        }
        if !found.contains(&address) {
            found.push(address);
        }
    }
    if found.len() > MOST_ADDRESSES {
        return Err(format!("Give at most {MOST_ADDRESSES} addresses."));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_hardware_address_however_it_is_printed() {
        for typed in ["AA-BB-CC-DD-EE-0F", "aa:bb:cc:dd:ee:0f", "aabb.ccdd.ee0f", "AABBCCDDEE0F"] {
            assert_eq!(mac(typed).as_deref(), Some("aa:bb:cc:dd:ee:0f"), "{typed}");
        }
        for bad in
            ["", "aa:bb:cc:dd:ee", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01:00:5e:00:00:01", "gg:bb:cc:dd:ee:ff"]
        {
            assert_eq!(mac(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_as_people_separate_them() {
        assert_eq!(typed_addresses("192.168.1.20, fd00::1\n192.168.1.20").unwrap().len(), 2);
        assert_eq!(typed_addresses("  ").unwrap(), Vec::<IpAddr>::new());
        for bad in ["192.168.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "=1+1"] {
            assert!(typed_addresses(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_do_not_repeat_and_do_not_print_themselves() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        let (one, other) = (fresh(&mut rng), fresh(&mut rng));
        assert_ne!(one, other);
        assert_eq!(one.password.len(), 26);
        assert!(!format!("{one:?}").contains(&one.password));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_without_a_fall(typed in any::<String>()) {
            let _ = typed_addresses(&typed);
            if let Some(mac) = mac(&typed) {
                prop_assert_eq!(super::mac(&mac), Some(mac));
            }
        }
    }
}
