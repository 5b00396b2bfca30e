//! TLS, over sockets of the loopback interface.
#![cfg(feature = "tls")]

mod common;

use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;

use common::{Authority, sockets};
use ws_blocking::ws_core::handshake::Agreement;
use ws_blocking::ws_core::{self, Connection, Role};
use ws_blocking::ws_tls::ServerTlsBuilder;
use ws_blocking::ws_tls::rustls::{self, AlertDescription, ProtocolVersion};
use ws_blocking::{
    ClientRequest, ClientTls, Config, Error, Receiver, Sender, ServerTls, TlsError, TlsStream,
    Transport as _, WebSocket,
};

type Tls = TlsStream<TcpStream>;

const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

/// What both ends say of the TLS between them.
fn shake_hands(client: &ClientTls, server: &ServerTls, host: &str) -> (io::Result<Tls>, io::Result<Tls>) {
    let (near, far) = sockets();
    thread::scope(|scope| {
        let server = scope.spawn(move || TlsStream::accept(far, server, LIMIT));
        (TlsStream::connect(near, client, host, LIMIT), server.join().unwrap())
    })
}

/// A client and a server that trusts it to be right.
fn streams() -> (Tls, Tls) {
    let authority = Authority::new();
    let (client, server) = shake_hands(&authority.client(), &authority.server(&["localhost"]), "localhost");
    (client.unwrap(), server.unwrap())
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

/// An open server end, and the TLS stream of its peer.
fn server() -> (Tls, WebSocket<Tls>) {
    let (client, server) = streams();
    (client, upgraded(server, Role::Server))
}

/// 6455-10.6-1, 6455-10.6-2, 6455-10.6-3, 6455-4.1-9c: messages of all lengths come back inside TLS 1.3, and both ends
/// see a clean close.
#[test]
fn messages_of_all_lengths_come_back() {
    let (client, server) = streams();
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(server.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(client.peer_certificates().unwrap().len(), 1);
    assert_eq!(server.peer_certificates(), None);
    let server = thread::spawn(move || {
        let mut ws = ws_blocking::accept(server).unwrap();
        while let Some((message, mut reply)) = ws.message_ref().unwrap() {
            reply.feed(message).unwrap();
        }
        assert!(ws.was_clean());
    });
    let request = ClientRequest::new("localhost", "/").unwrap();
    let mut ws = ws_blocking::client(client, &request, Config::default()).unwrap();
    for len in [0, 1, 125, 126, 16_384, 65_535, 65_536, 1 << 20] {
        let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
        ws.send(&payload).unwrap();
        assert_eq!(ws.recv().unwrap().unwrap().as_bytes(), payload);
    }
    ws.close(None).unwrap();
    assert_eq!(ws.recv().unwrap(), None);
    assert!(ws.was_clean());
    server.join().unwrap();
}

/// 6455-4.1-9b: a certificate for another name, out of date or from a stranger ends it, before a byte of HTTP.
#[test]
fn a_wrong_certificate_ends_the_connection_before_http() {
    let authority = Authority::new();
    let expired = authority.issue_with(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    let expired = ServerTls::from_pem(expired.0, expired.1).unwrap();
    for (server, says) in [
        (authority.server(&["example.com"]), "not valid for name"),
        (expired, "expired"),
        (Authority::named("a stranger").server(&["localhost"]), "UnknownIssuer"),
    ] {
        let (client, server) = shake_hands(&authority.client(), &server, "localhost");
        let error = tls_error(client).to_string();
        assert!(error.contains(says), "{error}");
        // The server would give a stream if the client had gone on.
        assert!(matches!(tls_error(server), TlsError::Rustls(rustls::Error::AlertReceived(_))));
    }
}

/// Whoever skips the verification talks to anybody.
#[test]
fn verification_can_be_skipped() {
    let client = ClientTls::builder().dangerously_skip_verification().build().unwrap();
    let server = Authority::new().server(&["example.com"]);
    let (client, server) = shake_hands(&client, &server, "localhost");
    assert!(client.is_ok() && server.is_ok());
}

/// 6455-4.1-9d: a name is sent as SNI, in lower case; an address is checked, and not sent.
#[test]
fn names_are_sent_and_addresses_are_not() {
    let authority = Authority::new();
    let server = authority.server(&["localhost", "127.0.0.1", "::1"]);
    for (host, sent) in [("LocalHost", Some("localhost")), ("127.0.0.1", None), ("::1", None)] {
        let (client, server) = shake_hands(&authority.client(), &server, host);
        client.unwrap();
        assert_eq!(server.unwrap().server_name().as_deref(), sent);
    }
    let only_name = authority.server(&["localhost"]);
    tls_error(shake_hands(&authority.client(), &only_name, "127.0.0.1").0);
    assert!(matches!(ClientTls::server_name("no name"), Err(TlsError::NameInvalid)));
}

/// 6455-10.5-1: a server can ask for certificates, let in only who has one, and see it.
#[test]
fn clients_show_certificates() {
    let authority = Authority::new();
    let (chain, key) = authority.issue(&["a client"]);
    let known = ClientTls::builder().roots([authority.root()]).certificate_pem(&chain, key).unwrap();
    let known = known.build().unwrap();
    let asking = |requires: bool| {
        let (chain, key) = authority.issue(&["localhost"]);
        let server = ServerTlsBuilder::from_pem(chain, key).unwrap();
        let roots = vec![authority.root()];
        let server = if requires {
            server.require_client_certificates(roots)
        } else {
            server.ask_for_client_certificates(roots)
        };
        server.build().unwrap()
    };
    for requires in [true, false] {
        let (client, server) = shake_hands(&known, &asking(requires), "localhost");
        client.unwrap();
        assert_eq!(server.unwrap().peer_certificates().unwrap().len(), 1);
    }
    let (client, server) = shake_hands(&authority.client(), &asking(false), "localhost");
    client.unwrap();
    assert_eq!(server.unwrap().peer_certificates(), None);
    let (client, server) = shake_hands(&authority.client(), &asking(true), "localhost");
    assert!(matches!(tls_error(server), TlsError::Rustls(rustls::Error::NoCertificatesPresented)));
    // In TLS 1.3 a client is done before the server has looked at its certificate.
    let error = tls_error(client.unwrap().read(&mut [0]));
    assert!(
        matches!(
            error,
            TlsError::Rustls(rustls::Error::AlertReceived(AlertDescription::CertificateRequired))
        ),
        "{error}"
    );
}

/// 6455-10.6-3: a client that knows nothing newer than TLS 1.1 is refused with the alert that says so.
#[test]
fn tls_1_1_is_refused() {
    let (mut raw, far) = sockets();
    let random = [7; 32];
    let algorithms = [0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
    let hello = [&[3, 2][..], &random, &[0, 0, 2, 0, 0x2f, 1, 0], &algorithms].concat();
    let len = u8::try_from(hello.len()).unwrap();
    raw.write_all(&[&[0x16, 3, 1, 0, len + 4, 1, 0, 0, len][..], &hello].concat()).unwrap();
    let refused = TlsStream::accept(far, &Authority::new().server(&["localhost"]), LIMIT);
    let error = tls_error(refused);
    assert!(matches!(error, TlsError::Rustls(rustls::Error::PeerIncompatible(_))), "{error}");
    let mut alert = [0; 7];
    raw.read_exact(&mut alert).unwrap();
    assert_eq!((alert[0], alert[5], alert[6]), (0x15, 2, 70));
}

fn offering(tls: &ClientTls, protocol: &[u8]) -> ClientTls {
    let mut config = rustls::ClientConfig::clone(tls.config());
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config).into()
}

/// 7301-3.2-1, 7301-3.2-2, 7301-3.1-1: both ends know `http/1.1` only; a client that offers only others is turned away.
#[test]
fn http_1_1_is_the_only_protocol() {
    let authority = Authority::new();
    let server = authority.server(&["localhost"]);
    let (client, accepted) = shake_hands(&authority.client(), &server, "localhost");
    assert_eq!(client.unwrap().alpn_protocol().as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(accepted.unwrap().alpn_protocol().as_deref(), Some(&b"http/1.1"[..]));
    let error = tls_error(shake_hands(&offering(&authority.client(), b"h2"), &server, "localhost").0);
    assert!(
        matches!(
            error,
            TlsError::Rustls(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol))
        ),
        "{error}"
    );
}

/// 7301-3.1-1: where other settings made both ends agree on HTTP/2, no HTTP/1.1 is spoken.
#[test]
fn no_http_1_1_is_spoken_where_http_2_was_agreed_on() {
    let authority = Authority::new();
    let mut server = rustls::ServerConfig::clone(authority.server(&["localhost"]).config());
    server.alpn_protocols = vec![b"h2".to_vec()];
    let server = Arc::new(server).into();
    let (client, accepted) = shake_hands(&offering(&authority.client(), b"h2"), &server, "localhost");
    assert!(matches!(tls_error(client), TlsError::OtherProtocol));
    assert!(accepted.is_err());
}

/// A stream that is cut off is told from one that has ended.
#[test]
fn a_truncation_is_no_end() {
    let (client, mut ws) = server();
    client.get_ref().shutdown(Shutdown::Write).unwrap();
    let Err(Error::Io(error)) = ws.recv() else { panic!("an error of the transport") };
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(ws.recv().unwrap(), None);

    let (mut client, mut ws) = server();
    client.shutdown_write().unwrap();
    let error = ws.recv().unwrap_err();
    assert!(matches!(error, Error::WebSocket(ws_core::Error::UnexpectedEof)), "{error}");
}

/// After the Close frames a truncation changes nothing: all has been said.
#[test]
fn a_truncation_after_the_close_frames_is_clean() {
    let (mut client, mut ws) = server();
    client.write_all(b"\x88\x80abcd").unwrap();
    client.flush().unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(move || {
            assert_eq!(ws.recv().unwrap(), None);
            assert!(ws.was_clean());
        });
        // The Close frame, and then the end that is announced.
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"\x88\x00");
        drop(client);
        closing.join().unwrap();
    });
}

/// What comes later than a record with a wrong code is not read, and the other end is told.
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

/// 6455-4.1-2c: a peer that does not speak is given up on in time.
#[test]
fn a_silent_peer_is_given_up_on() {
    let (near, far) = sockets();
    let limit = Some(Duration::from_millis(20));
    let error = TlsStream::connect(near, &Authority::new().client(), "localhost", limit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(far);
}

/// A peer that goes away during the handshake is noticed.
#[test]
fn a_peer_that_goes_away_is_noticed() {
    let (near, far) = sockets();
    drop(far);
    let error = TlsStream::connect(near, &Authority::new().client(), "localhost", LIMIT).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
}

type Halves = (Sender<Tls>, Receiver<Tls>);

/// The halves of a client and of its server.
fn halves() -> (Halves, Halves) {
    let (client, server) = streams();
    (upgraded(client, Role::Client).split().unwrap(), upgraded(server, Role::Server).split().unwrap())
}

/// adapter-BP4: a thread that waits to receive holds up none that sends, thousands of times, both ways, inside TLS.
#[test]
fn a_waiting_receiver_holds_up_no_sender() {
    const MESSAGES: u32 = 5_000;
    let ((client, mut client_receiver), (server, mut server_receiver)) = halves();
    thread::scope(|scope| {
        // Each message waits for the one before to have come back, so the receivers sleep most of the time.
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
            assert!(server_receiver.was_clean());
        });
        for i in 0..MESSAGES {
            assert_eq!(client_receiver.recv().unwrap().unwrap().as_bytes(), i.to_be_bytes());
            came.send(()).unwrap();
        }
        assert_eq!(client_receiver.recv().unwrap(), None);
        assert!(client_receiver.was_clean());
    });
}

/// adapter-BP3: two ends that send 16 MiB at each other at the same time both finish, inside TLS.
#[test]
fn both_ends_send_much_at_once() {
    const PAYLOAD: usize = 1 << 20;
    let (client, server) = halves();
    thread::scope(|scope| {
        for (sender, mut receiver) in [client, server] {
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
