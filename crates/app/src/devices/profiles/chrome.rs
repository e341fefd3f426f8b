//! A policy for ChromeOS and managed Chrome, under the names of the Chrome Enterprise policy list. On Linux it is laid into
//! `/etc/opt/chrome/policies/managed`; for a Chromebook its lines are entered in the Admin console, for the one device.

use filter::Audience;
use serde_json::{Map, Value, json};

use super::{Missing, SetUpSheet};

/// YouTube's strict mode, in the policy's own figures.
const YOUTUBE_STRICT: u8 = 2;

/// The policy.
pub(super) fn policy(sheet: &SetUpSheet) -> Result<String, Missing> {
    let (Some(doh), Some(pac)) = (&sheet.doh_url, &sheet.pac_url) else { return Err(Missing::NoAddress) };
    let mut policy = Map::new();
    policy.insert("DnsOverHttpsMode".into(), "secure".into());
    policy.insert("DnsOverHttpsTemplates".into(), doh.as_str().into());
    policy.insert(
        "ProxySettings".into(),
        json!({ "ProxyMode": "pac_script", "ProxyPacUrl": pac, "ProxyPacMandatory": true }),
    );
    // What carries a page past the filter, or changes what it can see.
    policy.insert("QuicAllowed".into(), false.into());
    if sheet.audience == Audience::Children {
        policy.insert("ForceGoogleSafeSearch".into(), true.into());
        policy.insert("ForceYouTubeRestrict".into(), YOUTUBE_STRICT.into());
        policy.insert("IncognitoModeAvailability".into(), 1.into());
        policy.insert("BrowserGuestModeEnabled".into(), false.into());
        policy.insert("ExtensionInstallBlocklist".into(), json!(["*"]));
        if let Some(start) = &sheet.start_url {
            policy.insert("HomepageLocation".into(), start.as_str().into());
            policy.insert("HomepageIsNewTabPage".into(), false.into());
            policy.insert("RestoreOnStartup".into(), 4.into());
            policy.insert("RestoreOnStartupURLs".into(), json!([start]));
        }
    }
    serde_json::to_string_pretty(&Value::Object(policy)).map_err(|_| Missing::Unwritten)
}
