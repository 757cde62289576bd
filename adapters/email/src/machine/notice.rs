//! Notices that come as JSON in a mail: Amazon SES through SNS.

use serde::Deserialize;

use super::report::{Recipient, Report, ReportKind};
use super::status;

/// Reads a notice, if the text is one. Lines behind the JSON are the service's own footer.
pub(crate) fn find(lines: &[String], verp: Option<String>) -> Option<Report> {
    if !lines.iter().find(|line| !line.trim().is_empty())?.trim_start().starts_with('{') {
        return None;
    }
    // Servers on the way break lines that are too long, in the middle of a word.
    let notice = read(&lines.join("\n")).or_else(|| read(&lines.concat())).or_else(|| Notice::cut(&lines.concat()))?;
    let kind_of = notice.notification_type.or(notice.event_type)?;
    let id = notice.mail.and_then(|mail| {
        let listed = mail.common_headers.and_then(|headers| headers.message_id);
        listed.or(mail.message_id)
    });
    let (kind, people) = match kind_of.as_str() {
        "Bounce" => {
            let bounce = notice.bounce.unwrap_or_default();
            let permanent = bounce.bounce_type.as_deref() != Some("Transient");
            (ReportKind::Failed { permanent }, bounce.bounced_recipients)
        }
        "Complaint" => (ReportKind::Complaint, notice.complaint.unwrap_or_default().complained_recipients),
        "Delivery" => (ReportKind::Delivered, Vec::new()),
        "DeliveryDelay" => (ReportKind::Delayed, Vec::new()),
        _ => return None,
    };
    let recipients: Vec<Recipient> = people
        .into_iter()
        .map(|person| Recipient {
            address: person.email_address.unwrap_or_default().to_lowercase(),
            status: person.status,
            diagnostic: person.diagnostic_code,
            action: person.action,
        })
        .collect();
    let first = recipients.first();
    let cause = status::cause(
        first.and_then(|recipient| recipient.status.as_deref()),
        first.and_then(|recipient| recipient.diagnostic.as_deref()).unwrap_or_default(),
    );
    let explain = match kind {
        ReportKind::Failed { .. } => format!("Not delivered. {}", status::sentence(cause)),
        ReportKind::Complaint => "The recipient reported the mail as spam: stop mail to this address.".to_owned(),
        ReportKind::Delayed => "Not yet delivered; the service goes on trying.".to_owned(),
        ReportKind::Delivered | ReportKind::Relayed | ReportKind::Expanded | ReportKind::Read | ReportKind::Deleted => {
            "Delivered to the recipient's mailbox.".to_owned()
        }
    };
    let original_message_ids = id.map(|id| id.trim_matches(['<', '>']).to_owned()).into_iter().collect();
    Some(Report { kind, recipients, original_message_ids, verp, explain })
}

fn read(text: &str) -> Option<Notice> {
    let notice = serde_json::Deserializer::from_str(text).into_iter::<Notice>().next()?.ok()?;
    match &notice.message {
        Some(inner) => serde_json::from_str(inner).ok(),
        None => Some(notice),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Notice {
    notification_type: Option<String>,
    event_type: Option<String>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    mail: Option<Mail>,
    /// The notice as text, where SNS wraps it.
    #[serde(rename = "Message")]
    message: Option<String>,
}

impl Notice {
    /// Of a notice that can't be read as JSON at least the kind.
    fn cut(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !matches!(c, '\\' | ' ')).collect();
        let kinds = ["Bounce", "Complaint", "Delivery"];
        let names = |kind: &&&str| text.contains(&format!("\"notificationType\":\"{kind}\""));
        let kind = kinds.iter().find(names)?;
        Some(Self { notification_type: Some((*kind).to_owned()), ..Self::default() })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Bounce {
    bounce_type: Option<String>,
    bounced_recipients: Vec<Person>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Complaint {
    complained_recipients: Vec<Person>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Person {
    email_address: Option<String>,
    action: Option<String>,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mail {
    message_id: Option<String>,
    common_headers: Option<CommonHeaders>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CommonHeaders {
    message_id: Option<String>,
}
