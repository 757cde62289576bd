//! Prints what wrote a mail, read from standard input or from files: `{"class": ...}` and why. For measuring.
#![expect(clippy::print_stdout, reason = "the output is the purpose")]

use std::io::Read;

use mail_parser::MessageParser;
use switchboard_email::machine::{Ours, classify};

fn main() -> std::io::Result<()> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        let mut raw = Vec::new();
        std::io::stdin().read_to_end(&mut raw)?;
        println!("{}", judge(&raw));
    }
    for file in files {
        println!("{file}\t{}", judge(&std::fs::read(&file)?));
    }
    Ok(())
}

fn judge(raw: &[u8]) -> serde_json::Value {
    let Some(message) = MessageParser::default().parse(raw) else {
        return serde_json::json!({ "class": "human", "reasons": ["it has no header"] });
    };
    let judgement = classify(&message, raw, &Ours::default());
    serde_json::json!({
        "class": judgement.class.word(),
        "reasons": judgement.reasons,
        "report": judgement.report,
        "answer": judgement.answer,
    })
}
