//! The frame codec alone, as a proxy or a network tool uses it: `cargo run -p ws-core --example frames`.
//!
//! It allocates nothing, and takes bytes in pieces of any size.

use ws_core::ProtocolError;
use ws_core::frame::{Decoder, Header, Opcode, Part, Rules};
use ws_core::mask;

fn main() -> Result<(), ProtocolError> {
    let mut wire = Wire::default();
    wire.push(false, Opcode::Text, b"Hel");
    wire.push(true, Opcode::Ping, b"are you there?");
    wire.push(true, Opcode::Continuation, b"lo");
    wire.push(true, Opcode::Close, &1000_u16.to_be_bytes());

    // A client's frames are masked, and a server requires that.
    let mut decoder = Decoder::new(Rules::new().masked(true).rsv1(false));
    for piece in wire.bytes.chunks_mut(5) {
        let mut input = piece;
        while let Some(part) = decoder.decode(&mut input)? {
            match part {
                Part::Header(header) => {
                    println!("{:?}, {} bytes, fin {}", header.opcode, header.len, header.fin);
                }
                Part::Payload(bytes) => println!("    {}", bytes.escape_ascii()),
                Part::End => println!("    end of frame"),
            }
        }
    }
    Ok(())
}

/// The bytes that a client sends.
#[derive(Default)]
struct Wire {
    bytes: Vec<u8>,
}

impl Wire {
    fn push(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) {
        // The same key for each frame of this program. A real client uses a new, unpredictable key for each
        // frame (§5.3).
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let header = Header { fin, rsv1: false, opcode, mask: Some(key), len: payload.len() as u64 };
        self.bytes.extend_from_slice(header.encode(&mut [0; Header::MAX_LEN]));
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        mask::apply(key, 0, &mut self.bytes[start..]);
    }
}
