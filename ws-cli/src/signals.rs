use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::failure::Failure;

/// The exit status of a command that Ctrl-C ended, as in a shell: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Calls `stop`, on a thread of its own, when the process gets Ctrl-C (SIGINT) or SIGTERM.
///
/// At the second signal the process ends at once, with status 130.
pub(crate) fn on_stop(stop: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let (ready, is_ready) = mpsc::channel();
    let thread = thread::Builder::new().name("signals".into());
    thread.spawn(move || wait(&ready, stop)).map_err(Failure::System)?;
    // From here on, signals do not end the process by themselves.
    is_ready.recv().unwrap_or(Ok(())).map_err(Failure::System)
}

fn wait(ready: &mpsc::Sender<io::Result<()>>, stop: impl FnOnce() + Send + 'static) {
    let watched = Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        runtime.block_on(async {
            let mut requests = Requests::new()?;
            let _ = ready.send(Ok(()));
            requests.next().await;
            // `stop` may block, and the second signal must still be noticed, so it runs on a thread of its
            // own.
            if thread::Builder::new().name("stop".into()).spawn(stop).is_ok() {
                requests.next().await;
            }
            std::process::exit(INTERRUPTED)
        })
    });
    let _ = ready.send(watched);
}

/// Waits until `stop` is true.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // If the sender is dropped, this returns too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The signals that ask the process to end.
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

/// The signals that ask the process to end.
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
