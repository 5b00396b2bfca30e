use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use super::{Proxy, ProxyKind, ProxyUrlError, Target};

/// The rules that select the proxy of a connection.
///
/// ```
/// use ws_core::connect::{Connect, Proxies};
///
/// # let variable = |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy:3128".to_owned());
/// // let variable = |name: &str| std::env::var(name).ok();
/// let proxies = Proxies::from_env(variable)?.except("localhost,10.0.0.0/8");
/// let connect = Connect::new("wss://example.com/")?.proxy(proxies);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    ws: Option<Proxy>,
    wss: Option<Proxy>,
    exceptions: String,
}

/// An error: the value of an environment variable is not the URL of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with the value.
    pub error: ProxyUrlError,
}

impl Proxies {
    /// Returns the proxies of the environment. `variable` returns the value of a variable.
    ///
    /// `WS_PROXY` and `WSS_PROXY` come first, each for its scheme. Otherwise both schemes use the proxies of
    /// other protocols, as §4.1 requires: a SOCKS5 proxy if there is one, then that for HTTPS, then that for
    /// HTTP. So `HTTPS_PROXY`, `HTTP_PROXY` (only for `ws`) and `ALL_PROXY` are looked at twice: first for
    /// `socks5` and `socks5h`, then for any scheme. `NO_PROXY` holds the exceptions, as in
    /// [`except`](Self::except).
    ///
    /// Lower-case names come before upper-case ones. `HTTP_PROXY` is only used in lower case: in a program
    /// that a web server runs, clients can set the upper-case variable. Empty variables count as absent.
    ///
    /// # Errors
    ///
    /// [`EnvError`] if the value of the selected variable is not the URL of a proxy.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, EnvError> {
        let value = |names: &[&'static str]| {
            names.iter().find_map(|&name| Some((name, variable(name).filter(|value| !value.is_empty())?)))
        };
        let https = value(&["https_proxy", "HTTPS_PROXY"]);
        let http = value(&["http_proxy"]);
        let all = value(&["all_proxy", "ALL_PROXY"]);
        let ws = value(&["ws_proxy", "WS_PROXY"]).or_else(|| prefer_socks([&https, &http, &all]));
        let wss = value(&["wss_proxy", "WSS_PROXY"]).or_else(|| prefer_socks([&https, &all, &None]));
        let parse = |(variable, value): (&'static str, String)| {
            Proxy::parse(&value).map_err(|error| EnvError { variable, error })
        };
        let exceptions = value(&["no_proxy", "NO_PROXY"]).map_or(String::new(), |(_, value)| value);
        Ok(Self { ws: ws.map(parse).transpose()?, wss: wss.map(parse).transpose()?, exceptions })
    }

    /// Connects without a proxy to the hosts in `list`, which replaces an earlier list. Commas or blanks
    /// separate its entries.
    ///
    /// `example.com` and `.example.com` match this host and all its subdomains. `example.com:8080` matches
    /// that port only. `192.0.2.1` and `[2001:db8::1]:443` match addresses, `10.0.0.0/8` and `fd00::/8`
    /// networks, and `*` everything. Names are not looked up.
    #[must_use]
    pub fn except(mut self, list: impl Into<String>) -> Self {
        self.exceptions = list.into();
        self
    }

    /// Returns the proxy on the way to `target`, if there is one.
    pub fn select(&self, target: &Target) -> Option<&Proxy> {
        let proxy = if target.is_secure() { &self.wss } else { &self.ws };
        proxy.as_ref().filter(|_| !self.is_excepted(target))
    }

    fn is_excepted(&self, target: &Target) -> bool {
        let is_blank = |c: char| c == ',' || c.is_ascii_whitespace();
        let mut entries = self.exceptions.split(is_blank).filter(|entry| !entry.is_empty());
        entries.any(|entry| covers(entry, target.host(), target.port()))
    }
}

/// Sends all connections through the proxy.
impl From<Proxy> for Proxies {
    fn from(proxy: Proxy) -> Self {
        Self { ws: Some(proxy.clone()), wss: Some(proxy), exceptions: String::new() }
    }
}

type Variable = Option<(&'static str, String)>;

fn prefer_socks(values: [&Variable; 3]) -> Variable {
    let is_socks = |value: &str| {
        let scheme = value.split_once("://").map_or("", |(scheme, _)| scheme);
        matches!(ProxyKind::named(scheme), Some(ProxyKind::Socks5 | ProxyKind::Socks5h))
    };
    let mut given = values.into_iter().flatten();
    let socks = given.clone().find(|(_, value)| is_socks(value));
    socks.or_else(|| given.next()).cloned()
}

/// Returns whether an entry of the list matches `host` and `port`.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let (name, only) = split_port(entry);
    if only.is_some_and(|only| only.parse() != Ok(port)) {
        return false;
    }
    match host.parse::<IpAddr>() {
        Ok(address) => covers_address(name, address),
        Err(_) => covers_name(name, host),
    }
}

fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|entry| entry.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, Some(port)),
        Some(_) | None => (entry, None),
    }
}

fn covers_address(name: &str, address: IpAddr) -> bool {
    let (network, length) = match name.split_once('/') {
        Some((network, length)) => (network, Some(length)),
        None => (name, None),
    };
    let length = length.map(str::parse::<u32>);
    match (network.parse(), address, length) {
        (Ok(network), _, None) => address == network,
        (Ok(IpAddr::V4(network)), IpAddr::V4(address), Some(Ok(length @ 0..=32))) => {
            let differing = network.to_bits() ^ address.to_bits();
            differing.leading_zeros() >= length
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address), Some(Ok(length @ 0..=128))) => {
            let differing = network.to_bits() ^ address.to_bits();
            differing.leading_zeros() >= length
        }
        (_, _, _) => false,
    }
}

fn covers_name(name: &str, host: &str) -> bool {
    let name = name.strip_prefix("*.").or(name.strip_prefix('.')).unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(before) = host.len().checked_sub(name.len()) else { return false };
    let is_suffix = host.get(before..).is_some_and(|end| end.eq_ignore_ascii_case(name));
    !name.is_empty() && is_suffix && (before == 0 || host.as_bytes().get(before - 1) == Some(&b'.'))
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the variable {}: {}", self.variable, self.error)
    }
}

impl core::error::Error for EnvError {}
