//! What is done with mails once they are kept: nothing, a flag, or another folder.

use async_imap::imap_proto::{AttributeValue, Response};

use super::connect::Abilities;
use super::fetch::uid;
use super::plan::set;
use super::trouble::Trouble;
use super::wire::Wire;

/// UIDs named in one command: servers bound the length of a line.
const AT_ONCE: usize = 200;

/// What is to be done, with names as they go over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Flag,
    /// The target, as a quoted string.
    Move(String),
}

/// Does it. Doing it again changes nothing more: UIDs that are gone are passed over by the server.
///
/// # Errors
/// As the server answers; part of the mails may be done by then.
pub(super) async fn act(wire: &mut Wire, abilities: &Abilities, deed: &Deed, uids: &[u32]) -> Result<(), Trouble> {
    for uids in uids.chunks(AT_ONCE) {
        let set = set(uids);
        match deed {
            Deed::Flag => {
                wire.run(&format!("UID STORE {set} +FLAGS.SILENT (\\Flagged)"), |_| {}).await?;
            }
            Deed::Move(target) if abilities.has("MOVE") => to_folder(wire, "MOVE", &set, target).await?,
            Deed::Move(target) => {
                to_folder(wire, "COPY", &set, target).await?;
                wire.run(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)"), |_| {}).await?;
                expunge(wire, abilities, &set).await?;
            }
        }
    }
    Ok(())
}

/// Finishes what a crash may have left undone in a range of mails that are kept already.
pub(super) async fn finish(
    wire: &mut Wire,
    abilities: &Abilities,
    deed: &Deed,
    (from, to): (u32, u32),
) -> Result<(), Trouble> {
    let (mut open, mut deleted) = (Vec::new(), Vec::new());
    wire.run(&format!("UID FETCH {from}:{to} (UID FLAGS)"), |response| {
        if let Response::Fetch(_, items) = response
            && let Some(uid) = uid(items).filter(|uid| (from..=to).contains(uid))
        {
            let has = |wanted: &str| {
                items.iter().any(|item| {
                    matches!(item, AttributeValue::Flags(flags)
                        if flags.iter().any(|flag| flag.eq_ignore_ascii_case(wanted)))
                })
            };
            match deed {
                Deed::Flag if has("\\Flagged") => {}
                // Copied already: only the last step is missing.
                Deed::Move(_) if has("\\Deleted") => deleted.push(uid),
                Deed::Flag | Deed::Move(_) => open.push(uid),
            }
        }
    })
    .await?;
    for list in [&mut open, &mut deleted] {
        list.sort_unstable();
        list.dedup();
    }
    act(wire, abilities, deed, &open).await?;
    if !abilities.has("MOVE") {
        for uids in deleted.chunks(AT_ONCE) {
            expunge(wire, abilities, &set(uids)).await?;
        }
    }
    Ok(())
}

/// Makes the folder when there is none (RFC 9051, `TRYCREATE`).
async fn to_folder(wire: &mut Wire, verb: &str, set: &str, target: &str) -> Result<(), Trouble> {
    let command = format!("UID {verb} {set} {target}");
    match wire.run(&command, |_| {}).await {
        Err(Trouble::No(answer)) if answer.code.as_deref() == Some("TRYCREATE") => {
            wire.run(&format!("CREATE {target}"), |_| {}).await?;
            wire.run(&command, |_| {}).await?;
        }
        answered => {
            answered?;
        }
    }
    Ok(())
}

/// Only these: a plain EXPUNGE would take what others marked as well (RFC 4315). Without it they stay, marked.
async fn expunge(wire: &mut Wire, abilities: &Abilities, set: &str) -> Result<(), Trouble> {
    if abilities.has("UIDPLUS") {
        wire.run(&format!("UID EXPUNGE {set}"), |_| {}).await?;
    }
    Ok(())
}
