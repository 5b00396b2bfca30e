mod blocking;
mod tasks;

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Instant;

use rcgen::CertifiedKey;
use ws_core::{Config, OwnedMessage};
use ws_tls::{ClientTls, ServerTls};

use crate::args::Runtime;
use crate::echo::Service;
use crate::failure::{Cause, Chain, Failure};
use crate::platform::{AsyncStd, Smol, Tokio};

/// The steps of each client with each server, in order.
const STEPS: [&str; 6] = ["open", "text", "1 MiB", "streamed", "ping", "close"];

/// Runs every adapter's client against every adapter's server, and prints what passed and how long it took.
pub(crate) fn run() -> Result<(), Failure> {
    let mut pairs = Pairs::default();
    pairs.run("client → server", None)?;
    let (server, client) = identities().map_err(Failure::Tls)?;
    pairs.run("over TLS", Some((server, client)))?;
    if pairs.failed > 0 {
        return Err(Failure::Demo { failed: pairs.failed });
    }
    print(format_args!("all {} pairs passed", pairs.all))
}

/// Returns settings of servers with a certificate that is made for this run, and settings of clients that
/// trust it.
fn identities() -> Result<(ServerTls, ClientTls), Cause> {
    let names = [Ipv4Addr::LOCALHOST.to_string()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names)?;
    let server = ServerTls::from_pem(cert.pem(), signing_key.serialize_pem())?;
    let client = ClientTls::builder().roots([cert.der().clone()]).build()?;
    Ok((server, client))
}

/// The number of pairs of a client and a server so far.
#[derive(Default)]
struct Pairs {
    all: usize,
    failed: usize,
}

impl Pairs {
    /// Runs every adapter's client against every adapter's server, and prints a table with this `title`.
    fn run(&mut self, title: &str, tls: Option<(ServerTls, ClientTls)>) -> Result<(), Failure> {
        let (server_tls, client_tls) = tls.unzip();
        let mut servers = Vec::new();
        for server in Runtime::ALL {
            let service = Service { tls: server_tls.clone(), ..Service::default() };
            let addresses = serve(server, service).map_err(Failure::System)?;
            servers.extend(addresses.into_iter().map(|address| (server, address)));
        }
        print(format_args!("{title:<22}{}{:>11}", Cells(STEPS), "total"))?;
        for client in Runtime::ALL {
            for &(server, address) in &servers {
                let mut laps = Laps::begin();
                let talked = talk(client, address, client_tls.as_ref(), &mut laps);
                let pair = format!("{} → {}", client.name(), server.name());
                print(format_args!("{pair:<22}{laps}"))?;
                self.all += 1;
                if let Err(cause) = talked {
                    self.failed += 1;
                    let step = STEPS.get(laps.ends.len()).unwrap_or(&"");
                    print(format_args!("  {step} failed: {}", Chain(&*cause)))?;
                }
            }
        }
        Ok(())
    }
}

/// Starts an echo server that runs as long as the process.
fn serve(server: Runtime, service: Service) -> io::Result<Vec<SocketAddr>> {
    let service = Arc::new(service);
    match server {
        Runtime::Tokio => tasks::serve::<Tokio>(service),
        Runtime::Smol => tasks::serve::<Smol>(service),
        Runtime::AsyncStd => tasks::serve::<AsyncStd>(service),
        Runtime::Blocking => blocking::serve(service),
    }
}

fn talk(client: Runtime, server: SocketAddr, tls: Option<&ClientTls>, laps: &mut Laps) -> Result<(), Cause> {
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    let url = format!("{scheme}://{server}/");
    // With this timeout, the demonstration ends even if a peer is silent.
    let config = Config::new().idle_timeout(Duration::from_secs(10));
    match client {
        Runtime::Tokio => tasks::talk::<Tokio>(&url, tls, config, laps),
        Runtime::Smol => tasks::talk::<Smol>(&url, tls, config, laps),
        Runtime::AsyncStd => tasks::talk::<AsyncStd>(&url, tls, config, laps),
        Runtime::Blocking => blocking::talk(&url, tls, config, laps),
    }
}

/// Returns the bytes of a binary message: 1 MiB in which neighbours differ.
fn bytes() -> Vec<u8> {
    (0..1 << 20).map(|at: u32| (at * 7) as u8).collect()
}

/// Returns a text that is sent in pieces which are cut inside characters.
fn text() -> String {
    "Grüße, κόσμε 🌍 ".repeat(1 << 10)
}

/// The length of the pieces.
const PIECE: usize = 1001;

/// The payload of the ping.
const PING: &[u8] = b"are you there?";

fn check_echo(received: Option<OwnedMessage>, sent: impl Into<OwnedMessage>) -> Result<(), Cause> {
    match received {
        Some(message) if message == sent.into() => Ok(()),
        Some(_) => Err("the echo is not what was sent".into()),
        None => Err("the connection closed early".into()),
    }
}

fn check_close(was_clean: bool, code: u16) -> Result<(), Cause> {
    match (was_clean, code) {
        (true, 1000) => Ok(()),
        (true, code) => Err(format!("closed with {code}").into()),
        (false, code) => Err(format!("not closed cleanly: {code}").into()),
    }
}

/// The times at which the steps ended.
struct Laps {
    begin: Instant,
    ends: Vec<Instant>,
}

impl Laps {
    fn begin() -> Self {
        Self { begin: Instant::now(), ends: Vec::new() }
    }

    /// Notes that a step has ended.
    fn end(&mut self) {
        self.ends.push(Instant::now());
    }
}

impl fmt::Display for Laps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = core::iter::once(self.begin).chain(self.ends.iter().copied());
        Cells(begins.zip(&self.ends).map(|(begin, &end)| Time(end - begin))).fmt(f)?;
        match self.ends.last() {
            Some(&end) if self.ends.len() == STEPS.len() => Cells([Time(end - self.begin)]).fmt(f),
            Some(_) | None => Cells(["FAILED"]).fmt(f),
        }
    }
}

/// Cells of the table, each aligned to the right.
struct Cells<T>(T);

impl<T: IntoIterator<Item: fmt::Display> + Clone> fmt::Display for Cells<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.clone().into_iter().try_for_each(|cell| write!(f, "{:>11}", cell.to_string()))
    }
}

/// A time in milliseconds.
#[derive(Clone, Copy)]
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ms", self.0.as_secs_f64() * 1e3)
    }
}

fn print(line: fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::Output)
}
