//! Whether a machine wrote a mail, and what it reports.
