//! Policies that come, that are damaged, that never come.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use filter::Hold;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use holdfast_gateway::{snapshot, status};

use crate::world::*;

fn version(world: &World) -> Option<u64> {
    match world.status().policy {
        status::Policy::Snapshot { version, .. } => Some(version),
        status::Policy::RoleCard { .. } | status::Policy::Baseline { .. } => None,
    }
}

/// A second, in rests of ten milliseconds.
const A_SECOND: usize = 100;

/// Each in a second that the program has for itself: what other programs take of the processor meanwhile does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_swaps_drop_no_question_and_each_is_in_force_within_a_second() {
    let world = World::new().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let asking = async {
        let mut asked = 0;
        while !stop.is_cancelled() {
            let answer = world.ask(TABLET, "casino.test.", RecordType::A).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
            asked += 1;
        }
        asked
    };
    let swapping = async {
        for version in 2..22 {
            let mut policy = policy(version);
            if version % 2 == 0 {
                policy.groups.get_mut("staff").unwrap().block.push(block_rule("swing.test"));
            }
            world.publish(&policy);
            let expected = if version % 2 == 0 { ResponseCode::NXDomain } else { ResponseCode::NoError };
            until_beats(A_SECOND, async || {
                let answer = world.ask(LAPTOP, "swing.test.", RecordType::A).await;
                (answer.metadata.response_code == expected).then_some(())
            })
            .await;
        }
        stop.cancel();
    };
    let (asked, ()) = tokio::join!(asking, swapping);
    assert!(asked > 100, "{asked}");
    let kept = std::fs::read_dir(world.gateway_dir().join("snapshots")).unwrap().count();
    assert_eq!(kept, 3);
}

#[test]
fn of_publishers_at_one_moment_one_is_first_and_no_other_writes_over_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let key = SigningKey::from_bytes(&[7; 32]);
    for version in 1..40 {
        let at_once = std::sync::Barrier::new(4);
        let publish = |name: &str| {
            let mut policy = policy(version);
            policy.setting_name = name.to_owned();
            at_once.wait();
            snapshot::write(folder.path(), &policy, &key).map_err(|error| error.to_string())
        };
        let wrote: Vec<(String, Result<_, String>)> = std::thread::scope(|scope| {
            let names = ["one", "two", "three", "four"];
            let threads = names.map(|name| scope.spawn(move || (name.to_owned(), publish(name))));
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (first, late): (Vec<_>, Vec<_>) = wrote.iter().partition(|(_, wrote)| wrote.is_ok());
        assert_eq!(first.len(), 1, "{wrote:?}");
        for (_, refused) in late {
            let say = refused.as_ref().unwrap_err();
            assert!(say.contains("not higher than the newest"), "{say}");
        }
        let path = folder.path().join(format!("{version:08}.snapshot"));
        let kept = snapshot::read(&path, &key.verifying_key()).unwrap();
        assert_eq!(kept.setting_name, first[0].0, "what was said to be written is what stands there");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing lies about");
}

#[tokio::test]
async fn a_damaged_or_foreign_snapshot_leaves_the_good_one() {
    let world = World::new().await;
    let folder = world.gateway_dir().join("snapshots");
    let good = std::fs::read(folder.join("00000001.snapshot")).unwrap();

    let mut flipped = good.clone();
    let at = flipped.len() / 2;
    flipped[at] ^= 1;
    std::fs::write(folder.join("00000002.snapshot"), &flipped).unwrap();
    std::fs::write(folder.join("00000003.snapshot"), &good).unwrap();
    std::fs::write(folder.join("00000004.snapshot"), &good[..good.len() / 2]).unwrap();
    std::fs::write(folder.join("00000005.snapshot"), b"").unwrap();
    snapshot::write(&folder, &policy(6), &SigningKey::from_bytes(&[9; 32])).unwrap();
    let refused = until(Duration::from_secs(3), async || world.status().snapshot_refused).await;
    assert!(refused.contains("signature"), "{refused}");
    assert_eq!(version(&world), Some(1));
    let answer = world.ask(LAPTOP, "arcade.test.", RecordType::A).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);

    world.publish(&policy(7));
    until(Duration::from_secs(2), async || (version(&world) == Some(7)).then_some(())).await;
}

#[tokio::test]
async fn a_restart_falls_back_to_the_newest_good_one() {
    let mut old = policy(1);
    old.groups.get_mut("staff").unwrap().block.push(block_rule("swing.test"));
    let world = World::configured(None, |config| {
        let folder = config.snapshot_dir();
        snapshot::write(&folder, &old, &SigningKey::from_bytes(&[7; 32])).unwrap();
        std::fs::write(folder.join("00000002.snapshot"), b"0000\n{}").unwrap();
    })
    .await;
    assert_eq!(version(&world), Some(1));
    assert!(world.status().snapshot_refused.unwrap().contains("00000002"));
    let answer = world.ask(LAPTOP, "swing.test.", RecordType::A).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn without_a_policy_help_and_time_resolve_and_nothing_else() {
    let world = World::configured(None, |_| {}).await;
    assert!(matches!(world.status().policy, status::Policy::Baseline { .. }));
    for from in [TABLET, LAPTOP, STRANGER] {
        for name in ["www.childline.org.uk.", "0.pool.ntp.org.", "captive.apple.com."] {
            let answer = world.ask(from, name, RecordType::A).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "{name}");
        }
        let answer = world.ask(from, "good.test.", RecordType::A).await;
        assert_eq!((answer.metadata.response_code, ede(&answer).unwrap().0), (ResponseCode::NXDomain, 15));
        let page = world.proxy(from, "GET http://good.test/ HTTP/1.1\r\nHost: good.test\r\n\r\n").await;
        assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
    }
    world.publish(&policy(1));
    until(Duration::from_secs(1), async || {
        let answer = world.ask(LAPTOP, "good.test.", RecordType::A).await;
        (answer.metadata.response_code == ResponseCode::NoError).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_hold_ends_by_itself() {
    let mut policy = policy(1);
    policy.holds = vec![Hold { device: device_id(2), until: Some(now() + jiff::SignedDuration::from_secs(2)) }];
    let world = World::with(policy).await;
    let code = async || world.ask(LAPTOP, "good.test.", RecordType::A).await.metadata.response_code;
    assert_eq!(code().await, ResponseCode::NXDomain);
    until(Duration::from_secs(4), async || (code().await == ResponseCode::NoError).then_some(())).await;
}

#[tokio::test]
async fn lists_are_taken_while_running_and_bad_ones_are_not() {
    let world = World::new().await;
    let path = world.dir.path().join("lists.compiled");
    let code = async |name| world.ask(LAPTOP, name, RecordType::A).await.metadata.response_code;
    std::fs::write(&path, b"<html>Sign in to continue</html>").unwrap();
    let refused = until(Duration::from_secs(3), async || world.status().lists.refused).await;
    assert!(!refused.is_empty());
    assert_eq!(code("casino.test.").await, ResponseCode::NXDomain, "the good list stays");
    let source = world.dir.path().join("sources/gambling/domains");
    std::fs::write(&source, "casino.test\nnewest.test\n").unwrap();
    filter::compile(&[world.dir.path().join("sources")], &path, filter::FileKey([4; 16])).unwrap();
    until(Duration::from_secs(3), async || (code("newest.test.").await == ResponseCode::NXDomain).then_some(())).await;
    until(Duration::from_secs(3), async || world.status().lists.refused.is_none().then_some(())).await;
}

#[test]
fn versions_only_rise() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::from_bytes(&[1; 32]);
    assert_eq!(snapshot::next_version(dir.path()).unwrap(), 1);
    snapshot::write(dir.path(), &policy(5), &key).unwrap();
    assert_eq!(snapshot::next_version(dir.path()).unwrap(), 6);
    let error = snapshot::write(dir.path(), &policy(5), &key).unwrap_err().to_string();
    assert!(error.contains("not higher"), "{error}");
}
