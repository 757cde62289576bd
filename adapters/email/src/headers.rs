//! Header fields as they stand in the bytes, each unfolded, in their order.
//!
//! mail-parser gives typed values and hides what it can't type. Judging a mail needs the plain fields: how often one occurs,
//! in which order, and also those of a returned message that stands as text in a report.

/// Fields read of one header section; the rest is not looked at.
const FIELDS_MAX: usize = 20_000;
/// Characters kept of one field's value.
const VALUE_MAX: usize = 32 * 1024;
/// Addresses taken from one text.
const ADDRESSES_MAX: usize = 2_000;
/// Characters of a local part and of a domain, generously (RFC 5321 4.5.3.1 says 64 and 255).
const ADDRESS_SIDE_MAX: usize = 320;

/// The fields of one header section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers {
    fields: Vec<(String, String)>,
}

impl Headers {
    /// Reads up to the first empty line. An envelope line of a mailbox file (`From x`) and empty lines before the first
    /// field are passed over.
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in raw.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                if fields.is_empty() {
                    continue;
                }
                break;
            }
            if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
                if let Some((_, value)) = fields.last_mut() {
                    append(value, line);
                }
                continue;
            }
            let Some((name, value)) = split_field(line) else { continue };
            if fields.len() == FIELDS_MAX {
                break;
            }
            let mut text = String::new();
            append(&mut text, value);
            fields.push((name, text));
        }
        Self { fields }
    }

    /// The first field of this name (lower case).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// All fields of this name (lower case), from the top.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether there is a field of this name (lower case).
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names (lower case) and values, from the top.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Nothing was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

fn append(value: &mut String, line: &[u8]) {
    let room = VALUE_MAX.saturating_sub(value.len());
    let line = line.get(..room).unwrap_or(line);
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if !value.is_empty() && !text.is_empty() {
        value.push(' ');
    }
    value.push_str(text);
}

fn split_field(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = line.split_at(colon);
    let name = name.trim_ascii_end();
    let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    printable.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), value.get(1..).unwrap_or_default()))
}

/// Every mail address in a text, in its order, lower case, each once. Takes `<a@b>`, `rfc822;a@b`, `a@b,` and the like.
pub(crate) fn addresses(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut found: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (at, _) in text.match_indices('@') {
        if found.len() == ADDRESSES_MAX {
            break;
        }
        let floor = at.saturating_sub(ADDRESS_SIDE_MAX);
        let start = (floor..at).rev().take_while(|&i| bytes.get(i).copied().is_some_and(in_local)).last();
        let ceiling = (at + 1 + ADDRESS_SIDE_MAX).min(bytes.len());
        let end = (at + 1..ceiling).take_while(|&i| bytes.get(i).copied().is_some_and(in_domain)).last();
        let (Some(start), Some(end)) = (start, end) else { continue };
        let Some(address) = text.get(start..=end) else { continue };
        let address = address.trim_matches(|c| matches!(c, '.' | '-' | '\'' | '=')).to_lowercase();
        let whole = address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.len() > 1);
        if whole && seen.insert(address.clone()) {
            found.push(address);
        }
    }
    found
}

/// Atom characters of RFC 5322 3.2.3 and the dot. Not what lies beyond ASCII: Japanese reports write without spaces.
fn in_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

fn in_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// The ids in `Message-ID`, `In-Reply-To` or `References` (RFC 5322 3.6.4), without their angle brackets. Comments
/// (3.2.2) are left out; ids that some clients write without brackets are taken too.
pub(crate) fn message_ids(value: &str) -> Vec<String> {
    let text = without_comments(value);
    let mut ids = Vec::new();
    if !text.contains('<') {
        let words = text.split([' ', '\t', ',', ';']).filter(|word| word.contains('@') && !word.contains('"'));
        ids.extend(words.map(|word| word.trim_matches('>').to_owned()).take(IDS_MAX));
        return ids;
    }
    let mut rest = text.as_str();
    while let Some((_, inside)) = rest.split_once('<') {
        let Some((id, after)) = inside.split_once('>') else { break };
        // Some clients fold inside an id: white space in it is none of its own.
        let id: String = id.chars().filter(|c| !c.is_whitespace()).collect();
        if !id.is_empty() && id.len() <= ID_MAX {
            ids.push(id);
        }
        if ids.len() == IDS_MAX {
            break;
        }
        rest = after;
    }
    ids
}

/// Ids taken of one field.
const IDS_MAX: usize = 200;
/// Characters of an id (a line of RFC 5322 2.1.1).
const ID_MAX: usize = 998;

fn without_comments(value: &str) -> String {
    let mut depth = 0_u32;
    let mut bracket = false;
    let mut kept = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '<' if depth == 0 => bracket = true,
            '>' if depth == 0 => bracket = false,
            '(' if !bracket => {
                depth = depth.saturating_add(1);
                continue;
            }
            ')' if !bracket && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            kept.push(c);
        }
    }
    kept
}
