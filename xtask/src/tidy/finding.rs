//! The result of a check.

/// Something to change, and its place.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) path: String,
    /// The number of the line, from 1; `None` for a finding about the whole file.
    pub(super) line: Option<usize>,
    /// The fault, and what to do instead.
    pub(super) what: String,
}
