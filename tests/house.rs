//! The house rules: who may depend on whom, how files begin, what does not belong in the project.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;
use support::{files, root};

/// Which rooms a room may depend on (DESIGN, "Rooms").
const LAW: &[(&str, &[&str])] = &[
    ("vaudit-model", &[]),
    ("vaudit-azure", &["vaudit-model"]),
    ("vaudit-engine", &["vaudit-model"]),
    ("vaudit-manifest", &["vaudit-model"]),
    ("vaudit-simulator", &["vaudit-model"]),
    ("vaudit-rules", &["vaudit-model"]),
    ("vaudit-reports", &["vaudit-model"]),
    (
        "vaudit",
        &[
            "vaudit-azure",
            "vaudit-engine",
            "vaudit-manifest",
            "vaudit-model",
            "vaudit-reports",
            "vaudit-rules",
            "vaudit-simulator",
        ],
    ),
];

/// How many crates of others the program may depend on directly; what only tests need comes on top.
const MOST_DIRECT_DEPENDENCIES: usize = 45;

/// Licences that ask nothing a binary could not give.
const ACCEPTED_LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The platform this test runs on.
fn host() -> String {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(rustc.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The dependencies of each room: for the program, and for its tests.
fn dependencies() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let metadata = metadata(&["--no-deps"]);
    let mut rooms = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let (mut own, mut dev) = (BTreeSet::new(), BTreeSet::new());
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap().to_owned();
            let set = if dependency["kind"] == "dev" { &mut dev } else { &mut own };
            set.insert(name);
        }
        rooms.insert(package["name"].as_str().unwrap().to_owned(), (own, dev));
    }
    rooms
}

#[test]
fn rooms_depend_only_on_the_rooms_they_may() {
    let rooms = dependencies();
    let known: BTreeSet<&str> = LAW.iter().map(|(room, _)| *room).collect();
    assert_eq!(rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    for (room, allowed) in LAW {
        for dependency in rooms[*room].0.iter().filter(|name| name.starts_with("vaudit")) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{room} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn pure_rooms_have_no_crate_that_does_input_or_output() {
    let impure = ["tokio", "reqwest", "hyper", "axum", "rand", "fastrand", "getrandom", "tempfile"];
    let rooms = dependencies();
    for room in
        ["vaudit-model", "vaudit-rules", "vaudit-reports", "vaudit-engine", "vaudit-manifest"]
    {
        for dependency in &rooms[room].0 {
            assert!(
                !impure.contains(&dependency.as_str()),
                "{room} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn pure_rooms_forbid_impurity_to_clippy() {
    for room in ["src/model", "src/engine", "src/manifest", "rules", "reports"] {
        let text = fs::read_to_string(root().join(room).join("clippy.toml")).unwrap();
        for path in [
            "std::fs::File::open",
            "std::env::var",
            "std::time::SystemTime::now",
            "std::net::TcpStream",
            "jiff::Timestamp::now",
            "std::collections::HashMap",
        ] {
            assert!(text.contains(path), "{room}/clippy.toml does not forbid {path}");
        }
    }
}

#[test]
fn direct_dependencies_stay_few() {
    let mut names = BTreeSet::new();
    for (own, _) in dependencies().into_values() {
        names.extend(own.into_iter().filter(|name| !name.starts_with("vaudit")));
    }
    assert!(
        names.len() <= MOST_DIRECT_DEPENDENCIES,
        "{} direct dependencies: {names:?}",
        names.len()
    );
}

#[test]
fn licences_are_accepted() {
    // Packages for other systems are not downloaded, so only this one's can be asked.
    for package in metadata(&["--filter-platform", &host()])["packages"].as_array().unwrap() {
        let name = &package["name"];
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        let accepted = licence.split(" OR ").any(|choice| {
            let choice = choice.trim_matches(['(', ')', ' ']);
            choice.split(" AND ").all(|part| {
                let part = part.trim_matches(['(', ')', ' ']);
                let part = part.split(" WITH ").next().unwrap();
                ACCEPTED_LICENCES.contains(&part)
            })
        });
        assert!(accepted, "{name} has the licence {licence:?}");
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    for path in files(&root(), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} does not open with a //! sentence", path.display());
    }
}

#[test]
fn nothing_is_left_for_later_and_nothing_of_this_machine_is_kept() {
    // Put together at run time, so that this file does not find itself.
    let later = ["TO", "DO"].concat();
    let fix = ["FIX", "ME"].concat();
    let machine = [["/ro", "ot/"].concat(), ["/wo", "rk/"].concat(), ["/ho", "me/"].concat()];
    for ending in [".rs", ".toml", ".md", ".json", ".sh", ".py", ".yml", ".yaml"] {
        for path in files(&root(), ending) {
            let text = fs::read_to_string(&path).unwrap();
            let shown = path.display();
            assert!(
                !text.contains(&later) && !text.contains(&fix),
                "{shown} leaves something for later"
            );
            for folder in &machine {
                assert!(!text.contains(folder.as_str()), "{shown} names a path of one machine");
            }
        }
    }
}

#[test]
fn no_room_is_called_utils() {
    for path in files(&root(), ".rs") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            !["util", "utils", "helpers", "misc", "common"].contains(&name.as_str()),
            "{}",
            path.display()
        );
    }
}

/// A page that is moved leaves its readers behind.
#[test]
fn links_between_pages_lead_somewhere() {
    for path in files(&root(), ".md") {
        let text = fs::read_to_string(&path).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for target in targets.map(|(target, _)| target.split('#').next().unwrap()) {
            let is_elsewhere = target.is_empty() || target.contains("://") || target.contains(' ');
            let there = path.parent().unwrap().join(target);
            assert!(is_elsewhere || there.exists(), "{}: {target}", path.display());
        }
    }
}
