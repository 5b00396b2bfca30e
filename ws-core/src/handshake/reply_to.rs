/// What an answer must know of the request that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyTo {
    /// The method is HEAD: the answer has no body, but the fields that describe one.
    pub(crate) is_head: bool,
    /// Another request may follow on the same connection.
    pub(crate) may_persist: bool,
}
