//! Our client and our server behind the proxies that stand before servers: nginx, haproxy, Apache, and our
//! own.

use core::time::Duration;
use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::peers::listening_on;
use crate::process::{self, Process};
use crate::workspace;

/// The time limit of one proxy for all its tests.
const LONGEST: Duration = Duration::from_secs(120);
/// The configurations of the proxies. `@PORT@`, `@BACKEND@` and `@FOLDER@` stand for the values of a run.
const NGINX: &str = include_str!("intermediaries/nginx.conf");
const HAPROXY: &str = include_str!("intermediaries/haproxy.cfg");
const APACHE: &str = include_str!("intermediaries/apache.conf");

/// A program that stands between client and server.
struct Proxy {
    name: &'static str,
    program: &'static str,
    config: &'static str,
    /// The arguments that start it in the foreground; the path of its configuration comes last.
    args: &'static [&'static str],
}

const PROXIES: [Proxy; 3] = [
    Proxy { name: "nginx", program: "nginx", config: NGINX, args: &["-e", "stderr", "-c"] },
    Proxy { name: "haproxy", program: "haproxy", config: HAPROXY, args: &["-db", "-f"] },
    Proxy { name: "Apache with mod_proxy_wstunnel", program: "apache2", config: APACHE, args: &["-X", "-f"] },
];

pub(crate) fn run() -> Result<()> {
    let programs = Programs {
        ws: workspace::program("ws-cli", "ws")?,
        check: workspace::program("conformance", "echo-check")?,
        folder: workspace::target().join("intermediaries"),
    };
    process::end_all_on_interrupt()?;
    for proxy in &PROXIES {
        match find(proxy.program) {
            Some(path) => programs.run_proxy(proxy, &path).with_context(|| proxy.name)?,
            None => println!("SKIPPED: {} is not installed", proxy.name),
        }
    }
    for (name, args) in [("ws-proxy", &[][..]), ("ws-proxy-frames", &["--frames"])] {
        programs.run_ours(name, args).with_context(|| name)?;
    }
    Ok(())
}

/// Finds a program in the folders of `PATH`, or in those for system programs, which often only the `PATH` of
/// an administrator contains.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The programs, and the folder, that all runs need.
struct Programs {
    ws: PathBuf,
    check: PathBuf,
    /// The folder for configurations and the programs' output.
    folder: PathBuf,
}

impl Programs {
    fn run_proxy(&self, proxy: &Proxy, program: &Path) -> Result<()> {
        let deadline = Instant::now() + LONGEST;
        let folder = self.folder(proxy.program)?;
        let (mut echo, url) = self.echo(&folder, deadline)?;
        // Not every proxy can choose a port and report it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let backend = url.trim_start_matches("ws://");
        let config = proxy.config.replace("@PORT@", &port.to_string()).replace("@BACKEND@", backend);
        let config = config.replace("@FOLDER@", &folder.display().to_string());
        let path = folder.join("config");
        fs::write(&path, config).with_context(|| format!("cannot write {}", path.display()))?;

        let mut command = Command::new(program);
        let mut running = Process::start(command.args(proxy.args).arg(&path), folder.join("proxy.log"))?;
        let listens = |_: &str| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
        running.wait_for(deadline, listens)?;
        self.check(&folder, &format!("ws://127.0.0.1:{port}/chat?x=1"), deadline)?;
        running.check_running()?;
        echo.check_running().context("our server")?;
        println!("{}: ok", proxy.name);
        Ok(())
    }

    fn run_ours(&self, name: &str, args: &[&str]) -> Result<()> {
        let deadline = Instant::now() + LONGEST;
        let folder = self.folder(name)?;
        let (mut echo, url) = self.echo(&folder, deadline)?;
        let mut command = Command::new(&self.ws);
        let mut running = Process::start(
            command.args(["proxy", "127.0.0.1:0", &url]).args(args),
            folder.join("proxy.log"),
        )?;
        let url = running.wait_for(deadline, listening_on)?;
        self.check(&folder, &format!("{url}/chat?x=1"), deadline)?;
        running.check_running()?;
        echo.check_running().context("our server")?;
        println!("{name}: ok");
        Ok(())
    }

    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    fn echo(&self, folder: &Path, deadline: Instant) -> Result<(Process, String)> {
        let mut command = Command::new(&self.ws);
        command.args([
            "echo",
            "--listen",
            "127.0.0.1:0",
            "--subprotocol",
            "chat",
            "--max-message",
            "4194304",
        ]);
        let mut echo = Process::start(&mut command, folder.join("server.log"))?;
        let url = echo.wait_for(deadline, listening_on).context("our server")?;
        Ok((echo, url))
    }

    fn check(&self, folder: &Path, url: &str, deadline: Instant) -> Result<()> {
        let mut check = Command::new(&self.check);
        Process::start(check.arg(url), folder.join("client.log"))?.wait(deadline).context("our client")
    }
}
