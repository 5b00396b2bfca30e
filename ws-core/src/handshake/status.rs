use core::fmt;

/// The status of an HTTP answer that does not open a WebSocket: from 200 to 599 (RFC 9110 §15).
///
/// An informational status (1xx) is not an answer, and [`Accept`](super::Accept) writes the 101 that opens
/// the connection, so a `Status` cannot hold them.
///
/// ```
/// use ws_core::handshake::{Reject, Status};
///
/// let reject = Reject::new(Status::NOT_FOUND);
/// assert_eq!(reject.status().to_string(), "404 Not Found");
/// assert_eq!(Status::new(101), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

/// Defines a constant for each status that has a name, and its reason phrase.
macro_rules! statuses {
    ($($number:literal $name:ident $reason:literal),* $(,)?) => {
        /// The usual statuses.
        impl Status {
            $(
                #[doc = concat!("The status ", $number, " (", $reason, ").")]
                pub const $name: Self = Self($number);
            )*

            /// Returns the reason phrase; an empty string for a status without a name.
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Self::$name => $reason,)*
                    Self(_) => "",
                }
            }
        }
    };
}
statuses! {
    200 OK "OK",
    201 CREATED "Created",
    202 ACCEPTED "Accepted",
    204 NO_CONTENT "No Content",
    205 RESET_CONTENT "Reset Content",
    301 MOVED_PERMANENTLY "Moved Permanently",
    302 FOUND "Found",
    303 SEE_OTHER "See Other",
    304 NOT_MODIFIED "Not Modified",
    307 TEMPORARY_REDIRECT "Temporary Redirect",
    308 PERMANENT_REDIRECT "Permanent Redirect",
    400 BAD_REQUEST "Bad Request",
    401 UNAUTHORIZED "Unauthorized",
    403 FORBIDDEN "Forbidden",
    404 NOT_FOUND "Not Found",
    405 METHOD_NOT_ALLOWED "Method Not Allowed",
    406 NOT_ACCEPTABLE "Not Acceptable",
    408 REQUEST_TIMEOUT "Request Timeout",
    409 CONFLICT "Conflict",
    410 GONE "Gone",
    413 CONTENT_TOO_LARGE "Content Too Large",
    414 URI_TOO_LONG "URI Too Long",
    417 EXPECTATION_FAILED "Expectation Failed",
    421 MISDIRECTED_REQUEST "Misdirected Request",
    422 UNPROCESSABLE_CONTENT "Unprocessable Content",
    426 UPGRADE_REQUIRED "Upgrade Required",
    429 TOO_MANY_REQUESTS "Too Many Requests",
    431 REQUEST_HEADER_FIELDS_TOO_LARGE "Request Header Fields Too Large",
    451 UNAVAILABLE_FOR_LEGAL_REASONS "Unavailable For Legal Reasons",
    500 INTERNAL_SERVER_ERROR "Internal Server Error",
    501 NOT_IMPLEMENTED "Not Implemented",
    502 BAD_GATEWAY "Bad Gateway",
    503 SERVICE_UNAVAILABLE "Service Unavailable",
    504 GATEWAY_TIMEOUT "Gateway Timeout",
    505 HTTP_VERSION_NOT_SUPPORTED "HTTP Version Not Supported",
}

impl Status {
    /// Returns the status if it is from 200 to 599.
    pub const fn new(status: u16) -> Option<Self> {
        match status {
            200..=599 => Some(Self(status)),
            _ => None,
        }
    }

    /// Returns the status as a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// Writes the number and the reason phrase: `404 Not Found`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            "" => self.0.fmt(f),
            reason => write!(f, "{} {reason}", self.0),
        }
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> Self {
        status.0
    }
}

impl PartialEq<u16> for Status {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

impl PartialEq<Status> for u16 {
    fn eq(&self, other: &Status) -> bool {
        *self == other.0
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_status_is_from_200_to_599() {
        for number in 0..=u16::MAX {
            let status = Status::new(number);
            assert_eq!(status.map(Status::get), (200..=599).contains(&number).then_some(number));
        }
    }

    #[test]
    fn a_status_is_shown_with_its_reason() {
        for (status, shown) in [
            (Status::OK, "200 OK"),
            (Status::NOT_FOUND, "404 Not Found"),
            (Status::HTTP_VERSION_NOT_SUPPORTED, "505 HTTP Version Not Supported"),
        ] {
            assert_eq!(status.to_string(), shown);
            assert_eq!(status, u16::from(status));
        }
        let unnamed = Status::new(299).map(|status| status.to_string());
        assert_eq!(unnamed.as_deref(), Some("299"));
    }

    #[cfg(feature = "http")]
    #[test]
    fn every_status_is_a_status_code() {
        for status in (200..=599).filter_map(Status::new) {
            assert_eq!(http::StatusCode::from(status).as_u16(), status);
        }
    }
}
