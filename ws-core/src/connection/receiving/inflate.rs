use super::{Incoming, Receiving, Step};
use crate::connection::codec::Codec;
use crate::frame::Opcode;
use crate::utf8::InvalidUtf8;
use crate::{Config, MessageKind, ProtocolError, RecvBuf};

/// Compressed messages (RFC 7692 §6.2).
impl Receiving {
    /// Inflates what has come of a frame's payload, the first `frame.seen` bytes of the input.
    pub(super) fn take_compressed(
        &mut self,
        mut frame: Incoming,
        is_whole: bool,
        config: &Config,
        codec: &mut Codec,
        input: &mut RecvBuf,
    ) -> Result<Step, ProtocolError> {
        let message = self.message.as_mut().expect("a data frame belongs to a message");
        let is_first = frame.passed == 0 && frame.header.opcode != Opcode::Continuation;
        if is_first || config.stream {
            input.begin_message();
        }
        let (bytes, inflated) = input.unread_and_message();
        let mut rest = &bytes[..frame.seen];
        let mut is_done = false;
        while !is_done {
            let start = inflated.len();
            let mut more = codec.inflate(&mut rest, inflated);
            if message.kind == MessageKind::Text
                && let Err(InvalidUtf8 { good }) = message.utf8.push(&inflated[start..])
            {
                inflated.truncate(start + good);
                more = Err(ProtocolError::InvalidUtf8);
            }
            match more {
                Ok(more) => is_done = !more,
                Err(error) => {
                    if config.stream && !inflated.is_empty() {
                        input.announce_inflated(message.kind, false);
                    }
                    return Err(error);
                }
            }
            if config.stream && !inflated.is_empty() {
                break;
            }
        }
        let n = frame.seen - rest.len();
        let is_passed = is_done && is_whole;
        let fin = is_passed && frame.header.fin;
        let has_bytes = !inflated.is_empty();
        if fin {
            let text = if message.utf8.is_finished() { Ok(()) } else { Err(ProtocolError::InvalidUtf8) };
            if let Err(error) = codec.finish_inflate().and(text) {
                if config.stream && has_bytes {
                    input.announce_inflated(message.kind, false);
                }
                return Err(error);
            }
        }
        input.skip(n);
        let kind = message.kind;
        frame.passed += n as u64;
        frame.seen -= n;
        if !is_passed {
            if is_done {
                input.want(frame.left());
            }
            self.frame = Some(frame);
        }
        if fin {
            self.message = None;
        }
        if config.stream && (fin || has_bytes) {
            input.announce_inflated(kind, fin);
        } else if fin {
            input.announce_gathered(kind);
        }
        let is_announced = config.stream && has_bytes;
        Ok(if is_done && !is_whole && !is_announced { Step::NeedsMore } else { Step::Done })
    }
}
