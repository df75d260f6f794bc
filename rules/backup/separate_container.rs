//! Do the blob copies lie in another container than the blobs?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Rule, Severity, Stop,
    Tier,
};

/// BKP014.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP014",
        name: "separate-backup-container",
        title: "The backup container is another container",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[],
        reference: "S38: place the copy in another container",
        setting: "backup.container",
    },
    needs: &[Need::StorageAccount, Need::BackupContainers],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("separate_container.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let policy = estate.deployment;
    let Some(own) = &policy.storage.container else {
        return Err(Gap::not_configured("storage.container").into());
    };
    let Some(copies) = &policy.backup.container else {
        return Err(Gap::not_configured("backup.container").into());
    };
    let (account, _) = estate.storage_account().required("PLC004")?;
    let (backup, _) = estate.backup_account().required("BKP007")?;
    if let Fact::Absent(source) = estate.backup_container() {
        return Err(Stop::absent("BKP007", &source));
    }
    let subject = estate.backup_container_subject();
    let (own_place, copy_place) = (account.container_id(own), backup.container_id(copies));
    let evidence = Evidence::at(&backup.source)
        .observed(format!("{}/{copies}", backup.id.name()))
        .expected(format!("another container than {}/{own}", account.id.name()));
    if own_place != copy_place {
        let message = if account.id == backup.id {
            format!("The copies go from the container {own} to {copies}, in the same account.")
        } else {
            format!("The copies go from the container {own} to {copies}, in another account.")
        };
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let message = format!(
        "The copies go to the container {copies}, which is the application's own: they are copied again by each run, and lost with it."
    );
    let command = Command::new("az storage container-rm create")
        .arg("--storage-account", backup.id.name())
        .flag("--name <backup-container>");
    let advice = "Make another container, better in another account, let the copy job write there, and set `backup.account` and `backup.container`.";
    Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
}
