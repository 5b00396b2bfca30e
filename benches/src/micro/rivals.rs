//! Other libraries that can be driven in memory.

use core::pin::pin;
use core::task::{Context, Poll, Waker};

use anyhow::Context as _;
use counters::script::Script;
use fastwebsockets::{FragmentCollector, Frame, Payload};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_websockets::{Config, Limits, ServerBuilder};
use ws_core::Role;

use super::subject::Subject;

/// More messages than any subject is asked for.
const FOR_EVER: usize = usize::MAX;

pub(super) fn decode(wire: &[u8], depth: usize) -> Vec<(&'static str, Subject)> {
    let client = || Script::new(wire.to_vec(), FOR_EVER);

    let config = tungstenite::protocol::WebSocketConfig::default();
    let role = tungstenite::protocol::Role::Server;
    let mut ws = tungstenite::WebSocket::from_raw_socket(client(), role, Some(config));
    let tungstenite: Subject = Box::new(move |batches| {
        for _ in 0..batches * depth {
            ws.read()?;
        }
        Ok(())
    });

    let config = Config::default().frame_size(usize::MAX);
    let builder = ServerBuilder::new().config(config).limits(Limits::unlimited());
    let mut ws = builder.serve(client());
    let tokio_websockets: Subject = Box::new(move |batches| {
        drive(async {
            for _ in 0..batches * depth {
                ws.next().await.context("it ends")??;
            }
            Ok(())
        })
    });

    let mut ws = fastwebsockets::WebSocket::after_handshake(client(), fastwebsockets::Role::Server);
    ws.set_max_message_size(usize::MAX);
    let mut ws = FragmentCollector::new(ws);
    let fastwebsockets: Subject = Box::new(move |batches| {
        drive(async {
            for _ in 0..batches * depth {
                ws.read_frame().await?;
            }
            Ok(())
        })
    });

    let mut subjects =
        vec![("tungstenite", tungstenite), ("tokio-ws", tokio_websockets), ("fastws", fastwebsockets)];
    let options = yawc::Options::default().with_utf8().with_limits(64 << 20, 64 << 20);
    if let Ok(mut ws) = yawc::WebSocket::from_stream(client(), yawc::Role::Server, options) {
        let yawc: Subject = Box::new(move |batches| {
            drive(async {
                for _ in 0..batches * depth {
                    ws.next_frame().await?;
                }
                Ok(())
            })
        });
        subjects.push(("yawc", yawc));
    }
    subjects
}

pub(super) fn encode(payload: &[u8], role: Role, depth: usize) -> Vec<(&'static str, Subject)> {
    let silent = || Script::new(Vec::new(), 0);

    let theirs = match role {
        Role::Server => tungstenite::protocol::Role::Server,
        Role::Client => tungstenite::protocol::Role::Client,
    };
    let mut ws = tungstenite::WebSocket::from_raw_socket(silent(), theirs, None);
    // tungstenite takes shared bytes, and copies them to mask them at a client.
    let shared = bytes::Bytes::copy_from_slice(payload);
    let message = Message::Binary(shared.clone());
    let tungstenite: Subject = Box::new(move |batches| {
        for _ in 0..batches {
            for _ in 0..depth {
                ws.write(message.clone())?;
            }
            ws.flush()?;
        }
        Ok(())
    });
    let mut subjects = vec![("tungstenite", tungstenite)];

    if role == Role::Server {
        let mut ws = ServerBuilder::new().config(Config::default().frame_size(usize::MAX)).serve(silent());
        let message = tokio_websockets::Message::binary(shared);
        let tokio_websockets: Subject = Box::new(move |batches| {
            drive(async {
                for _ in 0..batches {
                    for _ in 0..depth {
                        ws.feed(message.clone()).await?;
                    }
                    ws.flush().await?;
                }
                Ok(())
            })
        });
        subjects.push(("tokio-ws", tokio_websockets));
    }

    let theirs = match role {
        Role::Server => fastwebsockets::Role::Server,
        Role::Client => fastwebsockets::Role::Client,
    };
    let mut ws = fastwebsockets::WebSocket::after_handshake(silent(), theirs);
    let message = payload.to_vec();
    let fastwebsockets: Subject = Box::new(move |batches| {
        drive(async {
            for _ in 0..batches * depth {
                ws.write_frame(Frame::binary(Payload::Borrowed(&message))).await?;
            }
            Ok(())
        })
    });
    subjects.push(("fastws", fastwebsockets));
    subjects
}

/// Polls `work` until it is complete, without waiting to be woken.
fn drive(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut work = pin!(work);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut cx) {
            return done;
        }
    }
}
