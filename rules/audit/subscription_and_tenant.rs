//! Is the subscription enabled, and does it belong to the expected tenant?

use vaudit_model::estate::Subscription;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

/// AUD003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AUD003",
        name: "subscription-and-tenant",
        title: "Subscription is enabled and belongs to the expected tenant",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S26: retrieve the values of the client id and the directory (tenant) id",
        setting: "tenant",
    },
    needs: &[Need::Subscription],
    subject: |estate| estate.subscription_subject(),
    page: include_str!("subscription_and_tenant.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.subscription_subject();
    let subscription = estate.subscription();
    let (subscription, _) = subscription.required("PLC001")?;
    let expected = estate.deployment.tenant.as_deref();
    let evidence = evidence(subscription, expected);
    if let (Some(expected), Some(tenant)) = (expected, subscription.tenant.value())
        && !tenant.eq_ignore_ascii_case(expected)
    {
        let message = format!("The subscription belongs to tenant {tenant}, not to {expected}.");
        let commands = vec![
            Command::new("az account set").arg("--subscription", &estate.deployment.subscription),
            Command::new("az account show").flag("--query tenantId"),
        ];
        let advice = "Audit the subscription that holds the deployment, or correct `tenant` in the manifest. Roles on storage only work for principals of the subscription's own tenant.";
        return Ok(vec![
            Judgement::fail(subject, message).with_all(evidence).fix(advice, commands),
        ]);
    }
    let (state, _) = subscription.state.required("PLC001")?;
    let judgement = match state.to_ascii_lowercase().as_str() {
        "disabled" | "deleted" => {
            let advice = "Have the owner of the subscription's billing account enable it again.";
            let message =
                format!("The subscription is {state}: its resources are stopped or read-only.");
            Judgement::fail(subject, message).fix(advice, Vec::new())
        }
        "enabled" | "warned" | "pastdue" => {
            if expected.is_some() {
                subscription.tenant.required("PLC001")?;
            }
            if state.eq_ignore_ascii_case("PastDue") {
                let message = "The subscription's bill is overdue; Azure will disable it.";
                Judgement::informational(subject, message)
            } else {
                Judgement::pass(subject, passed(state, expected))
            }
        }
        _ => {
            let message = format!("the subscription's state {state} is not one vaudit knows");
            return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
        }
    };
    Ok(vec![judgement.with_all(evidence)])
}

fn passed(state: &str, expected: Option<&str>) -> String {
    match expected {
        Some(_) => format!("The subscription is {state} and belongs to the expected tenant."),
        None => format!("The subscription is {state}; the manifest names no tenant to compare."),
    }
}

fn evidence(subscription: &Subscription, expected: Option<&str>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if let Fact::Known(state, source) = &subscription.state {
        evidence.push(Evidence::at(source).observed(state).expected("Enabled"));
    }
    if let (Fact::Known(tenant, source), Some(expected)) = (&subscription.tenant, expected) {
        evidence.push(Evidence::at(source).observed(tenant).expected(expected));
    }
    evidence
}
