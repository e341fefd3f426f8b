//! The project's own categories and lists: they must be without fault, since nobody else's are there on the first day.

use std::path::Path;

use holdfast_filter::{Categories, Lists, compile};

use crate::setting::KEY;

#[test]
fn our_own_lists_compile_without_a_complaint_and_feed_the_policys_words() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content");
    let text = std::fs::read_to_string(content.join("categories.toml")).unwrap();
    let categories = Categories::parse(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("own.compiled");
    let report = compile(&[content.join("lists")], &out, KEY).unwrap();
    assert_eq!(report.rejected, []);
    let lists = Lists::open(&out).unwrap().with_categories(&categories);
    for (id, _) in lists.category_kinds() {
        assert!(categories.find(&id).is_some(), "the list “{id}” feeds no category");
    }
}
