use super::{client::ResponseHead, server::RequestHead};

/// Where the parts of a head lie in its bytes.
#[derive(Debug)]
pub(crate) enum Head {
    Request(RequestHead),
    Response(ResponseHead),
}
