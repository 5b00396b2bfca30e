use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{
    Agreement, AnswerError, Decision, HandshakeError, HttpVersion, Limits, OwnedResponse, Request, Scanner,
    answer::{Reject, refusal, write_field},
    grammar::{ascii, find, is_field_value, is_token},
    read::lines,
    server::{Asked, RequestHead},
};
use crate::Config;

/// A request that another HTTP library has read: checked here, to be answered there.
///
/// It is held to what a [`Connection`](crate::Connection) holds its own requests to; only the limits of the head are the other
/// library's. Where the [answer](Self::answer) has an agreement, the bytes that follow it on the wire are frames, for
/// [`Connection::upgraded`](crate::Connection::upgraded).
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
    /// The request, written anew: so there is one reader of heads, whoever read this one first.
    head: Box<[u8]>,
    parsed: RequestHead,
    asked: Asked,
}

/// What another HTTP library is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The response, with all fields that it needs.
    pub response: OwnedResponse,
    /// What both ends agree on, if the response opens the connection.
    pub agreement: Option<Agreement>,
}

impl Handover {
    /// Checks a request: its method, its target as it was sent, and the names and values of its fields. `config` says which
    /// extensions may be agreed.
    ///
    /// # Errors
    /// What is wrong with the request; [`HandshakeError::response`] is the answer to that.
    pub fn new<'f>(
        method: &str,
        target: &str,
        version: HttpVersion,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        config: &Config,
    ) -> Result<Self, HandshakeError> {
        let head = write_head(method, target, version, fields)?;
        // The scanner refuses bytes that have no place in a head, so it must see this one too.
        let limits = Limits { max_head: usize::MAX, max_fields: usize::MAX };
        if Scanner::request().find_end(&head, &limits)? != Some(head.len()) {
            return Err(HandshakeError::RequestLineMalformed);
        }
        let parsed = RequestHead::parse(&head)?;
        let asked = parsed.asked(&head, config.compression())?;
        Ok(Self { head: head.into_boxed_slice(), parsed, asked })
    }

    /// Agrees to the extensions that `config` says instead.
    pub fn set_config(&mut self, config: &Config) {
        // What is wrong with a request does not depend on it.
        if let Ok(asked) = self.parsed.asked(&self.head, config.compression()) {
            self.asked = asked;
        }
    }

    /// The request, for whoever decides about it.
    pub fn request(&self) -> Request<'_> {
        self.parsed.view(&self.head)
    }

    /// What to answer. To accept a request that asks for no WebSocket is to leave it to the core: it gets 426 most often.
    ///
    /// # Errors
    /// [`AnswerError::SubprotocolNotOffered`].
    pub fn answer(&self, decision: &Decision) -> Result<Answer, AnswerError> {
        let mut bytes = Vec::new();
        let agreement = match (decision, &self.asked) {
            (Decision::Accept(accept), Asked::Upgrade(upgrade)) => Some(accept.write(upgrade, &mut bytes)?),
            (Decision::Accept(_), Asked::Ordinary(ordinary)) => {
                ordinary.default_answer().write(self.asked.reply_to(), &mut bytes);
                None
            }
            (Decision::Reject(reject), Asked::Upgrade(_) | Asked::Ordinary(_)) => {
                reject.write(self.asked.reply_to(), &mut bytes);
                None
            }
        };
        Ok(Answer { response: read_own(&bytes), agreement })
    }

    /// The answer where the decision does not fit the request: 500.
    pub fn misfit(&self) -> OwnedResponse {
        let mut bytes = Vec::new();
        Reject::misfit().write(self.asked.reply_to(), &mut bytes);
        read_own(&bytes)
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover").field("request", &self.request()).finish_non_exhaustive()
    }
}

impl HandshakeError {
    /// What a server answers to a request that is wrong in this way, before it closes the connection.
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
    // What divides the parts of a head must not come in through one of them.
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

/// The parts of an answer that was just written: status line, fields, body.
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
