//! The two orders in which Azure lists blobs.

use std::cmp::Ordering;

/// An order of blob names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOrder {
    /// That of bytes, of a flat namespace.
    Bytes,
    /// That of a hierarchical namespace: what is in a directory stands before its siblings, as if
    /// `/` were the lowest of all bytes.
    Tree,
}

impl NameOrder {
    /// Compares two names.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        let rank = |byte: u8| if byte == b'/' { 0 } else { u16::from(byte) + 1 };
        match self {
            Self::Bytes => a.cmp(b),
            Self::Tree => a.bytes().map(rank).cmp(b.bytes().map(rank)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_directory_stands_where_the_namespace_has_it() {
        let sorted = |order: NameOrder| {
            let mut names = ["a.b", "a/c", "a", "a-b", "a/b/c", "b", "a/b.c"];
            names.sort_by(|a, b| order.compare(a, b));
            names
        };
        assert_eq!(sorted(NameOrder::Bytes), ["a", "a-b", "a.b", "a/b.c", "a/b/c", "a/c", "b"]);
        assert_eq!(sorted(NameOrder::Tree), ["a", "a/b/c", "a/b.c", "a/c", "a-b", "a.b", "b"]);
    }
}
