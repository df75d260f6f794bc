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
    let subject = estate.resource_group_subject();
    let mut evidence = Vec::new();
    let mut unclear: Vec<(Gap, &str)> = Vec::new();
    for (choice, setting) in choices {
        match choice {
            Ok(found) => evidence.extend(found),
            Err(gap) => unclear.push((gap, setting)),
        }
    }
    if let Some((gap, setting)) = unclear.first().cloned() {
        let reasons: Vec<String> = unclear.into_iter().map(|(gap, _)| gap.message).collect();
        let gap = Gap { message: reasons.join("; "), ..gap };
        return Ok(vec![
            Judgement::indeterminate(subject, gap).with_all(evidence).setting(setting),
        ]);
    }
    let message = match evidence.len() {
        0 => return Err(Stop::not_applicable("absent: see PLC002")),
        3 => "Server, cluster and storage account are each one resource.",
        _ => "What is there is one resource of each kind; the placement rules name what is absent.",
    };
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
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
