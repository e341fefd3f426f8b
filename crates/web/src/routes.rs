//! Every door of the house, as data. The router is built from this list, and so are the tests that knock on every door
//! as nobody and as each wrong role.
//!
//! To add one: a line in [`all`]. `get`/`post`, the path, who may come in, the handler, a sentence.

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use domain::{
    access::{Action, Relation},
    ctx::SecondFactor,
};
use http::{Method, StatusCode};
use std::{sync::Arc, time::Duration};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer};

use crate::{api, assets, fault::Fault, pages, site::Site, visit, visit::Visit};

/// Who may come through a door at all. Each use case behind it asks again, of the very thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; no account needed.
    Public,
    /// Anybody, and the program must not learn who: no session is read, no cookie set, no address kept (S14). All of them,
    /// and nothing else, lie under `/tell`.
    Nameless,
    /// Anybody signed in, locked screen and missing second factor included: sign-out, unlock, second step, report.
    AnySession,
    /// Anybody signed in whose screen is not locked.
    SignedIn,
    /// Those of whose roles one may do this in some relation.
    Action(Action),
    /// A token of the API, not a browser's session.
    Token,
}

/// One door.
pub struct Route {
    /// GET or POST.
    pub method: Method,
    /// As axum writes it: `/concerns/{id}`.
    pub path: &'static str,
    /// Who may come in.
    pub access: Access,
    /// Does it change anything? Then it needs a token and writes an audit row.
    pub mutating: bool,
    /// What it is, for the list of routes.
    pub doc: &'static str,
    handler: MethodRouter<Site>,
}

/// A door to look through.
pub fn get<H: Handler<T, Site>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
    doc: &'static str,
) -> Route {
    Route { method: Method::GET, path, access, mutating: false, doc, handler: routing::get(handler) }
}

/// A door to do something.
pub fn post<H: Handler<T, Site>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
    doc: &'static str,
) -> Route {
    Route { method: Method::POST, path, access, mutating: true, doc, handler: routing::post(handler) }
}

/// Every page of the house, in the order in which people meet them. The JSON API has its own list: [`api::routes`].
#[rustfmt::skip]
pub fn all() -> Vec<Route> {
    use Access::{Action, AnySession, Nameless, Public, SignedIn};
    use domain::access::Action as A;
    vec![
        get ("/", SignedIn, pages::home::get, "What needs me"),
        get ("/blank", Public, pages::blank::get, "The hidden screen, without our script"),
        get ("/sign-in", Public, pages::sign_in::get, "Username and password"),
        post("/sign-in", Public, pages::sign_in::post, "Sign in"),
        get ("/sign-in/second-step", AnySession, pages::second_step::get, "Six figures or a recovery code"),
        post("/sign-in/second-step", AnySession, pages::second_step::post, "Show the second factor"),
        post("/sign-out", AnySession, pages::sign_out::post, "End this session"),
        get ("/unlock", AnySession, pages::unlock::get, "The screen locked itself"),
        post("/unlock", AnySession, pages::unlock::post, "Password again"),
        post("/lock", AnySession, pages::lock::post, "Lock this screen now"),
        get ("/account", SignedIn, pages::account::get, "My account and where I am signed in"),
        post("/account/sessions/end", SignedIn, pages::account::end_session, "End another session of mine"),
        post("/account/sessions/end-others", SignedIn, pages::account::end_others, "End all my sessions but this one"),
        post("/account/tokens/end", SignedIn, pages::account::end_token, "End a token of mine"),
        get ("/account/recovery-codes", SignedIn, pages::account::codes::get, "The form for fresh recovery codes"),
        post("/account/recovery-codes", SignedIn, pages::account::codes::post, "Fresh recovery codes, shown once"),
        get ("/account/settings", SignedIn, pages::account::places::get, "Which of my settings?"),
        post("/account/settings", SignedIn, pages::account::places::post, "Go to another of my settings"),
        get ("/account/password", AnySession, pages::password::get, "Choose a new password"),
        post("/account/password", AnySession, pages::password::post, "Change the password"),
        get ("/account/second-step", SignedIn, pages::second_step_set_up::get, "Set up the second factor"),
        post("/account/second-step", SignedIn, pages::second_step_set_up::post, "Prove the second factor"),
        post("/account/second-step/replace", SignedIn, pages::second_step_set_up::replace, "Begin anew with another device"),
        get ("/set-password/{token}", Public, pages::set_password::get, "A handed-over link to choose a password"),
        post("/set-password/{token}", Public, pages::set_password::post, "Choose a password with it"),
        get ("/concerns/report", Public, pages::concerns::report::kinds, "What is it about?"),
        get ("/concerns/report/{kind}", Action(A::ReportConcern), pages::concerns::report::get, "One short form"),
        post("/concerns/report/{kind}", Action(A::ReportConcern), pages::concerns::report::post, "Report a concern"),
        get ("/tell", Nameless, pages::tell::anywhere, "The open door, without a word"),
        get ("/tell/{place}", Nameless, pages::tell::get, "The open door of a setting"),
        get ("/tell/{place}/new", Nameless, pages::tell::new, "Tell without an account"),
        post("/tell/{place}/new", Nameless, pages::tell::send, "Send it, and get six words"),
        get ("/tell/{place}/signs", Nameless, pages::tell::signs, "Signs of harm online, for families"),
        get ("/tell/{place}/back", Nameless, pages::tell::back, "Come back with six words"),
        post("/tell/{place}/back", Nameless, pages::tell::open, "Read what waits"),
        post("/tell/{place}/read", Nameless, pages::tell::read, "Look again, or write once more"),
        get ("/poster", Action(A::ReadContacts), pages::tell::poster, "The poster of the open door"),
        get ("/concerns/{id}/sender", Action(A::WorkConcern), pages::tell::sender, "To and fro with whoever told it"),
        post("/concerns/{id}/sender", Action(A::WorkConcern), pages::tell::answer, "Ask whoever told it, or answer them"),
        get ("/reports", Action(A::ReadReceipt), pages::concerns::receipt::mine, "My reports"),
        get ("/reports/sent", Action(A::ReportConcern), pages::concerns::receipt::sent, "Sent, and not for the sender's eyes"),
        get ("/reports/{id}", Action(A::ReadReceipt), pages::concerns::receipt::get, "The receipt of my report"),
        post("/reports/{id}/answer", Action(A::ReadReceipt), pages::concerns::receipt::answer, "Answer what one was asked about one’s report"),
        get ("/reports/{id}/words", Action(A::ReadReceipt), pages::concerns::receipt::words, "The exact words"),
        post("/reports/{id}/words", Action(A::ReadReceipt), pages::concerns::receipt::add_words, "Sign and send the exact words"),
        get ("/concerns", Action(A::ReadQueue), pages::concerns::queue::get, "The queue"),
        get ("/search", Action(A::ReadQueue), pages::concerns::queue::search, "Search concerns"),
        get ("/concerns/{id}", Action(A::OpenConcern), pages::concerns::case::get, "A concern"),
        post("/concerns/{id}/reopen", Action(A::WorkConcern), pages::concerns::case::reopen, "Open a closed concern again"),
        get ("/concerns/{id}/steps/{key}", Action(A::WorkConcern), pages::concerns::step::get, "A step"),
        post("/concerns/{id}/steps/{key}", Action(A::WorkConcern), pages::concerns::step::post, "Record a step"),
        get ("/concerns/{id}/entries", Action(A::WorkConcern), pages::concerns::entry::get, "Add to the record"),
        post("/concerns/{id}/entries", Action(A::WorkConcern), pages::concerns::entry::post, "Add an entry"),
        get ("/concerns/{id}/entries/{entry}", Action(A::WorkConcern), pages::concerns::entry::get_correction, "Correct an entry"),
        post("/concerns/{id}/entries/{entry}", Action(A::WorkConcern), pages::concerns::entry::correct, "Write a correction"),
        get ("/concerns/{id}/people", Action(A::WorkConcern), pages::concerns::people::get, "Who is involved"),
        post("/concerns/{id}/people/child", Action(A::WorkConcern), pages::concerns::people::child, "Name the child"),
        post("/concerns/{id}/people/part", Action(A::WorkConcern), pages::concerns::people::part, "Add somebody"),
        post("/concerns/{id}/people/invite", Action(A::InviteToConcern), pages::concerns::people::invite, "Let somebody in"),
        post("/concerns/{id}/people/exclude", Action(A::ExcludeFromConcern), pages::concerns::people::exclude, "Shut somebody out"),
        post("/concerns/{id}/people/back", Action(A::ExcludeFromConcern), pages::concerns::people::back, "Say that somebody was shut out by mistake"),
        post("/concerns/{id}/people/back/decide", Action(A::ExcludeFromConcern), pages::concerns::people::decide_back, "Agree that somebody is let back, or not"),
        get ("/concerns/{id}/debrief", Action(A::WorkConcern), pages::concerns::debrief::get, "What we learned"),
        post("/concerns/{id}/debrief", Action(A::WorkConcern), pages::concerns::debrief::post, "Save what we learned"),
        get ("/concerns/{id}/close", Action(A::CloseConcern), pages::concerns::debrief::close, "The last step"),
        post("/concerns/{id}/close", Action(A::CloseConcern), pages::concerns::debrief::post_close, "Close a concern"),
        get ("/concerns/{id}/print", Action(A::ExportConcern), pages::concerns::paper::get, "A concern on paper"),
        post("/concerns/{id}/edition", Action(A::WorkConcern), pages::concerns::case::move_edition, "Move a concern to the newer edition of its procedure"),
        post("/concerns/{id}/people/cannot-know", Action(A::WorkConcern), pages::concerns::people::cannot_know, "Nobody can find out which child it was"),
        get ("/concerns/{id}/files", Action(A::WorkConcern), pages::concerns::files::get, "The files of a concern"),
        post("/concerns/{id}/files/ask", Action(A::AttachFile), pages::concerns::files::ask, "What could it show? Then a file, or none"),
        post("/concerns/{id}/files/cannot-show", Action(A::AttachFile), pages::concerns::files::cannot_show, "Decide why it cannot show that"),
        post("/concerns/{id}/files/add", Action(A::AttachFile), pages::concerns::files::add, "Add a file"),
        get ("/concerns/{id}/files/{file}", Action(A::WorkConcern), pages::concerns::files::fetch, "Fetch a file"),
        post("/concerns/{id}/files/{file}", Action(A::WorkConcern), pages::concerns::files::decide, "Seal a file; agree to what a first person recorded"),
        get ("/concerns/{id}/files/{file}/word", Action(A::DecideSealed), pages::concerns::files::word, "A word from outside about a file"),
        post("/concerns/{id}/files/{file}/word", Action(A::DecideSealed), pages::concerns::files::order, "Record that word"),
        get ("/concerns/{id}/viewing", Action(A::AttachFile), pages::concerns::files::viewing, "Before looking at an image"),
        post("/concerns/{id}/viewing", Action(A::AttachFile), pages::concerns::files::declare, "Declare it"),
        get ("/holds", Action(A::HoldDevice), pages::concerns::beside::holds, "Held devices"),
        post("/holds", Action(A::HoldDevice), pages::concerns::beside::place, "Hold a device"),
        post("/holds/confirm", Action(A::DecideHold), pages::concerns::beside::confirm, "Confirm a hold"),
        post("/holds/custody", Action(A::DecideHold), pages::concerns::beside::custody, "Where a held device lies, and whose key"),
        post("/holds/release", Action(A::DecideHold), pages::concerns::beside::release, "Let a device back"),
        get ("/notices", SignedIn, pages::concerns::beside::notices, "What needs me"),
        get ("/outbox", Action(A::ReadOutbox), pages::concerns::beside::outbox, "What was sent"),
        get ("/who-to-tell", Public, pages::concerns::contacts::whom, "Whom must I tell?"),
        get ("/blank-form", Public, pages::concerns::contacts::blank_form, "The report form for pen and paper"),
        get ("/contact-sheet", Public, pages::concerns::contacts::sheet, "The contact sheet"),
        get ("/agencies", Public, pages::working::agencies::get, "Whom to ask and whom to tell outside"),
        get ("/agencies/new", Action(A::KeepAgencies), pages::working::agencies::new, "The form for an agency that no pack has"),
        post("/agencies/new", Action(A::KeepAgencies), pages::working::agencies::post_new, "Enter an agency"),
        get ("/agencies/area", Action(A::KeepAgencies), pages::working::agencies::area, "The area, and the form for a pack file"),
        post("/agencies/area", Action(A::KeepAgencies), pages::working::agencies::post_area, "Save the area, take a pack"),
        get ("/agencies/{key}/check", Action(A::KeepAgencies), pages::working::agencies::check_get, "The form to confirm or correct a number"),
        post("/agencies/{key}/check", Action(A::KeepAgencies), pages::working::agencies::check_post, "Confirm or correct a number"),
        get ("/referrals", Action(A::ReadQueue), pages::working::referrals::list, "Referrals and what became of them"),
        get ("/referrals/{id}", Action(A::OpenConcern), pages::working::referrals::get, "One referral"),
        get ("/referrals/{id}/record/{act}", Action(A::WorkConcern), pages::working::referrals::record, "The form for what happened to it"),
        post("/referrals/{id}/record/{act}", Action(A::WorkConcern), pages::working::referrals::post_record, "Record what happened to it"),
        get ("/referrals/{id}/print", Action(A::ExportConcern), pages::working::referrals::print, "A referral on paper"),
        get ("/concerns/{id}/referrals/new", Action(A::WorkConcern), pages::working::referrals::new, "Whom to refer to, and the form"),
        post("/concerns/{id}/referrals", Action(A::WorkConcern), pages::working::referrals::post, "Keep a referral, or the decision not to make one"),
        get ("/concerns/{id}/letter", Action(A::WorkConcern), pages::working::letters::get, "Whom it is safe to tell, and a letter"),
        post("/concerns/{id}/letter", Action(A::WorkConcern), pages::working::letters::post, "Keep a letter, to print"),
        get ("/letters/{id}/print", Action(A::ExportConcern), pages::working::letters::print, "A letter on paper"),
        get ("/procedures", SignedIn, pages::working::procedures::list, "The procedures, to read"),
        get ("/procedures/{id}", SignedIn, pages::working::procedures::get, "One procedure, with what this setting adds to it"),
        get ("/procedures/{id}/own/{kind}", Action(A::OwnProcedure), pages::working::procedures::form, "The form of an addition"),
        post("/procedures/{id}/own/{kind}", Action(A::OwnProcedure), pages::working::procedures::post, "Propose an addition: the first of two"),
        post("/procedures/{id}/agree", Action(A::OwnProcedure), pages::working::procedures::agree, "Agree to it, or to its end, as the second of two"),
        post("/procedures/{id}/take-back", Action(A::OwnProcedure), pages::working::procedures::take_back, "Take it back: the first of two"),
        get ("/clocks", Action(A::ReadQueue), pages::working::wall::get, "What is due, late, met"),
        get ("/people/{id}/chronology", Action(A::ReadQueue), pages::working::over::of_person, "The chronology of a child or an adult"),
        get ("/people/{id}/chronology/print", Action(A::ReadQueue), pages::working::over::print_person, "The same on paper"),
        get ("/devices/{id}/chronology", Action(A::ReadQueue), pages::working::over::of_device, "The chronology of a device"),
        get ("/devices/{id}/chronology/print", Action(A::ReadQueue), pages::working::over::print_device, "The same on paper"),
        get ("/concerns/{id}/chronology", Action(A::OpenConcern), pages::working::over::of_concern, "The chronology of a concern and what belongs to it"),
        get ("/concerns/{id}/chronology/print", Action(A::ExportConcern), pages::working::over::print_concern, "The same on paper"),
        get ("/concerns/{id}/looks", Action(A::OpenConcern), pages::working::over::looks, "Who has looked at a concern"),
        get ("/concerns/{id}/strands", Action(A::WorkConcern), pages::working::strands::get, "What belongs together"),
        post("/concerns/{id}/strands", Action(A::WorkConcern), pages::working::strands::post, "Tie two concerns"),
        get ("/concerns/{id}/split", Action(A::WorkConcern), pages::working::apart::get, "The form with which a part becomes a concern of its own"),
        post("/concerns/{id}/split", Action(A::WorkConcern), pages::working::apart::post, "Split a concern"),
        get ("/concerns/{id}/kind", Action(A::WorkConcern), pages::working::apart::kind_get, "The form for: it is about something else"),
        post("/concerns/{id}/kind", Action(A::WorkConcern), pages::working::apart::kind_post, "Go on as another kind"),
        get ("/concerns/{id}/actions", Action(A::WorkConcern), pages::working::tasks::get, "What was given from a concern, and the form for more"),
        post("/concerns/{id}/actions", Action(A::WorkConcern), pages::working::tasks::post, "Give somebody something to do"),
        get ("/concerns/{id}/plan", Action(A::WorkConcern), pages::working::plans::new, "The form of a support plan"),
        post("/concerns/{id}/plan", Action(A::WorkConcern), pages::working::plans::add, "Keep a support plan"),
        get ("/plans", Action(A::ReadQueue), pages::working::plans::list, "Support plans"),
        get ("/plans/{id}", Action(A::WorkConcern), pages::working::plans::one, "One support plan"),
        post("/plans/{id}", Action(A::WorkConcern), pages::working::plans::look, "Write down that a plan was looked at"),
        get ("/concerns/{id}/addresses", Action(A::WorkConcern), pages::working::addresses::get, "Sealed addresses of a concern"),
        post("/concerns/{id}/addresses", Action(A::WorkConcern), pages::working::addresses::post, "Seal an address"),
        post("/concerns/{id}/addresses/{address}/release", Action(A::WorkConcern), pages::working::addresses::release, "Release an address"),
        post("/concerns/{id}/addresses/{address}/copy", Action(A::WorkConcern), pages::working::addresses::copy, "An address whole, for the IWF or the police"),
        get ("/concerns/{id}/times", Action(A::WorkConcern), pages::concerns::times::get, "The form to put a time right"),
        post("/concerns/{id}/times", Action(A::WorkConcern), pages::concerns::times::post, "Put a time right"),
        get ("/concerns/{id}/clocks/{key}", Action(A::WorkConcern), pages::working::rests::get, "The form to let a clock rest or go on"),
        post("/concerns/{id}/clocks/{key}", Action(A::WorkConcern), pages::working::rests::post, "Let a clock rest or go on"),
        get ("/trends", Action(A::ReadTrends), pages::working::over::trends, "Counts by area, kind, room, time"),
        get ("/trends/report", Action(A::ReadTrends), pages::working::over::report, "The termly report"),
        post("/trends/report/export", Action(A::ReadTrends), pages::working::over::export, "The termly report as a PDF"),
        get ("/low-level", Action(A::KeepLowLevel), pages::working::low_level::list, "Low-level concerns about adults here"),
        get ("/low-level/new", Action(A::KeepLowLevel), pages::working::low_level::new, "The form for one"),
        post("/low-level/new", Action(A::KeepLowLevel), pages::working::low_level::post, "Write one down"),
        get ("/low-level/{id}", Action(A::KeepLowLevel), pages::working::low_level::one, "One note, with its versions"),
        get ("/low-level/{id}/correct", Action(A::KeepLowLevel), pages::working::low_level::get_correct, "The form to correct a note"),
        post("/low-level/{id}/correct", Action(A::KeepLowLevel), pages::working::low_level::correct, "Correct a note"),
        get ("/low-level/{id}/link", Action(A::KeepLowLevel), pages::working::low_level::get_link, "The form to link a note to a concern"),
        post("/low-level/{id}/link", Action(A::KeepLowLevel), pages::working::low_level::link, "Link a note to a concern"),
        get ("/concerns/{id}/share", Action(A::WorkConcern), pages::working::sharing::get, "Whom of a family it is safe to tell, and what they were told"),
        post("/concerns/{id}/share", Action(A::WorkConcern), pages::working::sharing::post, "Share with one adult of a child, or not"),
        get ("/shared", SignedIn, pages::working::sharing::mine, "What was shared with one’s family"),
        get ("/shared/{id}", SignedIn, pages::working::sharing::shared, "One thing that was shared"),
        post("/holds/look-again", Action(A::DecideHold), pages::concerns::beside::look_again, "A device stays held on somebody’s word"),
        get ("/declarations", Action(A::Declare), pages::declarations::list, "What one declared, and what one decides"),
        get ("/declarations/new", Action(A::Declare), pages::declarations::new, "The form to declare something"),
        post("/declarations/new", Action(A::Declare), pages::declarations::post, "Declare something"),
        get ("/declarations/{id}", Action(A::Declare), pages::declarations::one, "One declaration"),
        post("/declarations/{id}", Action(A::DecideDeclaration), pages::declarations::decide, "Decide a declaration"),
        get ("/cover", Action(A::ArrangeCover), pages::working::cover::list, "Who stands in for whom"),
        get ("/cover/new", Action(A::ArrangeCover), pages::working::cover::new, "The form to arrange cover"),
        post("/cover/new", Action(A::ArrangeCover), pages::working::cover::post, "Arrange cover"),
        post("/cover/take", Action(A::ArrangeCover), pages::working::cover::take, "Take a cover on"),
        post("/cover/end", Action(A::ArrangeCover), pages::working::cover::end, "End a cover"),
        get ("/transfers", Action(A::MoveFile), pages::working::transfers::list, "Files that move on with a child"),
        get ("/transfers/new", Action(A::MoveFile), pages::working::transfers::new, "The form to begin one"),
        post("/transfers/new", Action(A::MoveFile), pages::working::transfers::post, "Begin a file"),
        get ("/transfers/{id}", Action(A::MoveFile), pages::working::transfers::get, "One file"),
        get ("/transfers/{id}/record/{act}", Action(A::MoveFile), pages::working::transfers::record, "The form for what happened to it"),
        post("/transfers/{id}/record/{act}", Action(A::MoveFile), pages::working::transfers::post_record, "Record what happened to it"),
        get ("/keeping", Action(A::KeepRetention), pages::keeping::due::get, "What is due to be looked at again"),
        get ("/keeping/records/{what}/{id}", Action(A::KeepRetention), pages::keeping::due::one, "One record: why it is kept, what holds it"),
        get ("/keeping/records/{what}/{id}/keep", Action(A::KeepRetention), pages::keeping::due::keep_form, "The form to keep it longer"),
        post("/keeping/records/{what}/{id}/keep", Action(A::KeepRetention), pages::keeping::due::keep, "Keep it longer"),
        get ("/keeping/records/{what}/{id}/propose", Action(A::KeepRetention), pages::keeping::due::propose_form, "The form to say that it may go"),
        post("/keeping/records/{what}/{id}/propose", Action(A::KeepRetention), pages::keeping::due::propose, "Say that it may go: the first of two"),
        get ("/keeping/decisions/{id}", Action(A::KeepRetention), pages::keeping::decisions::get, "What waits for a second person, or a certificate"),
        get ("/keeping/decisions/{id}/print", Action(A::KeepRetention), pages::keeping::decisions::print, "A certificate on paper"),
        post("/keeping/decisions/{id}/agree", Action(A::KeepRetention), pages::keeping::decisions::agree, "Agree, as the second of two: destroy it"),
        post("/keeping/decisions/{id}/withdraw", Action(A::KeepRetention), pages::keeping::decisions::withdraw, "Take it back"),
        get ("/keeping/certificates", Action(A::KeepRetention), pages::keeping::decisions::list, "Certificates of destruction"),
        get ("/keeping/holds", Action(A::KeepRetention), pages::keeping::holds::list, "Legal holds"),
        get ("/keeping/holds/new", Action(A::KeepRetention), pages::keeping::holds::new, "The form of a hold"),
        post("/keeping/holds/new", Action(A::KeepRetention), pages::keeping::holds::post, "Place a hold"),
        get ("/keeping/holds/{id}/lift", Action(A::KeepRetention), pages::keeping::holds::lift_form, "The form to lift one"),
        post("/keeping/holds/{id}/lift", Action(A::KeepRetention), pages::keeping::holds::lift, "Lift a hold"),
        get ("/exports", Action(A::ExportConcern), pages::keeping::exports::list, "What left the building"),
        get ("/exports/new", Action(A::ExportConcern), pages::keeping::exports::new, "The form of an export"),
        post("/exports/new", Action(A::ExportConcern), pages::keeping::exports::post, "Make an export, passphrase shown once"),
        get ("/exports/{id}", Action(A::ExportConcern), pages::keeping::exports::get, "One export"),
        post("/exports/{id}", Action(A::ExportConcern), pages::keeping::exports::fetch, "Fetch the parcel"),
        get ("/concerns/{id}/bundle", Action(A::ExportConcern), pages::keeping::bundle::get, "The redaction bench of a request for data"),
        post("/concerns/{id}/bundle", Action(A::ExportConcern), pages::keeping::bundle::begin, "Gather what we hold"),
        get ("/concerns/{id}/bundle/preview", Action(A::ExportConcern), pages::keeping::bundle::preview, "As it would be handed out"),
        post("/concerns/{id}/bundle/mark", Action(A::ExportConcern), pages::keeping::bundle::mark, "Black out, or leave in with a reason"),
        post("/concerns/{id}/bundle/take", Action(A::ExportConcern), pages::keeping::bundle::take, "Black out every proposed name"),
        post("/concerns/{id}/bundle/unmark", Action(A::ExportConcern), pages::keeping::bundle::unmark, "Take a mark back"),
        post("/concerns/{id}/bundle/send", Action(A::ExportConcern), pages::keeping::bundle::send, "Send it to be read over"),
        post("/concerns/{id}/bundle/check", Action(A::ExportConcern), pages::keeping::bundle::check, "The second person has read it over"),
        get ("/concerns/{id}/bundle/make", Action(A::ExportConcern), pages::keeping::bundle::make_form, "The form to make the parcel"),
        post("/concerns/{id}/bundle/make", Action(A::ExportConcern), pages::keeping::bundle::make, "Make the parcel, passphrase shown once"),
        get ("/emergency", Action(A::OpenInEmergency), pages::keeping::emergency::get, "Open one record in an emergency; those that were"),
        post("/emergency", Action(A::OpenInEmergency), pages::keeping::emergency::post, "Open a record for four hours"),
        post("/emergency/{id}/review", Action(A::OpenInEmergency), pages::keeping::emergency::review, "Say whether it was right"),
        get ("/inspection", Action(A::ReadInspection), pages::keeping::inspection::get, "What an inspector is shown"),
        post("/inspection", Action(A::ExportConcern), pages::keeping::inspection::show, "Show an inspector one case, written down"),
        get ("/devices", Action(A::KeepDevices), pages::devices::list, "The device register"),
        get ("/devices/new", Action(A::KeepDevices), pages::devices::new, "The form of a new device"),
        post("/devices/new", Action(A::KeepDevices), pages::devices::add, "Add a device"),
        get ("/devices/{id}", Action(A::KeepDevices), pages::devices::show, "One device and how to set it up"),
        get ("/devices/{id}/edit", Action(A::KeepDevices), pages::devices::edit, "The form of a device"),
        post("/devices/{id}/edit", Action(A::KeepDevices), pages::devices::save, "Change a device"),
        post("/devices/{id}/credential", Action(A::KeepDevices), pages::devices::credential, "A fresh credential, shown once"),
        post("/devices/{id}/pass-check", Action(A::KeepDevices), pages::devices::pass_check, "Our page was seen on it"),
        post("/devices/{id}/forget-check", Action(A::KeepDevices), pages::devices::forget_check, "The check no longer holds"),
        post("/devices/{id}/retire", Action(A::KeepDevices), pages::devices::retire, "Take a device out of use"),
        get ("/devices/{id}/sheet", Action(A::KeepDevices), pages::devices::set_up::paper, "How to set a device up, to print"),
        get ("/devices/{id}/move", Action(A::KeepDevices), pages::devices::moving::get, "The form to move a device to another group"),
        post("/devices/{id}/move", Action(A::KeepDevices), pages::devices::moving::post, "Move a device, or propose to"),
        get ("/guests", Action(A::KeepDevices), pages::guests::list, "Vouchers for guests"),
        post("/guests", Action(A::KeepDevices), pages::guests::make, "Make vouchers, shown once"),
        post("/guests/{id}/call-back", Action(A::KeepDevices), pages::guests::call_back, "Call a voucher back"),
        get ("/guest", Public, pages::guests::guest, "A guest enters a code"),
        post("/guest", Public, pages::guests::begin, "Begin a voucher"),
        get ("/pac/{path}", Public, pages::devices::set_up::pac, "Automatic proxy configuration of a device"),
        get ("/wpad.dat", Public, pages::devices::set_up::wpad, "Automatic proxy configuration for whoever looks for one"),
        get ("/this-device/{path}", Public, pages::devices::set_up::on_device, "A device sets itself up"),
        get ("/this-device/{path}/{file}", Public, pages::devices::set_up::file, "A profile, script or policy for it"),
        get ("/people", SignedIn, pages::people::list, "The register of people"),
        get ("/people/new", Action(A::KeepPeople), pages::people::form::new, "The form of a new person"),
        post("/people/new", Action(A::KeepPeople), pages::people::form::add, "Add a person"),
        get ("/people/roles", SignedIn, pages::people::roles::roles, "Who holds which role, and what stands empty"),
        post("/people/roles/end", Action(A::Appoint), pages::people::roles::end_role, "End an appointment"),
        get ("/people/case-manager", Action(A::Appoint), pages::people::case_manager::get, "Who takes allegations"),
        post("/people/case-manager", Action(A::Appoint), pages::people::case_manager::post, "Name who takes allegations"),
        get ("/people/recoveries", Action(A::ConfirmRecovery), pages::people::second_step::recoveries, "Lost second steps"),
        get ("/people/rooms", Action(A::KeepPeople), pages::people::rooms::get, "Rooms, and the form of one more"),
        post("/people/rooms", Action(A::KeepPeople), pages::people::rooms::post, "Add a room"),
        get ("/people/{id}", SignedIn, pages::people::one::show, "One person"),
        get ("/people/{id}/edit", Action(A::KeepPeople), pages::people::form::edit, "The form of a person"),
        post("/people/{id}/edit", Action(A::KeepPeople), pages::people::form::save, "Change a person"),
        get ("/people/{id}/account", Action(A::ResetPassword), pages::people::sign_in::account_get, "The form for a sign-in"),
        post("/people/{id}/account", Action(A::ResetPassword), pages::people::sign_in::account_post, "Give a sign-in, link shown once"),
        get ("/people/{id}/role", Action(A::Appoint), pages::people::roles::role_get, "The form for a role"),
        post("/people/{id}/role", Action(A::Appoint), pages::people::roles::role_post, "Appoint"),
        get ("/people/{id}/kinds", Action(A::Appoint), pages::people::kinds::get, "What a deputy works with"),
        post("/people/{id}/kinds", Action(A::Appoint), pages::people::kinds::post, "Limit a deputy to some kinds of concern"),
        post("/people/{id}/reset-password", Action(A::ResetPassword), pages::people::sign_in::reset_password, "Reset a password, link shown once"),
        post("/people/{id}/end-account", Action(A::ResetPassword), pages::people::sign_in::end_account, "End a sign-in and its sessions"),
        get ("/people/{id}/ties", Action(A::KeepPeople), pages::people::ties::get, "The form of a family tie"),
        post("/people/{id}/ties", Action(A::KeepPeople), pages::people::ties::post, "Add a family tie"),
        post("/people/{id}/ties/remove", Action(A::KeepPeople), pages::people::ties::remove, "Take a family tie away"),
        post("/people/{id}/verify", Action(A::KeepPeople), pages::people::address::verify, "Mail a link to prove an address"),
        post("/people/{id}/vouch", Action(A::ConfirmRecovery), pages::people::second_step::vouch, "Vouch for a lost second step"),
        post("/people/{id}/confirm", Action(A::ConfirmRecovery), pages::people::second_step::confirm, "Confirm a recovery"),
        get ("/verify/{token}", Public, pages::people::address::verify_get, "A mailed link to prove an address"),
        post("/verify/{token}", Public, pages::people::address::verify_post, "The address is proved"),
        get ("/set-up", SignedIn, pages::set_up::list, "What a new setting still needs"),
        get ("/set-up/lead", Action(A::Appoint), pages::set_up::named::lead, "Name the lead"),
        get ("/set-up/chair", Action(A::Appoint), pages::set_up::named::chair, "Name the chair"),
        post("/set-up/name/{key}", Action(A::Appoint), pages::set_up::named::post, "Name somebody for a role"),
        get ("/set-up/filtering", Action(A::ChangeSetting), pages::set_up::filtering::get, "Who filters now"),
        post("/set-up/filtering", Action(A::ChangeSetting), pages::set_up::filtering::post, "Save who filters now"),
        get ("/set-up/hours", Action(A::ChangeSetting), pages::set_up::times::hours_get, "Opening hours"),
        post("/set-up/hours", Action(A::ChangeSetting), pages::set_up::times::hours_post, "Save the opening hours"),
        get ("/set-up/terms", Action(A::ChangeSetting), pages::set_up::times::terms_get, "Term dates, and how days are counted"),
        post("/set-up/terms", Action(A::ChangeSetting), pages::set_up::times::terms_post, "Save the term dates"),
        get ("/set-up/by-person", Action(A::ChangeSetting), pages::set_up::filtering::by_person_get, "Whether activity is recorded by person"),
        post("/set-up/by-person", Action(A::ChangeSetting), pages::set_up::filtering::by_person_post, "Record it by person, or no longer"),
        get ("/set-up/essential", Action(A::KeepDevices), pages::set_up::standby::essential_get, "Systems that must always work"),
        post("/set-up/essential", Action(A::KeepDevices), pages::set_up::standby::essential_post, "Save which there are"),
        get ("/set-up/approving", Action(A::ChangeSetting), pages::set_up::filtering::approving_get, "Who approves a change of the filter"),
        post("/set-up/approving", Action(A::ChangeSetting), pages::set_up::filtering::approving_post, "Save who approves a change of the filter"),
        get ("/set-up/help", Action(A::ChangeSetting), pages::set_up::standby::help_get, "When the office is called"),
        post("/set-up/help", Action(A::ChangeSetting), pages::set_up::standby::help_post, "Save when the office is called"),
        get ("/set-up/recovery-code", Action(A::ChangeSetting), pages::set_up::standby::code_get, "The recovery code, to print"),
        post("/set-up/recovery-code", Action(A::ChangeSetting), pages::set_up::standby::code_post, "Type the recovery code back"),
        get ("/set-up/{token}", Public, pages::set_up::first::get, "The one-time link of a new installation"),
        post("/set-up/{token}", Public, pages::set_up::first::post, "Make the setting and its first person"),
        get ("/imports/{what}", SignedIn, pages::imports::get, "Where to paste many people or devices"),
        post("/imports/{what}", SignedIn, pages::imports::look, "Look at pasted lines"),
        get ("/imports/{what}/preview", SignedIn, pages::imports::preview, "What would be added, and imports of before"),
        post("/imports/{what}/bring-in", SignedIn, pages::imports::bring_in, "Add what was looked at"),
        post("/imports/{what}/take-back", SignedIn, pages::imports::take_back, "Take an import back"),
        get ("/duties", Action(A::ReadEvidence), pages::duties::get, "Legal duties to come, and from which day they are followed"),
        post("/duties", Action(A::ChangeSetting), pages::duties::post, "Enter the day on which a duty begins"),
        get ("/evidence", Action(A::ReadEvidence), pages::evidence::get, "Every duty by clause, with how it stands"),
        get ("/evidence/print", Action(A::ReadEvidence), pages::evidence::print, "The same on paper"),
        post("/evidence/export", Action(A::ReadEvidence), pages::evidence::export, "The same as a PDF to keep"),
        get ("/evidence/{id}", Action(A::ReadEvidence), pages::evidence::one, "One duty and what shows it"),
        get ("/checks", Action(A::ReadEvidence), pages::evidence::checks::get, "Checks that people sign"),
        get ("/checks/sign", Action(A::SignCheck), pages::evidence::checks::form, "The form for one check"),
        post("/checks/sign", Action(A::SignCheck), pages::evidence::checks::post, "Sign a check"),
        get ("/actions", Action(A::KeepActions), pages::evidence::actions::get, "What is to be done"),
        post("/actions", Action(A::KeepActions), pages::evidence::actions::post, "Make an action"),
        get ("/actions/{id}/turn", Action(A::KeepActions), pages::evidence::actions::turn_form, "The form for another person, another day, or none"),
        post("/actions/{id}/turn", Action(A::KeepActions), pages::evidence::actions::turn, "Give an action to another person or day, or drop it"),
        post("/actions/{id}/done", Action(A::KeepActions), pages::evidence::actions::done, "Mark an action as done"),
        get ("/reviews", Action(A::KeepReviews), pages::evidence::reviews::get, "Reviews"),
        post("/reviews", Action(A::KeepReviews), pages::evidence::reviews::post, "Open a review"),
        post("/reviews/{id}/close", Action(A::KeepReviews), pages::evidence::reviews::close, "Close a review"),
        get ("/audit", Action(A::ReadAudit), pages::evidence::audit::get, "Who did what, without names"),
        post("/audit/verify", Action(A::ReadAudit), pages::evidence::audit::verify, "Walk the whole chain"),
        get ("/filter", Action(A::ReadFilter), pages::filter::overview::get, "What each group can reach, and why"),
        get ("/filter/groups/{key}", Action(A::ReadFilter), pages::filter::group::get, "One group of devices"),
        get ("/filter/inspection", Action(A::ReadFilter), pages::filter::inspection::get, "Groups whose encrypted pages are inspected"),
        get ("/filter/groups/{key}/change/{what}", Action(A::ProposeChange), pages::filter::shape::get, "A change to how a group is: hours, search, sessions"),
        post("/filter/groups/{key}/change/{what}", Action(A::ProposeChange), pages::filter::shape::post, "Look at it, or send it"),
        get ("/filter/check", Action(A::ReadFilter), pages::filter::check::get, "What would a group get?"),
        post("/filter/check", Action(A::ReadFilter), pages::filter::check::post, "The filter's answer for a name"),
        get ("/filter/propose", Action(A::ProposeChange), pages::filter::propose::get, "A change to the filter"),
        post("/filter/propose", Action(A::ProposeChange), pages::filter::propose::post, "Look at a change, or send it"),
        get ("/filter/proposals", Action(A::ReadFilter), pages::filter::proposals::list, "Proposed changes"),
        get ("/filter/proposals/{id}", Action(A::ReadFilter), pages::filter::proposals::get, "One proposed change"),
        post("/filter/proposals/{id}", Action(A::ApproveChange), pages::filter::proposals::decide, "Approve or refuse"),
        post("/filter/proposals/{id}/agree", Action(A::AgreeWeakening), pages::filter::proposals::agree, "Agree, as lead"),
        post("/filter/proposals/{id}/withdraw", Action(A::ProposeChange), pages::filter::proposals::withdraw, "Take one's own proposal back"),
        get ("/filter/history", Action(A::ReadFilter), pages::filter::history::get, "Every version of the filter"),
        get ("/filter/requests", Action(A::AnswerAccess), pages::filter::requests::list, "Who asked for blocked sites"),
        get ("/filter/requests/{id}", Action(A::AnswerAccess), pages::filter::requests::get, "One request"),
        post("/filter/requests/{id}", Action(A::AnswerAccess), pages::filter::requests::post, "Answer it"),
        get ("/filter/ask", Action(A::AskForAccess), pages::filter::ask::get, "Ask for a blocked site, and one's own requests"),
        get ("/ask", Action(A::AskForAccess), pages::filter::ask::get, "The same, from a block page"),
        post("/filter/ask", Action(A::AskForAccess), pages::filter::ask::post, "Ask for it"),
        get ("/filter/lists", Action(A::ReadFilter), pages::filter::lists::get, "Where lists come from, and how fresh they are"),
        get ("/filter/lists/add", Action(A::ProposeChange), pages::filter::lists::change::add_get, "The form of a source of lists"),
        post("/filter/lists/add", Action(A::ProposeChange), pages::filter::lists::change::add_post, "Propose a source of lists"),
        get ("/filter/lists/{key}", Action(A::ReadFilter), pages::filter::lists::one::get, "One source of lists"),
        post("/filter/lists/{key}/fetch", Action(A::RunSelfTest), pages::filter::lists::one::fetch, "Ask a source now"),
        post("/filter/lists/{key}/decide", Action(A::ApproveChange), pages::filter::lists::one::decide, "Take or refuse a version that waits"),
        get ("/filter/lists/{key}/remove", Action(A::ProposeChange), pages::filter::lists::change::remove_get, "The form to remove a source"),
        post("/filter/lists/{key}/remove", Action(A::ProposeChange), pages::filter::lists::change::remove_post, "Propose to remove a source of lists"),
        get ("/filter/matrix", Action(A::ReadFilter), pages::filter::matrix::get, "Device, place, group: what was checked, and when"),
        get ("/filter/matrix/print", Action(A::ReadFilter), pages::filter::matrix::print, "The same on paper, with its dates"),
        get ("/checks/external", Action(A::SignCheck), pages::filter::matrix::external, "The form of the public test of filtering"),
        post("/checks/external", Action(A::SignCheck), pages::filter::matrix::record, "Record its four results"),
        get ("/filter/feeds/{key}", Action(A::ProposeChange), pages::filter::lists::feed::get, "A licensed list that shrank"),
        post("/filter/feeds/{key}", Action(A::ProposeChange), pages::filter::lists::feed::post, "Propose to take it all the same"),
        get ("/filter/networks", Action(A::ReadFilter), pages::filter::networks::get, "Networks, and the group of devices that nobody knows there"),
        post("/filter/networks", Action(A::ProposeChange), pages::filter::networks::post, "Propose a change of networks"),
        get ("/filter/break-glass", Action(A::ReadFilter), pages::filter::break_glass::get, "Adults' devices that were opened in an emergency"),
        post("/filter/break-glass", Action(A::BreakGlass), pages::filter::break_glass::post, "Open a group of adults' devices for some hours"),
        post("/filter/break-glass/{id}/end", Action(A::BreakGlass), pages::filter::break_glass::end, "End that before its time"),
        post("/filter/break-glass/{id}/review", Action(A::KeepReviews), pages::filter::break_glass::review, "What somebody else found afterwards"),
        get ("/filter/self-test", Action(A::ReadFilter), pages::filter::self_test::get, "Is it really blocking?"),
        post("/filter/self-test", Action(A::RunSelfTest), pages::filter::self_test::post, "Test now"),
        get ("/sessions", Action(A::OpenSession), pages::sessions::get, "Supervised sessions and screen time"),
        post("/sessions", Action(A::OpenSession), pages::sessions::post, "Open a session with children"),
        post("/sessions/pin", Action(A::OpenSession), pages::sessions::choose, "Choose one's own number for tablets"),
        post("/sessions/{id}/end", Action(A::OpenSession), pages::sessions::end, "End a session before its time"),
        get ("/start/{path}", Public, pages::start::get, "The start page of a tablet"),
        post("/start/{path}", Public, pages::start::post, "Open a session on a tablet with a short number"),
        post("/start/{path}/take", Public, pages::start::take, "Take a shared device with a short number"),
        post("/start/{path}/give-back", Public, pages::start::give_back, "Give a shared device back"),
        get ("/start/{path}/calls", Public, pages::start::calls, "Calls that ring on a tablet, asked for by its start page"),
        post("/start/{path}/coming", Public, pages::start::coming_by_pin, "Say with a short number that one is there"),
        post("/start/{path}/coming/{id}", Public, pages::start::coming, "Say on an adults' device that one is coming"),
        post("/start/{path}/help", Public, pages::start::help, "Call help from a tablet"),
        get ("/start/{path}/film/{rule}", Public, pages::start::film, "One approved film, in a session"),
        get ("/activity", Action(A::ReadActivity), pages::activity::get, "What devices asked for"),
        get (ASKED_BY_PAGES, AnySession, pages::alerts::calls, "Calls that ring for me, asked for by open pages"),
        post("/alerts/{id}/coming", Action(A::HoldDevice), pages::alerts::coming, "Say that one is coming"),
        get ("/alerts", Action(A::HoldDevice), pages::alerts::get, "Calls for help; illegal addresses for the leads"),
    ]
}

/// What open pages ask for by themselves: nobody need sit there, so it keeps no screen from locking.
pub(crate) const ASKED_BY_PAGES: &str = "/calls";

/// Is this a path of the open door? Asked of the address alone, before any route is known.
pub(crate) fn is_nameless(path: &str) -> bool {
    path == "/tell" || path.starts_with("/tell/")
}

/// The whole site. The evidence may knock on it from now on.
pub fn router(site: Site) -> Router {
    crate::knock::open(&site);
    inner_router(site)
}

pub(crate) fn inner_router(site: Site) -> Router {
    let mut pages = Router::new();
    for route in all() {
        pages = pages.route(route.path, guarded(route));
    }
    if site.config().styleguide {
        pages = pages.route("/styleguide", routing::get(pages::styleguide::get));
    }
    let pages = pages
        .fallback(async || Fault::NotFound)
        .method_not_allowed_fallback(async || Fault::NotFound)
        // Inside the frame, so that a panic becomes a page with a reference.
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(30)))
        .layer(middleware::from_fn_with_state(site.clone(), visit::enter))
        .layer(CompressionLayer::new());
    Router::new()
        .route("/assets/{hash}/{*name}", routing::get(assets::get))
        .merge(api::router())
        .merge(pages)
        .with_state(site)
}

fn guarded(route: Route) -> MethodRouter<Site> {
    let access = route.access;
    route.handler.layer(middleware::from_fn_with_state(access, guard))
}

async fn guard(State(access): State<Access>, visit: Visit, request: Request, next: Next) -> Response {
    match may_enter(access, &visit, request.method()) {
        Ok(()) => next.run(request).await,
        Err(fault) => fault.into_response(),
    }
}

fn may_enter(access: Access, visit: &Visit, method: &Method) -> Result<(), Fault> {
    // After signing in, one goes on to a page, never to a repeated POST.
    let next = || if method == Method::GET { visit.path().to_owned() } else { "/".to_owned() };
    if matches!(access, Access::Public | Access::Nameless) {
        return Ok(());
    }
    let session = visit.session().ok_or_else(|| Fault::SignIn(next()))?;
    let action = match access {
        Access::Public | Access::Nameless | Access::AnySession => return Ok(()),
        Access::Token => return Err(Fault::NotFound),
        Access::SignedIn => None,
        Access::Action(action) => Some(action),
    };
    if session.visit.locked {
        return Err(Fault::Locked(next()));
    }
    let Some(action) = action else { return Ok(()) };
    let member = session.member().ok_or(Fault::NotFound)?;
    if !Relation::ALL.into_iter().any(|relation| domain::access::any_allowed(&member.roles, action, relation)) {
        // A duty (an old password) narrows the roles: say what to do, not "not here".
        return Err(session.visit.duty.map_or(Fault::NotFound, |duty| Fault::Duty(duty, next())));
    }
    let needs = member.roles.iter().any(|role| role.needs_second_factor());
    if domain::access::needs_second_factor(action) && needs && member.second_factor == SecondFactor::NotShown {
        let duty = session.visit.duty.unwrap_or(app::accounts::Duty::ShowSecondFactor);
        return Err(Fault::Duty(duty, next()));
    }
    Ok(())
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Fault::App(Arc::new(app::Error::Internal("a handler panicked".to_owned())), Vec::new()).into_response()
}
