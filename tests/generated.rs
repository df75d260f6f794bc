//! What is generated from the code stands in `docs/` as it is now.
//!
//! `VAUDIT_WRITE=1 cargo test --workspace --test generated` writes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::{Vaudit, files, root};
use vaudit_engine::{Profile, select};
use vaudit_model::Deployment;
use vaudit_model::deployment::OtherSubscriptions;
use vaudit_model::least_privilege::{GRAPH_SUBSTITUTE, Given, Requirement, requirements};
use vaudit_rules::CATALOGUE;

const HOW_TO_WRITE: &str = "VAUDIT_WRITE=1 cargo test --workspace --test generated";

#[test]
fn the_generated_files_are_what_the_code_says() {
    let wanted: BTreeMap<PathBuf, String> = [
        ("cli.md", command_line()),
        ("permissions.md", permissions()),
        ("rules.md", rule_index()),
        ("schemas/drift.json", said(&["schema", "drift"])),
        ("schemas/manifest.json", said(&["schema", "manifest"])),
        ("schemas/report.json", said(&["schema", "report"])),
        ("schemas/snapshot.json", said(&["schema", "snapshot"])),
    ]
    .into_iter()
    .map(|(name, text)| (root().join("docs").join(name), text))
    .collect();

    let write = std::env::var_os("VAUDIT_WRITE").is_some();
    let mut stale = Vec::new();
    for (path, text) in &wanted {
        if fs::read_to_string(path).is_ok_and(|there| there == *text) {
            continue;
        }
        if write {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        } else {
            stale.push(path.display().to_string());
        }
    }
    assert!(stale.is_empty(), "stale, write them with `{HOW_TO_WRITE}`:\n{}", stale.join("\n"));

    let schemas = root().join("docs").join("schemas");
    let unknown: Vec<_> =
        files(&schemas, "json").into_iter().filter(|path| !wanted.contains_key(path)).collect();
    assert!(unknown.is_empty(), "nothing makes these any more: {unknown:?}");
}

/// What a command prints.
fn said(arguments: &[&str]) -> String {
    Vaudit::default().run(arguments).exits(0).stdout
}

/// The help of every command, one after the other.
fn command_line() -> String {
    let top = said(&["--help"]);
    let mut text = format!(
        "# The command line\n\nMade by `{HOW_TO_WRITE}` from what `--help` prints.\n\n```text\n{top}```\n"
    );
    commands_below(&[], &top, &mut text);
    text
}

/// The help of the commands that another one's help lists, and of those below them.
fn commands_below(above: &[&str], help: &str, text: &mut String) {
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // What is indented further goes on with what a command is for.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    for command in commands {
        let path = [above, &[command]].concat();
        let help = said(&[path.as_slice(), &["--help"]].concat());
        write!(text, "\n## `vaudit {}`\n\n```text\n{help}```\n", path.join(" ")).unwrap();
        commands_below(&path, &help, text);
    }
}

/// A table of the rules, each with its page.
fn rule_index() -> String {
    let rules = root().join("rules");
    let pages: BTreeMap<String, String> = files(&rules, "md")
        .into_iter()
        .map(|path| {
            let link = format!("../rules/{}", path.strip_prefix(&rules).unwrap().display());
            (fs::read_to_string(path).unwrap(), link)
        })
        .collect();
    let mut text = format!(
        "# The rules\n\nMade by `{HOW_TO_WRITE}` from the catalogue. `vaudit explain RULE` prints a rule's page.\n\n\
         | rule | severity | tier | holds when it passes |\n|---|---|---|---|\n"
    );
    for rule in CATALOGUE {
        let meta = rule.meta;
        writeln!(
            text,
            "| [{} `{}`]({}) | {} | {} | {} |",
            meta.id,
            meta.name,
            pages[rule.page],
            meta.severity.word(),
            meta.tier.letter(),
            meta.title
        )
        .unwrap();
    }
    text
}

const ABOUT_PERMISSIONS: &str = "\
`vaudit permissions` prints all of this as roles and commands, for the rules that are selected; \
`vaudit permissions --check` says what the identity that is signed in has of it. vaudit only reads, so it \
needs nothing else.

Without a permission, what it shows is unread, and the rules that need it are indeterminate: never passed, and \
never failed for it. AUD001 is indeterminate besides, and names what was refused where. Some rules ask for a \
permission only in some deployments; they stand under *judged all the same*, which is what they are in a \
deployment as the installation guide wants it. A test takes each permission away from the simulator's auditor and \
holds this page to what becomes of the rules.

`--check` reads the permissions on the subscription, the resource group, whatever the manifest names by its id \
elsewhere, and the containers (`Microsoft.Authorization/permissions`), and the roles that the Graph token names. \
*has* and the exit code 0 speak of what lies in these scopes, which it prints. Networks, zones, endpoints, security \
groups and route tables may lie in other subscriptions; a role that is to read them has to be assigned there too, and \
`--check` cannot tell. It says nothing about deny assignments either, and the token of a person does not name what \
Graph allows. What counts is what a run could read: AUD001.

A managed identity has no app registration; its service principal is assigned the same app roles.
";

/// What each permission makes readable, and what is lost without it.
fn permissions() -> String {
    let path = root().join("tests/cases/permissions.json");
    let documented: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut tenant_wide = Deployment::new("any", "s", "rg");
    tenant_wide.identity.other_subscriptions = OtherSubscriptions::Tenant;
    let deployments = [tenant_wide];
    let of_profile =
        |profile| requirements(&select(CATALOGUE, profile, &[], &[]).unwrap(), &deployments);
    let profiles = Profile::ALL.map(|profile| (profile, of_profile(profile)));
    let mut text = format!(
        "# What the auditor has to be allowed\n\nMade by `{HOW_TO_WRITE}` from what the rules need.\n\n{ABOUT_PERMISSIONS}"
    );
    let added: Vec<&str> = profiles
        .windows(2)
        .filter(|pair| pair[0].1 == pair[1].1)
        .map(|pair| pair[1].0.word())
        .collect();
    if !added.is_empty() {
        let list: Vec<String> = added.iter().map(|word| format!("`{word}`")).collect();
        writeln!(
            text,
            "\nIn this version the profiles {} need no more than the one before them.",
            list.join(" and ")
        )
        .unwrap();
    }
    for (given, title) in [
        (Given::Subscription, "Azure Resource Manager: actions of a role on the subscription"),
        (
            Given::RootManagementGroup,
            "With `identity.other_subscriptions = \"tenant\"`: an action of a role on the root management group",
        ),
        (
            Given::Containers,
            "Blob service: data actions of a role on the containers, with a condition",
        ),
        (Given::Graph, "Microsoft Graph: application permissions"),
    ] {
        write!(text, "\n## {title}\n").unwrap();
        if given == Given::Graph {
            write!(text, "\n`{GRAPH_SUBSTITUTE}` stands for all of them.\n").unwrap();
        }
        let (_, most) = &profiles[2];
        for own in most.iter().filter(|own| own.given == given) {
            permission(own, &profiles, &documented, &mut text);
        }
    }
    text
}

fn permission(
    own: &Requirement,
    profiles: &[(Profile, Vec<Requirement>)],
    documented: &[Value],
    text: &mut String,
) {
    write!(text, "\n### `{}`\n\nUnreadable without it: {}.\n", own.permission, own.reads_what())
        .unwrap();
    let case = documented.iter().find(|case| case["permission"] == own.permission);
    let judged: Vec<&str> = case
        .and_then(|case| case["still_judged"].as_array())
        .into_iter()
        .flatten()
        .map(|rule| rule.as_str().unwrap())
        .collect();
    let mut told: Vec<&str> = Vec::new();
    for (profile, requirements) in profiles {
        let same = requirements.iter().find(|other| other.permission == own.permission);
        let rules = same.into_iter().flat_map(|same| &same.rules).copied();
        let more: Vec<&str> =
            rules.filter(|rule| !told.contains(rule) && !judged.contains(rule)).collect();
        if !more.is_empty() {
            write!(
                text,
                "\nIndeterminate without it, profile `{}`: {}.\n",
                profile.word(),
                more.join(", ")
            )
            .unwrap();
        }
        told.extend(more);
    }
    if let Some(case) = case {
        let why = case["why"].as_str().unwrap();
        let named = if case["named"] == true { " AUD001 names the refusal." } else { "" };
        write!(text, "\nJudged all the same: {}; {why}.{named}\n", judged.join(", ")).unwrap();
    }
}
