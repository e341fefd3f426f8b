//! A configuration profile (`.mobileconfig`): Apple, *Device Management*, payloads `com.apple.dnsSettings.managed`,
//! `com.apple.proxy.http.global` and `com.apple.security.root`.
//!
//! It is not signed: the device says so when it is installed. Signing would need a certificate that Apple's systems
//! know already, and ours is inside. On a supervised device the DNS setting can be locked; elsewhere its holder can take
//! it away in the settings, and the check of the device shows it.

use plist::{Dictionary, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Missing, SetUpSheet, der};

/// The profile; with a proxy for everything, where its address is given.
pub(super) fn profile(sheet: &SetUpSheet, pac: Option<&str>) -> Result<Vec<u8>, Missing> {
    let dns = dns(sheet).ok_or(Missing::NoAddress)?;
    let mut content = vec![Value::Dictionary(dns)];
    if let Some(root) = sheet.root_pem.as_deref().and_then(der) {
        let mut payload = payload(sheet, "com.apple.security.root", "root", "Certificate of the nursery's own pages");
        payload.insert("PayloadCertificateFileName".into(), "holdfast-root.cer".into());
        payload.insert("PayloadContent".into(), Value::Data(root));
        content.push(payload.into());
    }
    if let Some(pac) = pac {
        let mut payload = payload(sheet, "com.apple.proxy.http.global", "proxy", "The nursery's filter for the web");
        payload.insert("ProxyType".into(), "Auto".into());
        payload.insert("ProxyPACURL".into(), pac.into());
        // Away from the proxy the device sees nothing rather than everything.
        payload.insert("ProxyPACFallbackAllowed".into(), false.into());
        payload.insert("ProxyCaptiveLoginAllowed".into(), true.into());
        content.push(payload.into());
    }
    let what = if pac.is_some() { "profile-proxy" } else { "profile" };
    let mut all = payload(sheet, "Configuration", what, &format!("{}: {}", sheet.setting, sheet.name));
    all.insert(
        "PayloadDescription".into(),
        "This device asks the nursery's filter for every site. Made for this one device: do not install it on another."
            .into(),
    );
    all.insert("PayloadOrganization".into(), sheet.setting.as_str().into());
    all.insert("PayloadScope".into(), "System".into());
    all.insert("PayloadContent".into(), Value::Array(content));
    let mut bytes = Vec::new();
    Value::Dictionary(all).to_writer_xml(&mut bytes).map_err(|_| Missing::Unwritten)?;
    Ok(bytes)
}

/// DNS over HTTPS at the device's own address; over TLS where only that is served.
fn dns(sheet: &SetUpSheet) -> Option<Dictionary> {
    let mut settings = Dictionary::new();
    match (&sheet.doh_url, &sheet.dot_name) {
        (Some(url), _) => {
            settings.insert("DNSProtocol".into(), "HTTPS".into());
            settings.insert("ServerURL".into(), url.as_str().into());
        }
        (None, Some(name)) if sheet.dot_at_usual_port() => {
            settings.insert("DNSProtocol".into(), "TLS".into());
            settings.insert("ServerName".into(), name.as_str().into());
        }
        _ => return None,
    }
    if let Some(address) = sheet.dns_address() {
        settings.insert("ServerAddresses".into(), Value::Array(vec![address.to_string().into()]));
    }
    let mut payload = payload(sheet, "com.apple.dnsSettings.managed", "dns", "DNS of the nursery's filter");
    payload.insert("DNSSettings".into(), settings.into());
    // Heeded by supervised devices alone.
    payload.insert("ProhibitDisablement".into(), true.into());
    Some(payload)
}

/// What every payload begins with. The same device has the same identifiers, so that a newer profile takes the older's place.
fn payload(sheet: &SetUpSheet, kind: &str, what: &str, name: &str) -> Dictionary {
    let mut dictionary = Dictionary::new();
    dictionary.insert("PayloadType".into(), kind.into());
    dictionary.insert("PayloadVersion".into(), 1.into());
    dictionary.insert("PayloadIdentifier".into(), format!("org.holdfast.device.{}.{what}", sheet.id).into());
    dictionary.insert("PayloadUUID".into(), own_uuid(sheet, what).to_string().to_uppercase().into());
    dictionary.insert("PayloadDisplayName".into(), name.into());
    dictionary
}

fn own_uuid(sheet: &SetUpSheet, what: &str) -> Uuid {
    let digest = Sha256::digest(format!("{}/{what}", sheet.id));
    let mut bytes = [0_u8; 16];
    for (place, byte) in bytes.iter_mut().zip(digest) {
        *place = byte;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
