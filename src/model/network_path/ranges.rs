//! Sets of numbers as sorted ranges: the ground under addresses and ports.

/// A set of numbers: inclusive ranges in ascending order that neither overlap nor touch, so that
/// equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    /// The set of all numbers of these inclusive ranges, given in any order.
    pub(super) fn covering(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(end) if first <= end.1.saturating_add(1) => end.1 = end.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Self(joined)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u128, u128)> {
        self.0.iter().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, number: u128) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).is_some_and(|at| number <= self.0[at].1)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self::covering(self.iter().chain(other.iter()).collect())
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut common = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let (first, last) = (a.0.max(b.0), a.1.min(b.1));
            if first <= last {
                common.push((first, last));
            }
            if a.1 <= b.1 {
                left.next();
            } else {
                right.next();
            }
        }
        Self(common)
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        let mut cuts = other.iter().peekable();
        for (first, last) in self.iter() {
            let mut from = Some(first);
            // A cut may reach into the next range, so it is left behind only once it is below.
            while cuts.next_if(|cut| cut.1 < first).is_some() {}
            while let Some(start) = from
                && let Some((cut_first, cut_last)) = cuts.peek().copied()
                && cut_first <= last
            {
                if start < cut_first {
                    rest.push((start, cut_first - 1));
                }
                from = (cut_last < last).then(|| cut_last + 1);
                if from.is_some() {
                    cuts.next();
                }
            }
            if let Some(start) = from {
                rest.push((start, last));
            }
        }
        Self(rest)
    }
}
