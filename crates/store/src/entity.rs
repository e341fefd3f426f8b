//! The tables, by area. Rows are re-exported by the repository modules; the entities stay here.
//!
//! To add one: `table!` in its area and a line in [`TABLES`], after the tables that it points to.

pub(crate) mod cases;
#[expect(unreachable_pub, reason = "rows of pieces and keys stay in the crate; the macro makes all rows public")]
pub(crate) mod files;
pub(crate) mod house;
pub(crate) mod keeping;
pub(crate) mod lists;
pub(crate) mod policy;
pub(crate) mod register;
pub(crate) mod running;
pub(crate) mod together;
pub(crate) mod working;

use crate::table::{Row, TableDef};

/// Every table, in an order in which rows can be put back: what is pointed to comes first.
pub(crate) const TABLES: &[&TableDef] = &[
    house::Setting::DEF,
    house::Account::DEF,
    house::RecoveryHash::DEF,
    house::Session::DEF,
    house::ApiToken::DEF,
    house::Pending::DEF,
    house::Import::DEF,
    register::Room::DEF,
    register::Person::DEF,
    register::Membership::DEF,
    register::Appointment::DEF,
    register::Relationship::DEF,
    register::Device::DEF,
    cases::ProcedureText::DEF,
    cases::Concern::DEF,
    cases::Exclusion::DEF,
    cases::Invitation::DEF,
    cases::LetBack::DEF,
    cases::ConcernPerson::DEF,
    cases::Entry::DEF,
    cases::StepRecord::DEF,
    cases::Draft::DEF,
    files::Attachment::DEF,
    files::AttachmentPart::DEF,
    files::AttachmentKey::DEF,
    register::Hold::DEF,
    policy::FilterPolicy::DEF,
    policy::Proposal::DEF,
    lists::ListVersion::DEF,
    lists::ListCheck::DEF,
    policy::AccessRequest::DEF,
    policy::Supervised::DEF,
    policy::Voucher::DEF,
    policy::DeviceUse::DEF,
    policy::HelpCall::DEF,
    policy::BreakGlass::DEF,
    policy::ActionRow::DEF,
    policy::Review::DEF,
    policy::Evidence::DEF,
    working::AgencyCheck::DEF,
    working::Referral::DEF,
    working::Letter::DEF,
    working::Strand::DEF,
    working::LowLevel::DEF,
    working::LowLevelLink::DEF,
    working::FamilyShare::DEF,
    working::HoldLeave::DEF,
    working::Cover::DEF,
    working::Transfer::DEF,
    working::TransferConcern::DEF,
    keeping::LegalHold::DEF,
    keeping::Disposal::DEF,
    keeping::Export::DEF,
    keeping::ExportConcern::DEF,
    keeping::Bundle::DEF,
    keeping::Redaction::DEF,
    keeping::Emergency::DEF,
    together::SharedEntry::DEF,
    together::PastProcedure::DEF,
    together::ClockRest::DEF,
    together::ActionOrigin::DEF,
    together::ActionChange::DEF,
    together::SupportPlan::DEF,
    together::SealedAddress::DEF,
    together::AlertRule::DEF,
    register::Declaration::DEF,
    running::Pin::DEF,
    running::Job::DEF,
    running::Notice::DEF,
    running::AuditRow::DEF,
    running::AuditContent::DEF,
    running::AuditHead::DEF,
];

/// The declaration of a table.
pub(crate) fn named(name: &str) -> Option<&'static TableDef> {
    TABLES.iter().copied().find(|def| def.name == name)
}
