//! The work that is measured in memory.

use crate::clock;

/// A subject that processes the given number of batches of messages.
pub(crate) type Subject = Box<dyn FnMut(usize) -> anyhow::Result<()>>;

/// Processes `batches` batches, at least one; returns the nanoseconds for each.
pub(crate) fn measure(subject: &mut Subject, batches: usize) -> anyhow::Result<f64> {
    let batches = batches.max(1);
    let start = clock::of_thread()?;
    subject(batches)?;
    Ok((clock::of_thread()? - start) / batches as f64)
}
