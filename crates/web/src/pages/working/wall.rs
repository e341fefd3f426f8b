//! The wall of clocks.

use app::wall::{self, Line};
use domain::clock::Standing;
use views::pages::working::Wall;
use views::ui::{Cell, Table, Tag, Tone};

use super::moment;
use crate::{Answer, Visit, words};

/// What is due, late, met.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit) -> Answer {
    let ctx = visit.ctx();
    let found = wall::wall(visit.services(), &ctx).await?;
    visit.page(&Wall {
        now: words::full_moment(&visit.services().calendar.local(ctx.now)),
        late: table(&visit, "Late", &found.late, ctx.now),
        running: table(&visit, "Running", &found.running, ctx.now),
        met: table(&visit, "Met", &found.met, ctx.now),
    })
}

fn table(visit: &Visit, caption: &str, lines: &[Line], now: jiff::Timestamp) -> Table {
    let mut table = Table::new(caption)
        .quiet_caption()
        .column("What")
        .column("Of")
        .column("Due")
        .column("How it stands")
        .column("Where the time comes from");
    for line in lines {
        let left = words::span(line.due.duration_since(now));
        let tag = match line.standing {
            Standing::Late => Tag::new(Tone::Gap, &format!("Late by {left}")),
            Standing::Soon => Tag::new(Tone::Due, &format!("{left} left")),
            Standing::Running => Tag::new(Tone::Info, &format!("{left} left")),
            Standing::MetInTime => Tag::new(Tone::Done, "Met in time"),
            Standing::MetLate => Tag::new(Tone::Due, "Met late"),
        };
        table.push(vec![
            Cell::link(&line.href, &line.what),
            Cell::Text(line.of.clone()),
            Cell::Text(moment(visit, line.due)),
            tag.into(),
            Cell::Text(line.source.clone()),
        ]);
    }
    table
}
