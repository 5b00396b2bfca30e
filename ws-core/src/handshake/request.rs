use super::{
    Fields,
    grammar::{ascii, is_authority, is_token},
};

/// The version of an HTTP/1 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.0, which has no upgrades.
    Http10,
    /// HTTP/1.1 or a later minor version.
    Http11,
}

/// An HTTP request as a server receives it, borrowed from the bytes of its head.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) version: HttpVersion,
    pub(super) fields: Fields<'a>,
}

impl<'a> Request<'a> {
    /// Returns the method. Its case matters. It is `GET` in all requests for an upgrade.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// Returns the request target as it was sent.
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// Returns the path of the target, percent-encoded as it was sent; `/` for an absolute target without a
    /// path.
    ///
    /// It is empty if the target is only an authority, which is the case with CONNECT.
    pub fn path(&self) -> &'a str {
        match RequestTarget::parse(self.target) {
            RequestTarget::Origin { path, .. } | RequestTarget::Absolute { path, .. } => path,
            RequestTarget::Asterisk => "*",
            RequestTarget::Other => "",
        }
    }

    /// Returns the part after the `?` of the target, as it was sent.
    pub fn query(&self) -> Option<&'a str> {
        match RequestTarget::parse(self.target) {
            RequestTarget::Origin { query, .. } | RequestTarget::Absolute { query, .. } => query,
            RequestTarget::Asterisk | RequestTarget::Other => None,
        }
    }

    /// Returns the HTTP version.
    pub fn version(&self) -> HttpVersion {
        self.version
    }

    /// Returns the requested host, with the port if it was sent: the authority of an absolute target, or else
    /// the Host field (RFC 9112 §3.2.2).
    ///
    /// It can be empty (D6). It is `None` only in HTTP/1.0.
    pub fn host(&self) -> Option<&'a str> {
        match RequestTarget::parse(self.target) {
            RequestTarget::Absolute { authority, .. } => Some(authority),
            RequestTarget::Origin { .. } | RequestTarget::Asterisk | RequestTarget::Other => {
                self.fields.get("host").map(ascii)
            }
        }
    }

    /// Returns the Origin field. Browsers always send it. Other clients need not (§4.2.1).
    pub fn origin(&self) -> Option<&'a [u8]> {
        self.fields.get("origin")
    }

    /// Returns all fields.
    pub fn fields(&self) -> Fields<'a> {
        self.fields
    }

    /// Returns the subprotocols that the client offers, in its order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        self.fields.tokens("sec-websocket-protocol").filter(|name| is_token(name)).map(ascii)
    }

    /// Returns whether the request asks for an upgrade to WebSocket. Only then can an
    /// [`Accept`](super::Accept) answer it.
    pub fn is_upgrade(&self) -> bool {
        // HTTP/1.0 has no upgrades, so its Upgrade field is ignored (RFC 9110 §7.8).
        self.version == HttpVersion::Http11
            && self.fields.tokens("upgrade").any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
    }

    /// Returns whether the target has a form that the method allows (RFC 9112 §3.2).
    pub(super) fn has_valid_target(&self) -> bool {
        match RequestTarget::parse(self.target) {
            RequestTarget::Origin { .. } => self.method != "CONNECT" && !self.target.contains('#'),
            RequestTarget::Absolute { authority, .. } => {
                self.method != "CONNECT" && !self.target.contains('#') && is_authority(authority)
            }
            RequestTarget::Asterisk => self.method == "OPTIONS",
            RequestTarget::Other => {
                self.method == "CONNECT"
                    && is_authority(self.target)
                    && self.target.ends_with(|last: char| last.is_ascii_digit())
                    && self.target.contains(':')
            }
        }
    }
}

/// The forms of a request target (RFC 9112 §3.2).
pub(super) enum RequestTarget<'a> {
    Origin { path: &'a str, query: Option<&'a str> },
    Absolute { authority: &'a str, path: &'a str, query: Option<&'a str> },
    Asterisk,
    Other,
}

impl<'a> RequestTarget<'a> {
    pub(super) fn parse(target: &'a str) -> Self {
        if target.starts_with('/') {
            let (path, query) = split_query(target);
            return Self::Origin { path, query };
        }
        if target == "*" {
            return Self::Asterisk;
        }
        let Some((scheme, rest)) = target.split_once("://") else { return Self::Other };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Self::Other;
        }
        let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = split_query(resource);
        Self::Absolute { authority, path: if path.is_empty() { "/" } else { path }, query }
    }
}

fn split_query(resource: &str) -> (&str, Option<&str>) {
    match resource.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (resource, None),
    }
}
