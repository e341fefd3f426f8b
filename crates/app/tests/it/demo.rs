//! The demo tells its stories through the use cases: each setting builds, and what its file tells is there to be tried.

use app::testing::TestApp;
use jiff::{SignedDuration, Timestamp};
use store::Scope;
use store::words::ProposalState;

#[tokio::test]
async fn both_settings_tell_all_their_stories() {
    for setting in ["n", "h"] {
        let app = TestApp::new().await;
        let mut ctx = app.world.system();
        let now = ctx.now;
        app::demo::build(&app.services, &mut ctx, setting).await.unwrap_or_else(|error| panic!("{setting}: {error:?}"));
        let db = app.services.db.read(Scope::All).await.unwrap();
        let all = store::settings::list(&db).await.unwrap();
        let it = all.iter().find(|one| one.id != app.setting).unwrap().id;
        let stories = app::demo::file(setting).unwrap();

        let concerns = store::overview::concerns(&db, it).await.unwrap();
        // Beside the stories and the open door there is a request for data.
        assert_eq!(concerns.len(), stories.stories.len() + stories.unsigned.len() + 1, "{setting}");
        assert!(
            concerns.iter().all(|one| one.opened_at.is_some()),
            "{setting}: a story that nobody opened would escalate"
        );
        assert!(concerns.iter().all(|one| !one.clock_suspect), "{setting}: told out of its order");
        let referrals = store::overview::referrals(&db, it).await.unwrap();
        assert!(referrals.iter().any(|one| one.outcome.is_some()), "{setting}: {referrals:?}");
        assert_eq!(store::together::list_plans_for_program(&db, it).await.unwrap().len(), 1);
        let exports = store::keeping::list_exports_for_program(&db, it, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(exports.len(), 1);
        assert_eq!(store::attachments::list_open_for_program(&db, it).await.unwrap().len(), 1);

        let waiting = store::overview::proposals(&db, it).await.unwrap();
        let waiting = waiting.iter().filter(|one| one.state == ProposalState::Waiting).count();
        assert_eq!(waiting, 2, "{setting}: two changes wait for somebody");
        assert_eq!(store::filtering::list_waiting_requests(&db, it).await.unwrap().len(), 1);
        let newest = store::filtering::find_newest(&db, it).await.unwrap().unwrap();
        let approved = &newest.policy["groups"]["stricter"]["allow"];
        assert!(approved.get("aquarium-camera.example").is_some(), "{setting}: {approved}");
        let open = store::supervision::list_open(&db, it, now).await.unwrap();
        assert_eq!(open.len(), 1, "{setting}: a session is open when it begins");
        let over = store::supervision::list_open(&db, it, now + SignedDuration::from_mins(61)).await.unwrap();
        assert!(over.is_empty(), "and ends by itself");
        drop(db);
        assert!(store::audit::verify(&app.services.db, &[]).await.unwrap().is_whole(), "{setting}");
    }
}
