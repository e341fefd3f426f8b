//! A lead's day: three concerns of different kinds arrive, one of them about the deputy. Who may know of which, on every page that
//! could tell; the lead works through the morning; every screen is looked at, wide and narrow.
//!
//! And the promise of the report form, by the clock: a person who types forty words a minute and takes two seconds for each
//! decision has told it within a minute, with five decisions at most.

use std::time::{Duration, Instant};

use super::axe::{self, Rules};
use super::chrome::{Browser, Chromedriver};
use super::network::{SOMEWHERE, Told, ask};
use super::program::Program;

/// Forty words a minute, a word being five letters and a space by custom.
const LETTER: Duration = Duration::from_millis(300);
/// What a decision takes: reading the question, finding the answer.
const DECISION: Duration = Duration::from_secs(2);

/// A picture of the page, wide and narrow; and nothing for axe to find on either.
async fn look(browser: &Browser, name: &str) {
    for narrow in [false, true] {
        let name = if narrow { format!("{name}-narrow") } else { name.to_owned() };
        if narrow {
            browser.narrow().await;
        }
        browser.picture(&name).await;
        let found = axe::findings(browser, Rules::All).await;
        assert!(found.is_empty(), "{name}, {}:\n{}", browser.url().await, found.join("\n"));
        let wider = browser.run("return document.documentElement.scrollWidth > window.innerWidth", vec![]).await;
        assert_eq!(wider.as_bool(), Some(false), "{name} is wider than its window");
    }
    browser.wide().await;
}

/// Who decides, and how often.
struct Person<'a> {
    browser: &'a Browser,
    decisions: u32,
}

impl Person<'_> {
    async fn decides(&mut self) {
        self.decisions += 1;
        tokio::time::sleep(DECISION).await;
    }
}

struct Day<'a> {
    program: &'a Program,
    chromedriver: &'a Chromedriver,
}

impl Day<'_> {
    async fn open_as(&self, person: &str) -> Browser {
        let browser = self.chromedriver.open().await;
        axe::install(&browser).await;
        browser.sign_in(self.program, person).await;
        browser
    }

    async fn page(&self, browser: &Browser, path: &str) {
        browser.go(&format!("{}{path}", self.program.web)).await;
    }

    /// Told standing up, at the pace of a person.
    async fn told_within_a_minute(&self, staff: &Browser) {
        self.page(staff, "/").await;
        let began = Instant::now();
        let mut person = Person { browser: staff, decisions: 0 };
        staff.find("a.hf-report").await.click().await.expect("Report a concern");
        person.decides().await;
        staff.follow("Something unsuitable came up on a screen").await;
        person.decides().await;
        staff.choose("safe_now", "yes").await;
        person.decides().await;
        person
            .browser
            .type_at("what_happened", "A song turned into shouting and blood. Tablet face down.", LETTER)
            .await;
        person.decides().await;
        staff.tick("Mei Pebble").await;
        person.decides().await;
        staff.type_at("told_who", "Philippa", LETTER).await;
        staff.press("Send").await;
        staff.see("Nobody has opened this yet").await;
        let took = began.elapsed();
        let mut needed = 0;
        self.page(staff, "/concerns/report/filter_breach").await;
        staff.press("Send").await;
        for field in ["safe_now", "what_happened"] {
            assert!(staff.has(&format!(".govuk-error-summary a[href*='{field}']")).await, "{field} is not asked for");
            needed += 1;
        }
        let asked = staff.run("return document.querySelectorAll('.govuk-error-summary li').length", vec![]).await;
        eprintln!("told in {took:?}, {} decisions, {needed} fields that must be filled", person.decisions);
        assert_eq!(asked.as_u64(), Some(needed), "no other field must be filled");
        assert!(took < Duration::from_secs(60), "a minute is over: {took:?}");
        assert!(person.decisions <= 5, "{} decisions", person.decisions);
    }

    async fn tell(&self, staff: &Browser, kind: &str, words: &str, about: Option<&str>) {
        self.page(staff, &format!("/concerns/report/{kind}")).await;
        staff.choose("safe_now", "yes").await;
        staff.fill("what_happened", words).await;
        if let Some(name) = about {
            staff.pick("about", name).await;
        }
        staff.tick("Mei Pebble").await;
        staff.press("Send").await;
    }
}

/// Words that stand in one concern alone.
const OF_THE_CHILD: &str = "She had not eaten since yesterday";
const OF_THE_DEPUTY: &str = "alone with a child behind a locked door";
/// Nobody's name (RFC 6761).
const ADDRESS: &str = "zanderfish.test";

impl Day<'_> {
    /// Opens the one concern that holds these words, and gives its path.
    async fn find(&self, browser: &Browser, words: &str) -> String {
        self.page(browser, &format!("/search?q={}", words.replace(' ', "+"))).await;
        browser.find("main table a").await.click().await.expect("found");
        browser.look_until("the concern", |text| text.contains("What happened")).await;
        browser.url().await.strip_prefix(&self.program.web).expect("a page of ours").to_owned()
    }

    /// Nothing on any page that could tell: not the words, not the link.
    async fn nothing_tells(&self, browser: &Browser, id: &str) {
        for page in [
            "/",
            "/notices",
            "/concerns",
            "/concerns?shelf=closed",
            "/clocks",
            "/search?q=locked",
            "/plans",
            "/actions",
        ] {
            self.page(browser, page).await;
            let html = browser.run("return document.documentElement.outerHTML", vec![]).await;
            let html = html.as_str().unwrap_or_default();
            assert!(!html.contains(id) && !html.contains(OF_THE_DEPUTY), "{page} tells of it");
        }
        self.page(browser, &format!("/concerns/{id}")).await;
        browser.look_until("nothing there", |text| !text.contains(OF_THE_DEPUTY)).await;
    }

    /// Every date of a form: the first of March of a year to come.
    async fn on(&self, browser: &Browser, name: &str, year: i16) {
        for (part, text) in [("day", "1"), ("month", "3"), ("year", &year.to_string())] {
            browser.fill(&format!("{name}-{part}"), text).await;
        }
    }

    async fn the_lead_works(&self, lead: &Browser, concern: &str) {
        let me = self.program.person("dsl").name;
        let year = crate::visitor::now().to_zoned(jiff::tz::TimeZone::UTC).year() + 1;
        self.page(lead, "/concerns").await;
        look(lead, "day-02-queue").await;
        self.page(lead, concern).await;
        look(lead, "day-03-concern").await;
        lead.follow("Make a support plan").await;
        lead.pick("child", "Mei Pebble").await;
        lead.fill("need", "Breakfast, and a calm start.").await;
        lead.fill("help", "Her key person meets her at the door each morning.").await;
        lead.fill("voice", "I like the toast here.").await;
        lead.pick("owner", &me).await;
        // Within a year of today, whatever today is.
        let soon =
            crate::visitor::now().to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::ToSpan::days(14_i64));
        for (part, text) in
            [("day", soon.day().to_string()), ("month", soon.month().to_string()), ("year", soon.year().to_string())]
        {
            lead.fill(&format!("review_on-{part}"), &text).await;
        }
        look(lead, "day-04-plan").await;
        lead.press("Keep the plan").await;
        lead.see("I like the toast here.").await;
        self.page(lead, "/plans").await;
        look(lead, "day-05-plans").await;
        lead.follow("Mei Pebble").await;
        look(lead, "day-06-look-at-a-plan").await;
        // A strategy meeting, and what came of it.
        self.page(lead, &format!("{concern}/entries")).await;
        lead.choose("kind", "strategy").await;
        lead.fill("text", "Spoken with social care: the family is offered help.").await;
        lead.press("Save").await;
        lead.see("Give somebody something to do").await;
        lead.fill("title", "Ring the family worker").await;
        lead.pick("owner", &me).await;
        self.on(lead, "due", year).await;
        look(lead, "day-07-something-to-do").await;
        lead.press("Give it to them").await;
        lead.see("Ring the family worker").await;
        // Two matters in one.
        lead.follow("Split it: a part becomes a concern of its own").await;
        lead.find("input[name='entries']").await.click().await.expect("a word to take along");
        lead.pick("kind", "Bullying online").await;
        lead.fill("reason", "Another child said something too.").await;
        look(lead, "day-08-split").await;
        lead.press("Make it a concern of its own").await;
        lead.see("from the concern that this one was split from").await;
        look(lead, "day-09-the-part").await;
        lead.follow("It is about something else").await;
        look(lead, "day-10-another-kind").await;
        self.page(lead, &format!("{concern}/strands")).await;
        look(lead, "day-11-what-belongs-together").await;
        self.page(lead, &format!("{concern}/chronology")).await;
        look(lead, "day-12-one-chronology").await;
        self.page(lead, "/clocks").await;
        lead.see("Look at the support plan again").await;
        look(lead, "day-13-the-wall").await;
        self.page(lead, "/holds").await;
        look(lead, "day-14-holds").await;
    }

    async fn a_request_rests(&self, lead: &Browser) {
        self.page(lead, "/concerns/report/access_request").await;
        lead.choose("safe_now", "yes").await;
        lead.fill("what_happened", "Mrs Thistle asks for everything that we hold.").await;
        lead.press("Send").await;
        self.find(lead, "Thistle").await;
        lead.follow("Let the clock rest: Give the data, or say why not").await;
        lead.fill("reason", "Asked Mrs Thistle which years she means.").await;
        look(lead, "day-15-a-clock-rests").await;
        lead.press("Let it rest").await;
        lead.see("Rests since").await;
        look(lead, "day-16-resting").await;
    }

    async fn an_address_is_sealed(&self, staff: &Browser, lead: &Browser) {
        self.tell(staff, "indecent_image", "A parent wrote an address on a slip of paper.", None).await;
        let (_, tablet) = self.program.device("children-tablet");
        let asks = || ask(self.program.dns, tablet, ADDRESS);
        assert_eq!(asks().await, Told::Address(SOMEWHERE.into()));
        let concern = self.find(lead, "slip of paper").await;
        self.page(lead, &format!("{concern}/addresses")).await;
        look(lead, "day-17-no-address-yet").await;
        lead.fill("address", &format!("https://{ADDRESS}/a/b.html")).await;
        lead.choose("extent", "site").await;
        lead.press("Seal it").await;
        let began = Instant::now();
        while matches!(asks().await, Told::Address(_)) {
            assert!(began.elapsed() < Duration::from_secs(2), "the filter still answers");
        }
        lead.see("hxxps[:]//zanderfish[.]test/a/b[.]html").await;
        look(lead, "day-18-sealed").await;
        lead.run("document.querySelector('form[action$=\"/copy\"]').submit()", vec![]).await;
        lead.look_until("the whole address", |text| text.contains("For the IWF or the police")).await;
        look(lead, "day-19-for-the-iwf").await;
    }

    async fn the_manager_alone(&self, manager: &Browser) -> String {
        let concern = self.find(manager, "locked door").await;
        manager.see(OF_THE_DEPUTY).await;
        manager.see("About an adult here: yours alone").await;
        look(manager, "day-20-about-the-deputy").await;
        for (page, name) in [
            ("/people/case-manager", "day-21-who-takes-allegations"),
            ("/set-up/terms", "day-22-terms"),
            ("/agencies/area", "day-23-area"),
            ("/agencies/new", "day-24-an-agency"),
        ] {
            self.page(manager, page).await;
            look(manager, name).await;
        }
        self.page(manager, "/people").await;
        manager.follow(&self.program.person("deputy-2").name).await;
        manager.follow("Which kinds of concern they work with").await;
        manager.choose("which", "some").await;
        manager.tick("Hate online").await;
        look(manager, "day-25-what-a-deputy-works-with").await;
        manager.press("Save").await;
        manager.see("Only: Hate online").await;
        look(manager, "day-26-a-deputy-of-some-kinds").await;
        concern.rsplit('/').next().expect("its id").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_concerns_arrive_and_one_is_about_the_deputy() {
    let program = Program::start().await;
    let chromedriver = Chromedriver::start().await;
    let day = Day { program: &program, chromedriver: &chromedriver };
    let staff = day.open_as("practitioner").await;
    let deputy_name = program.person("deputy").name;
    day.told_within_a_minute(&staff).await;
    day.tell(&staff, "child_at_risk", &format!("{OF_THE_CHILD}, she said."), None).await;
    staff.see("Nobody has opened this yet").await;
    look(&staff, "day-01-receipt").await;
    day.tell(&staff, "adult_here", &format!("I saw the deputy {OF_THE_DEPUTY}."), Some(&deputy_name)).await;
    staff.see("Nobody has opened this yet").await;

    let manager = day.open_as("manager").await;
    let secret = day.the_manager_alone(&manager).await;
    let deputy = day.open_as("deputy").await;
    day.nothing_tells(&deputy, &secret).await;
    let lead = day.open_as("dsl").await;
    day.nothing_tells(&lead, &secret).await;
    let concern = day.find(&lead, "eaten since yesterday").await;
    day.the_lead_works(&lead, &concern).await;
    day.a_request_rests(&lead).await;
    day.an_address_is_sealed(&staff, &lead).await;
    day.nothing_tells(&deputy, &secret).await;
    let verified = program.run(&["audit", "verify"]);
    assert!(verified.status.success(), "the chain does not hold: {}", String::from_utf8_lossy(&verified.stderr));
    chromedriver.stop().await;
}
