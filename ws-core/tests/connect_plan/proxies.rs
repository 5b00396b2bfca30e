//! The proxy that is selected for a connection.

use proptest::prelude::*;
use ws_core::connect::{EnvError, Proxies, Proxy, ProxyKind, ProxyUrlError, Target, UrlError};

use crate::run::connect;

fn proxy(url: &str) -> Proxy {
    Proxy::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn env(variables: &[(&str, &str)]) -> Result<Proxies, EnvError> {
    Proxies::from_env(|name| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).into())
    })
}

/// Returns the proxy that the environment selects for `url`.
fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<String> {
    let proxies = env(variables).unwrap();
    proxies.select(&Target::parse(url).unwrap()).map(|proxy| proxy.host().into())
}

/// Returns whether `url` is reached without a proxy, with these exceptions.
fn is_direct(url: &str, exceptions: &str) -> bool {
    let proxies = Proxies::from(proxy("http://p")).except(exceptions);
    proxies.select(&Target::parse(url).unwrap()).is_none()
}

/// 6455-4.1-5: a proxy is given by its URL.
#[test]
fn proxies_have_urls() {
    for (url, kind, host, port, shown) in [
        ("http://p", ProxyKind::Http, "p", 80, "http://p:80"),
        ("http://p:80/", ProxyKind::Http, "p", 80, "http://p:80"),
        ("p:3128", ProxyKind::Http, "p", 3128, "http://p:3128"),
        ("HTTPS://P.example", ProxyKind::Https, "p.example", 443, "https://p.example:443"),
        ("https://p:80", ProxyKind::Https, "p", 80, "https://p:80"),
        ("socks5://p", ProxyKind::Socks5, "p", 1080, "socks5://p:1080"),
        (
            "socks5h://u:p@bücher.example:443/x",
            ProxyKind::Socks5h,
            "xn--bcher-kva.example",
            443,
            "socks5h://xn--bcher-kva.example:443",
        ),
        ("socks5h://[::1]", ProxyKind::Socks5h, "::1", 1080, "socks5h://[::1]:1080"),
    ] {
        let proxy = proxy(url);
        assert_eq!((proxy.kind(), proxy.host(), proxy.port()), (kind, host, port), "{url}");
        assert_eq!(proxy.to_string(), shown);
        assert_eq!(format!("{proxy:?}"), format!("Proxy(\"{shown}\")"));
    }
}

/// 6455-4.1-5: a text that is not the URL of a proxy is refused before any I/O.
#[test]
fn other_urls_are_refused() {
    for (url, error) in [
        ("socks4://p", ProxyUrlError::SchemeUnsupported),
        ("ftp://p", ProxyUrlError::SchemeUnsupported),
        ("", ProxyUrlError::Url(UrlError::HostMissing)),
        ("http://", ProxyUrlError::Url(UrlError::HostMissing)),
        ("http://:80", ProxyUrlError::Url(UrlError::HostMissing)),
        ("http://u@", ProxyUrlError::Url(UrlError::HostMissing)),
        ("http://p:x", ProxyUrlError::Url(UrlError::PortInvalid)),
        ("http://a b", ProxyUrlError::Url(UrlError::HostInvalid)),
        ("http://p\r\nX: y", ProxyUrlError::Url(UrlError::ControlCharacter)),
        ("http://u:a#b@p", ProxyUrlError::Url(UrlError::Fragment)),
        ("http://a%3Ab:p@p", ProxyUrlError::CredentialsInvalid),
        ("socks5://:p@p", ProxyUrlError::CredentialsInvalid),
    ] {
        assert_eq!(url.parse::<Proxy>(), Err(error), "{url}");
        assert!(!error.to_string().ends_with('.'));
    }
    let long = vec![b'x'; 256];
    assert!(proxy("socks5://p").credentials("u", long.clone()).is_err());
    assert!(proxy("socks5://p").credentials(long.clone(), "").is_err());
    assert!(proxy("http://p").credentials("u", long).is_ok());
}

/// 6455-4.1-3p: credentials are not shown.
#[test]
fn credentials_are_not_shown() {
    let proxy = proxy("http://name:word@p");
    let connect = connect("ws://h/").proxy(proxy.clone());
    for shown in [format!("{proxy} {proxy:?} {connect:?}"), format!("{:?}", Proxies::from(proxy.clone()))] {
        assert!(!shown.contains("name:") && !shown.contains("word"), "{shown}");
    }
}

/// 6455-4.1-7: a proxy for WebSockets comes first, then SOCKS5, then that for HTTPS, then that for HTTP.
#[test]
fn socks_comes_first_then_https_then_http() {
    let (ws, wss) = ("ws://h/", "wss://h/");
    let (http, https) = (("http_proxy", "http"), ("HTTPS_PROXY", "https"));
    let (all, socks) = (("ALL_PROXY", "all"), ("ALL_PROXY", "socks5h://socks"));
    let choose = |variables: &[(&str, &str)]| [chosen(ws, variables), chosen(wss, variables)];
    let both = |ws: &str, wss: &str| [Some(ws.to_owned()), Some(wss.to_owned())];
    assert_eq!(choose(&[]), [None, None]);
    assert_eq!(choose(&[http]), [Some("http".into()), None]);
    assert_eq!(choose(&[http, all]), both("http", "all"));
    assert_eq!(choose(&[http, https, all]), both("https", "https"));
    assert_eq!(choose(&[http, https, socks]), both("socks", "socks"));
    assert_eq!(choose(&[https, socks, ("WS_PROXY", "ws")]), both("ws", "socks"));
    assert_eq!(choose(&[https, socks, ("wss_proxy", "wss")]), both("socks", "wss"));
    assert_eq!(choose(&[http, ("https_proxy", "SOCKS5://s")]), both("s", "s"));
}

/// 6455-4.1-7: lower-case names come first, empty values count as absent, and HTTP_PROXY is not read.
#[test]
fn variables_are_read_with_care() {
    assert_eq!(chosen("wss://h/", &[("https_proxy", "a"), ("HTTPS_PROXY", "b")]).as_deref(), Some("a"));
    assert_eq!(chosen("wss://h/", &[("https_proxy", ""), ("HTTPS_PROXY", "b")]).as_deref(), Some("b"));
    assert_eq!(chosen("ws://h/", &[("HTTP_PROXY", "a")]), None);
    assert_eq!(chosen("ws://h/", &[("ALL_PROXY", "a"), ("NO_PROXY", "h")]), None);
    let error = env(&[("ALL_PROXY", "socks4://h")]).unwrap_err();
    assert_eq!(error, EnvError { variable: "ALL_PROXY", error: ProxyUrlError::SchemeUnsupported });
    assert!(error.to_string().contains("ALL_PROXY"));
    assert!(env(&[("ALL_PROXY", "socks4://h"), ("HTTPS_PROXY", "p"), ("http_proxy", "p")]).is_ok());
}

/// 6455-4.1-6: an exception covers a name and all its subdomains.
#[test]
fn exceptions_cover_subdomains() {
    for (list, host, direct) in [
        ("example.com", "example.com", true),
        ("example.com", "www.example.com", true),
        ("example.com", "anexample.com", false),
        ("example.com", "example.com.org", false),
        ("example.com", "com", false),
        (".example.com", "example.com", true),
        (".example.com", "a.b.example.com", true),
        ("*.example.com", "a.example.com", true),
        ("EXAMPLE.com.", "example.com", true),
        ("example.com", "example.com.", true),
        ("a, example.com  b", "example.com", true),
        ("a,b", "example.com", false),
        ("", "h", false),
        (".", "h", false),
        (",, ,", "h", false),
        ("*", "h", true),
        ("xn--bcher-kva.example", "bücher.example", true),
        ("192.0.2.1", "192.0.2.1.example", false),
    ] {
        assert_eq!(is_direct(&format!("ws://{host}/"), list), direct, "{list} {host}");
    }
}

/// 6455-4.1-6: an exception may have a port.
#[test]
fn exceptions_may_hold_for_a_port() {
    for (list, url, direct) in [
        ("h:81", "ws://h:81/", true),
        ("h:81", "ws://h/", false),
        ("h:80", "ws://h/", true),
        ("h:443", "wss://h/", true),
        ("[::1]:81", "ws://[::1]:81/", true),
        ("[::1]:81", "ws://[::1]/", false),
        ("192.0.2.1:80", "ws://192.0.2.1/", true),
        ("h:", "ws://h/", false),
        ("h:x", "ws://h/", false),
    ] {
        assert_eq!(is_direct(url, list), direct, "{list} {url}");
    }
}

/// 6455-4.1-6: an exception may be an address or a network.
#[test]
fn exceptions_may_be_networks() {
    for (list, host, direct) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.11", false),
        ("10.0.0.0/8", "10.9.8.7", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("0.0.0.0/0", "11.0.0.1", true),
        ("0.0.0.0/0", "[::1]", false),
        ("192.0.2.4/30", "192.0.2.7", true),
        ("192.0.2.4/30", "192.0.2.8", false),
        ("192.0.2.4/33", "192.0.2.4", false),
        ("192.0.2.4/", "192.0.2.4", false),
        ("::1", "[::1]", true),
        ("[::1]", "[::1]", true),
        ("fd00::/8", "[fdff::1]", true),
        ("fd00::/8", "[fe00::1]", false),
        ("::/0", "[fe00::1]", true),
        ("2001:db8::/129", "[2001:db8::]", false),
        (".0.2.1", "192.0.2.1", false),
    ] {
        assert_eq!(is_direct(&format!("ws://{host}/"), list), direct, "{list} {host}");
    }
}

proptest! {
    /// 6455-10.7-1: no list of exceptions and no URL of a proxy causes a panic.
    #[test]
    fn any_list_and_any_proxy_are_borne(list in "[a-z0-9.:/*,\\[\\] ü]{0,30}", url in "(http|socks5)?:?/{0,2}\\PC{0,20}") {
        for target in ["ws://h/", "wss://[::1]/", "ws://192.0.2.1:8/"] {
            let _ = is_direct(target, &list);
        }
        if let Ok(proxy) = Proxy::parse(&url) {
            prop_assert!(!proxy.host().is_empty());
            prop_assert_eq!(proxy.to_string().parse::<Proxy>().unwrap().to_string(), proxy.to_string());
        }
    }
}
