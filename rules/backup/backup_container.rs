//! Is there a container for the blob copies?

use vaudit_model::estate::BlobContainer;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Rule, Severity,
    Stop, Tier,
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
    let (list, source) = match containers {
        Fact::Known(list, source) => (list, source),
        Fact::Absent(source) if estate.storage_accounts().is_absent() => {
            return Err(Stop::absent("PLC001", &source));
        }
        Fact::Absent(source) => {
            let message = "The storage account of the backups does not exist.";
            let evidence = Evidence::at(&source).observed("absent").expected(wanted);
            return Ok(vec![
                Judgement::fail(subject, message).with(evidence).setting("backup.account"),
            ]);
        }
        Fact::Unread(gap) => return Err(gap.into()),
    };
    match estate.backup_container() {
        Fact::Known(container, _) => {
            let evidence = Evidence::at(&container.source).observed(wanted).expected(wanted);
            let message = format!("The backup container {wanted} exists.");
            Ok(vec![Judgement::pass(subject, message).with(evidence)])
        }
        Fact::Absent(_) => {
            let deleted = list.items.iter().any(|container| container.name == *wanted);
            let message = if deleted {
                format!(
                    "The backup container {wanted} is deleted; it can be restored for a few days."
                )
            } else {
                format!("There is no container {wanted} in the storage account of the backups.")
            };
            let account = estate.backup_account().value().map_or("", |account| account.id.name());
            let command = Command::new("az storage container-rm create")
                .arg("--storage-account", account)
                .arg("--name", wanted);
            let evidence = Evidence::at(&source).observed(names(&list)).expected(wanted);
            let advice = "Restore the container if it was deleted; otherwise create it and run the copy job.";
            Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}

fn names(list: &List<BlobContainer>) -> String {
    let mut names: Vec<&str> = list.items.iter().map(|container| container.name.as_str()).collect();
    names.sort_unstable();
    if names.is_empty() { "no container".to_owned() } else { names.join(", ") }
}

/// Containers whose names sound like backups, for a manifest that names none.
fn candidates(list: &List<BlobContainer>) -> Vec<String> {
    let sounds_like =
        |name: &str| ["back", "bkp", "bak", "dr"].iter().any(|part| name.contains(part));
    let mut names: Vec<String> = list
        .items
        .iter()
        .map(|container| container.name.clone())
        .filter(|name| sounds_like(name))
        .collect();
    names.sort_unstable();
    names
}
