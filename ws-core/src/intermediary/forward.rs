//! Heads as an intermediary forwards them (RFC 9110 §7.6).

use alloc::vec::Vec;

use super::Pseudonym;
use crate::handshake::{BodyFraming, Fields, Request, Response, write_field, write_number};

/// Fields that are only for the next hop, whether `Connection` names them or not (RFC 9110 §7.6.1).
const HOP_BY_HOP: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

impl<'a> Fields<'a> {
    /// Returns the names and values of the fields that an intermediary forwards: all but `Connection`, the
    /// fields that it names, and those that always belong to one hop (RFC 9110 §7.6.1). `Host` stays even if
    /// `Connection` names it.
    pub fn end_to_end(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone + use<'a> {
        let fields = *self;
        self.iter().filter(move |(name, _)| {
            let is_named =
                || fields.tokens("connection").any(|named| named.eq_ignore_ascii_case(name.as_bytes()));
            name.eq_ignore_ascii_case("host") || !(is_hop_by_hop(name) || is_named())
        })
    }
}

fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop))
}

/// Appends the request for an upgrade that the backend gets, with this `Host` and this name in `Via`. An
/// absolute target becomes a path.
pub(super) fn forward_request(request: &Request<'_>, host: &str, pseudonym: &Pseudonym, out: &mut Vec<u8>) {
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(request.path().as_bytes());
    if let Some(query) = request.query() {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    write_field(out, "Host", host.as_bytes());
    for (name, value) in request.fields().end_to_end() {
        if !name.eq_ignore_ascii_case("host") {
            write_field(out, name, value);
        }
    }
    write_field(out, "Connection", b"Upgrade");
    write_field(out, "Upgrade", b"websocket");
    write_field(out, "Via", pseudonym.via().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends a response other than a 101 that the client gets. With `is_last`, the connection ends after it.
pub(super) fn forward_response(
    response: &Response<'_>,
    framing: BodyFraming,
    is_last: bool,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"HTTP/1.1 ");
    write_number(out, response.status().into());
    out.push(b' ');
    out.extend_from_slice(response.reason_bytes());
    out.extend_from_slice(b"\r\n");
    // The body is forwarded unchanged, so its transfer codings are kept too. HTTP/1.0 has none.
    let may_be_coded = framing != BodyFraming::None && response.is_http11;
    let codings = response.fields().get_all("transfer-encoding").filter(|_| may_be_coded);
    let is_coded = codings.clone().next().is_some();
    for (name, value) in response.fields().end_to_end() {
        // A transfer coding overrides a length, and the two together are an attack (RFC 9112 §6.3).
        if !(is_coded && name.eq_ignore_ascii_case("content-length")) {
            write_field(out, name, value);
        }
    }
    codings.for_each(|codings| write_field(out, "Transfer-Encoding", codings));
    let protocols = response.fields().get("upgrade");
    if let Some(protocols) = protocols {
        write_field(out, "Upgrade", protocols);
    }
    match (protocols, is_last) {
        (Some(_), true) => write_field(out, "Connection", b"Upgrade, close"),
        (Some(_), false) => write_field(out, "Connection", b"Upgrade"),
        (None, true) => write_field(out, "Connection", b"close"),
        (None, false) => {}
    }
    out.extend_from_slice(b"\r\n");
}
