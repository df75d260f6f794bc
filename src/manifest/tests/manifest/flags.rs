//! Manifests made from flags.

use vaudit_manifest::{Flags, flag_for_key, from_flags};
use vaudit_model::Deployment;
use vaudit_model::deployment::Selector;

use crate::{SUBSCRIPTION, check, deployments};

#[test]
fn flags_make_a_manifest() {
    let flags = Flags {
        subscription: SUBSCRIPTION.to_owned(),
        resource_group: "rg-(vectice)".to_owned(),
        ..Flags::default()
    };
    let mut found = deployments(&from_flags(&flags)).remove(0);
    found.locations = Default::default();
    assert_eq!(found, Deployment::new("rg-(vectice)", SUBSCRIPTION, "rg-(vectice)"));

    let found = deployments(&from_flags(&Flags {
        client_id: Some("22222222-2222-2222-2222-222222222222".to_owned()),
        tenant: Some("11111111-1111-1111-1111-111111111111".to_owned()),
        container: Some("vectice".to_owned()),
        backup_account: Some("stvecticebkp".to_owned()),
        backup_container: Some("vectice-backup".to_owned()),
        ..flags
    }))
    .remove(0);
    assert!(found.tenant.is_some() && found.service_principal.client_id.is_some());
    assert_eq!(found.storage.container.as_deref(), Some("vectice"));
    assert_eq!(found.backup.account, Some(Selector::Name("stvecticebkp".to_owned())));
    assert_eq!(found.backup.container.as_deref(), Some("vectice-backup"));
}

#[test]
fn hostile_flags_stay_inside_their_quotes() {
    let flags = Flags {
        subscription: "a\"\n[cloud]\nname = \"usgov".to_owned(),
        resource_group: "\u{1b}\\u0000\"".to_owned(),
        ..Flags::default()
    };
    check(
        &from_flags(&flags),
        "
        2:8 `name` must be a name, found `\\u{1b}\\u0000\"`
        = write one line without blanks around it
        3:16 `subscription` must be a GUID, found `a\"\\n[cloud]\\nname = \"usgov`
        = write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it
        4:18 `resource_group` must be the name of a resource group, found `\\u{1b}\\u0000\"`
        = write up to 90 letters, digits, `-`, `_`, `.`, `(` and `)`, with no `.` at the end
        ",
    );
}

#[test]
fn keys_are_named_by_their_flags() {
    assert_eq!(flag_for_key("subscription"), Some("--subscription"));
    assert_eq!(flag_for_key("name"), Some("--resource-group"));
    assert_eq!(flag_for_key("deployment.backup.account"), Some("--backup-account"));
    assert_eq!(flag_for_key("postgres.server"), None);
}
