use alloc::{boxed::Box, string::ToString as _, vec::Vec};
use core::fmt;

use super::{
    Agreement, AnswerError, Fields, HandshakeError,
    grammar::{is_field_value, is_token},
    reply_context::ReplyContext,
    status::Status,
    upgrade::Upgrade,
};

/// A server's answer to a request.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The WebSocket connection is opened.
    Accept(Accept),
    /// The request gets another HTTP answer.
    Reject(Reject),
}

impl From<Accept> for Decision {
    fn from(accept: Accept) -> Self {
        Self::Accept(accept)
    }
}

impl From<Reject> for Decision {
    fn from(reject: Reject) -> Self {
        Self::Reject(reject)
    }
}

/// A 101 answer, which opens the connection. An empty one allocates nothing.
#[derive(Clone, Default)]
pub struct Accept {
    subprotocol: Option<Box<str>>,
    fields: Vec<u8>,
}

impl Accept {
    /// Returns an answer with only the fields that every 101 needs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses a subprotocol, which must be one of those that the client offered.
    #[must_use]
    pub fn subprotocol(mut self, name: &str) -> Self {
        self.subprotocol = Some(name.into());
        self
    }

    /// Adds a field.
    ///
    /// # Errors
    ///
    /// The name is not a token, or the handshake writes this field itself, or the value has control bytes.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, AnswerError> {
        write_checked(&mut self.fields, name, value.as_ref())?;
        Ok(self)
    }

    /// Appends the answer to `out`. After an error, `out` is unchanged.
    pub(crate) fn write(&self, upgrade: &Upgrade, out: &mut Vec<u8>) -> Result<Agreement, AnswerError> {
        if self.subprotocol.as_ref().is_some_and(|name| !upgrade.subprotocols.contains(name)) {
            return Err(AnswerError::SubprotocolNotOffered);
        }
        out.reserve(192 + self.fields.len());
        out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
        write_field(out, "Upgrade", b"websocket");
        write_field(out, "Connection", b"Upgrade");
        write_field(out, "Sec-WebSocket-Accept", &upgrade.accept);
        if let Some(name) = &self.subprotocol {
            write_field(out, "Sec-WebSocket-Protocol", name.as_bytes());
        }
        if let Some(params) = upgrade.deflate {
            write_field(out, "Sec-WebSocket-Extensions", params.to_string().as_bytes());
        }
        out.extend_from_slice(&self.fields);
        out.extend_from_slice(b"\r\n");
        Ok(Agreement::new(self.subprotocol.clone(), upgrade.deflate))
    }
}

impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept")
            .field("subprotocol", &self.subprotocol)
            .field("fields", &Fields::new(&self.fields))
            .finish()
    }
}

/// An answer other than a 101.
///
/// The fields that name the protocol and its version are added to a 426. A 405 needs an `Allow` field from
/// the caller.
#[derive(Clone)]
pub struct Reject {
    status: Status,
    keep_alive: bool,
    fields: Vec<u8>,
    body: Vec<u8>,
}

impl Reject {
    /// Returns an answer without fields and body. The connection ends after it.
    pub fn new(status: Status) -> Self {
        Self { status, keep_alive: false, fields: Vec::new(), body: Vec::new() }
    }

    /// Adds a field.
    ///
    /// # Errors
    ///
    /// The name is not a token, or the handshake writes this field itself, or the value has control bytes.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, AnswerError> {
        write_checked(&mut self.fields, name, value.as_ref())?;
        Ok(self)
    }

    /// Sets the body. It is left out where HTTP does not allow a body: with 204, 205 and 304, and in answer
    /// to HEAD.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Allows the client to send its next request on the same connection, if the current request allows it.
    #[must_use]
    pub fn keep_alive(mut self) -> Self {
        self.keep_alive = true;
        self
    }

    /// Returns the status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Appends the answer to `out`. Returns what follows on the connection.
    pub(crate) fn write(&self, reply_context: ReplyContext, out: &mut Vec<u8>) -> AfterAnswer {
        let then = if self.keep_alive && reply_context.may_persist {
            AfterAnswer::NextRequest
        } else {
            AfterAnswer::Close
        };
        out.reserve(192 + self.fields.len() + self.body.len());
        out.extend_from_slice(b"HTTP/1.1 ");
        write_number(out, u64::from(self.status.get()));
        out.push(b' ');
        out.extend_from_slice(self.status.reason().as_bytes());
        out.extend_from_slice(b"\r\n");
        match (self.status, then) {
            (Status::UPGRADE_REQUIRED, AfterAnswer::Close) => {
                write_field(out, "Connection", b"Upgrade, close");
            }
            (Status::UPGRADE_REQUIRED, AfterAnswer::NextRequest) => {
                write_field(out, "Connection", b"Upgrade");
            }
            (_, AfterAnswer::Close) => write_field(out, "Connection", b"close"),
            (_, AfterAnswer::NextRequest) => {}
        }
        if self.status == Status::UPGRADE_REQUIRED {
            write_field(out, "Upgrade", b"websocket");
            write_field(out, "Sec-WebSocket-Version", b"13");
        }
        out.extend_from_slice(&self.fields);
        let body: &[u8] = if self.status == Status::RESET_CONTENT { b"" } else { &self.body };
        let has_body = !matches!(self.status, Status::NO_CONTENT | Status::NOT_MODIFIED);
        if has_body {
            out.extend_from_slice(b"Content-Length: ");
            write_number(out, body.len() as u64);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        if has_body && !reply_context.is_head {
            out.extend_from_slice(body);
        }
        then
    }

    /// Returns the answer for the case that the application's own does not fit the request.
    pub(crate) fn misfit() -> Self {
        Self::plain(Status::INTERNAL_SERVER_ERROR, "the server's answer does not fit the request")
    }

    /// Returns an answer whose body is a line of text.
    pub(crate) fn plain(status: Status, text: &str) -> Self {
        let mut reject = Self::new(status);
        write_field(&mut reject.fields, "Content-Type", b"text/plain");
        reject.body.extend_from_slice(text.as_bytes());
        reject.body.push(b'\n');
        reject
    }

    pub(super) fn allow_get(mut self) -> Self {
        write_field(&mut self.fields, "Allow", b"GET");
        self
    }
}

impl fmt::Debug for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reject")
            .field("status", &self.status.get())
            .field("keep_alive", &self.keep_alive)
            .field("fields", &Fields::new(&self.fields))
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// The next step after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterAnswer {
    /// The end of the connection.
    Close,
    /// The next request, after the body of this one.
    NextRequest,
}

/// Appends the HTTP answer to a wrong request. The connection ends after it.
pub(crate) fn refusal(error: HandshakeError, out: &mut Vec<u8>) {
    let mut reject = Reject::plain(error.status(), error.text());
    if error == HandshakeError::MethodNotGet {
        // The method may be HEAD, whose answer has no body.
        reject = Reject::new(Status::METHOD_NOT_ALLOWED).allow_get();
    }
    if matches!(
        error,
        HandshakeError::VersionMissing | HandshakeError::VersionRepeated | HandshakeError::VersionMalformed
    ) {
        write_field(&mut reject.fields, "Sec-WebSocket-Version", b"13");
    }
    reject.write(ReplyContext::UNKNOWN, out);
}

/// Appends the HTTP answer to a request that did not arrive in time.
pub(crate) fn too_slow(out: &mut Vec<u8>) {
    Reject::plain(Status::REQUEST_TIMEOUT, "the request did not arrive in time")
        .write(ReplyContext::UNKNOWN, out);
}

/// Appends the HTTP answer to a request that the application did not answer in time.
pub(crate) fn undecided(out: &mut Vec<u8>) {
    Reject::plain(Status::SERVICE_UNAVAILABLE, "the server did not decide in time")
        .write(ReplyContext::UNKNOWN, out);
}

/// Returns whether the handshake writes this field itself, in either message.
pub(super) fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 4] = ["connection", "content-length", "transfer-encoding", "upgrade"];
    let prefix = b"sec-websocket-";
    RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || name.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn write_checked(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), AnswerError> {
    if !is_token(name.as_bytes()) {
        return Err(AnswerError::FieldNameInvalid);
    }
    if is_reserved(name) {
        return Err(AnswerError::FieldReserved);
    }
    if !is_field_value(value) {
        return Err(AnswerError::FieldValueInvalid);
    }
    write_field(out, name, value);
    Ok(())
}

pub(crate) fn write_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

pub(crate) fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut rest = number;
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
