//! The words the reports share: headlines, exit codes, reasons, modules and short names.

use std::collections::BTreeMap;

use vaudit_model::arm_id::ArmId;
use vaudit_model::assessment::{Assessment, RuleResult, Source, Summary, WaiverState, WaiverUse};
use vaudit_model::deployment::Deployment;
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::instant::show;
use vaudit_model::rule::Evidence;
use vaudit_model::snapshot::Stopped;

/// Says what a reader wants to know first: `9 failed, 2 could not be judged, 13 passed`.
pub(crate) fn counts(summary: Summary) -> String {
    if summary == Summary::default() {
        return "nothing was judged".to_owned();
    }
    let failed = if summary.fail == 0 { "nothing failed".to_owned() } else { String::new() };
    let counted = counted([
        (summary.fail, "failed"),
        (summary.indeterminate, "could not be judged"),
        (summary.pass, "passed"),
    ]);
    [failed, counted].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Says how many results there are of the other kinds; empty when there are none.
pub(crate) fn other_counts(summary: Summary) -> String {
    counted([
        (summary.not_applicable, "not applicable"),
        (summary.informational, "for information"),
        (summary.waived, "waived"),
    ])
}

/// Lists what there is at least one of: `12 passed, 1 not applicable`.
pub(crate) fn counted<const N: usize>(counts: [(u32, &str); N]) -> String {
    let there = counts.into_iter().filter(|(count, _)| *count > 0);
    there.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
}

/// What a waiver of the manifest needs somebody's hand for, as the end of a sentence about it: that it
/// ends soon, holds no longer, or covers nothing. None of one that is fine.
pub fn waiver_hint(assessment: &Assessment, index: usize) -> Option<String> {
    let used = assessment.waivers.get(index)?;
    let results = assessment.deployments.iter().flat_map(|own| &own.results);
    let lapsed = results.filter(|result| result.lapsed_waiver == Some(index)).count();
    let again = match lapsed {
        1 => "1 result counts again".to_owned(),
        count => format!("{count} results count again"),
    };
    let until = used.waiver.expires;
    match used.state {
        WaiverState::Active => None,
        WaiverState::Expiring => Some(format!("ends on {until}, within 14 days")),
        WaiverState::Expired if lapsed == 0 => {
            Some(format!("expired on {until}; nothing counts again for it"))
        }
        WaiverState::Expired => Some(format!("expired on {until}: {again}")),
        WaiverState::Unused => Some("covers nothing".to_owned()),
        WaiverState::Void if lapsed == 0 => {
            Some("is void, because what it was pinned to has changed".to_owned())
        }
        WaiverState::Void => {
            Some(format!("is void, because what it was pinned to has changed: {again}"))
        }
    }
}

/// Says what the exit code of the run means.
pub(crate) fn exit_code(assessment: &Assessment) -> String {
    let summary = assessment.summary();
    let meaning = match assessment.run.exit_code {
        0 if summary.fail > 0 => format!(
            "{} below the --fail-on threshold, and everything could be judged",
            number(summary.fail, "failure is", "failures are")
        ),
        0 if summary.waived > 0 => "whatever failed or could not be judged is waived".to_owned(),
        0 => "nothing failed, and everything could be judged".to_owned(),
        1 => "a failure reaches the --fail-on threshold and is not waived".to_owned(),
        2 => "the audit could not be run".to_owned(),
        3 => format!(
            "no failure counts, but {} could not be judged",
            number(summary.indeterminate, "result", "results")
        ),
        130 => "the run was interrupted; this is what was judged until then".to_owned(),
        143 => "the run was terminated; this is what was judged until then".to_owned(),
        _ => "see `vaudit check --help`".to_owned(),
    };
    format!("Exit code {}: {meaning}.", assessment.run.exit_code)
}

/// Says how many there are, in the singular or the plural.
pub(crate) fn number(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Says which run the report is about.
pub(crate) fn run(assessment: &Assessment) -> String {
    let run = &assessment.run;
    let source = match run.source {
        Source::Live => "live state",
        Source::Demo => "demo: the embedded simulator, not Azure",
        Source::Snapshot => "from a snapshot",
    };
    let rules = match run.profile.as_str() {
        "custom" => "selected rules".to_owned(),
        profile => format!("profile {profile}"),
    };
    let time = show(run.header.finished_at);
    format!("Run {} of {time}, {rules}, {source}.", run.id)
}

/// Says that a run ended early, and what that does to its verdicts.
pub(crate) fn stopped(stopped: Stopped) -> String {
    let why = match stopped {
        Stopped::Interrupted => "it was interrupted",
        Stopped::Terminated => "it was terminated",
        Stopped::OutOfTime => "--max-duration ran out",
    };
    format!("Incomplete run: {why}. What was not read by then could not be judged.")
}

/// The module of a rule: the letters before its number.
pub(crate) fn module(rule: &str) -> &str {
    rule.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// What a module is about.
pub(crate) fn module_name(module: &str) -> &str {
    match module {
        "AUD" => "The audit itself",
        "PLC" => "Placement",
        "AKS" => "Kubernetes cluster",
        "PG" => "PostgreSQL server",
        "NET" => "Network",
        "DNS" => "Private DNS",
        "STO" => "Storage",
        "IAM" => "Service principal",
        "BKP" => "Backups",
        "LOG" => "Logging",
        other => other,
    }
}

/// Says what a reason code means.
pub(crate) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Forbidden => "the auditor lacks a permission",
        Reason::Throttled => "Azure asked to slow down until the time for retries was over",
        Reason::Transport => "no usable answer: connection, TLS, timeout or server error",
        Reason::SignIn => "the token was refused",
        Reason::MissingField => "the answer lacks a field the rule needs",
        Reason::Unrecognised => "the answer holds a value or shape vaudit does not know",
        Reason::NotConfigured => "the manifest does not say what is needed",
        Reason::NotCollected => "the snapshot does not hold it",
        Reason::Network => "the storage firewall refused the auditor's address",
        Reason::ServerState => "the server is stopped or busy",
        Reason::InProgress => "a change is under way; ask again later",
        Reason::Ambiguous => "several candidates and no selector in the manifest",
        Reason::BeyondReach => "Azure does not show it to this kind of reader",
        Reason::UntrustedNextLink => "Azure's answer led to another host and was not followed",
        Reason::Interrupted => "the run was stopped before this was read",
    }
}

/// Brings results together that one lost fact cost their verdict, in the order of the first of each.
pub(crate) fn by_gap<'r>(lost: &[&'r RuleResult]) -> Vec<(Option<&'r Gap>, Vec<&'r RuleResult>)> {
    let mut groups: Vec<(Option<&Gap>, Vec<&RuleResult>)> = Vec::new();
    for result in lost {
        let gap = result.judgement.gap.as_ref();
        match groups.iter_mut().find(|(known, _)| gap.is_some() && *known == gap) {
            Some((_, results)) => results.push(result),
            None => groups.push((gap, vec![result])),
        }
    }
    groups
}

/// Names the rules of results, each with the number of its results where it has several.
pub(crate) fn ids(results: &[&RuleResult]) -> String {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for result in results {
        *counts.entry(result.meta.id).or_default() += 1;
    }
    let words = counts.into_iter().map(|(rule, count)| match count {
        1 => rule.to_owned(),
        several => format!("{rule} ×{several}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Says who answers for a waiver, and why it was given, in the words of the manifest.
pub(crate) fn answer(used: &WaiverUse) -> String {
    let reason = used.waiver.reason.trim();
    format!("Owner: {}. Reason: {reason}", used.answers_for_it())
}

/// Says whose waiver covers a result no longer; none where none did.
pub(crate) fn lapsed(assessment: &Assessment, result: &RuleResult) -> Option<String> {
    let used = result.lapsed_waiver.and_then(|index| assessment.waivers.get(index))?;
    Some(format!("It counts again: {}.", used.lapse()?))
}

/// Names the permission that is missing, or what could not be read, in one sentence; empty when
/// neither is known.
pub(crate) fn missing(action: Option<&str>, scope: Option<&str>) -> String {
    match (action, scope) {
        (Some(action), Some(scope)) => format!("Missing permission: {action} on {scope}."),
        (Some(action), None) => format!("Missing permission: {action}."),
        (None, Some(scope)) => format!("Not read: {scope}."),
        (None, None) => String::new(),
    }
}

/// Where a fact was read, seen from the subject it is quoted for: the pointer alone when it lies in
/// the subject's own body.
pub(crate) fn place(evidence: &Evidence, subject: &str, deployment: &Deployment) -> String {
    let own = evidence.resource.eq_ignore_ascii_case(subject);
    match (own, evidence.pointer.as_str()) {
        (true, pointer) => pointer.to_owned(),
        (false, "") => short_name(&evidence.resource, deployment),
        (false, pointer) => format!("{} {pointer}", short_name(&evidence.resource, deployment)),
    }
}

/// The part of a resource's name that tells a reader of this deployment which one it is: type and
/// name, and the resource group or subscription only when it is not the deployment's own.
pub(crate) fn short_name(subject: &str, deployment: &Deployment) -> String {
    let Ok(id) = ArmId::parse(subject) else { return subject.to_owned() };
    let own_subscription =
        id.subscription().is_none_or(|own| own.eq_ignore_ascii_case(&deployment.subscription));
    let own_group =
        id.resource_group().is_none_or(|own| own.eq_ignore_ascii_case(&deployment.resource_group));
    let elsewhere = match (id.resource_group(), id.subscription()) {
        (Some(group), Some(subscription)) if !own_subscription => {
            format!(" (resource group {group}, subscription {subscription})")
        }
        (Some(group), _) if !own_group => format!(" (resource group {group})"),
        (None, Some(subscription)) if !own_subscription => {
            format!(" (subscription {subscription})")
        }
        _ => String::new(),
    };
    match (resource_path(id.as_str()), id.resource_group(), id.subscription()) {
        (Some(path), _, _) => path.to_owned() + &elsewhere,
        (None, Some(group), _) => format!("resource group {group}"),
        (None, None, Some(subscription)) => format!("subscription {subscription}"),
        (None, None, None) => id.as_str().to_owned(),
    }
}

/// What follows the last provider's namespace: `virtualNetworks/vnet-aks/subnets/nodes`.
fn resource_path(id: &str) -> Option<&str> {
    // The search is in a copy of the same length, so that the spelling of `providers` is free.
    let start = id.to_ascii_lowercase().rfind("/providers/")? + "/providers/".len();
    id[start..].split_once('/').map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;

    #[test]
    fn a_name_says_no_more_than_tells_it_apart() {
        let deployment = Deployment::new("production", "sub-a", "rg-vectice");
        for (subject, short) in [
            (
                "/subscriptions/sub-a/resourceGroups/RG-Vectice/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg",
                "flexibleServers/pg",
            ),
            (
                "/subscriptions/sub-a/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
                "virtualNetworks/v/subnets/s (resource group rg-net)",
            ),
            (
                "/subscriptions/sub-b/resourceGroups/rg-vectice/PROVIDERS/Microsoft.Network/virtualNetworks/v",
                "virtualNetworks/v (resource group rg-vectice, subscription sub-b)",
            ),
            ("/subscriptions/sub-a/resourceGroups/rg-vectice", "resource group rg-vectice"),
            ("/subscriptions/sub-a", "subscription sub-a"),
            ("graph:servicePrincipals/1", "graph:servicePrincipals/1"),
            ("https://account/container/folder", "https://account/container/folder"),
            ("/", "/"),
        ] {
            assert_eq!(short_name(subject, &deployment), short);
        }
    }

    #[test]
    fn counts_begin_with_what_matters() {
        for (summary, text) in [
            (Summary::default(), "nothing was judged"),
            (Summary { pass: 3, ..Summary::default() }, "nothing failed, 3 passed"),
            (
                Summary { pass: 13, fail: 9, indeterminate: 2, ..Summary::default() },
                "9 failed, 2 could not be judged, 13 passed",
            ),
            (
                Summary { indeterminate: 1, waived: 1, ..Summary::default() },
                "nothing failed, 1 could not be judged",
            ),
        ] {
            assert_eq!(counts(summary), text);
        }
        let summary = Summary { not_applicable: 2, waived: 1, ..Summary::default() };
        assert_eq!(other_counts(summary), "2 not applicable, 1 waived");
    }

    #[test]
    fn every_exit_code_says_what_it_means() {
        let mut assessment = canned::assessment();
        for (code, meaning) in [
            (0, "5 failures are below the --fail-on threshold, and everything could be judged"),
            (1, "a failure reaches the --fail-on threshold and is not waived"),
            (3, "no failure counts, but 3 results could not be judged"),
            (130, "the run was interrupted; this is what was judged until then"),
            (143, "the run was terminated; this is what was judged until then"),
        ] {
            assessment.run.exit_code = code;
            assert_eq!(exit_code(&assessment), format!("Exit code {code}: {meaning}."));
        }
        assessment.deployments.clear();
        assessment.run.exit_code = 0;
        let clean = "Exit code 0: nothing failed, and everything could be judged.";
        assert_eq!(exit_code(&assessment), clean);
    }

    #[test]
    fn the_run_says_what_was_selected() {
        let mut assessment = canned::assessment();
        assessment.run.source = Source::Demo;
        assessment.run.profile = "custom".to_owned();
        assert_eq!(
            run(&assessment),
            "Run 4f0c2d9a7b1e6358 of 2026-11-22T09:00:41Z, selected rules, demo: the embedded simulator, not Azure."
        );
    }

    #[test]
    fn a_module_is_the_letters_of_its_rules() {
        assert_eq!(module("PG001"), "PG");
        assert_eq!(module_name(module("BKP022")), "Backups");
        assert_eq!(module_name("XYZ"), "XYZ");
    }
}
