//! What the house does by itself every day.

use app::testing::TestApp;
use app::upkeep;
use store::Scope;

#[tokio::test]
async fn a_signed_head_leaves_the_box_and_names_nobody() {
    let app = TestApp::new().await;
    upkeep::sign_head(&app.services, &mut app.world.system(), app.setting).await.expect("signed");
    let reader = app.services.db.read(Scope::Setting(app.setting)).await.expect("a view");
    let head = store::audit::find_head(&reader, app.setting).await.expect("read").expect("a head");
    drop(reader);
    let sent = app.mail.sent();
    assert!(!sent.is_empty(), "lead and chair have proved addresses");
    for mail in &sent {
        assert_eq!(mail.subject, "Something in Holdfast needs you");
        assert!(mail.text.contains(&head.hash) && mail.text.contains(&head.signature), "{mail:?}");
        assert!(!mail.text.contains("Carys"), "{mail:?}");
    }
    let report = store::audit::verify(&app.services.db, &[head]).await.expect("walked");
    assert!(report.is_whole(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_backup_is_made_and_leaves_a_dated_proof() {
    let app = TestApp::new().await;
    let mut ctx = app.world.system();
    upkeep::back_up(&app.services, &mut ctx, app.setting).await.expect("made");
    let folder = app.services.data.join("backups");
    let files: Vec<_> = std::fs::read_dir(&folder).expect("a folder").flatten().collect();
    assert_eq!(files.len(), 1);
    let reader = app.services.db.read(Scope::Setting(app.setting)).await.expect("a view");
    let proof = store::evidence::find_newest(&reader, app.setting, upkeep::BACKUP, ctx.now).await.expect("read");
    assert!(proof.is_some_and(|proof| proof.ok && proof.summary.contains("records")));
}

#[tokio::test]
async fn a_backup_that_fails_says_so_in_the_evidence() {
    let app = TestApp::new().await;
    let mut ctx = app.world.system();
    // A file where the folder should be.
    std::fs::write(app.services.data.join("backups"), "in the way").expect("written");
    upkeep::back_up(&app.services, &mut ctx, app.setting).await.expect_err("no room for it");
    let reader = app.services.db.read(Scope::Setting(app.setting)).await.expect("a view");
    let proof = store::evidence::find_newest(&reader, app.setting, upkeep::BACKUP, ctx.now).await.expect("read");
    assert!(proof.is_some_and(|proof| !proof.ok));
}
