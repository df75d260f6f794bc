//! The Entra directory of the scenario: objects by collection and id, and who belongs to whom.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::fill::stable_guid;

/// The collections of the directory with the OData type of their members.
pub(crate) const COLLECTIONS: [(&str, &str); 8] = [
    ("servicePrincipals", "#microsoft.graph.servicePrincipal"),
    ("applications", "#microsoft.graph.application"),
    ("groups", "#microsoft.graph.group"),
    ("users", "#microsoft.graph.user"),
    ("directoryRoles", "#microsoft.graph.directoryRole"),
    ("roleAssignments", "#microsoft.graph.unifiedRoleAssignment"),
    ("roleDefinitions", "#microsoft.graph.unifiedRoleDefinition"),
    ("deletedItems", "#microsoft.graph.directoryObject"),
];

/// Properties that Graph answers at a path of their own, never in the object's body.
pub(crate) const NAVIGATION: [&str; 5] = [
    "appRoleAssignments",
    "federatedIdentityCredentials",
    "members",
    "oauth2PermissionGrants",
    "owners",
];

/// The `graph` section of a scenario file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(crate) struct GraphFile {
    service_principals: Map<String, Value>,
    applications: Map<String, Value>,
    groups: Map<String, Value>,
    users: Map<String, Value>,
    directory_roles: Map<String, Value>,
    role_assignments: Map<String, Value>,
    role_definitions: Map<String, Value>,
    deleted_items: Map<String, Value>,
}

impl GraphFile {
    /// Whether the file says nothing about the directory.
    pub(crate) fn is_empty(&self) -> bool {
        [
            &self.service_principals,
            &self.applications,
            &self.groups,
            &self.users,
            &self.directory_roles,
            &self.role_assignments,
            &self.role_definitions,
            &self.deleted_items,
        ]
        .iter()
        .all(|objects| objects.is_empty())
    }
}

/// The directory, with ids in lower case.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    collections: BTreeMap<&'static str, BTreeMap<String, Value>>,
}

/// Why an object cannot be put into the directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DirectoryError {
    #[error("{0:?} is not a collection of the directory")]
    NoCollection(String),
    #[error("{0} {1} is there already")]
    Exists(String, String),
    #[error("there is no {1} in {0}")]
    Missing(String, String),
    #[error("{0} {1} has to be an object")]
    NotAnObject(String, String),
}

impl Directory {
    /// Puts all objects of a scenario file into the directory.
    pub(crate) fn load(&mut self, file: GraphFile) -> Result<(), DirectoryError> {
        let sections = [
            ("servicePrincipals", file.service_principals),
            ("applications", file.applications),
            ("groups", file.groups),
            ("users", file.users),
            ("directoryRoles", file.directory_roles),
            ("roleAssignments", file.role_assignments),
            ("roleDefinitions", file.role_definitions),
            ("deletedItems", file.deleted_items),
        ];
        for (collection, objects) in sections {
            for (id, object) in objects {
                self.insert(collection, &id, object)?;
            }
        }
        Ok(())
    }

    /// Adds an object, with the explicit nulls Graph shows.
    pub(crate) fn insert(
        &mut self,
        collection: &str,
        id: &str,
        object: Value,
    ) -> Result<(), DirectoryError> {
        let name = canonical(collection)?;
        let named = || (collection.to_owned(), id.to_owned());
        let Value::Object(object) = object else {
            let (collection, id) = named();
            return Err(DirectoryError::NotAnObject(collection, id));
        };
        let objects = self.collections.entry(name).or_default();
        if objects.contains_key(&id.to_ascii_lowercase()) {
            let (collection, id) = named();
            return Err(DirectoryError::Exists(collection, id));
        }
        objects.insert(id.to_ascii_lowercase(), Value::Object(complete(name, id, object)));
        Ok(())
    }

    /// The objects of a collection.
    pub(crate) fn all(&self, collection: &str) -> impl Iterator<Item = &Value> {
        self.collections.get(collection).into_iter().flat_map(BTreeMap::values)
    }

    /// One object by its id.
    pub(crate) fn get(&self, collection: &str, id: &str) -> Option<&Value> {
        self.collections.get(collection)?.get(&id.to_ascii_lowercase())
    }

    /// One object to be changed.
    pub(crate) fn get_mut(
        &mut self,
        collection: &str,
        id: &str,
    ) -> Result<&mut Value, DirectoryError> {
        let objects = self.collections.get_mut(canonical(collection)?);
        let object = objects.and_then(|objects| objects.get_mut(&id.to_ascii_lowercase()));
        object.ok_or_else(|| DirectoryError::Missing(collection.to_owned(), id.to_owned()))
    }

    /// Takes an object out of the directory.
    pub(crate) fn take(&mut self, collection: &str, id: &str) -> Result<Value, DirectoryError> {
        let objects = self.collections.get_mut(canonical(collection)?);
        let object = objects.and_then(|objects| objects.remove(&id.to_ascii_lowercase()));
        object.ok_or_else(|| DirectoryError::Missing(collection.to_owned(), id.to_owned()))
    }

    /// The service principal or application with an `appId`.
    pub(crate) fn by_app_id(&self, collection: &str, app_id: &str) -> Option<&Value> {
        self.all(collection).find(|object| {
            let own = object.get("appId").and_then(Value::as_str);
            own.is_some_and(|own| own.eq_ignore_ascii_case(app_id))
        })
    }

    /// An object of any collection by its id, with its OData type.
    pub(crate) fn find(&self, id: &str) -> Option<(&'static str, &Value)> {
        COLLECTIONS
            .iter()
            .filter(|(name, _)| *name != "deletedItems")
            .find_map(|(name, kind)| self.get(name, id).map(|object| (*kind, object)))
    }

    /// The groups a principal belongs to, through other groups too, in lower case.
    pub(crate) fn groups_of(&self, principal: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![principal.to_ascii_lowercase()];
        while let Some(member) = open.pop() {
            for (id, group) in self.collections.get("groups").into_iter().flatten() {
                if holds(group, "members", &member) && found.insert(id.clone()) {
                    open.push(id.clone());
                }
            }
        }
        found
    }

    /// The directory roles a principal holds over the whole tenant, through groups too.
    pub(crate) fn roles_of(&self, principal: &str) -> Vec<&Value> {
        let mut holders = self.groups_of(principal);
        holders.insert(principal.to_ascii_lowercase());
        let text = |value: &Value, field: &str| {
            value.get(field).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
        };
        let is_assigned = |template: &str| {
            self.all("roleAssignments").any(|assignment| {
                text(assignment, "roleDefinitionId") == template
                    && text(assignment, "directoryScopeId") == "/"
                    && holders.contains(&text(assignment, "principalId"))
            })
        };
        let is_held = |role: &&Value| {
            let template = text(role, "roleTemplateId");
            holders.iter().any(|holder| holds(role, "members", holder))
                || (!template.is_empty() && is_assigned(&template))
        };
        self.all("directoryRoles").filter(is_held).collect()
    }
}

/// Whether an object's navigation list holds an id.
pub(crate) fn holds(object: &Value, list: &str, id: &str) -> bool {
    let items = object.get(list).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).any(|own| own.eq_ignore_ascii_case(id))
}

fn canonical(collection: &str) -> Result<&'static str, DirectoryError> {
    let known = COLLECTIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(collection));
    known.map(|(name, _)| *name).ok_or_else(|| DirectoryError::NoCollection(collection.to_owned()))
}

/// Graph shows every property of an object, the empty ones as null.
fn complete(collection: &str, id: &str, object: Map<String, Value>) -> Map<String, Value> {
    let empty_info = json!({"logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null,
        "supportUrl": null, "termsOfServiceUrl": null});
    let unverified =
        json!({"addedDateTime": null, "displayName": null, "verifiedPublisherId": null});
    let defaults = match collection {
        "servicePrincipals" => json!({
            "accountEnabled": true, "addIns": [], "alternativeNames": [], "appDescription": null,
            "appDisplayName": null, "appOwnerOrganizationId": null,
            "appRoleAssignmentRequired": false, "appRoles": [], "applicationTemplateId": null,
            "createdDateTime": null, "deletedDateTime": null, "description": null,
            "disabledByMicrosoftStatus": null, "displayName": null, "homepage": null,
            "info": empty_info, "keyCredentials": [], "loginUrl": null, "logoutUrl": null,
            "notes": null, "notificationEmailAddresses": [], "oauth2PermissionScopes": [],
            "passwordCredentials": [], "preferredSingleSignOnMode": null,
            "preferredTokenSigningKeyThumbprint": null, "replyUrls": [],
            "resourceSpecificApplicationPermissions": [], "samlSingleSignOnSettings": null,
            "servicePrincipalNames": [], "servicePrincipalType": "Application",
            "signInAudience": null, "tags": [], "tokenEncryptionKeyId": null,
            "verifiedPublisher": unverified
        }),
        "applications" => json!({
            "addIns": [],
            "api": {"acceptMappedClaims": null, "knownClientApplications": [],
                "oauth2PermissionScopes": [], "preAuthorizedApplications": [],
                "requestedAccessTokenVersion": 2},
            "appRoles": [], "applicationTemplateId": null, "certification": null,
            "createdDateTime": null, "defaultRedirectUri": null, "deletedDateTime": null,
            "description": null, "disabledByMicrosoftStatus": null, "displayName": null,
            "groupMembershipClaims": null, "identifierUris": [], "info": empty_info,
            "isDeviceOnlyAuthSupported": null, "isFallbackPublicClient": null,
            "keyCredentials": [], "notes": null, "optionalClaims": null,
            "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
            "passwordCredentials": [], "publicClient": {"redirectUris": []},
            "publisherDomain": null, "requiredResourceAccess": [],
            "serviceManagementReference": null, "signInAudience": "AzureADMyOrg",
            "spa": {"redirectUris": []}, "tags": [], "tokenEncryptionKeyId": null,
            "verifiedPublisher": unverified,
            "web": {"homePageUrl": null,
                "implicitGrantSettings": {"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false},
                "logoutUrl": null, "redirectUris": []}
        }),
        "groups" => json!({
            "classification": null, "createdDateTime": null, "creationOptions": [],
            "deletedDateTime": null, "description": null, "displayName": null,
            "expirationDateTime": null, "groupTypes": [], "isAssignableToRole": null,
            "mail": null, "mailEnabled": false, "mailNickname": null, "membershipRule": null,
            "membershipRuleProcessingState": null, "proxyAddresses": [],
            "renewedDateTime": null, "resourceBehaviorOptions": [],
            "resourceProvisioningOptions": [], "securityEnabled": true, "visibility": null
        }),
        "users" => json!({
            "businessPhones": [], "displayName": null, "givenName": null, "jobTitle": null,
            "mail": null, "mobilePhone": null, "officeLocation": null, "preferredLanguage": null,
            "surname": null, "userPrincipalName": null
        }),
        "directoryRoles" => json!({"deletedDateTime": null, "description": null}),
        _ => json!({}),
    };
    let mut full = match defaults {
        Value::Object(defaults) => defaults,
        _ => Map::new(),
    };
    full.insert("id".to_owned(), id.into());
    full.extend(object);
    for list in ["passwordCredentials", "keyCredentials"] {
        let items = full.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
            let key_id = stable_guid(&format!("{id}/{}", Value::Object(item.clone())));
            let hidden = if list == "passwordCredentials" { "secretText" } else { "key" };
            for (field, value) in [
                ("customKeyIdentifier", Value::Null),
                ("displayName", Value::Null),
                (hidden, Value::Null),
                ("keyId", key_id.into()),
            ] {
                item.entry(field).or_insert(value);
            }
        }
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let mut directory = Directory::default();
        let file = json!({
            "servicePrincipals": {"SP": {"appId": "APP", "passwordCredentials": [{"displayName": "helm"}]}},
            "groups": {
                "inner": {"members": ["sp"]},
                "outer": {"members": ["inner"]},
                "other": {"members": []}
            },
            "directoryRoles": {"r": {"roleTemplateId": "t"}},
            "roleAssignments": {"a": {"principalId": "outer", "roleDefinitionId": "T", "directoryScopeId": "/"}}
        });
        directory.load(serde_json::from_value(file).unwrap()).unwrap();
        directory
    }

    #[test]
    fn membership_is_transitive() {
        let directory = directory();
        let groups: Vec<String> = directory.groups_of("sp").into_iter().collect();
        assert_eq!(groups, ["inner", "outer"]);
        assert_eq!(directory.roles_of("SP").len(), 1);
        assert!(directory.roles_of("nobody").is_empty());
    }

    #[test]
    fn objects_show_explicit_nulls() {
        let directory = directory();
        let principal = directory.by_app_id("servicePrincipals", "app").unwrap();
        assert_eq!(principal["id"], "SP");
        assert!(principal["homepage"].is_null());
        let secret = &principal["passwordCredentials"][0];
        assert!(secret.as_object().unwrap().contains_key("secretText"));
        assert_eq!(secret["keyId"].as_str().unwrap().len(), 36);
        assert_eq!(directory.find("inner").unwrap().0, "#microsoft.graph.group");
    }

    #[test]
    fn mistakes_are_named() {
        let mut directory = directory();
        let twice = directory.insert("groups", "INNER", json!({})).unwrap_err();
        assert_eq!(twice.to_string(), "groups INNER is there already");
        assert!(directory.insert("things", "x", json!({})).is_err());
        assert!(directory.take("groups", "nobody").is_err());
    }
}
