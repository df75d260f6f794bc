//! Snapshot files: no byte of one can change unnoticed, and what one holds can be looked at.

use std::fs;

use rayon::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vaudit_model::Snapshot;
use vaudit_model::blob::Shelf;
use vaudit_model::snapshot::{SnapshotError, hex};

use crate::support::{Azure, Ran, Vaudit};

/// Ways to spoil a byte: its lowest bit, that between the cases of a letter, its highest, all of them.
const FLIPS: [u8; 4] = [0x01, 0x20, 0x80, 0xff];

/// A snapshot of a few documents, as text and compressed.
fn both_forms() -> [Vec<u8>; 2] {
    let vaudit = Vaudit::default();
    ["s.snapshot", "s.zst"].map(|name| {
        let arguments =
            ["check", "--demo", "--rule", "PG001", "--rule", "BKP001", "--save-snapshot", name];
        vaudit.run(&arguments).exits(1);
        fs::read(vaudit.path(name)).unwrap()
    })
}

fn load(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    Snapshot::read_from(bytes, &Shelf::default())
}

#[test]
fn a_flipped_byte_is_noticed_wherever_it_stands() {
    for good in both_forms() {
        load(&good).unwrap();
        let spread = (0..200).map(|number| number * good.len() / 200);
        let places: Vec<usize> = spread.chain(good.len() - 100..good.len()).collect();
        places.par_iter().for_each(|&place| {
            for flip in FLIPS {
                let mut spoilt = good.clone();
                spoilt[place] ^= flip;
                assert!(load(&spoilt).is_err(), "byte {place} of {} ^ {flip:#x}", good.len());
            }
        });
    }
}

#[test]
fn a_file_that_was_cut_or_has_grown_is_noticed() {
    for good in both_forms() {
        let lengths = (0..200).map(|number| number * good.len() / 200);
        for length in lengths.chain(good.len() - 100..good.len()) {
            assert!(load(&good[..length]).is_err(), "{length} of {}", good.len());
        }
        for surplus in [b"\n".as_slice(), b"{}\n", &good] {
            assert!(load(&[&good, surplus].concat()).is_err());
        }
    }
}

/// Text that is sealed anew, as somebody would who knows the format.
fn sealed(lines: &[&str]) -> String {
    let text = lines.join("\n") + "\n";
    let digest = hex(&Sha256::digest(text.as_bytes()));
    format!("{text}{{\"sha256\":\"{digest}\"}}\n")
}

fn line_of(document: &str) -> String {
    let digest = hex(&Sha256::digest(document.as_bytes()));
    format!("{{\"document\":{document},\"sha256\":\"{digest}\"}}")
}

/// Whoever seals a file anew must still write what vaudit would write: nothing is read twice, in
/// another order, or with more in it than is judged.
#[test]
fn what_vaudit_would_not_write_is_refused_though_it_is_sealed() {
    let [text, _] = both_forms();
    let text = String::from_utf8(text).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.pop();
    load(sealed(&lines).as_bytes()).unwrap();
    let document = lines[1].strip_prefix("{\"document\":").unwrap();
    let document = &document[..document.len() - 77];
    assert_eq!(line_of(document), lines[1]);
    let with = |number: usize, line: String| {
        let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        lines[number] = line;
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        load(sealed(&lines).as_bytes()).unwrap_err().to_string()
    };
    let deep = format!("{{\"json\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let body =
        &document[document.find("{\"json\":").unwrap()..document.find(",\"read_at\"").unwrap()];
    for (number, line, why) in [
        (1, line_of(&format!(" {document}")), "not written as vaudit writes it"),
        (1, line_of(&document.replacen(':', ": ", 1)), "not written as vaudit writes it"),
        (1, line_of(&document.replacen("\"page\":0", "\"page\":0,\"more\":1", 1)), "unknown field"),
        (
            1,
            line_of(&document.replacen("\"page\":0", "\"page\":0,\"page\":0", 1)),
            "duplicate field",
        ),
        (1, line_of(&document.replace(body, &deep)), "recursion limit"),
        (1, line_of(&document.replace(body, "{\"json\":1e999}")), "out of range"),
        (1, line_of(&document.replace(body, "{\"json\":1.50}")), "not written as vaudit writes it"),
        (2, lines[1].to_owned(), "not in its place"),
        (1, lines[2].to_owned(), "not in its place"),
        (0, lines[0].replacen(':', ": ", 1), "line 1 is not written as vaudit writes it"),
        (0, format!("{}\r", lines[0]), "line 1 is not written as vaudit writes it"),
        (0, lines[0].replacen(":2,", ":2,\"more\":1,", 1), "unknown field"),
    ] {
        let error = with(number, line.clone());
        assert!(error.contains(why), "{error}\n{line}");
    }
}

/// Every command that takes a snapshot refuses a spoilt one, says why, and prints nothing.
#[test]
fn a_spoilt_file_is_no_audit() {
    let [text, packed] = both_forms();
    let edited = String::from_utf8(text.clone()).unwrap();
    let edited = edited.replace("\"version\":\"14\"", "\"version\":\"13\"").into_bytes();
    let mut flipped = packed.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let unsealed = packed.len() - 40;
    for (bytes, why) in [
        (edited, "the PostgreSQL flexible servers at /subscriptions/"),
        (text[..text.len() / 2].to_vec(), "the file was cut"),
        (flipped, "does not match its seal"),
        (packed[..packed.len() / 2].to_vec(), "the file was cut"),
        (packed[..packed.len() - 1].to_vec(), "the file was cut"),
        (packed[..unsealed].to_vec(), "has no seal of vaudit"),
        ([&packed[..unsealed], &packed].concat(), "has no seal of vaudit"),
        ([packed.clone(), packed].concat(), "something follows the seal"),
    ] {
        let vaudit = Vaudit::default().signed_in();
        fs::write(vaudit.path("spoilt"), &bytes).unwrap();
        for command in [
            &["check", "--snapshot", "spoilt"][..],
            &["snapshot", "verify", "spoilt"],
            &["snapshot", "show", "spoilt", "--format", "json"],
        ] {
            let ran =
                vaudit.run(command).exits(2).says("spoilt is not a usable snapshot").says(why);
            assert_eq!(ran.stdout, "");
            if why.contains("seal") {
                ran.says("if `zstd -d` decompresses it");
            }
        }
        let azure = Azure::named("compliant");
        let vaudit = azure.vaudit();
        fs::write(vaudit.path("spoilt"), &bytes).unwrap();
        let ran = vaudit.run(&["check", "--blob-listing", "spoilt"]).exits(2).says(why);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn verify_says_what_was_verified() {
    let vaudit = Vaudit::default();
    vaudit.run(&["collect", "--demo", "--output", "s.zst"]).exits(3);
    let shown = vaudit.run(&["snapshot", "show", "s.zst", "--format", "json"]).exits(0).json();
    let said = vaudit.run(&["snapshot", "verify", "s.zst"]).exits(0).stdout;
    let total = &shown["documents"]["total"];
    for part in [
        "s.zst: whole and unchanged".to_owned(),
        format!("{total} documents, each with its SHA-256"),
        "demo: the embedded simulator, not Azure".to_owned(),
        format!("vaudit {}, format version 2, compressed and sealed", env!("CARGO_PKG_VERSION")),
        format!("object {}", shown["identity"]["object_id"].as_str().unwrap()),
        shown["sha256"].as_str().unwrap().to_owned(),
    ] {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&part), "{part:?} is not in:\n{said}");
    }
    vaudit.run(&["snapshot", "verify", "gone"]).exits(2).says("gone cannot be read");
    vaudit.run(&["snapshot", "verify", "."]).exits(2).says(". cannot be read");
}

#[test]
fn show_says_what_is_held_and_what_was_lost() {
    let azure = Azure::parsed(&json!({
        "description": "One answer is refused, one resource is gone, and the auditor's clock is wrong.",
        "extends": "compliant",
        "clock_offset": "20m",
        "faults": [{"on": "GET {pg}/backups?*", "status": 403, "code": "AuthorizationFailed",
            "message": "does not have authorization to perform action 'A/b/read' over scope '/subscriptions/1'"}],
    }));
    let vaudit = azure.vaudit();
    vaudit.run(&["collect", "--output", "s.snapshot"]).exits(3);
    let show =
        |format| vaudit.run(&["snapshot", "show", "s.snapshot", "--format", format]).exits(0);
    let shown = show("json").json();
    let header: Value =
        serde_json::from_str(vaudit.read("s.snapshot").lines().next().unwrap()).unwrap();
    for field in ["started_at", "finished_at", "identity", "requests", "retries", "tool_version"] {
        assert_eq!(shown[field], header[field], "{field}");
    }
    let number = |of: &Value, field: &str| of[field].as_u64().unwrap();
    let documents = vaudit.read("s.snapshot").lines().count() as u64 - 2;
    assert_eq!(number(&shown["documents"], "total"), documents);
    assert_eq!(number(&shown["documents"], "unread"), 1);
    let kinds = shown["kinds"].as_array().unwrap();
    for field in ["total", "read", "absent", "unread"] {
        let sum: u64 = kinds.iter().map(|kind| number(kind, field)).sum();
        assert_eq!(sum, number(&shown["documents"], field), "{field}");
    }
    assert_eq!(shown["manifest"]["deployments"], json!(["production"]));
    assert_eq!(shown["demo"], false);
    assert_eq!(shown["compressed"], false);
    let gap = &shown["gaps"][0];
    assert_eq!(
        (&gap["kind"], &gap["reason"], &gap["status"], &gap["action"], &gap["scope"]),
        (
            &json!("postgres-backups"),
            &json!("forbidden"),
            &json!(403),
            &json!("A/b/read"),
            &json!("/subscriptions/1")
        )
    );
    assert!((-1202..=-1198).contains(&shown["clock_skew_seconds"].as_i64().unwrap()), "{shown}");
    let table = show("table").stdout;
    for part in
        ["1 document could not be read", "A/b/read", "20 min", "behind Azure's", "production"]
    {
        assert!(table.contains(part), "{part:?} is not in:\n{table}");
    }
}

#[test]
fn a_blob_listing_is_shown_as_one() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    vaudit.run(&["list-blobs", "--output", "blobs.zst"]).exits(0);
    let ran: Ran = vaudit.run(&["snapshot", "verify", "blobs.zst"]).exits(0);
    assert!(ran.stdout.contains("in a blob listing by vaudit"), "{}", ran.stdout);
    let shown = vaudit.run(&["snapshot", "show", "blobs.zst", "--format", "json"]).exits(0).json();
    assert_eq!(shown["contents"], "blob-listing");
    vaudit.run(&["check", "--snapshot", "blobs.zst"]).exits(2).says("is a blob listing");
    let arguments = ["--blob-listing", "blobs.zst", "--save-snapshot", "s.zst"];
    vaudit.run(&[["check", "--rule"], ["BKP0*", "--quiet"]].concat()).exits(0);
    vaudit.run(&[&["check", "--rule", "BKP0*"][..], &arguments].concat()).exits(0);
    let table = vaudit.run(&["snapshot", "show", "s.zst"]).exits(0).stdout;
    assert!(table.contains("from a listing of"), "{table}");
}

#[test]
fn hostile_names_do_not_act_on_the_terminal() {
    let vaudit = Vaudit::default();
    vaudit.run(&["collect", "--demo", "--output", "s\u{1b}[2J.zst"]).exits(3);
    for command in ["verify", "show"] {
        let said = vaudit.run(&["snapshot", command, "s\u{1b}[2J.zst"]).exits(0).stdout;
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn nested_commands_have_a_manual_page() {
    let vaudit = Vaudit::default();
    for name in ["snapshot", "snapshot-verify", "snapshot-show", "list-blobs"] {
        let page = vaudit.run(&["man", name]).exits(0).stdout;
        assert!(page.contains(&format!(".TH vaudit-{name} ")), "{page}");
    }
    vaudit.run(&["man", "verify"]).exits(2).says("there is no command");
}
