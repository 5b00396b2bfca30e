//! What a client agrees to after a server's answer (RFC 7692 §5, §7).

use proptest::prelude::*;
use ws_core::Role;
use ws_core::deflate::{
    ClientWindow, Compression, Deflater, NAME, NegotiationError, Offer, Parameter, ParameterError, Params,
    WindowBits,
};
use ws_core::handshake::extensions;

use super::{deflate, window};

fn agree(offers: &[Offer], lines: &[&str]) -> Result<Option<Params>, NegotiationError> {
    let compression = Compression::new().offers(offers);
    let lines: Vec<_> = lines.iter().map(|line| line.replace("pmd", NAME)).collect();
    compression.agree(lines.iter().map(|line| line.as_bytes()))
}

/// Returns the offer with these parameters.
fn offer(params: &str) -> Offer {
    let line = format!("{NAME}{params}");
    let extension = extensions([line.as_bytes()]).next().expect("one").expect("well formed");
    Offer::parse(&extension).expect("valid")
}

/// 7692-5-13: without an answer nothing is compressed.
#[test]
fn no_answer_means_no_compression() {
    assert_eq!(agree(&[Offer::default()], &[]), Ok(None));
    assert_eq!(agree(&[], &[]), Ok(None));
}

/// 7692-vec, 7692-7-8, 7692-7.1.1.1-2, 7692-7.1.1.1-4, 7692-7.1.1.2-2, 7692-7.1.2.1-2, 7692-7.1.2.1-3,
/// 7692-7.1.2.2-3, 7692-7.1.2.2-5:
/// These answers suit these offers, and these do not.
#[test]
fn answers_must_suit_the_offer() {
    use NegotiationError::*;
    for (offered, answer, error) in [
        ("", "", None),
        ("", "; server_no_context_takeover", None),
        ("; server_no_context_takeover", "", Some(ServerTakeoverKept)),
        ("; server_no_context_takeover", "; server_no_context_takeover", None),
        ("", "; client_no_context_takeover", None),
        ("; client_no_context_takeover", "", None),
        ("; client_no_context_takeover", "; client_no_context_takeover", None),
        ("", "; server_max_window_bits=14", None),
        ("", "; server_max_window_bits=8", None),
        ("; server_max_window_bits=12", "", Some(ServerWindowMissing)),
        ("; server_max_window_bits=12", "; server_max_window_bits=12", None),
        ("; server_max_window_bits=12", "; server_max_window_bits=11", None),
        ("; server_max_window_bits=12", "; server_max_window_bits=13", Some(ServerWindowTooLarge)),
        ("; server_max_window_bits=8", "; server_max_window_bits=9", Some(ServerWindowTooLarge)),
        ("; server_max_window_bits=15", "", Some(ServerWindowMissing)),
        ("", "; client_max_window_bits=14", Some(ClientWindowNotOffered)),
        ("", "; client_max_window_bits=15", Some(ClientWindowNotOffered)),
        ("; client_max_window_bits", "", None),
        ("; client_max_window_bits", "; client_max_window_bits=15", None),
        ("; client_max_window_bits", "; client_max_window_bits=8", None),
        ("; client_max_window_bits=12", "", None),
        ("; client_max_window_bits=12", "; client_max_window_bits=12", None),
        ("; client_max_window_bits=12", "; client_max_window_bits=11", None),
        ("; client_max_window_bits=12", "; client_max_window_bits=13", None),
    ] {
        let agreed = agree(&[offer(offered)], &[&format!("pmd{answer}")]);
        assert_eq!(agreed.as_ref().err(), error.as_ref(), "{offered} / {answer}");
        assert!(agreed.is_err() || agreed.is_ok_and(|agreed| agreed.is_some()));
    }
}

/// 7692-5-15, 7692-7.1.2.1-4, 7692-7.1.2.2-5: the parameters are those of the answer. A client keeps to its
/// own hint.
#[test]
fn the_parameters_are_those_of_the_answer() {
    let line = "pmd; client_max_window_bits=11; server_max_window_bits=\"9\"; server_no_context_takeover";
    let agreed = agree(&[Offer::default()], &[line]).expect("suits").expect("an answer");
    assert_eq!(agreed.window(Role::Server), window(9));
    assert_eq!(agreed.window(Role::Client), window(11));
    assert!(!agreed.takes_over(Role::Server) && agreed.takes_over(Role::Client));

    let agreed = agree(&[Offer::default()], &["pmd"]).expect("suits").expect("an answer");
    assert_eq!(agreed, Params::default());
    assert_eq!(
        (agreed.window(Role::Server), agreed.window(Role::Client)),
        (WindowBits::MAX, WindowBits::MAX)
    );

    let hinted = offer("; client_max_window_bits=12");
    for (answer, bits) in
        [("pmd", 12), ("pmd; client_max_window_bits=13", 12), ("pmd; client_max_window_bits=9", 9)]
    {
        let agreed = agree(&[hinted], &[answer]).expect("suits").expect("an answer");
        assert_eq!(agreed.window(Role::Client), window(bits), "{answer}");
    }
}

/// 7692-7.1.1.2-3, 7692-7.2.1-8: a client does without context takeover if the answer requires it, even if
/// the offer had no such parameter.
#[test]
fn a_client_does_without_takeover_if_required() {
    for (line, does_without) in [("pmd", false), ("pmd; client_no_context_takeover", true)] {
        let agreed = agree(&[Offer::default()], &[line]).expect("suits").expect("an answer");
        let mut sender = Deflater::new(agreed, Role::Client, &Compression::default());
        let first = deflate(&mut sender, b"Hello");
        assert_eq!(first == deflate(&mut sender, b"Hello"), does_without, "{line}");
    }
}

/// 7692-7-5, 7692-7-6, 7692-7-7, 7692-7.1.2.2-4:
/// An answer that is wrong in itself fails, and the error has the parameter.
#[test]
fn wrong_answers_fail() {
    use Parameter::*;
    use ParameterError::*;
    for (answer, error) in [
        ("pmd; foo", Unknown),
        ("pmd; client_max_window_bits", ValueMissing(ClientMaxWindowBits)),
        ("pmd; server_max_window_bits", ValueMissing(ServerMaxWindowBits)),
        ("pmd; server_max_window_bits=7", ValueInvalid(ServerMaxWindowBits)),
        ("pmd; server_max_window_bits=16", ValueInvalid(ServerMaxWindowBits)),
        ("pmd; server_max_window_bits=08", ValueInvalid(ServerMaxWindowBits)),
        ("pmd; client_max_window_bits=16", ValueInvalid(ClientMaxWindowBits)),
        ("pmd; server_no_context_takeover=1", ValueUnexpected(ServerNoContextTakeover)),
        ("pmd; client_no_context_takeover=1", ValueUnexpected(ClientNoContextTakeover)),
        ("pmd; client_no_context_takeover; client_no_context_takeover", Repeated(ClientNoContextTakeover)),
        ("pmd; server_max_window_bits=10; server_max_window_bits=10", Repeated(ServerMaxWindowBits)),
    ] {
        let agreed = agree(&[Offer::default()], &[answer]);
        assert_eq!(agreed, Err(NegotiationError::Parameter(error)), "{answer}");
    }
    let malformed = agree(&[Offer::default()], &["pmd; server_max_window_bits=\"1 0\""]);
    assert_eq!(malformed, Err(NegotiationError::ListMalformed));
}

/// 7692-5-9, 7692-5-14, 6455-4.1-33: an answer must not have the extension twice, nor any that was not
/// offered.
#[test]
fn an_answer_is_one_extension_that_was_offered() {
    use NegotiationError::*;
    for lines in [&["pmd, pmd"][..], &["pmd", "pmd"], &["pmd; server_no_context_takeover, pmd"]] {
        assert_eq!(agree(&[Offer::default()], lines), Err(AnsweredTwice), "{lines:?}");
        assert_eq!(agree(&[Offer::default(), Offer::PLAIN], lines), Err(AnsweredTwice), "{lines:?}");
    }
    for lines in
        [&["pmd, x-rsv1"][..], &["x-rsv1, pmd"], &["pmd", "x-rsv1"], &["x-foo"], &["Permessage-Deflate"]]
    {
        assert_eq!(agree(&[Offer::default()], lines), Err(NotOffered), "{lines:?}");
    }
    assert_eq!(agree(&[], &["pmd"]), Err(NotOffered));
    assert_eq!(agree(&[], &["pmd; foo"]), Err(NotOffered));
    for line in ["", ";", "pmd;", "pmd, foo;"] {
        assert_eq!(agree(&[Offer::default()], &[line]), Err(ListMalformed), "{line}");
    }
}

/// 7692-5-2: with several offers the answer may suit any of them. It is read by the first that it suits.
#[test]
fn an_answer_may_suit_any_offer() {
    let offers = [offer("; server_max_window_bits=10"), offer("; client_max_window_bits=9"), Offer::PLAIN];
    let bits =
        |line| agree(&offers, &[line]).map(|agreed| agreed.map(|agreed| agreed.window(Role::Client).get()));
    assert_eq!(bits("pmd; server_max_window_bits=10"), Ok(Some(15)));
    assert_eq!(bits("pmd; server_max_window_bits=11"), Ok(Some(9)));
    assert_eq!(bits("pmd; client_max_window_bits=12"), Ok(Some(9)));
    assert_eq!(bits("pmd"), Ok(Some(9)));
    let offers = [offer("; server_max_window_bits=10"), offer("; server_no_context_takeover")];
    assert_eq!(agree(&offers, &["pmd"]), Err(NegotiationError::ServerTakeoverKept));
}

fn any_window() -> impl Strategy<Value = WindowBits> {
    (8..=15_u8).prop_map(window)
}

fn any_offer() -> impl Strategy<Value = Offer> {
    let client = prop_oneof![
        Just(ClientWindow::Absent),
        Just(ClientWindow::Any),
        any_window().prop_map(ClientWindow::AtMost)
    ];
    (any::<bool>(), any::<bool>(), proptest::option::of(any_window()), client).prop_map(
        |(
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        )| {
            Offer::new()
                .server_no_context_takeover(server_no_context_takeover)
                .client_no_context_takeover(client_no_context_takeover)
                .server_max_window_bits(server_max_window_bits)
                .client_max_window_bits(client_max_window_bits)
        },
    )
}

proptest! {
    /// 7692-5-6, 7692-5-15, 7692-7-8: whatever is offered, and whatever the server's settings are, its answer
    /// suits the client. Neither end then sends what the other cannot inflate.
    #[test]
    fn every_answer_of_ours_suits_every_offer_of_ours(
        offers in proptest::collection::vec(any_offer(), 1..4),
        server in (any::<bool>(), any::<bool>(), any_window(), any_window()),
    ) {
        let client = Compression::new().offers(offers);
        let server = Compression::new()
            .server_no_context_takeover(server.0)
            .client_no_context_takeover(server.1)
            .server_max_window_bits(server.2)
            .client_max_window_bits(server.3);
        let offer = client.offer().expect("some");
        let accepted = server.accept([offer.as_bytes()]).expect("well formed").expect("valid");
        let answer = accepted.to_string();
        let agreed = client.agree([answer.as_bytes()]).expect("suits").expect("an answer");
        prop_assert_eq!(accepted.takes_over(Role::Server), agreed.takes_over(Role::Server));
        prop_assert_eq!(accepted.takes_over(Role::Client), agreed.takes_over(Role::Client));
        prop_assert_eq!(accepted.window(Role::Server), agreed.window(Role::Server));
        prop_assert!(agreed.window(Role::Client) <= accepted.window(Role::Client));
        prop_assert!(accepted.window(Role::Server) <= server.server_max_window_bits);
    }

    /// 7692-7-1, 7692-7-5: no list causes a panic at either end.
    #[test]
    fn any_list_is_read(line in "[a-z_=;, \"0-9]{0,40}|permessage-deflate(; ?[a-z_]{1,30}(=[0-9\"]{1,3})?){0,3}") {
        let compression = Compression::default();
        let _ = compression.accept([line.as_bytes()]);
        let _ = compression.agree([line.as_bytes()]);
    }
}
