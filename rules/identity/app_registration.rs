//! Is the service principal's app registration in the same tenant?

use vaudit_model::estate::ServicePrincipal;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Source, Stop, Tier, Verdict,
};

/// IAM002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM002",
        name: "app-registration-in-tenant",
        title: "Its app registration is in the same tenant",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S22, S26: make a new app registration; retrieve the client id and the tenant id",
        setting: "service_principal.client_id",
    },
    needs: &[Need::ServicePrincipal, Need::Application, Need::Subscription],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("app_registration.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    let (principal, _) = estate.service_principal().required("IAM001")?;
    let kind = principal.kind.value().map(String::as_str).unwrap_or_default();
    if kind.eq_ignore_ascii_case("ManagedIdentity") {
        let message = "The identity is a managed identity: it has no app registration and no secret that could be lost, which is stronger than what the reference design asks for.";
        let judgement = Judgement::new(Verdict::Informational, subject, message);
        return Ok(vec![judgement.with_all(observed(&principal.kind, "Application"))]);
    }
    let tenant = estate.tenant();
    if let (Fact::Known(owner, source), Some(tenant)) = (&principal.owner_tenant, tenant.value())
        && owner != tenant
    {
        return Ok(vec![foreign(subject, owner, source, tenant)]);
    }
    if is_another_kind(kind) {
        let message = format!(
            "The service principal is of type {kind}: it does not come from an app registration."
        );
        let advice = "Make an app registration, give its service principal the role and configure its client id.";
        let evidence = observed(&principal.kind, "Application");
        return Ok(vec![Judgement::fail(subject, message).with_all(evidence).fix(advice, vec![])]);
    }
    understood(principal, kind)?;
    let application = match estate.application() {
        Fact::Known(application, _) => application,
        Fact::Absent(source) => return Ok(vec![unregistered(estate, subject, &source)]),
        Fact::Unread(gap) => return Err(gap.into()),
    };
    let (owner, owner_source) = principal.owner_tenant.required("IAM001")?;
    tenant.required("AUD003")?;
    let message = format!("The app registration is there, in the tenant {owner}.");
    let evidence = [
        Evidence::at(&application.source).observed("present").expected("an app registration"),
        Evidence::at(owner_source).observed(owner).expected(owner),
    ];
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}

/// Whether a type is one that Graph documents and that has no registration of its own.
fn is_another_kind(kind: &str) -> bool {
    ["Legacy", "SocialIdp", "ServiceIdentity"].iter().any(|own| kind.eq_ignore_ascii_case(own))
}

/// Ends the question unless the type is `Application`.
fn understood(principal: &ServicePrincipal, kind: &str) -> Result<(), Stop> {
    let (_, source) = principal.kind.required("IAM001")?;
    if kind.eq_ignore_ascii_case("Application") {
        return Ok(());
    }
    let message = format!("the type {kind} of the service principal is not one vaudit knows");
    Err(Gap::because(Reason::Unrecognised, message).at(&source.resource).into())
}

fn observed(fact: &Fact<String>, expected: &str) -> Option<Evidence> {
    let Fact::Known(value, source) = fact else { return None };
    Some(Evidence::at(source).observed(value).expected(expected))
}

fn foreign(subject: String, owner: &str, source: &Source, tenant: &str) -> Judgement {
    let message = format!(
        "The application is registered in the tenant {owner}, not in {tenant}: somebody else holds its secrets."
    );
    let evidence = Evidence::at(source).observed(owner).expected(tenant);
    let advice = "Register an application in your own tenant, give its service principal the role, put its id and secret into the helm values, and remove this one.";
    Judgement::fail(subject, message).with(evidence).fix(advice, vec![])
}

fn unregistered(estate: &Estate<'_>, subject: String, source: &Source) -> Judgement {
    let message = "The app registration is gone: Entra ID issues no tokens for its service principal any more.";
    let evidence = Evidence::at(source).observed("absent").expected("an app registration");
    let deleted = format!(
        "{}/v1.0/directory/deletedItems/microsoft.graph.application",
        estate.deployment.cloud.graph.trim_end_matches('/')
    );
    let command = Command::new("az rest --method get").arg("--url", &deleted);
    let advice = "Look for it among the deleted applications and restore it within 30 days; after that a new registration is needed, with a new id and secret.";
    Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])
}
