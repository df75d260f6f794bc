//! Text nobody should write: nothing panics, and every place lies in the text.

use proptest::prelude::*;
use vaudit_manifest::commented_defaults;

use crate::{read, with};

/// Whatever is found lies in the text, in its order.
fn check(text: &str) {
    let Err(problems) = read(text) else { return };
    assert!(!problems.is_empty());
    let mut last = 0;
    for problem in &problems {
        assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
        assert!(problem.span.start >= last && problem.line >= 1 && problem.column >= 1);
        assert!(problem.line as usize <= 1 + text.matches('\n').count());
        let help = problem.help.as_deref().unwrap_or_default();
        assert!(!problem.message.contains(char::is_control), "{problem:?}");
        assert!(!help.contains(char::is_control), "{problem:?}");
        assert!(problem.message.chars().count() < 400, "{problem:?}");
        assert!(problem.notes.iter().all(|note| text.get(note.span.clone()).is_some()));
        last = problem.span.start;
    }
}

#[test]
fn long_and_strange_values_are_refused_in_short_messages() {
    for value in [
        "a".repeat(10_000),
        "ü\\n".repeat(10_000),
        "/subscriptions/".to_owned() + &"x/".repeat(10_000),
        "(".repeat(10_000),
        "\\u001b[31m".repeat(100),
        "\u{202e}".repeat(100),
        "(?<timestamp>a{1000}{1000}{1000})".to_owned(),
    ] {
        for key in [
            "tenant",
            "postgres.server",
            "backup.folder_regex",
            "backup.folder_timezone",
            "postgres.end_of_life",
            "storage.allowed_ip_rules",
        ] {
            let text = with(&format!("{key} = \"{value}\"\n"));
            assert!(read(&text).is_err(), "{key}");
            check(&text);
        }
        check(&with(&format!("\"{value}\" = 1\n[[waiver]]\ndeployment = \"{value}\"\n")));
        check(&with(&format!("{value}\n")));
        check(&format!("[[deployment]]\nname = \"{value}\"\n[[waiver]]\ndeployment = \"p\"\n"));
    }
}

#[test]
fn deep_and_broken_nesting_ends() {
    for text in ["[", "{", "a.", "x = [", "x = {a = ", "[[", "\u{feff}", "\0", "'''", "\"\"\""] {
        check(&text.repeat(10_000));
    }
    check(&"x = 1\n".repeat(5_000));
    check(&"stray\n".repeat(5_000));
}

fn piece() -> impl Strategy<Value = String> {
    let words = [
        "[[deployment]]\n",
        "[deployment]\n",
        "[deployment.postgres]\n",
        "[defaults]\n",
        "[[waiver]]\n",
        "[cloud]\n",
        "[defaults.identity]\n",
        "name",
        "server",
        "expires",
        "graph",
        "\"custom\"",
        " = ",
        "\n",
        "\"",
        "'''",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "#",
        "1",
        "true",
        "2027-01-01",
        "\"p\"",
        "\r\n",
        "allowed_federations",
        "identity",
        "ä",
        "\u{feff}",
        "\u{1b}",
        "deployment",
        "\\",
        "=",
    ];
    prop_oneof![
        4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_pieces_are_read(pieces in prop::collection::vec(piece(), 0..60)) {
        check(&pieces.concat());
    }

    #[test]
    fn any_damage_is_read(at in any::<prop::sample::Index>(), cut in 0_usize..40, piece in piece()) {
        let whole: Vec<char> = commented_defaults().chars().collect();
        let start = at.index(whole.len());
        let end = (start + cut).min(whole.len());
        let text: String =
            whole[..start].iter().copied().chain(piece.chars()).chain(whole[end..].iter().copied()).collect();
        check(&text);
    }
}
