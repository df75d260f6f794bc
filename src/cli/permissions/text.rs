//! The text of `vaudit permissions`: what is needed with the commands that grant it, and what is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use vaudit_model::least_privilege::{
    Container, CustomRole, GRAPH_APP_ID, GRAPH_SUBSTITUTE, Given, LISTING_CONDITION, Requirement,
    Standing, app_role_id,
};
use vaudit_model::shell::{inert, quote};
use vaudit_model::{ArmId, Command};

use super::{Checked, CheckedDeployment, EXTENT, Wanted};
use crate::terminal::Screen;

/// How wide explanations are; commands and ids are never broken.
const WIDTH: usize = 98;

/// What is needed, and how to grant it.
pub(super) fn wanted(wanted: &Wanted<'_>) -> String {
    let count = match wanted.rules.len() {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    };
    let mut text = format!("What the auditor has to be allowed for {count}.\n");
    text.push_str("vaudit only reads; none of this lets it change anything or see a secret.\n");
    resources(wanted, &mut text);
    blobs(wanted, &mut text);
    directory(wanted, &mut text);
    let check = format!("vaudit permissions --check{}", options(wanted));
    let _ =
        write!(text, "\nTo see whether an identity has it, sign in as it and run:\n  {check}\n");
    text
}

fn resources(wanted: &Wanted<'_>, text: &mut String) {
    if let Some(role) = wanted.control_role() {
        let where_ = match role.assignable_scopes.as_slice() {
            [_] => "on the subscription",
            _ => "on each subscription",
        };
        let _ = write!(text, "\nAzure Resource Manager: a custom role {where_}\n\n");
        listed(wanted, Given::Subscription, text);
        text.push_str(
            "\n  To grant it (the built-in role Reader would do too, and reads far more):\n",
        );
        let mut commands = create(wanted, "role", "vaudit-role.json");
        commands
            .extend(role.assignable_scopes.iter().map(|scope| assign(&role, scope).to_string()));
        shown(&commands, text);
    }
    if wanted.requirements.iter().any(|own| own.given == Given::RootManagementGroup) {
        text.push_str("\nThe tenant's root management group: a role of its own, because `identity.other_subscriptions` is `tenant`\n\n");
        listed(wanted, Given::RootManagementGroup, text);
        text.push_str("\n  To grant it:\n");
        let command = Command::new("az role assignment create --role 'Management Group Reader'")
            .arg("--assignee-object-id", AUDITOR)
            .flag("--assignee-principal-type ServicePrincipal")
            .arg("--scope", "/providers/Microsoft.Management/managementGroups/<tenant-id>");
        shown(&[command.to_string()], text);
    }
}

fn blobs(wanted: &Wanted<'_>, text: &mut String) {
    let Some(role) = wanted.storage_role() else { return };
    text.push_str("\nBlob service: a custom role on the containers, with a condition that leaves listing only\n\n");
    listed(wanted, Given::Containers, text);
    text.push_str("\n  To grant it:\n");
    let mut commands = create(wanted, "storage-role", "vaudit-storage-role.json");
    for scope in containers(wanted) {
        let command = assign(&role, &scope);
        let command = command.arg("--condition", LISTING_CONDITION).flag("--condition-version 2.0");
        commands.push(command.to_string());
    }
    shown(&commands, text);
    paragraph(
        2,
        "The firewall of the storage account has to admit the auditor besides. Where it does not, \
         run `vaudit list-blobs` inside.",
        text,
    );
}

fn directory(wanted: &Wanted<'_>, text: &mut String) {
    let Some(access) = wanted.graph() else { return };
    text.push_str(
        "\nMicrosoft Graph: application permissions, with an administrator's consent\n\n",
    );
    listed(wanted, Given::Graph, text);
    let _ = write!(text, "\n  To grant them to an app registration:\n");
    let add = Command::new("az ad app permission add").arg("--id", "<client-id>");
    let add = add.arg("--api", GRAPH_APP_ID).flag("--api-permissions");
    let add = access.words().iter().fold(add, |add, word| add.value(word));
    let consent = Command::new("az ad app permission admin-consent").arg("--id", "<client-id>");
    shown(&[add.to_string(), consent.to_string()], text);
    let substitute = app_role_id(GRAPH_SUBSTITUTE).unwrap_or_default();
    let note = format!(
        "{GRAPH_SUBSTITUTE} ({substitute}) stands for all of them, and reads the whole directory."
    );
    paragraph(2, &note, text);
    if wanted.requirements.iter().any(|own| own.permission.starts_with("DelegatedPermission")) {
        paragraph(
            2,
            "Should Graph refuse the delegated permissions all the same: Microsoft's page on listing \
             them names Directory.Read.All as the least.",
            text,
        );
    }
}

/// What stands for the auditor's object id: vaudit has not signed in.
const AUDITOR: &str = "<auditor-object-id>";

/// Writing the role into a file, and creating it from there.
fn create(wanted: &Wanted<'_>, format: &str, file: &str) -> Vec<String> {
    vec![
        format!("vaudit permissions --format {format}{} > {file}", options(wanted)),
        format!("az role definition create --role-definition {file}"),
    ]
}

fn assign(role: &CustomRole, scope: &str) -> Command {
    Command::new("az role assignment create")
        .arg("--role", role.name)
        .arg("--assignee-object-id", AUDITOR)
        .flag("--assignee-principal-type ServicePrincipal")
        .arg("--scope", scope)
}

/// The containers whose blobs are listed, each once; what the manifest leaves open as a placeholder.
fn containers(wanted: &Wanted<'_>) -> Vec<String> {
    let mut scopes = Vec::new();
    let kinds: Vec<_> = wanted
        .requirements
        .iter()
        .filter(|own| own.given == Given::Containers)
        .flat_map(|own| own.reads.iter().copied())
        .collect();
    let listed = |own: &Container| kinds.iter().any(|kind| own.is_listed_by(*kind));
    let mut add = |scope: String| {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    };
    for container in Container::ALL.into_iter().filter(listed) {
        let title = container.title();
        if wanted.deployments.is_empty() {
            add(format!("<the id of {title}>"));
        }
        for deployment in &wanted.deployments {
            let name = &deployment.name;
            let unknown = || format!("<the id of {title} of {name}>");
            add(container.id(deployment).map_or_else(unknown, |id| id.to_string()));
        }
    }
    scopes
}

/// The options that make another call speak of the same rules and deployments.
fn options(wanted: &Wanted<'_>) -> String {
    let arguments = wanted.arguments;
    let (target, selection) = (&arguments.target, &arguments.selection);
    let config = target.config.as_ref().map(|path| path.display().to_string());
    let single = [
        ("--config", &config),
        ("--demo", &target.demo),
        ("--subscription", &target.subscription),
        ("--resource-group", &target.resource_group),
        ("--client-id", &target.client_id),
        ("--tenant", &target.tenant),
        ("--container", &target.container),
        ("--backup-account", &target.backup_account),
        ("--backup-container", &target.backup_container),
        ("--profile", &arguments.profile),
    ];
    let several = [
        ("--deployment", &selection.deployments),
        ("--rule", &selection.rules),
        ("--skip", &selection.skip),
    ];
    let single = single.into_iter().filter_map(|(flag, value)| Some((flag, value.as_ref()?)));
    let several = several
        .into_iter()
        .flat_map(|(flag, values)| values.iter().map(move |value| (flag, value)));
    single.chain(several).map(|(flag, value)| format!(" {flag} {}", quote(value))).collect()
}

/// The permissions that are given in one way, each with what is read by it and which rules need it.
fn listed(wanted: &Wanted<'_>, given: Given, text: &mut String) {
    for own in wanted.requirements.iter().filter(|own| own.given == given) {
        let _ = writeln!(text, "  {}", own.permission);
        paragraph(6, &format!("reads {}", own.reads_what()), text);
        paragraph(6, &format!("for {}", own.rules.join(" ")), text);
    }
}

/// What the identity has, lacks, and has beyond need.
pub(super) fn checked(checked: &Checked, screen: &Screen) -> String {
    let of = |value: &Option<String>| value.as_deref().map_or("unknown".to_owned(), inert);
    let identity = &checked.identity;
    let mut text = format!(
        "Signed in as {} (client {}, tenant {})\n",
        of(&identity.object_id),
        of(&identity.client_id),
        of(&identity.tenant)
    );
    for deployment in &checked.deployments {
        let _ = write!(text, "\n{}  {}\n\n", inert(&deployment.name), deployment.scope);
        for (requirement, finding) in &deployment.findings {
            standing(requirement, finding.standing, &finding.why, screen, &mut text);
        }
        beyond(deployment, screen, &mut text);
    }
    let counts = [
        (Standing::Has, "there"),
        (Standing::Lacks, "lacking"),
        (Standing::Unknown, "that cannot be told"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(standing, word)| (checked.count(standing), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let _ = write!(text, "\nPermissions: {}.\n", counts.join(", "));
    if !checked.has_all() {
        text.push_str(
            "`vaudit permissions` with the same options says how to grant what is lacking.\n",
        );
    }
    if checked.deployments.iter().any(has_resources) {
        let scopes = widest(checked);
        let _ = writeln!(text);
        paragraph(0, &format!("Asked: {}. {EXTENT}", scopes.join(", ")), &mut text);
    }
    text
}

/// Whether anything but Graph was asked about.
fn has_resources(deployment: &CheckedDeployment) -> bool {
    deployment.findings.iter().any(|(own, _)| own.given != Given::Graph)
}

/// The scopes that were asked, each once, without those that lie in another of them.
fn widest(checked: &Checked) -> Vec<String> {
    let asked: BTreeSet<_> = checked.deployments.iter().flat_map(|own| &own.asked).collect();
    let is_widest =
        |own: &&&ArmId| !asked.iter().any(|other| other != *own && own.is_within(other));
    asked.iter().filter(is_widest).map(ToString::to_string).collect()
}

fn standing(
    requirement: &Requirement,
    standing: Standing,
    why: &str,
    screen: &Screen,
    text: &mut String,
) {
    let colour = match standing {
        Standing::Has => "32",
        Standing::Lacks => "1;31",
        Standing::Unknown => "33",
    };
    let word = painted(&format!("{:<11}", standing.word()), colour, screen);
    let _ = writeln!(text, "  {word}  {}", requirement.permission);
    if standing == Standing::Has {
        return;
    }
    if !why.is_empty() {
        paragraph(15, &inert(why), text);
    }
    paragraph(15, &format!("needed by {}", requirement.rules.join(" ")), text);
}

fn beyond(deployment: &CheckedDeployment, screen: &Screen, text: &mut String) {
    if deployment.excess.is_empty() {
        return;
    }
    let title = painted("more than needed", "33", screen);
    let _ = writeln!(text, "\n  {title}: the auditor can write; vaudit needs only reads");
    for own in &deployment.excess {
        let _ = writeln!(text, "    {} on {}", inert(&own.permission), own.scope);
    }
}

fn painted(word: &str, colour: &str, screen: &Screen) -> String {
    if screen.colour { format!("\u{1b}[{colour}m{word}\u{1b}[0m") } else { word.to_owned() }
}

fn shown(commands: &[String], text: &mut String) {
    for command in commands {
        let _ = writeln!(text, "    {command}");
    }
}

/// Words in lines of a width, all indented; a word that is longer stays whole.
fn paragraph(indent: usize, words: &str, text: &mut String) {
    let mut line = String::new();
    for word in words.split(' ') {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{:indent$}{line}", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "{:indent$}{line}", "");
}
