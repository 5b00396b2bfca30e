//! fastwebsockets, over the bare `TcpStream`: its own handshake uses hyper.

use std::net::TcpListener;

use ::fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};
use tokio::net::TcpStream;

use super::opening::open;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio::{self, Receiver};
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "fastwebsockets",
    title: "fastwebsockets 0.10.0",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Broadcast { .. }),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    if let Task::Broadcast { receivers, burst } = task {
        return on_tokio::broadcast::<FragmentCollector<TcpStream>>(listener, receivers, burst);
    }
    on_tokio::accept_all(listener, |stream| tokio::task::unconstrained(echo(stream)))
}

async fn echo(stream: TcpStream) -> anyhow::Result<()> {
    let mut ws = <FragmentCollector<_> as Receiver>::open(stream).await?;
    loop {
        let frame = ws.read_frame().await?;
        match frame.opcode {
            OpCode::Text | OpCode::Binary => ws.write_frame(frame).await?,
            OpCode::Close => return Ok(()),
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

impl Receiver for FragmentCollector<TcpStream> {
    type Burst = Vec<Vec<u8>>;

    async fn open(mut stream: TcpStream) -> anyhow::Result<Self> {
        open(&mut stream, None).await?;
        Ok(Self::new(WebSocket::after_handshake(stream, Role::Server)))
    }

    async fn receive(&mut self, count: usize) -> anyhow::Result<Self::Burst> {
        let mut burst = Vec::with_capacity(count);
        for _ in 0..count {
            burst.push(self.read_frame().await?.payload.to_vec());
        }
        Ok(burst)
    }

    async fn send(&mut self, burst: &Self::Burst) -> anyhow::Result<()> {
        for message in burst {
            self.write_frame(Frame::binary(Payload::Borrowed(message))).await?;
        }
        Ok(())
    }
}
