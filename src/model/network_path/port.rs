//! Ports as security rules write them.

use std::fmt;

use super::ranges::Ranges;

/// One entry of `sourcePortRange(s)` or `destinationPortRange(s)` of a security rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortTerm {
    /// `5432`, `5000-6000`, or `*` for all: the first and the last port.
    Range(u16, u16),
    /// Something else, which might mean any port.
    Unrecognised(String),
}

impl PortTerm {
    /// Reads one entry.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (first, last) = match text {
            "*" => return Self::Range(0, u16::MAX),
            _ => text.split_once('-').unwrap_or((text, text)),
        };
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Self::Range(first, last),
            _ => Self::Unrecognised(text.to_owned()),
        }
    }

    /// Reads the singular and the plural field of a rule together: Azure means both.
    pub fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        super::entries(texts).map(Self::parse).collect()
    }
}

fn port(text: &str) -> Option<u16> {
    let text = text.trim();
    // Rust reads `+80` as a number; nobody else does.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A set of ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortSet(Ranges);

impl PortSet {
    /// All ports.
    pub fn all() -> Self {
        Self::range(0, u16::MAX)
    }

    /// The ports from the first to the last.
    pub fn range(first: u16, last: u16) -> Self {
        Self(if first <= last {
            Ranges::covering(vec![(first.into(), last.into())])
        } else {
            Ranges::default()
        })
    }

    /// Whether the set holds no port.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        self.0.contains(port.into())
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0))
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0))
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_from_both_fields() {
        let read = PortTerm::list(["", "5000-6000", " 5432 ", "80, 443", "*"]);
        let ranges = [(5000, 6000), (5432, 5432), (80, 80), (443, 443), (0, 65535)];
        assert_eq!(read, ranges.map(|(first, last)| PortTerm::Range(first, last)));
        for odd in ["6000-5000", "65536", "+80", "ssh", "-", "1-2-3"] {
            assert_eq!(PortTerm::parse(odd), PortTerm::Unrecognised(odd.to_owned()));
        }
        assert_eq!(PortSet::range(1, 9).difference(&PortSet::range(4, 4)).to_string(), "1-3, 5-9");
        assert!(PortSet::range(2, 1).is_empty());
    }
}
