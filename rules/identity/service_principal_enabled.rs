//! Is the service principal enabled?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

/// IAM003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM003",
        name: "service-principal-enabled",
        title: "The service principal is enabled",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S15: the service principal has permission to read and write the container",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("service_principal_enabled.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let (principal, _) = estate.service_principal().required("IAM001")?;
    if let Fact::Known(false, source) = &principal.enabled {
        let message = "The service principal is disabled: Entra ID refuses to sign it in.";
        let evidence = Evidence::at(source).observed("false").expected("true");
        let commands = principal.object_id.value().map(|id| {
            Command::new("az ad sp update").arg("--id", id).flag("--set accountEnabled=true")
        });
        let advice = "Find out who disabled it and why, then enable it.";
        return Ok(vec![
            Judgement::fail(subject, message)
                .with(evidence)
                .fix(advice, commands.into_iter().collect()),
        ]);
    }
    if let Some((status, source)) = principal.disabled_by_microsoft.read()?
        && !status.eq_ignore_ascii_case("NotDisabled")
    {
        if !status.to_ascii_lowercase().starts_with("disabled") {
            let message = format!("the status {status} is not one vaudit knows");
            return Err(Gap::because(Reason::Unrecognised, message).at(&source.resource).into());
        }
        let message = format!("Microsoft has disabled the application ({status}).");
        let evidence = Evidence::at(source).observed(status).expected("none");
        let advice = "Ask Microsoft's support why; only they can enable it. Until then make another registration.";
        return Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![])]);
    }
    let (_, source) = principal.enabled.required("IAM001")?;
    let evidence = Evidence::at(source).observed("true").expected("true");
    Ok(vec![Judgement::pass(subject, "The service principal is enabled.").with(evidence)])
}
