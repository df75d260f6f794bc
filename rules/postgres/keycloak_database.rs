//! Does Keycloak's database exist?

use vaudit_model::{Meta, Need, Rule, Severity, Tier};

use super::database;

/// PG011.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG011",
        name: "keycloak-database",
        title: "Database `keycloak` exists",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S12: create the two databases (vectice and keycloak)",
        setting: "postgres.keycloak_database",
    },
    needs: &[Need::PostgresDatabases],
    subject: |estate| database::subject(estate, &estate.deployment.postgres.keycloak_database),
    page: include_str!("keycloak_database.md"),
    evaluate: |estate| database::exists(estate, &estate.deployment.postgres.keycloak_database),
};
