pub(crate) mod blocking;
mod service;
pub(crate) mod tasks;

use core::net::SocketAddr;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ws_core::Config;
use ws_tls::{ServerTls, TlsError, pem};

use crate::args::{self, Runtime};
use crate::deflate::Deflate;
use crate::failure::Failure;
use crate::platform::{AsyncStd, Smol, Tokio};
use crate::trouble::Trouble;
pub(crate) use service::{Service, not_listening};

/// Accept connections on every path, and send each message back unchanged.
///
/// The first line on standard output is the address of the server. Ctrl-C (SIGINT) and SIGTERM end the
/// server: it accepts no more, closes all connections with 1001, and exits with 0. That takes no longer than
/// the close timeout (5 seconds by default), even if peers do not answer. A second signal ends it at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; port 0 picks a free port.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9001", value_parser = args::socket_address)]
    listen: SocketAddr,
    /// The adapter to use.
    #[arg(long, value_enum, default_value = "tokio")]
    runtime: Runtime,
    /// A subprotocol to accept; may be given several times. The server chooses the first in the client's list
    /// that it accepts. Without this option the server never chooses one.
    #[arg(long, value_name = "NAME", value_parser = args::subprotocol)]
    subprotocol: Vec<String>,
    /// The largest message to accept; a larger one ends the connection with 1009.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_message: usize,
    /// Close a connection with 1001 if nothing except pongs has come for this number of seconds. Without this
    /// option it may be silent for ever.
    #[arg(long, value_name = "SECS", value_parser = args::seconds, allow_negative_numbers = true)]
    idle_timeout: Option<Duration>,
    /// The time limit of the opening handshake in seconds.
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = args::seconds, allow_negative_numbers = true)]
    opening_timeout: Duration,
    /// The time in seconds that a peer has to close after this side has closed.
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = args::seconds, allow_negative_numbers = true)]
    close_timeout: Duration,
    /// Use TLS with the certificates in this PEM file: the server's own first, then the rest of its chain.
    #[arg(long, value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the server's certificate, in PEM.
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    deflate: Deflate,
}

/// Echoes until a signal comes.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(identity(certificate, key)?),
        (_, _) => None,
    };
    let service = Arc::new(Service {
        config: Arc::new(
            Config::new()
                .max_message(args.max_message)
                .max_frame(args.max_message)
                .idle_timeout(args.idle_timeout)
                .opening_timeout(args.opening_timeout)
                .close_timeout(args.close_timeout)
                .compression(args.deflate.compression()),
        ),
        subprotocols: args.subprotocol,
        tls,
        trouble: Trouble::default(),
    });
    match args.runtime {
        Runtime::Tokio => tasks::run::<Tokio>(args.listen, service),
        Runtime::Smol => tasks::run::<Smol>(args.listen, service),
        Runtime::AsyncStd => tasks::run::<AsyncStd>(args.listen, service),
        Runtime::Blocking => blocking::run(args.listen, &service),
    }
}

/// Reads the server's certificates and key from two files. A failure names the file.
fn identity(certificate: &Path, key: &Path) -> Result<ServerTls, Failure> {
    let chain =
        pem::certificates(args::read(certificate)?).map_err(|error| args::unfit(certificate, error))?;
    let der = pem::key(args::read(key)?).map_err(|error| args::unfit(key, error))?;
    ServerTls::builder(chain, der).build().map_err(|error| match error {
        TlsError::KeyMismatch => {
            args::unfit(key, format!("the private key is not the one of {}", certificate.display()))
        }
        TlsError::KeyInvalid(_) => args::unfit(key, error),
        error => args::unfit(certificate, error),
    })
}
