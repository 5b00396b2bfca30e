//! A waiting connection gives up its memory. Each kind of conversation is cut at every byte, and parked
//! between any two calls. It must see and answer the same as a connection that gets all bytes at once and
//! keeps its memory.

mod common;

use core::time::Duration;

use common::heads::*;
use common::*;
use ws_core::handshake::{Accept, Agreement, ClientRequest, Decision, Reject, Status};
use ws_core::{Config, Connection, MessageKind, ProtocolError, Role};

/// Returns as many connections as `bytes` have places to cut.
fn cut_everywhere(role: Role, bytes: &[u8], make: impl Fn(ws_core::Instant) -> Connection) -> Peer {
    Peer::new(role, bytes.len().max(2), make)
}

/// Returns one end of an open connection.
fn open(role: Role, bytes: &[u8], config: &Config) -> Peer {
    cut_everywhere(role, bytes, |now| {
        Connection::upgraded(now, role, config.clone(), Agreement::default(), ENTROPY)
    })
}

/// Returns a client that has sent its request. `answer` makes the server's answer to that request.
fn asking(answer: impl Fn(&[u8]) -> Vec<u8>) -> (Peer, Vec<u8>) {
    let request = ClientRequest::new("server.example.com", "/chat").unwrap();
    let make = |now| Connection::client(now, Config::default(), &request, ENTROPY);
    let answer = answer(&take_output(&mut make(ws_core::Instant::ORIGIN)));
    let mut client = cut_everywhere(Role::Client, &answer, make);
    client.transmits();
    (client, answer)
}

/// 6455-4.1-29, 9112-6.3-2: a refusal is delivered with its body, however late that comes after the head, and
/// in whatever way it ends.
#[test]
fn a_refusal_waits_for_its_body() {
    for (fields, body, expected, is_complete) in [
        ("Content-Length: 4\r\n", "late", "late", true),
        ("Content-Length: 0\r\n", "", "", true),
        ("Content-Length: 9\r\n", "late", "late", false),
        ("Transfer-Encoding: chunked\r\n", "2\r\nla\r\n2;x=y\r\nte\r\n0\r\nT: 1\r\n\r\n", "late", true),
        ("Transfer-Encoding: chunked\r\n", "4\r\nlate\r\n", "late", false),
        ("Location: /elsewhere\r\n", "late", "late", true),
    ] {
        for interim in ["", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"] {
            let text = format!("{interim}HTTP/1.1 404 Not Found\r\n{fields}\r\n{body}");
            let (mut client, answer) = asking(|_| text.clone().into());
            let mut seen = client.receives(answer);
            seen.extend(client.receives_eof());
            let [Seen::Rejected(response)] = &seen[..] else { panic!("{text}: {seen:?}") };
            assert_eq!((response.status, &response.body[..]), (404, expected.as_bytes()), "{text}");
            assert_eq!(response.body_is_complete, is_complete, "{text}");
        }
    }
}

/// 6455-4.1-29: a refusal whose body does not end is delivered when the time is up.
#[test]
fn a_refusal_without_end_is_delivered_in_time() {
    for (fields, body) in [
        ("", ""),
        ("", "la"),
        ("Content-Length: 4\r\n", "la"),
        ("Content-Length: 4\r\n", ""),
        ("Transfer-Encoding: chunked\r\n", "2\r\nla\r\n"),
        ("Transfer-Encoding: chunked\r\n", ""),
    ] {
        let text = format!("HTTP/1.1 401 Unauthorized\r\n{fields}\r\n{body}");
        let (mut client, answer) = asking(|_| text.clone().into());
        assert_eq!(client.receives(answer), []);
        assert_eq!(client.alarm(), Some(Duration::from_secs(10)));
        client.waits(Duration::from_secs(10));
        let seen = client.receives(b"");
        let [Seen::Rejected(response)] = &seen[..] else { panic!("{text}: {seen:?}") };
        assert_eq!((response.status, response.body_is_complete), (401, false), "{text}");
        assert!(body.contains(core::str::from_utf8(&response.body).unwrap()), "{text}");
        assert!(client.is_closed());
    }
}

/// 6455-4.1-28: a 101 and the frames after it are read in any pieces.
#[test]
fn an_answer_is_read_in_any_pieces() {
    let (mut client, answer) = asking(|request| {
        let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
        [interim, &answer_to(request, "")[..], b"\x01\x02he\x89\x01!\x80\x03llo"].concat()
    });
    assert_eq!(client.receives(answer), [Seen::Open(101, None), ping(b"!"), text("hello")]);
}

/// 6455-4.2.1-1, hs-H5: several requests with bodies between them, and the frames after the last, are read in
/// any pieces.
#[test]
fn requests_are_read_in_any_pieces() {
    let post = "POST /log HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    let bytes = [post.as_bytes(), post.as_bytes()].concat();
    let make = |now| Connection::server(now, Config::default());
    let mut server = cut_everywhere(Role::Server, &bytes, make);
    server.decision = Some(Reject::new(Status::NO_CONTENT).keep_alive().into());
    let log = Seen::Request("/log".into());
    assert_eq!(server.receives(bytes), [log.clone(), log]);

    let bytes = [REQUEST.as_bytes(), &masked(TEXT, b"hello")].concat();
    let mut server = cut_everywhere(Role::Server, &bytes, make);
    server.decision = Some(Decision::from(Accept::new()));
    assert_eq!(server.receives(bytes), [Seen::Request("/chat".into()), text("hello")]);
}

/// 6455-5.4-2, 6455-5.4-5: fragments with control frames between them, texts cut inside a character, a long
/// frame, and the closing handshake are read in any pieces.
#[test]
fn messages_are_read_in_any_pieces() {
    let long = vec![b'l'; 5000];
    for role in BOTH {
        let short = [
            to(role, TEXT, "h\u{e9}".as_bytes().split_at(2).0),
            to(role, FIN | PING, b"?"),
            to(role, CONTINUATION, b""),
            to(role, FIN | PONG, b"!"),
            to(role, FIN, "\u{e9}llo".as_bytes().split_at(1).1),
            to(role, FIN | BINARY, b"whole"),
        ]
        .concat();
        let end = [to(role, FIN | BINARY, &long), close_to(role, 1000, "bye")].concat();
        let mut end_of = open(role, &short, &Config::default());
        let seen = [ping(b"?"), pong(b"!"), text("h\u{e9}llo"), binary(b"whole")];
        assert_eq!(end_of.receives(&short), seen);
        // The last bytes are those at which something may be missing.
        let (most, last) = end.split_at(end.len() - 40);
        assert_eq!(end_of.receives(most), []);
        assert_eq!(end_of.receives(last), [binary(&long), close(1000, "bye")]);
        end_of.transmits();
        assert_eq!(end_of.receives_eof(), []);
        assert_eq!(end_of.ended(), (1000, true));
    }
}

/// 6455-5.4-17: chunks, and the good part of a wrong text, are delivered in any pieces.
#[test]
fn chunks_are_read_in_any_pieces() {
    for role in BOTH {
        let bytes = [
            to(role, TEXT, b"hel"),
            to(role, FIN | PING, b"?"),
            to(role, FIN, b"lo"),
            to(role, FIN | BINARY, b""),
            to(role, FIN | TEXT, b"good\xff"),
        ]
        .concat();
        let mut end = open(role, &bytes, &Config::new().stream(true));
        let chunk = |kind, bytes: &[u8], fin| Seen::Chunk(kind, bytes.into(), fin);
        let seen = [
            chunk(MessageKind::Text, b"hel", false),
            ping(b"?"),
            chunk(MessageKind::Text, b"lo", true),
            chunk(MessageKind::Binary, b"", true),
            chunk(MessageKind::Text, b"good", false),
            failed(ProtocolError::InvalidUtf8),
        ];
        assert_eq!(end.receives(bytes), seen);
    }
}

/// 7692-7.2.2-2: compressed messages are read in any pieces, with and without context, with the decompressor
/// kept or given up between any two calls.
#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_are_read_in_any_pieces() {
    use ws_core::deflate::{Compression, Context, Deflater, Params};

    const MESSAGES: [(&str, &str); 3] = [("hello,", " hello"), ("hello ag", "ain, hello"), ("", "")];

    for role in BOTH {
        for no_context_takeover in [false, true] {
            let params = Params {
                server_no_context_takeover: no_context_takeover,
                client_no_context_takeover: no_context_takeover,
                ..Params::default()
            };
            let mut deflater = Deflater::new(params, role.peer(), &Compression::default());
            let mut bytes = Vec::new();
            for (start, end) in MESSAGES {
                let (mut first, mut last) = (Vec::new(), Vec::new());
                deflater.flush(start.as_bytes(), &mut first);
                deflater.finish(end.as_bytes(), &mut last);
                bytes.extend(to(role, 0x40 | TEXT, &first));
                bytes.extend(to(role, FIN | PING, b""));
                bytes.extend(to(role, FIN, &last));
                bytes.extend(to(role, FIN | BINARY, b"plain"));
            }
            let kept_or_not = [Context::Kept, Context::Shared];
            for (context, stream) in kept_or_not.into_iter().flat_map(|kept| [(kept, false), (kept, true)]) {
                let compression = Compression::new().context(context);
                let config = Config::new().stream(stream).compression(compression);
                let mut agreement = Agreement::default();
                agreement.deflate = Some(params);
                let mut end = cut_everywhere(role, &bytes, |now| {
                    Connection::upgraded(now, role, config.clone(), agreement.clone(), ENTROPY)
                });
                let mut expected = Vec::new();
                for (start, rest) in MESSAGES {
                    let chunk = |kind, text: &str, fin| Seen::Chunk(kind, text.into(), fin);
                    if stream && !start.is_empty() {
                        expected.push(chunk(MessageKind::Text, start, false));
                    }
                    expected.push(ping(b""));
                    if stream {
                        expected.push(chunk(MessageKind::Text, rest, true));
                        expected.push(chunk(MessageKind::Binary, "plain", true));
                    } else {
                        expected.extend([text(&[start, rest].concat()), binary(b"plain")]);
                    }
                }
                assert_eq!(end.receives(&bytes), expected);
            }
        }
    }
}
