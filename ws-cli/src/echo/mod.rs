pub(crate) mod blocking;
pub(crate) mod tasks;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ws_core::Config;
use ws_core::handshake::{Accept, Decision, Request};
use ws_core::serve::Limits;
use ws_tls::{ServerTls, TlsError, pem};

use crate::args::{self, Runtime};
use crate::deflate::Deflate;
use crate::failure::{Chain, Failure};
use crate::platform::{AsyncStd, Smol, Tokio};
use crate::trouble::Trouble;

/// Serve on every path, and send each message back as it came.
///
/// The first line on standard output says where the server listens. Ctrl-C (SIGINT) and SIGTERM end it: it accepts no
/// more, closes all connections with 1001, and exits with status 0, within the close timeout (5 seconds by default) even
/// if peers do not answer. A second signal ends it at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9001", value_parser = args::socket_address)]
    listen: SocketAddr,
    /// What moves the bytes.
    #[arg(long, value_enum, default_value = "tokio")]
    runtime: Runtime,
    /// A subprotocol to agree to; may be given several times. The first in the client's order wins, and without this
    /// there is never one.
    #[arg(long, value_name = "NAME", value_parser = args::subprotocol)]
    subprotocol: Vec<String>,
    /// Largest message accepted; a larger one ends the connection with 1009.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_message: usize,
    /// Close a connection, with 1001, on which for so many seconds nothing has come but pongs. Without this, it may be
    /// silent for ever.
    #[arg(long, value_name = "SECS", value_parser = args::seconds, allow_negative_numbers = true)]
    idle_timeout: Option<Duration>,
    /// How many seconds the opening handshake may take.
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = args::seconds, allow_negative_numbers = true)]
    opening_timeout: Duration,
    /// How many seconds a peer has to close its side, once this side is closed.
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = args::seconds, allow_negative_numbers = true)]
    close_timeout: Duration,
    /// Speak TLS, and show the certificates in this file, in PEM: the server's own first, then those that prove it.
    #[arg(long, value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the server's certificate, in PEM.
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    deflate: Deflate,
}

/// There may be as many connections as the system can hold.
const LIMITS: Limits = Limits { connections: usize::MAX, per_address: usize::MAX };

/// What is served, the same for each connection.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// The limits and timeouts of each connection.
    pub(crate) config: Arc<Config>,
    /// The subprotocols to agree to.
    pub(crate) subprotocols: Vec<String>,
    /// Who to be inside TLS; none to speak none.
    pub(crate) tls: Option<ServerTls>,
    /// Connections that cannot be accepted.
    pub(crate) trouble: Trouble,
}

impl Service {
    /// Every request is accepted, with the first subprotocol that both ends know.
    fn decide(&self, request: &Request<'_>) -> Decision {
        // Whoever asks has been accepted.
        self.trouble.end();
        let known = |name: &&str| self.subprotocols.iter().any(|known| known == name);
        let accept = Accept::new();
        match request.subprotocols().find(known) {
            Some(name) => accept.subprotocol(name).into(),
            None => accept.into(),
        }
    }

    /// A connection cannot be accepted.
    fn refuse(&self, cause: &io::Error) {
        self.trouble.tell(format_args!("cannot accept connections: {}", Chain(cause)));
    }

    /// How long connections may take to close when the server ends: a little less than the close timeout, so that the
    /// process is gone within it.
    fn patience(&self) -> Duration {
        self.config.close_timeout.mul_f64(0.9)
    }
}

/// Echoes until a signal comes.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(identity(certificate, key)?),
        (_, _) => None,
    };
    let service = Arc::new(Service {
        config: Arc::new(Config {
            max_message: args.max_message,
            max_frame: args.max_message,
            idle_timeout: args.idle_timeout,
            opening_timeout: Some(args.opening_timeout),
            close_timeout: args.close_timeout,
            compression: args.deflate.compression(),
            ..Config::default()
        }),
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

/// Who the server is, by two files. A failure names the one that it is in.
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

pub(crate) fn not_listening(address: SocketAddr, cause: io::Error) -> Failure {
    Failure::NotListening { address: address.to_string(), cause }
}

/// Tells whoever waits for it that connections are accepted now.
fn announce(addresses: &[SocketAddr], service: &Service) -> Result<(), Failure> {
    let scheme = if service.tls.is_some() { "wss" } else { "ws" };
    let mut out = io::stdout().lock();
    let told = addresses.iter().try_for_each(|address| writeln!(out, "listening on {scheme}://{address}"));
    told.and_then(|()| out.flush()).map_err(Failure::Output)
}
