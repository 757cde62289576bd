//! What stands above a quoted mail that has no `>`: a block of From, Sent, To, Subject as Outlook writes it, and dividers
//! such as "-----Original Message-----".

use super::FoldKind;
use super::line::Line;
use super::words::{Pattern, any_of};

/// Lines a header may be continued on (long lists of recipients).
const CONTINUED_MAX: usize = 4;
/// Lines of a whole block.
const BLOCK_MAX: usize = 24;

const FROM: &str = "\
    From|Von|De|Da|Van|Fra|Från|Lähettäjä|Lähde|Od|Nadawca|Odesílatel|Odosielateľ|От|От кого|Від|Кому від|Ад|\
    Feladó|Kimden|Gönderen|De la|Expeditor|Από|מאת|من|از|发件人|寄件者|寄件人|差出人|送信者|送信元|보낸 사람|보낸사람|Dari|Từ|จาก|प्रेषक|\
    Expéditeur|Remitente|Remetente|Mittente|Absender|Afzender|Avsändare|Afsender|Avsender|Nuo|No|Saatja|Kellelt|\
    Pošiljatelj|Šalje|Šalje:|Frá|Nguồn|Sender";
const DATE: &str = "\
    Sent|Date|Sent at|Sent on|Date sent|Gesendet|Gesendet am|Datum|Envoyé|Envoyé le|Envoye|Enviado|Enviado el|\
    Enviado em|Enviada em|Enviada|Enviada el|Fecha|Fecha de envío|Data|Data do envio|Data invio|Inviato|\
    Inviato il|Inviata|Verzonden|Verzonden op|Skickat|Sendt|Dato|Wysłano|Wysłane|Data wysłania|Odesláno|\
    Odoslané|Dátum|Дата|Отправлено|Дата отправки|Надіслано|Изпратено|Lähetetty|Päiväys|Päivämäärä|Elküldve|\
    Küldve|Gönderildi|Gönderilme tarihi|Gönderme Tarihi|Tarih|Trimis|Trimis la|Dată|Στάλθηκε|Αποστολή|\
    Ημερομηνία|נשלח|תאריך|تم الإرسال|تاريخ الإرسال|التاريخ|تاریخ|发送时间|发送日期|日期|寄件日期|傳送時間|時間|时间|送信日時|送信日|日付|日時|\
    보낸 날짜|날짜|보낸날짜|Dikirim|Terkirim|Tanggal|Đã gửi|Ngày|ส่ง|วันที่|भेजा गया|दिनांक|Išsiųsta|Saadetud|Kuupäev|\
    Nosūtīts|Poslano|Poslato|Sent Date|Aika|Tid|Sendt den|Dags";
const TO: &str = "\
    To|An|À|A|Á|Para|Aan|Til|Till|Do|Komu|Кому|До|Vastaanottaja|Címzett|Kime|Alıcı|Către|Catre|Προς|אל|إلى|به|\
    收件人|宛先|收件者|받는 사람|받는사람|Kepada|Untuk|Tới|Đến|ถึง|प्रति|Kam|Kam:|Kellele|Saaja|Za|Prima|Destinataire|\
    Destinatario|Destinatário|Empfänger|Ontvanger|Adresat|Mottaker|Modtager|Mottagare";
const COPY: &str = "\
    Cc|Kopie|Copie|Copie à|Kopia|Kopi|Копия|Копія|Másolatot kap|Másolat|Bilgi|Κοιν|Kopija|Kopio|Kópia|עותק|نسخة|\
    抄送|副本|참조|Đồng gửi|สำเนา|Tembusan|Bcc|Cópia|Conhecimento";
const SUBJECT: &str = "\
    Subject|Betreff|Objet|Sujet|Asunto|Assunto|Oggetto|Onderwerp|Emne|Ämne|Temat|Předmět|Predmet|Тема|Относно|\
    Aihe|Konu|Tárgy|Subiect|Θέμα|נושא|الموضوع|موضوع|主题|主旨|件名|标题|제목|Perihal|Subyek|Subjek|Chủ đề|Tiêu đề|เรื่อง|\
    विषय|Tema|Teema|Naslov|Efni|Assumpte|Asunto:";
const OTHER: &str = "\
    Reply-To|Reply To|Antwort an|Répondre à|Responder a|Responder para|Organization|Importance|Wichtigkeit|\
    Priority|Attachments|Anlagen|Pièces jointes|Message-ID|Newsgroups|Mailed-by|Signed-by|Antwoord aan|Svar til|\
    Ответить|Importancia|Prioridade|Prioridad|回复|返信先";

/// Words in a line of dashes above the mail that is answered.
const ORIGINAL: &str = "\
    Original Message|Original Email|Original E-mail|Original Mail|Original Appointment|Reply Message|\
    Reply Separator|Message History|Previous message|Original|Ursprüngliche Nachricht|Originalnachricht|\
    Original-Nachricht|Originalmail|Originale Nachricht|Antwort Nachricht|Ursprüngliche Mail|\
    Ursprüngliche E-Mail|Message d'origine|Message d’origine|Message original|Message initial|\
    Message de réponse|Courriel original|Mensaje original|Correo original|Mensaje de respuesta|\
    Missatge original|Mensaxe orixinal|Mensagem original|Mensagem de origem|Messaggio originale|\
    Messaggio di risposta|Oorspronkelijk bericht|Origineel bericht|Oorspronkelijke bericht|\
    Oorspronkelijke e-mail|Oprindelig meddelelse|Oprindelig besked|Oprindelig mail|Oprindelig e-mail|\
    Den oprindelige meddelelse|Opprinnelig melding|Opprinnelig e-post|Original melding|Ursprungligt meddelande|\
    Originalmeddelande|Ursprungligt brev|Alkuperäinen viesti|Oryginalna wiadomość|Wiadomość oryginalna|\
    Wiadomość pierwotna|Treść oryginalnej wiadomości|Původní zpráva|Původní e-mail|Originální zpráva|\
    Pôvodná správa|Исходное сообщение|Оригинальное сообщение|Первоначальное сообщение|Исходное письмо|\
    Оригинальное письмо|Ответное сообщение|Оригінальне повідомлення|Вихідне повідомлення|Оригинално съобщение|\
    Eredeti üzenet|Eredeti levél|Orijinal Mesaj|Özgün İleti|Orjinal Mesaj|Mesaj original|Mesajul original|\
    Αρχικό μήνυμα|Πρωτότυπο μήνυμα|הודעה מקורית|الرسالة الأصلية|رسالة أصلية|پیام اصلی|原始邮件|原始信件|原始郵件|原邮件|邮件原件|\
    元のメッセージ|元のメール|オリジナルメッセージ|원본 메시지|원본 메일|Original-Mail|Pesan Asli|Thư gốc|Tin nhắn gốc|ข้อความต้นฉบับ|\
    Originalna poruka|Izvorna poruka|Izvorno sporočilo|Originali žinutė|Algne kiri|Algne sõnum|\
    Sākotnējais ziņojums|Upprunaleg skilaboð";

/// Words above a mail which is passed on.
const FORWARDED: &str = "\
    Forwarded message|Begin forwarded message|Forwarded by|Forwarded mail|Weitergeleitete Nachricht|\
    Anfang der weitergeleiteten Nachricht|Weitergeleitet von|Message transféré|Début du message transféré|\
    Début du message réexpédié|Message transmis|Mensaje reenviado|Inicio del mensaje reenviado|\
    Mensaje transferido|Missatge reenviat|Mensagem encaminhada|Início da mensagem encaminhada|\
    Mensagem reencaminhada|Início da mensagem reencaminhada|Messaggio inoltrato|Inizio messaggio inoltrato|\
    Inizio del messaggio inoltrato|Doorgestuurd bericht|Begin doorgestuurd bericht|Vidarebefordrat meddelande|\
    Vidarebefordrat brev|Vidaresänt meddelande|Börja vidarebefordrat meddelande|Videresendt meddelelse|\
    Videresendt besked|Videresendt melding|Videresendt e-post|Start på videresendt besked|\
    Start på videresendt melding|Videresend melding|Välitetty viesti|Edelleenlähetetty viesti|\
    Välitetty viesti alkaa|Wiadomość przekazana|Wiadomość przekazana dalej|Przekazana wiadomość|\
    Początek przekazywanej wiadomości|Přeposlaná zpráva|Začátek přeposílané zprávy|Preposlaná správa|\
    Začiatok preposlanej správy|Пересылаемое сообщение|Пересланное сообщение|Начало переадресованного сообщения|\
    Перенаправленное сообщение|Переслане повідомлення|Препратено съобщение|Továbbított üzenet|Továbbított levél|\
    İletilen mesaj|İletilmiş mesaj|Yönlendirilen ileti|Yönlendirilmiş ileti|İletilen ileti|Mesaj redirecționat|\
    Mesaj redirectionat|Προωθημένο μήνυμα|Διαβιβασμένο μήνυμα|הודעה שהועברה|הודעה מועברת|رسالة معاد توجيهها|\
    الرسالة المحولة|پیام بازارسال شده|转发邮件信息|转发的邮件|转发邮件|轉寄郵件|轉寄的郵件|已轉寄的郵件|転送されたメッセージ|転送メッセージ|전달된 메시지|전달된 메일|\
    Pesan terusan|Pesan yang diteruskan|Thư đã chuyển tiếp|Tin nhắn đã chuyển tiếp|ข้อความที่ส่งต่อ|\
    Proslijeđena poruka|Prosleđena poruka|Posredovano sporočilo|Peradresuotas laiškas|Edastatud kiri|\
    Pārsūtīts ziņojums|Áframsent";

static ORIGINAL_LINE: Pattern = Pattern::new(|| divider(ORIGINAL, r"[-–—_=*#~]{2,}\s*", r"\s*:?[-–—_=*#~\s]*"));
static FORWARDED_LINE: Pattern =
    Pattern::new(|| divider(FORWARDED, r"[-–—_=*#~]{2,}\s*", r"(?:\s*:?[-–—_=*#~\s]*|\s.{0,200}[-–—_=*#~]{2,})"));
/// Apple Mail and Thunderbird write "Begin forwarded message:" without dashes.
static FORWARDED_BARE: Pattern = Pattern::new(|| divider(FORWARDED, "", r"\s*[:：]"));

fn divider(words: &str, before: &str, after: &str) -> Option<regex::Regex> {
    let words = any_of(words);
    regex::RegexBuilder::new(&format!(r"(?i)^{before}(?:{words}){after}$")).size_limit(20 << 20).build().ok()
}

static RULE: Pattern = Pattern::new(|| regex::Regex::new(r"^[_\-=*–—\s]{5,}$").ok());

static FROM_LABEL: Pattern = Pattern::new(|| label(FROM));
static DATE_LABEL: Pattern = Pattern::new(|| label(DATE));
static TO_LABEL: Pattern = Pattern::new(|| label(TO));
static COPY_LABEL: Pattern = Pattern::new(|| label(COPY));
static SUBJECT_LABEL: Pattern = Pattern::new(|| label(SUBJECT));
static OTHER_LABEL: Pattern = Pattern::new(|| label(OTHER));

fn label(words: &str) -> Option<regex::Regex> {
    regex::RegexBuilder::new(&format!(r"(?i)^[*_\s]*(?:{})[*_\s\u{{a0}}]*[:：][*_]*", any_of(words))).build().ok()
}

/// An address, in brackets or as `[mailto:...]`.
static ADDRESS: Pattern = Pattern::new(|| regex::Regex::new(r"[<\[(]\s*(?:mailto:)?[^\s<>@]+@[^\s<>@]+").ok());

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    Date,
    To,
    Copy,
    Subject,
    Other,
}

fn field(says: &str) -> Option<Field> {
    // Labels are short: a long text without a colon near its beginning is none.
    let known = [
        (&FROM_LABEL, Field::From),
        (&DATE_LABEL, Field::Date),
        (&TO_LABEL, Field::To),
        (&COPY_LABEL, Field::Copy),
        (&SUBJECT_LABEL, Field::Subject),
        (&OTHER_LABEL, Field::Other),
    ];
    says.contains([':', '：'])
        .then(|| known.iter().find(|(pattern, _)| pattern.matches(says)).map(|&(_, field)| field))?
}

/// What begins at a line and how many lines it is.
pub(super) struct Above {
    pub(super) lines: usize,
    pub(super) kind: FoldKind,
}

/// A divider or a block of headers that begins at `at`, with the rule of dashes or underscores above it.
pub(super) fn above(lines: &[Line<'_>], at: usize) -> Option<Above> {
    let first = lines.get(at).filter(|line| !line.is_blank() && !line.code)?;
    let ruled = RULE.matches(first.says);
    let start = if ruled { next_said(lines, at + 1)? } else { at };
    if lines[start].depth != first.depth {
        return None;
    }
    if let Some(kind) = divider_kind(lines[start].says) {
        let below = next_said(lines, start + 1).filter(|&below| lines[below].depth == first.depth);
        let block = below.and_then(|below| block(lines, below, true).map(|count| below + count));
        return Some(Above { lines: block.unwrap_or(start + 1) - at, kind });
    }
    let count = block(lines, start, ruled)?;
    Some(Above { lines: start + count - at, kind: FoldKind::Quoted })
}

fn divider_kind(says: &str) -> Option<FoldKind> {
    if ORIGINAL_LINE.matches(says) {
        Some(FoldKind::Quoted)
    } else if FORWARDED_LINE.matches(says) || FORWARDED_BARE.matches(says) {
        Some(FoldKind::Forwarded)
    } else {
        None
    }
}

/// Whether a line says that somebody else's mail is passed on below.
pub(super) fn is_forwarded(says: &str) -> bool {
    divider_kind(says.trim()) == Some(FoldKind::Forwarded)
}

fn next_said(lines: &[Line<'_>], from: usize) -> Option<usize> {
    (from..lines.len().min(from + 3)).find(|&at| !lines[at].is_blank())
}

/// The lines of a block of headers. `announced`: a rule or a divider stands above, so that less proof is needed.
fn block(lines: &[Line<'_>], at: usize, announced: bool) -> Option<usize> {
    let depth = lines.get(at)?.depth;
    let first = field(lines[at].says)?;
    if !matches!(first, Field::From | Field::Date | Field::Subject | Field::To) {
        return None;
    }
    let mut seen: Vec<Field> = Vec::new();
    let (mut end, mut here, mut continued, mut addressed) = (at, at, 0, false);
    while let Some(line) = lines.get(here).filter(|line| line.depth == depth && here - at < BLOCK_MAX) {
        match field(line.says) {
            Some(found) if !seen.contains(&found) || found == Field::Other => {
                addressed |= found == Field::From && ADDRESS.matches(line.says);
                seen.push(found);
                (end, continued) = (here + 1, 0);
            }
            // One blank line between headers is what some programs make of paragraphs.
            None if line.is_blank() => {
                if lines.get(here + 1).is_none_or(|next| field(next.says).is_none_or(|found| seen.contains(&found))) {
                    break;
                }
            }
            None if continued < CONTINUED_MAX => {
                addressed |= seen.last() == Some(&Field::From) && ADDRESS.matches(line.says);
                continued += 1;
            }
            // A text, or the header of the next quoted mail.
            Some(_) | None => break,
        }
        here += 1;
    }
    let kinds = [Field::From, Field::Date, Field::To, Field::Copy, Field::Subject]
        .iter()
        .filter(|kind| seen.contains(kind))
        .count();
    let from = seen.contains(&Field::From);
    let alone = end - at == 1 && lines.get(end).is_none_or(Line::is_blank) && (at == 0 || lines[at - 1].is_blank());
    let enough = match kinds {
        0 => false,
        1 => from && addressed && (announced || alone),
        2 => from && (addressed || announced || seen.contains(&Field::Date)),
        _ => from || announced && seen.contains(&Field::Date),
    };
    enough.then_some(end - at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visible::line::lines;

    fn count(body: &str) -> Option<usize> {
        above(&lines(body), 0).map(|above| above.lines)
    }

    #[test]
    fn the_patterns_compile() {
        for pattern in [
            &ORIGINAL_LINE,
            &FORWARDED_LINE,
            &FORWARDED_BARE,
            &RULE,
            &FROM_LABEL,
            &DATE_LABEL,
            &TO_LABEL,
            &COPY_LABEL,
            &SUBJECT_LABEL,
            &OTHER_LABEL,
            &ADDRESS,
        ] {
            assert!(pattern.compiles());
        }
    }

    #[test]
    fn blocks_are_found_in_many_languages() {
        for body in [
            "From: Ann\nSent: Monday\nTo: Bob\nSubject: Order\n\ntext",
            "Von: Ann\nGesendet: Montag\nAn: Bob\nBetreff: Bestellung\n\ntext",
            "De : Ann\nEnvoyé : lundi\nÀ : Bob\nObjet : Commande\n\ntext",
            "**From:** Ann\n\n**Sent:** Monday\n\n**To:** Bob\n\n**Subject:** Order\n\ntext",
            "发件人: Ann\n发送时间: 2020年\n收件人: Bob\n主题: 订单\n\ntext",
            "От: Ann\nОтправлено: понедельник\nКому: Bob\nТема: Заказ\n\ntext",
            "________________________________\nFrom: Ann <ann@example.org>\nSent: Monday\n\ntext",
        ] {
            assert!(count(body).is_some(), "{body}");
        }
    }

    #[test]
    fn what_somebody_writes_is_no_block() {
        for body in [
            "From: here to there\nit is far",
            "Subject: none",
            "A: yes\nB: no",
            "To: do\nDate: tomorrow\n",
            "-----\nhello",
        ] {
            assert!(count(body).is_none(), "{body}");
        }
    }

    #[test]
    fn dividers_tell_quoted_from_forwarded() {
        let kind = |body: &str| above(&lines(body), 0).map(|above| above.kind);
        assert_eq!(kind("-----Original Message-----\nx"), Some(FoldKind::Quoted));
        assert_eq!(kind("-------- Ursprüngliche Nachricht --------\nx"), Some(FoldKind::Quoted));
        assert_eq!(kind("---------- Forwarded message ---------\nx"), Some(FoldKind::Forwarded));
        assert_eq!(kind("Anfang der weitergeleiteten Nachricht:\nx"), Some(FoldKind::Forwarded));
        assert_eq!(kind("The original message said so\nx"), None);
    }
}
