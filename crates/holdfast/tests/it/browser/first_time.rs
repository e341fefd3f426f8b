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

/// By the bar, as from any page.
async fn home(browser: &Browser) {
    browser.find(".hf-bar__home").await.click().await.expect("the way home");
    browser.see("Where you can go").await;
}

/// From the first page to the change that waits for one.
async fn waiting(browser: &Browser) {
    browser.follow("Decide on changes to the filter").await;
    // The line of the change is longer than its title.
    let line = "return [...document.querySelectorAll('main a')].find((a) => a.textContent.includes('Painting with shapes')).textContent.trim()";
    let line = browser.run(line, vec![]).await;
    browser.follow(line.as_str().expect("the change waits")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_groups_and_a_session_by_somebody_who_never_saw_it() {
    let program = Program::start().await;
    let chromedriver = Chromedriver::start().await;
    let (tablet_name, tablet) = program.device("children-tablet");
    let room = "Beacons (preschool)";
    let asks = async |name: &str| ask(program.dns, tablet, name).await;
    let open_as = async |person: &str| {
        let browser = chromedriver.open().await;
        axe::install(&browser).await;
        browser.sign_in(&program, person).await;
        browser
    };
    let manager = open_as("manager").await;
    // Ten minutes by the clock on the wall, for somebody who reads before pressing; a machine needs one or two.
    let began_all = std::time::Instant::now();
    look(&manager, "first-00-home").await;
    manager.follow("The filter").await;
    look(&manager, "first-01-filter").await;

    // Two groups: one for children, one for adults. Each is like one that is there, so each is in force at once.
    for (like, name) in [("Children's tablets", GROUP), ("Staff devices", "Supply staff")] {
        home(&manager).await;
        manager.follow("The filter").await;
        manager.follow(like).await;
        manager.follow("Make a new group like this one").await;
        manager.fill("name", name).await;
        send(&manager, "first-02-group").await;
        manager.see("In force").await;
    }

    // Only approved material, and only with an adult.
    home(&manager).await;
    manager.follow("The filter").await;
    manager.follow(GROUP).await;
    manager.follow("Only approved material, and only with an adult").await;
    send(&manager, "first-03-supervise").await;
    manager.see("In force").await;

    // One thing to paint with: that lets something through, so two others have a word.
    home(&manager).await;
    manager.follow("The filter").await;
    manager.follow(GROUP).await;
    look(&manager, "first-04-group-page").await;
    manager.follow("Approve material for children").await;
    manager.fill("host", PAINTING).await;
    manager.fill("title", "Painting with shapes").await;
    manager.fill("purpose", "Colours and shapes, for the autumn wall.").await;
    manager.fill("evaluation", "I looked at all of it: no adverts, no links away, no chat.").await;
    send(&manager, "first-05-approve").await;
    let lead = open_as("dsl").await;
    waiting(&lead).await;
    lead.press("I agree").await;
    let chair = open_as("chair").await;
    waiting(&chair).await;
    look(&chair, "first-06-decide").await;
    chair.press("Approve").await;
    chair.see("Approved").await;

    // A tablet goes there: it reaches less, so at once.
    home(&manager).await;
    manager.follow("Devices").await;
    manager.follow(&tablet_name).await;
    manager.follow("Move it to another group").await;
    manager.pick("group", GROUP).await;
    manager.press("Move it").await;
    manager.see("It is in its new group now").await;
    look(&manager, "first-07-device").await;
    assert!(matches!(asks(PAINTING).await, Told::Nothing(15 | 17, _)), "no session, nothing opens");

    // A number of one's own, and with it a session on the tablet itself.
    home(&manager).await;
    manager.follow("Open a session with children on tablets").await;
    look(&manager, "first-08-sessions").await;
    manager.fill("pin", "482913").await;
    manager.press("Keep this number").await;
    manager.see("Kept. Tell it to nobody.").await;
    let start = program.credential("devices", "children-tablet", "doh_path");
    let child = chromedriver.open().await;
    axe::install(&child).await;
    child.go(&format!("{}/start/{start}", program.web)).await;
    look(&child, "first-09-start-closed").await;
    child.find("details").await;
    child.run("document.querySelector('details').open = true", vec![]).await;
    child.fill("username", &program.person("manager").username).await;
    child.fill("pin", "482913").await;
    child.choose("minutes", "20").await;
    child.choose("youngest", "two_to_five").await;
    child.fill("lesson", "Stop, and tell a grown-up.").await;
    child.fill("plan", "Painting with shapes.").await;
    look(&child, "first-10-start-form").await;
    child.press("Open the session").await;
    let began = std::time::Instant::now();
    while asks(PAINTING).await != Told::Address(SOMEWHERE.into()) {
        assert!(began.elapsed() < std::time::Duration::from_secs(1), "{:?}", asks(PAINTING).await);
    }
    assert!(matches!(asks(OTHER).await, Told::Nothing(15 | 17, _)), "and nothing else opens");

    // What the tablet itself shows, as wide as a tablet and as narrow as a telephone.
    child.see("Painting with shapes").await;
    look(&child, "first-11-start").await;
    child.narrow().await;
    look(&child, "first-12-start-narrow").await;
    let minutes = began_all.elapsed().as_secs() / 60;
    assert!(minutes < 10, "{minutes} minutes");

    home(&manager).await;
    manager.follow("Open a session with children on tablets").await;
    look(&manager, "first-13-open").await;
    manager.press(&format!("End it now: {GROUP}, {room}")).await;
    manager.see("The session has ended. The devices are closed.").await;
    let began = std::time::Instant::now();
    while !matches!(asks(PAINTING).await, Told::Nothing(15 | 17, _)) {
        assert!(began.elapsed() < std::time::Duration::from_secs(1));
    }
    chromedriver.stop().await;
}
