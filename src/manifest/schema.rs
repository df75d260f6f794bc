//! The JSON Schema of `vaudit.toml`, made from the key table.

use serde_json::{Map, Value, json};
use toml::de::DeValue;

use crate::forms::Form;
use crate::keys::cloud::{CUSTOM, CUSTOM_KEYS};
use crate::keys::deployment::NAME;
use crate::keys::{
    Absent, CLOUD, DEFAULTS, DEPLOYMENT, Key, Kind, TOPS, Top, WAIVER, cloud, deployment, waiver,
};

/// The JSON Schema (draft 2020-12) of `vaudit.toml`.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let mut tables = Map::new();
    for table in &deployment::TABLES {
        definitions.insert(table.name.to_owned(), object(table.about, table.keys));
        let reference = format!("#/$defs/{}", table.name);
        tables.insert(table.name.to_owned(), json!({ "$ref": reference }));
    }
    let mut properties = Map::new();
    for top in TOPS {
        let table = table_of(top, &tables);
        let schema = if top.repeated {
            json!({ "type": "array", "description": top.about, "items": table })
        } else {
            table
        };
        properties.insert(top.name.to_owned(), schema);
    }
    properties[DEPLOYMENT.name]["minItems"] = json!(1);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vaudit.toml",
        "description": "What vaudit audits, and what it expects",
        "type": "object",
        "properties": properties,
        "required": [DEPLOYMENT.name],
        "additionalProperties": false,
        "allOf": required_in_defaults_or_everywhere(),
        "$defs": definitions,
    })
}

fn table_of(top: &Top, tables: &Map<String, Value>) -> Value {
    if top.name == WAIVER.name {
        return object(top.about, &waiver::KEYS);
    }
    if top.name == CLOUD.name {
        return cloud_object(top);
    }
    let mut schema = object(top.about, &deployment::KEYS);
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.extend(tables.clone());
        if top.name == DEFAULTS.name {
            properties.remove(NAME);
        }
    }
    schema["required"] = if top.name == DEFAULTS.name { json!([]) } else { json!([NAME]) };
    schema
}

/// Endpoints are required of a custom cloud and forbidden to any other.
fn cloud_object(top: &Top) -> Value {
    let mut schema = object(top.about, &cloud::KEYS);
    let custom = object("", &CUSTOM_KEYS);
    let forbidden: Map<String, Value> =
        CUSTOM_KEYS.iter().map(|key| (key.name.to_owned(), json!(false))).collect();
    if let (Some(all), Some(own)) =
        (schema["properties"].as_object_mut(), custom["properties"].as_object())
    {
        all.extend(own.clone());
    }
    schema["if"] = json!({ "properties": { "name": { "const": CUSTOM } }, "required": ["name"] });
    schema["then"] = json!({ "required": custom["required"] });
    schema["else"] = json!({ "properties": forbidden });
    schema
}

/// What is required of a deployment may also come from the defaults.
fn required_in_defaults_or_everywhere() -> Vec<Value> {
    let required = required(&deployment::KEYS);
    let merged = required.iter().filter(|name| **name != NAME);
    merged
        .map(|name| {
            let has = json!({ "required": [name] });
            json!({ "anyOf": [
                { "properties": { (DEFAULTS.name): has }, "required": [DEFAULTS.name] },
                { "properties": { (DEPLOYMENT.name): { "items": has } } },
            ] })
        })
        .collect()
}

fn object<T>(about: &str, keys: &'static [Key<T>]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required(keys),
        "additionalProperties": false,
    })
}

fn required<T>(keys: &'static [Key<T>]) -> Vec<&'static str> {
    let required = keys.iter().filter(|key| matches!(key.absent, Absent::Mistake(_)));
    required.map(|key| key.name).collect()
}

fn property<T>(key: &'static Key<T>) -> Value {
    let mut schema = match &key.kind {
        Kind::Text(form, _) => text(form, false),
        Kind::OptionalText(form, _) => text(form, true),
        Kind::Texts(form, _) => json!({ "type": "array", "items": text(form, false) }),
        Kind::Word(words) => {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            json!({ "type": "string", "enum": words })
        }
        Kind::Flag(_) => json!({ "type": "boolean" }),
        Kind::Number(range, _) => {
            json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() })
        }
        Kind::Ports(_) => json!({
            "type": "array",
            "items": { "type": "integer", "minimum": 1, "maximum": 65535 },
            "minItems": 1,
        }),
        Kind::LastDay(_) => json!({ "type": "string", "format": "date" }),
        Kind::Zone(_) => json!({ "type": "string" }),
        Kind::Selector(resource, _) => json!({
            "type": "string",
            "pattern": format!("^(?:{}|/.+)?$", resource.name.pattern),
        }),
        Kind::Ids(_, _) => {
            json!({ "type": "array", "items": { "type": "string", "pattern": "^/.+" } })
        }
        Kind::Federations(keys, _) => json!({ "type": "array", "items": object(key.about, keys) }),
    };
    schema["description"] = json!(key.about);
    match key.absent {
        Absent::Means(value) => schema["default"] = json_of(value),
        Absent::Mistake(value) | Absent::Unknown(value) => {
            schema["examples"] = json!([json_of(value)]);
        }
    }
    schema
}

fn text(form: &Form, may_be_empty: bool) -> Value {
    let optional = if may_be_empty { "?" } else { "" };
    json!({
        "type": "string",
        "pattern": format!("^(?:{}){optional}$", form.pattern),
        "maxLength": form.longest,
    })
}

/// The JSON value of a TOML value of the key table.
fn json_of(toml: &str) -> Value {
    DeValue::parse(toml).map_or(Value::Null, |value| json_value(value.get_ref()))
}

fn json_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => json!(number.as_str().parse::<u32>().ok()),
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().ok()),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Datetime(moment) => json!(moment.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_value(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), json_value(value.get_ref())))
            .collect(),
    }
}
