//! WebSocket URLs, and the requests for them.
#![cfg(feature = "url")]

use core::time::Duration;

use proptest::prelude::*;
use ws_core::{
    connect::{Connect, Target, UrlError},
    handshake::{ClientRequest, RequestError},
};

fn target(url: &str) -> Target {
    Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn error(url: &str) -> UrlError {
    assert!(Connect::new(url).is_err() && url.parse::<Target>().is_err());
    Target::parse(url).expect_err(url)
}

fn first_lines(connect: &Connect) -> String {
    let text = written(connect);
    text.split("\r\n").take(2).collect::<Vec<_>>().join("|")
}

fn written(connect: &Connect) -> String {
    let mut out = Vec::new();
    connect.request().write([0; 16], &mut out);
    String::from_utf8(out).expect("ASCII")
}

/// 6455-3-1, 6455-4.1-1: a URL begins with ws:// or wss:// and a host.
#[test]
fn other_urls_are_refused() {
    for (url, expected) in [
        ("", UrlError::SchemeInvalid),
        ("h", UrlError::SchemeInvalid),
        ("//h/", UrlError::SchemeInvalid),
        ("http://h/", UrlError::SchemeInvalid),
        ("https://h/", UrlError::SchemeInvalid),
        ("wsx://h/", UrlError::SchemeInvalid),
        ("ws:h", UrlError::SchemeInvalid),
        ("ws:/h", UrlError::SchemeInvalid),
        ("ws", UrlError::SchemeInvalid),
        ("ws://", UrlError::HostMissing),
        ("ws:///p", UrlError::HostMissing),
        ("ws://?q", UrlError::HostMissing),
        ("ws://:80/", UrlError::HostMissing),
        ("ws://u:p@/", UrlError::HostMissing),
        ("ws://u:p@:80/", UrlError::HostMissing),
        ("ws://h:99999/", UrlError::PortInvalid),
        ("ws://h:8a/", UrlError::PortInvalid),
        ("ws://h:-1/", UrlError::PortInvalid),
        ("ws://a b/", UrlError::HostInvalid),
        ("ws://a%20b/", UrlError::HostInvalid),
        ("ws://a\"b/", UrlError::HostInvalid),
        ("ws://a{b}/", UrlError::HostInvalid),
        ("ws://1.2.3.256/", UrlError::HostInvalid),
        (" ws://h/", UrlError::SpaceAround),
        ("ws://h/ ", UrlError::SpaceAround),
        ("ws://h/\n", UrlError::SpaceAround),
        ("ws://h/\r\nX: y", UrlError::ControlCharacter),
        ("w\ts://h/", UrlError::ControlCharacter),
        ("ws://h/a\tb", UrlError::ControlCharacter),
        ("ws://h/\0", UrlError::ControlCharacter),
        ("ws://h/\u{7f}", UrlError::ControlCharacter),
    ] {
        assert_eq!(error(url), expected, "{url:?}");
    }
}

/// 6455-3-2: the port is optional.
#[test]
fn the_port_depends_on_the_scheme() {
    for (url, port) in [
        ("ws://h/", 80),
        ("wss://h/", 443),
        ("ws://h:/", 80),
        ("wss://h:/", 443),
        ("ws://h:8080/", 8080),
        ("ws://h:00081/", 81),
        ("wss://h:80/", 80),
        ("ws://h:0/", 0),
        ("ws://h:65535", 65535),
    ] {
        assert_eq!(target(url).port(), port, "{url}");
    }
}

/// 6455-3-3: wss in any case is secure.
#[test]
fn the_scheme_decides_if_it_is_secure() {
    for (url, is_secure) in [("WSS://h/", true), ("wss://h/", true), ("Ws://h/", false), ("ws://h/", false)] {
        assert_eq!(target(url).is_secure(), is_secure, "{url}");
    }
}

/// 6455-3-4, 9112-3.2.1-1, 8307-1-1: the resource is path and query, as they were given.
#[test]
fn the_resource_is_path_and_query() {
    for (url, resource) in [
        ("ws://h", "/"),
        ("ws://h/", "/"),
        ("ws://h?x=1", "/?x=1"),
        ("ws://h/a?b=c%20d&e", "/a?b=c%20d&e"),
        ("ws://h/p?", "/p"),
        ("ws://h?", "/"),
        ("ws://h/p??", "/p??"),
        ("ws://h//a//", "//a//"),
        ("ws://h/a%2Fb", "/a%2Fb"),
        ("ws://h/.well-known/x", "/.well-known/x"),
        ("ws://u:p@h/a@b:c", "/a@b:c"),
    ] {
        assert_eq!(target(url).resource(), resource, "{url}");
        let line = format!("GET {resource} HTTP/1.1|Host: h");
        assert_eq!(first_lines(&Connect::new(url).unwrap()), line);
    }
}

/// 6455-3-5: a fragment is refused, even an empty one.
#[test]
fn a_fragment_is_refused() {
    for url in ["ws://h/p#f", "ws://h/p#", "ws://h/#", "ws://h#f", "ws://h?q#f"] {
        assert_eq!(error(url), UrlError::Fragment, "{url}");
    }
}

/// 6455-3-6: a `#` that belongs to the path must be escaped.
#[test]
fn a_hash_in_the_path_is_escaped() {
    assert_eq!(target("ws://h/a%23b").resource(), "/a%23b");
    let with_path = |path| target("ws://u:p@h:81/x?y").with_path(path).map(|target| target.to_string());
    assert_eq!(with_path("/a#b").as_deref(), Ok("ws://h:81/a%23b"));
    assert_eq!(with_path("a b?ü").as_deref(), Ok("ws://h:81/a%20b%3F%C3%BC"));
    assert_eq!(with_path("").as_deref(), Ok("ws://h:81/"));
    assert_eq!(with_path("/a\r\nX: y"), Err(UrlError::ControlCharacter));
    assert_eq!(with_path("/a\\b"), Err(UrlError::Backslash));
}

/// 6455-11.1-1, 3986-3.2.2-2: names become ASCII in small letters.
#[test]
fn international_names_become_punycode() {
    for (url, host) in [
        ("ws://bücher.example/", "xn--bcher-kva.example"),
        ("ws://BÜCHER.example/", "xn--bcher-kva.example"),
        ("ws://EXAMPLE.com/", "example.com"),
        ("ws://ex%61mple.com/", "example.com"),
    ] {
        assert_eq!((target(url).host(), target(url).host_header()), (host, host), "{url}");
    }
}

/// 6455-11.1-2, 9112-3.2-2: other characters above ASCII, and blanks, are percent-encoded.
#[test]
fn paths_and_queries_are_percent_encoded() {
    assert_eq!(target("ws://h/ü?ß").resource(), "/%C3%BC?%C3%9F");
    assert_eq!(target("ws://h/a b?c d").resource(), "/a%20b?c%20d");
    assert_eq!(target("ws://h/\"<>?\"<>").resource(), "/%22%3C%3E?%22%3C%3E");
}

/// 6455-11.1-3, 9112-3.2-1: user name and password are returned by their own methods, and shown nowhere else
/// (D1).
#[test]
fn userinfo_never_leaks() {
    let connect = Connect::new("wss://user:pass%20word@h:81/p").unwrap();
    let target = connect.target();
    assert_eq!(target.userinfo(), Some("user:pass%20word"));
    assert_eq!((target.host(), target.host_header()), ("h", "h:81"));
    assert_eq!(target.to_string(), "wss://h:81/p");
    for told in [format!("{target:?}"), format!("{connect:?}"), target.to_string(), written(&connect)] {
        assert!(!told.contains("user") && !told.contains("pass") && !told.contains('@'), "{told}");
    }
    assert_eq!(self::target("ws://h/").userinfo(), None);
}

/// 6455-11.1-3: the credentials of the URL are sent only if the caller asks for it (D1).
#[test]
fn basic_authorization_is_an_explicit_choice() {
    let credentials = |url| target(url).basic_credentials();
    assert_eq!(
        credentials("ws://Aladdin:open%20sesame@h/").as_deref(),
        Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    );
    assert_eq!(credentials("ws://u@h/").as_deref(), Some("Basic dTo="));
    assert_eq!(credentials("ws://u:a:b%@h/").as_deref(), Some("Basic dTphOmIl"));
    assert_eq!(credentials("ws://:p@h/").as_deref(), Some("Basic OnA="));
    assert_eq!(credentials("ws://a%3Ab:p@h/"), None);
    assert_eq!(credentials("ws://h/"), None);

    let connect = Connect::new("ws://u:p@h/").unwrap();
    assert!(!written(&connect).contains("Authorization"));
    let connect = connect.basic_authorization().unwrap();
    assert!(written(&connect).contains("\r\nAuthorization: Basic dTpw\r\n"));
    assert!(!format!("{connect:?}").contains("dTpw"));
    let colon = Connect::new("ws://a%3Ab:p@h/").unwrap().basic_authorization();
    assert_eq!(colon.err(), Some(RequestError::CredentialsInvalid));
    let none = Connect::new("ws://h/").unwrap().basic_authorization().unwrap();
    assert!(!written(&none).contains("Authorization"));
}

/// 3986-3.2.2-1: an IPv6 address has brackets in Host, and none in the address to connect to.
#[test]
fn ipv6_addresses_have_brackets_in_host() {
    let address = target("ws://[::1]:8080/");
    assert_eq!((address.host(), address.port(), address.host_header()), ("::1", 8080, "[::1]:8080"));
    assert_eq!(target("wss://[2001:DB8::0:1]").host_header(), "[2001:db8::1]");
    assert_eq!(error("ws://::1/"), UrlError::HostMissing);
    for url in ["ws://[::1", "ws://[fe80::1%25eth0]/", "ws://[]/", "ws://[::1]x/", "ws://[g::1]/"] {
        assert!(matches!(error(url), UrlError::HostInvalid | UrlError::PortInvalid), "{url}");
    }
}

/// 6455-4.1-14: Host has the port unless it is the default of the scheme.
#[test]
fn the_host_field_names_an_unusual_port() {
    for (url, host) in [
        ("ws://h:80/", "h"),
        ("ws://h:81/", "h:81"),
        ("wss://h:80/", "h:80"),
        ("ws://h:443/", "h:443"),
        ("wss://h:443/", "h"),
        ("ws://[::1]:80/", "[::1]"),
    ] {
        assert_eq!(target(url).host_header(), host, "{url}");
        assert_eq!(first_lines(&Connect::new(url).unwrap()), format!("GET / HTTP/1.1|Host: {host}"));
    }
}

/// 6455-4.1-13: the target of the request is the resource.
#[test]
fn the_request_asks_for_the_resource() {
    let connect = Connect::new("ws://h:8/p?q").unwrap();
    assert_eq!(first_lines(&connect), "GET /p?q HTTP/1.1|Host: h:8");
}

/// 6455-4.1-8: a target is shown as a URL with its own scheme.
#[test]
fn targets_show_as_urls() {
    for (url, shown) in [
        ("wss://h/p?q", "wss://h/p?q"),
        ("WS://U:P@EXAMPLE.com:80/p?", "ws://example.com/p"),
        ("wss://[::1]:9/", "wss://[::1]:9/"),
        ("ws://h", "ws://h/"),
    ] {
        let target = target(url);
        assert_eq!(target.to_string(), shown);
        assert_eq!(shown.parse::<Target>().unwrap().to_string(), shown);
        assert_eq!(format!("{target:?}"), format!("Target(\"{shown}\")"));
    }
}

/// url-H1: where URL parsers differ, URLs are parsed like this.
#[test]
fn urls_are_read_as_browsers_do_or_refused() {
    assert_eq!(target("ws://h/a/../b").resource(), "/b");
    assert_eq!(target("ws://h/a/%2e%2E/b").resource(), "/b");
    assert_eq!(target("ws://h/%zz").resource(), "/%zz");
    assert_eq!(target("ws://0x7f.1/").host(), "127.0.0.1");
    for url in ["ws://h/a\\b", "ws:\\\\h\\", "ws://h\\@evil/", "ws://h/?\\"] {
        assert_eq!(error(url), UrlError::Backslash, "{url}");
    }
}

/// 6455-12-1: host, port, resource, security, origin and subprotocols of a connection are returned.
#[test]
fn a_connection_is_described_in_full() {
    let connect = Connect::new("wss://h/p").unwrap().origin("https://h").unwrap();
    let connect = connect.subprotocol("a").unwrap().subprotocol("b").unwrap().field("Cookie", "c=1").unwrap();
    let target = connect.target();
    assert_eq!((target.host(), target.port(), target.resource(), target.is_secure()), ("h", 443, "/p", true));
    let text = written(&connect);
    for line in ["Origin: https://h", "Sec-WebSocket-Protocol: a, b", "Cookie: c=1"] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}");
    }
    let debug = format!("{connect:?}");
    assert!(debug.contains("Cookie") && !debug.contains("c=1"), "{debug}");
}

/// 6455-4.1-1, 6455-4.1-23, 6455-4.1-24, 6455-4.1-26:
/// A wrong part is refused when it is set.
#[test]
fn wrong_parts_are_refused_when_they_are_given() {
    let connect = || Connect::new("ws://h/").unwrap();
    assert_eq!(connect().origin("a b").err(), Some(RequestError::OriginInvalid));
    assert_eq!(connect().subprotocol("a b").err(), Some(RequestError::SubprotocolInvalid));
    let repeated = connect().subprotocol("a").unwrap().subprotocol("a");
    assert_eq!(repeated.err(), Some(RequestError::SubprotocolRepeated));
    assert_eq!(connect().field("X", "a\r\nY: b").err(), Some(RequestError::FieldValueInvalid));
    assert_eq!(connect().field("X Y", "a").err(), Some(RequestError::FieldNameInvalid));
    assert_eq!(connect().field("Sec-WebSocket-Key", "a").err(), Some(RequestError::FieldReserved));
}

/// 9112-3.2-3: a Host field replaces that of the URL, also after other fields.
#[test]
fn a_host_field_replaces_the_one_of_the_url() {
    let connect = Connect::new("ws://h:81/").unwrap().field("Host", "other").unwrap();
    assert_eq!(first_lines(&connect), "GET / HTTP/1.1|Host: other");
    assert_eq!(connect.target().host_header(), "h:81");
}

#[test]
fn opening_takes_thirty_seconds_at_most_by_default() {
    let connect = Connect::new("ws://h/").unwrap();
    assert_eq!(connect.time_limit(), Some(Duration::from_secs(30)));
    assert_eq!(connect.clone().timeout(None).time_limit(), None);
    assert_eq!(connect.timeout(Some(Duration::from_secs(1))).time_limit(), Some(Duration::from_secs(1)));
}

#[test]
fn connections_are_made_from_texts_and_targets() {
    for connect in [
        Connect::try_from("ws://h/p").unwrap(),
        Connect::try_from(String::from("ws://h/p")).unwrap(),
        Connect::from(target("ws://h/p")),
    ] {
        assert_eq!(connect.target(), &target("ws://h/p"));
    }
    assert_eq!(Connect::try_from("ws:h").err(), Some(UrlError::SchemeInvalid));
}

#[test]
fn errors_are_clauses_that_name_the_cause() {
    for error in [
        UrlError::SchemeInvalid,
        UrlError::HostMissing,
        UrlError::HostInvalid,
        UrlError::PortInvalid,
        UrlError::Fragment,
        UrlError::ControlCharacter,
        UrlError::SpaceAround,
        UrlError::Backslash,
    ] {
        let text = error.to_string();
        assert!(text.contains("URL") && !text.ends_with('.'), "{text}");
    }
}

proptest! {
    /// 6455-10.7-1, 9112-3.2-2: every accepted URL makes a valid request, and is shown as the same URL.
    #[test]
    fn any_accepted_url_makes_a_valid_request(url in "(ws|wss|WS|http)?:?//?[ -~üß\\t]{0,3}[a-zA-Z0-9.:@\\[\\]%-]{0,12}[ -~ü]{0,20}") {
        let Ok(target) = Target::parse(&url) else { return Ok(()) };
        prop_assert!(ClientRequest::new(target.host_header(), target.resource()).is_ok());
        prop_assert!(!target.host().is_empty());
        let again = target.to_string().parse::<Target>();
        prop_assert_eq!(again.map(|target| target.to_string()), Ok(target.to_string()));
        let _ = target.basic_credentials();
        let _ = Connect::from(target).request();
    }

    /// 6455-10.7-1: every path makes a valid target.
    #[test]
    fn any_accepted_path_makes_a_valid_request(path in "\\PC{0,20}") {
        let Ok(target) = Target::parse("ws://h/").unwrap().with_path(&path) else { return Ok(()) };
        prop_assert!(ClientRequest::new(target.host_header(), target.resource()).is_ok());
    }
}
