//! Limits of incoming frames and messages ([`Config`]): one byte more ends the connection, with 1009 (§10.4).

mod common;

use common::*;
use ws_core::{Config, Error, MessageKind, ProtocolError, Role};

fn limited(max_frame: usize, max_message: usize, max_fragments: usize) -> Config {
    Config::new().max_frame(max_frame).max_message(max_message).max_fragments(max_fragments)
}

/// 6455-7.4.1-1009, 6455-10.4-2: a frame may be as large as its limit, and not larger, whole or as a
/// fragment.
#[test]
fn a_frame_over_its_limit_is_too_big() {
    for role in BOTH {
        for limit in [10, 125, 126, 1000, 65535, 65536] {
            let config = || limited(limit, usize::MAX, 10);
            let fits = vec![1; limit];
            assert_eq!(configured(role, config()).receives(to(role, FIN | BINARY, &fits)), [binary(&fits)]);
            for first in [FIN | BINARY, BINARY] {
                let mut peer = configured(role, config());
                peer.fails_after(header_to(role, first, limit as u64 + 1), &[], ProtocolError::FrameTooBig);
            }
            let late = [to(role, BINARY, b"a"), header_to(role, FIN, limit as u64 + 1)].concat();
            configured(role, config()).fails_after(late, &[], ProtocolError::FrameTooBig);
        }
    }
}

/// 6455-7.4.1-1009, 6455-10.4-2, msg-H2: a message may be as large as its limit, and not larger, with all its
/// fragments together.
#[test]
fn a_message_over_its_limit_is_too_big() {
    for role in BOTH {
        let config = || limited(usize::MAX, 10, 10);
        for (left, right) in [(0, 10), (5, 5), (10, 0), (1, 9)] {
            let bytes = [to(role, BINARY, &vec![1; left]), to(role, FIN, &vec![1; right])].concat();
            assert_eq!(configured(role, config()).receives(bytes), [binary(&[1; 10])]);
        }
        let mut whole = configured(role, config());
        assert_eq!(whole.receives(to(role, FIN | TEXT, b"0123456789")), [text("0123456789")]);
        whole.fails_after(header_to(role, FIN | TEXT, 11), &[], ProtocolError::MessageTooBig);
        for (left, right) in [(6, 5), (10, 1), (0, 11), (1, 10)] {
            let bytes = [to(role, BINARY, &vec![1; left]), header_to(role, CONTINUATION, right)].concat();
            configured(role, config()).fails_after(bytes, &[], ProtocolError::MessageTooBig);
        }
        // The count starts from zero with each message.
        let twice = [to(role, BINARY, &[1; 9]), to(role, FIN, &[1])].concat().repeat(2);
        assert_eq!(configured(role, config()).receives(twice), [binary(&[1; 10]), binary(&[1; 10])]);
    }
}

/// msg-H2: a message may come in as many frames as the limit, and not more, even if they are empty.
#[test]
fn a_message_in_too_many_frames_is_too_big() {
    for role in BOTH {
        let config = || limited(100, 100, 3);
        let empty = to(role, CONTINUATION, b"");
        let three = [to(role, TEXT, b"a"), empty.clone(), to(role, FIN, b"b")].concat();
        assert_eq!(configured(role, config()).receives(&three), [text("ab")]);
        assert_eq!(configured(role, config()).receives(three.repeat(3)), ["ab", "ab", "ab"].map(text));
        let four = [to(role, TEXT, b"a"), empty.clone(), empty, to(role, FIN, b"")].concat();
        configured(role, config()).fails_after(four, &[], ProtocolError::TooManyFragments);
    }
}

/// 6455-10.4-2: the limits apply to messages only. Control frames pass, even with limits of zero.
#[test]
fn control_frames_have_no_other_limit() {
    for role in BOTH {
        let mut peer = configured(role, limited(0, 0, 1));
        assert_eq!(peer.receives(to(role, FIN | PING, &[1; 125])), [ping(&[1; 125])]);
        assert_eq!(peer.receives(to(role, FIN | TEXT, b"")), [text("")]);
        assert_eq!(peer.receives(close_to(role, 1000, "because")), [close(1000, "because")]);
        let mut peer = configured(role, limited(0, 0, 1));
        peer.fails_after(to(role, FIN | TEXT, b"a"), &[], ProtocolError::FrameTooBig);
    }
}

/// 6455-10.4-1, 6455-10.4-2: by default a connection accepts 64 MiB, and refuses more at the header.
#[test]
fn the_default_limit_is_64_mib() {
    for role in BOTH {
        fails(role, header_to(role, FIN | BINARY, (64 << 20) + 1), ProtocolError::FrameTooBig);
        assert_eq!(peer(role).receives(header_to(role, FIN | BINARY, 64 << 20)), []);
        let bytes = [to(role, BINARY, b"a"), header_to(role, FIN, 64 << 20)].concat();
        fails(role, bytes, ProtocolError::MessageTooBig);
    }
}

/// 6455-10.4-1: without any limits, no sum of lengths overflows.
#[test]
fn limits_may_be_lifted() {
    for role in BOTH {
        let config = || limited(usize::MAX, usize::MAX, usize::MAX);
        for len in [1 << 40, (1 << 63) - 1] {
            assert_eq!(configured(role, config()).receives(header_to(role, FIN | BINARY, len)), []);
            let bytes = [to(role, BINARY, &[1; 200]), header_to(role, CONTINUATION, len)].concat();
            assert_eq!(configured(role, config()).receives(bytes), []);
        }
    }
}

/// 6455-10.4-2: the default limit of frames does not apply with `stream`. Any other limit does.
#[test]
fn streamed_frames_have_no_limit_but_one_that_is_set() {
    for role in BOTH {
        let endless = || Config::new().stream(true).max_message(usize::MAX);
        for len in [100 << 20, 1 << 40, (1 << 63) - 1] {
            let bytes = [header_to(role, FIN | BINARY, len), vec![0; 10]].concat();
            let chunk = configured(role, endless()).receives(bytes);
            assert!(
                matches!(&chunk[..], [Seen::Chunk(MessageKind::Binary, bytes, false)] if bytes.len() == 10)
            );
        }
        let mut bounded = configured(role, endless().max_message(1000));
        bounded.fails_after(header_to(role, FIN | BINARY, 1001), &[], ProtocolError::MessageTooBig);
        for max_frame in [1000, (64 << 20) - 1, (64 << 20) + 1] {
            let mut set = configured(role, endless().max_frame(max_frame));
            let header = header_to(role, FIN | BINARY, max_frame as u64 + 1);
            set.fails_after(header, &[], ProtocolError::FrameTooBig);
        }
    }
}

/// 6455-7.4.1-1009: the Close frame and the error have the limit, and do not report a broken protocol.
#[test]
fn a_limit_is_reported() {
    for (bytes, error, reason) in [
        (
            header_to(Role::Server, FIN | TEXT, 11),
            ProtocolError::FrameTooBig,
            "a frame may have at most 10 bytes",
        ),
        (
            [to(Role::Server, TEXT, &[b'a'; 10]), header_to(Role::Server, FIN, 10)].concat(),
            ProtocolError::MessageTooBig,
            "a message may have at most 19 bytes",
        ),
        (
            to(Role::Server, CONTINUATION, b"").iter().copied().cycle().take(18).collect(),
            ProtocolError::UnexpectedContinuation,
            "",
        ),
        (
            [to(Role::Server, TEXT, b""), to(Role::Server, 0, b""), to(Role::Server, 0, b"")].concat(),
            ProtocolError::TooManyFragments,
            "a message may have at most 2 frames",
        ),
    ] {
        let mut server = configured(Role::Server, limited(10, 19, 2));
        assert_eq!(server.receives(bytes), [failed(error)]);
        assert_eq!(server.sends(), [(FIN | CLOSE, close_payload(error.close_code().get(), reason))]);
        let text = Error::Protocol(error).to_string();
        assert_eq!(text.contains("broke the protocol"), reason.is_empty(), "{text}");
    }
}
