//! All that typst can see: the templates, the fonts and one virtual file of data. No disk, no packages, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Features, Library, LibraryExt, World};

use crate::input::Document;

/// Where the templates find the data.
const DATA: &str = "data.json";
const COMMON: (&str, &str) = ("common.typ", include_str!("../templates/common.typ"));

/// The template of a document.
pub(crate) fn template(document: &Document) -> (&'static str, &'static str) {
    match document {
        Document::Concern(_) => ("concern.typ", include_str!("../templates/concern.typ")),
        Document::ContactSheet(_) => ("contact_sheet.typ", include_str!("../templates/contact_sheet.typ")),
        Document::Evidence(_) => ("evidence.typ", include_str!("../templates/evidence.typ")),
        Document::Paper(_) => ("paper.typ", include_str!("../templates/paper.typ")),
    }
}

/// The sealed world of one document.
pub(crate) struct Sealed {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    common: Source,
    data: (FileId, Bytes),
}

impl Sealed {
    /// A world that holds this template, these fonts and this data (JSON).
    pub(crate) fn new((name, text): (&str, &str), fonts: Vec<Font>, data: Vec<u8>) -> Result<Self, FileError> {
        // Row headings in tables: still marked as a preview by typst, and what makes a table readable aloud.
        let features: Features = [Feature::A11yExtras].into_iter().collect();
        Ok(Self {
            library: LazyHash::new(Library::builder().with_features(features).build()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Source::new(id(name)?, text.to_owned()),
            common: Source::new(id(COMMON.0)?, COMMON.1.to_owned()),
            data: (id(DATA)?, Bytes::new(data)),
        })
    }
}

fn id(name: &str) -> Result<FileId, FileError> {
    let path = VirtualPath::new(name).map_err(|_| FileError::AccessDenied)?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Sealed {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [&self.main, &self.common].into_iter().find(|source| source.id() == id).cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data.0 { Ok(self.data.1.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(template: &'static str) -> bool {
        let world =
            Sealed::new(("probe.typ", template), crate::fonts::load(), b"{\"a\": 1}".to_vec()).expect("a world");
        typst::compile::<typst_layout::PagedDocument>(&world).output.is_ok()
    }

    #[test]
    fn the_world_holds_its_data_and_nothing_else() {
        assert!(compile("#json(\"data.json\").a"));
        for outside in [
            "#read(\"/etc/hostname\")",
            "#read(\"../Cargo.toml\")",
            "#image(\"/etc/hostname\")",
            "#import \"@preview/example:0.1.0\": add",
        ] {
            assert!(!compile(outside), "{outside} was read");
        }
    }
}
