//! The register: rooms, people and their places, devices and holds.

use crate::table::Doc;
use domain::declaration::{DeclarationKind, DeclarationOutcome};
use domain::people::{PersonKind, Role};
use domain::{AccountId, ConcernId, DeclarationId, DeviceId, HoldId, MembershipId, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::table::table;
use crate::words::{DeviceKind, Tie};

table! {
    /// A room.
    Room in room("room"), Audited,
    key {
        /// Its id.
        id: RoomId,
    }
    rest {
        /// Whose.
        setting_id: SettingId,
        /// "Caterpillars".
        name: String,
    }
}

table! {
    /// A person of a setting.
    Person in person("person"), Audited,
    key {
        /// Their id.
        id: PersonId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Staff, child, family, visitor, not yet known.
        kind: PersonKind,
        /// Full name.
        name: String,
        /// What people call them.
        known_as: String,
        /// Date of birth.
        born: Option<Date>,
        /// Their own address.
        email: Option<String>,
        /// Notifications go to verified addresses only (S10).
        email_verified_at: Option<Timestamp>,
        /// Telephone.
        phone: Option<String>,
        /// Usual room.
        room_id: Option<RoomId>,
        /// First day.
        joined: Option<Date>,
        /// Last day.
        gone: Option<Date>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// An account's place in a setting.
    Membership in membership("membership"), Audited,
    key {
        /// Its id.
        id: MembershipId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Whose account.
        account_id: AccountId,
        /// Who they are there.
        person_id: PersonId,
        /// Since when.
        created_at: Timestamp,
        /// Until when.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// Who holds which role, from when to when (GOV-01, S12).
    Appointment in appointment("appointment"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Who.
        person_id: PersonId,
        /// As what.
        role: Role,
        /// From.
        starts_at: Timestamp,
        /// Until; none while it lasts.
        ends_at: Option<Timestamp>,
        /// Who appointed them.
        made_by: Option<PersonId>,
        /// The kinds of concern that a deputy works with, as `domain::roster::Kinds` writes them; none: every kind.
        kinds: Option<String>,
    }
}

table! {
    /// What somebody here declared about their own life online, and how it was decided (SOC-13 to SOC-15).
    Declaration in declaration("declaration"), Audited,
    key {
        /// Its id.
        id: DeclarationId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which kind.
        kind: DeclarationKind,
        /// Who declares: always about oneself.
        person_id: PersonId,
        /// What is declared.
        what: String,
        /// When.
        made_at: Timestamp,
        /// How it was decided last.
        outcome: Option<DeclarationOutcome>,
        /// Why, and what was agreed.
        reason: Option<String>,
        /// By whom.
        decided_by: Option<PersonId>,
        /// When.
        decided_at: Option<Timestamp>,
        /// When it is looked at again.
        review_on: Option<Date>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A child's adults, and who is related to whom among staff (S13).
    Relationship in relationship("relationship"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// The child, or the member of staff.
        person_id: PersonId,
        /// The other one, who is the `kind` of the person.
        other_id: PersonId,
        /// Parent, carer, sibling, partner, relative.
        kind: Tie,
        /// Has parental responsibility.
        parental_responsibility: bool,
        /// What a court ordered.
        court_order: Option<String>,
        /// Must not be contacted.
        do_not_contact: bool,
        /// Must never learn the address.
        never_disclose_address: bool,
    }
}

table! {
    /// A device of the register.
    Device in device("device"), Audited,
    key {
        /// Its id.
        id: DeviceId,
    }
    rest {
        /// Whose.
        setting_id: SettingId,
        /// What its label says.
        name: String,
        /// What it is.
        kind: DeviceKind,
        /// Key of a group in the filter policy.
        group_key: String,
        /// Where it lives.
        room_id: Option<RoomId>,
        /// Assigned to (S33).
        person_id: Option<PersonId>,
        /// Hardware address.
        mac: Option<String>,
        /// List of reserved addresses.
        addresses: Doc,
        /// Name of its proxy credential.
        proxy_user: Option<String>,
        /// SHA-256 of its proxy password (random, so no slow hash is needed).
        proxy_password_sha256: Option<String>,
        /// Last part of its DoH path.
        doh_path: Option<String>,
        /// The block page's certificate was proved on it (S28).
        check_passed_at: Option<Timestamp>,
        /// Host, gateways, phones, alarms, door entry (S25).
        cannot_hold: bool,
        /// Out of use since.
        retired_at: Option<Timestamp>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A device taken out of use for a time.
    Hold in hold("hold"), Audited,
    key {
        /// Its id.
        id: HoldId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Which.
        device_id: DeviceId,
        /// Why, if a concern is why. What is made from a concern inherits its exclusions (S8).
        concern_id: Option<ConcernId>,
        /// By whom.
        placed_by: PersonId,
        /// Since.
        placed_at: Timestamp,
        /// Four hours for a staff hold; none once a lead confirms (S25).
        until_at: Option<Timestamp>,
        /// The lead who confirmed.
        confirmed_by: Option<PersonId>,
        /// Given back.
        released_at: Option<Timestamp>,
        /// By whom.
        released_by: Option<PersonId>,
        /// Where it lies, who has the key.
        custody: Option<String>,
        /// Why, when no concern is why (SOC-06).
        reason: Option<String>,
    }
}
