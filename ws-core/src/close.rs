use alloc::boxed::Box;

use crate::frame::MAX_CONTROL_LEN;
use crate::{CloseCode, ProtocolError};

/// What a Close frame says (§5.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseFrame<'a> {
    /// Why the connection is closed.
    pub code: CloseCode,
    /// The same for the eyes of developers; at most 123 bytes.
    pub reason: &'a str,
}

impl<'a> CloseFrame<'a> {
    /// The length of the longest reason, in bytes: a control frame carries 125, and the code takes 2.
    pub const MAX_REASON: usize = MAX_CONTROL_LEN - 2;

    /// Reads the payload of a Close frame; `None` if it is empty.
    ///
    /// # Errors
    /// Half a code, a code that may not be sent, or a reason that is not UTF-8, in this order.
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
    /// The code with no reason.
    fn from(code: CloseCode) -> Self {
        Self { code, reason: "" }
    }
}

impl From<CloseCode> for Option<CloseFrame<'_>> {
    /// The code with no reason, where `close` takes a frame or none: `close(CloseCode::NORMAL)`.
    fn from(code: CloseCode) -> Self {
        Some(code.into())
    }
}

/// What the peer's Close frame said, kept.
#[derive(Debug)]
pub(crate) struct Closing(Option<(CloseCode, Box<str>)>);

impl Closing {
    /// 1005 if the frame had no code (§7.1.5).
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
