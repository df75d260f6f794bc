//! What is generated from the code stands in `docs/` as it is now.
//!
//! `VAUDIT_WRITE=1 cargo test --workspace --test generated` writes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use support::{Vaudit, files, root};
use vaudit_rules::CATALOGUE;

const HOW_TO_WRITE: &str = "VAUDIT_WRITE=1 cargo test --workspace --test generated";

#[test]
fn the_generated_files_are_what_the_code_says() {
    let wanted: BTreeMap<PathBuf, String> = [
        ("cli.md", command_line()),
        ("rules.md", rule_index()),
        ("schemas/manifest.json", said(&["schema", "manifest"])),
        ("schemas/report.json", said(&["schema", "report"])),
        ("schemas/snapshot.json", said(&["schema", "snapshot"])),
    ]
    .into_iter()
    .map(|(name, text)| (root().join("docs").join(name), text))
    .collect();

    let write = std::env::var_os("VAUDIT_WRITE").is_some();
    let mut stale = Vec::new();
    for (path, text) in &wanted {
        if fs::read_to_string(path).is_ok_and(|there| there == *text) {
            continue;
        }
        if write {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        } else {
            stale.push(path.display().to_string());
        }
    }
    assert!(stale.is_empty(), "stale, write them with `{HOW_TO_WRITE}`:\n{}", stale.join("\n"));

    let schemas = root().join("docs").join("schemas");
    let unknown: Vec<_> =
        files(&schemas, "json").into_iter().filter(|path| !wanted.contains_key(path)).collect();
    assert!(unknown.is_empty(), "nothing makes these any more: {unknown:?}");
}

/// What a command prints.
fn said(arguments: &[&str]) -> String {
    Vaudit::default().run(arguments).exits(0).stdout
}

/// The help of every command, one after the other.
fn command_line() -> String {
    let top = said(&["--help"]);
    let mut text = format!(
        "# The command line\n\nMade by `{HOW_TO_WRITE}` from what `--help` prints.\n\n```text\n{top}```\n"
    );
    let commands = top
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    for command in commands {
        let help = said(&[command, "--help"]);
        write!(text, "\n## `vaudit {command}`\n\n```text\n{help}```\n").unwrap();
    }
    text
}

/// A table of the rules, each with its page.
fn rule_index() -> String {
    let rules = root().join("rules");
    let pages: BTreeMap<String, String> = files(&rules, "md")
        .into_iter()
        .map(|path| {
            let link = format!("../rules/{}", path.strip_prefix(&rules).unwrap().display());
            (fs::read_to_string(path).unwrap(), link)
        })
        .collect();
    let mut text = format!(
        "# The rules\n\nMade by `{HOW_TO_WRITE}` from the catalogue. `vaudit explain RULE` prints a rule's page.\n\n\
         | rule | severity | tier | holds when it passes |\n|---|---|---|---|\n"
    );
    for rule in CATALOGUE {
        let meta = rule.meta;
        writeln!(
            text,
            "| [{} `{}`]({}) | {} | {} | {} |",
            meta.id,
            meta.name,
            pages[rule.page],
            meta.severity.word(),
            meta.tier.letter(),
            meta.title
        )
        .unwrap();
    }
    text
}
