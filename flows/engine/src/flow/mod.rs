//! Flows: scripted triage, read from `*.flow.yaml`.
//!
//! [`parse`] reads one file and reports every mistake with its place; [`lint`] looks for what is allowed but surely not
//! meant; a [`FlowSet`] holds the current version of each flow and the old ones that runs are pinned to.

mod lint;
mod model;
mod parse;
mod set;
mod values;

pub use lint::{LintContext, lint};
pub use model::{
    Action, Answer, Case, Choice, Condition, Flow, Handoff, Jump, Question, Step, Test, Triggers, ValueType,
};
pub use parse::parse;
pub use set::{FlowSet, FlowVersion};

pub use crate::problem::{Place, Problem, Severity};
