//! A manager who has never seen it sets up two groups and a session, by what the pages themselves lead to; and the filter
//! does as they said, for a real tablet's questions.

use super::axe::{self, Rules};
use super::chrome::{Browser, Chromedriver};
use super::network::{SOMEWHERE, Told, ask};
use super::program::Program;

/// Approved in this story; on no list.
const PAINTING: &str = "paint.test";
/// On no list, and not approved.
const OTHER: &str = "loud-cartoons.test";
const GROUP: &str = "Starfish tablets";

async fn look(browser: &Browser, name: &str) {
    browser.picture(name).await;
    let found = axe::findings(browser, Rules::All).await;
    assert!(found.is_empty(), "{name}, {}:\n{}", browser.url().await, found.join("\n"));
}

async fn texts(browser: &Browser) {
    browser.fill("reason", "The older children paint on Tuesdays.").await;
    browser.fill("harm", "Nobody, because an adult sits beside them.").await;
    browser.fill("loss", "Nothing, because the other tablets stay as they are.").await;
    browser.fill("safeguards", "A session, and an adult in the room.").await;
}

/// Checks what a change does, then sends it.
async fn send(browser: &Browser, picture: &str) {
    texts(browser).await;
    browser.press("Check what this changes").await;
    browser.see("What this changes").await;
    look(browser, picture).await;
    browser.press("Send the proposal").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_groups_and_a_session_by_somebody_who_never_saw_it() {
    let program = Program::start().await;
    let chromedriver = Chromedriver::start().await;
    let (tablet_name, tablet) = program.device("children-tablet");
    let asks = async |name: &str| ask(program.dns, tablet, name).await;
    let open_as = async |person: &str| {
        let browser = chromedriver.open().await;
        axe::install(&browser).await;
        browser.sign_in(&program, person).await;
        browser
    };
    let manager = open_as("manager").await;
    manager.go(&format!("{}/filter", program.web)).await;
    look(&manager, "first-01-filter").await;

    // Two groups: one for children, one for adults. Each is like one that is there, so each is in force at once.
    for (like, name) in [("Children's tablets", GROUP), ("Staff devices", "Supply staff")] {
        manager.go(&format!("{}/filter", program.web)).await;
        manager.follow(like).await;
        manager.follow("Make a new group like this one").await;
        manager.fill("name", name).await;
        send(&manager, "first-02-group").await;
        manager.see("In force").await;
    }

    // Only approved material, and only with an adult.
    manager.go(&format!("{}/filter", program.web)).await;
    manager.follow(GROUP).await;
    manager.follow("Only approved material, and only with an adult").await;
    send(&manager, "first-03-supervise").await;
    manager.see("In force").await;

    // One thing to paint with: that lets something through, so two others have a word.
    manager.go(&format!("{}/filter", program.web)).await;
    manager.follow(GROUP).await;
    look(&manager, "first-04-group-page").await;
    manager.follow("Approve material for children").await;
    manager.fill("host", PAINTING).await;
    manager.fill("title", "Painting with shapes").await;
    manager.fill("purpose", "Colours and shapes, for the autumn wall.").await;
    manager.fill("evaluation", "I looked at all of it: no adverts, no links away, no chat.").await;
    send(&manager, "first-05-approve").await;
    let proposal = manager.url().await;
    let lead = open_as("dsl").await;
    lead.go(&proposal).await;
    lead.press("I agree").await;
    let chair = open_as("chair").await;
    chair.go(&proposal).await;
    look(&chair, "first-06-decide").await;
    chair.press("Approve").await;
    chair.see("Approved").await;

    // A tablet goes there: it reaches less, so at once.
    manager.go(&format!("{}/devices", program.web)).await;
    manager.follow(&tablet_name).await;
    manager.follow("Move it to another group").await;
    manager.pick("group", GROUP).await;
    manager.press("Move it").await;
    manager.see("It is in its new group now").await;
    look(&manager, "first-07-device").await;
    assert!(matches!(asks(PAINTING).await, Told::Nothing(15 | 17, _)), "no session, nothing opens");

    // A session.
    manager.go(&format!("{}/sessions", program.web)).await;
    manager.tick(GROUP).await;
    manager.choose("minutes", "20").await;
    manager.choose("youngest", "two_to_five").await;
    manager.fill("lesson", "Stop, and tell a grown-up.").await;
    manager.fill("plan", "Painting with shapes.").await;
    look(&manager, "first-08-session").await;
    manager.press("Open the session").await;
    manager.see("The session is open. Stay with the children.").await;
    look(&manager, "first-09-open").await;
    let began = std::time::Instant::now();
    while asks(PAINTING).await != Told::Address(SOMEWHERE.into()) {
        assert!(began.elapsed() < std::time::Duration::from_secs(1), "{:?}", asks(PAINTING).await);
    }
    assert!(matches!(asks(OTHER).await, Told::Nothing(15 | 17, _)), "and nothing else opens");

    // What the tablet itself shows, as wide as a tablet and as narrow as a telephone.
    let start = program.credential("devices", "children-tablet", "doh_path");
    let child = chromedriver.open().await;
    axe::install(&child).await;
    child.go(&format!("{}/start/{start}", program.web)).await;
    child.see("Painting with shapes").await;
    look(&child, "first-10-start").await;
    child.narrow().await;
    look(&child, "first-11-start-narrow").await;

    manager.press(&format!("End it now: {GROUP}")).await;
    manager.see("The session has ended. The devices are closed.").await;
    let began = std::time::Instant::now();
    while !matches!(asks(PAINTING).await, Told::Nothing(15 | 17, _)) {
        assert!(began.elapsed() < std::time::Duration::from_secs(1));
    }
    chromedriver.stop().await;
}
