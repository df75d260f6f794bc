//! Is there a container for the blob copies?

use vaudit_model::estate::{BlobContainer, sounds_like_backup};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Rule, Severity,
    Source, Stop, Tier,
};

/// BKP007.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP007",
        name: "backup-container-exists",
        title: "A backup container exists",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[],
        reference: "S38: copy the container's content into another container",
        setting: "backup.container",
    },
    needs: &[Need::StorageAccount, Need::BackupContainers],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("backup_container.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.backup_container_subject();
    let containers = estate.backup_containers();
    let Some(wanted) = &estate.deployment.backup.container else {
        let mut gap = Gap::not_configured("backup.container");
        let candidates = containers.value().map(candidates).unwrap_or_default();
        if !candidates.is_empty() {
            gap.message.push_str(&format!("; it may be {}", candidates.join(", ")));
        }
        return Err(gap.into());
    };
    match estate.backup_container() {
        Fact::Known(container, _) => {
            let evidence = Evidence::at(&container.source).observed(wanted).expected(wanted);
            let message = format!("The backup container {wanted} exists.");
            Ok(vec![Judgement::pass(subject, message).with(evidence)])
        }
        Fact::Absent(source) => match &containers {
            Fact::Known(list, _) => Ok(vec![not_listed(estate, wanted, list, &source)]),
            Fact::Absent(_) | Fact::Unread(_) => without_account(estate, wanted, &source),
        },
        Fact::Unread(gap) => Err(gap.into()),
    }
}

fn not_listed(
    estate: &Estate<'_>,
    wanted: &str,
    list: &List<BlobContainer>,
    source: &Source,
) -> Judgement {
    let deleted = list.items.iter().any(|container| container.name == wanted);
    let message = if deleted {
        format!("The backup container {wanted} is deleted; it can be restored for a few days.")
    } else {
        format!("There is no container {wanted} in the storage account of the backups.")
    };
    let account = estate.backup_account().value().map_or("", |account| account.id.name());
    let command = Command::new("az storage container-rm create")
        .arg("--storage-account", account)
        .arg("--name", wanted);
    let evidence = Evidence::at(source).observed(names(list)).expected(wanted);
    let advice =
        "Restore the container if it was deleted; otherwise create it and run the copy job.";
    Judgement::fail(estate.backup_container_subject(), message)
        .with(evidence)
        .fix(advice, vec![command])
}

/// The account itself is absent. Unless it is named for backups alone, another rule says so.
fn without_account(estate: &Estate<'_>, wanted: &str, source: &Source) -> Evaluation {
    let policy = estate.deployment;
    let selector = policy.backup.account.as_ref().or(policy.storage.account.as_ref());
    let in_group = estate.outside_resource_group(selector).is_none();
    if in_group && estate.storage_accounts().is_absent() {
        return Err(Stop::absent("PLC001", source));
    }
    if policy.backup.account.is_none() {
        return Err(Stop::absent("PLC004", source));
    }
    let message = "The storage account of the backups does not exist.";
    let evidence = Evidence::at(source).observed("absent").expected(wanted);
    let judgement = Judgement::fail(estate.backup_container_subject(), message).with(evidence);
    Ok(vec![judgement.setting("backup.account")])
}

fn names(list: &List<BlobContainer>) -> String {
    let mut names: Vec<&str> = list.items.iter().map(|container| container.name.as_str()).collect();
    names.sort_unstable();
    if names.is_empty() { "no container".to_owned() } else { names.join(", ") }
}

/// Containers whose names sound like backups, for a manifest that names none.
fn candidates(list: &List<BlobContainer>) -> Vec<String> {
    let mut names: Vec<String> = list
        .items
        .iter()
        .map(|container| container.name.clone())
        .filter(|name| sounds_like_backup(name))
        .collect();
    names.sort_unstable();
    names
}
