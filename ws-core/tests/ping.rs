//! Pings and pongs (§5.5.2, §5.5.3).

mod common;

use bytes::Buf as _;
use common::*;
use ws_core::{Config, SendError, Transmit};

/// 6455-5.5.2-1, 6455-5.5.2-2, 6455-5.5.2-4, 6455-5.5.3-1:
/// A ping is answered by a pong with the same data: empty, any bytes, 125 bytes.
#[test]
fn a_ping_is_answered_with_its_own_payload() {
    for role in BOTH {
        let mut peer = peer(role);
        let bytes: Vec<u8> = (131..=255).collect();
        for payload in [&b""[..], b"h", b"hi", b"\0\xff", &bytes] {
            assert_eq!(peer.receives(to(role, FIN | PING, payload)), [ping(payload)]);
            assert_eq!(peer.sends(), [(FIN | PONG, payload.to_vec())]);
        }
    }
}

/// 6455-5.5.2-2, 6455-5.5.3-1: while the peer reads, each ping has its own pong, in order, also when many
/// come at once.
#[test]
fn every_ping_is_answered_in_order() {
    for role in BOTH {
        let mut peer = peer(role);
        let pings: Vec<u8> = (0..200).flat_map(|i| to(role, FIN | PING, &[i])).collect();
        assert_eq!(peer.receives(pings).len(), 200);
        let pongs: Vec<_> = (0..200).map(|i| (FIN | PONG, vec![i])).collect();
        assert_eq!(peer.sends(), pongs);
    }
}

/// 6455-5.5.3-2: while the queue is above its mark, only the latest ping is answered, once there is room.
#[test]
fn only_the_latest_ping_is_answered_while_the_peer_does_not_read() {
    for role in BOTH {
        let mut peer = configured(role, Config::new().max_output(100));
        peer.each(|conn| conn.send(&[0; 200])).unwrap();
        let full = peer.each(|conn| conn.queued());
        for i in 0..100 {
            assert_eq!(peer.receives(to(role, FIN | PING, &[i])), [ping(&[i])]);
            assert_eq!(peer.each(|conn| conn.queued()), full, "no room, no pong");
        }
        let frames = peer.sends();
        assert_eq!(frames, [(FIN | BINARY, vec![0; 200]), (FIN | PONG, vec![99])]);

        // A shorter payload after a longer one is not mixed with it.
        peer.each(|conn| conn.send(&[0; 200])).unwrap();
        peer.receives(to(role, FIN | PING, &[1; 125]));
        peer.receives(to(role, FIN | PING, b"z"));
        assert_eq!(peer.sends()[1], (FIN | PONG, b"z".to_vec()));
    }
}

/// 6455-5.5.3-2: a waiting pong leaves before the answers to later pings, once the peer reads again.
#[test]
fn the_waiting_pong_comes_first() {
    for role in BOTH {
        let mut peer = configured(role, Config::new().max_output(100));
        peer.each(|conn| conn.send(&[0; 200])).unwrap();
        peer.receives(to(role, FIN | PING, b"1"));
        peer.each(|conn| {
            let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!("a message is queued") };
            out.advance(out.remaining());
        });
        peer.receives(to(role, FIN | PING, b"2"));
        assert_eq!(peer.sends(), [(FIN | PONG, b"1".to_vec()), (FIN | PONG, b"2".to_vec())]);
    }
}

/// 6455-5.5.3-3: pings and pongs may be sent at any time.
#[test]
fn unsolicited_pings_and_pongs_may_be_sent() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.each(|conn| conn.ping(&[1; 125])).unwrap();
        peer.each(|conn| conn.pong(&[2; 125])).unwrap();
        peer.each(|conn| conn.ping(b"")).unwrap();
        let sent = [(FIN | PING, vec![1; 125]), (FIN | PONG, vec![2; 125]), (FIN | PING, vec![])];
        assert_eq!(peer.sends(), sent);
    }
}

/// 6455-5.5-1: a ping or pong over 125 bytes is refused, and nothing is queued.
#[test]
fn a_control_payload_over_125_bytes_is_refused() {
    for role in BOTH {
        let mut peer = peer(role);
        for len in [126, 127, 70_000] {
            let payload = vec![0; len];
            assert_eq!(peer.each(|conn| conn.ping(&payload)), Err(SendError::ControlTooLong));
            assert_eq!(peer.each(|conn| conn.pong(&payload)), Err(SendError::ControlTooLong));
        }
        assert_eq!(peer.transmits(), b"");
    }
}

/// 6455-5.5.3-4: a pong is not answered, whether or not it answers a ping, and the connection stays open.
#[test]
fn a_pong_is_not_answered() {
    for role in BOTH {
        let mut peer = peer(role);
        for payload in [&b""[..], b"unasked", &[0; 125]] {
            assert_eq!(peer.receives(to(role, FIN | PONG, payload)), [pong(payload)]);
        }
        assert_eq!(peer.transmits(), b"");
        assert!(peer.is_open());
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"on")), [text("on")]);
    }
}

/// msg-H3: a ping between our Close frame and the peer's is delivered, but not answered (D11).
#[test]
fn a_ping_after_our_close_is_not_answered() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.close(1000, "");
        assert_eq!(peer.sends().len(), 1);
        assert_eq!(peer.receives(to(role, FIN | PING, b"p")), [ping(b"p")]);
        assert_eq!(peer.transmits(), b"");
        assert_eq!(peer.receives(close_to(role, 1000, "")), [close(1000, "")]);
        assert_eq!(peer.ended(), (1000, true));
    }
}

/// 6455-5.5.2-2: a ping after the peer's Close frame is not delivered.
#[test]
fn a_ping_after_the_peers_close_is_not_answered() {
    for role in BOTH {
        let mut peer = peer(role);
        let bytes = [close_to(role, 1000, ""), to(role, FIN | PING, b"p")].concat();
        assert_eq!(peer.receives(bytes), [close(1000, "")]);
        assert_eq!(peer.sends(), [(FIN | CLOSE, close_payload(1000, ""))]);
    }
}

/// 6455-5.5.2-2, msg-H3: a waiting pong does not leave after a Close frame, whatever the reason of the close
/// (D11).
#[test]
fn no_pong_leaves_after_a_close_frame() {
    let second = core::time::Duration::from_secs(1);
    for role in BOTH {
        let ends: [&dyn Fn(&mut Peer); 4] = [
            &|peer| peer.close(1000, ""),
            &|peer| drop(peer.receives(close_to(role, 1000, ""))),
            &|peer| drop(peer.receives(b"\x83")),
            &|peer| peer.waits(second),
        ];
        for end in ends {
            let config = Config::new().max_output(100).idle_timeout(second);
            let mut peer = configured(role, config);
            peer.each(|conn| conn.send(&[0; 200])).unwrap();
            peer.receives(to(role, FIN | PING, b"late"));
            end(&mut peer);
            let firsts: Vec<u8> = peer.sends().iter().map(|(first, _)| *first).collect();
            assert_eq!(firsts, [FIN | BINARY, FIN | CLOSE]);
        }
    }
}

/// 6455-5.5.2-2, 6455-5.5.3-3: an application may answer pings itself.
#[test]
fn pings_may_be_left_to_the_application() {
    for role in BOTH {
        let mut peer = configured(role, Config::new().auto_pong(false));
        assert_eq!(peer.receives(to(role, FIN | PING, b"p")), [ping(b"p")]);
        assert_eq!(peer.transmits(), b"");
        peer.each(|conn| conn.pong(b"p")).unwrap();
        assert_eq!(peer.sends(), [(FIN | PONG, b"p".to_vec())]);
    }
}
