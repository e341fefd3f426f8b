//! Two settings in one house are two houses: no use case that is given an id of the other setting does anything, or says
//! more than that there is no such thing (S41). And no list of the one shows anything of the other.

use app::keeping::exports;
use std::collections::BTreeSet;

use app::concerns::{self, Correction, Debrief, NewEntry, Shelf, StageTwo};
use app::filtering::decide::{self, Decide, Propose, Risk, Verdict};
use app::filtering::{change::Change, view};
use app::holds::{self, Leave};
use app::testing::TestApp;
use app::{Error, activity, devices, follow_up, notices, people};
use domain::access::Refused;
use domain::concern::{EntryKind, Part};

use crate::breach_journey::{learned, step, work_to_the_debrief};

use crate::handing_out::told;

/// Not there; or not for this role at all, which is the same 404 and says nothing of the thing.
fn is_nothing<T: std::fmt::Debug>(what: &str, done: &Result<T, Error>) {
    assert!(matches!(done, Err(Error::NotFound | Error::Refused(Refused::Role))), "{what}: {done:?}");
}

/// For choices in a form: the other setting's people and things are on nobody's list.
fn is_no_choice<T: std::fmt::Debug>(what: &str, done: &Result<T, Error>) {
    let refused = matches!(done, Err(Error::Invalid(_) | Error::NotFound | Error::Refused(Refused::Role)));
    assert!(refused, "{what}: {done:?}");
}

fn proposed(concern: Option<domain::ConcernId>) -> Propose {
    let some = || "Nothing that we know of.".to_owned();
    Propose {
        change: Change::BlockName { name: "zanderfish.example".into(), groups: Vec::new() },
        reason: "It came up in a search for penguins.".into(),
        risk: Risk { harm: some(), loss: some(), safeguards: some() },
        concern,
    }
}

#[tokio::test]
async fn nothing_of_one_setting_is_there_for_the_other() {
    let ours = TestApp::new().await;
    let theirs = ours.neighbour("h").await;
    let (services, here) = (&ours.services, ours.people);

    // A concern with all that hangs on one.
    let mut report = ours.breach();
    report.hold_device = true;
    let id = concerns::report(services, &mut ours.ctx(here.practitioner), report).await.expect("filed").concern;
    let held = holds::list(services, &ours.ctx(here.dsl)).await.expect("holds").first().expect("held").id;
    let proposal = decide::propose(services, &mut ours.ctx(here.dsl), proposed(Some(id))).await.expect("proposed").id;
    work_to_the_debrief(&ours, id).await;
    concerns::debrief(services, &mut ours.ctx(here.dsl), id, learned(&ours)).await.expect("learned");
    let (mut task, mut review) = (None, None);
    let before = concerns::open(services, &mut ours.ctx(here.dsl), id).await.expect("opens");
    for made in &before.follow_up {
        match made {
            concerns::FollowUp::Action { id, .. } => task = Some(*id),
            concerns::FollowUp::Review { id, .. } => review = Some(*id),
        }
    }
    let (task, review) = (task.expect("an action"), review.expect("a review"));
    let entry = before.chronology.iter().find_map(|entry| entry.id).expect("an entry");

    for who in theirs.everybody() {
        let ctx = || theirs.ctx(who);
        let why = || "Because of the other setting.".to_owned();
        is_nothing("open", &concerns::open(services, &mut ctx(), id).await.map(|_| ()));
        is_nothing("print", &concerns::print(services, &mut ctx(), id).await.map(|_| ()));
        let taken = exports::make(services, &mut ctx(), exports::What::Concern(id), told()).await;
        is_nothing("export", &taken.map(|_| ()));
        is_nothing("receipt", &concerns::receipt(services, &ctx(), id).await.map(|_| ()));
        let words = StageTwo { facts: "More.".into(), ..StageTwo::default() };
        is_nothing("words", &concerns::add_words(services, &mut ctx(), id, words).await);
        let note = NewEntry { kind: EntryKind::Note, text: "A note.".into(), event_at: ours.world.now() };
        is_nothing("entry", &concerns::add_entry(services, &mut ctx(), id, note).await);
        let right = Correction { of: entry, text: "Otherwise.".into(), event_at: None };
        is_nothing("correct", &concerns::correct(services, &mut ctx(), id, right).await);
        let attempt = step(&ours, "safe_now", &[("safe", "yes".to_owned())]);
        is_nothing("step", &concerns::record(services, &mut ctx(), id, attempt).await);
        let lessons = Debrief { answers: Default::default(), lessons: Vec::new(), seen: 0 };
        is_nothing("debrief", &concerns::debrief(services, &mut ctx(), id, lessons).await);
        is_nothing("close", &concerns::close(services, &mut ctx(), id, Default::default(), 0).await);
        is_nothing("reopen", &concerns::reopen(services, &mut ctx(), id, why()).await);
        is_nothing("edition", &concerns::move_edition(services, &mut ctx(), id, why()).await);
        is_nothing("unknown child", &concerns::child_cannot_be_known(services, &mut ctx(), id, why()).await);
        is_nothing("name child", &concerns::name_child(services, &mut ctx(), id, here.child).await);
        is_nothing("part", &concerns::add_person(services, &mut ctx(), id, here.child_2, Part::Child).await);
        is_nothing("invite", &concerns::invite(services, &mut ctx(), id, who, why()).await);
        is_nothing("hand over", &concerns::hand_over(services, &mut ctx(), id, who, why()).await);
        is_nothing("exclude", &concerns::exclude(services, &mut ctx(), id, here.dsl).await);

        is_nothing(
            "hold for it",
            &holds::place(services, &mut ctx(), theirs.people.tablet, Some(id), Leave::None).await,
        );
        is_no_choice("hold theirs", &holds::place(services, &mut ctx(), here.tablet, None, Leave::None).await);
        is_nothing("confirm", &holds::confirm(services, &mut ctx(), held, None).await);
        is_nothing("release", &holds::release(services, &mut ctx(), held).await);

        is_nothing("propose for it", &decide::propose(services, &mut ctx(), proposed(Some(id))).await);
        is_nothing("proposal", &view::proposal(services, &ctx(), proposal).await.map(|_| ()));
        let yes = Decide { id: proposal, version: 0, note: why(), verdict: Verdict::Approve };
        is_nothing("decide", &decide::decide(services, &mut ctx(), yes).await);
        is_nothing("agree", &decide::agree(services, &mut ctx(), proposal, 0).await);
        is_nothing("withdraw", &decide::withdraw(services, &mut ctx(), proposal, 0).await);
        is_nothing("finish", &follow_up::finish(services, &mut ctx(), task, "It was done well.").await);
        is_nothing("close review", &follow_up::close_review(services, &mut ctx(), review, "It was looked at.").await);

        is_nothing("device", &devices::lookup(services, &ctx(), here.tablet).await.map(|_| ()));
        is_nothing("retire", &devices::retire(services, &mut ctx(), here.tablet).await);
        is_nothing("check", &devices::pass_check(services, &mut ctx(), here.tablet).await);
        is_nothing("hosts", &activity::hosts_around(services, &ctx(), here.tablet, ours.world.now()).await);
        is_nothing("person", &people::lookup(services, &ctx(), here.child).await.map(|_| ()));
        is_nothing("end account", &people::end_account(services, &mut ctx(), here.dsl).await);

        let mut report = theirs.breach();
        report.about = concerns::About::Person(here.manager);
        is_no_choice("about", &concerns::report(services, &mut ctx(), report).await.map(|_| ()));
        let mut report = theirs.breach();
        report.device = Some(here.tablet);
        is_no_choice("device of a report", &concerns::report(services, &mut ctx(), report).await.map(|_| ()));

        // Lists.
        for shelf in [Shelf::Unfinished, Shelf::Closed] {
            if let Ok(queue) = concerns::queue(services, &ctx(), shelf, 0).await {
                assert!(queue.rows.is_empty() && queue.unfinished + queue.closed == 0, "{queue:?}");
            }
        }
        if let Ok(found) = concerns::search(services, &mut ctx(), "penguins").await {
            assert!(found.is_empty(), "{found:?}");
        }
        if let Ok(all) = people::list(services, &ctx(), None).await {
            let foreign: BTreeSet<_> = ours.everybody().into_iter().collect();
            assert!(all.iter().all(|line| !foreign.contains(&line.id)));
        }
        if let Ok(all) = devices::list(services, &ctx()).await {
            assert!(all.iter().all(|line| ![here.tablet, here.laptop, here.server].contains(&line.id)));
        }
        if let Ok(filter) = view::overview(services, &ctx()).await {
            assert!(filter.waiting.is_empty() && !format!("{filter:?}").contains("zanderfish"));
        }
        assert!(follow_up::tasks(services, &ctx(), true).await.is_ok_and(|tasks| tasks.is_empty()));
        assert!(notices::mine(services, &ctx()).await.expect("one's own").is_empty());
    }

    let after = concerns::open(services, &mut ours.ctx(here.dsl), id).await.expect("opens");
    let texts = |view: &concerns::ConcernView| view.chronology.iter().map(|said| said.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&after), texts(&before), "nothing was written");
    assert_eq!((after.status, after.people.len()), (before.status, before.people.len()));
    assert!(devices::lookup(services, &ours.ctx(here.dsl), here.tablet).await.is_ok());
    ours.end().await;
}
