//! Evidence in the shape of the contract: `[{"id", "status", "controls", "evidence": [{"what", "at", "link"}]}]`.

use app::Services;
use domain::{OpCtx, SettingId};
use serde_json::Value;

/// The rows are those of the API: one shape, made in `app`. Every obligation of `content/` for a setting, today.
///
/// # Errors
/// When the records cannot be asked.
pub(crate) async fn as_json(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> app::Result<Value> {
    let standing = app::evidence::evaluate_for(services, ctx, setting).await?;
    serde_json::to_value(standing.rows()).map_err(|error| app::Error::Internal(error.to_string()))
}
