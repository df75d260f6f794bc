//! Pseudonyms: keyed digests in the form of what they stand for.

use sha2::{Digest, Sha256};

use crate::base64;
use crate::estate::sounds_like_backup;
use crate::snapshot::hex;

/// How many letters a pseudonym has at least. So many cannot be guessed by chance, nor meet twice.
const SHORTEST: usize = 12;

/// The letters of pseudonyms. Without two of them none sounds like backups by chance.
const LETTERS: &[u8; 24] = b"acefghijklmnopqrstuvwxyz";

/// How the pseudonym of a name begins that does sound so: a rule asks that of containers.
const BACKUP: &str = "bkp";

/// How many bytes SHA-256 takes at once.
const BLOCK: usize = 64;

/// The secret of one redacted file. It is made for the file and kept nowhere.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What can be said of the key without giving it away: files with the same were redacted alike.
    pub fn mark(&self) -> String {
        hex(&self.mac("mark", "")[..4])
    }

    /// HMAC-SHA-256 of a text, apart for each purpose.
    fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        let padded = |mask: u8| {
            let mut block = [mask; BLOCK];
            block.iter_mut().zip(self.0).for_each(|(byte, own)| *byte ^= own);
            block
        };
        let mut inner = Sha256::new();
        inner.update(padded(0x36));
        inner.update(purpose);
        inner.update([0]);
        inner.update(text);
        let mut outer = Sha256::new();
        outer.update(padded(0x5c));
        outer.update(inner.finalize());
        outer.finalize().into()
    }

    /// The pseudonym of a name: letters, at least as many as the name has. Names that are equal but
    /// for the case of ASCII letters keep just that difference: some services compare names case-blind
    /// and others do not.
    pub(super) fn name(&self, name: &str) -> String {
        let upper: Vec<bool> = name
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| letter.is_ascii_uppercase())
            .collect();
        let lower = name.to_ascii_lowercase();
        let mut letters = self.letters("name", &lower, upper.len().max(SHORTEST));
        if sounds_like_backup(&lower) {
            letters.replace_range(..BACKUP.len(), BACKUP);
        }
        let cased = letters.chars().enumerate().map(|(index, letter)| {
            let is_upper = upper.get(index).copied().unwrap_or(false);
            if is_upper { letter.to_ascii_uppercase() } else { letter }
        });
        cased.collect()
    }

    /// The pseudonym of a text in which nothing but its equality counts.
    pub(super) fn opaque(&self, text: &str) -> String {
        self.letters("text", text, SHORTEST)
    }

    /// The pseudonym of a GUID, in the form of a random one (version 4), with dashes or without as the
    /// original. Its first and its last part begin with a letter, so that it is never read as a date.
    pub(super) fn guid(&self, guid: &str) -> String {
        let digits: String =
            guid.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.mac("id", &digits)[..16]);
        bytes[6] = 0x40 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        for first in [0, 10] {
            bytes[first] = (0xa0 + (bytes[first] >> 4) % 6 * 0x10) | (bytes[first] & 0x0f);
        }
        let text = hex(&bytes);
        let text = if guid.contains('-') {
            let part = |range| text.get(range).unwrap_or_default();
            let parts = [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)];
            parts.join("-")
        } else {
            text
        };
        let is_upper = guid.chars().any(|c| c.is_ascii_uppercase())
            && !guid.chars().any(|c| c.is_ascii_lowercase());
        if is_upper { text.to_ascii_uppercase() } else { text }
    }

    /// The pseudonym of a digest in hexadecimal: as many digits as it has, 64 at most.
    pub(super) fn digest(&self, digest: &str) -> String {
        let text = hex(&self.mac("digest", &digest.to_ascii_lowercase()));
        text.chars().take(digest.len()).collect()
    }

    /// The pseudonym of the MD5 of a content, in base64 as the Blob service writes it.
    pub(super) fn md5(&self, md5: &str) -> String {
        base64::encode(&self.mac("md5", md5)[..16])
    }

    fn letters(&self, purpose: &str, text: &str, count: usize) -> String {
        // Bytes from 240 on would make the first letters more likely than others.
        let seed = hex(&self.mac(purpose, text));
        let blocks = (0_u32..).flat_map(|block| self.mac("more", &format!("{block}|{seed}")));
        let letters = blocks.filter(|byte| *byte < 240).map(|byte| LETTERS[usize::from(byte % 24)]);
        letters.take(count).map(char::from).collect()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn key() -> Key {
        Key::new([7; 32])
    }

    #[test]
    fn the_construction_is_hmac() {
        // RFC 4231, test case 2, has a shorter key, which HMAC fills up with zeros.
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(b"Jefe");
        // What is told apart by a purpose begins with it and a zero.
        let found = Key::new(bytes).mac("", "x");
        let mut padded = [0x36_u8; 64];
        padded.iter_mut().zip(bytes).for_each(|(byte, own)| *byte ^= own);
        let inner = Sha256::digest([&padded[..], b"\0x"].concat());
        let mut padded = [0x5c_u8; 64];
        padded.iter_mut().zip(bytes).for_each(|(byte, own)| *byte ^= own);
        let outer = Sha256::digest([&padded[..], &inner].concat());
        assert_eq!(found, <[u8; 32]>::from(outer));
    }

    #[test]
    fn guids_keep_their_form() {
        let key = key();
        let plain = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
        let found = key.guid(plain);
        assert_eq!(found.len(), 36);
        assert_eq!(&found[14..15], "4");
        assert!("89ab".contains(&found[19..20]));
        assert!(found.starts_with(|c: char| c.is_ascii_alphabetic()));
        assert!(found[24..].starts_with(|c: char| c.is_ascii_alphabetic()));
        assert_eq!(key.guid(&plain.to_uppercase()), found.to_uppercase());
        assert_eq!(key.guid(&plain.replace('-', "")), found.replace('-', ""));
        assert_ne!(Key::new([8; 32]).guid(plain), found, "another key, another pseudonym");
        assert_ne!(Key::new([8; 32]).mark(), key.mark());
    }

    proptest! {
        #[test]
        fn names_differ_as_their_originals_do(one in "[A-Za-z0-9._ -]{0,20}", other in "[A-Ca-c1-]{0,4}",
            flips in prop::collection::vec(any::<bool>(), 20)) {
            let key = key();
            let flipped: String = one
                .chars()
                .zip(flips)
                .map(|(c, flip)| match flip {
                    true if c.is_ascii_uppercase() => c.to_ascii_lowercase(),
                    true => c.to_ascii_uppercase(),
                    false => c,
                })
                .collect();
            for (a, b) in [(&one, &flipped), (&one, &other), (&other, &flipped)] {
                prop_assert_eq!(key.name(a) == key.name(b), a == b);
                prop_assert_eq!(
                    key.name(a).eq_ignore_ascii_case(&key.name(b)),
                    a.eq_ignore_ascii_case(b)
                );
            }
            let letters = one.chars().filter(char::is_ascii_alphabetic).count();
            let found = key.name(&one);
            prop_assert_eq!(found.len(), letters.max(SHORTEST));
            prop_assert!(found.chars().all(|c| c.is_ascii_alphabetic()));
        }
    }

    #[test]
    fn what_sounds_like_backups_still_does() {
        for name in ["vectice-backup", "stbkp", "dr", "logs", "vectice", "a", "hundreds"] {
            let found = key().name(name);
            assert_eq!(sounds_like_backup(&found), sounds_like_backup(name), "{name}: {found}");
        }
        let none = (0..500).map(|number| key().name(&format!("n{number}")));
        assert_eq!(none.filter(|name| sounds_like_backup(name)).count(), 0);
    }

    #[test]
    fn every_case_pattern_of_a_name_has_its_own_pseudonym() {
        let key = key();
        let pattern = |bits: u32| -> String {
            let letters = "st-vectice1".chars().enumerate();
            letters
                .map(|(at, c)| if bits >> at & 1 == 1 { c.to_ascii_uppercase() } else { c })
                .collect()
        };
        let names: BTreeSet<String> = (0..1 << 11).map(pattern).collect();
        let pseudonyms: BTreeSet<String> = names.iter().map(|name| key.name(name)).collect();
        assert_eq!(pseudonyms.len(), names.len());
        let folded: BTreeSet<String> = pseudonyms.iter().map(|own| own.to_lowercase()).collect();
        assert_eq!(folded.len(), 1);
    }
}
