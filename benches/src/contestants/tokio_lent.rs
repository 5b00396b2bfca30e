//! This workspace on Tokio: messages are lent, and answered while on loan.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_tls::ServerTls;
use ws_tokio::{Accept, Config, PreparedMessage, WebSocket, accept_tls};

use super::floor_tls::server_tls;
use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio::{self, Receiver};
use crate::task::Task;
use crate::workload::{Framing, compression};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "tokio",
    title: "ws-tokio",
    standing: Standing::Ours { floor: "floor-tokio", bar: Bar::OfCase(1.0) },
    framing: Framing::WebSocket,
    can: |_| true,
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    let compression = matches!(task, Task::Deflate(_)).then(compression);
    let config = Arc::new(Config::new().compression(compression));
    match task {
        Task::Echo(_) | Task::Open | Task::Deflate(_) => {
            on_tokio::accept_all(listener, move |stream| echo(stream, Arc::clone(&config)))
        }
        Task::Tls(_) => {
            let tls = server_tls()?;
            on_tokio::accept_all(listener, move |stream| {
                echo_over_tls(stream, tls.clone(), Arc::clone(&config))
            })
        }
        Task::Broadcast { receivers, burst } => {
            on_tokio::broadcast::<WebSocket<TcpStream>>(listener, receivers, burst)
        }
    }
}

async fn echo_over_tls(stream: TcpStream, tls: ServerTls, config: Arc<Config>) -> anyhow::Result<()> {
    echo(accept_tls(stream, &tls).await?, config).await
}

pub(super) async fn echo(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    config: Arc<Config>,
) -> anyhow::Result<()> {
    let mut ws = ws_tokio::accept_with(stream, config, |_| Accept::new().into()).await?;
    while let Some((message, mut reply)) = ws.message_ref().await? {
        reply.feed(message).await?;
    }
    Ok(())
}

impl Receiver for WebSocket<TcpStream> {
    type Burst = Vec<PreparedMessage>;

    async fn open(stream: TcpStream) -> anyhow::Result<Self> {
        Ok(ws_tokio::accept(stream).await?)
    }

    async fn receive(&mut self, count: usize) -> anyhow::Result<Self::Burst> {
        let mut burst = Vec::with_capacity(count);
        for _ in 0..count {
            let (message, _) = self.message_ref().await?.context("the client has gone")?;
            burst.push(PreparedMessage::new(message));
        }
        Ok(burst)
    }

    async fn send(&mut self, burst: &Self::Burst) -> anyhow::Result<()> {
        for message in burst {
            self.feed(message).await?;
        }
        Ok(self.flush().await?)
    }
}
