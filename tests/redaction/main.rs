//! Redaction over all scenarios: it changes no verdict, no count and no exit code, and leaves no
//! original id or name in the file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod binary;
mod estates;
mod judging;
mod manifests;
mod names;
#[path = "../../src/cli/redaction.rs"]
mod pipeline;
mod properties;
mod shapes;
#[path = "../support/mod.rs"]
mod support;
