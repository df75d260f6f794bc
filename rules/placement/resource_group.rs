//! Does the deployment's resource group exist?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

/// PLC001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC001",
        name: "resource-group-exists",
        title: "Resource group exists",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S03: choose the resource group",
        setting: "resource_group",
    },
    needs: &[Need::ResourceGroup],
    subject: |estate| estate.resource_group_subject(),
    page: include_str!("resource_group.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.resource_group_subject();
    let group = match estate.resource_group() {
        Fact::Known(group, _) => group,
        Fact::Absent(source) => {
            let name = &estate.deployment.resource_group;
            let message = format!("There is no resource group {name} in the subscription.");
            let command = Command::new("az group create")
                .arg("--subscription", &estate.deployment.subscription)
                .arg("--name", name)
                .flag("--location <region>");
            let advice = "Correct `resource_group` in the manifest, or create the group and install the deployment into it.";
            return Ok(vec![
                Judgement::fail(subject, message)
                    .with(Evidence::at(&source).observed("absent").expected("a resource group"))
                    .fix(advice, vec![command]),
            ]);
        }
        Fact::Unread(gap) => return Err(gap.into()),
    };
    let (state, source) = group.provisioning_state.required("PLC001")?;
    let evidence = Evidence::at(source).observed(state).expected("Succeeded");
    if state.eq_ignore_ascii_case("Succeeded") {
        return Ok(vec![Judgement::pass(subject, "The resource group exists.").with(evidence)]);
    }
    let message = format!("the resource group exists, but its state is {state}");
    let is_changing = ["Creating", "Updating", "Deleting", "Moving"];
    let is_changing = is_changing.iter().any(|own| state.eq_ignore_ascii_case(own));
    let reason = if is_changing { Reason::InProgress } else { Reason::Unrecognised };
    Err(Gap::because(reason, message).at(subject).into())
}
