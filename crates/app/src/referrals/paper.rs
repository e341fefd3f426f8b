//! Paper of a case: a referral, a letter. As a page to print, always; as a file only in a parcel (`keeping::exports`, S47). Both are in
//! the audit as what they are, and paper of the record carries the head of the chain (S37); a letter to a family does not.

use domain::access::Action;
use domain::referral::Consent;
use domain::{ConcernId, LetterId, OpCtx, ReferralId};
use serde_json::{Value, json};
use store::Scope;
use store::audit::Subject;

use crate::concerns::case;
use crate::{Error, Result, Services};

/// Something to print, in plain parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paper {
    /// Names no child: it stands in the window of the reader.
    pub title: String,
    /// The setting's name.
    pub setting: String,
    /// Invented people.
    pub fictional: bool,
    /// Words at the top: "Confidential: safeguarding record". None on a letter.
    pub marking: Option<String>,
    /// Who printed it.
    pub printed_by: String,
    /// When, in words.
    pub printed_at: String,
    /// The newest link of the audit chain, on paper of the record.
    pub audit_head: Option<String>,
    /// For a file's name.
    pub reference: String,
    /// The parts.
    pub sections: Vec<PaperSection>,
}

/// One part of a paper.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperSection {
    /// Its heading; empty for none.
    pub heading: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Facts with their names.
    pub rows: Vec<(String, String)>,
}

/// A referral for paper, or for the portal into which somebody copies it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Locked`] where police or advice come first.
pub async fn on_paper(services: &Services, ctx: &mut OpCtx, id: ReferralId) -> Result<Paper> {
    Ok(referral(services, ctx, id, PRINTED).await?.1)
}

/// A referral that leaves, with its concern.
pub(crate) async fn to_leave(services: &Services, ctx: &mut OpCtx, id: ReferralId) -> Result<(ConcernId, Paper)> {
    referral(services, ctx, id, EXPORTED).await
}

/// The acts, as the audit knows them.
const PRINTED: &str = "concern.print";
const EXPORTED: &str = "concern.export";

async fn referral(services: &Services, ctx: &mut OpCtx, id: ReferralId, act: &str) -> Result<(ConcernId, Paper)> {
    let view = super::one(services, ctx, id).await?;
    if let Some(locked) = view.locked {
        return Err(Error::Locked(locked));
    }
    let mut paper = begun(services, ctx, view.concern, act, true).await?;
    let say = |at| services.calendar.say(at);
    let mut facts =
        vec![("To".to_owned(), view.to.clone()), ("Our reference".to_owned(), view.concern_reference.clone())];
    facts.extend(view.sent_at.map(|at| ("Sent".to_owned(), say(at))));
    facts.extend(view.reference.clone().map(|known| ("Your reference".to_owned(), known)));
    if view.form.consent {
        let consent = match view.consent {
            Consent::Given => "Those with parental responsibility were asked and agree.".to_owned(),
            Consent::NotNeeded => "Their consent is not a question here.".to_owned(),
            Consent::Overridden => {
                format!("It goes without their agreement: {}", view.consent_reason.clone().unwrap_or_default())
            }
        };
        facts.push(("Consent".to_owned(), consent));
    }
    let answers =
        view.form.fields.iter().filter_map(|field| Some((field.label.clone(), view.answers.get(&field.key)?.clone())));
    paper.title = view.form.title.clone();
    paper.reference = format!("referral-{}", view.concern_reference);
    paper.sections = vec![
        PaperSection { heading: "This referral".into(), rows: facts, ..PaperSection::default() },
        PaperSection { heading: "What you need to know".into(), rows: answers.collect(), ..PaperSection::default() },
    ];
    Ok((view.concern, paper))
}

/// A letter for paper.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Locked`] while police or advice come first.
pub async fn letter_on_paper(services: &Services, ctx: &mut OpCtx, id: LetterId) -> Result<Paper> {
    Ok(letter(services, ctx, id, PRINTED).await?.1)
}

/// A letter that leaves, with its concern.
pub(crate) async fn letter_to_leave(services: &Services, ctx: &mut OpCtx, id: LetterId) -> Result<(ConcernId, Paper)> {
    letter(services, ctx, id, EXPORTED).await
}

async fn letter(services: &Services, ctx: &mut OpCtx, id: LetterId, act: &str) -> Result<(ConcernId, Paper)> {
    let (concern, letter) = super::letter(services, ctx, id).await?;
    let mut paper = begun(services, ctx, concern, act, false).await?;
    paper.title = "A letter to you".into();
    paper.reference = "letter".into();
    let paragraphs = letter.text.split("\n\n").map(str::to_owned).collect();
    paper.sections = vec![PaperSection { paragraphs, ..PaperSection::default() }];
    Ok((concern, paper))
}

/// Writes the look down and begins the paper.
async fn begun(
    services: &Services,
    ctx: &mut OpCtx,
    concern: domain::ConcernId,
    act: &str,
    of_the_record: bool,
) -> Result<Paper> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), act).await?;
    case::of(&tx, ctx, Action::ExportConcern, concern).await?;
    tx.note(member.setting, Subject { table: "concern", id: Some(concern.0) }, &json!({})).await?;
    tx.commit().await?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let setting = store::settings::lookup(&reader, member.setting).await?.ok_or(Error::NotFound)?;
    let who = store::people::lookup(&reader, member.setting, member.person).await?;
    let head = if of_the_record { store::audit::newest(&reader, member.setting).await? } else { None };
    Ok(Paper {
        setting: setting.name,
        fictional: setting.fictional,
        marking: of_the_record.then(|| "Confidential: safeguarding".to_owned()),
        printed_by: who.map(|person| person.name).unwrap_or_default(),
        printed_at: services.calendar.say(ctx.now),
        audit_head: head.map(|link| link.on_paper()),
        ..Paper::default()
    })
}

/// A paper as the PDF worker takes it (`holdfast-reports`, template `paper`).
pub fn document(paper: &Paper) -> Value {
    let sections = paper.sections.iter().map(|section| {
        let rows: Vec<Value> =
            section.rows.iter().map(|(label, value)| json!({ "label": label, "value": value })).collect();
        json!({ "heading": section.heading, "paragraphs": section.paragraphs, "rows": rows })
    });
    json!({ "template": "paper", "data": {
        "title": paper.title,
        "setting": paper.setting,
        "printed_by": paper.printed_by,
        "printed_at": paper.printed_at,
        "marking": paper.marking,
        "fictional": paper.fictional,
        "audit_head": paper.audit_head,
        "sections": sections.collect::<Vec<_>>(),
    }})
}
