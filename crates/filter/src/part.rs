//! A part of a site: one host, and what stands at a path and below it; a single video is one (S34).
//!
//! It is met by whole addresses alone, in the one spelling that [`CanonicalUrl`] gives them, so that no dots or percent signs
//! lead out of it. What it is not: a pattern, a query, or a whole site, which is a rule about a name.

use crate::{CanonicalUrl, Host, UrlError};

/// Where a video of YouTube is shown alone, without what else its site offers.
pub(crate) const EMBEDDED: &str = "www.youtube-nocookie.com/embed/";
/// The same of Vimeo.
pub(crate) const VIMEO: &str = "player.vimeo.com/video/";
/// Letters of a video's id.
const ID: usize = 11;

/// A host and the beginning of a path on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    host: Host,
    path: String,
}

/// Why a text is no part of a site. Each reads as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// It cannot be read at all.
    #[error("{0}")]
    Url(#[from] UrlError),
    /// A host without a path.
    #[error("it is a whole site, not a part of one")]
    Whole,
    /// What stands behind a question mark does not say which page it is in any way that can be relied on.
    #[error("leave out the question mark and what follows it")]
    Query,
    /// An address that is a number has no parts.
    #[error("it has no name")]
    Nameless,
}

impl Part {
    /// Reads `host/path`, with or without a scheme. The address of one video of YouTube or Vimeo, in any of its forms, is that
    /// video alone.
    ///
    /// # Errors
    /// [`PartError`].
    pub fn parse(text: &str) -> Result<Self, PartError> {
        let url = CanonicalUrl::parse(text)?;
        let url = match (youtube(&url), vimeo(&url)) {
            (Some(id), _) => CanonicalUrl::parse(&format!("{EMBEDDED}{id}"))?,
            (None, Some(id)) => CanonicalUrl::parse(&format!("{VIMEO}{id}"))?,
            (None, None) => url,
        };
        if url.query().is_some() {
            return Err(PartError::Query);
        }
        let path = url.path().trim_end_matches('/');
        if path.is_empty() {
            return Err(PartError::Whole);
        }
        if url.host().name().is_none() {
            return Err(PartError::Nameless);
        }
        Ok(Self { host: url.host().clone(), path: path.to_owned() })
    }

    /// Its host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether an address is this part or below it. `/shows` holds `/shows` and `/shows/a`, not `/showsx`.
    pub fn holds(&self, url: &CanonicalUrl) -> bool {
        *url.host() == self.host
            && url.path().strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

/// The video that an address of YouTube shows.
fn youtube(url: &CanonicalUrl) -> Option<&str> {
    let host = url.host().name()?.as_str();
    let host = host.strip_prefix("www.").or_else(|| host.strip_prefix("m.")).unwrap_or(host);
    let of_path = |start: &str| url.path().strip_prefix(start);
    let id = match host {
        "youtu.be" => of_path("/")?,
        "youtube.com" | "youtube-nocookie.com" if url.path() == "/watch" => {
            url.query()?.split('&').find_map(|pair| pair.strip_prefix("v="))?
        }
        "youtube.com" | "youtube-nocookie.com" => of_path("/embed/").or_else(|| of_path("/shorts/"))?,
        _ => return None,
    };
    let id = id.trim_end_matches('/');
    is_youtube_id(id).then_some(id)
}

/// Words of YouTube's in the place of an id, which stand for many videos or for whatever somebody sends just now.
const NO_ID: [&str; 2] = ["videoseries", "live_stream"];

pub(crate) fn is_youtube_id(id: &str) -> bool {
    id.len() == ID
        && !NO_ID.contains(&id)
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The video that an address of Vimeo shows: its number, which stands last (`/76979871`, `/channels/staffpicks/76979871`). One
/// that only those see who have a second, secret part (`/76979871/9a8b`, `?h=9a8b`) is not public and stays what it is.
fn vimeo(url: &CanonicalUrl) -> Option<&str> {
    let number = |id: &str| (6..=15).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    let secret = url.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("h=")));
    let path = url.path().trim_end_matches('/').strip_prefix('/').filter(|_| !secret)?;
    let id = match url.host().name()?.as_str() {
        "vimeo.com" | "www.vimeo.com" => match path.rsplit_once('/') {
            Some((before, id)) => (!number(before.split('/').next()?)).then_some(id)?,
            None => path,
        },
        "player.vimeo.com" => path.strip_prefix("video/")?,
        _ => return None,
    };
    number(id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Part {
        Part::parse(text).unwrap()
    }

    fn holds(part: &Part, url: &str) -> bool {
        part.holds(&CanonicalUrl::parse(url).unwrap())
    }

    #[test]
    fn a_part_holds_its_path_and_what_is_below_and_nothing_beside() {
        let shows = part("https://www.Example.org/shows/");
        assert_eq!(shows.to_string(), "www.example.org/shows");
        for inside in ["www.example.org/shows", "http://www.example.org/shows/a/b?c=d", "www.example.org/x/../shows/a"]
        {
            assert!(holds(&shows, inside), "{inside}");
        }
        for outside in [
            "www.example.org/",
            "www.example.org/showsx",
            "www.example.org/shows/../games",
            "www.example.org/shows/%2e%2e/games",
            "www.example.org/shows/..%2fgames",
            "www.example.org/shows%2f..%2f..%2fgames",
            "example.org/shows/a",
            "a.www.example.org/shows/a",
            "other.org/www.example.org/shows",
            "www.example.org/?shows",
        ] {
            assert!(!holds(&shows, outside), "{outside}");
        }
    }

    #[test]
    fn a_video_is_itself_alone_whatever_its_address() {
        for address in [
            "https://www.youtube.com/watch?v=abcdefghij_&list=PL1&t=4",
            "https://youtu.be/abcdefghij_?si=x",
            "https://m.youtube.com/shorts/abcdefghij_",
            "www.youtube-nocookie.com/embed/abcdefghij_?rel=0",
        ] {
            assert_eq!(part(address).to_string(), "www.youtube-nocookie.com/embed/abcdefghij_", "{address}");
        }
        for address in
            ["https://vimeo.com/76979871", "vimeo.com/channels/x/76979871/", "player.vimeo.com/video/76979871?dnt=1"]
        {
            assert_eq!(part(address).to_string(), "player.vimeo.com/video/76979871", "{address}");
        }
        assert_eq!(part("vimeo.com/76979871/9876543210").to_string(), "vimeo.com/76979871/9876543210");
        let video = part("https://youtu.be/abcdefghij_");
        assert!(holds(&video, "https://www.youtube-nocookie.com/embed/abcdefghij_?autoplay=1"));
        for other in ["www.youtube-nocookie.com/embed/abcdefghijk", "www.youtube.com/watch?v=abcdefghij_"] {
            assert!(!holds(&video, other), "{other}");
        }
    }

    #[test]
    fn what_is_no_part() {
        for (text, why) in [
            ("example.org", PartError::Whole),
            ("example.org//", PartError::Whole),
            ("example.org/a?b=c", PartError::Query),
            ("https://www.youtube.com/watch?v=short", PartError::Query),
            ("https://player.vimeo.com/video/76979871?h=9a8b", PartError::Query),
            ("https://www.youtube-nocookie.com/embed/videoseries?list=PL1", PartError::Query),
            ("192.0.2.1/a", PartError::Nameless),
        ] {
            assert_eq!(Part::parse(text), Err(why), "{text}");
        }
    }
}
