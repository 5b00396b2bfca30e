use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::mem;

use super::tunnel::{Refusal, Step};
use super::{Host, Proxy, ProxyError};
use crate::handshake::client::ResponseHead;
use crate::handshake::{BodyFraming, ChunkDecoder, Limits, OwnedResponse, Progress, Scanner};

/// Bytes of a refusal's body that are kept.
const MAX_BODY: usize = 4096;

/// Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6).
#[derive(Debug)]
pub(super) enum HttpProxy {
    /// The head of the answer is to come.
    Head(Scanner),
    /// The proxy refused, and the body of its answer is to come.
    Refused(Box<Refused>),
}

#[derive(Debug)]
pub(super) struct Refused {
    head: Vec<u8>,
    parsed: ResponseHead,
    framing: BodyFraming,
    chunks: ChunkDecoder,
    body: Vec<u8>,
}

impl HttpProxy {
    /// The talk, and the request that it begins with.
    pub(super) fn new(proxy: &Proxy, server: Host<'_>) -> (Self, Vec<u8>) {
        let mut out = format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n");
        if let Some(credentials) = proxy.basic_credentials() {
            out.push_str("Proxy-Authorization: ");
            out.push_str(&credentials);
            out.push_str("\r\n");
        }
        out.push_str("\r\n");
        (Self::Head(Scanner::response()), out.into_bytes())
    }

    /// How many bytes can be read that surely belong to the answer.
    pub(super) fn wanted(&self, input: &[u8]) -> usize {
        match self {
            Self::Head(_) => {
                let ending = match input {
                    [.., b'\r', b'\n', b'\r'] => 1,
                    [.., b'\r', b'\n'] => 2,
                    [.., b'\r'] => 3,
                    [..] => 4,
                };
                ending.max(b"HTTP/1.1 200\r\n\r\n".len().saturating_sub(input.len()))
            }
            // Nothing follows a refusal that anyone would miss.
            Self::Refused(_) => usize::MAX,
        }
    }

    /// Looks at what has come.
    pub(super) fn step(&mut self, input: &mut Vec<u8>) -> Result<Step, Refusal> {
        if let Self::Head(scanner) = self {
            let end = scanner.find_end(input, &Limits::default()).map_err(ProxyError::Malformed)?;
            if end.is_none() {
                return Ok(Step::More);
            }
            // Lengths and codings in such an answer mean nothing, so they are not even looked at.
            if let Some(b'2') = input.get("HTTP/1.1 ".len()) {
                return Ok(Step::Open);
            }
            let head = mem::take(input);
            let parsed = ResponseHead::parse(&head).map_err(ProxyError::Malformed)?;
            if parsed.is_interim() {
                *scanner = Scanner::response();
                return Ok(Step::More);
            }
            let (framing, chunks, body) = (parsed.body(), ChunkDecoder::default(), Vec::new());
            *self = Self::Refused(Box::new(Refused { head, parsed, framing, chunks, body }));
        }
        let Self::Refused(refused) = self else { return Ok(Step::More) };
        let progress = refused.take(input);
        input.clear();
        match progress {
            Progress::More => Ok(Step::More),
            Progress::Complete => Err(Refusal::Response(refused.response(true))),
            Progress::Full => Err(Refusal::Response(refused.response(false))),
        }
    }

    /// The refusal as far as it has come; `is_over` says that the stream has ended.
    pub(super) fn cut(&mut self, is_over: bool) -> Option<Box<OwnedResponse>> {
        match self {
            Self::Head(_) => None,
            Self::Refused(refused) => {
                Some(refused.response(is_over && refused.framing == BodyFraming::UntilEof))
            }
        }
    }
}

impl Refused {
    /// Takes more of the body.
    fn take(&mut self, bytes: &[u8]) -> Progress {
        let room = MAX_BODY - self.body.len();
        match &mut self.framing {
            BodyFraming::None => Progress::Complete,
            BodyFraming::Exact(left) => {
                let here = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.body.extend_from_slice(&bytes[..here.min(room)]);
                *left -= here as u64;
                if here > room {
                    Progress::Full
                } else if *left == 0 {
                    Progress::Complete
                } else {
                    Progress::More
                }
            }
            // What is malformed ends the body where it stands.
            BodyFraming::Chunked => {
                self.chunks.decode(bytes, &mut self.body, MAX_BODY).unwrap_or(Progress::Full)
            }
            BodyFraming::UntilEof => {
                self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
                if bytes.len() > room { Progress::Full } else { Progress::More }
            }
        }
    }

    fn response(&self, is_complete: bool) -> Box<OwnedResponse> {
        Box::new((&self.parsed.view(&self.head, &self.body, is_complete)).into())
    }
}
