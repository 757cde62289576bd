//! Signatures: below "-- ", "Sent from my phone", a closing with a name, the footer of a list, legal text.

use std::ops::Range;

use super::FoldKind;
use super::line::Line;
use super::words::{Pattern, any_of};

/// Lines below "-- " (RFC 3676, 4.3).
const SIGNATURE_LINES_MAX: usize = 40;
/// Lines below something that only may be a delimiter ("--", a dash alone).
const LOOSE_LINES_MAX: usize = 12;
/// Lines of a mailing list's footer.
const FOOTER_LINES_MAX: usize = 10;
/// Lines below a closing: name, role, company, telephone ...
const CLOSING_LINES_MAX: usize = 8;
/// Signs in a line below a closing. Longer ones are sentences.
const CLOSING_LINE_MAX: usize = 70;
/// Pieces at the end of one run: a closing, a phone, legal text ...
const PIECES_MAX: usize = 8;
/// Words after "Sent from".
const SENT_WORDS_MAX: usize = 9;

/// "Sent from my phone" and what app makers write there.
const SENT: &[&str] = &[
    "Sent from",
    "Sent via",
    "Sent using",
    "Sent with",
    "Sent by",
    "Sent through",
    "Sent on",
    "Send from",
    "Composed on",
    "Typed on",
    "Written on",
    "Get Outlook for",
    "Get BlueMail for",
    "Get Yahoo Mail for",
    "Gesendet von",
    "Gesendet mit",
    "Gesendet aus",
    "Gesendet über",
    "Gesendet vom",
    "Diese Nachricht wurde von",
    "Von meinem",
    "Von meiner",
    "Von einem",
    "Holen Sie sich Outlook für",
    "Outlook für",
    "Verschickt mit",
    "Verschickt von",
    "Envoyé de",
    "Envoyé depuis",
    "Envoyé à partir de",
    "Envoyé avec",
    "Envoyé par",
    "Envoyé via",
    "Télécharger Outlook pour",
    "Obtenez Outlook pour",
    "Obtenir Outlook pour",
    "Enviado desde",
    "Enviado con",
    "Enviado de",
    "Enviado mediante",
    "Enviado por",
    "Enviado a través",
    "Enviado via",
    "Obtener Outlook para",
    "Obtenga Outlook para",
    "Enviat des",
    "Enviat des de",
    "Enviado dende",
    "Enviado do",
    "Enviado pelo",
    "Enviado a partir",
    "Enviada do",
    "Enviado através",
    "Obter Outlook para",
    "Obter o Outlook para",
    "Obtenha o Outlook para",
    "Baixe o Outlook para",
    "Inviato da",
    "Inviato dal",
    "Inviato dall'",
    "Inviato con",
    "Inviata da",
    "Ottieni Outlook per",
    "Scarica Outlook per",
    "Verzonden vanaf",
    "Verzonden met",
    "Verzonden via",
    "Verstuurd vanaf",
    "Verstuurd met",
    "Verstuurd via",
    "Outlook voor",
    "Download Outlook voor",
    "Outlook downloaden voor",
    "Sendt fra",
    "Sendt via",
    "Sendt med",
    "Skickat från",
    "Skickat med",
    "Skickat via",
    "Skickades från",
    "Hent Outlook til",
    "Få Outlook til",
    "Få Outlook for",
    "Hämta Outlook för",
    "Skaffa Outlook för",
    "Last ned Outlook for",
    "Lähetetty",
    "Hanki Outlook",
    "Wysłane z",
    "Wysłano z",
    "Wysłano ze",
    "Wysłane przy użyciu",
    "Pobierz Outlook dla",
    "Pobierz aplikację Outlook",
    "Odesláno z",
    "Odesláno ze",
    "Odesláno pomocí",
    "Odoslané z",
    "Odoslané zo",
    "Získat Outlook pro",
    "Stáhnout Outlook pro",
    "Отправлено с",
    "Отправлено из",
    "Отправлено через",
    "Отправлено от",
    "Скачать Outlook для",
    "Получить Outlook для",
    "Послано с",
    "Надіслано з",
    "Надіслано із",
    "Відправлено з",
    "Изпратено от",
    "Изпратено с",
    "iPhone'umdan gönderildi",
    "iPhone'dan gönderildi",
    "iPad'imden gönderildi",
    "Küldve",
    "Elküldve",
    "iPhone-omról küldve",
    "Outlook letöltése",
    "Trimis de pe",
    "Trimis din",
    "Descărcați Outlook pentru",
    "Στάλθηκε από",
    "Εστάλη από",
    "Αποστολή από",
    "Poslano iz",
    "Poslano s",
    "Poslato sa",
    "Išsiųsta iš",
    "Saadetud minu",
    "Nosūtīts no",
    "Sent úr",
    "Sendt úr",
    "נשלח מ",
    "נשלח מה",
    "أرسلت من",
    "أُرسلت من",
    "تم الإرسال من",
    "ارسال شده از",
    "发自我的",
    "发自",
    "從我的",
    "傳送自",
    "寄自我的",
    "发送自",
    "iPhoneから送信",
    "iPadから送信",
    "Androidから送信",
    "나의 iPhone에서 보냄",
    "나의 iPad에서 보냄",
    "내 iPhone에서 보냄",
    "Dikirim dari",
    "Terkirim dari",
    "Được gửi từ",
    "Đã gửi từ",
    "Gửi từ",
    "ส่งจาก",
    "मेरे iPhone से भेजा गया",
];
/// The same where the words stand at the end of the line.
const SENT_END: &[&str] =
    &["gesendet", "gönderildi", "küldve", "から送信", "にて送信", "에서 보냄", "에서 전송", "से भेजा गया", "saadetud"];

/// Closings that end a mail. Thanks are none: they are said to somebody.
const CLOSINGS: &[&str] = &[
    "regards",
    "best regards",
    "kind regards",
    "kindest regards",
    "warm regards",
    "warmest regards",
    "with regards",
    "with kind regards",
    "with best regards",
    "many regards",
    "sincere regards",
    "my best regards",
    "best",
    "all the best",
    "best wishes",
    "with best wishes",
    "kind wishes",
    "warmly",
    "sincerely",
    "yours sincerely",
    "sincerely yours",
    "yours faithfully",
    "yours truly",
    "very truly yours",
    "respectfully",
    "respectfully yours",
    "cordially",
    "cheers",
    "br",
    "kr",
    "rgds",
    "brgds",
    "bw",
    "mit freundlichen grüßen",
    "mit freundlichen grüssen",
    "mit freundlichem gruß",
    "mit freundlichem gruss",
    "mit freundlichen gruessen",
    "freundliche grüße",
    "freundliche grüsse",
    "freundlicher gruß",
    "beste grüße",
    "beste grüsse",
    "mit besten grüßen",
    "mit besten grüssen",
    "viele grüße",
    "viele grüsse",
    "vielen grüßen",
    "mit vielen grüßen",
    "liebe grüße",
    "liebe grüsse",
    "mit lieben grüßen",
    "herzliche grüße",
    "herzliche grüsse",
    "schöne grüße",
    "grüße",
    "grüsse",
    "gruß",
    "gruss",
    "lieben gruß",
    "hochachtungsvoll",
    "mfg",
    "lg",
    "vg",
    "bg",
    "cordialement",
    "bien cordialement",
    "très cordialement",
    "bien à vous",
    "bien à toi",
    "sincèrement",
    "salutations",
    "meilleures salutations",
    "sincères salutations",
    "salutations distinguées",
    "amicalement",
    "respectueusement",
    "bonne journée",
    "bonne soirée",
    "bonne réception",
    "bonne fin de journée",
    "très bonne journée",
    "belle journée",
    "cdlt",
    "cdt",
    "crdt",
    "saludos",
    "un saludo",
    "saludos cordiales",
    "un cordial saludo",
    "cordiales saludos",
    "cordialmente",
    "atentamente",
    "muy atentamente",
    "atte",
    "atentos saludos",
    "un abrazo",
    "mis saludos",
    "salutacions",
    "salutacions cordials",
    "un atento saludo",
    "saúdos",
    "atenciosamente",
    "cordiais saudações",
    "saudações",
    "cumprimentos",
    "com os melhores cumprimentos",
    "melhores cumprimentos",
    "abraço",
    "abraços",
    "um abraço",
    "att",
    "grato",
    "respeitosamente",
    "cordiali saluti",
    "distinti saluti",
    "saluti",
    "un saluto",
    "cari saluti",
    "tanti saluti",
    "un cordiale saluto",
    "cordialmente saluto",
    "in fede",
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "met hartelijke groet",
    "met hartelijke groeten",
    "vriendelijke groet",
    "vriendelijke groeten",
    "hartelijke groet",
    "hartelijke groeten",
    "groet",
    "groeten",
    "groetjes",
    "hoogachtend",
    "mvg",
    "m.v.g",
    "gr",
    "med vänlig hälsning",
    "med vänliga hälsningar",
    "vänliga hälsningar",
    "vänlig hälsning",
    "med bästa hälsningar",
    "bästa hälsningar",
    "hälsningar",
    "hälsning",
    "vänligen",
    "mvh",
    "med venlig hilsen",
    "venlig hilsen",
    "med venlige hilsner",
    "mange hilsner",
    "bedste hilsner",
    "de bedste hilsner",
    "kh",
    "vh",
    "med vennlig hilsen",
    "vennlig hilsen",
    "med hilsen",
    "beste hilsen",
    "hilsen",
    "kveðja",
    "með kveðju",
    "ystävällisin terveisin",
    "parhain terveisin",
    "terveisin",
    "yst. terv",
    "terv",
    "t",
    "tervitades",
    "lugupidamisega",
    "parimate soovidega",
    "pagarbiai",
    "su pagarba",
    "ar cieņu",
    "pozdrawiam",
    "pozdrawiam serdecznie",
    "serdecznie pozdrawiam",
    "z poważaniem",
    "z wyrazami szacunku",
    "pozdrowienia",
    "s pozdravem",
    "s přátelským pozdravem",
    "s úctou",
    "hezký den",
    "s pozdravom",
    "s úctivým pozdravom",
    "srdačan pozdrav",
    "lijep pozdrav",
    "lp",
    "pozdrav",
    "lep pozdrav",
    "s poštovanjem",
    "s spoštovanjem",
    "srdačno",
    "с уважением",
    "с наилучшими пожеланиями",
    "с уважением и наилучшими пожеланиями",
    "всего доброго",
    "всего хорошего",
    "всего наилучшего",
    "искренне ваш",
    "искренне ваша",
    "з повагою",
    "з найкращими побажаннями",
    "с уважение",
    "поздрави",
    "с поздрави",
    "üdvözlettel",
    "tisztelettel",
    "üdv",
    "szép napot",
    "saygılarımla",
    "saygılar",
    "iyi çalışmalar",
    "iyi günler",
    "sevgiler",
    "cu stimă",
    "cu stima",
    "cu respect",
    "toate cele bune",
    "cu drag",
    "με εκτίμηση",
    "με φιλικούς χαιρετισμούς",
    "φιλικά",
    "בברכה",
    "בכבוד רב",
    "تحياتي",
    "مع تحياتي",
    "مع خالص التحية",
    "مع أطيب التحيات",
    "با احترام",
    "با تشکر و احترام",
    "此致",
    "祝好",
    "顺祝商祺",
    "敬具",
    "以上",
    "salam",
    "hormat saya",
    "salam hormat",
    "trân trọng",
    "thân ái",
    "ขอแสดงความนับถือ",
    "सादर",
];

/// Words before a closing in one line: "Thanks and best regards".
const THANKS: &[&str] = &[
    "thanks",
    "many thanks",
    "thank you",
    "with thanks",
    "thanks in advance",
    "danke",
    "vielen dank",
    "besten dank",
    "merci",
    "gracias",
    "muchas gracias",
    "grazie",
    "obrigado",
    "obrigada",
    "bedankt",
    "dank",
    "alvast bedankt",
    "tack",
    "tak",
    "takk",
    "dziękuję",
    "спасибо",
    "best",
    "warm",
    "kind",
];
const AND: &[&str] = &["and", "&", "+", "und", "et", "y", "e", "en", "och", "og", "i", "и", ",", "with", "mit"];

const LEGAL: &[&str] = &[
    "this e-mail and any",
    "this email and any",
    "this email, including",
    "this e-mail, including",
    "this message and any",
    "this message contains",
    "this message is intended",
    "this message, including",
    "this communication",
    "this email is confidential",
    "this e-mail is confidential",
    "this email is intended",
    "this e-mail is intended",
    "this electronic mail",
    "this transmission",
    "this email may contain",
    "this e-mail may contain",
    "this message may contain",
    "this email message",
    "this e-mail message",
    "this email has been scanned",
    "this e-mail contains",
    "this email contains",
    "the information contained",
    "the information in this",
    "the contents of this",
    "confidentiality notice",
    "confidentiality:",
    "confidentiality note",
    "confidential:",
    "disclaimer",
    "legal notice",
    "privileged and confidential",
    "privacy notice",
    "if you are not the intended",
    "if you have received this",
    "notice: this",
    "caution:",
    "important notice",
    "please consider the environment",
    "think before you print",
    "please do not print",
    "before printing",
    "virus-free",
    "avg.com",
    "diese e-mail enthält",
    "diese e-mail ist",
    "diese nachricht ist",
    "diese mail enthält",
    "der inhalt dieser e-mail",
    "vertraulichkeitshinweis",
    "ce message et",
    "ce message est",
    "ce courriel",
    "cet e-mail",
    "avis de confidentialité",
    "este mensaje y",
    "este mensaje va",
    "este mensaje contiene",
    "este correo",
    "aviso legal",
    "aviso de confidencialidad",
    "esta mensagem",
    "este e-mail",
    "este email",
    "aviso de confidencialidade",
    "questo messaggio",
    "questa e-mail",
    "le informazioni contenute",
    "ai sensi del",
    "avviso di riservatezza",
    "dit bericht",
    "deze e-mail",
    "denne e-mail",
    "denne e-post",
    "detta meddelande",
    "detta e-postmeddelande",
    "niniejsza wiadomość",
    "ta wiadomość",
    "tato zpráva",
    "данное сообщение",
    "это сообщение",
    "настоящее сообщение",
    "bu e-posta",
    "本邮件",
    "この電子メール",
    "본 메일",
];

static DELIMITER: Pattern = Pattern::new(|| regex::Regex::new(r"^(?:--|–|—|―|⸺|- -|-- ?–)$").ok());
static FOOTER_RULE: Pattern =
    Pattern::new(|| regex::Regex::new(r"^(?:_{2,}|-{5,}|={5,}|\*{5,}|-\s*-\s*-[-\s]*|~{5,}|\+{5,})$").ok());
static FOOTER: Pattern = Pattern::new(|| {
    regex::Regex::new(r"(?i)mailing list|unsubscribe|list-?info|listinfo|mailman|you (?:are receiving|received) this|view (?:it|this email) on|reply to this (?:e-?mail|message)|to post to this|groups\.google|yahoogroups|abmelden|désabonner|darse de baja|virus|avast|avg\b").ok()
});
static SENT_LINE: Pattern = Pattern::new(|| {
    let (begins, ends) = (any_of(SENT), any_of(SENT_END));
    regex::RegexBuilder::new(&format!(r"(?i)^[-–—_*(\[\s]*(?:(?:{begins}).*|.*(?:{ends})[.\s]*)[)\]]?$"))
        .size_limit(20 << 20)
        .build()
        .ok()
});
static CLOSING_LINE: Pattern = Pattern::new(|| {
    let (thanks, and, closings) = (any_of(THANKS), any_of(AND), any_of(CLOSINGS));
    regex::RegexBuilder::new(&format!(r"(?i)^(?:(?:{thanks})\s*(?:{and})\s*(?:{thanks})?\s*)?(?:{closings})(?:\s+(?:from|aus|depuis|desde|uit)\s+\S+)?\s*[,.!;:，。！*_~-]*$"))
        .size_limit(20 << 20)
        .build()
        .ok()
});
static LEGAL_LINE: Pattern = Pattern::new(|| {
    regex::RegexBuilder::new(&format!(r"(?i)^[*_\s>!-]*(?:{})", any_of(LEGAL))).size_limit(20 << 20).build().ok()
});
static LINK: Pattern = Pattern::new(|| regex::Regex::new(r"[<(\[]?\s*(?:https?|mailto):\S*").ok());

/// Folds what is no text of its own at the end of a run of shown lines: the run ends at a quote or at the end of the body.
pub(super) fn fold(lines: &mut [Line<'_>], run: Range<usize>) {
    let mut end = run.end;
    if let Some((at, kind)) = delimiter(lines, &run) {
        mark(lines, at..end, kind);
        end = at;
    }
    // From the end upwards, until nothing more is found: "Sent from my phone" below a name below a legal text ...
    for _ in 0..PIECES_MAX {
        let Some(last) = (run.start..end).rev().find(|&at| lines[at].is_shown()) else { break };
        let found = sent_from(lines, run.start, last)
            .or_else(|| footer(lines, run.start, end))
            .or_else(|| legal(lines, run.start, end))
            .or_else(|| closing(lines, run.start, end));
        let Some((at, kind)) = found else { break };
        mark(lines, at..end, kind);
        end = at;
    }
}

fn mark(lines: &mut [Line<'_>], range: Range<usize>, kind: FoldKind) {
    for line in &mut lines[range] {
        line.fold.get_or_insert(kind);
    }
}

fn said(lines: &[Line<'_>], range: Range<usize>) -> usize {
    lines[range].iter().filter(|line| line.is_shown()).count()
}

/// The first delimiter with no more below it than a signature holds.
fn delimiter(lines: &[Line<'_>], run: &Range<usize>) -> Option<(usize, FoldKind)> {
    let (mut below, mut found) = (0, None);
    for at in run.clone().rev() {
        let line = &lines[at];
        if !line.code && DELIMITER.matches(line.says) {
            let exact = line.whole.trim_end_matches(['\r', '\n']) == "-- ";
            if below <= if exact { SIGNATURE_LINES_MAX } else { LOOSE_LINES_MAX } {
                found = Some((at, FoldKind::Signature));
            }
        }
        below += usize::from(line.is_shown());
        if below > SIGNATURE_LINES_MAX {
            break;
        }
    }
    found
}

/// The line "Sent from my phone", when it is the last one.
fn sent_from(lines: &[Line<'_>], start: usize, last: usize) -> Option<(usize, FoldKind)> {
    let line = &lines[last];
    if line.code || !is_sent_from(line.says) {
        // The words may be broken over two lines.
        let above = last.checked_sub(1).filter(|&above| above >= start && lines[above].is_shown())?;
        let both = format!("{} {}", lines[above].says, line.says);
        let broken = !lines[above].code && SENT_LINE.matches(lines[above].says) && is_sent_from(&both);
        return broken.then_some((above, FoldKind::Signature));
    }
    Some((last, FoldKind::Signature))
}

/// No sentence: few words and no sign that parts sentences. Links are not counted.
fn is_sent_from(says: &str) -> bool {
    if !SENT_LINE.matches(says) {
        return false;
    }
    let bare = match LINK.end(says) {
        Some(_) => says.split(['<', '(', '[']).next().unwrap_or(says),
        None => says,
    };
    let bare = bare.split("http").next().unwrap_or(bare).trim_end_matches(['.', ' ', '!', ')']);
    let sentence =
        bare.contains(['?', ';', ':']) || bare.contains(", ") || bare.contains(". ") && !bare.contains("Inc. ");
    !sentence && bare.split_whitespace().count() <= SENT_WORDS_MAX + 2
}

/// The footer a list or a scanner adds: below a rule, short, and it says what it is.
fn footer(lines: &[Line<'_>], start: usize, end: usize) -> Option<(usize, FoldKind)> {
    let mut count = 0;
    for at in (start..end).rev() {
        let line = &lines[at];
        if line.is_shown() && !line.code && FOOTER_RULE.matches(line.says) {
            let bare = line.says.starts_with('_') && line.says.len() <= 4;
            let tells = lines[at + 1..end].iter().any(|line| FOOTER.matches(line.says));
            return (count > 0 && (tells || bare) || count == 0 && line.says.len() > 4)
                .then_some((at, FoldKind::Disclaimer));
        }
        count += usize::from(line.is_shown());
        if count > FOOTER_LINES_MAX {
            return None;
        }
    }
    None
}

/// Legal text which is the last paragraph or the last two.
fn legal(lines: &[Line<'_>], start: usize, end: usize) -> Option<(usize, FoldKind)> {
    let mut paragraphs = 0;
    let mut found = None;
    for at in (start..end).rev() {
        if lines[at].is_blank() {
            continue;
        }
        let begins = at == start || lines[at - 1].is_blank();
        if begins && !lines[at].code && LEGAL_LINE.matches(lines[at].says) {
            found = Some((at, FoldKind::Disclaimer));
        }
        paragraphs += usize::from(begins);
        if paragraphs >= 3 {
            break;
        }
    }
    // A mail which is nothing but such a text says it to us.
    found.filter(|&(at, _)| said(lines, start..at) > 0)
}

/// A closing with the few short lines below it.
fn closing(lines: &[Line<'_>], start: usize, end: usize) -> Option<(usize, FoldKind)> {
    let mut below = 0;
    for at in (start..end).rev() {
        let line = &lines[at];
        if !line.is_shown() {
            continue;
        }
        if line.code {
            return None;
        }
        if CLOSING_LINE.matches(line.says) {
            return (said(lines, start..at) > 0).then_some((at, FoldKind::Signature));
        }
        below += 1;
        let sentence = line.says.chars().count() > CLOSING_LINE_MAX || line.says.ends_with(['?', ':', ',']);
        if below > CLOSING_LINES_MAX || sentence {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_compile() {
        for pattern in [&DELIMITER, &FOOTER_RULE, &FOOTER, &SENT_LINE, &CLOSING_LINE, &LEGAL_LINE, &LINK] {
            assert!(pattern.compiles());
        }
    }

    #[test]
    fn phones_are_told_from_sentences() {
        for says in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPad",
            "Get Outlook for iOS<https://aka.ms/x>",
            "发自我的iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Sent from Yahoo Mail on Android",
            "Enviado desde mi Samsung",
            "Отправлено с iPhone",
        ] {
            assert!(is_sent_from(says), "{says}");
        }
        for says in [
            "Sent from my desk, where it is quiet.",
            "I sent it from my phone",
            "Sent from the shop? I never got it",
            "Sent with the wrong size: please change",
        ] {
            assert!(!is_sent_from(says), "{says}");
        }
    }

    #[test]
    fn closings_are_told_from_thanks() {
        for says in [
            "Regards,",
            "Best regards",
            "Mit freundlichen Grüßen",
            "Cordialement,",
            "Thanks and regards,",
            "С уважением,",
        ] {
            assert!(CLOSING_LINE.matches(says), "{says}");
        }
        for says in ["Thanks,", "Thank you!", "Best of all was the service", "Give my regards to the team"] {
            assert!(!CLOSING_LINE.matches(says), "{says}");
        }
    }
}
