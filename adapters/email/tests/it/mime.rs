//! Every sample of MIME is read without loss: each word of each text part is in the text, the HTML or a listed file.

use serde_json::Value;
use switchboard_email::mail::{Mail, file, html_to_text};

use crate::fixtures::{absent, files, folder};

#[test]
fn no_text_is_lost() {
    let Some(folder) = folder("mime") else { return absent("mime") };
    let (mut count, mut compared) = (0, 0);
    for path in files(&folder, "eml") {
        let raw = std::fs::read(&path).expect("readable");
        let mail = Mail::read(&raw);
        count += 1;
        for listed in &mail.files {
            assert!(
                file(&raw, listed.index).is_some_and(|bytes| bytes.len() <= listed.size_bytes + 3),
                "{}: {listed:?}",
                path.display()
            );
        }
        let Ok(dump) = std::fs::read_to_string(path.with_extension("expected.json")) else { continue };
        let dump: Value = serde_json::from_str(&dump).expect("JSON");
        let mut seen = words(&mail.text.text);
        seen.extend(words(mail.html.as_deref().unwrap_or_default()));
        seen.extend(words(&html_to_text(mail.html.as_deref().unwrap_or_default())));
        for listed in &mail.files {
            let bytes = file(&raw, listed.index).unwrap_or_default();
            seen.extend(words(&String::from_utf8_lossy(&bytes)));
        }
        let mut missing = Vec::new();
        texts(&dump, &mut |text| missing.extend(words(text).into_iter().filter(|word| !seen.contains(word))));
        // Nested mails are files: what is in them is compared undecoded, so encoded words in them may differ.
        let nested = mail.files.iter().any(|listed| listed.media_type.starts_with("message/"));
        assert!(missing.is_empty() || nested, "{}: {missing:?} in {mail:#?}", path.display());
        compared += 1;
    }
    println!("{count} mails read, {compared} compared word by word");
    assert!(count > 0);
}

fn words(text: &str) -> std::collections::HashSet<String> {
    text.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn texts(value: &Value, found: &mut impl FnMut(&str)) {
    for part in value["parts"].as_array().into_iter().flatten() {
        for kind in ["Text", "Html"] {
            if let Some(text) = part["body"][kind].as_str() {
                // Where a part doesn't end, the other parser takes the delimiter and the fields of the next one for text.
                let own = text.lines().filter(|line| !line.starts_with("--") && !line.starts_with("Content-"));
                found(&own.collect::<Vec<_>>().join("\n"));
            }
        }
        texts(&part["body"]["Message"], found);
    }
}
