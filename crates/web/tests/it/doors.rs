//! Every door of the list, knocked on by nobody.

use domain::access::{Relation, allowed};
use domain::people::Role;
use holdfast_web::{Access, routes};
use http::{Method, StatusCode, header};

use crate::{Nursery, get, post};

#[tokio::test]
async fn nobody_is_sent_to_sign_in_at_every_door_that_is_not_public() {
    let nursery = Nursery::new().await;
    let mut knocked = 0;
    for route in routes::all().into_iter().filter(|route| !matches!(route.access, Access::Public | Access::Nameless)) {
        knocked += 1;
        let path = route.path.replace("{id}", "0190a1b2-0000-7000-8000-000000000000");
        let request = if route.method == Method::GET { get(&path) } else { post(&path, "", "") };
        let (status, headers, _) = nursery.ask(request).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{} {path}", route.method);
        assert!(headers[header::LOCATION].to_str().unwrap().starts_with("/sign-in?next=/"), "{path}");
    }
    assert!(knocked > 5, "the doors are gone");
}

#[tokio::test]
async fn no_door_acts_without_a_token_or_for_another_site() {
    let nursery = Nursery::new().await;
    for route in routes::all().into_iter().filter(|route| route.mutating && route.access == Access::Public) {
        let (status, ..) = nursery.ask(post(route.path, "", "a=b")).await;
        assert!(!status.is_success() && !status.is_redirection(), "{}: {status}", route.path);
        let mut foreign = post(route.path, "", "a=b");
        foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(nursery.ask(foreign).await.0, StatusCode::FORBIDDEN, "{}", route.path);
    }
}

#[test]
fn no_two_doors_are_the_same_and_every_mutating_one_is_a_post() {
    let mut seen = std::collections::BTreeSet::new();
    for route in routes::all() {
        assert!(seen.insert((route.method.to_string(), route.path)), "{} {}", route.method, route.path);
        assert_eq!(route.mutating, route.method == Method::POST, "{}", route.path);
        assert!(!route.doc.is_empty());
    }
}

const HEAD: &str = "# Every door\n\nPrinted from the program's own list of pages and compared with it by a test, so it cannot be \
                    out of date. Who may come in at all stands here; what they then see of one concern is asked again, of \
                    the very concern. Who may do what: [authorisation](authorisation.md).\n\n\
                    | Door | What it is | Who comes in |\n|---|---|---|\n";

/// `UPDATE=1` writes the list after a change that somebody wants.
#[test]
fn the_list_of_doors_is_the_one_checked_in() {
    let mut now = HEAD.to_owned();
    for route in routes::all() {
        let who = match route.access {
            Access::Public => "Anybody, without an account".to_owned(),
            Access::Nameless => "Anybody, and the program must not learn who".to_owned(),
            Access::AnySession => "Anybody signed in, behind a locked screen too".to_owned(),
            Access::SignedIn => "Anybody signed in".to_owned(),
            Access::Token => "A token".to_owned(),
            Access::Action(action) => {
                let may = |role: &Role| Relation::ALL.iter().any(|relation| allowed(*role, action, *relation));
                let roles: Vec<&str> = Role::ALL.iter().filter(|role| may(role)).map(|role| role.key()).collect();
                format!("`{}`: {}", action.key(), roles.join(", "))
            }
        };
        let does = if route.mutating { "does" } else { "shows" };
        now.push_str(&format!("| `{}` {does} | {} | {who} |\n", route.path, route.doc));
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doors.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == now, "docs/doors.md differs from the list; run with UPDATE=1 and read the difference");
}
