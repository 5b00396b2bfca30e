mod bytes;
mod frames;
mod leaving;
mod settings;

use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Write as _};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use ws_core::Config;
use ws_core::connect::Target;
use ws_core::handshake::ClientRequest;
use ws_core::intermediary::Pseudonym;
use ws_tls::ClientTls;

use crate::args;
use crate::deflate::Deflate;
use crate::echo::not_listening;
use crate::failure::{Chain, Failure};
use crate::signals::{self, stopped};
use crate::trouble::Trouble;
use crate::trust::Trust;
use leaving::Twin;
use settings::{Host, Proxy};

/// Forward WebSocket connections to a backend.
///
/// Requests for an upgrade go to the backend with their path, query and fields. The Host field is that of the
/// backend, unless `--host` is given. After a 101 of the backend, bytes pass unchanged in both directions;
/// any other answer passes whole. The client gets a 502 if the backend cannot be reached or TLS with it
/// fails, and the reason is reported on standard error, once until the backend is reached again. It gets a
/// 504 if the backend does not answer in time. If a client ends its stream before it has the answer, its
/// connection and that to the backend end. A request that does not ask for a WebSocket gets a 426 from the
/// proxy.
///
/// With `--frames`, the proxy is a WebSocket endpoint for each side: it checks frames, enforces limits, and
/// negotiates compression with each side separately. Messages pass as they arrive, frame by frame; pings,
/// pongs and Close frames pass too. A side that breaks the protocol gets a Close frame with the reason. The
/// other side is then closed, as it is when a side is lost: the backend with 1001, a client with 1014. A
/// refusal of the backend passes without its body if the body is over 1 MiB, or does not end in time.
///
/// The first line on standard output is the address of the proxy. Ctrl-C (SIGINT) and SIGTERM end it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; port 0 picks a free port.
    #[arg(value_name = "ADDR:PORT", value_parser = args::socket_address)]
    listen: SocketAddr,
    /// The backend: `ws://HOST[:PORT]`, or `wss://` for TLS.
    #[arg(value_name = "URL", value_parser = backend)]
    backend: Target,
    /// The time in seconds that a request may take to arrive, and to be answered.
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = args::seconds, allow_negative_numbers = true)]
    opening_timeout: Duration,
    /// End a connection if nothing has passed in either direction for this number of seconds. Without this
    /// option it may be silent for ever.
    #[arg(long, value_name = "SECS", value_parser = args::seconds, allow_negative_numbers = true)]
    idle_timeout: Option<Duration>,
    /// The Host field for the backend: `keep` for that of the client, or a name, with a port if needed.
    /// Without this option it is the host and port of the URL.
    #[arg(long, value_name = "keep|NAME", value_parser = host)]
    host: Option<Host>,
    /// Check frames instead of passing bytes.
    #[arg(long)]
    frames: bool,
    /// The largest message to pass; a larger one ends the connection with 1009.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20, requires = "frames")]
    max_message: usize,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    deflate: Deflate,
}

fn backend(url: &str) -> Result<Target, String> {
    let target: Target = url.parse().map_err(|error: ws_core::connect::UrlError| error.to_string())?;
    if target.resource() != "/" {
        return Err("each request keeps its own path: leave out the URL's".into());
    }
    if target.userinfo().is_some() {
        return Err("each request keeps its own Authorization field: leave out the URL's user name".into());
    }
    Ok(target)
}

fn host(text: &str) -> Result<Host, String> {
    if text == "keep" {
        return Ok(Host::Kept);
    }
    let request = ClientRequest::new(text, "/");
    request.map(|_| Host::Named(text.into())).map_err(|error| error.to_string())
}

/// The pause after a failure to accept, most often because files or memory ran out: connections that end give
/// them back.
const PAUSE: Duration = Duration::from_millis(50);

/// Forwards until a signal comes.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let config = Config::new()
        .opening_timeout(args.opening_timeout)
        // With `--frames`, frames of either side count, so `frames::pass` keeps this time itself.
        .idle_timeout(args.idle_timeout.filter(|_| !args.frames));
    let config = if args.frames { frames::config(config, args.max_message, &args.deflate) } else { config };
    let tls = match args.trust.tls()? {
        None if args.backend.is_secure() => {
            Some(ClientTls::new().map_err(|cause| Failure::Tls(cause.into()))?)
        }
        tls => tls.filter(|_| args.backend.is_secure()),
    };
    let patience = config.close_timeout * 9 / 10;
    let proxy = Arc::new(Proxy {
        host: args.host.unwrap_or_else(|| Host::Named(args.backend.host_header().into())),
        backend: args.backend,
        pseudonym: Pseudonym::new("ws").expect("`ws` is a token"),
        tls,
        config: Arc::new(config),
        opening_timeout: args.opening_timeout,
        idle_timeout: args.idle_timeout,
        frames: args.frames,
        trouble: Trouble::default(),
    });
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::System)?;
    let served = runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        signals::on_stop(move || {
            stop.send_replace(true);
        })?;
        let bound = TcpListener::bind(args.listen).await;
        let listener = bound.map_err(|error| not_listening(args.listen, error))?;
        announce(listener.local_addr().map_err(Failure::System)?)?;
        serve(listener, stopped, patience, move |client, stop| {
            let proxy = Arc::clone(&proxy);
            async move { attend(&proxy, client, stop).await }
        })
        .await;
        Ok(())
    });
    // A look-up of the backend's name may still run; this does not wait for it.
    runtime.shutdown_background();
    served
}

async fn attend(proxy: &Proxy, client: TcpStream, stop: watch::Receiver<bool>) {
    let _ = client.set_nodelay(true);
    let Ok((client, twin)) = Twin::of(client) else { return };
    if proxy.frames {
        frames::pass(proxy, client.into(), twin, stop).await;
    } else {
        bytes::pass(proxy, client.into(), twin, stop).await;
    }
}

/// Prints the address, once connections are accepted: other programs wait for this line.
fn announce(address: SocketAddr) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on ws://{address}").and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Runs `attend` for every connection that `listener` accepts, until `stop` is true. Then waits for the
/// connections that are left.
async fn serve<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
    patience: Duration,
    attend: impl Fn(TcpStream, watch::Receiver<bool>) -> F,
) {
    // Each connection holds a sender: receiving ends when no connection is left.
    let (connection, mut connections) = mpsc::channel::<()>(1);
    let trouble = Trouble::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((client, _)) => {
                trouble.end();
                let (attended, connection) = (attend(client, stop.clone()), connection.clone());
                tokio::spawn(async move {
                    attended.await;
                    drop(connection);
                });
            }
            // Only this connection is gone.
            Err(error) if ws_adapter::is_connection_error(&error) => {}
            Err(error) => {
                trouble.report(format_args!("cannot accept connections: {}", Chain(&error)));
                sleep(PAUSE).await;
            }
        }
    }
    drop((listener, connection));
    let _ = timeout(patience, connections.recv()).await;
}
