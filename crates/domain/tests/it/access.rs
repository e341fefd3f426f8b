//! The authorisation table is the one that a safeguarding lead has read.

use std::path::Path;

use holdfast_domain::access::table;

const HEAD: &str = "# Who may do what\n\nThis table is printed from the program's own rule and compared with it by a \
                    test, so it cannot be out of date: `s` means for anything of the setting, `o` for one's own, `c` for \
                    a concern that one may see, `-` never. Whoever must not see a concern sees nothing of it, whatever \
                    stands here. Which page needs which of these is in [doors](doors.md).\n\n";

/// `UPDATE=1` writes the table after a change that somebody wants; look at the difference before you commit it.
#[test]
fn the_table_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/authorisation.md");
    let now = format!("{HEAD}{}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap();
    assert!(
        checked_in == now,
        "docs/authorisation.md differs from the rule; run with UPDATE=1 and read the difference"
    );
}
