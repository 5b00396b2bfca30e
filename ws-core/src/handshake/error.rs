use core::fmt;

use super::Status;
use crate::deflate::NegotiationError;

/// A fault of the peer in the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The request line alone is longer than a head may be.
    RequestLineTooLong,
    /// The head is longer than allowed.
    HeadTooLong,
    /// The head has more fields than allowed.
    TooManyFields,
    /// A line ends with LF alone (D5).
    BareLineFeed,
    /// A CR is not followed by LF.
    BareCarriageReturn,
    /// The head holds a control byte.
    ControlByte,
    /// The request begins with the first byte of a TLS ClientHello, 0x16: the client used a `wss` URL for a
    /// port without TLS (RFC 8446 §5.1).
    TlsClientHello,
    /// The answer begins with the first byte of a TLS alert, 0x15: the client did not use TLS on a port of a
    /// server or proxy that requires it (RFC 8446 §6).
    TlsAlert,
    /// The first line is not `method SP target SP HTTP/n.n`.
    RequestLineMalformed,
    /// The first line is not `HTTP/n.n SP status [SP reason]` (RFC 9112 §4).
    StatusLineMalformed,
    /// A field line does not begin with a token and a colon.
    FieldLineMalformed,
    /// A field continues on another line (obs-fold, RFC 9112 §5.2, D5).
    FieldFolded,
    /// The head has blanks between the first line and the first field (RFC 9112 §2.2).
    SpaceBeforeFields,
    /// The HTTP version is neither 1.0 nor 1.1, or a 101 answer is not HTTP/1.1.
    HttpVersionUnsupported,
    /// The request target does not have a form that its method allows.
    TargetInvalid,
    /// The request has no Host field.
    HostMissing,
    /// The request has several Host fields.
    HostRepeated,
    /// The Host field is not `host [":" port]`.
    HostInvalid,
    /// Content-Length is not one number.
    ContentLengthInvalid,
    /// Transfer-Encoding is not `chunked`, or occurs in HTTP/1.0.
    TransferEncodingInvalid,
    /// Content-Length and Transfer-Encoding contradict each other.
    LengthAndTransferEncoding,
    /// The Expect field has a value other than `100-continue`.
    ExpectationUnknown,
    /// A request for an upgrade does not use GET (§4.1).
    MethodNotGet,
    /// The Connection field does not list `Upgrade`.
    ConnectionNotUpgrade,
    /// A request for an upgrade has a body.
    UpgradeWithBody,
    /// The request has no Sec-WebSocket-Version field.
    VersionMissing,
    /// The request has several Sec-WebSocket-Version fields (§11.3.5).
    VersionRepeated,
    /// Sec-WebSocket-Version is not a number from 0 to 255 (§4.3).
    VersionMalformed,
    /// The request asks for a version other than 13.
    VersionUnsupported,
    /// The request has no Sec-WebSocket-Key field.
    KeyMissing,
    /// The request has several Sec-WebSocket-Key fields (§11.3.1).
    KeyRepeated,
    /// Sec-WebSocket-Key is not the base64 form of 16 bytes.
    KeyInvalid,
    /// The request has several Origin fields.
    OriginRepeated,
    /// The offered subprotocols are not a list of tokens (§4.3).
    SubprotocolsMalformed,
    /// The same subprotocol is offered twice (D4).
    SubprotocolOfferedTwice,
    /// Sec-WebSocket-Extensions does not follow its grammar (§9.1).
    ExtensionsMalformed,
    /// The answer is not a 101: the server did not switch protocols.
    NotSwitched,
    /// The 101 answer has no Upgrade field.
    UpgradeMissing,
    /// The Upgrade field of the 101 answer is not `websocket` (D3).
    UpgradeNotWebSocket,
    /// The 101 answer has no Sec-WebSocket-Accept field.
    AcceptMissing,
    /// The 101 answer has several Sec-WebSocket-Accept fields (§11.3.3).
    AcceptRepeated,
    /// Sec-WebSocket-Accept does not match the key that was sent.
    AcceptMismatch,
    /// The 101 answer has several Sec-WebSocket-Protocol fields (§11.3.4).
    SubprotocolAnsweredTwice,
    /// The subprotocol in the 101 answer is not a token.
    SubprotocolMalformed,
    /// The subprotocol in the 101 answer was not offered.
    SubprotocolNotOffered,
    /// Subprotocols were offered, but the 101 answer has none (D2).
    SubprotocolMissing,
    /// The 101 answer has an extension that was not offered.
    ExtensionNotOffered,
    /// The answer to the offer of permessage-deflate breaks its rules (RFC 7692 §7).
    Compression(NegotiationError),
    /// The chunked body of an answer is malformed (RFC 9112 §7.1).
    ChunkMalformed,
}

impl HandshakeError {
    /// Returns the HTTP status that answers this fault, from 400 to 599.
    ///
    /// Faults of a response give 502, the status that a gateway would answer with.
    pub fn status(self) -> Status {
        match self {
            Self::BareLineFeed
            | Self::BareCarriageReturn
            | Self::ControlByte
            | Self::TlsClientHello
            | Self::RequestLineMalformed
            | Self::FieldLineMalformed
            | Self::FieldFolded
            | Self::SpaceBeforeFields
            | Self::TargetInvalid
            | Self::HostMissing
            | Self::HostRepeated
            | Self::HostInvalid
            | Self::ContentLengthInvalid
            | Self::TransferEncodingInvalid
            | Self::LengthAndTransferEncoding
            | Self::ConnectionNotUpgrade
            | Self::UpgradeWithBody
            | Self::VersionMissing
            | Self::VersionRepeated
            | Self::VersionMalformed
            | Self::KeyMissing
            | Self::KeyRepeated
            | Self::KeyInvalid
            | Self::OriginRepeated
            | Self::SubprotocolsMalformed
            | Self::SubprotocolOfferedTwice
            | Self::ExtensionsMalformed => Status::BAD_REQUEST,
            Self::MethodNotGet => Status::METHOD_NOT_ALLOWED,
            Self::RequestLineTooLong => Status::URI_TOO_LONG,
            Self::ExpectationUnknown => Status::EXPECTATION_FAILED,
            Self::VersionUnsupported => Status::UPGRADE_REQUIRED,
            Self::HeadTooLong | Self::TooManyFields => Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TlsAlert
            | Self::StatusLineMalformed
            | Self::NotSwitched
            | Self::UpgradeMissing
            | Self::UpgradeNotWebSocket
            | Self::AcceptMissing
            | Self::AcceptRepeated
            | Self::AcceptMismatch
            | Self::SubprotocolAnsweredTwice
            | Self::SubprotocolMalformed
            | Self::SubprotocolNotOffered
            | Self::SubprotocolMissing
            | Self::ExtensionNotOffered
            | Self::Compression(_)
            | Self::ChunkMalformed => Status::BAD_GATEWAY,
            Self::HttpVersionUnsupported => Status::HTTP_VERSION_NOT_SUPPORTED,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::RequestLineTooLong => "the request line is too long",
            Self::HeadTooLong => "the head is too long",
            Self::TooManyFields => "the head has too many fields",
            Self::BareLineFeed => "a line ends without a carriage return",
            Self::BareCarriageReturn => "a carriage return is not followed by a line feed",
            Self::ControlByte => "the head holds a control byte",
            Self::TlsClientHello => {
                "the request looks like TLS, which this port does not speak: try ws: rather than wss:"
            }
            Self::TlsAlert => "the answer looks like TLS: try wss: rather than ws:",
            Self::RequestLineMalformed => "the request line is malformed",
            Self::StatusLineMalformed => "the status line is malformed",
            Self::FieldLineMalformed => "a field line is malformed",
            Self::FieldFolded => "a field is folded over several lines",
            Self::SpaceBeforeFields => "blanks stand before the first field",
            Self::HttpVersionUnsupported => "the HTTP version is not 1.1",
            Self::TargetInvalid => "the request target is invalid",
            Self::HostMissing => "the Host field is missing",
            Self::HostRepeated => "the Host field is repeated",
            Self::HostInvalid => "the Host field is invalid",
            Self::ContentLengthInvalid => "the Content-Length field is invalid",
            Self::TransferEncodingInvalid => "the Transfer-Encoding field is invalid",
            Self::LengthAndTransferEncoding => "both Content-Length and Transfer-Encoding are given",
            Self::ExpectationUnknown => "the Expect field asks for something unknown",
            Self::MethodNotGet => "an upgrade to WebSocket needs the method GET",
            Self::ConnectionNotUpgrade => "the Connection field does not list Upgrade",
            Self::UpgradeWithBody => "a request for an upgrade has a body",
            Self::VersionMissing => "the Sec-WebSocket-Version field is missing",
            Self::VersionRepeated => "the Sec-WebSocket-Version field is repeated",
            Self::VersionMalformed => "the Sec-WebSocket-Version field is malformed",
            Self::VersionUnsupported => "the WebSocket version is not 13",
            Self::KeyMissing => "the Sec-WebSocket-Key field is missing",
            Self::KeyRepeated => "the Sec-WebSocket-Key field is repeated",
            Self::KeyInvalid => "the Sec-WebSocket-Key field is not the base64 form of 16 bytes",
            Self::OriginRepeated => "the Origin field is repeated",
            Self::SubprotocolsMalformed => "the offered subprotocols are not a list of tokens",
            Self::SubprotocolOfferedTwice => "a subprotocol is offered twice",
            Self::ExtensionsMalformed => "the Sec-WebSocket-Extensions field is malformed",
            Self::NotSwitched => "the server did not switch protocols",
            Self::UpgradeMissing => "the answer has no Upgrade field",
            Self::UpgradeNotWebSocket => "the answer's Upgrade field is not websocket",
            Self::AcceptMissing => "the answer has no Sec-WebSocket-Accept field",
            Self::AcceptRepeated => "the answer's Sec-WebSocket-Accept field is repeated",
            Self::AcceptMismatch => "the answer's Sec-WebSocket-Accept does not match the key",
            Self::SubprotocolAnsweredTwice => "the answer's Sec-WebSocket-Protocol field is repeated",
            Self::SubprotocolMalformed => "the answer's subprotocol is not one token",
            Self::SubprotocolNotOffered => "the answer's subprotocol was not offered",
            Self::SubprotocolMissing => "the answer names none of the offered subprotocols",
            Self::ExtensionNotOffered => "the answer names an extension that was not offered",
            Self::Compression(_) => "the answer to permessage-deflate is wrong",
            Self::ChunkMalformed => "the answer's chunked body is malformed",
        }
    }
}

#[cfg(feature = "deflate")]
impl From<NegotiationError> for HandshakeError {
    fn from(error: NegotiationError) -> Self {
        match error {
            NegotiationError::ListMalformed => Self::ExtensionsMalformed,
            NegotiationError::NotOffered => Self::ExtensionNotOffered,
            NegotiationError::AnsweredTwice
            | NegotiationError::Parameter(_)
            | NegotiationError::ServerTakeoverKept
            | NegotiationError::ServerWindowMissing
            | NegotiationError::ServerWindowTooLarge
            | NegotiationError::ClientWindowNotOffered => Self::Compression(error),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Compression(error) = self {
            return write!(f, "{}: {error}", self.text());
        }
        f.write_str(self.text())
    }
}

impl core::error::Error for HandshakeError {}

/// A fault of a request that this client was to send. Nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestError {
    /// The host is not `host [":" port]`.
    HostInvalid,
    /// The target does not begin with `/`, is not absolute with the given host, or holds blanks, controls,
    /// `#` or characters above ASCII.
    TargetInvalid,
    /// The origin is empty, or holds blanks, controls or characters above ASCII.
    OriginInvalid,
    /// The subprotocol is not a token.
    SubprotocolInvalid,
    /// The subprotocol is offered already.
    SubprotocolRepeated,
    /// The field name is not a token.
    FieldNameInvalid,
    /// The field value holds a control byte, or contradicts the handshake.
    FieldValueInvalid,
    /// The handshake writes this field itself.
    FieldReserved,
    /// The user name holds a colon, which `Authorization: Basic` cannot express (RFC 7617 §2).
    CredentialsInvalid,
    /// The method is not GET, which all requests for an upgrade use (§4.1).
    MethodNotGet,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostInvalid => "the host is invalid",
            Self::TargetInvalid => "the request target is invalid",
            Self::OriginInvalid => "the origin is invalid",
            Self::SubprotocolInvalid => "the subprotocol is not a token",
            Self::SubprotocolRepeated => "the subprotocol is offered twice",
            Self::FieldNameInvalid => "the field name is not a token",
            Self::FieldValueInvalid => "the field value is invalid",
            Self::FieldReserved => "the field belongs to the handshake",
            Self::CredentialsInvalid => "the user name holds a colon",
            Self::MethodNotGet => "the method is not GET",
        })
    }
}

impl core::error::Error for RequestError {}

/// A fault of an answer that this server was to send. Nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnswerError {
    /// No request waits for an answer.
    NoRequest,
    /// The request does not ask for an upgrade to WebSocket, so it cannot be accepted.
    NotUpgrade,
    /// The client did not offer this subprotocol (§4.2.2).
    SubprotocolNotOffered,
    /// The field name is not a token.
    FieldNameInvalid,
    /// The field value holds a control byte.
    FieldValueInvalid,
    /// The handshake writes this field itself.
    FieldReserved,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRequest => "no request waits for an answer",
            Self::NotUpgrade => "the request does not ask for an upgrade to WebSocket",
            Self::SubprotocolNotOffered => "the client did not offer this subprotocol",
            Self::FieldNameInvalid => "the field name is not a token",
            Self::FieldValueInvalid => "the field value is invalid",
            Self::FieldReserved => "the field belongs to the handshake",
        })
    }
}

impl core::error::Error for AnswerError {}
