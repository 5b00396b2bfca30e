//! web-socket: buffered both ways, and flushed before it waits.

use std::net::TcpListener;

use ::web_socket::{DataType, Event, MessageType, WebSocket};
use tokio::io::{BufReader, BufWriter};
use tokio::net::TcpStream;

use super::opening::open;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::{Framing, READ_SIZE};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "web-socket",
    title: "web-socket 0.7.0",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    on_tokio::accept_all(listener, echo)
}

async fn echo(mut stream: TcpStream) -> anyhow::Result<()> {
    open(&mut stream, None).await?;
    let buffered = BufReader::with_capacity(READ_SIZE, BufWriter::with_capacity(READ_SIZE, stream));
    let mut ws = WebSocket::server(buffered);
    loop {
        if ws.stream.buffer().is_empty() {
            ws.flash().await?;
        }
        match ws.recv().await? {
            Event::Data { ty: DataType::Complete(MessageType::Binary), data } => ws.send(&*data).await?,
            Event::Data { ty: DataType::Complete(MessageType::Text), data } => {
                ws.send(simdutf8::basic::from_utf8(&data)?).await?;
            }
            Event::Data { ty: DataType::Stream(_), .. } => anyhow::bail!("a fragment"),
            Event::Ping(_) | Event::Pong(_) => {}
            Event::Error(error) => anyhow::bail!(error),
            Event::Close { .. } => return Ok(()),
        }
    }
}
