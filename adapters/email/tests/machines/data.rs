//! Real mail, where the project's shared data lies beside it: one half of what this is measured on.

use std::path::{Path, PathBuf};

use mail_parser::MessageParser;
use switchboard_email::machine::{Class, Judgement, Ours, classify};

/// The folder, if it is there. `SWITCHBOARD_SHARED` names another place than the one beside the project.
#[expect(clippy::print_stdout, reason = "the output says what was measured")]
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("SWITCHBOARD_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data/email").join(folder);
    let there = path.is_dir();
    println!(
        "{folder}: {}",
        if there { "measured on the shared data" } else { "not measured, the shared data is not here" }
    );
    there.then_some(path)
}

fn judge_file(path: &Path) -> Judgement {
    let raw = std::fs::read(path).expect("the file can be read");
    let message = MessageParser::default().parse(&raw).expect("it has a header");
    classify(&message, &raw, &Ours::default())
}

#[test]
fn automatic_mail_is_recognised() {
    let Some(folder) = shared("bounces") else { return };
    let labels = std::fs::read_to_string(folder.join("labels.jsonl")).expect("the labels can be read");
    let (mut automatic, mut known, mut exact) = (0_u32, 0_u32, 0_u32);
    let mut wrong = Vec::new();
    for line in labels.lines().filter(|line| !line.trim().is_empty()) {
        let label: serde_json::Value = serde_json::from_str(line).expect("a label is JSON");
        let (file, class) = (label["file"].as_str().expect("a file"), label["class"].as_str().expect("a class"));
        let judgement = judge_file(&folder.join(file));
        let word = judgement.class.word();
        if class == "human_or_other" {
            assert!(matches!(judgement.class, Class::Human | Class::List), "{file} is {word}: {:?}", judgement.reasons);
            continue;
        }
        automatic += 1;
        known += u32::from(matches!(word, "bounce" | "complaint" | "auto_reply"));
        exact += u32::from(word == class);
        if word != class {
            wrong.push(format!("{file} is {class}, not {word}"));
        }
    }
    println!("automatic {automatic}, recognised {known}, of the right class {exact}");
    assert!(known * 100 >= automatic * 99, "{known} of {automatic}: {wrong:#?}");
    assert!(exact * 100 >= automatic * 99, "{exact} of {automatic}: {wrong:#?}");
}

#[test]
fn bounces_name_their_recipient() {
    let Some(folder) = shared("bounces") else { return };
    let (mut bounces, mut named, mut ids) = (0_u32, 0_u32, 0_u32);
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        if entry.path().extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        if let Judgement { class: Class::Bounce, report: Some(report), .. } = judge_file(&entry.path()) {
            bounces += 1;
            named += u32::from(report.recipients.iter().any(|one| one.address.contains('@')));
            ids += u32::from(!report.original_message_ids.is_empty());
        }
    }
    println!("bounces {bounces}, with a recipient {named}, with a Message-ID {ids}");
    assert!(named * 100 >= bounces * 98, "{named} of {bounces}");
    assert!(ids * 100 >= bounces * 85, "{ids} of {bounces}");
}

#[test]
fn mail_of_people_is_no_automatic_mail() {
    for folder in ["reply_quote", "mime"] {
        let Some(path) = shared(folder) else { continue };
        for entry in std::fs::read_dir(path).expect("the folder can be read").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // These two kinds are real reports.
            if entry.path().extension().is_none_or(|extension| extension != "eml")
                || name.contains("bounce")
                || name.contains("_report_")
            {
                continue;
            }
            let judgement = judge_file(&entry.path());
            assert!(matches!(judgement.class, Class::Human | Class::List), "{name}: {:?}", judgement.reasons);
        }
    }
}
