//! tokio-websockets: messages are fed while there are some to read, and flushed before it waits.

use std::net::TcpListener;

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{Config, Limits, Message, ServerBuilder, WebSocketStream};

use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio::{self, Receiver};
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "tokio-websockets",
    title: "tokio-websockets 0.13.3",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| !matches!(task, Task::Deflate(_) | Task::Tls(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    if let Task::Broadcast { receivers, burst } = task {
        return on_tokio::broadcast::<WebSocketStream<TcpStream>>(listener, receivers, burst);
    }
    on_tokio::accept_all(listener, async |stream| {
        let ws = <WebSocketStream<_> as Receiver>::open(stream).await?;
        let is_data = |message: &Message| message.is_binary() || message.is_text();
        on_tokio::echo(ws, StreamExt::poll_next_unpin, is_data).await
    })
}

impl Receiver for WebSocketStream<TcpStream> {
    type Burst = Vec<Message>;

    async fn open(stream: TcpStream) -> anyhow::Result<Self> {
        // The library's own echo server sets this too. Without it, the library cuts messages into frames.
        let config = Config::default().frame_size(usize::MAX);
        let builder = ServerBuilder::new().config(config).limits(Limits::unlimited());
        Ok(builder.accept(stream).await?.1)
    }

    async fn receive(&mut self, count: usize) -> anyhow::Result<Self::Burst> {
        let mut burst = Vec::with_capacity(count);
        for _ in 0..count {
            burst.push(self.next().await.context("the client has gone")??);
        }
        Ok(burst)
    }

    async fn send(&mut self, burst: &Self::Burst) -> anyhow::Result<()> {
        for message in burst {
            self.feed(message.clone()).await?;
        }
        Ok(self.flush().await?)
    }
}
