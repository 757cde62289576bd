//! The pure conversation machine.
