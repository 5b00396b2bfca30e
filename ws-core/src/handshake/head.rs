use super::{client::ResponseHead, server::RequestHead};

/// The positions of the parts of a head in its bytes.
#[derive(Debug)]
pub(crate) enum Head {
    Request(RequestHead),
    Response(ResponseHead),
}
