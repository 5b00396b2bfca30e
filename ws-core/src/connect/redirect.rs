use core::fmt;

use super::{Connect, Target, UrlError};
use crate::handshake::OwnedResponse;

/// The fields that are also sent to another origin. They hold no secrets.
const HARMLESS: [&str; 3] = ["user-agent", "accept-language", "origin"];

/// The reason why a redirect was not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// The limit of redirects was reached before it.
    TooMany,
    /// It leads from `wss` to `ws`.
    Insecure,
    /// It leads to a URL that is not a WebSocket URL.
    Url(UrlError),
    /// Its body did not end before the time limit.
    TooLate,
}

/// Returns where `response` leads, or `None` if it is not a redirect.
pub(super) fn location(target: &Target, response: &OwnedResponse) -> Option<Result<Target, RedirectError>> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = core::str::from_utf8(response.field("location")?).map_err(|_| UrlError::HostInvalid);
    let next = location.and_then(|location| target.resolve(location)).map_err(RedirectError::Url);
    Some(next.and_then(|next| {
        let is_safe = next.is_secure() || !target.is_secure();
        if is_safe { Ok(next) } else { Err(RedirectError::Insecure) }
    }))
}

impl Connect {
    /// Changes the target. Fields may be secrets, so for another origin only the harmless ones are kept.
    pub(super) fn turned_to(mut self, target: Target) -> Self {
        let origin = |target: &Target| (target.is_secure(), target.port());
        let is_same = origin(&target) == origin(&self.target) && target.host() == self.target.host();
        if !is_same {
            self.fields
                .retain(|(name, _)| HARMLESS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless)));
        }
        self.target = target;
        self
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => f.write_str("there were too many redirects"),
            Self::Insecure => f.write_str("the redirect leads from wss to ws"),
            Self::Url(error) => write!(f, "the redirect's URL cannot be followed: {error}"),
            Self::TooLate => f.write_str("the redirect came too late to be followed"),
        }
    }
}

impl core::error::Error for RedirectError {}
