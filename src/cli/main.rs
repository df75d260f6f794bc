//! The vaudit command.

fn main() {}
