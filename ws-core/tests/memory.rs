//! Memory: the most that peers can make a connection hold, and the allocations of the usual paths.
//! Allocations are counted for each thread.

mod common;

use std::sync::Arc;

use allocation_counter::measure;
use bytes::Buf as _;
use common::heads::*;
use common::*;
use ws_core::handshake::{Accept, Agreement, ClientRequest};
use ws_core::{
    Config, Connection, Event, Instant, Message, Output as _, Pool, PreparedMessage, ProtocolError, RecvBuf,
    Role, SendError, Transmit,
};

const NOW: Instant = Instant::ORIGIN;

fn open(role: Role, config: impl Into<Arc<Config>>) -> Connection {
    Connection::upgraded(NOW, role, config, Agreement::default(), ENTROPY)
}

/// Returns the most bytes that were held at once while `act` ran.
fn peak(act: impl FnOnce()) -> usize {
    usize::try_from(measure(act).bytes_max).unwrap()
}

/// Returns how often `act` allocated.
fn allocations(act: impl FnOnce()) -> u64 {
    measure(act).count_total
}

/// Writes all output with vectored writes and drops it.
fn flush(conn: &mut Connection) {
    while let Some(Transmit::Data(out)) = conn.poll_transmit() {
        let mut slices = [&[][..]; 4];
        let filled = out.slices(&mut slices);
        let n = slices[..filled].iter().map(|slice| slice.len()).sum();
        out.advance(n);
    }
}

/// 6455-5.5.3-2, 6455-10.4-1: 100 MB of pings cannot make a server hold more than its mark, even if the peer
/// never reads a pong.
#[test]
fn a_flood_of_pings_cannot_grow_memory() {
    let pings = to(Role::Server, FIN | PING, &[1; 125]).repeat(1000);
    let max_output = 1 << 16;
    for stops in [true, false] {
        let mut conn = open(Role::Server, Config::new().max_output(max_output));
        let mut buf = RecvBuf::new();
        let mut count = 0;
        let held = peak(|| {
            for _ in 0..(100 << 20) / pings.len() {
                buf.extend(&pings);
                while let Some(event) = conn.poll_event(NOW, &mut buf).unwrap() {
                    assert!(matches!(event, Event::Ping(_)));
                    count += 1;
                }
                if !stops {
                    flush(&mut conn);
                }
            }
        });
        assert!(count >= 800_000, "{count}");
        assert!(conn.queued() <= max_output + 131);
        assert!(held < 3 * max_output + 4 * pings.len(), "{held}");
    }
}

/// msg-H2: a million empty fragments take no memory, and the default limit ends the connection before that.
#[test]
fn a_million_empty_fragments_cost_nothing() {
    let fragments = to(Role::Server, CONTINUATION, b"").repeat(1000);
    for max_fragments in [usize::MAX, Config::default().max_fragments] {
        let mut conn = open(Role::Server, Config::new().max_fragments(max_fragments));
        let mut buf = RecvBuf::new();
        let mut error = None;
        let held = peak(|| {
            buf.extend(&to(Role::Server, TEXT, b""));
            for _ in 0..1000 {
                buf.extend(&fragments);
                match conn.poll_event(NOW, &mut buf) {
                    Ok(event) => assert!(event.is_none()),
                    Err(why) => error = Some(why),
                }
            }
        });
        assert!(held < 3 * RecvBuf::READ_SIZE, "{held}");
        let too_many = max_fragments != usize::MAX;
        assert_eq!(error, too_many.then_some(ProtocolError::TooManyFragments.into()));
    }
}

/// 6455-10.4-1: a peer that never reads makes us hold at most the mark and one message.
#[test]
fn a_peer_that_never_reads_cannot_grow_memory() {
    for role in BOTH {
        let mut conn = open(role, Config::default());
        let message = vec![b'm'; 1000];
        let held = peak(|| {
            while conn.send(&message).is_ok() {}
            for _ in 0..1000 {
                assert_eq!(conn.send(&message), Err(SendError::Full));
            }
        });
        assert!(conn.queued() <= (1 << 20) + 1014);
        assert!(held <= 4 << 20, "{held}");
    }
}

/// hs-H1, hs-H6, 6455-10.7-1: the limits bound a head, a body or interim answers without end.
#[test]
fn a_head_that_never_ends_cannot_grow_memory() {
    let request = ClientRequest::new("h", "/").unwrap();
    let long = "x".repeat(5000);
    let fields = format!("A: {long}\r\n");
    let chunk = format!("1388\r\n{long}\r\n");
    let streams = [
        ("GET / HTTP/1.1\r\n", &fields[..], Role::Server, true),
        ("GET /", &long, Role::Server, true),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999\r\n\r\n", &long, Role::Server, false),
        ("HTTP/1.1 200 OK\r\n", &fields, Role::Client, true),
        ("HTTP/1.1 200 OK\r\n\r\n", &long, Role::Client, false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunk, Role::Client, false),
        ("", "HTTP/1.1 102 Processing\r\n\r\n", Role::Client, false),
    ];
    for (start, more, role, fails) in streams {
        let mut is_error = false;
        let held = peak(|| {
            let mut conn = match role {
                Role::Client => Connection::client(NOW, Config::default(), &request, ENTROPY),
                Role::Server => Connection::server(NOW, Config::default()),
            };
            let mut buf = RecvBuf::new();
            buf.extend(start.as_bytes());
            for _ in 0..1000 {
                buf.extend(more.as_bytes());
                is_error |= conn.poll_event(NOW, &mut buf).is_err();
                flush(&mut conn);
            }
        });
        assert_eq!(is_error, fails, "{start}");
        assert!(held < 6 * RecvBuf::READ_SIZE, "{start}: {held}");
    }
}

/// 6455-10.4-1, frame-H2, 6455-5.2-9: a length field alone causes no allocation.
#[test]
fn a_length_allocates_nothing() {
    for role in BOTH {
        for max in [usize::MAX, 64 << 20] {
            for len in [1 << 62, 1 << 60, max as u64 - 1, max as u64, 1 << 30] {
                for first in [FIN | BINARY, TEXT] {
                    let config = Config::new().max_frame(max).max_message(max);
                    let header = header_to(role, first, len);
                    let held = peak(|| {
                        let (mut conn, mut buf) = (open(role, config), RecvBuf::new());
                        buf.extend(&header);
                        let _ = conn.poll_event(NOW, &mut buf);
                        buf.spare_mut();
                    });
                    assert!(held <= 3 * RecvBuf::READ_SIZE, "{len}: {held}");
                }
            }
        }
    }
}

/// frame-H2: a thousand connections whose peers announce 1 GiB each hold almost nothing.
#[test]
fn a_thousand_announced_gigabytes_hold_nothing() {
    for role in BOTH {
        let config = Arc::new(Config::new().max_frame(1 << 30).max_message(1 << 30));
        let header = header_to(role, FIN | BINARY, 1 << 30);
        let mut pool = Pool::new();
        let mut kept = Vec::with_capacity(1000);
        let mut serve = |kept: &mut Vec<_>| {
            let (mut conn, mut buf) = (open(role, Arc::clone(&config)), RecvBuf::new());
            pool.prepare(&mut buf);
            buf.extend(&header);
            assert!(conn.poll_event(NOW, &mut buf).unwrap().is_none());
            pool.park(&mut buf);
            kept.push((conn, buf));
        };
        // The pool and the list get their memory before the count begins.
        serve(&mut kept);
        kept.clear();
        let held = measure(|| (0..1000).for_each(|_| serve(&mut kept)));
        assert_eq!(kept.len(), 1000);
        // A client has its masking keys.
        let limit = if role == Role::Client { 144_000 } else { 0 };
        assert!(held.bytes_current <= limit, "{held:?}");
    }
}

/// Reads `wire`, which is one message, into memory of `pool`, and takes the message.
fn read(pool: &mut Pool, conn: &mut Connection, buf: &mut RecvBuf, mut wire: &[u8]) {
    while !wire.is_empty() {
        pool.prepare(buf);
        let spare = buf.spare_mut();
        let n = wire.len().min(spare.len());
        spare[..n].copy_from_slice(&wire[..n]);
        buf.commit(n);
        wire = &wire[n..];
        if conn.receive(NOW, buf).unwrap() {
            assert!(wire.is_empty() && buf.take_message().is_some_and(|message| message.is_ok()));
        }
    }
}

/// 6455-10.4-1: a pool keeps the memory of the largest message for the next one, and at most 72 MiB of large
/// memory.
#[test]
fn a_pool_keeps_the_memory_of_the_largest_message_and_little_more() {
    let config: Arc<Config> = Arc::default();
    let mut pool = Pool::new();
    let (mut conn, mut buf) = (open(Role::Client, Arc::clone(&config)), RecvBuf::new());
    let largest = to(Role::Client, FIN | BINARY, &vec![0; config.max_message]);
    let mut take = || {
        measure(|| {
            read(&mut pool, &mut conn, &mut buf, &largest);
            pool.park(&mut buf);
        })
    };
    let first = take();
    assert!(first.bytes_current >= config.max_message as i64, "{first:?}");
    assert_eq!(take().bytes_total, 0);
    drop((conn, buf, largest));

    let message = to(Role::Client, FIN | BINARY, &vec![0; 16 << 20]);
    let mut pool = Pool::new();
    let held = measure(|| {
        let ends = (0..6).map(|_| (open(Role::Client, Arc::clone(&config)), RecvBuf::new()));
        let mut ends: Vec<_> = ends.collect();
        for (conn, buf) in &mut ends {
            read(&mut pool, conn, buf, &message);
        }
        for (_, buf) in &mut ends {
            pool.park(buf);
        }
    });
    assert!(held.bytes_max > 96 << 20 && held.bytes_current < 73 << 20, "{held:?}");
}

/// 6455-10.4-1: an idle connection holds no heap memory but a client's masking keys, once the opening
/// handshake is written.
#[test]
fn an_idle_connection_holds_no_heap() {
    let config: Arc<Config> = Arc::default();
    let request = ClientRequest::new("server.example.com", "/chat").unwrap();
    let mut pool = Pool::new();
    let mut client = None;
    let mut server = None;
    let mut connect = |is_warm: bool| {
        let mut answer = Vec::new();
        let held = measure(|| {
            let (mut conn, mut buf) = (Connection::server(NOW, Arc::clone(&config)), RecvBuf::new());
            pool.prepare(&mut buf);
            buf.extend(REQUEST.as_bytes());
            assert!(matches!(conn.poll_event(NOW, &mut buf), Ok(Some(Event::Request(_)))));
            conn.accept(NOW, &Accept::new()).unwrap();
            flush(&mut conn);
            assert!(conn.poll_event(NOW, &mut buf).unwrap().is_none());
            pool.park(&mut buf);
            server = Some((conn, buf));
        });
        assert!(!is_warm || held.bytes_current == 0, "a server holds {held:?}");
        let start = measure(|| {
            let mut conn = Connection::client(NOW, Arc::clone(&config), &request, ENTROPY);
            let bytes = take_output(&mut conn);
            answer = answer_to(&bytes, "");
            client = Some((conn, RecvBuf::new()));
        });
        let (conn, buf) = client.as_mut().unwrap();
        let end = measure(|| {
            pool.prepare(buf);
            buf.extend(&answer);
            assert!(matches!(conn.poll_event(NOW, buf), Ok(Some(Event::Open(_)))));
            assert!(conn.poll_event(NOW, buf).unwrap().is_none());
            pool.park(buf);
            answer = Vec::new();
        });
        let held = start.bytes_current + end.bytes_current;
        // The masking keys of the client.
        assert!(!is_warm || held <= 144, "a client holds {held} bytes");
    };
    // The first connection fills the pool.
    connect(false);
    connect(true);

    // A conversation leaves no memory behind either.
    for (conn, buf) in [&mut client, &mut server].into_iter().flatten() {
        let role = conn.role();
        let mut talk = || {
            pool.prepare(buf);
            pool.lend(conn.output());
            buf.extend(&[to(role, TEXT, b"a"), to(role, FIN, b"b"), to(role, FIN | PING, b"p")].concat());
            drain(conn, NOW, buf, &mut Vec::new());
            conn.send("Hello").unwrap();
            flush(conn);
            pool.reclaim(conn.output());
            pool.park(buf);
        };
        talk();
        assert_eq!(measure(talk).bytes_current, 0);
        assert!(!conn.output().has_memory() && buf.capacity() == 0);
    }
}

/// 6455-10.4-1: a connection is small.
#[test]
fn a_connection_takes_at_most_296_bytes() {
    assert!(size_of::<Connection>() <= 296, "{}", size_of::<Connection>());
}

/// 6455-6.2-4: a message in one frame is lent from where it was read: nothing is copied or allocated.
#[test]
fn a_whole_frame_is_lent_where_it_lies() {
    for role in BOTH {
        for len in [0, 5, 125, 126, 5000, 60_000, 70_000, 1 << 20] {
            for opcode in [TEXT, BINARY] {
                let frame = to(role, FIN | opcode, &vec![b'x'; len]);
                let (mut conn, mut buf) = (open(role, Config::default()), RecvBuf::new());
                buf.replace(vec![0; frame.len()]);
                let memory = buf.spare_mut().as_ptr_range();
                buf.extend(&frame);
                let count = allocations(|| {
                    assert_eq!(conn.receive(NOW, &mut buf), Ok(true));
                    let message = buf.take_message().unwrap().unwrap();
                    let lent = message.as_bytes().as_ptr_range();
                    assert!(memory.start <= lent.start && lent.end <= memory.end);
                    assert_eq!(message.as_bytes().len(), len);
                    assert_eq!(matches!(message, Message::Text(_)), opcode == TEXT);
                });
                assert_eq!(count, 0);
            }
        }
    }
}

/// 6455-6.1-8: after the first messages, receiving, sending and answering pings allocate nothing.
#[test]
fn a_steady_conversation_allocates_nothing() {
    let bytes = vec![b'x'; 20_000];
    let text = core::str::from_utf8(&bytes).unwrap();
    for role in BOTH {
        for len in [0, 5, 125, 126, 5000, 20_000] {
            let (mut conn, mut buf) = (open(role, Config::default()), RecvBuf::new());
            let prepared = PreparedMessage::new(&text[..len.min(4000)]);
            let frames = [
                to(role, FIN | TEXT, &bytes[..len]),
                to(role, BINARY, &bytes[..len]),
                to(role, FIN, &bytes[..len]),
                to(role, FIN | PING, b"ping"),
            ]
            .concat();
            let mut converse = || {
                buf.extend(&frames);
                while let Some(event) = conn.poll_event(NOW, &mut buf).unwrap() {
                    if let Event::Message(message) = event {
                        conn.send(message).unwrap();
                    }
                }
                conn.send(&text[..len]).unwrap();
                conn.send(&bytes[..len]).unwrap();
                conn.send_prepared(&prepared).unwrap();
                let mut lent = conn.send_lent(&text[..len]).unwrap();
                let n = lent.remaining();
                lent.advance(n);
                drop(lent);
                flush(&mut conn);
            };
            (0..3).for_each(|_| converse());
            assert_eq!(allocations(|| (0..100).for_each(|_| converse())), 0, "{role:?}, {len} bytes");
        }
    }
}

/// 6455-6.1-8: a queue that never runs empty holds only the bytes that wait.
#[test]
fn a_queue_that_never_runs_empty_does_not_grow() {
    for role in BOTH {
        let mut conn = open(role, Config::default());
        let held = peak(|| {
            conn.send(&[0; 20_000]).unwrap();
            for _ in 0..10_000 {
                conn.send(&[1; 100]).unwrap();
                let Some(Transmit::Data(out)) = conn.poll_transmit() else { panic!("it never runs empty") };
                let n = if role == Role::Client { 106 } else { 102 };
                out.advance(n);
            }
        });
        assert!(held < 200_000, "{held}");
    }
}
