//! An answer that the proxy sees, plain or inside an inspected tunnel: its kind of file, its words, and on it goes as it comes.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use filter::hours::InForce;
use filter::words::Found;
use filter::{CanonicalUrl, Cause, Download, Group, Outcome, Verdict};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Frame, SizeHint};
use jiff::Timestamp;

use super::in_force;
use super::unpack::Unpacking;
use crate::policy::{Client, Policy};

/// So much of a page's text waits while its words are weighed, bytes; and no longer than this.
const WEIGHED: usize = 96 << 10;
const WAITS: Duration = Duration::from_secs(5);
/// So much shows what kind of file it is.
const SHOWS: usize = 16;

pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

/// What was found when its beginning was read.
enum Read {
    /// Nothing.
    Passes(Response<Body>),
    /// A page about something.
    About(Found, Response<Body>),
    /// A file that is not what it was called.
    Download(Download),
}

/// What is looked at in the answers that one device gets, as far as the proxy sees them: kinds of files in every group that
/// refuses some; words where inspection weighs them. Plain pages are seen without opening anything.
pub(crate) struct Look<'p> {
    group: Option<&'p Group>,
    hours: Option<InForce<'p>>,
    refused: BTreeSet<Download>,
    words: bool,
    inspected: bool,
}

impl<'p> Look<'p> {
    pub(crate) fn at(policy: &'p Policy, client: &Client, now: Timestamp) -> Self {
        let group = policy.snapshot().groups.get(&*client.subject.group);
        let inspection = in_force(policy, client, now).map(|(_, inspection)| inspection);
        let mut refused = group.map(|group| group.downloads.clone()).unwrap_or_default();
        refused.extend(inspection.iter().flat_map(|inspection| &inspection.downloads));
        Self {
            group,
            hours: group.map(|group| policy.hours(group, now)),
            refused,
            words: inspection.is_some_and(|inspection| inspection.words),
            inspected: inspection.is_some(),
        }
    }

    pub(crate) fn is_inspected(&self) -> bool {
        self.inspected
    }

    /// Whether an answer is looked at at all.
    pub(crate) fn has_work(&self, weigh: bool) -> bool {
        weigh || !self.refused.is_empty()
    }

    /// Whether the answer's words will be weighed. If so the site is asked to pack it no other way than we unpack.
    pub(crate) fn prepare(&self, headers: &mut HeaderMap) -> bool {
        // A browser asks for a page, and not for a part of one.
        let weigh = self.words && text(headers, header::ACCEPT).contains("text/html");
        if weigh {
            let both = text(headers, header::ACCEPT_ENCODING).contains("gzip");
            let coding = HeaderValue::from_static(if both { "gzip" } else { "identity" });
            headers.insert(header::ACCEPT_ENCODING, coding);
        }
        weigh
    }

    /// The answer, to be passed on; or why it is not.
    pub(crate) async fn judge<B>(
        &self,
        response: Response<B>,
        url: &CanonicalUrl,
        weigh: bool,
    ) -> Result<Response<Body>, Verdict>
    where
        B: hyper::body::Body<Data = Bytes, Error = hyper::Error> + Send + Sync + Unpin + 'static,
    {
        let blocked = |cause| Verdict { outcome: Outcome::Block, cause };
        let file = |kind| {
            blocked(Cause::Rule {
                rule: "download".to_owned(),
                reason: "Files of this kind are not let through here.".to_owned(),
                matched: kind_in_words(kind).to_owned(),
            })
        };
        if let Some(kind) = refused_download(&response, url, &self.refused) {
            return Err(file(kind));
        }
        let (found, response) = match pass_on(response, weigh, &self.refused).await {
            Read::Passes(response) => return Ok(response),
            Read::Download(kind) => return Err(file(kind)),
            Read::About(found, response) => (found, response),
        };
        // Only what the group blocks anyway is blocked by its words.
        let reason = self.group.zip(self.hours.as_ref()).and_then(|(group, hours)| hours.reason(group, found.category));
        match reason {
            Some(reason) => Err(blocked(Cause::Category {
                category: found.category.into(),
                title: reason.title.clone(),
                why: reason.why.clone(),
                matched: "the words on the page".into(),
                lists: ["words".to_owned()].into(),
                because: reason.because.clone(),
            })),
            None => Ok(response),
        }
    }
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
fn kind_in_words(kind: Download) -> &'static str {
    match kind {
        Download::Programs => "a program",
        Download::Archives => "an archive",
        Download::Macros => "an office file that may hold macros",
        Download::Disks => "the image of a disk",
    }
}

/// Whether an answer says itself, by its type or its name, that it is a file which is refused.
fn refused_download<B>(response: &Response<B>, url: &CanonicalUrl, refused: &BTreeSet<Download>) -> Option<Download> {
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
async fn pass_on<B>(response: Response<B>, weigh: bool, refused: &BTreeSet<Download>) -> Read
where
    B: hyper::body::Body<Data = Bytes, Error = hyper::Error> + Send + Sync + Unpin + 'static,
{
    let kind = text(response.headers(), header::CONTENT_TYPE);
    let unpacking = Unpacking::of(&text(response.headers(), header::CONTENT_ENCODING));
    let html = kind.starts_with("text/html") || kind.starts_with("application/xhtml");
    let weigh = weigh && unpacking.is_some() && (html || kind.starts_with("text/plain"));
    // Web pages fetch packed data all the time; only what is handed out as a file is looked at by its first bytes.
    let judge = !refused.is_empty()
        && unpacking.is_some()
        && (kind.is_empty()
            || kind.starts_with("application/octet-stream")
            || kind.starts_with("binary/")
            || response.headers().contains_key(header::CONTENT_DISPOSITION));
    let Some(mut unpacking) = unpacking.filter(|_| weigh || judge) else {
        return Read::Passes(response.map(|body| body.boxed()));
    };
    let (parts, mut rest) = response.into_parts();
    let mut first = VecDeque::new();
    let most = if weigh { WEIGHED } else { SHOWS };
    let reading = async {
        while unpacking.wants(most) {
            match rest.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        unpacking.feed(data, most);
                    }
                    first.push_back(frame);
                }
                Some(Err(_)) | None => break,
            }
        }
    };
    // Whoever sends drop by drop has what came so far weighed.
    let _ = tokio::time::timeout(WAITS, reading).await;
    let bytes = unpacking.bytes();
    if judge
        && let Some((_, download)) =
            BEGINNINGS.iter().find(|(start, download)| bytes.starts_with(start) && refused.contains(download))
    {
        return Read::Download(*download);
    }
    let found = weigh
        .then(|| String::from_utf8_lossy(bytes).into_owned())
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
struct Held<B> {
    first: VecDeque<Frame<Bytes>>,
    rest: B,
}

impl<B: hyper::body::Body<Data = Bytes, Error = hyper::Error> + Unpin> hyper::body::Body for Held<B> {
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
