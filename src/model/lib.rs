//! The vocabulary of vaudit: snapshots of what Azure answered, three-valued facts about the estate,
//! rules, verdicts, and the assessment that reports show.
//!
//! This room does no I/O, reads no clock and knows no randomness: the same snapshot gives the same
//! assessment. `DESIGN.md`'s way of a fact runs through it from top to bottom: [`Document`] →
//! [`Snapshot`] → [`estate::Estate`] → [`rule::Rule`] → [`assessment::Assessment`].

pub mod arm_id;
pub mod assessment;
pub mod base64;
pub mod blob;
pub mod blob_listing;
pub mod cloud;
pub mod completeness;
pub mod deployment;
pub mod document;
pub mod drift;
pub mod estate;
pub mod fact;
pub mod folder_name;
pub mod history;
pub mod instant;
pub mod json_body;
pub mod least_privilege;
pub mod need;
pub mod network_path;
pub mod permissions;
pub mod reader;
pub mod redaction;
pub mod region;
pub mod rule;
pub mod shell;
pub mod snapshot;
pub mod topology;

pub use arm_id::ArmId;
pub use cloud::Cloud;
pub use deployment::Deployment;
pub use document::{Body, Document};
pub use estate::Estate;
pub use fact::{Fact, Gap, List, Reason, Source};
pub use need::{Audience, Need, Request, RequestKind};
pub use region::Region;
pub use rule::{Evaluation, Evidence, Judgement, Meta, Rule, Severity, Stop, Tier, Verdict};
pub use shell::Command;
pub use snapshot::Snapshot;
