//! Azure regions, compared without regard to case and blanks.

use std::fmt;

/// An Azure region. `West Europe`, as PostgreSQL servers say it, equals `westeurope`, as
/// everything else does.
#[derive(Clone, Debug)]
pub struct Region {
    text: String,
}

impl Region {
    /// Takes the region's name in either notation.
    pub fn from_name(name: &str) -> Self {
        Self { text: name.trim().to_owned() }
    }

    /// The programmatic name: lower case, no blanks.
    pub fn programmatic_name(&self) -> String {
        self.text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Self) -> bool {
        self.programmatic_name() == other.programmatic_name()
    }
}

impl Eq for Region {}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.programmatic_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_name_and_programmatic_name_are_one_region() {
        assert_eq!(Region::from_name("East US 2 EUAP"), Region::from_name("eastus2euap"));
        assert_ne!(Region::from_name("West Europe"), Region::from_name("northeurope"));
        assert_eq!(Region::from_name("West Europe").to_string(), "westeurope");
    }
}
