//! The command line as a script meets it: exit codes, selection, outputs, configuration, signing in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod configuration;
mod doctor;
mod drift;
mod exit_codes;
mod history;
mod init;
mod new_user;
mod outputs;
mod packs;
mod permissions;
mod pipelines;
#[cfg(unix)]
mod programs;
mod reports;
mod selection;
mod sign_in;
mod stopping;
mod waivers;

use support::Vaudit;

fn demo(arguments: &[&str]) -> support::Ran {
    let mut all = vec!["check", "--demo"];
    all.extend_from_slice(arguments);
    Vaudit::default().run(&all)
}
