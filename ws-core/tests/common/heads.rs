//! Requests and responses of the opening handshake.

/// A request for a WebSocket, whose key is the RFC's example.
pub(crate) const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The answer of a server to [`REQUEST`].
pub(crate) const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Returns the value of a field in a head. The name may be in any case.
pub(crate) fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let head = core::str::from_utf8(head).expect("heads are text");
    head.split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .find_map(|(field, value)| field.eq_ignore_ascii_case(name).then_some(value))
}

/// Returns a 101 that answers `request`, with further fields, each with its CRLF.
pub(crate) fn answer_to(request: &[u8], fields: &str) -> Vec<u8> {
    let key = field(request, "Sec-WebSocket-Key").expect("a request has a key");
    let accept = ws_core::handshake::accept_key(key.as_bytes());
    let accept = core::str::from_utf8(&accept).expect("base64 is text");
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
    )
    .into_bytes()
}
