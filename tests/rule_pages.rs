//! The catalogue holds together: every rule has its page, its examples run, and no rule guesses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use support::pages::{COMPLIANT, Example};
use support::{files, root};
use vaudit_engine::evaluate;
use vaudit_model::{Body, Document, Estate, Need, RequestKind, Rule, Snapshot, Verdict};
use vaudit_rules::CATALOGUE;

const HEADINGS: [&str; 6] = [
    "What it checks",
    "Why it matters",
    "How to fix",
    "Examples",
    "When to make an exception",
    "References",
];

/// Rules that can only pass or be indeterminate (`catalogue.md`, below §D.1).
const CANNOT_FAIL: &[&str] = &["AKS010", "AUD001", "AUD004", "DNS008", "IAM014", "NET001"];

/// The folder of each module.
const MODULES: &[(&str, &str)] = &[
    ("AKS", "kubernetes"),
    ("AUD", "audit"),
    ("BKP", "backup"),
    ("DNS", "dns"),
    ("IAM", "identity"),
    ("NET", "network"),
    ("PG", "postgres"),
    ("PLC", "placement"),
    ("STO", "storage"),
];

fn verdict(rule: &'static Rule, estate: &Estate<'_>) -> Verdict {
    evaluate(rule, estate).iter().map(|result| result.judgement.verdict).max().unwrap()
}

/// Everything a rule says about an estate, to be compared.
fn said(rule: &'static Rule, snapshot: &Snapshot) -> Vec<String> {
    let example = Example::of(&json!({}));
    let estate = Estate::new(snapshot, &example.deployment);
    let mut said: Vec<String> =
        evaluate(rule, &estate).iter().map(|result| format!("{:?}", result.judgement)).collect();
    said.sort();
    said
}

#[test]
fn the_registry_and_the_folders_agree() {
    let rules = root().join("rules");
    let mut pages: Vec<String> = files(&rules, ".md")
        .iter()
        .map(|path| path.strip_prefix(&rules).unwrap().display().to_string())
        .collect();
    pages.sort();
    let mut registered = Vec::new();
    for rule in CATALOGUE {
        let module = rule.meta.id.trim_end_matches(|c: char| c.is_ascii_digit());
        let folder = MODULES.iter().find(|(own, _)| *own == module).unwrap().1;
        let page = pages
            .iter()
            .find(|page| {
                page.starts_with(folder)
                    && fs::read_to_string(rules.join(page)).unwrap() == rule.page
            })
            .unwrap_or_else(|| panic!("{} has no page in rules/{folder}", rule.meta.id));
        let source = rules.join(page.replace(".md", ".rs"));
        let text = fs::read_to_string(&source).unwrap();
        assert!(text.contains(&format!("id: \"{}\"", rule.meta.id)), "{}", source.display());
        registered.push(page.clone());
    }
    registered.sort();
    assert_eq!(registered, pages, "a page that no registered rule has");
}

#[test]
fn ids_and_names_are_unique_and_sorted_and_for_ever() {
    let ids: Vec<&str> = CATALOGUE.iter().map(|rule| rule.meta.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let names: BTreeSet<&str> = CATALOGUE.iter().map(|rule| rule.meta.name).collect();
    assert_eq!(names.len(), ids.len());
    for name in names {
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{name}"
        );
    }
    let lines = CATALOGUE.iter().map(|rule| {
        let meta = rule.meta;
        format!("{} {} {} {}", meta.id, meta.name, meta.severity.word(), meta.tier.letter())
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

/// A page that names a rule that is not there sends its reader after evidence that nobody has.
#[test]
fn pages_name_only_rules_that_exist() {
    let ids: BTreeSet<&str> = CATALOGUE.iter().map(|rule| rule.meta.id).collect();
    for path in files(&root(), ".md") {
        let text = fs::read_to_string(&path).unwrap();
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            let module = word.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_id =
                word.len() == module.len() + 3 && MODULES.iter().any(|(own, _)| *own == module);
            assert!(!is_id || ids.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn every_page_has_its_headings() {
    for rule in CATALOGUE {
        let id = rule.meta.id;
        let mut lines = rule.page.lines();
        assert_eq!(lines.next(), Some(format!("# {}", rule.meta.title).as_str()), "{id}");
        let headings: Vec<&str> =
            rule.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{id}");
        assert!(!rule.meta.reference.is_empty(), "{id}");
    }
}

/// The examples of a page: what they are tagged with, and the fragment.
fn examples(page: &str) -> Vec<(String, Value)> {
    let mut examples = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(tag) = line.strip_prefix("```json ") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let text = text.join("\n");
            let fragment =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            examples.push((tag.to_owned(), fragment));
        }
    }
    examples
}

#[test]
fn every_example_is_judged_as_its_page_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for rule in CATALOGUE {
        let mut seen = BTreeSet::new();
        for (tag, fragment) in examples(rule.page) {
            let expected = match tag.as_str() {
                "fails" => Verdict::Fail,
                "passes" => Verdict::Pass,
                "not-applicable" => Verdict::NotApplicable,
                "indeterminate" => Verdict::Indeterminate,
                "informational" => Verdict::Informational,
                other => panic!("{}: an example tagged {other:?}", rule.meta.id),
            };
            let example = Example::of(&fragment);
            let estate = Estate::new(&example.snapshot, &example.deployment);
            let results = evaluate(rule, &estate);
            let found = results.iter().map(|result| result.judgement.verdict).max().unwrap();
            if found != expected {
                let message = &results[0].judgement.message;
                wrong.push(format!("{} {tag} is {found:?} ({message}): {fragment}", rule.meta.id));
            }
            seen.insert(tag);
            count += 1;
        }
        let must: &[&str] = if CANNOT_FAIL.contains(&rule.meta.id) {
            &["passes", "indeterminate"]
        } else {
            &["fails", "passes", "indeterminate"]
        };
        for tag in must {
            assert!(seen.contains(*tag), "{} has no example that {tag}", rule.meta.id);
        }
    }
    assert!(wrong.is_empty(), "{} of {count} examples:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} examples of {} rules", CATALOGUE.len());
}

#[test]
fn a_failing_example_says_how_to_mend_it_and_shows_what_it_saw() {
    for rule in CATALOGUE {
        for (_, fragment) in examples(rule.page).iter().filter(|(tag, _)| tag == "fails") {
            let example = Example::of(fragment);
            let estate = Estate::new(&example.snapshot, &example.deployment);
            let results = evaluate(rule, &estate);
            let failed = results.iter().filter(|result| result.judgement.verdict == Verdict::Fail);
            for result in failed {
                let judgement = &result.judgement;
                assert!(!judgement.evidence.is_empty(), "{}: {}", rule.meta.id, judgement.message);
                assert!(
                    judgement.message.ends_with('.'),
                    "{}: {}",
                    rule.meta.id,
                    judgement.message
                );
                let observed =
                    judgement.evidence.iter().any(|evidence| evidence.observed.is_some());
                assert!(observed, "{}: {}", rule.meta.id, judgement.message);
            }
        }
    }
}

/// What the verdict alone does not tell, and the reader must not miss.
#[test]
fn messages_say_what_a_verdict_rests_on() {
    let backup = |time: &str| json!({"backups": [{"properties": {"backupType": "Full", "completedTime": time}}]});
    let stopped = |mut fragment: Value| {
        fragment["server"] = json!({"properties": {"state": "Stopped"}});
        fragment
    };
    let restorable_from =
        |time: &str| json!({"server": {"properties": {"backup": {"earliestRestoreDate": time}}}});
    let old = "2026-01-01T00:00:00Z";
    let blob = |name: &str, written: &str| json!({"name": name, "length": 10, "created": written, "modified": written});
    let copied = |folders: &[&str], written: &str| {
        json!({
            "folders": folders,
            "source blobs": [blob("a", old), blob("b", old)],
            "newest folder": [blob("a", written)],
        })
    };
    let unclear = "set `backup.date_order`";
    let peering = |terms: Value| {
        let mut properties =
            json!({"remoteVirtualNetwork": {"id": "{postgres vnet}"}, "peeringState": "Connected"});
        properties.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        json!({"properties": {"virtualNetworkPeerings": [{"name": "aks-to-pg", "properties": properties}]}})
    };
    let space = |prefixes: &[&str]| json!({"addressPrefixes": prefixes});
    let unsynced = json!({"aks vnet": peering(json!({
        "remoteAddressSpace": space(&["10.2.0.0/24"]),
        "remoteVirtualNetworkAddressSpace": space(&["10.2.0.0/24", "10.3.0.0/24"]),
    }))});
    let any = json!({"priority": 80, "direction": "Inbound", "access": "Deny", "protocol": "*", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"});
    let denied = json!({"postgres group": {"properties": {"securityRules": [{"name": "deny-all", "properties": any}]}}});
    let mut unpeered = denied.clone();
    unpeered["aks vnet"] = peering(json!({"allowVirtualNetworkAccess": false}));
    let (newest, night) = ("2026-11-22T020000Z", "2026-11-22T02:00:00Z");
    for (id, fragment, said) in [
        ("BKP009", json!({"folders": ["04-11-2026"]}), unclear),
        ("BKP010", json!({"folders": ["04-11-2026"]}), unclear),
        ("BKP010", copied(&["2026-11-03T020000Z", "04-11-2026"], "2026-11-03T02:00:00Z"), unclear),
        ("BKP010", copied(&[newest, "04-11-2026"], night), "is no full copy: 1 of 2 blobs"),
        ("BKP009", copied(&[newest], night), "The only finished folder"),
        ("BKP009", copied(&[newest], "2026-11-22T08:55:00Z"), "still being written"),
        ("BKP001", backup("2026-11-22T03:10:00"), "without an offset and was read as UTC"),
        ("BKP001", backup("2026-11-19T03:10:00"), "without an offset and was read as UTC"),
        ("BKP001", stopped(backup("2026-11-19T03:10:00Z")), "The server's state is Stopped."),
        ("BKP002", stopped(backup("2026-11-19T03:10:00Z")), "The server's state is Stopped."),
        ("BKP002", backup("2026-11-19T03:10:00Z"), "A stop of the server would explain it"),
        ("BKP004", restorable_from("2026-11-08T10:00:00"), "without an offset and was read as UTC"),
        ("BKP004", restorable_from("2026-11-20T10:00:00Z"), "takes its time to fill"),
        ("BKP013", json!({}), "the 2 newest were made when their names say"),
        ("BKP013", copied(&["2026-10-01T020000Z"], night), "older than its content"),
        ("NET007", unsynced, "The traffic of this deployment is not affected"),
        ("NET011", json!({}), "are not visible to vaudit"),
        ("NET011", denied, "`deny-all` denies 10.1.0.0/20"),
        ("NET011", unpeered, "this is not the first broken hop: peering"),
    ] {
        let rule = CATALOGUE.iter().find(|rule| rule.meta.id == id).unwrap();
        let example = Example::of(&fragment);
        let estate = Estate::new(&example.snapshot, &example.deployment);
        let message = &evaluate(rule, &estate)[0].judgement.message;
        assert!(message.contains(said), "{id}: {message:?} does not say {said:?}: {fragment}");
    }
}

/// *Blindness*: with every fact unread no rule passes or fails.
#[test]
fn a_blind_rule_neither_passes_nor_fails() {
    let nothing = Snapshot::empty(COMPLIANT.header.clone());
    let mut refused = COMPLIANT.clone();
    for document in COMPLIANT.documents() {
        let mut document = document.clone();
        document.status = Some(403);
        document.body = Body::json(json!({"error": {"code": "AuthorizationFailed"}}));
        refused.insert(document);
    }
    let example = Example::of(&json!({}));
    for rule in CATALOGUE {
        for snapshot in [&nothing, &refused] {
            let estate = Estate::new(snapshot, &example.deployment);
            assert_eq!(verdict(rule, &estate), Verdict::Indeterminate, "{}", rule.meta.id);
        }
    }
}

/// The same for every document alone: what cannot be seen leaves a verdict as it is or takes it
/// away, it never makes another one.
#[test]
fn a_lost_document_never_changes_a_verdict_into_another() {
    let example = Example::of(&json!({}));
    let compliant = Estate::new(&COMPLIANT, &example.deployment);
    let seen: BTreeMap<&str, Verdict> =
        CATALOGUE.iter().map(|rule| (rule.meta.id, verdict(rule, &compliant))).collect();
    assert!(seen.values().all(|own| matches!(own, Verdict::Pass | Verdict::NotApplicable)));
    for lost in COMPLIANT.documents() {
        let mut snapshot = COMPLIANT.clone();
        let mut document = lost.clone();
        document.status = Some(403);
        document.body = Body::json(json!({"error": {"code": "AuthorizationFailed"}}));
        snapshot.insert(document);
        let estate = Estate::new(&snapshot, &example.deployment);
        for rule in CATALOGUE {
            let verdict = verdict(rule, &estate);
            assert!(
                verdict == Verdict::Indeterminate || Some(&verdict) == seen.get(rule.meta.id),
                "{} is {verdict:?} without {:?}",
                rule.meta.id,
                lost.request
            );
        }
    }
}

/// The same for every value alone: one of a type that Azure never sends is not understood, which
/// neither fails a rule nor excuses it.
#[test]
fn an_odd_value_never_changes_a_verdict_into_another() {
    let example = Example::of(&json!({}));
    let compliant = Estate::new(&COMPLIANT, &example.deployment);
    let seen: BTreeMap<&str, Verdict> =
        CATALOGUE.iter().map(|rule| (rule.meta.id, verdict(rule, &compliant))).collect();
    let mut snapshot = COMPLIANT.clone();
    let mut wrong = Vec::new();
    for read in COMPLIANT.documents() {
        let Body::Json(body) = &read.body else { continue };
        let is_read = |rule: &&&Rule| {
            let needs = Need::closure(rule.needs.iter().copied());
            needs.iter().any(|need| read.request.kind.serves(*need))
        };
        let rules: Vec<&&Rule> = CATALOGUE.iter().filter(is_read).collect();
        for pointer in pointers(body) {
            let mut document = read.clone();
            let Body::Json(body) = &mut document.body else { unreachable!() };
            let value = body.pointer_mut(&pointer).unwrap();
            *value = if value.is_object() { json!([true]) } else { json!({"odd": [true]}) };
            snapshot.insert(document);
            let estate = Estate::new(&snapshot, &example.deployment);
            for rule in &rules {
                let verdict = verdict(rule, &estate);
                if verdict != Verdict::Indeterminate && Some(&verdict) != seen.get(rule.meta.id) {
                    wrong.push(format!(
                        "{} is {verdict:?} with an odd {pointer} in {:?}",
                        rule.meta.id, read.request.kind
                    ));
                }
            }
        }
        snapshot.insert(read.clone());
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whose 404 is the answer to a rule's own question, and contradicts nothing.
const MAY_BE_GONE: &[RequestKind] = &[
    RequestKind::Application,
    RequestKind::PrivateDnsZone,
    RequestKind::ResourceGroup,
    RequestKind::ServicePrincipal,
];

/// And for every answer: a 404 about what other answers show is no proof of absence.
#[test]
fn a_404_that_contradicts_the_rest_never_changes_a_verdict_into_another() {
    let example = Example::of(&json!({}));
    let compliant = Estate::new(&COMPLIANT, &example.deployment);
    let seen: BTreeMap<&str, Verdict> =
        CATALOGUE.iter().map(|rule| (rule.meta.id, verdict(rule, &compliant))).collect();
    let mut wrong = Vec::new();
    let contradicted = |read: &&Document| !MAY_BE_GONE.contains(&read.request.kind);
    for read in COMPLIANT.documents().filter(contradicted) {
        for code in ["ResourceNotFound", "NotFound", "ParentResourceNotFound"] {
            let mut snapshot = COMPLIANT.clone();
            let mut document = read.clone();
            document.status = Some(404);
            document.body = Body::json(json!({"error": {"code": code}}));
            snapshot.insert(document);
            let estate = Estate::new(&snapshot, &example.deployment);
            for rule in CATALOGUE {
                let verdict = verdict(rule, &estate);
                if verdict != Verdict::Indeterminate && Some(&verdict) != seen.get(rule.meta.id) {
                    wrong.push(format!(
                        "{} is {verdict:?} with {code} for {:?}",
                        rule.meta.id, read.request.kind
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}

/// The places in a value, the value itself left out.
fn pointers(value: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| {
        let own = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let inner = pointers(value).into_iter().map(|pointer| format!("{own}{pointer}"));
        std::iter::once(own.clone()).chain(inner).collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| below(name, value)).collect()
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, value)| below(&index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    }
}

/// *Declared needs*: with only its needs filled a rule says exactly what it says with everything,
/// and is not indeterminate.
#[test]
fn a_rule_reads_what_it_declares_and_nothing_else() {
    for rule in CATALOGUE {
        let needs = Need::closure(rule.needs.iter().copied());
        let mut own = COMPLIANT.clone();
        own.retain(|document| needs.iter().any(|need| document.request.kind.serves(*need)));
        assert_eq!(said(rule, &own), said(rule, &COMPLIANT), "{}", rule.meta.id);
        let example = Example::of(&json!({}));
        let estate = Estate::new(&own, &example.deployment);
        assert_ne!(verdict(rule, &estate), Verdict::Indeterminate, "{}", rule.meta.id);
    }
}

/// *Determinism*: the order in which Azure lists things means nothing.
#[test]
fn the_order_of_lists_changes_nothing() {
    for seed in 1..=5 {
        let mut shuffled = COMPLIANT.clone();
        for document in COMPLIANT.documents() {
            let mut document = document.clone();
            match &mut document.body {
                Body::Json(body) => shuffle(body, &mut (seed * 7_919)),
                Body::Blobs(page) => {
                    shuffle_items(&mut page.prefixes, &mut (seed * 104_729));
                    let mut blobs = page.blobs.read().unwrap().into_owned();
                    shuffle_items(&mut blobs, &mut (seed * 1_299_709));
                    page.blobs = blobs.into();
                }
                Body::Empty | Body::Text(_) => {}
            }
            shuffled.insert(document);
        }
        for rule in CATALOGUE {
            assert_eq!(
                said(rule, &shuffled),
                said(rule, &COMPLIANT),
                "{} seed {seed}",
                rule.meta.id
            );
        }
    }
}

fn shuffle(value: &mut Value, state: &mut u64) {
    match value {
        Value::Array(items) => {
            shuffle_items(items, state);
            items.iter_mut().for_each(|item| shuffle(item, state));
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| shuffle(field, state)),
        _ => {}
    }
}

/// Fisher and Yates, with numbers that are the same in every run.
fn shuffle_items<T>(items: &mut [T], state: &mut u64) {
    for index in (1..items.len()).rev() {
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(*state >> 33).unwrap() % (index + 1);
        items.swap(index, other);
    }
}
