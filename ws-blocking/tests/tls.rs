//! TLS on threads, over sockets of the loopback interface.
#![cfg(feature = "tls")]

use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use certificates::Authority;
use ws_blocking::ws_core::handshake::Agreement;
use ws_blocking::ws_core::{Connection, Role};
use ws_blocking::ws_tls::rustls::{self, AlertDescription};
use ws_blocking::{Config, Receiver, Sender, TlsError, TlsStream, Transport as _, WebSocket};

type Tls = TlsStream<TcpStream>;

/// Returns both ends of a TCP connection.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

/// Returns the TLS streams of a client and of a server that it trusts.
fn streams() -> (Tls, Tls) {
    let authority = Authority::new();
    let (near, far) = sockets();
    let server = authority.server(&["localhost"]);
    let accepting = thread::spawn(move || TlsStream::accept(far, &server, LIMIT));
    let client = TlsStream::connect(near, &authority.client(), "localhost", LIMIT);
    (client.unwrap(), accepting.join().unwrap().unwrap())
}

fn tls_error<T>(result: io::Result<T>) -> TlsError {
    TlsError::from_io(result.err().expect("a failure")).expect("one of TLS")
}

fn upgraded(stream: Tls, role: Role) -> WebSocket<Tls> {
    stream.get_ref().set_nodelay(true).unwrap();
    let config = Config::default();
    let conn = Connection::upgraded(ws_blocking::now(), role, config, Agreement::default(), [3; 32]);
    WebSocket::new(stream, conn)
}

/// Returns an open server end, and the TLS stream of its peer.
fn server() -> (Tls, WebSocket<Tls>) {
    let (client, server) = streams();
    (client, upgraded(server, Role::Server))
}

/// Nothing after a record with a wrong code is read, and the peer gets an alert.
#[test]
fn a_forged_record_ends_the_connection() {
    let (mut client, mut server) = streams();
    client.write_all(b"good").unwrap();
    let mut raw = client.get_ref();
    raw.write_all(&[&[0x17, 3, 3, 0, 32][..], &[0; 32]].concat()).unwrap();
    let mut buf = [0; 64];
    let mut good = 0;
    let error = loop {
        match server.read(&mut buf[good..]) {
            Ok(n) => good += n,
            Err(error) => break error,
        }
    };
    assert_eq!(&buf[..good], b"good");
    assert!(matches!(TlsError::from_io(error), Ok(TlsError::Rustls(rustls::Error::DecryptError))));
    let error = tls_error(client.read(&mut buf));
    assert!(matches!(error, TlsError::Rustls(rustls::Error::AlertReceived(AlertDescription::BadRecordMac))));
}

/// adapter-T1: one read of the socket takes the longest record whole. If a read returned nothing, a timer
/// could end the connection of a peer that has sent.
#[test]
fn a_read_takes_a_record_whole() {
    const LONGEST: usize = 1 << 14;
    let (mut client, mut server) = streams();
    server.set_read_timeout(LIMIT).unwrap();
    client.write_all(&[7; LONGEST]).unwrap();
    assert_eq!(server.read(&mut [0; 2 * LONGEST]).unwrap(), LONGEST);
}

/// 6455-4.1-2c: an end gives up in time on a peer that sends nothing.
#[test]
fn a_silent_peer_is_given_up_on() {
    let (near, far) = sockets();
    let limit = Some(Duration::from_millis(20));
    let error = TlsStream::connect(near, &Authority::new().client(), "localhost", limit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(far);
}

type Halves = (Sender<Tls>, Receiver<Tls>);

/// Returns the halves of a client and of its server.
fn halves() -> (Halves, Halves) {
    let (client, server) = streams();
    (upgraded(client, Role::Client).split().unwrap(), upgraded(server, Role::Server).split().unwrap())
}

/// adapter-BP4: a thread that waits to receive does not hold up a thread that sends, thousands of times, in
/// both directions, inside TLS.
#[test]
fn a_waiting_receiver_holds_up_no_sender() {
    const MESSAGES: u32 = 5_000;
    let ((client, mut client_receiver), (server, mut server_receiver)) = halves();
    thread::scope(|scope| {
        // Each message waits until the one before has come back, so the receivers sleep most of the time.
        let (came, comes) = mpsc::channel();
        scope.spawn(move || {
            for i in 0..MESSAGES {
                client.send(&i.to_be_bytes()).unwrap();
                comes.recv().unwrap();
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
            came.send(()).unwrap();
        }
        assert_eq!(client_receiver.recv().unwrap(), None);
        assert!(client_receiver.status().was_clean);
    });
}

/// adapter-BP3: two ends that send 16 MiB to each other at the same time both finish, inside TLS.
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
                    let message = receiver.recv().unwrap().unwrap();
                    assert!(
                        message.as_bytes().len() == PAYLOAD && message.as_bytes().iter().all(|&b| b == 0x55)
                    );
                }
            });
        }
    });
}

/// adapter-BP3: a receiver goes on receiving inside TLS while a sender is stuck in a write.
#[test]
fn a_stuck_sender_does_not_stop_the_receiver() {
    let (mut client, ws) = server();
    let (sender, mut receiver) = ws.split().unwrap();
    thread::scope(|scope| {
        let sending = scope.spawn(move || sender.send(vec![0; 32 << 20]));
        client.read_exact(&mut [0; 10]).unwrap();
        for _ in 0..100 {
            client.write_all(b"\x82\x81\0\0\0\0m").unwrap();
        }
        for _ in 0..100 {
            assert_eq!(receiver.recv().unwrap().unwrap().as_bytes(), b"m");
        }
        let mut left = 32 << 20;
        let mut some = vec![0; 1 << 16];
        while left > 0 {
            left -= client.read(&mut some[..left.min(1 << 16)]).unwrap();
        }
        sending.join().unwrap().unwrap();
    });
}
