//! The identifiers of OSCAL: of the same thing the same, of two things two.
//!
//! OSCAL takes versions 4 and 5. A true version 5 is made with SHA-1, which we do without; so these are
//! digests by SHA-256 in the layout of version 4, with its version and variant.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use vaudit_model::snapshot::hex;

/// An identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uuid([u8; 16]);

impl Uuid {
    /// Calls back with its text.
    fn written<T>(self, show: impl FnOnce(&str) -> T) -> T {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut place = 0;
        for (number, byte) in self.0.into_iter().enumerate() {
            // A hyphen stands before these.
            place += usize::from(matches!(number, 4 | 6 | 8 | 10));
            text[place] = DIGITS[usize::from(byte >> 4)];
            text[place + 1] = DIGITS[usize::from(byte & 0xf)];
            place += 2;
        }
        show(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written(|text| f.write_str(text))
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(|text| serializer.serialize_str(text))
    }
}

/// What things are identified in, such as a run: in two of them the same thing has two identifiers.
#[derive(Clone)]
pub(crate) struct Scope(Sha256);

impl Scope {
    /// The scope of these names.
    pub(crate) fn of(names: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for name in names {
            // With its length, so that no name can pass for two.
            digest.update(name.len().to_string());
            digest.update([0]);
            digest.update(name);
        }
        // Its digits are a block of the digest, which is thus taken once for all identifiers.
        Self(Sha256::new_with_prefix(hex(&digest.finalize())))
    }

    /// The identifier of something in it.
    pub(crate) fn uuid(&self, kind: &str, name: &str) -> Uuid {
        let mut digest = self.0.clone();
        // Kinds are words of ours, and the name is the rest.
        digest.update(kind);
        digest.update([0]);
        digest.update(name);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.finalize()[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Uuid(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_cannot_pass_for_others() {
        let uuid = |names: &[&str], kind, name| Scope::of(names).uuid(kind, name);
        let own = uuid(&["a", "b"], "risk", "c");
        assert_eq!(own, uuid(&["a", "b"], "risk", "c"));
        for other in [
            uuid(&["ab"], "risk", "c"),
            uuid(&["b", "a"], "risk", "c"),
            uuid(&["a", "b"], "finding", "c"),
            uuid(&["a", "b"], "ris", "kc"),
            uuid(&["a", "b"], "risk", "d"),
        ] {
            assert_ne!(own, other);
        }
    }

    proptest! {
        #[test]
        fn identifiers_have_the_layout_of_version_4(name in "\\PC{0,9}") {
            let id = Scope::of(&[]).uuid("risk", &name).to_string();
            let groups = id.split('-').map(str::len).collect::<Vec<_>>();
            prop_assert_eq!(groups, [8, 4, 4, 4, 12]);
            prop_assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{}", id);
            prop_assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
        }
    }
}
