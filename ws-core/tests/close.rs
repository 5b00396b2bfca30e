//! The closing handshake (§7), and ends without one.

mod common;

use core::time::Duration;

use bytes::Buf as _;
use common::*;
use ws_core::{
    CloseCode, CloseFrame, Config, Connection, Error, Instant, ProtocolError, Role, SendError, Timeout,
    Transmit,
};

/// Codes of every kind that a Close frame may carry, and the ends of their ranges.
const LEGAL: [u16; 17] =
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3003, 3999, 4000, 4999];

/// 6455-5.5.1-1, 6455-5.5.1-7b, 6455-7.1.5-1, 6455-7.1.6-1:
/// A Close frame without a body has code 1005 and no reason. Its answer has no body either.
#[test]
fn an_empty_close_frame_is_answered_by_an_empty_one() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives(to(role, FIN | CLOSE, b"")), [Seen::Close(None)]);
        assert_eq!(peer.sends(), [(FIN | CLOSE, vec![])]);
        assert_eq!(peer.ended(), (1005, true));
    }
    let mut server = server();
    server.receives(masked(CLOSE, b""));
    assert_eq!(server.transmits(), b"\x88\x00");
}

/// 6455-5.5.1-2: a body of one byte fails the connection, since a code has two.
#[test]
fn half_a_close_code_fails_the_connection() {
    for role in BOTH {
        fails(role, to(role, FIN | CLOSE, b"\x03"), ProtocolError::CloseTooShort);
    }
}

/// 6455-5.5.1-3, E7262, 6455-7.1.6-1: the code is followed by a reason in UTF-8 of up to 123 bytes. A reason
/// that is not UTF-8, or ends inside a character, fails the connection with 1007.
#[test]
fn a_close_reason_is_utf8() {
    for role in BOTH {
        let longest = "é".repeat(61) + "!";
        for reason in ["", "éé", "\u{0}", &longest] {
            assert_eq!(peer(role).receives(close_to(role, 1000, reason)), [close(1000, reason)]);
        }
        for reason in [&b"\xff"[..], b"fine\xce", b"\xed\xa0\x80", b"\xc0\x80"] {
            let payload = [b"\x03\xe8", reason].concat();
            fails(role, to(role, FIN | CLOSE, &payload), ProtocolError::InvalidCloseReason);
            // The code is checked first.
            let payload = [b"\x03\xed", reason].concat();
            fails(role, to(role, FIN | CLOSE, &payload), ProtocolError::InvalidCloseCode);
        }
    }
}

/// 6455-5.5-1c: a reason over 123 bytes is refused, and the connection stays open. One on the wire fails the
/// connection.
#[test]
fn a_close_reason_over_123_bytes_is_refused() {
    for role in BOTH {
        let mut peer = peer(role);
        let (now, code) = (peer.now, CloseCode::NORMAL);
        let reason = "é".repeat(62);
        let sent = peer.each(|conn| conn.close(now, CloseFrame { code, reason: &reason }));
        assert_eq!(sent, Err(SendError::ReasonTooLong));
        assert_eq!(peer.transmits(), b"");
        assert!(peer.is_open());
        let reason = &reason[..122];
        peer.close(1000, &format!("{reason}!"));
        assert_eq!(peer.sends()[0].1.len(), 125);
        fails(role, close_to(role, 1000, &"a".repeat(124)), ProtocolError::ControlTooLong);
    }
}

/// close-H5: a Close frame of full length with a mask of zeros is read as a Close frame.
#[test]
fn a_mask_of_zeros_masks_a_full_close_frame() {
    let payload = close_payload(4999, &"z".repeat(123));
    let mut server = server();
    assert_eq!(server.receives(encode(0x88, Some([0; 4]), &payload)), [close(4999, &"z".repeat(123))]);
}

/// 6455-5.5.1-7, 6455-5.5.1-7b, 6455-5.5.1-8, 6455-7.1.3-1, 6455-7.4-1, 6455-7.4.1-0, IANA-cc-1012,
/// 6455-7.4.2-3, 6455-7.4.2-4:
/// A Close frame is answered at once by one with the same code, and the connection is not open any more.
#[test]
fn a_close_frame_is_answered_with_its_code() {
    for role in BOTH {
        for code in LEGAL {
            let mut peer = peer(role);
            assert_eq!(peer.receives(close_to(role, code, "why")), [close(code, "why")]);
            assert!(!peer.is_open());
            assert_eq!(peer.sends(), [(FIN | CLOSE, close_payload(code, ""))]);
            assert_eq!(peer.ended(), (code, true));
        }
    }
}

/// 6455-7.1.2-1, 6455-7.1.3-1, 6455-7.3-1, 6455-7.3-3, 6455-7.4.1-0, 6455-7.4.1-1010, 6455-7.4.1-1011,
/// IANA-cc-1012, 6455-7.4.2-3, 6455-7.4.2-4:
/// An application starts the closing handshake with a code and a reason, or with neither.
#[test]
fn an_application_closes_with_a_code_or_without() {
    for role in BOTH {
        for code in LEGAL {
            let mut peer = peer(role);
            peer.close(code, "permessage-deflate");
            assert!(!peer.is_open());
            assert_eq!(peer.sends(), [(FIN | CLOSE, close_payload(code, "permessage-deflate"))]);
        }
        let mut peer = peer(role);
        let now = peer.now;
        peer.each(|conn| conn.close(now, None)).unwrap();
        assert_eq!(peer.sends(), [(FIN | CLOSE, vec![])]);
    }
}

/// 6455-7.4.1-1004, 6455-7.4.1-1005, 6455-7.4.1-1006, 6455-7.4.1-1015, 6455-7.4.2-1, 6455-7.4.2-2,
/// 6455-11.7-1:
/// Codes that must not be sent fail the connection, and a `CloseCode` cannot hold them.
#[test]
fn a_code_that_may_not_be_sent_fails_the_connection() {
    let reserved = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
    for code in reserved {
        assert_eq!(CloseCode::new(code), None);
        for role in BOTH {
            fails(role, close_to(role, code, ""), ProtocolError::InvalidCloseCode);
        }
    }
}

/// 6455-1.4-1: after a Close frame everything is discarded: messages, pings, other Close frames, and
/// violations.
#[test]
fn bytes_after_a_close_frame_are_discarded() {
    for role in BOTH {
        for rest in [
            to(role, FIN | TEXT, b"a"),
            to(role, FIN | PING, b"a"),
            close_to(role, 1002, ""),
            b"\xff\xff\xff".to_vec(),
            vec![0; 3000],
            to(role, FIN | CONTINUATION, b"rest"),
        ] {
            let mut peer = peer(role);
            let bytes = [close_to(role, 1000, ""), rest.clone()].concat();
            assert_eq!(peer.receives(bytes), [close(1000, "")]);
            assert_eq!(peer.receives(rest), []);
            assert_eq!(peer.sends().len(), 1, "the Close frame and nothing else");
            assert_eq!(peer.ended(), (1000, true));
        }
    }
}

/// close-H1, 6455-5.4-9: a Close frame between fragments is legal. The unfinished message is dropped.
#[test]
fn a_close_frame_may_come_inside_a_message() {
    for role in BOTH {
        let mut peer = peer(role);
        let bytes = [to(role, TEXT, b"a"), close_to(role, 1000, ""), to(role, FIN, b"b")].concat();
        assert_eq!(peer.receives(bytes), [close(1000, "")]);
        assert_eq!(peer.receives_eof(), []);
        assert_eq!(peer.sends().len(), 1);
    }
}

/// 6455-5.5.1-9, 6455-5.5.1-6: a close leaves a message that is sent in parts unfinished. Nothing follows the
/// Close frame.
#[test]
fn a_close_cuts_a_message_that_is_being_sent() {
    for role in BOTH {
        let mut peer = peer(role);
        let chunk = ws_core::Chunk { kind: ws_core::MessageKind::Text, bytes: b"a", fin: false };
        peer.each(|conn| conn.send_chunk(chunk)).unwrap();
        peer.close(1000, "");
        assert_eq!(peer.each(|conn| conn.send_chunk(chunk)), Err(SendError::Closed));
        let firsts: Vec<u8> = peer.sends().iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [TEXT, FIN | CLOSE]);
    }
}

/// 6455-5.5.1-6, 6455-7.1.2-1: messages sent before a close leave before it, and messages of the peer are
/// delivered until its Close frame.
#[test]
fn messages_flow_until_each_ends_close_frame() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.each(|conn| conn.send("last")).unwrap();
        peer.close(1000, "");
        assert_eq!(peer.sends(), [(FIN | TEXT, b"last".to_vec()), (FIN | CLOSE, close_payload(1000, ""))]);
        let bytes = [to(role, FIN | TEXT, b"on its way"), to(role, TEXT, b"a"), to(role, FIN, b"b")].concat();
        assert_eq!(peer.receives(bytes), [text("on its way"), text("ab")]);
        assert_eq!(peer.receives(close_to(role, 1000, "")), [close(1000, "")]);
        assert_eq!(peer.transmits(), b"");
    }
}

/// close-H4: each end sends one Close frame, however often `close` is called and whatever it receives.
#[test]
fn only_one_close_frame_is_sent() {
    for role in BOTH {
        let mut ours_first = peer(role);
        let now = ours_first.now;
        ours_first.close(1000, "");
        assert_eq!(ours_first.each(|conn| conn.close(now, None)), Err(SendError::Closed));
        ours_first.receives([close_to(role, 1000, ""), close_to(role, 1000, "")].concat());
        assert_eq!(ours_first.each(|conn| conn.close(now, None)), Err(SendError::Closed));
        assert_eq!(ours_first.sends().len(), 1);

        let mut theirs_first = peer(role);
        theirs_first.receives(close_to(role, 1000, ""));
        assert_eq!(theirs_first.each(|conn| conn.close(now, None)), Err(SendError::Closed));
        assert_eq!(theirs_first.sends().len(), 1);

        let mut failing = peer(role);
        failing.close(1000, "");
        assert_eq!(failing.receives(b"\x83"), [failed(ProtocolError::ReservedOpcode)]);
        assert_eq!(failing.sends(), [(FIN | CLOSE, close_payload(1000, ""))]);
        assert_eq!(failing.ended(), (1006, false));
    }
}

/// 6455-5.5.1-14, 6455-7.1.5-1: when both ends close at once, neither answers. Each gets the other's code,
/// and both closes are clean.
#[test]
fn both_ends_may_close_at_once() {
    let (mut client, mut server) = (client(), server());
    client.close(4000, "c");
    server.close(4001, "s");
    let (from_client, from_server) = (client.transmits(), server.transmits());
    assert_eq!(server.receives(from_client), [close(4000, "c")]);
    assert_eq!(client.receives(from_server), [close(4001, "s")]);
    assert_eq!((client.transmits(), server.transmits()), (vec![], vec![]));
    server.shut_down();
    assert_eq!(client.receives_eof(), []);
    client.shut_down();
    assert_eq!(server.receives_eof(), []);
    assert_eq!((client.ended(), server.ended()), ((4001, true), (4000, true)));
    assert!(client.is_closed() && server.is_closed());
}

/// 6455-7.1.5-1: the code is that of the peer's Close frame, not the one that was sent.
#[test]
fn the_close_code_is_the_peers() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.ended(), (1006, false), "no Close frame has come");
        peer.close(4000, "");
        peer.transmits();
        assert_eq!(peer.ended(), (1006, false));
        peer.receives(close_to(role, 4001, ""));
        assert_eq!(peer.ended(), (4001, true));
    }
}

/// 6455-5.5.1-10, 6455-5.5.1-11, 6455-7.1.1-3, 6455-7.1.1-5, 6455-7.1.2-2:
/// A server ends its stream as soon as both Close frames are exchanged, then reads and discards until the
/// client's end.
#[test]
fn a_server_ends_its_stream_at_once() {
    let mut asked = server();
    asked.receives(close_to(Role::Server, 1000, ""));
    assert!(!asked.shuts_down(), "its Close frame leaves first");
    asked.transmits();
    asked.shut_down();
    assert!(!asked.is_closed() && asked.each(|conn| conn.wants_input()));
    assert_eq!(asked.receives(masked(TEXT, b"late")), []);
    assert_eq!(asked.receives_eof(), []);
    assert!(asked.is_closed() && !asked.each(|conn| conn.wants_input()));
    assert_eq!(asked.alarm(), None);

    let mut asking = server();
    asking.close(1000, "");
    asking.transmits();
    assert!(!asking.shuts_down(), "the client has not answered");
    asking.receives(close_to(Role::Server, 1000, ""));
    asking.shut_down();
    asking.receives_eof();
    assert_eq!(asking.ended(), (1000, true));
}

/// 6455-5.5.1-12, 6455-7.1.1-6, 6455-7.1.1-1: a client lets the server end the transport first.
#[test]
fn a_client_waits_for_the_servers_end() {
    for asks in [false, true] {
        let mut client = client();
        if asks {
            client.close(1000, "");
            client.transmits();
        }
        client.receives(close_to(Role::Client, 1000, ""));
        client.transmits();
        assert!(!client.shuts_down());
        assert!(!client.is_closed());
        assert_eq!(client.receives_eof(), []);
        client.shut_down();
        assert!(client.is_closed());
        assert_eq!(client.ended(), (1000, true));
    }
}

/// 6455-5.5.1-13, 6455-7.1.1-4: a client whose server does not end the transport ends it itself after a
/// while. The close was clean.
#[test]
fn a_client_does_not_wait_for_ever() {
    let mut client = client();
    client.receives(close_to(Role::Client, 1000, ""));
    client.transmits();
    assert_eq!(client.alarm(), Some(Duration::from_secs(5)));
    client.waits(Duration::from_secs(5));
    assert!(client.is_closed());
    assert_eq!(client.ended(), (1000, true));
    assert_eq!(client.receives(b""), []);
}

/// close-H2: a stuck closing handshake ends with the close timeout, if the peer does not answer or reads
/// nothing at all.
#[test]
fn a_stuck_close_ends_in_time() {
    for role in BOTH {
        let mut unanswered = peer(role);
        unanswered.close(1000, "");
        unanswered.transmits();
        unanswered.waits(Duration::from_secs(5));
        assert_eq!(unanswered.receives(b""), [failed(Error::TimedOut(Timeout::Close))]);
        assert_eq!(unanswered.ended(), (1006, false));
        assert!(unanswered.is_closed());

        let mut blocked = peer(role);
        blocked.receives(close_to(role, 1000, ""));
        blocked.waits(Duration::from_secs(5));
        assert!(blocked.is_closed());
        assert_eq!(blocked.transmits(), b"", "nothing is written after the end");
        assert_eq!(blocked.ended(), (1000, false), "our Close frame never left");
    }
}

/// 6455-7.1.4-1, 6455-7.2.1-1, 6455-7.1.7-1, 6455-7.1.7-3, 6455-7.1.7-6:
/// An end of the stream without a Close frame is unexpected. Queued output is still written, since the peer
/// may have closed one direction only, and nothing is added to it.
#[test]
fn an_end_without_a_close_frame_is_unexpected() {
    for role in BOTH {
        for closes in [false, true] {
            let mut peer = peer(role);
            peer.each(|conn| conn.send("waits")).unwrap();
            if closes {
                peer.close(1000, "");
            }
            assert_eq!(peer.receives_eof(), [failed(Error::UnexpectedEof)]);
            assert_eq!(peer.receives(b""), [], "an error is reported once");
            assert_eq!(peer.ended(), (1006, false));
            assert!(!peer.is_closed());
            let sent = peer.sends();
            assert_eq!(sent[0], (FIN | TEXT, b"waits".to_vec()));
            assert_eq!(sent.len(), 1 + usize::from(closes));
            peer.shut_down();
            assert!(peer.is_closed());
            assert_eq!(peer.ended(), (1006, false));

            let mut quiet = crate::peer(role);
            assert_eq!(quiet.receives_eof(), [failed(Error::UnexpectedEof)]);
            assert!(quiet.is_closed(), "there is nothing to write");
        }
    }
}

/// 6455-7.1.4-1: bytes that came before the end of the stream, or before the transport broke, are delivered
/// first.
#[test]
fn what_came_before_the_end_is_delivered() {
    for role in BOTH {
        let bytes = [to(role, FIN | TEXT, b"a"), to(role, TEXT, b"b"), to(role, FIN, b"c")].concat();
        for end in [Connection::handle_eof, Connection::handle_reset] {
            let seen = peer(role).receives_before(&bytes, end);
            assert_eq!(seen, [text("a"), text("bc"), failed(Error::UnexpectedEof)]);
        }
    }
}

/// 6455-7.1.4-1, close-H3: if the stream ends before our answer was written, the answer is still sent, but
/// the close is not clean.
#[test]
fn an_end_before_our_answer_left_is_not_clean() {
    for role in BOTH {
        let mut peer = peer(role);
        assert_eq!(peer.receives(close_to(role, 1000, "")), [close(1000, "")]);
        assert_eq!(peer.receives_eof(), []);
        assert_eq!(peer.sends(), [(FIN | CLOSE, close_payload(1000, ""))]);
        peer.shut_down();
        assert!(peer.is_closed());
        assert_eq!(peer.ended(), (1000, false));
    }
}

/// 6455-7.1.4-1: an end of the stream after both Close frames, ours written, is clean, even if it is read
/// together with the peer's.
#[test]
fn an_end_after_both_close_frames_is_clean() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.close(1000, "");
        peer.transmits();
        assert_eq!(peer.receives_before(close_to(role, 1000, ""), Connection::handle_eof), [close(1000, "")]);
        assert_eq!(peer.ended(), (1000, true));
    }
}

/// 6455-7.1.4-1: once our answer is written, the close is clean, even if output is not polled again before
/// the transport ends.
#[test]
fn an_answer_that_has_left_makes_the_close_clean() {
    for role in BOTH {
        let ends: [fn(&mut Connection, Instant); 3] =
            [|conn, _| conn.handle_eof(), |conn, _| conn.abort(), |conn, later| conn.handle_timeout(later)];
        for end in ends {
            let mut peer = peer(role);
            assert_eq!(peer.receives(close_to(role, 1000, "")), [close(1000, "")]);
            let later = peer.now + Duration::from_secs(6);
            peer.each(|conn| {
                let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!("the answer is queued") };
                out.advance(out.remaining());
                end(conn, later);
            });
            assert_eq!(peer.ended(), (1000, true));
        }
    }
}

/// 6455-7.1.4-1: a Close frame is still read when nothing can be written any more. The close is not clean.
#[test]
fn a_close_frame_is_read_after_a_broken_pipe() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.each(|conn| conn.send("lost")).unwrap();
        peer.each(|conn| conn.handle_broken_pipe());
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"still")), [text("still")]);
        assert_eq!(peer.receives(close_to(role, 1001, "bye")), [close(1001, "bye")]);
        assert_eq!(peer.transmits(), b"");
        assert_eq!(peer.receives_eof(), []);
        assert!(peer.is_closed());
        assert_eq!(peer.ended(), (1001, false));
    }
}

/// 6455-7.1.7-5, 6455-10.7-3, 6455-10.7-4, 6455-7.1.7-2, 6455-7.1.7-6:
/// A failure is reported to the peer by a Close frame with its code, and to the application by an error.
/// After our own Close frame nothing is sent.
#[test]
fn a_failure_is_reported_to_both_sides() {
    for role in BOTH {
        let limit = "a frame may have at most 67108864 bytes";
        for (bytes, error, code, reason) in [
            (b"\x83".to_vec(), ProtocolError::ReservedOpcode, 1002, ""),
            (to(role, FIN | TEXT, b"\xff"), ProtocolError::InvalidUtf8, 1007, ""),
            (header_to(role, FIN | TEXT, 1 << 40), ProtocolError::FrameTooBig, 1009, limit),
        ] {
            let mut open = peer(role);
            assert_eq!(open.receives(&bytes), [failed(error)]);
            assert_eq!(open.sends(), [(FIN | CLOSE, close_payload(code, reason))]);
            let mut closing = peer(role);
            closing.close(1000, "");
            closing.transmits();
            assert_eq!(closing.receives(&bytes), [failed(error)]);
            assert_eq!(closing.transmits(), b"");
            assert!(closing.shuts_down());
        }
    }
}

/// 6455-7.1.7-7: after a failure nothing is processed, not even the peer's Close frame. The code stays 1006,
/// and the close is not clean.
#[test]
fn nothing_is_processed_after_a_failure() {
    for role in BOTH {
        let mut peer = peer(role);
        let bytes = [&b"\x83\x00"[..], &close_to(role, 1000, ""), &to(role, FIN | PING, b"")].concat();
        assert_eq!(peer.receives(bytes), [failed(ProtocolError::ReservedOpcode)]);
        assert_eq!(peer.sends().len(), 1);
        peer.shut_down();
        assert_eq!(peer.receives(close_to(role, 1000, "")), []);
        assert_eq!(peer.receives_eof(), []);
        assert!(peer.is_closed());
        assert_eq!(peer.ended(), (1006, false));
    }
}

/// 6455-7.1.7-1, 6455-7.1.7-3, 6455-7.1.1-1: after a failure both sides of the stream end at once. The rest
/// is read and discarded for a while (D13).
#[test]
fn a_failure_ends_the_transport() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.receives(b"\x83");
        assert!(!peer.shuts_down(), "the Close frame leaves first");
        peer.transmits();
        peer.shut_down();
        assert!(!peer.is_closed());
        assert_eq!(peer.receives([0; 100]), []);
        assert_eq!(peer.alarm(), Some(Duration::from_secs(5)));
        peer.waits(Duration::from_secs(5));
        assert!(peer.is_closed());
        assert_eq!(peer.ended(), (1006, false));
    }
}

/// 6455-7.1.7-8, 6455-7.3-2: an idle connection stays open: nothing is written, and no timer runs.
#[test]
fn an_idle_connection_stays_open() {
    for role in BOTH {
        let mut peer = peer(role);
        peer.receives([to(role, FIN | TEXT, b"a"), to(role, FIN | PONG, b"")].concat());
        assert_eq!(peer.alarm(), None);
        peer.waits(Duration::from_secs(1_000_000));
        assert!(peer.is_open());
        assert_eq!(peer.transmits(), b"");
    }
}

/// 6455-7.1.4-2, 6455-7.2.1-2, 6455-7.1.7-1: a connection that was never established closes with 1006 and not
/// cleanly.
#[test]
fn a_connection_that_never_opened_is_not_clean() {
    let request = ws_core::handshake::ClientRequest::new("h", "/").unwrap();
    let mut client = connecting(Config::default(), &request);
    client.transmits();
    assert!(matches!(client.receives(b"HTTP/1.1 101 Fine\r\n\r\n")[..], [Seen::Failed(Error::Handshake(_))]));
    assert!(client.is_closed());
    assert_eq!(client.ended(), (1006, false));
    assert_eq!(client.transmits(), b"");
}

/// 6455-5.5.1-7: a gateway may delay its answer to a Close frame. Until then it may send, and nothing more is
/// read.
#[cfg(feature = "intermediary")]
#[test]
fn an_answer_to_a_close_frame_can_wait() {
    for role in BOTH {
        let mut peer = configured(role, Config::new().auto_close(false));
        assert_eq!(peer.receives(close_to(role, 4000, "bye")), [close(4000, "bye")]);
        assert_eq!(peer.sends(), []);
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"late")), []);
        assert_eq!(peer.each(|conn| conn.send("last")), Ok(()));
        peer.close(1000, "done");
        assert_eq!(peer.each(|conn| conn.send("later")), Err(SendError::Closed));
        assert_eq!(
            peer.sends(),
            [(FIN | TEXT, b"last".to_vec()), (FIN | CLOSE, close_payload(1000, "done"))]
        );
        assert_eq!(peer.ended(), (4000, true));
    }
}

/// 6455-5.5.1-7: an answer that does not come before the close timer ends is an error.
#[cfg(feature = "intermediary")]
#[test]
fn an_answer_that_never_comes_times_out() {
    for role in BOTH {
        let mut peer = configured(role, Config::new().auto_close(false));
        peer.receives(close_to(role, 1000, ""));
        assert_eq!(peer.alarm(), Some(Duration::from_secs(5)));
        peer.waits(Duration::from_secs(5));
        assert_eq!(peer.receives(b""), [failed(Error::TimedOut(Timeout::Close))]);
        assert!(peer.is_closed());
    }
}
