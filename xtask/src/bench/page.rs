//! `docs/performance.md`: one part a bench, each between its marks, so that one can be measured again alone.

use crate::bench::figures::Figures;

/// The page before anything was measured.
pub(crate) fn empty() -> String {
    "# Performance\n\n\
     Written by `cargo xtask bench`; do not edit by hand. Each part names the command and the machine. Figures of a\n\
     small shared machine vary by a tenth from run to run; compare only what was measured side by side.\n"
        .to_owned()
}

/// The page with this bench's part replaced, or added at its end.
pub(crate) fn with_section(page: &str, figures: &Figures) -> String {
    let open = format!("<!-- bench {} -->", figures.name);
    let close = format!("<!-- end {} -->", figures.name);
    let section = section(figures, &open, &close);
    let before_and_after = page.split_once(&open).and_then(|(before, rest)| Some((before, rest.split_once(&close)?.1)));
    match before_and_after {
        Some((before, after)) => format!("{before}{section}{after}"),
        None => format!("{}\n\n{section}\n", page.trim_end()),
    }
}

fn section(figures: &Figures, open: &str, close: &str) -> String {
    let rows: String = figures.rows.iter().map(|(what, figure)| format!("| {what} | {figure} |\n")).collect();
    format!(
        "{open}\n## {}\n\n`{}` on {}\n\n| What | Figure |\n|---|---:|\n{rows}{close}",
        figures.title, figures.command, figures.machine
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(name: &'static str, figure: &str) -> Figures {
        let mut figures = Figures::new(name, name, "cargo xtask bench".to_owned());
        figures.add("answers", figure);
        figures
    }

    #[test]
    fn a_second_run_replaces_its_own_part_and_no_other() {
        let page = with_section(&with_section(&empty(), &figures("dns", "1")), &figures("lookup", "2"));
        let again = with_section(&page, &figures("dns", "3"));
        assert!(again.contains("| answers | 3 |") && again.contains("| answers | 2 |"), "{again}");
        assert!(!again.contains("| answers | 1 |"));
        assert_eq!(with_section(&again, &figures("dns", "3")), again, "writing the same changes nothing");
    }
}
