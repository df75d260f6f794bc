//! Is there a container for the application's files?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Rule, Severity, Tier,
};

/// STO002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO002",
        name: "application-container-exists",
        title: "Application container exists",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S14, S21, S40: create the container within the storage account",
        setting: "storage.container",
    },
    needs: &[Need::StorageAccount, Need::ApplicationContainers],
    subject: |estate| estate.application_container_subject(),
    page: include_str!("application_container.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let Some(wanted) = &estate.deployment.storage.container else {
        return Err(Gap::not_configured("storage.container").into());
    };
    let (account, _) = estate.storage_account().required("PLC004")?;
    let subject = estate.application_container_subject();
    match estate.application_container() {
        Fact::Known(container, _) => {
            let message = format!("The container {wanted} exists.");
            let evidence = Evidence::at(&container.source).observed(wanted).expected(wanted);
            Ok(vec![Judgement::pass(subject, message).with(evidence)])
        }
        Fact::Absent(source) => {
            let containers = estate.application_containers();
            let listed = containers.value().map_or(&[][..], |list| &list.items);
            let mut names: Vec<&str> = listed.iter().map(|own| own.name.as_str()).collect();
            names.sort_unstable();
            let message = if names.contains(&wanted.as_str()) {
                format!("The container {wanted} is deleted; it can be restored for a few days.")
            } else {
                format!("There is no container {wanted} in {}.", account.id.name())
            };
            let observed =
                if names.is_empty() { "no container".to_owned() } else { names.join(", ") };
            let evidence = Evidence::at(&source).observed(observed).expected(wanted);
            let command = Command::new("az storage container-rm create")
                .arg("--storage-account", account.id.name())
                .arg("--name", wanted);
            let advice = "Restore the container if it was deleted; otherwise create it and copy the newest backup folder into it.";
            Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}
