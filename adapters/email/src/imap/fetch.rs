//! What is there, and the mails themselves.

use std::collections::BTreeMap;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, MessageSection, Response, SectionPath};

use super::cursor::Mark;
use super::limits::{GROUP_BYTES_MAX, HEADER_BYTES_MAX, MAIL_BYTES_MAX, WINDOW};
use super::plan::{Found, Group, Part, set};
use super::trouble::{Answer, Trouble};
use super::wire::Wire;

/// What stands in a window of UIDs.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// In rising order; bounded.
    pub(super) found: Vec<Found>,
    /// The last UID kept, when there were more than are kept.
    pub(super) cut: Option<u32>,
    /// How many there were.
    pub(super) mails: usize,
}

/// What a server says about a mail.
#[derive(Debug, Default, Clone, Copy)]
struct Facts {
    size: Option<u32>,
    came_in: Option<i64>,
}

/// Asks for the sizes of the mails in a range; without an end, of all from there on.
pub(super) async fn window(wire: &mut Wire, mark: &Mark, range: (u32, Option<u32>)) -> Result<Window, Trouble> {
    let (from, to) = range;
    let mut facts: BTreeMap<u32, Facts> = BTreeMap::new();
    let mut window = Window::default();
    let inside = |uid: u32| uid >= from && to.is_none_or(|to| uid <= to);
    // A range that is open always holds the last mail, however low its UID (RFC 9051, section 6.4.9): hence `inside`.
    let mut keep = |uid: u32, new: Facts| {
        if inside(uid) {
            let known = facts.entry(uid).or_default();
            *known = Facts { size: new.size.or(known.size), came_in: new.came_in.or(known.came_in) };
            if facts.len() > WINDOW as usize {
                facts.pop_last();
                window.cut = Some(0);
            }
        }
    };
    let left_out = wire.left_out();
    let range = format!("{from}:{}", to.map_or_else(|| "*".to_owned(), |to| to.to_string()));
    let date = if from <= mark.mixed { " INTERNALDATE" } else { "" };
    let mut look = |response: &Response<'_>| {
        if let Response::Fetch(_, items) = response
            && let Some(uid) = uid(items)
        {
            // News of a mail's flags may come at any time, and says no size.
            keep(uid, Facts { size: size(items), came_in: came_in(items) });
        }
    };
    let answered = wire.run(&format!("UID FETCH {range} (UID RFC822.SIZE{date})"), &mut look).await;
    if wire.left_out() > left_out || matches!(answered, Err(Trouble::No(_))) {
        // Something was said that can't be read, or the server could not say all: no mail may fall through.
        let mut look = |response: &Response<'_>| {
            if let Response::Fetch(_, items) = response
                && let Some(uid) = uid(items)
            {
                keep(uid, Facts::default());
            }
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                for uid in uids {
                    keep(*uid, Facts::default());
                }
            }
        };
        let answered = wire.run(&format!("UID FETCH {range} (UID)"), &mut look).await;
        if matches!(answered, Err(Trouble::No(_))) {
            // Some refuse a range without mails.
            wire.run(&format!("UID SEARCH UID {range}"), &mut look).await?;
        } else {
            answered?;
        }
    } else {
        answered?;
    }
    window.mails = facts.len();
    window.cut = window.cut.and_then(|_| facts.last_key_value().map(|(uid, _)| *uid));
    let found = |(uid, facts): (u32, Facts)| {
        let old = mark.is_old(uid, facts.came_in);
        Found { uid, size: facts.size, old, suspicion: 0 }
    };
    window.found = facts.into_iter().map(found).collect();
    Ok(window)
}

/// Fetches a group. Mails that are gone by now are left out.
///
/// # Errors
/// When the connection breaks, and when a mail is there and is not given out.
pub(super) async fn group(wire: &mut Wire, group: &Group) -> Result<BTreeMap<u32, Vec<u8>>, Trouble> {
    let mut mails = BTreeMap::new();
    if group.part == Part::Nothing {
        mails.extend(group.uids.iter().map(|uid| (*uid, Vec::new())));
        return Ok(mails);
    }
    bodies(wire, &group.uids, group.part, &mut mails).await?;
    let missing = missing(&group.uids, &mails);
    if missing.is_empty() {
        return Ok(mails);
    }
    // Expunged meanwhile, or not given out? After NOOP the server knows what is gone (RFC 2180, section 4.1).
    wire.run("NOOP", |_| {}).await?;
    let still = present(wire, &missing).await?;
    for uid in &still {
        if group.uids.len() > 1 {
            bodies(wire, &[*uid], group.part, &mut mails).await?;
        }
        if !mails.contains_key(uid) {
            let text = "a mail is there and is not given out".to_owned();
            return Err(Trouble::No(Answer { code: None, text }));
        }
    }
    Ok(mails)
}

/// One FETCH. BODY.PEEK leaves \Seen alone (RFC 9051, section 6.4.5).
async fn bodies(wire: &mut Wire, uids: &[u32], part: Part, mails: &mut BTreeMap<u32, Vec<u8>>) -> Result<(), Trouble> {
    let what = match part {
        Part::Whole | Part::Nothing => "BODY.PEEK[]".to_owned(),
        Part::OldHeaders => "BODY.PEEK[HEADER]".to_owned(),
        Part::LargeHeaders { .. } | Part::BrokenHeaders => format!("BODY.PEEK[HEADER]<0.{HEADER_BYTES_MAX}>"),
    };
    let most = GROUP_BYTES_MAX + u64::from(MAIL_BYTES_MAX) * 2;
    let mut bytes = 0;
    let answered = wire
        .run(&format!("UID FETCH {} (UID {what})", set(uids)), |response| {
            if let Response::Fetch(_, items) = response
                && let Some(uid) = uid(items).filter(|uid| uids.binary_search(uid).is_ok())
                && !mails.contains_key(&uid)
                && let Some(body) = body(items, part)
            {
                bytes += body.len() as u64;
                if bytes <= most {
                    mails.insert(uid, body.to_vec());
                }
            }
        })
        .await;
    match answered {
        Ok(_) if bytes > most => Err(Trouble::Garbled("mails are larger than it said".to_owned())),
        // Some servers say NO when a mail is gone, and give the others (RFC 2180, section 4.1.2): the caller looks.
        Ok(_) | Err(Trouble::No(_)) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

/// Which of these UIDs are there.
async fn present(wire: &mut Wire, uids: &[u32]) -> Result<Vec<u32>, Trouble> {
    let mut there = Vec::new();
    wire.run(&format!("UID FETCH {} (UID)", set(uids)), |response| {
        if let Response::Fetch(_, items) = response
            && let Some(uid) = uid(items).filter(|uid| uids.binary_search(uid).is_ok())
        {
            there.push(uid);
        }
    })
    .await?;
    there.sort_unstable();
    there.dedup();
    Ok(there)
}

/// The highest UID of the folder and when that mail came in.
pub(super) async fn newest(wire: &mut Wire) -> Result<Option<(u32, Option<i64>)>, Trouble> {
    let mut newest: Option<(u32, Option<i64>)> = None;
    let answered = wire
        .run("UID FETCH * (UID INTERNALDATE)", |response| {
            if let Response::Fetch(_, items) = response
                && let Some(uid) = uid(items)
            {
                let came_in = came_in(items);
                newest = newest.filter(|(known, _)| *known > uid).or(Some((uid, came_in)));
            }
        })
        .await;
    match answered {
        // So some say that there is none.
        Ok(_) | Err(Trouble::No(_)) => Ok(newest),
        Err(trouble) => Err(trouble),
    }
}

fn missing(uids: &[u32], mails: &BTreeMap<u32, Vec<u8>>) -> Vec<u32> {
    uids.iter().copied().filter(|uid| !mails.contains_key(uid)).collect()
}

pub(super) fn uid(items: &[AttributeValue<'_>]) -> Option<u32> {
    items.iter().find_map(|item| if let AttributeValue::Uid(uid) = item { Some(*uid) } else { None })
}

fn size(items: &[AttributeValue<'_>]) -> Option<u32> {
    items.iter().find_map(|item| if let AttributeValue::Rfc822Size(size) = item { Some(*size) } else { None })
}

fn came_in(items: &[AttributeValue<'_>]) -> Option<i64> {
    items.iter().find_map(|item| if let AttributeValue::InternalDate(date) = item { date_of(date) } else { None })
}

/// The part that was asked for, and no other that may come with it.
fn body<'a>(items: &'a [AttributeValue<'_>], part: Part) -> Option<&'a [u8]> {
    let wants_header = !matches!(part, Part::Whole | Part::Nothing);
    items.iter().find_map(|item| {
        let AttributeValue::BodySection { section, data: Some(data), .. } = item else { return None };
        let is_header = matches!(section, Some(SectionPath::Full(MessageSection::Header)));
        let is_wanted = if wants_header { is_header } else { section.is_none() };
        is_wanted.then_some(&**data)
    })
}

/// A date as `17-Jul-1996 02:44:25 -0700` (RFC 9051, section 9), in milliseconds.
fn date_of(date: &str) -> Option<i64> {
    let broken = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", date.trim()).ok()?;
    broken.to_timestamp().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        assert_eq!(date_of("17-Jul-1996 02:44:25 -0700"), Some(837_596_665_000));
        assert_eq!(date_of(" 1-Jan-1970 00:00:01 +0000"), Some(1_000));
        assert_eq!(date_of("31-Feb-2026 00:00:00 +0000"), None);
        assert_eq!(date_of(""), None);
    }
}
