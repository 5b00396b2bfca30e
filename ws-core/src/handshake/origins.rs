use alloc::{boxed::Box, vec::Vec};

use super::{Reject, Request};

/// The origins whose pages may connect: what a server asks that is meant for certain sites (§10.2).
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
    /// Allows `origins`, as browsers write them: `https://example.com`, with the port if it is not the
    /// scheme's own. `null` stands for pages that hide where they come from.
    pub fn new<I>(origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Self { listed: origins.into_iter().map(Into::into).collect(), absent: false }
    }

    /// Allows requests without an origin too. They come from no browser, so anyone can send them.
    #[must_use]
    pub fn or_absent(mut self) -> Self {
        self.absent = true;
        self
    }

    /// May `request` connect? Its origin must be listed, letter by letter.
    pub fn allow(&self, request: &Request<'_>) -> bool {
        match request.origin() {
            Some(origin) => self.listed.iter().any(|listed| listed.as_bytes() == origin),
            None => self.absent,
        }
    }

    /// The answer to a page that may not connect: 403. Requests that ask for no WebSocket are not refused.
    pub fn refuse(&self, request: &Request<'_>) -> Option<Reject> {
        let is_foreign = request.is_upgrade() && !self.allow(request);
        is_foreign.then(|| Reject::new(403).expect("a final status"))
    }
}
