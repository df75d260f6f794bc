//! Does no deny assignment take the blobs from the service principal?

use vaudit_model::permissions::{BLOB_ACTIONS, Denial, blob_denials};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, List, Meta, Need, Rule, Severity, Source,
    Tier,
};

use super::principal_is_proven;
use super::scopes::Scopes;
use super::wording::place;

/// IAM016.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM016",
        name: "no-deny-assignment",
        title: "No deny assignment blocks the SP",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S15: the service principal has permission to read and write the container",
        setting: "service_principal.client_id",
    },
    needs: &[
        Need::ServicePrincipal,
        Need::RoleAssignments,
        Need::Memberships,
        Need::DenyAssignments,
        Need::StorageAccount,
    ],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("no_deny_assignment.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let id = estate.principal_id();
    let (id, _) = id.required("IAM001")?;
    let principal = estate.principal();
    let (principal, _) = principal.required("IAM001")?;
    let account = estate.storage_account();
    let (account, _) = account.required("PLC004")?;
    let scopes = Scopes::of(estate, &account.id);
    let denies = estate.deny_assignments();
    let (denies, source) = denies.required("PLC001")?;
    let List { mut items, missing } = blob_denials(principal, denies, scopes.wanted());
    if !items.is_empty() {
        items.sort_by(|a, b| a.deny.id.cmp(&b.deny.id));
        return Ok(vec![failed(estate, subject, &items, source)]);
    }
    if let Some(gap) = missing {
        return Err(gap.into());
    }
    principal_is_proven(estate, id)?;
    let message = match denies.items.len() {
        0 => "There are no deny assignments.".to_owned(),
        1 => "The one deny assignment takes no blobs from the service principal.".to_owned(),
        count => {
            format!("None of {count} deny assignments takes blobs from the service principal.")
        }
    };
    let evidence = Evidence::at(source)
        .observed(format!("{} deny assignments, none that matches", denies.items.len()))
        .expected("none that matches");
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

fn failed(
    estate: &Estate<'_>,
    subject: String,
    denials: &[Denial<'_>],
    list: &Source,
) -> Judgement {
    let listed: Vec<String> = denials
        .iter()
        .map(|denial| {
            let deny = denial.deny;
            format!("{} on {} takes {}", deny.name, place(&deny.scope), taken(denial))
        })
        .collect();
    let message = format!("A deny assignment stops the service principal: {}.", listed.join("; "));
    let evidence = denials.iter().map(|denial| {
        let source = Source { resource: denial.deny.id.to_string(), ..list.clone() };
        Evidence::at(&source).observed(denial.actions.join(", ")).expected("not denied")
    });
    let endpoint = estate.deployment.cloud.resource_manager.trim_end_matches('/');
    let commands = denials
        .iter()
        .map(|denial| {
            let url = format!("{endpoint}{}?api-version=2022-04-01", denial.deny.id);
            Command::new("az rest --method get").arg("--url", &url)
        })
        .collect();
    let advice = "Nobody makes deny assignments by hand: look which managed application, deployment stack or blueprint made it, and exclude the service principal there.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, commands)
}

/// What is taken, as one would say it.
fn taken(denial: &Denial<'_>) -> String {
    if denial.actions.len() == BLOB_ACTIONS.len() {
        return "all access to the blobs".to_owned();
    }
    let short =
        |action: &&'static str| action.rsplit_once("/blobs/").map_or(*action, |(_, end)| end);
    let words: Vec<&str> = denial.actions.iter().map(short).collect();
    format!("blobs/{}", words.join(", blobs/"))
}
