use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use crate::frame::{Header, MAX_CONTROL_LEN};
use crate::mask;

/// Bytes for the peer, in order. Write what [`Buf`] or [`slices`](Output::slices) shows, then
/// [`advance`](Buf::advance).
#[derive(Debug, Default)]
pub struct SendBuf {
    /// The memory of copied bytes. Those in `copied[head..end]` are queued. Bytes behind them are from
    /// earlier use: initialised memory need not be filled, and payloads are masked while they are copied.
    copied: Vec<u8>,
    head: usize,
    end: usize,
    /// The chained payloads, if there are any.
    chain: Option<Box<Chain>>,
    /// The number of payload bytes that a [`Loan`] has not written yet. If it is not zero and there is not a
    /// loan, the loan was forgotten.
    owed: usize,
    /// The number of bytes in a [detached](SendBuf::detach) buffer.
    detached: usize,
    /// Whether the memory goes back to the allocator once it is empty.
    release: bool,
    /// Whether nothing will be written any more.
    is_closed: bool,
    /// The frame that is queued as soon as there is room for it.
    delayed: Option<Box<DelayedFrame>>,
}

/// A control frame that found no room.
#[derive(Debug)]
struct DelayedFrame {
    /// It is queued once the queue is below this, in bytes.
    mark: usize,
    frame: [u8; Header::MAX_LEN + MAX_CONTROL_LEN],
    len: usize,
}

#[derive(Debug, Default)]
struct Chain {
    payloads: VecDeque<ChainedPayload>,
    /// The number of their bytes that are still to be written.
    len: usize,
}

/// A payload that is written from its own memory, before `copied[at..]`.
#[derive(Debug)]
struct ChainedPayload {
    at: usize,
    bytes: Bytes,
}

/// Bytes that leave in one vectored write.
pub trait Output: Buf {
    /// Fills `slices` with the first pieces of what is to be written, and returns how many it filled.
    fn slices<'s>(&'s self, slices: &mut [&'s [u8]]) -> usize;
}

impl SendBuf {
    /// Payloads this long, in bytes, are chained rather than copied.
    pub(crate) const CHAIN_MIN: usize = 4096;

    /// Takes `memory` to queue into, if there is none yet. Otherwise returns it.
    pub fn give(&mut self, memory: Vec<u8>) -> Option<Vec<u8>> {
        if self.has_memory() {
            return Some(memory);
        }
        self.copied = memory;
        self.release = false;
        None
    }

    /// Returns whether there is memory to queue into.
    #[inline]
    pub fn has_memory(&self) -> bool {
        self.copied.capacity() != 0
    }

    /// Takes the memory out, if nothing is queued in it.
    #[inline]
    pub fn reclaim(&mut self) -> Option<Vec<u8>> {
        if self.has_remaining() || self.owed != 0 {
            return None;
        }
        if self.chain.is_some() {
            self.chain = None;
        }
        if self.has_memory() { Some(core::mem::take(&mut self.copied)) } else { None }
    }

    /// Moves all that is queued into a buffer of its own, to be written without a hold on the connection.
    ///
    /// It counts as queued until it comes back with [`reattach`](Self::reattach), and nothing else may be
    /// written before it.
    pub fn detach(&mut self) -> Self {
        let taken = Self {
            copied: core::mem::take(&mut self.copied),
            head: core::mem::take(&mut self.head),
            end: core::mem::take(&mut self.end),
            chain: self.chain.take(),
            ..Self::default()
        };
        self.detached += taken.remaining();
        taken
    }

    /// Takes back the buffer of [`detach`](Self::detach). What is left of it comes before all else.
    pub fn reattach(&mut self, taken: Self) {
        self.detached = 0;
        if self.is_closed {
            return;
        }
        self.merge(taken);
        self.queue_delayed();
    }

    fn merge(&mut self, mut taken: Self) {
        if !taken.has_remaining() {
            if let Some(memory) = taken.reclaim() {
                self.give(memory);
            }
            return;
        }
        let base = taken.end;
        taken.push(&self.copied[self.head..self.end]);
        for ChainedPayload { at, bytes } in self.chain.take().unwrap_or_default().payloads {
            let chain = taken.chain.get_or_insert_default();
            chain.len += bytes.len();
            chain.payloads.push_back(ChainedPayload { at: base + at - self.head, bytes });
        }
        (self.copied, self.head, self.end) = (taken.copied, taken.head, taken.end);
        self.chain = taken.chain;
    }

    /// Returns how many bytes are queued and not written, detached ones included.
    #[inline]
    pub(crate) fn queued(&self) -> usize {
        self.remaining() + self.detached + self.owed
    }

    /// Returns whether a [`Loan`] was forgotten.
    #[inline]
    pub(crate) const fn has_forgotten_loan(&self) -> bool {
        self.owed != 0
    }

    /// Drops all that is queued, and later a detached buffer. Nothing more is written.
    pub(crate) fn close(&mut self) {
        *self = Self { is_closed: true, ..Self::default() };
    }

    /// Keeps a control frame until the queue is below `mark`; it replaces an earlier one.
    pub(crate) fn delay(&mut self, mark: usize, header: Header, payload: &[u8]) {
        let mut encoded = [0; Header::MAX_LEN];
        let encoded = header.encode(&mut encoded);
        let mut frame = [0; Header::MAX_LEN + MAX_CONTROL_LEN];
        let len = encoded.len() + payload.len();
        frame[..encoded.len()].copy_from_slice(encoded);
        let room = &mut frame[encoded.len()..len];
        room.copy_from_slice(payload);
        if let Some(key) = header.mask {
            mask::apply(key, 0, room);
        }
        self.delayed = Some(Box::new(DelayedFrame { mark, frame, len }));
    }

    /// Returns whether a control frame waits for room.
    pub(crate) fn has_delayed(&self) -> bool {
        self.delayed.is_some()
    }

    /// Drops the control frame that waits for room.
    pub(crate) fn drop_delayed(&mut self) {
        self.delayed = None;
    }

    /// Queues the control frame that waits, once there is room; not inside a frame whose payload is lent.
    #[inline]
    fn queue_delayed(&mut self) {
        if self.delayed.is_some() {
            self.queue_if_room();
        }
    }

    #[cold]
    fn queue_if_room(&mut self) {
        let queued = self.queued();
        if self.owed == 0
            && let Some(delayed) = self.delayed.take_if(|delayed| queued < delayed.mark.max(1))
        {
            self.push(&delayed.frame[..delayed.len]);
        }
    }

    /// Returns the memory to the allocator once all of it is written: an opening handshake needs it once.
    pub(crate) fn release_when_empty(&mut self) {
        self.release = true;
    }

    /// Appends what `write` writes to what is queued.
    pub(crate) fn append<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.copied.truncate(self.end);
        let written = write(&mut self.copied);
        self.end = self.copied.len();
        written
    }

    /// Copies `bytes` to the end.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match self.copied.get_mut(self.end..self.end + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.end += bytes.len();
            }
            None => self.append(|copied| copied.extend_from_slice(bytes)),
        }
    }

    /// Copies a frame to the end, masked if its header says so. Always inlined, so that the header stays in
    /// registers.
    #[inline(always)]
    pub(crate) fn push_frame(&mut self, header: Header, payload: &[u8]) {
        if let Some((bytes, len)) = header.encode_short()
            && let Some(room) = self.copied.get_mut(self.end..self.end + bytes.len() + payload.len())
        {
            // The whole array is copied, which takes no loop. The payload overwrites what is too much.
            room[..bytes.len()].copy_from_slice(&bytes);
            let room = &mut room[len..len + payload.len()];
            match header.mask {
                Some(key) => mask::copy(key, payload, room),
                None => room.copy_from_slice(payload),
            }
            self.end += len + payload.len();
        } else {
            self.push_large_frame(header, payload);
        }
    }

    /// Copies a long frame to the end, or one before there is memory.
    #[cold]
    fn push_large_frame(&mut self, header: Header, payload: &[u8]) {
        self.append(|copied| {
            let mut bytes = [0; Header::MAX_LEN];
            let bytes = header.encode(&mut bytes);
            copied.reserve(bytes.len() + payload.len());
            copied.extend_from_slice(bytes);
            for block in payload.chunks(mask::BLOCK) {
                let start = copied.len();
                copied.extend_from_slice(block);
                if let Some(key) = header.mask {
                    mask::apply(key, 0, &mut copied[start..]);
                }
            }
        });
    }

    /// Chains `bytes` to the end.
    pub(crate) fn chain(&mut self, bytes: Bytes) {
        if bytes.len() < Self::CHAIN_MIN {
            self.push(&bytes);
            return;
        }
        let chain = self.chain.get_or_insert_default();
        chain.len += bytes.len();
        chain.payloads.push_back(ChainedPayload { at: self.end, bytes });
    }

    /// Notes that a [`Loan`] writes the next `len` bytes, a payload.
    pub(crate) fn owe(&mut self, len: usize) {
        self.owed = len;
    }

    /// Drops what is written, so that a queue that never runs empty does not grow without end.
    #[cold]
    fn compact(&mut self) {
        self.copied.copy_within(self.head..self.end, 0);
        self.end -= self.head;
        for shared in self.chain.iter_mut().flat_map(|chain| &mut chain.payloads) {
            shared.at -= self.head;
        }
        self.head = 0;
    }

    fn empty(&mut self) {
        (self.head, self.end) = (0, 0);
        if self.release {
            self.copied = Vec::new();
            self.release = false;
        }
    }
}

impl Buf for SendBuf {
    #[inline]
    fn remaining(&self) -> usize {
        self.end - self.head + self.chain.as_ref().map_or(0, |chain| chain.len)
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        match self.chain.as_ref().and_then(|chain| chain.payloads.front()) {
            None => &self.copied[self.head..self.end],
            Some(shared) if shared.at == self.head => &shared.bytes,
            Some(shared) => &self.copied[self.head..shared.at],
        }
    }

    #[inline]
    fn advance(&mut self, mut n: usize) {
        assert!(n <= self.remaining(), "advanced past the end");
        if let Some(chain) = &mut self.chain {
            while let Some(shared) = chain.payloads.front_mut() {
                let copied = n.min(shared.at - self.head);
                self.head += copied;
                n -= copied;
                if n == 0 {
                    break;
                }
                let chained = n.min(shared.bytes.len());
                shared.bytes.advance(chained);
                chain.len -= chained;
                n -= chained;
                if !shared.bytes.is_empty() {
                    break;
                }
                chain.payloads.pop_front();
            }
        }
        self.head += n;
        if !self.has_remaining() {
            self.empty();
        } else if self.head >= Self::CHAIN_MIN && self.head * 2 >= self.end {
            self.compact();
        }
        self.queue_delayed();
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
        for shared in self.chain.iter().flat_map(|chain| &chain.payloads) {
            if !put(&self.copied[from..shared.at]) || !put(&shared.bytes) {
                return filled;
            }
            from = shared.at;
        }
        put(&self.copied[from..self.end]);
        filled
    }
}

/// A message that is being written: its header is queued, and its payload belongs to the caller.
///
/// Write what [`Buf`] or [`slices`](Output::slices) shows (the queue, then the payload: one vectored write)
/// and [`advance`](Buf::advance). What the transport did not take is copied into the queue when this is
/// dropped, so it may be dropped at any point. To forget it (`mem::forget`) ends the connection with
/// [`Error::PayloadForgotten`](crate::Error::PayloadForgotten).
#[derive(Debug)]
#[must_use = "what is not written is copied"]
pub struct Loan<'c, 'a> {
    out: &'c mut SendBuf,
    payload: &'a [u8],
    is_paused: bool,
}

impl<'c, 'a> Loan<'c, 'a> {
    pub(crate) fn new(out: &'c mut SendBuf, payload: &'a [u8]) -> Self {
        out.owe(payload.len());
        Self { out, payload, is_paused: false }
    }

    /// Returns the rest of a loan that was [paused](Self::pause).
    pub(crate) fn resume(out: &'c mut SendBuf, payload: &'a [u8]) -> Self {
        let passed = payload.len().saturating_sub(out.owed);
        Self::new(out, &payload[passed..])
    }

    /// Stops here. The caller goes on with [`Connection::resume_lent`](crate::Connection::resume_lent) before
    /// it does anything else with the connection.
    pub fn pause(mut self) {
        self.is_paused = true;
    }
}

impl Buf for Loan<'_, '_> {
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

impl Output for Loan<'_, '_> {
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

impl Drop for Loan<'_, '_> {
    fn drop(&mut self) {
        if !self.is_paused {
            self.out.push(self.payload);
            self.out.owe(0);
            self.out.queue_delayed();
        }
    }
}
