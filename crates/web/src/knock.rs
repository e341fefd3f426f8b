//! How the evidence asks our own pages: the real router, in this process, as nobody, without the network (S51).

use std::sync::Arc;

use axum::body::Body;
use http::{Request, header};
use tower::ServiceExt;

use crate::site::Site;

/// The most of a page that is read.
const MOST: usize = 512 * 1024;

/// Lets the evidence knock on the pages of a site. The site is not kept alive by it.
pub(crate) fn open(site: &Site) {
    let weak = site.downgrade();
    let knock: app::evidence::Knock = Arc::new(move |path: String| {
        let weak = weak.clone();
        Box::pin(async move {
            let site = weak.upgrade().ok_or_else(|| "Our pages are no longer served.".to_owned())?;
            let request = Request::get(&path)
                .header(header::HOST, "holdfast.invalid")
                .body(Body::empty())
                .map_err(|error| error.to_string())?;
            let Ok(response) = crate::routes::inner_router(site).oneshot(request).await;
            let status = response.status().as_u16();
            let bytes = axum::body::to_bytes(response.into_body(), MOST).await.map_err(|error| error.to_string())?;
            Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
        })
    });
    site.services().live.open_door(knock);
}
