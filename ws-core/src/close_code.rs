use core::fmt;

/// The reason why a connection is closed, as a code that may appear in a Close frame (§7.4).
///
/// 1005 and 1006 never appear on the wire, so a `CloseCode` cannot hold them: functions take and return
/// `None` for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled (1000).
    pub const NORMAL: Self = Self(1000);
    /// A server goes down, or a browser leaves the page (1001).
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
    /// The service restarts: the client may connect again after a random delay (1012).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// The service is overloaded: the client may connect again later, or elsewhere (1013).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// A gateway got an invalid answer from its upstream (1014).
    pub const BAD_GATEWAY: Self = Self(1014);

    /// Returns the code if it may appear in a Close frame: 1000–1003, 1007–1014 and 3000–4999.
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
