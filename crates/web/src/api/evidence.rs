//! `/api/v1/evidence` and `/api/v1/filter/decide`: what a token of these scopes may ask (S16).
//!
//! Nothing of a concern is here: no scope opens one, and a token's roles never include a case role.

use app::accounts::{self, Token};
use app::evidence::Row;
use app::gateway::Answer;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use domain::access::Action;
use domain::{Actor, Client, OpCtx};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::site::Site;

/// The most addresses in one question.
const MOST: usize = 200;
/// A longer address is none.
const LONGEST: usize = 8 * 1024;

pub(super) fn router() -> Router<Site> {
    Router::new()
        .route("/api/v1/evidence", routing::get(all))
        .route("/api/v1/evidence/{id}", routing::get(one))
        .route("/api/v1/filter/decide", routing::post(decide))
}

/// Why there is no answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// One sentence.
    pub error: String,
}

/// A duty and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Duty {
    /// `FIL-02`.
    pub id: String,
    /// `met`, `due`, `gap`, `not_applicable` or `not_built`.
    pub status: String,
    /// What shows it.
    pub controls: Vec<DutyControl>,
    /// What was found.
    pub evidence: Vec<DutyEvidence>,
}

/// A control.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyControl {
    /// Stable key.
    pub key: String,
    /// What it shows.
    pub title: String,
    /// As of a duty.
    pub status: String,
    /// What to do when it is not met.
    pub mend: String,
}

/// A piece of evidence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyEvidence {
    /// One sentence.
    pub what: String,
    /// When it was true, RFC 3339.
    pub at: String,
    /// Page that shows it.
    pub link: Option<String>,
}

impl From<Row> for Duty {
    fn from(row: Row) -> Self {
        let control = |one: app::evidence::RowControl| DutyControl {
            key: one.key,
            title: one.title,
            status: one.status.to_owned(),
            mend: one.mend,
        };
        let evidence =
            |one: app::evidence::RowEvidence| DutyEvidence { what: one.what, at: one.at.to_string(), link: one.link };
        Self {
            id: row.id,
            status: row.status.to_owned(),
            controls: row.controls.into_iter().map(control).collect(),
            evidence: row.evidence.into_iter().map(evidence).collect(),
        }
    }
}

/// A question to the filter.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Decide {
    /// Group key.
    pub group: String,
    /// Names or URLs, 200 at most.
    pub urls: Vec<String>,
}

/// The filter's answer to one of them. A sealed entry: `"verdict": "block"` and nothing else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// As asked.
    pub url: String,
    /// `allow`, `block` or `rewrite`; `error` for what is neither name nor URL.
    pub verdict: String,
    /// Category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// One sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Obligation ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Vec<String>>,
}

impl Decided {
    fn new(url: String, answer: Result<Answer, String>) -> Self {
        match answer {
            Ok(Answer { verdict, category, rule, reason, because }) => {
                Self { url, verdict, category, rule, reason, because }
            }
            Err(why) => {
                Self { url, verdict: "error".to_owned(), category: None, rule: None, reason: Some(why), because: None }
            }
        }
    }
}

/// No answer, with its status.
pub(super) struct Refusal(StatusCode, &'static str);

const NO_TOKEN: Refusal = Refusal(StatusCode::UNAUTHORIZED, "Show a token that works: Authorization: Bearer …");
const OTHER_SCOPE: Refusal = Refusal(StatusCode::FORBIDDEN, "This token is not for that, or not for this person.");

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(Problem { error: self.1.to_owned() })).into_response()
    }
}

impl From<app::Error> for Refusal {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::NotFound => Self(StatusCode::NOT_FOUND, "There is nothing of that name."),
            app::Error::Refused(_) => OTHER_SCOPE,
            app::Error::Invalid(_) => Self(StatusCode::UNPROCESSABLE_ENTITY, "Something in the question is wrong."),
            app::Error::Unavailable { .. } => {
                Self(StatusCode::SERVICE_UNAVAILABLE, "The records do not answer just now. Try again in a minute.")
            }
            other => {
                tracing::error!(error = %other, "the API failed");
                Self(StatusCode::INTERNAL_SERVER_ERROR, "Something in Holdfast broke.")
            }
        }
    }
}

/// Who asks, if the token works and is for that.
async fn who(site: &Site, headers: &HeaderMap, action: Action) -> Result<OpCtx, Refusal> {
    let mut rng = site.rng();
    let request_id = domain::id::fresh(site.now(), &mut *rng);
    let mut ctx = site.ctx(Actor::Nobody, request_id, Client::default());
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, word) = shown.and_then(|text| text.split_once(' ')).ok_or(NO_TOKEN)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NO_TOKEN);
    }
    let bearer = accounts::bearer(site.services(), &ctx, &Token::given(word)).await?.ok_or(NO_TOKEN)?;
    if !bearer.opens(action) {
        return Err(OTHER_SCOPE);
    }
    ctx.actor = bearer.actor;
    Ok(ctx)
}

/// Every duty, today.
#[utoipa::path(get, path = "/api/v1/evidence", security(("bearer" = [])), responses(
    (status = 200, body = [Duty]), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(super) async fn all(State(site): State<Site>, headers: HeaderMap) -> Result<Json<Vec<Duty>>, Refusal> {
    let mut ctx = who(&site, &headers, Action::ReadEvidence).await?;
    let standing = app::evidence::evaluate(site.services(), &mut ctx).await?;
    Ok(Json(standing.rows().into_iter().map(Duty::from).collect()))
}

/// One duty, today.
#[utoipa::path(get, path = "/api/v1/evidence/{id}", params(("id" = String, Path, description = "FIL-02")),
    security(("bearer" = [])), responses((status = 200, body = Duty), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn one(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Duty>, Refusal> {
    let mut ctx = who(&site, &headers, Action::ReadEvidence).await?;
    let standing = app::evidence::evaluate(site.services(), &mut ctx).await?;
    let row = standing.rows().into_iter().find(|row| row.id == id).ok_or(app::Error::NotFound)?;
    Ok(Json(row.into()))
}

/// What the filter says of names or URLs. Nothing is asked of any site, and nothing is recorded.
#[utoipa::path(post, path = "/api/v1/filter/decide", request_body = Decide, security(("bearer" = [])), responses(
    (status = 200, body = [Decided]), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 422, body = Problem)))]
pub(super) async fn decide(
    State(site): State<Site>,
    headers: HeaderMap,
    Json(asked): Json<Decide>,
) -> Result<Json<Vec<Decided>>, Refusal> {
    let ctx = who(&site, &headers, Action::ReadFilter).await?;
    if asked.urls.is_empty() || asked.urls.len() > MOST || asked.urls.iter().any(|url| url.len() > LONGEST) {
        return Err(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "Ask for one to 200 names or URLs."));
    }
    let answers = app::filtering::ask_filter(site.services(), &ctx, &asked.group, asked.urls).await?;
    Ok(Json(answers.into_iter().map(|(url, answer)| Decided::new(url, answer)).collect()))
}
