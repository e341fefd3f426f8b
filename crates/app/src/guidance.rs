//! A new edition of guidance opens a review of the policy by itself, on the day from which it holds (POL-07).
//!
//! What it is not: the text of any guidance. `content/guidance.toml` says which edition the program follows and from when;
//! an update of the program that brings a newer edition is seen here the next day.

use domain::content::Guidance;
use domain::{OpCtx, SettingId};
use jiff::ToSpan;
use store::Scope;
use store::follow_up::Review;

use crate::{Error, Result, Services};

/// Weeks in which somebody looks at it.
const WITHIN_DAYS: i64 = 42;

/// Why its review was opened; the same words are how an edition is known to have had one.
pub(crate) fn why(edition: &Guidance) -> String {
    format!("{}, {}, is in force. Does our policy still follow it?", edition.title, edition.edition)
}

/// Opens a review for every edition that came into force since the setting began here and has had none. Once each, however
/// often it runs.
///
/// # Errors
/// As any write.
pub(crate) async fn open_reviews(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let today = services.calendar.local(ctx.now).date();
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let row = store::settings::lookup(&reader, setting).await?.ok_or(Error::NotFound)?;
    let began = services.calendar.local(row.created_at).date();
    let known = store::overview::reviews(&reader, setting).await?;
    drop(reader);
    let due = today.checked_add(WITHIN_DAYS.days()).map_err(|error| Error::Internal(error.to_string()))?;
    let came = |edition: &&Guidance| edition.from.is_some_and(|from| from > began && from <= today);
    let new: Vec<&Guidance> = services
        .content
        .guidance
        .iter()
        .filter(came)
        .filter(|edition| !known.iter().any(|review| review.why == why(edition)))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "review.open_for_guidance").await?;
    for edition in new {
        let review = Review {
            id: tx.fresh(),
            setting_id: setting,
            concern_id: None,
            what: "policy".to_owned(),
            why: why(edition),
            opened_at: tx.now(),
            opened_by: None,
            due,
            closed_at: None,
            closed_by: None,
            outcome: None,
        };
        store::follow_up::add_review(&mut tx, &review).await?;
    }
    tx.commit().await?;
    Ok(())
}
