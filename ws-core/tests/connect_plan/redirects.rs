//! Redirects: followed only if the caller allows it, and without secrets.

use proptest::prelude::*;
use ws_core::connect::{Connect, ConnectError, Proxy, RedirectError, Target, UrlError};
use ws_core::{Config, Event, RecvBuf};

use crate::run::{Run, connect};

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// Returns a run that has reached its server, which is given by an address.
fn reach(connect: Connect) -> Run {
    let mut run = Run::new(connect);
    reach_again(&mut run);
    run
}

fn reach_again(run: &mut Run) {
    run.take();
    if run.plan.connect().target().is_secure() {
        assert!(run.action().starts_with("tls"));
        run.plan.handle_secured(None);
    }
}

/// 6455-4.1-29: a redirect is an answer like any other unless the caller allows it to be followed.
#[test]
fn redirects_are_not_followed_by_default() {
    let mut run = reach(connect("ws://192.0.2.1/"));
    run.answer(&redirect(302, "ws://192.0.2.2/"));
    let response = run.rejection();
    assert_eq!((response.status, response.field("location")), (302, Some(&b"ws://192.0.2.2/"[..])));
}

/// 6455-4.1-29: if allowed, 301, 302, 303, 307 and 308 are followed. Other answers are not.
#[test]
fn redirects_are_followed_if_allowed() {
    for status in [301, 302, 303, 307, 308] {
        let mut run = reach(connect("ws://192.0.2.1/").follow_redirects(1));
        run.answer(&redirect(status, "/there"));
        assert_eq!(run.action(), "dial 192.0.2.1:80");
        assert!(run.request().starts_with("GET /there HTTP/1.1\r\n"));
    }
    for answer in [
        "HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n".into(),
        redirect(300, "/"),
        redirect(304, "/"),
        redirect(200, "/"),
        redirect(401, "/"),
    ] {
        let mut run = reach(connect("ws://192.0.2.1/").follow_redirects(1));
        run.answer(&answer);
        assert!(answer.contains(&run.rejection().status.to_string()));
    }
}

/// 6455-4.1-29: a location is resolved against the URL. `http` becomes `ws`, and fragment and credentials are
/// dropped.
#[test]
fn locations_are_resolved() {
    for (location, led) in [
        ("/a?b", "wss://192.0.2.1:9/a?b"),
        ("c", "wss://192.0.2.1:9/p/c"),
        ("?c", "wss://192.0.2.1:9/p/q?c"),
        ("", "wss://192.0.2.1:9/p/q?r"),
        ("//192.0.2.2/x#f", "wss://192.0.2.2/x"),
        ("https://192.0.2.2/x", "wss://192.0.2.2/x"),
        ("wss://u:p@[::2]:8/ü", "wss://[::2]:8/%C3%BC"),
    ] {
        let mut run = reach(connect("wss://192.0.2.1:9/p/q?r").follow_redirects(1));
        run.answer(&redirect(302, location));
        assert!(run.action().starts_with("dial"), "{location}");
        let target = run.plan.connect().target();
        assert_eq!((&target.to_string()[..], target.userinfo()), (led, None));
    }
    let mut run = reach(connect("ws://192.0.2.1/").follow_redirects(1));
    run.answer(&redirect(302, "http://h:8/x"));
    assert_eq!(run.action(), "resolve h 8");
}

/// 6455-4.1-29: a redirect from `wss` to `ws`, or to a URL that is not a WebSocket URL, is not followed.
#[test]
fn bad_redirects_are_not_followed() {
    let refused = |location: &str| {
        let mut run = reach(connect("wss://192.0.2.1/").follow_redirects(9));
        run.answer(&redirect(302, location));
        match run.failure() {
            ConnectError::Redirected { error, response } => {
                assert_eq!(response.status, 302);
                error
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused("ws://192.0.2.1/"), RedirectError::Insecure);
    assert_eq!(refused("http://192.0.2.2/"), RedirectError::Insecure);
    assert_eq!(refused("ftp://192.0.2.2/"), RedirectError::Url(UrlError::SchemeInvalid));
    assert_eq!(refused("https://a b/"), RedirectError::Url(UrlError::HostInvalid));
    assert_eq!(refused("/a\\b"), RedirectError::Url(UrlError::Backslash));
    assert_eq!(refused("/a\tb"), RedirectError::Url(UrlError::ControlCharacter));
}

/// 6455-4.1-29: the number of redirects is limited.
#[test]
fn redirects_are_counted() {
    let mut run = reach(connect("ws://192.0.2.1/").follow_redirects(2));
    for _ in 0..2 {
        run.answer(&redirect(307, "/"));
        reach_again(&mut run);
    }
    run.answer(&redirect(307, "/"));
    let error = run.failure();
    assert_eq!(error.to_string(), "the server answered 307 x: there were too many redirects");
    assert!(matches!(error, ConnectError::Redirected { error: RedirectError::TooMany, .. }));
}

/// 6455-4.1-29: a redirect whose body does not end before the time limit is the error, not the time limit
/// itself.
#[test]
fn a_redirect_that_comes_too_late_is_reported() {
    let mut run = reach(connect("ws://192.0.2.1/").follow_redirects(1));
    assert_eq!(run.action(), "open");
    let mut conn = run.plan.connection(run.now, Config::new().opening_timeout(None), [7; 32]);
    let mut buf = RecvBuf::new();
    buf.extend(b"HTTP/1.1 302 x\r\nLocation: /there\r\n\r\nThis page has");
    assert!(matches!(conn.poll_event(run.now, &mut buf), Ok(None)));
    conn.handle_timeout(run.after(30_000).now);
    match conn.poll_event(run.now, &mut buf) {
        Ok(Some(Event::Rejected(response))) => run.plan.handle_rejected(&response),
        other => panic!("{other:?}"),
    }
    let error = run.failure();
    assert_eq!(error.to_string(), "the server answered 302 x: the redirect came too late to be followed");
    assert!(error.is_timeout() && error.is_temporary(|_| false));
}

/// 6455-11.1-3: fields may be secrets, so they are not sent to another origin, and not even when a redirect
/// leads back.
#[test]
fn secrets_stay_with_their_origin() {
    let asked = || {
        let connect = connect("ws://u:p@192.0.2.1/").follow_redirects(5).basic_authorization().unwrap();
        let connect = connect.field("Cookie", "c=1").unwrap().field("X-Api-Key", "secret").unwrap();
        let connect = connect.field("Host", "virtual").unwrap().field("user-agent", "me").unwrap();
        connect.origin("http://o").unwrap().subprotocol("chat").unwrap()
    };
    let mut run = reach(asked());
    run.answer(&redirect(302, "ws://192.0.2.1:80/other"));
    let request = run.request();
    for kept in ["Authorization", "Cookie", "X-Api-Key: secret", "Host: virtual", "user-agent: me"] {
        assert!(request.contains(kept), "{kept}");
    }
    for elsewhere in ["ws://192.0.2.2/", "ws://192.0.2.1:81/", "wss://192.0.2.1/"] {
        let mut run = reach(asked());
        run.answer(&redirect(302, elsewhere));
        for _ in 0..2 {
            let request = run.request();
            for secret in ["Authorization", "Cookie", "X-Api-Key", "virtual"] {
                assert!(!request.contains(secret), "{secret}");
            }
            for kept in ["user-agent: me", "Origin: http://o", "Sec-WebSocket-Protocol: chat"] {
                assert!(request.contains(kept), "{kept}");
            }
            reach_again(&mut run);
            run.answer(&redirect(302, "wss://192.0.2.1/"));
        }
    }
}

/// 6455-4.1-5: each target has its own proxy.
#[test]
fn the_proxy_is_chosen_anew() {
    let proxy: Proxy = "http://192.0.2.9".parse().unwrap();
    let proxies = ws_core::connect::Proxies::from(proxy).except("192.0.2.1");
    let mut run = reach(connect("ws://192.0.2.1/").follow_redirects(1).proxy(proxies));
    assert!(run.plan.proxy().is_none());
    run.answer(&redirect(302, "ws://192.0.2.2/"));
    assert_eq!(run.action(), "dial 192.0.2.9:80");
    assert!(run.plan.proxy().is_some());
}

proptest! {
    /// 6455-10.7-1: any location leads to a WebSocket URL that is at least as secure, or is refused.
    #[test]
    fn any_location_is_borne(location in "(ws|wss|http|https|x)?:?/{0,2}[a-z0-9.:@\\[\\]%-]{0,12}[ -~ü]{0,20}") {
        let mut run = reach(connect("wss://192.0.2.1/").follow_redirects(1));
        run.answer(&redirect(302, &location));
        let action = run.action();
        if !action.starts_with("failed") {
            let target = run.plan.connect().target();
            prop_assert!(target.is_secure());
            prop_assert_eq!(Target::parse(&target.to_string()).unwrap().to_string(), target.to_string());
        }
    }
}
