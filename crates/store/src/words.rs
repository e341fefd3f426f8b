//! Words that are kept in columns and belong to no rule of `domain`: closed lists of the record itself.
//!
//! To add a word to a list, add a variant; a word that is unknown on reading is an error that names table, column and row.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$word_doc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it in storage.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The one of this key.
            pub fn from_key(key: &str) -> Option<Self> {
                match key { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    /// The four areas of online risk (Keeping children safe in education, paragraph 135; POL-03).
    Area {
        /// Content.
        Content = "content",
        /// Contact.
        Contact = "contact",
        /// Conduct.
        Conduct = "conduct",
        /// Commerce.
        Commerce = "commerce",
    }
    /// What became of an action on its way.
    ActionTurn {
        /// Another person has it.
        Owner = "owner",
        /// Another day.
        Day = "day",
        /// It is not done, and need not be.
        Dropped = "dropped",
    }
    /// How one of a child's adults was told, or that they are not told.
    FamilyWay {
        /// On their own page.
        Portal = "portal",
        /// By letter.
        Letter = "letter",
        /// By word of mouth.
        Spoken = "spoken",
        /// Not told, with a reason.
        Withheld = "withheld",
    }
    /// On whose word a device of the person concerned is held.
    LeaveWord {
        /// The police.
        Police = "police",
        /// The LADO.
        Lado = "lado",
        /// Somebody is in danger.
        Danger = "danger",
    }
    /// What ties two people.
    Tie {
        /// Parent of the person.
        Parent = "parent",
        /// Carer of the person.
        Carer = "carer",
        /// Sister or brother.
        Sibling = "sibling",
        /// Partner.
        Partner = "partner",
        /// Any other relative.
        Relative = "relative",
    }
    /// What a device is. The last ones cannot be held (S25).
    DeviceKind {
        /// A tablet.
        Tablet = "tablet",
        /// A laptop or desk computer.
        Laptop = "laptop",
        /// A phone.
        Phone = "phone",
        /// A visitor's or a personal device.
        Guest = "guest",
        /// Television, speaker, printer, toy.
        Appliance = "appliance",
        /// One of our gateways.
        Gateway = "gateway",
        /// The computer on which Holdfast runs.
        Server = "server",
        /// A telephone line.
        PhoneLine = "phone_line",
        /// An alarm or a door entry.
        Alarm = "alarm",
    }
    /// Which way a change of the filter goes.
    Direction {
        /// More is blocked: at once.
        Tightens = "tightens",
        /// Less is blocked: another person approves.
        Loosens = "loosens",
    }
    /// Where a proposal stands.
    ProposalState {
        /// Nobody has decided.
        Waiting = "waiting",
        /// Approved and applied.
        Approved = "approved",
        /// Refused.
        Refused = "refused",
        /// Taken back by its author.
        Withdrawn = "withdrawn",
    }
    /// Where a version of a list stands.
    ListState {
        /// Taken: the filter works with it.
        InForce = "in_force",
        /// A person has to say whether it is taken.
        Held = "held",
        /// A person said no.
        Refused = "refused",
        /// A later one took its place.
        Replaced = "replaced",
    }
    /// The answer to a request for access.
    Answer {
        /// A proposal was made of it.
        Proposed = "proposed",
        /// No, with words.
        No = "no",
    }
    /// What was recorded about a step.
    StepAct {
        /// Done, in its turn.
        Done = "done",
        /// Not needed, with a reason.
        Waived = "waived",
        /// Had happened before it was recorded (S1).
        AlreadyHappened = "already_happened",
        /// Taken up again.
        Reopened = "reopened",
    }
    /// What is to become of a file on the recorded word of somebody outside, once a second person agrees (S17, S20).
    FileOrder {
        /// It is not illegal: it may be seen again.
        Release = "release",
        /// It goes, with its key.
        Destroy = "destroy",
    }
    /// How two concerns belong together.
    StrandKind {
        /// One goes on in the other.
        Merged = "merged",
        /// The other came out of one.
        Split = "split",
        /// They touch each other.
        Related = "related",
    }
    /// Something begun and not finished.
    PendingKind {
        /// A handed-over link with which an account's owner chooses a password.
        SetPassword = "set_password",
        /// The one-time link of a new installation.
        SetUp = "set_up",
        /// A link mailed to an address, to show that it is theirs.
        VerifyEmail = "verify_email",
        /// A second factor that no code has proved yet.
        SecondFactor = "second_factor",
        /// One person's word that somebody lost their second factor.
        Recovery = "recovery",
        /// Who the two were.
        RecoveryVoices = "recovery_voices",
    }
    /// The youngest child of a supervised session: what the guidance on screens says depends on it.
    Youngest {
        /// Under two.
        UnderTwo = "under_two",
        /// Two to five.
        TwoToFive = "two_to_five",
        /// Older.
        Older = "older",
    }
    /// How somebody proved who they are when they opened a supervised session.
    Way {
        /// Signed in.
        SignedIn = "signed_in",
        /// With their short number on a tablet.
        Pin = "pin",
    }
    /// What a CSV file brought.
    ImportKind {
        /// People of the register.
        People = "people",
        /// Devices of the register.
        Devices = "devices",
    }
    /// Why a record must not be destroyed.
    HoldGround {
        /// The police asked.
        Police = "police",
        /// A court or a claim.
        Court = "court",
        /// A public inquiry.
        Inquiry = "inquiry",
        /// The LADO or children's social care.
        Council = "council",
        /// A complaint.
        Complaint = "complaint",
        /// Somebody asked for their data.
        Request = "request",
        /// The insurer.
        Insurer = "insurer",
        /// Another reason.
        Other = "other",
    }
    /// Where a decision about a record stands.
    DisposalState {
        /// It stays, until a day.
        Kept = "kept",
        /// One person says that it goes.
        Proposed = "proposed",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// Two people said so, and it is gone.
        Destroyed = "destroyed",
    }
    /// What an export is of.
    ExportOf {
        /// One concern.
        Concern = "concern",
        /// All concerns about one person.
        File = "file",
        /// A person's data, redacted.
        Bundle = "bundle",
        /// The file of a child who moves on, redacted.
        Transfer = "transfer",
        /// A referral to an agency.
        Referral = "referral",
        /// A letter.
        Letter = "letter",
    }
    /// Where a bundle stands.
    BundleState {
        /// Being redacted.
        Open = "open",
        /// Waits for the second person.
        ToCheck = "to_check",
        /// Checked: may be made, and made again.
        Checked = "checked",
    }
}
