//! Does the application's database exist?

use vaudit_model::{Meta, Need, Rule, Severity, Tier};

use super::database;

/// PG010.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG010",
        name: "vectice-database",
        title: "Database `vectice` exists",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S12: create the two databases (vectice and keycloak)",
        setting: "postgres.vectice_database",
    },
    needs: &[Need::PostgresDatabases],
    subject: |estate| database::subject(estate, &estate.deployment.postgres.vectice_database),
    page: include_str!("vectice_database.md"),
    evaluate: |estate| database::exists(estate, &estate.deployment.postgres.vectice_database),
};
