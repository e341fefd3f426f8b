//! Working with others and looking over the work: clocks on one wall, chronologies, patterns, strands, cover, files that move
//! on, low-level concerns, counts that name nobody.

use app::chronology::{self, Much, Of};
use app::concerns::{self, About, Children, How, Report, StrandKind};
use app::cover::{self, Settle};
use app::testing::TestApp;
use app::{Error, low_level, transfers, trends, wall};
use domain::concern::ConcernKind;
use domain::small_numbers::{LEAST, Shown};
use domain::{ConcernId, PersonId};
use jiff::SignedDuration;
use jiff::civil::date;

async fn told(app: &TestApp, words: &str) -> concerns::Filed {
    let report = Report { what_happened: words.into(), ..app.breach() };
    concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed")
}

async fn allegation(app: &TestApp, about: PersonId) -> concerns::Filed {
    let report = Report {
        kind: ConcernKind::AdultHere,
        about: About::Person(about),
        children: Children::Known(vec![app.people.child]),
        what_happened: "Quetzalcoatlus.".into(),
        ..app.breach()
    };
    concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed")
}

#[tokio::test]
async fn the_wall_shows_what_runs_and_what_is_late_to_who_may_see_it() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let filed = told(&app, "A picture.").await;
    let before = wall::wall(services, &app.ctx(people.dsl)).await.expect("wall");
    assert!(before.late.is_empty() && !before.running.is_empty(), "{before:?}");
    assert!(before.running.is_sorted_by_key(|line| line.due), "soonest first");
    app.pass(SignedDuration::from_hours(72)).await;
    let after = wall::wall(services, &app.ctx(people.dsl)).await.expect("wall");
    let href = format!("/concerns/{}", filed.concern);
    assert!(after.late.iter().any(|line| line.href == href), "{after:?}");

    // Whoever is shut out of it sees no clock of it, and no gap.
    concerns::exclude(services, &mut app.ctx(people.dsl), filed.concern, people.deputy).await.expect("shut out");
    let theirs = wall::wall(services, &app.ctx(people.deputy)).await.expect("wall");
    assert_eq!(theirs, wall::Wall::default());
    let nobody = wall::wall(services, &app.ctx(people.technician)).await;
    assert!(matches!(nobody, Err(Error::Refused(_))), "{nobody:?}");
    app.end().await;
}

#[tokio::test]
async fn a_childs_chronology_holds_all_that_one_may_see_and_nothing_else() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    // With a membership, so that the audit's account is somebody.
    app.signed_in(people.dsl).await;
    let first = told(&app, "Wolpertinger.").await;
    // Opened, so that nobody else is told of it.
    concerns::open(services, &mut app.ctx(people.dsl), first.concern).await.expect("opens");
    app.pass(SignedDuration::from_hours(1)).await;
    let second = told(&app, "Jabberwocky.").await;
    let hidden = allegation(&app, people.colleague).await;
    let read = async |who, before, much| {
        chronology::read(services, &mut app.ctx(who), Of::Person(people.child), before, much).await
    };
    let whole = read(people.dsl, None, Much::Page).await.expect("chronology");
    assert!(whole.of_a_child && whole.heading == "Joy Child");
    assert_eq!(whole.concerns.len(), 2, "the allegation is not the lead\u{2019}s");
    let texts: Vec<&str> = whole.lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts.contains(&"Wolpertinger.") && texts.contains(&"Jabberwocky."), "{texts:?}");
    assert!(!texts.contains(&"Quetzalcoatlus."));
    assert!(whole.lines.is_sorted_by_key(|line| line.event_at), "newest last");
    assert!(whole.pattern.is_none(), "two are no pattern, and the third does not count for the lead");
    let theirs = read(people.manager, None, Much::Paper).await.expect("chronology");
    assert_eq!(theirs.concerns.iter().map(|one| one.id).collect::<Vec<_>>(), [hidden.concern]);

    // A third that the lead may see: read them together.
    let third = told(&app, "Again.").await;
    let whole = read(people.dsl, None, Much::Page).await.expect("chronology");
    assert!(whole.pattern.as_ref().is_some_and(|say| say.starts_with("3 concerns")), "{:?}", whole.pattern);
    let prompts = chronology::prompts(services, &app.ctx(people.dsl), third.concern).await.expect("prompts");
    assert!(
        prompts.iter().any(|(say, of)| say.contains("Joy Child") && *of == Of::Person(people.child)),
        "{prompts:?}"
    );
    let device =
        chronology::read(services, &mut app.ctx(people.dsl), Of::Device(people.tablet), None, Much::Page).await;
    assert_eq!(device.expect("chronology").concerns.len(), 3);

    // Reading it is a look, and the lead sees who looked.
    let (_, looks) = concerns::looks(services, &app.ctx(people.dsl), first.concern).await.expect("looks");
    assert!(looks.iter().any(|look| look.who == "Amara Lead" && look.did.contains("chronology")), "{looks:?}");
    let none = concerns::looks(services, &app.ctx(people.deputy), hidden.concern).await;
    assert!(matches!(none, Err(Error::NotFound)));
    let _ = second;
    app.end().await;
}

#[tokio::test]
async fn concerns_that_belong_together_are_tied_for_those_who_may_see_both() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let (one, other) = (told(&app, "One.").await, told(&app, "Other.").await);
    let hidden = allegation(&app, people.colleague).await;
    let tie = async |reference: &str| {
        let ctx = &mut app.ctx(people.dsl);
        concerns::tie(services, ctx, one.concern, reference, StrandKind::Merged, "The same tablet, the same day.").await
    };
    // One that is not theirs to see, one that never was, and itself: the same words.
    let mut said = Vec::new();
    for reference in [hidden.reference.as_str(), "ZZZ-ZZZ", one.reference.as_str()] {
        match tie(reference).await {
            Err(Error::Invalid(fields)) => said.push(fields["reference"].clone()),
            other => panic!("{other:?}"),
        }
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
    tie(&other.reference.to_lowercase()).await.expect("tied");
    let strands = async |who, id| concerns::strands(services, &app.ctx(who), id).await.expect("strands");
    assert_eq!(strands(people.dsl, one.concern).await[0].how, How::GoesOnIn);
    assert_eq!(strands(people.deputy, other.concern).await[0].how, How::TakesIn);
    let both = chronology::read(services, &mut app.ctx(people.dsl), Of::Concern(one.concern), None, Much::Page).await;
    let both = both.expect("chronology");
    let texts: Vec<&str> = both.lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts.contains(&"One.") && texts.contains(&"Other."), "no word is lost: {texts:?}");
    // Shut out of one: the other stands alone, as if it always had.
    concerns::exclude(services, &mut app.ctx(people.dsl), one.concern, people.deputy).await.expect("shut out");
    assert!(strands(people.deputy, other.concern).await.is_empty());
    app.end().await;
}

#[tokio::test]
async fn cover_is_arranged_taken_and_ended_and_its_words_are_for_two() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let today = services.calendar.local(app.world.now()).date();
    let new = |ends| cover::New {
        away: people.dsl,
        cover: people.deputy,
        starts: today,
        ends,
        words: "Ring the duty desk on Thursday.".into(),
    };
    let refused = cover::arrange(services, &mut app.ctx(people.dsl), new(date(2020, 1, 1))).await;
    assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields.contains_key("ends")), "{refused:?}");
    let id = cover::arrange(services, &mut app.ctx(people.dsl), new(today)).await.expect("arranged");
    let seen = cover::list(services, &app.ctx(people.deputy)).await.expect("list");
    assert!(seen[0].to_take && seen[0].words.is_some() && seen[0].now);
    let other = cover::list(services, &app.ctx(people.deputy_2)).await.expect("list");
    assert!(other[0].words.is_none() && !other[0].to_end, "for the two of them");
    let not_theirs = cover::settle(services, &mut app.ctx(people.deputy_2), id, Settle::End).await;
    assert!(matches!(not_theirs, Err(Error::NotFound)));
    cover::settle(services, &mut app.ctx(people.deputy), id, Settle::Take).await.expect("taken");
    cover::settle(services, &mut app.ctx(people.dsl), id, Settle::End).await.expect("ended");
    assert!(cover::list(services, &app.ctx(people.dsl)).await.expect("list").is_empty());
    app.end().await;
}

#[tokio::test]
async fn who_stands_in_is_told_at_once_and_named_first_but_hears_of_no_allegation() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let today = services.calendar.local(app.world.now()).date();
    let words = String::new();
    let new = cover::New { away: people.dsl, cover: people.chair, starts: today, ends: today, words };
    let id = cover::arrange(services, &mut app.ctx(people.dsl), new).await.expect("arranged");
    let notices = async |person| app::notices::mine(services, &app.ctx(person)).await.expect("notices").len();
    let before = notices(people.chair).await;
    told(&app, "A picture.").await;
    assert_eq!(notices(people.chair).await, before, "nobody stands in who has not said yes");
    cover::settle(services, &mut app.ctx(people.chair), id, Settle::Take).await.expect("taken");
    let before = notices(people.chair).await;
    let filed = told(&app, "A picture.").await;
    assert_eq!(notices(people.chair).await, before + 1);
    let receipt = concerns::receipt(services, &app.ctx(people.practitioner), filed.concern).await.expect("a receipt");
    let reader = services.db.read(store::Scope::All).await.expect("reads");
    let chair = store::people::lookup(&reader, app.setting, people.chair).await.expect("reads").expect("there").name;
    drop(reader);
    assert_eq!(receipt.tell.first().map(|tell| &tell.name), Some(&chair));
    let sheet = app::contacts::sheet(services, &app.ctx(people.practitioner)).await.expect("a sheet");
    let first = |kind| sheet.whom.iter().find(|whom| whom.kind == kind).map(|whom| whom.first.clone()).expect("a way");
    assert_eq!(first(ConcernKind::FilterBreach)[0].name, chair);
    assert!(first(ConcernKind::AdultHere).iter().all(|tell| tell.name != chair));
    let before = notices(people.chair).await;
    allegation(&app, people.colleague).await;
    assert_eq!(notices(people.chair).await, before, "an allegation goes its own way");
    app.end().await;
}

#[tokio::test]
async fn a_file_moves_on_within_five_working_days_and_is_ours_until_the_receipt() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let complaint = concerns::Report { kind: ConcernKind::DataComplaint, device: None, room: None, ..app.breach() };
    let filed = concerns::report(services, &mut app.ctx(people.dsl), complaint).await.expect("filed");
    let waits = told(&app, "A picture.").await;
    let hidden = allegation(&app, people.colleague).await;
    let today = services.calendar.local(app.world.now()).date();
    let new = transfers::New {
        child: people.child,
        to_name: "Anytown Primary".into(),
        to_lead: "Mx Lead".into(),
        left_on: today,
        note: String::new(),
    };
    let id = transfers::begin(services, &mut app.ctx(people.dsl), new).await.expect("begun");
    let file = transfers::one(services, &app.ctx(people.dsl), id).await.expect("there");
    let ids: Vec<ConcernId> = file.concerns.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [filed.concern], "what the lead may see, and not {} nor {}", hidden.reference, waits.reference);
    app.pass(SignedDuration::from_hours(24 * 9)).await;
    let late = wall::wall(services, &app.ctx(people.dsl)).await.expect("wall").late;
    assert!(late.iter().any(|line| line.href == format!("/transfers/{id}")), "{late:?}");
    let change =
        async |change, version| transfers::change(services, &mut app.ctx(people.dsl), id, change, version).await;
    let at = app.world.now();
    change(transfers::Change::Sent { how: "by hand".into(), at }, 0).await.expect("sent");
    let stale = change(transfers::Change::Received { from: "Mx Lead".into(), at }, 0).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    change(transfers::Change::Received { from: "Mx Lead".into(), at }, 1).await.expect("received");
    let file = transfers::one(services, &app.ctx(people.dsl), id).await.expect("there");
    assert!(file.receipt.is_some_and(|(_, from)| from == "Mx Lead"));
    // Whoever may not see a part of it does not see it.
    concerns::exclude(services, &mut app.ctx(people.dsl), filed.concern, people.deputy).await.expect("shut out");
    let gone = transfers::one(services, &app.ctx(people.deputy), id).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    app.end().await;
}

#[tokio::test]
async fn nobody_reads_what_is_about_themselves_and_three_small_things_are_read_together() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let new = |about| low_level::New {
        about,
        what: "A phone in the nap room.".into(),
        response: "We talked about it.".into(),
        event_at: app.world.now(),
    };
    let add = async |who, about| low_level::add(services, &mut app.ctx(who), new(about)).await;
    for _ in 0..2 {
        add(people.manager, people.colleague).await.expect("written");
    }
    let file = low_level::read(services, &mut app.ctx(people.manager)).await.expect("file");
    assert!(file.rows.len() == 2 && file.patterns.is_empty());
    add(people.chair, people.colleague).await.expect("written");
    let file = low_level::read(services, &mut app.ctx(people.manager)).await.expect("file");
    assert_eq!((file.patterns.len(), file.patterns[0].count), (1, 3));
    // About the manager: the chair alone.
    let own = add(people.manager, people.manager).await;
    assert!(matches!(own, Err(Error::Invalid(_))), "{own:?}");
    add(people.chair, people.manager).await.expect("written");
    let theirs = low_level::read(services, &mut app.ctx(people.manager)).await.expect("file");
    assert!(theirs.rows.iter().all(|row| row.about != "Carys Manager"), "{:?}", theirs.rows);
    let adults = low_level::adults(services, &app.ctx(people.manager)).await.expect("adults");
    assert!(adults.iter().all(|(id, _)| *id != people.manager));
    let chairs = low_level::read(services, &mut app.ctx(people.chair)).await.expect("file");
    assert!(chairs.rows.iter().any(|row| row.about == "Carys Manager"));
    // Nor about one\u{2019}s family.
    app.tie(people.manager, people.colleague).await;
    let theirs = low_level::read(services, &mut app.ctx(people.manager)).await.expect("file");
    assert!(theirs.rows.is_empty() && theirs.patterns.is_empty());
    for who in [people.dsl, people.practitioner, people.technician, people.colleague] {
        let refused = low_level::read(services, &mut app.ctx(who)).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn counts_are_exact_for_the_lead_and_name_nobody_for_the_committee() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    // In the middle of the first term that the setting has typed.
    let term = services.content.profiles["n"].terms[0].clone();
    let noon = term.from.at(12, 0, 0, 0).to_zoned(services.calendar.zone().clone()).expect("a day").timestamp();
    app.world.pass(noon.duration_since(app.world.now()));
    for n in 0..7 {
        let kind = if n < 2 { ConcernKind::ChildAtRisk } else { ConcernKind::FilterBreach };
        let report = Report { kind, ..app.breach() };
        concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    }
    allegation(&app, people.colleague).await;
    let lead = trends::of(services, &app.ctx(people.dsl), Some("year")).await.expect("trends");
    assert_eq!((lead.exact, lead.total), (true, Shown::Count(7)), "an allegation is not the lead\u{2019}s to count");
    let year = trends::of(services, &app.ctx(people.committee), Some("year")).await;
    assert!(matches!(year, Err(Error::NotFound)), "a time that runs is not counted for them");
    // Once the time is over, with small numbers kept back.
    app.world.pass(SignedDuration::from_hours(24 * 130));
    let key = term.from.to_string();
    let theirs = trends::of(services, &app.ctx(people.committee), Some(&key)).await.expect("trends");
    assert_eq!((theirs.exact, theirs.total), (false, Shown::Count(7)));
    for counts in &theirs.tables {
        assert_ne!(counts.title, "By device", "a device is often one person\u{2019}s");
        for (label, shown) in &counts.rows {
            assert!(shown.count().is_none_or(|count| count == 0 || count >= LEAST), "{label}: {shown:?}");
        }
    }
    let kinds = theirs.tables.iter().find(|counts| counts.title == "By what it was about").expect("there");
    assert!(kinds.rows.iter().all(|(_, shown)| shown.count() != Some(5)), "two follows from five and seven: {kinds:?}");
    let paper = trends::report(services, &mut app.ctx(people.dsl), None).await.expect("paper");
    let text = format!("{paper:?}");
    assert!(!text.contains("Joy") && !text.contains("Kit Child"), "{text}");
    for who in [people.practitioner, people.technician, people.parent] {
        let refused = trends::of(services, &app.ctx(who), None).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_search_is_narrowed_by_kind_state_and_time_within_what_one_may_see() {
    use concerns::{Asked, search_for};
    use domain::concern::ConcernStatus;
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let first = told(&app, "At the sand tray.").await;
    app.world.pass(SignedDuration::from_hours(48));
    let report = Report { kind: ConcernKind::ChildAtRisk, what_happened: "At the sand tray.".into(), ..app.breach() };
    let second = concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    allegation(&app, people.colleague).await;
    let find = async |asked: Asked| -> Vec<ConcernId> {
        let hits = search_for(services, &mut app.ctx(people.dsl), asked, 1).await.expect("found");
        hits.hits.into_iter().map(|hit| hit.id).collect()
    };
    let sand = || Asked { words: "sand".into(), ..Asked::default() };
    assert_eq!(find(sand()).await, [second.concern, first.concern]);
    assert_eq!(find(Asked { kinds: vec![ConcernKind::FilterBreach], ..sand() }).await, [first.concern]);
    let yesterday = app.world.now() - SignedDuration::from_hours(24);
    assert_eq!(find(Asked { to: Some(yesterday), ..sand() }).await, [first.concern]);
    assert_eq!(find(Asked { from: Some(yesterday), ..sand() }).await, [second.concern]);
    assert!(find(Asked { status: vec![ConcernStatus::Closed], ..sand() }).await.is_empty());
    // Without a word: what the narrowing leaves, and no allegation.
    let all = Asked { status: vec![ConcernStatus::Received], ..Asked::default() };
    assert_eq!(find(all).await.len(), 2);
    assert!(find(Asked { kinds: vec![ConcernKind::AdultHere], ..Asked::default() }).await.is_empty());
    assert!(find(Asked::default()).await.is_empty(), "nothing was asked");
    app.end().await;
}

/// A sheet that is typed in later gives all of its lines one time: where a page ends among them, none is lost.
#[tokio::test]
async fn what_happened_at_one_moment_stands_on_one_page() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let filed = told(&app, "Wolpertinger.").await;
    concerns::open(services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    app.pass(SignedDuration::from_hours(1)).await;
    let at = app.world.now();
    app.pass(SignedDuration::from_hours(1)).await;
    let later = app.world.now();
    let says =
        (0..150).map(|number| (format!("Line {number} of the sheet."), at)).chain([("Later.".to_owned(), later)]);
    let mut written = Vec::new();
    for (text, event_at) in says {
        let new = concerns::NewEntry { kind: domain::concern::EntryKind::Fact, text: text.clone(), event_at };
        concerns::add_entry(services, &mut app.ctx(people.dsl), filed.concern, new).await.expect("written");
        written.push(text);
    }
    let (mut before, mut seen, mut pages) = (None, Vec::new(), 0);
    loop {
        let of = Of::Concern(filed.concern);
        let part = chronology::read(services, &mut app.ctx(people.dsl), of, before, Much::Page).await.expect("a page");
        seen.extend(part.lines.into_iter().map(|line| line.text));
        pages += 1;
        match part.earlier {
            Some(earlier) => before = Some(earlier),
            None => break,
        }
    }
    for text in &written {
        assert_eq!(seen.iter().filter(|line| *line == text).count(), 1, "{text} of {} on {pages} pages", seen.len());
    }
    assert!(pages > 1, "{pages}");
    app.end().await;
}
