use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use super::{
    RequestError,
    answer::{is_reserved, write_field},
    compression::offer,
    encode_nonce,
    grammar::{elements, is_authority, is_field_value, is_token, trim},
    request::RequestTarget,
};
use crate::deflate::Compression;

/// The request of a client that opens a connection (§4.1).
///
/// Each part is checked when it is set, so the written request is always valid.
///
/// ```
/// use ws_core::handshake::ClientRequest;
///
/// let request = ClientRequest::new("example.com:8080", "/chat?room=1")?
///     .subprotocol("chat")?
///     .field("Cookie", "id=1")?;
/// let mut bytes = Vec::new();
/// request.write(*b"sixteen randoms!", &mut bytes);
/// assert!(bytes.starts_with(b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com:8080\r\n"));
/// # Ok::<(), ws_core::handshake::RequestError>(())
/// ```
#[derive(Clone)]
pub struct ClientRequest<'a> {
    host: &'a str,
    target: Cow<'a, str>,
    origin: Option<&'a str>,
    connection: &'a str,
    subprotocols: Vec<&'a str>,
    subprotocol_is_optional: bool,
    fields: Vec<(&'a str, &'a [u8])>,
}

impl<'a> ClientRequest<'a> {
    /// Returns a request to `host` for `target`. The host includes the port where it is not the default of
    /// the scheme (`example.com:8080`). The target is a path with an optional query (`/chat?room=1`).
    ///
    /// Through a plain HTTP proxy the target is absolute: `http://example.com:8080/chat`, with the same host.
    ///
    /// # Errors
    ///
    /// [`RequestError::HostInvalid`] and [`RequestError::TargetInvalid`]. Blanks and characters above ASCII
    /// must already be percent-encoded.
    pub fn new(host: &'a str, target: &'a str) -> Result<Self, RequestError> {
        Self::with_target(host, target.into())
    }

    pub(super) fn with_target(host: &'a str, target: Cow<'a, str>) -> Result<Self, RequestError> {
        if !is_authority(host) {
            return Err(RequestError::HostInvalid);
        }
        let has_valid_form = match RequestTarget::parse(&target) {
            RequestTarget::Origin { .. } => true,
            RequestTarget::Absolute { authority, .. } => authority.eq_ignore_ascii_case(host),
            RequestTarget::Asterisk | RequestTarget::Other => false,
        };
        if !has_valid_form || !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(RequestError::TargetInvalid);
        }
        Ok(Self {
            host,
            target,
            origin: None,
            connection: "",
            subprotocols: Vec::new(),
            subprotocol_is_optional: false,
            fields: Vec::new(),
        })
    }

    /// Sets the Origin field, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`RequestError::OriginInvalid`] if it is not all visible ASCII.
    pub fn origin(mut self, origin: &'a str) -> Result<Self, RequestError> {
        if origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RequestError::OriginInvalid);
        }
        self.origin = Some(origin);
        Ok(self)
    }

    /// Offers one more subprotocol, after those that the client prefers to it.
    ///
    /// # Errors
    ///
    /// Fails if the name is not a token, or is already offered. Its case matters.
    pub fn subprotocol(mut self, name: &'a str) -> Result<Self, RequestError> {
        if !is_token(name.as_bytes()) {
            return Err(RequestError::SubprotocolInvalid);
        }
        if self.subprotocols.contains(&name) {
            return Err(RequestError::SubprotocolRepeated);
        }
        self.subprotocols.push(name);
        Ok(self)
    }

    /// Opens the connection even if the server chooses none of the offered subprotocols (D2).
    ///
    /// Without this, such an answer fails the handshake, as it does in browsers.
    #[must_use]
    pub fn subprotocol_is_optional(mut self) -> Self {
        self.subprotocol_is_optional = true;
        self
    }

    /// Adds a field. `Host` and `Origin` replace the usual value. The options of one `Connection` field are
    /// sent before `Upgrade`.
    ///
    /// # Errors
    ///
    /// Fails if the name is not a token, the handshake writes this field itself, or the value has control
    /// bytes. `Connection` must list tokens, without `close`.
    pub fn field<V>(mut self, name: &'a str, value: &'a V) -> Result<Self, RequestError>
    where
        V: AsRef<[u8]> + ?Sized,
    {
        let value = value.as_ref();
        if !is_token(name.as_bytes()) {
            return Err(RequestError::FieldNameInvalid);
        }
        if !is_field_value(value) {
            return Err(RequestError::FieldValueInvalid);
        }
        if name.eq_ignore_ascii_case("host") {
            self.host = text(value).filter(|host| is_authority(host)).ok_or(RequestError::HostInvalid)?;
        } else if name.eq_ignore_ascii_case("origin") {
            return self.origin(text(value).ok_or(RequestError::OriginInvalid)?);
        } else if name.eq_ignore_ascii_case("connection") {
            self.connection = connection(value).ok_or(RequestError::FieldValueInvalid)?;
        } else if is_reserved(name) || name.eq_ignore_ascii_case("expect") {
            return Err(RequestError::FieldReserved);
        } else {
            self.fields.push((name, value));
        }
        Ok(self)
    }

    /// Appends the request to `out`. The nonce must be random for each connection (§4.1).
    pub fn write(&self, nonce: [u8; 16], out: &mut Vec<u8>) {
        self.write_offering(None, nonce, out);
    }

    /// Appends as [`write`](Self::write) does, with the offer of `compression`.
    pub(crate) fn write_offering(
        &self,
        compression: Option<&Compression>,
        nonce: [u8; 16],
        out: &mut Vec<u8>,
    ) {
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let names: usize = self.subprotocols.iter().map(|name| name.len() + 2).sum();
        out.reserve(256 + self.target.len() + self.host.len() + fields + names);
        out.extend_from_slice(b"GET ");
        out.extend_from_slice(self.target.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        write_field(out, "Host", self.host.as_bytes());
        out.extend_from_slice(b"Connection: ");
        if !self.connection.is_empty() {
            out.extend_from_slice(self.connection.as_bytes());
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(b"Upgrade\r\n");
        write_field(out, "Upgrade", b"websocket");
        write_field(out, "Sec-WebSocket-Version", b"13");
        write_field(out, "Sec-WebSocket-Key", &encode_nonce(nonce));
        if let Some(origin) = self.origin {
            write_field(out, "Origin", origin.as_bytes());
        }
        if let [first, others @ ..] = &self.subprotocols[..] {
            out.extend_from_slice(b"Sec-WebSocket-Protocol: ");
            out.extend_from_slice(first.as_bytes());
            for name in others {
                out.extend_from_slice(b", ");
                out.extend_from_slice(name.as_bytes());
            }
            out.extend_from_slice(b"\r\n");
        }
        if let Some(offer) = offer(compression) {
            write_field(out, "Sec-WebSocket-Extensions", offer.as_bytes());
        }
        for (name, value) in &self.fields {
            write_field(out, name, value);
        }
        out.extend_from_slice(b"\r\n");
    }

    pub(super) fn subprotocols(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.subprotocols.iter().copied()
    }

    pub(super) fn requires_subprotocol(&self) -> bool {
        !self.subprotocol_is_optional && !self.subprotocols.is_empty()
    }
}

/// Shows only the names of fields, since their values may be secrets.
impl fmt::Debug for ClientRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| *name).collect();
        f.debug_struct("ClientRequest")
            .field("host", &self.host)
            .field("target", &self.target)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols)
            .field("fields", &names)
            .finish_non_exhaustive()
    }
}

fn text(value: &[u8]) -> Option<&str> {
    core::str::from_utf8(trim(value)).ok()
}

/// Returns the options to write before `Upgrade`. `close` is not allowed with an upgrade. A second `Upgrade`
/// is left out.
fn connection(value: &[u8]) -> Option<&str> {
    let is_fit = |option: &[u8]| is_token(option) && !option.eq_ignore_ascii_case(b"close");
    if value.eq_ignore_ascii_case(b"upgrade") {
        return Some("");
    }
    elements(value).all(is_fit).then(|| text(value))?
}
