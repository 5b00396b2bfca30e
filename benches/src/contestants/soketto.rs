//! soketto: a flush for each message, because it cannot report whether there is more to read.

use std::net::TcpListener;

use ::soketto::Data;
use ::soketto::handshake::Server;
use ::soketto::handshake::server::Response;
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncReadCompatExt as _;

use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::Framing;

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "soketto",
    title: "soketto 0.8.1",
    standing: Standing::Rival { floor: "floor-tokio" },
    framing: Framing::WebSocket,
    can: |task| matches!(task, Task::Echo(_) | Task::Open),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    on_tokio::accept_all(listener, echo)
}

async fn echo(stream: TcpStream) -> anyhow::Result<()> {
    let mut server = Server::new(stream.compat());
    let key = server.receive_request().await?.key();
    server.send_response(&Response::Accept { key, protocol: None }).await?;
    let (mut sender, mut receiver) = server.into_builder().finish();
    let mut message = Vec::new();
    loop {
        message.clear();
        match receiver.receive_data(&mut message).await {
            Ok(Data::Binary(_)) => sender.send_binary_mut(&mut message).await?,
            Ok(Data::Text(_)) => sender.send_text(str::from_utf8(&message)?).await?,
            Err(::soketto::connection::Error::Closed) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        sender.flush().await?;
    }
}
