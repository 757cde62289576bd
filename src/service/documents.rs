//! Editing flows, articles and the bot book: checked before it is saved, in use as soon as it is.

use std::sync::Arc;

use switchboard_engine::Problem;

use crate::core::Core;
use crate::library;
use crate::limits;
use crate::store;
use crate::store::documents::{self, Document, Key};

/// Why a document was not saved. The last good version stays in use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has mistakes.
    #[error("it has mistakes")]
    Mistakes(Vec<Problem>),
    /// It is too large.
    #[error("{0} bytes; a document has at most {max}", max = limits::DOCUMENT_BYTES_MAX)]
    TooLarge(usize),
    /// There is none of this name.
    #[error("there is no such document")]
    NotFound,
    /// Somebody saved another version since it was read, or there is one already.
    #[error("another version was saved meanwhile; load it and make your change again")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(store::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        if matches!(error, store::Error::Stale) { Self::Stale } else { Self::Store(error) }
    }
}

/// Reads the version in use.
pub async fn get(core: &Core, key: &Key) -> Result<Document, Error> {
    documents::head(&mut *core.store.reader().await?, key).await?.ok_or(Error::NotFound)
}

/// Checks and saves a document and puts it in use. `expected` is the version the author began from, 0 for a new one.
pub async fn put(
    core: &Core,
    key: Key,
    expected: i64,
    source: String,
    author: &str,
) -> Result<(Document, Vec<Problem>), Error> {
    if source.len() > limits::DOCUMENT_BYTES_MAX {
        return Err(Error::TooLarge(source.len()));
    }
    let library: Arc<library::Library> = core.library.get();
    let warnings = library::check(&key, &source, &library).map_err(Error::Mistakes)?;
    let (now, author, saved) = (core.now(), author.to_owned(), key.clone());
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                documents::put(conn, &saved, expected, &source, false, Some(&author), now).await?;
                Ok(())
            })
        })
        .await?;
    core.library.reload(&core.store).await?;
    Ok((get(core, &key).await?, warnings))
}

/// Puts a document out of use. Its versions are kept; a running flow is handed to people at its next step.
pub async fn retire(core: &Core, key: Key) -> Result<(), Error> {
    let known = core
        .store
        .write::<_, Error, _>(move |conn| Box::pin(async move { Ok(documents::retire(conn, &key).await?) }))
        .await?;
    core.library.reload(&core.store).await?;
    if known { Ok(()) } else { Err(Error::NotFound) }
}
