use alloc::boxed::Box;
use core::fmt;

use crate::ProtocolError;

/// A code that may appear in a Close frame (§7.4): the reason why a connection is closed.
///
/// 1005 and 1006 never appear in a frame, so a `CloseCode` cannot hold them. `None` stands for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled (1000).
    pub const NORMAL: Self = Self(1000);
    /// The server goes down, or the browser leaves the page (1001).
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol (1002).
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A message is of a type that this end does not accept (1003).
    pub const UNSUPPORTED: Self = Self(1003);
    /// A message does not match its type: text that is not UTF-8 (1007).
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// A message breaks a rule of this end (1008).
    pub const POLICY: Self = Self(1008);
    /// A message is too big to process (1009).
    pub const TOO_BIG: Self = Self(1009);
    /// The server did not agree to an extension that the client needs (1010).
    pub const EXTENSION_NEEDED: Self = Self(1010);
    /// This end met a condition that it did not expect (1011).
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// The service restarts; clients may reconnect after a random delay (1012).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// The service is overloaded; clients may reconnect later or to another server (1013).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// A gateway got an invalid answer from its upstream (1014).
    pub const BAD_GATEWAY: Self = Self(1014);

    /// Returns the code if it may appear in a Close frame: 1000–1003, 1007–1014 and 3000–4999 (D10).
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// Returns the code as a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

/// The content of a Close frame (§5.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseFrame<'a> {
    /// The code.
    pub code: CloseCode,
    /// The reason as text for developers; at most 123 bytes.
    pub reason: &'a str,
}

impl<'a> CloseFrame<'a> {
    /// The length of the longest reason, in bytes: a control frame carries 125, and the code takes 2.
    pub const MAX_REASON: usize = 123;

    /// Parses the payload of a Close frame. Returns `None` if it is empty.
    ///
    /// # Errors
    /// Fails if the payload is one byte, the code must not be sent, or the reason is not UTF-8. The first of
    /// these is returned.
    pub fn parse(payload: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        let (code, reason) = match payload {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseTooShort),
            &[high, low, ref reason @ ..] => (u16::from_be_bytes([high, low]), reason),
        };
        let code = CloseCode::new(code).ok_or(ProtocolError::InvalidCloseCode)?;
        let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::InvalidCloseReason)?;
        Ok(Some(Self { code, reason }))
    }
}

impl From<CloseCode> for CloseFrame<'_> {
    /// Returns a frame with this code and an empty reason.
    fn from(code: CloseCode) -> Self {
        Self { code, reason: "" }
    }
}

impl From<CloseCode> for Option<CloseFrame<'_>> {
    /// Returns a frame with this code and an empty reason, so that `close(CloseCode::NORMAL)` works.
    fn from(code: CloseCode) -> Self {
        Some(code.into())
    }
}

/// The content of the peer's Close frame, owned.
#[derive(Debug)]
pub(crate) struct Closing(Option<(CloseCode, Box<str>)>);

impl Closing {
    /// Returns the code, or 1005 if the frame had none (§7.1.5).
    pub(crate) const fn code(&self) -> u16 {
        match &self.0 {
            Some((code, _)) => code.get(),
            None => 1005,
        }
    }

    pub(crate) fn frame(&self) -> Option<CloseFrame<'_>> {
        self.0.as_ref().map(|(code, reason)| CloseFrame { code: *code, reason })
    }
}

impl From<Option<CloseFrame<'_>>> for Closing {
    fn from(frame: Option<CloseFrame<'_>>) -> Self {
        Self(frame.map(|frame| (frame.code, frame.reason.into())))
    }
}
