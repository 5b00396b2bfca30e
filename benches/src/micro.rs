//! Messages into and out of memory, on one thread: the core beside its floor, and beside rivals.

pub(crate) mod floor;
pub(crate) mod ours;
mod rivals;
pub(crate) mod subject;

use std::fmt::Write as _;

use counters::frames::{self, Kind};
use ws_core::Role;

use self::subject::{Subject, measure};
use crate::bar::{Bar, Target};
use crate::report::{Row, Table, Unit};

/// One row of the report.
#[derive(Debug)]
pub(crate) struct Micro {
    pub(crate) name: &'static str,
    work: Work,
    /// The length of a payload, in bytes.
    len: usize,
    target: Target,
}

/// The work on each message.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// A server receives it: from memory, by one copy, into a buffer of its own.
    Decode(Kind),
    /// An end encodes it as a frame.
    Encode(Role),
}

const K: usize = 1 << 10;

/// All measurements in memory.
pub(crate) const MICROS: [Micro; 18] = [
    decode("decode-16-binary", Kind::Binary, 16, &[("ours", 12.0)]),
    decode("decode-16-ascii", Kind::Ascii, 16, &[("ours", 18.0)]),
    decode("decode-16-multibyte", Kind::Multibyte, 16, &[("ours", 35.0)]),
    decode("decode-125-binary", Kind::Binary, 125, &[("ours", 32.0)]),
    decode("decode-125-ascii", Kind::Ascii, 125, &[("ours", 45.0)]),
    decode("decode-125-multibyte", Kind::Multibyte, 125, &[("ours", 55.0)]),
    decode("decode-1k-binary", Kind::Binary, K, &[("ours", 60.0)]),
    decode("decode-1k-ascii", Kind::Ascii, K, &[("ours", 80.0)]),
    decode("decode-1k-multibyte", Kind::Multibyte, K, &[("ours", 150.0)]),
    decode_large("decode-16k-binary", Kind::Binary),
    decode_large("decode-16k-ascii", Kind::Ascii),
    decode_large("decode-16k-multibyte", Kind::Multibyte),
    decode("decode-16m-binary", Kind::Binary, 16 * K * K, &[("ours", 8.5e6)]),
    decode("decode-16m-ascii", Kind::Ascii, 16 * K * K, &[("ours", 9.3e6)]),
    encode("encode-server-16", Role::Server, 16, &[("ours", 8.0)]),
    encode("encode-client-16", Role::Client, 16, &[("ours", 14.0)]),
    encode("encode-client-1k", Role::Client, K, &[("ours", 42.0)]),
    encode("encode-client-16k", Role::Client, 16 * K, &[("ours", 350.0)]),
];

const fn decode(name: &'static str, kind: Kind, len: usize, bar: &'static [(&'static str, f64)]) -> Micro {
    Micro { name, work: Work::Decode(kind), len, target: Target::Absolute(bar) }
}

const fn decode_large(name: &'static str, kind: Kind) -> Micro {
    Micro { name, work: Work::Decode(kind), len: 16 * K, target: Target::Floor(1.25) }
}

const fn encode(name: &'static str, role: Role, len: usize, bar: &'static [(&'static str, f64)]) -> Micro {
    Micro { name, work: Work::Encode(role), len, target: Target::Absolute(bar) }
}

impl Micro {
    /// Measures all subjects in turns of `turn` nanoseconds.
    ///
    /// # Errors
    /// If a library fails.
    pub(crate) fn run(&self, rounds: usize, turn: f64) -> anyhow::Result<Table> {
        let mut ready = Vec::new();
        for (name, mut subject) in self.subjects() {
            let once = measure(&mut subject, 1)?;
            let batches =
                (turn / measure(&mut subject, (turn / 8.0 / once).ceil() as usize)?).ceil() as usize;
            ready.push((name, subject, batches, Vec::new()));
        }
        for _ in 0..rounds {
            for (_, subject, batches, series) in &mut ready {
                series.push(measure(subject, *batches)? / self.depth() as f64);
            }
        }
        let rows = ready.into_iter().map(|(name, _, _, series)| {
            let bar = (name == "ours").then_some(Bar::OfCase(1.0));
            Row::of(name, name, Some("floor"), bar, series)
        });
        let mut table = Table {
            case: self.name.into(),
            title: self.title(),
            unit: Unit::Nanoseconds,
            rows: rows.collect(),
        };
        table.relate();
        table.judge(self.target);
        Ok(table)
    }

    fn title(&self) -> String {
        let len = self.len;
        match self.work {
            Work::Decode(kind) => format!("to take a masked message of {len} bytes, {}", kind.name()),
            Work::Encode(role) => format!("to make a frame of {len} bytes, as a {role:?}").to_lowercase(),
        }
    }

    /// Returns the number of messages in a batch: as many as a read contains.
    fn depth(&self) -> usize {
        (32 * K / self.len).clamp(1, 1024)
    }

    fn subjects(&self) -> Vec<(&'static str, Subject)> {
        let (len, depth) = (self.len, self.depth());
        match self.work {
            Work::Decode(kind) => {
                let wire: Vec<u8> = (0..depth).flat_map(|number| frames::masked(kind, number, len)).collect();
                let mut subjects = floor::decode(kind, &wire, len, depth);
                subjects.push(("ours", ours::decode(wire.clone(), len * depth)));
                subjects.extend(rivals::decode(&wire, depth));
                subjects
            }
            Work::Encode(role) => {
                let payload = frames::payload(Kind::Binary, 0, len);
                let mut subjects = floor::encode(&payload, role, depth);
                subjects.push(("ours", ours::encode(payload.clone(), role, depth)));
                subjects.extend(rivals::encode(&payload, role, depth));
                subjects
            }
        }
    }
}

/// The columns of [`text`] after the first.
const COLUMNS: [&str; 9] =
    ["memcpy", "mask", "xor", "utf8", "floor", "tungstenite", "tokio-ws", "fastws", "yawc"];

/// Returns the tables of this module as one: a line for each, the medians in nanoseconds.
pub(crate) fn text(tables: &[Table]) -> String {
    let mut text = String::from("in memory, one thread: ns for each message\n");
    let _ = write!(text, "  {:<22}{:>12}{:>9}", "", "ours", "× floor");
    for column in COLUMNS {
        let _ = write!(text, "{column:>12}");
    }
    text.push('\n');
    for table in tables {
        let Some(ours) = table.find("ours") else { continue };
        let ratio = ours.to_floor.unwrap_or(f64::NAN);
        let _ = write!(text, "  {:<22}{:>12.1}{ratio:>9.2}", table.case, ours.median());
        for column in COLUMNS {
            let figure = table.find(column).map_or("-".into(), |row| format!("{:.1}", row.median()));
            let _ = write!(text, "{figure:>12}");
        }
        if let Some(verdict) = &ours.verdict {
            let _ = write!(text, "  {} ({})", if verdict.met { "PASS" } else { "MISS" }, verdict.bar);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_subjects_process_every_kind_of_message() {
        for micro in MICROS.iter().filter(|micro| micro.len < K * K) {
            for (name, mut subject) in micro.subjects() {
                subject(2).unwrap_or_else(|error| panic!("{name} in {}: {error:#}", micro.name));
            }
        }
    }
}
