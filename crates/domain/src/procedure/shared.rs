//! What procedures share: the common rules C1 to C11 with the steps, gates, must-nots and clocks that keep them, in
//! `content/procedures/common.toml`. A procedure *names* a shared part; this module puts the part in its place before the
//! procedure is read, so that the engine knows nothing of it.
//!
//! Where the model wants a table, a procedure may write the name of a shared one: `must_not = ["no_questions"]`,
//! `gates = ["police_first"]`, `clock = ["account"]`, `field = ["spoke"]`, `who = "case"`, `choice = "yes_no"`;
//! `[[step]]` with `use = "safe_now"`; and in any condition `{ the = "crime" }`, which `[conditions]` of the procedure says
//! anew or else `[conditions]` of the common file.
//!
//! What it is not: a way round a common rule. A procedure may change the words of a shared step and add to it (fields,
//! gates, must-nots, agencies, obligations); who does it, when it applies, its gates and whether it is owed before closing
//! are not a procedure's to change (S42). To share one more part, add it to the file; a part that nobody uses is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::model::Procedure;

/// A common rule, for people and for the check that every procedure keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `C1` to `C11`.
    pub key: String,
    /// In a few words.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Where it comes from, and where the policies and later guidance disagree, which of them is followed.
    pub source: String,
    /// Must every procedure keep it? Else those which it concerns.
    pub everywhere: bool,
}

/// The common file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// The rules.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
    /// Groups of roles.
    who: Table,
    /// Lists of answers.
    choices: Table,
    /// Groups of questions.
    fields: Table,
    /// Gates.
    gates: Table,
    /// What must not be done.
    must_nots: Table,
    /// Clocks.
    clocks: Table,
    /// Steps.
    steps: Table,
    /// Conditions by name; a procedure may say the same name anew.
    conditions: Table,
}

/// A procedure with every shared part in its place.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The procedure.
    pub procedure: Procedure,
    /// What it shares: `steps.safe_now`, `gates.police_first`.
    pub uses: BTreeSet<String>,
}

/// What a shared step gives a procedure to say in its own words.
const WORDS: [&str; 3] = ["title", "text", "source"];
/// What a procedure may add to a shared step.
const LISTS: [&str; 5] = ["field", "gates", "must_not", "agencies", "because"];
/// A shared sentence so long that its second appearance is a copy, in characters.
const A_SENTENCE: usize = 40;
/// Names within names: deeper than this is a circle.
const DEEPEST: usize = 8;

impl Shared {
    /// Reads the common file.
    ///
    /// # Errors
    /// One sentence about what is wrong.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Reads a procedure, with every name replaced by what it stands for, and checks it.
    ///
    /// # Errors
    /// One sentence: a name that nobody shares, a rule loosened, a sentence copied, or what [`Procedure`] finds.
    pub fn procedure(&self, text: &str) -> Result<Resolved, String> {
        let mut raw: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let id = raw.get("id").and_then(Value::as_str).unwrap_or("?").to_owned();
        let named = |why: String| format!("{id}: {why}");
        self.no_copies(&raw).map_err(named)?;
        let own = match raw.remove("conditions") {
            Some(Value::Table(own)) => own,
            Some(_) => return Err(named("[conditions] is a table".into())),
            None => Table::new(),
        };
        let mut build = Build { shared: self, own, uses: BTreeSet::new() };
        build.procedure(&mut raw).map_err(named)?;
        let mut procedure: Procedure = Value::Table(raw).try_into().map_err(|error| named(format!("{error}")))?;
        procedure.check().map_err(named)?;
        procedure.edition = format!("{}.{}", procedure.edition, mark(&procedure).map_err(named)?);
        Ok(Resolved { procedure, uses: build.uses })
    }

    /// The names of everything shared, as [`Resolved::uses`] has them. Groups of roles need no user.
    pub fn parts(&self) -> BTreeSet<String> {
        let all = [
            ("choices", &self.choices),
            ("fields", &self.fields),
            ("gates", &self.gates),
            ("must_nots", &self.must_nots),
            ("clocks", &self.clocks),
            ("steps", &self.steps),
            ("conditions", &self.conditions),
        ];
        all.iter().flat_map(|(kind, table)| table.keys().map(move |key| format!("{kind}.{key}"))).collect()
    }

    /// Every procedure keeps every rule that holds everywhere, every other rule is kept by some, and every shared part has
    /// a user.
    ///
    /// # Errors
    /// One sentence.
    pub fn check<'a>(
        &self,
        procedures: impl Iterator<Item = &'a Procedure> + Clone,
        uses: &BTreeSet<String>,
    ) -> Result<(), String> {
        let keys: BTreeSet<&str> = self.rules.iter().map(|rule| rule.key.as_str()).collect();
        for rule in &self.rules {
            let mut keepers = 0;
            for procedure in procedures.clone().filter(|procedure| !procedure.is_matter()) {
                let keeps = procedure.keeps().contains(rule.key.as_str());
                if rule.everywhere && !keeps {
                    return Err(format!("{} does not keep {}: {}", procedure.id, rule.key, rule.title));
                }
                keepers += usize::from(keeps);
            }
            if keepers == 0 {
                return Err(format!("nobody keeps {}", rule.key));
            }
        }
        for procedure in procedures {
            if let Some(unknown) = procedure.keeps().into_iter().find(|key| !keys.contains(key)) {
                return Err(format!("there is no rule {unknown}"));
            }
        }
        match self.parts().difference(uses).next() {
            Some(idle) => Err(format!("nobody uses {idle}")),
            None => Ok(()),
        }
    }

    /// A sentence of the common file that a procedure writes out is a copy, and copies drift apart.
    fn no_copies(&self, raw: &Table) -> Result<(), String> {
        let mut ours = BTreeSet::new();
        for table in [&self.fields, &self.gates, &self.must_nots, &self.clocks, &self.steps] {
            table.values().for_each(|value| sentences(value, &mut ours));
        }
        let mut theirs = BTreeSet::new();
        raw.values().for_each(|value| sentences(value, &mut theirs));
        match theirs.intersection(&ours).next() {
            Some(copy) => Err(format!("copies “{copy}” instead of sharing it")),
            None => Ok(()),
        }
    }
}

/// Tells two texts of one edition apart, so that an edition names one text and no other (S42).
pub(super) fn mark(procedure: &Procedure) -> Result<String, String> {
    let text = serde_json::to_vec(procedure).map_err(|error| error.to_string())?;
    Ok(hex::encode(Sha256::digest(text)).chars().take(6).collect())
}

/// Every sentence below a value, but for where it comes from.
fn sentences<'a>(value: &'a Value, out: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) if text.chars().count() >= A_SENTENCE => {
            out.insert(text);
        }
        Value::Array(all) => all.iter().for_each(|one| sentences(one, out)),
        Value::Table(table) => {
            table.iter().filter(|(key, _)| *key != "source").for_each(|(_, one)| sentences(one, out));
        }
        _ => {}
    }
}

struct Build<'a> {
    shared: &'a Shared,
    own: Table,
    uses: BTreeSet<String>,
}

impl Build<'_> {
    fn procedure(&mut self, raw: &mut Table) -> Result<(), String> {
        no_rules(&Value::Table(raw.clone()))?;
        self.list(raw, "must_not", |shared| &shared.must_nots, "must_nots")?;
        self.list(raw, "clock", |shared| &shared.clocks, "clocks")?;
        if let Some(Value::Array(steps)) = raw.get_mut("step") {
            for step in steps {
                let Value::Table(step) = step else { return Err("a step is a table".into()) };
                self.step(step)?;
            }
        }
        for part in ["clock", "step"] {
            if let Some(value) = raw.get_mut(part) {
                self.conditions(value, 0)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &mut Table) -> Result<(), String> {
        if let Some(name) = step.remove("use") {
            let name = name.as_str().ok_or("`use` is the name of a shared step")?.to_owned();
            let common = self.find(|shared| &shared.steps, "steps", &name)?;
            let Value::Table(common) = common else { return Err(format!("steps.{name} is a table")) };
            let own = std::mem::replace(step, common);
            step.entry("key").or_insert(Value::String(name.clone()));
            add_to(step, own).map_err(|why| format!("step {name}: {why}"))?;
        }
        let key = step.get("key").and_then(Value::as_str).unwrap_or("?").to_owned();
        let named = |why: String| format!("step {key}: {why}");
        step.entry("who").or_insert(Value::String("case".into()));
        self.roles(step, "who").map_err(named)?;
        if let Some(Value::String(name)) = step.get("waiver").cloned() {
            let roles = self.find_roles(&name).map_err(named)?;
            step.insert("waiver".into(), Value::Table(Table::from_iter([("who".to_owned(), roles)])));
        }
        self.list(step, "must_not", |shared| &shared.must_nots, "must_nots").map_err(named)?;
        self.list(step, "gates", |shared| &shared.gates, "gates").map_err(named)?;
        self.list(step, "field", |shared| &shared.fields, "fields").map_err(named)?;
        if let Some(Value::Array(fields)) = step.get_mut("field") {
            for field in fields {
                let Value::Table(field) = field else { continue };
                if let Some(Value::String(name)) = field.get("choice").cloned() {
                    let choices = self.find(|shared| &shared.choices, "choices", &name).map_err(named)?;
                    field.insert("choice".into(), choices);
                }
            }
        }
        Ok(())
    }

    /// Replaces the names in a list by what they stand for. A group of several takes the place of its one name.
    fn list(&mut self, raw: &mut Table, key: &str, of: fn(&Shared) -> &Table, kind: &str) -> Result<(), String> {
        let Some(Value::Array(items)) = raw.get(key).cloned() else { return Ok(()) };
        let mut whole = Vec::new();
        for item in items {
            match item {
                Value::String(name) => match self.find(of, kind, &name)? {
                    Value::Array(several) => whole.extend(several),
                    Value::Table(mut one) => {
                        if kind == "clocks" {
                            one.entry("key").or_insert(Value::String(name));
                        }
                        whole.push(Value::Table(one));
                    }
                    _ => return Err(format!("{kind}.{name} is neither a table nor a list")),
                },
                own => whole.push(own),
            }
        }
        raw.insert(key.to_owned(), Value::Array(whole));
        Ok(())
    }

    fn roles(&self, step: &mut Table, key: &str) -> Result<(), String> {
        if let Some(Value::String(name)) = step.get(key) {
            let roles = self.find_roles(name)?;
            step.insert(key.to_owned(), roles);
        }
        Ok(())
    }

    fn find_roles(&self, name: &str) -> Result<Value, String> {
        self.shared.who.get(name).cloned().ok_or_else(|| format!("no group of roles is called {name}"))
    }

    fn find(&mut self, of: fn(&Shared) -> &Table, kind: &str, name: &str) -> Result<Value, String> {
        let found = of(self.shared).get(name).cloned().ok_or_else(|| format!("nobody shares {kind}.{name}"))?;
        self.uses.insert(format!("{kind}.{name}"));
        Ok(found)
    }

    /// Puts what a name stands for in the place of every `{ the = "name" }`.
    fn conditions(&mut self, value: &mut Value, depth: usize) -> Result<(), String> {
        if depth > DEEPEST * 8 {
            return Err("conditions name each other in a circle".into());
        }
        match value {
            Value::Array(all) => all.iter_mut().try_for_each(|one| self.conditions(one, depth + 1)),
            Value::Table(table) => {
                let Some(name) = table.get("the").and_then(Value::as_str).map(str::to_owned) else {
                    return table.iter_mut().try_for_each(|(_, one)| self.conditions(one, depth + 1));
                };
                // The common meaning counts as used too: the procedure says only what it means here.
                if self.shared.conditions.contains_key(&name) {
                    self.uses.insert(format!("conditions.{name}"));
                }
                let meant = self.own.get(&name).or_else(|| self.shared.conditions.get(&name)).cloned();
                *value = meant.ok_or_else(|| format!("nobody says what “{name}” means here"))?;
                self.conditions(value, depth + DEEPEST)
            }
            _ => Ok(()),
        }
    }
}

/// What a procedure says beside `use`.
fn add_to(step: &mut Table, own: Table) -> Result<(), String> {
    for (key, value) in own {
        match (key.as_str(), value) {
            (key, value @ Value::String(_)) if WORDS.contains(&key) => {
                step.insert(key.to_owned(), value);
            }
            ("more", Value::String(more)) => {
                let text = step.get("text").and_then(Value::as_str).unwrap_or_default();
                let text = format!("{text} {more}");
                step.insert("text".into(), Value::String(text));
            }
            (key, Value::Array(more)) if LISTS.contains(&key) => {
                let Value::Array(there) = step.entry(key).or_insert_with(|| Value::Array(Vec::new())) else {
                    return Err(format!("{key} is a list"));
                };
                there.extend(more);
            }
            (key, _) => return Err(format!("{key} of a shared step is not a procedure's to change")),
        }
    }
    Ok(())
}

/// That a part keeps a common rule is said where the part is shared.
fn no_rules(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(all) => all.iter().try_for_each(no_rules),
        Value::Table(table) if table.contains_key("rules") => {
            Err("`rules` belongs to common.toml: share the part instead".into())
        }
        Value::Table(table) => table.values().try_for_each(no_rules),
        _ => Ok(()),
    }
}

impl Procedure {
    /// A task with a legal clock, in which no child and no adult is the worry.
    pub fn is_matter(&self) -> bool {
        self.kinds.iter().all(|kind| kind.is_matter())
    }

    /// The common rules that its parts keep.
    pub fn keeps(&self) -> BTreeSet<&str> {
        let of_steps = self.steps.iter().flat_map(|step| {
            let gates = step.gates.iter().flat_map(|gate| &gate.rules);
            let must_not = step.must_not.iter().flat_map(|must_not| &must_not.rules);
            step.rules.iter().chain(gates).chain(must_not)
        });
        let must_not = self.must_not.iter().flat_map(|must_not| &must_not.rules);
        let clocks = self.clocks.iter().flat_map(|clock| &clock.rules);
        of_steps.chain(must_not).chain(clocks).map(String::as_str).collect()
    }

    /// Reads a procedure that shares nothing, for tests of the engine.
    ///
    /// # Errors
    /// As [`Shared::procedure`].
    pub fn from_toml(text: &str) -> Result<Self, String> {
        Ok(Shared::alone().procedure(text)?.procedure)
    }
}

impl Shared {
    fn alone() -> Self {
        let case = ["dsl", "deputy", "manager", "chair"].map(|role| Value::String(role.into()));
        Self { who: Table::from_iter([("case".to_owned(), Value::Array(case.into()))]), ..Self::default() }
    }
}

/// Procedures by id, and what they use of the common file: what [`read`] returns.
pub(crate) type Read = (BTreeMap<String, Procedure>, BTreeSet<String>);

/// Reads all procedures against the common file.
///
/// # Errors
/// The name of the file and one sentence.
pub(crate) fn read(shared: &Shared, files: &BTreeMap<String, String>) -> Result<Read, (String, String)> {
    let (mut procedures, mut uses) = (BTreeMap::new(), BTreeSet::new());
    for (file, text) in files {
        let wrong = |why: String| (file.clone(), why);
        let resolved = shared.procedure(text).map_err(wrong)?;
        uses.extend(resolved.uses);
        if let Some(twice) = procedures.insert(resolved.procedure.id.clone(), resolved.procedure) {
            return Err(wrong(format!("{} is there twice", twice.id)));
        }
    }
    Ok((procedures, uses))
}
