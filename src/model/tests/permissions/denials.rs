//! Which deny assignments stop a principal at its files (IAM016).

use std::sync::Arc;

use serde_json::{Value, json};
use vaudit_model::permissions::{
    BLOB_ACTIONS, DenyAssignment, Principal, PrincipalId, blob_denials,
};
use vaudit_model::reader::Node;
use vaudit_model::{ArmId, List, Reason};

use crate::definitions::*;

/// How many actions a deny assignment takes at the container, and why that is not sure.
fn taken(body: &Value, principal: &Principal) -> (usize, Option<Reason>) {
    taken_at(body, principal, &container())
}

fn taken_at(body: &Value, principal: &Principal, at: &ArmId) -> (usize, Option<Reason>) {
    let denies = List::complete(vec![read_deny(body)]);
    let denials = blob_denials(principal, &denies, at);
    let actions = denials.items.iter().map(|denial| denial.actions.len()).sum();
    (actions, denials.missing.map(|gap| gap.reason))
}

fn all_data() -> Value {
    entry(&[], &["*"])
}

fn in_team() -> Principal {
    Principal { groups: List::complete(vec![PrincipalId::new(TEAM)]), ..me() }
}

#[test]
fn only_data_actions_on_blobs_count() {
    let stop = |entry| deny(&account(), &[(ME, "ServicePrincipal")], &[], entry);
    assert_eq!(taken(&stop(all_data()), &me()), (4, None));
    assert_eq!(taken(&stop(entry(&["*"], &[])), &me()), (0, None));
    assert_eq!(taken(&stop(entry(&[], &[BLOB_ACTIONS[1]])), &me()), (1, None));
    assert_eq!(taken(&stop(entry(&[], &["*/blobs/tags/*"])), &me()), (0, None));
    assert_eq!(taken(&stop(entry(&[], &["*/containers/*/action"])), &me()), (1, None));
    let mut but_reading = stop(all_data());
    but_reading["properties"]["permissions"][0]["notDataActions"] = json!(["*/Read"]);
    assert_eq!(taken(&but_reading, &me()), (3, None));
}

#[test]
fn all_principals_have_several_spellings() {
    for (id, kind) in [
        (EVERYONE, "SystemDefined"),
        ("00000000000000000000000000000000", "Everyone"),
        (EVERYONE, ""),
    ] {
        let body = deny(&account(), &[(id, kind)], &[], all_data());
        assert_eq!(taken(&body, &me()), (4, None), "{id} {kind}");
        assert_eq!(taken(&body, &me_unseen()), (4, None), "{id} {kind}");
        let spared = [(ME, "ServicePrincipal")];
        assert_eq!(taken(&deny(&account(), &[(id, kind)], &spared, all_data()), &me()), (0, None));
    }
}

#[test]
fn ids_are_compared_without_dashes_and_case() {
    let dashless = ME.replace('-', "").to_ascii_uppercase();
    let body = deny(&account(), &[(&dashless, "ServicePrincipal")], &[], all_data());
    assert_eq!(taken(&body, &me()), (4, None));
    let body = deny(&account(), &[(EVERYONE, "Everyone")], &[(&dashless, "User")], all_data());
    assert_eq!(taken(&body, &me()), (0, None));
}

#[test]
fn groups_stop_and_spare_and_may_be_out_of_sight() {
    let stop = deny(&account(), &[(TEAM, "Group")], &[], all_data());
    assert_eq!(taken(&stop, &in_team()), (4, None));
    assert_eq!(taken(&stop, &me()), (0, None));
    assert_eq!(taken(&stop, &me_unseen()), (0, Some(Reason::Forbidden)));
    let spare = deny(&account(), &[(EVERYONE, "Everyone")], &[(TEAM, "Group")], all_data());
    assert_eq!(taken(&spare, &in_team()), (0, None));
    assert_eq!(taken(&spare, &me()), (4, None));
    assert_eq!(taken(&spare, &me_unseen()), (0, Some(Reason::Forbidden)));
    // Somebody else is nobody's group.
    let other = deny(&account(), &[(TEAM, "ServicePrincipal")], &[], all_data());
    assert_eq!(taken(&other, &me_unseen()), (0, None));
    // Spared by its own id, whatever its groups.
    let spared = [(ME, "ServicePrincipal")];
    let body = deny(&account(), &[(TEAM, "Group")], &spared, all_data());
    assert_eq!(taken(&body, &me_unseen()), (0, None));
}

#[test]
fn scopes_above_reach_unless_told_not_to() {
    let management_group = id("/providers/Microsoft.Management/managementGroups/mg");
    let sibling = account().child("blobServices", "default").child("containers", "vectice2");
    for (scope, deep, shallow) in [
        (ArmId::root(), 4, 0),
        (management_group, 4, 0),
        (subscription(), 4, 0),
        (account(), 4, 0),
        (container(), 4, 4),
        (sibling, 0, 0),
    ] {
        let mut body = deny(&scope, &[(ME, "ServicePrincipal")], &[], all_data());
        assert_eq!(taken(&body, &me()), (deep, None), "{scope}");
        body["properties"]["doNotApplyToChildScopes"] = json!(true);
        assert_eq!(taken(&body, &me()), (shallow, None), "{scope}");
    }
}

#[test]
fn one_container_of_the_account_need_not_be_the_right_one() {
    let body = deny(&container(), &[(ME, "ServicePrincipal")], &[], all_data());
    assert_eq!(taken_at(&body, &me(), &account()), (0, Some(Reason::Ambiguous)));
    let other = deny(&container(), &[(TEAM, "User")], &[], all_data());
    assert_eq!(taken_at(&other, &me(), &account()), (0, None));
}

#[test]
fn conditions_and_half_lists_leave_it_open() {
    let mut body = deny(&account(), &[(ME, "ServicePrincipal")], &[], all_data());
    body["properties"]["condition"] = json!("@Resource[…] StringEquals 'x'");
    assert_eq!(taken(&body, &me()), (0, Some(Reason::BeyondReach)));
    body["properties"]["condition"] = json!("");
    body["properties"]["permissions"][0]["condition"] = json!("…");
    assert_eq!(taken(&body, &me()), (0, Some(Reason::BeyondReach)));
    body["properties"]["permissions"].as_array_mut().unwrap().push(all_data());
    assert_eq!(taken(&body, &me()), (4, None));
    let half = List { items: vec![], missing: Some(refusal()) };
    assert_eq!(blob_denials(&me(), &half, &container()).missing, Some(refusal()));
}

#[test]
fn a_deny_assignment_that_is_not_understood_is_not_read() {
    let cases: [fn(&mut Value); 6] = [
        |body| body["properties"]["scope"] = json!(null),
        |body| body["properties"]["doNotApplyToChildScopes"] = json!("perhaps"),
        |body| body["properties"]["principals"] = json!([{"type": "User"}]),
        |body| body["properties"]["excludePrincipals"] = json!(null),
        |body| body["properties"]["permissions"] = json!(null),
        |body| body["properties"]["permissions"][0]["dataActions"] = json!("*"),
    ];
    for (number, damage) in cases.iter().enumerate() {
        let mut body = deny(&account(), &[(ME, "User")], &[], all_data());
        damage(&mut body);
        let gap = DenyAssignment::read(&Node::root(&body, "", Arc::default())).unwrap_err();
        assert_eq!(gap.reason, Reason::MissingField, "{number}");
    }
}
