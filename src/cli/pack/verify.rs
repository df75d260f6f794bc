//! Whether a pack is what it was when it was made, and whether its verdicts follow from its facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;

use serde_json::Value;
use vaudit_engine::{FailOn, Inputs, assess};
use vaudit_model::Rule;
use vaudit_model::assessment::{Assessment, Run, run_id};
use vaudit_model::blob::Shelf;
use vaudit_model::instant::show;
use vaudit_model::shell::inert;
use vaudit_model::snapshot::SnapshotFile;
use vaudit_reports::json;

use super::contents::{ABOUT, MANIFEST, REPORT, SNAPSHOTS, SUMS, digest, rendered};
use super::storage::Stored;
use crate::report;
use crate::sources;
use crate::spool::Spool;

/// What came of looking at a pack.
pub(super) struct Found {
    /// A line for each promise.
    pub(super) text: String,
    /// How many promises do not hold.
    pub(super) broken: usize,
    /// Of how many that cannot be told.
    pub(super) unknown: usize,
}

/// What became of one promise.
enum Outcome {
    Holds(String),
    Broken(String),
    /// This version cannot tell; not the same as holding.
    Unknown(String),
}

use Outcome::{Broken, Holds, Unknown};

/// Checks every promise.
pub(super) fn verify(stored: &Stored) -> Found {
    let mut lines = Vec::new();
    lines.extend(stored.oddities.iter().map(|oddity| ("files".to_owned(), Broken(oddity.clone()))));
    lines.push((SUMS.to_owned(), sums(stored)));
    let mut title = "An evidence pack".to_owned();
    match read_report(stored) {
        Err(why) => lines.push((REPORT.to_owned(), Broken(why))),
        Ok((assessment, judged_by)) => {
            let run = &assessment.run;
            title =
                format!("Evidence of run {}, which ended {}", run.id, show(run.header.finished_at));
            lines.push((MANIFEST.to_owned(), manifest(stored, &assessment)));
            lines.push(("reports, rules".to_owned(), renderings(stored, &assessment)));
            lines.push(("snapshot".to_owned(), replay(stored, &assessment, &judged_by)));
        }
    }
    let mut text = format!("{}\n\n", inert(&title));
    for (what, outcome) in &lines {
        let (word, said) = match outcome {
            Holds(said) => ("ok", said),
            Broken(said) => ("BROKEN", said),
            Unknown(said) => ("unknown", said),
        };
        let _ = writeln!(text, "  {word:<8} {what:<16} {}", inert(said));
    }
    let broken = lines.iter().filter(|(_, outcome)| matches!(outcome, Broken(_))).count();
    let unknown = lines.iter().filter(|(_, outcome)| matches!(outcome, Unknown(_))).count();
    Found { text, broken, unknown }
}

/// The report, and the version that judged.
fn read_report(stored: &Stored) -> Result<(Assessment, String), String> {
    let bytes = stored.files.get(REPORT).ok_or("is missing")?;
    let text = str::from_utf8(bytes).map_err(|_| "is no text")?;
    let assessment = report::parse(text).map_err(|error| error.to_string())?;
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let version = document["tool"]["version"].as_str().unwrap_or("of nobody knows what");
    Ok((assessment, version.to_owned()))
}

/// Whether the digests are right, and nothing is there that has none.
fn sums(stored: &Stored) -> Outcome {
    let mut listed = BTreeMap::new();
    let text = String::from_utf8_lossy(&stored.files[SUMS]);
    for line in text.lines() {
        let Some((sum, name)) = line.split_once("  ") else {
            return Broken(format!("`{line}` is no line of a list of digests"));
        };
        if listed.insert(name, sum).is_some() {
            return Broken(format!("{name} stands there twice"));
        }
    }
    for (name, sum) in &listed {
        match stored.files.get(*name) {
            None => return Broken(format!("{name} is missing")),
            Some(bytes) if digest(bytes) != *sum => {
                return Broken(format!("{name} was changed: it has another digest"));
            }
            Some(_) => {}
        }
    }
    let own = stored.files.keys().filter(|name| *name != SUMS);
    if let Some(name) = own.into_iter().find(|name| !listed.contains_key(name.as_str())) {
        return Broken(format!("{name} was added: it has no digest there"));
    }
    Holds(format!("{} files have the digests it lists, and there is no other", listed.len()))
}

fn manifest(stored: &Stored, assessment: &Assessment) -> Outcome {
    let expected = &assessment.run.manifest_sha256;
    match stored.files.get(MANIFEST) {
        None => Unknown("the manifest is not in the pack".to_owned()),
        Some(bytes) if digest(bytes) == *expected => {
            Holds("is the manifest that the report was judged by".to_owned())
        }
        Some(_) => {
            Broken(format!("is not the manifest of the report, whose SHA-256 is {expected}"))
        }
    }
}

/// Whether the files that can be made anew from the report are what comes out.
fn renderings(stored: &Stored, assessment: &Assessment) -> Outcome {
    let fresh = rendered(assessment);
    let other = fresh.iter().find(|(name, bytes)| stored.files.get(*name) != Some(*bytes));
    let Some((name, _)) = other else {
        return Holds(format!("{} files are what {REPORT} says, made anew", fresh.len()));
    };
    let said = match stored.files.contains_key(name) {
        true => format!("{name} is not what {REPORT} says"),
        false => format!("{name} is missing"),
    };
    let about = stored.files.get(ABOUT).map(|bytes| String::from_utf8_lossy(bytes));
    let own = format!("\nMade by vaudit {}.\n", env!("CARGO_PKG_VERSION"));
    match about.is_some_and(|about| about.contains(&own)) {
        true => Broken(said),
        false => Unknown(format!(
            "{name} is not what this version makes of {REPORT}, but another one made the pack"
        )),
    }
}

/// Whether the snapshot, judged again, gives the verdicts of the report.
fn replay(stored: &Stored, assessment: &Assessment, judged_by: &str) -> Outcome {
    let snapshots: Vec<_> = SNAPSHOTS.iter().filter_map(|name| stored.files.get(*name)).collect();
    let bytes = match snapshots.as_slice() {
        [] => return Unknown("there is no snapshot in the pack to judge again".to_owned()),
        [one] => *one,
        _ => return Broken("there are two".to_owned()),
    };
    let shelf = Shelf::backed_by(Spool::default());
    let mut snapshot = match SnapshotFile::read(Cursor::new(bytes), &shelf) {
        Ok(file) => file.snapshot,
        Err(error) => return Broken(format!("is not usable: {error}")),
    };
    let (own, id) = (run_id(&snapshot), &assessment.run.id);
    if own != *id {
        return Broken(format!("is of run {own}, and the report is of run {id}"));
    }
    if let Some(text) = stored.files.get(MANIFEST) {
        snapshot.header.manifest.text = String::from_utf8_lossy(text).into_owned();
    }
    if snapshot.header.manifest.sha256() != assessment.run.manifest_sha256 {
        return Unknown(
            "was judged by a manifest that is not in the pack, so it is not judged again"
                .to_owned(),
        );
    }
    match judge(snapshot, assessment) {
        Err(why) => Unknown(why),
        Ok(fresh) => compared(&fresh, assessment, judged_by),
    }
}

/// Judges a snapshot as the report says it was judged.
fn judge(snapshot: vaudit_model::Snapshot, assessment: &Assessment) -> Result<Assessment, String> {
    let rules: Vec<&'static Rule> = assessment
        .catalogue
        .iter()
        .map(|entry| {
            let id = entry.meta.id;
            let known = vaudit_rules::CATALOGUE.iter().copied().find(|rule| rule.meta.id == id);
            known.ok_or_else(|| format!("has a verdict of {id}, which this version does not know"))
        })
        .collect::<Result<_, _>>()?;
    let not_judged = |_| "holds a manifest that this version does not take".to_owned();
    let (snapshot, audit) = sources::of_snapshot(snapshot).map_err(not_judged)?;
    let names: Vec<String> =
        assessment.deployments.iter().map(|own| own.deployment.name.clone()).collect();
    let deployments = audit
        .deployments(&names)
        .map_err(|_| "has a deployment that its manifest does not describe".to_owned())?;
    let run = &assessment.run;
    let fresh = assess(Inputs {
        snapshot: &snapshot,
        deployments: &deployments,
        described: &audit.manifest.deployments,
        rules: &rules,
        catalogue: vaudit_rules::CATALOGUE,
        waivers: &audit.manifest.waivers,
        profile: &run.profile,
        source: run.source,
        fail_on: FailOn::Never,
    });
    // What counts for the exit code was an option of the run, and is in no snapshot.
    Ok(Assessment { run: Run { exit_code: run.exit_code, ..fresh.run.clone() }, ..fresh })
}

/// Holds both against each other, apart from what an earlier run has to do with it.
fn compared(fresh: &Assessment, assessment: &Assessment, judged_by: &str) -> Outcome {
    let saved = Assessment { previous: None, ..assessment.clone() };
    let results = fresh.deployments.iter().map(|own| own.results.len()).sum::<usize>();
    if json::render(fresh) == json::render(&saved) {
        return Holds(format!("judged again, it gives all {results} results of {REPORT}"));
    }
    let told = |assessment: &Assessment| -> BTreeMap<String, String> {
        let all = assessment.deployments.iter().flat_map(|own| &own.results);
        all.map(|own| {
            let digest = &own.observed_digest;
            let said = format!("{} {:?} {digest}", own.meta.id, own.judgement.verdict);
            (own.fingerprint.clone(), said)
        })
        .collect()
    };
    let (fresh, saved) = (told(fresh), told(&saved));
    let other = fresh.iter().find(|(key, said)| saved.get(*key) != Some(*said));
    let gone = saved.iter().find(|(key, _)| !fresh.contains_key(*key));
    let what = match other.or(gone) {
        Some((_, said)) => said.split(' ').next().unwrap_or_default().to_owned(),
        None => "what stands around the verdicts".to_owned(),
    };
    match judged_by == env!("CARGO_PKG_VERSION") {
        true => Broken(format!("judged again, it does not give {REPORT}: {what} differs")),
        false => Unknown(format!(
            "judged by this version, {what} differs, but vaudit {judged_by} judged the report"
        )),
    }
}
