//! May the auditor read what the selected rules need?

use vaudit_model::estate::Refusal;
use vaudit_model::snapshot::Identity;
use vaudit_model::{
    Audience, Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, RequestKind, Rule,
    Severity, Tier,
};

use crate::CATALOGUE;

/// AUD001. It can pass or be indeterminate, never fail: permissions are no part of the design.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AUD001",
        name: "auditor-permissions",
        title: "The auditor may read what the selected rules need",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "The audit's own footing: what may not be read is named, and nothing passes for it",
        setting: "",
    },
    needs: &[Need::Permissions],
    subject: |estate| estate.resource_group_subject(),
    page: include_str!("auditor_permissions.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.resource_group_subject();
    let refusals = estate.refusals();
    let Some(first) = refusals.first() else {
        let permissions = estate.permissions();
        let (list, source) = permissions.required("PLC001")?;
        list.all_read()?;
        let actions: usize = list.items.iter().map(|own| own.actions.len()).sum();
        let observed = format!("{actions} actions allowed on the resource group");
        let message = "No read of this audit was refused.";
        let evidence = Evidence::at(source).observed(observed);
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    };
    let rules = estate.rules.unwrap_or(CATALOGUE);
    let listed: Vec<String> = refusals.iter().map(|refusal| describe(refusal, rules)).collect();
    let evidence = refusals.iter().map(|refusal| {
        let status = refusal.gap.status.map(|status| format!(" ({status})")).unwrap_or_default();
        Evidence::at(&refusal.source)
            .observed(format!("refused{status}"))
            .expected(lacking(refusal).to_owned())
    });
    // The gap stays the one of the answer, so that it is listed once, with all its rules.
    let mut judgement = Judgement::indeterminate(subject, first.gap.clone())
        .with_all(evidence)
        .fix(ADVICE, commands(estate, &refusals));
    judgement.message = format!("The auditor was refused {}.", listed.join("; "));
    Ok(vec![judgement])
}

const ADVICE: &str = "Give the auditor the read permissions named here, on the scopes named here; those of Microsoft Graph need an administrator's consent. Until then the rules that need them are indeterminate, whatever they would find.";

/// `action @ scope → rules affected`.
fn describe(refusal: &Refusal, rules: &[&'static Rule]) -> String {
    let scope = refusal.gap.scope.as_deref().unwrap_or(&refusal.source.resource);
    let affected = rules.iter().filter(|rule| is_needed_by(refusal, rule));
    let affected: Vec<&str> = affected.map(|rule| rule.meta.id).collect();
    format!("{} @ {scope} → {}", lacking(refusal), affected.join(", "))
}

fn lacking(refusal: &Refusal) -> &str {
    refusal.gap.action.as_deref().unwrap_or(refusal.kind.permission())
}

/// Whether a rule asks for what was refused, itself or on the way to what it needs.
fn is_needed_by(refusal: &Refusal, rule: &Rule) -> bool {
    let needs = Need::closure(rule.needs.iter().copied());
    needs.iter().any(|need| refusal.kind.serves(*need))
}

/// Only Resource Manager's permissions, and Storage's, are given by role assignments.
fn commands(estate: &Estate<'_>, refusals: &[Refusal]) -> Vec<Command> {
    let is_in = |audience: Audience| refusals.iter().any(|own| own.kind.audience() == audience);
    let auditor = &estate.snapshot.header.identity;
    // Of what was taken from a blob listing, whoever made that was refused.
    let lister = estate.snapshot.header.blob_listing.as_ref().map_or(auditor, |own| &own.identity);
    let assign = |role: &'static str, who: &Identity, scope: &str| {
        Command::new("az role assignment create")
            .arg("--assignee", who.object_id.as_deref().unwrap_or("<auditor>"))
            .flag(role)
            .arg("--scope", scope)
    };
    let mut commands = Vec::new();
    if is_in(Audience::ResourceManager) {
        let scope = estate.subscription_subject();
        commands.push(assign("--role Reader", auditor, &scope));
    }
    let mut blobs = |is_one: fn(RequestKind) -> bool, scope: String| {
        if refusals.iter().any(|own| is_one(own.kind)) {
            commands.push(assign("--role 'Storage Blob Data Reader'", lister, &scope));
        }
    };
    let is_source = |kind| kind == RequestKind::SourceBlobs;
    blobs(is_source, estate.application_container_subject());
    let is_copy = |kind| matches!(kind, RequestKind::BackupFolders | RequestKind::FolderBlobs);
    blobs(is_copy, estate.backup_container_subject());
    commands
}
