use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{
    Agreement, AnswerError, Decision, HandshakeError, HeadLimits, HttpVersion, OwnedResponse, Request,
    Scanner,
    answer::{Reject, refusal, write_field},
    grammar::{ascii, find, is_field_value, is_token},
    read::lines,
    server::{RequestHead, RequestKind},
};
use crate::Config;

/// A request that another HTTP library has read. It is checked here and answered by that library.
///
/// The rules are the same as those of a [`Connection`](crate::Connection). Only the limits of the head are up
/// to the other library. If the [answer](Self::answer) has an agreement, the bytes that follow it on the wire
/// are frames, for [`Connection::upgraded`](crate::Connection::upgraded).
///
/// ```
/// use ws_core::handshake::{Accept, Handover, HttpVersion};
///
/// let fields: [(&str, &[u8]); 5] = [
///     ("host", b"example.com"),
///     ("connection", b"Upgrade"),
///     ("upgrade", b"websocket"),
///     ("sec-websocket-version", b"13"),
///     ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
/// ];
/// let handover = Handover::new("GET", "/chat", HttpVersion::Http11, fields, &ws_core::Config::default())?;
/// assert_eq!(handover.request().path(), "/chat");
///
/// let answer = handover.answer(&Accept::new().into())?;
/// assert_eq!(answer.response.status, 101);
/// assert_eq!(answer.response.field("sec-websocket-accept"), Some(&b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..]));
/// assert!(answer.agreement.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Handover {
    /// The request, written anew, so that one parser reads all requests.
    head: Box<[u8]>,
    parsed: RequestHead,
    kind: RequestKind,
}

/// The answer that another HTTP library has to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandoverAnswer {
    /// The response, with all the fields that it needs.
    pub response: OwnedResponse,
    /// The agreement of both ends, if the response opens the connection.
    pub agreement: Option<Agreement>,
}

impl Handover {
    /// Checks a request: its method, its target as it was sent, and the names and values of its fields.
    /// `config` has the extensions that may be agreed on.
    ///
    /// # Errors
    /// The fault of the request. [`HandshakeError::response`] is the answer to it.
    pub fn new<'f>(
        method: &str,
        target: &str,
        version: HttpVersion,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        config: &Config,
    ) -> Result<Self, HandshakeError> {
        let head = write_head(method, target, version, fields)?;
        // The scanner refuses bytes that must not appear in a head, so it has to see this head too.
        let limits = HeadLimits { max_head: usize::MAX, max_fields: usize::MAX };
        if Scanner::request().find_end(&head, &limits)? != Some(head.len()) {
            return Err(HandshakeError::RequestLineMalformed);
        }
        let parsed = RequestHead::parse(&head)?;
        let kind = parsed.kind(&head, config.compression.as_ref())?;
        Ok(Self { head: head.into_boxed_slice(), parsed, kind })
    }

    /// Agrees to the extensions of this `config` instead.
    pub fn set_config(&mut self, config: &Config) {
        // A request is right or wrong whatever the config is.
        if let Ok(kind) = self.parsed.kind(&self.head, config.compression.as_ref()) {
            self.kind = kind;
        }
    }

    /// Returns the request, from which the application decides.
    pub fn request(&self) -> Request<'_> {
        self.parsed.view(&self.head)
    }

    /// Returns the answer to send. A request that does not ask for a WebSocket cannot be accepted: its answer
    /// is usually 426.
    /// # Errors
    /// [`AnswerError::SubprotocolNotOffered`].
    pub fn answer(&self, decision: &Decision) -> Result<HandoverAnswer, AnswerError> {
        let mut bytes = Vec::new();
        let agreement = match (decision, &self.kind) {
            (Decision::Accept(accept), RequestKind::Upgrade(upgrade)) => {
                Some(accept.write(upgrade, &mut bytes)?)
            }
            (Decision::Accept(_), RequestKind::Ordinary(ordinary)) => {
                ordinary.default_answer().write(self.kind.reply_context(), &mut bytes);
                None
            }
            (Decision::Reject(reject), RequestKind::Upgrade(_) | RequestKind::Ordinary(_)) => {
                reject.write(self.kind.reply_context(), &mut bytes);
                None
            }
        };
        Ok(HandoverAnswer { response: read_own(&bytes), agreement })
    }

    /// Returns the answer for a decision that does not fit the request: 500.
    pub fn misfit(&self) -> OwnedResponse {
        let mut bytes = Vec::new();
        Reject::misfit().write(self.kind.reply_context(), &mut bytes);
        read_own(&bytes)
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover").field("request", &self.request()).finish_non_exhaustive()
    }
}

impl HandshakeError {
    /// Returns the answer of a server to a request with this fault. The server closes the connection after
    /// it.
    pub fn response(self) -> OwnedResponse {
        let mut bytes = Vec::new();
        refusal(self, &mut bytes);
        read_own(&bytes)
    }
}

fn write_head<'f>(
    method: &str,
    target: &str,
    version: HttpVersion,
    fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
) -> Result<Vec<u8>, HandshakeError> {
    // A method, target or name must not contain the characters that separate them in a head.
    let divides = |byte: u8| byte <= b' ' || byte == 0x7F;
    if !is_token(method.as_bytes()) || target.is_empty() || target.bytes().any(divides) {
        return Err(HandshakeError::RequestLineMalformed);
    }
    let mut head = Vec::with_capacity(512);
    head.extend_from_slice(method.as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.as_bytes());
    head.extend_from_slice(match version {
        HttpVersion::Http10 => b" HTTP/1.0\r\n",
        HttpVersion::Http11 => b" HTTP/1.1\r\n",
    });
    for (name, value) in fields {
        if !is_token(name.as_bytes()) {
            return Err(HandshakeError::FieldLineMalformed);
        }
        if !is_field_value(value) {
            return Err(HandshakeError::ControlByte);
        }
        write_field(&mut head, name, value);
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

/// Returns the status line, fields and body of an answer that was just written.
fn read_own(bytes: &[u8]) -> OwnedResponse {
    const STATUS: usize = "HTTP/1.1 ".len();
    let line_end = find(bytes, b'\n').map_or(bytes.len(), |at| at + 1);
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let (head, body) = bytes.split_at(head_end);
    let line = ascii(head.get(STATUS..line_end).unwrap_or_default()).trim_end();
    let (status, reason) = line.split_once(' ').unwrap_or((line, ""));
    OwnedResponse {
        status: status.parse().unwrap_or(500),
        reason: reason.into(),
        fields: lines(head, line_end).iter().map(|(name, value)| (name.into(), value.into())).collect(),
        body: body.into(),
        body_is_complete: true,
    }
}
