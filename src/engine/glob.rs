//! Globs that name rules by their id or name, case-blind.

use regex_lite::{Regex, RegexBuilder};

/// Which rules a glob names: `*` stands for any letters, `?` for one, `[12]`, `[1-3]` and `[!1]` for one
/// of a class, `{PG,NET}` for either; a backslash takes what follows as it is.
#[derive(Clone, Debug)]
pub struct RuleGlob {
    /// None when brackets do not close: such a glob names nothing.
    pattern: Option<Regex>,
}

impl RuleGlob {
    /// Reads a glob.
    pub fn new(glob: &str) -> Self {
        let pattern = expression(glob).and_then(|text| {
            RegexBuilder::new(&text).case_insensitive(true).dot_matches_new_line(true).build().ok()
        });
        Self { pattern }
    }

    /// Whether it names the rule of an id and a name.
    pub fn names(&self, id: &str, name: &str) -> bool {
        self.pattern.as_ref().is_some_and(|own| own.is_match(id) || own.is_match(name))
    }
}

/// The regular expression of a glob.
fn expression(glob: &str) -> Option<String> {
    let mut text = String::from("^(?:");
    let mut depth = 0_u32;
    let mut letters = glob.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => text.push_str(".*"),
            '?' => text.push('.'),
            '{' => {
                depth += 1;
                text.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                text.push(')');
            }
            ',' if depth > 0 => text.push('|'),
            '[' => {
                let (class, rest) = letters.as_str().split_once(']')?;
                letters = rest.chars();
                let (sign, class) = match class.strip_prefix(['!', '^']) {
                    Some(class) => ("^", class),
                    None => ("", class),
                };
                let class = class.replace('\\', r"\\").replace('[', r"\[");
                text.push_str(&format!("[{sign}{class}]"));
            }
            '\\' => text.push_str(&regex_lite::escape(&letters.next()?.to_string())),
            _ => text.push_str(&regex_lite::escape(&letter.to_string())),
        }
    }
    (depth == 0).then(|| text + ")$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(glob: &str) -> bool {
        RuleGlob::new(glob).names("PG001", "postgres-major-version")
    }

    #[test]
    fn globs_are_case_blind_and_match_ids_and_names() {
        for glob in [
            "PG001",
            "pg001",
            "PG*",
            "pg00?",
            "postgres-major-version",
            "*major*",
            "{PG,NET}00[12]",
            "{{pg,aks}00,dns}[!2-9]",
            r"P\G001",
            "*",
        ] {
            assert!(names(glob), "{glob}");
        }
        for glob in ["PG", "NET*", "PG0011", "", "PG00[2-9]", "P.001", "PG001|NET001", r"PG\*"] {
            assert!(!names(glob), "{glob}");
        }
    }

    #[test]
    fn what_does_not_close_names_nothing() {
        for glob in ["PG00[1", "{PG001", "PG001,}", "PG00[]", r"PG001\", "(?i)PG001", "PG00[9-1]"] {
            assert!(!names(glob), "{glob}");
        }
    }
}
