//! A comparison with another implementation of DEFLATE, in both directions: `miniz_oxide`, which shares no
//! code with zlib-rs.

use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate as miniz_deflate;
use miniz_oxide::inflate::stream::{InflateState, inflate as miniz_inflate};
use miniz_oxide::{DataFormat, MZFlush};
use proptest::prelude::*;

use super::*;

/// Returns the payload of a message by the other implementation, without its tail.
fn foreign_payload(compressor: &mut CompressorOxide, message: &[u8]) -> Vec<u8> {
    let mut payload = vec![0; message.len() * 2 + 1000];
    let result = miniz_deflate(compressor, message, &mut payload, MZFlush::Sync);
    assert_eq!(result.bytes_consumed, message.len());
    payload.truncate(result.bytes_written);
    assert!(payload.ends_with(&[0x00, 0x00, 0xFF, 0xFF]));
    payload.truncate(payload.len() - 4);
    payload
}

/// Returns a message as the other implementation inflates it.
fn foreign_message(state: &mut InflateState, payload: &[u8], len: usize) -> Vec<u8> {
    let whole = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
    let mut message = vec![0; len + 1];
    let result = miniz_inflate(state, &whole, &mut message, MZFlush::Sync);
    assert_eq!((result.bytes_consumed, result.bytes_written), (whole.len(), len));
    message.truncate(len);
    message
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// 7692-7.2.1-1, 7692-7.2.2-1: the other implementation inflates payloads of this crate.
    #[test]
    fn another_implementation_reads_what_is_sent(
        (takes_over, bits, of) in (any::<bool>(), 8..=15_u8, 0..=9_u8),
        messages in proptest::collection::vec((1..20_000_usize, 0..5_u64), 1..6),
    ) {
        let mut sender = deflater(params(takes_over, bits), of);
        let mut receiver = InflateState::new_boxed(DataFormat::Raw);
        for (len, seed) in messages {
            let message = text(len, seed);
            let payload = deflate(&mut sender, &message);
            if !takes_over {
                receiver = InflateState::new_boxed(DataFormat::Raw);
            }
            prop_assert!(foreign_message(&mut receiver, &payload, len) == message);
        }
    }

    /// 7692-7.2.2-1, 7692-7.2.2-2, 7692-7.2.2-4: this crate inflates payloads of the other implementation,
    /// wherever they are cut.
    #[test]
    fn what_another_implementation_sends_is_read(
        of in 0..=9_i32,
        messages in proptest::collection::vec((1..20_000_usize, 0..5_u64), 1..6),
        piece in 1..3000_usize,
    ) {
        let flags = create_comp_flags_from_zip_params(of, 0, 0);
        let mut sender = Box::new(CompressorOxide::new(flags));
        let mut receiver = inflater(Params::default());
        for (len, seed) in messages {
            let message = text(len, seed);
            let payload = foreign_payload(&mut sender, &message);
            prop_assert!(inflate(&mut receiver, payload.chunks(piece)).as_ref() == Ok(&message));
        }
    }
}
