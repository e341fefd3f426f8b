//! The open door of a setting: what its address says, and what its first page shows.

use domain::content::Agency;
use domain::people::Role;
use domain::{PersonId, SettingId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::{Reads, Scope};

use crate::concerns::case;
use crate::{Error, Result, Services};

/// The open door of one setting.
#[derive(Debug, Clone)]
pub struct Door {
    /// Of which.
    pub setting: SettingId,
    /// Its word in the address.
    pub word: String,
    /// The setting's name.
    pub name: String,
    /// Invented people only (S50).
    pub fictional: bool,
    /// People whose names stand on every page of the setting anyway: a sender may say that it is about one of them, and
    /// the report then goes past them.
    pub named: Vec<Named>,
    /// Whom to ring outside.
    pub outside: Vec<Agency>,
}

/// Somebody whom a sender may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub person: PersonId,
    /// Name and title: "Philippa Oak, safeguarding lead".
    pub words: String,
}

/// Letters of a setting's word: not guessable by counting, short enough to type from a poster.
const LETTERS: usize = 8;
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// The word of a setting in the address of its door. Always the same, and says nothing of the setting.
pub fn word_of(setting: SettingId) -> String {
    let digest = Sha256::digest(format!("holdfast door {setting}"));
    digest
        .iter()
        .take(LETTERS)
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)))
        .map(|c| char::from(*c))
        .collect()
}

/// The door of a word.
///
/// # Errors
/// [`Error::NotFound`] for a word of no setting.
pub async fn door(services: &Services, now: Timestamp, word: &str) -> Result<Door> {
    let reader = services.db.read(Scope::All).await?;
    let settings = store::settings::list(&reader).await?;
    let found = settings.into_iter().find(|setting| word_of(setting.id) == word).ok_or(Error::NotFound)?;
    drop(reader);
    let reader = services.db.read(Scope::Setting(found.id)).await?;
    let profile = case::profile(&reader, found.id).await?;
    let roster = case::roster(&reader, found.id, now).await?;
    let mut named: Vec<Named> = Vec::new();
    for role in [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair] {
        for person in roster.get(&role).into_iter().flatten() {
            if named.iter().any(|there| there.person == *person) {
                continue;
            }
            if let Some(name) = name_of(&reader, found.id, *person).await? {
                named.push(Named { person: *person, words: format!("{name}, {}", profile.title(role)) });
            }
        }
    }
    let agencies = services.content.agencies_of(&profile.area);
    let outside = SHOWN.iter().filter_map(|key| agencies.iter().find(|agency| agency.key == *key));
    Ok(Door {
        setting: found.id,
        word: word.to_owned(),
        name: found.name,
        fictional: found.fictional,
        named,
        outside: outside.map(|agency| (*agency).clone()).collect(),
    })
}

/// Agencies on every page of the door: danger, a child, somebody in charge, the inspectorate, advice.
const SHOWN: [&str; 7] = ["emergency", "police", "front_door", "lado", "ofsted", "nspcc", "nspcc_whistleblowing"];

/// Words and names of every door, for who comes without one.
///
/// # Errors
/// When the database does not answer.
pub async fn doors(services: &Services) -> Result<Vec<String>> {
    let reader = services.db.read(Scope::All).await?;
    Ok(store::settings::list(&reader).await?.into_iter().map(|setting| word_of(setting.id)).collect())
}

async fn name_of(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<Option<String>> {
    Ok(store::people::lookup(db, setting, person).await?.map(|person| person.name))
}
