//! Reads `vaudit.toml`.
