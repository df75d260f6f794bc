//! What may stand in a manifest: what the command line says is checked before anything is asked, and
//! what was found is left open where no manifest takes it.

use std::collections::BTreeMap;

use vaudit_manifest::{Context, Draft, Entry, Problem, parse};
use vaudit_model::shell::inert;

use super::choice::Answers;
use crate::arguments::Init;
use crate::failure::Failure;
use crate::sources;

/// What every manifest needs, for those that are made to try something.
const REQUIRED: [(&str, &str); 3] = [
    ("name", "x"),
    ("subscription", "00000000-0000-0000-0000-000000000000"),
    ("resource_group", "x"),
];

/// Checks the options that become values of the manifest.
///
/// # Errors
///
/// When one cannot stand there.
pub(super) fn check(arguments: &Init) -> Result<(), Failure> {
    let options = [
        ("name", "--name", &arguments.name),
        ("subscription", "--subscription", &arguments.subscription),
        ("resource_group", "--resource-group", &arguments.resource_group),
        ("postgres.server", "--server", &arguments.server),
        ("kubernetes.cluster", "--cluster", &arguments.cluster),
        ("service_principal.client_id", "--client-id", &arguments.client_id),
        ("storage.account", "--account", &arguments.account),
        ("storage.container", "--container", &arguments.container),
        ("backup.account", "--backup-account", &arguments.backup_account),
        ("backup.container", "--backup-container", &arguments.backup_container),
    ];
    let mut failure = Failure::default();
    for (key, option, value) in options {
        let Some(value) = value else { continue };
        for problem in problems(key, value) {
            failure.messages.push(format!("{option} {}: {}", inert(value), problem.message));
            failure.help.extend(problem.help);
        }
    }
    if failure.messages.is_empty() { Ok(()) } else { Err(failure) }
}

/// Takes out of force what a manifest would not take: it came from Azure, and one odd name is no
/// reason to write nothing.
pub(super) fn leave_open_what_no_manifest_takes(answers: &mut Answers) {
    for (key, entry) in &mut answers.entries {
        let Some(value) = entry.value.take_if(|value| !problems(key, value).is_empty()) else {
            continue;
        };
        answers.told.retain(|(own, ..)| own != key);
        answers.open.push(format!("{key}: Azure says {value}, which no manifest takes"));
        entry.remark = Some("Azure says this, which no manifest takes:".to_owned());
        entry.others.insert(0, value);
    }
}

/// Why a value cannot stand behind a key.
fn problems(key: &'static str, value: &str) -> Vec<Problem> {
    let entry = |value: &str| Entry { value: Some(value.to_owned()), ..Entry::default() };
    let mut entries: BTreeMap<&'static str, Entry> =
        REQUIRED.map(|(key, value)| (key, entry(value))).into();
    entries.insert(key, entry(value));
    let text = Draft { entries, ..Draft::default() }.text();
    parse(&text, &Context { today: sources::today() }).err().unwrap_or_default()
}
