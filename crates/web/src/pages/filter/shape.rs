//! A change to how one group is: a schedule, its search, supervised sessions, approved material, a group like it.
//!
//! One form a kind of change, each looked at before it is sent, as `propose` does for names and categories. To add one: a
//! variant of [`What`], its questions in [`What::fields`] and its reading in [`What::read`].

mod hours;

use std::collections::BTreeMap;

use app::activity::Wanted;
use app::filtering::decide::{self, Preview, Propose, Risk};
use app::filtering::{Change, Direction, Download, Group, Inspected, SafeSearch, view};
use axum::extract::{Path, Query};
use domain::access::Action;
use jiff::civil::Date;
use views::FormView;
use views::pages::filter_changes as pages;
use views::ui::Tone;

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Hours,
    EndHours,
    Search,
    Supervise,
    Unknown,
    Approve,
    Copy,
    Inspect,
    EndInspection,
    Files,
    EditHours,
    Rename,
    Remove,
}

impl What {
    fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "hours" => Self::Hours,
            "end-hours" => Self::EndHours,
            "search" => Self::Search,
            "supervise" => Self::Supervise,
            "unknown" => Self::Unknown,
            "approve" => Self::Approve,
            "copy" => Self::Copy,
            "inspect" => Self::Inspect,
            "end-inspection" => Self::EndInspection,
            "files" => Self::Files,
            "edit-hours" => Self::EditHours,
            "rename" => Self::Rename,
            "remove" => Self::Remove,
            _ => return None,
        })
    }

    fn heading(self, group: &Group) -> String {
        let name = &group.name;
        match self {
            Self::Hours => format!("A schedule for {name}"),
            Self::EndHours => format!("End a schedule of {name}"),
            Self::Search => format!("Search on {name}"),
            Self::Supervise if group.supervised => format!("{name} without sessions"),
            Self::Supervise => format!("{name}: only with an adult"),
            Self::Unknown => format!("Devices that nobody knows: {name}"),
            Self::Approve => format!("Approve material for {name}"),
            Self::Copy => format!("A new group like {name}"),
            Self::Inspect => format!("Inspect encrypted pages on {name}"),
            Self::EndInspection => format!("No longer inspect {name}"),
            Self::Files => format!("Files on {name}"),
            Self::EditHours => format!("Change a schedule of {name}"),
            Self::Rename => format!("Another name for {name}"),
            Self::Remove => format!("Remove {name}"),
        }
    }

    fn about(self, group: &Group) -> Vec<String> {
        let said: &[&str] = match self {
            Self::Hours => &[
                "The hours are kept by the filter itself, also when this program is off. When the clocks change, a window that opens something takes the shorter reading and one that closes something the longer.",
            ],
            Self::EndHours => &["The devices are then the same at this hour as at any other."],
            Self::Search => &["Some search engines can be held to safe search by their name alone."],
            Self::Supervise if group.supervised => &[
                "The devices then reach every site that no list names, with nobody beside the children. The policy asks for directly supervised use of approved material.",
            ],
            Self::Supervise => &[
                "These devices then reach approved material and nothing else, and only while an adult has a session open in the room. Help services always work.",
            ],
            Self::Unknown => &[
                "A device that is not in the register, or that cannot prove which one it is, is then treated like the devices of this group. Choose the group that reaches least: a tablet that loses its settings must not reach more than before.",
            ],
            Self::Approve => &[
                "Look at all of it first, as a child would use it: adverts, links to elsewhere, chat, sounds. A whole site is approved, with everything below its name: the filter cannot see which page is open.",
                "One film of YouTube or Vimeo, or one file (mp4): write its whole address. It plays on a page of ours, in a session, with nothing beside it. What it needs is then open as whole sites while the session lasts, because the filter cannot see which film a device asks for.",
                "Where the group\u{2019}s pages are inspected, a part of a site can be approved instead: write its whole address. It then shows what stands there and below, and what it loads from elsewhere has to be among the sites that it needs.",
            ],
            Self::Files => &[
                "Files of these kinds are not let through where the filter sees them: on sites without encryption, and where pages are inspected. On all other sites the filter sees a name and no file.",
            ],
            Self::Inspect => &[
                "The filter opens encrypted pages of these devices, decides them by their whole address, and closes them again. It sees everything that is typed there. Banks, health and help services are never opened; nothing of a page is kept.",
                "Two people agree, one of them a safeguarding lead. It ends by itself on the day that you write. Each device needs the certificate for inspection.",
            ],
            Self::EndInspection => &["The devices are filtered by the names of sites again, as all others are."],
            Self::EditHours => &[
                "The old hours end when the new ones begin. What would open something waits for another person, and what closes more is in force at once.",
            ],
            Self::Rename => &["Only the name changes: devices, sites and hours stay."],
            Self::Remove => &[
                "Its devices then belong to the group of devices that nobody knows, which is the strictest one. Vouchers for this group open nothing any more. Two people agree.",
                "If some of the devices should be elsewhere, move them first, on their own pages.",
            ],
            Self::Copy => {
                &["It begins with the same categories, sites and hours. Put devices into it on their own pages."]
            }
        };
        said.iter().map(|sentence| (*sentence).to_owned()).collect()
    }

    fn fields(self, form: &FormView, group: &Group) -> Result<Vec<String>, Fault> {
        Ok(match self {
            Self::Hours => hours::fields(form, group)?,
            Self::EndHours => {
                let all: Vec<(String, String)> =
                    group.hours.iter().map(|(id, hours)| (id.clone(), hours.name.clone())).collect();
                vec![form.radios("hours", "Which one?").options(&all).to_string()]
            }
            Self::Search => vec![
                form.radios("level", "How?")
                    .option("strict", "Safe, videos in their strictest mode")
                    .option("moderate", "Safe, videos in their moderate mode")
                    .option("off", "As the device sets it")
                    .to_string(),
            ],
            Self::EditHours => {
                let id = form.value("hours");
                if !group.hours.contains_key(id) {
                    return Err(Fault::NotFound);
                }
                hours::fields(form, group)?
            }
            Self::Rename => vec![form.text("name", "What is it called from now on?").max(60).to_string()],
            Self::Supervise | Self::Unknown | Self::EndInspection | Self::Remove => Vec::new(),
            Self::Inspect => inspect_fields(form),
            Self::Approve => vec![
                form.text("host", "Site")
                    .hint("A name like example.org, and everything below it follows; or the whole address of one film. Where pages are inspected also example.org/shows")
                    .max(260)
                    .to_string(),
                form.text("title", "What is it?")
                    .hint("As adults here will know it, like \u{201c}Painting with shapes\u{201d}")
                    .max(100)
                    .to_string(),
                form.area("purpose", "What will the children do with it?")
                    .hint("The planned learning that it supports")
                    .max(500)
                    .rows(2)
                    .to_string(),
                form.area("evaluation", "What did you find?")
                    .hint("Who looked at all of it, and when; adverts, links, chat, age")
                    .max(1000)
                    .rows(3)
                    .to_string(),
                form.date("until", "Until when?")
                    .hint("The last day. Leave it empty to approve it until somebody changes it")
                    .to_string(),
            ],
            Self::Files => vec![
                form.checkboxes("files", "Which files are refused?")
                    .hint("Tick none to let all through")
                    .options(&DOWNLOADS.map(|(key, _, words)| (key.to_owned(), words.to_owned())))
                    .to_string(),
            ],
            Self::Copy => vec![
                form.text("name", "Name of the new group").hint("Like \u{201c}Staff break\u{201d}").max(60).to_string(),
            ],
        })
    }

    /// The same with the helper hosts that devices asked for, each to be ticked; they stand after the evaluation (S34).
    fn fields_with(self, form: &FormView, group: &Group, seen: Option<&[Wanted]>) -> Result<Vec<String>, Fault> {
        let mut fields = self.fields(form, group)?;
        if self == Self::Approve {
            let until = fields.pop();
            fields.extend(helper_fields(form, seen));
            fields.extend(until);
        }
        Ok(fields)
    }

    fn read(self, fields: &mut Fields, key: &str, group: &Group, now: jiff::Timestamp) -> Option<Change> {
        let groups = vec![key.to_owned()];
        match self {
            Self::Hours => Some(Change::AddHours { hours: hours::read(fields)?, groups }),
            Self::EndHours => {
                let id =
                    fields.choice("hours", |id| group.hours.contains_key(id).then(|| id.to_owned()), "Choose one")?;
                Some(Change::RemoveHours { id, groups })
            }
            Self::EditHours => {
                let known = |id: &str| group.hours.contains_key(id).then(|| id.to_owned());
                let id = fields.choice("hours", known, "Begin again from the group\u{2019}s page");
                let hours = hours::read(fields);
                Some(Change::SetHours { id: id?, hours: hours?, groups })
            }
            Self::Rename => Some(Change::RenameGroup {
                group: key.to_owned(),
                name: fields.text("name", 60, "Give the group a name")?,
            }),
            Self::Remove => Some(Change::RemoveGroup { group: key.to_owned() }),
            Self::Search => {
                let level = |key: &str| match key {
                    "strict" => Some(SafeSearch::Strict),
                    "moderate" => Some(SafeSearch::Moderate),
                    "off" => Some(SafeSearch::Off),
                    _ => None,
                };
                Some(Change::SetSearch { level: fields.choice("level", level, "Choose how")?, groups })
            }
            Self::Supervise => Some(Change::Supervise { on: !group.supervised, groups }),
            Self::Unknown => Some(Change::UnknownDevices { group: key.to_owned() }),
            Self::Inspect => Some(Change::Inspect { how: Box::new(read_inspection(fields, now)?), groups }),
            Self::EndInspection => Some(Change::EndInspection { groups }),
            Self::Files => {
                let known = |key: &str| DOWNLOADS.iter().find(|row| row.0 == key).map(|row| row.1);
                let kinds = fields.several("files", known)?.into_iter().collect();
                Some(Change::RefuseFiles { kinds, groups })
            }
            Self::Approve => {
                let name = fields.text("host", 260, "Write the site\u{2019}s name, like example.org");
                let title = fields.text("title", 100, "Say what it is");
                let purpose = fields.text("purpose", 500, "Say what the children will do with it");
                let evaluation = fields.text("evaluation", 1000, "Say who looked at it and what they found");
                let ticked = fields.several("helpers", |host| Some(host.to_owned()));
                let typed = fields.maybe("more", 2000);
                let until = fields.maybe_date("until");
                let until = until?.map(last_moment).transpose().ok()?;
                let typed = typed?.unwrap_or_default();
                let mut helpers: Vec<String> = Vec::new();
                for host in ticked?.iter().map(String::as_str).chain(typed.split_whitespace()) {
                    if !helpers.iter().any(|there| there == host) {
                        helpers.push(host.to_owned());
                    }
                }
                Some(Change::Approve {
                    name: name?,
                    helpers,
                    title: title?,
                    purpose: purpose?,
                    evaluation: evaluation?,
                    groups,
                    until,
                })
            }
            Self::Copy => {
                Some(Change::AddGroup { name: fields.text("name", 60, "Give the group a name")?, like: key.to_owned() })
            }
        }
    }

    /// Where a refusal of this change belongs.
    fn field(self) -> &'static str {
        match self {
            Self::Hours | Self::Copy | Self::EditHours | Self::Rename => "name",
            Self::EndHours => "hours",
            Self::Search => "level",
            Self::Supervise | Self::Unknown | Self::EndInspection | Self::Remove => "reason",
            Self::Files => "files",
            Self::Inspect => "dpia",
            Self::Approve => "host",
        }
    }
}

/// Hosts that devices asked for, ticked one by one with the category of each; whoever may not see what devices asked for, and what nobody
/// asked for yet, types them.
fn helper_fields(form: &FormView, seen: Option<&[Wanted]>) -> Vec<String> {
    let mut fields = Vec::new();
    if let Some(seen) = seen.filter(|seen| !seen.is_empty()) {
        let asked = form.checkboxes("helpers", "Which of these does it need?").hint(
            "These devices asked for them in the last day, and nobody approved them. Those asked for beside this site come first. Tick only what you know it needs",
        );
        let asked = seen.iter().fold(asked, |asked, one| {
            let category = one.category.as_deref().unwrap_or("In no list of what this group blocks");
            let beside = if one.beside { "Asked for beside this site. " } else { "" };
            asked.option_with(&one.host, &one.host, &format!("{beside}{category}"))
        });
        fields.push(asked.to_string());
    }
    let label = if fields.is_empty() {
        "Other sites that it needs"
    } else {
        "Others that it needs, which nobody asked for yet"
    };
    // What was ticked and is offered no more is not lost.
    let gone =
        form.values("helpers").iter().filter(|host| !seen.unwrap_or_default().iter().any(|one| one.host == **host));
    let typed =
        form.value("more").split_whitespace().map(str::to_owned).chain(gone.cloned()).collect::<Vec<_>>().join("\n");
    let mut again = form.clone();
    again.set("more", typed);
    fields.push(
        again.area("more", label).hint("One a line; leave it empty if it works without").max(2000).rows(3).to_string(),
    );
    fields
}

/// The last moment of a day here.
fn last_moment(day: Date) -> Result<jiff::Timestamp, jiff::Error> {
    day.at(23, 59, 59, 0).in_tz("Europe/London").map(|moment| moment.timestamp())
}

/// Longest that inspection is agreed to at once: a DPIA is looked at every year.
const LONGEST_INSPECTION: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 366);

const DOWNLOADS: [(&str, Download, &str); 4] = [
    ("programs", Download::Programs, "Programs and installers"),
    ("archives", Download::Archives, "Archives (zip and the like)"),
    ("macros", Download::Macros, "Office files that may hold macros"),
    ("disks", Download::Disks, "Images of disks"),
];

fn inspect_fields(form: &FormView) -> Vec<String> {
    let kinds: Vec<(String, String)> = DOWNLOADS.iter().map(|row| (row.0.to_owned(), row.2.to_owned())).collect();
    vec![
        form.area("dpia", "The data protection impact assessment")
            .hint("Where it is kept, its date, who signed it, and what came out")
            .max(1000)
            .rows(3)
            .to_string(),
        form.area("notice", "How were those who use these devices told?")
            .hint("What they were given to read, and when; for children\u{2019}s devices also their parents")
            .max(1000)
            .rows(3)
            .to_string(),
        form.date("until", "Until when?").hint("The last day, a year at most. Then it ends by itself").to_string(),
        form.checkboxes("downloads", "Files that are not let through").options(&kinds).to_string(),
        form.radios("words", "Weigh the words of pages?")
            .option_with("yes", "Yes", "A page about something that this group blocks is blocked by its words, too")
            .option("no", "No")
            .to_string(),
        form.area("exempt", "Sites that are never opened")
            .hint("One a line. Banks, health and help services need not be written here")
            .max(4000)
            .rows(3)
            .to_string(),
    ]
}

fn read_inspection(fields: &mut Fields, now: jiff::Timestamp) -> Option<Inspected> {
    let dpia = fields.text("dpia", 1000, "Say where the assessment is, and what came out");
    let notice = fields.text("notice", 1000, "Say how people were told");
    let until = fields.maybe_date("until");
    let downloads = fields.several("downloads", |key| DOWNLOADS.iter().find(|row| row.0 == key).map(|row| row.1));
    let yes = |key: &str| match key {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let words = fields.choice("words", yes, "Choose yes or no");
    let exempt = fields.maybe("exempt", 4000);
    let until = until?.and_then(|day| last_moment(day).ok());
    let latest = now.saturating_add(LONGEST_INSPECTION).unwrap_or(now);
    if until.is_none_or(|until| until <= now || until > latest) {
        fields.error("until", "Write a day from today, a year away at most");
        return None;
    }
    Some(Inspected {
        dpia: dpia?,
        notice: notice?,
        until: until?,
        downloads: downloads?.into_iter().collect(),
        words: words?,
        exempt: exempt?.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    })
}

/// What is typed; its questions are known once the group is.
pub struct Input {
    send: bool,
    reason: String,
    risk: Risk,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let [reason, harm, loss, safeguards] = ["reason", "harm", "loss", "safeguards"]
            .map(|name| fields.maybe(name, 2000).map(Option::unwrap_or_default));
        Some(Self {
            send: fields.raw("step") == "send",
            reason: reason?,
            risk: Risk { harm: harm?, loss: loss?, safeguards: safeguards? },
        })
    }
}

async fn found(visit: &Visit, key: &str, what: &str) -> Result<(What, Group), Fault> {
    let what = What::from_key(what).ok_or(Fault::NotFound)?;
    let overview = view::overview(visit.services(), &visit.ctx()).await?;
    let group = overview.policy.groups.get(key).cloned().ok_or(Fault::NotFound)?;
    Ok((what, group))
}

/// The form.
///
/// # Errors
/// There is no such group or change.
pub async fn get(
    visit: Visit,
    Path((key, what)): Path<(String, String)>,
    Query(wanted): Query<BTreeMap<String, String>>,
) -> Answer {
    let (what, group) = found(&visit, &key, &what).await?;
    let mut form = FormView::new();
    for name in ["hours", "host"] {
        if let Some(value) = wanted.get(name) {
            form.keep(name, value.chars().take(260).collect::<String>());
        }
    }
    match what {
        What::EditHours => {
            let hours = group.hours.get(form.value("hours")).ok_or(Fault::NotFound)?;
            hours::typed(&mut form, hours);
        }
        What::Rename => form.set("name", group.name.clone()),
        _ => {}
    }
    let page = page(&visit, what, &key, &group, form, None).await?;
    visit.page(&page)
}

/// Looks, or sends.
///
/// # Errors
/// There is no such group or change, or somebody else was faster.
pub async fn post(visit: Visit, Path((key, what)): Path<(String, String)>, form: Form<Input>) -> Answer {
    let (what, group) = found(&visit, &key, &what).await?;
    let Some(input) = form.input else {
        return visit.again(&page(&visit, what, &key, &group, form.view, None).await?);
    };
    let mut fields = Fields::kept(&form.view, visit.ctx().now);
    let change = what.read(&mut fields, &key, &group, visit.ctx().now);
    let mut view = fields.into_view();
    let services = visit.services();
    let preview = match &change {
        Some(change) => match decide::preview(services, &visit.ctx(), change).await {
            Ok(preview) => Some(preview),
            Err(error) => {
                view = aimed(view, error, what)?;
                None
            }
        },
        None => None,
    };
    // Every error at once: what the change lacks and what its reasons lack.
    if input.send {
        for (field, say) in decide::missing(&input.reason, &input.risk) {
            view.error(&field, say);
        }
    }
    let (Some(change), Some(preview), false) = (change, preview, view.has_errors()) else {
        return visit.again(&page(&visit, what, &key, &group, view, None).await?);
    };
    if !input.send {
        return visit.page(&page(&visit, what, &key, &group, view, Some(preview)).await?);
    }
    let new = Propose { change, reason: input.reason, risk: input.risk, concern: None };
    match decide::propose(services, &mut visit.ctx(), new).await {
        Ok(proposed) => {
            let said = match proposed.in_force {
                Some(_) => "In force now. Another person looks at it afterwards.",
                None => "Proposed. It waits for a safeguarding lead to agree and another person to approve.",
            };
            visit.go_saying(&format!("/filter/proposals/{}", proposed.id), Tone::Done, said)
        }
        Err(error) => {
            let view = aimed(view, error, what)?;
            visit.again(&page(&visit, what, &key, &group, view, Some(preview)).await?)
        }
    }
}

/// What a film's maker is known to send it from, once its address is typed; accepted one by one all the same (S34).
fn film_needs(what: What, form: &FormView) -> Option<String> {
    let typed = Some(form.value("host")).filter(|_| matches!(what, What::Approve))?;
    let Some(app::filtering::Film::Frame { needs, .. }) = app::filtering::start::film_at(typed) else { return None };
    Some(format!(
        "This film is known to come from {} as well. Write each below that you accept; without them it may stay black.",
        needs.join(" and ")
    ))
}

fn aimed(view: FormView, error: app::Error, what: What) -> Result<FormView, Fault> {
    let error = match error {
        app::Error::Invalid(fields) => app::Error::Invalid(
            fields
                .into_iter()
                .map(|(field, say)| (if field == "change" { what.field().to_owned() } else { field }, say))
                .collect(),
        ),
        other => other,
    };
    mend(view, error)
}

async fn page(
    visit: &Visit,
    what: What,
    key: &str,
    group: &Group,
    form: FormView,
    preview: Option<Preview>,
) -> Result<pages::Shape, Fault> {
    let encoded = crate::visit::encode(key);
    let word = match what {
        What::Hours => "hours",
        What::EndHours => "end-hours",
        What::Search => "search",
        What::Supervise => "supervise",
        What::Unknown => "unknown",
        What::Approve => "approve",
        What::Copy => "copy",
        What::Inspect => "inspect",
        What::EndInspection => "end-inspection",
        What::Files => "files",
        What::EditHours => "edit-hours",
        What::Rename => "rename",
        What::Remove => "remove",
    };
    let may_look = super::may(visit, Action::ReadActivity);
    let seen = match what {
        // What devices asked for is for the leads; others read the helpers from the site's own pages.
        What::Approve if may_look => {
            let site = form.value("host").trim().trim_start_matches("https://").split('/').next().map(str::to_owned);
            let site = site.filter(|site| !site.is_empty());
            Some(app::activity::not_approved(visit.services(), &visit.ctx(), key, site.as_deref()).await?)
        }
        _ => None,
    };
    let mut about = what.about(group);
    about.extend(film_needs(what, &form));
    Ok(pages::Shape {
        heading: what.heading(group),
        about,
        back: (format!("/filter/groups/{encoded}"), group.name.clone()),
        action: format!("/filter/groups/{encoded}/change/{word}"),
        hidden: match what {
            What::EditHours => vec![("hours".to_owned(), form.value("hours").to_owned())],
            _ => Vec::new(),
        },
        fields: what.fields_with(&form, group, seen.as_deref())?,
        form,
        preview: preview.map(|preview| pages::Preview {
            say: preview.say,
            difference: preview.difference,
            loosens: preview.direction == Direction::Loosens,
        }),
    })
}
