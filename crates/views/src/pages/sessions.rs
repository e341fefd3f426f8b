//! Supervised sessions as staff open them, and the start page of a tablet.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Ring, Table};

/// Sessions of today: what is open, opening one, screen time.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/sessions.html")]
pub struct Sessions {
    /// Open now.
    pub open: Vec<OpenSession>,
    /// Opening one.
    pub form: FormView,
    /// Groups that need one: (key, name).
    pub groups: Vec<(String, String)>,
    /// The reader may see the filter's groups, where a group is made to need one.
    pub sees_groups: bool,
    /// Rooms: (id, name).
    pub rooms: Vec<(String, String)>,
    /// Lengths: (minutes, words).
    pub lengths: Vec<(String, String)>,
    /// What they may reach.
    pub material: Table,
    /// Screen time of the last days.
    pub screen_time: Table,
    /// One's own short number: how it stands, in a sentence.
    pub pin: String,
    /// Choosing it.
    pub pin_form: FormView,
}

/// A session that is open.
#[derive(Debug, Clone, Default)]
pub struct OpenSession {
    /// Its id.
    pub id: String,
    /// "Children's tablets, Limpets room".
    pub title: String,
    /// Who sits there, until when.
    pub say: String,
    /// What it is for.
    pub plan: String,
}

impl Page for Sessions {
    fn title(&self) -> String {
        "Sessions with children".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors() || self.pin_form.has_errors()
    }
}

/// What a tablet shows first. Children's: a picture, few words, big buttons; no reading needed.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/start.html")]
pub struct Start {
    /// The tablet's own secret path, for its forms.
    pub path: String,
    /// For children.
    pub children: bool,
    /// A session is needed and none is open.
    pub closed: bool,
    /// "Until 10:30am", if a session is open.
    pub until: Option<String>,
    /// What can be opened: (title, address).
    pub material: Vec<(String, String)>,
    /// Help was called just now.
    pub called: bool,
    /// Calls that ring on it.
    pub ring: Ring,
    /// For the adult: opening a session with a short number.
    pub form: FormView,
    /// Shared by adults.
    pub shared: bool,
    /// Who has it, until when.
    pub with: Option<String>,
    /// Lengths: (minutes, words).
    pub lengths: Vec<(String, String)>,
    /// Where this device can be checked.
    pub check: String,
}

impl Page for Start {
    fn title(&self) -> String {
        "Start".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Bare
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors() || self.ring.pin.as_ref().is_some_and(|pin| pin.form.has_errors())
    }
}

/// One approved film on a page of ours: nothing beside it but the way back and help.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/film.html")]
pub struct Film {
    /// The tablet's start page.
    pub back: String,
    /// What it is.
    pub title: String,
    /// Its page for embedding, from elsewhere.
    pub frame: Option<String>,
    /// Or the file.
    pub file: Option<String>,
}

impl Page for Film {
    fn title(&self) -> String {
        "Film".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Bare
    }
}
