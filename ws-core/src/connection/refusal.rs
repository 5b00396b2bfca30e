use crate::RecvBuf;
use crate::handshake::{BodyFraming, BodyProgress, BodyReader};

/// A response other than a 101, while its body arrives.
#[derive(Debug)]
pub(super) struct Refusal {
    head_len: usize,
    body: BodyReader,
    progress: BodyProgress,
}

impl Refusal {
    pub(super) fn new(framing: BodyFraming, head_len: usize) -> Self {
        Self { head_len, body: framing.into(), progress: BodyProgress::More }
    }

    /// Reads more of the body; `max_body` is the most bytes of it that are kept.
    pub(super) fn read(&mut self, input: &mut RecvBuf, max_body: usize) {
        let max_len = self.head_len.saturating_add(max_body);
        let (bytes, message) = input.unread_and_message();
        let n = bytes.len();
        let progress = self.body.keep(bytes, message, max_len);
        input.skip(n);
        self.advance(progress);
    }

    /// Notes that the stream of bytes has ended, after all of it was read; `is_regular` is false if the
    /// transport broke.
    pub(super) fn handle_eof(&mut self, is_regular: bool) {
        let is_complete = is_regular && self.body.ends_with_stream();
        self.advance(if is_complete { BodyProgress::Complete } else { BodyProgress::Cut });
    }

    /// Stops the wait for the rest of the body.
    pub(super) fn cut(&mut self) {
        self.progress = BodyProgress::Cut;
    }

    /// Returns the progress of the body.
    pub(super) fn progress(&self) -> BodyProgress {
        self.progress
    }

    /// Changes the progress, if it is still [`BodyProgress::More`]. The others are final.
    fn advance(&mut self, progress: BodyProgress) {
        if self.progress == BodyProgress::More {
            self.progress = progress;
        }
    }
}
