//! The real `content/` folder holds together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdfast_domain::concern::{ConcernKind, RouteKind};
use holdfast_domain::content::Content;
use holdfast_domain::content::demo::Demo;
use holdfast_domain::control::Proof;
use holdfast_domain::exclusion::CASE_ROLES;
use holdfast_domain::people::Role;
use holdfast_domain::procedure::{Procedure, ProgramAct, Shared, Start, Within};
use holdfast_domain::routing::Outside;

/// Every TOML file of `content/`: path below it → text.
pub(crate) fn files() -> BTreeMap<String, String> {
    fn walk(folder: &Path, below: &str, out: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), out);
            } else if name.ends_with(".toml") {
                out.insert(name, std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content"), "", &mut out);
    out
}

pub(crate) fn content() -> Content {
    Content::read(&files()).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The duties that issue 2 builds.
const BUILT: &str = "POL-10 GOV-01 GOV-04 DSL-01 DSL-02 DSL-08 STF-07 TEC-01 TEC-03 TEC-04 TEC-05 CHI-06 FDM-01 FDM-02 \
                     FDM-03 FDM-04 FDM-05 FIL-02 FIL-03 FIL-04 BRE-01 BRE-02 BRE-03 BRE-04 BRE-05 MON-05 PWD-01 PWD-02 \
                     SEC-06 INC-02 INC-05 INC-09 INC-14 EML-04";

#[test]
fn holds_all_261_duties_each_with_a_clause() {
    let content = content();
    assert_eq!(content.obligations.len(), 261);
    for obligation in &content.obligations {
        assert!(!obligation.duty.is_empty() && !obligation.kinds.is_empty(), "{}", obligation.id);
        assert!(!obligation.clauses.is_empty(), "{} stands in no clause", obligation.id);
        for (seed, clauses) in &obligation.clauses {
            assert!(["H", "N"].contains(&seed.as_str()), "{}: seed {seed}", obligation.id);
            for clause in clauses {
                let numbers = clause.split('.').all(|part| part.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n)));
                assert!(clause == "cover" || numbers, "{}: clause {clause}", obligation.id);
            }
        }
        let letters: BTreeSet<&str> = obligation.kinds.iter().map(String::as_str).collect();
        assert!(letters.is_subset(&BTreeSet::from(["E", "G", "R", "S", "A", "P"])), "{}", obligation.id);
    }
}

#[test]
fn what_is_built_has_controls_and_every_control_serves_a_duty() {
    let content = content();
    for id in BUILT.split_whitespace() {
        let obligation = content.obligations.iter().find(|obligation| obligation.id == id);
        assert!(!obligation.unwrap_or_else(|| panic!("{id} is missing")).controls.is_empty(), "{id} has no control");
    }
    let served: BTreeSet<&String> = content.obligations.iter().flat_map(|obligation| &obligation.controls).collect();
    for (key, control) in &content.controls {
        assert!(served.contains(key), "control {key} serves nothing");
        // S51: a signature ages, a live answer cannot.
        assert_eq!(matches!(control.proof, Proof::Signed(_)), control.max_age_days.is_some(), "{key}");
        if let (Some(due), Some(gap)) = (control.max_age_days, control.gap_after_days) {
            assert!(gap > due, "{key}: a gap before it is due");
        }
    }
    assert_eq!(content.questions().len(), content.controls.len(), "two controls ask the same");
}

#[test]
fn every_kind_of_concern_has_exactly_one_procedure() {
    let content = content();
    for kind in ConcernKind::ALL {
        let ids: Vec<&String> =
            content.procedures.values().filter(|p| p.kinds.contains(&kind)).map(|procedure| &procedure.id).collect();
        assert_eq!(ids.len(), 1, "{}: {ids:?}", kind.key());
    }
}

/// Routing may reach any case role (S7), so each of them can do every step that a lead can, and waive what a lead can.
#[test]
fn whoever_routing_reaches_can_finish_a_procedure() {
    for procedure in content().procedures.values() {
        for step in &procedure.steps {
            for role in CASE_ROLES {
                assert!(step.who.contains(&role), "{} {} leaves out {}", procedure.id, step.key, role.key());
                let waiver = step.waiver.as_ref().is_none_or(|waiver| waiver.who.contains(&role));
                assert!(waiver, "{} {}: {} cannot waive", procedure.id, step.key, role.key());
            }
            for role in [Role::Parent, Role::Inspector, Role::Technician, Role::Committee] {
                assert!(!step.who.contains(&role), "{} {} lets in {}", procedure.id, step.key, role.key());
            }
        }
    }
}

/// S2: 999, police, social care, LADO, Ofsted, ICO stand behind no gate; S1: neither do safety, telling and holding,
/// but for a hold that would tell the person concerned (S9).
#[test]
fn help_stands_behind_no_gate() {
    let open = "safe_now told_lead told_manager account police illegal_advice agency_report social_care lado ofsted ico \
                ceop dbs referral";
    let mut seen = 0;
    for procedure in content().procedures.values() {
        for step in procedure.steps.iter().filter(|step| open.split_whitespace().any(|key| key == step.key)) {
            assert!(step.gates.is_empty(), "{} {} is locked", procedure.id, step.key);
            seen += 1;
        }
        let hold = procedure.steps.iter().find(|step| step.act == Some(ProgramAct::HoldDevice));
        // Holding the device of an adult tells them; a child's waits for nobody.
        let tells = ["P8", "P9"].contains(&procedure.id.as_str());
        assert!(hold.is_none_or(|step| step.gates.is_empty() != tells), "{} hold", procedure.id);
    }
    assert!(seen > 20, "only {seen} steps looked at");
}

/// What tells, lets go or closes is never open from the start.
#[test]
fn what_cannot_be_undone_is_gated() {
    for procedure in content().procedures.values() {
        for step in &procedure.steps {
            let grave = matches!(
                step.act,
                Some(ProgramAct::InformFamily | ProgramAct::ReleaseHold | ProgramAct::Debrief | ProgramAct::Close)
            );
            assert!(!grave || !step.gates.is_empty(), "{} {} has no gate", procedure.id, step.key);
            let locked = step.gates.iter().any(|gate| gate.absolute);
            let lets_go = matches!(step.act, Some(ProgramAct::ReleaseHold | ProgramAct::Close));
            assert!(!lets_go || locked, "{} {} can be waived whole", procedure.id, step.key);
        }
    }
}

#[test]
fn settings_name_their_words_and_the_screen_has_its_first_words() {
    let content = content();
    assert_eq!(content.profiles.keys().collect::<Vec<_>>(), ["h", "n"]);
    for profile in content.profiles.values() {
        for role in Role::ALL {
            assert!(profile.titles.contains_key(&role), "{}: no title for {}", profile.key, role.key());
        }
        let screen = profile.switches.get("screen").unwrap();
        assert!(content.procedures["P1"].first_words.contains_key(screen), "{}: no first words", profile.key);
        assert_ne!(content.procedures["P1"].first_words_for(&profile.switches), [] as [String; 0]);
    }
    let (h, n) = (&content.profiles["h"], &content.profiles["n"]);
    assert_ne!(
        content.procedures["P1"].first_words_for(&h.switches),
        content.procedures["P1"].first_words_for(&n.switches)
    );
    assert_eq!((h.deputies, n.deputies), (false, true));
    assert_eq!((h.password_max_age_days, n.password_max_age_days), (None, Some(365)));
    assert_eq!(h.switches.keys().collect::<Vec<_>>(), n.switches.keys().collect::<Vec<_>>());
}

#[test]
fn switches_that_procedures_ask_for_exist() {
    let content = content();
    let text: String = files().iter().filter(|(f, _)| f.starts_with("procedures/")).map(|(_, t)| t.as_str()).collect();
    let asked: BTreeSet<&str> =
        text.split("{ setting = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!asked.is_empty());
    for name in asked {
        let set = content.profiles.values().all(|p| p.switches.contains_key(name));
        assert!(set || content.duties_to_come.iter().any(|duty| duty.key == name), "nobody sets {name}");
    }
}

#[test]
fn the_last_rungs_have_numbers() {
    let content = content();
    let agencies = content.agencies_of("kent");
    for outside in [Outside::Lado, Outside::Ofsted, Outside::SocialCare] {
        let agency = agencies.iter().find(|agency| agency.key == outside.agency()).unwrap();
        assert!(agency.phone.is_some(), "{} has no number", agency.key);
    }
    let mut keys = BTreeSet::new();
    assert!(agencies.iter().all(|agency| keys.insert(&agency.key)), "an agency is there twice");
    assert!(agencies.iter().all(|agency| !agency.source.is_empty()));
}

#[test]
fn names_never_logged_are_plain_names() {
    let content = content();
    let mut names = BTreeSet::new();
    for never in &content.never_log {
        assert!(names.insert(&never.name), "{} is there twice", never.name);
        let plain = never.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
        assert!(plain && never.name.split('.').count() >= 2, "{}", never.name);
        // A whole registry would let half the internet through unseen.
        assert!(!["gov.uk", "org.uk", "co.uk", "ac.uk"].contains(&never.name.as_str()), "{} is too wide", never.name);
    }
    for must in ["childline.org.uk", "nspcc.org.uk", "samaritans.org", "acas.org.uk", "ico.org.uk", "police.uk"] {
        assert!(names.contains(&must.to_owned()), "{must} is missing");
    }
}

#[test]
fn demos_name_only_what_exists() {
    let content = content();
    let files = files();
    let groups: toml::Table = toml::from_str(&files["groups.toml"]).unwrap();
    for key in ["h", "n"] {
        let demo = Demo::from_toml(&files[&format!("demo/{key}.toml")]).unwrap();
        assert_eq!(demo.setting, key);
        assert_eq!(demo.children.len(), 30);
        for device in &demo.devices {
            assert!(groups["groups"].get(&device.group).is_some(), "{}: group {}", device.key, device.group);
        }
        for needed in ["children-tablet", "staff-laptop", "guest-phone"] {
            assert!(demo.devices.iter().any(|device| device.key == needed), "{needed}");
        }
        let profile = &content.profiles[key];
        let has_deputy = demo.people.iter().any(|person| person.roles.contains(&Role::Deputy));
        assert_eq!(has_deputy, profile.deputies);
        for role in [Role::Dsl, Role::Manager, Role::Chair, Role::Practitioner, Role::Technician, Role::Parent] {
            assert!(demo.people.iter().any(|person| person.roles.contains(&role)), "{key}: nobody is {}", role.key());
        }
    }
}

#[test]
fn categories_and_groups_speak_of_the_same_and_of_real_duties() {
    let content = content();
    let ids: BTreeSet<&str> = content.obligations.iter().map(|obligation| obligation.id.as_str()).collect();
    let files = files();
    let categories: toml::Table = toml::from_str(&files["categories.toml"]).unwrap();
    let groups: toml::Table = toml::from_str(&files["groups.toml"]).unwrap();
    let mut known = BTreeSet::new();
    for category in categories["category"].as_array().unwrap() {
        known.insert(category["id"].as_str().unwrap());
        for because in category["because"].as_array().unwrap() {
            assert!(ids.contains(because.as_str().unwrap()), "{because}");
        }
    }
    for (group, body) in groups["groups"].as_table().unwrap() {
        for (category, why) in body["blocked"].as_table().unwrap() {
            assert!(known.contains(category.as_str()), "{group} blocks {category}, which nobody knows");
            for because in why["because"].as_array().unwrap() {
                assert!(ids.contains(because.as_str().unwrap()), "{group} {category}: {because}");
            }
        }
    }
    // FIL-02, for everybody but what must ring in an emergency.
    for group in ["children", "preschool-room", "staff", "office", "guests"] {
        for category in ["pornography", "hate", "extremism", "games", "illegal", "bypass"] {
            assert!(groups["groups"][group]["blocked"].get(category).is_some(), "{group} lets {category} through");
        }
    }
    // A tablet that loses its settings gains nothing (S33): nobody has a session open for a device that nobody knows.
    assert_eq!(groups["strictest"].as_str(), Some("stricter"));
    assert_eq!(groups["groups"]["stricter"]["supervised"].as_bool(), Some(true));
}

#[test]
fn a_procedure_with_a_mistake_is_refused() {
    let shared = Shared::from_toml(&files()["procedures/common.toml"]).unwrap();
    let good = &files()["procedures/P1.toml"];
    shared.procedure(good).unwrap();
    let broken = [
        ("a gate on what does not exist", good.replace("{ step = \"who_exposed\" }", "{ step = \"who_exosed\" }")),
        ("an answer that cannot be given", good.replace("is = [\"released\"]", "is = [\"relased\"]")),
        ("a clock that nobody stops", good.replace("clock = \"parents\"\n", "")),
        ("a word that nobody reads", good.replace("must_not = [", "mustnot = [")),
        ("no way to close", good.replace("use = \"close\"", "use = \"support\"")),
        ("a part that nobody shares", good.replace("\"no_questions\"", "\"no_question\"")),
        ("a condition that nobody says", good.replace("{ the = \"cleared\" }", "{ the = \"clear\" }")),
        ("a circle", good.replace("cleared = {", "cleared = { the = \"still_illegal\" }\nclear = {")),
        ("a shared step that is not owed", good.replace("use = \"account\"", "use = \"account\"\ncloses = false")),
        ("a shared step for others", good.replace("use = \"account\"", "use = \"account\"\nwho = [\"technician\"]")),
        (
            "a shared step at other times",
            good.replace("use = \"account\"", "use = \"account\"\nwhen = { the = \"crime\" }"),
        ),
        (
            "a rule kept by hand",
            good.replace("{ text = \"Do not look again", "{ rules = [\"C4\"], text = \"Do not look again"),
        ),
        (
            "a copy",
            good.replace(
                "Do not look again, and do not show it to a colleague.",
                "Do not question the child. Listen, do not lead, and never promise to keep a secret.",
            ),
        ),
        ("no first words", good.replace("default = [\n", "defualt = [\n")),
    ];
    for (what, text) in broken {
        assert_ne!(&text, good, "{what}: nothing was changed");
        assert!(shared.procedure(&text).is_err(), "{what} was accepted");
    }
}

/// C1 to C11 are shared, not copied: taken out of the common file, or not used, the content is refused.
#[test]
fn every_procedure_keeps_the_common_rules() {
    let content = content();
    assert_eq!(content.rules.len(), 11);
    for number in 1..=20 {
        assert!(content.procedures.contains_key(&format!("P{number}")), "P{number} is missing");
    }
    let everywhere = content.rules.iter().filter(|rule| rule.everywhere);
    for rule in everywhere {
        for procedure in content.procedures.values().filter(|procedure| !procedure.is_matter()) {
            assert!(procedure.keeps().contains(rule.key.as_str()), "{} lacks {}", procedure.id, rule.key);
        }
    }
    let broken = [
        ("procedures/P1.toml", "  \"leave_evidence\",\n", "", "P1 does not keep C7"),
        ("procedures/common.toml", "[choices]", "[choices]\nidle = []", "nobody uses choices.idle"),
        ("procedures/common.toml", "rules = [\"C10\"]", "rules = [\"C12\"]", "C1"),
        ("kinds.toml", "key = \"hate\"", "key = \"bullying\"", "is offered"),
    ];
    for (file, good, bad, why) in broken {
        let mut files = files();
        let text = files.get_mut(file).unwrap();
        assert!(text.contains(good), "{file} has no {good}");
        *text = text.replace(good, bad);
        let refused = Content::read(&files).err().map(|wrong| wrong.why).unwrap_or_default();
        assert!(refused.contains(why), "{file}: {refused}");
    }
}

/// An edition is one text: a changed word is another edition (S42). And a text that was kept reads as it was.
#[test]
fn another_text_is_another_edition() {
    let before = content();
    let mut files = files();
    let text = files.get_mut("procedures/common.toml").unwrap();
    *text = text.replace("Filing is not telling.", "Filing is never telling.");
    let after = Content::read(&files).unwrap();
    for (id, procedure) in &before.procedures {
        let shares = procedure.step("told_lead").is_some_and(|step| step.text.contains("Filing is not telling."));
        assert_eq!(procedure.edition != after.procedures[id].edition, shares, "{id}");
        let kept = serde_json::to_value(procedure).unwrap();
        assert_eq!(&serde_json::from_value::<Procedure>(kept).unwrap(), procedure, "{id}");
    }
}

/// Law's clocks, as the policies and the law count them (S43).
#[test]
fn the_laws_clocks_are_there() {
    let content = content();
    let of = |id: &str, key: &str| {
        let clock = content.procedures[id].clocks.iter().find(|clock| clock.key == key);
        let clock = clock.unwrap_or_else(|| panic!("{id} has no clock {key}"));
        assert_eq!(clock.from, Start::KnownAt, "{id} {key} starts when it was known");
        clock.within
    };
    assert_eq!(of("P9", "lado"), Within::WorkingDays(1));
    assert_eq!(of("P9", "ofsted"), Within::DaysCountingTheFirst(14));
    assert_eq!(of("P13", "ico"), Within::Hours(72));
    assert_eq!(of("M1", "acknowledge"), Within::Days(30));
    assert_eq!(of("M2", "answer"), Within::OneMonth);
    assert_eq!(of("M3", "sent"), Within::Days(5), "which days the source means is not known: the shortest");
    assert_eq!(of("P4", "social_care"), Within::SameDay);
    assert_eq!(of("P4", "csa_duty"), Within::Days(7));
}

/// Every kind says what belongs to it and what happens next; nobody in a hurry reads more than four of them first.
#[test]
fn kinds_are_grouped_and_short() {
    let content = content();
    assert!(content.kinds.first().unwrap().kinds.len() <= 4 && content.kinds.len() <= 6);
    for words in content.kinds.iter().flat_map(|group| &group.kinds) {
        assert!(words.guidance.len() <= 150 && !words.next.is_empty(), "{}", words.key.key());
        let first = content.serving(words.key, RouteKind::Safeguarding).unwrap().first_words["default"].len();
        assert!((1..=3).contains(&first), "{}: {first} first words", words.key.key());
    }
}

/// Questions whose words speak of such an image and that shut no file, each with the reason.
const SHUTS_NOTHING: [(&str, &str, &str); 3] = [
    (
        "judge",
        "csa",
        "asks what was done to a child, to know who has to report it; what a file shows is a question of its own",
    ),
    ("ceop", "outcome", "asks whether an adult\u{2019}s contact was reported: of words and meetings, not of an image"),
    ("illegal_advice", "agency", "asks who was reached; what they said of it is the question below"),
];

/// S17: a question that a person answers with \u{201c}that could be such an image\u{201d} shuts the files, or somebody has said why not.
#[test]
fn every_question_that_speaks_of_an_indecent_image_shuts_the_files_or_says_why_not() {
    let content = content();
    let speaks = |text: &str| {
        let text = text.to_lowercase();
        ["indecent", "sexual", "undress", "naked", "nude", "illegal"].iter().any(|word| text.contains(word))
    };
    let (mut shutting, mut excused) = (Vec::new(), BTreeSet::new());
    for procedure in content.procedures.values() {
        for step in &procedure.steps {
            for field in step.fields.iter().filter(|field| !field.choices.is_empty()) {
                let of_choices = field.choices.iter().flat_map(|choice| {
                    [choice.label.as_str(), choice.hint.as_deref().unwrap_or_default(), choice.value.as_str()]
                });
                let words = [field.label.as_str(), field.hint.as_deref().unwrap_or_default(), field.key.as_str()];
                if !words.into_iter().chain(of_choices).any(speaks) {
                    continue;
                }
                let known = SHUTS_NOTHING.iter().find(|(of, key, _)| *of == step.key && *key == field.key);
                match known {
                    Some(known) => {
                        excused.insert(known.1);
                    }
                    None => assert!(
                        !field.shuts_files.is_empty(),
                        "{}, {}.{}: \u{201c}{}\u{201d} shuts nothing",
                        procedure.id,
                        step.key,
                        field.key,
                        field.label
                    ),
                }
                if field.choices.iter().any(|choice| choice.value == "not_sure") && !field.shuts_files.is_empty() {
                    assert!(field.shuts_files.contains("not_sure"), "{}: not sure is a yes", procedure.id);
                }
                if !field.shuts_files.is_empty() {
                    shutting.push(format!("{} {}.{}", procedure.id, step.key, field.key));
                }
            }
        }
    }
    assert_eq!(excused.len(), SHUTS_NOTHING.len(), "an excuse for a question that nobody asks");
    let expected = [
        "G1 sort.illegal",
        "P1 could_be_illegal.answer",
        "P1 illegal_advice.judged",
        "P10 judge.what",
        "P15 judge.sexual",
        "P16 judge.sexual",
        "P6 keep.sexual",
        "P9 criteria.images",
    ];
    assert_eq!(shutting, expected);
}
