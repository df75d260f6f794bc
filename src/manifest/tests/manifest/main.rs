//! Manifests in, validated values or rendered mistakes out.

use std::fmt::Write as _;

use jiff::civil::date;
use vaudit_manifest::{Context, Manifest, Problem, parse};
use vaudit_model::Deployment;

mod clouds;
mod defaults;
mod example;
mod flags;
mod hostile;
mod locations;
mod mistakes;
mod schema;
mod syntax;
mod waivers;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";

/// The one call of the parser, on the day of the catalogue's estates.
fn read(text: &str) -> Result<Manifest, Vec<Problem>> {
    parse(text, &Context { today: date(2026, 11, 22) })
}

/// A manifest of one deployment with everything required, and some more lines.
fn with(lines: &str) -> String {
    format!(
        "[[deployment]]\nname = \"p\"\nsubscription = \"{SUBSCRIPTION}\"\nresource_group = \"rg\"\n{lines}"
    )
}

/// What a manifest without mistakes says.
#[track_caller]
fn manifest(text: &str) -> Manifest {
    match read(text) {
        Ok(manifest) => manifest,
        Err(problems) => panic!("{}", rendered(text, &problems)),
    }
}

/// Its deployments.
#[track_caller]
fn deployments(text: &str) -> Vec<Deployment> {
    manifest(text).deployments
}

/// Compares the rendered mistakes of a manifest, one paragraph each.
#[track_caller]
fn check(text: &str, expected: &str) {
    let found = match read(text) {
        Ok(_) => "none\n".to_owned(),
        Err(problems) => rendered(text, &problems),
    };
    let expected = expected.trim().lines().map(|line| format!("{}\n", line.trim()));
    assert_eq!(found, expected.collect::<String>(), "\nfound:\n{found}");
}

fn rendered(text: &str, problems: &[Problem]) -> String {
    let mut rendered = String::new();
    for problem in problems {
        let _ = writeln!(rendered, "{}:{} {}", problem.line, problem.column, problem.message);
        if let Some(help) = &problem.help {
            let _ = writeln!(rendered, "= {help}");
        }
        for note in &problem.notes {
            let line = 1 + text[..note.span.start].matches('\n').count();
            let _ = writeln!(rendered, "+ line {line}: {}", note.message);
        }
    }
    rendered
}
