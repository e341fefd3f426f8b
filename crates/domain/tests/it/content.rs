//! The real `content/` folder.

use std::collections::BTreeMap;
use std::path::Path;

use holdfast_domain::procedure::Procedure;
use holdfast_domain::setting::Profile;

/// Every TOML file of `content/`: path below it → text.
pub(crate) fn files() -> BTreeMap<String, String> {
    fn walk(folder: &Path, below: &str, out: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), out);
            } else if name.ends_with(".toml") {
                out.insert(name, std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content"), "", &mut out);
    out
}

#[test]
fn every_procedure_reads() {
    for (file, text) in files().iter().filter(|(file, _)| file.starts_with("procedures/")) {
        Procedure::from_toml(text).unwrap_or_else(|why| panic!("{file}: {why}"));
    }
}

#[test]
fn every_profile_reads() {
    for (file, text) in files().iter().filter(|(file, _)| file.starts_with("settings/")) {
        Profile::from_toml(text).unwrap_or_else(|why| panic!("{file}: {why}"));
    }
}
