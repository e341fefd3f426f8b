//! Who belongs to whom: a child's adults with what must be known before anybody is informed (S13), and relatives among
//! staff, whom exclusion follows.

use domain::access::Action;
use domain::people::PersonKind;
use domain::{OpCtx, PersonId, SettingId};
use store::people::Relationship;
use store::words::Tie;
use store::{Reads, Scope};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::services::Services;

/// What is typed about a tie: `other` is the `kind` of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieDraft {
    /// The other one.
    pub other: PersonId,
    /// Parent, carer, sibling, partner, relative.
    pub kind: Tie,
    /// Has parental responsibility.
    pub parental_responsibility: bool,
    /// What a court ordered.
    pub court_order: Option<String>,
    /// Must not be contacted.
    pub do_not_contact: bool,
    /// Must never learn the address.
    pub never_disclose_address: bool,
}

/// A tie, seen from one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieInfo {
    /// To take it away.
    pub id: Uuid,
    /// Who.
    pub other: PersonId,
    /// Their name.
    pub name: String,
    /// Is `other` the parent (carer …) of the person, or the other way round?
    pub towards_person: bool,
    /// What ties them.
    pub kind: Tie,
    /// Has parental responsibility.
    pub parental_responsibility: bool,
    /// What a court ordered.
    pub court_order: Option<String>,
    /// Must not be contacted.
    pub do_not_contact: bool,
    /// Must never learn the address.
    pub never_disclose_address: bool,
}

pub(super) async fn of(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<Vec<TieInfo>> {
    let mut ties = Vec::new();
    for tie in store::people::list_relationships(db, setting, person).await? {
        let towards_person = tie.person_id == person;
        let other = if towards_person { tie.other_id } else { tie.person_id };
        let name = store::people::lookup(db, setting, other).await?.map(|other| other.name).unwrap_or_default();
        ties.push(TieInfo {
            id: tie.id,
            other,
            name,
            towards_person,
            kind: tie.kind,
            parental_responsibility: tie.parental_responsibility,
            court_order: tie.court_order,
            do_not_contact: tie.do_not_contact,
            never_disclose_address: tie.never_disclose_address,
        });
    }
    Ok(ties)
}

/// Ties two people.
///
/// # Errors
/// [`Error::Invalid`] on `other`, `kind` or `court_order`.
pub async fn add_tie(services: &Services, ctx: &mut OpCtx, person: PersonId, draft: TieDraft) -> Result<Uuid> {
    let member = super::may(ctx, Action::KeepPeople)?;
    if person == draft.other {
        return Err(Error::invalid("other", "Choose somebody else: nobody is their own relative."));
    }
    let court_order = draft.court_order.map(|order| order.trim().to_owned()).filter(|order| !order.is_empty());
    if court_order.as_deref().is_some_and(|order| order.chars().count() > 1_000) {
        return Err(Error::invalid("court_order", "Use at most 1,000 characters: what it says, its date and court."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "relationship.add").await?;
    let one = store::people::lookup(&tx, member.setting, person).await?.ok_or(Error::NotFound)?;
    let other = store::people::lookup(&tx, member.setting, draft.other).await?;
    let other = other.ok_or_else(|| Error::invalid("other", "Choose somebody from the register."))?;
    if draft.parental_responsibility && (one.kind != PersonKind::Child || other.kind == PersonKind::Child) {
        return Err(Error::invalid("kind", "Parental responsibility is an adult's for a child."));
    }
    let ties = store::people::list_relationships(&tx, member.setting, person).await?;
    if ties.iter().any(|tie| tie.person_id == draft.other || tie.other_id == draft.other) {
        return Err(Error::invalid("other", "These two are tied already. Take that tie away first."));
    }
    let tie = Relationship {
        id: tx.fresh(),
        setting_id: member.setting,
        person_id: person,
        other_id: draft.other,
        kind: draft.kind,
        parental_responsibility: draft.parental_responsibility,
        court_order,
        do_not_contact: draft.do_not_contact,
        never_disclose_address: draft.never_disclose_address,
    };
    store::people::add_relationship(&mut tx, &tie).await?;
    crate::concerns::people::after_register(&mut tx, member.setting, &[person, draft.other]).await?;
    tx.commit().await?;
    Ok(tie.id)
}

/// Takes a tie away that was entered by mistake. What it shut out before stays shut out: exclusion only grows.
///
/// # Errors
/// Refused without the right to keep people.
pub async fn remove_tie(services: &Services, ctx: &mut OpCtx, tie: Uuid) -> Result<()> {
    let member = super::may(ctx, Action::KeepPeople)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "relationship.remove").await?;
    store::people::remove_relationship(&mut tx, member.setting, tie).await?;
    Ok(tx.commit().await?)
}
