//! The evaluator against one that tries everything.
//!
//! Actions are short and made of few letters, so that patterns meet often, and the universe of all
//! of them can be gone through.

use proptest::collection::vec;
use proptest::prelude::*;
use vaudit_model::permissions::{
    ActionPattern, Answer, Assignment, BLOB_ACTIONS, DenyAssignment, DenyPrincipal, Effective,
    Permission, PermissionEntry, Principal, PrincipalId, RoleDefinition, blob_denials,
};
use vaudit_model::{ArmId, Fact, List};

use crate::definitions::{account, container, refusal, source, subscription};

/// Every text of up to five of these letters. Letter case is what the patterns add.
fn universe() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut longest = all.clone();
    for _ in 0..5 {
        longest = longest
            .iter()
            .flat_map(|text| ["a", "b", "/"].map(|letter| format!("{text}{letter}")))
            .collect();
        all.extend(longest.iter().cloned());
    }
    all
}

/// Whether an action is a pattern's: by trying every length a `*` could take.
fn naive(pattern: &[u8], action: &[u8]) -> bool {
    match pattern.split_first() {
        None => action.is_empty(),
        Some((b'*', rest)) => (0..=action.len()).any(|taken| naive(rest, &action[taken..])),
        Some((letter, rest)) => action.split_first().is_some_and(|(first, others)| {
            first.eq_ignore_ascii_case(letter) && naive(rest, others)
        }),
    }
}

fn is_of(pattern: &ActionPattern, action: &str) -> bool {
    naive(pattern.as_str().as_bytes(), action.as_bytes())
}

fn pattern() -> impl Strategy<Value = ActionPattern> {
    "[abAB/*]{0,4}".prop_map(ActionPattern::new)
}

fn patterns() -> impl Strategy<Value = Vec<ActionPattern>> {
    vec(pattern(), 0..3)
}

fn action() -> impl Strategy<Value = String> {
    "[abAB/]{0,5}"
}

fn entry() -> impl Strategy<Value = PermissionEntry> {
    let condition = prop_oneof![4 => Just(None), 1 => Just(Some("…".to_owned()))];
    (patterns(), patterns(), patterns(), patterns(), condition).prop_map(
        |(actions, not_actions, data_actions, not_data_actions, condition)| PermissionEntry {
            actions,
            not_actions,
            data_actions,
            not_data_actions,
            condition,
        },
    )
}

/// What an entry says of an action, by its definition.
fn entry_has(entry: &PermissionEntry, action: &str, on_data: bool) -> bool {
    let (given, left_out) = if on_data {
        (&entry.data_actions, &entry.not_data_actions)
    } else {
        (&entry.actions, &entry.not_actions)
    };
    given.iter().any(|p| is_of(p, action)) && !left_out.iter().any(|p| is_of(p, action))
}

fn permission(action: &str, on_data: bool) -> Permission {
    if on_data { Permission::data(action) } else { Permission::control(action) }
}

fn scopes() -> Vec<ArmId> {
    let management_group = "/providers/Microsoft.Management/managementGroups/mg";
    vec![
        ArmId::root(),
        ArmId::parse(management_group).unwrap(),
        subscription(),
        account(),
        container(),
        account().child("blobServices", "default").child("containers", "other"),
    ]
}

fn scope() -> impl Strategy<Value = ArmId> {
    prop::sample::select(scopes())
}

/// How far down a scope of [`scopes`] is; the last two are beside each other.
fn depth(scope: &ArmId) -> usize {
    scopes().iter().position(|other| other == scope).unwrap()
}

fn is_at_or_above(scope: &ArmId, target: &ArmId) -> bool {
    scope == target || depth(scope) < depth(target) && depth(scope) < 4
}

#[derive(Clone, Debug)]
struct World {
    assignments: Vec<Assignment>,
    denies: Vec<DenyAssignment>,
    principal: Principal,
}

const PEOPLE: [&str; 4] = ["0-1", "0-2", "0-3", "00000000-0000-0000-0000-000000000000"];

fn person() -> impl Strategy<Value = DenyPrincipal> {
    let kind = prop::sample::select(vec![None, Some("Group".to_owned()), Some("User".to_owned())]);
    (prop::sample::select(PEOPLE.to_vec()), kind)
        .prop_map(|(id, kind)| DenyPrincipal { id: PrincipalId::new(id), kind })
}

prop_compose! {
    fn an_assignment()(
        scope in scope(),
        is_conditional in prop::bool::weighted(0.2),
        is_unread in prop::bool::weighted(0.15),
        entries in vec(entry(), 0..3),
    ) -> Assignment {
        let role = RoleDefinition { guid: "r".into(), name: "R".into(), entries };
        Assignment {
            id: scope.resource("Microsoft.Authorization/roleAssignments", "a"),
            principal: PrincipalId::new("0-1"),
            condition: is_conditional.then(|| "…".to_owned()),
            definition: if is_unread { Fact::Unread(refusal()) } else { Fact::Known(role, source()) },
            scope,
        }
    }
}

prop_compose! {
    fn a_deny()(
        scope in scope(),
        is_conditional in prop::bool::weighted(0.2),
        does_not_apply_to_child_scopes in prop::bool::weighted(0.2),
        permissions in vec(entry(), 0..3),
        principals in vec(person(), 0..3),
        exclude_principals in vec(person(), 0..2),
    ) -> DenyAssignment {
        DenyAssignment {
            id: scope.resource("Microsoft.Authorization/denyAssignments", "d"),
            name: "d".into(),
            condition: is_conditional.then(|| "…".to_owned()),
            scope,
            does_not_apply_to_child_scopes,
            principals,
            exclude_principals,
            permissions,
        }
    }
}

prop_compose! {
    fn world()(
        assignments in vec(an_assignment(), 0..4),
        denies in vec(a_deny(), 0..3),
        is_in_group in any::<bool>(),
        groups_are_read in prop::bool::weighted(0.7),
    ) -> World {
        let items = if is_in_group { vec![PrincipalId::new("02")] } else { vec![] };
        let missing = (!groups_are_read).then(refusal);
        let principal =
            Principal { id: PrincipalId::new("01"), groups: List { items, missing } };
        World { assignments, denies, principal }
    }
}

/// Yes, no, or it depends on what is not known.
type Known = Option<bool>;

fn all_of(parts: impl IntoIterator<Item = Known>) -> Known {
    let parts: Vec<Known> = parts.into_iter().collect();
    match (parts.contains(&Some(false)), parts.contains(&None)) {
        (true, _) => Some(false),
        (false, true) => None,
        (false, false) => Some(true),
    }
}

fn any_of(parts: impl IntoIterator<Item = Known>) -> Known {
    all_of(parts.into_iter().map(|part| part.map(|yes| !yes))).map(|yes| !yes)
}

fn unless_conditional(yes: bool, condition: &Option<String>) -> Known {
    if yes && condition.is_some() { None } else { Some(yes) }
}

fn names(person: &DenyPrincipal, principal: &Principal) -> Known {
    let is_named = person.id == principal.id
        || person.id.is_everyone()
        || principal.groups.items.contains(&person.id);
    let may_be_group = person.kind.as_deref() != Some("User");
    match is_named {
        false if may_be_group && !principal.groups.is_complete() => None,
        is_named => Some(is_named),
    }
}

impl World {
    fn deny_takes(&self, deny: &DenyAssignment, action: &str, on_data: bool, at: &ArmId) -> Known {
        let is_here = if deny.scope == *at {
            Some(true)
        } else if is_at_or_above(at, &deny.scope) {
            // It takes a part of what is asked about.
            None
        } else {
            Some(!deny.does_not_apply_to_child_scopes && is_at_or_above(&deny.scope, at))
        };
        let takes =
            any_of(deny.permissions.iter().map(|entry| {
                unless_conditional(entry_has(entry, action, on_data), &entry.condition)
            }));
        all_of([
            is_here,
            any_of(deny.principals.iter().map(|person| names(person, &self.principal))),
            any_of(deny.exclude_principals.iter().map(|person| names(person, &self.principal)))
                .map(|is_spared| !is_spared),
            takes,
            takes.and_then(|takes| unless_conditional(takes, &deny.condition)),
        ])
    }

    fn is_granted(&self, action: &str, on_data: bool, at: &ArmId) -> Known {
        any_of(self.assignments.iter().map(|assignment| {
            if !is_at_or_above(&assignment.scope, at) {
                return Some(false);
            }
            let Fact::Known(role, _) = &assignment.definition else { return None };
            any_of(role.entries.iter().map(|entry| {
                let has = entry_has(entry, action, on_data);
                all_of([
                    unless_conditional(has, &entry.condition),
                    unless_conditional(has, &assignment.condition),
                ])
            }))
        }))
    }

    fn is_denied(&self, action: &str, on_data: bool, at: &ArmId) -> Known {
        any_of(self.denies.iter().map(|deny| self.deny_takes(deny, action, on_data, at)))
    }
}

fn known(answer: &Answer<'_>) -> Known {
    match answer {
        Answer::Granted(_) => Some(true),
        Answer::Refused(_) => Some(false),
        Answer::Unread(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn matching_is_what_trying_everything_finds(pattern in pattern()) {
        for action in universe() {
            prop_assert_eq!(pattern.matches(&action), is_of(&pattern, &action), "{}", action);
            let loud = action.to_uppercase();
            prop_assert_eq!(pattern.matches(&loud), is_of(&pattern, &loud), "{}", loud);
        }
    }

    #[test]
    fn any_text_matches_as_trying_everything_finds(pattern in "[a*]{0,7}.{0,3}", action in "a{0,9}.{0,3}") {
        let pattern = ActionPattern::new(pattern);
        prop_assert_eq!(pattern.matches(&action), is_of(&pattern, &action));
        prop_assert!(pattern.covers(&pattern) && pattern.intersects(&pattern));
        prop_assert!(ActionPattern::new("*").covers(&pattern));
    }

    #[test]
    fn covering_is_having_every_action(wide in pattern(), narrow in pattern()) {
        // A letter that neither pattern names stands for all others.
        let others = narrow.as_str().replace('*', "#");
        let has_all = universe().iter().all(|a| !is_of(&narrow, a) || is_of(&wide, a));
        if wide.covers(&narrow) {
            prop_assert!(has_all && is_of(&wide, &others));
            prop_assert!(wide.intersects(&narrow));
        } else {
            prop_assert!(!has_all || !is_of(&wide, &others));
        }
    }

    #[test]
    fn meeting_is_sharing_an_action(one in pattern(), other in pattern()) {
        // Two patterns of four letters that meet at all do so within eight.
        let shared = universe().iter().any(|a| is_of(&one, a) && is_of(&other, a));
        prop_assert_eq!(one.intersects(&other), other.intersects(&one));
        prop_assert!(one.intersects(&other) || !shared);
        if one.as_str().len() + other.as_str().len() <= 5 {
            prop_assert_eq!(one.intersects(&other), shared);
        }
    }

    #[test]
    fn an_entry_grants_what_it_does_not_leave_out(entry in entry(), action in action(), on_data: bool) {
        let permission = permission(&action, on_data);
        let expected = entry_has(&entry, &action, on_data);
        prop_assert_eq!(entry.grants(&permission).is_some(), expected);
        prop_assert_eq!(entry.takes_all(&permission), expected);
    }

    #[test]
    fn taking_a_pattern_is_taking_every_action_of_it(entry in entry(), pattern in pattern()) {
        let permission = Permission::control(pattern.as_str());
        let of_it = universe().into_iter().filter(|action| is_of(&pattern, action));
        let mut taken = of_it.map(|action| entry_has(&entry, &action, false));
        if entry.takes_all(&permission) {
            prop_assert!(taken.all(|taken| taken));
        } else if entry.grants(&permission).is_none() {
            let has_wider = entry.actions.iter().any(|given| given.covers(&pattern));
            prop_assert!(!has_wider || taken.all(|taken| !taken));
        }
    }

    #[test]
    fn what_is_required_is_the_union_less_what_is_denied(
        world in world(), action in action(), on_data: bool, at in scope(),
    ) {
        let (assignments, denies) =
            (List::complete(world.assignments.clone()), List::complete(world.denies.clone()));
        let effective = Effective::new(&world.principal, &assignments, &denies);
        let expected = all_of([
            world.is_granted(&action, on_data, &at),
            world.is_denied(&action, on_data, &at).map(|is_denied| !is_denied),
        ]);
        prop_assert_eq!(known(&effective.required(&permission(&action, on_data), &at)), expected);
    }

    #[test]
    fn what_is_dangerous_is_granted_under_any_condition(
        world in world(), action in action(), on_data: bool, at in scope(),
    ) {
        let (assignments, denies) =
            (List::complete(world.assignments.clone()), List::complete(world.denies.clone()));
        let effective = Effective::new(&world.principal, &assignments, &denies);
        let mut generous = world.clone();
        for assignment in &mut generous.assignments {
            assignment.condition = None;
            if let Fact::Known(role, _) = &mut assignment.definition {
                role.entries.iter_mut().for_each(|entry| entry.condition = None);
            }
        }
        generous.denies.retain(|deny| !deny.does_not_apply_to_child_scopes);
        let is_denied = generous.is_denied(&action, on_data, &at) == Some(true);
        let expected =
            if is_denied { Some(false) } else { generous.is_granted(&action, on_data, &at) };
        let wanted = permission(&action, on_data);
        let answer = effective.possible(&wanted, &at);
        prop_assert_eq!(known(&answer), expected);
        // Whoever surely may do a thing is never told to be harmless, unless what is below differs.
        if known(&effective.required(&wanted, &at)) == Some(true) {
            prop_assert_eq!(known(&answer), Some(true));
        }
    }

    #[test]
    fn denials_are_those_that_take_a_blob_action(
        mut world in world(), at in scope(), taken in vec(prop::sample::select(BLOB_ACTIONS.to_vec()), 0..3),
    ) {
        for deny in &mut world.denies {
            for entry in &mut deny.permissions {
                entry.data_actions.extend(taken.iter().map(|action| ActionPattern::new(*action)));
            }
        }
        let denies = List::complete(world.denies.clone());
        let found = blob_denials(&world.principal, &denies, &at);
        let mut expected = Vec::new();
        let mut is_sure = true;
        for deny in &denies.items {
            for action in BLOB_ACTIONS {
                match world.deny_takes(deny, action, true, &at) {
                    Some(true) => expected.push(action),
                    Some(false) => {}
                    None => is_sure = false,
                }
            }
        }
        let actions: Vec<_> = found.items.iter().flat_map(|d| d.actions.clone()).collect();
        prop_assert_eq!(actions, expected);
        prop_assert_eq!(found.is_complete(), is_sure);
    }
}
