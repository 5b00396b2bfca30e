//! TLS on Tokio, without WebSocket: the floor of servers there.

use std::net::TcpListener;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use ws_tls::ServerTls;
use ws_tokio::accept_tls;

use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::{Framing, READ_SIZE};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "floor-tls",
    title: "TLS on tokio",
    standing: Standing::Floor,
    framing: Framing::Bytes,
    can: |task| matches!(task, Task::Tls(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    let Task::Tls(len) = task else { anyhow::bail!("it only echoes") };
    let tls = server_tls()?;
    on_tokio::accept_all(listener, move |stream| echo(stream, tls.clone(), len))
}

/// Returns the settings of a server with a certificate that it made itself.
pub(super) fn server_tls() -> anyhow::Result<ServerTls> {
    let made = rcgen::generate_simple_self_signed(["localhost".into()])?;
    Ok(ServerTls::from_pem(made.cert.pem(), made.signing_key.serialize_pem())?)
}

/// Sends back the input, in whole messages of `len` bytes.
async fn echo(stream: TcpStream, tls: ServerTls, len: usize) -> anyhow::Result<()> {
    let mut stream = accept_tls(stream, &tls).await?;
    let mut memory = vec![0; READ_SIZE.next_multiple_of(len).max(2 * len)];
    let mut held = 0;
    loop {
        let n = stream.read(&mut memory[held..]).await?;
        if n == 0 {
            return Ok(());
        }
        held += n;
        if held % len == 0 {
            stream.write_all(&memory[..held]).await?;
            stream.flush().await?;
            held = 0;
        }
    }
}
