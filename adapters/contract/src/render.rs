//! Fits a body to what a channel can do. Pure; what is lost is told.

use std::fmt::Write;

use crate::capabilities::{Capabilities, Support};
use crate::choice::Choice;
use crate::content::{Attachment, Citation, Content, TextFormat};
use crate::markup;
use crate::text::split;

/// One piece as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The text, within the channel's limit.
    pub text: String,
    /// How the text is read.
    pub format: TextFormat,
    /// Options in the channel's own shape; on the last part only.
    pub choices: Vec<Choice>,
    /// Files; on the first part only.
    pub attachments: Vec<Attachment>,
    /// The source of the answer; on the last part only.
    pub citation: Option<Citation>,
}

/// A body fitted to a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    /// What is sent, in order. Never empty.
    pub parts: Vec<Part>,
    /// What the contact doesn't get, in words an agent understands.
    pub lost: Vec<String>,
}

/// Why a body can't be sent on a channel at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The channel carries no files, and a file was asked for.
    #[error("this channel carries no files (`{name}`)")]
    AttachmentsRejected {
        /// The file's name.
        name: String,
    },
    /// A file is larger than the channel carries.
    #[error("`{name}` has {size_bytes} bytes; this channel carries at most {max_bytes}")]
    AttachmentTooLarge {
        /// The file's name.
        name: String,
        /// Its size in bytes.
        size_bytes: u64,
        /// The channel's limit in bytes.
        max_bytes: u64,
    },
    /// The channel shows no options, and options were asked for.
    #[error("this channel shows no options")]
    ChoicesRejected,
    /// There is neither text nor file.
    #[error("the message is empty")]
    Empty,
}

/// Fits `content` to `capabilities`.
///
/// Markup that can't be carried becomes plain text; options that can't be shown become a numbered list whose numbers, labels
/// and synonyms [`choice::resolve`](crate::choice::resolve) understands; long text is split.
///
/// # Errors
/// [`RenderError`] when something asked for is rejected by the channel: nothing is left out in silence.
pub fn render(content: &Content, capabilities: &Capabilities) -> Result<Rendered, RenderError> {
    let mut lost = Vec::new();
    let attachments = fit_attachments(&content.attachments, capabilities, &mut lost)?;
    if content.text.trim().is_empty() && attachments.is_empty() && content.choices.is_empty() {
        return Err(RenderError::Empty);
    }
    let (mut text, format) = fit_markup(content, capabilities);
    let native = fit_choices(&content.choices, capabilities, &mut text, &mut lost)?;
    let mut citation = content.citation.clone();
    if format == TextFormat::Plain
        && let Some(Citation { title, url }) = citation.take_if(|_| capabilities.markup < Support::Partial)
    {
        text.push_str(&url.map_or_else(|| format!("\n\n({title})"), |url| format!("\n\n({title}: {url})")));
    }
    let mut parts: Vec<Part> = split(&text, capabilities.text_max, capabilities.text_unit)
        .into_iter()
        .map(|text| Part { text, format, ..Part::default() })
        .collect();
    if let Some(first) = parts.first_mut() {
        first.attachments = attachments;
    }
    if let Some(last) = parts.last_mut() {
        last.choices = native;
        last.citation = citation;
    }
    Ok(Rendered { parts, lost })
}

fn fit_attachments(
    attachments: &[Attachment],
    capabilities: &Capabilities,
    lost: &mut Vec<String>,
) -> Result<Vec<Attachment>, RenderError> {
    let Some(first) = attachments.first() else { return Ok(Vec::new()) };
    match capabilities.attachments {
        Support::Rejected => Err(RenderError::AttachmentsRejected { name: first.name.clone() }),
        Support::Dropped => {
            lost.extend(attachments.iter().map(|file| format!("the file `{}`", file.name)));
            Ok(Vec::new())
        }
        Support::Fallback | Support::Partial | Support::Full => {
            let max_bytes = capabilities.attachment_bytes_max;
            match attachments.iter().find(|file| file.size_bytes > max_bytes) {
                Some(file) => Err(RenderError::AttachmentTooLarge {
                    name: file.name.clone(),
                    size_bytes: file.size_bytes,
                    max_bytes,
                }),
                None => Ok(attachments.to_vec()),
            }
        }
    }
}

fn fit_markup(content: &Content, capabilities: &Capabilities) -> (String, TextFormat) {
    match (content.format, capabilities.markup) {
        (TextFormat::Markdown, Support::Partial | Support::Full) => (content.text.clone(), TextFormat::Markdown),
        (TextFormat::Markdown, _) => (markup::to_plain(&content.text), TextFormat::Plain),
        (TextFormat::Plain, _) => (content.text.clone(), TextFormat::Plain),
    }
}

fn fit_choices(
    choices: &[Choice],
    capabilities: &Capabilities,
    text: &mut String,
    lost: &mut Vec<String>,
) -> Result<Vec<Choice>, RenderError> {
    if choices.is_empty() {
        return Ok(Vec::new());
    }
    match capabilities.choices {
        Support::Rejected => Err(RenderError::ChoicesRejected),
        Support::Dropped => {
            lost.push("the options".to_owned());
            Ok(Vec::new())
        }
        Support::Partial | Support::Full if choices.len() <= capabilities.choices_max => Ok(choices
            .iter()
            .map(|choice| Choice { label: shorten(&choice.label, capabilities.choice_label_max), ..choice.clone() })
            .collect()),
        Support::Fallback | Support::Partial | Support::Full => {
            for (index, choice) in choices.iter().enumerate() {
                let gap = if index == 0 { "\n\n" } else { "\n" };
                // Writing to a string can't fail.
                let _ = write!(text, "{gap}{}. {}", index + 1, choice.label);
            }
            Ok(Vec::new())
        }
    }
}

fn shorten(label: &str, max_chars: usize) -> String {
    if label.chars().count() <= max_chars {
        return label.to_owned();
    }
    let kept: String = label.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests;
