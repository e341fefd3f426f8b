//! An answer inside an inspected tunnel: its kind of file, its words, and on it goes as it comes.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use filter::words::Found;
use filter::{CanonicalUrl, Download};
use http::{HeaderMap, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Frame, Incoming, SizeHint};

/// So much of a page's text waits while its words are weighed, bytes; and no longer than this.
const WEIGHED: usize = 96 << 10;
const WAITS: Duration = Duration::from_secs(5);
/// So much shows what kind of file it is.
const SHOWS: usize = 16;

pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

/// What was found when its beginning was read.
pub(super) enum Read {
    /// Nothing.
    Passes(Response<Body>),
    /// A page about something.
    About(Found, Response<Body>),
    /// A file that is not what it was called.
    Download(Download),
}

/// An answer of our own.
pub(super) fn whole(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed())
}

/// Nothing.
pub(super) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed()
}

/// Endings of each kind's names, and how its media types begin or end.
const KINDS: [(Download, &[&str], &[&str]); 4] = [
    (
        Download::Programs,
        &[
            "exe", "msi", "msix", "appx", "apk", "apks", "xapk", "ipa", "dmg", "pkg", "deb", "rpm", "bat", "cmd",
            "com", "scr", "vbs", "ps1", "jar", "crx", "xpi", "sh", "appimage", "reg", "lnk", "hta",
        ],
        &[
            "application/x-msdownload",
            "application/x-msdos-program",
            "application/vnd.android.package-archive",
            "application/x-msi",
            "application/x-apple-diskimage",
            "application/java-archive",
            "application/x-chrome-extension",
            "application/x-executable",
            "application/vnd.debian.binary-package",
        ],
    ),
    (
        Download::Archives,
        &["zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "xz", "zst", "cab", "arj", "lzh"],
        &[
            "application/zip",
            "application/x-zip-compressed",
            "application/x-7z-compressed",
            "application/vnd.rar",
            "application/x-rar-compressed",
            "application/x-tar",
            "application/gzip",
        ],
    ),
    (
        Download::Macros,
        &["docm", "xlsm", "pptm", "dotm", "xltm", "xlam", "doc", "xls", "ppt", "xll"],
        &[
            "application/vnd.ms-excel.sheet.macroenabled",
            "application/vnd.ms-word.document.macroenabled",
            "application/msword",
        ],
    ),
    (
        Download::Disks,
        &["iso", "img", "vhd", "vhdx", "vmdk"],
        &["application/x-iso9660-image", "application/x-raw-disk-image"],
    ),
];

/// How files of each kind begin, whatever they are called.
const BEGINNINGS: [(&[u8], Download); 8] = [
    (b"MZ", Download::Programs),
    (b"\x7fELF", Download::Programs),
    (b"\xca\xfe\xba\xbe", Download::Programs),
    (b"\xcf\xfa\xed\xfe", Download::Programs),
    (b"Rar!", Download::Archives),
    (b"7z\xbc\xaf\x27\x1c", Download::Archives),
    (b"\x1f\x8b", Download::Archives),
    (b"PK\x03\x04", Download::Archives),
];

/// The kind, for whoever reads why.
pub(super) fn kind_in_words(kind: Download) -> &'static str {
    match kind {
        Download::Programs => "a program",
        Download::Archives => "an archive",
        Download::Macros => "an office file that may hold macros",
        Download::Disks => "the image of a disk",
    }
}

/// Whether an answer says itself, by its type or its name, that it is a file which is refused.
pub(super) fn refused_download<B>(
    response: &Response<B>,
    url: &CanonicalUrl,
    refused: &BTreeSet<Download>,
) -> Option<Download> {
    let kind = text(response.headers(), header::CONTENT_TYPE);
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let named = text(response.headers(), header::CONTENT_DISPOSITION);
    let file = named.rsplit_once("filename").map(|(_, name)| name.trim_end_matches(['"', ';', ' ']).to_owned());
    // A page is a page, whatever its address ends in.
    let page = matches!(kind, "text/html" | "application/json" | "text/css") && file.is_none();
    let end = |name: &str| name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    let ends: Vec<String> =
        file.as_deref().and_then(end).into_iter().chain((!page).then(|| end(url.path())).flatten()).collect();
    KINDS
        .iter()
        .filter(|(download, _, _)| refused.contains(download))
        .find(|(_, endings, types)| types.contains(&kind) || ends.iter().any(|end| endings.contains(&end.as_str())))
        .map(|(download, _, _)| *download)
}

/// Reads as much of the beginning as has to be judged, and gives the whole to be passed on.
pub(super) async fn pass_on(response: Response<Incoming>, weigh: bool, refused: &BTreeSet<Download>) -> Read {
    let kind = text(response.headers(), header::CONTENT_TYPE);
    let packed = !matches!(text(response.headers(), header::CONTENT_ENCODING).as_str(), "" | "identity");
    let html = kind.starts_with("text/html") || kind.starts_with("application/xhtml");
    let weigh = weigh && !packed && (html || kind.starts_with("text/plain"));
    // Web pages fetch packed data all the time; only what is handed out as a file is looked at by its first bytes.
    let judge = !refused.is_empty()
        && !packed
        && (kind.is_empty()
            || kind.starts_with("application/octet-stream")
            || kind.starts_with("binary/")
            || response.headers().contains_key(header::CONTENT_DISPOSITION));
    if !weigh && !judge {
        return Read::Passes(response.map(|body| body.boxed()));
    }
    let (parts, mut rest) = response.into_parts();
    let (mut first, mut bytes) = (VecDeque::new(), Vec::new());
    let most = if weigh { WEIGHED } else { SHOWS };
    let reading = async {
        while bytes.len() < most {
            match rest.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        bytes.extend_from_slice(data.get(..data.len().min(most)).unwrap_or_default());
                    }
                    first.push_back(frame);
                }
                Some(Err(_)) | None => break,
            }
        }
    };
    // Whoever sends drop by drop has what came so far weighed.
    let _ = tokio::time::timeout(WAITS, reading).await;
    if judge
        && let Some((_, download)) =
            BEGINNINGS.iter().find(|(start, download)| bytes.starts_with(start) && refused.contains(download))
    {
        return Read::Download(*download);
    }
    let found = weigh
        .then(|| String::from_utf8_lossy(&bytes).into_owned())
        .and_then(|text| filter::words::heaviest(&if html { filter::words::of_html(&text) } else { text }));
    let response = Response::from_parts(parts, Held { first, rest }.boxed());
    match found {
        Some(found) => Read::About(found, response),
        None => Read::Passes(response),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}

/// What was read already, then the rest as it comes.
struct Held {
    first: VecDeque<Frame<Bytes>>,
    rest: Incoming,
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.first.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let held: u64 = self.first.iter().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + held);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + held);
        }
        hint
    }
}
