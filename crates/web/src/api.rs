//! The JSON API under `/api/v1`, described by `/api/v1/openapi.json`; and `/healthz`.
//!
//! Callers show a bearer token, never a cookie, so no page in a browser can use it on somebody's behalf. To add a call:
//! a function with `#[utoipa::path]`, a line in [`router`] and one in [`Document`].

mod evidence;

use axum::{Json, Router, extract::State, response::IntoResponse, routing};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::site::Site;

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdfast",
        description = "Evidence and filter decisions of a setting. Tokens: `holdfast token create`, with the scopes \
                       `evidence` and `filter`. No token opens a concern (safety rule 16): they are told and read on \
                       the pages alone."
    ),
    paths(health, gateway_health, evidence::all, evidence::one, evidence::decide),
    components(schemas(
        Health,
        evidence::Problem,
        evidence::Duty,
        evidence::DutyControl,
        evidence::DutyEvidence,
        evidence::Decide,
        evidence::Decided
    )),
    modifiers(&Bearer)
)]
struct Document;

/// Says in the description how a token is shown.
struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// How it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `failing`.
    pub status: &'static str,
    /// What fails, by part: `web`, `store`, `dns`, `proxy`. Empty when all serve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
}

/// The API's routes.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/healthz", routing::get(health))
        .route("/healthz/gateway", routing::get(gateway_health))
        .route("/api/v1/openapi.json", routing::get(document))
        .merge(evidence::router())
        .layer(axum::middleware::map_response(plain))
}

/// Does everything serve?
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn health(State(site): State<Site>) -> impl IntoResponse {
    Health::of(site.failing().await)
}

/// Does the gateway serve? It has its own answer because it goes on when the records are away (S31).
#[utoipa::path(get, path = "/healthz/gateway", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn gateway_health(State(site): State<Site>) -> impl IntoResponse {
    Health::of(site.failing_of_gateway())
}

impl Health {
    fn of(failing: Vec<String>) -> impl IntoResponse {
        let (code, status) = match failing.is_empty() {
            true => (http::StatusCode::OK, "ok"),
            false => (http::StatusCode::SERVICE_UNAVAILABLE, "failing"),
        };
        (code, Json(Self { status, failing }))
    }
}

async fn document() -> impl IntoResponse {
    Json(Document::openapi())
}

/// Data is never cached, framed or sniffed.
async fn plain(mut response: axum::response::Response) -> axum::response::Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}
