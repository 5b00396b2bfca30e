//! Refusals in pieces, and refusals without an end: the error is the server's answer, never the end of the
//! stream.

use core::time::Duration;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::{Outcome, beside, head, request, sockets};
use crate::adapter::ws_core::handshake;
use crate::adapter::{Config, Connect, Connector, Error, client};
use crate::on;

/// The fields of a refusal, its body in pieces, the expected body, and whether the end of the stream ends the
/// body.
const BODIES: [(&str, &[&str], &str, bool); 5] = [
    ("Content-Length: 6\r\n", &["den", "ied"], "denied", false),
    ("Content-Length: 6\r\n", &["denied"], "denied", false),
    ("Transfer-Encoding: chunked\r\n", &["3\r\nden\r\n", "3\r", "\nied\r\n0\r\n", "\r\n"], "denied", false),
    ("Connection: close\r\n", &["den", "ied"], "denied", true),
    ("Content-Length: 0\r\n", &[], "", false),
];

/// A pause in which the other end begins to wait. On a machine that is too busy for that, a test is weaker.
const PAUSE: Duration = Duration::from_millis(10);

/// Writes `pieces`, each after a pause.
fn write_slowly(peer: &mut TcpStream, pieces: &[&str]) -> Outcome {
    for piece in pieces {
        thread::sleep(PAUSE);
        peer.write_all(piece.as_bytes())?;
    }
    Ok(())
}

/// 6455-4.1-29, 9112-6.3-2, 9112-4-1: a refusal is returned whole, however late each part of it comes, and
/// however it ends, while the stream stays open.
#[test]
fn a_refusal_may_come_in_pieces() -> Outcome {
    on::run(async {
        for status in ["401 Unauthorized", "302 Found", "403 Acc\u{e8}s refus\u{e9}"] {
            for (fields, pieces, body, ends) in BODIES {
                let (near, far) = sockets();
                let server = beside(far.try_clone()?, move |far| {
                    head(far)?;
                    write_slowly(far, &[&format!("HTTP/1.1 {status}\r\nLocation: /x\r\n{fields}\r\n")])?;
                    write_slowly(far, pieces)?;
                    if ends {
                        far.shutdown(std::net::Shutdown::Write)?;
                    }
                    Ok(())
                });
                let request = request();
                let refused = wait!(client(near, &request, Config::default()));
                let Err(Error::Rejected(response)) = refused else {
                    panic!("{status} {fields}: {refused:?}")
                };
                assert!(status.starts_with(&response.status.to_string()), "{response}");
                assert_eq!(response.body, body.as_bytes(), "{fields}");
                assert!(response.body_is_complete, "{fields}");
                server.join().expect("no panic")?;
                drop(far);
            }
        }
        Ok(())
    })
}

/// 6455-4.1-29: a refusal whose body does not end is returned when the time is up, with the part that has
/// come.
#[test]
fn a_refusal_without_an_end_is_reported_in_time() -> Outcome {
    let cases = [
        ("", "", ""),
        ("", "den", "den"),
        ("Content-Length: 6\r\n", "", ""),
        ("Content-Length: 6\r\n", "den", "den"),
        ("Transfer-Encoding: chunked\r\n", "", ""),
        ("Transfer-Encoding: chunked\r\n", "3\r\nden\r\n", "den"),
    ];
    // The cases run at the same time, because each lasts until its timeout.
    let clients = cases.map(|(fields, sent, body)| {
        thread::spawn(move || {
            on::run(async {
                let (near, mut far) = sockets();
                // The refusal is there before the time limit begins.
                far.write_all(format!("HTTP/1.1 401 Unauthorized\r\n{fields}\r\n{sent}").as_bytes())?;
                let request = request();
                let config = Config::new().opening_timeout(Duration::from_secs(1));
                let refused = wait!(client(near, &request, config));
                let Err(Error::Rejected(response)) = refused else { panic!("{fields}: {refused:?}") };
                assert_eq!((response.status, &response.body[..]), (401, body.as_bytes()), "{fields}");
                assert!(!response.body_is_complete, "{fields}");
                Outcome::Ok(())
            })
        })
    });
    for client in clients {
        client.join().expect("no panic")?;
    }
    Ok(())
}

/// 6455-4.1-29: a refusal that breaks off is returned as far as it has come.
#[test]
fn a_refusal_that_breaks_off_is_reported() -> Outcome {
    on::run(async {
        for fields in ["Content-Length: 6\r\n", "Transfer-Encoding: chunked\r\n"] {
            let (near, far) = sockets();
            let server = beside(far, move |far| {
                head(far)?;
                write_slowly(far, &[&format!("HTTP/1.1 401 Unauthorized\r\n{fields}\r\n"), "3\r\n"])
            });
            let request = request();
            let refused = wait!(client(near, &request, Config::default()));
            let Err(Error::Rejected(response)) = refused else { panic!("{fields}: {refused:?}") };
            assert_eq!((response.status, response.body_is_complete), (401, false), "{fields}");
            server.join().expect("no panic")?;
        }
        Ok(())
    })
}

/// 6455-4.1-29: if a server refuses before the request, and has gone, the request fails; reading the refusal
/// does not. On other systems, a reset may discard what has come.
#[cfg(target_os = "linux")]
#[test]
fn a_refusal_outlives_a_broken_pipe() -> Outcome {
    use std::io::Read as _;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    on::run(async {
        let mut near = TcpStream::connect(listener.local_addr()?)?;
        let (mut far, _) = listener.accept()?;
        near.write_all(b"what the server does not read, so that it resets the connection")?;
        far.read_exact(&mut [0])?;
        far.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")?;
        drop(far);
        let request = request();
        let refused = wait!(client(on::stream(near), &request, Config::default()));
        let Err(Error::Rejected(response)) = refused else { panic!("{refused:?}") };
        assert_eq!((response.status, &response.body[..]), (503, &b"busy"[..]));
        Ok(())
    })
}

/// 6455-4.1-29: a redirect is followed once its body has come, however late.
#[test]
fn a_redirect_may_come_in_pieces() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/", listener.local_addr()?);
    on::run(async {
        let connector = Connector::new();
        for (fields, pieces, _, ends) in BODIES {
            let listener = listener.try_clone()?;
            let server = thread::spawn(move || -> Outcome {
                let (mut far, _) = listener.accept()?;
                head(&mut far)?;
                write_slowly(
                    &mut far,
                    &[&format!("HTTP/1.1 302 Found\r\nLocation: /there\r\n{fields}\r\n")],
                )?;
                write_slowly(&mut far, pieces)?;
                if ends {
                    far.shutdown(std::net::Shutdown::Write)?;
                }
                let (mut far, _) = listener.accept()?;
                let asked = head(&mut far)?;
                assert!(asked.starts_with("GET /there "), "{asked}");
                let key = asked.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
                let accept = handshake::accept_key(key.expect("a key").as_bytes());
                let accept = core::str::from_utf8(&accept)?;
                let answer =
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
                far.write_all(format!("{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes())?;
                Ok(())
            });
            let ws = wait!(connector.connect(Connect::new(&url)?.follow_redirects(1)))?;
            assert!(ws.is_open(), "{fields}");
            server.join().expect("no panic")?;
        }
        Ok(())
    })
}
