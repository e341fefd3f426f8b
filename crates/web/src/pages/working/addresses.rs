//! Addresses that a concern speaks of: sealed, never a link, copied only for the IWF or the police.

use app::addresses::{self, Address};
use axum::extract::Path;
use domain::{ConcernId, SealedAddressId};
use views::FormView;
use views::pages::working::{AddressCard, Addresses, Copied};
use views::ui::Tone;

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// The addresses, and the form for one more.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<Addresses, Fault> {
    let found = addresses::list(visit.services(), &visit.ctx(), id).await?;
    Ok(Addresses {
        path: format!("/concerns/{id}"),
        reference: found.reference,
        may_seal: found.may_seal,
        locked: found.locked,
        rows: found.rows.iter().map(|row| card(visit, row)).collect(),
        form,
    })
}

fn card(visit: &Visit, row: &Address) -> AddressCard {
    AddressCard {
        id: row.id.to_string(),
        address: row.defanged.clone(),
        what: match row.whole_site {
            true => "The whole site, on every way through the filter.".to_owned(),
            false => "This page alone: only where the filter sees whole addresses. On HTTPS without inspection it sees names alone.".to_owned(),
        },
        sealed: format!("{}, {}", row.by, moment(visit, row.at)),
        released: row.released.as_ref().map(|(at, word)| format!("{}: {word}", moment(visit, *at))),
    }
}

/// An address, as typed.
pub struct Input {
    address: String,
    whole_site: bool,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let address = fields.text("address", 2_000, "Write the address as it was noted");
        let extent = fields.choice(
            "extent",
            |key| match key {
                "site" => Some(true),
                "page" => Some(false),
                _ => None,
            },
            "Say how much of it",
        );
        Some(Self { address: address?, whole_site: extent? })
    }
}

/// Seals one.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let Some(Input { address, whole_site }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    match addresses::seal(visit.services(), &mut visit.ctx(), id, &address, whole_site).await {
        Ok(_) => visit.go_saying(
            &format!("/concerns/{id}/addresses"),
            Tone::Done,
            "Sealed. The filter refuses it to everybody.",
        ),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// On whose word.
pub struct Word(String);

impl FromForm for Word {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("word", 300, "Write on whose word, and why").map(Self)
    }
}

/// Lets one go.
///
/// # Errors
/// The concern is not for this person.
pub async fn release(
    visit: Visit,
    Path((id, address)): Path<(ConcernId, SealedAddressId)>,
    form: Form<Word>,
) -> Answer {
    let Some(Word(word)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match addresses::release(visit.services(), &mut visit.ctx(), id, address, &word).await {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}/addresses"), Tone::Done, "Released."),
        Err(app::Error::Locked(locked)) => {
            let mut view = form.view;
            view.error("word", locked.say);
            visit.again(&page(&visit, id, view).await?)
        }
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// Nothing is typed.
pub struct Asked;

impl FromForm for Asked {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// The whole address, shown once, for the IWF or the police.
///
/// # Errors
/// The concern is not for this person.
pub async fn copy(visit: Visit, Path((id, address)): Path<(ConcernId, SealedAddressId)>, form: Form<Asked>) -> Answer {
    if form.input.is_none() {
        return visit.again(&page(&visit, id, form.view).await?);
    }
    let whole = addresses::copy(visit.services(), &mut visit.ctx(), id, address).await?;
    visit.page(&Copied { back: format!("/concerns/{id}/addresses"), address: whole })
}
