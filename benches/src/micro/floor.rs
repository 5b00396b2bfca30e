//! The parts of the floor, and their sum: a copy, the mask, the check of text.

use std::hint::black_box;

use anyhow::Context as _;
use counters::frames::Kind;
use ws_core::{Role, mask};

use super::subject::Subject;

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

pub(super) fn decode(kind: Kind, wire: &[u8], len: usize, depth: usize) -> Vec<(&'static str, Subject)> {
    let is_text = kind != Kind::Binary;
    let payloads = counters::frames::payload(kind, 0, len).repeat(depth);
    let mut subjects: Vec<(&'static str, Subject)> = vec![
        ("memcpy", copy(wire.to_vec())),
        ("mask", each(payloads.clone(), len, |payload| mask::apply(KEY, 0, payload))),
        ("xor", each(payloads.clone(), len, xor)),
        ("floor", all(kind, wire, len, depth)),
    ];
    if is_text {
        subjects.push(("utf8", check(payloads, len)));
    }
    subjects
}

/// Returns the whole floor of receiving `wire`, which has `depth` payloads of `len` bytes.
pub(crate) fn all(kind: Kind, wire: &[u8], len: usize, depth: usize) -> Subject {
    parts(wire.to_vec(), counters::frames::payload(kind, 0, len).repeat(depth), len, kind != Kind::Binary)
}

pub(super) fn encode(payload: &[u8], role: Role, depth: usize) -> Vec<(&'static str, Subject)> {
    let len = payload.len();
    let payloads = payload.repeat(depth);
    match role {
        Role::Server => vec![("memcpy", copy(payloads.clone())), ("floor", copy(payloads))],
        Role::Client => vec![
            ("memcpy", copy(payloads.clone())),
            ("mask", each(payloads.clone(), len, |payload| mask::apply(KEY, 0, payload))),
            ("xor", each(payloads.clone(), len, xor)),
            ("floor", parts(payloads.clone(), payloads, len, false)),
        ],
    }
}

fn copy(from: Vec<u8>) -> Subject {
    // The two buffers lie half a page apart: processors are ten times slower when they copy between addresses
    // whose distance is nearly a multiple of a page.
    const PAGE: usize = 4096;
    let mut to = vec![0; from.len() + PAGE];
    let start = (from.as_ptr().addr() + PAGE / 2).wrapping_sub(to.as_ptr().addr()) % PAGE;
    Box::new(move |batches| {
        for _ in 0..batches {
            black_box(&mut to[start..][..from.len()]).copy_from_slice(black_box(&from));
        }
        Ok(())
    })
}

fn each(mut payloads: Vec<u8>, len: usize, work: impl Fn(&mut [u8]) + 'static) -> Subject {
    Box::new(move |batches| {
        for _ in 0..batches {
            black_box(&mut payloads).chunks_exact_mut(len).for_each(&work);
        }
        Ok(())
    })
}

fn check(payloads: Vec<u8>, len: usize) -> Subject {
    Box::new(move |batches| {
        for _ in 0..batches {
            for payload in black_box(&payloads).chunks_exact(len) {
                simdutf8::basic::from_utf8(payload).context("it is text")?;
            }
        }
        Ok(())
    })
}

/// Copies, then masks, then checks text. The checked text is not the masked one, but takes as long.
fn parts(wire: Vec<u8>, payloads: Vec<u8>, len: usize, is_text: bool) -> Subject {
    let mut copy = copy(wire);
    let mut mask = each(payloads.clone(), len, |payload| mask::apply(KEY, 0, payload));
    let mut check = check(payloads, len);
    Box::new(move |batches| {
        for _ in 0..batches {
            copy(1)?;
            mask(1)?;
            if is_text {
                check(1)?;
            }
        }
        Ok(())
    })
}

/// Masks in a plain loop: 32 bytes at a time, which a compiler turns into vectors.
fn xor(payload: &mut [u8]) {
    let mut wide = [0; 32];
    for (index, byte) in wide.iter_mut().enumerate() {
        *byte = KEY[index % 4];
    }
    let (blocks, rest) = payload.as_chunks_mut::<32>();
    for block in blocks {
        for (byte, key) in block.iter_mut().zip(wide) {
            *byte ^= key;
        }
    }
    for (byte, key) in rest.iter_mut().zip(wide) {
        *byte ^= key;
    }
}
