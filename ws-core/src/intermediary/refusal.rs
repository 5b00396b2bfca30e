use alloc::vec::Vec;

use crate::handshake::{Reject, ReplyContext, Status};

/// Appends the HTTP answer for the case that the backend cannot be reached, or that its answer is invalid.
pub(super) fn bad_gateway(text: &str, out: &mut Vec<u8>) {
    Reject::plain(Status::BAD_GATEWAY, text).write(ReplyContext::UNKNOWN, out);
}

/// Appends the HTTP answer for the case that the backend did not answer in time.
pub(super) fn gateway_timeout(out: &mut Vec<u8>) {
    let reject = Reject::plain(Status::GATEWAY_TIMEOUT, "the backend did not answer in time");
    reject.write(ReplyContext::UNKNOWN, out);
}
