//! Apps in which a nursery shares children's progress, and the sites they live on: `content/progress-apps.toml` (APP-03).
//!
//! What it is not: a category of the filter. What is closed to whom a person proposes; here is only which sites an app has.
//! To add an app, add a table there.

use serde::Deserialize;

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// As its maker calls it.
    pub name: String,
    /// Its sites, with everything below them.
    pub sites: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    app: Vec<App>,
}

/// Every app that is known.
pub fn known() -> Vec<App> {
    let files = crate::content::files();
    let file = files.get("progress-apps.toml").and_then(|text| toml::from_str::<File>(text).ok());
    file.map(|file| file.app).unwrap_or_default()
}

/// The app of a name, however it is written.
pub fn find(name: &str) -> Option<App> {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    known().into_iter().find(|app| plain(&app.name) == plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_profiles_name_an_app_whose_sites_are_known() {
        for profile in crate::content::embedded().unwrap().profiles.values() {
            let app = find(profile.apps.get("progress").unwrap()).unwrap();
            assert!(app.sites.iter().all(|site| filter::HostName::parse(site).is_ok()), "{app:?}");
        }
        assert_eq!(find(" baby's days ").unwrap().name, "Babysdays");
        assert!(find("").is_none() && known().len() > 5);
    }
}
