//! The plug is pulled while what stands beside a concern is written (S39): a referral and its sending, a sealed address, a clock
//! that rests, a tie to another concern, a support plan, a file that moves on, a legal hold, a proposed rule. What was
//! acknowledged is there, whole; the chain holds; no job is stuck.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use rand::RngExt;

use crate::house::House;
use crate::report::fields;
use crate::visitor::{Visitor, now};

const TIMES: usize = 12;

/// One write: the form, where it goes, what is typed, and where which words must stand afterwards.
struct Write {
    what: &'static str,
    form: String,
    to: String,
    fields: Vec<(String, String)>,
    seen: String,
    /// Or on one of these: where the answer led, and the concern itself.
    also: [String; 2],
    words: String,
}

/// What the demo has that these writes need.
#[derive(Clone)]
struct Ground {
    /// A request for data: its clock may rest by law.
    request: String,
    /// A concern about a child of the register.
    with_child: String,
    child: String,
    owner: String,
}

impl Ground {
    async fn of(lead: &Visitor) -> Self {
        let queue = lead.get("/concerns").await;
        let page = scraper::Html::parse_document(&queue.html);
        let links = scraper::Selector::parse("main table a[href^='/concerns/']").unwrap();
        let (mut request, mut with_child) = (String::new(), None);
        for link in page.select(&links) {
            let href = link.attr("href").unwrap().to_owned();
            let plan = lead.get(&format!("{href}/plan")).await;
            let form = scraper::Html::parse_document(&plan.html);
            let of = |css: &str| {
                let option = scraper::Selector::parse(&format!("{css} option:not([value=''])")).unwrap();
                form.select(&option).next().and_then(|option| option.attr("value")).map(str::to_owned)
            };
            if let (Some(child), Some(owner)) = (of("select[name=child]"), of("select[name=owner]")) {
                with_child = Some((href.clone(), child, owner));
            }
            if lead.get(&format!("{href}/clocks/answer")).await.status == 200 {
                request = href;
            }
        }
        let (with_child, child, owner) = with_child.expect("the demo has a concern about a child");
        assert!(!request.is_empty(), "the demo has no request for data");
        Self { request, with_child, child, owner }
    }
}

fn typed(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// This minute, in the parts of a form.
fn this_minute(name: &str) -> Vec<(String, String)> {
    let now = now().to_zoned(TimeZone::get("Europe/London").unwrap());
    let part = |part: &str, value: String| (format!("{name}-{part}"), value);
    vec![
        part("day", now.day().to_string()),
        part("month", now.month().to_string()),
        part("year", now.year().to_string()),
        part("time", now.strftime("%H:%M").to_string()),
    ]
}

fn day(name: &str, day: (u8, u8, u16)) -> Vec<(String, String)> {
    let part = |part: &str, value: String| (format!("{name}-{part}"), value);
    vec![part("day", day.0.to_string()), part("month", day.1.to_string()), part("year", day.2.to_string())]
}

/// Every write, for a fresh concern.
fn writes(ground: &Ground, concern: &str, reference: &str, mark: &str) -> Vec<Write> {
    let words = |what: &str| format!("{what} {mark}");
    let write = |what: &'static str, form: String, more: Vec<Vec<(String, String)>>, seen: String, words: String| {
        Write { what, to: form.clone(), form, fields: more.concat(), seen, also: Default::default(), words }
    };
    let plan_on = (now().to_zoned(TimeZone::UTC) + jiff::Span::new().days(30)).date();
    let plan_on = (plan_on.day() as u8, plan_on.month() as u8, plan_on.year() as u16);
    vec![
        Write {
            what: "a decision not to refer",
            form: format!("{concern}/referrals/new?agency=police"),
            to: format!("{concern}/referrals"),
            fields: typed(&[("agency", "police"), ("decision", "not"), ("reason", &words("not referred"))]),
            seen: "/referrals".into(),
            also: Default::default(),
            words: words("not referred"),
        },
        write(
            "a sealed address",
            format!("{concern}/addresses"),
            vec![typed(&[("address", &format!("https://{}.example/", mark.to_lowercase())), ("extent", "site")])],
            format!("{concern}/addresses"),
            mark.to_lowercase(),
        ),
        write(
            "a tie",
            format!("{concern}/strands"),
            vec![typed(&[("reference", reference), ("kind", "related"), ("reason", &words("tied"))])],
            format!("{concern}/strands"),
            words("tied"),
        ),
        write(
            "a rest",
            format!("{}/clocks/answer", ground.request),
            vec![this_minute("at"), typed(&[("reason", &words("waits"))])],
            ground.request.clone(),
            words("waits"),
        ),
        write(
            "the end of a rest",
            format!("{}/clocks/answer", ground.request),
            vec![this_minute("at"), typed(&[("reason", "")])],
            ground.request.clone(),
            String::new(),
        ),
        write(
            "a plan",
            format!("{}/plan", ground.with_child),
            vec![
                typed(&[
                    ("child", &ground.child),
                    ("owner", &ground.owner),
                    ("help", "A corner."),
                    ("voice", "“Mine.”"),
                ]),
                typed(&[("need", &words("needs"))]),
                day("review_on", plan_on),
            ],
            "/plans".into(),
            words("needs"),
        ),
        write(
            "a file that moves on",
            "/transfers/new".into(),
            vec![
                typed(&[("child", &ground.child), ("to_name", &words("School")), ("to_lead", "Mx Lead")]),
                day("left_on", (2, 3, 2026)),
            ],
            "/transfers".into(),
            words("School"),
        ),
        write(
            "a legal hold",
            "/keeping/holds/new".into(),
            vec![typed(&[
                ("reach", "concern"),
                ("reference", reference),
                ("ground", "inquiry"),
                ("asked_by", &words("Asked by")),
                ("reason", "They asked us to keep it."),
            ])],
            "/keeping/holds".into(),
            words("Asked by"),
        ),
    ]
}

/// Writes until an answer does not come. `true`: the plug was pulled in the middle of an act.
async fn write_until_cut(lead: Visitor, teller: Visitor, ground: Ground, round: usize) -> (Vec<Write>, bool) {
    let mut kept = Vec::new();
    let mut before = String::new();
    for number in 0..40 {
        let mark = format!("Paper-{round}-{number}-end");
        let form = "/concerns/report/child_at_risk";
        let page = teller.get(form).await;
        if page.status == 0 {
            return (kept, true);
        }
        let mut told = fields(&mark);
        told.iter_mut().filter(|(name, _)| name == "kind").for_each(|(_, value)| *value = "child_at_risk".into());
        let answer = teller.send(form, &page.token(), &crate::report::borrowed(&told)).await;
        if answer.status == 0 {
            return (kept, true);
        }
        assert!(answer.location.starts_with("/reports/"), "{}", answer.words());
        let concern = answer.location.replace("/reports/", "/concerns/");
        let opened = lead.get(&concern).await;
        if opened.status == 0 {
            return (kept, true);
        }
        let reference = opened.words().split_whitespace().find(|word| is_reference(word)).unwrap().to_owned();
        // A concern is tied to the one before it; the first of a round to nothing.
        let other = std::mem::replace(&mut before, reference);
        for mut write in writes(&ground, &concern, &other, &mark) {
            if other.is_empty() && write.fields.iter().any(|(name, _)| name == "reference") {
                continue;
            }
            let page = lead.get(&write.form).await;
            if page.status == 0 {
                return (kept, true);
            }
            assert_eq!(page.status, 200, "{}: {}", write.what, page.words());
            let answer = lead.send(&write.to, &page.token(), &crate::report::borrowed(&write.fields)).await;
            match answer.status {
                0 => return (kept, true),
                303 => {
                    write.also = [answer.location.clone(), concern.clone()];
                    kept.push(write);
                }
                // The plug was pulled between a rest and its end: this one ended it, or found it ended.
                422 if write.what.contains("rest") => {}
                _ => panic!("{}: {}", write.what, answer.words()),
            }
        }
    }
    (kept, false)
}

/// `K7Q-4MX`.
fn is_reference(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 7
        && bytes[3] == b'-'
        && bytes.iter().enumerate().all(|(at, byte)| at == 3 || byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_papers_of_a_concern_are_written_nothing_acknowledged_is_lost() {
    let began = Instant::now();
    let mut house = House::demo().await;
    let mut teller = house.signed_in("practitioner").await;
    let mut lead = house.signed_in("dsl").await;
    let ground = Ground::of(&lead).await;
    let (mut kept, mut cut_off) = (Vec::new(), 0);
    for round in 0..TIMES {
        let desk = tokio::spawn(write_until_cut(lead.clone(), teller.clone(), ground.clone(), round));
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(900..3000))).await;
        house.kill();
        let (saved, cut) = desk.await.unwrap();
        kept.extend(saved);
        cut_off += usize::from(cut);
        house.start().await;
        teller = teller.moved(&house.at().web);
        lead = lead.moved(&house.at().web);
        let verified = house.command(&["audit", "verify"]);
        assert!(verified.status.success(), "round {round}: {}", String::from_utf8_lossy(&verified.stderr));
    }
    let mut kinds: std::collections::BTreeMap<&str, usize> = Default::default();
    for write in &kept {
        let mut found = false;
        for place in std::iter::once(&write.seen).chain(&write.also) {
            found = found || lead.get(place).await.html.contains(&write.words);
        }
        assert!(found, "{} “{}” was acknowledged, and is not on {}", write.what, write.words, write.seen);
        *kinds.entry(write.what).or_default() += 1;
    }
    let doctor = house.command(&["doctor", "--json"]);
    let stuck = String::from_utf8_lossy(&doctor.stdout);
    assert!(stuck.contains("\"None is stuck.\""), "{stuck}");
    eprintln!("{kinds:?} acknowledged, {cut_off} cut off, {:?} in all", began.elapsed());
    assert!(kinds.len() >= 8 && cut_off >= TIMES / 2, "{kinds:?}, {cut_off} cut off: too few to prove anything");
}
