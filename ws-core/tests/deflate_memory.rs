//! The memory that compression takes, in bytes, counted by the allocator.

#![cfg(feature = "deflate")]

use allocation_counter::measure;
use ws_core::Role;
use ws_core::deflate::{Compression, Context, DeflatePool, Deflater, Inflater, Params, WindowBits};

/// Compresses `message` into `payload`. Returns the memory of the deflater then, and when it is parked.
fn deflating(deflater: &mut Deflater, message: &[u8], payload: &mut Vec<u8>) -> (i64, i64) {
    payload.clear();
    let working = measure(|| deflater.finish(message, payload)).bytes_current;
    let freed = measure(|| deflater.park(&mut DeflatePool::new())).bytes_current;
    (working, working + freed)
}

/// Inflates `payload` into `message`. Returns the memory of the inflater then, and when it is parked.
fn inflating(inflater: &mut Inflater, mut payload: &[u8], message: &mut Vec<u8>) -> (i64, i64) {
    message.clear();
    let working = measure(|| {
        while inflater.push(&mut payload, message).expect("valid") {}
        inflater.finish().expect("whole");
    });
    let freed = measure(|| inflater.park(&mut DeflatePool::new())).bytes_current;
    (working.bytes_current, working.bytes_current + freed)
}

/// Returns whether `bytes` is about `documented`. Sizes of pointers and versions of zlib-rs differ a little.
fn is_about(bytes: i64, documented: i64) -> bool {
    (documented * 9 / 10..=documented * 11 / 10).contains(&bytes)
}

/// pmd-H7: the memory of a working and of an idle connection is as documented. A compressor without context
/// is freed between messages.
#[test]
fn memory_is_as_documented() {
    let long: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
    let (mut payload, mut message) = (Vec::with_capacity(1 << 18), Vec::with_capacity(1 << 18));
    for (bits, deflater_holds, inflater_holds) in [(15, 279_808, 80_448), (9, 150_784, 48_192)] {
        for (takes_over, context) in [(true, Context::Kept), (true, Context::Shared), (false, Context::Kept)]
        {
            let params = Params {
                server_no_context_takeover: !takes_over,
                server_max_window_bits: WindowBits::new(bits),
                ..Params::default()
            };
            let compression = Compression::new().context(context);
            let mut deflater = Deflater::new(params, Role::Server, &compression);
            assert_eq!(deflating(&mut deflater, b"", &mut payload), (0, 0));
            let (working, idle) = deflating(&mut deflater, &long, &mut payload);
            assert!(is_about(working, deflater_holds), "{working}");
            let keeps = takes_over && context == Context::Kept;
            assert_eq!(idle, if keeps { working } else { 0 });

            let window = 1 << bits;
            let mut inflater = Inflater::new(params, Role::Client, usize::MAX);
            let (working, idle) = inflating(&mut inflater, &payload, &mut message);
            assert!(message == long);
            assert!(is_about(working, inflater_holds), "{working}");
            assert_eq!(idle, if takes_over { window } else { 0 });

            // A window takes no more memory than it has bytes.
            let mut inflater = Inflater::new(params, Role::Client, usize::MAX);
            let (_, idle) = inflating(&mut inflater, b"\xf2\x48\xcd\xc9\xc9\x07\x00", &mut message);
            assert_eq!(idle, if takes_over { 8 } else { 0 });
        }
    }
}
