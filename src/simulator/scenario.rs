//! Scenario files: read, checked, expanded, changed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::blob_store::{BlobDrafts, BlobError, BlobStore, CopyFile, container_name};
use crate::changes::{Change, ChangeError};
use crate::clock::{Clock, parse_duration};
use crate::directory::{DirectoryError, GraphFile};
use crate::enforcement;
use crate::estate::{Estate, EstateError};
use crate::expand::Names;
use crate::faults::{Fault, FaultFile};
use crate::json;
use crate::sign_in::{Auditor, AuditorFile};

/// The scenarios that are built in, by name.
const EMBEDDED: [(&str, &str); 2] = [
    ("compliant", include_str!("scenarios/compliant.json")),
    ("drifted", include_str!("scenarios/drifted.json")),
];

/// Azure's built-in roles, which every tenant has.
const BUILT_IN_ROLES: &str = include_str!("scenarios/built-in-roles.json");

/// An Azure to simulate: what is there, who may look, and what goes wrong.
#[derive(Debug)]
pub struct Scenario {
    description: String,
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) auditors: Vec<Auditor>,
    pub(crate) faults: Vec<Fault>,
    /// Whether the auditor is refused what its roles do not allow.
    pub(crate) enforces_permissions: bool,
    pub(crate) estate: Estate,
    pub(crate) blobs: BlobStore,
}

/// How fast and in what portions the servers answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// How long every answer takes.
    pub(crate) latency: Duration,
    /// Items on a page of an ARM or Graph list; all of them when not given.
    pub(crate) page_size: Option<NonZeroUsize>,
    /// Entries on a page of a blob listing, beside what the client asks for.
    pub(crate) blob_page_size: Option<NonZeroUsize>,
    /// Whether the first page of a list is empty but for the link to the next, as ARM's can be.
    pub(crate) empty_first_page: bool,
}

/// Why a scenario cannot be used: where in the file, and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file is not JSON, or holds a key twice.
    #[error("not a JSON document: {0}")]
    Json(#[source] serde_json::Error),
    /// There is no such built-in scenario.
    #[error("there is no scenario {0:?}; there are compliant and drifted")]
    Unknown(String),
    /// Something in the file is wrong.
    #[error("{path}: {reason}")]
    Invalid {
        /// The JSON path of the mistake.
        path: String,
        /// What is wrong there.
        reason: String,
    },
}

fn invalid(path: impl Into<String>, reason: impl ToString) -> ScenarioError {
    ScenarioError::Invalid { path: path.into(), reason: reason.to_string() }
}

/// A scenario file after its strings were expanded.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ScenarioFile {
    description: String,
    extends: Option<String>,
    now: Option<String>,
    clock_offset: Option<String>,
    latency_ms: Option<u64>,
    page_size: Option<NonZeroUsize>,
    blob_page_size: Option<NonZeroUsize>,
    empty_first_page: Option<bool>,
    enforce_permissions: Option<bool>,
    #[serde(rename = "names")]
    _names: BTreeMap<String, String>,
    auditors: Option<Vec<AuditorFile>>,
    resources: Map<String, Value>,
    graph: GraphFile,
    blobs: BTreeMap<String, Vec<Value>>,
    copies: BTreeMap<String, Vec<CopyFile>>,
    changes: Vec<Change>,
    faults: Vec<FaultFile>,
}

impl Scenario {
    /// The names of the built-in scenarios.
    pub const NAMES: [&'static str; 2] = ["compliant", "drifted"];

    /// A built-in scenario.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        Self::parse(embedded(name).ok_or_else(|| ScenarioError::Unknown(name.to_owned()))?)
    }

    /// Reads a scenario file; its dates count from its `now`, or from this moment.
    ///
    /// # Errors
    ///
    /// When the file is wrong, naming the JSON path.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let own = json::parse(text).map_err(ScenarioError::Json)?;
        let base = match own.get("extends") {
            None => None,
            Some(Value::String(name)) => {
                let unknown = || invalid("extends", ScenarioError::Unknown(name.clone()));
                let text = embedded(name).ok_or_else(unknown)?;
                Some(json::parse(text).map_err(ScenarioError::Json)?)
            }
            Some(_) => return Err(invalid("extends", "the name of a built-in scenario")),
        };
        // A built-in scenario extends at most one that stands on its own feet.
        let root = match base.as_ref().and_then(|base| base.get("extends")) {
            Some(Value::String(name)) => embedded(name).map(json::parse),
            _ => None,
        };
        let root = root.transpose().map_err(ScenarioError::Json)?;
        let layers: Vec<&Value> = root.iter().chain(&base).chain([&own]).collect();
        load(&layers)
    }

    /// What the scenario is about, in a few sentences.
    pub fn description(&self) -> &str {
        &self.description
    }
}

fn embedded(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// Puts the layers together, the one that is extended first.
fn load(layers: &[&Value]) -> Result<Scenario, ScenarioError> {
    let last = |field: &str| layers.iter().rev().find_map(|layer| layer.get(field));
    let clock = clock(last("now"), last("clock_offset"))?;
    let names = names(layers, clock.now())?;
    let mut scenario = Scenario {
        description: String::new(),
        clock,
        pace: Pace::default(),
        auditors: Vec::new(),
        faults: Vec::new(),
        enforces_permissions: false,
        estate: Estate::default(),
        blobs: BlobStore::default(),
    };
    for layer in layers {
        let mut expanded = Map::new();
        for (section, value) in layer.as_object().into_iter().flatten() {
            let value = match section.as_str() {
                "names" => value.clone(),
                _ => names.value(value, section).map_err(|(path, error)| invalid(path, error))?,
            };
            expanded.insert(section.clone(), value);
        }
        let file: ScenarioFile = serde_path_to_error::deserialize(Value::Object(expanded))
            .map_err(|error| invalid(error.path().to_string(), error.into_inner()))?;
        add_layer(&mut scenario, file)?;
    }
    let missing_roles = json::parse(BUILT_IN_ROLES).map_err(ScenarioError::Json)?;
    for (id, body) in missing_roles.as_object().into_iter().flatten() {
        if scenario.estate.get(id).is_none() {
            scenario
                .estate
                .insert(id, body.clone())
                .map_err(|error| invalid("resources", error))?;
        }
    }
    scenario.estate.check_parents().map_err(|error| invalid("resources", error))?;
    scenario.blobs = scenario.estate.blobs.finish().map_err(|error| invalid("blobs", error))?;
    scenario.estate.blobs = BlobDrafts::default();
    if scenario.auditors.is_empty() {
        scenario.auditors = vec![Auditor::default()];
    }
    for auditor in &mut scenario.auditors {
        auditor.application_roles =
            enforcement::application_roles(&scenario.estate.directory, &auditor.object_id);
    }
    Ok(scenario)
}

fn clock(now: Option<&Value>, offset: Option<&Value>) -> Result<Clock, ScenarioError> {
    let offset = match offset {
        None => SignedDuration::ZERO,
        Some(text) => text
            .as_str()
            .and_then(parse_duration)
            .ok_or_else(|| invalid("clock_offset", "a duration such as 20m or -1h"))?,
    };
    match now {
        None => Ok(Clock::real(offset)),
        Some(text) => {
            let now = text.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            let wrong = || invalid("now", "a date and time such as 2026-11-22T09:00:00Z");
            Ok(Clock::fixed(now.ok_or_else(wrong)?, offset))
        }
    }
}

/// The short names of all layers; a layer may redefine a name.
fn names(layers: &[&Value], now: Timestamp) -> Result<Names, ScenarioError> {
    let mut raw = BTreeMap::new();
    for layer in layers {
        let Some(own) = layer.get("names") else { continue };
        let own: BTreeMap<String, String> = serde_path_to_error::deserialize(own)
            .map_err(|error| invalid(format!("names.{}", error.path()), error.inner()))?;
        raw.extend(own);
    }
    Names::new(&raw, now).map_err(|(path, error)| invalid(path, error))
}

fn add_layer(scenario: &mut Scenario, file: ScenarioFile) -> Result<(), ScenarioError> {
    if file.description.is_empty() {
        return Err(invalid("description", "say in a sentence what the scenario is about"));
    }
    if file.extends.is_some() {
        let sections = [
            ("resources", file.resources.is_empty()),
            ("graph", file.graph.is_empty()),
            ("blobs", file.blobs.is_empty()),
            ("copies", file.copies.is_empty()),
        ];
        if let Some((section, _)) = sections.iter().find(|(_, is_empty)| !is_empty) {
            return Err(invalid(*section, "a scenario that extends another one lists `changes`"));
        }
    }
    scenario.description = file.description;
    let pace = &mut scenario.pace;
    pace.latency = file.latency_ms.map_or(pace.latency, Duration::from_millis);
    pace.page_size = file.page_size.or(pace.page_size);
    pace.blob_page_size = file.blob_page_size.or(pace.blob_page_size);
    pace.empty_first_page = file.empty_first_page.unwrap_or(pace.empty_first_page);
    scenario.enforces_permissions =
        file.enforce_permissions.unwrap_or(scenario.enforces_permissions);
    if let Some(auditors) = file.auditors {
        let check = |(index, auditor): (usize, AuditorFile)| {
            auditor.check().map_err(|error| invalid(format!("auditors[{index}]"), error))
        };
        scenario.auditors =
            auditors.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
    }
    let estate = &mut scenario.estate;
    for (id, body) in file.resources {
        let at = |error: EstateError| invalid(format!("resources.{id}"), error);
        estate.insert(&id, body).map_err(at)?;
    }
    estate.directory.load(file.graph).map_err(|error: DirectoryError| invalid("graph", error))?;
    for (container, blobs) in file.blobs {
        let at = |error: BlobError| invalid(format!("blobs.{container}"), error);
        estate.blobs.load(&container, blobs).map_err(at)?;
    }
    for (container, copies) in file.copies {
        for (index, copy) in copies.iter().enumerate() {
            let at = |error| invalid(format!("copies.{container}[{index}]"), error);
            let name = container_name(&container).map_err(at)?;
            estate.blobs.copy(&name, copy).map_err(at)?;
        }
    }
    for (index, change) in file.changes.iter().enumerate() {
        let at = |error: ChangeError| invalid(format!("changes[{index}]"), error);
        change.apply(estate).map_err(at)?;
    }
    // The faults of the outer layer are asked first: it knows what it changes.
    let mut faults = Vec::new();
    for (index, fault) in file.faults.into_iter().enumerate() {
        faults.push(fault.arm().map_err(|error| invalid(format!("faults[{index}]"), error))?);
    }
    faults.append(&mut scenario.faults);
    scenario.faults = faults;
    Ok(())
}
