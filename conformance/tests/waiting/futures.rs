//! Futures, streams and sinks.

use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::Write as _;
use std::sync::Arc;
use std::task::Wake;

use conformance::{Gate, Stutter};
use futures_util::{FutureExt as _, StreamExt as _};

use crate::adapter::ws_core::{self, Connection, Instant, ProtocolError, Role, Timeout};
use crate::adapter::{
    Agreement, Chunk, CloseCode, Config, Error, MessageKind, OwnedMessage, SendError, Sender, WebSocket,
    connect,
};
use crate::on;
use crate::suite::{Outcome, Ws, open};

/// Returns both ends of an open connection in memory: the client, the server.
fn pair(config: &Config) -> (WebSocket<Stutter>, WebSocket<Stutter>) {
    let (client, server) = Stutter::pair(&[]);
    let open = |io, role| {
        let conn = Connection::upgraded(Instant::ORIGIN, role, config.clone(), Agreement::default(), [7; 32]);
        WebSocket::new(io, conn)
    };
    (open(client, Role::Client), open(server, Role::Server))
}

/// The `Stream` of a connection is forwarded into its own `Sink`; both end with the connection.
#[test]
fn a_connection_is_a_stream_and_a_sink() -> Outcome {
    on::run(async {
        let (mut one, other) = pair(&Config::default());
        let echo = async {
            let (sink, stream) = futures_util::StreamExt::split::<OwnedMessage>(other);
            stream.forward(sink).await
        };
        let talk = async {
            futures_util::SinkExt::send(&mut one, "hello").await?;
            assert_eq!(one.next().await.transpose()?, Some("hello".into()));
            futures_util::SinkExt::<OwnedMessage>::close(&mut one).await?;
            assert!(one.next().await.is_none());
            Ok::<(), Error>(())
        };
        let (echoed, talked) = on::both(echo, talk).await;
        talked?;
        // The connection is closed when the echo closes its sink, which may return that as an error.
        assert!(matches!(echoed, Ok(()) | Err(Error::Send(SendError::Closed))), "{echoed:?}");
        Ok(())
    })
}

/// 6455-8.1-3: an invalid text is an error of the `Stream` too, and ends it.
#[test]
fn a_bad_text_ends_the_stream() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = open(Role::Server, Config::default());
        peer.write_all(b"\x81\x81\0\0\0\0a\x81\x81\0\0\0\0\xC3")?;
        drop(peer);
        assert_eq!(ws.next().await.transpose()?, Some("a".into()));
        let error = ws.next().await;
        let Some(Err(Error::WebSocket(ws_core::Error::Protocol(fault)))) = error else { panic!("{error:?}") };
        assert_eq!(fault, ProtocolError::InvalidUtf8);
        assert!(ws.next().await.is_none());
        Ok(())
    })
}

/// adapter-BP1, adapter-BP2: a peer that does not read makes a sender wait, and the queue stays within its
/// bounds.
#[test]
fn a_peer_that_does_not_read_stops_the_sender() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = pair(&Config::new().max_output(10_000));
        let message = vec![1; 1000];
        let mut fed = 0;
        while ws.feed(&message).now_or_never().transpose()?.is_some() {
            fed += 1;
            assert!(fed < 1000, "the queue has no bounds");
        }
        assert!(ws.status().queued <= 10_000 + 1008, "{}", ws.status().queued);
        let receive = async {
            // The feed that had to wait had queued its message.
            for _ in 0..=fed {
                peer.recv().await?;
            }
            Ok::<_, Error>(())
        };
        let (flushed, received) = on::both(ws.flush(), receive).await;
        flushed?;
        received?;
        Ok(())
    })
}

/// adapter-BP2: all that was fed leaves in one write.
#[test]
fn what_is_fed_leaves_in_one_write() -> Outcome {
    on::run(async {
        let (mut ws, mut peer) = pair(&Config::default());
        for _ in 0..100 {
            ws.feed("news").await?;
        }
        assert_eq!(ws.get_ref().writes(), 0);
        assert!(ws.recv().now_or_never().is_none());
        assert_eq!((ws.get_ref().writes(), ws.status().queued), (1, 0));
        ws.feed("more").await?;
        ws.feed("and more").await?;
        ws.flush().await?;
        assert_eq!(ws.get_ref().writes(), 2);
        for _ in 0..102 {
            assert!(peer.recv().await?.is_some());
        }
        Ok(())
    })
}

/// adapter-IO1: a large lent payload is written from its own memory, and none of it is queued when the peer
/// takes it all.
#[test]
fn a_large_payload_is_not_queued() -> Outcome {
    on::run(async {
        let (_client, mut ws) = pair(&Config::default());
        let payload = vec![1; 19_000];
        let sending = ws.send(&payload);
        assert!(sending.is_queued());
        sending.await?;
        assert_eq!((ws.get_ref().writes(), ws.status().queued), (1, 0));
        Ok(())
    })
}

/// adapter-T1, close-H2: a connection ends although the peer does not read a message.
#[test]
fn a_stuck_writer_is_freed_by_the_close_timer() -> Outcome {
    on::run(async {
        let close_timeout = Duration::from_millis(30);
        let (mut ws, _peer) = pair(&Config::new().close_timeout(close_timeout));
        let message = vec![0; 200_000];
        assert!(ws.send(&message).now_or_never().is_none());
        for _ in 0..2 {
            let error = ws.close(CloseCode::NORMAL).await;
            assert!(
                matches!(
                    error,
                    Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close))
                        | Error::Send(SendError::Closed))
                ),
                "{error:?}"
            );
        }
        let error = ws.recv().await;
        assert!(
            matches!(error, Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)))),
            "{error:?}"
        );
        assert_eq!(ws.recv().await?, None);
        assert!(!ws.status().was_clean);
        Ok(())
    })
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Polls `work` once, as a task of its own.
    fn poll<W: Future + Unpin>(self: &Arc<Self>, work: &mut W) -> Poll<W::Output> {
        work.poll_unpin(&mut Context::from_waker(&Arc::clone(self).into()))
    }
}

/// Returns an open connection through a gate.
fn gated(config: Config) -> (WebSocket<Gate>, Gate) {
    let gate = Gate::default();
    let agreement = Agreement::default();
    let conn = Connection::upgraded(Instant::ORIGIN, Role::Server, config, agreement, [7; 32]);
    (WebSocket::new(gate.clone(), conn), gate)
}

/// adapter-BP4: a sender whose message the receiver writes is woken, also over a stream that keeps only its
/// last waker.
#[test]
fn a_sender_is_woken_when_the_receiver_wrote_for_it() {
    on::run(async {
        let (ws, gate) = gated(Config::default());
        let (sender, mut receiver) = ws.split();
        let woken = Arc::<Woken>::default();
        let mut sending = sender.send("news");
        assert!(woken.poll(&mut sending).is_pending());
        gate.set_open(true);
        assert_eq!(woken.count(), 0);
        assert!(receiver.recv().now_or_never().is_none());
        assert_eq!(woken.count(), 1, "the sender waits for ever");
        assert!(matches!(sending.now_or_never(), Some(Ok(()))));
    });
}

/// adapter-BP4: the same if two tasks have the `Stream` and the `Sink`.
#[test]
fn a_sink_is_woken_when_the_stream_wrote_for_it() {
    on::run(async {
        let (ws, gate) = gated(Config::default());
        let (mut sink, mut stream) = futures_util::StreamExt::split::<OwnedMessage>(ws);
        let woken = Arc::<Woken>::default();
        let mut sending = futures_util::SinkExt::send(&mut sink, "news".into());
        assert!(woken.poll(&mut sending).is_pending());
        gate.set_open(true);
        assert_eq!(woken.count(), 0);
        assert!(stream.next().now_or_never().is_none());
        assert_eq!(woken.count(), 1, "the sink waits for ever");
        assert!(matches!(sending.now_or_never(), Some(Ok(()))));
    });
}

/// close-H2: the task of the `Stream` keeps the deadline of a close that the task of the `Sink` began.
#[test]
fn a_stream_is_woken_when_the_sink_closes() {
    on::run(async {
        let (ws, gate) = gated(Config::default());
        gate.set_open(true);
        let (mut sink, mut stream) = futures_util::StreamExt::split::<OwnedMessage>(ws);
        let woken = Arc::<Woken>::default();
        assert!(woken.poll(&mut stream.next()).is_pending());
        assert!(matches!(futures_util::SinkExt::close(&mut sink).now_or_never(), Some(Ok(()))));
        assert_eq!(woken.count(), 1, "the stream waits for ever");
        // Nothing has changed since then, so the stream is not woken again.
        assert!(woken.poll(&mut stream.next()).is_pending());
        assert!(matches!(futures_util::SinkExt::flush(&mut sink).now_or_never(), Some(Ok(()))));
        assert_eq!(woken.count(), 1);
    });
}

/// close-H2: a deadline that passes while the `Sink` is stuck ends the `Stream` too, in its own task.
#[test]
fn a_stream_is_woken_at_a_deadline_while_the_sink_is_stuck() {
    on::run(async {
        let config = Config::new().close_timeout(Duration::from_millis(30));
        let (ws, _gate) = gated(config);
        let (mut sink, mut stream) = futures_util::StreamExt::split::<OwnedMessage>(ws);
        let woken = Arc::<Woken>::default();
        assert!(woken.poll(&mut stream.next()).is_pending());
        let timed_out = |error: Option<Error>| {
            let closing = Error::WebSocket(ws_core::Error::TimedOut(Timeout::Close)).to_string();
            assert_eq!(error.map(|error| error.to_string()), Some(closing));
        };
        timed_out(futures_util::SinkExt::close(&mut sink).await.err());
        assert_ne!(woken.count(), 0, "the stream waits for ever");
        timed_out(stream.next().await.and_then(Result::err));
    });
}

/// A send that need not wait wakes no task, then or later.
#[test]
fn a_send_that_does_not_wait_wakes_no_task() {
    on::run(async {
        let (ws, gate) = gated(Config::default());
        gate.set_open(true);
        let (sender, mut receiver) = ws.split();
        let (sending, receiving) = (Arc::<Woken>::default(), Arc::<Woken>::default());
        for _ in 0..3 {
            assert!(receiving.poll(&mut Box::pin(receiver.recv())).is_pending());
            assert!(matches!(sending.poll(&mut sender.send("news")), Poll::Ready(Ok(()))));
            assert!(matches!(sending.poll(&mut Box::pin(sender.ping(b""))), Poll::Ready(Ok(()))));
        }
        assert_eq!((sending.count(), receiving.count()), (0, 0));
    });
}

/// A future that waits at a connection and is dropped: of a sender, of the receiver, or of the `Stream` and
/// the `Sink`.
type Wait<'w> = Pin<Box<dyn Future<Output = ()> + 'w>>;

/// adapter-BP4: futures that are dropped while the peer does not read leave nothing behind, whatever they
/// waited for.
#[test]
fn a_future_that_is_dropped_is_not_remembered() {
    fn wait<'w, W: Future + 'w>(work: W) -> Wait<'w> {
        Box::pin(async {
            let _ = work.await;
        })
    }
    const CHUNK: Chunk<'_> = Chunk { kind: MessageKind::Text, bytes: b"part", fin: false };
    type Waits = fn(&Sender<Gate>) -> Wait<'_>;
    let senders: [(&str, Waits); 6] = [
        ("send", |sender| wait(sender.send(&[1; 2000][..]))),
        ("feed", |sender| wait(sender.feed(&[1; 2000][..]))),
        ("send_chunk", |sender| wait(sender.send_chunk(CHUNK))),
        ("ping", |sender| wait(sender.ping(b""))),
        ("pong", |sender| wait(sender.pong(b""))),
        ("flush", |sender| wait(sender.flush())),
    ];
    let config = Config::new().max_output(1000);
    on::run(async {
        for (what, waits) in senders {
            let (ws, _gate) = gated(config.clone());
            let (sender, _receiver) = ws.split();
            assert!(sender.send(&[1; 2000][..]).now_or_never().is_none());
            assert_eq!(remembered(|task| assert!(task.poll(&mut waits(&sender)).is_pending())), 0, "{what}");
        }
        let (ws, _gate) = gated(config.clone());
        let (_sender, mut receiver) = ws.split();
        let recv = |task: &Arc<Woken>| assert!(task.poll(&mut wait(receiver.recv())).is_pending());
        assert!(remembered(recv) <= 1, "recv");

        let (mut ws, _gate) = gated(config.clone());
        let next = |task: &Arc<Woken>| assert!(task.poll(&mut ws.next()).is_pending());
        assert!(remembered(next) <= 1, "the Stream");

        let (mut ws, _gate) = gated(config);
        let flush = |task: &Arc<Woken>| {
            let mut flushing = futures_util::SinkExt::<OwnedMessage>::send(&mut ws, "news".into());
            assert!(task.poll(&mut flushing).is_pending());
        };
        assert!(remembered(flush) <= 1, "the Sink");
    });
}

/// Returns how many of 100 tasks are still remembered after each has begun something by itself, and has
/// dropped it.
fn remembered(mut begin: impl FnMut(&Arc<Woken>)) -> usize {
    let tasks: Vec<Arc<Woken>> = (0..100).map(|_| Arc::default()).collect();
    tasks.iter().for_each(&mut begin);
    tasks.iter().filter(|task| Arc::strong_count(task) > 1).count()
}

/// Futures are `Send` if their stream is.
#[test]
fn futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn check(mut ws: Ws) {
        is_send(&ws.recv());
        is_send(&ws.message_ref());
        is_send(&ws.send("text"));
        is_send(&ws.close(None));
        is_send(&connect("ws://127.0.0.1/"));
        let (sender, mut receiver) = ws.split();
        is_send(&receiver.recv());
        is_send(&sender.send("text"));
    }
    let _ = check;
}
