//! `vaudit check` and `vaudit collect`.

use std::collections::BTreeSet;

use vaudit_azure::random_bytes;
use vaudit_engine::{ExitCode, FailOn, Inputs, Profile, RuleGlob, assess, compare, needs, select};
use vaudit_model::assessment::{Assessment, Source};
use vaudit_model::blob::Shelf;
use vaudit_model::blob_listing::Contents;
use vaudit_model::history::{Comparison, PastReport};
use vaudit_model::instant::show;
use vaudit_model::redaction::{Hides, Key};
use vaudit_model::snapshot::Selection as Judged;
use vaudit_model::{Deployment, Rule, Severity, Snapshot};
use vaudit_reports::{Format, json, waiver_hint};

use crate::arguments::{Check, Collect, Selection, Talk, Target};
use crate::collecting::Asked;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::history::Past;
use crate::outputs::{Outputs, to_stdout};
use crate::pending_file::{Destination, PendingFile};
use crate::rendering::Rendering;
use crate::sources::{self, Audit, LiveAudit};
use crate::spool::Spool;
use crate::terminal::Screen;
use crate::{collecting, redaction, snapshot};

/// Judges the live deployments, the demo, or a snapshot.
///
/// # Errors
///
/// When the audit cannot be run, or a report cannot be written.
pub(crate) async fn check(arguments: &Check, talk: &Talk) -> Result<ExitCode, Failure> {
    let outputs = Outputs::read(&arguments.format, &arguments.outputs)?;
    let conversation = Conversation::new(talk);
    match &arguments.snapshot {
        Some(file) => {
            let (snapshot, audit) = sources::offline(file, arguments.target.config.as_deref())?;
            let choice =
                Choice::of_snapshot(&arguments.selection, arguments.profile.as_deref(), &snapshot)?;
            let files = outputs.open(None)?;
            let deployments = choice.deployments(&audit)?;
            let past = Past::open(arguments, &deployments, Some(&snapshot), &conversation)?;
            let run = Run {
                arguments,
                talk,
                choice: &choice,
                audit: &audit,
                conversation: &conversation,
            };
            let to = Destinations { outputs: &outputs, files: files.reports, past };
            run.report(&snapshot, &deployments, Source::Snapshot, to)
        }
        None => {
            let choice = Choice::of_arguments(&arguments.selection, arguments.profile.as_deref())?;
            let listing = arguments.blob_listing.as_deref().map(sources::blob_listing);
            let listing = listing.transpose()?;
            let live = sources::live(&arguments.target).await?;
            live.warnings.iter().for_each(|warning| conversation.warn(warning));
            let deployments = choice.deployments(&live.audit)?;
            let files = outputs.open(arguments.save_snapshot.as_deref())?;
            let past = Past::open(arguments, &deployments, None, &conversation)?;
            if let (Some(listing), Some(file)) = (&listing, &arguments.blob_listing) {
                let made = show(listing.header.started_at);
                conversation
                    .say(&format!("The blobs are those of {}, listed {made}.", file.display()));
            }
            let snapshot =
                read(&live, &deployments, &choice, listing, &arguments.target, talk).await?;
            if let Some(file) = files.snapshot {
                write(file, &snapshot, arguments.redact.as_deref())?;
            }
            let source = if live.simulator.is_some() { Source::Demo } else { Source::Live };
            let run = Run {
                arguments,
                talk,
                choice: &choice,
                audit: &live.audit,
                conversation: &conversation,
            };
            let to = Destinations { outputs: &outputs, files: files.reports, past };
            run.report(&snapshot, &deployments, source, to)
        }
    }
}

/// Reads without judging.
///
/// # Errors
///
/// When the audit cannot be run, or the snapshot cannot be written.
pub(crate) async fn collect(arguments: &Collect, talk: &Talk) -> Result<ExitCode, Failure> {
    let conversation = Conversation::new(talk);
    let choice = Choice::of_arguments(&arguments.selection, Some(&arguments.profile))?;
    let live = sources::live(&arguments.target).await?;
    live.warnings.iter().for_each(|warning| conversation.warn(warning));
    let deployments = choice.deployments(&live.audit)?;
    let file = PendingFile::create(Destination::of(&arguments.output)?.private())?;
    let mut snapshot = read(&live, &deployments, &choice, None, &arguments.target, talk).await?;
    // What was collected is no judgement: `check --snapshot` chooses its profile anew.
    snapshot.header.selection =
        Judged { deployments: choice.judged.deployments.clone(), ..Judged::default() };
    write(file, &snapshot, arguments.redact.as_deref())?;
    let unread = snapshot.documents().filter(|document| document.status != Some(200)).count();
    let documents = snapshot.documents().count();
    warn_of_older_versions(&snapshot, &conversation);
    conversation.say(&format!(
        "{} holds {documents} documents, {unread} of them unread.",
        arguments.output.display()
    ));
    Ok(collecting::exit_code(snapshot.header.stopped, unread > 0))
}

/// Writes a snapshot, redacted if it is to be. The key is made for this file and kept nowhere.
fn write(file: PendingFile, snapshot: &Snapshot, redact: Option<&str>) -> Result<(), Failure> {
    let Some(hides) = redact.and_then(Hides::named) else {
        return snapshot::write(snapshot, file);
    };
    let key = random_bytes().map_err(|error| {
        Failure::new("the system has no random numbers to redact with").because(&error)
    })?;
    let shelf = Shelf::backed_by(Spool::default());
    let redacted =
        redaction::redacted(snapshot, hides, Key::new(key), &shelf).map_err(|error| {
            Failure::new(format!("the snapshot is not written, as {error}")).help(
                "please report this; without `--redact` it can be written, with everything in it",
            )
        })?;
    snapshot::write(&redacted, file)
}

/// Reads what the chosen rules need.
///
/// # Errors
///
/// When nobody could be signed in, or Azure Resource Manager answered nothing.
pub(crate) async fn read(
    live: &LiveAudit,
    deployments: &[Deployment],
    choice: &Choice,
    listing: Option<Snapshot>,
    target: &Target,
    talk: &Talk,
) -> Result<Snapshot, Failure> {
    let asked = Asked {
        needs: &needs(&choice.rules),
        selection: choice.judged.clone(),
        contents: Contents::Audit,
        listing,
    };
    collecting::watched(live, deployments, asked, target, talk).await
}

/// What is judged.
pub(crate) struct Choice {
    /// The rules, sorted by id.
    pub(crate) rules: Vec<&'static Rule>,
    /// How they were chosen, and the deployments.
    pub(crate) judged: Judged,
}

impl Choice {
    /// What the command line asks for.
    ///
    /// # Errors
    ///
    /// When a glob names no rule, or none is left.
    pub(crate) fn of_arguments(
        selection: &Selection,
        profile: Option<&str>,
    ) -> Result<Self, Failure> {
        let profile = profile.and_then(Profile::named).unwrap_or_default();
        let judged = Judged {
            profile: profile.word().to_owned(),
            rules: selection.rules.clone(),
            skip: selection.skip.clone(),
            deployments: selection.deployments.clone(),
        };
        Self::of(judged)
    }

    /// A snapshot is judged as it was judged when it was saved, unless the command line says how.
    ///
    /// # Errors
    ///
    /// The same.
    pub(crate) fn of_snapshot(
        own: &Selection,
        profile: Option<&str>,
        snapshot: &Snapshot,
    ) -> Result<Self, Failure> {
        let saved = &snapshot.header.selection;
        let says_rules = profile.is_some() || !own.rules.is_empty() || !own.skip.is_empty();
        if says_rules || saved.profile.is_empty() {
            let mut choice = Self::of_arguments(own, profile)?;
            if own.deployments.is_empty() {
                choice.judged.deployments.clone_from(&saved.deployments);
            }
            return Ok(choice);
        }
        let mut judged = saved.clone();
        if !own.deployments.is_empty() {
            judged.deployments.clone_from(&own.deployments);
        }
        Self::of(judged)
    }

    fn of(judged: Judged) -> Result<Self, Failure> {
        let rules = selected(&judged.profile, &judged.rules, &judged.skip)?;
        Ok(Self { rules, judged })
    }

    /// What the selection is called in reports.
    pub(crate) fn name(&self) -> &str {
        if self.judged.rules.is_empty() { &self.judged.profile } else { "custom" }
    }

    /// The deployments that are judged, in the order of the manifest.
    ///
    /// # Errors
    ///
    /// When a name is not in the manifest.
    pub(crate) fn deployments(&self, audit: &Audit) -> Result<Vec<Deployment>, Failure> {
        audit.deployments(&self.judged.deployments)
    }
}

/// The rules of a profile, or those that globs name, less what is skipped.
///
/// # Errors
///
/// When a glob names no rule, or none is left.
pub(crate) fn selected(
    profile: &str,
    rules: &[String],
    skip: &[String],
) -> Result<Vec<&'static Rule>, Failure> {
    let profile = Profile::named(profile).unwrap_or_default();
    select(vaudit_rules::CATALOGUE, profile, rules, skip).map_err(|error| {
        Failure::new(error.to_string()).help("`vaudit rules --profile all` lists the rules")
    })
}

/// Where a run goes.
struct Destinations<'a> {
    outputs: &'a Outputs,
    files: Vec<(Format, PendingFile)>,
    past: Past,
}

/// A run whose facts are there.
struct Run<'a> {
    arguments: &'a Check,
    talk: &'a Talk,
    choice: &'a Choice,
    audit: &'a Audit,
    conversation: &'a Conversation,
}

impl Run<'_> {
    fn report(
        &self,
        snapshot: &Snapshot,
        deployments: &[Deployment],
        source: Source,
        Destinations { outputs, files, past }: Destinations<'_>,
    ) -> Result<ExitCode, Failure> {
        let fail_on = fail_on(&self.arguments.fail_on);
        let inputs = Inputs {
            snapshot,
            deployments,
            described: &self.audit.manifest.deployments,
            rules: &self.choice.rules,
            catalogue: vaudit_rules::CATALOGUE,
            waivers: &self.audit.manifest.waivers,
            profile: self.choice.name(),
            source,
            fail_on,
        };
        warn_of_older_versions(snapshot, self.conversation);
        let mut assessment = assess(inputs);
        assessment.previous = past.report.as_ref().map(|past| self.compared(&assessment, past));
        self.warn_of_waivers(&assessment);
        let rendering = Rendering {
            manifest: sources::file_of(&self.audit.copy),
            source_root: self.arguments.source_root.as_deref(),
            sarif_all: self.arguments.sarif_all,
            talk: self.talk,
            conversation: self.conversation,
        };
        for (format, file) in files {
            let text = rendering.of(&assessment, format, Screen::of_file());
            file.finish(|writer| writer.write_all(text.as_bytes()))?;
        }
        past.keep(&assessment.run, || json::render(&assessment))?;
        if let Some(format) = outputs.stdout {
            let screen = Screen::of_stdout(self.talk.color);
            to_stdout(&rendering.of(&assessment, format, screen))?;
        }
        let results = assessment.deployments.iter().flat_map(|own| &own.results);
        Ok(ExitCode::of(results, fail_on, snapshot.header.stopped))
    }

    /// What has changed since an earlier run.
    fn compared(&self, assessment: &Assessment, past: &PastReport) -> Comparison {
        let (then, now) = (past.run.finished_at, assessment.run.header.finished_at);
        if then > now {
            self.conversation.warn(&format!(
                "the earlier run ended at {}, after this one: a clock is wrong",
                show(then)
            ));
        }
        let described = &self.audit.manifest.deployments;
        let described: Vec<&str> = described.iter().map(|own| own.name.as_str()).collect();
        compare(assessment, &described, past)
    }

    /// Waivers that need a hand: nobody may be reading the report.
    fn warn_of_waivers(&self, assessment: &Assessment) {
        for (index, used) in assessment.waivers.iter().enumerate() {
            let rule = &used.waiver.rule;
            let glob = RuleGlob::new(rule);
            let is_known = |own: &&Rule| glob.names(own.meta.id, own.meta.name);
            if !vaudit_rules::CATALOGUE.iter().any(is_known) {
                self.conversation.warn(&format!("the waiver for `{rule}` matches no rule"));
            } else if let Some(hint) = waiver_hint(assessment, index) {
                let who = used.answers_for_it();
                self.conversation.warn(&format!("the waiver for `{rule}` of {who} {hint}"));
            }
        }
    }
}

/// What was read in an older API version may lack what the newer ones show.
pub(crate) fn warn_of_older_versions(snapshot: &Snapshot, conversation: &Conversation) {
    let read = snapshot.documents().filter(|document| document.status == Some(200));
    let older: BTreeSet<String> = read
        .filter_map(|document| {
            let title = document.request.kind.title();
            let version = document.api_version.as_deref()?;
            let asked = document.asked_api_version.as_deref()?;
            Some(format!("{title} ({version} instead of {asked})"))
        })
        .collect();
    if !older.is_empty() {
        let list = older.into_iter().collect::<Vec<_>>().join(", ");
        conversation.warn(&format!("this cloud answers in older API versions: {list}"));
    }
}

fn fail_on(word: &str) -> FailOn {
    match word {
        "critical" => FailOn::AtLeast(Severity::Critical),
        "high" => FailOn::AtLeast(Severity::High),
        "medium" => FailOn::AtLeast(Severity::Medium),
        "note" => FailOn::AtLeast(Severity::Note),
        "never" => FailOn::Never,
        _ => FailOn::AtLeast(Severity::Low),
    }
}
