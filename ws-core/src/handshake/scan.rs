use super::{
    HandshakeError,
    grammar::{is_token_byte, is_value_byte, run},
};

/// The limits above which a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadLimits {
    /// The bytes of the head, including its last CRLF.
    pub(crate) max_head: usize,
    /// The field lines of the head.
    pub(crate) max_fields: usize,
}

impl Default for HeadLimits {
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
    state: HeadPart,
    next: usize,
    fields: usize,
}

/// The part of the head that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeadPart {
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
        Self { state: HeadPart::RequestStart, next: 0, fields: 0 }
    }

    pub(crate) fn response() -> Self {
        Self { state: HeadPart::StatusVersion(0), next: 0, fields: 0 }
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
        limits: &HeadLimits,
    ) -> Result<Option<usize>, HandshakeError> {
        let allowed = &bytes[..bytes.len().min(limits.max_head)];
        while self.state != HeadPart::Over {
            let run = self.run(allowed.get(self.next..).unwrap_or_default());
            self.next += run;
            let Some(&byte) = allowed.get(self.next) else {
                return if bytes.len() < limits.max_head { Ok(None) } else { Err(self.too_long()) };
            };
            let state = self.step(byte)?;
            if state == HeadPart::Field && self.state == HeadPart::FieldStart {
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
            HeadPart::Target => run(bytes, |byte| byte.is_ascii_graphic()),
            HeadPart::Field => run(bytes, is_value_byte),
            HeadPart::RequestStart
            | HeadPart::EmptyLineEnd
            | HeadPart::MethodStart
            | HeadPart::Method
            | HeadPart::TargetStart
            | HeadPart::RequestVersion(_)
            | HeadPart::StatusVersion(_)
            | HeadPart::Status(_)
            | HeadPart::Reason
            | HeadPart::LineEnd
            | HeadPart::FieldStart
            | HeadPart::HeadEnd
            | HeadPart::Over => 0,
        }
    }

    fn step(&self, byte: u8) -> Result<HeadPart, HandshakeError> {
        let otherwise = match (self.state, byte) {
            (HeadPart::RequestStart, b'\r') => return Ok(HeadPart::EmptyLineEnd),
            (HeadPart::EmptyLineEnd, b'\n') => return Ok(HeadPart::MethodStart),
            (HeadPart::RequestStart | HeadPart::MethodStart | HeadPart::Method, byte)
                if is_token_byte(byte) =>
            {
                return Ok(HeadPart::Method);
            }
            (HeadPart::Method, b' ') => return Ok(HeadPart::TargetStart),
            (HeadPart::TargetStart | HeadPart::Target, 0x21..=0x7e) => return Ok(HeadPart::Target),
            (HeadPart::Target, b' ') => return Ok(HeadPart::RequestVersion(0)),
            (HeadPart::RequestVersion(8), b'\r') => return Ok(HeadPart::LineEnd),
            (HeadPart::RequestVersion(n), byte) if is_version_byte(n, byte) => {
                return Ok(HeadPart::RequestVersion(n + 1));
            }
            (HeadPart::StatusVersion(8), b' ') => return Ok(HeadPart::Status(0)),
            (HeadPart::StatusVersion(n), byte) if is_version_byte(n, byte) => {
                return Ok(HeadPart::StatusVersion(n + 1));
            }
            (HeadPart::Status(0), b'1'..=b'9') | (HeadPart::Status(1 | 2), b'0'..=b'9') => {
                let HeadPart::Status(n) = self.state else { return Ok(self.state) };
                return Ok(HeadPart::Status(n + 1));
            }
            (HeadPart::Status(3), b' ') => return Ok(HeadPart::Reason),
            // The blank before an empty reason is often left out.
            (HeadPart::Status(3) | HeadPart::Reason, b'\r') => return Ok(HeadPart::LineEnd),
            (HeadPart::Reason, byte) if is_value_byte(byte) => return Ok(HeadPart::Reason),
            (HeadPart::LineEnd, b'\n') => return Ok(HeadPart::FieldStart),
            (HeadPart::FieldStart, b'\r') => return Ok(HeadPart::HeadEnd),
            (HeadPart::HeadEnd, b'\n') | (HeadPart::Over, _) => return Ok(HeadPart::Over),
            (HeadPart::FieldStart, b' ' | b'\t') if self.fields == 0 => HandshakeError::SpaceBeforeFields,
            (HeadPart::FieldStart, b' ' | b'\t') => HandshakeError::FieldFolded,
            (HeadPart::Field, b'\r') => return Ok(HeadPart::LineEnd),
            (HeadPart::FieldStart | HeadPart::Field, byte) if is_value_byte(byte) => {
                return Ok(HeadPart::Field);
            }
            (HeadPart::LineEnd | HeadPart::EmptyLineEnd | HeadPart::HeadEnd, _) => {
                HandshakeError::BareCarriageReturn
            }
            (HeadPart::RequestStart, TLS_HANDSHAKE) => HandshakeError::TlsClientHello,
            (HeadPart::StatusVersion(0), TLS_ALERT) => HandshakeError::TlsAlert,
            (_, b'\n') => HandshakeError::BareLineFeed,
            (_, 0..=0x08 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f)
            | (HeadPart::FieldStart | HeadPart::Field, _) => HandshakeError::ControlByte,
            (HeadPart::StatusVersion(_) | HeadPart::Status(_) | HeadPart::Reason, _) => {
                HandshakeError::StatusLineMalformed
            }
            (
                HeadPart::RequestStart
                | HeadPart::MethodStart
                | HeadPart::Method
                | HeadPart::TargetStart
                | HeadPart::Target
                | HeadPart::RequestVersion(_),
                _,
            ) => HandshakeError::RequestLineMalformed,
        };
        Err(otherwise)
    }

    fn too_long(&self) -> HandshakeError {
        match self.state {
            HeadPart::RequestStart
            | HeadPart::EmptyLineEnd
            | HeadPart::MethodStart
            | HeadPart::Method
            | HeadPart::TargetStart
            | HeadPart::Target
            | HeadPart::RequestVersion(_) => HandshakeError::RequestLineTooLong,
            HeadPart::StatusVersion(_)
            | HeadPart::Status(_)
            | HeadPart::Reason
            | HeadPart::LineEnd
            | HeadPart::FieldStart
            | HeadPart::Field
            | HeadPart::HeadEnd
            | HeadPart::Over => HandshakeError::HeadTooLong,
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
