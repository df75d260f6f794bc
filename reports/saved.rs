//! A saved JSON report, read back into the assessment it was made of.
//!
//! What the report says is taken as it stands: titles, severities and controls are those of the
//! version that judged. Fields that are not known are ignored, those that are used must be there.
//! Whatever they hold is text of others: a file may have been changed by hand.

mod judged;
mod leaked;
mod past;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use vaudit_model::Meta;
use vaudit_model::assessment::{Assessment, CatalogueEntry, Run, Source, WaiverState, WaiverUse};
use vaudit_model::deployment::{Accept, WaiverPolicy};
use vaudit_model::history::ReportError;
use vaudit_model::instant::parse_rfc3339;
use vaudit_model::shell::inert;
use vaudit_model::snapshot::{Header, Identity, ManifestCopy, Stopped};

use judged::SavedDeployment;
use leaked::Leaked;
use past::SavedPrevious;

use crate::json::SCHEMA_VERSION;

/// Reads a JSON report. `catalogue` is what this version knows of rules: a rule that the report tells
/// otherwise, or that is unknown, is what the report says it is, with the page of this version if
/// there is one.
///
/// # Errors
///
/// When the text is no report, one of another schema version, or damaged.
pub fn read(text: &str, catalogue: &[CatalogueEntry]) -> Result<Assessment, ReportError> {
    let report: SavedReport =
        serde_json::from_str(text).map_err(|error| ReportError::of(text, &error))?;
    if report.schema_version != u64::from(SCHEMA_VERSION) {
        return Err(ReportError::OtherVersion(report.schema_version.to_string()));
    }
    report.assessment(catalogue).map_err(|Damage(what)| ReportError::Damaged(inert(&what)))
}

/// What is wrong with a report that has all its fields.
#[derive(Debug)]
struct Damage(String);

impl Damage {
    fn unknown(what: &str, word: &str) -> Self {
        Self(format!("`{word}` is no {what} that this version knows"))
    }
}

#[derive(Deserialize)]
struct SavedReport {
    schema_version: u64,
    run: SavedRun,
    waivers: Vec<SavedWaiver>,
    deployments: Vec<SavedDeployment>,
    previous: Option<SavedPrevious>,
}

#[derive(Deserialize)]
struct SavedRun {
    id: String,
    started_at: String,
    finished_at: String,
    profile: String,
    source: String,
    complete: bool,
    #[serde(default)]
    stopped: Option<Stopped>,
    exit_code: u8,
    requests: u64,
    retries: u64,
    identity: SavedIdentity,
    manifest: SavedManifest,
}

#[derive(Deserialize)]
struct SavedIdentity {
    object_id: Option<String>,
    client_id: Option<String>,
    tenant: Option<String>,
}

#[derive(Deserialize)]
struct SavedManifest {
    path: Option<String>,
    sha256: String,
}

#[derive(Deserialize)]
struct SavedWaiver {
    rule: String,
    state: String,
    deployment: Option<String>,
    subject: Option<String>,
    reason: String,
    owner: String,
    expires: String,
    ticket: Option<String>,
    accept: String,
    pin: Option<String>,
}

impl SavedReport {
    fn assessment(self, catalogue: &[CatalogueEntry]) -> Result<Assessment, Damage> {
        let mut rules = Rules::new(catalogue);
        let waivers: Vec<WaiverUse> =
            self.waivers.into_iter().map(SavedWaiver::used).collect::<Result<_, _>>()?;
        let mut marks = BTreeMap::new();
        let mut deployments = Vec::new();
        for saved in self.deployments {
            deployments.push(saved.assessed(&mut rules, waivers.len(), &mut marks)?);
        }
        let previous = self.previous.map(|previous| previous.comparison(marks)).transpose()?;
        Ok(Assessment {
            run: self.run.run()?,
            catalogue: rules.used.into_values().collect(),
            deployments,
            waivers,
            previous,
        })
    }
}

impl SavedRun {
    fn run(self) -> Result<Run, Damage> {
        let source = [Source::Live, Source::Demo, Source::Snapshot]
            .into_iter()
            .find(|source| source.word() == self.source)
            .ok_or_else(|| Damage::unknown("source", &self.source))?;
        // A report of an earlier version does not say why it was stopped.
        let stopped = (!self.complete).then(|| self.stopped.unwrap_or(Stopped::Interrupted));
        let header = Header {
            finished_at: instant(&self.finished_at)?,
            stopped,
            requests: self.requests,
            retries: self.retries,
            identity: Identity {
                object_id: self.identity.object_id,
                client_id: self.identity.client_id,
                tenant: self.identity.tenant,
            },
            manifest: ManifestCopy { path: self.manifest.path, text: String::new() },
            ..Header::beginning("", instant(&self.started_at)?)
        };
        Ok(Run {
            id: self.id,
            header,
            source,
            profile: self.profile,
            exit_code: self.exit_code,
            manifest_sha256: self.manifest.sha256,
        })
    }
}

impl SavedWaiver {
    fn used(self) -> Result<WaiverUse, Damage> {
        let state = WaiverState::ALL
            .into_iter()
            .find(|state| state.word() == self.state)
            .ok_or_else(|| Damage::unknown("state of a waiver", &self.state))?;
        let accept = [Accept::Fail, Accept::Indeterminate, Accept::Both]
            .into_iter()
            .find(|accept| accept.word() == self.accept)
            .ok_or_else(|| Damage::unknown("thing to accept", &self.accept))?;
        let expires =
            self.expires.parse().map_err(|_| Damage(format!("`{}` is no day", self.expires)))?;
        let waiver = WaiverPolicy {
            rule: self.rule,
            deployment: self.deployment,
            subject: self.subject,
            accept,
            reason: self.reason,
            owner: self.owner,
            expires,
            ticket: self.ticket,
            pin: self.pin,
        };
        Ok(WaiverUse { waiver, state })
    }
}

/// The rules that a report speaks of.
struct Rules<'c> {
    known: BTreeMap<&'static str, &'c CatalogueEntry>,
    used: BTreeMap<&'static str, CatalogueEntry>,
    leaked: Leaked,
}

impl<'c> Rules<'c> {
    fn new(catalogue: &'c [CatalogueEntry]) -> Self {
        let known = catalogue.iter().map(|entry| (entry.meta.id, entry)).collect();
        Self { known, used: BTreeMap::new(), leaked: Leaked::default() }
    }

    /// Notes a rule that was judged.
    fn used(&mut self, meta: Meta) {
        let page = self.known.get(meta.id).map_or("", |known| known.page);
        self.used.entry(meta.id).or_insert(CatalogueEntry { meta, page });
    }
}

fn instant(text: &str) -> Result<Timestamp, Damage> {
    let read = parse_rfc3339(text).map(|read| read.instant);
    read.ok_or_else(|| Damage(format!("`{text}` is no time")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{canned, github, json, junit, markdown, sarif, table};

    fn catalogue() -> Vec<CatalogueEntry> {
        canned::assessment().catalogue
    }

    /// What every renderer makes of an assessment.
    fn rendered(assessment: &Assessment) -> Vec<String> {
        let options = table::TableOptions {
            width: 120,
            colour: false,
            unicode: true,
            verbose: 2,
            quiet: false,
        };
        let all = sarif::SarifOptions { all: true, ..sarif::SarifOptions::default() };
        vec![
            json::render(assessment),
            table::render(assessment, &options),
            markdown::render(assessment),
            junit::render(assessment),
            github::render(assessment, None),
            sarif::render(assessment, &all).text,
        ]
    }

    #[test]
    fn a_saved_report_is_the_assessment_it_was_made_of() {
        let mut stopped = canned::assessment();
        stopped.run.header.stopped = Some(Stopped::OutOfTime);
        for assessment in [canned::assessment(), canned::compared(), stopped] {
            let read = read(&json::render(&assessment), &catalogue()).unwrap();
            for (saved, own) in rendered(&read).iter().zip(rendered(&assessment)) {
                let other = saved.lines().zip(own.lines()).find(|(saved, own)| saved != own);
                assert_eq!(other, None);
                assert_eq!(saved.len(), own.len());
            }
        }
    }

    #[test]
    fn what_another_version_said_of_a_rule_stands() {
        let assessment = canned::assessment();
        let text = json::render(&assessment);
        let unknown = read(&text, &[]).unwrap();
        assert_eq!(json::render(&unknown), text);
        assert!(unknown.catalogue.iter().all(|entry| entry.page.is_empty()));
        let renamed = text.replace(canned::assessment().catalogue[0].meta.title, "An older title");
        let read = read(&renamed, &catalogue()).unwrap();
        assert_eq!(json::render(&read), renamed);
        assert!(!read.catalogue[0].page.is_empty());
    }

    #[test]
    fn what_is_no_report_is_said_and_what_is_damaged_is_not_guessed() {
        let text = json::render(&canned::assessment());
        for (from, to, said) in [
            ("\"schema_version\": 1", "\"schema_version\": 2", "schema version 2"),
            ("\"source\": \"live\"", "\"source\": \"hearsay\"", "`hearsay` is no source"),
            ("\"store\": \"blob\"", "\"store\": \"\\u001b[2J\"", "`\u{fffd}[2J` is no store"),
            ("\"state\": \"broken\"", "\"state\": \"mended\"", "unknown variant `mended`"),
            ("\"waiver_index\": 0", "\"waiver_index\": 7", "there is no waiver 7"),
            ("\"reason\": \"network\"", "\"reason\": \"weather\"", "weather"),
            ("\"expires\": \"2027-03-31\"", "\"expires\": \"never\"", "`never` is no day"),
            ("\"finished_at\": \"2026-", "\"finished_at\": \"soon-", "is no time"),
            ("\"fingerprint\": \"", "\"footprint\": \"", "missing field `fingerprint`"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = read(&text.replacen(from, to, 1), &catalogue()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let error = read("{}", &[]).unwrap_err();
        assert_eq!(error, ReportError::NotAReport);
    }
}
