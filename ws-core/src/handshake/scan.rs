use super::{
    HandshakeError,
    grammar::{is_token_byte, is_value_byte, run},
};

/// The limits above which a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The bytes of the head, including its last CRLF.
    pub(crate) max_head: usize,
    /// The field lines of the head.
    pub(crate) max_fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_head: 16 * 1024, max_fields: 128 }
    }
}

/// The search for the end of a head that arrives in pieces. It refuses early what cannot become a head.
///
/// It checks the first line, and how the other lines start and end. httparse parses them once the head is
/// complete. The scanner looks at each byte once and decides by that byte alone, so the result does not
/// depend on the pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner {
    state: State,
    next: usize,
    fields: usize,
}

/// The part of the head that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    RequestStart,
    EmptyLineEnd,
    MethodStart,
    Method,
    TargetStart,
    Target,
    /// The version of a request, after this number of its bytes.
    RequestVersion(u8),
    /// The version of a response, after this number of its bytes.
    StatusVersion(u8),
    /// The status, after this number of its digits.
    Status(u8),
    Reason,
    LineEnd,
    FieldStart,
    Field,
    HeadEnd,
    Over,
}

impl Scanner {
    pub(crate) fn request() -> Self {
        Self { state: State::RequestStart, next: 0, fields: 0 }
    }

    pub(crate) fn response() -> Self {
        Self { state: State::StatusVersion(0), next: 0, fields: 0 }
    }

    /// Returns whether no byte has come.
    pub(crate) fn is_untouched(&self) -> bool {
        self.next == 0
    }

    /// Returns the length of the head at the start of `bytes`, once it is complete.
    ///
    /// `bytes` must begin with all bytes of earlier calls. After an error, all calls return that error.
    pub(crate) fn find_end(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<usize>, HandshakeError> {
        let allowed = &bytes[..bytes.len().min(limits.max_head)];
        while self.state != State::Over {
            let run = self.run(allowed.get(self.next..).unwrap_or_default());
            self.next += run;
            let Some(&byte) = allowed.get(self.next) else {
                return if bytes.len() < limits.max_head { Ok(None) } else { Err(self.too_long()) };
            };
            let state = self.step(byte)?;
            if state == State::Field && self.state == State::FieldStart {
                if self.fields == limits.max_fields {
                    return Err(HandshakeError::TooManyFields);
                }
                self.fields += 1;
            }
            self.state = state;
            self.next += 1;
        }
        Ok(Some(self.next))
    }

    /// Returns the number of bytes at the start of `bytes` that leave the state unchanged.
    fn run(&self, bytes: &[u8]) -> usize {
        match self.state {
            State::Target => run(bytes, |byte| byte.is_ascii_graphic()),
            State::Field => run(bytes, is_value_byte),
            State::RequestStart
            | State::EmptyLineEnd
            | State::MethodStart
            | State::Method
            | State::TargetStart
            | State::RequestVersion(_)
            | State::StatusVersion(_)
            | State::Status(_)
            | State::Reason
            | State::LineEnd
            | State::FieldStart
            | State::HeadEnd
            | State::Over => 0,
        }
    }

    fn step(&self, byte: u8) -> Result<State, HandshakeError> {
        let otherwise = match (self.state, byte) {
            (State::RequestStart, b'\r') => return Ok(State::EmptyLineEnd),
            (State::EmptyLineEnd, b'\n') => return Ok(State::MethodStart),
            (State::RequestStart | State::MethodStart | State::Method, byte) if is_token_byte(byte) => {
                return Ok(State::Method);
            }
            (State::Method, b' ') => return Ok(State::TargetStart),
            (State::TargetStart | State::Target, 0x21..=0x7e) => return Ok(State::Target),
            (State::Target, b' ') => return Ok(State::RequestVersion(0)),
            (State::RequestVersion(8), b'\r') => return Ok(State::LineEnd),
            (State::RequestVersion(n), byte) if is_version_byte(n, byte) => {
                return Ok(State::RequestVersion(n + 1));
            }
            (State::StatusVersion(8), b' ') => return Ok(State::Status(0)),
            (State::StatusVersion(n), byte) if is_version_byte(n, byte) => {
                return Ok(State::StatusVersion(n + 1));
            }
            (State::Status(0), b'1'..=b'9') | (State::Status(1 | 2), b'0'..=b'9') => {
                let State::Status(n) = self.state else { return Ok(self.state) };
                return Ok(State::Status(n + 1));
            }
            (State::Status(3), b' ') => return Ok(State::Reason),
            // The blank before an empty reason is often left out.
            (State::Status(3) | State::Reason, b'\r') => return Ok(State::LineEnd),
            (State::Reason, byte) if is_value_byte(byte) => return Ok(State::Reason),
            (State::LineEnd, b'\n') => return Ok(State::FieldStart),
            (State::FieldStart, b'\r') => return Ok(State::HeadEnd),
            (State::HeadEnd, b'\n') | (State::Over, _) => return Ok(State::Over),
            (State::FieldStart, b' ' | b'\t') if self.fields == 0 => HandshakeError::SpaceBeforeFields,
            (State::FieldStart, b' ' | b'\t') => HandshakeError::FieldFolded,
            (State::Field, b'\r') => return Ok(State::LineEnd),
            (State::FieldStart | State::Field, byte) if is_value_byte(byte) => return Ok(State::Field),
            (State::LineEnd | State::EmptyLineEnd | State::HeadEnd, _) => HandshakeError::BareCarriageReturn,
            (State::RequestStart, TLS_HANDSHAKE) => HandshakeError::TlsClientHello,
            (State::StatusVersion(0), TLS_ALERT) => HandshakeError::TlsAlert,
            (_, b'\n') => HandshakeError::BareLineFeed,
            (_, 0..=0x08 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f) | (State::FieldStart | State::Field, _) => {
                HandshakeError::ControlByte
            }
            (State::StatusVersion(_) | State::Status(_) | State::Reason, _) => {
                HandshakeError::StatusLineMalformed
            }
            (
                State::RequestStart
                | State::MethodStart
                | State::Method
                | State::TargetStart
                | State::Target
                | State::RequestVersion(_),
                _,
            ) => HandshakeError::RequestLineMalformed,
        };
        Err(otherwise)
    }

    fn too_long(&self) -> HandshakeError {
        match self.state {
            State::RequestStart
            | State::EmptyLineEnd
            | State::MethodStart
            | State::Method
            | State::TargetStart
            | State::Target
            | State::RequestVersion(_) => HandshakeError::RequestLineTooLong,
            State::StatusVersion(_)
            | State::Status(_)
            | State::Reason
            | State::LineEnd
            | State::FieldStart
            | State::Field
            | State::HeadEnd
            | State::Over => HandshakeError::HeadTooLong,
        }
    }
}

/// The first byte of TLS records that carry a handshake, and of those that carry an alert (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
const TLS_ALERT: u8 = 0x15;

/// Returns whether `byte` may follow the first `n` bytes of `HTTP/n.n`.
fn is_version_byte(n: u8, byte: u8) -> bool {
    match b"HTTP/0.0".get(usize::from(n)) {
        Some(b'0') => byte.is_ascii_digit(),
        Some(&expected) => byte == expected,
        None => false,
    }
}
