//! Inspection's certificates (S29): a root of its own, made only when inspection is approved, its key encrypted to a key that
//! control alone can open; and an authority under it, left in the gateway's folder until the day when inspection ends.
//!
//! What it is not: a decision. Whether, for whom and until when stands in the policy that two people agreed on.

use std::path::Path;

use anyhow::Context;
use filter::PolicySnapshot;
use jiff::Timestamp;

/// Beside `DATA/tls`, since it is another root: `DATA/inspection`.
const FOLDER: &str = "inspection";
const ROOT: &str = "root.crt";
const KEY: &str = "root.key.age";
/// Until when the authority in the gateway's folder is, and for what it cannot speak.
const MARK: &str = "inspection.until";

/// Brings the gateway's folder into line with the policy that it is about to get.
///
/// # Errors
/// The folders, or the root in them.
pub(crate) fn settle(
    gateway: &Path,
    identity: &age::x25519::Identity,
    snapshot: &PolicySnapshot,
    now: Timestamp,
) -> anyhow::Result<()> {
    let files = gateway::inspection_files(gateway);
    let mark = gateway.join(MARK);
    let Some(until) =
        snapshot.inspection.values().map(|inspection| inspection.until).max().filter(|until| now < *until)
    else {
        for path in [&files.chain, &files.key, &mark] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot take {} away", path.display()));
                }
                _ => {}
            }
        }
        return Ok(());
    };
    let mut never: Vec<String> = snapshot.never_log.iter().chain(&snapshot.always).cloned().collect();
    never.extend(filter::exempt::names().map(str::to_owned));
    // Names that became exempt since are taken out of what the authority can speak for, as its end is.
    let said = format!("{until}\n{}\n", never.join("\n"));
    if files.chain.exists() && std::fs::read_to_string(&mark).is_ok_and(|there| there == said) {
        return Ok(());
    }
    let folder = gateway.parent().unwrap_or(gateway).join(FOLDER);
    crate::house::make_folder(&folder)?;
    crate::house::make_folder(gateway)?;
    let (root, key) = root(&folder, identity, now)?;
    let authority = web::tls::inspection_authority(&root, &key, &never, now, until)?;
    crate::demo::write_private(&files.key, authority.key_pem.as_bytes())?;
    crate::demo::write_private(&files.chain, authority.chain_pem.as_bytes())?;
    crate::demo::write_private(&mark, said.as_bytes())
}

/// The root and its key, made when there is none.
fn root(folder: &Path, identity: &age::x25519::Identity, now: Timestamp) -> anyhow::Result<(String, String)> {
    let (root, key) = (folder.join(ROOT), folder.join(KEY));
    if root.exists() && key.exists() {
        let sealed = std::fs::read(&key).with_context(|| format!("cannot read {}", key.display()))?;
        let opened = age::decrypt(identity, &sealed).context("inspection's root cannot be opened")?;
        let root = std::fs::read_to_string(&root).with_context(|| format!("cannot read {}", root.display()))?;
        return Ok((root, String::from_utf8(opened).context("inspection's root is damaged")?));
    }
    let (certificate, private) = web::tls::make_inspection_root(now)?;
    let sealed =
        age::encrypt(&identity.to_public(), private.as_bytes()).context("inspection's root cannot be closed")?;
    crate::demo::write_private(&key, &sealed)?;
    crate::demo::write_private(&root, certificate.as_bytes())?;
    Ok((certificate, private))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use jiff::SignedDuration;
    use rcgen::{CertificateParams, Issuer, KeyPair};
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

    use super::*;

    const DAY: i64 = 86_400;

    struct Place {
        _dir: tempfile::TempDir,
        gateway: PathBuf,
        identity: age::x25519::Identity,
    }

    impl Place {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let gateway = dir.path().join("gateway");
            Self { gateway, _dir: dir, identity: age::x25519::Identity::generate() }
        }

        fn settle(&self, snapshot: &PolicySnapshot, now: Timestamp) {
            super::settle(&self.gateway, &self.identity, snapshot, now).unwrap();
        }

        fn own(&self, file: &str) -> Vec<u8> {
            std::fs::read(self.gateway.parent().unwrap().join(FOLDER).join(file)).unwrap()
        }

        fn chain(&self) -> Option<String> {
            std::fs::read_to_string(gateway::inspection_files(&self.gateway).chain).ok()
        }

        /// Whether a device that trusts the root believes, at a time, a leaf that the gateway's authority made for a name.
        fn believed(&self, name: &str, at: Timestamp) -> bool {
            let files = gateway::inspection_files(&self.gateway);
            let chain: Vec<_> = CertificateDer::pem_file_iter(&files.chain).unwrap().collect::<Result<_, _>>().unwrap();
            let key = KeyPair::from_pem(&std::fs::read_to_string(&files.key).unwrap()).unwrap();
            let issuer = Issuer::from_ca_cert_der(&chain[0], key).unwrap();
            // A leaf that is good for longer than anything: what ends it is the authority.
            let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
            leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
            leaf.not_after = rcgen::date_time_ymd(2040, 1, 1);
            leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
            let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
            let mut roots = rustls::RootCertStore::empty();
            roots.add(chain.last().unwrap().clone()).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.as_second().unsigned_abs()));
            let server = ServerName::try_from(name.to_owned()).unwrap();
            verifier.verify_server_cert(leaf.der(), &chain[..1], &server, &[], at).is_ok()
        }
    }

    fn now() -> Timestamp {
        "2026-11-02T09:00:00Z".parse().unwrap()
    }

    fn after(days: i64) -> Timestamp {
        now() + SignedDuration::from_secs(days * DAY)
    }

    fn policy(until: Option<Timestamp>) -> PolicySnapshot {
        let inspection = until.map(|until| serde_json::json!({ "children": { "until": until, "exempt": [] } }));
        serde_json::from_value(serde_json::json!({
            "format": 3, "version": 1, "setting": "01935f5c-0000-7000-8000-000000000001", "setting_name": "Limpets",
            "contact": "Ms Adeyemi", "web_base": "https://holdfast.test", "made_at": now(), "strictest": "children",
            "groups": { "children": { "name": "Tablets", "audience": "children", "blocked": {}, "allow": [], "block": [] } },
            "devices": [], "holds": [], "never_log": ["childline.org.uk"], "always": ["time.apple.com"],
            "inspection": inspection.unwrap_or_else(|| serde_json::json!({})),
        }))
        .unwrap()
    }

    #[test]
    fn without_approval_there_is_nothing_not_even_a_root() {
        let place = Place::new();
        place.settle(&policy(None), now());
        assert!(place.chain().is_none() && !place.gateway.parent().unwrap().join(FOLDER).exists());
        // An end that has passed is none.
        place.settle(&policy(Some(after(-1))), now());
        assert!(place.chain().is_none() && !place.gateway.parent().unwrap().join(FOLDER).exists());
    }

    #[test]
    fn the_authority_is_believed_until_a_day_after_the_end_and_no_longer() {
        let place = Place::new();
        place.settle(&policy(Some(after(30))), now());
        assert!(place.believed("example.org", now()) && place.believed("example.org", after(30)));
        for at in [after(32), after(300), after(-3)] {
            assert!(!place.believed("example.org", at), "{at}");
        }
    }

    #[test]
    fn it_cannot_speak_for_help_money_health_children_or_addresses() {
        let place = Place::new();
        place.settle(&policy(Some(after(30))), now());
        assert!(place.believed("example.org", now()));
        for name in [
            "childline.org.uk",
            "www.childline.org.uk",
            "time.apple.com",
            "monzo.com",
            "app.monzo.com",
            "nhs.uk",
            "www.gov.uk",
            "tapestryjournal.com",
            "192.0.2.1",
            "2001:db8::1",
        ] {
            assert!(!place.believed(name, now()), "{name}");
        }
    }

    #[test]
    fn a_name_that_becomes_exempt_is_taken_out_at_once() {
        let place = Place::new();
        place.settle(&policy(Some(after(30))), now());
        assert!(place.believed("helpline.example", now()));
        let mut next = policy(Some(after(30)));
        next.never_log.insert("helpline.example".into());
        place.settle(&next, now());
        assert!(!place.believed("helpline.example", now()) && place.believed("example.org", now()));
    }

    #[test]
    fn the_roots_key_lies_sealed_for_control_alone_and_the_gateway_never_has_it() {
        let place = Place::new();
        place.settle(&policy(Some(after(30))), now());
        let sealed = place.own(KEY);
        assert!(!String::from_utf8_lossy(&sealed).contains("PRIVATE KEY"));
        let key = String::from_utf8(age::decrypt(&place.identity, &sealed).unwrap()).unwrap();
        assert!(key.contains("PRIVATE KEY"));
        assert!(age::decrypt(&age::x25519::Identity::generate(), &sealed).is_err());
        let files = gateway::inspection_files(&place.gateway);
        assert_ne!(std::fs::read_to_string(&files.key).unwrap().trim(), key.trim());
        use std::os::unix::fs::PermissionsExt;
        for path in [&files.key, &place.gateway.parent().unwrap().join(FOLDER).join(KEY)] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
    }

    #[test]
    fn the_root_stays_and_the_authority_changes_only_when_it_must() {
        let place = Place::new();
        place.settle(&policy(Some(after(30))), now());
        let (root, first) = (place.own(ROOT), place.chain().unwrap());
        place.settle(&policy(Some(after(30))), after(1));
        assert_eq!(place.chain().unwrap(), first, "nothing has changed");
        place.settle(&policy(Some(after(60))), after(1));
        assert_ne!(place.chain().unwrap(), first);
        assert!(place.believed("example.org", after(59)));
        // Devices keep the root that they were given.
        assert_eq!(place.own(ROOT), root);
        assert!(place.chain().unwrap().ends_with(std::str::from_utf8(&root).unwrap()));
    }

    #[test]
    fn its_end_takes_it_from_the_gateway_and_another_setting_has_another_root() {
        let (one, other) = (Place::new(), Place::new());
        for place in [&one, &other] {
            place.settle(&policy(Some(after(30))), now());
        }
        assert_ne!(one.own(ROOT), other.own(ROOT));
        one.settle(&policy(Some(after(30))), after(30));
        let files = gateway::inspection_files(&one.gateway);
        assert!(!files.chain.exists() && !files.key.exists() && !one.gateway.join(MARK).exists());
        // A root that somebody else's key sealed opens for nobody here.
        let mixed = Place { identity: age::x25519::Identity::generate(), ..one };
        assert!(super::settle(&mixed.gateway, &mixed.identity, &policy(Some(after(90))), after(31)).is_err());
    }
}
