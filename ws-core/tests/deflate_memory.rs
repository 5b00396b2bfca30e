//! How much memory compression takes, in bytes, counted by the allocator. One test, for it counts those of all threads.

#![cfg(feature = "deflate")]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use ws_core::Role;
use ws_core::deflate::{Compression, Context, DeflatePool, Deflater, Inflater, Params, WindowBits};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are held after `run` and were not before, with what it returns still there.
fn held<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let region = Region::new(ALLOCATOR);
    let result = run();
    let change = region.change();
    let held = change.bytes_allocated as isize + change.bytes_reallocated - change.bytes_deallocated as isize;
    (held.max(0) as usize, result)
}

fn deflate(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(1 << 18);
    deflater.finish(message, &mut payload);
    payload
}

fn inflate(inflater: &mut Inflater, mut payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(1 << 18);
    while inflater.push(&mut payload, &mut message).expect("valid") {}
    inflater.finish().expect("whole");
    message
}

/// pmd-H7: what a connection holds while it works, and while it is idle, is what the documentation says.
#[test]
fn memory_is_as_documented() {
    let message: Vec<u8> = (0..100_000_u32).map(|i| (i * i >> 7) as u8).collect();
    let mut figures = Vec::new();
    for bits in [15, 9] {
        let window = WindowBits::new(bits);
        for (takes_over, context) in [(true, Context::Kept), (true, Context::Shared), (false, Context::Kept)] {
            let params = Params {
                server_no_context_takeover: !takes_over,
                server_max_window_bits: window,
                ..Params::default()
            };
            let compression = Compression { context, ..Compression::default() };
            let mut deflater = Deflater::new(params, Role::Server, &compression);
            let mut inflater = Inflater::new(params, Role::Client, usize::MAX);
            let (new, payload) = held(|| (deflate(&mut deflater, b""), inflate(&mut inflater, b"\x00")).0);
            drop(payload);
            assert!(new < 120_000, "an empty message takes no compressor");

            let mut deflater = Deflater::new(params, Role::Server, &compression);
            let (working, payload) = held(|| {
                let payload = deflate(&mut deflater, &message);
                payload.into_boxed_slice()
            });
            let deflating = working - payload.len();
            let mut pool = DeflatePool::new();
            deflater.park(&mut pool);
            let (freed, ()) = held(|| drop(pool));
            assert_eq!(freed, 0);
            let (_, idle) = held(|| ());
            let () = idle;

            let mut inflater = Inflater::new(params, Role::Client, usize::MAX);
            let (working, same) = held(|| inflate(&mut inflater, &payload).into_boxed_slice());
            let inflating = working - same.len();
            assert!(*same == *message);
            figures.push((bits, takes_over, context, deflating, inflating));
        }
    }
    panic!("{figures:#?}");
}
