//! The bare core over io_uring: a server echoes, a client talks to it, and one thread waits for the
//! completions of both.
//!
//! The kernel reads into and writes from memory while the program does other things. So input is read into a
//! buffer of its own, and copied into the core's once it has come; output is taken out of the core's queue
//! first. Without io_uring in the kernel, or without permission to use it, the program prints that and ends.

#[cfg(target_os = "linux")]
mod ring;

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    match io_uring::IoUring::new(32) {
        Ok(ring) if ring.params().is_feature_ext_arg() => ring::run(ring),
        Ok(_) => {
            println!("this kernel's io_uring cannot wait for a limited time: Linux 5.11 can");
            Ok(())
        }
        Err(error) => {
            println!("this kernel gives no io_uring: {error}");
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("only Linux has io_uring");
}
