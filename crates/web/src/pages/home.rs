//! The home page of each role: what needs this person.

use app::home::{self, Tone as HowSoon};
use views::pages::follow_up::Home;
use views::ui::{TaskList, Tone};

use crate::{Answer, Visit};

/// What needs me.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let mut ctx = visit.ctx();
    let found = home::of(visit.services(), &mut ctx).await?;
    let mut todo = TaskList::new("todo");
    for one in &found.todo {
        let tone = match one.tone {
            HowSoon::Now => Tone::Gap,
            HowSoon::Due => Tone::Due,
            HowSoon::Quiet => Tone::Info,
        };
        todo = todo.task(&one.title, Some(&one.href), one.hint.as_deref(), tone, &one.word);
    }
    let name = visit.session().map(|session| session.visit.known_as.clone()).unwrap_or_default();
    let day = domain::clock::say_day(visit.services().calendar.local(ctx.now).date());
    let asking = found.asking.as_ref().map(super::filter::requests::say_figures).unwrap_or_default();
    visit.page(&Home { name, day, todo, asking, ways: found.ways })
}
