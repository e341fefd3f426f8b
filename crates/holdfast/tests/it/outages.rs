//! Something around us is away: the database server, the mail server, the disk, a lock that somebody holds. Pages say it
//! plainly, DNS goes on, what was told is kept, and it mends by itself.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use sqlx::Connection;
use testkit::postgres::Postgres;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::house::{House, until};
use crate::report::{FORM, Reporter};
use crate::tamper::connect;
use crate::visitor::Page;
use crate::wire::ask;

async fn filters(house: &House) {
    let blocked = Some((ResponseCode::NXDomain, Vec::new()));
    assert_eq!(ask(house.at().dns, "casino.example").await, blocked, "DNS stopped with the rest");
}

/// A page for people: what is wrong, what to do about a child meanwhile, no machine words.
fn says_plainly(page: &Page) {
    let said = page.words();
    assert_eq!(page.status, 503, "{said}");
    assert!(said.contains("tell the safeguarding lead in person") && said.contains("999"), "{said}");
    for word in ["sqlx", "pool", "Connection refused", "SQLITE", "busy", "socket"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_gone_for_a_minute() {
    let server = Postgres::start().unwrap();
    let url = server.database("holdfast").unwrap();
    let mut house = House::empty();
    house.option("--database-url", &url);
    house.start().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let receipt = reporter.report("Before the server went").await.unwrap();
    server.crash().unwrap();
    filters(&house).await;
    says_plainly(&reporter.send("While the server is away").await);
    says_plainly(&reporter.visitor.get(FORM).await);
    let health = house.visitor().get("/healthz").await;
    assert_eq!((health.status, health.html.as_str()), (503, r#"{"status":"failing","failing":["store"]}"#));
    assert_eq!(house.visitor().get("/healthz/gateway").await.status, 200);
    filters(&house).await;
    server.restart().unwrap();
    until("it is well again", Duration::from_secs(10), async || house.visitor().get("/healthz").await.status == 200)
        .await;
    assert_eq!(reporter.visitor.get(&receipt).await.status, 200, "what was told before is there");
    assert!(reporter.report("After it came back").await.is_some());
    let verified = house.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_locked_by_somebody_else() {
    let house = House::demo().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let mut other = connect(&house.data()).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let sending = tokio::spawn({
        let reporter = reporter.clone();
        async move { reporter.send("While a backup tool holds the file").await }
    });
    filters(&house).await;
    // Reading goes on while another writes.
    assert_eq!(reporter.visitor.get(FORM).await.status, 200);
    let page = sending.await.unwrap();
    says_plainly(&page);
    assert!(page.html.contains("While a backup tool holds the file"), "what was typed is gone: {}", page.words());
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert!(reporter.report("Afterwards").await.is_some());
}

/// A mail server in a few lines: keeps each message as it came.
async fn mail_server(listener: TcpListener, received: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let received = received.clone();
        tokio::spawn(async move {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 mail.test ESMTP\r\n").await?;
            while let Some(line) = lines.next_line().await? {
                let answer: &[u8] = match line.to_uppercase().split([' ', ':']).next() {
                    Some("EHLO") => b"250-mail.test\r\n250 8BITMIME\r\n",
                    Some("DATA") => {
                        write.write_all(b"354 go on\r\n").await?;
                        let mut mail = String::new();
                        while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                            mail.push_str(&line);
                            mail.push('\n');
                        }
                        received.lock().unwrap().push(mail);
                        b"250 kept\r\n"
                    }
                    Some("QUIT") => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                };
                write.write_all(answer).await?;
            }
            std::io::Result::Ok(())
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_server_is_down_and_then_gets_one_sentence_without_a_name() {
    // A port that nobody listens on yet.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nline = \"loopback\"\nfrom = \"Holdfast <holdfast@nursery.test>\"\n"
    );
    let (house, credentials) = House::serve(&mail).await;
    let reporter = Reporter::at(house.signed_in_with(&credentials, "practitioner").await).await;
    let lead = house.signed_in_with(&credentials, "dsl").await;
    assert!(reporter.report("Zebrafish was frightened, told while the mail server is down").await.is_some());
    until("the outbox shows the failure", Duration::from_secs(10), async || {
        lead.get("/outbox").await.words().contains("Failed: ")
    })
    .await;

    let received: Arc<Mutex<Vec<String>>> = Arc::default();
    tokio::spawn(mail_server(TcpListener::bind(("127.0.0.1", port)).await.unwrap(), received.clone()));
    let receipt = reporter.report("Zebrafish again, told while it is up").await.unwrap();
    let concern = receipt.replace("/reports/", "/concerns/");
    // What could not be sent before may come first.
    until("the mail arrives", Duration::from_secs(10), async || {
        received.lock().unwrap().iter().any(|mail| mail.contains(&concern))
    })
    .await;
    // The daily head of the audit is the one mail that says something else; it has its own test.
    let is_notice = |mail: &String| mail.contains("Message-ID: <notice.");
    let mails: Vec<String> = received.lock().unwrap().iter().filter(|mail| is_notice(mail)).cloned().collect();
    for mail in &mails {
        let (head, body) = mail.split_once("\n\n").unwrap();
        let subject = head.lines().find(|line| line.starts_with("Subject: ")).unwrap();
        assert_eq!(subject, "Subject: Something in Holdfast needs you");
        let body: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
        assert!(body[0] == "Something in Holdfast needs you." || body[0] == "Something in Holdfast needs you now.");
        assert_eq!(body.len(), 2, "a sentence and a link: {body:?}");
        assert!(body[1].starts_with("http://holdfast.test/"), "{body:?}");
        let recipient = head.lines().find(|line| line.starts_with("To: ")).unwrap();
        let without_address = mail.replace(recipient, "");
        for person in credentials["people"].as_object().unwrap().values() {
            for name in person["name"].as_str().unwrap().split(' ') {
                assert!(!without_address.contains(name), "{name}: {mail}");
            }
        }
        assert!(!mail.contains("Zebrafish"), "{mail}");
        assert!(head.lines().any(|line| line.starts_with("Message-ID: <notice.") && line.ends_with("@holdfast>")));
    }
    assert!(mails.iter().any(|mail| mail.contains(&concern)), "{mails:?}");
    until("the outbox shows that it went", Duration::from_secs(5), async || {
        let outbox = lead.get("/outbox").await;
        outbox.words().contains("by 127.0.0.1") && outbox.html.contains("Failed: ")
    })
    .await;
}

/// Set inside the small disk: where it is.
const INSIDE: &str = "HOLDFAST_SMALL_DISK";

/// A disk of 56 MB in a namespace of our own: the test runs itself again inside it.
#[test]
fn on_a_full_disk_a_report_is_still_taken() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(fill_the_disk());
    }
    // Built out here, so that the test inside finds it ready.
    drop(House::closed());
    let disk = tempfile::TempDir::new().unwrap();
    let script =
        format!("mount -t tmpfs -o size=56m tmpfs {0} && TMPDIR={0} exec \"$0\" --exact \"$1\"", disk.path().display());
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .arg("outages::on_a_full_disk_a_report_is_still_taken")
        .env(INSIDE, disk.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

async fn fill_the_disk() {
    let house = House::demo().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let lead = house.signed_in("dsl").await;
    // Somebody fills the disk with something else.
    let hog = std::path::Path::new(&std::env::var_os(INSIDE).unwrap()).join("hog");
    let mut file = std::fs::File::create(&hog).unwrap();
    while std::io::Write::write_all(&mut file, &[7; 4096]).is_ok() {}
    let mut taken = Vec::new();
    for number in 0..30 {
        let words = format!("Told on a full disk, {number}. {}", "x".repeat(15_000));
        taken.push((reporter.report(&words).await.unwrap_or_else(|| panic!("{number} was not taken")), words));
    }
    let doctor = house.command(&["doctor", "--json"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("Reports still work, from the reserve"), "nobody is told");
    for (receipt, words) in &taken {
        let page = lead.get(&receipt.replace("/reports/", "/concerns/")).await;
        assert!(page.html.contains(words), "{} is gone: {} {}", &words[..24], page.status, page.words());
    }
    filters(&house).await;
    std::fs::remove_file(&hog).unwrap();
    drop(file);
    assert!(reporter.report("With room again").await.is_some());
    let verified = house.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
