//! The categories that a filter can block, in the policy's words: `content/categories.toml`.

use filter::categories::{Categories, Kind};

use super::policy::Why;
use crate::{Error, Result, content};

/// A category that a change may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// Title, reason and obligations, as a policy keeps them.
    pub why: Why,
}

/// Every category that can be blocked, in the order of the file.
///
/// # Errors
/// [`Error::Internal`] when the embedded file is broken, which the tests rule out.
pub fn choices() -> Result<Vec<Choice>> {
    let files = content::files();
    let text = files.get("categories.toml").ok_or_else(|| Error::Internal("no categories.toml".into()))?;
    let all = Categories::parse(text).map_err(|error| Error::Internal(error.to_string()))?;
    let black = all.all().iter().filter(|category| category.kind == Kind::Black);
    Ok(black
        .map(|category| Choice {
            id: category.id.clone(),
            why: Why { title: category.title.clone(), why: category.why.clone(), because: category.because.clone() },
        })
        .collect())
}
