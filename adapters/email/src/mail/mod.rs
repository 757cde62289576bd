//! What a mail holds: texts, files, pictures.
