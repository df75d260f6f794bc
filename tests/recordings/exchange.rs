//! Exchanges as recorders keep them: a folder of `.jsonl` files, one JSON object a line.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use vaudit_azure::RecordedAnswer;
use vaudit_model::{ArmId, Document, Request};

use crate::place::Place;
use crate::support::{files, root};

/// A request and its answer, as somebody's client saw them.
pub(crate) struct Exchange {
    /// The name of the file it is in.
    pub(crate) file: String,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// What its URL asks for.
    pub(crate) place: Place,
    /// The URL.
    pub(crate) url: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body: JSON, or a text where the answer was none.
    pub(crate) body: Value,
    method: String,
    headers: BTreeMap<String, String>,
}

/// The folder that `VAUDIT_RECORDINGS` names, seen from the workspace; else our own.
pub(crate) fn folder() -> PathBuf {
    match env::var_os("VAUDIT_RECORDINGS") {
        Some(folder) => root().join(folder),
        None => own(),
    }
}

/// Our own exchanges.
pub(crate) fn own() -> PathBuf {
    root().join("tests/recordings")
}

/// Every exchange of a folder, file by file.
pub(crate) fn exchanges(folder: &Path) -> Vec<Exchange> {
    assert!(folder.is_dir(), "{} is no folder", folder.display());
    let mut found = Vec::new();
    for path in files(folder, ".jsonl") {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            found.push(Exchange::read(&file, index + 1, line));
        }
    }
    assert!(!found.is_empty(), "{} holds no exchanges", folder.display());
    found
}

impl Exchange {
    fn read(file: &str, line: usize, text: &str) -> Self {
        let at = format!("{file}:{line}");
        let own: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{at} is no JSON: {error}"));
        let texts = |field: &str| {
            own[field].as_str().unwrap_or_else(|| panic!("{at} has no `{field}`")).to_owned()
        };
        let status = own["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let headers = own["response_headers"].as_object().into_iter().flatten();
        let url = texts("url");
        Self {
            file: file.to_owned(),
            line,
            place: Place::of(&url),
            url,
            status: status.unwrap_or_else(|| panic!("{at} has no status")),
            body: parsed(own["body"].clone()),
            method: texts("method"),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), plain(value)))
                .collect(),
        }
    }

    /// Where it stands, for whoever has to look.
    pub(crate) fn at(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// The digests that a known exchange is told by: of its URL, and of its body.
    pub(crate) fn digests(&self) -> [String; 2] {
        [self.url.clone(), self.body.to_string()].map(|text| {
            let digest = Sha256::digest(text.as_bytes());
            digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
        })
    }

    /// Whether the answer is what was asked for: a 200 with an object, which is no failed operation.
    pub(crate) fn succeeded(&self) -> bool {
        self.status == 200 && self.body.is_object() && !self.failed_inside()
    }

    /// Whether the body is that of an operation that failed, whatever the status says.
    pub(crate) fn failed_inside(&self) -> bool {
        let has = |field: &str| self.body.get(field).is_some();
        let is_operation = !has("id") || self.body["status"].is_string();
        self.body["error"].is_object() && !has("value") && is_operation
    }

    /// The resources of the answer, each with how its facts are called: one, or a list's.
    pub(crate) fn items(&self) -> Vec<(String, &Value)> {
        let is_rows = self.place.kind == "microsoft.resourcegraph/resources";
        let list = self.body.get(if is_rows { "data" } else { "value" });
        match list.and_then(Value::as_array) {
            _ if !self.succeeded() => Vec::new(),
            Some(list) => {
                let indexed = list.iter().enumerate();
                indexed.map(|(index, item)| (format!("{index}/"), item)).collect()
            }
            None => vec![(String::new(), &self.body)],
        }
    }

    /// The same for readers of single resources, who have to see failures too.
    pub(crate) fn each(&self) -> Vec<(String, &Value)> {
        if self.succeeded() { self.items() } else { vec![(String::new(), &self.body)] }
    }

    /// The answer as a run keeps it that had asked `request`.
    pub(crate) fn document(&self, request: &Request) -> Document {
        self.document_with(request, &self.body)
    }

    /// The same answer with another body.
    pub(crate) fn document_with(&self, request: &Request, body: &Value) -> Document {
        let body = match body {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            json => json.to_string().into_bytes(),
        };
        let answer = RecordedAnswer {
            method: self.method.clone(),
            url: self.url.clone(),
            status: self.status,
            headers: self.headers.clone(),
            body,
        };
        answer.document(request)
    }

    /// The id of the resource, by its URL, else by its body.
    pub(crate) fn id(&self) -> ArmId {
        let told = self.body["id"].as_str();
        let parsed = [Some(self.place.path.as_str()), told].into_iter().flatten();
        parsed
            .filter_map(|text| ArmId::parse(text).ok())
            .next()
            .unwrap_or_else(|| ArmId::resource_group_scope("s", "g").resource("N.N/r", "r"))
    }
}

/// Some recorders keep JSON as a text.
fn parsed(body: Value) -> Value {
    let inner = body.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    inner.filter(|inner| inner.is_object() || inner.is_array()).unwrap_or(body)
}

/// A header's value; some recorders keep a list of them.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
