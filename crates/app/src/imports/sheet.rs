//! Reading a CSV file that somebody chose: bounded, forgiving of Excel, plain about what is wrong.
//!
//! In: a stranger's bytes. Out: rows of named cells with their line numbers, or one sentence. What it is not: any idea of
//! people or devices. Commas, semicolons and tabs separate; a byte order mark and either line end are fine; anything but
//! UTF-8 is refused with how to save it.

use std::collections::BTreeMap;

/// Largest file, in bytes.
pub const LARGEST: usize = 1 << 20;
/// Most rows below the headings.
pub const MOST_ROWS: usize = 2_000;
/// Most columns.
const MOST_COLUMNS: usize = 40;
/// Longest cell, in characters. A single field may ask for less.
pub const LONGEST_CELL: usize = 500;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Headings that we do not know and did not read.
    pub ignored: Vec<String>,
    /// Rows, top to bottom; empty ones left out.
    pub lines: Vec<Line>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As a text editor counts: the headings are line 1.
    pub number: u64,
    cells: BTreeMap<&'static str, String>,
}

/// A cell that cannot be used: which, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Heading.
    pub column: String,
    /// A sentence.
    pub say: String,
}

impl Fault {
    /// A fault in a column.
    pub fn new(column: &str, say: impl Into<String>) -> Self {
        Self { column: column.to_owned(), say: say.into() }
    }
}

impl Line {
    /// What stands in a column; nothing if it is empty.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// Words of a column, safe to show, to store and to export again.
    ///
    /// # Errors
    /// Too long; begins as a spreadsheet formula; holds characters that hide or turn text round.
    pub fn words(&self, column: &str, longest: usize) -> Result<Option<String>, Fault> {
        let Some(text) = self.get(column) else { return Ok(None) };
        if text.chars().count() > longest {
            return Err(Fault::new(column, format!("This is longer than {longest} characters. Shorten it.")));
        }
        if text.starts_with(['=', '@', '+', '-', '|', '%']) {
            return Err(Fault::new(
                column,
                "This begins like a spreadsheet formula. Remove the sign at the beginning.",
            ));
        }
        if text.chars().any(hides) {
            return Err(Fault::new(column, "This holds characters that cannot be seen. Type it again by hand."));
        }
        Ok(Some(text.to_owned()))
    }
}

/// Control characters, and those that turn the direction of text round or join words unseen. Names in right-to-left
/// scripts need none of them; emoji keep their joiner.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Reads a file. `known` are the headings, as people write them in the first line (case and spaces do not matter);
/// those in `needed` must be there.
///
/// # Errors
/// One sentence: what is wrong with the whole file and what to do.
pub fn read(bytes: &[u8], known: &[&'static str], needed: &[&'static str]) -> Result<Sheet, String> {
    // One kind of line end, or the line numbers would be those of no text editor.
    let text = text_of(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
    let first = text.lines().next().unwrap_or_default();
    let delimiter = delimiter_of(first);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let headings = match records.next() {
        Some(Ok(record)) if record.iter().any(|cell| !cell.is_empty()) => record,
        Some(Err(error)) => return Err(unreadable(&error)),
        _ => return Err("The file is empty. Its first line should have the headings.".into()),
    };
    if headings.len() > MOST_COLUMNS {
        return Err(format!("There are {} columns; {MOST_COLUMNS} are the most.", headings.len()));
    }
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    let mut ignored = Vec::new();
    for heading in &headings {
        let plain = plain(heading);
        let column = known.iter().copied().find(|name| *name == plain);
        if let Some(twice) = column.filter(|column| columns.contains(&Some(*column))) {
            return Err(format!("The heading “{twice}” is there twice. Keep one."));
        }
        if column.is_none() && !plain.is_empty() {
            ignored.push(heading.chars().filter(|c| !hides(*c)).take(40).collect());
        }
        columns.push(column);
    }
    if let Some(missing) = needed.iter().find(|needed| !columns.contains(&Some(**needed))) {
        let all = known.join(", ");
        return Err(format!("The first line has no heading “{missing}”. The headings are: {all}."));
    }
    let mut lines = Vec::new();
    for record in records {
        let record = record.map_err(|error| unreadable(&error))?;
        let number = record.position().map_or(0, csv::Position::line);
        let mut cells = BTreeMap::new();
        for (column, cell) in columns.iter().zip(record.iter()) {
            if let Some(column) = column {
                // One more than may be, so that the check for length still sees it.
                cells.insert(*column, cell.chars().take(LONGEST_CELL + 1).collect::<String>());
            }
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() > columns.len() {
            return Err(format!(
                "Line {number} has more cells than there are headings. A comma inside a name needs quotation marks around the name."
            ));
        }
        if lines.len() == MOST_ROWS {
            return Err(format!("There are more than {MOST_ROWS} lines. Split the file."));
        }
        lines.push(Line { number, cells });
    }
    if lines.is_empty() {
        return Err("There is nothing below the headings.".into());
    }
    Ok(Sheet { ignored, lines })
}

fn text_of(bytes: &[u8]) -> Result<&str, String> {
    const HOW: &str = "In Excel: File, Save as, “CSV UTF-8 (comma delimited)”.";
    if bytes.len() > LARGEST {
        return Err(format!(
            "The file is larger than {} MB. A list of {MOST_ROWS} lines is far smaller.",
            LARGEST >> 20
        ));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(format!("This is a spreadsheet, not a CSV file. {HOW}"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
        return Err(format!("This file is not in UTF-8. {HOW}"));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        format!("This file is not in UTF-8 (line {line} has a letter that cannot be read). {HOW}")
    })
}

fn delimiter_of(first: &str) -> u8 {
    let count = |delimiter: char| first.matches(delimiter).count();
    let (commas, semicolons, tabs) = (count(','), count(';'), count('\t'));
    if tabs > commas && tabs > semicolons {
        b'\t'
    } else if semicolons > commas {
        b';'
    } else {
        b','
    }
}

fn plain(heading: &str) -> String {
    let words: Vec<String> = heading
        .trim_matches(|c: char| c.is_whitespace() || hides(c))
        .to_lowercase()
        .split(|c: char| c.is_whitespace() || matches!(c, '_' | '-'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.join(" ")
}

fn unreadable(error: &csv::Error) -> String {
    let line = error.position().map_or(0, csv::Position::line);
    format!("Line {line} cannot be read. Look for a quotation mark that is opened and not closed.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [&str; 3] = ["name", "known as", "room"];

    fn sheet(text: &[u8]) -> Result<Sheet, String> {
        read(text, &KNOWN, &["name"])
    }

    fn names(text: &[u8]) -> Vec<String> {
        sheet(text).unwrap().lines.iter().filter_map(|line| line.get("name").map(str::to_owned)).collect()
    }

    #[test]
    fn excel_and_its_habits() {
        assert_eq!(names(b"name,room\nRosa,Owls\n"), ["Rosa"]);
        assert_eq!(names(b"\xef\xbb\xbfName;Known_As\r\nRosa;Ro\r\n\r\n;;\r\nTom;\r\n"), ["Rosa", "Tom"]);
        assert_eq!(names("Name\tRoom\nZoë O’Neill\tOwls".as_bytes()), ["Zoë O’Neill"]);
        assert_eq!(names(b"name,room\n\"Smith, Rosa\",Owls\n"), ["Smith, Rosa"]);
        let read = sheet(b"NAME,Shoe size\n Rosa ,4\n").unwrap();
        assert_eq!(read.ignored, ["Shoe size"]);
        assert_eq!(read.lines[0].number, 2);
    }

    #[test]
    fn right_to_left_names_and_emoji_are_names() {
        let read = sheet("name\nليلى حداد\nנועה\n👩‍👧 Robin\n".as_bytes()).unwrap();
        for line in &read.lines {
            assert!(line.words("name", 120).unwrap().is_some(), "line {}", line.number);
        }
    }

    #[test]
    fn what_is_wrong_with_the_whole_file_is_said_plainly() {
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b"name\n", "nothing below"),
            (b"room\nOwls\n", "no heading \u{201c}name\u{201d}"),
            (b"name,Name\na,b\n", "twice"),
            (b"PK\x03\x04zip", "spreadsheet"),
            (b"\xff\xfen\x00a\x00", "UTF-8"),
            (b"name\nRos\xe9\n", "line 2"),
            (b"name\na,b\n", "more cells"),
        ] {
            let said = sheet(bytes).unwrap_err();
            assert!(said.contains(word), "{said}");
        }
        assert!(sheet(&vec![b'a'; 10 << 20]).unwrap_err().contains("larger than 1 MB"));
        let many = format!("name\n{}", "Rosa\n".repeat(MOST_ROWS + 1));
        assert!(sheet(many.as_bytes()).unwrap_err().contains("Split"));
        let wide = format!("{}\n", "name,".repeat(50));
        assert!(sheet(wide.as_bytes()).unwrap_err().contains("columns"));
    }

    #[test]
    fn what_is_wrong_with_a_cell_is_said_beside_it() {
        let long = format!("name\n{}\n", "x".repeat(300));
        let read = sheet(long.as_bytes()).unwrap();
        assert!(read.lines[0].words("name", 120).unwrap_err().say.contains("120"));
        for formula in ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-1"] {
            let read = sheet(format!("name\n\"{formula}\"\n").as_bytes()).unwrap();
            assert!(read.lines[0].words("name", 120).unwrap_err().say.contains("formula"), "{formula}");
        }
        let turned = sheet("name\nRosa\u{202e}gpj\n".as_bytes()).unwrap();
        assert!(turned.lines[0].words("name", 120).unwrap_err().say.contains("cannot be seen"));
        let split = sheet(b"name\n\"Ro\nsa\"\n").unwrap();
        assert!(split.lines[0].words("name", 120).is_err(), "a line end inside a name");
    }

    proptest! {
        #[test]
        fn whatever_bytes_come_the_answer_is_rows_or_a_sentence(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            match sheet(&bytes) {
                Ok(sheet) => prop_assert!(!sheet.lines.is_empty() && sheet.lines.len() <= MOST_ROWS),
                Err(said) => prop_assert!(said.len() > 10 && said.len() < 400),
            }
        }

        #[test]
        fn whatever_text_comes_its_cells_are_bounded(text in "(?s)name(,room)?\n.{0,800}") {
            if let Ok(sheet) = sheet(text.as_bytes()) {
                for line in &sheet.lines {
                    if let Ok(Some(words)) = line.words("name", 120) {
                        prop_assert!(words.chars().count() <= 120 && !words.chars().any(char::is_control));
                    }
                }
            }
        }

        #[test]
        fn names_written_by_a_csv_writer_come_back(names in proptest::collection::vec("[A-Za-zéü' ,\"]{1,30}", 1..20)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["name"]).unwrap();
            let wanted: Vec<String> = names.iter().map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect();
            prop_assume!(!wanted.is_empty());
            for name in &wanted {
                writer.write_record([name]).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(super::tests::names(&bytes), wanted);
        }
    }
}
