//! Refuses to build with a `content/` that nobody could rely on.

use std::collections::BTreeMap;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new("../../content");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = BTreeMap::new();
    gather(root, root, &mut files)?;
    domain::content::Content::read(&files)?;
    Ok(())
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> Result<(), Box<dyn std::error::Error>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let key = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            files.insert(key, std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
