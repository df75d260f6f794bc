//! The assessment: every verdict of a run, with what reports need to show it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::deployment::{Deployment, Location};
use crate::fact::Reason;
use crate::history::Comparison;
use crate::rule::{Judgement, Meta, Severity, Verdict};
use crate::snapshot::{Header, Snapshot, hex};
use crate::topology::Topology;
use sha2::{Digest, Sha256};

/// Everything a report shows.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The run.
    pub run: Run,
    /// The rules that were judged, sorted by id.
    pub catalogue: Vec<CatalogueEntry>,
    /// The deployments, in the order of the manifest.
    pub deployments: Vec<DeploymentAssessment>,
    /// The waivers of the manifest, in its order.
    pub waivers: Vec<WaiverUse>,
    /// How the run differs from an earlier one, where it is held against one.
    pub previous: Option<Comparison>,
}

/// A rule as reports know it.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueEntry {
    /// Its metadata.
    pub meta: Meta,
    /// Its page in Markdown.
    pub page: &'static str,
}

/// The run, as the snapshot tells it.
#[derive(Clone, Debug)]
pub struct Run {
    /// 16 hexadecimal digits of the snapshot's digest.
    pub id: String,
    /// The snapshot's header.
    pub header: Header,
    /// `live`, `demo` or `snapshot`.
    pub source: Source,
    /// The profile that was judged; `custom` when globs replaced it.
    pub profile: String,
    /// The exit code the verdicts amount to.
    pub exit_code: u8,
    /// SHA-256 of the manifest, in hexadecimal.
    pub manifest_sha256: String,
}

/// The id of the run that a snapshot holds: the same whenever and however it is judged.
pub fn run_id(snapshot: &Snapshot) -> String {
    snapshot.digest().chars().take(16).collect()
}

/// Where the facts of a run came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From Azure, in this run.
    Live,
    /// From the embedded simulator.
    Demo,
    /// From a file.
    Snapshot,
}

impl Source {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Demo => "demo",
            Self::Snapshot => "snapshot",
        }
    }
}

/// The verdicts about one deployment.
#[derive(Clone, Debug)]
pub struct DeploymentAssessment {
    /// What was audited.
    pub deployment: Deployment,
    /// The results, sorted by rule and subject.
    pub results: Vec<RuleResult>,
    /// What could not be seen, and which rules it cost.
    pub gaps: Vec<GapUse>,
    /// The backups that were seen, newest first.
    pub backups: Vec<BackupPoint>,
    /// How the resources hang together, with the way from the cluster to the server.
    pub topology: Topology,
}

/// A judgement with everything the engine adds.
#[derive(Clone, Debug)]
pub struct RuleResult {
    /// The rule.
    pub meta: Meta,
    /// What the rule said.
    pub judgement: Judgement,
    /// The severity that counts.
    pub severity: Severity,
    /// Where the manifest holds the expectation.
    pub location: Option<Location>,
    /// The waiver that covers it, as an index into the manifest's waivers.
    pub waiver: Option<usize>,
    /// The waiver that covered it until it expired or became void, as such an index; none when
    /// another one covers it.
    pub lapsed_waiver: Option<usize>,
    /// Stable across runs, casing and array order.
    pub fingerprint: String,
    /// Digest of what was observed; changes when the observation does.
    pub observed_digest: String,
}

impl RuleResult {
    /// Whether it counts for the exit code: a failure or a lost verdict that no waiver covers.
    pub fn is_open(&self) -> bool {
        self.waiver.is_none()
            && matches!(self.judgement.verdict, Verdict::Fail | Verdict::Indeterminate)
    }
}

/// A loss of sight, with the rules it cost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GapUse {
    /// The missing permission, where one is known.
    pub action: Option<String>,
    /// The scope that could not be read.
    pub scope: Option<String>,
    /// Why.
    pub reason: Reason,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What was lost, in a sentence fragment.
    pub message: String,
    /// The ids of the rules that could not be judged for it; none where they could all the same.
    pub rules: Vec<String>,
}

/// A point in time a store can be restored to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupPoint {
    /// `postgres` or `blob`.
    pub store: &'static str,
    /// When it was made.
    pub instant: Timestamp,
    /// `automatic`, `on-demand` or `folder`.
    pub kind: &'static str,
    /// Whether it is complete; none when that was not looked at.
    pub complete: Option<bool>,
}

/// What became of a waiver in this run.
#[derive(Clone, Debug, PartialEq)]
pub struct WaiverUse {
    /// The waiver.
    pub waiver: crate::deployment::WaiverPolicy,
    /// Its state.
    pub state: WaiverState,
}

impl WaiverUse {
    /// Who answers for it: the owner, and the ticket where there is one.
    pub fn answers_for_it(&self) -> String {
        match &self.waiver.ticket {
            Some(ticket) => format!("{} ({ticket})", self.waiver.owner),
            None => self.waiver.owner.clone(),
        }
    }

    /// Whose waiver holds no longer and why, as a clause; none of one that holds.
    pub fn lapse(&self) -> Option<String> {
        let who = self.answers_for_it();
        match self.state {
            WaiverState::Expired => {
                Some(format!("the waiver of {who} expired on {}", self.waiver.expires))
            }
            WaiverState::Void => Some(format!(
                "the waiver of {who} is void, because what it was pinned to has changed"
            )),
            WaiverState::Active | WaiverState::Expiring | WaiverState::Unused => None,
        }
    }
}

/// The state of a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverState {
    /// It covers a result, or something it names was not judged in this run.
    Active,
    /// The same, and it ends within 14 days.
    Expiring,
    /// Its last day is over: what it covered counts again.
    Expired,
    /// All it names was judged, and it covers nothing.
    Unused,
    /// What it was given for has changed: it covers nothing any more.
    Void,
}

impl WaiverState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Expiring, Self::Expired, Self::Unused, Self::Void];

    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Unused => "unused",
            Self::Void => "void",
        }
    }
}

/// How many results there are of each kind. A waived result counts only as waived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Passed.
    pub pass: u32,
    /// Failed.
    pub fail: u32,
    /// Moot.
    pub not_applicable: u32,
    /// Could not be judged.
    pub indeterminate: u32,
    /// Statements.
    pub informational: u32,
    /// Covered by a waiver.
    pub waived: u32,
}

impl Summary {
    /// Counts results.
    pub fn of<'r>(results: impl IntoIterator<Item = &'r RuleResult>) -> Self {
        let mut summary = Self::default();
        for result in results {
            let count = match (result.waiver, result.judgement.verdict) {
                (Some(_), _) => &mut summary.waived,
                (None, Verdict::Pass) => &mut summary.pass,
                (None, Verdict::Fail) => &mut summary.fail,
                (None, Verdict::NotApplicable) => &mut summary.not_applicable,
                (None, Verdict::Indeterminate) => &mut summary.indeterminate,
                (None, Verdict::Informational) => &mut summary.informational,
            };
            *count += 1;
        }
        summary
    }
}

impl Assessment {
    /// Counts all results.
    pub fn summary(&self) -> Summary {
        Summary::of(self.deployments.iter().flat_map(|deployment| &deployment.results))
    }

    /// The rules by id.
    pub fn rules(&self) -> BTreeMap<&'static str, &CatalogueEntry> {
        self.catalogue.iter().map(|entry| (entry.meta.id, entry)).collect()
    }
}

/// The fingerprint of a result: the same for the same rule, deployment and subject, whatever the
/// casing or the order of the answer.
pub fn fingerprint(rule: &str, deployment: &str, subject: &str) -> String {
    // Blob and folder names are case-sensitive; everything else is not.
    let subject = if subject.starts_with("https://") || subject.starts_with("http://") {
        subject.to_owned()
    } else {
        subject.trim_end_matches('/').to_ascii_lowercase()
    };
    short_digest(&format!("1|{rule}|{deployment}|{subject}"))
}

/// 32 hexadecimal digits of the SHA-256 of a text.
pub fn short_digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..16])
}
