//! The known word that a mistyped one most likely was.

/// Longer words are no slips of the pen, and comparing them would take long.
const LONGEST: usize = 64;

/// The nearest of some words, when one is near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = folded(word);
    let slips = word.chars().count().max(3) / 3;
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&word, &folded(known)), known))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Case and the choice between `-` and `_` are no difference.
fn folded(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

/// Some words as `a`, `b`, `c`.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["server", "expected_major", "end_of_life", "ymd"];
        let nearest = |word| nearest(word, known);
        assert_eq!(nearest("sever"), Some("server"));
        assert_eq!(nearest("Expected-Major"), Some("expected_major"));
        assert_eq!(nearest("expectedmajor"), Some("expected_major"));
        assert_eq!(nearest("ydm"), Some("ymd"));
        assert_eq!(nearest("cluster"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(nearest(&"server".repeat(2000)), None);
    }
}
