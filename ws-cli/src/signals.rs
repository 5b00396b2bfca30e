use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Builder;

use crate::failure::Failure;

/// What the shell says of a command that Ctrl-C ended: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Calls `stop`, on a thread of its own, when the process is asked to end: by Ctrl-C (SIGINT), or by SIGTERM.
///
/// Whoever asks a second time does not want to wait: the process ends at once, with status 130.
pub(crate) fn on_stop(stop: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let (ready, is_ready) = mpsc::channel();
    let thread = thread::Builder::new().name("signals".into());
    thread.spawn(move || watch(&ready, stop)).map_err(Failure::System)?;
    // From then on, signals do not end the process by themselves.
    is_ready.recv().unwrap_or(Ok(())).map_err(Failure::System)
}

fn watch(ready: &mpsc::Sender<io::Result<()>>, stop: impl FnOnce() + Send + 'static) {
    let watched = Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        runtime.block_on(async {
            let mut requests = Requests::new()?;
            let _ = ready.send(Ok(()));
            requests.next().await;
            // It may block; the second request must be heard all the same.
            if thread::Builder::new().name("stop".into()).spawn(stop).is_ok() {
                requests.next().await;
            }
            std::process::exit(INTERRUPTED)
        })
    });
    let _ = ready.send(watched);
}

/// Requests to end the process.
#[cfg(unix)]
struct Requests {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Requests {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Requests to end the process.
#[cfg(windows)]
struct Requests(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Requests {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
