//! What is granted, one trap at a time.

use std::sync::Arc;

use serde_json::{Value, json};
use vaudit_model::permissions::{
    Answer, Assignment, DANGEROUS, DenyAssignment, Effective, Held, Permission, Plane, PrincipalId,
    RoleDefinition,
};
use vaudit_model::reader::Node;
use vaudit_model::{ArmId, Fact, List, Reason};

use crate::definitions::*;

const LIST_KEYS: &str = "Microsoft.Storage/storageAccounts/listKeys/action";
const BLOB_READ: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";

/// The dangerous permissions of one role at the subscription, and whether all was read.
fn dangers(role: &Value) -> Vec<&'static str> {
    ask(vec![assigned(role, &subscription())], vec![], |all| {
        let held = all.dangerous();
        assert_eq!(names(&held), names(&all.dangerous_at(&subscription())));
        assert!(held.is_complete());
        names(&held)
    })
}

fn names(held: &List<Held<'_>>) -> Vec<&'static str> {
    held.items.iter().map(|held| held.permission.permission).collect()
}

fn is_granted(answer: &Answer<'_>) -> bool {
    matches!(answer, Answer::Granted(_))
}

fn reason(answer: &Answer<'_>) -> Reason {
    match answer {
        Answer::Unread(gap) => gap.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_role_of_the_reference_design_is_harmless_and_enough() {
    assert_eq!(dangers(&blob_contributor()), [""; 0]);
    ask(vec![assigned(&blob_contributor(), &account())], vec![], |all| {
        assert!(is_granted(&all.required(&Permission::data(BLOB_READ), &container())));
        assert_eq!(
            all.required(&Permission::control(BLOB_READ), &container()),
            Answer::Refused(vec![])
        );
        assert_eq!(
            all.possible(&Permission::control(LIST_KEYS), &account()),
            Answer::Refused(vec![])
        );
    });
}

#[test]
fn everything_but_access_is_nearly_everything() {
    let held = dangers(&operator());
    assert!(held.contains(&"*") && held.contains(&"*/write") && held.contains(&LIST_KEYS));
    assert!(!held.iter().any(|permission| permission.starts_with("Microsoft.Authorization/")));
    assert!(!held.iter().any(|permission| permission.starts_with("Microsoft.KeyVault/")));
}

#[test]
fn an_entry_takes_nothing_from_another() {
    assert!(dangers(&two_entries()).contains(&LIST_KEYS));
    let mut body = two_entries();
    body["properties"]["permissions"].as_array_mut().unwrap().pop();
    let held = dangers(&body);
    assert!(
        !held.contains(&LIST_KEYS) && held.contains(&"Microsoft.Storage/storageAccounts/write")
    );
}

#[test]
fn all_writes_are_dangerous_only_when_granted_as_such() {
    assert_eq!(dangers(&custom(&["Microsoft.Insights/*/write"], &[])), [""; 0]);
    assert_eq!(dangers(&custom(&["Microsoft.Insights/alertRules/write"], &[])), [""; 0]);
    assert!(dangers(&custom(&["*/WRITE"], &[])).contains(&"*/write"));
    assert!(!dangers(&custom(&["*/write"], &[])).contains(&"*"));
    assert_eq!(dangers(&custom(&["*/write"], &["*"])), [""; 0]);
    assert!(!dangers(&custom(&["*"], &["*/write"])).contains(&"*/write"));
    assert!(dangers(&custom(&["*"], &["*/write"])).contains(&"*"));
}

#[test]
fn everything_without_what_changes_anything_is_reading() {
    assert_eq!(dangers(&custom(&["*"], &["*/write", "*/delete", "*/action"])), [""; 0]);
    assert_eq!(dangers(&custom(&["*/read"], &[])), [""; 0]);
}

#[test]
fn identities_and_secrets_are_known_by_their_spellings() {
    let held = dangers(&identity_operator());
    assert_eq!(held, ["Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"]);
    let mut body = identity_operator();
    body["properties"]["permissions"][0]["dataActions"] =
        json!(["Microsoft.KeyVault/vaults/secrets/*"]);
    let secrets = DANGEROUS.iter().filter(|danger| danger.plane == Plane::Data).count();
    assert_eq!(dangers(&body).len(), 1 + secrets);
}

#[test]
fn a_condition_counts_where_it_would_be_dangerous_and_not_where_it_is_needed() {
    let all = [assigned(&conditional_entry(), &subscription())];
    ask(all.to_vec(), vec![], |all| {
        let held = all.dangerous();
        assert_eq!(names(&held), [ASSIGN]);
        assert!(held.items[0].by[0].condition.unwrap().contains("GuidEquals"));
        let answer = all.required(&Permission::control(ASSIGN), &subscription());
        assert_eq!(reason(&answer), Reason::BeyondReach);
    });
    let narrowed = Assignment {
        condition: Some("@Resource[…] StringEquals 'vectice'".into()),
        ..assigned(&blob_contributor(), &account())
    };
    ask(vec![narrowed.clone()], vec![], |all| {
        let answer = all.required(&Permission::data(BLOB_READ), &container());
        assert_eq!(reason(&answer), Reason::BeyondReach);
        assert!(is_granted(&all.possible(&Permission::data(BLOB_READ), &container())));
    });
    ask(vec![narrowed, assigned(&blob_contributor(), &account())], vec![], |all| {
        let answer = all.required(&Permission::data(BLOB_READ), &container());
        let Answer::Granted(grants) = answer else { panic!("{answer:?}") };
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0].condition, None);
    });
}

#[test]
fn an_unread_role_leaves_open_what_nothing_else_grants() {
    ask(vec![of_unread_role(&account()), assigned(&operator(), &account())], vec![], |all| {
        let held = all.dangerous_at(&account());
        assert!(names(&held).contains(&LIST_KEYS) && !names(&held).contains(&ASSIGN));
        assert_eq!(held.missing.unwrap().reason, Reason::Forbidden);
        assert_eq!(
            reason(&all.possible(&Permission::control(ASSIGN), &account())),
            Reason::Forbidden
        );
        assert!(is_granted(&all.required(&Permission::control(LIST_KEYS), &account())));
        assert_eq!(
            reason(&all.required(&Permission::data(BLOB_READ), &account())),
            Reason::Forbidden
        );
    });
    let vanished = Assignment { definition: Fact::Absent(source()), ..of_unread_role(&account()) };
    ask(vec![vanished], vec![], |all| {
        assert_eq!(all.dangerous().missing.unwrap().reason, Reason::Unrecognised);
    });
}

#[test]
fn half_a_list_of_assignments_proves_what_it_holds_only() {
    let denies = List::complete(vec![]);
    let half = List { items: vec![assigned(&operator(), &account())], missing: Some(refusal()) };
    let all = Effective::new(&me(), &half, &denies);
    assert!(is_granted(&all.required(&Permission::control(LIST_KEYS), &account())));
    assert_eq!(reason(&all.required(&Permission::data(BLOB_READ), &account())), Reason::Forbidden);
    assert!(!all.dangerous().is_complete());
}

#[test]
fn assignments_act_at_their_scope_and_below() {
    let management_group = id("/providers/Microsoft.Management/managementGroups/mg");
    let other = id("/subscriptions/11111111-2222-4333-8444-555555555555");
    for (scope, expected) in [
        (ArmId::root(), true),
        (management_group, true),
        (id(&SUBSCRIPTION.to_ascii_uppercase()), true),
        (account(), true),
        (container(), false),
        (other, false),
        (id(&format!("{}x", account())), false),
    ] {
        ask(vec![assigned(&operator(), &scope)], vec![], |all| {
            let keys = Permission::control(LIST_KEYS);
            assert_eq!(is_granted(&all.required(&keys, &account())), expected, "{scope}");
            assert_eq!(is_granted(&all.possible(&keys, &account())), expected, "{scope}");
            assert_eq!(names(&all.dangerous_at(&account())).is_empty(), !expected, "{scope}");
            assert!(names(&all.dangerous()).contains(&LIST_KEYS), "{scope}");
        });
    }
}

#[test]
fn denied_is_denied_whoever_grants() {
    let keys = entry(&[LIST_KEYS], &[]);
    let stop = read_deny(&deny(&subscription(), &[(EVERYONE, "SystemDefined")], &[], keys));
    ask(vec![assigned(&operator(), &ArmId::root())], vec![stop.clone()], |all| {
        let answer = all.required(&Permission::control(LIST_KEYS), &account());
        assert_eq!(answer, Answer::Refused(vec![&stop]));
        assert_eq!(all.possible(&Permission::control(LIST_KEYS), &account()), answer);
        assert!(!names(&all.dangerous_at(&account())).contains(&LIST_KEYS));
        // The assignment acts in other subscriptions too, where nothing stops it.
        assert!(names(&all.dangerous()).contains(&LIST_KEYS));
    });
    ask(vec![of_unread_role(&account())], vec![stop], |all| {
        assert_eq!(
            reason(&all.possible(&Permission::control(ASSIGN), &account())),
            Reason::Forbidden
        );
        assert!(matches!(
            all.possible(&Permission::control(LIST_KEYS), &account()),
            Answer::Refused(denies) if denies.len() == 1
        ));
    });
}

#[test]
fn a_deny_that_stops_at_its_scope_or_in_doubt_does_not_make_danger_harmless() {
    let body = deny(&account(), &[(EVERYONE, "Everyone")], &[], entry(&["*"], &[]));
    let mut shallow = read_deny(&body);
    shallow.does_not_apply_to_child_scopes = true;
    let conditional = DenyAssignment { condition: Some("…".into()), ..read_deny(&body) };
    let keys = Permission::control(LIST_KEYS);
    ask(vec![assigned(&operator(), &account())], vec![shallow], |all| {
        assert!(names(&all.dangerous()).contains(&LIST_KEYS));
        assert!(matches!(all.required(&keys, &account()), Answer::Refused(d) if d.len() == 1));
    });
    ask(vec![assigned(&operator(), &account())], vec![conditional], |all| {
        assert!(names(&all.dangerous()).contains(&LIST_KEYS));
        assert_eq!(reason(&all.required(&keys, &account())), Reason::BeyondReach);
    });
    let denies = List { items: vec![], missing: Some(refusal()) };
    let granted = List::complete(vec![assigned(&operator(), &account())]);
    let all = Effective::new(&me(), &granted, &denies);
    assert!(names(&all.dangerous()).contains(&LIST_KEYS) && all.dangerous().is_complete());
    assert_eq!(reason(&all.required(&keys, &account())), Reason::Forbidden);
}

#[test]
fn everything_denied_but_reading_leaves_nothing_dangerous() {
    let all = entry(&["*/write", "*/delete", "*/action"], &[]);
    let stop = read_deny(&deny(&account(), &[(ME, "ServicePrincipal")], &[], all));
    ask(vec![assigned(&operator(), &account())], vec![stop.clone()], |all| {
        assert_eq!(names(&all.dangerous()), [""; 0]);
    });
    // Half of it is left out by the role and half is denied.
    let role = custom(&["*"], &["*/action"]);
    ask(vec![assigned(&role, &account())], vec![stop], |all| {
        assert_eq!(names(&all.dangerous()), [""; 0]);
    });
}

#[test]
fn a_group_that_brings_an_assignment_is_a_group_of_the_principal() {
    let through =
        Assignment { principal: PrincipalId::new(TEAM), ..assigned(&operator(), &account()) };
    let body = deny(&account(), &[(TEAM, "Group")], &[], entry(&[LIST_KEYS], &[]));
    let (assignments, denies) =
        (List::complete(vec![through]), List::complete(vec![read_deny(&body)]));
    let all = Effective::new(&me_unseen(), &assignments, &denies);
    assert!(!names(&all.dangerous()).contains(&LIST_KEYS));
    assert!(names(&all.dangerous()).contains(&"*"));
}

#[test]
fn a_definition_that_is_not_understood_is_not_read() {
    let cases: [fn(&mut Value); 6] = [
        |role| role["properties"]["permissions"] = json!(null),
        |role| role["properties"]["permissions"] = json!({}),
        |role| role["properties"]["permissions"][0]["actions"] = json!(null),
        |role| role["properties"]["permissions"][0]["notActions"] = json!(["*", {}]),
        |role| role["properties"]["permissions"][0]["condition"] = json!({"version": 3}),
        |role| role["id"] = json!("roles/x"),
    ];
    for (number, damage) in cases.iter().enumerate() {
        let mut body = operator();
        damage(&mut body);
        let gap = RoleDefinition::read(&Node::root(&body, "", Arc::default())).unwrap_err();
        assert_eq!(gap.reason, Reason::MissingField, "{number}");
    }
    let mut body = blob_contributor();
    body["properties"].as_object_mut().unwrap().remove("roleName");
    assert_eq!(read_role(&body).name, "Storage Blob Data Contributor");
    body["properties"]["permissions"] = json!([]);
    assert_eq!(dangers(&body), [""; 0]);
}
