//! People, devices and CSV files, against a real database.

use app::imports::{self, Faulty, ImportKind};
use app::people::{self, PersonDraft};
use app::testing::TestApp;
use app::{Error, devices};
use domain::access::Refused;
use domain::people::PersonKind;
use store::Scope;
use store::words::DeviceKind;

fn draft(name: &str) -> PersonDraft {
    PersonDraft {
        kind: PersonKind::Family,
        name: name.into(),
        known_as: String::new(),
        born: None,
        email: Some("sam@example.org".into()),
        phone: Some("+44 1632 960001".into()),
        room: None,
        joined: None,
        gone: None,
    }
}

fn device(name: &str) -> devices::DeviceDraft {
    devices::DeviceDraft {
        name: name.into(),
        kind: DeviceKind::Laptop,
        group: "children".into(),
        room: None,
        person: None,
        mac: Some("AA-BB-CC-00-00-09".into()),
        addresses: "192.168.9.9".into(),
    }
}

#[tokio::test]
async fn an_address_is_proved_by_a_link_and_a_new_one_has_to_be_proved_again() {
    let app = TestApp::new().await;
    let mut manager = app.ctx(app.people.manager);
    let id = people::add(&app.services, &mut manager, draft("Sam  Example")).await.unwrap();
    people::send_verification(&app.services, &mut manager, id).await.unwrap();
    assert!(app.mail.sent().is_empty(), "the mail is a job's: a server that is down fails nobody's press");
    app.work().await;
    let mail = app.mail.sent().pop().unwrap();
    assert_eq!(mail.to, "sam@example.org");
    let token = app::accounts::Token::given(mail.text.split("/verify/").nth(1).unwrap().trim());
    people::verify_email(&app.services, &mut app.world.nobody(), &token).await.unwrap();
    assert!(people::verify_email(&app.services, &mut app.world.nobody(), &token).await.is_err(), "once");
    let view = people::lookup(&app.services, &manager, id).await.unwrap();
    assert_eq!(view.person.name, "Sam Example");
    assert!(view.person.email_verified_at.is_some());
    let moved = PersonDraft { email: Some("sam@example.net".into()), ..draft("Sam Example") };
    people::edit(&app.services, &mut manager, id, view.person.version, moved.clone()).await.unwrap();
    let after = people::lookup(&app.services, &manager, id).await.unwrap();
    assert_eq!(after.person.email_verified_at, None);
    let late = people::edit(&app.services, &mut manager, id, view.person.version, moved).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "somebody was faster");
    let practitioner = app.ctx(app.people.practitioner);
    assert!(matches!(people::list(&app.services, &practitioner, None).await, Err(Error::Refused(Refused::Role))));
}

#[tokio::test]
async fn a_device_proves_itself_with_what_only_it_was_given() {
    let app = TestApp::new().await;
    let mut technician = app.ctx(app.people.technician);
    let id = devices::add(&app.services, &mut technician, device("Office laptop 9")).await.unwrap();
    let twin = devices::add(&app.services, &mut technician, device("office LAPTOP 9")).await;
    let Err(Error::Invalid(said)) = twin else { panic!("{twin:?}") };
    assert_eq!(said.keys().map(String::as_str).collect::<Vec<_>>(), ["addresses", "mac", "name"]);
    let one = devices::new_credential(&app.services, &mut technician, id).await.unwrap();
    let two = devices::new_credential(&app.services, &mut technician, id).await.unwrap();
    assert_ne!(one.password, two.password);
    let view = devices::lookup(&app.services, &technician, id).await.unwrap();
    assert_eq!(view.device.proxy_user.as_deref(), Some(two.user.as_str()));
    assert_eq!(view.device.mac.as_deref(), Some("aa:bb:cc:00:00:09"));
    assert_ne!(view.device.proxy_password_sha256.as_deref(), Some(two.password.as_str()), "never in the clear");
    app.work().await;
    devices::retire(&app.services, &mut technician, id).await.unwrap();
    let gone = devices::lookup(&app.services, &technician, id).await.unwrap();
    assert_eq!(gone.device.proxy_user, None);
    assert!(devices::new_credential(&app.services, &mut technician, id).await.is_err());
    devices::add(&app.services, &mut technician, device("Office laptop 10")).await.unwrap();
}

#[tokio::test]
async fn an_import_is_looked_at_brought_in_and_taken_back() {
    let app = TestApp::new().await;
    let mut dsl = app.ctx(app.people.dsl);
    let before = people::list(&app.services, &dsl, None).await.unwrap().len();
    let file = "Name,Kind,Born,Room,Shoe size\r\nليلى حداد,child,14/05/2023,,5\r\n👩‍👧 Robin,family,,,\r\n\
                =SUM(A1),child,,,\r\nTom Example,pupil,31/02/2023,Moon,\r\nليلى حداد,child,2023-05-14,,\r\n";
    let seen = imports::look_at(&app.services, &mut dsl, ImportKind::People, file.as_bytes()).await.unwrap();
    assert_eq!((seen.good(), seen.faulty()), (2, 3));
    assert_eq!(seen.ignored, ["Shoe size"]);
    assert_eq!(seen.lines[3].number, 5);
    assert_eq!(seen.lines[3].faults.len(), 3, "kind, day and room: all at once");
    assert_eq!(people::list(&app.services, &dsl, None).await.unwrap().len(), before, "nothing was written");
    let refused = imports::bring_in(&app.services, &mut dsl, ImportKind::People, Faulty::Refuse).await;
    assert!(refused.is_err());
    let (id, added) = imports::bring_in(&app.services, &mut dsl, ImportKind::People, Faulty::LeaveOut).await.unwrap();
    assert_eq!(added, 2);
    assert!(imports::waiting(&app.services, &dsl, ImportKind::People).await.is_err(), "the file is used up");
    assert_eq!(imports::take_back(&app.services, &mut dsl, id).await.unwrap(), 2);
    assert_eq!(people::list(&app.services, &dsl, None).await.unwrap().len(), before);
    assert!(imports::take_back(&app.services, &mut dsl, id).await.is_err(), "once");
}

#[tokio::test]
async fn what_was_used_or_changed_since_is_not_taken_back() {
    let app = TestApp::new().await;
    let mut manager = app.ctx(app.people.manager);
    let file = b"name,kind\nSam Example,family\nKim Example,family\n";
    imports::look_at(&app.services, &mut manager, ImportKind::People, file).await.unwrap();
    let (id, _) = imports::bring_in(&app.services, &mut manager, ImportKind::People, Faulty::Refuse).await.unwrap();
    let all = people::list(&app.services, &manager, Some(PersonKind::Family)).await.unwrap();
    let sam = all.iter().find(|person| person.name == "Sam Example").unwrap().id;
    app.tie(app.people.child, sam).await;
    let refused = imports::take_back(&app.services, &mut manager, id).await;
    assert!(refused.is_err(), "a tie hangs on one of them");
    let still = people::list(&app.services, &manager, Some(PersonKind::Family)).await.unwrap();
    assert_eq!(still.len(), all.len(), "all or nothing");
}

#[tokio::test]
async fn devices_come_by_file_and_the_gateway_hears_of_them() {
    let app = TestApp::new().await;
    let mut technician = app.ctx(app.people.technician);
    let file = "name;kind;group;mac;address\nShelf tablet;tablet;children;a4:83:e7:00:00:01;\n\
                Shelf tablet;tablet;children;;\nLamp;spaceship;nowhere;zz;10.0.0\n";
    let seen = imports::look_at(&app.services, &mut technician, ImportKind::Devices, file.as_bytes()).await.unwrap();
    assert_eq!((seen.good(), seen.faulty()), (1, 2));
    assert_eq!(seen.lines[2].faults.len(), 4);
    let brought = imports::bring_in(&app.services, &mut technician, ImportKind::Devices, Faulty::LeaveOut).await;
    assert_eq!(brought.unwrap().1, 1);
    let reader = app.services.db.read(Scope::All).await.unwrap();
    assert!(store::jobs::count_waiting(&reader).await.unwrap() >= 1, "a publication waits");
    drop(reader);
    app.work().await;
    let mut practitioner = app.ctx(app.people.practitioner);
    let refused = imports::look_at(&app.services, &mut practitioner, ImportKind::Devices, file.as_bytes()).await;
    assert!(matches!(refused, Err(Error::Refused(Refused::Role))));
}

#[tokio::test]
async fn a_hostile_file_gets_one_plain_sentence() {
    let app = TestApp::new().await;
    let mut manager = app.ctx(app.people.manager);
    let huge = vec![b'a'; 10 << 20];
    let files: [&[u8]; 5] = [&huge, b"", b"\xff\xfe\x00", b"PK\x03\x04\x00", b"name,kind\n\"never closed,child\n"];
    for file in files {
        match imports::look_at(&app.services, &mut manager, ImportKind::People, file).await {
            Err(Error::Invalid(said)) => assert!(said["file"].len() > 15),
            Ok(preview) => assert_eq!(preview.good(), 0),
            Err(other) => panic!("{other:?}"),
        }
    }
}
