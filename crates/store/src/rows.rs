//! Rows in and out, the same for every table. Writing an audited row appends its digest to the chain here, in the same
//! transaction, so that no repository function can forget it.

use sea_orm::sea_query::{
    Alias, Condition, Expr, ExprTrait, InsertStatement, OnConflict, Query, SelectStatement, SimpleExpr,
    Value as SqlValue,
};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Select};
use serde_json::Value;

use crate::audit::chain;
use crate::db::{Reads, Tx};
use crate::error::{Error, Result};
use crate::table::{Column, Fields, Kept, Kind, Row, TableDef};

/// The one row that a query finds.
pub(crate) async fn one<R: Row>(db: &impl Reads, query: Select<R::Entity>) -> Result<Option<R>> {
    query.one(db.connection()).await?.map(R::from_model).transpose()
}

/// All rows that a query finds.
pub(crate) async fn many<R: Row>(db: &impl Reads, query: Select<R::Entity>) -> Result<Vec<R>> {
    query.all(db.connection()).await?.into_iter().map(R::from_model).collect()
}

/// How many rows a query finds.
pub(crate) async fn count<R: Row>(db: &impl Reads, query: Select<R::Entity>) -> Result<u64>
where
    <R::Entity as EntityTrait>::Model: Sync,
{
    Ok(query.count(db.connection()).await?)
}

/// A query over the rows of a table under a condition.
pub(crate) fn select<R: Row>(condition: Condition) -> Select<R::Entity> {
    R::Entity::find().filter(condition)
}

/// Adds a row.
pub(crate) async fn add<R: Row>(tx: &mut Tx, row: &R) -> Result<()> {
    let fields = row.fields();
    insert(tx, R::DEF, &fields).await?;
    record(tx, R::DEF, Some(&fields), &fields).await
}

/// Writes a row over its older self. A versioned row must be the newest; its new version is returned (0 without one).
pub(crate) async fn set<R: Row>(tx: &mut Tx, row: &R) -> Result<i64> {
    let def = R::DEF;
    let mut fields = row.fields();
    check_scope(tx, def, &fields)?;
    let mut condition = of_key(def, &fields)?;
    let read_at = def.has("version").then(|| fields.get("version").and_then(Value::as_i64).unwrap_or(0));
    if let Some(version) = read_at {
        condition = condition.add(Expr::col(Alias::new("version")).eq(version));
        fields.insert("version".into(), Value::from(version.saturating_add(1)));
    }
    let mut update = Query::update();
    update.table(Alias::new(def.name)).cond_where(condition);
    for column in def.rest {
        update.value(Alias::new(column.name), to_sql(column, &fields)?);
    }
    if tx.exec(&update).await?.rows_affected() == 0 {
        let row = def.key_of(&fields);
        return Err(match read_at {
            Some(_) => Error::Conflict { table: def.name, row },
            None => Error::Missing { table: def.name, row },
        });
    }
    record(tx, def, Some(&fields), &fields).await?;
    Ok(read_at.map_or(0, |version| version.saturating_add(1)))
}

/// Takes a row away. The chain keeps that it was there.
pub(crate) async fn remove<R: Row>(tx: &mut Tx, row: &R) -> Result<()> {
    remove_fields(tx, R::DEF, &row.fields()).await
}

/// As [`remove`], of a row that is known by its fields alone.
pub(crate) async fn remove_fields(tx: &mut Tx, def: &'static TableDef, fields: &Fields) -> Result<()> {
    check_scope(tx, def, fields)?;
    let mut delete = Query::delete();
    delete.from_table(Alias::new(def.name)).cond_where(of_key(def, fields)?);
    if tx.exec(&delete).await?.rows_affected() == 0 {
        return Err(Error::Missing { table: def.name, row: def.key_of(fields) });
    }
    record(tx, def, None, fields).await
}

/// Inserts fields as they are, without a word to the audit: restoring, and the audit itself.
pub(crate) async fn insert(tx: &Tx, def: &TableDef, fields: &Fields) -> Result<()> {
    tx.exec(&insertion(tx, def, fields)?).await.map(|_| ())
}

/// As [`insert`], unless such a row is there. Was it inserted?
pub(crate) async fn insert_unless(tx: &Tx, def: &TableDef, fields: &Fields, there: OnConflict) -> Result<bool> {
    let mut insert = insertion(tx, def, fields)?;
    insert.on_conflict(there);
    Ok(tx.exec(&insert).await?.rows_affected() == 1)
}

fn insertion(tx: &Tx, def: &TableDef, fields: &Fields) -> Result<InsertStatement> {
    check_scope(tx, def, fields)?;
    // A row out of an older backup has no newer columns; the schema that it goes into has none either.
    let present: Vec<_> = def.columns().filter(|column| fields.contains_key(column.name)).collect();
    let values: Vec<_> = present.iter().map(|column| to_sql(column, fields)).collect::<Result<_>>()?;
    let mut insert = Query::insert();
    insert
        .into_table(Alias::new(def.name))
        .columns(present.iter().map(|column| Alias::new(column.name)))
        .values(values)
        .map_err(|error| Error::Database(error.to_string()))?;
    Ok(insert)
}

/// A row of nobody (an account, a job of the installation) fits every scope; any other only its own.
fn check_scope(tx: &Tx, def: &TableDef, fields: &Fields) -> Result<()> {
    match def.setting_column().and_then(|column| fields.get(column)) {
        None | Some(Value::Null) => Ok(()),
        Some(_) => tx.check_scope(def.setting_of(fields)),
    }
}

async fn record(tx: &mut Tx, def: &'static TableDef, now: Option<&Fields>, key: &Fields) -> Result<()> {
    match def.kept {
        Kept::Audited => chain::append_row(tx, def, now, key).await,
        Kept::Quiet => Ok(()),
    }
}

/// "This very row", and in its own setting: a row with a foreign id never moves what is behind that id.
fn of_key(def: &TableDef, fields: &Fields) -> Result<Condition> {
    let mut condition = Condition::all();
    // A session chooses its setting later on; everything else stays where it was made.
    let home = def.rest.iter().filter(|column| column.name == "setting_id" && def.name != "session");
    for column in def.key.iter().chain(home) {
        if fields.get(column.name).is_none_or(Value::is_null) {
            continue;
        }
        condition = condition.add(Expr::col(Alias::new(column.name)).eq(to_sql(column, fields)?));
    }
    Ok(condition)
}

/// Does every field fit its column?
pub(crate) fn check(def: &TableDef, fields: &Fields) -> Result<()> {
    def.columns().try_for_each(|column| to_sql(column, fields).map(|_| ()))
}

/// The first rows of a table as fields, in the order of its key.
pub(crate) async fn first(
    db: &impl Reads,
    def: &'static TableDef,
    condition: Condition,
    limit: u64,
) -> Result<Vec<Fields>> {
    Pages::new(def, condition, limit).next(db).await
}

/// A table as fields, page by page in the order of its key. Each page begins after the key of the last row before it, so that
/// the last page of a million rows costs what the first one did.
pub(crate) struct Pages {
    def: &'static TableDef,
    columns: Vec<&'static Column>,
    condition: Condition,
    limit: u64,
    last: Option<Fields>,
}

impl Pages {
    /// Of all columns.
    pub(crate) fn new(def: &'static TableDef, condition: Condition, limit: u64) -> Self {
        Self::with_columns(def, def.columns().collect(), condition, limit)
    }

    /// Of some of the columns, the key's among them.
    pub(crate) const fn with_columns(
        def: &'static TableDef,
        columns: Vec<&'static Column>,
        condition: Condition,
        limit: u64,
    ) -> Self {
        Self { def, columns, condition, limit, last: None }
    }

    /// The next page; empty after the last.
    pub(crate) async fn next(&mut self, db: &impl Reads) -> Result<Vec<Fields>> {
        let mut query = Query::select();
        query.from(Alias::new(self.def.name)).cond_where(self.condition.clone()).limit(self.limit);
        for column in &self.columns {
            query.column(Alias::new(column.name));
        }
        for column in self.def.key {
            query.order_by(Alias::new(column.name), sea_orm::Order::Asc);
        }
        if let Some(last) = &self.last {
            let key = self.def.key.iter().map(|column| Expr::col(Alias::new(column.name)));
            let there = self.def.key.iter().map(|column| to_sql(column, last)).collect::<Result<Vec<_>>>()?;
            query.and_where(Expr::tuple(key.collect::<Vec<SimpleExpr>>()).gt(Expr::tuple(there)));
        }
        let rows = read(db, &query, &self.columns).await?;
        if let Some(last) = rows.last() {
            self.last = Some(last.clone());
        }
        Ok(rows)
    }
}

async fn read(db: &impl Reads, query: &SelectStatement, columns: &[&'static Column]) -> Result<Vec<Fields>> {
    let rows = db.connection().query_all(query).await?;
    rows.iter()
        .map(|row| {
            let mut fields = Fields::new();
            for column in columns {
                let name = column.name;
                let value = match column.kind {
                    Kind::Uuid => row.try_get::<Option<uuid::Uuid>>("", name)?.map(|id| Value::String(id.to_string())),
                    Kind::Bool => row.try_get::<Option<bool>>("", name)?.map(Value::Bool),
                    Kind::Long => row.try_get::<Option<i64>>("", name)?.map(Value::from),
                    Kind::Text => row.try_get::<Option<String>>("", name)?.map(Value::String),
                };
                fields.insert(name.into(), value.unwrap_or(Value::Null));
            }
            Ok(fields)
        })
        .collect()
}

fn to_sql(column: &Column, fields: &Fields) -> Result<SimpleExpr> {
    let wrong = || Error::File(format!("column {} holds a value of another kind", column.name));
    let value = match (column.kind, fields.get(column.name).unwrap_or(&Value::Null)) {
        (Kind::Uuid, Value::Null) => SqlValue::Uuid(None),
        (Kind::Bool, Value::Null) => SqlValue::Bool(None),
        (Kind::Long, Value::Null) => SqlValue::BigInt(None),
        (Kind::Text, Value::Null) => SqlValue::String(None),
        (Kind::Uuid, Value::String(text)) => text.parse::<uuid::Uuid>().map_err(|_| wrong())?.into(),
        (Kind::Bool, Value::Bool(value)) => (*value).into(),
        (Kind::Long, Value::Number(number)) => number.as_i64().ok_or_else(wrong)?.into(),
        (Kind::Text, Value::String(text)) => text.clone().into(),
        _ => return Err(wrong()),
    };
    Ok(Expr::value(value))
}
