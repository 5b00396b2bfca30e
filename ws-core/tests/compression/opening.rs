//! The opening handshake's agreement, between our two ends and with other implementations (RFC 7692 §5,
//! §7.1).

use common::heads::*;
use ws_core::deflate::{ClientWindow, Compression, NegotiationError, Offer, Parameter, ParameterError};
use ws_core::handshake::{Accept, ClientRequest, HandshakeError};
use ws_core::{Error, Event, RecvBuf};

use super::*;

/// The number of places at which heads are cut, small since the tables are long.
const CUTS: usize = 16;

fn config(compression: impl Into<Option<Compression>>) -> Config {
    Config::new().compression(compression)
}

fn offering(offers: &[Offer]) -> Compression {
    Compression::new().offers(offers)
}

const PLAIN: Offer = Offer::PLAIN;

/// Returns a server that has accepted a request with these lines of extensions, and its answer to them.
#[track_caller]
fn ask(compression: impl Into<Option<Compression>>, lines: &[&str]) -> (Peer, Option<String>) {
    let config = Arc::new(config(compression));
    let mut server = Peer::new(Role::Server, CUTS, |now| Connection::server(now, Arc::clone(&config)));
    server.decision = Some(Accept::new().into());
    assert_eq!(server.receives(request(lines)), [Seen::Request("/chat".into())], "{lines:?}");
    let answer = server.transmits();
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    (server, field(&answer, "Sec-WebSocket-Extensions").map(Into::into))
}

fn request(lines: &[&str]) -> String {
    let fields: String = lines.iter().map(|line| format!("Sec-WebSocket-Extensions: {line}\r\n")).collect();
    REQUEST.replace("\r\n\r\n", &format!("\r\n{fields}\r\n"))
}

/// Returns the answer of a default server.
#[track_caller]
fn answer(lines: &[&str]) -> Option<String> {
    let (mut server, answer) = ask(Compression::default(), lines);
    let is_agreed = answer.is_some();
    assert_eq!(
        server.each(|conn| (conn.is_compressed(), conn.agreed().deflate.is_some())),
        (is_agreed, is_agreed)
    );
    match is_agreed {
        true => assert_eq!(server.receives(deflated_to(Role::Server, HELLO)), [text("Hello")]),
        false => stays_uncompressed(&mut server),
    }
    answer
}

/// Checks that messages stay uncompressed in both directions.
#[track_caller]
fn stays_uncompressed(peer: &mut Peer) {
    let role = peer.each(|conn| conn.role());
    let long = "Hello ".repeat(100);
    peer.each(|conn| conn.send(&long)).unwrap();
    assert_eq!(peer.sends(), [(FIN | TEXT, long.into_bytes())]);
    assert_eq!(peer.receives(to(role, FIN | TEXT, b"Hello")), [text("Hello")]);
    peer.fails_after(deflated_to(role, HELLO), &[], ProtocolError::ReservedBits);
}

/// Returns a client with these offers, and its request.
fn asking(compression: impl Into<Option<Compression>>) -> (Peer, Vec<u8>) {
    let config = Arc::new(config(compression));
    let request = ClientRequest::new("server.example.com", "/chat").unwrap();
    let mut client =
        Peer::new(Role::Client, CUTS, |now| Connection::client(now, Arc::clone(&config), &request, ENTROPY));
    let bytes = client.transmits();
    (client, bytes)
}

fn answered(request: &[u8], lines: &[&str]) -> Vec<u8> {
    let fields: String = lines.iter().map(|line| format!("Sec-WebSocket-Extensions: {line}\r\n")).collect();
    answer_to(request, &fields)
}

/// Returns the agreement of a client that made these offers and got this answer.
#[track_caller]
fn agrees(offers: &[Offer], lines: &[&str]) -> Params {
    let (mut client, request) = asking(offering(offers));
    assert_eq!(client.receives(answered(&request, lines)), [Seen::Open(101, None)], "{lines:?}");
    let params = client.each(|conn| conn.agreed().deflate).expect("compression is agreed");
    assert_eq!(client.receives(deflated_to(Role::Client, HELLO)), [text("Hello")]);
    params
}

/// Checks that a client with these offers fails on this answer, with this reason.
#[track_caller]
fn refuses(offers: &[Offer], lines: &[&str], error: impl Into<HandshakeError>, reason: &str) {
    let (mut client, request) = asking(offering(offers));
    let error = Error::Handshake(error.into());
    let bytes = [&answered(&request, lines)[..], &deflated_to(Role::Client, HELLO)].concat();
    assert_eq!(client.receives(bytes), [failed(error)], "{lines:?}");
    assert!(client.is_closed());
    assert_eq!((client.ended(), client.transmits()), ((1006, false), vec![]));
    assert!(error.to_string().contains(reason), "{error}");
}

/// 7692-5-1, 7692-7.1.2.2-1, 6455-9-1: the default offer is one element, which allows the server to limit the
/// client's window.
#[test]
fn the_default_offer() {
    let (_, request) = asking(Compression::default());
    let offer = field(&request, "Sec-WebSocket-Extensions");
    assert_eq!(offer, Some("permessage-deflate; client_max_window_bits"));
}

/// 7692-7.3-1, 7692-7.1.2.1-4: by default both windows have the largest size.
#[test]
fn windows_are_large_by_default() {
    let (client, server) = connect(config(Compression::default()), config(Compression::default()));
    for conn in [client, server] {
        let params = conn.agreed().deflate.expect("compression is agreed");
        assert_eq!(BOTH.map(|sender| params.window(sender).get()), [15, 15]);
    }
}

/// 7692-5-2, 7692-5-3, 7692-5-4, 7692-7.1.1.1-1, 7692-7.1.1.2-1, 7692-7.1.2.1-1, 6455-9.1-7:
/// Every possible offer can be made, in the order of preference.
#[test]
fn offers_are_written_in_order() {
    let small = Offer::new()
        .server_no_context_takeover(true)
        .client_no_context_takeover(true)
        .server_max_window_bits(window(10))
        .client_max_window_bits(ClientWindow::AtMost(window(9)));
    let (_, request) = asking(offering(&[small, Offer::default(), PLAIN]));
    assert_eq!(
        field(&request, "Sec-WebSocket-Extensions"),
        Some(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; \
             client_max_window_bits=9, permessage-deflate; client_max_window_bits, permessage-deflate"
        )
    );
}

/// 7692-5-12, 7692-5-13, 6455-9.1-5: without compression, nothing is offered or accepted, as if it did not
/// exist.
#[test]
fn without_compression_nothing_changes() {
    for compression in [None, Some(offering(&[]))] {
        let (mut client, request) = asking(compression.clone());
        assert_eq!(field(&request, "Sec-WebSocket-Extensions"), None);
        assert_eq!(client.receives(answered(&request, &[])), [Seen::Open(101, None)]);
        stays_uncompressed(&mut client);
        for answer in ["permessage-deflate", "permessage-deflate; foo", "x"] {
            let (mut client, request) = asking(compression.clone());
            let seen = client.receives(answered(&request, &[answer]));
            assert_eq!(seen, [failed(Error::Handshake(HandshakeError::ExtensionNotOffered))]);
        }
    }
    for offer in ["permessage-deflate; client_max_window_bits", "permessage-deflate; foo", "x"] {
        let (mut server, answer) = ask(None, &[offer]);
        assert_eq!(answer, None);
        stays_uncompressed(&mut server);
    }
}

/// 7692-5-13: a client whose offer is not answered continues without compression.
#[test]
fn an_unanswered_offer_leaves_the_connection_uncompressed() {
    let (mut client, request) = asking(Compression::default());
    assert_eq!(client.receives(answered(&request, &[])), [Seen::Open(101, None)]);
    assert!(!client.each(|conn| conn.is_compressed()));
    stays_uncompressed(&mut client);
}

/// 7692-5-5, 7692-5-6, 7692-7.1.1.1-2, 7692-7.1.1.1-3, 7692-7.1.2.1-2, 7692-7.1.2.2-2, 7692-7.1.2.2-3,
/// 7692-7.1.2.2-4, 7692-5.2-1:
/// A server's answer reflects the offer. Values may be quoted.
#[test]
fn a_server_answers_what_was_offered() {
    for (offer, expected) in [
        ("permessage-deflate", "permessage-deflate"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
        (" permessage-deflate ;client_max_window_bits ", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"),
        (
            "permessage-deflate; server_max_window_bits=\"10\"",
            "permessage-deflate; server_max_window_bits=10",
        ),
        (
            "permessage-deflate; server_max_window_bits=\"1\\0\"",
            "permessage-deflate; server_max_window_bits=10",
        ),
        ("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
        ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
        ("permessage-deflate; client_max_window_bits=12", "permessage-deflate; client_max_window_bits=12"),
        (
            "permessage-deflate; client_max_window_bits=\"12\"",
            "permessage-deflate; client_max_window_bits=12",
        ),
        (
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=11; client_no_context_takeover; \
             server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; \
             client_max_window_bits=9",
        ),
    ] {
        assert_eq!(answer(&[offer]).as_deref(), Some(expected), "{offer}");
    }
}

/// 7692-5-7, 7692-5-8, 7692-5-10, 6455-9-2, 6455-9.1-10:
/// Of many offers, on one line or several, a server takes only the first that it can accept (D16). Other
/// extensions are ignored.
#[test]
fn a_server_takes_the_first_offer_that_will_do() {
    for lines in [
        &["permessage-deflate, permessage-deflate; server_max_window_bits=10"][..],
        &["permessage-deflate; server_max_window_bits=16, permessage-deflate"],
        &["permessage-deflate; foo, permessage-deflate"],
        &["permessage-deflate; server_no_context_takeover=1", "permessage-deflate"],
        &["x-toy, permessage-deflate"],
        &["permessage-deflate, x-toy; permessage-deflate"],
        &["x-webkit-deflate-frame", "permessage-bzip2; a=b", "permessage-deflate"],
        &[", permessage-deflate,,"],
        &["x-toy", "permessage-deflate; client_max_window_bits"],
    ] {
        assert_eq!(answer(lines).as_deref(), Some("permessage-deflate"), "{lines:?}");
    }
    let (_, second) = ask(
        Compression::default(),
        &[
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=9, permessage-deflate",
        ],
    );
    assert_eq!(second.as_deref(), Some("permessage-deflate; server_max_window_bits=9"));
}

/// 7692-5-12, 7692-7-1, 7692-7-2, 7692-7-3, 7692-vec, 6455-9-4:
/// A server declines an offer with an unknown, wrong or repeated parameter. The connection opens
/// uncompressed.
#[test]
fn a_bad_offer_is_declined() {
    let mut offers: Vec<String> =
        ["foo", "foo=1", "Server_no_context_takeover", "server_max_window_bits"].map(Into::into).to_vec();
    for parameter in ["server_max_window_bits", "client_max_window_bits"] {
        for value in ["7", "16", "09", "0", "+9", "-9", "9a", "a", "150", "08", "\"7\"", "\"0\\9\""] {
            offers.push(format!("{parameter}={value}"));
        }
        offers.push(format!("{parameter}=10; {parameter}=10"));
        offers.push(format!("{parameter}=10; {parameter}=11"));
    }
    for parameter in ["server_no_context_takeover", "client_no_context_takeover"] {
        for value in ["0", "1", "true", "\"true\""] {
            offers.push(format!("{parameter}={value}"));
        }
        offers.push(format!("{parameter}; {parameter}"));
    }
    offers.push("client_max_window_bits; client_max_window_bits".into());
    offers.push("client_max_window_bits; client_max_window_bits=10".into());
    for parameters in offers {
        assert_eq!(answer(&[&format!("permessage-deflate; {parameters}")]), None, "{parameters}");
    }
    assert_eq!(answer(&["permessage-deflat"]), None);
    assert_eq!(answer(&["Permessage-Deflate"]), None);
}

/// 7692-7-2, 6455-9.1-3: a malformed list gets 400, whatever else is in it.
#[test]
fn a_malformed_list_is_refused() {
    for line in [
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_no_context_takeover=\"\"",
        "permessage-deflate; server_max_window_bits=\"1 0\"",
        "permessage-deflate; server_max_window_bits=\"10",
        "permessage-deflate;",
        "permessage-deflate; =10",
        "permessage-deflate, x;;y",
        "permessage deflate",
    ] {
        for compression in [None, Some(Compression::default())] {
            let config = Arc::new(config(compression));
            let mut server =
                Peer::new(Role::Server, CUTS, |now| Connection::server(now, Arc::clone(&config)));
            let seen = server.receives(request(&[line]));
            assert_eq!(seen, [failed(Error::Handshake(HandshakeError::ExtensionsMalformed))], "{line}");
            assert!(server.transmits().starts_with(b"HTTP/1.1 400 "));
        }
    }
}

/// 7692-7.1.1.1-4, 7692-7.1.1.2-2, 7692-7.1.2.1-3, 7692-7.1.2.2-2, 7692-7-4:
/// A server may require more than it was offered, but not limit a client's window if that was not offered.
#[test]
fn a_server_may_ask_for_more() {
    let small = Compression::new()
        .server_no_context_takeover(true)
        .client_no_context_takeover(true)
        .server_max_window_bits(window(11))
        .client_max_window_bits(window(10));
    let takeover = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (offer, windows) in [
        ("", "; server_max_window_bits=11"),
        ("; client_max_window_bits", "; server_max_window_bits=11; client_max_window_bits=10"),
        ("; client_max_window_bits=9", "; server_max_window_bits=11; client_max_window_bits=9"),
        ("; client_max_window_bits=12", "; server_max_window_bits=11; client_max_window_bits=10"),
        ("; server_max_window_bits=12", "; server_max_window_bits=11"),
        ("; server_max_window_bits=9", "; server_max_window_bits=9"),
    ] {
        let (_, answer) = ask(small.clone(), &[&format!("permessage-deflate{offer}")]);
        assert_eq!(answer, Some(format!("{takeover}{windows}")), "{offer}");
    }
}

/// 7692-5-6, 7692-7.1.1.1-4, 7692-7.1.1.2-2, 7692-7.1.1.2-3, 7692-7.1.2.1-2, 7692-7.1.2.1-3, 7692-7.1.2.2-5,
/// 7692-vec, 7692-5.2-1:
/// A client agrees to any answer that suits one of its offers, even with parameters that it did not offer.
#[test]
fn a_client_agrees_to_what_suits_its_offer() {
    let agrees_to = |offers: &[Offer], parameters: &str| {
        agrees(offers, &[&format!("permessage-deflate{parameters}")]).to_string().split_off(18)
    };
    let bits = |bits| PLAIN.server_max_window_bits(window(bits));
    let hint = |bits| PLAIN.client_max_window_bits(ClientWindow::AtMost(window(bits)));
    for offer in [PLAIN, Offer::default()] {
        for parameters in [
            "",
            "; server_no_context_takeover",
            "; client_no_context_takeover",
            "; server_max_window_bits=14",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8",
        ] {
            assert_eq!(agrees_to(&[offer], parameters), parameters);
        }
        assert_eq!(agrees_to(&[offer], "; server_max_window_bits=\"1\\4\""), "; server_max_window_bits=14");
    }
    assert_eq!(agrees_to(&[Offer::default()], "; client_max_window_bits=8"), "; client_max_window_bits=8");
    assert_eq!(agrees_to(&[bits(12)], "; server_max_window_bits=12"), "; server_max_window_bits=12");
    assert_eq!(agrees_to(&[bits(12)], "; server_max_window_bits=11"), "; server_max_window_bits=11");
    // A hint binds only the client that gave it.
    assert_eq!(agrees_to(&[hint(12)], "; client_max_window_bits=13"), "; client_max_window_bits=12");
    assert_eq!(agrees_to(&[hint(12)], "; client_max_window_bits=11"), "; client_max_window_bits=11");
    assert_eq!(agrees_to(&[hint(12)], ""), "; client_max_window_bits=12");
    // It is enough if the answer suits one of the offers.
    let both = [bits(10), PLAIN];
    assert_eq!(agrees_to(&both, ""), "");
    assert_eq!(agrees_to(&both, "; server_max_window_bits=9"), "; server_max_window_bits=9");
    let own = PLAIN.client_no_context_takeover(true);
    assert_eq!(agrees_to(&[own], ""), "");
    // The list may have empty elements, and be on several lines, of which some are empty.
    assert_eq!(agrees(&[PLAIN], &[", permessage-deflate,"]), TAKING_OVER);
}

/// 7692-7-5, 7692-7-6, 7692-7-7, 7692-7-8, 7692-5-14, 7692-5.1-1, 7692-7.1.1.1-2, 7692-7.1.2.1-2,
/// 7692-7.1.2.2-3, 7692-7.1.2.2-4, 7692-vec:
/// A client fails on an answer that is wrong in itself or does not suit its offer. The error has the
/// parameter.
#[test]
fn a_client_fails_on_a_bad_answer() {
    use Parameter::*;
    let refuses = |offer: Offer, parameters: &str, error: NegotiationError, reason: &str| {
        refuses(&[offer], &[&format!("permessage-deflate; {parameters}")], error, reason);
    };
    let offer = Offer::default();
    refuses(offer, "foo", ParameterError::Unknown.into(), "unknown parameter");
    refuses(offer, "foo=1", ParameterError::Unknown.into(), "unknown parameter");
    for (name, parameter) in
        [("server_max_window_bits", ServerMaxWindowBits), ("client_max_window_bits", ClientMaxWindowBits)]
    {
        refuses(offer, name, ParameterError::ValueMissing(parameter).into(), name);
        for value in ["7", "16", "08", "0", "+9", "9a", "a", "\"7\""] {
            let error = ParameterError::ValueInvalid(parameter).into();
            refuses(offer, &format!("{name}={value}"), error, name);
        }
        let error = ParameterError::Repeated(parameter).into();
        refuses(offer, &format!("{name}=10; {name}=10"), error, name);
    }
    for (name, parameter) in [
        ("server_no_context_takeover", ServerNoContextTakeover),
        ("client_no_context_takeover", ClientNoContextTakeover),
    ] {
        for value in ["0", "1", "true"] {
            let error = ParameterError::ValueUnexpected(parameter).into();
            refuses(offer, &format!("{name}={value}"), error, name);
        }
        refuses(offer, &format!("{name}; {name}"), ParameterError::Repeated(parameter).into(), name);
    }

    let error = NegotiationError::ClientWindowNotOffered;
    refuses(PLAIN, "client_max_window_bits=10", error, "client_max_window_bits");
    let bits = PLAIN.server_max_window_bits(window(12));
    let error = NegotiationError::ServerWindowTooLarge;
    refuses(bits, "server_max_window_bits=13", error, "server_max_window_bits");
    let error = NegotiationError::ServerWindowMissing;
    refuses(bits, "server_no_context_takeover", error, "server_max_window_bits");
    let resets = PLAIN.server_no_context_takeover(true);
    let error = NegotiationError::ServerTakeoverKept;
    refuses(resets, "client_no_context_takeover", error, "server_no_context_takeover");
}

/// 7692-5-9, 7692-5-11, 7692-5-14, 6455-4.1-33:
/// A client fails on an answer with another extension than the one it offered.
#[test]
fn a_client_fails_on_other_extensions() {
    let offers = [Offer::default()];
    let twice = NegotiationError::AnsweredTwice;
    refuses(&offers, &["permessage-deflate, permessage-deflate"], twice, "twice");
    refuses(&offers, &["permessage-deflate", "permessage-deflate"], twice, "twice");
    let other = HandshakeError::ExtensionNotOffered;
    for lines in [
        &["permessage-deflate, x-rsv1"][..],
        &["x-rsv1, permessage-deflate"],
        &["permessage-deflate", "x-rsv1"],
        &["x-webkit-deflate-frame"],
        &["Permessage-Deflate"],
    ] {
        refuses(&offers, lines, other, "not offered");
    }
    for line in ["permessage-deflate; server_max_window_bits=\"1 0\"", "permessage-deflate;", "a b", ""] {
        refuses(&offers, &[line], HandshakeError::ExtensionsMalformed, "malformed");
    }
}

/// 7692-5-15, 7692-4-1, 7692-7.2.2-3, 6455-9.2-1:
/// Two ends agree on the same parameters, whatever their settings, and inflate each other's messages.
#[test]
fn both_ends_agree() {
    let offers = [
        Offer::default(),
        PLAIN,
        PLAIN.server_no_context_takeover(true),
        Offer::new().client_no_context_takeover(true).server_max_window_bits(window(9)),
        PLAIN.client_max_window_bits(ClientWindow::AtMost(window(8))),
    ];
    let servers = [
        Compression::default(),
        Compression::new().server_no_context_takeover(true),
        Compression::new().client_no_context_takeover(true),
        Compression::new().server_max_window_bits(window(8)).client_max_window_bits(window(9)),
    ];
    let long = "Hello, and hello again. ".repeat(50);
    for offer in offers {
        for server in &servers {
            let (mut client, mut server) = connect(config(offering(&[offer])), config(server.clone()));
            assert_eq!(client.agreed(), server.agreed());
            assert!(client.is_compressed() && server.is_compressed());
            for _ in 0..3 {
                passes(&mut client, &mut server, &long);
                passes(&mut server, &mut client, &long);
            }
        }
    }
}

/// Sends a long, compressed message from one end to the other.
#[track_caller]
fn passes(from: &mut Connection, to: &mut Connection, message: &str) {
    from.send(message).unwrap();
    let bytes = take_output(from);
    assert!(bytes.len() < message.len() / 2 && bytes[0] == FIN | RSV1 | TEXT);
    let (mut buf, mut seen) = (RecvBuf::new(), Vec::new());
    buf.extend(&bytes);
    drain(to, NOW, &mut buf, &mut seen);
    assert_eq!(seen, [text(message)]);
}

/// Returns both ends of a connection, directly after their opening handshake.
pub(crate) fn connect(client: Config, server: Config) -> (Connection, Connection) {
    let request = ClientRequest::new("server.example.com", "/chat").unwrap();
    let mut client = Connection::client(NOW, client, &request, ENTROPY);
    let mut server = Connection::server(NOW, server);
    let mut buf = RecvBuf::new();
    buf.extend(&take_output(&mut client));
    assert!(matches!(server.poll_event(NOW, &mut buf), Ok(Some(Event::Request(_)))));
    server.accept(NOW, &Accept::new()).unwrap();
    let mut buf = RecvBuf::new();
    buf.extend(&take_output(&mut server));
    assert!(matches!(client.poll_event(NOW, &mut buf), Ok(Some(Event::Open(_)))));
    (client, server)
}
