//! winmail.dat: what Outlook sends to programs it takes for Outlook (MS-OXTNEF). Names and bytes of the files, and the plain
//! text. Formatted text (RTF) is left alone.

use super::charset;
use super::clean;
use super::limits::{ID_BYTES_MAX, TEXT_BYTES_MAX, TNEF_ATTRIBUTES_MAX, TNEF_MEMBERS_MAX};

const SIGNATURE: u32 = 0x223e_9f78;
const ATT_BODY: u32 = 0x0002_800c;
const ATT_ATTACH_TITLE: u32 = 0x0001_8010;
const ATT_ATTACH_DATA: u32 = 0x0006_800f;
const ATT_ATTACH_RENDER: u32 = 0x0006_9002;
const ATT_ATTACHMENT: u32 = 0x0006_9005;
const ATT_MAPI: u32 = 0x0006_9003;

/// A file inside.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) content_id: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// An opened winmail.dat.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) members: Vec<Member>,
    pub(super) text: Option<String>,
    /// It ended too early, or there was more than the limits allow.
    pub(super) cut: bool,
}

/// Bytes read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }
}

/// Opens a winmail.dat; `None` when it is none.
pub(super) fn read(data: &[u8]) -> Option<Opened> {
    let mut bytes = Bytes(data);
    if bytes.u32()? != SIGNATURE {
        return None;
    }
    bytes.u16()?;
    let mut opened = Opened::default();
    for count in 0.. {
        if bytes.0.is_empty() {
            break;
        }
        let attribute = attribute(&mut bytes);
        let (Some((id, value)), true) = (attribute, count < TNEF_ATTRIBUTES_MAX) else {
            opened.cut = true;
            break;
        };
        match id {
            ATT_ATTACH_RENDER if opened.members.len() >= TNEF_MEMBERS_MAX => {
                opened.cut = true;
                break;
            }
            ATT_ATTACH_RENDER => opened.members.push(Member::default()),
            ATT_BODY => opened.text = text(value, None).or(opened.text),
            ATT_MAPI => {
                let plain = properties(value).into_iter().find(|property| property.id == 0x1000);
                opened.text = opened.text.or(plain.and_then(|plain| text(plain.value, Some(plain.kind))));
            }
            _ => {
                if let Some(member) = opened.members.last_mut() {
                    describe(member, id, value);
                }
            }
        }
    }
    Some(opened)
}

/// Level, id, length, value and a checksum (2.1.3.2).
fn attribute<'a>(bytes: &mut Bytes<'a>) -> Option<(u32, &'a [u8])> {
    bytes.take(1)?;
    let id = bytes.u32()?;
    let length = bytes.length()?;
    let value = bytes.take(length)?;
    bytes.u16()?;
    Some((id, value))
}

fn describe(member: &mut Member, id: u32, value: &[u8]) {
    match id {
        // The short name; a long one is among the properties.
        ATT_ATTACH_TITLE if member.name.is_none() => member.name = text(value, None),
        ATT_ATTACH_DATA => member.bytes = value.to_vec(),
        ATT_ATTACHMENT => {
            for property in properties(value) {
                let said = || {
                    text(property.value, Some(property.kind))
                        .map(|said| clean::line(&said, ID_BYTES_MAX))
                        .filter(|said| !said.is_empty())
                };
                match property.id {
                    0x3707 => member.name = said().or(member.name.take()),
                    0x370e => member.media_type = said().map(|kind| kind.to_ascii_lowercase()),
                    0x3712 => member.content_id = said(),
                    // A file that is an object has its bytes here.
                    0x3701 if member.bytes.is_empty() => member.bytes = property.value.to_vec(),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

const UNICODE: u16 = 0x1f;

struct Property<'a> {
    id: u16,
    kind: u16,
    value: &'a [u8],
}

/// The properties of MAPI (2.1.3.4). What comes after a broken one is left out.
fn properties(data: &[u8]) -> Vec<Property<'_>> {
    let mut bytes = Bytes(data);
    let mut found = Vec::new();
    let count = bytes.length().unwrap_or(0).min(TNEF_ATTRIBUTES_MAX);
    for _ in 0..count {
        let Some(property) = property(&mut bytes) else { break };
        found.push(property);
    }
    found
}

fn property<'a>(bytes: &mut Bytes<'a>) -> Option<Property<'a>> {
    let (kind, id) = (bytes.u16()?, bytes.u16()?);
    if id >= 0x8000 {
        // A named property: a GUID, then a number or a name.
        bytes.take(16)?;
        if bytes.u32()? == 0 {
            bytes.u32()?;
        } else {
            let length = bytes.length()?;
            bytes.take(length.checked_next_multiple_of(4)?)?;
        }
    }
    let many = kind & 0x1000 != 0;
    let base = kind & 0x0fff;
    let fixed = match base {
        0x02 | 0x03 | 0x04 | 0x0a | 0x0b => Some(4),
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        _ => None,
    };
    let values = if many || fixed.is_none() { bytes.length()? } else { 1 };
    let mut value: &[u8] = &[];
    for number in 0..values.min(TNEF_ATTRIBUTES_MAX) {
        let length = match fixed {
            Some(length) => length,
            None => bytes.length()?,
        };
        let padded = bytes.take(length.checked_next_multiple_of(4)?)?;
        if number == 0 {
            value = padded.get(..length)?;
        }
    }
    // An object begins with the id of its interface.
    let value = if base == 0x0d { value.get(16..)? } else { value };
    Some(Property { id, kind: base, value })
}

fn text(value: &[u8], kind: Option<u16>) -> Option<String> {
    let value = value.get(..TEXT_BYTES_MAX).unwrap_or(value);
    let text = if kind == Some(UNICODE) {
        let units: Vec<u16> =
            value.chunks_exact(2).filter_map(|two| two.try_into().ok().map(u16::from_le_bytes)).collect();
        String::from_utf16_lossy(&units)
    } else {
        charset::text(value, None)
    };
    let text = text.trim_end_matches('\0');
    (!text.is_empty()).then(|| text.to_owned())
}
