//! Requests, and the answers of the backend.

use alloc::vec::Vec;

use super::{ForwardedRequest, Tunnel, TunnelEnd, TunnelState, bad_gateway};
use crate::Instant;
use crate::handshake::client::ResponseHead;
use crate::handshake::server::{RequestHead, RequestKind};
use crate::handshake::{
    BodyFraming, BodyProgress, HandshakeError, HeadLimits, ReplyContext, Scanner, refusal,
};
use crate::intermediary::forward::{forward_request, forward_response};

/// The progress after one step of reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpeningProgress {
    Done,
    NeedsMore,
}

impl Tunnel {
    /// Reads as much as possible of what has arrived.
    pub(super) fn advance(&mut self, now: Instant) {
        loop {
            let step = match &mut self.state {
                TunnelState::Requesting(_) => self.step_request(now),
                TunnelState::Responding { .. } => self.step_response(now),
                TunnelState::Answering { .. } => self.step_body(now),
                TunnelState::Dialing { .. }
                | TunnelState::Tunnelling
                | TunnelState::Ending
                | TunnelState::Closed => return,
            };
            match step {
                Ok(OpeningProgress::Done) => {}
                Ok(OpeningProgress::NeedsMore) => return,
                Err(error) => self.fail(now, error),
            }
        }
    }

    fn step_request(&mut self, now: Instant) -> Result<OpeningProgress, HandshakeError> {
        let limits = self.limits();
        let TunnelState::Requesting(scanner) = &mut self.state else { return Ok(OpeningProgress::NeedsMore) };
        let Some(n) = scanner.find_end(&self.client.inbox, &limits)? else {
            return Ok(OpeningProgress::NeedsMore);
        };
        let bytes = &self.client.inbox[..n];
        let head = RequestHead::parse(bytes)?;
        let Some(forwarded) = ForwardedRequest::new(&head, bytes)? else {
            let answer = match head.kind(bytes, None)? {
                RequestKind::Ordinary(request) => request.default_answer(),
                RequestKind::Upgrade(_) => return Err(HandshakeError::ConnectionNotUpgrade),
            };
            let is_head = head.view(bytes).method() == "HEAD";
            self.refuse(now, |out| {
                answer.write(ReplyContext { is_head, may_persist: false }, out);
            });
            return Ok(OpeningProgress::Done);
        };
        self.backend = TunnelEnd::default();
        let request = head.view(bytes);
        let host = self.host.as_deref().or(request.host()).unwrap_or_default();
        self.backend.out.append(|out| forward_request(&request, host, &self.pseudonym, out));
        self.client.inbox.drain(..n);
        self.state = TunnelState::Dialing { request: forwarded, is_reported: false };
        self.begin_opening(now);
        Ok(OpeningProgress::Done)
    }

    fn step_response(&mut self, now: Instant) -> Result<OpeningProgress, HandshakeError> {
        let limits = self.limits();
        let TunnelState::Responding { request, scanner } = &mut self.state else {
            return Ok(OpeningProgress::NeedsMore);
        };
        let Some(n) = scanner.find_end(&self.backend.inbox, &limits)? else {
            return Ok(OpeningProgress::NeedsMore);
        };
        let bytes = &self.backend.inbox[..n];
        let head = ResponseHead::parse(bytes)?;
        let response = head.view(bytes, b"", true);
        if head.status() == 101 {
            if !request.is_accepted_by(&response) {
                return Err(HandshakeError::AcceptMismatch);
            }
            self.client.out.push(bytes);
            self.backend.inbox.drain(..n);
            self.establish(now);
            return Ok(OpeningProgress::Done);
        }
        if head.is_interim() {
            self.client.out.append(|out| forward_response(&response, BodyFraming::None, false, out));
            *scanner = Scanner::response();
            self.backend.inbox.drain(..n);
            return Ok(OpeningProgress::Done);
        }
        let framing = head.body();
        let is_last = !request.may_persist || framing == BodyFraming::UntilEof;
        self.client.out.append(|out| forward_response(&response, framing, is_last, out));
        self.backend.inbox.drain(..n);
        self.state = TunnelState::Answering { body: framing.into(), is_last };
        Ok(OpeningProgress::Done)
    }

    fn step_body(&mut self, now: Instant) -> Result<OpeningProgress, HandshakeError> {
        let TunnelState::Answering { body, is_last } = &mut self.state else {
            return Ok(OpeningProgress::NeedsMore);
        };
        let inbox = &mut self.backend.inbox;
        let (n, progress) = body.pass(inbox)?;
        self.client.out.push(&inbox[..n]);
        inbox.drain(..n);
        if progress != BodyProgress::Complete {
            return Ok(OpeningProgress::NeedsMore);
        }
        if *is_last || self.client.got_eof {
            self.end(now);
        } else {
            self.state = TunnelState::Requesting(Scanner::request());
            self.begin_opening(now);
        }
        Ok(OpeningProgress::Done)
    }

    fn limits(&self) -> HeadLimits {
        HeadLimits { max_head: self.config.max_head, max_fields: self.config.max_fields }
    }

    /// Answers an error of the client or the backend.
    fn fail(&mut self, now: Instant, error: HandshakeError) {
        match self.state {
            TunnelState::Requesting(_) => self.refuse(now, |out| refusal(error, out)),
            TunnelState::Responding { .. } => {
                self.refuse(now, |out| bad_gateway("the backend's answer is wrong", out));
            }
            // The head has left: the client can only see that the stream ends too early.
            TunnelState::Answering { .. } => self.end(now),
            TunnelState::Dialing { .. }
            | TunnelState::Tunnelling
            | TunnelState::Ending
            | TunnelState::Closed => {}
        }
    }

    /// Answers in the place of the backend, and ends the connection.
    pub(super) fn refuse(&mut self, now: Instant, answer: impl FnOnce(&mut Vec<u8>)) {
        self.client.out.append(answer);
        self.end(now);
    }
}
