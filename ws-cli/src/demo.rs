mod blocking;
mod steps;
mod tasks;

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, Write as _};
use std::sync::Arc;

use rcgen::CertifiedKey;
use ws_core::Config;
use ws_tls::{ClientTls, ServerTls};

use crate::args::Runtime;
use crate::echo::Service;
use crate::failure::{Cause, Chain, Failure};
use crate::platform::{AsyncStd, Smol, Tokio};
use steps::{Cells, Laps, STEPS};

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
                    let step = laps.step();
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

fn print(line: fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::Output)
}
