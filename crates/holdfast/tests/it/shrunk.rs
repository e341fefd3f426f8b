//! A list, and a licensed feed of illegal addresses, that come back much smaller: the whole way through the real program, from
//! the publisher's server to what a tablet is answered. The old one stays, people are told, and only whoever may takes the
//! smaller one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::house::{House, until};
use crate::visitor::{Page, Visitor};
use crate::wire::{ask, upstream};

/// Patience with what the program does by itself.
const SOON: Duration = Duration::from_secs(30);

const WHY: [(&str, &str); 4] = [
    ("reason", "The publisher told us on the telephone why."),
    ("harm", "Somebody could reach what stood there before."),
    ("loss", "Nothing, because they moved it to another list."),
    ("safeguards", "The lead looks at what is asked for."),
];

/// A publisher on this machine that says one thing at a time.
#[derive(Clone, Default)]
struct Publisher {
    says: Arc<Mutex<String>>,
}

impl Publisher {
    async fn open() -> (Self, SocketAddr) {
        let publisher = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, serving) = (listener.local_addr().unwrap(), publisher.clone());
        tokio::spawn(async move {
            while let Ok((mut line, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let _ = line.read(&mut head).await;
                let body = serving.says.lock().unwrap().clone();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = line.write_all(head.as_bytes()).await;
                let _ = line.write_all(body.as_bytes()).await;
            }
        });
        (publisher, address)
    }

    fn says(&self, names: impl IntoIterator<Item = String>) {
        *self.says.lock().unwrap() = names.into_iter().map(|name| name + "\n").collect();
    }
}

async fn is(house: &House, name: &str, code: ResponseCode) -> bool {
    ask(house.at().dns, name).await.map(|(said, _)| said) == Some(code)
}

async fn blocks(house: &House, name: &str) -> bool {
    is(house, name, ResponseCode::NXDomain).await
}

async fn opens(house: &House, name: &str) -> bool {
    is(house, name, ResponseCode::NoError).await
}

/// A running program whose lists may come from this machine.
async fn serving(more: &str) -> (House, Value) {
    let resolver = upstream().await;
    House::serve(&format!("upstream = [\"{resolver}\"]\n{more}\n[lists_from_web]\nprivate_addresses = true\n")).await
}

/// The lead agrees to a proposal and the manager approves it.
async fn approve(lead: &Visitor, manager: &Visitor, proposed: &Page) {
    assert_eq!(proposed.status, 303, "{}", proposed.words());
    let page = &proposed.location;
    let version = async |who: &Visitor| who.get(page).await.first("main input[name=version]", "value");
    let agreed = lead.send_on(page, &format!("{page}/agree"), &[("version", &version(lead).await)]).await;
    assert_eq!(agreed.status, 303, "{}", agreed.words());
    let fields = [("version", &*version(manager).await), ("verdict", "approve"), ("note", "")];
    let approved = manager.fill(page, &fields).await;
    assert_eq!(approved.status, 303, "{}", approved.words());
}

/// Whether a notice that leads there waits for somebody.
async fn is_told(who: &Visitor, link: &str) -> bool {
    let page = who.get("/notices").await;
    assert_eq!(page.status, 200, "{page:?}");
    page.html.contains(&format!("href=\"{link}\"")) || page.html.contains(&format!("value=\"{link}\""))
}

#[tokio::test]
async fn a_shrunk_list_waits_for_the_manager_and_the_old_one_blocks_meanwhile() {
    let (publisher, address) = Publisher::open().await;
    let names = |count: usize| (0..count).map(|at| format!("wager-{at}.example"));
    publisher.says(names(500));
    let (house, credentials) = serving("").await;
    let technician = house.signed_in_with(&credentials, "technician").await;
    let lead = house.signed_in_with(&credentials, "dsl").await;
    let manager = house.signed_in_with(&credentials, "manager").await;
    assert!(opens(&house, "wager-7.example").await, "nobody lists it yet");

    let url = format!("http://{address}/list");
    let mut fields = vec![
        ("title", "Wagers of the county"),
        ("from", "web"),
        ("url", &*url),
        ("category", "gambling"),
        ("publisher", "The county"),
        ("licence", "CC0"),
        ("every_hours", "24"),
    ];
    fields.extend(WHY);
    approve(&lead, &manager, &technician.fill("/filter/lists/add", &fields).await).await;
    until("the list is in force", SOON, async || blocks(&house, "wager-499.example").await).await;

    publisher.says(names(100));
    let page = technician.get("/filter/lists").await;
    let page = page.html.split("href=\"").find(|part| part.starts_with("/filter/lists/wagers")).unwrap();
    let page = page.split('"').next().unwrap().to_owned();
    let asked = technician.send_on(&page, &format!("{page}/fetch"), &[]).await;
    assert_eq!(asked.status, 303, "{}", asked.words());
    // Not as the manager: whoever has seen the page has seen the notice.
    until("the smaller one waits", SOON, async || {
        technician.get(&page).await.words().contains("had 500 entries and now has 100")
    })
    .await;
    assert!(blocks(&house, "wager-499.example").await && blocks(&house, "wager-7.example").await, "the old one stays");
    until("the manager is told", SOON, async || is_told(&manager, &page).await).await;

    let read = manager.get(&page).await;
    let [id, version] = ["id", "version"].map(|name| read.first(&format!("main input[name={name}]"), "value"));
    let word = [("id", &*id), ("version", &*version), ("take", "accept"), ("words", "They moved it to another list.")];
    let decide = format!("{page}/decide");
    for who in [&technician, &lead] {
        let token = who.get("/filter/lists/add").await.token();
        let refused = who.send(&decide, &token, &word).await;
        assert_eq!(refused.status, 404, "{}", refused.words());
    }
    assert!(blocks(&house, "wager-499.example").await, "and nobody else can take it");
    let taken = manager.send_on(&page, &decide, &word).await;
    assert_eq!(taken.status, 303, "{}", taken.words());
    until("the smaller one is in force", SOON, async || opens(&house, "wager-499.example").await).await;
    assert!(blocks(&house, "wager-7.example").await, "what it still holds is blocked");
}

#[tokio::test]
async fn a_shrunk_licensed_feed_waits_for_two_people_and_the_old_one_blocks_meanwhile() {
    let (publisher, address) = Publisher::open().await;
    let names = |count: usize| (0..count).map(|at| format!("qzfeed-{at}.com"));
    publisher.says(names(50));
    let feed = format!(
        "[[sealed]]\nid = \"county\"\n[sealed.feed]\nurl = \"http://{address}/feed\"\nsupplier = \"The county\""
    );
    let (mut house, credentials) = serving(&feed).await;
    until("the feed is in force", SOON, async || blocks(&house, "qzfeed-49.com").await).await;

    // It is asked at each start.
    publisher.says(names(5));
    assert!(house.stop().success());
    house.start().await;
    let technician = house.signed_in_with(&credentials, "technician").await;
    let lead = house.signed_in_with(&credentials, "dsl").await;
    let manager = house.signed_in_with(&credentials, "manager").await;
    until("the smaller one waits", SOON, async || {
        manager.get("/filter/lists").await.words().contains("held 50 entries and had 5")
    })
    .await;
    assert!(blocks(&house, "qzfeed-49.com").await && blocks(&house, "qzfeed-3.com").await, "the old one stays");
    until("the manager is told", SOON, async || is_told(&manager, "/filter/lists").await).await;

    let door = "/filter/feeds/county";
    assert_eq!(house.signed_in_with(&credentials, "practitioner").await.get(door).await.status, 404);
    let proposed = technician.fill(door, &WHY).await;
    assert_eq!(proposed.status, 303, "{}", proposed.words());
    assert!(blocks(&house, "qzfeed-49.com").await, "a proposal changes nothing");
    approve(&lead, &manager, &proposed).await;
    until("the smaller one is in force, at once", SOON, async || opens(&house, "qzfeed-49.com").await).await;
    assert!(blocks(&house, "qzfeed-3.com").await, "what it still holds is blocked");
    until("nothing waits any more", SOON, async || manager.get(door).await.status == 404).await;
}
