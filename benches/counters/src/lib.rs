//! The parts that the benchmarks and the counters share: messages, their bytes on the wire, and the library
//! in memory.

pub mod frames;
pub mod memory;
pub mod script;
pub mod workload;
