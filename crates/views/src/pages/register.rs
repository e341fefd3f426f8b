//! The registers (people, devices) and set-up share four shapes of page: a list, one thing, a form, a secret shown once.
//!
//! A page of another shape gets a struct and a template of its own; these four exist so that forty doors look alike.

use askama::Template;

use crate::{
    form::FormView,
    pages::concerns::Draft,
    shell::{Page, Paper},
    ui::{Banner, FieldError, Pages, Summary, Table, TaskList},
};

/// A way on: where, and the words.
pub type Way = (String, String);

/// A list.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/register/list.html")]
pub struct RegisterList {
    /// The page's name.
    pub heading: String,
    /// A sentence above it.
    pub about: String,
    /// What wants attention.
    pub notes: Vec<Banner>,
    /// The list.
    pub table: Table,
    /// What would be here, and how it comes.
    pub empty: Way,
    /// The parts before and after, where a list is shown part by part.
    pub pages: Pages,
    /// The one thing to do here.
    pub add: Option<Way>,
    /// Other ways on.
    pub ways: Vec<Way>,
}

/// One person or device.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/register/thing.html")]
pub struct RegisterThing {
    /// The page's name: what it is, never a child's name.
    pub title: String,
    /// What it is called.
    pub heading: String,
    /// The way back.
    pub back: Way,
    /// What wants attention.
    pub notes: Vec<Banner>,
    /// What is known.
    pub summary: Summary,
    /// How it is set up.
    pub sheet: Option<Sheet>,
    /// What is still to be done.
    pub tasks: Option<TaskList>,
    /// What belongs to it.
    pub sections: Vec<Section>,
    /// Ways on.
    pub ways: Vec<Way>,
    /// What can be done at once.
    pub acts: Vec<Act>,
}

impl RegisterThing {
    /// What gives something; in sight.
    fn plain_acts(&self) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(|act| !act.grave)
    }

    /// What takes something away; folded, so that no thumb meets it by chance.
    fn grave_acts(&self) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(|act| act.grave)
    }

    fn has_acts(&self) -> bool {
        !self.acts.is_empty()
    }
}

impl askama::filters::HtmlSafe for Act {}

/// How a thing is set up: what to do, what to type, a picture to scan.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its name.
    pub heading: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// What to type.
    pub summary: Summary,
    /// A picture to scan, made by us.
    pub picture_svg: Option<String>,
}

/// What belongs to a thing.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its name.
    pub heading: String,
    /// A table of it; empty: the sentence below.
    pub table: Table,
    /// What would be here.
    pub empty: String,
}

/// A button with what it does.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/register/_act.html")]
pub struct Act {
    /// Where it goes.
    pub action: String,
    /// The verb.
    pub button: String,
    /// What follows from it.
    pub hint: String,
    /// Does it take something away?
    pub grave: bool,
    /// Hidden field: name and value.
    pub hidden: Option<(String, String)>,
}

/// A form.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/register/form.html")]
pub struct RegisterForm {
    /// The page's name.
    pub heading: String,
    /// The way back.
    pub back: Option<Way>,
    /// Sentences above the form.
    pub about: Vec<String>,
    /// A code for paper: shown large, printed large.
    pub paper_code: Option<String>,
    /// A table above the form: a preview.
    pub table: Option<Table>,
    /// Values and errors.
    pub form: FormView,
    /// Rendered components of [`crate::ui`], in order: made by [`field`].
    pub fields: Vec<String>,
    /// Where it goes.
    pub action: String,
    /// The verb.
    pub button: String,
    /// Its draft, where the form can be kept for later (S46).
    pub draft: Option<Draft>,
}

/// A component as a part of [`RegisterForm`].
pub fn field(component: &impl Template) -> String {
    // A component holds strings only; askama reports nothing for those.
    component.render().unwrap_or_default()
}

/// As [`field`], for a question that follows from the answer `is` to another: a script hides it until then. Without one it
/// stands open.
pub fn field_if(other: &str, is: &str, component: &impl Template) -> String {
    OnlyIf { field: other, is, asks: &field(component) }.render().unwrap_or_default()
}

/// What the script hides until the other question has one of its answers. `asks` is a rendered component of ours.
#[derive(Template)]
#[template(ext = "html", source = r#"<div data-only-if="{{ field }}" data-is="{{ is }}">{{ asks|safe }}</div>"#)]
pub(crate) struct OnlyIf<'a> {
    pub(crate) field: &'a str,
    pub(crate) is: &'a str,
    pub(crate) asks: &'a str,
}

/// Opening hours: a line for each day, two small fields in it. A part of [`RegisterForm`], by [`field`].
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/register/_hours.html")]
pub struct HoursTable {
    /// The days, in order.
    pub days: Vec<HoursDay>,
}

/// A day of [`HoursTable`].
#[derive(Debug, Clone, Default)]
pub struct HoursDay {
    /// `monday`: the fields are `monday-from` and `monday-to`.
    pub key: String,
    /// "Monday".
    pub name: String,
    /// What stands in the first field.
    pub from: String,
    /// What stands in the second.
    pub to: String,
    /// What is to be mended, in which of the two.
    pub error: Option<FieldError>,
}

/// Something that is shown once.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/register/once.html")]
pub struct ShownOnce {
    /// The page's name.
    pub heading: String,
    /// What to do with it.
    pub about: Vec<String>,
    /// What it is.
    pub summary: Summary,
    /// A picture to scan, made by us.
    pub picture_svg: Option<String>,
    /// The way on.
    pub on: Way,
}

impl Page for RegisterList {
    fn title(&self) -> String {
        self.heading.clone()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

impl Page for RegisterThing {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

impl Page for RegisterForm {
    fn title(&self) -> String {
        self.heading.clone()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

impl Page for ShownOnce {
    fn title(&self) -> String {
        self.heading.clone()
    }
}
