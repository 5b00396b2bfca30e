use alloc::boxed::Box;

use crate::frame::MAX_CONTROL_LEN;
use crate::{CloseCode, ProtocolError};

/// The payload of a Close frame (§5.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseFrame<'a> {
    /// The reason as a code.
    pub code: CloseCode,
    /// The reason as a text for developers; at most 123 bytes.
    pub reason: &'a str,
}

impl<'a> CloseFrame<'a> {
    /// The length of the longest reason, in bytes: a control frame carries 125, and the code takes 2.
    pub const MAX_REASON: usize = MAX_CONTROL_LEN - 2;

    /// Parses the payload of a Close frame. Returns `None` if it is empty.
    ///
    /// # Errors
    /// The payload is half a code, has a code that may not be sent, or a reason that is not UTF-8; checked in
    /// this order.
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
    /// Returns the code without a reason.
    fn from(code: CloseCode) -> Self {
        Self { code, reason: "" }
    }
}

impl From<CloseCode> for Option<CloseFrame<'_>> {
    /// Returns a frame with this code and without a reason, for arguments that may be `None`:
    /// `close(CloseCode::NORMAL)`.
    fn from(code: CloseCode) -> Self {
        Some(code.into())
    }
}

/// A Close frame that owns its reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedCloseFrame {
    /// The reason as a code.
    pub code: CloseCode,
    /// The reason as a text for developers.
    pub reason: Box<str>,
}

impl OwnedCloseFrame {
    /// Returns the same frame, lent.
    pub fn as_frame(&self) -> CloseFrame<'_> {
        CloseFrame { code: self.code, reason: &self.reason }
    }
}

impl From<CloseFrame<'_>> for OwnedCloseFrame {
    fn from(frame: CloseFrame<'_>) -> Self {
        Self { code: frame.code, reason: frame.reason.into() }
    }
}

/// The content of the peer's Close frame.
#[derive(Debug)]
pub(crate) struct PeerClose(Option<(CloseCode, Box<str>)>);

impl PeerClose {
    /// Returns the code; 1005 if the frame had none (§7.1.5).
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

impl From<Option<CloseFrame<'_>>> for PeerClose {
    fn from(frame: Option<CloseFrame<'_>>) -> Self {
        Self(frame.map(|frame| (frame.code, frame.reason.into())))
    }
}
