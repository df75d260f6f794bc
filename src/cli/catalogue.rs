//! `vaudit rules` and `vaudit explain`.

use jiff::ToSpan;
use vaudit_engine::Profile;
use vaudit_rules::{CATALOGUE, find};

use crate::failure::Failure;
use crate::sources::today;

/// The rules of a profile, a line each, sorted by id.
pub(crate) fn list(profile: &str) -> String {
    let profile = Profile::named(profile).unwrap_or_default();
    let chosen = CATALOGUE.iter().filter(|rule| profile.includes(rule.meta.tier));
    let lines = chosen.map(|rule| {
        let meta = rule.meta;
        let severity = meta.severity.word();
        format!(
            "{}  {severity:<8}  {}  {:<32}  {}\n",
            meta.id,
            meta.tier.letter(),
            meta.name,
            meta.title
        )
    });
    lines.collect()
}

/// A rule's page under its id.
///
/// # Errors
///
/// When there is no such rule.
pub(crate) fn page(name: &str) -> Result<String, Failure> {
    let Some(rule) = find(name) else {
        return Err(Failure::new(format!("there is no rule `{name}`"))
            .help("`vaudit rules --profile all` lists the rules"));
    };
    let meta = rule.meta;
    let mut facts = vec![
        format!("{} · {}", meta.id, meta.name),
        format!("severity {} · tier {}", meta.severity.word(), meta.tier.letter()),
        format!("from the installation guide, {}", meta.reference),
    ];
    facts.extend(
        meta.controls
            .iter()
            .map(|control| format!("{} {}", control.framework, control.ids.join(", "))),
    );
    Ok(format!("{}\n\n{}\n{}", facts.join("\n"), rule.page, waiver(meta.id)))
}

/// How a finding of a rule is accepted.
fn waiver(rule: &str) -> String {
    // A quarter is long enough to mend most things.
    let today = today();
    let expires = today.checked_add(90.days()).unwrap_or(today);
    format!(
        "## A waiver\n\nIn `vaudit.toml`; docs/waivers.md says what becomes of it.\n\n```toml\n\
         [[waiver]]\nrule = \"{rule}\"\nreason = \"why it is accepted\"\nowner = \"who answers for it\"\n\
         expires = {expires}   # the last valid day (UTC), at most 366 days ahead\n\
         # accept = \"fail\"    # or \"indeterminate\", or \"both\"\n\
         # pin = \"…\"          # the `observed_digest` that `vaudit check --rule {rule} --format json` shows\n```\n"
    )
}
