//! Does the Vectice service principal exist in the tenant?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// IAM001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM001",
        name: "service-principal-exists",
        title: "The service principal exists in the tenant",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["IM-3"]),
            control(NIST_800_53, &["IA-4", "IA-9"]),
            control(ISO_27001, &["5.16"]),
        ],
        reference: "S14, S22, S23: create the service principal: name it and register it",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("service_principal.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let policy = &estate.deployment.service_principal;
    let (principal, found_at) = match estate.service_principal() {
        Fact::Known(principal, source) => (principal, source),
        Fact::Absent(source) => {
            let message = "The tenant has no service principal of this application.";
            let commands = policy
                .client_id
                .iter()
                .map(|client_id| Command::new("az ad sp create").arg("--id", client_id))
                .collect();
            let advice = "If it was deleted less than 30 days ago, restore it, which keeps its role assignments. A new one has another object id and needs the role again.";
            let evidence = Evidence::at(source).observed("absent").expected("a service principal");
            return Ok(vec![
                Judgement::fail(subject, message).with(evidence).fix(advice, commands),
            ]);
        }
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    let (object_id, id_source) = principal.object_id.required("IAM001")?;
    let (app_id, app_source) = principal.app_id.required("IAM001")?;
    if let Some(client_id) = &policy.client_id
        && !app_id.eq_ignore_ascii_case(client_id)
    {
        let message = format!(
            "The directory answered with the service principal of {app_id}, not of {client_id}."
        );
        let evidence = Evidence::at(app_source).observed(app_id).expected(client_id);
        return Ok(vec![Judgement::fail(subject, message).with(evidence)]);
    }
    let mut evidence = vec![
        Evidence::at(found_at).observed("present").expected("a service principal"),
        Evidence::at(app_source).observed(app_id),
    ];
    let mut message = format!("The service principal exists; its object id is {object_id}.");
    if let Some(configured) = &policy.object_id
        && !object_id.eq_ignore_ascii_case(configured)
    {
        message.push_str(&format!(
            " The manifest's `service_principal.object_id` is {configured}: correct it, the application object has an id of its own, which roles do not know."
        ));
        evidence.push(Evidence::at(id_source).observed(object_id).expected(configured));
    }
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}
