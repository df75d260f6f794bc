//! Helpers of the black-box tests: the binary in a scrubbed environment, and Azure simulated.

#![allow(dead_code, reason = "each test target uses its own part of the helpers")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

pub(crate) mod cases;
pub(crate) mod look;
pub(crate) mod pages;
pub(crate) mod proxy;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vaudit_simulator::{DEMO_AUDITOR, Options, Scenario, Simulator, demo_manifest};

/// What a run of the binary left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON report on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("no JSON ({error}), exit {}:\n{}\n{}", self.code, self.stdout, self.stderr)
        })
    }

    /// Asserts the exit code, and shows what was said when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that stderr says something.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in:\n{}", self.stderr);
        self
    }
}

/// The binary in an empty directory of its own, with nothing of the environment but what a test
/// sets.
pub(crate) struct Vaudit {
    pub(crate) folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Default for Vaudit {
    fn default() -> Self {
        let folder = TempDir::new().unwrap();
        let mut environment = BTreeMap::new();
        environment.insert("HOME".to_owned(), folder.path().display().to_string());
        environment.insert("LANG".to_owned(), "C.UTF-8".to_owned());
        // For `git`, and for the shell that azure_identity looks for `az` with.
        environment.insert("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
        Self { folder, environment }
    }
}

impl Vaudit {
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// The client secret of the simulator's auditor.
    pub(crate) fn signed_in(self) -> Self {
        self.set("AZURE_TENANT_ID", DEMO_AUDITOR.tenant)
            .set("AZURE_CLIENT_ID", DEMO_AUDITOR.client_id)
            .set("AZURE_CLIENT_SECRET", DEMO_AUDITOR.client_secret)
    }

    /// Writes a file into the directory.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vaudit"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs with a file of the directory on stdin.
    pub(crate) fn fed(&self, file: &str, arguments: &[&str]) -> Ran {
        let stdin = fs::File::open(self.path(file)).unwrap();
        Ran::of(self.command(arguments).stdin(stdin).output().unwrap())
    }
}

/// The simulator in this process, on a runtime of its own.
pub(crate) struct Azure {
    pub(crate) runtime: Runtime,
    pub(crate) simulator: Simulator,
}

impl Azure {
    /// Serves an embedded scenario over plain HTTP.
    pub(crate) fn named(scenario: &str) -> Self {
        Self::serving(Scenario::named(scenario).unwrap(), Options::default())
    }

    /// Serves a scenario written as JSON.
    pub(crate) fn parsed(scenario: &Value) -> Self {
        let scenario =
            Scenario::parse(&scenario.to_string()).unwrap_or_else(|error| panic!("{error}"));
        Self::serving(scenario, Options::default())
    }

    pub(crate) fn serving(scenario: Scenario, options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::start(scenario, options)).unwrap();
        Self { runtime, simulator }
    }

    /// Switches the scenario; the simulator stays up.
    pub(crate) fn tell(&self, scenario: &Value) {
        let scenario =
            Scenario::parse(&scenario.to_string()).unwrap_or_else(|error| panic!("{error}"));
        self.simulator.replace(scenario);
    }

    /// The demo's manifest, pointed at this simulator.
    pub(crate) fn manifest(&self) -> String {
        format!("{}\n{}", demo_manifest().trim_end(), self.cloud())
    }

    /// The `[cloud]` table that leads here.
    pub(crate) fn cloud(&self) -> String {
        cloud_at(&self.simulator.url())
    }

    /// The binary, signed in, in a directory with this simulator's manifest.
    pub(crate) fn vaudit(&self) -> Vaudit {
        Vaudit::default().signed_in().file("vaudit.toml", &self.manifest())
    }
}

/// The `[cloud]` table that leads to the simulator at a URL.
pub(crate) fn cloud_at(url: &str) -> String {
    let (_, address) = url.trim_end_matches('/').split_once("://").unwrap();
    format!(
        "[cloud]\nname = \"custom\"\nresource_manager = \"{url}\"\ngraph = \"{url}\"\nauthority = \"{url}\"\nstorage_suffix = \"{address}\"\n"
    )
}

/// The verdict of each rule in a JSON report: the worst of its results over all deployments.
pub(crate) fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let order = ["not_applicable", "pass", "informational", "indeterminate", "fail"];
    let rank = |word: &str| order.iter().position(|own| *own == word).unwrap();
    let mut verdicts: BTreeMap<String, String> = BTreeMap::new();
    for deployment in report["deployments"].as_array().unwrap() {
        for result in deployment["results"].as_array().unwrap() {
            let rule = result["rule"].as_str().unwrap().to_owned();
            let verdict = result["verdict"].as_str().unwrap().to_owned();
            let worst = verdicts.entry(rule).or_insert_with(|| verdict.clone());
            if rank(&verdict) > rank(worst) {
                *worst = verdict;
            }
        }
    }
    verdicts
}

/// All results of a JSON report.
pub(crate) fn results(report: &Value) -> Vec<&Value> {
    let deployments = report["deployments"].as_array().unwrap();
    deployments.iter().flat_map(|own| own["results"].as_array().unwrap()).collect()
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The files below a folder of the workspace with an ending, sorted; `target` is left out.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') && name != "node_modules" {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
