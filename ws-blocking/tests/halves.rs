//! Halves on threads of their own, over sockets of the loopback interface.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use ws_blocking::ws_core::handshake::Agreement;
use ws_blocking::ws_core::{self, Connection, ProtocolError, Role, Timeout};
use ws_blocking::{CloseCode, Config, Error, Event, Receiver, SendError, Sender, WebSocket};

type Halves = (Sender<TcpStream>, Receiver<TcpStream>);

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

fn upgraded(stream: TcpStream, role: Role, config: Config) -> WebSocket<TcpStream> {
    stream.set_nodelay(true).unwrap();
    let entropy = [3; 32];
    let conn = Connection::upgraded(ws_blocking::now(), role, config, Agreement::default(), entropy);
    WebSocket::new(stream, conn)
}

/// Returns the halves of a client and of its server.
fn halves() -> (Halves, Halves) {
    let (client, server) = sockets();
    let client = upgraded(client, Role::Client, Config::default());
    let server = upgraded(server, Role::Server, Config::default());
    (client.split().unwrap(), server.split().unwrap())
}

/// adapter-BP4: a thread that waits to receive does not hold up a thread that sends, tens of thousands of
/// times, in both directions.
#[test]
fn a_waiting_receiver_holds_up_no_sender() {
    const MESSAGES: u32 = 20_000;
    let ((client, mut client_receiver), (server, mut server_receiver)) = halves();
    thread::scope(|scope| {
        // Each message waits until the one before has come back, so the receivers sleep most of the time.
        let (came, comes) = mpsc::channel();
        scope.spawn(move || {
            for i in 0..MESSAGES {
                client.send(&i.to_be_bytes()).unwrap();
                if i % 4 == 0 {
                    comes.recv().unwrap();
                }
            }
            client.close(None).unwrap();
        });
        scope.spawn(move || {
            while let Some(message) = server_receiver.message_ref().unwrap() {
                server.send(message).unwrap();
            }
            assert!(server_receiver.status().was_clean);
        });
        for i in 0..MESSAGES {
            assert_eq!(client_receiver.recv().unwrap().unwrap().as_bytes(), i.to_be_bytes());
            if i % 4 == 0 {
                came.send(()).unwrap();
            }
        }
        assert_eq!(client_receiver.recv().unwrap(), None);
        assert!(client_receiver.status().was_clean);
    });
}

/// adapter-BP4: many senders share a connection, and every message arrives whole and in its sender's order.
#[test]
fn many_senders_share_a_connection() {
    const SENDERS: u8 = 4;
    const MESSAGES: u32 = 5_000;
    let ((client, mut client_receiver), (server, mut server_receiver)) = halves();
    thread::scope(|scope| {
        let sending: Vec<_> = (0..SENDERS)
            .map(|who| {
                let client = client.clone();
                scope.spawn(move || {
                    for i in 0..MESSAGES {
                        let message = [&[who], &i.to_be_bytes()[..]].concat();
                        if i % 3 == 0 { client.send(message) } else { client.feed(message) }.unwrap();
                    }
                    client.flush().unwrap();
                })
            })
            .collect();
        scope.spawn(move || client_receiver.closed().unwrap());
        let mut next = [0; SENDERS as usize];
        for _ in 0..u32::from(SENDERS) * MESSAGES {
            let message = server_receiver.recv().unwrap().unwrap();
            let [who, count @ ..] = message.as_bytes() else { panic!() };
            let next = &mut next[usize::from(*who)];
            assert_eq!(count, u32::to_be_bytes(*next));
            *next += 1;
        }
        for sending in sending {
            sending.join().unwrap();
        }
        server.close(None).unwrap();
        assert_eq!(server_receiver.recv().unwrap(), None);
    });
}

/// adapter-BP3: two ends that send 16 MiB to each other at the same time both finish.
#[test]
fn both_ends_send_much_at_once() {
    const PAYLOAD: usize = 1 << 20;
    // The receivers live until the senders have finished.
    let (mut client, mut server) = halves();
    thread::scope(|scope| {
        for (sender, receiver) in [&mut client, &mut server] {
            scope.spawn(move || {
                let payload = vec![0x55; PAYLOAD];
                for _ in 0..16 {
                    sender.send(&payload).unwrap();
                }
            });
            scope.spawn(move || {
                for _ in 0..16 {
                    assert!(
                        receiver.message_ref().unwrap().unwrap().as_bytes().iter().all(|&byte| byte == 0x55)
                    );
                }
            });
        }
    });
}

/// adapter-BP3: pongs flow in both directions under load, at least the one for the last ping.
#[test]
fn pongs_flow_under_load() {
    const MESSAGES: u8 = 100;
    let (client, server) = halves();
    thread::scope(|scope| {
        for ((sender, mut receiver), closes) in [(client, true), (server, false)] {
            let loading = sender.clone();
            scope.spawn(move || {
                let payload = vec![0x55; 100_000];
                for i in 1..=MESSAGES {
                    loading.send(&payload).unwrap();
                    loading.ping(&[i]).unwrap();
                }
            });
            scope.spawn(move || {
                let (mut messages, mut is_answered, mut is_done) = (0, false, false);
                while let Some(event) = receiver.event_ref().unwrap() {
                    messages += u8::from(matches!(event, Event::Message(_)));
                    is_answered |= matches!(event, Event::Pong([MESSAGES]));
                    if !is_done && is_answered && messages >= MESSAGES {
                        is_done = true;
                        sender.send("done").unwrap();
                    }
                    if closes && is_done && messages > MESSAGES && sender.is_open() {
                        sender.close(None).unwrap();
                    }
                }
                assert!(receiver.status().was_clean);
            });
        }
    });
}

/// adapter-BP3: a receiver answers pings while a sender is stuck in a write, as soon as the peer reads.
#[test]
fn a_stuck_sender_does_not_stop_the_receiver() {
    let (mut raw, server) = sockets();
    let (sender, mut receiver) = upgraded(server, Role::Server, Config::default()).split().unwrap();
    thread::scope(|scope| {
        let sending = scope.spawn(move || sender.send(vec![0; 32 << 20]));
        raw.read_exact(&mut [0; 10]).unwrap();
        for _ in 0..1000 {
            raw.write_all(b"\x89\x81\0\0\0\0p\x82\x81\0\0\0\0m").unwrap();
        }
        for _ in 0..1000 {
            assert_eq!(receiver.recv().unwrap().unwrap().as_bytes(), b"m");
        }
        let waiting = scope.spawn(move || receiver.recv());
        let mut message = vec![0; 32 << 20];
        raw.read_exact(&mut message).unwrap();
        sending.join().unwrap().unwrap();
        let mut pong = [0; 3];
        raw.read_exact(&mut pong).unwrap();
        assert_eq!(&pong, b"\x8a\x01p");
        drop(raw);
        assert!(waiting.join().unwrap().is_err());
    });
}

/// A sender that is stuck in a write returns when the connection has ended.
#[test]
fn a_stuck_sender_returns_when_the_connection_ends() {
    let (mut raw, server) = sockets();
    let config = Config::new().close_timeout(Duration::from_millis(20));
    let (sender, mut receiver) = upgraded(server, Role::Server, config).split().unwrap();
    thread::scope(|scope| {
        let sending = scope.spawn(move || sender.send(vec![0; 64 << 20]));
        raw.write_all(b"\x81\x00").unwrap();
        let error = receiver.recv().unwrap_err();
        assert!(
            matches!(error, Error::WebSocket(ws_core::Error::Protocol(ProtocolError::UnmaskedFrame))),
            "{error:?}"
        );
        assert!(sending.join().unwrap().is_err());
        assert_eq!(receiver.recv().unwrap(), None);
    });
}

/// close-H2: a close that a sender starts while the receiver sleeps still has its deadline.
#[test]
fn a_close_wakes_a_sleeping_receiver_in_time() {
    let (raw, server) = sockets();
    let config = Config::new().close_timeout(Duration::from_millis(20));
    let (sender, mut receiver) = upgraded(server, Role::Server, config).split().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(move || receiver.recv());
        sender.close(CloseCode::NORMAL).unwrap();
        assert!(matches!(sender.close(None), Err(Error::Send(SendError::Closed))));
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close))), "{error:?}");
    });
    drop(raw);
}

/// The connection lives as long as its receiver, with senders or without.
#[test]
fn the_connection_lives_as_long_as_its_receiver() {
    let ((client, client_receiver), (server, mut server_receiver)) = halves();
    drop(server);
    client.clone().send("still here").unwrap();
    assert_eq!(server_receiver.recv().unwrap().unwrap().as_text(), Some("still here"));
    drop(client_receiver);
    assert_eq!(server_receiver.recv().unwrap(), None);
    assert_eq!(server_receiver.status().close_code, 1001);
    assert!(matches!(client.send("late"), Err(Error::Send(SendError::Closed))));
}

/// A sender that is writing when the receiver is dropped still writes its message, and then the Close frame.
#[test]
fn a_sender_that_writes_outlives_the_receiver() {
    const LEN: usize = 32 << 20;
    let (mut raw, server) = sockets();
    let (sender, receiver) = upgraded(server, Role::Server, Config::default()).split().unwrap();
    thread::scope(|scope| {
        let sending = scope.spawn(|| sender.send(vec![0; LEN]));
        raw.read_exact(&mut [0; 10]).unwrap();
        drop(receiver);
        assert!(!sender.is_open());
        let mut rest = Vec::new();
        raw.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.len(), LEN + 4);
        assert_eq!(rest[LEN..], *b"\x88\x02\x03\xe9");
        assert!(matches!(sending.join().unwrap(), Err(Error::Send(SendError::Closed))));
    });
}

/// close-H2: a sender that is stuck when the receiver is dropped returns when the close timer ends.
#[test]
fn a_stuck_sender_does_not_outlive_the_receiver_for_long() {
    let (mut raw, server) = sockets();
    let config = Config::new().close_timeout(Duration::from_millis(20));
    let (sender, receiver) = upgraded(server, Role::Server, config).split().unwrap();
    thread::scope(|scope| {
        let sending = scope.spawn(|| sender.send(vec![0; 64 << 20]));
        raw.read_exact(&mut [0; 10]).unwrap();
        drop(receiver);
        assert!(matches!(sending.join().unwrap(), Err(Error::Send(SendError::Closed))));
    });
}
