//! What a section found: a table in Markdown for people, and the same as JSON.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// What one section found.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    /// What the rows are about.
    pub(crate) about: String,
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Section {
    /// A table whose columns are as wide as they need to be.
    pub(crate) fn markdown(&self) -> String {
        let cells: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
        let widest = |at: usize| cells.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, name)| widest(at).unwrap_or(0).max(name.chars().count()))
            .collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut text = String::from("|");
            for (cell, &width) in cells.zip(&widths) {
                // Writing to a String can't fail.
                let _ = write!(text, " {cell:>width$} |");
            }
            text
        };
        let rule: Vec<String> = widths.iter().map(|width| format!("{}:", "-".repeat(width - 1))).collect();
        let mut text = format!("### {}\n\n{}\n\n", self.name, self.about);
        let _ = writeln!(text, "{}", line(&mut self.columns.iter().copied()));
        let _ = writeln!(text, "{}", line(&mut rule.iter().map(String::as_str)));
        for row in &cells {
            let _ = writeln!(text, "{}", line(&mut row.iter().map(String::as_str)));
        }
        text
    }

    fn json(&self) -> Value {
        let row = |row: &Vec<Value>| {
            self.columns.iter().map(|&name| name.to_owned()).zip(row.iter().cloned()).collect::<serde_json::Map<_, _>>()
        };
        json!({"about": self.about, "rows": self.rows.iter().map(row).collect::<Vec<_>>()})
    }
}

/// A number as people read it: no more digits than are true.
fn shown(cell: &Value) -> String {
    match cell {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let whole = number.abs() >= 100.0 || number.fract() == 0.0;
            if whole { format!("{number:.0}") } else { format!("{number:.2}") }
        }
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => cell.to_string(),
    }
}

/// Where a bench keeps its files.
pub(crate) fn place() -> PathBuf {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    fs::create_dir_all(&place).expect("a folder for the bench");
    place
}

/// Writes what all sections of a run found.
pub(crate) fn save(sections: &[Section], about: &Value) {
    let found: serde_json::Map<_, _> =
        sections.iter().map(|section| (section.name.to_owned(), section.json())).collect();
    let report = json!({"about": about, "sections": found});
    let text = serde_json::to_string_pretty(&report).expect("JSON");
    fs::write(place().join("report.json"), text + "\n").expect("the report is written");
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value that so many in a hundred do not exceed; zero of none.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// How many a second.
pub(crate) fn rate(count: usize, seconds: f64) -> f64 {
    float(count) / seconds
}

/// A count as a number to divide by.
pub(crate) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("benches count small things"))
}
