//! The typefaces, embedded. See `fonts/README.md` for where they come from.

use typst::foundations::Bytes;
use typst::text::Font;

/// Atkinson Hyperlegible first: the templates name it first, and [`crate::words`] trusts its order.
const OURS: [&[u8]; 4] = [
    include_bytes!("../fonts/AtkinsonHyperlegibleNext-Regular.ttf"),
    include_bytes!("../fonts/AtkinsonHyperlegibleNext-Bold.ttf"),
    include_bytes!("../fonts/NotoSansArabic-Regular.ttf"),
    include_bytes!("../fonts/NotoEmoji-Regular.ttf"),
];

/// Every typeface that a template may use, the main one first. Of typst's own only the text face is taken, for Hebrew,
/// Greek and Cyrillic.
pub(crate) fn load() -> Vec<Font> {
    let ours = OURS.into_iter().flat_map(|data| Font::iter(Bytes::new(data)));
    let typsts = typst_assets::fonts()
        .flat_map(|data| Font::iter(Bytes::new(data)))
        .filter(|font| font.info().family == "Libertinus Serif");
    ours.chain(typsts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faces_that_the_templates_name_are_there() {
        let families: Vec<String> = load().iter().map(|font| font.info().family.clone()).collect();
        for family in ["Atkinson Hyperlegible Next", "Noto Sans Arabic", "Noto Emoji", "Libertinus Serif"] {
            assert!(families.iter().any(|have| have == family), "{family} is not in {families:?}");
            assert!(include_str!("../templates/common.typ").contains(family), "{family} is not in the template");
        }
    }
}
