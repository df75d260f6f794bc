//! Evidence packs: what is in one, that it is the same every time, and what verifying one finds.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::{Azure, Vaudit, files};

type Files = BTreeMap<String, Vec<u8>>;

/// A run of a scenario with all that a pack is made of.
fn run_of(scenario: &str) -> Vaudit {
    let azure = Azure::named(scenario);
    let vaudit = azure.vaudit();
    vaudit.run(&["check", "--output", "json=r.json", "--save-snapshot", "s.snapshot"]);
    vaudit
}

fn packed(vaudit: &Vaudit, to: &str) {
    let arguments = ["report", "r.json", "--snapshot", "s.snapshot", "--pack", to];
    let ran = vaudit.run(&arguments).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

fn unzipped(path: &Path) -> Files {
    let mut archive = ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).unwrap();
        files.insert(entry.name().unwrap().into_owned(), bytes);
    }
    files
}

fn zip(path: &Path, files: &Files) {
    let mut writer = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in files {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, bytes).unwrap();
    }
    writer.finish().unwrap();
}

/// The digests anew, as somebody would write them who changed a file and knows how.
fn sealed(files: &mut Files) {
    files.remove("SHA256SUMS");
    let line = |(name, bytes): (&String, &Vec<u8>)| {
        let digest: String =
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}  {name}\n")
    };
    let sums: String = files.iter().map(line).collect();
    files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
}

#[test]
fn a_pack_holds_what_a_reviewer_needs_and_is_the_same_every_time() {
    let vaudit = run_of("drifted");
    for to in ["one.zip", "two.zip", "folder"] {
        packed(&vaudit, to);
    }
    assert!(fs::read(vaudit.path("one.zip")).unwrap() == fs::read(vaudit.path("two.zip")).unwrap());
    let files = unzipped(&vaudit.path("one.zip"));
    for (name, bytes) in &files {
        assert!(*bytes == fs::read(vaudit.path("folder").join(name)).unwrap(), "{name}");
    }
    let mut names: Vec<&str> = files.keys().map(String::as_str).collect();
    names.retain(|name| !name.starts_with("rules/"));
    let expected = [
        "README.txt",
        "SHA256SUMS",
        "evidence.snapshot",
        "report.csv",
        "report.html",
        "report.json",
        "report.sarif",
        "vaudit.toml",
    ];
    assert_eq!(names, expected);
    assert_eq!(files["report.json"], vaudit.read("r.json").into_bytes());
    assert_eq!(files["evidence.snapshot"], fs::read(vaudit.path("s.snapshot")).unwrap());
    assert_eq!(files["vaudit.toml"], vaudit.read("vaudit.toml").into_bytes());
    assert!(files.contains_key("rules/PG001.md"));
    for pack in ["one.zip", "folder"] {
        let ran = vaudit.run(&["report", "--verify-pack", pack]).exits(0);
        assert_eq!(ran.stdout.matches("  ok ").count(), 4, "{}", ran.stdout);
    }
    // What others check it with.
    let sums = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(vaudit.path("folder"))
        .status();
    assert!(sums.unwrap().success());
}

#[test]
fn a_changed_pack_is_found_out_also_with_its_digests_made_anew() {
    let vaudit = run_of("drifted");
    packed(&vaudit, "pack.zip");
    let files = unzipped(&vaudit.path("pack.zip"));
    let replace = |name: &str, from: &str, to: &str| {
        let mut files = files.clone();
        let text = String::from_utf8(files[name].clone()).unwrap();
        assert!(text.contains(from), "{name} {from}");
        files.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
        files
    };
    let without = |name: &str| {
        let mut files = files.clone();
        files.remove(name).unwrap();
        files
    };
    let with = |name: &str| {
        let mut files = files.clone();
        files.insert(name.to_owned(), b"{}".to_vec());
        files
    };
    let passed = replace("report.json", "\"verdict\": \"fail\"", "\"verdict\": \"pass\"");
    for (files, plain, anew) in [
        (passed.clone(), "report.json was changed", "is not what report.json says"),
        (
            replace("report.html", "<title>", "<title>Compliant: "),
            "report.html was changed",
            "report.html is not what report.json says",
        ),
        (replace("report.csv", "fail", "pass"), "report.csv was changed", "report.csv is not what"),
        (
            replace("rules/PG001.md", "#", "##"),
            "rules/PG001.md was changed",
            "rules/PG001.md is not what",
        ),
        (without("rules/PG001.md"), "rules/PG001.md is missing", "rules/PG001.md is missing"),
        (
            replace("vaudit.toml", "name", "# name"),
            "vaudit.toml was changed",
            "is not the manifest of the report",
        ),
        (
            replace("evidence.snapshot", "13", "14"),
            "evidence.snapshot was changed",
            "snapshot         is ",
        ),
        (without("report.json"), "report.json is missing", "report.json      is missing"),
        (with("evidence.snapshot.zst"), "evidence.snapshot.zst was added", "there are two"),
        (with("../outside"), "is no plain file inside the pack", "no plain file inside the pack"),
    ] {
        let verify = |mut files: Files, is_sealed: bool, said: &str| {
            if is_sealed {
                sealed(&mut files);
            }
            zip(&vaudit.path("changed.zip"), &files);
            let ran = vaudit.run(&["report", "--verify-pack", "changed.zip"]).exits(2);
            assert!(ran.stdout.contains("BROKEN"), "{}", ran.stdout);
            assert!(ran.stdout.contains(said), "{said:?} is not in\n{}", ran.stdout);
        };
        verify(files.clone(), false, plain);
        verify(files, true, anew);
    }
    // Who makes the reports anew as well is found out by the snapshot.
    let vaudit = vaudit.file("r2.json", str::from_utf8(&passed["report.json"]).unwrap());
    vaudit.run(&["report", "r2.json", "--snapshot", "s.snapshot", "--pack", "lie.zip"]).exits(0);
    let ran = vaudit.run(&["report", "--verify-pack", "lie.zip"]).exits(2);
    assert_eq!(ran.stdout.matches("  ok ").count(), 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("does not give report.json"), "{}", ran.stdout);
}

/// Another version may render and judge otherwise, and anybody can write another version there.
#[test]
fn what_only_another_version_could_tell_is_not_verified() {
    let vaudit = run_of("drifted");
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let report = vaudit.read("r.json");
    assert!(report.contains(&version));
    let passed = report.replacen(&version, "\"version\": \"99.0.0\"", 1).replacen(
        "\"verdict\": \"fail\"",
        "\"verdict\": \"pass\"",
        1,
    );
    let invented = report.replacen("\"rule\": \"PG001\"", "\"rule\": \"NEW001\"", 1);
    for (text, said) in [(passed, "but vaudit 99.0.0 judged"), (invented, "does not know")] {
        fs::write(vaudit.path("r.json"), text).unwrap();
        packed(&vaudit, "lie.zip");
        let ran = vaudit.run(&["report", "--verify-pack", "lie.zip"]).exits(2);
        assert!(!ran.stdout.contains("BROKEN") && ran.stdout.contains(said), "{}", ran.stdout);
    }
    fs::write(vaudit.path("r.json"), report).unwrap();
    packed(&vaudit, "pack.zip");
    let mut files = unzipped(&vaudit.path("pack.zip"));
    let about = String::from_utf8(files["README.txt"].clone()).unwrap();
    let about = about.replace("Made by vaudit ", "Made by vaudit 9");
    files.insert("README.txt".to_owned(), about.into_bytes());
    files.insert("report.html".to_owned(), b"<title>Compliant</title>".to_vec());
    sealed(&mut files);
    zip(&vaudit.path("changed.zip"), &files);
    let ran = vaudit.run(&["report", "--verify-pack", "changed.zip"]).exits(2);
    assert!(ran.stdout.contains("another one made the pack"), "{}", ran.stdout);
}

#[test]
fn what_is_missing_is_unknown_and_said() {
    let vaudit = run_of("compliant");
    let ran = vaudit.run(&["report", "r.json", "--pack", "bare.zip"]).exits(0);
    assert!(ran.stderr.contains("holds no snapshot") && ran.stderr.contains("holds no manifest"));
    let said = "not everything in bare.zip could be verified";
    let ran = vaudit.run(&["report", "--verify-pack", "bare.zip"]).exits(2).says(said);
    assert_eq!(ran.stdout.matches("  unknown ").count(), 2, "{}", ran.stdout);
    let with = ["report", "r.json", "--config", "vaudit.toml", "--pack", "with.zip"];
    vaudit.run(&with).exits(0).says("holds no snapshot");
    let ran = vaudit.run(&["report", "--verify-pack", "with.zip"]).exits(2);
    assert_eq!(ran.stdout.matches("  unknown ").count(), 1, "{}", ran.stdout);
}

#[test]
fn parts_of_another_run_are_refused() {
    let vaudit = run_of("compliant");
    let other = run_of("drifted");
    fs::copy(other.path("s.snapshot"), vaudit.path("other.snapshot")).unwrap();
    fs::create_dir(vaudit.path("full")).unwrap();
    let vaudit = vaudit.file("other.toml", "# nothing\n").file("full/note.txt", "mine");
    for (arguments, said) in [
        (&["--pack", "p.zip", "--snapshot", "other.snapshot"][..], "and the report is of run"),
        (&["--pack", "p.zip", "--config", "other.toml"], "is not the manifest"),
        (&["--pack", "p.zip", "--snapshot", "r.json"], "not a usable snapshot"),
        (&["--pack", "full"], "full is not empty"),
        (&["--pack", "no/where/p.zip"], "cannot be written"),
        (&["--pack", "p.zip", "--format", "html"], "cannot be used with"),
    ] {
        vaudit.run(&[&["report", "r.json"], arguments].concat()).exits(2).says(said);
    }
    let left: Vec<_> = files(vaudit.folder.path(), "zip");
    assert!(left.is_empty(), "{left:?}");
    for (path, said) in [("full", "it has no SHA256SUMS"), ("r.json", "cannot be read")] {
        vaudit.run(&["report", "--verify-pack", path]).exits(2).says(said);
    }
}

#[test]
fn a_redacted_run_is_packed_as_one() {
    let vaudit = run_of("drifted");
    let redact = ["--save-snapshot", "redacted.zst", "--redact", "all"];
    let azure = Azure::named("drifted");
    let redacted = azure.vaudit();
    redacted.run(&[&["check", "--output", "json=full.json"], &redact[..]].concat()).exits(1);
    // The report with the names would give away what the snapshot hides.
    redacted
        .run(&["report", "full.json", "--snapshot", "redacted.zst", "--pack", "p.zip"])
        .exits(2)
        .says("a redacted snapshot needs a report of its own");
    redacted.run(&["check", "--snapshot", "redacted.zst", "--output", "json=r.json"]).exits(1);
    redacted.run(&["report", "r.json", "--snapshot", "redacted.zst", "--pack", "p.zip"]).exits(0);
    let ran = redacted.run(&["report", "--verify-pack", "p.zip"]).exits(0);
    assert_eq!(ran.stdout.matches("  ok ").count(), 4, "{}", ran.stdout);
    let name = "stvectice";
    assert!(vaudit.read("r.json").contains(name));
    for (file, bytes) in unzipped(&redacted.path("p.zip")) {
        // The pages of the rules, which SARIF has as its help, have examples of their own.
        let is_page = file.starts_with("rules/") || file.ends_with(".sarif");
        let text = String::from_utf8_lossy(&bytes);
        assert!(is_page || !text.contains(name), "{file}");
    }
}
