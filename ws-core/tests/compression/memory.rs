//! The memory that compression takes on a connection, idle and under attack. Allocations are counted for each
//! thread.

use allocation_counter::measure;
use ws_core::deflate::{Compression, Context};
use ws_core::{Event, Pool, RecvBuf};

use super::*;

/// The most that the codecs of one connection, its read buffers and the current frame take, in bytes.
const WORKING: usize = 512 << 10;

fn config(context: Context) -> Config {
    Config::new().compression(Compression::new().context(context))
}

/// Sends and receives one long compressed message.
fn talk(conn: &mut Connection, buf: &mut RecvBuf, pool: &mut Pool, frame: &[u8]) {
    pool.prepare(buf);
    pool.lend(conn.output());
    conn.prepare(pool);
    buf.extend(frame);
    while let Some(event) = conn.poll_event(NOW, buf).unwrap() {
        let Event::Message(message) = event else { panic!("{event:?}") };
        conn.send(message).unwrap();
    }
    while let Some(ws_core::Transmit::Data(out)) = conn.poll_transmit() {
        let n = bytes::Buf::chunk(out).len();
        bytes::Buf::advance(out, n);
    }
    pool.reclaim(conn.output());
    conn.park(pool);
    pool.park(buf);
}

/// Returns how much more an idle connection holds after a conversation than before.
fn held_after_talking(role: Role, params: Params, context: Context) -> i64 {
    let message = "Hello, and hello again. ".repeat(1000);
    let frame = deflated_to(role, &deflate(message.as_bytes()));
    let config = Arc::new(config(context));
    let mut pool = Pool::new();
    // The pool is filled before the count begins.
    let mut warm = open(role, params, Arc::clone(&config));
    talk(&mut warm, &mut RecvBuf::new(), &mut pool, &frame);
    drop(warm);
    let (mut conn, mut buf) = (open(role, params, config), RecvBuf::new());
    let before = measure(|| talk(&mut conn, &mut buf, &mut pool, &frame)).bytes_current;
    let again = measure(|| (0..5).for_each(|_| talk(&mut conn, &mut buf, &mut pool, &frame))).bytes_current;
    assert_eq!(again, 0, "a long conversation holds no more than a short one");
    before
}

/// pmd-H7, 6455-10.4-1: an idle connection without context holds no memory for compression.
#[test]
fn an_idle_connection_without_context_holds_nothing() {
    for role in BOTH {
        for context in [Context::Shared, Context::Kept] {
            assert_eq!(held_after_talking(role, ALONE, context), 0);
        }
        // The same holds if only the peer's messages stand alone, with a shared context for our own.
        assert_eq!(held_after_talking(role, alone(role.peer()), Context::Shared), 0);
    }
}

/// pmd-H7: if the peer refers back, an idle connection holds the window and nothing else. One that keeps its
/// context holds all.
#[test]
fn an_idle_connection_holds_what_the_peer_refers_to() {
    for role in BOTH {
        // The message has 24,000 bytes.
        assert_eq!(held_after_talking(role, TAKING_OVER, Context::Shared), 32 << 10);
        let kept = held_after_talking(role, TAKING_OVER, Context::Kept);
        assert!((300_000..420_000).contains(&kept), "{kept}");
    }
}

/// pmd-H7: parking takes nothing of a kept context. From other connections it takes everything that the next
/// message does not need.
#[test]
fn a_kept_context_stays_where_it_is() {
    for role in BOTH {
        for (context, params, freed) in [
            (Context::Kept, TAKING_OVER, 0..8 << 10),
            (Context::Kept, alone(role.peer()), 40_000..60_000),
            (Context::Kept, alone(role), 270_000..300_000),
            (Context::Shared, TAKING_OVER, 320_000..380_000),
        ] {
            let (mut conn, mut buf) = (open(role, params, config(context)), RecvBuf::new());
            buf.extend(&deflated_to(role, HELLO));
            assert!(matches!(conn.poll_event(NOW, &mut buf), Ok(Some(Event::Message(_)))));
            conn.send(&[0; 1000]).unwrap();
            // This pool is dropped together with what it takes.
            let held = measure(|| conn.park(&mut Pool::new())).bytes_current;
            assert!(freed.contains(&-held), "{context:?}: {held}");
        }
    }
}

/// pmd-H7, 6455-10.4-1: the agreement itself takes little memory, and nothing else is allocated before the
/// first message. A connection stays small.
#[test]
fn an_agreement_alone_costs_little() {
    assert!(size_of::<Connection>() <= 512, "{}", size_of::<Connection>());
    let config = Arc::new(config(Context::Kept));
    for role in BOTH {
        let mut conn = None;
        let held = measure(|| conn = Some(open(role, TAKING_OVER, Arc::clone(&config)))).bytes_current;
        assert!(held <= 512, "{held}");
    }
}

/// pmd-H7: once the connection is over, it holds no memory for compression, even if it kept its context.
#[test]
fn a_closed_connection_holds_nothing() {
    let config = Arc::new(config(Context::Kept));
    for role in BOTH {
        let mut conn = None;
        let held = measure(|| {
            let (mut open, mut buf) = (open(role, TAKING_OVER, Arc::clone(&config)), RecvBuf::new());
            buf.extend(&deflated_to(role, HELLO));
            assert!(matches!(open.poll_event(NOW, &mut buf), Ok(Some(_))));
            open.send(&[0; 1000]).unwrap();
            open.handle_reset();
            assert!(open.poll_event(NOW, &mut buf).is_err());
            assert!(open.is_closed());
            open.output().reclaim();
            conn = Some(open);
        });
        assert_eq!(held.bytes_current, 0);
    }
}

/// Returns final blocks that inflate to 16 MiB of zeros.
fn bomb() -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(&vec![0; 16 << 20], 6)
}

/// pmd-H3, 6455-10.4-1: 1 GiB of zeros in about 1 MB takes no more memory than the limit, in one frame, in
/// fragments or in chunks.
#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let block = bomb();
    let mut frames = to(Role::Client, RSV1 | BINARY, &block);
    (1..64).for_each(|_| frames.extend(to(Role::Client, CONTINUATION, &block)));
    assert!(frames.len() < 1_200_000, "{}", frames.len());
    for (max_message, stream, most) in [
        (1 << 20, false, 2 << 20),
        (100, false, 1000),
        (1 << 20, true, 64 << 10),
        (100 << 20, true, 64 << 10),
    ] {
        let config = Config::new().max_message(max_message).stream(stream);
        let (mut count, mut error) = (0, None);
        let held = measure(|| {
            let (mut conn, mut buf) = (open(Role::Client, ALONE, config), RecvBuf::new());
            'all: for piece in frames.chunks(60_000) {
                buf.extend(piece);
                loop {
                    match conn.poll_event(NOW, &mut buf) {
                        Ok(Some(Event::Chunk(chunk))) => count += chunk.bytes.len(),
                        Ok(Some(event)) => panic!("{event:?}"),
                        Ok(None) => break,
                        Err(why) => {
                            error = Some(why);
                            break 'all;
                        }
                    }
                }
            }
        });
        assert_eq!(error, Some(ProtocolError::MessageTooBig.into()));
        assert_eq!(count, if stream { max_message } else { 0 });
        assert!(held.bytes_max < (most + WORKING) as u64, "{max_message}: {held:?}");
    }
}

/// pmd-H3: the same holds for one frame in each role, and the memory of the refused message is freed.
#[test]
fn a_bomb_in_one_frame_is_stopped() {
    let payload = bomb().repeat(4);
    assert!(payload.len() < 70_000);
    for role in BOTH {
        for params in [TAKING_OVER, ALONE] {
            let frame = to(role, FIN | RSV1 | BINARY, &payload);
            let config = Config::new().max_message(1 << 20);
            let (mut conn, mut buf) = (open(role, params, config), RecvBuf::new());
            let held = measure(|| {
                buf.extend(&frame);
                let error = conn.poll_event(NOW, &mut buf).unwrap_err();
                assert_eq!(error, ProtocolError::MessageTooBig.into());
                assert!(matches!(conn.poll_event(NOW, &mut buf), Ok(None)));
                buf.reclaim();
                take_output(&mut conn);
                conn.output().reclaim();
            });
            assert!(held.bytes_max < (2 << 20) + WORKING as u64, "{held:?}");
            assert!(held.bytes_current < 512, "{held:?}");
        }
    }
}

/// 6455-10.4-1, pmd-H3: a length field alone causes no allocation, compressed or not.
#[test]
fn a_length_allocates_nothing() {
    for role in BOTH {
        let header = header_to(role, FIN | RSV1 | BINARY, 64 << 20);
        let held = measure(|| {
            let (mut conn, mut buf) = (open(role, TAKING_OVER, Config::default()), RecvBuf::new());
            buf.extend(&header);
            assert!(matches!(conn.poll_event(NOW, &mut buf), Ok(None)));
            buf.spare_mut();
        });
        assert!(held.bytes_max < 3 * RecvBuf::READ_SIZE as u64, "{held:?}");
    }
}

/// 6455-6.1-8: if the context is kept, compressing and inflating allocate nothing after the first messages.
#[test]
fn a_steady_conversation_allocates_nothing() {
    let message = "Hello, and hello again. ".repeat(100);
    for role in BOTH {
        let frame = deflated_to(role, &deflate(message.as_bytes()));
        let (mut conn, mut buf) = (open(role, TAKING_OVER, config(Context::Kept)), RecvBuf::new());
        let mut converse = || {
            buf.extend(&frame);
            while let Some(Event::Message(message)) = conn.poll_event(NOW, &mut buf).unwrap() {
                conn.send(message).unwrap();
            }
            while let Some(ws_core::Transmit::Data(out)) = conn.poll_transmit() {
                let n = bytes::Buf::remaining(out);
                bytes::Buf::advance(out, n);
            }
        };
        // Until the window is full.
        (0..20).for_each(|_| converse());
        assert_eq!(measure(|| (0..100).for_each(|_| converse())).count_total, 0);
    }
}
