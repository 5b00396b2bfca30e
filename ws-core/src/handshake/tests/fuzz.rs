use alloc::{format, vec, vec::Vec};

use proptest::prelude::*;

use super::{HeadLimits, Scanner, body::keep, request, response, scan};
use crate::handshake::{
    BodyFraming, BodyProgress, ClientRequest, Fields,
    client::{ExpectedResponse, ResponseHead},
    extensions, refusal,
    server::RequestHead,
};

/// Generates bytes that are mostly parts of heads.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => any::<u8>(),
        4 => prop::sample::select(&b"\r\n :,;=\"\\/?*#aZ09"[..]),
    ];
    prop::collection::vec(byte, 0..200)
}

/// Generates valid heads in which some bytes are replaced, removed or inserted.
fn damaged(head: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0..4_usize, bytes());
    prop::collection::vec(edit, 0..3).prop_map(move |edits| {
        let mut head = head.clone();
        for (at, removed, mut inserted) in edits {
            let start = at.index(head.len() + 1);
            let end = (start + removed).min(head.len());
            inserted.truncate(4);
            head.splice(start..end, inserted);
        }
        head
    })
}

fn request_bytes() -> impl Strategy<Value = Vec<u8>> {
    let full = request()
        .with("Origin: http://example.com")
        .with("Sec-WebSocket-Protocol: chat, superchat")
        .with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, foo; bar=\"baz\"");
    prop_oneof![
        bytes(),
        damaged(full.bytes()),
        damaged(b"GET http://h/p?q HTTP/1.1\r\nHost:h\r\n\r\n".to_vec())
    ]
}

fn response_bytes() -> impl Strategy<Value = Vec<u8>> {
    let other = b"HTTP/1.1 426 x\r\nContent-Length: 12\r\nSec-WebSocket-Version: 13, 8\r\n\r\n";
    prop_oneof![bytes(), damaged(response().bytes()), damaged(other.to_vec())]
}

/// Checks that an independent parser reads the same fields.
fn assert_same_fields(fields: Fields<'_>, theirs: &[httparse::Header<'_>]) {
    let ours: Vec<_> = fields.iter().collect();
    let theirs: Vec<_> = theirs.iter().map(|field| (field.name, field.value)).collect();
    assert_eq!(ours, theirs);
}

proptest! {
    /// 6455-10.7-1, 6455-10.1-1: requests in any pieces cause no panic, and an independent parser reads the
    /// same.
    #[test]
    fn any_request_is_read_or_refused(bytes in request_bytes()) {
        let limits = HeadLimits { max_head: 400, max_fields: 12 };
        let mut out = vec![];
        let found = match scan(Scanner::request(), &bytes, &limits) {
            Ok(Some(end)) => RequestHead::parse(&bytes[..end]).map(|head| Some((head, end))),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let (head, end) = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(error) => {
                refusal(error, &mut out);
                prop_assert_eq!(super::parse(&out).status, error.status());
                return Ok(());
            }
        };
        let view = head.view(&bytes);
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Request::new(&mut fields);
        match theirs.parse(&bytes) {
            Ok(status) => {
                prop_assert_eq!(status, httparse::Status::Complete(end));
                prop_assert_eq!((theirs.method, theirs.path), (Some(view.method()), Some(view.target())));
                assert_same_fields(view.fields(), theirs.headers);
            }
            Err(error) => prop_assert_eq!(error, httparse::Error::Version),
        }
        let _ = format!("{view:?} {:?} {:?} {:?}", view.host(), view.path(), view.query());
        if let Err(error) = head.kind(&bytes, None) {
            refusal(error, &mut out);
        }
    }

    /// 6455-10.7-1: responses in any pieces cause no panic, and an independent parser reads the same.
    #[test]
    fn any_response_is_read_or_refused(bytes in response_bytes()) {
        let limits = HeadLimits { max_head: 400, max_fields: 12 };
        let Ok(Some(end)) = scan(Scanner::response(), &bytes, &limits) else { return Ok(()) };
        let Ok(head) = ResponseHead::parse(&bytes[..end]) else { return Ok(()) };
        let view = head.view(&bytes, b"", true);
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Response::new(&mut fields);
        match theirs.parse(&bytes) {
            Ok(status) => {
                prop_assert_eq!(status, httparse::Status::Complete(end));
                prop_assert_eq!(theirs.code, Some(view.status()));
                assert_same_fields(view.fields(), theirs.headers);
            }
            Err(error) => prop_assert_eq!(error, httparse::Error::Version),
        }
        let request = ClientRequest::new("h", "/").expect("valid");
        let _ = ExpectedResponse::new(&request, *b"the sample nonce").check(&view, None);
        let _ = format!("{view:?} {:?}", view.supported_versions().collect::<Vec<_>>());
    }

    /// 6455-10.7-1: parsing bytes that the scanner did not accept fails without a panic.
    #[test]
    fn parsing_any_bytes_is_harmless(bytes in bytes(), start in prop::sample::select(&["", "GET / HTTP/1.1"][..])) {
        let bytes = [start.as_bytes(), &bytes, b"\r\n\r\n"].concat();
        if let Ok(head) = RequestHead::parse(&bytes) {
            let _ = format!("{:?} {:?}", head.view(&bytes), head.kind(&bytes, None));
        }
        if let Ok(head) = ResponseHead::parse(&bytes) {
            let _ = format!("{:?}", head.view(&bytes, b"", true));
        }
    }

    /// 6455-10.7-1: a view of other bytes than those that were parsed is wrong, but causes no panic.
    #[test]
    fn a_view_of_other_bytes_is_harmless(bytes in bytes()) {
        let head = RequestHead::parse(&request().bytes()).expect("valid");
        let _ = format!("{:?} {:?}", head.view(&bytes), head.kind(&bytes, None));
        let head = ResponseHead::parse(&response().bytes()).expect("valid");
        let _ = format!("{:?}", head.view(&bytes, b"", true));
    }

    /// 6455-10.7-1: chunked bodies cause no panic and do not grow beyond the limit.
    #[test]
    fn any_chunks_are_decoded_or_refused(pieces in prop::collection::vec(bytes(), 0..4), limit in 0..99_usize) {
        let (mut reader, mut body) = (BodyFraming::Chunked.into(), vec![]);
        let all = pieces.concat();
        let whole = keep(&mut BodyFraming::Chunked.into(), &all, &mut vec![], limit);
        let mut last = Ok(BodyProgress::More);
        for piece in &pieces {
            last = keep(&mut reader, piece, &mut body, limit);
            if last != Ok(BodyProgress::More) {
                break;
            }
        }
        prop_assert_eq!(last, whole);
        prop_assert!(body.len() <= limit);
    }

    /// 6455-10.7-1, 6455-9.1-4: lists of extensions cause no panic, and cutting them at commas changes
    /// nothing.
    #[test]
    fn any_list_of_extensions_is_read_or_refused(bytes in bytes()) {
        let joined: Vec<_> = extensions([&bytes[..]]).collect();
        let split: Vec<_> = extensions(bytes.split(|&byte| byte == b',')).collect();
        prop_assert_eq!(&joined, &split);
        for extension in joined.into_iter().flatten() {
            prop_assert!(extension.params().all(|param| !param.name().is_empty()));
            let mut values = extension.params().filter_map(|param| param.value());
            prop_assert!(values.all(|value| value.chars().count() > 0));
        }
    }
}
