mod asked;
mod blocking;
mod input;
mod not_opened;
mod session;
mod tasks;

use core::time::Duration;
use std::sync::Arc;

use ws_core::connect::{Connect, Proxy, Target};
use ws_core::{Config, KeepAlive};

use crate::args::{self, Runtime};
use crate::deflate::Deflate;
use crate::failure::{Cause, Failure};
use crate::platform::{AsyncStd, Smol, Tokio};
use crate::trust::Trust;
use asked::Asked;
use session::{Linger, Session};

/// Send each line of standard input as a text message, and print what comes back.
///
/// A text message is printed as a line, a binary one as `binary: ` and its bytes in hexadecimal. A terminal
/// gets control characters escaped, except line feeds and tabs; a file or a pipe gets them unchanged. After
/// the end of the input the command waits until as many messages have come as lines were sent, or until none
/// has come for `--linger` seconds. Then it closes with 1000, and still prints what comes until the server
/// has closed.
///
/// The command ends when the server closes, even if the input has not ended. It exits with 0 after a close
/// with 1000 or without a code, unless a line that was sent may not have been written.
///
/// Ctrl-C (SIGINT) and SIGTERM close with 1001 and exit with 1; a second signal ends the command at once. An
/// input line that is not UTF-8 also closes the connection and exits with 1.
///
/// A user name and password in the URL are sent in an Authorization field (Basic). They are not sent to
/// another origin after a redirect.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The URL to connect to: `ws://HOST[:PORT][/PATH][?QUERY]`, or `wss://` for TLS.
    #[arg(value_parser = |url: &str| url.parse::<Target>())]
    url: Target,
    /// The adapter to use.
    #[arg(long, value_enum, default_value = "tokio")]
    runtime: Runtime,
    /// A header field to send with the request; may be given several times.
    #[arg(long, value_name = "NAME: VALUE", value_parser = args::field)]
    header: Vec<(String, String)>,
    /// A subprotocol to offer; may be given several times, the preferred one first. The server has to choose
    /// one of them.
    #[arg(long, value_name = "NAME", value_parser = args::subprotocol)]
    subprotocol: Vec<String>,
    /// The Origin field to send; without this option there is none.
    #[arg(long, value_name = "ORIGIN", value_parser = args::origin)]
    origin: Option<String>,
    /// The time limit of the connection attempt in seconds, from the look-up of the name to the 101.
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = args::seconds, allow_negative_numbers = true)]
    timeout: Duration,
    /// The largest head of the server's answer; a larger one is an error.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 10)]
    max_head: usize,
    /// The time in seconds that the server has to close after this side has closed.
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = args::seconds, allow_negative_numbers = true)]
    close_timeout: Duration,
    /// The time in seconds to wait for each message after the end of the input, while fewer messages have
    /// come than lines were sent; 0 closes at once.
    #[arg(long, value_name = "SECS", default_value = "2", value_parser = args::seconds_or_none, allow_negative_numbers = true)]
    linger: Duration,
    /// After the end of the input, wait until the server closes.
    #[arg(long, conflicts_with = "linger")]
    wait_close: bool,
    /// Ping a server that has sent nothing for this number of seconds. Give up if it stays silent for the
    /// same time again, or for 5 seconds if that is longer.
    #[arg(long, value_name = "SECS", value_parser = args::seconds, allow_negative_numbers = true)]
    ping_every: Option<Duration>,
    #[command(flatten)]
    trust: Trust,
    /// Connect through this proxy: `http://`, `https://` or `socks5://`, with a user name and password if it
    /// needs them.
    #[arg(long, value_name = "URL", value_parser = |url: &str| Proxy::parse(url))]
    proxy: Option<Proxy>,
    /// Follow redirects, up to 10 of them.
    #[arg(long)]
    follow_redirects: bool,
    #[command(flatten)]
    deflate: Deflate,
}

/// The number of redirects that are followed.
const REDIRECTS: u8 = 10;

/// The shortest time that a server has to answer a ping.
const PONG_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects, and returns when the connection has ended.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let keep_alive = args
        .ping_every
        .map(|interval| KeepAlive::new().interval(interval).timeout(interval.max(PONG_TIMEOUT)));
    let config = Config::new()
        // The time limit of the whole attempt covers the opening handshake too.
        .opening_timeout(None)
        .close_timeout(args.close_timeout)
        .max_head(args.max_head)
        .compression(args.deflate.compression())
        .keep_alive(keep_alive);
    let runtime = args.runtime;
    let linger = if args.wait_close { Linger::UntilClosed } else { Linger::For(args.linger) };
    let tls = args.trust.tls()?;
    let connect = connect(args).map_err(Failure::CommandLine)?;
    let session = Arc::new(Session::default());
    let asked = Asked { connect, config: Arc::new(config), tls, linger };
    match runtime {
        Runtime::Tokio => tasks::run::<Tokio>(asked, &session),
        Runtime::Smol => tasks::run::<Smol>(asked, &session),
        Runtime::AsyncStd => tasks::run::<AsyncStd>(asked, &session),
        Runtime::Blocking => blocking::run(asked, &session),
    }?;
    session.outcome()
}

fn connect(args: Args) -> Result<Connect, Cause> {
    let is_authorization = |(name, _): &(String, String)| name.eq_ignore_ascii_case("authorization");
    if args.url.userinfo().is_some() && args.header.iter().any(is_authorization) {
        return Err("the URL has a user name, and --header sets Authorization: leave out one of them".into());
    }
    let mut connect = Connect::from(args.url).timeout(Some(args.timeout)).basic_authorization()?;
    if let Some(proxy) = args.proxy {
        connect = connect.proxy(proxy);
    }
    if args.follow_redirects {
        connect = connect.follow_redirects(REDIRECTS);
    }
    if let Some(origin) = args.origin {
        connect = connect.origin(origin)?;
    }
    for name in args.subprotocol {
        connect = connect.subprotocol(name)?;
    }
    for (name, value) in args.header {
        connect = connect.field(name, value)?;
    }
    Ok(connect)
}
