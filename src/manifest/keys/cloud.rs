//! The keys of `[cloud]`.

use vaudit_model::Cloud;

use crate::forms;
use crate::keys::Absent::{Means, Mistake};
use crate::keys::Key;
use crate::keys::Kind::{Text, Word};

/// The name of the cloud whose endpoints the manifest gives.
pub(crate) const CUSTOM: &str = "custom";

/// The keys of any cloud.
pub(crate) static KEYS: [Key<Cloud>; 1] = [Key {
    name: "name",
    kind: Word(&[
        ("public", |cloud| *cloud = Cloud::public()),
        ("usgov", |cloud| *cloud = Cloud::usgov()),
        ("china", |cloud| *cloud = Cloud::china()),
        (CUSTOM, |cloud| *cloud = Cloud { name: CUSTOM.to_owned(), ..Cloud::public() }),
    ]),
    absent: Means(r#""public""#),
    about: "the cloud; `custom` has its endpoints below",
}];

/// The keys of a custom cloud only.
pub(crate) static CUSTOM_KEYS: [Key<Cloud>; 5] = [
    Key {
        name: "resource_manager",
        kind: Text(&forms::ENDPOINT, |cloud, text| cloud.resource_manager = text),
        absent: Mistake(r#""https://management.azure.com""#),
        about: "Azure Resource Manager",
    },
    Key {
        name: "graph",
        kind: Text(&forms::ENDPOINT, |cloud, text| cloud.graph = text),
        absent: Mistake(r#""https://graph.microsoft.com""#),
        about: "Microsoft Graph",
    },
    Key {
        name: "authority",
        kind: Text(&forms::ENDPOINT, |cloud, text| cloud.authority = text),
        absent: Mistake(r#""https://login.microsoftonline.com""#),
        about: "the sign-in authority",
    },
    Key {
        name: "storage_suffix",
        kind: Text(&forms::STORAGE_SUFFIX, |cloud, text| cloud.storage_suffix = text),
        absent: Mistake(r#""core.windows.net""#),
        about: "the suffix of blob endpoints, or the address of a test service",
    },
    Key {
        name: "postgres_suffix",
        kind: Text(&forms::HOST, |cloud, text| cloud.postgres_suffix = text),
        absent: Means(r#""postgres.database.azure.com""#),
        about: "the suffix of PostgreSQL servers",
    },
];
