//! The laws every adapter keeps, and fakes to hold them against.
//!
//! | to learn | open |
//! | --- | --- |
//! | a core in memory that can be slow, full or failing | [`fakes`] |
//! | the laws, and how they are held | [`laws`] |
//! | what an adapter's tests have to provide for that | [`rig`] |
#![warn(missing_docs)]

pub mod fakes;
pub mod laws;
pub mod rig;

use std::time::Duration;

/// How long a test waits for what has to come.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for what has to come, and fails the test with its name when it does not.
///
/// # Panics
/// When it does not come within [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(PATIENCE, future).await else {
        panic!("{what} did not come within {PATIENCE:?}")
    };
    value
}
