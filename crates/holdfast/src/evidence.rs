//! Evidence in the shape of the contract: `[{"id", "status", "controls", "evidence": [{"what", "at", "link"}]}]`.

use app::Services;
use domain::{OpCtx, SettingId};
use serde_json::{Value, json};

/// Every obligation of `content/` for a setting, today.
///
/// # Errors
/// When the records cannot be asked.
pub(crate) async fn as_json(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> app::Result<Value> {
    let standing = app::evidence::evaluate_for(services, ctx, setting).await?;
    let rows = standing.obligations.iter().map(|obligation| {
        let evidence: Vec<Value> = obligation
            .controls
            .iter()
            .flat_map(|control| &control.evidence)
            .map(|evidence| json!({ "what": evidence.what, "at": evidence.at, "link": evidence.link }))
            .collect();
        let controls: Vec<Value> = obligation
            .controls
            .iter()
            .map(|control| {
                json!({ "key": control.key, "title": control.title, "status": control.status.key(),
                    "mend": control.mend })
            })
            .collect();
        json!({ "id": obligation.id, "status": obligation.status.key(), "controls": controls, "evidence": evidence })
    });
    Ok(Value::Array(rows.collect()))
}
