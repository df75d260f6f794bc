//! The JSON Schema says what the parser does.

use serde_json::{Value, json};
use vaudit_manifest::json_schema;

#[test]
fn tables_are_closed_and_say_what_they_are() {
    let schema = json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], json!(["deployment"]));
    let mut tables = 0;
    check_tables(&schema, &mut tables);
    assert_eq!(
        tables,
        1 + 9 + 1 + 4,
        "the file, the tables of a deployment, federations, the tops"
    );
}

fn check_tables(schema: &Value, tables: &mut usize) {
    if let Some(properties) = schema["properties"].as_object()
        && schema["type"] == "object"
    {
        *tables += 1;
        assert_eq!(schema["additionalProperties"], false, "{schema}");
        assert!(!properties.is_empty());
    }
    match schema {
        Value::Object(members) => members.values().for_each(|value| check_tables(value, tables)),
        Value::Array(items) => items.iter().for_each(|value| check_tables(value, tables)),
        _ => {}
    }
}

#[test]
fn keys_have_types_defaults_and_descriptions() {
    let schema = json_schema();
    let postgres = &schema["$defs"]["postgres"]["properties"];
    assert_eq!(
        postgres["end_of_life"],
        json!({
            "type": "string",
            "enum": ["fail", "informational", "off"],
            "default": "informational",
            "description": "how a version past its end of life counts",
        })
    );
    assert_eq!(postgres["expected_major"]["default"], "13");
    let network = &schema["$defs"]["network"]["properties"];
    assert_eq!(network["database_ports"]["default"], json!([5432]));
    assert_eq!(network["allow_virtual_appliance"]["default"], false);

    let top = &schema["properties"];
    assert_eq!(top["deployment"]["items"]["required"], json!(["name"]));
    assert_eq!(top["waiver"]["items"]["required"], json!(["rule", "reason", "owner", "expires"]));
    assert_eq!(top["waiver"]["items"]["properties"]["expires"]["examples"], json!(["2027-03-31"]));
    assert_eq!(top["defaults"]["properties"]["name"], Value::Null);
    assert_eq!(top["defaults"]["properties"]["clock_skew_seconds"]["default"], 300);
    assert_eq!(
        top["cloud"]["then"]["required"],
        json!(["resource_manager", "graph", "authority", "storage_suffix"])
    );
}
