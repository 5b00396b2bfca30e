use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::{Buf, Bytes};

/// Bytes for the peer, in order. Write what [`Buf`] or [`slices`](Output::slices) shows, then [`advance`](Buf::advance).
#[derive(Debug, Default)]
pub struct SendBuf {
    /// What was copied in, and after `head` is still to be written.
    copied: Vec<u8>,
    head: usize,
    /// What was chained in.
    shared: VecDeque<Shared>,
    /// How many bytes of `shared` are still to be written.
    shared_len: usize,
    /// How many payload bytes a [`Lent`] has still to bring; more than zero without one means that it was forgotten.
    owed: usize,
    /// How many bytes a [detached](SendBuf::detach) buffer took with it.
    detached: usize,
    /// Whether the memory goes back to the allocator once it is empty.
    release: bool,
}

/// A payload that leaves from where it lies, before `copied[at..]`.
#[derive(Debug)]
struct Shared {
    at: usize,
    bytes: Bytes,
}

/// Bytes that leave in one vectored write.
pub trait Output: Buf {
    /// Shows the first pieces of what is to be written, as many as `slices` has places for, and returns how many.
    fn slices<'s>(&'s self, slices: &mut [&'s [u8]]) -> usize;
}

impl SendBuf {
    /// Payloads this long, in bytes, are chained rather than copied.
    pub(crate) const CHAIN_MIN: usize = 4096;

    /// Gives memory to queue into, if there is none yet; returns it otherwise.
    pub fn give(&mut self, mut memory: Vec<u8>) -> Option<Vec<u8>> {
        if self.has_memory() {
            return Some(memory);
        }
        memory.clear();
        self.copied = memory;
        self.release = false;
        None
    }

    /// Whether there is memory to queue into.
    #[inline]
    pub fn has_memory(&self) -> bool {
        self.copied.capacity() != 0
    }

    /// Takes the memory out if nothing is in it.
    #[inline]
    pub fn reclaim(&mut self) -> Option<Vec<u8>> {
        if self.has_remaining() || self.owed != 0 {
            return None;
        }
        if self.shared.capacity() != 0 {
            self.shared = VecDeque::new();
        }
        if self.has_memory() { Some(core::mem::take(&mut self.copied)) } else { None }
    }

    /// Moves all that is queued into a buffer of its own, to be written without a hold on the connection.
    ///
    /// It counts as queued until it comes back with [`reattach`](Self::reattach), and nothing else may be written before it.
    pub fn detach(&mut self) -> Self {
        let taken = Self {
            copied: core::mem::take(&mut self.copied),
            head: core::mem::take(&mut self.head),
            shared: core::mem::take(&mut self.shared),
            shared_len: core::mem::take(&mut self.shared_len),
            ..Self::default()
        };
        self.detached += taken.remaining();
        taken
    }

    /// Takes back what [`detach`](Self::detach) gave, written or not: what is left of it comes before all else.
    pub fn reattach(&mut self, mut taken: Self) {
        self.detached = 0;
        if !taken.has_remaining() {
            if let Some(memory) = taken.reclaim() {
                self.give(memory);
            }
            return;
        }
        let base = taken.copied.len();
        taken.copied.extend_from_slice(&self.copied[self.head..]);
        for Shared { at, bytes } in self.shared.drain(..) {
            taken.shared_len += bytes.len();
            taken.shared.push_back(Shared { at: base + at - self.head, bytes });
        }
        (self.copied, self.head) = (taken.copied, taken.head);
        (self.shared, self.shared_len) = (taken.shared, taken.shared_len);
    }

    /// All that is queued and not written, in bytes, whoever holds it.
    #[inline]
    pub(crate) fn queued(&self) -> usize {
        self.remaining() + self.detached + self.owed
    }

    /// Whether a [`Lent`] was forgotten.
    #[inline]
    pub(crate) fn is_cut(&self) -> bool {
        self.owed != 0
    }

    /// Drops all that is queued.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the memory in use back to the allocator once it is written: an opening handshake needs it once.
    pub(crate) fn release_when_empty(&mut self) {
        self.release = true;
    }

    /// Where to write what is queued by copying.
    #[inline]
    pub(crate) fn copied_mut(&mut self) -> &mut Vec<u8> {
        &mut self.copied
    }

    /// Copies `bytes` to the end and returns the copy.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) -> &mut [u8] {
        let start = self.copied.len();
        self.copied.extend_from_slice(bytes);
        &mut self.copied[start..]
    }

    /// Chains `bytes` to the end.
    pub(crate) fn chain(&mut self, bytes: Bytes) {
        if bytes.len() < Self::CHAIN_MIN {
            self.push(&bytes);
            return;
        }
        self.shared_len += bytes.len();
        self.shared.push_back(Shared { at: self.copied.len(), bytes });
    }

    /// Notes that a payload of `len` bytes follows, by a [`Lent`].
    pub(crate) fn owe(&mut self, len: usize) {
        self.owed = len;
    }

    /// Drops what is written, so that a queue that never runs empty does not grow without end.
    #[cold]
    fn compact(&mut self) {
        self.copied.drain(..self.head);
        for shared in &mut self.shared {
            shared.at -= self.head;
        }
        self.head = 0;
    }

    fn empty(&mut self) {
        self.copied.clear();
        self.head = 0;
        if self.release {
            self.copied = Vec::new();
            self.release = false;
        }
    }
}

impl Buf for SendBuf {
    #[inline]
    fn remaining(&self) -> usize {
        self.copied.len() - self.head + self.shared_len
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        match self.shared.front() {
            None => &self.copied[self.head..],
            Some(shared) if shared.at == self.head => &shared.bytes,
            Some(shared) => &self.copied[self.head..shared.at],
        }
    }

    #[inline]
    fn advance(&mut self, mut n: usize) {
        assert!(n <= self.remaining(), "advanced past the end");
        while let Some(shared) = self.shared.front_mut() {
            let copied = n.min(shared.at - self.head);
            self.head += copied;
            n -= copied;
            if n == 0 {
                break;
            }
            let chained = n.min(shared.bytes.len());
            shared.bytes.advance(chained);
            self.shared_len -= chained;
            n -= chained;
            if !shared.bytes.is_empty() {
                break;
            }
            self.shared.pop_front();
        }
        self.head += n;
        if !self.has_remaining() {
            self.empty();
        } else if self.head >= Self::CHAIN_MIN && self.head * 2 >= self.copied.len() {
            self.compact();
        }
    }
}

impl Output for SendBuf {
    fn slices<'s>(&'s self, slices: &mut [&'s [u8]]) -> usize {
        let mut places = slices.iter_mut();
        let mut filled = 0;
        let mut put = |slice: &'s [u8]| {
            if slice.is_empty() {
                return true;
            }
            let Some(place) = places.next() else { return false };
            *place = slice;
            filled += 1;
            true
        };
        let mut from = self.head;
        for shared in &self.shared {
            if !put(&self.copied[from..shared.at]) || !put(&shared.bytes) {
                return filled;
            }
            from = shared.at;
        }
        put(&self.copied[from..]);
        filled
    }
}

/// A message on its way: its header is queued, its payload still the caller's.
///
/// Write what [`Buf`] or [`slices`](Output::slices) shows (the queue, then the payload: one vectored write) and
/// [`advance`](Buf::advance). What the transport did not take is copied into the queue when this is dropped, so it may be
/// dropped at any point. To forget it (`mem::forget`) ends the connection with
/// [`Error::PayloadForgotten`](crate::Error::PayloadForgotten).
#[derive(Debug)]
#[must_use = "what is not written is copied"]
pub struct Lent<'c, 'a> {
    out: &'c mut SendBuf,
    payload: &'a [u8],
    is_paused: bool,
}

impl<'c, 'a> Lent<'c, 'a> {
    pub(crate) fn new(out: &'c mut SendBuf, payload: &'a [u8]) -> Self {
        out.owe(payload.len());
        Self { out, payload, is_paused: false }
    }

    /// Goes on where a loan was [paused](Self::pause).
    pub(crate) fn resume(out: &'c mut SendBuf, payload: &'a [u8]) -> Self {
        let passed = payload.len().saturating_sub(out.owed);
        Self::new(out, &payload[passed..])
    }

    /// Leaves the rest of the payload owed, to go on with
    /// [`Connection::resume_lent`](crate::Connection::resume_lent) before anything else is done with the connection.
    pub fn pause(mut self) {
        self.is_paused = true;
    }
}

impl Buf for Lent<'_, '_> {
    fn remaining(&self) -> usize {
        self.out.remaining() + self.payload.len()
    }

    fn chunk(&self) -> &[u8] {
        if self.out.has_remaining() { self.out.chunk() } else { self.payload }
    }

    fn advance(&mut self, n: usize) {
        let queued = n.min(self.out.remaining());
        self.out.advance(queued);
        self.payload = &self.payload[n - queued..];
        self.out.owe(self.payload.len());
    }
}

impl Output for Lent<'_, '_> {
    fn slices<'s>(&'s self, slices: &mut [&'s [u8]]) -> usize {
        let filled = self.out.slices(slices);
        match slices.get_mut(filled) {
            Some(place) if !self.payload.is_empty() => {
                *place = self.payload;
                filled + 1
            }
            Some(_) | None => filled,
        }
    }
}

impl Drop for Lent<'_, '_> {
    fn drop(&mut self) {
        if !self.is_paused {
            self.out.push(self.payload);
            self.out.owe(0);
        }
    }
}
