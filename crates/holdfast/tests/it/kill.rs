//! The plug is pulled while people are saving (S39): what was acknowledged is there, and the chain holds.

use std::time::{Duration, Instant};

use rand::RngExt;

use crate::house::House;
use crate::report::Reporter;

const TIMES: usize = 20;
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_times_while_saving_no_acknowledged_concern_is_lost() {
    let began = Instant::now();
    let mut house = House::demo().await;
    let mut reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let lead = house.signed_in("dsl").await;
    let mut acknowledged = Vec::new();
    let mut cut_off = 0;
    for round in 0..TIMES {
        let saving: Vec<_> =
            (0..AT_ONCE).map(|desk| tokio::spawn(save_until_cut(reporter.clone(), round, desk))).collect();
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(40..400))).await;
        house.kill();
        for desk in saving {
            let (filed, cut) = desk.await.unwrap();
            acknowledged.extend(filed);
            cut_off += usize::from(cut);
        }
        house.start().await;
        reporter.visitor = reporter.visitor.moved(&house.at().web);
        let verified = house.command(&["audit", "verify"]);
        assert!(verified.status.success(), "round {round}: {}", String::from_utf8_lossy(&verified.stderr));
    }
    let lead = lead.moved(&house.at().web);
    let saved = acknowledged.len();
    for (receipt, words) in acknowledged {
        assert_eq!(reporter.visitor.get(&receipt).await.status, 200, "{words} was acknowledged and is gone");
        let concern = receipt.replace("/reports/", "/concerns/");
        let page = lead.get(&concern).await;
        assert!(page.html.contains(&words), "{words} was acknowledged, and is not in {concern}: {}", page.words());
    }
    let doctor = house.command(&["doctor", "--json"]);
    let stuck = String::from_utf8_lossy(&doctor.stdout);
    assert!(stuck.contains("\"None is stuck.\""), "{stuck}");
    eprintln!("{saved} concerns acknowledged, {cut_off} cut off while saving, {:?} in all", began.elapsed());
    assert!(saved >= TIMES, "too few were saved ({saved}) to prove anything");
    assert!(cut_off >= TIMES / 2, "the plug was seldom pulled during a save ({cut_off})");
}

/// One report after another, until one is not answered. Whether that one is there is open; the others must be.
async fn save_until_cut(reporter: Reporter, round: usize, desk: usize) -> (Vec<(String, String)>, bool) {
    let mut filed = Vec::new();
    for number in 0..100 {
        let words = format!("Saved-{round}-{desk}-{number}-end");
        match reporter.report(&words).await {
            Some(receipt) => filed.push((receipt, words)),
            None => return (filed, true),
        }
    }
    (filed, false)
}
