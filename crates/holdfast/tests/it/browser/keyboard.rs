//! Without a mouse, without scripts, and with somebody looking over one's shoulder.

use serde_json::json;
use thirtyfour::Key;

use super::chrome::{Browser, Chromedriver};
use super::program::Program;

const FOCUS: &str = "const e = document.activeElement; return e.id || e.className || e.tagName;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_keyboard_and_without_scripts() {
    let program = Program::start().await;
    let chromedriver = Chromedriver::start().await;
    let browser = chromedriver.open().await;
    browser.sign_in(&program, "practitioner").await;
    skip_link_then_report(&program, &browser).await;
    an_empty_form_says_what_is_missing(&program, &browser).await;
    escape_twice_hides_the_screen(&browser).await;
    without_scripts(&program, &browser).await;
    chromedriver.stop().await;
}

async fn skip_link_then_report(program: &Program, browser: &Browser) {
    browser.go(&format!("{}/who-to-tell", program.web)).await;
    browser.key(Key::Tab).await;
    assert_eq!(browser.run(FOCUS, vec![]).await, "govuk-skip-link");
    browser.key(Key::Tab).await;
    assert_eq!(browser.run(FOCUS, vec![]).await, "hf-report", "first in the order of the keyboard");
    browser.go(&format!("{}/who-to-tell", program.web)).await;
    browser.key(Key::Tab).await;
    browser.key(Key::Enter).await;
    assert_eq!(browser.run(FOCUS, vec![]).await, "main", "the skip link leads past the bar");
}

async fn an_empty_form_says_what_is_missing(program: &Program, browser: &Browser) {
    browser.go(&format!("{}/concerns/report/filter_breach", program.web)).await;
    browser.press("Send").await;
    let focus = browser.run(FOCUS, vec![]).await;
    assert!(focus.as_str().is_some_and(|focus| focus.contains("govuk-error-summary")), "the focus is on {focus}");
    browser.key(Key::Tab).await;
    browser.key(Key::Enter).await;
    let focus = browser.run("return document.activeElement.name", vec![]).await;
    assert_eq!(focus, "safe_now", "the first line of the summary leads to the first question");
}

async fn escape_twice_hides_the_screen(browser: &Browser) {
    let typed = "Half a sentence about";
    browser.fill("what_happened", typed).await;
    browser.key(Key::Escape).await;
    browser.key(Key::Escape).await;
    browser.find("dialog.hf-sheet[open]").await;
    let title = browser.run("return document.title", vec![]).await;
    assert_eq!(title, "Welcome", "nothing is left to read in the tab either");
    browser.picture("hidden-screen").await;
    // Once more must not show it again: whoever is frightened presses too often.
    browser.key(Key::Escape).await;
    browser.key(Key::Escape).await;
    browser.find("dialog.hf-sheet[open]").await;
    browser.find(".hf-sheet .hf-blank-back").await.click().await.expect("back");
    let kept = browser.run("return document.querySelector('[name=what_happened]').value", vec![]).await;
    assert_eq!(kept, typed, "nothing typed is lost");
}

async fn without_scripts(program: &Program, browser: &Browser) {
    browser.command("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.go(&format!("{}/concerns/report", program.web)).await;
    browser.follow("Something unsuitable came up on a screen").await;
    assert_eq!(browser.run("return document.body.classList.contains('js-enabled')", vec![]).await, false);
    browser.press("Send").await;
    browser.see("Say whether everybody is safe").await;
    browser.choose("safe_now", "yes").await;
    browser.fill("what_happened", "A pop-up with shouting. I turned the tablet face down.").await;
    browser.press("Send").await;
    browser.see("Nobody has opened this yet").await;
    browser.picture("receipt-without-scripts").await;
    browser.command("Emulation.setScriptExecutionDisabled", json!({ "value": false })).await;
}
