//! The engine's tests from outside: behaviours as scripts, files with mistakes, properties of every history.

mod behaviour;
mod effects;
mod files;
mod properties;
mod world;
