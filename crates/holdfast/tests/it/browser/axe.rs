//! axe-core, which finds what a person with a screen reader, a keyboard or weak sight would stumble over.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::chrome::Browser;

/// Puts axe into every page that this browser opens from now on.
pub(super) async fn install(browser: &Browser) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/node_modules/axe-core/axe.min.js");
    let source = fs::read_to_string(&path).expect("axe-core is there once `cargo xtask assets` has run");
    browser.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Every rule.
    All,
    /// Those that another palette or width can break.
    Looks,
}

/// What axe finds on the page: rule, element, what it says. Each line one finding.
pub(super) async fn findings(browser: &Browser, rules: Rules) -> Vec<String> {
    const ASK: &str = "
        const done = arguments[arguments.length - 1];
        const only = RULES;
        axe.run(document, { resultTypes: ['violations'], ...(only && { runOnly: { type: 'rule', values: only } }) }).then(
            (found) => done(found.violations.flatMap((rule) => rule.nodes.map((node) =>
                `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary.replace(/\\s+/g, ' ').slice(0, 300)})`))),
            (error) => done([`axe failed: ${error}`]),
        );";
    let only = match rules {
        Rules::All => "null",
        Rules::Looks => "['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable']",
    };
    let found = browser.run_and_wait(&ASK.replace("RULES", only)).await;
    found.as_array().expect("a list").iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect()
}
