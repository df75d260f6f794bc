//! What it costs to render a report of 1,000 deployments: each format, its time and its size.
//!
//! `cargo bench --bench reports` prints a table and writes `docs/performance-reports.md`. Times depend on
//! the machine, so they stand beside that of a SHA-256 of the same text; nothing here passes or fails.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use support::{Vaudit, root};
use vaudit_model::assessment::{Assessment, CatalogueEntry};
use vaudit_reports::{SarifOptions, csv, html, json, junit, markdown, ocsf, oscal, sarif, saved};
use vaudit_rules::CATALOGUE;

/// How many deployments the report is about.
const DEPLOYMENTS: usize = 1_000;

/// Each so many-th of them has drifted.
const DRIFTED: usize = 3;

/// The subscription of the demo.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";

/// Runs of each format.
const RUNS: usize = 9;

/// What rendering took, and what came of it.
struct Cost {
    format: &'static str,
    wall: Times,
    bytes: usize,
    hashing: Times,
    aim: &'static str,
}

/// What the runs took. Whoever else is on the machine makes them longer and never shorter, so the
/// fastest is nearest to what the work takes, and the median to what a user waits for.
struct Times {
    median: Duration,
    fastest: Duration,
}

fn main() {
    let assessment = fleet();
    let results: usize = assessment.deployments.iter().map(|own| own.results.len()).sum();
    let costs = costs(&assessment);
    let table = table(&costs);
    #[expect(clippy::print_stdout, reason = "a benchmark prints")]
    {
        println!("{table}");
    }
    fs::write(root().join("docs/performance-reports.md"), page(&table, results)).unwrap();
}

/// The two scenarios of the demo as the binary judged them, again and again in subscriptions of
/// their own.
fn fleet() -> Assessment {
    let catalogue: Vec<CatalogueEntry> =
        CATALOGUE.iter().map(|rule| CatalogueEntry { meta: rule.meta, page: rule.page }).collect();
    let vaudit = Vaudit::default();
    let judged = |scenario: &str, code: i32| {
        let arguments =
            ["check", "--demo", scenario, "--quiet", "--no-progress", "--format", "json"];
        vaudit.run(&arguments).exits(code).stdout
    };
    let (compliant, drifted) = (judged("compliant", 0), judged("drifted", 1));
    let mut all = saved::read(&drifted, &catalogue).unwrap();
    all.deployments.clear();
    for number in 0..DEPLOYMENTS {
        let told = if number % DRIFTED == 0 { &drifted } else { &compliant };
        let told = told
            .replace(SUBSCRIPTION, &format!("00000000-0000-0000-0001-{number:012}"))
            .replace("\"production\"", &format!("\"deployment-{number}\""));
        all.deployments.append(&mut saved::read(&told, &catalogue).unwrap().deployments);
    }
    all
}

fn costs(assessment: &Assessment) -> Vec<Cost> {
    let options = SarifOptions::default();
    vec![
        measured("html", "≤ 3 s, ≤ 25 MB", &|| html::render(assessment)),
        measured("json", "≤ 1 s", &|| json::render(assessment)),
        measured("sarif", "≤ 1 s", &|| sarif::render(assessment, &options).text),
        measured("junit", "≤ 1 s", &|| junit::render(assessment)),
        measured("markdown", "≤ 1 s", &|| markdown::render(assessment)),
        measured("csv", "≤ 1 s", &|| csv::render(assessment)),
        measured("ocsf", "≤ 1 s", &|| ocsf::render(assessment)),
        measured("oscal", "≤ 1 s", &|| oscal::render(assessment)),
    ]
}

fn measured(format: &'static str, aim: &'static str, render: &dyn Fn() -> String) -> Cost {
    let text = render();
    let wall = times(|| {
        black_box(render());
    });
    let hashing = times(|| {
        black_box(Sha256::digest(black_box(text.as_bytes())));
    });
    Cost { format, wall, bytes: text.len(), hashing, aim }
}

fn times(work: impl Fn()) -> Times {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect();
    times.sort();
    Times { median: times[RUNS / 2], fastest: times[0] }
}

fn table(costs: &[Cost]) -> String {
    let json = costs.iter().find(|cost| cost.format == "json").unwrap().bytes;
    let mut text = String::from(
        "| format | median | fastest | aim | fastest ÷ SHA-256 of the text | size | size ÷ that of json |\n|---|---|---|---|---|---|---|\n",
    );
    for Cost { format, wall, bytes, hashing, aim } in costs {
        writeln!(
            text,
            "| `{format}` | {:.2} s | {:.2} s | {aim} | {:.1} | {:.1} MB | {:.2} |",
            wall.median.as_secs_f64(),
            wall.fastest.as_secs_f64(),
            wall.fastest.as_secs_f64() / hashing.fastest.as_secs_f64(),
            *bytes as f64 / 1e6,
            *bytes as f64 / json as f64,
        )
        .unwrap();
    }
    text
}

fn page(table: &str, results: usize) -> String {
    let cores = available_parallelism().unwrap();
    format!(
        "# What a large report costs\n\n\
         Written by `cargo bench --bench reports`, as `cargo run --release` builds it, on a machine of {cores} cores that others may share: \
         {DEPLOYMENTS} deployments with {results} results, every {DRIFTED}rd of them the drifted demo, with ten failures and four verdicts lost, the others the compliant one, each in a subscription of its own. \
         {RUNS} runs of each. Whoever else is on the machine makes a run longer and never shorter: the fastest is nearest to what the work takes, the median to what a user waits for.\n\n\
         {table}\n\
         From 10,000 results on the HTML report is brief: digests are shown by their first 12 digits, what passed has no message, a finding leads to its rule instead of repeating it, and deployments without a finding have no picture. \
         Markdown stops where GitHub would (64,000 bytes) and says what it leaves out; SARIF holds what a code-scanning service should alert on. \
         The JSON, CSV, OCSF and OSCAL reports hold everything.\n"
    )
}
