//! The AKS cluster (AKS).

use vaudit_model::{Gap, Reason};

pub(crate) mod cluster_running;
pub(crate) mod node_pools;
pub(crate) mod persistent_volumes;
pub(crate) mod visible_places;

/// What the provisioning state of a cluster or a node pool says.
enum Provisioning {
    /// The last change went well.
    Succeeded,
    /// It did not, or what it made is going away.
    Broken,
    /// A change is under way, or the state is not one vaudit knows.
    Open(Reason),
}

/// The states in which a change is under way.
const CHANGING: &[&str] = &[
    "Accepted",
    "Creating",
    "Migrating",
    "Reconciling",
    "Restoring",
    "RotatingClusterCertificates",
    "Running",
    "Scaling",
    "Starting",
    "Stopping",
    "Updating",
    "Upgrading",
    "UpgradingNodeImageVersion",
];

impl Provisioning {
    fn of(state: &str) -> Self {
        let is_one_of = |states: &[&str]| states.iter().any(|own| state.eq_ignore_ascii_case(own));
        if is_one_of(&["Succeeded"]) {
            Self::Succeeded
        } else if is_one_of(&["Failed", "Canceled", "Deleting"]) {
            Self::Broken
        } else if is_one_of(CHANGING) {
            Self::Open(Reason::InProgress)
        } else {
            Self::Open(Reason::Unrecognised)
        }
    }
}

/// The gap of a state that leaves the question open.
fn open(reason: Reason, what: &str, state: &str) -> Gap {
    let message = match reason {
        Reason::InProgress => format!("{what} is being changed ({state})"),
        _ => format!("the state {state} of {what} is not one vaudit knows"),
    };
    Gap::because(reason, message)
}
