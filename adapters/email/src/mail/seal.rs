//! Mail that is signed or encrypted: kept and named. Nothing is verified or opened here.

use super::decode;
use super::notes::Notes;
use super::parts::Tree;

/// What was done to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    /// It carries a signature. Nobody has checked it.
    Signed,
    /// Its text can't be read here.
    Encrypted,
}

/// A signed or encrypted mail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sealed {
    /// What was done.
    pub seal: Seal,
    /// In words for people: "signed (S/MIME)".
    pub label: String,
}

/// The object identifier of signed data in CMS (RFC 5652, 5.1).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// Bytes at the beginning of CMS data which name its type.
const CMS_HEAD_BYTES: usize = 128;

/// The seal of a mail (RFC 8551; RFC 3156; armour in the text).
pub(super) fn of(tree: &Tree<'_>, armour: Option<Seal>, notes: &mut Notes) -> Option<Sealed> {
    for part in &tree.parts {
        let pgp = part.head.protocol.as_deref().is_some_and(|protocol| protocol.contains("pgp"));
        match part.head.media_type.as_str() {
            "multipart/signed" => return Some(sealed(Seal::Signed, if pgp { "OpenPGP" } else { "S/MIME" })),
            "multipart/encrypted" => {
                notes.add("this mail is encrypted; its text can't be read here");
                return Some(sealed(Seal::Encrypted, if pgp { "OpenPGP" } else { "unknown method" }));
            }
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
                let beginning = part.body.get(..CMS_HEAD_BYTES * 2).unwrap_or(part.body);
                let bytes = decode::bytes(beginning, part.head.transfer);
                let signed = part.head.smime_type.as_deref() == Some("signed-data")
                    || bytes.windows(SIGNED_DATA.len()).any(|it| it == SIGNED_DATA);
                notes.add(if signed {
                    "this mail is inside its signature; open the file smime.p7m"
                } else {
                    "this mail is encrypted; its text can't be read here"
                });
                return Some(sealed(if signed { Seal::Signed } else { Seal::Encrypted }, "S/MIME"));
            }
            _ => {}
        }
    }
    if armour == Some(Seal::Encrypted) {
        notes.add("this mail is encrypted; its text can't be read here");
    }
    armour.map(|seal| sealed(seal, "OpenPGP"))
}

/// The armour of `OpenPGP` in a text (RFC 9580, 6.2).
pub(super) fn armour(text: &str) -> Option<Seal> {
    text.lines().find_map(|line| match line.trim() {
        "-----BEGIN PGP MESSAGE-----" => Some(Seal::Encrypted),
        "-----BEGIN PGP SIGNED MESSAGE-----" => Some(Seal::Signed),
        _ => None,
    })
}

fn sealed(seal: Seal, by: &str) -> Sealed {
    let done = match seal {
        Seal::Signed => "signed",
        Seal::Encrypted => "encrypted",
    };
    Sealed { seal, label: format!("{done} ({by})") }
}
