//! What a large snapshot costs to load and verify: 5,000 documents, as text and compressed.
//!
//! `cargo bench --bench snapshots` prints a table and writes `docs/performance-snapshots.md`. Times depend
//! on the machine, so they stand beside that of a SHA-256 of the same text; nothing here passes or fails.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};
use support::pages::Example;
use support::{Vaudit, root};
use vaudit_model::Snapshot;
use vaudit_model::document::Document;
use wait4::Wait4;

/// How many documents the snapshot holds.
const DOCUMENTS: usize = 5_000;

/// The subscription of the compliant estate.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";

/// Runs of each command; the median counts.
const RUNS: usize = 5;

/// The word that makes this program write the snapshots. It is another process that does so, because
/// Linux counts into the memory of a child what its parent had when it began.
const WRITE: &str = "--write-snapshots-into";

const PLAIN: &str = "fleet.snapshot";
const PACKED: &str = "fleet.zst";

/// What one run of the binary took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    /// The largest resident set, in bytes.
    memory: u64,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(place) = arguments.iter().position(|own| own == WRITE) {
        return write(Path::new(&arguments[place + 1]));
    }
    let vaudit = Vaudit::default();
    let own = env::current_exe().unwrap();
    let written = Command::new(own).arg(WRITE).arg(vaudit.folder.path()).status().unwrap();
    assert!(written.success());

    let table = table(&vaudit);
    #[expect(clippy::print_stdout, reason = "a benchmark prints")]
    {
        println!("{table}");
    }
    fs::write(root().join("docs/performance-snapshots.md"), page(&table)).unwrap();
}

/// The documents of the compliant estate, again and again in subscriptions of their own.
fn write(folder: &Path) {
    let example = Example::of(&json!({}));
    let texts: Vec<String> =
        example.snapshot.documents().map(|own| serde_json::to_string(own).unwrap()).collect();
    let mut snapshot = Snapshot::empty(example.snapshot.header);
    for number in 0.. {
        let own = format!("00000000-0000-0000-0001-{number:012}");
        for text in &texts {
            let document: Document =
                serde_json::from_str(&text.replace(SUBSCRIPTION, &own)).unwrap();
            snapshot.insert(document);
            if snapshot.documents().count() == DOCUMENTS {
                let file = |name| BufWriter::new(File::create(folder.join(name)).unwrap());
                let (mut plain, mut packed) = (file(PLAIN), file(PACKED));
                snapshot.write_to(&mut plain).unwrap();
                snapshot.write_compressed_to(&mut packed).unwrap();
                plain.flush().unwrap();
                packed.flush().unwrap();
                return;
            }
        }
    }
}

fn run(vaudit: &Vaudit, arguments: &[&str]) -> Cost {
    let mut runs: Vec<Cost> = (0..RUNS)
        .map(|_| {
            let mut command = vaudit.command(arguments);
            let started = Instant::now();
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
            let used = child.wait4().unwrap();
            let wall = started.elapsed();
            assert_eq!(used.status.code(), Some(0), "{arguments:?}");
            Cost { wall, memory: used.rusage.maxrss }
        })
        .collect();
    runs.sort_by_key(|run| run.memory);
    let memory = runs[RUNS / 2].memory;
    runs.sort_by_key(|run| run.wall);
    Cost { wall: runs[RUNS / 2].wall, memory }
}

/// What hashing the text takes, which no check of it can do without.
fn hashing(text: &[u8]) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            black_box(Sha256::digest(black_box(text)));
            started.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

fn table(vaudit: &Vaudit) -> String {
    let size = |name| fs::metadata(vaudit.path(name)).unwrap().len();
    let (plain, packed) = (size(PLAIN), size(PACKED));
    // All runs come before this process reads a file of its own.
    let nothing = run(vaudit, &["--version"]);
    let costs: Vec<(&str, &str, Cost)> = ["verify", "show"]
        .into_iter()
        .flat_map(|command| [(command, PLAIN), (command, PACKED)])
        .map(|(command, name)| (command, name, run(vaudit, &["snapshot", command, name])))
        .collect();
    let hashing = hashing(&fs::read(vaudit.path(PLAIN)).unwrap());

    let mut text = String::from("| what | measured | aim |\n|---|---|---|\n");
    let mut row = |what: &str, measured: String, aim: &str| {
        writeln!(text, "| {what} | {measured} | {aim} |").unwrap();
    };
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    row("documents", DOCUMENTS.to_string(), "5000");
    row("size as text", format!("{:.1} MB", megabytes(plain)), "");
    row(
        "size compressed",
        format!("{:.1} MB (1 ÷ {:.1})", megabytes(packed), plain as f64 / packed as f64),
        "",
    );
    row("peak memory of `vaudit --version`", format!("{:.1} MB", megabytes(nothing.memory)), "");
    for (command, name, cost) in costs {
        let form = if name == PLAIN { "text" } else { "compressed" };
        row(
            &format!("`snapshot {command}`, {form}: peak memory ÷ size as text"),
            format!("{:.2} ({:.1} MB)", cost.memory as f64 / plain as f64, megabytes(cost.memory)),
            "≤ 3",
        );
        row(
            &format!("`snapshot {command}`, {form}: wall ÷ SHA-256 of the text"),
            format!(
                "{:.1} ({:.2} s ÷ {:.2} s)",
                cost.wall.as_secs_f64() / hashing.as_secs_f64(),
                cost.wall.as_secs_f64(),
                hashing.as_secs_f64()
            ),
            "",
        );
    }
    text
}

fn page(table: &str) -> String {
    let build = if cfg!(debug_assertions) {
        "a debug build, which is many times slower than what `cargo run --release` builds and has about the same memory"
    } else {
        "the binary as `cargo run --release` builds it"
    };
    format!(
        "# What a large snapshot costs\n\n\
         Written by `cargo bench --bench snapshots`: {build}. The snapshot holds the documents of the compliant \
         deployment again and again, in subscriptions of their own. Medians of {RUNS} runs.\n\n\
         {table}\n\
         Loading is verifying: every document is held against its SHA-256, parsed, and held against what vaudit would \
         write, and the text is hashed once more as a whole. Bodies stay texts until somebody looks at them, and \
         `check --snapshot` looks at those that its rules need: the trees of these take several times their text. \
         The blobs of listings are not in memory beyond ten thousand (ARCHITECTURE.md).\n"
    )
}
