use alloc::boxed::Box;
use alloc::sync::Arc;

use super::opening::Opening;
use super::receiving::Step;
use super::refusal::Refusal;
use super::state::Phase;
use crate::handshake::client::{ExpectedResponse, ResponseHead};
use crate::handshake::server::{RequestHead, RequestKind};
use crate::handshake::{
    Accept, AfterAnswer, AnswerError, BodyProgress, ClientRequest, Decision, Head, HeadLimits, Reject,
    Scanner, too_slow, undecided,
};
use crate::masking_keys::MaskingKeys;
use crate::recv_buf::Ready;
use crate::{Config, Connection, Error, Instant, RecvBuf, Role, Timeout};

/// The opening handshake (§4).
impl Connection {
    /// Returns the client end of a connection over a fresh transport. Its request is queued.
    ///
    /// The handshake's nonce and the masking keys are made from `entropy`. It must come from a strong source,
    /// and must be different for each connection (§10.3).
    pub fn client(
        now: Instant,
        config: impl Into<Arc<Config>>,
        request: &ClientRequest<'_>,
        entropy: [u8; 32],
    ) -> Self {
        let config = config.into();
        let mut keys = Box::new(MaskingKeys::new(entropy));
        let nonce = keys.next();
        let expected = ExpectedResponse::new(request, nonce);
        let opening = Opening::Connecting { scanner: Scanner::response(), expected };
        let mut this = Self::new(now, Role::Client, config, Some(keys), Phase::Opening(Box::new(opening)));
        let config = Arc::clone(&this.config);
        this.sending.output().append(|out| request.write_offering(config.compression.as_ref(), nonce, out));
        this.sending.output().release_when_empty();
        this
    }

    /// Limits the opening handshake of a fresh client: it must be complete by `at`, even if the
    /// configuration allows more time.
    #[cfg(feature = "url")]
    pub(crate) fn limit_opening(&mut self, at: Instant) {
        self.alarm.limit_opening(at);
    }

    /// Returns the server end of a connection over a fresh transport.
    pub fn server(now: Instant, config: impl Into<Arc<Config>>) -> Self {
        let opening = Opening::accepting(false);
        Self::new(now, Role::Server, config.into(), None, Phase::Opening(Box::new(opening)))
    }

    /// Answers an [`Event::Request`](crate::Event::Request) with either decision. An ordinary request that
    /// the decision accepts gets the default answer of the core, 426 most often.
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept) and [`reject`](Self::reject). If the decision does not fit the
    /// request, the client gets a 500.
    pub fn answer(&mut self, now: Instant, decision: &Decision) -> Result<(), AnswerError> {
        match decision {
            Decision::Accept(accept) => match self.accept(now, accept) {
                Ok(()) | Err(AnswerError::NotUpgrade) => Ok(()),
                Err(AnswerError::NoRequest) => Err(AnswerError::NoRequest),
                Err(error) => self.reject(now, &Reject::misfit()).and(Err(error)),
            },
            Decision::Reject(reject) => self.reject(now, reject),
        }
    }

    /// Answers an [`Event::Request`](crate::Event::Request) with a 101, which opens the connection.
    ///
    /// # Errors
    /// [`AnswerError`] if no request for a WebSocket waits, or the answer does not fit the request, which
    /// then still waits.
    pub fn accept(&mut self, now: Instant, accept: &Accept) -> Result<(), AnswerError> {
        let Phase::Opening(opening) = self.state.phase() else { return Err(AnswerError::NoRequest) };
        let Opening::Deciding(kind) = &**opening else { return Err(AnswerError::NoRequest) };
        let RequestKind::Upgrade(upgrade) = kind else { return Err(AnswerError::NotUpgrade) };
        let is_own = !self.sending.output().has_memory();
        let agreement = self.sending.output().append(|out| accept.write(upgrade, out))?;
        self.agree(agreement);
        if is_own {
            self.sending.output().release_when_empty();
        }
        self.state.opened();
        self.alarm.begin_open(now);
        self.note_boundary();
        Ok(())
    }

    /// Answers an [`Event::Request`](crate::Event::Request) with an answer other than a 101.
    ///
    /// The connection waits for the next request if the answer has [`keep_alive`](Reject::keep_alive) and the
    /// request allows it. Otherwise it ends.
    ///
    /// # Errors
    /// [`AnswerError::NoRequest`] if no request waits.
    pub fn reject(&mut self, now: Instant, reject: &Reject) -> Result<(), AnswerError> {
        let Some(opening) = self.state.opening_mut() else { return Err(AnswerError::NoRequest) };
        let Opening::Deciding(kind) = opening else { return Err(AnswerError::NoRequest) };
        let left = match kind {
            RequestKind::Upgrade(_) => Some(0),
            RequestKind::Ordinary(request) => request.body(),
        };
        let then = self.sending.output().append(|out| reject.write(kind.reply_context(), out));
        let has_room = self.has_room();
        let Some(opening) = self.state.opening_mut() else { return Err(AnswerError::NoRequest) };
        match (then, left) {
            (AfterAnswer::NextRequest, Some(left)) => {
                *opening = Opening::Skipping { left };
                // At the mark the client has to read before the deadline of its last request.
                if has_room {
                    self.alarm.begin_opening(now, &self.config);
                }
            }
            (AfterAnswer::NextRequest | AfterAnswer::Close, _) => self.drain_opening(now),
        }
        Ok(())
    }

    pub(super) fn step_opening(&mut self, now: Instant, input: &mut RecvBuf) -> Result<Step, Error> {
        let limits = HeadLimits { max_head: self.config.max_head, max_fields: self.config.max_fields };
        let has_room = self.has_room();
        let got_eof = self.state.has_eof();
        // If nothing can be written either, the stream from the peer ended because the transport broke.
        let is_regular = self.state.can_write();
        let Some(opening) = self.state.opening_mut() else { return Ok(Step::NeedsMore) };
        match opening {
            Opening::Accepting { .. } | Opening::Skipping { .. } if !has_room => Ok(Step::NeedsRoom),
            Opening::Connecting { scanner, expected } => {
                let Some(n) = scanner.find_end(input.unread(), &limits)? else { return Ok(Step::NeedsMore) };
                let bytes = &input.unread()[..n];
                let head = ResponseHead::parse(bytes)?;
                if head.is_interim() {
                    *scanner = Scanner::response();
                    input.skip(n);
                } else if head.status() == 101 {
                    let agreement =
                        expected.check(&head.view(bytes, b"", true), self.config.compression.as_ref())?;
                    self.agree(agreement);
                    self.state.opened();
                    self.alarm.begin_open(now);
                    input.announce_head(Ready::Open, n, Head::Response(head));
                } else {
                    *opening = Opening::Refused(Refusal::new(head.body(), n));
                    input.keep_head(n, Head::Response(head));
                }
                Ok(Step::Done)
            }
            Opening::Refused(refusal) => {
                refusal.read(input, self.config.max_body);
                if got_eof {
                    refusal.handle_eof(is_regular);
                }
                match refusal.progress() {
                    BodyProgress::More => return Ok(Step::NeedsMore),
                    BodyProgress::Complete => input.announce_rejected(true),
                    BodyProgress::Cut => input.announce_rejected(false),
                }
                self.state.end(self.is_written());
                self.settle();
                Ok(Step::Done)
            }
            Opening::Accepting { scanner, is_next } => {
                let Some(n) = scanner.find_end(input.unread(), &limits)? else {
                    if got_eof && *is_next && input.is_empty() {
                        self.end_after_requests(now);
                        return Ok(Step::Done);
                    }
                    return Ok(Step::NeedsMore);
                };
                let head = RequestHead::parse(&input.unread()[..n])?;
                *opening =
                    Opening::Deciding(head.kind(&input.unread()[..n], self.config.compression.as_ref())?);
                input.announce_head(Ready::Request, n, Head::Request(head));
                Ok(Step::Done)
            }
            Opening::Deciding(RequestKind::Upgrade(_)) => Ok(Step::NeedsMore),
            Opening::Deciding(RequestKind::Ordinary(request)) => {
                // The application did not answer the request.
                let answer = request.default_answer();
                let _ = self.reject(now, &answer);
                Ok(Step::Done)
            }
            Opening::Skipping { left } => {
                let n = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                input.skip(n);
                *left -= n as u64;
                if *left != 0 {
                    return Ok(Step::NeedsMore);
                }
                *opening = Opening::accepting(true);
                Ok(Step::Done)
            }
        }
    }

    pub(super) fn opening_timed_out(&mut self, now: Instant) {
        let error = Error::TimedOut(Timeout::Opening);
        let Some(opening) = self.state.opening_mut() else { return };
        match opening {
            Opening::Refused(refusal) => {
                refusal.cut();
                self.alarm.end();
                return;
            }
            Opening::Accepting { scanner, .. } if !scanner.is_untouched() => {
                self.sending.output().append(too_slow);
            }
            Opening::Deciding(_) => self.sending.output().append(undecided),
            Opening::Connecting { .. } | Opening::Accepting { .. } | Opening::Skipping { .. } => {
                return self.end(error);
            }
        }
        self.ending.fail(error);
        self.drain_opening(now);
    }

    /// Ends a connection whose client has ended its stream after a whole request. Answers that wait are still
    /// written.
    fn end_after_requests(&mut self, now: Instant) {
        if self.is_written() {
            self.state.end(true);
            self.settle();
        } else {
            self.drain_opening(now);
        }
    }

    /// Waits for the two ends of the transport, after the last answer.
    fn drain_opening(&mut self, now: Instant) {
        self.state.fail();
        self.alarm.begin_close(now, &self.config);
        self.settle();
    }
}
