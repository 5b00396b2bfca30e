use alloc::{boxed::Box, vec::Vec};

use super::{Reject, Request, Status};

/// The origins whose pages may connect, for a server that is meant for certain sites (§10.2).
///
/// ```
/// use ws_core::handshake::{Accept, Decision, Origins, Request};
///
/// fn decide(request: &Request<'_>, origins: &Origins) -> Decision {
///     match origins.refuse(request) {
///         Some(refusal) => refusal.into(),
///         None => Accept::new().into(),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Origins {
    listed: Vec<Box<str>>,
    absent: bool,
}

impl Origins {
    /// Allows `origins`, written as browsers do: `https://example.com`, with the port if it is not the
    /// default of the scheme. `null` is the origin of pages that hide where they come from.
    pub fn new<I>(origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Self { listed: origins.into_iter().map(Into::into).collect(), absent: false }
    }

    /// Allows requests without an origin too. Browsers do not send these, but any other client can.
    #[must_use]
    pub fn or_absent(mut self) -> Self {
        self.absent = true;
        self
    }

    /// Returns whether `request` may connect. Its origin must be one of those given, byte for byte.
    pub fn allows(&self, request: &Request<'_>) -> bool {
        match request.origin() {
            Some(origin) => self.listed.iter().any(|listed| listed.as_bytes() == origin),
            None => self.absent,
        }
    }

    /// Returns the answer to a page that may not connect: 403. Requests that do not ask for a WebSocket are
    /// not refused.
    pub fn refuse(&self, request: &Request<'_>) -> Option<Reject> {
        let is_foreign = request.is_upgrade() && !self.allows(request);
        is_foreign.then(|| Reject::new(Status::FORBIDDEN))
    }
}
