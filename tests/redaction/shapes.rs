//! The lists of what stays are those of the code that reads.

use std::collections::BTreeSet;
use std::fs;

use vaudit_model::redaction::PUBLIC_IDS;

use crate::support::{files, root};

/// The code of two rooms without their tests.
fn sources() -> Vec<String> {
    let rooms = ["src/model", "rules"].map(|room| files(&root().join(room), ".rs"));
    let is_code = |path: &std::path::PathBuf| {
        let path = path.to_string_lossy();
        !["/tests/", "/redaction/", "brute_force", "fixture"].iter().any(|own| path.contains(own))
    };
    let texts = rooms.into_iter().flatten().filter(is_code).map(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]").next().unwrap().to_owned()
    });
    texts.collect()
}

#[test]
fn the_ids_that_stay_are_those_that_rules_know() {
    let pattern = |own: &[u8]| {
        own.iter().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => *c == b'-',
            _ => c.is_ascii_hexdigit(),
        })
    };
    let known: BTreeSet<String> = sources()
        .iter()
        .flat_map(|text| {
            let quoted = text.split('"').filter(|own| own.len() == 36 && pattern(own.as_bytes()));
            quoted.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(known.iter().map(String::as_str).collect::<Vec<_>>(), PUBLIC_IDS);
}

/// A field that is read keeps its name and, where it is no name itself, its words: or nobody could
/// judge what is redacted.
#[test]
fn the_fields_that_are_read_are_known() {
    let known = fs::read_to_string(root().join("src/model/redaction/fields.rs")).unwrap();
    let mut read = BTreeSet::new();
    for text in sources() {
        for rest in text.split(".at(\"").skip(1) {
            read.insert(rest.split('"').next().unwrap().to_ascii_lowercase());
        }
    }
    assert!(read.len() > 100, "{}", read.len());
    let missing: Vec<&String> =
        read.iter().filter(|field| !known.contains(&format!("\"{field}\""))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
