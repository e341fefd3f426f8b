//! Samples of the open door: full and empty, with text that tries to be markup.

use super::concerns::{ring, tell};
use super::{nobody, somebody};
use crate::views::FormView;
use crate::views::pages::concerns::Word;
use crate::views::pages::concerns::files::{FileLine, FileWord, Files, Viewing};
use crate::views::pages::tell::{Back, Door, Form, Inbox, Nowhere, Poster, Sender, Sent, Signs};
use crate::views::ui::Tone;

const NASTY: &str = "<script>alert(1)</script> שלום 🙂";
const PATH: &str = "/tell/abcdefgh";

fn wrong(fields: &[&str]) -> FormView {
    let mut form = FormView::new();
    for field in fields {
        form.keep(field, NASTY);
        form.error(field, "Mend this");
    }
    form
}

fn talk() -> Vec<(bool, String, String)> {
    vec![(false, NASTY.into(), "3 March 2026".into()), (true, "Thank you.".into(), "4 March 2026".into())]
}

pub(super) fn all() -> Vec<(&'static str, String)> {
    let form = Form {
        path: PATH.into(),
        setting: "Bluebell <Lane>".into(),
        named: vec![("a".into(), NASTY.into())],
        wait: Some(3),
        outside: ring(),
        form: wrong(&["safe_now", "matter", "what_happened", "worry", "day", "name", "reach"]),
    };
    let inbox = Inbox {
        path: PATH.into(),
        told_on: "3 March 2026".into(),
        read: true,
        messages: talk(),
        thanks: true,
        outside: ring(),
        ..Default::default()
    };
    let file = FileLine {
        path: "/concerns/1/files/2".into(),
        name: NASTY.into(),
        what: NASTY.into(),
        about: "12 kB".into(),
        word: Word::new(Tone::Done, "Kept"),
        here: true,
        may_seal: true,
        may_order: true,
        waiting: Some(NASTY.into()),
        may_agree: true,
        may_withdraw: true,
    };
    let sealed =
        FileLine { name: String::new(), what: String::new(), here: false, may_seal: false, ..FileLine::default() };
    let files = Files {
        path: "/concerns/1".into(),
        reference: "ABC-DEF".into(),
        asks: true,
        declares: true,
        files: vec![file, sealed],
        form: wrong(&["could_show"]),
        ..Files::default()
    };
    let word = FileWord {
        path: "/concerns/1/files/2".into(),
        back: "/concerns/1/files".into(),
        form: wrong(&["order", "authority", "who", "reference", "said"]),
    };
    vec![
        ("concerns/files", somebody(&Files { choose: true, form: wrong(&["what", "file"]), ..files.clone() })),
        ("concerns/files", somebody(&files)),
        (
            "concerns/files",
            somebody(&Files { stopped: true, decides: true, asks: false, form: wrong(&["why"]), ..files.clone() }),
        ),
        (
            "concerns/files",
            somebody(&Files {
                path: "/concerns/1".into(),
                none_here: Some(NASTY.into()),
                stop: true,
                ..Files::default()
            }),
        ),
        ("concerns/file_word", somebody(&word)),
        (
            "concerns/viewing",
            somebody(&Viewing { path: "/concerns/1".into(), form: wrong(&["why", "referred", "witness", "place"]) }),
        ),
        ("tell/door", nobody(&Door { path: PATH.into(), setting: NASTY.into(), fictional: true, outside: ring() })),
        ("tell/nowhere", nobody(&Nowhere)),
        ("tell/signs", nobody(&Signs { path: "/tell/w".into(), setting: NASTY.into(), outside: Vec::new() })),
        (
            "tell/form",
            nobody(&Form { form: FormView::new().with("once", "a"), named: vec![], wait: None, ..form.clone() }),
        ),
        ("tell/form", nobody(&form)),
        (
            "tell/sent",
            nobody(&Sent { path: PATH.into(), words: vec!["acorn".into(), "river".into()], outside: ring() }),
        ),
        ("tell/back", nobody(&Back { path: PATH.into(), outside: ring(), ..Default::default() })),
        (
            "tell/back",
            nobody(&Back {
                path: PATH.into(),
                kept: true,
                wait: Some(9),
                form: wrong(&["code", "text"]),
                outside: ring(),
            }),
        ),
        ("tell/inbox", nobody(&Inbox { read: false, messages: vec![], thanks: false, ..inbox.clone() })),
        ("tell/inbox", nobody(&Inbox { closed: true, form: wrong(&["text"]), ..inbox.clone() })),
        ("tell/inbox", nobody(&inbox)),
        (
            "tell/poster",
            somebody(&Poster {
                setting: NASTY.into(),
                fictional: true,
                picture_svg: "<svg role=\"img\" aria-label=\"Picture to scan\"></svg>".into(),
                address: "https://holdfast.local/tell/abcdefgh".into(),
                inside: tell(),
                outside: ring(),
            }),
        ),
        (
            "tell/sender",
            somebody(&Sender {
                reporter: Some(NASTY.into()),
                path: "/concerns/1".into(),
                reference: "ABC-DEF".into(),
                messages: talk(),
                form: wrong(&["text"]),
            }),
        ),
        ("tell/sender", somebody(&Sender { path: "/concerns/1".into(), ..Default::default() })),
    ]
}
