//! The opening handshake: requests, answers and refusals.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;

use super::{Outcome, UPGRADE, beside, head, masked, next, request, rest, sockets};
use crate::adapter::ws_core::{Connection, handshake};
use crate::adapter::{
    Accept, Config, Connect, Error, Event, Reject, SendError, Status, WebSocket, accept, accept_with, client,
    connect, connect_with,
};
use crate::on;

/// hs-H3, adapter-IO2: bytes after a request, in the same segment, are not lost (D7).
#[test]
fn bytes_behind_the_request_are_kept() -> Outcome {
    on::run(async {
        let (near, mut far) = sockets();
        far.write_all(&[UPGRADE.as_bytes(), &masked(0x81, b"early")].concat())?;
        let mut ws = wait!(accept(near))?;
        assert_eq!(wait!(ws.recv())?, Some("early".into()));
        wait!(ws.send("welcome"))?;
        let text = head(&mut far)?;
        assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
        assert!(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
        assert_eq!(next(&mut far)?, *b"\x81\x07welcome");
        Ok(())
    })
}

/// hs-H3, adapter-IO2: the same for bytes after the 101.
#[test]
fn bytes_behind_the_answer_are_kept() -> Outcome {
    on::run(async {
        let (near, far) = sockets();
        let server = beside(far, |far| {
            let text = head(far)?;
            let key = text.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            let accept = handshake::accept_key(key.expect("a key").as_bytes());
            let accept = core::str::from_utf8(&accept)?;
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            far.write_all(&[answer.as_bytes(), b"\x81\x05early"].concat())?;
            rest(far)
        });
        let request = request();
        let mut ws = wait!(client(near, &request, Config::default()))?;
        assert_eq!(wait!(ws.recv())?, Some("early".into()));
        drop(ws);
        assert_eq!(server.join().expect("no panic")?, b"");
        Ok(())
    })
}

/// hs-H6: requests that come in one segment are all answered, although each answer alone reaches the mark of
/// the output.
#[test]
fn requests_that_wait_for_room_are_answered() -> Outcome {
    on::run(async {
        let (near, mut far) = sockets();
        let requests = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(20);
        far.write_all(&[requests.as_bytes(), UPGRADE.as_bytes()].concat())?;
        let config = Config::new().max_output(1);
        let _ws = wait!(accept_with(near, config, |request| {
            if request.is_upgrade() {
                return Accept::new().into();
            }
            Reject::new(Status::NO_CONTENT).keep_alive().into()
        }))?;
        for _ in 0..20 {
            let text = head(&mut far)?;
            assert!(text.starts_with("HTTP/1.1 204 "), "{text}");
        }
        assert!(head(&mut far)?.starts_with("HTTP/1.1 101 "));
        Ok(())
    })
}

/// 6455-4.2.2-2, 6455-4.1-29: the server receives the whole request and may refuse it; the client receives
/// the whole refusal.
#[test]
fn a_refusal_reaches_the_client_whole() -> Outcome {
    on::run(async {
        let (near, far) = sockets();
        let far = on::stream(far);
        let request = request();
        let (refused, served) = on::both(async { wait!(client(near, &request, Config::default())) }, async {
            wait!(accept_with(far, Config::default(), |request| {
                assert_eq!(request.path(), "/chat");
                let reject = Reject::new(Status::UNAUTHORIZED).field("WWW-Authenticate", "Basic");
                reject.expect("a field").body("who are you?").into()
            }))
        })
        .await;
        let Err(Error::Rejected(response)) = refused else { panic!("{refused:?}") };
        assert_eq!((response.status, &response.body[..]), (401, &b"who are you?"[..]));
        assert_eq!(response.field("www-authenticate"), Some(&b"Basic"[..]));
        assert!(matches!(served, Err(Error::NotUpgraded)), "{served:?}");
        Ok(())
    })
}

/// 6455-4.2.2-8, 6455-7.2.2-1: an answer that does not fit the request is the server's fault, and the client
/// gets a 500.
#[test]
fn an_answer_that_does_not_fit_is_a_500() -> Outcome {
    on::run(async {
        let (near, far) = sockets();
        let far = on::stream(far);
        let request = request();
        let (refused, served) = on::both(async { wait!(client(near, &request, Config::default())) }, async {
            wait!(accept_with(far, Config::default(), |_| Accept::new().subprotocol("unasked").into()))
        })
        .await;
        assert!(matches!(served, Err(Error::Answer(_))), "{served:?}");
        let Err(Error::Rejected(response)) = refused else { panic!("{refused:?}") };
        assert_eq!(response.status, 500);
        Ok(())
    })
}

/// 6455-7.1.1-7: an answer to input that is not HTTP, or not an upgrade, reaches a client that has sent more
/// than was read.
#[test]
fn what_is_no_upgrade_is_answered() -> Outcome {
    on::run(async {
        for (asked, status) in [
            ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HTTP/1.1 426 "),
            ("no HTTP at all\r\n\r\nand much more", "HTTP/1.1 400 "),
        ] {
            let (near, mut far) = sockets();
            far.write_all(asked.as_bytes())?;
            far.shutdown(std::net::Shutdown::Write)?;
            let served = wait!(accept(near));
            assert!(matches!(served, Err(Error::NotUpgraded | Error::WebSocket(_))), "{served:?}");
            let answer = String::from_utf8(rest(&mut far)?)?;
            assert!(answer.starts_with(status), "{answer}");
        }
        Ok(())
    })
}

/// hs-H5: the application answers an ordinary request, and the upgrade is the next request on the same
/// connection.
#[test]
fn an_upgrade_may_follow_an_ordinary_request() -> Outcome {
    on::run(async {
        let (near, mut far) = sockets();
        far.write_all(format!("GET /health HTTP/1.1\r\nHost: h\r\n\r\n{UPGRADE}").as_bytes())?;
        let ws = wait!(accept_with(near, Config::default(), |request| match request.path() {
            "/health" => Reject::new(Status::OK).body("fine").keep_alive().into(),
            _ => Accept::new().into(),
        }))?;
        assert!(ws.is_open());
        let first = head(&mut far)?;
        assert!(first.starts_with("HTTP/1.1 200 "), "{first}");
        assert_eq!(next(&mut far)?, *b"fine");
        let second = head(&mut far)?;
        assert!(second.starts_with("HTTP/1.1 101 "), "{second}");
        Ok(())
    })
}

/// Receiving fails while a request waits for its answer: the application has to answer it first.
#[test]
fn an_undecided_request_waits() -> Outcome {
    on::run(async {
        let (near, mut far) = sockets();
        far.write_all(UPGRADE.as_bytes())?;
        let config = Config::new().opening_timeout(None);
        let mut ws = WebSocket::new(near, Connection::server(super::now(), config));
        assert!(matches!(wait!(ws.recv()), Err(Error::Send(SendError::NotOpen))));
        let Some((Event::Request(request), mut reply)) = wait!(ws.event_ref())? else { panic!("a request") };
        assert!(request.is_upgrade());
        assert!(matches!(reply.accept(&Accept::new().subprotocol("unasked")), Err(Error::Answer(_))));
        reply.accept(&Accept::new())?;
        wait!(ws.send("hello"))?;
        assert!(ws.is_open());
        assert!(head(&mut far)?.starts_with("HTTP/1.1 101 "));
        assert_eq!(next(&mut far)?, *b"\x81\x05hello");
        Ok(())
    })
}

/// 6455-4.1-22: a client connects by a name; the server sees its request, and both agree on the result.
#[test]
fn a_client_connects_by_name_and_subprotocols_are_agreed() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    on::run(async {
        let asked = Connect::new(&format!("ws://localhost:{port}/chat?room=1"))?
            .subprotocol("a")?
            .subprotocol("b")?;
        let (connected, served) = on::both(
            async { wait!(connect_with(&asked, Config::default())) },
            on::spawn(async move {
                let (stream, _) = listener.accept()?;
                wait!(accept_with(on::stream(stream), Config::default(), |request| {
                    assert_eq!(request.target(), "/chat?room=1");
                    assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["a", "b"]);
                    Accept::new().subprotocol("b").into()
                }))
            }),
        )
        .await;
        let (one, other) = (connected?, served?);
        assert_eq!(one.status().agreement.subprotocol.as_deref(), Some("b"));
        assert_eq!(other.status().agreement.subprotocol.as_deref(), Some("b"));
        Ok(())
    })
}

/// 6455-4.1-9: connecting fails with an error for a wrong URL, for a port without a server, and for a server
/// that closes at once.
#[test]
fn failures_to_connect_are_errors() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (closed, server) =
        (TcpListener::bind("127.0.0.1:0")?.local_addr()?, thread::spawn(move || listener.accept()));
    on::run(async {
        assert!(matches!(wait!(connect("http://127.0.0.1/")), Err(Error::Url(_))));
        assert!(matches!(wait!(connect(&format!("ws://{closed}/"))), Err(Error::Connect(_))));
        let ended = on::both(async { wait!(connect(&format!("ws://{address}/"))) }, async {
            let accepted = server.join().expect("no panic")?;
            drop(accepted);
            Ok::<_, Error>(())
        });
        let (ended, served) = ended.await;
        served?;
        assert!(ended.is_err());
        Ok(())
    })
}
