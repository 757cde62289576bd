//! Domains that look like others (UTS 39), and names that pretend to be addresses.

use unicode_security::confusable_detection::skeleton;
use unicode_security::mixed_script::MixedScript;

use super::align::{ascii, organisational};
use crate::headers::addresses;

/// Characters of a display name that are looked at.
const NAME_READ: usize = 1_000;

/// What a person should know before believing a domain. `known` are domains that matter here: ours and those of the
/// contacts.
pub fn domain_warnings(domain: &str, known: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(ascii) = ascii(domain) else {
        warnings.push(format!("`{}` is no proper domain", cut(domain)));
        return warnings;
    };
    let (shown, valid) = idna::domain_to_unicode(&ascii);
    if valid.is_err() {
        warnings.push(format!("`{}` has labels that are not allowed", cut(domain)));
    }
    if ascii.split('.').any(|label| label.starts_with("xn--")) {
        warnings.push(format!(
            "the domain is written with letters outside ASCII: `{}` is `{}`",
            cut(&shown),
            cut(&ascii)
        ));
    }
    if shown.split('.').any(|label| !label.is_single_script()) {
        warnings.push(format!("the domain `{}` mixes scripts, as look-alikes do", cut(&shown)));
    }
    let owner = organisational(&ascii).unwrap_or_else(|| ascii.clone());
    let looks = looks(&owner);
    let twin = known
        .iter()
        .filter_map(|known| organisational(known))
        .find(|known| *known != owner && self::looks(known) == looks);
    if let Some(twin) = twin {
        warnings.push(format!("the domain `{}` looks like `{}` and is another", cut(&shown), cut(&twin)));
    }
    warnings
}

/// What the eye sees of a domain (UTS 39 4).
fn looks(domain: &str) -> String {
    let (shown, _) = idna::domain_to_unicode(domain);
    // The skeleton keeps digits apart from letters in lower case only where no letter looks like them: 1 and l, 0 and o do.
    let folded: String = shown.chars().map(|c| if c == '0' { 'o' } else { c }).collect();
    skeleton(&folded).collect::<String>().to_lowercase().replace('1', "l")
}

/// A display name that shows another address than the one it stands before.
pub fn name_warning(name: &str, address: &str) -> Option<String> {
    let name: String = name.chars().take(NAME_READ).collect();
    let shown = addresses(&name).into_iter().find(|shown| !shown.eq_ignore_ascii_case(address))?;
    Some(format!("the name shows the address {}, the mail is from {}", cut(&shown), cut(address)))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
