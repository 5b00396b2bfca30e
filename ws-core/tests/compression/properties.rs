//! Properties that hold for any agreement, any messages and any cuts.

#![allow(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

use allocation_counter::measure;
use bytes::{Buf as _, Bytes};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use ws_core::deflate::{ClientWindow, Compression, Context, Level, Offer, WindowBits};
use ws_core::{Chunk, Event, MessageKind, Outgoing, OwnedMessage, Pool, PreparedMessage, RecvBuf, Transmit};

use super::opening::connect;
use super::*;

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Client), Just(Role::Server)]
}

fn windows() -> impl Strategy<Value = WindowBits> {
    (8..=15_u8).prop_map(window)
}

fn offers() -> impl Strategy<Value = Offer> {
    let client_max_window_bits = prop_oneof![
        Just(ClientWindow::Absent),
        Just(ClientWindow::Any),
        windows().prop_map(ClientWindow::AtMost),
    ];
    (any::<[bool; 2]>(), proptest::option::of(windows()), client_max_window_bits).prop_map(
        |(
            [server_no_context_takeover, client_no_context_takeover],
            server_max_window_bits,
            client_max_window_bits,
        )| {
            Offer::new()
                .server_no_context_takeover(server_no_context_takeover)
                .client_no_context_takeover(client_no_context_takeover)
                .server_max_window_bits(server_max_window_bits)
                .client_max_window_bits(client_max_window_bits)
        },
    )
}

fn compressions() -> impl Strategy<Value = Compression> {
    (vec(offers(), 1..3), any::<[bool; 3]>(), windows(), windows(), 0..=9_u8, 0..100_usize).prop_map(
        |(
            offers,
            [server, client, is_kept],
            server_max_window_bits,
            client_max_window_bits,
            level,
            min_len,
        )| {
            Compression::new()
                .offers(offers)
                .server_no_context_takeover(server)
                .client_no_context_takeover(client)
                .server_max_window_bits(server_max_window_bits)
                .client_max_window_bits(client_max_window_bits)
                .level(Level::new(level).unwrap())
                .min_len(min_len)
                .context(if is_kept { Context::Kept } else { Context::Shared })
        },
    )
}

fn params() -> impl Strategy<Value = Params> {
    (any::<[bool; 2]>(), proptest::option::of(windows()), proptest::option::of(windows())).prop_map(
        |([server, client], server_max_window_bits, client_max_window_bits)| Params {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits,
            client_max_window_bits,
        },
    )
}

/// Generates bytes of which some recur, near and far, and some do not.
fn payloads() -> impl Strategy<Value = Seen> {
    let words = vec((0..40_u32, 1..30_usize), 0..60).prop_map(|words| {
        words.iter().map(|(word, n)| format!("word {word}, €{} ", word * 7919).repeat(*n)).collect::<String>()
    });
    prop_oneof![
        4 => words.clone().prop_map(Seen::Text),
        2 => words.prop_map(|text| Seen::Binary(text.into_bytes())),
        2 => "[ -~é€\u{1F600}]{0,60}".prop_map(Seen::Text),
        1 => vec(any::<u8>(), 0..400).prop_map(Seen::Binary),
        1 => (any::<u8>(), 0..70_000_usize).prop_map(|(byte, len)| Seen::Binary(vec![byte; len])),
        1 => (0..50_000_usize).prop_map(|len| Seen::Binary(noise(len))),
    ]
}

/// The way in which a message is sent.
#[derive(Clone, Debug)]
enum Way {
    Whole,
    Plain,
    Lent,
    Shared,
    Owned,
    Prepared(Vec<(WindowBits, u8)>),
    Chunks(Vec<usize>),
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![
        4 => Just(Way::Whole),
        1 => Just(Way::Plain),
        1 => Just(Way::Lent),
        1 => Just(Way::Shared),
        1 => Just(Way::Owned),
        2 => vec((windows(), 0..=9_u8), 0..3).prop_map(Way::Prepared),
        3 => vec(0..3000_usize, 0..5).prop_map(Way::Chunks),
    ]
}

/// The next event of a connection.
#[derive(Clone, Debug)]
enum Deed {
    Send {
        is_client: bool,
        message: Seen,
        way: Way,
    },
    /// The pool takes one end's memory for compression, or gives it some.
    Park {
        is_client: bool,
    },
    Prepare {
        is_client: bool,
    },
    Ping {
        is_client: bool,
    },
    /// At most this many bytes go to the other end.
    Pass {
        is_client: bool,
        most: usize,
    },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (any::<bool>(), payloads(), ways())
            .prop_map(|(is_client, message, way)| Deed::Send { is_client, message, way }),
        2 => any::<bool>().prop_map(|is_client| Deed::Park { is_client }),
        2 => any::<bool>().prop_map(|is_client| Deed::Prepare { is_client }),
        1 => any::<bool>().prop_map(|is_client| Deed::Ping { is_client }),
        4 => (any::<bool>(), prop_oneof![1..20_usize, 20..5000_usize, Just(usize::MAX)])
            .prop_map(|(is_client, most)| Deed::Pass { is_client, most }),
    ];
    vec(deed, 1..25)
}

/// One end, its events, and the messages that its peer has sent.
struct End {
    conn: Connection,
    buf: RecvBuf,
    seen: Vec<Seen>,
    expected: Vec<Seen>,
    /// The chunks that are still to be sent.
    chunks: Vec<(MessageKind, Vec<u8>, bool)>,
}

impl End {
    fn new(conn: Connection) -> Self {
        Self { conn, buf: RecvBuf::new(), seen: Vec::new(), expected: Vec::new(), chunks: Vec::new() }
    }

    /// Sends the next of the waiting chunks, or all.
    fn send_chunks(&mut self, most: usize) {
        for (kind, bytes, fin) in self.chunks.drain(..most.min(self.chunks.len())) {
            self.conn.send_chunk(Chunk { kind, bytes: &bytes, fin }).unwrap();
        }
    }

    fn send(&mut self, message: &Seen, way: &Way) {
        self.send_chunks(usize::MAX);
        let (kind, bytes) = match message {
            Seen::Text(text) => (MessageKind::Text, text.as_bytes()),
            Seen::Binary(bytes) => (MessageKind::Binary, &bytes[..]),
            other => panic!("{other:?} is not a message"),
        };
        let lent = match message {
            Seen::Text(text) => ws_core::Message::Text(text),
            _ => ws_core::Message::Binary(bytes),
        };
        match way {
            Way::Whole => self.conn.send(lent).unwrap(),
            Way::Plain => self.conn.send_outgoing(Outgoing::plain(lent)).unwrap(),
            Way::Lent => drop(self.conn.send_lent(lent).unwrap()),
            Way::Shared => self.conn.send_shared(kind, Bytes::copy_from_slice(bytes)).unwrap(),
            Way::Owned => self.conn.send_outgoing(Outgoing::Owned(OwnedMessage::from(lent))).unwrap(),
            Way::Prepared(forms) => {
                let form = |message: PreparedMessage, form: &(WindowBits, u8)| {
                    message.compressed(form.0, Level::new(form.1).unwrap())
                };
                let prepared = forms.iter().fold(PreparedMessage::new(lent), form);
                self.conn.send_prepared(&prepared).unwrap();
            }
            Way::Chunks(parts) => {
                let mut rest = bytes;
                for part in parts {
                    let (now, later) = rest.split_at((*part).min(rest.len()));
                    self.chunks.push((kind, now.to_vec(), false));
                    rest = later;
                }
                self.chunks.push((kind, rest.to_vec(), true));
                self.send_chunks(1);
            }
        }
    }

    /// Passes some of the output to `peer`.
    fn pass(&mut self, peer: &mut Self, most: usize) {
        self.send_chunks(1);
        let mut left = most;
        while left != 0
            && let Some(Transmit::Data(out)) = self.conn.poll_transmit()
        {
            let n = out.chunk().len().min(left);
            peer.buf.extend(&out.chunk()[..n]);
            out.advance(n);
            left -= n;
            drain(&mut peer.conn, NOW, &mut peer.buf, &mut peer.seen);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// 7692-5-15, 7692-6.1-1, 7692-6.2-1, 7692-7.2.1-8, 7692-7.2.1-10, 7692-7.2.1-12, 7692-7.2.1-13,
    /// 7692-7.2.2-2, 7692-7.2.2-3, pmd-H4:
    /// With any settings, messages, ways of sending, cuts and parking, everything arrives as it was sent.
    #[test]
    fn everything_arrives_unchanged(
        client in compressions(),
        server in compressions(),
        streams: [bool; 2],
        deeds in deeds(),
    ) {
        let config = |compression: &Compression, stream| {
            Config::new().compression(compression.clone()).stream(stream).max_output(usize::MAX)
        };
        let (client, server) = connect(config(&client, streams[0]), config(&server, streams[1]));
        prop_assert!(client.is_compressed() && server.is_compressed());
        let mut ends = [End::new(server), End::new(client)];
        let mut pool = Pool::new();
        for deed in &deeds {
            let [server, client] = &mut ends;
            match deed {
                Deed::Send { is_client, message, way } => {
                    let (from, to) = if *is_client { (client, server) } else { (server, client) };
                    from.send(message, way);
                    to.expected.push(match message {
                        _ if !to.conn.config().stream => message.clone(),
                        Seen::Text(text) => Seen::Chunk(MessageKind::Text, text.clone().into_bytes(), true),
                        Seen::Binary(bytes) => Seen::Chunk(MessageKind::Binary, bytes.clone(), true),
                        other => panic!("{other:?} is not a message"),
                    });
                }
                Deed::Park { is_client } => {
                    let end = &mut ends[usize::from(*is_client)];
                    end.conn.park(&mut pool);
                    pool.park(&mut end.buf);
                }
                Deed::Prepare { is_client } => {
                    let end = &mut ends[usize::from(*is_client)];
                    pool.prepare(&mut end.buf);
                    end.conn.prepare(&mut pool);
                }
                Deed::Ping { is_client } => ends[usize::from(*is_client)].conn.ping(b"ping").unwrap(),
                Deed::Pass { is_client, most } => {
                    let (from, to) = if *is_client { (client, server) } else { (server, client) };
                    from.pass(to, *most);
                }
            }
        }
        let [server, client] = &mut ends;
        for _ in 0..2 {
            client.send_chunks(usize::MAX);
            client.pass(server, usize::MAX);
            server.send_chunks(usize::MAX);
            server.pass(client, usize::MAX);
        }
        for end in &mut ends {
            let mut messages: Vec<Seen> = Vec::new();
            for seen in core::mem::take(&mut end.seen) {
                match (messages.last_mut(), seen) {
                    (_, Seen::Ping(_) | Seen::Pong(_)) => {}
                    // Pings came between them.
                    (Some(Seen::Chunk(_, bytes, fin @ false)), Seen::Chunk(_, more, last)) => {
                        bytes.extend(more);
                        *fin = last;
                    }
                    (_, seen) => messages.push(seen),
                }
            }
            prop_assert!(messages == end.expected, "{:?} saw something else", end.conn.role());
            prop_assert!(end.conn.is_open());
        }
    }
}

/// Generates payloads of compressed frames, some of which are right.
fn compressed() -> impl Strategy<Value = Vec<u8>> {
    let right = prop_oneof![
        Just(HELLO.to_vec()),
        Just(AGAIN.to_vec()),
        Just(STORED.to_vec()),
        Just(FINAL.to_vec()),
        Just(vec![0]),
        Just(vec![]),
        Just(deflate(&[0; 3000])),
        "[a-zé€\u{1F600}]{0,40}".prop_map(|text| deflate(text.as_bytes())),
        vec(any::<u8>(), 0..60).prop_map(|bytes| deflate(&bytes)),
    ];
    let changed = (right.clone(), any::<Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(mut payload, at, byte, is_cut)| {
            if !payload.is_empty() {
                let at = at.index(payload.len());
                if is_cut {
                    payload.truncate(at);
                } else {
                    payload[at] = byte;
                }
            }
            payload
        },
    );
    prop_oneof![4 => right, 2 => changed, 1 => vec(any::<u8>(), 0..100)]
}

/// Generates frames of a compressed and mostly legal conversation.
fn frames() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let first = prop_oneof![
        6 => Just(FIN | RSV1 | TEXT),
        6 => Just(FIN | RSV1 | BINARY),
        2 => Just(RSV1 | TEXT),
        2 => Just(RSV1 | BINARY),
        4 => Just(CONTINUATION),
        5 => Just(FIN),
        2 => Just(FIN | TEXT),
        2 => Just(FIN | BINARY),
        2 => Just(FIN | PING),
        1 => any::<u8>(),
    ];
    let single = (first, compressed()).prop_map(|frame| vec![frame]);
    // One message, cut into fragments.
    let message =
        (compressed(), any::<bool>(), vec(any::<Index>(), 0..4)).prop_map(|(payload, is_text, cuts)| {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([payload.len()]);
            let starts = [0].into_iter().chain(cuts.iter().copied());
            let opcode = if is_text { TEXT } else { BINARY };
            let frame = |(i, (start, end)): (usize, (usize, usize))| {
                let first = if i == 0 { RSV1 | opcode } else { CONTINUATION };
                (first | if i == cuts.len() { FIN } else { 0 }, payload[start..end].to_vec())
            };
            starts.zip(ends).enumerate().map(frame).collect()
        });
    vec(prop_oneof![1 => single, 2 => message], 0..8).prop_map(|frames| frames.concat())
}

/// Returns all events and all output of a connection that gets these pieces.
fn outcome<'a>(conn: Connection, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Seen>, Vec<u8>) {
    let mut end = End::new(conn);
    for piece in pieces {
        end.buf.extend(piece);
        drain(&mut end.conn, NOW, &mut end.buf, &mut end.seen);
    }
    // Chunks of one message are joined, since their borders depend on the pieces.
    let mut seen: Vec<Seen> = Vec::new();
    for event in end.seen {
        match (seen.last_mut(), event) {
            (Some(Seen::Chunk(_, bytes, fin @ false)), Seen::Chunk(_, more, last)) => {
                bytes.extend(more);
                *fin = last;
            }
            (_, event) => seen.push(event),
        }
    }
    (seen, take_output(&mut end.conn))
}

fn limited(stream: bool, max_message: usize) -> Config {
    Config::new().stream(stream).max_message(max_message).max_frame(5000).max_fragments(20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// 7692-6.2-1, 6455-5.4-16, pmd-H4: the same bytes in any pieces give the same events, errors and output.
    #[test]
    fn any_split_gives_the_same(
        role in roles(),
        params in params(),
        stream: bool,
        max_message in prop_oneof![0..20_usize, Just(3000), Just(100_000)],
        frames in frames(),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(first, payload)| to(role, *first, payload)).collect();
        let conn = || open(role, params, limited(stream, max_message));
        let whole = outcome(conn(), [&bytes[..]]);
        prop_assert_eq!(&outcome(conn(), bytes.chunks(1)), &whole);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([bytes.len()]);
        let pieces = [0].into_iter().chain(cuts.iter().copied()).zip(ends).map(|(start, end)| &bytes[start..end]);
        prop_assert_eq!(&outcome(conn(), pieces), &whole);
    }

    /// pmd-H1, pmd-H2, pmd-H3, pmd-H6, 6455-10.7-1:
    /// No bytes and no calls between them cause a panic, and memory stays within the limits.
    #[test]
    fn any_bytes_and_calls_are_survived(
        role in roles(),
        params in params(),
        stream: bool,
        pieces in vec((0..6_u8, prop_oneof![
            3 => frames(),
            1 => vec(any::<u8>(), 0..300).prop_map(|bytes| vec![(FIN | RSV1 | BINARY, bytes)]),
        ], any::<bool>()), 0..12),
    ) {
        let mut conn = open(role, params, limited(stream, 10_000));
        let (mut buf, mut pool) = (RecvBuf::new(), Pool::new());
        let mut longest = 0;
        let held = measure(|| {
            for (deed, frames, is_raw) in &pieces {
                for (first, payload) in frames {
                    let bytes = if *is_raw { payload.clone() } else { to(role, *first, payload) };
                    buf.extend(&bytes);
                }
                if *deed != 0 {
                    while let Ok(Some(event)) = conn.poll_event(NOW, &mut buf) {
                        let len = match event {
                            Event::Message(message) => message.as_bytes().len(),
                            Event::Chunk(chunk) => chunk.bytes.len(),
                            _ => 0,
                        };
                        longest = len.max(longest);
                    }
                }
                match deed {
                    1 => conn.park(&mut pool),
                    2 => conn.prepare(&mut pool),
                    3 => pool.park(&mut buf),
                    4 => pool.prepare(&mut buf),
                    5 => drop(conn.send(&payloads_of(frames))),
                    _ => {}
                }
                take_output(&mut conn);
            }
        });
        prop_assert!(longest <= 10_000);
        // Enough for two compressors and two inflaters, since the pool may hold one of each.
        prop_assert!(held.bytes_max < 1_500_000, "{:?}", held);
    }
}

fn payloads_of(frames: &[(u8, Vec<u8>)]) -> Vec<u8> {
    frames.iter().flat_map(|(_, payload)| payload.clone()).collect()
}
