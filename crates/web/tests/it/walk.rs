//! Every door of the list, by everybody (house-style 25): whom its access forbids is turned away, nothing breaks, no
//! form acts without its token, and whatever acts writes an audit row.
//!
//! A new route needs nothing here while it only looks. One that acts needs a line in [`DRIVEN`] or, with a reason, in
//! [`ELSEWHERE`]; without one the walk is red.

use domain::access::{Relation, any_allowed};
use domain::{PersonId, Role};
use holdfast_web::{Access, Route, routes};
use http::{Method, StatusCode};

use crate::browser::{Browser, encoded};
use crate::{Nursery, post};

/// Things that the doors lead to.
pub(crate) struct Things {
    concern: String,
    entry: String,
    hold: String,
    device: String,
    person: String,
    place: String,
    referral: String,
    letter: String,
    transfer: String,
}

impl Things {
    /// A breach with a hold, told by the practitioner, opened by the lead, with an entry by her.
    pub(crate) async fn of(nursery: &Nursery, lead: &Browser<'_>) -> Self {
        let app = &nursery.app;
        let children = app::concerns::Children::NotYetKnown;
        let report = app::concerns::Report { hold_device: true, children, ..app.breach() };
        let filed = app::concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.unwrap();
        let concern = filed.concern.to_string();
        let (status, _, html) = lead.send(&format!("/concerns/{concern}/entries"), &ENTRY).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        let (_, html) = lead.see(&format!("/concerns/{concern}")).await;
        let link = format!("/concerns/{concern}/entries/");
        let entry = html.split(&link).nth(1).unwrap_or_else(|| panic!("no entry to correct: {html}"));
        let (_, html) = lead.see("/holds").await;
        let hold = html.split("name=\"hold\" value=\"").nth(1).unwrap_or_else(|| panic!("no hold: {html}"));
        Self {
            concern,
            entry: until_quote(entry),
            hold: until_quote(hold),
            device: app.people.tablet.to_string(),
            person: app.people.colleague.to_string(),
            place: app::telling::word_of(app.setting),
            referral: referral(nursery, filed.concern).await,
            letter: letter(nursery).await,
            transfer: transfer(nursery).await,
        }
    }

    /// Of one concern and what came of it, by the name of the table; where there is none of something, the concern's own id.
    pub(crate) fn known(nursery: &Nursery, concern: &str, of: impl Fn(&str) -> Option<String>) -> Self {
        let one = |table: &str| of(table).unwrap_or_else(|| concern.to_owned());
        Self {
            concern: concern.to_owned(),
            entry: one("entry"),
            hold: one("hold"),
            device: nursery.app.people.tablet.to_string(),
            person: nursery.app.people.colleague.to_string(),
            place: app::telling::word_of(nursery.app.setting),
            referral: one("referral"),
            letter: one("letter"),
            transfer: one("transfer"),
        }
    }

    /// The fields with which a door acts, where a test drives it here.
    pub(crate) fn fields(&self, nursery: &Nursery, route: &Route) -> Vec<(&'static str, String)> {
        driver(route).map(|driver| (driver.fields)(nursery, self)).unwrap_or_default()
    }

    /// The route's path with real things in it.
    pub(crate) fn path(&self, route: &Route) -> String {
        let id = match route.path.split('/').nth(1) {
            Some("devices") => &self.device,
            Some("people") => &self.person,
            Some("referrals") => &self.referral,
            Some("letters") => &self.letter,
            Some("transfers") => &self.transfer,
            Some("procedures") => "P4",
            Some(
                "filter" | "actions" | "reviews" | "sessions" | "guests" | "plans" | "declarations" | "low-level"
                | "shared",
            ) => NOBODYS,
            _ => &self.concern,
        };
        let key = match route.path.split('/').nth(1) {
            Some("set-up") => "lead",
            Some("filter") => "children",
            Some("agencies") => "front_door",
            _ => "could_be_illegal",
        };
        route
            .path
            .replace("{id}", id)
            .replace("{entry}", &self.entry)
            .replace("{key}", key)
            .replace("{kind}", if route.path.starts_with("/procedures") { "step" } else { "filter_breach" })
            .replace("{act}", "sent")
            .replace("{what}", "people")
            .replace("{token}", "no-such-token")
            .replace("{path}", "no-such-path")
            .replace("{place}", &self.place)
            .replace("{file}", NOBODYS)
            .replace("{address}", NOBODYS)
    }
}

/// A drafted referral of the concern.
async fn referral(nursery: &Nursery, concern: domain::ConcernId) -> String {
    use app::referrals::{Decision, New, Text, add};
    let consent = domain::referral::Consent::Given;
    let decision = Decision::Refer(Text { answers: Default::default(), consent, consent_reason: None });
    let new = New { agency: "front_door".into(), step: None, decision };
    let app = &nursery.app;
    add(&app.services, &mut app.ctx(app.people.dsl), concern, new).await.unwrap().to_string()
}

/// The file of a child who moves on.
async fn transfer(nursery: &Nursery) -> String {
    let app = &nursery.app;
    let new = app::transfers::New {
        child: app.people.child,
        to_name: "Anytown Primary".into(),
        to_lead: "Mx Lead".into(),
        left_on: jiff::civil::date(2026, 2, 27),
        note: String::new(),
    };
    app::transfers::begin(&app.services, &mut app.ctx(app.people.dsl), new).await.unwrap().to_string()
}

/// A letter about a concern of a child whom everybody knows, and which is not illegal.
async fn letter(nursery: &Nursery) -> String {
    let app = &nursery.app;
    let filed =
        app::concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    let answers = [("answer", "no"), ("why", "A cartoon.")].map(|(key, text)| (key.to_owned(), text.to_owned()));
    let attempt = app::concerns::StepAttempt {
        step: "could_be_illegal".into(),
        act: domain::procedure::Act::Done,
        answers: answers.into(),
        reason: None,
        event_at: app.world.now(),
        seen: 0,
        device: None,
        leave: app::holds::Leave::None,
    };
    let lead = &mut app.ctx(app.people.dsl);
    app::concerns::record(&app.services, lead, filed.concern, attempt).await.unwrap();
    let new = app::referrals::NewLetter { child: app.people.child, to: app.people.parent, text: "Dear Ida".into() };
    app::referrals::write(&app.services, lead, filed.concern, new).await.unwrap().to_string()
}

const NOBODYS: &str = "0190a1b2-0000-7000-8000-000000000000";

const ENTRY: [(&str, &str); 6] = [
    ("kind", "fact"),
    ("text", "The tablet was switched off."),
    ("event-day", "2"),
    ("event-month", "3"),
    ("event-year", "2026"),
    ("event-time", "08:58"),
];

fn until_quote(text: &str) -> String {
    text.split(['"', '?', '#']).next().unwrap_or_default().to_owned()
}

/// May somebody with these roles come in at all?
fn may_enter(access: Access, roles: &domain::people::RoleSet) -> bool {
    match access {
        Access::Public | Access::Nameless | Access::AnySession | Access::SignedIn => true,
        Access::Action(action) => Relation::ALL.into_iter().any(|relation| any_allowed(roles, action, relation)),
        Access::Token => false,
    }
}

#[tokio::test]
async fn nobody_gets_through_a_door_that_is_not_theirs_and_no_door_breaks() {
    let nursery = Nursery::new().await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let things = Things::of(&nursery, &lead).await;
    let (mut turned_away, mut came_in) = (0, 0);
    let mut seen_roles = std::collections::BTreeSet::new();
    for person in nursery.app.everybody() {
        let browser = match person == nursery.app.people.dsl {
            true => Browser { nursery: &nursery, cookie: lead.cookie.clone(), csrf: lead.csrf.clone() },
            false => Browser::of(&nursery, person).await,
        };
        let roles = nursery.app.ctx(person).member().unwrap().roles.clone();
        seen_roles.extend(roles.iter().copied());
        // What ends the session, or hides it, would turn everybody away afterwards.
        for route in routes::all().iter().filter(|route| !["/sign-out", "/lock"].contains(&route.path)) {
            let path = things.path(route);
            let status = match route.method {
                Method::GET => browser.see(&path).await.0,
                _ => browser.send(&path, &[]).await.0,
            };
            let told = format!("{roles:?} at {} {path}: {status}", route.method);
            assert!(!status.is_server_error(), "{told}");
            if may_enter(route.access, &roles) {
                came_in += 1;
            } else {
                turned_away += 1;
                assert_eq!(status, StatusCode::NOT_FOUND, "{told}");
            }
        }
    }
    for role in Role::ALL {
        assert!(seen_roles.contains(&role), "nobody walks as {role:?}");
    }
    assert!(turned_away > 100 && came_in > 200, "{turned_away} turned away, {came_in} came in");
}

#[tokio::test]
async fn no_form_acts_without_its_token() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let lead = Browser::of(&nursery, app.people.dsl).await;
    let manager = Browser::of(&nursery, app.people.manager).await;
    let things = Things::of(&nursery, &lead).await;
    let mut knocked = 0;
    for route in routes::all().iter().filter(|route| route.mutating && route.path != LEAVING) {
        let path = things.path(route);
        let fields = driver(route).map(|driver| (driver.fields)(&nursery, &things)).unwrap_or_default();
        for browser in [&lead, &manager] {
            for token in ["", "0000", "csrf-of-somebody-else"] {
                let before = app.acts().await;
                let mut body = format!("_token={}", encoded(token));
                for (name, value) in &fields {
                    body.push_str(&format!("&{}={}", encoded(name), encoded(value)));
                }
                let (status, headers, html) = nursery.ask(browser.with_cookie(post(&path, "", body))).await;
                let to = headers.get(http::header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
                // Some are led on, to look again or to show a second step first; none of that acts, says the audit.
                assert!(!status.is_success(), "{path}: {status} {to}: {html}");
                assert!(!status.is_server_error(), "{path}: {status}");
                assert_eq!(app.acts().await, before, "{path} wrote something");
                knocked += 1;
            }
        }
    }
    assert!(knocked > 100, "{knocked}");
}

/// Leaving needs no proof, and another site's page cannot post here at all: an old form still signs out.
const LEAVING: &str = "/sign-out";

/// How to make a door act.
struct Driver {
    path: &'static str,
    who: fn(&Nursery) -> PersonId,
    fields: fn(&Nursery, &Things) -> Vec<(&'static str, String)>,
}

fn lead(nursery: &Nursery) -> PersonId {
    nursery.app.people.dsl
}

fn practitioner(nursery: &Nursery) -> PersonId {
    nursery.app.people.practitioner
}

fn fixed(fields: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// Doors that act, each on things of its own.
const DRIVEN: &[Driver] = &[
    Driver { path: "/sign-out", who: lead, fields: |_, _| Vec::new() },
    Driver { path: "/lock", who: lead, fields: |_, _| Vec::new() },
    Driver {
        path: "/concerns/report/{kind}",
        who: practitioner,
        fields: |_, _| {
            let mut fields = fixed(&ENTRY[2..]);
            fields.extend(fixed(&[
                ("kind", "filter_breach"),
                ("safe_now", "yes"),
                ("what_happened", "A picture."),
                ("children", "unknown"),
            ]));
            fields
        },
    },
    Driver {
        path: "/procedures/{id}/own/{kind}",
        who: lead,
        fields: |_, _| {
            fixed(&[
                ("step", "judge"),
                ("title", "Ring the chair"),
                ("text", "The chair hears of it."),
                ("closes", "yes"),
                ("why", "Decided on 3 November."),
            ])
        },
    },
    Driver { path: "/reports/{id}/words", who: practitioner, fields: |_, _| fixed(&[("child_words", "“Look!”")]) },
    Driver {
        path: "/concerns/{id}/steps/{key}",
        who: lead,
        fields: |_, _| fixed(&[("act", "done"), ("seen", "0"), ("answer", "no"), ("why", "A cartoon.")]),
    },
    Driver { path: "/concerns/{id}/entries", who: lead, fields: |_, _| fixed(&ENTRY) },
    Driver {
        path: "/concerns/{id}/times",
        who: lead,
        fields: |_, _| {
            let when = [("at-day", "27"), ("at-month", "2"), ("at-year", "2026"), ("at-time", "08:58")];
            fixed(&[&[("which", "known"), ("reason", "She was told on Friday.")][..], &when].concat())
        },
    },
    Driver { path: "/concerns/{id}/entries/{entry}", who: lead, fields: |_, _| fixed(&ENTRY) },
    Driver {
        path: "/concerns/{id}/people/exclude",
        who: lead,
        fields: |nursery, _| vec![("shut_out", nursery.app.people.deputy.to_string())],
    },
    Driver {
        path: "/holds",
        who: lead,
        fields: |nursery, _| {
            vec![("device", nursery.app.people.laptop.to_string()), ("why", "Lent to somebody outside.".to_owned())]
        },
    },
    Driver { path: "/holds/confirm", who: lead, fields: |_, things| vec![("hold", things.hold.clone())] },
    Driver {
        path: "/holds/custody",
        who: lead,
        fields: |_, things| {
            vec![("hold", things.hold.clone()), ("custody", "Office safe; Amara has the key.".to_owned())]
        },
    },
    Driver {
        path: "/concerns/{id}/actions",
        who: lead,
        fields: |nursery, _| {
            let day = [("due-day", "9"), ("due-month", "4"), ("due-year", "2026")];
            let mut fields = fixed(&[&[("title", "Look at the settings")][..], &day].concat());
            fields.push(("owner", nursery.app.people.technician.to_string()));
            fields
        },
    },
    Driver {
        path: "/agencies/new",
        who: lead,
        fields: |_, _| fixed(&[("name", "School nurse"), ("when", "A child is ill."), ("note", "Rang it.")]),
    },
    Driver {
        path: "/concerns/{id}/people/child",
        who: lead,
        fields: |nursery, _| vec![("child", nursery.app.people.child_2.to_string())],
    },
    Driver {
        path: "/concerns/{id}/people/part",
        who: lead,
        fields: |nursery, _| vec![("person", nursery.app.people.colleague.to_string()), ("part", "witness".to_owned())],
    },
    Driver {
        path: "/concerns/{id}/people/invite",
        who: lead,
        fields: |nursery, _| {
            vec![("colleague", nursery.app.people.deputy_2.to_string()), ("reason", "Knows the family.".to_owned())]
        },
    },
    Driver {
        path: "/devices/new",
        who: lead,
        fields: |_, _| fixed(&[("name", "Crab tablet"), ("kind", "tablet"), ("group", "children")]),
    },
    Driver { path: "/devices/{id}/credential", who: lead, fields: version },
    Driver { path: "/devices/{id}/pass-check", who: lead, fields: version },
    Driver {
        path: "/checks/external",
        who: lead,
        fields: |nursery, _| {
            let parts =
                [("child_abuse", "blocked"), ("terrorism", "blocked"), ("adult", "blocked"), ("language", "blocked")];
            let day =
                [("on-day", "2"), ("on-month", "3"), ("on-year", "2026"), ("notes", "After closing, at the door.")];
            let mut fields = fixed(&[&parts[..], &day].concat());
            fields.push(("device", nursery.app.people.tablet.to_string()));
            fields
        },
    },
    Driver { path: "/devices/{id}/retire", who: lead, fields: version },
    Driver { path: "/evidence/export", who: lead, fields: |_, _| Vec::new() },
    Driver {
        path: "/keeping/holds/new",
        who: lead,
        fields: |_, _| {
            fixed(&[("reach", "all"), ("ground", "inquiry"), ("asked_by", "The inquiry"), ("reason", "They asked.")])
        },
    },
    Driver {
        path: "/exports/new",
        who: lead,
        fields: |_, things| {
            let mut fields = fixed(&[
                ("for_whom", "PC 4711"),
                ("why", "They asked."),
                ("other_way", "By telephone."),
                ("agency", "police"),
            ]);
            fields.push(("concern", things.concern.clone()));
            fields
        },
    },
    Driver {
        path: "/agencies/{key}/check",
        who: lead,
        fields: |_, _| fixed(&[("phone", "03000 41 11 11"), ("note", "Rang it.")]),
    },
    Driver {
        path: "/concerns/{id}/referrals",
        who: lead,
        fields: |_, _| fixed(&[("agency", "police"), ("decision", "refer"), ("a_concern", "A picture.")]),
    },
    Driver {
        path: "/referrals/{id}/record/{act}",
        who: lead,
        fields: |_, _| {
            let when = [("at-day", "2"), ("at-month", "3"), ("at-year", "2026"), ("at-time", "08:58")];
            fixed(&[&[("how", "telephone"), ("version", "0")][..], &when].concat())
        },
    },
    Driver {
        path: "/transfers/new",
        who: lead,
        fields: |nursery, _| {
            let day = [("left_on-day", "2"), ("left_on-month", "3"), ("left_on-year", "2026")];
            let mut fields = fixed(&[&[("to_name", "Anytown Primary"), ("to_lead", "Mx Lead")][..], &day].concat());
            fields.push(("child", nursery.app.people.child.to_string()));
            fields
        },
    },
    Driver {
        path: "/transfers/{id}/record/{act}",
        who: lead,
        fields: |_, _| {
            let when = [("at-day", "2"), ("at-month", "3"), ("at-year", "2026"), ("at-time", "08:58")];
            fixed(&[&[("how", "by hand"), ("version", "0")][..], &when].concat())
        },
    },
    Driver {
        path: "/cover/new",
        who: lead,
        fields: |nursery, _| {
            let mut fields = fixed(&[
                ("starts-day", "9"),
                ("starts-month", "4"),
                ("starts-year", "2026"),
                ("ends-day", "10"),
                ("ends-month", "4"),
                ("ends-year", "2026"),
            ]);
            fields.push(("away", nursery.app.people.dsl.to_string()));
            fields.push(("cover", nursery.app.people.deputy.to_string()));
            fields
        },
    },
    Driver {
        path: "/declarations/new",
        who: |nursery| nursery.app.people.practitioner,
        fields: |_, _| fixed(&[("kind", "content"), ("what", "A page of mine.")]),
    },
    Driver {
        path: "/low-level/new",
        who: |nursery| nursery.app.people.manager,
        fields: |nursery, _| {
            let when = [("at-day", "2"), ("at-month", "3"), ("at-year", "2026"), ("at-time", "08:58")];
            let mut fields = fixed(&[&[("what", "Phone in the room."), ("response", "Talked.")][..], &when].concat());
            fields.push(("about", nursery.app.people.colleague.to_string()));
            fields
        },
    },
    Driver { path: "/people/rooms", who: lead, fields: |_, _| fixed(&[("room", "Wagtails")]) },
    Driver { path: "/account/sessions/end-others", who: lead, fields: |_, _| fixed(&[]) },
    Driver { path: "/people/new", who: lead, fields: |_, _| fixed(&[("kind", "child"), ("name", "Lou Child")]) },
    Driver {
        path: "/people/{id}/edit",
        who: lead,
        fields: |_, _| fixed(&[("kind", "staff"), ("name", "Fay Fellow"), ("version", "0")]),
    },
];

fn version(_: &Nursery, _: &Things) -> Vec<(&'static str, String)> {
    fixed(&[("version", "0")])
}

/// Doors that act and whose use case is driven by another test. The store writes a row with every write, so what these
/// doors do cannot miss one; that they answer at all is walked above.
const ELSEWHERE: &[(&str, &str)] = &[
    ("/duties", "who_may_know, in app"),
    ("/keeping/records/{what}/{id}/keep", "keeping, in app: needs a record whose day has come"),
    ("/keeping/records/{what}/{id}/propose", "the same"),
    ("/keeping/decisions/{id}/agree", "the same"),
    ("/keeping/decisions/{id}/withdraw", "the same"),
    ("/keeping/holds/{id}/lift", "the same"),
    ("/exports/{id}", "handing_out, in app"),
    ("/concerns/{id}/bundle", "handing_out, in app: needs a request for data"),
    ("/concerns/{id}/bundle/mark", "the same"),
    ("/concerns/{id}/bundle/take", "the same"),
    ("/concerns/{id}/bundle/unmark", "the same"),
    ("/concerns/{id}/bundle/send", "the same"),
    ("/concerns/{id}/bundle/check", "the same"),
    ("/concerns/{id}/bundle/make", "the same"),
    ("/emergency", "handing_out, in app"),
    ("/emergency/{id}/review", "the same"),
    ("/inspection", "the same"),
    ("/tell/{place}/new", "telling: without a session, and with a token of its own"),
    ("/tell/{place}/back", "the same; it opens, and changes nothing"),
    ("/tell/{place}/read", "the same"),
    ("/concerns/{id}/sender", "the same"),
    ("/reports/{id}/answer", "asked, in app; it answers a question"),
    ("/concerns/{id}/files/ask", "attachments, in app; the question"),
    ("/concerns/{id}/files/cannot-show", "the same"),
    ("/concerns/{id}/files/add", "files: it takes no plain form"),
    ("/concerns/{id}/files/{file}", "attachments, in app"),
    ("/concerns/{id}/files/{file}/word", "attachments, in app"),
    ("/concerns/{id}/viewing", "attachments, in app"),
    ("/sign-in", "accounts, in app: every way of coming in writes its row"),
    ("/sign-in/second-step", "the same"),
    ("/unlock", "the same"),
    ("/account/sessions/end", "the same"),
    ("/account/password", "the same"),
    ("/account/second-step", "the same"),
    ("/account/second-step/replace", "the same"),
    ("/set-password/{token}", "the same"),
    ("/concerns/{id}/reopen", "breach_journey, in app"),
    ("/concerns/{id}/debrief", "breach_journey, in app"),
    ("/concerns/{id}/close", "breach_journey, in app"),
    ("/concerns/{id}/people/back", "shut_out, in app"),
    ("/concerns/{id}/people/back/decide", "the same"),
    ("/concerns/{id}/letter", "referrals, in app"),
    ("/concerns/{id}/strands", "working, in app"),
    ("/declarations/{id}", "declarations, in app"),
    ("/concerns/{id}/share", "sharing, in app"),
    ("/holds/look-again", "holding, in app"),
    ("/low-level/{id}/correct", "low_level, in app"),
    ("/low-level/{id}/link", "the same"),
    ("/cover/take", "working, in app"),
    ("/cover/end", "working, in app"),
    ("/concerns/{id}/split", "together, in app"),
    ("/concerns/{id}/kind", "together, in app"),
    ("/concerns/{id}/plan", "together, in app"),
    ("/plans/{id}", "together, in app"),
    ("/concerns/{id}/addresses", "together, in app"),
    ("/concerns/{id}/addresses/{address}/release", "together, in app"),
    ("/concerns/{id}/addresses/{address}/copy", "together, in app"),
    ("/concerns/{id}/clocks/{key}", "together, in app"),
    ("/agencies/area", "together, in app"),
    ("/procedures/{id}/agree", "own_rules, in app"),
    ("/procedures/{id}/take-back", "own_rules, in app"),
    ("/people/case-manager", "together, in app"),
    ("/people/{id}/kinds", "need_to_know"),
    ("/set-up/terms", "together, in app"),
    ("/trends/report/export", "working_pages"),
    ("/concerns/{id}/edition", "loose_ends, in app"),
    ("/concerns/{id}/people/cannot-know", "loose_ends, in app"),
    ("/holds/release", "holding, in app: a hold that belongs to a concern ends in its procedure"),
    ("/devices/{id}/edit", "registers, in app"),
    ("/devices/{id}/forget-check", "registers, in app"),
    ("/devices/{id}/move", "whose, in app"),
    ("/guests", "the same; a test nursery has no group for guests"),
    ("/guests/{id}/call-back", "the same"),
    ("/guest", "the same"),
    ("/start/{path}/take", "the same"),
    ("/start/{path}/give-back", "the same"),
    ("/account/tokens/end", "accounts, in app"),
    ("/account/recovery-codes", "accounts, in app"),
    ("/account/settings", "places, in app"),
    ("/people/{id}/end-account", "set_up"),
    ("/people/{id}/ties", "set_up"),
    ("/people/{id}/ties/remove", "set_up"),
    ("/people/roles/end", "registers, in app"),
    ("/people/{id}/account", "accounts, in app"),
    ("/people/{id}/role", "registers, in app"),
    ("/people/{id}/reset-password", "accounts, in app"),
    ("/people/{id}/verify", "registers, in app"),
    ("/people/{id}/vouch", "accounts, in app"),
    ("/people/{id}/confirm", "accounts, in app"),
    ("/verify/{token}", "registers, in app"),
    ("/set-up/name/{key}", "set_up, in app"),
    ("/set-up/filtering", "set_up, in app"),
    ("/set-up/hours", "set_up, in app"),
    ("/set-up/recovery-code", "set_up, in app"),
    ("/set-up/{token}", "set_up, in app"),
    ("/audit/verify", "audit, in store; it looks, and takes long enough for a button"),
    ("/filter/check", "filter_pages; it looks, and changes nothing"),
    ("/filter/propose", "filter_pages, and through the real program in holdfast's tests"),
    ("/filter/groups/{key}/change/{what}", "filter_pages"),
    ("/sessions", "sessions, in app"),
    ("/sessions/pin", "sessions, in app"),
    ("/sessions/{id}/end", "sessions, in app"),
    ("/start/{path}", "sessions, in app"),
    ("/filter/break-glass", "break_glass, in app"),
    ("/filter/break-glass/{id}/end", "break_glass, in app"),
    ("/filter/break-glass/{id}/review", "break_glass, in app"),
    ("/start/{path}/help", "help, in app"),
    ("/start/{path}/coming", "help, in app"),
    ("/start/{path}/coming/{id}", "help, in app"),
    ("/alerts/{id}/coming", "help, in app, and help_pages"),
    ("/set-up/help", "help, in app"),
    ("/set-up/approving", "set_up, and one_person in app"),
    ("/set-up/by-person", "set_up, in app"),
    ("/set-up/essential", "set_up, in app"),
    ("/filter/proposals/{id}", "the same"),
    ("/filter/proposals/{id}/agree", "the same"),
    ("/filter/proposals/{id}/withdraw", "filtering, in app"),
    ("/filter/requests/{id}", "filtering, in app"),
    ("/filter/ask", "filter_pages"),
    ("/filter/self-test", "filtering, in app"),
    ("/filter/lists/add", "filter_lists"),
    ("/filter/lists/{key}/fetch", "filter_lists"),
    ("/filter/lists/{key}/decide", "filter_lists"),
    ("/filter/lists/{key}/remove", "filter_lists"),
    ("/filter/feeds/{key}", "filter_lists"),
    ("/filter/networks", "filter_lists"),
    ("/checks/sign", "evidence, in app"),
    ("/actions", "evidence, in app"),
    ("/actions/{id}/done", "evidence, in app"),
    ("/actions/{id}/turn", "turned, in app"),
    ("/reviews", "evidence, in app"),
    ("/reviews/{id}/close", "evidence, in app"),
    ("/imports/{what}", "registers, in app"),
    ("/imports/{what}/bring-in", "registers, in app"),
    ("/imports/{what}/take-back", "registers, in app"),
];

fn driver(route: &Route) -> Option<&'static Driver> {
    DRIVEN.iter().find(|driver| driver.path == route.path)
}

#[tokio::test]
async fn whatever_acts_writes_an_audit_row() {
    for driver in DRIVEN {
        let nursery = Nursery::new().await;
        let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
        let things = Things::of(&nursery, &lead).await;
        let route = routes::all().into_iter().find(|route| route.mutating && route.path == driver.path);
        let route = route.unwrap_or_else(|| panic!("{} is no route any more", driver.path));
        let who = (driver.who)(&nursery);
        let browser = if who == nursery.app.people.dsl { lead } else { Browser::of(&nursery, who).await };
        let fields = (driver.fields)(&nursery, &things);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let before = nursery.app.acts().await;
        let (status, to, html) = browser.send(&things.path(&route), &fields).await;
        // On to the next page, or to the one that shows a secret this once; a form to mend would be 422.
        assert!(
            [StatusCode::SEE_OTHER, StatusCode::OK].contains(&status),
            "{} did not act: {status} {html}",
            driver.path
        );
        assert!(!to.contains("?next="), "{} sent us away to {to}", driver.path);
        assert!(nursery.app.acts().await > before, "{} acted and wrote nothing", driver.path);
    }
}

#[test]
fn every_door_that_acts_is_driven_somewhere() {
    let known = |path: &str| DRIVEN.iter().any(|d| d.path == path) || ELSEWHERE.iter().any(|(p, _)| *p == path);
    let open: Vec<&str> =
        routes::all().iter().filter(|route| route.mutating && !known(route.path)).map(|route| route.path).collect();
    assert!(open.is_empty(), "nobody drives these: {open:#?}");
    for (path, _) in ELSEWHERE {
        assert!(!DRIVEN.iter().any(|driver| driver.path == *path), "{path} is driven here, and said to be elsewhere");
        assert!(routes::all().iter().any(|route| route.path == *path), "{path} is no route any more");
    }
}
