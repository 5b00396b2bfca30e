//! A tool that reads DEFLATE (RFC 1951) symbol by symbol and notes how far back it refers. It is written from
//! the RFC alone, so it also checks the output of the library.

/// The receiving end of one direction: its bytes, and how far they referred back.
#[derive(Debug, Default)]
pub(crate) struct Walker {
    /// All messages so far, one after the other.
    got: Vec<u8>,
    /// The largest distance.
    pub(crate) farthest: usize,
    /// The most bytes that a message referred back before its own start.
    pub(crate) deepest: usize,
    pub(crate) seen: Blocks,
}

/// The number of blocks of each type.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) stored: usize,
    pub(crate) fixed: usize,
    pub(crate) dynamic: usize,
    pub(crate) last: usize,
}

/// An error: the bytes are not a sequence of whole blocks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotDeflate;

impl Walker {
    /// Reads the payload of a message, without its tail.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Result<Vec<u8>, NotDeflate> {
        self.blocks(&[payload, &[0x00, 0x00, 0xFF, 0xFF]].concat())
    }

    /// Reads whole blocks.
    pub(crate) fn blocks(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NotDeflate> {
        let start = self.got.len();
        let mut bits = Bits { bytes, at: 0 };
        while bits.at < bytes.len() * 8 {
            self.block(&mut bits, start)?;
        }
        Ok(self.got[start..].to_vec())
    }

    fn block(&mut self, bits: &mut Bits<'_>, start: usize) -> Result<(), NotDeflate> {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => {
                self.seen.stored += 1;
                bits.align();
                let (len, check) = (bits.take(16)?, bits.take(16)?);
                if len ^ check != 0xFFFF {
                    return Err(NotDeflate);
                }
                for _ in 0..len {
                    self.got.push(bits.take(8)? as u8);
                }
            }
            1 => {
                self.seen.fixed += 1;
                let mut lengths = [8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                self.symbols(bits, &Code::new(&lengths), &Code::new(&[5; 30]), start)?;
            }
            2 => {
                self.seen.dynamic += 1;
                let (literals, distances) = read_codes(bits)?;
                self.symbols(bits, &literals, &distances, start)?;
            }
            _ => return Err(NotDeflate),
        }
        if is_last {
            self.seen.last += 1;
            bits.align();
        }
        Ok(())
    }

    fn symbols(
        &mut self,
        bits: &mut Bits<'_>,
        literals: &Code,
        distances: &Code,
        start: usize,
    ) -> Result<(), NotDeflate> {
        loop {
            let symbol = literals.decode(bits)?;
            match symbol {
                0..=255 => self.got.push(symbol as u8),
                256 => return Ok(()),
                257..=285 => {
                    let (base, extra) = length_of(symbol - 257);
                    let length = base + bits.take(extra)?;
                    let symbol = distances.decode(bits)?;
                    if symbol > 29 {
                        return Err(NotDeflate);
                    }
                    let extra = (symbol / 2).saturating_sub(1);
                    let base = if symbol < 4 { symbol + 1 } else { ((2 + symbol % 2) << extra) + 1 };
                    let distance = base + bits.take(extra)?;
                    let from = self.got.len().checked_sub(distance).ok_or(NotDeflate)?;
                    self.farthest = self.farthest.max(distance);
                    self.deepest = self.deepest.max(start.saturating_sub(from));
                    for i in from..from + length {
                        self.got.push(self.got[i]);
                    }
                }
                _ => return Err(NotDeflate),
            }
        }
    }
}

/// Returns the base and the extra bits of a length symbol (RFC 1951 §3.2.5).
fn length_of(symbol: usize) -> (usize, usize) {
    match symbol {
        0..8 => (3 + symbol, 0),
        28 => (258, 0),
        _ => {
            let extra = symbol / 4 - 1;
            (3 + ((4 + symbol % 4) << extra), extra)
        }
    }
}

/// Reads the codes of a dynamic block (RFC 1951 §3.2.7).
fn read_codes(bits: &mut Bits<'_>) -> Result<(Code, Code), NotDeflate> {
    let (literals, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
    let count = bits.take(4)? + 4;
    let mut lengths = [0; 19];
    for place in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].into_iter().take(count) {
        lengths[place] = bits.take(3)?;
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.decode(bits)? {
            16 => (*lengths.last().ok_or(NotDeflate)?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length, 1),
        };
        lengths.extend(vec![length; times]);
    }
    if lengths.len() > literals + distances {
        return Err(NotDeflate);
    }
    Ok((Code::new(&lengths[..literals]), Code::new(&lengths[literals..])))
}

/// A canonical prefix code (RFC 1951 §3.2.2).
struct Code {
    /// The number of codes of each length.
    counts: [usize; 16],
    /// The symbols, in the order of their codes.
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        for (length, count) in counts.iter_mut().enumerate().skip(1) {
            let of_length = lengths.iter().enumerate().filter(|&(_, &of)| of == length);
            symbols.extend(of_length.map(|(symbol, _)| symbol));
            *count = lengths.iter().filter(|&&of| of == length).count();
        }
        Self { counts, symbols }
    }

    fn decode(&self, bits: &mut Bits<'_>) -> Result<usize, NotDeflate> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1)?;
            if code < first + count {
                return Ok(self.symbols[index + code - first]);
            }
            index += count;
            first = (first + count) * 2;
            code *= 2;
        }
        Err(NotDeflate)
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, n: usize) -> Result<usize, NotDeflate> {
        let mut value = 0;
        for i in 0..n {
            let byte = self.bytes.get(self.at / 8).ok_or(NotDeflate)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Ok(value)
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// 7692-7.2.1-12: the tool reads the examples of RFC 7692 §7.2.3, and notes what they refer to.
#[test]
fn the_walker_reads_the_examples() {
    let mut walker = Walker::default();
    assert_eq!(walker.message(b"\xf2\x48\xcd\xc9\xc9\x07\x00").as_deref(), Ok(&b"Hello"[..]));
    assert_eq!((walker.farthest, walker.deepest), (0, 0));
    assert_eq!(walker.message(b"\xf2\x00\x11\x00\x00").as_deref(), Ok(&b"Hello"[..]));
    assert_eq!((walker.farthest, walker.deepest), (5, 4));
    assert_eq!(Walker::default().message(b"\xf2\x00\x11\x00\x00"), Err(NotDeflate));
    let mut walker = Walker::default();
    assert_eq!(walker.message(b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00").as_deref(), Ok(&b"Hello"[..]));
    assert_eq!(walker.seen, Blocks { stored: 1, fixed: 1, dynamic: 0, last: 1 });
    assert_eq!(walker.message(b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00").as_deref(), Ok(&b"Hello"[..]));
    assert_eq!(walker.message(b"\x07"), Err(NotDeflate));
}
