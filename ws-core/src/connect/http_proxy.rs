use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::mem;

use super::tunnel_step::{TunnelError, TunnelStep};
use super::{Host, Proxy, ProxyError};
use crate::handshake::client::ResponseHead;
use crate::handshake::{BodyProgress, BodyReader, HeadLimits, OwnedResponse, Scanner};

/// The most bytes of the body of a refusal that are kept.
const MAX_BODY: usize = 4096;

/// The exchange with an HTTP proxy that is asked for a tunnel (RFC 9110 §9.3.6).
#[derive(Debug)]
pub(super) enum HttpProxy {
    /// The head of the response is read.
    Head(Scanner),
    /// The proxy refused, and the body of its response is read.
    Refused(Box<ProxyRefusal>),
}

/// A response of a proxy that makes no tunnel.
#[derive(Debug)]
pub(super) struct ProxyRefusal {
    head: Vec<u8>,
    parsed: ResponseHead,
    reader: BodyReader,
    body: Vec<u8>,
}

impl HttpProxy {
    /// Returns the exchange, and the request with which it begins.
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

    /// Returns how many bytes can be read that certainly belong to the response.
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
            // The transport is dropped after a refusal: bytes that follow it need not stay in the transport.
            Self::Refused(_) => usize::MAX,
        }
    }

    /// Reads `input`, and returns what the exchange needs next.
    pub(super) fn step(&mut self, input: &mut Vec<u8>) -> Result<TunnelStep, TunnelError> {
        if let Self::Head(scanner) = self {
            let end = scanner.find_end(input, &HeadLimits::default()).map_err(ProxyError::Malformed)?;
            if end.is_none() {
                return Ok(TunnelStep::Read);
            }
            // A 2xx has no body: its length and its transfer codings are ignored (RFC 9110 §9.3.6).
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

    /// Returns the refusal as far as it has arrived, if one has begun; `got_eof` is true if the stream has
    /// ended.
    pub(super) fn cut(&mut self, got_eof: bool) -> Option<Box<OwnedResponse>> {
        match self {
            Self::Head(_) => None,
            Self::Refused(refused) => Some(refused.response(got_eof && refused.reader.ends_with_stream())),
        }
    }
}

impl ProxyRefusal {
    fn response(&self, is_complete: bool) -> Box<OwnedResponse> {
        Box::new((&self.parsed.view(&self.head, &self.body, is_complete)).into())
    }
}
