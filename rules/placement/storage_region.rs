//! Is the storage account in the PostgreSQL server's region?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier,
};

use crate::audited;

/// PLC005.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC005",
        name: "storage-in-server-region",
        title: "Storage account is in the PostgreSQL server's region",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S19: in the same region",
        setting: "storage.account",
    },
    needs: &[Need::PostgresServer, Need::StorageAccount],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("storage_region.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (account, _) = estate.storage_account().required("PLC004")?;
    let (server, _) = audited::server(estate)?;
    let (own, own_source) = account.location.required("PLC004")?;
    let (servers, server_source) = server.location.required("PLC002")?;
    let evidence = [
        Evidence::at(own_source).observed(own.to_string()).expected(servers.to_string()),
        Evidence::at(server_source).observed(servers.to_string()),
    ];
    let name = account.id.name();
    if own == servers {
        let mut message =
            format!("The account {name} and the server {} are both in {own}.", server.id.name());
        if let Some(primary) = account.primary_location.value().filter(|primary| *primary != own) {
            message.push_str(&format!(
                " Its first copy is in {primary} now, as after a failover to its paired region."
            ));
        }
        return Ok(vec![Judgement::pass(account.id.as_str(), message).with_all(evidence)]);
    }
    let message =
        format!("The account {name} is in {own}, the server {} in {servers}.", server.id.name());
    let commands = vec![
        Command::new("az storage account create")
            .arg("--resource-group", &estate.deployment.resource_group)
            .arg("--location", &servers.programmatic_name())
            .flag("--name <new-account> --default-action Deny"),
        Command::new("azcopy copy")
            .value(&format!("{}/", estate.deployment.cloud.blob_endpoint(name)))
            .flag("'https://<new-account>…/' --recursive"),
    ];
    let advice = "An account cannot change its region: create one in the server's region, copy the content, and point the application at it.";
    Ok(vec![Judgement::fail(account.id.as_str(), message).with_all(evidence).fix(advice, commands)])
}
