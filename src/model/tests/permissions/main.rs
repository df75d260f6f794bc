//! Effective permissions, judged from definitions in Azure's own shapes and against an evaluator
//! that is too simple to be wrong.
#![cfg(test)]

mod definitions;
mod denials;
mod effective;
mod properties;
