//! Sources of lists from the proposal to the filter: a publisher who behaves, and one who does not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use app::Error;
use app::filtering::decide::{self, Decide, Propose, Risk, Verdict};
use app::filtering::{Change, view as filter_view};
use app::sources::versions::{self, State, Take, Word};
use app::sources::view::{self, Standing};
use app::sources::{Origin, Source, work};
use app::testing::TestApp;
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a path answers: status, marks, body.
#[derive(Clone, Default)]
struct Answer {
    status: u16,
    etag: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

/// A publisher on this machine; counts what it was asked and keeps the last `If-None-Match`.
#[derive(Clone, Default)]
struct Publisher {
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Publisher {
    async fn open() -> (Self, SocketAddr) {
        let publisher = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = publisher.clone();
        tokio::spawn(async move {
            while let Ok((mut line, _)) = listener.accept().await {
                let mut bytes = vec![0; 4096];
                let read = line.read(&mut bytes).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                let mark = text.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("if-none-match").then(|| value.to_owned())
                });
                serving.asked.lock().unwrap().push((path.clone(), mark.clone().unwrap_or_default()));
                let answer = serving.answers.lock().unwrap().get(&path).cloned().unwrap_or_default();
                let unchanged = answer.etag.is_some() && answer.etag == mark;
                let (status, body) = match (answer.status, unchanged) {
                    (_, true) => (304, Vec::new()),
                    (0, _) => (404, b"nothing here".to_vec()),
                    (status, _) => (status, answer.body),
                };
                let mut head =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
                for (name, value) in [("ETag", answer.etag), ("Location", answer.location)] {
                    if let Some(value) = value {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                }
                let _ = line.write_all(format!("{head}\r\n").as_bytes()).await;
                let _ = line.write_all(&body).await;
            }
        });
        (publisher, address)
    }

    fn says(&self, path: &str, etag: &str, body: impl Into<Vec<u8>>) {
        let answer = Answer { status: 200, etag: Some(etag.to_owned()), location: None, body: body.into() };
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

fn names(count: usize) -> String {
    (0..count).map(|at| format!("site-{at}.example.com\n")).collect()
}

fn source(url: &str) -> Source {
    Source {
        title: "Gambling of the county".into(),
        from: Origin::Web { url: url.into(), key: None },
        category: Some("gambling".into()),
        publisher: "The county".into(),
        licence: "CC0".into(),
        every_hours: 24,
    }
}

fn risk() -> Risk {
    Risk {
        harm: "Nobody, because it only blocks more.".into(),
        loss: "Nothing, because nobody gambles here.".into(),
        safeguards: "The lead looks at what is asked for.".into(),
    }
}

/// Proposed by the technician, agreed by the lead, approved by the manager.
async fn approved(app: &TestApp, change: Change) {
    let new = Propose { change, reason: "The county keeps it for nurseries.".into(), risk: risk(), concern: None };
    let made = decide::propose(&app.services, &mut app.ctx(app.people.technician), new).await.unwrap();
    assert_eq!(made.in_force, None, "a new source waits for another person");
    assert_eq!(work::turn(&app.services, &mut app.world.system()).await.unwrap(), 0, "and is not asked before");
    decide::agree(&app.services, &mut app.ctx(app.people.dsl), made.id, 0).await.unwrap();
    let decision = Decide { id: made.id, version: 1, note: String::new(), verdict: Verdict::Approve };
    decide::decide(&app.services, &mut app.ctx(app.people.manager), decision).await.unwrap();
}

/// A nursery with one source that has answered once with so many names.
async fn with_a_source(count: usize) -> (TestApp, Publisher, String) {
    let (publisher, address) = Publisher::open().await;
    let app = TestApp::new().await;
    publisher.says("/list", "\"1\"", names(count));
    approved(&app, Change::AddSource { source: Box::new(source(&format!("http://{address}/list"))) }).await;
    assert_eq!(turn(&app).await, 1);
    let key = only(&app).await.key;
    (app, publisher, key)
}

async fn turn(app: &TestApp) -> usize {
    work::turn(&app.services, &mut app.world.system()).await.unwrap()
}

async fn tomorrow(app: &TestApp) {
    app.world.pass(SignedDuration::from_hours(27));
    assert_eq!(turn(app).await, 1);
}

async fn only(app: &TestApp) -> view::SourceView {
    let found = view::overview(&app.services, &app.ctx(app.people.technician)).await.unwrap();
    found.sources.into_iter().next().unwrap()
}

async fn states(app: &TestApp, key: &str) -> Vec<State> {
    let one = view::one(&app.services, &app.ctx(app.people.technician), key).await.unwrap();
    one.versions.into_iter().map(|(version, _)| version.state).collect()
}

/// The lists in the folders that the gateway was given last, with their entries.
fn given(app: &TestApp) -> Vec<(String, usize)> {
    let folders = app.gateway.lists().pop().unwrap_or_default();
    let found = folders.iter().flat_map(|folder| filter::list::source::find(folder).unwrap());
    found
        .map(|list| {
            let lines = |path: &std::path::Path| std::fs::read_to_string(path).unwrap().lines().count();
            (list.list.clone(), list.files.iter().map(|(path, _)| lines(path)).sum())
        })
        .collect()
}

fn word(view: &view::SourceView, take: Take) -> Word {
    let held = view.held.as_ref().unwrap();
    Word { id: held.id, version: held.version, take, words: "I rang them and they said why.".into() }
}

#[tokio::test]
async fn a_source_from_the_proposal_to_the_filter() {
    let (app, publisher, key) = with_a_source(500).await;
    let view = only(&app).await;
    assert_eq!(view.standing, Standing::Fresh);
    assert_eq!(view.in_force.as_ref().unwrap().entries, 500);
    // The name before the dot is the category, by which the policy's words find the list.
    assert_eq!(given(&app), [(format!("gambling.{key}"), 500)]);
    assert_eq!(filter_categories().of_list(&given(&app)[0].0).unwrap().id, "gambling");

    // Not due: nobody is asked, and nothing is compiled again.
    assert_eq!(turn(&app).await, 0);
    assert_eq!(app.gateway.lists().len(), 1);
    // Due, and unchanged by the publisher's own mark: no version, but a good answer.
    tomorrow(&app).await;
    assert_eq!(publisher.asked().last().unwrap(), &("/list".to_owned(), "\"1\"".to_owned()));
    assert_eq!(states(&app, &key).await, [State::InForce]);
    assert_eq!(only(&app).await.check.unwrap().good_at, Some(app.world.now()));
    // Newer: taken, and the one before is kept for a while.
    publisher.says("/list", "\"2\"", names(490));
    tomorrow(&app).await;
    assert_eq!(states(&app, &key).await, [State::InForce, State::Replaced]);
    assert_eq!(given(&app)[0].1, 490);
    // Fetched now because somebody wants it; audited.
    let before = app.acts().await;
    work::fetch_now(&app.services, &mut app.ctx(app.people.technician), &key).await.unwrap();
    assert!(app.acts().await > before);
    assert_eq!(turn(&app).await, 1);
    let nobodys = work::fetch_now(&app.services, &mut app.ctx(app.people.practitioner), &key).await;
    assert!(nobodys.is_err());
    app.end().await;
}

fn filter_categories() -> filter::Categories {
    filter::Categories::parse(app::content::files().get("categories.toml").unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_no_list_or_too_small_waits_for_a_person_and_the_good_one_stays() {
    let (app, publisher, key) = with_a_source(500).await;
    let good = given(&app);
    for (at, body) in ["<!DOCTYPE html><p>Sign in to the hotel</p>", "", "\u{0}\u{1}\u{2}", "# only a remark\n"]
        .into_iter()
        .enumerate()
    {
        publisher.says("/list", &format!("\"bad-{at}\""), body);
        tomorrow(&app).await;
        let view = only(&app).await;
        assert_eq!((view.standing, view.in_force.as_ref().unwrap().entries), (Standing::Held, 500), "{body:?}");
        assert_eq!(given(&app), good, "{body:?}");
        // There is nothing in it to take; it can only be refused.
        let taken =
            versions::decide(&app.services, &mut app.ctx(app.people.manager), &key, word(&view, Take::Accept)).await;
        assert!(matches!(taken, Err(Error::Invalid(_))), "{taken:?}");
    }
    publisher.says("/list", "\"small\"", names(399));
    tomorrow(&app).await;
    let view = only(&app).await;
    assert!(view.held.as_ref().unwrap().why.as_ref().unwrap().contains("had 500 entries and now has 399"));
    assert_eq!(given(&app), good);
    // Those whose word it waits for are told, once for each version.
    let told = app::notices::mine(&app.services, &app.ctx(app.people.manager)).await.unwrap();
    assert!(told.iter().any(|notice| notice.link == format!("/filter/lists/{key}")), "{told:?}");
    // Not the technician, and not without a reason.
    let by_technician =
        versions::decide(&app.services, &mut app.ctx(app.people.technician), &key, word(&view, Take::Accept)).await;
    assert!(by_technician.is_err());
    let bare = Word { words: "ok".into(), ..word(&view, Take::Accept) };
    let bare = versions::decide(&app.services, &mut app.ctx(app.people.manager), &key, bare).await;
    assert!(matches!(bare, Err(Error::Invalid(_))));
    app.end().await;
}

#[tokio::test]
async fn a_persons_word_on_a_version_that_shrank() {
    let (app, publisher, key) = with_a_source(500).await;
    publisher.says("/list", "\"2\"", names(100));
    tomorrow(&app).await;
    let view = only(&app).await;
    versions::decide(&app.services, &mut app.ctx(app.people.manager), &key, word(&view, Take::Refuse)).await.unwrap();
    assert_eq!(states(&app, &key).await, [State::Refused, State::InForce]);
    // The very same is not asked about again, whatever mark it carries.
    publisher.says("/list", "\"2b\"", names(100));
    tomorrow(&app).await;
    assert_eq!(states(&app, &key).await, [State::Refused, State::InForce]);
    // Another one is; a second person decides on what they read, not on what came since.
    publisher.says("/list", "\"3\"", names(101));
    tomorrow(&app).await;
    let read = only(&app).await;
    publisher.says("/list", "\"4\"", names(102));
    tomorrow(&app).await;
    let late = versions::decide(&app.services, &mut app.ctx(app.people.chair), &key, word(&read, Take::Accept)).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    let view = only(&app).await;
    versions::decide(&app.services, &mut app.ctx(app.people.chair), &key, word(&view, Take::Accept)).await.unwrap();
    turn(&app).await;
    assert_eq!(given(&app)[0].1, 102);
    let one = app::sources::view::one(&app.services, &app.ctx(app.people.dsl), &key).await.unwrap();
    let (newest, by) = &one.versions[0];
    assert_eq!((newest.state, newest.words.as_deref()), (State::InForce, Some("I rang them and they said why.")));
    assert_eq!(by.as_deref(), Some("Dora Chair"));
    app.end().await;
}

#[tokio::test]
async fn a_publisher_who_fails_is_asked_again_and_then_stale() {
    let (app, publisher, key) = with_a_source(200).await;
    publisher.answers.lock().unwrap().clear();
    tomorrow(&app).await;
    let view = only(&app).await;
    assert_eq!(view.standing, Standing::Fresh, "yesterday's answer is young enough");
    assert!(view.check.unwrap().failed.unwrap().contains("404"));
    // Again after an hour, not at once.
    assert_eq!(turn(&app).await, 0);
    app.world.pass(SignedDuration::from_hours(1));
    assert_eq!(turn(&app).await, 1);
    app.world.pass(SignedDuration::from_hours(24 * 8));
    turn(&app).await;
    assert_eq!(only(&app).await.standing, Standing::Stale);
    assert_eq!(given(&app), [(format!("gambling.{key}"), 200)], "the last good one stays, for ever");
    publisher.says("/list", "\"9\"", names(210));
    app.world.pass(SignedDuration::from_hours(24));
    turn(&app).await;
    assert_eq!(only(&app).await.standing, Standing::Fresh);
    app.end().await;
}

#[tokio::test]
async fn a_source_that_goes_takes_its_lists_along_and_never_before_two_people_said_so() {
    let (app, _publisher, key) = with_a_source(200).await;
    let change = Change::RemoveSource { key: key.clone() };
    let new = Propose { change: change.clone(), reason: "We do not need it.".into(), risk: risk(), concern: None };
    let made = decide::propose(&app.services, &mut app.ctx(app.people.technician), new).await.unwrap();
    let seen = filter_view::proposal(&app.services, &app.ctx(app.people.manager), made.id).await.unwrap();
    assert!(seen.loosens && seen.difference.concat().contains("let through"), "{seen:?}");
    turn(&app).await;
    assert_eq!(given(&app).len(), 1);
    decide::withdraw(&app.services, &mut app.ctx(app.people.technician), made.id, 0).await.unwrap();
    approved(&app, change).await;
    turn(&app).await;
    assert_eq!(app.gateway.lists().pop().unwrap(), Vec::<std::path::PathBuf>::new());
    app.end().await;
}

#[tokio::test]
async fn a_compiler_that_fails_is_said_and_tried_again() {
    let (app, publisher, _key) = with_a_source(200).await;
    app.gateway.refuse_lists(Some("no memory"));
    publisher.says("/list", "\"2\"", names(220));
    tomorrow(&app).await;
    let found = view::overview(&app.services, &app.ctx(app.people.technician)).await.unwrap();
    assert_eq!(found.trouble.as_deref(), Some("no memory"));
    app.gateway.refuse_lists(None);
    turn(&app).await;
    let found = view::overview(&app.services, &app.ctx(app.people.technician)).await.unwrap();
    assert_eq!((found.trouble, given(&app)[0].1), (None, 220));
    app.end().await;
}

#[tokio::test]
async fn a_folder_in_the_inbox_and_a_redirect() {
    let (publisher, address) = Publisher::open().await;
    let app = TestApp::new().await;
    let inbox = app::sources::inbox(&app.services.data).join("ours");
    std::fs::create_dir_all(inbox.join("gambling")).unwrap();
    std::fs::write(inbox.join("gambling/domains"), names(7)).unwrap();
    let from = Origin::Inbox { name: "ours".into() };
    let ours = Source { title: "Our own".into(), from, category: None, ..source("") };
    approved(&app, Change::AddSource { source: Box::new(ours) }).await;
    let moved = Answer { status: 302, location: Some("/new".into()), ..Answer::default() };
    publisher.answers.lock().unwrap().insert("/old".into(), moved);
    publisher.says("/new", "\"1\"", names(9));
    let second = Source { category: Some("hate".into()), ..source(&format!("http://{address}/old")) };
    app.world.pass(SignedDuration::from_mins(1));
    let change = Change::AddSource { source: Box::new(second) };
    let new = Propose { change, reason: "The county keeps it too.".into(), risk: risk(), concern: None };
    let made = decide::propose(&app.services, &mut app.ctx(app.people.dsl), new).await.unwrap();
    let decision = Decide { id: made.id, version: 0, note: String::new(), verdict: Verdict::Approve };
    decide::decide(&app.services, &mut app.ctx(app.people.manager), decision).await.unwrap();
    assert_eq!(turn(&app).await, 2);
    let mut lists: Vec<usize> = given(&app).into_iter().map(|(_, entries)| entries).collect();
    lists.sort_unstable();
    assert_eq!(lists, [7, 9]);
    for name in ["../ours", "/etc", "", ".hidden", "a/b"] {
        let from = Origin::Inbox { name: name.into() };
        let change = Change::AddSource { source: Box::new(Source { from, ..source("") }) };
        let refused = decide::preview(&app.services, &app.ctx(app.people.technician), &change).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{name}");
    }
    app.end().await;
}

/// Key and signature are the ones that `minisign-verify` documents, over the word "test".
#[tokio::test]
async fn with_a_key_nothing_unsigned_is_taken() {
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const OF_SOMETHING_ELSE: &str = "untrusted comment: signature from minisign secret key\nRUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\ntrusted comment: timestamp:1556193335\tfile:test\ny/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n";
    let (publisher, address) = Publisher::open().await;
    let app = TestApp::new().await;
    publisher.says("/list", "\"1\"", names(200));
    let from = Origin::Web { url: format!("http://{address}/list"), key: Some(KEY.into()) };
    approved(&app, Change::AddSource { source: Box::new(Source { from, ..source("") }) }).await;
    turn(&app).await;
    let failed = async || only(&app).await.check.unwrap().failed.unwrap();
    assert!(failed().await.contains("signature is not there"), "{}", failed().await);
    publisher.says("/list.minisig", "\"1\"", OF_SOMETHING_ELSE);
    app.world.pass(SignedDuration::from_hours(2));
    turn(&app).await;
    assert!(failed().await.contains("does not fit"), "{}", failed().await);
    // What was signed with this key: the word "test".
    publisher.says("/list", "\"2\"", "test");
    app.world.pass(SignedDuration::from_hours(4));
    turn(&app).await;
    let view = only(&app).await;
    assert_eq!(view.check.unwrap().failed, None);
    assert!(view.held.unwrap().signed, "signed, and all the same no list: that is for a person");
    app.end().await;
}
