//! Opening a folder, and where to begin in it.

use async_imap::imap_proto::{MailboxDatum, NameAttribute, Response, ResponseCode};

use super::connect::Abilities;
use super::cursor::Mark;
use super::fetch::newest;
use super::name::{decode, encode, quote};
use super::trouble::{Answer, Trouble};
use super::wire::Wire;
use crate::config::Start;

/// What a server says of a folder that is opened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) validity: Option<u32>,
    pub(super) next: Option<u32>,
    pub(super) exists: Option<u32>,
    pub(super) modseq: Option<u64>,
}

/// Opens a folder; read only when nothing is to be changed in it.
pub(super) async fn open(wire: &mut Wire, abilities: &Abilities, name: &str, change: bool) -> Result<Opened, Trouble> {
    let verb = if change { "SELECT" } else { "EXAMINE" };
    let sequences = if abilities.has("CONDSTORE") { " (CONDSTORE)" } else { "" };
    let mut opened = Opened::default();
    wire.run(&format!("{verb} {name}{sequences}"), |response| {
        if let Response::MailboxData(MailboxDatum::Exists(count)) = response {
            opened.exists = Some(*count);
        }
        let Response::Data { outcome, .. } = response else { return };
        if let Some(ResponseCode::UidValidity(validity)) = outcome.code {
            opened.validity = Some(validity);
        } else if let Some(ResponseCode::UidNext(next)) = outcome.code {
            opened.next = Some(next);
        } else if let Some(ResponseCode::HighestModSeq(modseq)) = outcome.code {
            opened.modseq = Some(modseq);
        }
    })
    .await?;
    Ok(opened)
}

/// What becomes of a folder's mark when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was never read.
    New { validity: u32 },
    /// It goes on where it was.
    Same(Mark),
    /// Its UIDs are others: it begins again, with this mark.
    Renewed(Mark),
    /// Nothing has changed since everything was read.
    Unchanged(Mark),
}

/// Compares what is known of a folder with what the server says. `trusts_next` is false when the UIDs were found to be
/// others once already on this connection, for the same reason: a server that always says so is not believed twice.
pub(super) fn stand(mark: Option<Mark>, opened: &Opened, trusts_next: bool) -> Result<Standing, Trouble> {
    let Some(validity) = opened.validity.filter(|validity| *validity > 0) else {
        return Err(Trouble::Garbled(
            "it does not say UIDVALIDITY, without which no mail can be told from another".into(),
        ));
    };
    let highest = opened.next.map_or(u32::MAX, |next| next.saturating_sub(1));
    let Some(mark) = mark else { return Ok(Standing::New { validity }) };
    // UIDs never fall while the validity stays (RFC 9051, section 2.3.1.1): if they did, it was a restored backup.
    if mark.validity != validity || (trusts_next && highest < mark.last) {
        return Ok(Standing::Renewed(mark.renewed(validity, highest)));
    }
    let is_done = mark.done == mark.last && mark.modseq.is_some() && mark.modseq == opened.modseq;
    Ok(if is_done { Standing::Unchanged(mark) } else { Standing::Same(mark) })
}

/// Where to begin in a folder that was never read.
pub(super) async fn begin(wire: &mut Wire, opened: &Opened, validity: u32, start: Start) -> Result<Mark, Trouble> {
    let fresh = Mark { validity, ..Mark::default() };
    if start == Start::All || opened.exists == Some(0) && opened.next.is_none() {
        return Ok(fresh);
    }
    let newest = if opened.exists == Some(0) { None } else { newest(wire).await? };
    let there = newest.map_or(0, |(uid, _)| uid).max(opened.next.map_or(0, |next| next.saturating_sub(1)));
    let old_date = newest.and_then(|(_, date)| date);
    Ok(match start {
        Start::All => fresh,
        Start::Now => Mark { last: there, done: there, old: there, old_date, ..fresh },
        Start::Headers => Mark { done: 0, old: there, old_date, ..fresh },
    })
}

/// A folder's name as it goes over the wire. A name with `\` in front is looked up by its use (RFC 6154): none when the
/// server has no such folder.
pub(super) async fn resolve(wire: &mut Wire, name: &str, utf8: bool) -> Result<Option<String>, Trouble> {
    let unsendable = || Trouble::No(Answer { code: None, text: "the folder's name can't be sent".to_owned() });
    if !name.starts_with('\\') {
        let encoded = if utf8 { name.to_owned() } else { encode(name) };
        return quote(&encoded).map(Some).ok_or_else(unsendable);
    }
    let mut found: Option<String> = None;
    wire.run("LIST \"\" \"*\"", |response| {
        if let Response::MailboxData(MailboxDatum::List(list)) = response
            && list.name_attributes.iter().any(|attribute| has_use(attribute, name))
        {
            found.get_or_insert_with(|| list.name.to_string());
        }
    })
    .await?;
    if let Some(folder) = &found {
        tracing::info!(r#use = name, folder = decode(folder), "a folder was found by its use");
    }
    Ok(found.as_deref().and_then(quote))
}

fn has_use(attribute: &NameAttribute<'_>, wanted: &str) -> bool {
    let known = [
        ("\\All", NameAttribute::All),
        ("\\Archive", NameAttribute::Archive),
        ("\\Drafts", NameAttribute::Drafts),
        ("\\Flagged", NameAttribute::Flagged),
        ("\\Junk", NameAttribute::Junk),
        ("\\Sent", NameAttribute::Sent),
        ("\\Trash", NameAttribute::Trash),
    ];
    let other = matches!(attribute, NameAttribute::Extension(name) if name.eq_ignore_ascii_case(wanted));
    other || known.iter().any(|(name, known)| known == attribute && name.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = Mark { validity: 1, last: 10, done: 10, modseq: Some(5), old: 0, old_date: None, mixed: 0 };

    #[track_caller]
    fn check(validity: u32, next: Option<u32>, modseq: Option<u64>, standing: Standing) {
        let opened = Opened { validity: Some(validity), next, exists: None, modseq };
        assert_eq!(stand(Some(MARK), &opened, true), Ok(standing));
    }

    #[test]
    fn a_folder_goes_on_where_it_was_unless_its_uids_changed() {
        check(1, Some(11), Some(6), Standing::Same(MARK));
        check(1, None, None, Standing::Same(MARK));
        check(1, Some(11), Some(5), Standing::Unchanged(MARK));
        check(2, Some(11), Some(5), Standing::Renewed(Mark { validity: 2, ..Mark::default() }));
        check(1, Some(4), Some(6), Standing::Renewed(Mark { validity: 1, ..Mark::default() }));
    }

    #[test]
    fn what_is_undone_is_looked_at_though_nothing_changed() {
        let mark = Mark { done: 9, ..MARK };
        let opened = Opened { validity: Some(1), next: Some(11), exists: None, modseq: Some(5) };
        assert_eq!(stand(Some(mark), &opened, true), Ok(Standing::Same(mark)));
    }

    #[test]
    fn without_validity_nothing_is_read_and_a_lie_is_believed_once() {
        assert!(matches!(stand(Some(MARK), &Opened::default(), true), Err(Trouble::Garbled(_))));
        let zero = Opened { validity: Some(0), ..Opened::default() };
        assert!(stand(None, &zero, true).is_err());
        let low = Opened { validity: Some(1), next: Some(2), exists: None, modseq: None };
        assert_eq!(stand(Some(MARK), &low, false), Ok(Standing::Same(MARK)));
        let opened = Opened { validity: Some(3), ..Opened::default() };
        assert_eq!(stand(None, &opened, true), Ok(Standing::New { validity: 3 }));
    }
}
