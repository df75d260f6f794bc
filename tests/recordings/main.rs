//! Truth on recorded answers: every exchange of a folder through the tolerant readers, and recorded
//! resources in the place of the compliant estate's.
//!
//! `VAUDIT_RECORDINGS` names the folder. Without it our own exchanges are read, one a quirk. Nothing
//! here knows which exchanges there are: what is expected of an exchange is derived from its raw JSON
//! by a naive look, which shares no code with the readers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod answers;
mod comparison;
mod exchange;
mod graft;
mod kinds;
mod known;
mod naive;
#[path = "../redaction/names.rs"]
mod names;
mod place;
mod redacted;
mod shown;
#[path = "../support/mod.rs"]
mod support;
mod transplants;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use comparison::Comparison;
use exchange::{exchanges, folder, own};
use kinds::kind_of;

/// Everything that is held of an exchange.
fn compared(exchange: &exchange::Exchange) -> Comparison<'_> {
    let mut comparison = Comparison::of(exchange);
    let kind = kind_of(&comparison);
    answers::compare(&mut comparison, kind.asked);
    kind.compare(&mut comparison);
    comparison
}

#[test]
fn every_answer_says_what_was_sent() {
    let exchanges = exchanges(&folder());
    let (mut wrong, mut known_facts, mut known_rows) = (Vec::new(), 0, 0);
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let table = known::table();
    for exchange in &exchanges {
        let mut comparison = compared(exchange);
        for row in table.iter().filter(|row| row.is_of(&comparison)).collect::<Vec<_>>() {
            known_facts += row.compare(&mut comparison);
            known_rows += 1;
        }
        let count = counts.entry(&exchange.file).or_default();
        count.0 += 1;
        count.1 += comparison.facts.len();
        let at = exchange.at();
        wrong.extend(comparison.wrong.iter().map(|why| format!("{at}: {why}")));
    }
    for (file, (documents, facts)) in &counts {
        println!("{file}: {documents} documents, {facts} facts");
    }
    let facts: usize = counts.values().map(|(_, facts)| facts).sum();
    println!(
        "{} documents, {facts} facts; {known_rows} of them known with {known_facts} facts",
        exchanges.len()
    );
    assert!(wrong.is_empty(), "{} facts are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_recorded_resource_in_the_estate_gets_the_verdicts_of_its_values() {
    let exchanges = exchanges(&folder());
    let (wrong, counts, compared) = transplants::audit(&exchanges);
    for (kind, count) in &counts {
        println!("{kind}: {count} in the compliant estate");
    }
    println!("{} audits, {compared} verdicts", counts.values().sum::<usize>());
    assert!(wrong.is_empty(), "{} verdicts are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_recorded_id_or_name_stays_where_it_is_redacted() {
    let exchanges = exchanges(&folder());
    let left: Vec<String> = exchanges
        .iter()
        .filter_map(|exchange| {
            let left = redacted::left_of(exchange);
            (!left.is_empty()).then(|| format!("{}: {}", exchange.at(), left.join(", ")))
        })
        .collect();
    assert!(left.is_empty(), "{} of {}:\n{}", left.len(), exchanges.len(), left.join("\n"));
}

#[test]
fn our_own_exchanges_show_every_kind_and_all_that_is_known_of_them() {
    let exchanges = exchanges(&own());
    let table = known::table();
    let mut kinds = BTreeSet::new();
    let mut shown = BTreeSet::new();
    for exchange in &exchanges {
        let comparison = compared(exchange);
        kinds.extend(kind_of(&comparison).name().filter(|_| exchange.succeeded()));
        shown.extend(
            table.iter().filter(|row| row.is_of(&comparison)).filter_map(|row| row.own_url()),
        );
    }
    assert_eq!(kinds, kinds::names().collect());
    let known: BTreeSet<&str> = table.iter().filter_map(|row| row.own_url()).collect();
    assert_eq!(shown, known);
    assert_eq!(known.len(), exchanges.len());
}

/// The comparison tells a misreading: a server in a network is not read as a public one.
#[test]
fn what_is_known_of_one_answer_is_wrong_of_another() {
    let exchanges = exchanges(&own());
    let named = |name: &str| exchanges.iter().find(|own| own.url.contains(name)).unwrap();
    let (private, public) = (named("/pg-private?"), named("/pg-public?"));
    let table = known::table();
    let is_public = |row: &&known::Known| row.is_of(&Comparison::of(public));
    let row = table.iter().find(is_public).unwrap();
    let mut comparison = compared(private);
    assert_eq!(comparison.wrong, Vec::<String>::new());
    assert_eq!(row.compare(&mut comparison), 3);
    assert_eq!(comparison.wrong.len(), 3, "{:?}", comparison.wrong);
}
