//! Term dates, and how the setting counts the five days in which a child's file goes on: both change what clocks say.

use domain::OpCtx;
use domain::access::Action;
use domain::setting::{Profile, Term};
use jiff::civil::Date;
use store::Scope;
use store::settings::Setting;

use crate::concerns::case;
use crate::people::may;
use crate::{Error, Result, Services};

/// So many terms are kept.
const MOST: usize = 24;
/// The switch, and its words. The source says "five days" and not which: the shortest is ours unless the setting says otherwise.
pub const FILE_DAYS: (&str, [&str; 3]) = ("file_days", ["days", "working_days", "school_days"]);

/// What is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// A line each: `Autumn 2026: 2/9/2026 to 18/12/2026`.
    pub lines: String,
    /// `days`, `working_days`, `school_days`.
    pub file_days: String,
}

/// What stands.
///
/// # Errors
/// Refused for whoever may not change the setting.
pub async fn terms(services: &Services, ctx: &OpCtx) -> Result<Terms> {
    let member = may(ctx, Action::ChangeSetting)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&reader, member.setting).await?;
    let day = |day: Date| day.strftime("%-d/%-m/%Y").to_string();
    let lines = profile.terms.iter().map(|term| format!("{}: {} to {}", term.name, day(term.from), day(term.to)));
    Ok(Terms {
        lines: lines.collect::<Vec<_>>().join("\n"),
        file_days: profile.switches.get(FILE_DAYS.0).cloned().unwrap_or_else(|| FILE_DAYS.1[0].to_owned()),
    })
}

/// Keeps them.
///
/// # Errors
/// [`Error::Invalid`] on `lines`, with the line that is wrong, or on `file_days`.
pub async fn set_terms(services: &Services, ctx: &mut OpCtx, typed: &Terms) -> Result<()> {
    let member = may(ctx, Action::ChangeSetting)?;
    let terms = read(&typed.lines).map_err(|say| Error::invalid("lines", &say))?;
    if !FILE_DAYS.1.contains(&typed.file_days.as_str()) {
        return Err(Error::invalid("file_days", "Choose how the days are counted."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "setting.terms").await?;
    let row = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let before = case::profile(&tx, member.setting).await?;
    // Groups may keep the term, and a yes until its end ends with it: nothing that one person moves unseen (S45).
    if !before.terms.is_empty() && before.terms != terms {
        super::steps::tell_the_leads(&mut tx, member.setting, member.person).await?;
    }
    let mut profile = Profile { terms, ..before };
    profile.switches.insert(FILE_DAYS.0.to_owned(), typed.file_days.clone());
    let profile = serde_json::to_value(profile).map_err(|error| Error::Internal(error.to_string()))?;
    store::settings::set(&mut tx, &Setting { profile, ..row }).await?;
    crate::filtering::publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

fn read(lines: &str) -> Result<Vec<Term>, String> {
    let mut terms: Vec<Term> = Vec::new();
    for (at, line) in lines.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
        let wrong = || format!("Line {}: write it like “Autumn 2026: 2/9/2026 to 18/12/2026”.", at + 1);
        let (name, days) = line.rsplit_once(':').ok_or_else(wrong)?;
        let (from, to) = days.split_once(" to ").ok_or_else(wrong)?;
        let day = |text: &str| Date::strptime("%d/%m/%Y", text.trim()).map_err(|_| wrong());
        let term = Term { name: name.trim().chars().take(60).collect(), from: day(from)?, to: day(to)? };
        if term.name.is_empty() {
            return Err(wrong());
        }
        if term.from >= term.to {
            return Err(format!("Line {}: the term ends before it begins.", at + 1));
        }
        terms.push(term);
    }
    terms.sort_by_key(|term| term.from);
    if terms.len() > MOST {
        return Err("Keep at most 24 terms.".to_owned());
    }
    if terms.windows(2).any(|pair| matches!(pair, [one, next] if next.from <= one.to)) {
        return Err("Two of the terms overlap.".to_owned());
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn terms_are_read_as_people_write_them() {
        let read_two = read("Spring 2027: 5/1/2027 to 25/3/2027\n\nAutumn 2026: 2/9/2026 to 18/12/2026").unwrap();
        assert_eq!(read_two[0].from, date(2026, 9, 2));
        assert_eq!(read_two[1].name, "Spring 2027");
        for no in
            ["Autumn", "A: 2/9/2026", "A: 18/12/2026 to 2/9/2026", "A: 31/2/2026 to 1/9/2026", ": 1/1/2026 to 2/1/2026"]
        {
            assert!(read(no).is_err(), "{no}");
        }
        assert!(read("A: 1/1/2026 to 5/1/2026\nB: 5/1/2026 to 9/1/2026").unwrap_err().contains("overlap"));
    }
}
