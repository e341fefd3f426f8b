//! `docs/lists.md` is what the parsers do: every row of its tables is compiled alone and asked.

use std::fs;

use holdfast_filter::{
    Audience, CanonicalUrl, Categories, CompileReport, Host, Lists, Outcome, Prepared, Request, Verdict, compile,
    decide,
};

use crate::setting::*;

/// One row: lines, what they must block, what they must not, words of the reason.
#[derive(Debug)]
struct Row {
    lines: String,
    blocks: Vec<String>,
    lets_through: Vec<String>,
    refused: String,
}

/// Cells of a table's row; `\|` is a bar inside one.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut chars = line.trim().trim_start_matches('|').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'|') => cells.last_mut().unwrap().extend(chars.next()),
            '|' => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

fn items(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lists.md")).unwrap();
    let mut rows = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            inside = false;
        } else if line.starts_with("| Line | Blocks |") {
            inside = true;
        } else if inside && !line.starts_with("|---") {
            let cells = cells(line);
            let lines = items(&cells[0]);
            assert_eq!(lines.len(), 1, "{line}");
            rows.push(Row {
                lines: lines[0].replace('⏎', "\n"),
                blocks: items(&cells[1]),
                lets_through: items(&cells[2]),
                refused: cells[3].trim().to_owned(),
            });
        }
    }
    rows
}

/// A list of these lines beside another one, which must not be touched by anything in the first.
fn compiled(lines: &str) -> (Lists, CompileReport) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("page.txt"), lines).unwrap();
    fs::write(folder.path().join("other.txt"), "kept.example.test\n").unwrap();
    let out = folder.path().join("out.compiled");
    let report = compile(&[folder.path().join("page.txt"), folder.path().join("other.txt")], &out, KEY).unwrap();
    (Lists::open(&out).unwrap().with_categories(&Categories::default()), report)
}

/// What the filter makes of an item of the page: `name`, `address`, with `+` and circumstances.
fn asked(lists: &Lists, item: &str) -> Verdict {
    let (what, circumstance) = item.split_once('+').unwrap_or((item, ""));
    let mut snapshot = snapshot();
    snapshot.groups.insert("adults".into(), group(Audience::Adults, &["page", "other"]));
    snapshot.groups.insert("children".into(), group(Audience::Children, &["page", "other"]));
    let url = what.contains("://").then(|| CanonicalUrl::parse(what).unwrap());
    let host = url.as_ref().map_or_else(|| Host::parse(what).unwrap(), |url| url.host().clone());
    let mut request = Request { url: url.as_ref(), ..Request::of("adults", &host) };
    match circumstance.split_once(' ').unwrap_or((circumstance, "")) {
        ("", _) => {}
        ("child", _) => request.group = "children",
        ("AAAA", _) => request.rtype = Some(28),
        ("HTTPS", _) => request.rtype = Some(65),
        ("from", address) => request.from = Some(address.parse().unwrap()),
        ("device", name) => {
            snapshot.devices[0].name = name.into();
            request.device = Some(TABLET);
        }
        other => panic!("the page says {other:?}, which this test does not know"),
    }
    let policy: Prepared = unsealed(snapshot);
    decide(&policy, lists, &request, now())
}

#[test]
fn the_page_of_formats_is_true() {
    let rows = rows();
    assert!(rows.len() > 120, "only {} rows were found", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let (lists, report) = compiled(&row.lines);
        let reasons: Vec<_> = report.rejected.iter().map(|rejected| rejected.why.as_str()).collect();
        let as_said = match row.refused.as_str() {
            "" => reasons.is_empty(),
            words => reasons.iter().any(|why| why.contains(words)),
        };
        if !as_said {
            wrong.push(format!("{:?}: refused {reasons:?}, the page says {:?}", row.lines, row.refused));
        }
        for item in &row.blocks {
            let (item, expected) = match item.split_once('→') {
                Some((item, to)) => (item, Outcome::Rewrite(to.to_owned())),
                None => (item.as_str(), Outcome::Block),
            };
            let outcome = asked(&lists, item).outcome;
            if outcome != expected {
                wrong.push(format!("{:?}: {item} is {outcome:?}, the page says {expected:?}", row.lines));
            }
        }
        for item in &row.lets_through {
            let verdict = asked(&lists, item);
            if verdict.outcome != Outcome::Allow {
                wrong.push(format!("{:?}: {item} is {verdict:?}, the page says it is let through", row.lines));
            }
        }
        if asked(&lists, "www.kept.example.test").outcome != Outcome::Block {
            wrong.push(format!("{:?} opened another list's name", row.lines));
        }
    }
    assert!(wrong.is_empty(), "{} untruths:\n{}", wrong.len(), wrong.join("\n"));
}

/// The limits that the page names.
#[test]
fn the_limits_of_the_page_hold() {
    let many: String = (0..510).map(|number| format!("/^n{number}x\\./\n")).collect();
    let (lists, report) = compiled(&many);
    assert_eq!((report.patterns, report.rejected_total), (500, 10));
    assert!(report.rejected[0].why.contains("more than 500") && report.rejected[0].line == 501);
    assert_eq!(asked(&lists, "n499x.example").outcome, Outcome::Block);
    let (_, report) = compiled(&format!("/{}/\n{}\n", "a".repeat(2001), "b".repeat(9001)));
    assert!(report.rejected[0].why.contains("2000") && report.rejected[1].why.contains("longer than any name"));
}

/// Safe Browsing's own examples, less what lists do not speak of (scheme, port). Where a host cannot be a name (`#`, a
/// blank, raw bytes), Safe Browsing writes it in percent signs; no question can ask for it, so it is refused here.
#[test]
fn safe_browsings_examples() {
    let data = include_str!("../data/safe-browsing.tsv");
    let (mut equal, mut refused) = (0, 0);
    for line in data.lines().filter(|line| !line.starts_with('#')) {
        let (given, canonical) = line.split_once('\t').unwrap();
        let given = given.replace("\\t", "\t").replace("\\r", "\r").replace("\\n", "\n").replace("\\x01", "\u{1}");
        let given = given.replace("\\x80", "\u{80}");
        let bare = canonical.split_once("://").unwrap().1;
        let host = bare.split('/').next().unwrap();
        match CanonicalUrl::parse(&given) {
            Ok(url) => {
                assert_eq!(url.to_string(), bare, "{given:?}");
                equal += 1;
            }
            Err(_) => {
                assert!(host.contains('%'), "{given:?}");
                refused += 1;
            }
        }
    }
    assert_eq!((equal, refused), (28, 5));
}
