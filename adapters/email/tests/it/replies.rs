//! How well the visible text is found, measured on replies of many programs and languages.

use std::collections::HashMap;

use switchboard_email::visible::visible_of_mail;

use crate::fixtures::{absent, files, folder};

const EXACT_MIN: f64 = 0.90;
const LINE_F1_MIN: f64 = 0.97;

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

fn counted(lines: &[String]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for line in lines {
        *counts.entry(line.as_str()).or_insert(0) += 1;
    }
    counts
}

#[expect(clippy::cast_precision_loss, reason = "a few lines of text")]
fn line_f1(got: &[String], want: &[String]) -> f64 {
    if got.is_empty() && want.is_empty() {
        return 1.0;
    }
    let (found, wanted) = (counted(got), counted(want));
    let common: usize = found.iter().map(|(line, count)| (*count).min(wanted.get(line).copied().unwrap_or(0))).sum();
    2.0 * common as f64 / (got.len() + want.len()) as f64
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "a few hundred files")]
fn the_visible_text_is_right() {
    let folders = [folder("reply_quote"), folder("reply_quote_html")];
    let (mut count, mut exact, mut f1, mut misses) = (0_usize, 0_usize, 0.0, Vec::new());
    for path in
        folders.iter().flatten().flat_map(|folder| ["txt", "eml", "html"].map(|ending| files(folder, ending))).flatten()
    {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if stem.ends_with(".expected") {
            continue;
        }
        let got = visible_of_mail(&std::fs::read(&path).expect("readable"));
        let Ok(want) = std::fs::read_to_string(path.with_file_name(format!("{stem}.expected.txt"))) else { continue };
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let html = path.extension().is_some_and(|ending| ending == "html");
        let (got_lines, want_lines) = (lines(&got), lines(&want));
        let right = if html { squeezed(&got) == squeezed(&want) } else { got_lines == want_lines };
        count += 1;
        exact += usize::from(right);
        f1 += if right { 1.0 } else { line_f1(&got_lines, &want_lines) };
        if !right {
            misses.push(stem);
        }
    }
    if count == 0 {
        return absent("reply_quote");
    }
    let (exact, f1) = (exact as f64 / count as f64, f1 / count as f64);
    println!("{count} replies: exact {exact:.4}, line F1 {f1:.4}; not exact: {misses:?}");
    assert!(exact >= EXACT_MIN && f1 >= LINE_F1_MIN, "exact {exact:.4}, line F1 {f1:.4}");
}
