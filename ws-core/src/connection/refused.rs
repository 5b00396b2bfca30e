use crate::RecvBuf;
use crate::handshake::{BodyFraming, ChunkDecoder, Progress};

/// A response that is no 101, while its body comes.
#[derive(Debug)]
pub(super) struct Refused {
    framing: BodyFraming,
    chunks: ChunkDecoder,
    head_len: usize,
    /// How far the body is read.
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// More is to come.
    Open,
    /// All of it is there.
    Whole,
    /// No more of it will be read.
    Cut,
}

impl Refused {
    pub(super) fn new(framing: BodyFraming, head_len: usize) -> Self {
        let end = if framing == BodyFraming::None { End::Whole } else { End::Open };
        Self { framing, chunks: ChunkDecoder::default(), head_len, end }
    }

    /// Takes the wait for more as over.
    pub(super) fn cut(&mut self) {
        self.end = End::Cut;
    }

    /// Reads more of the body, up to `max_body` bytes in all. Returns whether that was the last of it.
    pub(super) fn read(&mut self, input: &mut RecvBuf, max_body: usize, got_eof: bool) -> bool {
        let max_len = self.head_len.saturating_add(max_body);
        let (bytes, message) = input.unread_and_message();
        let n = bytes.len();
        let room = max_len.saturating_sub(message.len());
        let progress = match &mut self.framing {
            BodyFraming::None => Progress::Complete,
            BodyFraming::Exact(left) => {
                let body = usize::try_from(*left).map_or(n, |left| left.min(n));
                message.extend_from_slice(&bytes[..body.min(room)]);
                *left -= body as u64;
                if body > room {
                    Progress::Full
                } else if *left == 0 {
                    Progress::Complete
                } else {
                    Progress::More
                }
            }
            // What is malformed ends the body where it stands.
            BodyFraming::Chunked => self.chunks.decode(bytes, message, max_len).unwrap_or(Progress::Full),
            BodyFraming::UntilEof => {
                message.extend_from_slice(&bytes[..n.min(room)]);
                if n > room { Progress::Full } else { Progress::More }
            }
        };
        input.skip(n);
        match (self.end, progress) {
            (End::Open, Progress::Complete) => self.end = End::Whole,
            (End::Open, Progress::Full) => self.end = End::Cut,
            (End::Open, Progress::More) if got_eof && self.framing == BodyFraming::UntilEof => {
                self.end = End::Whole;
            }
            (End::Open, Progress::More) if got_eof => self.end = End::Cut,
            (End::Open | End::Whole | End::Cut, _) => {}
        }
        self.end != End::Open
    }

    /// Whether all of the body is there.
    pub(super) fn is_whole(&self) -> bool {
        self.end == End::Whole
    }
}
