//! What the disk costs today.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Flushes in one measurement.
const FLUSHES: u32 = 200;

/// Seconds for appending 4 KiB and `fdatasync`, the mean of many: as for a log that grows.
pub(crate) fn cost(folder: &Path) -> f64 {
    let name = folder.join("flush");
    let mut file = std::fs::File::create(&name).expect("a file");
    let start = Instant::now();
    for _ in 0..FLUSHES {
        file.write_all(&[7; 4096]).expect("written");
        file.sync_data().expect("flushed");
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(FLUSHES);
    std::fs::remove_file(&name).expect("removed");
    seconds
}
