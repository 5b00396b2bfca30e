//! The floor of compression: plain zlib-rs with streams that are kept; over TCP, a length before each
//! message.

use std::cell::RefCell;
use std::net::TcpListener;

use bytes::{Buf as _, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::contestant::{Contestant, Program, Standing};
use crate::on_tokio;
use crate::task::Task;
use crate::workload::{Context, Framing, LEVEL};

pub(crate) const CONTESTANT: Contestant = Contestant {
    name: "zlib",
    title: "plain zlib-rs",
    standing: Standing::Floor,
    framing: Framing::Length,
    can: |task| matches!(task, Task::Deflate(_)),
    program: Program::Here(serve),
};

fn serve(listener: TcpListener, task: Task) -> anyhow::Result<()> {
    let Task::Deflate(context) = task else { anyhow::bail!("it only compresses") };
    on_tokio::accept_all(listener, move |stream| attend(stream, context))
}

/// Both directions of a connection.
pub(crate) struct Codec {
    inflate: Decompress,
    deflate: Compress,
    context: Context,
}

impl Codec {
    pub(crate) fn new(context: Context) -> Self {
        let deflate = Compress::new(Compression::new(LEVEL), false);
        Self { inflate: Decompress::new(false), deflate, context }
    }

    /// Replaces `message` by the inflated `payload`, which ends with a whole flush. The stream is never
    /// reset: it also inflates messages that were compressed alone.
    pub(crate) fn inflate(&mut self, mut payload: &[u8], message: &mut Vec<u8>) -> anyhow::Result<()> {
        message.clear();
        loop {
            message.reserve(payload.len().max(64) * 4);
            let taken = self.inflate.total_in();
            self.inflate.decompress_vec(payload, message, FlushDecompress::Sync)?;
            payload = &payload[(self.inflate.total_in() - taken) as usize..];
            if payload.is_empty() && message.len() < message.capacity() {
                return Ok(());
            }
        }
    }

    /// Appends `message`, compressed up to a whole flush, to `output`.
    pub(crate) fn deflate(&mut self, mut message: &[u8], output: &mut Vec<u8>) -> anyhow::Result<()> {
        if self.context == Context::Alone {
            self.deflate.reset();
        }
        loop {
            output.reserve(message.len() / 2 + 64);
            let taken = self.deflate.total_in();
            self.deflate.compress_vec(message, output, FlushCompress::Sync)?;
            message = &message[(self.deflate.total_in() - taken) as usize..];
            if message.is_empty() && output.len() < output.capacity() {
                return Ok(());
            }
        }
    }

    /// Appends the inflated `payload`, compressed again, and its length before it.
    fn echo(&mut self, payload: &[u8], message: &mut Vec<u8>, output: &mut Vec<u8>) -> anyhow::Result<()> {
        self.inflate(payload, message)?;
        let start = output.len();
        output.extend_from_slice(&[0; 4]);
        self.deflate(message, output)?;
        let len = (output.len() - start - 4) as u32;
        output[start..start + 4].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }
}

thread_local! {
    /// The codec of all connections of this thread, if each message is compressed alone.
    static SHARED: RefCell<Codec> = RefCell::new(Codec::new(Context::Alone));
}

/// Echoes messages with their length before them.
async fn attend(mut stream: TcpStream, context: Context) -> anyhow::Result<()> {
    let mut own = (context == Context::Kept).then(|| Codec::new(context));
    let (mut input, mut message, mut output) = (BytesMut::with_capacity(16 << 10), Vec::new(), Vec::new());
    loop {
        while let Some(&len) = input.first_chunk::<4>() {
            let end = 4 + u32::from_be_bytes(len) as usize;
            let Some(payload) = input.get(4..end) else { break };
            match &mut own {
                Some(codec) => codec.echo(payload, &mut message, &mut output)?,
                None => SHARED.with_borrow_mut(|codec| codec.echo(payload, &mut message, &mut output))?,
            }
            input.advance(end);
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}
