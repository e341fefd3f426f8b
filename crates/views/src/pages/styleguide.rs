//! Every component on one page, for those who build pages. Served in the demo and in debug builds.

use askama::Template;

use crate::{
    form::FormView,
    shell::{Page, Paper},
    ui::{Cell, Chronology, ChronologyEntry, Summary, Table, Tag, TaskList, Tone},
};

/// The style guide.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/styleguide.html")]
pub struct Styleguide {
    /// A form with something to mend.
    pub form: FormView,
    /// A table.
    pub table: Table,
    /// Facts.
    pub summary: Summary,
    /// Things to do.
    pub tasks: TaskList,
    /// What happened.
    pub chronology: Chronology,
}

impl Page for Styleguide {
    fn title(&self) -> String {
        "Style guide".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

impl Styleguide {
    /// With examples.
    pub fn example() -> Self {
        let mut form = FormView::new()
            .with("name", "Robin")
            .with("said", "The tablet showed a picture she did not like.")
            .with("where", "garden")
            .with("when-day", "3")
            .with("when-month", "13");
        form.error("when", "Enter a month from 1 to 12");
        form.error("safe", "Say whether everybody is safe now");
        let table = Table::new("Devices")
            .column("Device")
            .column("Group")
            .column("State")
            .figures("Blocked today")
            .row([
                Cell::link("/styleguide", "Children's tablet"),
                "Children".into(),
                Tag::new(Tone::Done, "Filtered").into(),
                "14".into(),
            ])
            .row([
                Cell::link("/styleguide", "Office laptop"),
                "Staff".into(),
                Tag::new(Tone::Due, "Not seen today").into(),
                "2".into(),
            ])
            .row([
                Cell::link("/styleguide", "Bluebell phone"),
                "Staff".into(),
                Tag::new(Tone::Shut, "Held").into(),
                "0".into(),
            ]);
        let summary = Summary::new()
            .row_to_change("Device", "Children's tablet", "/styleguide")
            .row_to_change("When", "Tuesday 3 March, 2:15pm", "/styleguide")
            .row("Host", Cell::Inert("pictures.example.net".to_owned()))
            .row("State", Tag::new(Tone::Gap, "Overdue since Friday"));
        let tasks = TaskList::new("steps")
            .task("Decide: could it be illegal?", Some("/styleguide"), None, Tone::Done, "Done")
            .task(
                "Hold the device",
                Some("/styleguide"),
                Some("Holdfast cuts what it can and says what it cannot."),
                Tone::Due,
                "Next",
            )
            .task(
                "Tell the parents",
                None,
                Some("Opens when you have advice, or give a reason."),
                Tone::Shut,
                "Not yet",
            );
        let chronology = Chronology {
            entries: vec![
                ChronologyEntry {
                    when: "Tuesday 3 March, 2:15pm".into(),
                    datetime: "2027-03-03T14:15:00Z".into(),
                    kind: "What was seen".into(),
                    words: "A picture came up in the middle of a song. I turned the tablet over.".into(),
                    by: "Written by A. Practitioner at 2:20pm".into(),
                    ..ChronologyEntry::default()
                },
                ChronologyEntry {
                    when: "Tuesday 3 March, 2:16pm".into(),
                    datetime: "2027-03-03T14:16:00Z".into(),
                    kind: "The child's words".into(),
                    tone: Tone::Info,
                    words: "\u{201c}That is not the song.\u{201d}".into(),
                    by: "Written by A. Practitioner at 2:22pm".into(),
                    ..ChronologyEntry::default()
                },
                ChronologyEntry {
                    when: "Tuesday 3 March, 2:40pm".into(),
                    datetime: "2027-03-03T14:40:00Z".into(),
                    kind: "Already happened".into(),
                    tone: Tone::Due,
                    words: "The parents were told at the door.".into(),
                    by: "Written by B. Lead at 4:05pm, known at 3:50pm".into(),
                    out_of_order: true,
                    ..ChronologyEntry::default()
                },
            ],
        };
        Self { form, table, summary, tasks, chronology }
    }
}
