//! This workspace on Tokio by default: messages are compressed by [`Compression::default`].

use std::net::TcpListener;
use std::sync::Arc;

use ws_tokio::Config;
use ws_tokio::deflate::Compression;

use super::tokio_lent::echo;
use crate::bar::Bar;
use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::{Context, Framing};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "tokio-default",
    title: "ws-tokio, as it comes",
    standing: Standing::Ours { floor: "floor-tokio", bar: Bar::OfCase(1.0) },
    framing: Framing::WebSocket,
    can: |task| task == Task::Deflate(Context::Kept),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, _task: Task) -> anyhow::Result<()> {
    let config = Arc::new(Config::new().compression(Compression::default()));
    on_tokio::accept_all(listener, move |stream| echo(stream, Arc::clone(&config)))
}
