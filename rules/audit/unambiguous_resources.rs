//! Is it clear which server, cluster and storage account are meant?

use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Rule, Severity, Source, Stop,
    Tier,
};

/// AUD004. It can pass or be indeterminate, never fail: what is absent is the placement rules' to say.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AUD004",
        name: "unambiguous-resources",
        title: "The deployment's resources are identified unambiguously",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S03: the resource group which will also include the AKS cluster and the storage account",
        setting: "",
    },
    needs: &[Need::PostgresServer, Need::ManagedCluster, Need::StorageAccount],
    subject: |estate| estate.resource_group_subject(),
    page: include_str!("unambiguous_resources.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let server = chosen(estate.server(), |server| server.id.as_str());
    let cluster = chosen(estate.cluster(), |cluster| cluster.id.as_str());
    let account = chosen(estate.storage_account(), |account| account.id.as_str());
    let choices = [
        (server, "postgres.server"),
        (cluster, "kubernetes.cluster"),
        (account, "storage.account"),
    ];
    let mut evidence = Vec::new();
    for (choice, setting) in choices {
        match choice {
            Ok(found) => evidence.extend(found),
            Err(gap) => {
                let subject = estate.resource_group_subject();
                return Ok(vec![Judgement::indeterminate(subject, gap).setting(setting)]);
            }
        }
    }
    if evidence.is_empty() {
        return Err(Stop::not_applicable("absent: see PLC002"));
    }
    let message = "Server, cluster and storage account are each one resource.";
    Ok(vec![Judgement::pass(estate.resource_group_subject(), message).with_all(evidence)])
}

/// What was chosen, as evidence; nothing when there is proven to be none.
fn chosen<T>(fact: &Fact<T>, id: impl Fn(&T) -> &str) -> Result<Option<Evidence>, Gap> {
    match fact {
        Fact::Known(value, source) => {
            let whole = Source { pointer: String::new(), ..source.clone() };
            Ok(Some(Evidence::at(&whole).observed(id(value))))
        }
        Fact::Absent(_) => Ok(None),
        Fact::Unread(gap) => Err(gap.clone()),
    }
}
