//! One declaration a table: the row that callers see, the sea-orm entity behind it, and what the audit, the backup
//! and row security need to know. Entities never leave the crate.
//!
//! [`Stored`] and [`RawValue`] are `pub` only for the derive; the module is private.
//!
//! To add a column, add it in a migration and in the table's declaration. To keep a new type in a column, implement
//! [`Stored`] for it.

use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::EntityTrait;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::{Error, Result};

/// JSON kept as text. Under a name of its own because the entity derive's prelude has another `Value`.
pub(crate) type Doc = Value;

/// What a column holds in both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 16 bytes.
    Uuid,
    /// Yes or no.
    Bool,
    /// 64 bits, signed.
    Long,
    /// Text.
    Text,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// Does the audit keep every version of the row?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Every version has its digest in the chain (S37).
    Audited,
    /// Sign-in state, queues, drafts: the acts around them are audited, not the rows.
    Quiet,
}

/// A table.
#[derive(Debug)]
pub(crate) struct TableDef {
    pub(crate) name: &'static str,
    pub(crate) kept: Kept,
    pub(crate) key: &'static [Column],
    pub(crate) rest: &'static [Column],
}

/// The fields of one row, by column, as both engines and the canonical JSON know them.
pub(crate) type Fields = Map<String, Value>;

impl TableDef {
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.key.iter().chain(self.rest)
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns().any(|known| known.name == column)
    }

    /// The column by which a row belongs to a setting, if it does.
    pub(crate) fn setting_column(&self) -> Option<&'static str> {
        match self.name {
            "setting" => Some("id"),
            _ => self.has("setting_id").then_some("setting_id"),
        }
    }

    /// The setting of a row; the nil one for what belongs to the installation.
    pub(crate) fn setting_of(&self, fields: &Fields) -> Uuid {
        self.setting_column().and_then(|column| uuid_of(fields, column)).unwrap_or(Uuid::nil())
    }

    /// The key of a row, for people.
    pub(crate) fn key_of(&self, fields: &Fields) -> String {
        let parts = self.key.iter().map(|column| match fields.get(column.name) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => "?".into(),
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    /// The id under which the audit knows a row: its own, or one made of its composite key.
    pub(crate) fn subject_of(&self, fields: &Fields) -> Uuid {
        match self.key {
            [Column { name, kind: Kind::Uuid }] => uuid_of(fields, name).unwrap_or(Uuid::nil()),
            _ => {
                use sha2::Digest;
                let digest = sha2::Sha256::digest(format!("{} {}", self.name, self.key_of(fields)));
                let mut bytes = [0_u8; 16];
                bytes.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
                uuid::Builder::from_custom_bytes(bytes).into_uuid()
            }
        }
    }
}

fn uuid_of(fields: &Fields, column: &str) -> Option<Uuid> {
    fields.get(column)?.as_str()?.parse().ok()
}

/// A type that can lie in a column.
pub trait Stored: Sized {
    /// How the engines see it.
    type Raw: RawValue;
    /// To the column.
    fn store(&self) -> Self::Raw;
    /// From the column; the error says what is wrong with the value.
    fn read(raw: Self::Raw) -> std::result::Result<Self, String>;
}

/// How the engines see a value.
pub trait RawValue {
    /// Kind of column.
    const KIND: Kind;
    /// In canonical JSON.
    fn json(self) -> Value;
}

/// Shorthand that the entity derive can read.
pub type Raw<T> = <T as Stored>::Raw;

macro_rules! raw {
    ($($type:ty => $kind:ident, |$value:ident| $json:expr;)*) => {$(
        impl RawValue for $type {
            const KIND: Kind = Kind::$kind;
            fn json(self) -> Value {
                let $value = self;
                $json
            }
        }
        impl Stored for $type {
            type Raw = $type;
            fn store(&self) -> Self::Raw {
                self.clone()
            }
            fn read(raw: Self::Raw) -> std::result::Result<Self, String> {
                Ok(raw)
            }
        }
    )*};
}

raw! {
    Uuid => Uuid, |value| Value::String(value.to_string());
    bool => Bool, |value| Value::Bool(value);
    i64 => Long, |value| Value::from(value);
    String => Text, |value| Value::String(value);
}

impl<T: RawValue> RawValue for Option<T> {
    const KIND: Kind = T::KIND;
    fn json(self) -> Value {
        self.map_or(Value::Null, T::json)
    }
}

impl<T: Stored> Stored for Option<T> {
    type Raw = Option<T::Raw>;
    fn store(&self) -> Self::Raw {
        self.as_ref().map(T::store)
    }
    fn read(raw: Self::Raw) -> std::result::Result<Self, String> {
        raw.map(T::read).transpose()
    }
}

impl Stored for Timestamp {
    type Raw = i64;
    fn store(&self) -> i64 {
        self.as_microsecond()
    }
    fn read(raw: i64) -> std::result::Result<Self, String> {
        Self::from_microsecond(raw).map_err(|error| error.to_string())
    }
}

impl Stored for Date {
    type Raw = String;
    fn store(&self) -> String {
        self.to_string()
    }
    fn read(raw: String) -> std::result::Result<Self, String> {
        raw.parse().map_err(|_| format!("“{raw}” is not a date"))
    }
}

impl Stored for Value {
    type Raw = String;
    fn store(&self) -> String {
        self.to_string()
    }
    fn read(raw: String) -> std::result::Result<Self, String> {
        serde_json::from_str(&raw).map_err(|error| format!("not JSON: {error}"))
    }
}

macro_rules! stored_ids {
    ($($name:ident)*) => {$(
        impl Stored for domain::$name {
            type Raw = Uuid;
            fn store(&self) -> Uuid {
                self.0
            }
            fn read(raw: Uuid) -> std::result::Result<Self, String> {
                Ok(Self(raw))
            }
        }
    )*};
}

stored_ids! {
    SettingId PersonId AccountId MembershipId SessionId RoomId DeviceId HoldId ConcernId EntryId StepRecordId
    ProposalId ActionId ReviewId JobId AuditId EvidenceId DraftId AttachmentId ReferralId LetterId TransferId LegalHoldId
    DisposalId ExportId BundleId RedactionId EmergencyId
    PlanId SealedAddressId DeclarationId
}

macro_rules! stored_words {
    ($($name:path)*) => {$(
        impl Stored for $name {
            type Raw = String;
            fn store(&self) -> String {
                self.key().to_owned()
            }
            fn read(raw: String) -> std::result::Result<Self, String> {
                Self::from_key(&raw).ok_or_else(|| format!("“{raw}” is not a word that this version knows"))
            }
        }
    )*};
}

stored_words! {
    domain::people::Role domain::people::PersonKind
    domain::concern::ConcernKind domain::concern::RouteKind domain::concern::ConcernStatus domain::concern::Urgency
    domain::concern::EntryKind domain::concern::Part
    crate::words::Area crate::words::Tie crate::words::DeviceKind crate::words::Direction crate::words::ListState
    crate::words::ProposalState domain::referral::ReferralState domain::referral::Consent
    crate::words::StrandKind crate::words::ActionTurn crate::words::Answer crate::words::StepAct crate::words::PendingKind crate::words::ImportKind
    crate::words::FileOrder crate::words::Youngest crate::words::Way domain::retention::RecordKind
    domain::declaration::DeclarationKind domain::declaration::DeclarationOutcome domain::redaction::Ground crate::words::HoldGround crate::words::DisposalState crate::words::ExportOf
    crate::words::BundleState crate::words::FamilyWay crate::words::LeaveWord
}

/// A row that callers see.
pub(crate) trait Row: Sized + Send + Sync {
    /// The entity behind it.
    type Entity: EntityTrait;
    /// Its table.
    const DEF: &'static TableDef;
    /// By column.
    fn fields(&self) -> Fields;
    /// From the engine; bad data names table, column and row (house style 21).
    fn from_model(model: <Self::Entity as EntityTrait>::Model) -> Result<Self>;
}

/// Reads one column of a model.
pub(crate) fn column<T: Stored>(
    def: &'static TableDef,
    column: &'static str,
    raw: T::Raw,
    row: impl FnOnce() -> String,
) -> Result<T> {
    T::read(raw).map_err(|why| Error::BadData { table: def.name, column, row: row(), why })
}

/// Declares a table. See the module's head.
macro_rules! table {
    (
        $(#[$doc:meta])*
        $row:ident in $module:ident($name:literal), $kept:ident,
        key { $($(#[$key_doc:meta])* $key:ident: $key_type:ty,)* }
        rest { $($(#[$rest_doc:meta])* $rest:ident: $rest_type:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $row {
            $($(#[$key_doc])* pub $key: $key_type,)*
            $($(#[$rest_doc])* pub $rest: $rest_type,)*
        }

        #[allow(missing_docs, unreachable_pub, reason = "the entity is private; its columns are documented on the row")]
        pub(crate) mod $module {
            use super::*;
            use $crate::table::Raw;
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $name)]
            pub struct Model {
                $(#[sea_orm(primary_key, auto_increment = false)] pub $key: Raw<$key_type>,)*
                $(pub $rest: Raw<$rest_type>,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }

        impl $crate::table::Row for $row {
            type Entity = $module::Entity;

            const DEF: &'static $crate::table::TableDef = &$crate::table::TableDef {
                name: $name,
                kept: $crate::table::Kept::$kept,
                key: &[$($crate::table::Column {
                    name: stringify!($key),
                    kind: <$crate::table::Raw<$key_type> as $crate::table::RawValue>::KIND,
                },)*],
                rest: &[$($crate::table::Column {
                    name: stringify!($rest),
                    kind: <$crate::table::Raw<$rest_type> as $crate::table::RawValue>::KIND,
                },)*],
            };

            fn fields(&self) -> $crate::table::Fields {
                use $crate::table::{RawValue, Stored};
                let mut fields = $crate::table::Fields::new();
                $(fields.insert(stringify!($key).into(), Stored::store(&self.$key).json());)*
                $(fields.insert(stringify!($rest).into(), Stored::store(&self.$rest).json());)*
                fields
            }

            fn from_model(model: $module::Model) -> $crate::error::Result<Self> {
                let key = [$(model.$key.to_string(),)*].join(" ");
                Ok(Self {
                    $($key: $crate::table::column::<$key_type>(Self::DEF, stringify!($key), model.$key, || key.clone())?,)*
                    $($rest: $crate::table::column::<$rest_type>(Self::DEF, stringify!($rest), model.$rest, || key.clone())?,)*
                })
            }
        }
    };
}
pub(crate) use table;
