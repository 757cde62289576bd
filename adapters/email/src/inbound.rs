//! What a raw mail becomes for the core. Pure, and total: whatever the bytes are, there is an answer.
//!
//! | to learn | open |
//! | --- | --- |
//! | what is found out about a mail | [`Examined`] |
//! | whether it is filed, and as what | `decide` |
//! | by what it is known when it comes again | `id` |
//! | who wrote it | `person` |
//! | what was written, and which files came along | `body` |
//! | whose thread it belongs to, who else was written to | `place` |
//! | which delivery of ours a report is about | `report` |
//! | the same for people and programs, as JSON | [`inspect`] |

mod body;
mod decide;
mod examine;
mod id;
mod inspect;
mod person;
mod place;
mod report;

use switchboard_contract::{Inbound, Timestamp};

use crate::identity::Verdict;
use crate::own::OwnMail;

pub use examine::{Examined, Told};
pub use inspect::{Identity, Inspection, Listed, Outcome, inspect};
pub use person::Author;

/// Reads a mail. Its `raw` is left empty: whoever fetched the bytes has them already.
///
/// Where senders are checked by the DNS, that takes time and a network: whoever wants it asks first
/// ([`Check::verdicts`](crate::identity::Check::verdicts)) and calls [`read_with`].
pub fn read(raw: &[u8], own: &OwnMail) -> Inbound {
    read_with(raw, own, &own.check.verdicts_at_once(raw))
}

/// Reads a mail with what the checks of its sender found.
pub fn read_with(raw: &[u8], own: &OwnMail, verdicts: &[Verdict]) -> Inbound {
    let examined = Examined::of(raw, own, verdicts);
    Inbound {
        external_id: examined.external_id.clone(),
        occurred_at: examined.mail.date.map(Timestamp::from_millis),
        raw: Vec::new(),
        reading: decide::reading(examined, own),
    }
}
