//! Runs `ws` against clients and servers of other authors: Python's `websockets` and Node's `ws`.

use core::time::Duration;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use certificates::{Authority, Files};

use crate::process::{self, Process};
use crate::workspace;

/// The time limit of one conversation before its programs are ended.
const LONGEST: Duration = Duration::from_secs(120);
/// The largest message that our server takes; the clients in `conformance/peers` rely on it.
const MAX_MESSAGE: &str = "4194304";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only this adapter; may be repeated [default: all that `ws` has]
    #[arg(long = "adapter", value_name = "NAME")]
    adapters: Vec<String>,
}

/// A WebSocket library of another author.
struct Peer {
    name: &'static str,
    program: PathBuf,
    /// The ending of the names of its scripts in `conformance/peers`.
    ending: &'static str,
    /// The folder of its packages, for an interpreter that does not look beside the program.
    modules: Option<PathBuf>,
}

impl Peer {
    /// Returns the libraries that are installed, and prints the names of the others.
    fn installed() -> Vec<Self> {
        let folder = env::var_os("PEERS").map_or_else(default_folder, PathBuf::from);
        let modules = folder.join("node/node_modules");
        let python = Self {
            name: "Python websockets",
            program: folder.join("python/bin/python"),
            ending: "py",
            modules: None,
        };
        let node =
            Self { name: "Node ws", program: "node".into(), ending: "js", modules: Some(modules.clone()) };
        let is_installed = |peer: &Peer| match &peer.modules {
            Some(modules) => modules.join("ws").is_dir(),
            None => peer.program.is_file(),
        };
        let (installed, missing): (Vec<_>, Vec<_>) = [python, node].into_iter().partition(is_installed);
        for peer in missing {
            println!("SKIPPED: {} is not installed; conformance/install-peers does that", peer.name);
        }
        installed
    }

    fn command(&self, script: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(workspace::root().join(format!("conformance/peers/{script}.{}", self.ending))).args(args);
        if let Some(modules) = &self.modules {
            command.env("NODE_PATH", modules);
        }
        command
    }
}

fn default_folder() -> PathBuf {
    env::home_dir().unwrap_or_default().join(".cache/ws-peers")
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let peers = Peer::installed();
    if peers.is_empty() {
        return Ok(());
    }
    let ws = workspace::program("ws-cli", "ws")?;
    let adapters = if args.adapters.is_empty() { adapters(&ws)? } else { args.adapters.clone() };
    let folder = workspace::target().join("peers");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let made = Authority::new().write(&["127.0.0.1"], &folder, "server");
    let identity = made.with_context(|| format!("cannot write to {}", folder.display()))?;
    process::end_all_on_interrupt()?;
    for peer in &peers {
        for adapter in &adapters {
            for identity in [None, Some(&identity)] {
                for is_deflated in [true, false] {
                    let pair = Pair { ws: &ws, peer, adapter, is_deflated, identity, folder: &folder };
                    let mode = pair.name();
                    pair.run_server()
                        .with_context(|| format!("our {adapter} server, {} client, {mode}", peer.name))?;
                    pair.run_client()
                        .with_context(|| format!("our {adapter} client, {} server, {mode}", peer.name))?;
                }
            }
            println!(
                "{adapter} and {}: ok both ways, with and without deflate, with and without TLS",
                peer.name
            );
        }
    }
    Ok(())
}

/// Returns the adapters of `ws`, from its error message for an unknown one.
pub(crate) fn adapters(ws: &Path) -> Result<Vec<String>> {
    let refused = Command::new(ws).args(["echo", "--runtime", "?"]).output().context("cannot start ws")?;
    let text = String::from_utf8_lossy(&refused.stderr);
    let list = text.split_once("[possible values: ").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.with_context(|| format!("ws does not list its runtimes: {text}"))?;
    Ok(list.split(", ").map(String::from).collect())
}

/// One adapter of ours and one library of another author.
struct Pair<'a> {
    ws: &'a Path,
    peer: &'a Peer,
    adapter: &'a str,
    is_deflated: bool,
    /// The files of the servers' identity inside TLS.
    identity: Option<&'a Files>,
    /// The folder for the programs' output.
    folder: &'a Path,
}

impl Pair<'_> {
    fn mode(&self) -> &'static str {
        if self.is_deflated { "deflate" } else { "plain" }
    }

    /// Returns a description of what is tested.
    fn name(&self) -> String {
        let tls = if self.identity.is_some() { "-tls" } else { "" };
        format!("{}{tls}", self.mode())
    }

    /// Returns the path of the log of one program; the log stays after a failure.
    fn log(&self, program: &str) -> PathBuf {
        let Self { peer, adapter, .. } = self;
        self.folder.join(format!("{adapter}-{}-{}-{program}.log", peer.ending, self.name()))
    }

    fn ws(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.ws);
        command.args(args).args(["--runtime", self.adapter, "--subprotocol", "chat"]);
        if !self.is_deflated {
            command.arg("--no-deflate");
        }
        command
    }

    fn run_server(&self) -> Result<()> {
        let deadline = Instant::now() + LONGEST;
        let mut echo = self.ws(&["echo", "--listen", "127.0.0.1:0", "--max-message", MAX_MESSAGE]);
        if let Some(Files { chain, key, .. }) = self.identity {
            echo.args(["--tls-cert", chain, "--tls-key", key]);
        }
        let mut server = Process::start(&mut echo, self.log("our-server"))?;
        let url = server.wait_for(deadline, listening_on).context("our server")?;
        let mut client = self.peer.command("client", &[&url, self.mode()]);
        client.args(self.identity.map(|identity| &identity.authority));
        Process::start(&mut client, self.log("client"))?.wait(deadline).context("the client")?;
        server.check_running().context("our server")
    }

    fn run_client(&self) -> Result<()> {
        let deadline = Instant::now() + LONGEST;
        let mut command = self.peer.command("server", &[self.mode()]);
        command.args(self.identity.into_iter().flat_map(|Files { chain, key, .. }| [chain, key]));
        let mut server = Process::start(&mut command, self.log("server"))?;
        let port = server.wait_for(deadline, port).context("the server")?;
        let connect = || match self.identity {
            Some(identity) => {
                let url = format!("wss://127.0.0.1:{port}");
                self.ws(&["connect", &url, "--ca", &identity.authority])
            }
            None => self.ws(&["connect", &format!("ws://127.0.0.1:{port}")]),
        };

        let mut client = Process::start_listening(&mut connect(), self.log("our-client"))?;
        let mut expected = String::new();
        let large = "x".repeat(1 << 20);
        let agreed = if self.is_deflated { "permessage-deflate" } else { "nothing" };
        for (line, answer) in [
            ("hello", "hello"),
            ("", ""),
            ("Grüße \u{1f600}", "Grüße \u{1f600}"),
            (&large, &large),
            ("binary", "binary: 007fff"),
            ("fragments", "fragmented \u{1f600}"),
            ("ping", "pong"),
            ("agreed", agreed),
        ] {
            client.input(&format!("{line}\n"))?;
            expected.push_str(&format!("{answer}\n"));
            let is_there = |printed: &str| (printed == expected).then_some(());
            client.wait_for(deadline, is_there).with_context(|| format!("the answer to {line:.20}"))?;
        }
        client.end_input();
        client.wait(deadline).context("our client")?;
        let closed = |code| move |printed: &str| printed.contains(&format!("closed {code}\n")).then_some(());
        server.wait_for(deadline, closed("1000")).context("a close with 1000")?;

        let mut client = Process::start_listening(&mut connect(), self.log("our-client"))?;
        client.input("close 4001 bye\n")?;
        if client.status(deadline)?.code() != Some(1)
            || client.printed() != "ws: closed by the peer: 4001 bye\n"
        {
            bail!("no close with 4001: {}", client.printed());
        }
        server.wait_for(deadline, closed("4001")).context("a close with 4001")
    }
}

/// Returns the URL of our server, once the server has printed it.
pub(crate) fn listening_on(printed: &str) -> Option<String> {
    let (line, _) = printed.split_once('\n')?;
    line.strip_prefix("listening on ").map(String::from)
}

/// Returns the port of a peer's server, once the server has printed it.
fn port(printed: &str) -> Option<String> {
    let (line, _) = printed.split_once('\n')?;
    line.strip_prefix("listening on port ").map(String::from)
}
