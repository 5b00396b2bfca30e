//! Conversions between the values of the handshake and the types of the `http` crate.

use alloc::{borrow::Cow, format, string::ToString as _, vec::Vec};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};

use super::{
    ClientRequest, Fields, Handover, HandshakeError, HttpVersion, OwnedResponse, Request, RequestError,
    Response, Status, grammar::elements,
};
use crate::Config;

impl Handover {
    /// Checks a request that an HTTP library has read: see [`new`](Self::new).
    ///
    /// # Errors
    /// Fails as [`new`](Self::new) does, and with [`HandshakeError::HttpVersionUnsupported`] for HTTP/2 and
    /// later.
    pub fn from_http(
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
        config: &Config,
    ) -> Result<Self, HandshakeError> {
        let version = match version {
            Version::HTTP_10 => HttpVersion::Http10,
            Version::HTTP_11 => HttpVersion::Http11,
            _ => return Err(HandshakeError::HttpVersionUnsupported),
        };
        let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Self::new(method.as_str(), &uri.to_string(), version, fields, config)
    }
}

/// Converts the HTTP request for a connection. The host comes from its URI or its Host field.
///
/// Fields that the handshake writes itself are skipped, except that the subprotocols are offered.
impl<'a, B> TryFrom<&'a http::Request<B>> for ClientRequest<'a> {
    type Error = RequestError;

    fn try_from(request: &'a http::Request<B>) -> Result<Self, RequestError> {
        if request.method() != Method::GET {
            return Err(RequestError::MethodNotGet);
        }
        let (uri, headers) = (request.uri(), request.headers());
        let host = match headers.get(header::HOST) {
            Some(host) => host.to_str().ok(),
            None => host(uri),
        };
        let mut asked = Self::with_target(host.ok_or(RequestError::HostInvalid)?, resource(uri))?;
        for name in subprotocols(headers) {
            asked = asked.subprotocol(name?)?;
        }
        for (name, value) in others(headers) {
            asked = asked.field(name.as_str(), value.as_bytes())?;
        }
        Ok(asked)
    }
}

/// Returns the Host field for a URI: without the user name, and with the port only if it is not the default
/// (§4.1).
fn host(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?;
    let has_scheme = |names: [&str; 2]| {
        uri.scheme_str().is_some_and(|scheme| names.iter().any(|name| scheme.eq_ignore_ascii_case(name)))
    };
    Some(match authority.port_u16() {
        None => authority.host(),
        Some(80) if has_scheme(["ws", "http"]) => authority.host(),
        Some(443) if has_scheme(["wss", "https"]) => authority.host(),
        Some(_) => authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, host)| host),
    })
}

/// Returns the path, at least `/`, with the query, unless that is empty (§3).
fn resource(uri: &Uri) -> Cow<'_, str> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let target = if uri.query() == Some("") { target.strip_suffix('?').unwrap_or(target) } else { target };
    match target {
        "" => "/".into(),
        query if query.starts_with('?') => format!("/{query}").into(),
        target => target.into(),
    }
}

/// Returns the subprotocols that a client offers, in order.
fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = Result<&str, RequestError>> {
    let lists = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    lists
        .flat_map(|list| elements(list.as_bytes()))
        .filter(|name| !name.is_empty())
        .map(|name| core::str::from_utf8(name).map_err(|_| RequestError::SubprotocolInvalid))
}

/// Returns the fields that the handshake does not write itself.
fn others(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let is_own = |name: &HeaderName| {
        matches!(
            *name,
            header::UPGRADE
                | header::CONNECTION
                | header::SEC_WEBSOCKET_KEY
                | header::SEC_WEBSOCKET_VERSION
                | header::SEC_WEBSOCKET_EXTENSIONS
                | header::SEC_WEBSOCKET_PROTOCOL
        )
    };
    headers.iter().filter(move |(name, _)| !is_own(name))
}

/// Converts an HTTP request with a `ws:`, `wss:`, `http:` or `https:` URI. The last two mean the same as the
/// first two.
///
/// The fields are converted as for [`ClientRequest`].
#[cfg(feature = "url")]
impl<B> TryFrom<&http::Request<B>> for crate::connect::Connect {
    type Error = HttpRequestError;

    fn try_from(request: &http::Request<B>) -> Result<Self, HttpRequestError> {
        let url = request.uri().to_string();
        let mut connect = match request.uri().scheme_str() {
            Some("http" | "https") => Self::new(&url.replacen("http", "ws", 1))?,
            Some(_) | None => Self::new(&url)?,
        };
        if request.method() != Method::GET {
            return Err(RequestError::MethodNotGet.into());
        }
        for name in subprotocols(request.headers()) {
            connect = connect.subprotocol(name?)?;
        }
        for (name, value) in others(request.headers()) {
            connect = connect.field(name.as_str(), value.as_bytes())?;
        }
        Ok(connect)
    }
}

/// The reason why a connection cannot be opened with an HTTP request.
#[cfg(feature = "url")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpRequestError {
    /// Its URI is not that of a WebSocket.
    Url(crate::connect::UrlError),
    /// Another part of it is wrong.
    Request(RequestError),
}

#[cfg(feature = "url")]
impl core::fmt::Display for HttpRequestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Url(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
        }
    }
}

#[cfg(feature = "url")]
impl core::error::Error for HttpRequestError {}

#[cfg(feature = "url")]
impl From<crate::connect::UrlError> for HttpRequestError {
    fn from(error: crate::connect::UrlError) -> Self {
        Self::Url(error)
    }
}

#[cfg(feature = "url")]
impl From<RequestError> for HttpRequestError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

/// Converts the request that a server received.
impl TryFrom<&Request<'_>> for http::Request<()> {
    type Error = http::Error;

    fn try_from(request: &Request<'_>) -> Result<Self, http::Error> {
        let mut copy = Self::new(());
        *copy.method_mut() = request.method().parse()?;
        *copy.uri_mut() = request.target().parse()?;
        *copy.version_mut() = match request.version() {
            HttpVersion::Http10 => Version::HTTP_10,
            HttpVersion::Http11 => Version::HTTP_11,
        };
        *copy.headers_mut() = header_map(request.fields().iter())?;
        Ok(copy)
    }
}

/// Converts the response that a client received, with its body or the beginning of that.
impl TryFrom<&Response<'_>> for http::Response<Vec<u8>> {
    type Error = http::Error;

    fn try_from(response: &Response<'_>) -> Result<Self, http::Error> {
        let mut copy = Self::new(response.body().to_vec());
        *copy.status_mut() = response.status().try_into()?;
        *copy.headers_mut() = header_map(response.fields().iter())?;
        Ok(copy)
    }
}

/// Converts the same response, without its reason phrase.
impl TryFrom<OwnedResponse> for http::Response<Vec<u8>> {
    type Error = http::Error;

    fn try_from(response: OwnedResponse) -> Result<Self, http::Error> {
        let mut copy = Self::new(response.body);
        *copy.status_mut() = response.status.try_into()?;
        let fields = response.fields.iter().map(|(name, value)| (name.as_str(), &value[..]));
        *copy.headers_mut() = header_map(fields)?;
        Ok(copy)
    }
}

impl From<Status> for http::StatusCode {
    fn from(status: Status) -> Self {
        Self::from_u16(status.get()).expect("a status from 200 to 599 is a status code")
    }
}

impl TryFrom<Fields<'_>> for HeaderMap {
    type Error = http::Error;

    fn try_from(fields: Fields<'_>) -> Result<Self, http::Error> {
        header_map(fields.iter())
    }
}

fn header_map<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<HeaderMap, http::Error> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.try_append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value)?)?;
    }
    Ok(map)
}
