//! The core in memory, on one thread: `cargo bench -p benches`. The main program measures the same beside
//! rivals.

#![forbid(unsafe_code)]

use counters::frames::{self, Kind};
use counters::memory::End;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ws_core::{Message, Role};

const LENGTHS: [usize; 5] = [16, 125, 1 << 10, 16 << 10, 16 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = LENGTHS)]
fn decode_binary(bencher: Bencher<'_, '_>, len: usize) {
    decode(bencher, Kind::Binary, len);
}

#[divan::bench(args = LENGTHS)]
fn decode_ascii(bencher: Bencher<'_, '_>, len: usize) {
    decode(bencher, Kind::Ascii, len);
}

#[divan::bench(args = LENGTHS)]
fn decode_multibyte(bencher: Bencher<'_, '_>, len: usize) {
    decode(bencher, Kind::Multibyte, len);
}

/// Measures the decoding of batches of messages, as many in each as a read contains.
fn decode(bencher: Bencher<'_, '_>, kind: Kind, len: usize) {
    let depth = ((32 << 10) / len).clamp(1, 1024);
    let wire: Vec<u8> = (0..depth).flat_map(|number| frames::masked(kind, number, len)).collect();
    let mut end = End::new(Role::Server);
    bencher
        .counter(ItemsCount::new(depth))
        .counter(BytesCount::new(len * depth))
        .bench_local(|| end.decode(divan::black_box(&wire)));
}

#[divan::bench(args = LENGTHS)]
fn encode_as_server(bencher: Bencher<'_, '_>, len: usize) {
    encode(bencher, Role::Server, len);
}

#[divan::bench(args = LENGTHS)]
fn encode_as_client(bencher: Bencher<'_, '_>, len: usize) {
    encode(bencher, Role::Client, len);
}

fn encode(bencher: Bencher<'_, '_>, role: Role, len: usize) {
    let depth = ((32 << 10) / len).clamp(1, 1024);
    let payload = frames::payload(Kind::Binary, 0, len);
    let mut end = End::new(role);
    bencher
        .counter(ItemsCount::new(depth))
        .counter(BytesCount::new(len * depth))
        .bench_local(|| end.encode(divan::black_box(Message::Binary(&payload)), depth));
}
