//! The poster for the wall: the door of this setting as a picture code, and whom else to tell.

use app::{contacts, telling};
use views::pages::tell::Poster;

use crate::pages::concerns::{ring, tell};
use crate::pages::second_step_set_up::picture;
use crate::{Answer, Visit};

/// The poster.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let setting = visit.signed_in()?.visit.setting;
    let sheet = contacts::sheet(visit.services(), &visit.ctx()).await?;
    let address = format!("{}/tell/{}", visit.services().web_base, telling::word_of(setting));
    let shown = ["emergency", "front_door", "ofsted", "nspcc", "childline"];
    visit.page(&Poster {
        setting: sheet.setting,
        fictional: sheet.fictional,
        picture_svg: picture(&address)?,
        address,
        inside: tell(sheet.inside),
        outside: sheet.outside.iter().filter(|agency| shown.contains(&agency.key.as_str())).map(ring).collect(),
    })
}
