use alloc::boxed::Box;
use alloc::vec::Vec;

mod ready;

pub use ready::WaitingEvent;

use crate::frame::Header;
use crate::handshake::Head;
use crate::utf8;
use crate::{Chunk, CloseFrame, Event, Message, MessageKind, NotText};
pub(crate) use ready::Ready;

/// Memory for what a connection receives: bytes of the wire, and the message that they make.
///
/// It is apart from the [`Connection`](crate::Connection), so that an event on loan from it leaves the
/// connection free to answer. It owns no heap until it is read into, and none again once it is
/// [reclaimed](Self::reclaim).
#[derive(Debug, Default)]
pub struct RecvBuf {
    /// `wire[start..end]` has come and is not used up; all of `wire` is initialised.
    wire: Vec<u8>,
    start: usize,
    end: usize,
    /// The number of bytes after `end` that complete the frame at hand.
    wanted: usize,
    /// The message in progress if it came in several frames, or a refused handshake's response.
    message: Vec<u8>,
    /// Whether `message` is incomplete.
    gathering: bool,
    /// The head that is announced, or at the front of `message`, and its length.
    head: Option<Box<(Head, usize)>>,
    ready: Ready,
    /// The place of the announced bytes in `wire`.
    at: (usize, usize),
}

impl RecvBuf {
    /// The memory for a first read, in bytes.
    pub const READ_SIZE: usize = 64 * 1024;

    /// Frames this long, in bytes, are read up to their end and one header more, so that what follows need
    /// not be moved.
    const LARGE: usize = 4096;

    /// A short start of a frame comes back to the front of the memory, where the cache is warm.
    const SHORT: usize = 64;

    /// Returns an empty buffer, which owns no memory.
    pub const fn new() -> Self {
        Self {
            wire: Vec::new(),
            start: 0,
            end: 0,
            wanted: 0,
            message: Vec::new(),
            gathering: false,
            head: None,
            ready: Ready::Nothing,
            at: (0, 0),
        }
    }

    /// Returns the number of bytes that would complete the frame at hand; 0 if that is not known.
    pub const fn wanted(&self) -> usize {
        self.wanted
    }

    /// Returns the number of bytes that have come and are not used up.
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns the bytes that have come and are not used up: those behind the event on loan, or behind the
    /// one that waits.
    ///
    /// After the opening handshake, or the end of the connection, these bytes do not belong to an event yet.
    /// Inside a frame they are the rest of it, and its payload may be unmasked in part.
    #[inline]
    pub fn unread(&self) -> &[u8] {
        &self.wire[self.start..self.end]
    }

    /// Returns whether all that has come is used up.
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the size of the memory for the wire, in bytes.
    pub fn capacity(&self) -> usize {
        self.wire.len()
    }

    /// Returns room for more bytes, never empty. Call [`commit`](Self::commit) with the number that came.
    ///
    /// What was lent from here ends with this call; an event that still waits does not. The room grows with
    /// what has come, never with the length in a header.
    #[inline]
    pub fn spare_mut(&mut self) -> &mut [u8] {
        let held = self.len();
        // The bytes of an event that waits lie before `start`, and stay there.
        if !self.is_ready() {
            if held == 0 {
                (self.start, self.end) = (0, 0);
            } else if self.start != 0 && held <= Self::SHORT {
                self.move_to_front();
            }
        }
        if self.is_short(self.wire.len() - self.end) {
            self.make_room();
        }
        let mut end = self.wire.len();
        if self.wanted != 0 && self.len() + self.wanted >= Self::LARGE {
            end = end.min(self.end.saturating_add(self.wanted).saturating_add(Header::MAX_LEN));
        }
        &mut self.wire[self.end..end]
    }

    /// Takes the first `n` bytes of [`spare_mut`](Self::spare_mut) as received; all of it if `n` is larger.
    #[inline]
    pub fn commit(&mut self, n: usize) {
        let n = n.min(self.wire.len() - self.end);
        self.end += n;
        self.wanted = self.wanted.saturating_sub(n);
    }

    /// Copies `bytes` in as received: [`spare_mut`](Self::spare_mut) and [`commit`](Self::commit) for bytes
    /// that lie elsewhere.
    pub fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.spare_mut();
            let n = bytes.len().min(spare.len());
            spare[..n].copy_from_slice(&bytes[..n]);
            self.commit(n);
            bytes = &bytes[n..];
        }
    }

    /// Returns the kind of the event that waits here.
    #[inline]
    pub const fn waiting_event(&self) -> WaitingEvent {
        self.ready.waiting_event()
    }

    /// Takes the message that waits here. Returns `None` if none waits; any other event stays.
    ///
    /// A text that came in one frame is checked here.
    ///
    /// # Errors
    /// The text is not UTF-8, so the connection has to fail: give the error to
    /// [`Connection::refuse_message`](crate::Connection::refuse_message). Otherwise the next
    /// [`receive`](crate::Connection::receive) fails the connection. Until then the text waits here, and
    /// taking it again returns the error again.
    #[inline]
    pub fn take_message(&mut self) -> Option<Result<Message<'_>, NotText>> {
        let (kind, bytes) = match self.ready {
            Ready::Whole(kind) => (kind, &self.wire[self.at.0..self.at.1]),
            Ready::Gathered(kind) => (kind, &self.message[..]),
            Ready::NotText => return Some(Err(NotText)),
            Ready::Nothing
            | Ready::Chunk { .. }
            | Ready::Inflated { .. }
            | Ready::Ping
            | Ready::Pong
            | Ready::Close
            | Ready::Request
            | Ready::Open
            | Ready::Rejected { .. } => return None,
        };
        self.ready = Ready::Nothing;
        match kind {
            MessageKind::Binary => Some(Ok(Message::Binary(bytes))),
            MessageKind::Text => match utf8::text(bytes) {
                Ok(text) => Some(Ok(Message::Text(text))),
                Err(not_text) => {
                    self.ready = Ready::NotText;
                    Some(Err(not_text))
                }
            },
        }
    }

    /// Takes the event that waits here. Returns `None` if none waits.
    ///
    /// # Errors
    /// For a message as [`take_message`](Self::take_message). Other events are never an error.
    #[inline]
    pub fn take_event(&mut self) -> Option<Result<Event<'_>, NotText>> {
        match self.waiting_event() {
            WaitingEvent::Nothing => None,
            WaitingEvent::Message => self.take_message().map(|message| message.map(Event::Message)),
            WaitingEvent::Chunk | WaitingEvent::Request | WaitingEvent::Other => self.take_other().map(Ok),
        }
    }

    fn take_other(&mut self) -> Option<Event<'_>> {
        let ready = core::mem::take(&mut self.ready);
        let bytes = &self.wire[self.at.0..self.at.1];
        Some(match ready {
            Ready::Nothing | Ready::NotText | Ready::Whole(_) | Ready::Gathered(_) => return None,
            Ready::Chunk { kind, fin } => Event::Chunk(Chunk { kind, bytes, fin }),
            Ready::Inflated { kind, fin } => Event::Chunk(Chunk { kind, bytes: &self.message, fin }),
            Ready::Ping => Event::Ping(bytes),
            Ready::Pong => Event::Pong(bytes),
            Ready::Close => Event::Close(CloseFrame::parse(bytes).ok()?),
            Ready::Request => match &self.head.as_deref()?.0 {
                Head::Request(head) => Event::Request(head.view(bytes)),
                Head::Response(_) => return None,
            },
            Ready::Open => match &self.head.as_deref()?.0 {
                Head::Response(head) => Event::Open(head.view(bytes, b"", true)),
                Head::Request(_) => return None,
            },
            Ready::Rejected { whole } => match self.head.as_deref()? {
                (Head::Response(head), len) => {
                    let (bytes, body) = self.message.split_at_checked(*len)?;
                    Event::Rejected(head.view(bytes, body, whole))
                }
                (Head::Request(_), _) => return None,
            },
        })
    }

    /// Moves what has come into `memory`, which is enlarged if it is too small, and returns the memory used
    /// so far.
    ///
    /// An event that waits stays whole; one that was taken ends.
    pub fn replace(&mut self, mut memory: Vec<u8>) -> Vec<u8> {
        let from = if self.ready == Ready::Nothing { self.start } else { self.start.min(self.at.0) };
        let held = self.end - from;
        if memory.len() < held {
            memory.resize(held, 0);
        }
        memory[..held].copy_from_slice(&self.wire[from..self.end]);
        self.at = (self.at.0.saturating_sub(from), self.at.1.saturating_sub(from));
        (self.start, self.end) = (self.start - from, held);
        core::mem::replace(&mut self.wire, memory)
    }

    /// Takes the memory for the wire out, if there is any and nothing waits in it.
    ///
    /// The memory of a gathered message that has been taken goes with it, to the allocator.
    pub fn reclaim(&mut self) -> Option<Vec<u8>> {
        if !self.is_empty() || self.ready != Ready::Nothing {
            return None;
        }
        // What is being gathered stays: a message, or a refusal's head and the begin of its body.
        if !self.gathering {
            self.head = None;
            self.message = Vec::new();
        }
        (self.start, self.end, self.at) = (0, 0, (0, 0));
        if self.wire.is_empty() { None } else { Some(core::mem::take(&mut self.wire)) }
    }

    /// Returns whether `room` is too little for the next read.
    const fn is_short(&self, room: usize) -> bool {
        room == 0 || (room < self.wanted && room < Self::READ_SIZE / 4)
    }

    /// Returns whether more memory is due, even when what is used up makes room.
    pub(crate) fn is_full(&self) -> bool {
        self.is_short(self.wire.len() - self.len())
    }

    fn move_to_front(&mut self) {
        self.wire.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
    }

    #[cold]
    fn make_room(&mut self) {
        if self.start != 0 && !self.is_ready() {
            self.move_to_front();
        }
        if self.is_short(self.wire.len() - self.end) {
            let more = self.wanted.clamp(Self::READ_SIZE, self.end.max(Self::READ_SIZE));
            self.wire.resize(self.end + more, 0);
        }
    }
}

/// Steps of the state machine.
impl RecvBuf {
    /// Returns whether an event waits.
    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        self.ready != Ready::Nothing
    }

    /// Returns whether the message that waits was found not to be text.
    pub(crate) fn holds_not_text(&self) -> bool {
        self.ready == Ready::NotText
    }

    /// Drops the event that waits.
    pub(crate) fn drop_event(&mut self) {
        self.ready = Ready::Nothing;
    }

    /// Returns the bytes that have come and are not used up.
    #[inline]
    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.wire[self.start..self.end]
    }

    /// Drops the first `n` bytes.
    #[inline]
    pub(crate) fn skip(&mut self, n: usize) {
        self.start += n;
    }

    /// Drops all there is.
    pub(crate) fn skip_all(&mut self) {
        self.start = self.end;
        self.wanted = 0;
        self.gathering = false;
    }

    /// Notes how many more bytes the frame at hand takes.
    pub(crate) fn want(&mut self, n: usize) {
        self.wanted = n;
    }

    /// Announces an event whose bytes are the first `n`.
    #[inline]
    pub(crate) fn announce(&mut self, ready: Ready, n: usize) {
        self.at = (self.start, self.start + n);
        self.start += n;
        self.ready = ready;
    }

    /// Announces a head, the first `n` bytes.
    pub(crate) fn announce_head(&mut self, ready: Ready, n: usize, head: Head) {
        self.head = Some(Box::new((head, n)));
        self.announce(ready, n);
    }

    /// Announces the message that was gathered.
    pub(crate) fn announce_gathered(&mut self, kind: MessageKind) {
        self.gathering = false;
        self.announce(Ready::Gathered(kind), 0);
    }

    /// Announces a chunk that was inflated.
    pub(crate) fn announce_inflated(&mut self, kind: MessageKind, fin: bool) {
        self.gathering = false;
        self.announce(Ready::Inflated { kind, fin }, 0);
    }

    /// Announces a refusal that was gathered behind the head that was [kept](Self::keep_head).
    pub(crate) fn announce_rejected(&mut self, whole: bool) {
        self.gathering = false;
        self.announce(Ready::Rejected { whole }, 0);
    }

    /// Keeps the head of a refusal, the first `n` bytes, until its body has come.
    pub(crate) fn keep_head(&mut self, n: usize, head: Head) {
        self.head = Some(Box::new((head, n)));
        self.begin_message();
        self.gather(n);
    }

    /// Empties the memory of the gathered message.
    pub(crate) fn begin_message(&mut self) {
        self.gathering = true;
        self.message.clear();
    }

    /// Moves the first `n` bytes to the end of the gathered message.
    pub(crate) fn gather(&mut self, n: usize) {
        self.message.extend_from_slice(&self.wire[self.start..self.start + n]);
        self.start += n;
    }

    /// Returns the bytes that have come and are not used up, and the gathered message.
    pub(crate) fn unread_and_message(&mut self) -> (&[u8], &mut Vec<u8>) {
        (&self.wire[self.start..self.end], &mut self.message)
    }
}
