//! The ten promises of the design, each with the test of the same name. Other tests prove most of them in
//! more detail.

mod common;

use core::time::Duration;
use std::sync::Arc;

use bytes::Buf as _;
use common::heads::*;
use common::*;
use ws_core::handshake::{Accept, Agreement, ClientRequest};
use ws_core::{
    Config, Connection, Error, Event, Instant, KeepAlive, Message, ProtocolError, RecvBuf, Role, Transmit,
};

const NOW: Instant = Instant::ORIGIN;

fn open(role: Role, config: Config) -> Connection {
    Connection::upgraded(NOW, role, config, Agreement::default(), ENTROPY)
}

/// Promise 1, 6455-10.7-1: no input panics, in any state: random bytes, and legal ones with a few of them
/// changed.
#[test]
fn promise_1_no_input_panics() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let request = ClientRequest::new("h", "/").unwrap();
    let mut ends = 0;
    for round in 0..4000 {
        let role = BOTH[round % 2];
        let stream = round % 3 == 0;
        let config = Arc::new(Config::new().stream(stream).keep_alive(KeepAlive::default()));
        let (mut conn, mut bytes) = match round % 8 {
            0 => (Connection::client(NOW, config, &request, ENTROPY), ANSWER.as_bytes().to_vec()),
            1 => (Connection::server(NOW, config), REQUEST.as_bytes().to_vec()),
            _ => (Connection::upgraded(NOW, role, config, Agreement::default(), ENTROPY), Vec::new()),
        };
        for _ in 0..random() % 6 {
            let payload: Vec<u8> = (0..random() % 140).map(|_| random() as u8 % 200).collect();
            let first = [0x81, 0x82, 0x01, 0x80, 0x00, 0x89, 0x8A, 0x88][random() as usize % 8];
            bytes.extend(to(role, first, &payload));
        }
        if round % 4 > 1 && !bytes.is_empty() {
            for _ in 0..1 + random() % 3 {
                let at = random() as usize % bytes.len();
                bytes[at] = random() as u8;
            }
        }
        let mut buf = RecvBuf::new();
        buf.replace(vec![0; 100]);
        let mut seen = Vec::new();
        while !bytes.is_empty() {
            let n = 1 + random() as usize % bytes.len();
            buf.extend(&bytes[..n]);
            bytes.drain(..n);
            drain(&mut conn, NOW, &mut buf, &mut seen);
            let _ = conn.accept(NOW, &Accept::new());
            conn.handle_timeout(NOW + Duration::from_secs(random() % 50));
            take_output(&mut conn);
        }
        conn.handle_reset();
        drain(&mut conn, NOW, &mut buf, &mut seen);
        ends += usize::from(conn.is_closed());
    }
    // Only a request that is not answered keeps a connection from ending.
    assert!(ends > 3_900, "{ends}");
}

/// Promise 2, 6455-10.4-1: memory is bounded by the configuration, and an idle connection holds no heap
/// memory.
#[test]
fn promise_2_memory_is_bounded_and_idle_heap_is_zero() {
    let limit = 10_000;
    for role in BOTH {
        let config = Arc::new(Config::new().max_message(limit).max_output(limit));
        let fragment = to(role, CONTINUATION, &[1; 90]);
        let mut idle = None;
        let held = allocation_counter::measure(|| {
            let mut conn =
                Connection::upgraded(NOW, role, Arc::clone(&config), Agreement::default(), ENTROPY);
            let mut buf = RecvBuf::new();
            buf.replace(vec![0; 256]);
            buf.extend(&to(role, BINARY, b""));
            let mut result = Ok(());
            for _ in 0..10_000 {
                buf.extend(&fragment);
                buf.extend(&to(role, FIN | PING, &[2; 125]));
                while let Ok(Some(_)) =
                    conn.poll_event(NOW, &mut buf).inspect_err(|&error| result = Err(error))
                {}
            }
            assert_eq!(result, Err(Error::Protocol(ProtocolError::MessageTooBig)));
        });
        assert!(held.bytes_max < 8 * limit as u64, "{held:?}");
        let held = allocation_counter::measure(|| {
            let mut conn =
                Connection::upgraded(NOW, role, Arc::clone(&config), Agreement::default(), ENTROPY);
            let mut buf = RecvBuf::new();
            assert!(conn.poll_event(NOW, &mut buf).unwrap().is_none());
            idle = Some((conn, buf));
        });
        // Except for a client's masking keys.
        assert!(held.bytes_current <= if role == Role::Client { 144 } else { 0 }, "{held:?}");
        assert!(idle.is_some());
    }
}

/// Promise 3, 6455-6.2-1: any split of the same bytes gives the same events. (`Peer` cuts its input at every
/// place.)
#[test]
fn promise_3_any_split_gives_the_same_events() {
    for role in BOTH {
        let bytes = [
            to(role, FIN | TEXT, "é".as_bytes()),
            to(role, BINARY, b"1"),
            to(role, FIN | PING, b"2"),
            to(role, FIN, b"3"),
            close_to(role, 1000, "4"),
        ]
        .concat();
        let seen = [text("é"), ping(b"2"), binary(b"13"), close(1000, "4")];
        assert_eq!(peer(role).receives(&bytes), seen);
    }
}

/// Promise 4, 6455-6.1-8: output leaves only through `poll_transmit`. Everything that was queued comes out
/// there, once.
#[test]
fn promise_4_output_leaves_only_through_poll_transmit() {
    for role in BOTH {
        let keep_alive = KeepAlive::default();
        let mut peer = configured(role, Config::new().keep_alive(keep_alive));
        let deeds: [&dyn Fn(&mut Peer); 6] = [
            &|peer| peer.each(|conn| conn.send("a")).unwrap(),
            &|peer| peer.each(|conn| conn.send_lent("b").map(drop)).unwrap(),
            &|peer| peer.each(|conn| conn.ping(b"c")).unwrap(),
            &|peer| drop(peer.receives(to(role, FIN | PING, b"d"))),
            &|peer| peer.waits(Duration::from_secs(20)),
            &|peer| peer.close(1000, "e"),
        ];
        for deed in deeds {
            assert!(peer.each(|conn| conn.poll_transmit().is_none()));
            deed(&mut peer);
            let queued = peer.each(|conn| conn.queued());
            let bytes = peer.transmits();
            assert_eq!((bytes.len(), decode(role, &bytes).len()), (queued, 1));
            assert_eq!(peer.each(|conn| conn.queued()), 0);
        }
    }
}

/// Promise 5: an event stays lent until the buffer is used again. Meanwhile the connection can be used.
#[test]
fn promise_5_an_event_stays_lent_until_the_buffers_next_use() {
    for role in BOTH {
        let (mut conn, mut buf) = (open(role, Config::default()), RecvBuf::new());
        buf.extend(&[to(role, FIN | TEXT, b"lent"), to(role, FIN | TEXT, b"next")].concat());
        let Ok(Some(Event::Message(message))) = conn.poll_event(NOW, &mut buf) else { panic!("a message") };
        conn.send(message).unwrap();
        conn.ping(b"").unwrap();
        take_output(&mut conn);
        conn.close(NOW, None).unwrap();
        conn.handle_timeout(NOW + Duration::from_secs(100));
        conn.handle_reset();
        drop(conn);
        assert_eq!(message, Message::Text("lent"));
    }
}

/// Promise 6, 6455-7.1.7-7: after an error the connection only drains: it delivers and sends nothing until
/// the transport ends.
#[test]
fn promise_6_after_an_error_only_draining() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives(b"\x83"), [failed(ProtocolError::ReservedOpcode)]);
        assert_eq!(peer.sends().len(), 1);
        for bytes in
            [to(role, FIN | TEXT, b"a"), to(role, FIN | PING, b"b"), close_to(role, 1000, ""), vec![0; 999]]
        {
            assert_eq!(peer.receives(bytes), []);
            assert_eq!(peer.transmits(), b"");
        }
        assert!(peer.each(|conn| conn.wants_input()), "it still reads, to discard");
        peer.shut_down();
        assert_eq!(peer.receives_eof(), []);
        assert!(peer.is_closed());
    }
}

/// Promise 7: `handle_timeout` may be called early, late or twice. Each thing that is due happens once.
#[test]
fn promise_7_any_handle_timeout_is_harmless() {
    for role in BOTH {
        let keep_alive = KeepAlive::default();
        let mut peer = configured(role, Config::new().keep_alive(keep_alive));
        for _ in 0..10 {
            peer.waits(Duration::from_secs(1));
            peer.each(|conn| conn.handle_timeout(NOW));
        }
        assert_eq!(peer.transmits(), b"");
        peer.waits(Duration::from_secs(1000));
        peer.waits(Duration::ZERO);
        peer.waits(Duration::ZERO);
        assert_eq!(peer.sends().len(), 1, "one ping");
        assert!(peer.is_open());
    }
}

/// Promise 8: the core builds without std. Its default feature changes only how other crates detect SIMD
/// instructions.
///
/// That it needs nothing else from outside is checked in CI, which links it into a static library.
#[test]
fn promise_8_the_core_is_no_std() {
    let lib = include_str!("../src/lib.rs");
    assert!(lib.lines().any(|line| line == "#![no_std]"));
    assert!(!lib.contains("extern crate std"));
    let manifest = include_str!("../Cargo.toml");
    let std = manifest.lines().find_map(|line| line.strip_prefix("std = [")).expect("the feature is there");
    for name in std.trim_end_matches(']').split(", ") {
        let known = ["\"httparse/std\"", "\"simdutf8/std\"", "\"zlib-rs?/std\""];
        assert!(known.contains(&name), "{name} does more than detect SIMD instructions");
    }
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    let dependencies = dependencies.split("[dependencies]").nth(1).unwrap();
    // The `http` crate does not build without std, and neither does the feature `http`.
    for line in dependencies.lines().filter(|line| !line.is_empty() && !line.starts_with("http = ")) {
        assert!(line.contains("default-features = false") || line == "bytes.workspace = true", "{line}");
    }
}

/// Promise 9: the core forbids unsafe code.
#[test]
fn promise_9_unsafe_code_is_forbidden() {
    assert!(include_str!("../src/lib.rs").lines().any(|line| line == "#![forbid(unsafe_code)]"));
    assert!(include_str!("../../Cargo.toml").contains("\nunsafe_code = \"forbid\"\n"));
}

/// Promise 10: a write may be dropped between any two bytes: nothing is lost or corrupted, whether the
/// payload is queued, shared or lent.
#[test]
fn promise_10_a_write_may_stop_anywhere() {
    for role in BOTH {
        let payload = vec![b'p'; 5000];
        for stop in (0..10_100).step_by(97) {
            let mut conn = open(role, Config::default());
            conn.send_shared(ws_core::MessageKind::Binary, payload.clone().into()).unwrap();
            let mut written = Vec::new();
            {
                // A future that is dropped in the middle of a vectored write.
                let mut lent = conn.send_lent(&payload).unwrap();
                let mut left = stop.min(lent.remaining());
                while left > 0 {
                    let n = lent.chunk().len().min(left);
                    written.extend_from_slice(&lent.chunk()[..n]);
                    lent.advance(n);
                    left -= n;
                }
            }
            // Another one that is dropped after one byte, and the rest.
            if let Some(Transmit::Data(out)) = conn.poll_transmit() {
                written.push(out.chunk()[0]);
                out.advance(1);
            }
            conn.send("end").unwrap();
            written.extend(take_output(&mut conn));
            let sent = [(0x82, payload.clone()), (0x82, payload.clone()), (0x81, b"end".to_vec())];
            assert_eq!(decode(role, &written), sent);
        }
    }
}
