//! What an audit costs: the binary against the simulator at 50 ms a request.
//!
//! `cargo bench --bench audit` prints a table and writes `docs/performance.md`. Figures that depend on the machine
//! stand beside what they are measured against; nothing here passes or fails.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Azure, Vaudit, cloud_at, root};
use vaudit_simulator::{LoggedRequest, demo_manifest};
use wait4::Wait4;

/// How long the simulator takes for every answer.
const LATENCY: Duration = Duration::from_millis(50);

/// Runs of each audit; the median counts.
const AUDITS: usize = 15;

/// Runs of `vaudit --version`.
const STARTS: usize = 41;

/// How many blobs the application container holds, and the newest folder once more, in audits that
/// are measured once.
const BLOBS: [u32; 2] = [10_000, 1_000_000];

/// What one run of the binary took.
struct Cost {
    wall: Duration,
    cpu: Duration,
    /// The largest resident set, in bytes.
    memory: u64,
}

/// What an audit of a scenario took.
struct Audit {
    scenario: &'static str,
    cost: Cost,
    requests: Vec<LoggedRequest>,
    chain: Vec<String>,
    at_once: usize,
}

fn main() {
    // Linux counts into the memory of a child what its parent had when it began, so the audits of
    // which memory is the point come first, while this process is small.
    let listings = BLOBS.map(|count| (count, audit_of_blobs(count)));
    let start = start_up();
    let audits = [audit("compliant"), audit("drifted")];
    let table = table(&start, &audits, &listings);
    #[expect(clippy::print_stdout, reason = "a benchmark prints")]
    {
        println!("{table}");
    }
    fs::write(root().join("docs/performance.md"), page(&table, &audits)).unwrap();
}

fn start_up() -> Cost {
    let vaudit = Vaudit::default();
    let runs: Vec<Cost> = (0..STARTS).map(|_| run(&vaudit, &["--version"], 0)).collect();
    median(&runs)
}

fn audit(scenario: &'static str) -> Audit {
    let told = json!({
        "description": "An audit at the distance of a data centre.",
        "extends": scenario,
        "changes": [],
        "latency_ms": LATENCY.as_millis() as u64,
    });
    let code = i32::from(scenario == "drifted");
    // Each has an Azure of its own, whose bucket of reads the audits before have not emptied.
    let audit = |_| {
        let azure = Azure::parsed(&told);
        let cost = run(&azure.vaudit(), &["check", "--no-progress"], code);
        (cost, azure.simulator.requests(), azure.simulator.max_concurrency())
    };
    let mut runs: Vec<(Cost, Vec<LoggedRequest>, usize)> = (0..AUDITS).map(audit).collect();
    runs.sort_by_key(|(cost, ..)| cost.wall);
    // Wall time and chain have to be those of one and the same run.
    let requests = runs[AUDITS / 2].1.clone();
    let at_once = runs.iter().map(|(.., at_once)| *at_once).max().unwrap();
    let costs: Vec<Cost> = runs.into_iter().map(|(cost, ..)| cost).collect();
    let cost = median(&costs);
    let chain = longest_chain(&requests);
    Audit { scenario, cost, chain, requests, at_once }
}

/// Audits the compliant deployment with so many blobs more in its container, and in the newest
/// folder. The simulator is a process of its own: it holds every blob of the scenario.
fn audit_of_blobs(count: u32) -> Cost {
    let folder = "blob:stvecticebkp/vectice-backup/{folder-1}/";
    let blob = json!({
        "size": 4096, "md5": "k0m5V0q8J1yG3dN6cX9w2A==", "created": "{now-20h}", "repeat": count,
    });
    let scenario = json!({
        "description": "The compliant deployment with many blobs, all of them copied.",
        "extends": "compliant",
        "changes": [
            {"add": "blob:stvectice/vectice/runs/2026/artifacts/model-", "body": blob},
            {"remove": folder},
            {"copy": "stvectice/vectice", "to": folder, "at": "{now-7h}"},
        ],
        "latency_ms": LATENCY.as_millis() as u64,
    });
    let vaudit = Vaudit::default().signed_in().file("scenario.json", &scenario.to_string());
    let simulator = Simulating::start(&vaudit);
    let manifest = format!("{}\n{}", demo_manifest().trim_end(), cloud_at(&simulator.url));
    let vaudit = vaudit.file("vaudit.toml", &manifest);
    run(&vaudit, &["check", "--no-progress"], 0)
}

/// `vaudit simulate`, as long as this lives.
struct Simulating {
    child: Child,
    url: String,
}

impl Simulating {
    fn start(vaudit: &Vaudit) -> Self {
        let arguments = ["simulate", "--scenario", "scenario.json", "--port", "0"];
        let mut command = vaudit.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim_end().to_owned() }
    }
}

impl Drop for Simulating {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn run(vaudit: &Vaudit, arguments: &[&str], code: i32) -> Cost {
    let mut command = vaudit.command(arguments);
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let used = child.wait4().unwrap();
    let wall = started.elapsed();
    assert_eq!(used.status.code(), Some(code));
    Cost { wall, cpu: used.rusage.utime + used.rusage.stime, memory: used.rusage.maxrss }
}

/// The median of each figure.
fn median(costs: &[Cost]) -> Cost {
    fn middle<T: Ord + Copy>(costs: &[Cost], figure: impl Fn(&Cost) -> T) -> T {
        let mut figures: Vec<T> = costs.iter().map(figure).collect();
        figures.sort();
        figures[figures.len() / 2]
    }
    Cost {
        wall: middle(costs, |cost| cost.wall),
        cpu: middle(costs, |cost| cost.cpu),
        memory: middle(costs, |cost| cost.memory),
    }
}

/// The longest chain of requests each of which was asked after the one before was answered: with
/// every answer taking as long, those that end first leave the most room.
fn longest_chain(requests: &[LoggedRequest]) -> Vec<String> {
    let mut by_end: Vec<&LoggedRequest> = requests.iter().collect();
    by_end.sort_by_key(|request| request.answered);
    let mut chain: Vec<&LoggedRequest> = Vec::new();
    for request in by_end {
        if chain.last().is_none_or(|last| request.asked >= last.answered) {
            chain.push(request);
        }
    }
    chain.iter().map(|request| named(request)).collect()
}

fn named(request: &LoggedRequest) -> String {
    let path = request.path_and_query.split('?').next().unwrap_or_default();
    let tail = path.rsplit("/providers/").next().unwrap_or(path);
    format!("{} {tail}", request.method)
}

fn table(start: &Cost, audits: &[Audit], listings: &[(u32, Cost)]) -> String {
    let mut text = String::from("| what | measured | aim |\n|---|---|---|\n");
    let mut row = |what: &str, measured: String, aim: &str| {
        writeln!(text, "| {what} | {measured} | {aim} |").unwrap();
    };
    for audit in audits {
        let name = audit.scenario;
        let chain = audit.chain.len() as u32;
        let ratio = audit.cost.wall.as_secs_f64() / (LATENCY * chain).as_secs_f64();
        let wall = audit.cost.wall.as_millis();
        row(
            &format!("`{name}`: wall ÷ (longest chain × {} ms)", LATENCY.as_millis()),
            format!("{ratio:.2} ({wall} ms ÷ {chain} × {} ms)", LATENCY.as_millis()),
            "≤ 1.25",
        );
        row(
            &format!("`{name}`: CPU"),
            format!("{:.3} s", audit.cost.cpu.as_secs_f64()),
            "≤ 0.15 s",
        );
        row(
            &format!("`{name}`: requests"),
            format!("{}, at most {} at once", audit.requests.len(), audit.at_once),
            "≤ 40",
        );
        row(
            &format!("`{name}`: peak memory"),
            format!("{:.1} MB", audit.cost.memory as f64 / 1e6),
            "≤ 40 MB",
        );
    }
    for (count, cost) in listings {
        row(
            &format!("{count} blobs and as many copies: peak memory"),
            format!("{:.1} MB", cost.memory as f64 / 1e6),
            "≤ 100 MB",
        );
        row(
            &format!("{count} blobs and as many copies: wall, CPU"),
            format!("{:.1} s, {:.1} s", cost.wall.as_secs_f64(), cost.cpu.as_secs_f64()),
            "",
        );
    }
    row(
        "start-up (`vaudit --version`)",
        format!("{:.1} ms", start.wall.as_secs_f64() * 1000.0),
        "≤ 10 ms",
    );
    text
}

fn page(table: &str, audits: &[Audit]) -> String {
    let cores = available_parallelism().unwrap();
    let mut text = format!(
        "# What an audit costs\n\n\
         Written by `cargo bench --bench audit`: the binary, as `cargo run --release` builds it, against the simulator on loopback, \
         on a machine of {cores} cores that others may share. Medians of {AUDITS} audits and of {STARTS} starts; audits of many blobs are measured once.\n\n\
         {table}\n\
         The longest chain is read off the simulator's log: the most requests of which each was asked only after the one \
         before was answered.\n"
    );
    for audit in audits {
        write!(text, "\nOf `{}`:\n\n", audit.scenario).unwrap();
        for (place, link) in audit.chain.iter().enumerate() {
            writeln!(text, "{}. `{link}`", place + 1).unwrap();
        }
    }
    text.push_str(
        "\n## The rules alone\n\n\
         `cargo bench --bench evaluate` judges 1,000 deployments with one thread and with two, and says how many \
         evaluations of a rule a second that makes. The aim is 100,000 with one thread; CONTRIBUTING.md has what was \
         measured last.\n\n\
         [What a large snapshot costs](performance-snapshots.md) has a page of its own.\n",
    );
    text
}
