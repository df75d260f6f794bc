//! `vaudit drift`: what has changed since an approved snapshot.

mod activity;
pub(crate) mod options;

use vaudit_engine::{ExitCode, FailOn, Inputs, Look, assess};
use vaudit_model::assessment::{Assessment, Source};
use vaudit_model::drift as model;
use vaudit_model::redaction::Redaction;
use vaudit_model::{Deployment, Snapshot};
use vaudit_reports::{Format, drift as reports};

use crate::arguments::Talk;
use crate::check::{self, Choice};
use crate::conversation::Conversation;
use crate::drift::options::Drift;
use crate::failure::Failure;
use crate::outputs::{OpenFiles, Outputs, to_stdout};
use crate::rendering::sarif_options;
use crate::snapshot;
use crate::sources::{self, Audit, LiveAudit};
use crate::terminal::Screen;

/// The formats a comparison can be written in.
const FORMATS: [Format; 4] = [Format::Table, Format::Json, Format::Sarif, Format::Markdown];

/// Compares the live deployments, the demo or a snapshot with a baseline.
///
/// # Errors
///
/// When nothing can be compared, or a report cannot be written.
pub(crate) async fn drift(arguments: &Drift, talk: &Talk) -> Result<ExitCode, Failure> {
    let outputs = outputs(arguments)?;
    let conversation = Conversation::new(talk);
    let (baseline, approved) = sources::offline(&arguments.baseline, None)?;
    let approved_names = baseline.header.redaction.as_ref();
    if arguments.snapshot.is_none() {
        // Azure calls everything by its name.
        comparable(approved_names, None)?;
    }
    let (now, choice, files) = look(arguments, talk, &outputs, &conversation).await?;
    check::warn_of_older_versions(&now.snapshot, &conversation);
    comparable(approved_names, now.snapshot.header.redaction.as_ref())?;
    let before = judge(&baseline, &approved, &of_baseline(&choice, &approved), &choice);
    let own = choice.deployments(now.audit())?;
    let mut after = judge(&now.snapshot, now.audit(), &own, &choice);
    after.run.source = now.source();
    let mut drift = vaudit_engine::drift(
        Look { snapshot: &baseline, assessment: &before },
        Look { snapshot: &now.snapshot, assessment: &after },
        &choice.rules,
    );
    if let (true, Origin::Azure(live)) = (arguments.activity, &now.origin) {
        activity::tell(&mut drift, live, &arguments.target).await;
    }
    let report = Report { drift: &drift, assessment: &after, arguments, talk, now: &now };
    for (format, file) in files.reports {
        let text = report.render(format, &Screen::of_file(), &conversation);
        file.finish(|writer| writer.write_all(text.as_bytes()))?;
    }
    if let Some(format) = outputs.stdout {
        to_stdout(&report.render(format, &Screen::of_stdout(talk.color), &conversation))?;
    }
    let classes = drift.differences().map(|own| own.class);
    Ok(ExitCode::of_drift(classes, now.snapshot.header.stopped))
}

fn outputs(arguments: &Drift) -> Result<Outputs, Failure> {
    let outputs = Outputs::read(&arguments.format, &arguments.outputs)?;
    let mut formats = outputs.files.iter().map(|(format, _)| *format).chain(outputs.stdout);
    match formats.find(|format| !FORMATS.contains(format)) {
        None => Ok(outputs),
        Some(format) => {
            let known = FORMATS.map(Format::word).join(", ");
            let message = format!("drift cannot be written as `{format}` (available: {known})");
            Err(Failure::new(message))
        }
    }
}

/// Two looks that call things by different names cannot be compared.
fn comparable(own: Option<&Redaction>, other: Option<&Redaction>) -> Result<(), Failure> {
    if own == other {
        return Ok(());
    }
    let message = match (own, other) {
        (Some(_), None) => "the baseline is redacted, and what it is compared with is not",
        (None, _) => "the baseline is not redacted, and what it is compared with is",
        (Some(_), Some(_)) => "the two snapshots are redacted with different keys",
    };
    Err(Failure::new(format!("{message}: the same thing has two names")).help(
        "compare two snapshots that are not redacted; the key of a redacted one is kept nowhere",
    ))
}

/// The present state.
struct Now {
    snapshot: Snapshot,
    origin: Origin,
}

/// Where it came from.
enum Origin {
    Azure(Box<LiveAudit>),
    File(Box<Audit>),
}

impl Now {
    fn audit(&self) -> &Audit {
        match &self.origin {
            Origin::Azure(live) => &live.audit,
            Origin::File(audit) => audit,
        }
    }

    fn source(&self) -> Source {
        match &self.origin {
            Origin::Azure(live) if live.simulator.is_some() => Source::Demo,
            Origin::Azure(_) => Source::Live,
            Origin::File(_) => Source::Snapshot,
        }
    }
}

/// Reads the present state, after the files for the reports were opened.
async fn look(
    arguments: &Drift,
    talk: &Talk,
    outputs: &Outputs,
    conversation: &Conversation,
) -> Result<(Now, Choice, OpenFiles), Failure> {
    let profile = arguments.profile.as_deref();
    if let Some(file) = &arguments.snapshot {
        let (snapshot, audit) = sources::offline(file, arguments.target.config.as_deref())?;
        let choice = Choice::of_snapshot(&arguments.selection, profile, &snapshot)?;
        choice.deployments(&audit)?;
        let files = outputs.open(None)?;
        return Ok((Now { snapshot, origin: Origin::File(Box::new(audit)) }, choice, files));
    }
    let choice = Choice::of_arguments(&arguments.selection, profile)?;
    let listing = arguments.blob_listing.as_deref().map(sources::blob_listing).transpose()?;
    let live = sources::live(&arguments.target).await?;
    live.warnings.iter().for_each(|warning| conversation.warn(warning));
    let deployments = choice.deployments(&live.audit)?;
    let mut files = outputs.open(arguments.save_snapshot.as_deref())?;
    let snapshot =
        check::read(&live, &deployments, &choice, listing, &arguments.target, talk).await?;
    if let Some(file) = files.snapshot.take() {
        snapshot::write(&snapshot, file)?;
    }
    Ok((Now { snapshot, origin: Origin::Azure(Box::new(live)) }, choice, files))
}

/// The chosen deployments as the baseline's manifest describes them. One it does not know is new.
fn of_baseline(choice: &Choice, approved: &Audit) -> Vec<Deployment> {
    let wanted = &choice.judged.deployments;
    let all = approved.manifest.deployments.iter();
    all.filter(|own| wanted.is_empty() || wanted.contains(&own.name)).cloned().collect()
}

/// Judges a look by its own manifest, waivers and day.
fn judge(
    snapshot: &Snapshot,
    audit: &Audit,
    deployments: &[Deployment],
    choice: &Choice,
) -> Assessment {
    assess(Inputs {
        snapshot,
        deployments,
        described: &audit.manifest.deployments,
        rules: &choice.rules,
        catalogue: vaudit_rules::CATALOGUE,
        waivers: &audit.manifest.waivers,
        profile: choice.name(),
        source: Source::Snapshot,
        fail_on: FailOn::Never,
    })
}

/// A comparison that is to be written.
struct Report<'a> {
    drift: &'a model::Drift,
    assessment: &'a Assessment,
    arguments: &'a Drift,
    talk: &'a Talk,
    now: &'a Now,
}

impl Report<'_> {
    fn render(&self, format: Format, screen: &Screen, conversation: &Conversation) -> String {
        match format {
            Format::Json => reports::json::render(self.drift),
            Format::Markdown => reports::markdown::render(self.drift),
            Format::Sarif => {
                let root = self.arguments.source_root.as_deref();
                let manifest = sources::file_of(&self.now.audit().copy);
                let options = sarif_options(manifest, root);
                let report = reports::sarif::render(self.drift, self.assessment, &options);
                report.notes.iter().for_each(|note| conversation.warn(note));
                report.text
            }
            // Only those of `FORMATS` are taken.
            _ => {
                let options = screen.table(self.talk);
                reports::table::render(self.drift, &options)
            }
        }
    }
}
