//! The table of cases that can be measured.

use crate::bar::Target;
use crate::deflate_memory::Direction;
use crate::load::echo::{self, Transport};
use crate::plan::Plan;
use crate::workload::Context;

/// One table of the report.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) target: Target,
}

/// The work that is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Servers that echo: their CPU time.
    Echo(echo::Shape),
    /// Servers that send every message to all receivers: their CPU time.
    Broadcast { receivers: usize, burst: usize, len: usize },
    /// Servers that open and close connections: their CPU time.
    Open,
    /// Servers with many idle connections: their memory.
    Idle,
    /// Servers that echo compressed messages of this many bytes: their CPU time.
    Deflate(Context, usize),
    /// Compression of messages of this many bytes without a network, on one thread.
    DeflateMemory(Direction, usize),
}

const K: usize = 1 << 10;

/// All cases.
pub(crate) const CASES: [Case; 20] = [
    echo("16x1", 64, 16, 1, Target::NoisyFloor(1.07)),
    echo("16x32", 64, 16, 32, Target::Floor(1.25)),
    echo("1k-x16", 64, K, 16, Target::Floor(1.25)),
    echo("16k", 64, 16 * K, 1, Target::Floor(1.10)),
    echo("1m", 8, K * K, 1, Target::Floor(1.18)),
    echo("64-512", 512, 64, 1, Target::NoisyFloor(1.05)),
    tls("tls-16x32", 16, 32),
    tls("tls-1k-x16", K, 16),
    tls("tls-16k", 16 * K, 1),
    Case {
        name: "broadcast",
        shape: Shape::Broadcast { receivers: 1000, burst: 8, len: 128 },
        target: Target::Floor(1.2),
    },
    Case { name: "open", shape: Shape::Open, target: Target::Floor(1.10) },
    Case {
        name: "idle",
        shape: Shape::Idle,
        target: Target::Memory(&[("tokio", 1536.0), ("core-epoll", 600.0)], 1.25),
    },
    deflate("deflate-1k", Context::Kept, K),
    deflate("deflate-16k", Context::Kept, 16 * K),
    deflate("deflate-1k-alone", Context::Alone, K),
    deflate("deflate-16k-alone", Context::Alone, 16 * K),
    deflate_memory("inflate-1k", Direction::Decode, K),
    deflate_memory("compress-1k", Direction::Encode, K),
    deflate_memory("inflate-16k", Direction::Decode, 16 * K),
    deflate_memory("compress-16k", Direction::Encode, 16 * K),
];

const fn echo(name: &'static str, connections: usize, len: usize, depth: usize, target: Target) -> Case {
    Case { name, shape: Shape::Echo(echo::Shape { connections, len, depth, over: Transport::Tcp }), target }
}

const fn tls(name: &'static str, len: usize, depth: usize) -> Case {
    let shape = echo::Shape { connections: 64, len, depth, over: Transport::Tls };
    Case { name, shape: Shape::Echo(shape), target: Target::Floor(1.10) }
}

const fn deflate(name: &'static str, context: Context, len: usize) -> Case {
    Case { name, shape: Shape::Deflate(context, len), target: Target::Rival("sockudo", 0.90) }
}

const fn deflate_memory(name: &'static str, direction: Direction, len: usize) -> Case {
    Case { name, shape: Shape::DeflateMemory(direction, len), target: Target::None }
}

impl Case {
    /// Returns a description of what is measured.
    pub(crate) fn title(&self, plan: &Plan) -> String {
        match self.shape {
            Shape::Echo(echo::Shape { connections, len, depth, over }) => {
                let over = match over {
                    Transport::Tcp => "",
                    Transport::Tls => " over TLS",
                };
                format!(
                    "server's CPU time to echo {len} bytes{over}, {connections} connections, {depth} in flight on each"
                )
            }
            Shape::Broadcast { receivers, burst, len } => format!(
                "server's CPU time to deliver {len} bytes to one of {receivers} receivers, in bursts of {burst}"
            ),
            Shape::Open => "server's CPU time to open and close a connection".into(),
            Shape::Idle => {
                format!("server's memory for each of {} open connections, after one message each", plan.idle)
            }
            Shape::Deflate(context, len) => {
                let takeover = if context == Context::Kept { "with" } else { "without" };
                format!(
                    "server's CPU time to echo JSON of {len} bytes, {takeover} context takeover, \
                     {} connections, level 6",
                    plan.connections
                )
            }
            Shape::DeflateMemory(Direction::Decode, len) => {
                format!("to inflate a masked JSON message of {len} bytes, in memory, level 6")
            }
            Shape::DeflateMemory(Direction::Encode, len) => {
                format!("to deflate a JSON message of {len} bytes, in memory, level 6")
            }
        }
    }
}
