//! Drift: what is different between an approved baseline and another look at the same deployments,
//! and whether it matters.

use jiff::Timestamp;

use crate::assessment::Run;
use crate::deployment::Deployment;
use crate::fact::{Gap, Reason};
use crate::rule::{Meta, Severity, Verdict};
use crate::snapshot::Header;

/// Everything a drift report shows.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The approved state.
    pub baseline: Baseline,
    /// The run it is compared with.
    pub run: Run,
    /// Whether the manifest expects something else than the baseline's: each look is judged by its
    /// own.
    pub expects_otherwise: bool,
    /// The exit code the differences amount to.
    pub exit_code: u8,
    /// The deployments, in the order of the manifest; those only the baseline has come last.
    pub deployments: Vec<DeploymentDrift>,
    /// Whether who and when were looked for.
    pub activity: ActivitySearch,
}

/// The approved state, as its snapshot tells it.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// 16 hexadecimal digits of the snapshot's digest.
    pub id: String,
    /// Everything about its run.
    pub header: Header,
    /// SHA-256 of its manifest, in hexadecimal.
    pub manifest_sha256: String,
}

/// What stands for a resource of which nothing more is compared than that it is there.
pub const PRESENT: &str = "present";

/// The differences of one deployment.
#[derive(Clone, Debug)]
pub struct DeploymentDrift {
    /// The deployment, as the manifest describes it now; as the baseline's did where it is gone.
    pub deployment: Deployment,
    /// The differences: the worst class first, in it the most severe.
    pub differences: Vec<Difference>,
}

/// One thing that is not as it was.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Whether it matters.
    pub class: Class,
    /// The resource: an ARM id, a `graph:…` name or a URL.
    pub resource: String,
    /// What the resource is, as a person would say it; empty where only its id is known.
    pub kind: String,
    /// The resource's own name.
    pub name: String,
    /// Which of its facts, as the Azure CLI shows it; none when it is about the resource itself.
    pub fact: Option<String>,
    /// What the baseline has; none when there was nothing, or it is not known.
    pub before: Option<String>,
    /// What there is now; none when there is nothing, or it is not known.
    pub after: Option<String>,
    /// The rules whose verdict goes with it, sorted by id.
    pub rules: Vec<Turn>,
    /// What kept it from being compared, and on which side.
    pub lost: Option<Lost>,
    /// Who did what to the resource, newest first, where that was asked for.
    pub activity: Vec<Event>,
}

/// Whether a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A rule that held fails now, or a fact that a failing rule rests on has changed again.
    BreaksDesign,
    /// Not known on one side at least: there may be a difference or none.
    CouldNotCompare,
    /// A rule that failed holds now.
    MendsDesign,
    /// A resource that the baseline does not have, and no rule minds.
    New,
    /// A resource that only the baseline has, and no rule minds.
    Gone,
    /// A fact that has changed, and no rule minds.
    AllowedChange,
}

/// A rule whose verdict goes with a difference.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The rule.
    pub meta: Meta,
    /// The severity that counts now, else the one that counted in the baseline.
    pub severity: Severity,
    /// The verdict in the baseline; none when it was not judged about this subject.
    pub before: Option<Verdict>,
    /// The verdict now.
    pub after: Option<Verdict>,
    /// What the rule says now, else what it said in the baseline.
    pub message: String,
    /// Whether a waiver covers what it says now.
    pub is_waived: bool,
    /// The fingerprint of the result it is about.
    pub fingerprint: String,
}

/// What kept a fact from being compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The loss.
    pub gap: Gap,
    /// Where it was lost.
    pub side: Side,
}

/// One of the two looks, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In the baseline.
    Baseline,
    /// In the run it is compared with.
    Now,
    /// In both.
    Both,
}

/// An entry of the Activity Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When (`eventTimestamp`).
    pub at: Timestamp,
    /// Who (`caller`): a user's name or the object id of an application.
    pub caller: Option<String>,
    /// What (`operationName.value`), such as `Microsoft.Network/virtualNetworks/write`.
    pub operation: String,
    /// How it ended (`status.value`).
    pub status: Option<String>,
}

/// What came of looking into the Activity Log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivitySearch {
    /// Nobody asked for it.
    NotAsked,
    /// It was read from this moment on, but for what is lost.
    From {
        /// The baseline's end, or as far back as the log reaches.
        since: Timestamp,
        /// Whether the baseline is older than the log reaches.
        is_cut: bool,
        /// What could not be read, each reason once.
        lost: Vec<Gap>,
    },
}

impl Class {
    /// Every class, the worst first.
    pub const ALL: [Self; 6] = [
        Self::BreaksDesign,
        Self::CouldNotCompare,
        Self::MendsDesign,
        Self::New,
        Self::Gone,
        Self::AllowedChange,
    ];

    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::BreaksDesign => "breaks-design",
            Self::CouldNotCompare => "could-not-compare",
            Self::MendsDesign => "mends-design",
            Self::New => "new",
            Self::Gone => "gone",
            Self::AllowedChange => "allowed-change",
        }
    }

    /// As a person would say it.
    pub fn title(self) -> &'static str {
        match self {
            Self::BreaksDesign => "breaks the design",
            Self::CouldNotCompare => "could not compare",
            Self::MendsDesign => "mends the design",
            Self::New => "new",
            Self::Gone => "gone",
            Self::AllowedChange => "allowed change",
        }
    }
}

impl Side {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Now => "now",
            Self::Both => "both",
        }
    }

    /// The side two losses have together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Both }
    }
}

impl Drift {
    /// All differences.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.deployments.iter().flat_map(|own| &own.differences)
    }

    /// How many differences there are of a class.
    pub fn count(&self, class: Class) -> usize {
        self.differences().filter(|own| own.class == class).count()
    }
}

/// Whether a reason is a loss of sight, and not a field that Azure leaves out.
pub fn is_loss_of_sight(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Forbidden
            | Reason::Throttled
            | Reason::Transport
            | Reason::SignIn
            | Reason::Network
            | Reason::ServerState
            | Reason::UntrustedNextLink
            | Reason::Interrupted
    )
}
