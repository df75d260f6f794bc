//! What redaction leaves alone: the words of Azure, of Microsoft's documentation and of the
//! installation guide. All lists are in lower case and sorted, and what is on none of them goes.
//!
//! They are lists of what stays, never of what goes: a field that Azure invents tomorrow is hidden.

/// Whether a sorted list in lower case holds a word, whatever its case.
pub(super) fn holds(words: &[&str], word: &str) -> bool {
    words.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

/// Names that say nothing about anybody: those of the installation guide and of PostgreSQL's own
/// databases, and those by which Azure knows what something is for.
pub(super) static PUBLIC_NAMES: &[&str] = &[
    "$logs",
    "$root",
    "$web",
    "@",
    "allowazureloadbalancerinbound",
    "allowinternetoutbound",
    "allowvnetinbound",
    "allowvnetoutbound",
    "azure_maintenance",
    "azure_sys",
    "azurebastionsubnet",
    "azurefirewallmanagementsubnet",
    "azurefirewallsubnet",
    "default",
    "denyallinbound",
    "denyalloutbound",
    "gatewaysubnet",
    "keycloak",
    "postgres",
    "routeserversubnet",
    "vectice",
];

/// The ids that rules know: built-in roles, Microsoft Graph, its permissions and directory roles.
pub static PUBLIC_IDS: &[&str] = &[
    "00000003-0000-0000-c000-000000000000",
    "06b708a9-e830-4db3-a914-8e69da51d44f",
    "158c047a-c907-4556-b7ef-446551a6b5f7",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    "62a82d76-70ea-41e2-9197-370581804d09",
    "62e90394-69f5-4237-9190-012177145e10",
    "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "81a9662b-bebf-436f-a333-f67b29880f12",
    "81b4724a-58aa-41c1-8a55-84ef97466587",
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "9360feb5-f418-4baa-8175-e2a00bac4301",
    "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "c12c1c16-33a1-487b-954d-41c89c60f349",
    "df021288-bdef-4463-88db-98f22de89214",
    "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "fe930be7-5e62-47db-91af-98c3a49a38b1",
];

/// The domains of Azure and of the services it signs in with. What stands before them is a name.
pub(super) static AZURE_DOMAINS: &[&str] = &[
    "azmk8s.io",
    "azmk8s.us",
    "azure.cn",
    "azure.com",
    "azure.net",
    "azure.us",
    "azureprivatedns.net",
    "chinacloudapi.cn",
    "core.chinacloudapi.cn",
    "core.usgovcloudapi.net",
    "core.windows.net",
    "database.chinacloudapi.cn",
    "database.usgovcloudapi.net",
    "githubusercontent.com",
    "microsoft.com",
    "microsoftonline.com",
    "microsoftonline.us",
    "usgovcloudapi.net",
    "windows.net",
];

/// The labels before such a domain that name a service.
pub(super) static KEPT_LABELS: &[&str] = &[
    "actions",
    "blob",
    "database",
    "dfs",
    "file",
    "graph",
    "hcp",
    "login",
    "management",
    "portal",
    "postgres",
    "private",
    "privatelink",
    "queue",
    "storage",
    "sts",
    "table",
    "token",
    "vault",
    "web",
];

/// The words in paths of Microsoft Graph.
pub(super) static GRAPH_WORDS: &[&str] = &[
    "applications",
    "approleassignments",
    "directory",
    "directoryobjects",
    "entity",
    "federatedidentitycredentials",
    "groups",
    "memberof",
    "metadata",
    "microsoft.graph.group",
    "oauth2permissiongrants",
    "roleassignments",
    "roledefinitions",
    "rolemanagement",
    "serviceprincipals",
    "transitivememberof",
    "users",
];

/// The parameters of a query whose values are words.
pub(super) static KEPT_PARAMETERS: &[&str] = &[
    "$count",
    "$expand",
    "$orderby",
    "$select",
    "$top",
    "api-version",
    "comp",
    "delimiter",
    "include",
    "maxresults",
    "restype",
    "timeout",
];

/// The scopes of Microsoft Graph that a delegated permission may name.
pub(super) static GRAPH_SCOPES: &[&str] = &[
    "application",
    "approleassignment",
    "directory",
    "email",
    "files",
    "group",
    "mail",
    "offline_access",
    "openid",
    "profile",
    "rolemanagement",
    "sites",
    "user",
];

/// The attributes a condition on a role assignment may compare.
pub(super) static ATTRIBUTES: &[&str] = &[
    "delimiter",
    "include",
    "isprivatelink",
    "name",
    "path",
    "prefix",
    "principalid",
    "principaltype",
    "roledefinitionid",
    "utcnow",
    "versionid",
];

/// The words of a condition besides its comparisons.
pub(super) static CONDITION_WORDS: &[&str] =
    &["actionmatches", "and", "exists", "false", "not", "or", "suboperationmatches", "true"];

#[cfg(test)]
mod tests {
    use super::super::fields::{NAMES, OPAQUE, OTHER, REGIONS, WORDS};
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_no_field_is_of_two_kinds() {
        let fields = [WORDS, NAMES, OPAQUE, OTHER];
        let others = [
            PUBLIC_NAMES,
            PUBLIC_IDS,
            KEPT_LABELS,
            GRAPH_WORDS,
            KEPT_PARAMETERS,
            GRAPH_SCOPES,
            ATTRIBUTES,
            CONDITION_WORDS,
            REGIONS,
        ];
        for list in fields.iter().chain(&others) {
            assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
            assert!(list.iter().all(|word| word.to_ascii_lowercase() == *word));
        }
        let mut all = fields.concat();
        all.sort_unstable();
        assert!(all.is_sorted_by(|a, b| a < b), "a field is of two kinds");
    }
}
