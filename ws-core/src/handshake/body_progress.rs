/// The progress of a body that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyProgress {
    /// More bytes are needed.
    More,
    /// The body is complete. The bytes that follow it are ignored.
    Complete,
    /// The body was cut: it was longer than the limit, or malformed, or its end did not arrive.
    Cut,
}
