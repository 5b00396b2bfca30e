//! Properties that hold for any input, a comparison with another implementation, and two ends on a simulated
//! link and clock.

#![allow(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

mod common;

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};
use std::sync::Arc;

use bytes::Buf as _;
use common::heads::*;
use common::*;
use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::protocol::{Role as RivalRole, WebSocket};
use ws_core::handshake::{Accept, Agreement, ClientRequest, Decision};
use ws_core::{Config, Connection, Error, Event, Instant, KeepAlive, RecvBuf, Role, Transmit};

const NOW: Instant = Instant::ORIGIN;

/// A connection, and all that it has delivered.
struct Run {
    conn: Connection,
    buf: RecvBuf,
    seen: Vec<Seen>,
    sent: Vec<u8>,
}

/// The state of a connection when bytes come.
#[derive(Clone, Copy, Debug)]
enum Start {
    Open,
    CloseSent,
    Connecting,
    Accepting,
}

impl Run {
    fn new(start: Start, role: Role, stream: bool) -> Self {
        let config = Arc::new(
            Config::new()
                .stream(stream)
                .max_message(100_000)
                .max_fragments(50)
                .max_output(5_000)
                .max_body(1_000)
                .max_head(2_000),
        );
        let request = ClientRequest::new("h", "/").unwrap();
        let mut conn = match (start, role) {
            (Start::Open | Start::CloseSent, _) | (Start::Connecting, Role::Server) => {
                Connection::upgraded(NOW, role, config, Agreement::default(), ENTROPY)
            }
            (Start::Connecting | Start::Accepting, Role::Client) => {
                Connection::client(NOW, config, &request, ENTROPY)
            }
            (Start::Accepting, Role::Server) => Connection::server(NOW, config),
        };
        if let Start::CloseSent = start {
            conn.close(NOW, None).unwrap();
        }
        Self { conn, buf: RecvBuf::new(), seen: Vec::new(), sent: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.buf.extend(bytes);
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            let before = self.seen.len();
            drain_until_request(self);
            if !matches!(self.seen.get(before..), Some([.., Seen::Request(_)])) {
                return;
            }
            let _ = self.conn.answer(NOW, &Decision::from(Accept::new()));
        }
    }

    fn finish(mut self) -> (Vec<Seen>, Vec<u8>, u16) {
        self.conn.handle_eof();
        self.settle();
        self.sent.extend(take_output(&mut self.conn));
        self.conn.handle_reset();
        self.settle();
        assert!(self.conn.is_closed());
        (self.seen, self.sent, self.conn.close_code())
    }
}

fn drain_until_request(run: &mut Run) {
    loop {
        match run.conn.poll_event(NOW, &mut run.buf) {
            Ok(Some(event)) => {
                let is_request = matches!(event, Event::Request(_));
                join(&mut run.seen, event.into());
                if is_request {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => run.seen.push(Seen::Failed(error)),
        }
    }
}

fn join(seen: &mut Vec<Seen>, event: Seen) {
    match (seen.last_mut(), event) {
        (Some(Seen::Chunk(_, bytes, fin @ false)), Seen::Chunk(_, more, last)) => {
            bytes.extend(more);
            *fin = last;
        }
        (_, event) => seen.push(event),
    }
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Client), Just(Role::Server)]
}

fn starts() -> impl Strategy<Value = Start> {
    prop_oneof![
        4 => Just(Start::Open),
        1 => Just(Start::CloseSent),
        1 => Just(Start::Connecting),
        1 => Just(Start::Accepting),
    ]
}

/// Generates frames of a conversation that is mostly legal.
fn frames() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let text = "[a-zé€\u{1F600}]{0,40}".prop_map(String::into_bytes);
    let payload = prop_oneof![3 => text, 1 => vec(any::<u8>(), 0..130), 1 => vec(any::<u8>(), 120..400)];
    let first = prop_oneof![
        6 => Just(FIN | TEXT),
        4 => Just(FIN | BINARY),
        3 => Just(TEXT),
        3 => Just(BINARY),
        5 => Just(CONTINUATION),
        5 => Just(FIN),
        3 => Just(FIN | PING),
        2 => Just(FIN | PONG),
        1 => Just(FIN | CLOSE),
        1 => any::<u8>(),
    ];
    vec((first, payload), 0..12)
}

/// Generates heads of the opening handshake, whole, cut or with a byte changed.
fn heads() -> impl Strategy<Value = Vec<u8>> {
    let request = Run::new(Start::Connecting, Role::Client, false).request();
    let whole = prop_oneof![
        Just(REQUEST.as_bytes().to_vec()),
        Just(answer_to(&request, "")),
        Just(b"HTTP/1.1 103 Hints\r\n\r\n".to_vec()),
        Just(b"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec()),
        Just(b"HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nabcdefg".to_vec()),
        Just(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".to_vec()),
    ];
    (whole, any::<prop::sample::Index>(), proptest::option::weighted(0.3, any::<u8>())).prop_map(
        |(mut head, at, change)| {
            if let Some(byte) = change {
                let at = at.index(head.len());
                head[at] = byte;
            }
            head
        },
    )
}

impl Run {
    fn request(mut self) -> Vec<u8> {
        take_output(&mut self.conn)
    }
}

fn input(role: Role, start: Start, heads: Vec<Vec<u8>>, frames: Vec<(u8, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = match start {
        Start::Open | Start::CloseSent => Vec::new(),
        Start::Connecting | Start::Accepting => heads.concat(),
    };
    for (first, payload) in frames {
        bytes.extend(to(role, first, &payload));
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// 6455-6.2-1, 6455-5.4-16: the same bytes in any pieces give the same events, errors and output.
    #[test]
    fn any_split_gives_the_same_events(
        role in roles(),
        start in starts(),
        stream: bool,
        heads in vec(heads(), 0..3),
        frames in frames(),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let bytes = input(role, start, heads, frames);
        let mut whole = Run::new(start, role, stream);
        whole.feed(&bytes);
        let whole = whole.finish();

        let mut single = Run::new(start, role, stream);
        bytes.chunks(1).for_each(|byte| single.feed(byte));
        prop_assert_eq!(&single.finish(), &whole);

        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Run::new(start, role, stream);
        let mut at = 0;
        for cut in cuts {
            pieces.feed(&bytes[at..cut]);
            at = cut;
        }
        pieces.feed(&bytes[at..]);
        prop_assert_eq!(&pieces.finish(), &whole);
    }

    /// 6455-10.7-1, 6455-8.1-1: no bytes and no calls between them cause a panic, and memory stays within the
    /// limits.
    #[test]
    fn any_bytes_and_calls_are_survived(
        role in roles(),
        start in starts(),
        stream: bool,
        calls in vec((0..14_u8, vec(any::<u8>(), 0..200), frames()), 0..12),
    ) {
        let mut run = Run::new(start, role, stream);
        let mut now = NOW;
        let mut taken = None;
        for (call, bytes, frames) in calls {
            match call {
                0..=2 => run.feed(&bytes),
                3..=5 => run.feed(&input(role, start, vec![], frames)),
                6 => drop(run.conn.send(&bytes)),
                7 => drop(run.conn.ping(&bytes)),
                8 => drop(run.conn.close(now, None)),
                9 => run.sent.extend(take_output(&mut run.conn)),
                10 => {
                    now = now + Duration::from_secs(bytes.len() as u64);
                    run.conn.handle_timeout(now);
                }
                11 => match taken.take() {
                    None => taken = Some(run.conn.output().detach()),
                    Some(output) => run.conn.output().reattach(output),
                },
                12 => drop(run.conn.send_lent(&bytes).map(|mut lent| lent.advance(bytes.len() / 3))),
                _ => if bytes.len() % 2 == 0 { run.conn.handle_eof() } else { run.conn.handle_broken_pipe() },
            }
            if taken.is_none() {
                prop_assert!(run.conn.queued() <= 5_000 + 400 + 300);
            }
            prop_assert!(run.buf.capacity() <= 400_000);
        }
        if let Some(output) = taken {
            run.conn.output().reattach(output);
        }
        run.finish();
    }

    /// 6455-5.4-10, 6455-5.4-16, 6455-8.1-4: messages that one end sends, in any form, arrive at the other.
    #[test]
    fn what_is_encoded_is_decoded(role in roles(), messages in vec(messages(), 0..8)) {
        let other = if role == Role::Client { Role::Server } else { Role::Client };
        let mut sender = Run::new(Start::Open, role, false);
        let mut receiver = Run::new(Start::Open, other, false);
        for message in &messages {
            send(&mut sender.conn, message);
            receiver.feed(&take_output(&mut sender.conn));
        }
        let sent: Vec<Seen> = messages.into_iter().map(|(seen, _)| seen).collect();
        prop_assert_eq!(receiver.seen, sent);
    }

    /// 6455-5.2-1, 6455-5.3-5, 6455-5.4-10: another implementation reads our frames, and we read its frames.
    #[test]
    fn a_rival_agrees(role in roles(), messages in vec(messages(), 0..8)) {
        let mut ours = Run::new(Start::Open, role, false);
        let rival_role = if role == Role::Client { RivalRole::Server } else { RivalRole::Client };
        let mut rival = WebSocket::from_raw_socket(Wire::default(), rival_role, None);
        for message in &messages {
            send(&mut ours.conn, message);
            rival.get_mut().input.extend(take_output(&mut ours.conn));
            let received = match rival.read().unwrap() {
                tungstenite::Message::Text(received) => text(&received),
                tungstenite::Message::Binary(received) => binary(&received),
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(&received, &message.0);
            rival.send(match &message.0 {
                Seen::Text(text) => tungstenite::Message::text(text),
                Seen::Binary(bytes) => tungstenite::Message::binary(bytes.clone()),
                other => panic!("{other:?}"),
            }).unwrap();
            let bytes = core::mem::take(&mut rival.get_mut().output);
            ours.feed(&bytes);
            prop_assert_eq!(&ours.seen, core::slice::from_ref(&message.0));
            ours.seen.clear();
        }
        rival.send(tungstenite::Message::Ping(b"ping".to_vec().into())).unwrap();
        ours.feed(&core::mem::take(&mut rival.get_mut().output));
        rival.get_mut().input.extend(take_output(&mut ours.conn));
        prop_assert_eq!(rival.read().unwrap(), tungstenite::Message::Pong(b"ping".to_vec().into()));

        rival.close(None).unwrap();
        ours.feed(&core::mem::take(&mut rival.get_mut().output));
        rival.get_mut().input.extend(take_output(&mut ours.conn));
        prop_assert!(matches!(rival.read(), Ok(tungstenite::Message::Close(None))));
        prop_assert_eq!((ours.conn.close_code(), ours.conn.was_clean()), (1005, true));
    }

    /// 6455-10.7-1, 6455-8.1-3: of frames that may break any rule, another implementation delivers the same
    /// messages before its fault as we do.
    #[test]
    fn a_rival_delivers_the_same_messages(role in roles(), frames in frames()) {
        let mut ours = Run::new(Start::Open, role, false);
        ours.feed(&input(role, Start::Open, vec![], frames.clone()));
        let has_close = frames.iter().any(|(first, _)| first % 16 == CLOSE);
        let has_long = ours.seen.iter().any(|seen| matches!(seen, Seen::Failed(_)));
        // Implementations differ in which Close frames are legal, and in nothing else.
        prop_assume!(!has_close);
        let rival_role = if role == Role::Client { RivalRole::Client } else { RivalRole::Server };
        let mut rival = WebSocket::from_raw_socket(Wire::default(), rival_role, None);
        rival.get_mut().input.extend(input(role, Start::Open, vec![], frames));
        let mut theirs = Vec::new();
        let fault = loop {
            match rival.read() {
                Ok(tungstenite::Message::Text(received)) => theirs.push(text(&received)),
                Ok(tungstenite::Message::Binary(received)) => theirs.push(binary(&received)),
                Ok(tungstenite::Message::Ping(received)) => theirs.push(ping(&received)),
                Ok(tungstenite::Message::Pong(received)) => theirs.push(pong(&received)),
                Ok(other) => panic!("{other:?}"),
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break false,
                Err(_) => break true,
            }
        };
        if has_long {
            ours.seen.pop();
        }
        prop_assert_eq!((&ours.seen, has_long), (&theirs, fault));
    }
}

/// Generates a message, and the sizes of the parts that it is sent in; whole if there are none.
fn messages() -> impl Strategy<Value = (Seen, Vec<usize>)> {
    let seen = prop_oneof![
        "[ -~é€\u{1F600}]{0,60}".prop_map(Seen::Text),
        vec(any::<u8>(), 0..300).prop_map(Seen::Binary),
        (65_530..65_545_usize).prop_map(|len| Seen::Binary(vec![7; len])),
    ];
    (seen, vec(0..40_usize, 0..4))
}

fn send(conn: &mut Connection, (message, parts): &(Seen, Vec<usize>)) {
    let (kind, mut bytes) = match message {
        Seen::Text(text) => (ws_core::MessageKind::Text, text.as_bytes()),
        Seen::Binary(bytes) => (ws_core::MessageKind::Binary, &bytes[..]),
        other => panic!("{other:?} is not a message"),
    };
    for part in parts {
        let (now, rest) = bytes.split_at((*part).min(bytes.len()));
        conn.send_chunk(ws_core::Chunk { kind, bytes: now, fin: false }).unwrap();
        bytes = rest;
    }
    match (parts.is_empty(), message) {
        (true, Seen::Text(text)) => conn.send(text).unwrap(),
        (true, _) => conn.send(bytes).unwrap(),
        (false, _) => conn.send_chunk(ws_core::Chunk { kind, bytes, fin: true }).unwrap(),
    }
}

/// The socket of the other implementation: two queues in memory.
#[derive(Default)]
struct Wire {
    input: VecDeque<u8>,
    output: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> IoResult<usize> {
        if self.input.is_empty() {
            return Err(IoError::from(ErrorKind::WouldBlock));
        }
        self.input.read(buf)
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> IoResult<usize> {
        self.output.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

/// One direction of a simulated link.
#[derive(Default)]
struct Link {
    /// The bytes on the way, and when they arrive.
    flying: VecDeque<(Instant, Vec<u8>)>,
    is_ended: bool,
    is_cut: bool,
}

/// One end of the link.
struct Node {
    run: Run,
    got_eof: bool,
}

impl Node {
    /// Writes a part of the output.
    fn write(&mut self, link: &mut Link, now: Instant, delay: Duration, most: usize) {
        loop {
            match self.run.conn.poll_transmit() {
                Some(Transmit::Data(out)) => {
                    let n = out.chunk().len().min(most.max(1));
                    if !link.is_cut {
                        link.flying.push_back((now + delay, out.chunk()[..n].to_vec()));
                    }
                    out.advance(n);
                    if most < 50 {
                        return;
                    }
                }
                Some(Transmit::Shutdown) => {
                    link.is_ended = true;
                    self.run.conn.handle_shutdown();
                }
                None => return,
            }
        }
    }

    fn read(&mut self, link: &mut Link, now: Instant) {
        while link.flying.front().is_some_and(|(at, _)| *at <= now) {
            let (_, bytes) = link.flying.pop_front().unwrap();
            self.run.buf.extend(&bytes);
        }
        if link.is_ended && link.flying.is_empty() && !link.is_cut && !self.got_eof {
            self.got_eof = true;
            self.run.conn.handle_eof();
        }
        loop {
            match self.run.conn.poll_event(now, &mut self.run.buf) {
                Ok(Some(event)) => self.run.seen.push(event.into()),
                Ok(None) => return,
                Err(error) => self.run.seen.push(Seen::Failed(error)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// 6455-5.5.1-10, 6455-5.5.1-14, 6455-7.1.4-1, close-H2:
    /// Two ends on a link with delays, short writes and cuts always finish closing. Without cuts the close is
    /// clean, and all messages before it are delivered.
    #[test]
    fn two_ends_always_finish_closing(
        steps in vec((0..2000_u64, 1..100_usize, 0..6_u8), 5..40),
        cut_at in proptest::option::weighted(0.3, 0..40_usize),
        closers in prop_oneof![Just([true, false]), Just([false, true]), Just([true, true])],
        close_at in 0..20_usize,
    ) {
        let keep_alive = KeepAlive::new().interval(Duration::from_secs(20)).timeout(Duration::from_secs(10));
        let close_timeout = Duration::from_secs(300);
        let config = Arc::new(Config::new().keep_alive(keep_alive).close_timeout(close_timeout));
        let mut nodes = BOTH.map(|role| {
            let mut run = Run::new(Start::Open, role, false);
            run.conn = Connection::upgraded(NOW, role, Arc::clone(&config), Agreement::default(), ENTROPY);
            Node { run, got_eof: false }
        });
        let mut links = [Link::default(), Link::default()];
        let mut now = NOW;
        let mut sent = [0_usize; 2];
        let quiet = core::iter::repeat_n((1000, 100, 5), 2000);
        for (i, (millis, most, deed)) in steps.into_iter().chain(quiet).enumerate() {
            now = now + Duration::from_millis(millis);
            if cut_at == Some(i) {
                links.iter_mut().for_each(|link| {
                    link.is_cut = true;
                    link.flying.clear();
                });
            }
            for side in [0, 1] {
                let conn = &mut nodes[side].run.conn;
                if deed as usize % 3 == side && conn.send(&sent[side].to_be_bytes()).is_ok() {
                    sent[side] += 1;
                }
                if i >= close_at && closers[side] {
                    let _ = conn.close(now, None);
                }
                conn.handle_timeout(now);
                nodes[side].write(&mut links[side], now, Duration::from_millis(millis / 3), most);
                nodes[side].read(&mut links[1 - side], now);
            }
            if nodes.iter().all(|node| node.run.conn.is_closed()) {
                break;
            }
        }
        for (side, node) in nodes.iter().enumerate() {
            prop_assert!(node.run.conn.is_closed(), "side {} is not closed: {:?}", side, node.run.conn);
            prop_assert_eq!(node.run.conn.poll_timeout(), None);
            let numbers: Vec<Seen> =
                node.run.seen.iter().filter(|seen| matches!(seen, Seen::Binary(_))).cloned().collect();
            let in_order: Vec<Seen> = (0..numbers.len()).map(|n| binary(&n.to_be_bytes())).collect();
            prop_assert_eq!(&numbers, &in_order);
            let failures: Vec<&Seen> =
                node.run.seen.iter().filter(|seen| matches!(seen, Seen::Failed(_))).collect();
            if cut_at.is_none() {
                prop_assert_eq!(numbers.len(), sent[1 - side]);
                prop_assert!(node.run.conn.was_clean(), "side {}", side);
                prop_assert_eq!(failures.len(), 0);
            }
            prop_assert!(failures.len() <= 1, "an error is reported once: {:?}", failures);
            let is_timeout = failures.iter().all(|seen| matches!(seen, Seen::Failed(Error::TimedOut(_))));
            prop_assert!(is_timeout, "{:?}", failures);
        }
    }
}
