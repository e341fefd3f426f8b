use domain::DeviceId;
use filter::Audience;
use plist::Value;
use proptest::prelude::*;
use store::words::DeviceKind;

use super::super::SetUpSheet;
use super::{Missing, System, file};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nTWFyaW5lcnMg\na25vdCByb3Bl\n-----END CERTIFICATE-----\n";

fn sheet() -> SetUpSheet {
    SetUpSheet {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".parse::<DeviceId>().unwrap(),
        name: "Beacons tablet 1".into(),
        kind: DeviceKind::Tablet,
        setting: "Harbour Lights & Sons".into(),
        group: "Children's tablets".into(),
        audience: Audience::Children,
        proxy: Some("192.168.1.2:3128".into()),
        dns: Some("192.168.1.2:53".into()),
        doh_url: Some("https://holdfast.local/dns-query/abc234".into()),
        dot_name: Some("abc234.holdfast.local".into()),
        pac_url: Some("https://holdfast.local/pac/abc234".into()),
        set_up_url: Some("https://holdfast.local/this-device/abc234".into()),
        start_url: Some("https://holdfast.local/start/abc234".into()),
        proxy_user: Some("d-abc".into()),
        check_url: None,
        root_pem: Some(PEM.into()),
    }
}

/// Payloads by type, of a profile that a parser has read.
fn payloads(bytes: &[u8]) -> Vec<(String, plist::Dictionary)> {
    let profile = Value::from_reader_xml(bytes).expect("a property list").into_dictionary().expect("a dictionary");
    assert_eq!(profile.get("PayloadType").and_then(Value::as_string), Some("Configuration"));
    let content = profile.get("PayloadContent").and_then(Value::as_array).expect("payloads");
    content
        .iter()
        .map(|one| {
            let one = one.as_dictionary().expect("a payload");
            (one.get("PayloadType").and_then(Value::as_string).expect("a type").to_owned(), one.clone())
        })
        .collect()
}

#[test]
fn an_apple_profile_holds_this_devices_dns_and_our_root_and_nothing_more() {
    let apple = file(&sheet(), System::Apple).unwrap();
    assert_eq!((apple.name, apple.media_type), ("holdfast.mobileconfig", "application/x-apple-aspen-config"));
    let all = payloads(&apple.bytes);
    let types: Vec<&str> = all.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(types, ["com.apple.dnsSettings.managed", "com.apple.security.root"]);
    let dns = all[0].1.get("DNSSettings").and_then(Value::as_dictionary).unwrap();
    assert_eq!(dns.get("DNSProtocol").and_then(Value::as_string), Some("HTTPS"));
    assert_eq!(dns.get("ServerURL").and_then(Value::as_string), Some("https://holdfast.local/dns-query/abc234"));
    assert_eq!(dns.get("ServerAddresses").unwrap().as_array().unwrap()[0].as_string(), Some("192.168.1.2"));
    assert_eq!(all[1].1.get("PayloadContent").and_then(Value::as_data), Some(b"Mariners knot rope".as_slice()));
    let uuids: Vec<_> = all.iter().map(|(_, one)| one.get("PayloadUUID").cloned()).collect();
    assert_ne!(uuids[0], uuids[1], "each payload has its own");
    assert_eq!(apple, file(&sheet(), System::Apple).unwrap(), "a newer one takes the older's place");
}

#[test]
fn a_profile_with_a_proxy_falls_back_to_nothing() {
    let all = payloads(&file(&sheet(), System::AppleWithProxy).unwrap().bytes);
    let (_, proxy) = all.iter().find(|(kind, _)| kind == "com.apple.proxy.http.global").expect("a proxy");
    assert_eq!(proxy.get("ProxyPACURL").and_then(Value::as_string), Some("https://holdfast.local/pac/abc234"));
    assert_eq!(proxy.get("ProxyPACFallbackAllowed").and_then(Value::as_boolean), Some(false));
}

#[test]
fn without_https_the_profile_speaks_tls_and_without_either_there_is_none() {
    let tls = SetUpSheet { doh_url: None, ..sheet() };
    let all = payloads(&file(&tls, System::Apple).unwrap().bytes);
    let dns = all[0].1.get("DNSSettings").and_then(Value::as_dictionary).unwrap();
    assert_eq!(dns.get("ServerName").and_then(Value::as_string), Some("abc234.holdfast.local"));
    let odd_port = SetUpSheet { dot_name: Some("abc234.holdfast.local:8853".into()), ..tls };
    assert_eq!(file(&odd_port, System::Apple), Err(Missing::NoAddress));
    let bare = SetUpSheet { pac_url: None, ..odd_port };
    for (system, _) in System::ALL {
        assert_eq!(file(&bare, system), Err(Missing::NoAddress), "{system:?}");
    }
}

#[test]
fn a_chromebook_for_children_is_held_to_safe_search_too() {
    let policy = |sheet: &SetUpSheet| -> serde_json::Value {
        serde_json::from_slice(&file(sheet, System::Chrome).unwrap().bytes).unwrap()
    };
    let children = policy(&sheet());
    assert_eq!(children["DnsOverHttpsMode"], "secure");
    assert_eq!(children["DnsOverHttpsTemplates"], "https://holdfast.local/dns-query/abc234");
    assert_eq!(children["ProxySettings"]["ProxyMode"], "pac_script");
    assert_eq!((&children["ForceGoogleSafeSearch"], &children["ForceYouTubeRestrict"]), (&true.into(), &2.into()));
    let staff = policy(&SetUpSheet { audience: Audience::Adults, ..sheet() });
    assert_eq!(staff.get("ForceGoogleSafeSearch"), None, "what an adult's browser opens with is theirs");
}

#[test]
fn a_windows_script_closes_every_way_and_opens_the_check() {
    let script = String::from_utf8(file(&sheet(), System::Windows).unwrap().bytes).unwrap();
    for line in [
        "-DohTemplate 'https://holdfast.local/dns-query/abc234' -AllowFallbackToUdp $false",
        "'AutoConfigURL' 'https://holdfast.local/pac/abc234'",
        "Import-Certificate",
        "'DoHPolicy' 3",
        "http://check.holdfast.invalid/",
    ] {
        assert!(script.contains(line), "{line}\n{script}");
    }
    let odd_port = SetUpSheet { dns: Some("192.168.1.2:5335".into()), root_pem: None, ..sheet() };
    let script = String::from_utf8(file(&odd_port, System::Windows).unwrap().bytes).unwrap();
    assert!(script.contains("DNS is left as it is") && !script.contains("Import-Certificate"), "{script}");
}

proptest! {
    /// Names come from people: nothing in one may break out of a profile or of a script's line.
    #[test]
    fn a_name_stays_a_name(name in "[^\\x00-\\x1f]{1,80}") {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let odd = SetUpSheet { name: name.clone(), setting: name.clone(), ..sheet() };
        if let Ok(apple) = file(&odd, System::Apple)
            && let Ok(read) = Value::from_reader_xml(apple.bytes.as_slice())
        {
            let read = read.into_dictionary().unwrap();
            prop_assert_eq!(read.get("PayloadOrganization").and_then(Value::as_string), Some(name.as_str()));
        }
        let script = String::from_utf8(file(&odd, System::Windows).unwrap().bytes).unwrap();
        prop_assert_eq!(script.lines().filter(|line| !line.starts_with('#')).count(),
            String::from_utf8(file(&sheet(), System::Windows).unwrap().bytes).unwrap().lines().filter(|line| !line.starts_with('#')).count());
    }
}
