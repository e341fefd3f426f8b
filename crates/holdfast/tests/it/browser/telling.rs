//! A parent tells without an account, on a phone of their own, and comes back to read the answer.

use std::time::Duration;

use super::axe::{self, Rules};
use super::chrome::{Browser, Chromedriver};
use super::program::Program;
use crate::house::until;

/// A picture of the page; and nothing for axe to find on it.
async fn look(browser: &Browser, name: &str) {
    browser.narrow().await;
    browser.picture(name).await;
    let found = axe::findings(browser, Rules::All).await;
    assert!(found.is_empty(), "{name}, {}:\n{}", browser.url().await, found.join("\n"));
}

async fn cookies(browser: &Browser) -> String {
    browser.run("return document.cookie", vec![]).await.as_str().unwrap_or_default().to_owned()
}

/// The way out takes the place of the page, and the page took the place of the door: "Back" leads to where the parent was
/// before they came. The way is turned to a page of this machine first.
async fn the_way_out_leaves_no_way_back(program: &Program, parent: &Browser) {
    let before = format!("{}/healthz", program.web);
    let out = format!("{}/healthz/gateway", program.web);
    let arrives = async |url: &str| {
        until("the browser moves on", Duration::from_secs(10), async || parent.url().await == url).await;
    };
    parent.go(&before).await;
    parent.go(&format!("{}/tell", program.web)).await;
    parent.follow("Tell us").await;
    parent.fill("worry", "Words that nobody behind me may read.").await;
    let turn = "const way = document.querySelector('a.govuk-exit-this-page__button'); way.href = '/healthz/gateway'; way.click()";
    parent.run(turn, vec![]).await;
    arrives(&out).await;
    parent.run("history.back()", vec![]).await;
    arrives(&before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_tells_and_reads_the_answer() {
    let program = Program::start().await;
    let chromedriver = Chromedriver::start().await;
    let parent = chromedriver.open().await;
    axe::install(&parent).await;
    parent.go(&format!("{}/tell", program.web)).await;
    parent.see("Are you worried about something here?").await;
    look(&parent, "telling-01-door").await;
    parent.follow("Tell us").await;
    look(&parent, "telling-02-form").await;
    parent.press("Send").await;
    parent.see("Say if everybody is safe now").await;
    look(&parent, "telling-03-mend").await;
    parent.choose("safe_now", "yes").await;
    parent.choose("matter", "child").await;
    parent.fill("what_happened", "My child came home and said a grown-up had shouted.").await;
    parent.press("Send").await;
    parent.see("Write down these six words").await;
    look(&parent, "telling-04-words").await;
    let words = parent
        .run("return [...document.querySelectorAll('.hf-words li')].map(li => li.textContent).join(' ')", vec![])
        .await;
    let words = words.as_str().expect("six words").to_owned();
    assert_eq!(words.split(' ').count(), 6);
    assert_eq!(cookies(&parent).await, "", "nothing is left in the browser");

    let lead = chromedriver.open().await;
    axe::install(&lead).await;
    lead.sign_in(&program, "dsl").await;
    lead.go(&format!("{}/concerns", program.web)).await;
    lead.find("table a").await.click().await.expect("the first in the queue");
    lead.see("Somebody without an account").await;
    lead.follow("Write to the sender, who has no account").await;
    look(&lead, "telling-05-answer").await;
    lead.fill("text", "Thank you. We have read it and look into it today.").await;
    lead.press("Leave the answer").await;
    lead.find(".hf-banner--done").await;

    parent.go(&format!("{}/tell", program.web)).await;
    parent.follow("Read our answer").await;
    look(&parent, "telling-06-back").await;
    parent.fill("code", &words).await;
    parent.press("Go on").await;
    parent.see("We have read it and look into it today.").await;
    look(&parent, "telling-07-inbox").await;
    parent.fill("text", "Thank you. It was on Monday.").await;
    parent.press("Send").await;
    parent.see("We have your message.").await;
    // The way out leaves at once. Where it leads is not ours, and no test asks it.
    assert!(parent.has("a.govuk-exit-this-page__button[rel='nofollow noreferrer']").await);
    the_way_out_leaves_no_way_back(&program, &parent).await;
    chromedriver.stop().await;
}
