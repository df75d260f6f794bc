//! An embedded Azure on loopback.
