//! From the name to the opening handshake, without a proxy.

use core::time::Duration;

use proptest::prelude::*;
use ws_core::connect::{Action, ConnectError, DialFailure, Peer, Stage};
use ws_core::{Config, Error, RecvBuf, Timeout};

use crate::run::{Run, address, connect};

/// 6455-4.1-6, 6455-4.1-2, 6455-4.1-10: without a proxy the host itself is dialled, and then the handshake is
/// sent.
#[test]
fn a_plain_url_is_resolved_dialled_and_opened() {
    let mut run = Run::to("ws://h:81/p");
    assert_eq!(run.action(), "resolve h 81");
    assert_eq!(run.action(), "resolve h 81");
    run.resolve(&["192.0.2.1:81"]);
    run.take();
    assert_eq!(run.action(), "open");
    assert_eq!(run.action(), "open");
    assert!(run.request().starts_with("GET /p HTTP/1.1\r\nHost: h:81\r\n"));
}

/// 6455-4.1-9b: for `wss`, TLS with the host's name comes before the handshake.
#[test]
fn a_secure_url_starts_tls_first() {
    for (url, dialled, name) in [
        ("wss://EXAMPLE.com/", "192.0.2.1:443", "example.com"),
        ("wss://bücher.example./", "192.0.2.1:443", "xn--bcher-kva.example"),
        ("wss://[2001:DB8::1]:9/", "[2001:db8::1]:9", "2001:db8::1"),
        ("wss://192.0.2.1/", "192.0.2.1:443", "192.0.2.1"),
    ] {
        let mut run = Run::to(url);
        if run.plan.connect().target().host().parse::<core::net::IpAddr>().is_err() {
            assert!(run.action().starts_with("resolve"));
            run.resolve(&["192.0.2.1:443"]);
        }
        let (attempt, address) = run.dial();
        assert_eq!(address.to_string(), dialled);
        assert!(run.plan.handle_connected(attempt));
        assert_eq!(run.action(), format!("tls with the server: {name}"));
        assert_eq!(run.action(), format!("tls with the server: {name}"));
        run.plan.handle_secured(Some(b"http/1.1"));
        assert_eq!(run.action(), "open");
    }
}

/// 6455-4.1-9b: without TLS the handshake is not sent.
#[test]
fn a_failure_of_tls_ends_the_plan() {
    let mut run = Run::to("wss://192.0.2.1/");
    run.take();
    run.action();
    run.plan.handle_failed("no certificate");
    assert_eq!(run.action(), "failed: no TLS with the server: no certificate");
    assert_eq!(run.action(), "wait");
}

/// 6455-4.1-9: a transport that breaks before the server's answer is an error.
#[test]
fn a_transport_may_break_during_the_handshake() {
    let mut run = Run::to("ws://192.0.2.1/");
    run.take();
    assert_eq!(run.action(), "open");
    run.plan.handle_failed("reset");
    assert_eq!(run.action(), "failed: the connection to the server broke: reset");
}

/// 7301-3.1-1: nothing is sent to a server that chose another protocol. A server without ALPN is fine.
#[test]
fn only_http_1_1_is_spoken() {
    for (alpn, action) in [
        (None, "open"),
        (Some(&b"http/1.1"[..]), "open"),
        (Some(b"h2"), "failed: the server chose a protocol that was not offered"),
    ] {
        let mut run = Run::to("wss://192.0.2.1/");
        run.take();
        run.action();
        run.plan.handle_secured(alpn);
        assert_eq!(run.action(), action);
    }
}

/// srv-2: a look-up may return other hosts and ports. Host and the name in TLS stay those of the URL.
#[test]
fn a_resolver_may_send_to_other_ports() {
    let mut run = Run::to("wss://example.com/");
    run.action();
    run.resolve(&["192.0.2.1:8443", "192.0.2.2:9443"]);
    assert_eq!(run.dial().1, address("192.0.2.1:8443"));
    run.after(250);
    let (attempt, second) = run.dial();
    assert_eq!(second, address("192.0.2.2:9443"));
    assert!(run.plan.handle_connected(attempt));
    assert_eq!(run.action(), "tls with the server: example.com");
    run.plan.handle_secured(None);
    assert!(run.request().contains("\r\nHost: example.com\r\n"));
}

/// 3986-3.2.2-1: an address is dialled without a look-up.
#[test]
fn addresses_are_dialled_as_they_stand() {
    assert_eq!(Run::to("ws://[::1]:8080/").action(), "dial [::1]:8080");
    assert_eq!(Run::to("ws://127.0.0.1/").action(), "dial 127.0.0.1:80");
}

/// 8305-H: the families take turns, starting with that of the first address.
#[test]
fn families_take_turns() {
    let v4 = ["192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80"];
    let v6 = ["[2001:db8::1]:80", "[2001:db8::2]:80"];
    for (addresses, order) in [
        ([v6[0], v6[1], v4[0], v4[1], v4[2]], [v6[0], v4[0], v6[1], v4[1], v4[2]]),
        ([v4[0], v4[1], v4[2], v6[0], v6[1]], [v4[0], v6[0], v4[1], v6[1], v4[2]]),
    ] {
        let mut run = Run::to("ws://h/");
        run.action();
        run.resolve(&addresses);
        for expected in order {
            assert_eq!(run.action(), format!("dial {expected}"));
            run.after(250);
        }
        assert_eq!(run.action(), "wait 28750");
    }
}

/// 8305-H: an attempt starts 250 ms after the one before, or as soon as that failed.
#[test]
fn attempts_begin_in_turn() {
    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve(&["192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80"]);
    let (first, _) = run.dial();
    assert_eq!(run.action(), "wait 250");
    run.after(249);
    assert_eq!(run.action(), "wait 1");
    run.after(1);
    let (second, _) = run.dial();
    run.after(10);
    assert_eq!(run.action(), "wait 240");
    run.plan.handle_dial_failed(run.now, second, "refused");
    let (third, _) = run.dial();
    assert_eq!(run.action(), "wait 29740");
    run.plan.handle_dial_failed(run.now, third, "refused");
    assert_eq!(run.action(), "wait 29740");
    assert!(run.plan.handle_connected(first));
    assert_eq!(run.action(), "open");
}

/// 8305-H: the first attempt that connects wins. The others are too late.
#[test]
fn the_first_that_connects_wins() {
    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve(&["192.0.2.1:80", "192.0.2.2:80"]);
    let (first, _) = run.dial();
    let (second, _) = run.after(250).dial();
    assert!(run.plan.handle_connected(second));
    assert!(!run.plan.handle_connected(first));
    assert!(!run.plan.handle_connected(second));
    run.plan.handle_dial_failed(run.now, first, "refused");
    assert_eq!(run.action(), "open");
}

/// 8305-H: IPv4 addresses that come first wait 50 ms for IPv6 addresses, but IPv6 addresses do not wait.
#[test]
fn ipv6_addresses_may_come_a_little_later() {
    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve_some(&["192.0.2.1:80"]);
    assert_eq!(run.action(), "wait 50");
    run.after(20).resolve(&["[2001:db8::1]:80"]);
    assert_eq!(run.action(), "dial [2001:db8::1]:80");
    assert_eq!(run.after(250).action(), "dial 192.0.2.1:80");

    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve_some(&["192.0.2.1:80"]);
    assert_eq!(run.after(50).action(), "dial 192.0.2.1:80");
    run.after(10).resolve(&["[2001:db8::1]:80"]);
    assert_eq!(run.action(), "wait 240");
    assert_eq!(run.after(240).action(), "dial [2001:db8::1]:80");

    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve_some(&["[2001:db8::1]:80"]);
    assert_eq!(run.action(), "dial [2001:db8::1]:80");
    assert_eq!(run.action(), "wait 30000");
    run.plan.handle_failed("no such record");
    assert_eq!(run.action(), "wait 30000");
}

/// 6455-4.1-9, 8305-H: if no attempt succeeds, the error has the result of each.
#[test]
fn all_attempts_are_reported() {
    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve(&["192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.1:80"]);
    run.refuse();
    run.refuse();
    let error = run.failure();
    assert!(!error.is_timeout());
    assert_eq!(error.to_string(), "cannot connect to h: 192.0.2.1:80 (refused), [2001:db8::1]:80 (refused)");
    let ConnectError::Dial { host, failures } = error else { panic!("{error:?}") };
    assert_eq!(host, "h");
    assert_eq!(failures[0], DialFailure { address: address("192.0.2.1:80"), error: Some("refused") });

    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve(&[]);
    assert_eq!(run.action(), "failed: h has no address");
    let mut run = Run::to("ws://h/");
    run.action();
    run.plan.handle_failed("no such name");
    assert_eq!(run.action(), "failed: cannot look up h: no such name");
}

/// 6455-4.1-2c, 8305-H: the time limit covers every step, and the error has the step that took too long.
#[test]
fn the_time_limit_covers_every_step() {
    let mut run = Run::to("wss://h/");
    run.action();
    assert_eq!(run.after(30_000).action(), "failed: timed out: the name was not looked up in time");

    let mut run = Run::to("wss://h/");
    run.action();
    run.resolve(&["192.0.2.1:443", "192.0.2.2:443"]);
    run.refuse();
    run.dial();
    run.after(30_000);
    let error = run.failure();
    assert!(error.is_timeout());
    assert_eq!(
        error.to_string(),
        "cannot connect to h: 192.0.2.1:443 (refused), 192.0.2.2:443 (no answer in time)"
    );

    let mut run = Run::new(connect("wss://192.0.2.1/").timeout(Some(Duration::from_secs(1))));
    run.take();
    run.action();
    let error = run.after(1000).failure();
    assert!(matches!(error, ConnectError::TimedOut(Stage::Securing(Peer::Server))));

    let mut run = Run::to("ws://192.0.2.1/");
    run.take();
    run.action();
    assert_eq!(run.after(30_000).action(), "failed: timed out: the opening handshake took too long");

    let mut run = Run::new(connect("ws://h/").timeout(None));
    run.action();
    assert_eq!(run.after(1_000_000_000).action(), "resolve h 80");
    run.resolve(&["192.0.2.1:80"]);
    run.dial();
    assert_eq!(run.after(1_000_000_000).action(), "wait");
}

/// 6455-4.1-2c: the opening handshake has until the plan's deadline, or less if `Config` has a shorter
/// timeout.
#[test]
fn the_opening_handshake_ends_by_the_deadline() {
    for (limit, opening, due) in [
        (Some(30), Some(10), Some(14)),
        (Some(10), Some(10), Some(10)),
        (Some(10), None, Some(10)),
        (None, None, None),
    ] {
        let seconds = |n: Option<u64>| n.map(Duration::from_secs);
        let mut run = Run::new(connect("ws://192.0.2.1/").timeout(seconds(limit)));
        run.take();
        run.after(4000);
        let config = Config::new().opening_timeout(seconds(opening));
        let mut conn = run.plan.connection(run.now, config, [0; 32]);
        assert_eq!(conn.poll_timeout().map(|at| at.since_origin()), seconds(due));
        if let Some(at) = conn.poll_timeout() {
            conn.handle_timeout(at);
            let error = conn.poll_event(at, &mut RecvBuf::new()).unwrap_err();
            assert_eq!(error, Error::TimedOut(Timeout::Opening));
        }
    }
}

/// 8305-H: with one address at a time, each gets its share of the remaining time.
#[test]
fn addresses_can_be_dialled_one_at_a_time() {
    let mut run = Run::new(connect("ws://h/").attempt_delay(None));
    run.action();
    run.resolve(&["192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80"]);
    for left in [10_000, 10_000, 10_000] {
        match run.plan.poll_action(run.now) {
            Action::Dial { until, alone, .. } => {
                assert!(alone);
                assert_eq!(until.map(|until| (until - run.now).as_millis()), Some(left));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(run.action(), format!("wait {left}"));
        run.after(left.try_into().unwrap());
    }
    assert!(run.failure().is_timeout());
}

#[test]
fn an_attempt_without_competitors_is_marked_as_alone() {
    let mut run = Run::to("ws://h/");
    run.action();
    run.resolve(&["192.0.2.1:80", "192.0.2.2:80"]);
    let mut alone = || match run.plan.poll_action(run.now) {
        Action::Dial { attempt, alone, .. } => {
            run.plan.handle_dial_failed(run.now, attempt, "refused");
            alone
        }
        other => panic!("{other:?}"),
    };
    assert!(!alone());
    assert!(alone());
}

/// An event of the network, in any order.
#[derive(Clone, Debug)]
enum Event {
    Resolved(Vec<u8>, bool),
    Failed,
    Connected(usize),
    DialFailed(usize),
    Secured(bool),
    Written(usize),
    Read(Vec<u8>),
    Passed(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let addresses = proptest::collection::vec(any::<u8>(), 0..5);
    prop_oneof![
        (addresses, any::<bool>()).prop_map(|(addresses, is_last)| Event::Resolved(addresses, is_last)),
        Just(Event::Failed),
        (0..6_usize).prop_map(Event::Connected),
        (0..6_usize).prop_map(Event::DialFailed),
        any::<bool>().prop_map(Event::Secured),
        any::<usize>().prop_map(Event::Written),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Event::Read),
        (0..2000_u64).prop_map(Event::Passed),
    ]
}

const URLS: [&str; 4] = ["ws://h/", "wss://h/", "ws://[::1]/", "wss://192.0.2.1/"];
const PROXIES: [&str; 5] = ["", "http://p", "https://u:p@p", "socks5://192.0.2.9", "socks5h://u:p@p"];

proptest! {
    /// 6455-10.7-1, 8305-H: no order of events causes a panic. Each address is dialled once, and the plan
    /// ends at its deadline.
    #[test]
    fn any_order_of_events_ends(
        url in 0..URLS.len(),
        proxy in 0..PROXIES.len(),
        one_at_a_time in any::<bool>(),
        events in proptest::collection::vec(event(), 0..40),
    ) {
        let mut connect = connect(URLS[url]);
        if !PROXIES[proxy].is_empty() {
            connect = connect.proxy(PROXIES[proxy].parse::<ws_core::connect::Proxy>().unwrap());
        }
        if one_at_a_time {
            connect = connect.attempt_delay(None);
        }
        let mut run = Run::new(connect);
        let mut attempts = Vec::new();
        let mut ended = false;
        for event in events {
            for _ in 0..3 {
                match run.plan.poll_action(run.now) {
                    Action::Dial { attempt, .. } => {
                        prop_assert!(!attempts.contains(&attempt) && !ended);
                        attempts.push(attempt);
                    }
                    Action::Failed(_) => ended = true,
                    Action::Wait { until: Some(until) } => prop_assert!(until > run.now),
                    Action::Read(room) => prop_assert!(!room.is_empty()),
                    Action::Write(bytes) => prop_assert!(!bytes.is_empty()),
                    Action::Wait { until: None } => prop_assert!(ended),
                    Action::Resolve { .. } | Action::StartTls { .. } | Action::Open => {}
                }
            }
            match event {
                Event::Resolved(addresses, is_last) => {
                    let addresses = addresses.iter().map(|n| {
                        address(&if n % 2 == 0 { format!("192.0.2.{n}:80") } else { format!("[::{n}]:80") })
                    });
                    if is_last {
                        run.plan.handle_resolved(run.now, addresses);
                    } else {
                        run.plan.handle_partly_resolved(run.now, addresses);
                    }
                }
                Event::Failed => run.plan.handle_failed("failed"),
                Event::Connected(n) => {
                    if let Some(attempt) = attempts.get(n) {
                        let _ = run.plan.handle_connected(*attempt);
                    }
                }
                Event::DialFailed(n) => {
                    if let Some(attempt) = attempts.get(n) {
                        run.plan.handle_dial_failed(run.now, *attempt, "refused");
                    }
                }
                Event::Secured(knows_alpn) => run.plan.handle_secured(knows_alpn.then_some(b"http/1.1")),
                Event::Written(n) => run.plan.handle_written(n),
                Event::Read(bytes) => {
                    let n = match run.plan.poll_action(run.now) {
                        Action::Read(room) => {
                            let n = room.len().min(bytes.len());
                            room[..n].copy_from_slice(&bytes[..n]);
                            n
                        }
                        Action::Failed(_) => { ended = true; 0 }
                        Action::Dial { attempt, .. } => { attempts.push(attempt); bytes.len() }
                        _ => bytes.len(),
                    };
                    run.plan.handle_read(n);
                }
                Event::Passed(millis) => {
                    run.after(millis);
                }
            }
        }
        run.after(40_000);
        let mut last = run.action();
        while last.starts_with("dial") {
            last = run.action();
        }
        prop_assert!(last.starts_with("failed") || ended, "{}", last);
    }

    /// 8305-H: every address is dialled once, and the families alternate while both have addresses.
    #[test]
    fn every_address_is_dialled_once(hosts in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut run = Run::to("ws://h/");
        run.action();
        let addresses: Vec<String> = hosts
            .iter()
            .map(|n| if n % 2 == 0 { format!("192.0.2.{n}:80") } else { format!("[::{n}]:80") })
            .collect();
        run.resolve(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
        let mut dialled = Vec::new();
        while let Action::Dial { attempt, address, .. } = run.plan.poll_action(run.now) {
            dialled.push(address);
            run.plan.handle_dial_failed(run.now, attempt, "refused");
        }
        let mut expected: Vec<_> = addresses.iter().map(|text| address(text)).collect();
        prop_assert_eq!(dialled.first(), expected.first());
        let both = dialled.iter().filter(|a| a.is_ipv4()).count().min(dialled.iter().filter(|a| a.is_ipv6()).count());
        for pair in dialled[..both * 2].windows(2) {
            prop_assert!(pair[0].is_ipv4() != pair[1].is_ipv4());
        }
        expected.sort();
        expected.dedup();
        dialled.sort();
        prop_assert_eq!(dialled, expected);
    }
}
