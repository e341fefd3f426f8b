//! One film that can be shown alone: the part of a site that holds it, how it stands on a page of ours, and which hosts it
//! is known to ask (S34).
//!
//! What it is not: a player, or a promise about what the other side shows inside its frame. To add a site: a row in
//! [`Film::of`], what its own documentation calls its page for embedding, and a test.

use crate::Part;
use crate::part::{EMBEDDED, VIMEO, is_youtube_id};

/// How a film is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Film {
    /// A page of the other side for embedding, in a frame of ours.
    Frame {
        /// Its host, the only one that the frame may show.
        host: String,
        /// Its whole address, with what keeps offers of other films away.
        address: String,
        /// Hosts that are known to send what it shows.
        needs: &'static [&'static str],
    },
    /// A file that the browser plays itself.
    File {
        /// Its whole address.
        address: String,
    },
}

/// Endings of files that every tablet's browser plays.
const FILES: [&str; 3] = [".mp4", ".m4v", ".webm"];

impl Film {
    /// The film that a part of a site is, if it is one.
    pub fn of(part: &Part) -> Option<Self> {
        let text = part.to_string();
        if let Some(id) = text.strip_prefix(EMBEDDED).filter(|id| is_youtube_id(id)) {
            // Its own offers at the end are the one thing that cannot be switched off; a film that begins again has no end.
            // <https://developers.google.com/youtube/player_parameters>
            let how = format!("rel=0&loop=1&playlist={id}&fs=0&iv_load_policy=3&playsinline=1");
            return Some(Self::Frame {
                host: part.host().to_string(),
                address: format!("https://{text}?{how}"),
                needs: &["googlevideo.com", "i.ytimg.com"],
            });
        }
        if let Some(id) = text.strip_prefix(VIMEO).filter(|id| is_number(id)) {
            // <https://help.vimeo.com/hc/en-us/articles/12426260232977>: `dnt` keeps no account of who looks.
            let how = "dnt=1&loop=1&title=0&byline=0&portrait=0";
            return Some(Self::Frame {
                host: part.host().to_string(),
                address: format!("https://player.vimeo.com/video/{id}?{how}"),
                needs: &["vimeocdn.com"],
            });
        }
        let lower = text.to_ascii_lowercase();
        FILES.iter().any(|ending| lower.ends_with(ending)).then(|| Self::File { address: format!("https://{text}") })
    }
}

fn is_number(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(text: &str) -> Option<Film> {
        Film::of(&Part::parse(text).unwrap())
    }

    #[test]
    fn a_film_is_known_in_all_its_addresses_and_shown_on_its_page_for_embedding_alone() {
        for address in ["https://youtu.be/abcdefghij_?si=x", "https://www.youtube.com/watch?v=abcdefghij_&list=PL1"] {
            let Some(Film::Frame { host, address, needs }) = film(address) else { panic!("{address}") };
            assert_eq!(host, "www.youtube-nocookie.com");
            assert!(
                address.starts_with("https://www.youtube-nocookie.com/embed/abcdefghij_?rel=0&loop=1&"),
                "{address}"
            );
            assert!(needs.contains(&"googlevideo.com"));
        }
        for address in
            ["https://vimeo.com/76979871", "vimeo.com/channels/staffpicks/76979871", "player.vimeo.com/video/76979871"]
        {
            let Some(Film::Frame { host, address, .. }) = film(address) else { panic!("{address}") };
            assert_eq!(host, "player.vimeo.com");
            assert!(address.starts_with("https://player.vimeo.com/video/76979871?dnt=1&"), "{address}");
        }
        assert_eq!(
            film("http://films.example.org/Washing%20hands.MP4"),
            Some(Film::File { address: "https://films.example.org/Washing%20hands.MP4".into() })
        );
    }

    #[test]
    fn what_is_no_single_film() {
        for other in [
            "example.org/shows",
            "www.youtube-nocookie.com/embed/videoseries",
            "www.youtube-nocookie.com/embed/live_stream",
            "www.youtube-nocookie.com/embed/abcdefghij_/more",
            "www.youtube.com/@somebody",
            "player.vimeo.com/video/76979871/more",
            "vimeo.com/somebody",
            "films.example.org/mp4",
            "films.example.org/a.mp4/list",
        ] {
            assert_eq!(film(other), None, "{other}");
        }
    }
}
