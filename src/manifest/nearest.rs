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
        .map(|known| (distance(&word, &folded(known)), known))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Case and the choice between `-` and `_` are no difference.
fn folded(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

/// How many slips of the pen lie between two words: letters that are missing, surplus, wrong, or
/// swapped with their neighbour (Damerau and Levenshtein, no letter slipping twice).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let wrong = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = wrong.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
    fn slips_are_counted() {
        for (a, b, slips) in [
            ("", "", 0),
            ("", "abc", 3),
            ("server", "server", 0),
            ("sever", "server", 1),
            ("sevrer", "server", 1),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(a, b), slips, "{a} {b}");
            assert_eq!(distance(b, a), slips, "{b} {a}");
        }
    }

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
