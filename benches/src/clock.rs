//! CPU time: what a process or a thread has used, in nanoseconds, in user mode and for system calls.

#[cfg(all(unix, target_os = "linux"))]
use nix::time::{ClockId, clock_gettime};

/// Returns the CPU time of another process, with all its threads.
///
/// # Errors
/// If the process does not exist.
#[cfg(all(unix, target_os = "linux"))]
pub(crate) fn of_process(id: u32) -> anyhow::Result<f64> {
    let id = nix::unistd::Pid::from_raw(i32::try_from(id)?);
    read(nix::time::clock_getcpuclockid(id)?)
}

/// Fails: only Linux reports the CPU time of another process.
///
/// # Errors
/// Always.
#[cfg(not(all(unix, target_os = "linux")))]
pub(crate) fn of_process(_id: u32) -> anyhow::Result<f64> {
    anyhow::bail!("the CPU time of another process is only known on Linux")
}

/// Returns the CPU time of the calling thread.
#[cfg(all(unix, target_os = "linux"))]
pub(crate) fn of_thread() -> anyhow::Result<f64> {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// Returns the wall-clock time, on systems other than Linux.
#[cfg(not(all(unix, target_os = "linux")))]
pub(crate) fn of_thread() -> anyhow::Result<f64> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() as f64)
}

#[cfg(all(unix, target_os = "linux"))]
fn read(clock: ClockId) -> anyhow::Result<f64> {
    let time = clock_gettime(clock)?;
    Ok(time.tv_sec() as f64 * 1e9 + time.tv_nsec() as f64)
}
