//! An allocator that hands out one array from its beginning to its end.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

const SIZE: usize = 1 << 20;

#[global_allocator]
static MEMORY: Memory = Memory { bytes: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

/// Memory that is given once and never taken back, which is enough for a check.
#[repr(align(64))]
struct Memory {
    bytes: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: `used` gives every part of `bytes` to one caller only.
unsafe impl Sync for Memory {}

// SAFETY: `alloc` gives parts that are aligned, long enough, and apart from each other.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.bytes.get().cast::<u8>();
        let place = |used: usize| {
            let start = used + base.wrapping_add(used).align_offset(layout.align());
            start.checked_add(layout.size()).filter(|end| *end <= SIZE).map(|end| (start, end))
        };
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(place(used)?.1));
        match taken.ok().and_then(place) {
            Some((start, _)) => base.wrapping_add(start),
            None => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
