//! Action patterns: the texts a role definition grants and withholds by.

use std::fmt;

/// A text such as `Microsoft.Storage/*/read`, in which `*` stands for any run of characters, the
/// empty one and slashes included, and letter case does not matter (`catalogue.md` §3.7).
///
/// A plain action is a pattern without `*`, so the same questions serve for both.
#[derive(Clone)]
pub struct ActionPattern {
    text: String,
    key: String,
}

impl ActionPattern {
    /// The pattern of a text. Every text is one.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let key = text.to_ascii_lowercase();
        Self { text, key }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the action is one of the pattern's.
    pub fn matches(&self, action: &str) -> bool {
        absorbs(self.key.as_bytes(), action.to_ascii_lowercase().as_bytes())
    }

    /// Whether every action of `other` is one of this pattern's too: the same pattern, or a wider
    /// one.
    pub fn covers(&self, other: &Self) -> bool {
        // A `*` may stand for what no literal of this pattern says, so it must fall into a `*` of
        // this pattern whole; then it may stand for anything. That is matching it as a letter.
        absorbs(self.key.as_bytes(), other.key.as_bytes())
    }

    /// Whether some text is an action of both patterns.
    pub fn intersects(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.key.as_bytes(), other.key.as_bytes());
        // Whether the rest of our pattern and the rest of theirs share a text, from the ends on:
        // `next` is the row one byte further in ours, `row` the one being filled.
        let mut next = vec![false; theirs.len() + 1];
        for our in (0..=ours.len()).rev() {
            let mut row = vec![false; theirs.len() + 1];
            for their in (0..=theirs.len()).rev() {
                row[their] = match (ours.get(our), theirs.get(their)) {
                    (None, None) => true,
                    (Some(b'*'), None) => next[their],
                    (None, Some(b'*')) => row[their + 1],
                    // The `*` ends here, or it takes one byte (or a `*`) of the other's.
                    (Some(b'*'), Some(_)) | (Some(_), Some(b'*')) => next[their] || row[their + 1],
                    (Some(a), Some(b)) => a == b && next[their + 1],
                    (None, Some(_)) | (Some(_), None) => false,
                };
            }
            next = row;
        }
        next[0]
    }
}

/// Whether `text` follows `pattern`, in which every `*` takes any run of bytes. A `*` in `text` is
/// a byte like others, which only a `*` of the pattern takes.
fn absorbs(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    // The place after the last `*`, and how much of the text that `*` has left to what follows.
    let mut retry = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, read));
            }
            Some(byte) if *byte == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((after, taken)) = retry else { return false };
                at = after;
                read = taken + 1;
                retry = Some((after, read));
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

impl PartialEq for ActionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ActionPattern {}

impl fmt::Display for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ActionPattern {
        ActionPattern::new(text)
    }

    #[test]
    fn a_star_takes_slashes_and_nothing_at_all() {
        for (wide, action, expected) in [
            ("*", "Microsoft.Storage/storageAccounts/listKeys/action", true),
            ("*/read", "Microsoft.Storage/storageAccounts/blobServices/containers/read", true),
            ("Microsoft.Storage/*", "Microsoft.Storage/", true),
            (
                "Microsoft.Authorization/*/Write",
                "microsoft.authorization/roleassignments/write",
                true,
            ),
            ("Microsoft.Storage/*/read", "Microsoft.Storage/storageAccounts/write", false),
            ("Microsoft.Storage/*/read", "Microsoft.Storage/read", false),
            ("*/read", "Microsoft.Storage/storageAccounts/read/action", false),
            ("Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/read", false),
            ("a*b*c", "abcbc", true),
            ("a*b*c", "acb", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(pattern(wide).matches(action), expected, "{wide} {action}");
        }
    }

    #[test]
    fn letters_of_other_alphabets_are_compared_as_they_are() {
        assert!(pattern("Ä*").matches("Ä/read"));
        assert!(!pattern("Ä*").matches("ä/read"));
        assert!(pattern("*\u{308}").matches("A\u{308}"));
    }

    #[test]
    fn only_the_same_or_a_wider_pattern_covers() {
        for (wide, narrow, expected) in [
            ("*", "*/write", true),
            ("*/write", "*/WRITE", true),
            ("*/write", "*", false),
            ("Microsoft.Storage/*/write", "*/write", false),
            ("*/write", "Microsoft.Storage/storageAccounts/write", true),
            ("*/write", "Microsoft.Storage/*", false),
            ("Microsoft.Storage/*", "Microsoft.Storage/*/write", true),
            ("**", "*", true),
            ("a*", "a", true),
            ("a", "a*", false),
            ("*a*", "*", false),
        ] {
            assert_eq!(pattern(wide).covers(&pattern(narrow)), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn patterns_meet_when_one_text_is_of_both() {
        for (one, other, expected) in [
            ("Microsoft.Storage/*", "*/write", true),
            ("Microsoft.Storage/*", "Microsoft.Network/*", false),
            ("*/read", "*/write", false),
            ("a*b", "ab", true),
            ("a*", "*b", true),
            ("a*c", "*b", false),
            ("", "*", true),
            ("", "a", false),
        ] {
            assert_eq!(pattern(one).intersects(&pattern(other)), expected, "{one} {other}");
            assert_eq!(pattern(other).intersects(&pattern(one)), expected, "{other} {one}");
        }
    }
}
