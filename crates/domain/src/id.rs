//! Ids: one type a kind, so that a concern's id cannot stand where a person's should.
//!
//! UUID version 7 from the context's time and chance; they sort by creation, say nothing about content and are never
//! shown to people (they see a [`crate::reference::Reference`]). To add a kind, add a line to the list below.

use jiff::Timestamp;
use rand::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A fresh version 7 id from the given time and chance.
pub fn fresh(now: Timestamp, rng: &mut dyn Rng) -> Uuid {
    let mut random = [0_u8; 10];
    rng.fill_bytes(&mut random);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh one.
            pub fn fresh(now: Timestamp, rng: &mut dyn Rng) -> Self {
                Self(fresh(now, rng))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A setting: one nursery or preschool.
    SettingId;
    /// A person of a setting: staff, child, parent, visitor.
    PersonId;
    /// A sign-in. One human, one account, however many settings.
    AccountId;
    /// An account's place in a setting, with its roles.
    MembershipId;
    /// A signed-in browser.
    SessionId;
    /// A room.
    RoomId;
    /// A device of the register.
    DeviceId;
    /// A hold of a device.
    HoldId;
    /// A concern, through its whole life.
    ConcernId;
    /// One entry of a chronology.
    EntryId;
    /// One record of a procedure step.
    StepRecordId;
    /// A proposal to change the filter.
    ProposalId;
    /// An action with owner and date.
    ActionId;
    /// A review of the policy.
    ReviewId;
    /// A background job.
    JobId;
    /// An audit row.
    AuditId;
    /// A risk assessment.
    AssessmentId;
    /// A dated proof that something was done or seen.
    EvidenceId;
    /// A draft saved on the server.
    DraftId;
    /// A file that belongs to a concern.
    AttachmentId;
    /// A referral to an agency.
    ReferralId;
    /// A letter to one of a child's adults.
    LetterId;
    /// A child's file on its way to the next setting.
    TransferId;
    /// A reason for which records must not be destroyed.
    LegalHoldId;
    /// A decision about a record whose time has come; done, it is a certificate.
    DisposalId;
    /// Something that left the building.
    ExportId;
    /// Somebody's data, gathered and redacted for them.
    BundleId;
    /// A mark on such a bundle.
    RedactionId;
    /// A record opened in an emergency.
    EmergencyId;
    /// A support plan.
    PlanId;
    /// An address that a concern speaks of.
    SealedAddressId;
    /// What somebody here declared about their own life online.
    DeclarationId;
}
