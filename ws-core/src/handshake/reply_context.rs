/// The facts about a request that its answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyContext {
    /// Whether the method is HEAD: the answer has no body, but the fields that describe one.
    pub(crate) is_head: bool,
    /// Whether another request may follow on the same connection.
    pub(crate) may_persist: bool,
}

impl ReplyContext {
    /// The facts about a request that could not be read.
    pub(crate) const UNKNOWN: Self = Self { is_head: false, may_persist: false };
}
