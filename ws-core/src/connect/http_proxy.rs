use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::mem;

use super::tunnel_step::{TunnelError, TunnelStep};
use super::{Host, Proxy, ProxyError};
use crate::handshake::client::ResponseHead;
use crate::handshake::{BodyProgress, BodyReader, Limits, OwnedResponse, Scanner};

/// Bytes of a refusal's body that are kept.
const MAX_BODY: usize = 4096;

/// Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6).
#[derive(Debug)]
pub(super) enum HttpProxy {
    /// The head of the answer is to come.
    Head(Scanner),
    /// The proxy refused, and the body of its answer is to come.
    Refused(Box<ProxyRefusal>),
}

#[derive(Debug)]
pub(super) struct ProxyRefusal {
    head: Vec<u8>,
    parsed: ResponseHead,
    reader: BodyReader,
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
    pub(super) fn step(&mut self, input: &mut Vec<u8>) -> Result<TunnelStep, TunnelError> {
        if let Self::Head(scanner) = self {
            let end = scanner.find_end(input, &Limits::default()).map_err(ProxyError::Malformed)?;
            if end.is_none() {
                return Ok(TunnelStep::Read);
            }
            // Lengths and codings in such an answer mean nothing, so they are not even looked at.
            if let Some(b'2') = input.get("HTTP/1.1 ".len()) {
                return Ok(TunnelStep::Open);
            }
            let head = mem::take(input);
            let parsed = ResponseHead::parse(&head).map_err(ProxyError::Malformed)?;
            if parsed.is_interim() {
                *scanner = Scanner::response();
                return Ok(TunnelStep::Read);
            }
            let (reader, body) = (parsed.body().into(), Vec::new());
            *self = Self::Refused(Box::new(ProxyRefusal { head, parsed, reader, body }));
        }
        let Self::Refused(refused) = self else { return Ok(TunnelStep::Read) };
        let progress = refused.reader.keep(input, &mut refused.body, MAX_BODY);
        input.clear();
        match progress {
            BodyProgress::More => Ok(TunnelStep::Read),
            BodyProgress::Complete => Err(TunnelError::Refused(refused.response(true))),
            BodyProgress::Cut => Err(TunnelError::Refused(refused.response(false))),
        }
    }

    /// The refusal as far as it has come; `is_over` says that the stream has ended.
    pub(super) fn cut(&mut self, is_over: bool) -> Option<Box<OwnedResponse>> {
        match self {
            Self::Head(_) => None,
            Self::Refused(refused) => Some(refused.response(is_over && refused.reader.ends_with_stream())),
        }
    }
}

impl ProxyRefusal {
    fn response(&self, is_complete: bool) -> Box<OwnedResponse> {
        Box::new((&self.parsed.view(&self.head, &self.body, is_complete)).into())
    }
}
