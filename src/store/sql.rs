//! How the store speaks SQL.

pub use sqlx::{query, query_as, query_scalar};
