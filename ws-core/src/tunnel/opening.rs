//! Requests, and the answers of the backend.

use alloc::vec::Vec;

use super::{End, State, Tunnel};
use crate::Instant;
use crate::handshake::client::{ResponseHead, switches};
use crate::handshake::server::{RequestHead, RequestKind};
use crate::handshake::{
    BodyFraming, BodyProgress, HandshakeError, HeadLimits, ReplyContext, Scanner, bad_gateway,
    forward_request, forward_response, refusal,
};

/// The result of one step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    NeedsMore,
}

impl Tunnel {
    /// Reads as much as possible of what has arrived.
    pub(super) fn advance(&mut self, now: Instant) {
        loop {
            let step = match &mut self.state {
                State::Requesting(_) => self.step_request(now),
                State::Responding { .. } => self.step_response(now),
                State::Answering { .. } => self.step_body(now),
                State::Dialing { .. } | State::Tunnelling | State::Ending | State::Closed => return,
            };
            match step {
                Ok(Step::Done) => {}
                Ok(Step::NeedsMore) => return,
                Err(error) => self.fail(now, error),
            }
        }
    }

    fn step_request(&mut self, now: Instant) -> Result<Step, HandshakeError> {
        let limits = self.limits();
        let State::Requesting(scanner) = &mut self.state else { return Ok(Step::NeedsMore) };
        let Some(n) = scanner.find_end(&self.client.inbox, &limits)? else { return Ok(Step::NeedsMore) };
        let bytes = &self.client.inbox[..n];
        let head = RequestHead::parse(bytes)?;
        let Some(passed) = head.passed(bytes)? else {
            let answer = match head.kind(bytes, None)? {
                RequestKind::Ordinary(request) => request.default_answer(),
                RequestKind::Upgrade(_) => return Err(HandshakeError::ConnectionNotUpgrade),
            };
            let is_head = head.view(bytes).method() == "HEAD";
            self.refuse(now, |out| {
                answer.write(ReplyContext { is_head, may_persist: false }, out);
            });
            return Ok(Step::Done);
        };
        self.backend = End::default();
        let request = head.view(bytes);
        let host = self.host.as_deref().or(request.host()).unwrap_or_default();
        self.backend.out.append(|out| forward_request(&request, host, out));
        self.client.inbox.drain(..n);
        self.state = State::Dialing { passed, is_told: false };
        self.begin_opening(now);
        Ok(Step::Done)
    }

    fn step_response(&mut self, now: Instant) -> Result<Step, HandshakeError> {
        let limits = self.limits();
        let State::Responding { passed, scanner } = &mut self.state else { return Ok(Step::NeedsMore) };
        let Some(n) = scanner.find_end(&self.backend.inbox, &limits)? else { return Ok(Step::NeedsMore) };
        let bytes = &self.backend.inbox[..n];
        let head = ResponseHead::parse(bytes)?;
        let response = head.view(bytes, b"", true);
        if head.status() == 101 {
            if !switches(&response, passed.accept) {
                return Err(HandshakeError::AcceptMismatch);
            }
            self.client.out.push(bytes);
            self.backend.inbox.drain(..n);
            self.establish(now);
            return Ok(Step::Done);
        }
        if head.is_interim() {
            self.client.out.append(|out| forward_response(&response, BodyFraming::None, false, out));
            *scanner = Scanner::response();
            self.backend.inbox.drain(..n);
            return Ok(Step::Done);
        }
        let framing = head.body();
        let is_last = !passed.may_persist || framing == BodyFraming::UntilEof;
        self.client.out.append(|out| forward_response(&response, framing, is_last, out));
        self.backend.inbox.drain(..n);
        self.state = State::Answering { body: framing.into(), is_last };
        Ok(Step::Done)
    }

    fn step_body(&mut self, now: Instant) -> Result<Step, HandshakeError> {
        let State::Answering { body, is_last } = &mut self.state else { return Ok(Step::NeedsMore) };
        let inbox = &mut self.backend.inbox;
        let (n, progress) = body.pass(inbox)?;
        self.client.out.push(&inbox[..n]);
        inbox.drain(..n);
        if progress != BodyProgress::Complete {
            return Ok(Step::NeedsMore);
        }
        if *is_last || self.client.got_eof {
            self.end(now);
        } else {
            self.state = State::Requesting(Scanner::request());
            self.begin_opening(now);
        }
        Ok(Step::Done)
    }

    fn limits(&self) -> HeadLimits {
        HeadLimits { max_head: self.config.max_head, max_fields: self.config.max_fields }
    }

    /// Answers an error of the client or the backend.
    fn fail(&mut self, now: Instant, error: HandshakeError) {
        match self.state {
            State::Requesting(_) => self.refuse(now, |out| refusal(error, out)),
            State::Responding { .. } => {
                self.refuse(now, |out| bad_gateway("the backend's answer is wrong", out));
            }
            // The head has left: the client can only see that the stream ends too early.
            State::Answering { .. } => self.end(now),
            State::Dialing { .. } | State::Tunnelling | State::Ending | State::Closed => {}
        }
    }

    /// Answers in the place of the backend, and ends the connection.
    pub(super) fn refuse(&mut self, now: Instant, answer: impl FnOnce(&mut Vec<u8>)) {
        self.client.out.append(answer);
        self.end(now);
    }
}
