//! What a client offers, and what a server answers (RFC 7692 §5, §7).

use ws_core::deflate::{
    ClientWindow, Compression, Level, NAME, Offer, Parameter, ParameterError, WindowBits,
};
use ws_core::handshake::{MalformedExtensions, extensions};

use super::window;

fn answer_of(compression: &Compression, lines: &[&str]) -> Result<Option<String>, MalformedExtensions> {
    let agreed = compression.accept(lines.iter().map(|line| line.as_bytes()))?;
    Ok(agreed.map(|agreed| agreed.to_string()))
}

/// Returns the default answer of a server. `pmd` is short for the name.
fn answer(line: &str) -> Option<String> {
    let line = line.replace("pmd", NAME);
    let answer = answer_of(&Compression::default(), &[&line]).expect("a list");
    answer.map(|answer| answer.replace(NAME, "pmd"))
}

fn parse(params: &str) -> Result<Offer, ParameterError> {
    let line = format!("{NAME}{params}");
    let extension = extensions([line.as_bytes()]).next().expect("one").expect("well formed");
    Offer::parse(&extension)
}

/// 7692-5-1, 7692-7.1.2.2-1: by default a client offers that the server may limit its window, and nothing
/// more.
#[test]
fn the_default_offer_lets_the_server_limit_the_window() {
    let offer = Compression::default().offer();
    assert_eq!(offer.as_deref(), Some("permessage-deflate; client_max_window_bits"));
}

/// 7692-5-1, 7692-5-2, 7692-5-3, 7692-5-4, 7692-7.1.1.1-1, 7692-7.1.1.2-1, 7692-7.1.2.1-1, 7692-7.1.2.2-1:
/// Offers are written with their parameters, and several in order of preference.
#[test]
fn offers_are_written_in_order() {
    let offers = vec![
        Offer::new()
            .server_no_context_takeover(true)
            .client_no_context_takeover(true)
            .server_max_window_bits(window(10))
            .client_max_window_bits(ClientWindow::AtMost(window(8))),
        Offer::default(),
        Offer::PLAIN,
    ];
    let written = Compression::new().offers(offers.clone()).offer();
    assert_eq!(
        written.as_deref(),
        Some(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=8, \
             permessage-deflate; client_max_window_bits, permessage-deflate"
        )
    );
    let written = written.expect("three");
    let read: Vec<_> = extensions([written.as_bytes()])
        .map(|extension| Offer::parse(&extension.expect("well formed")).expect("valid"))
        .collect();
    assert_eq!(read, offers);
    let none = Compression::new().offers(Vec::new());
    assert_eq!(none.offer(), None);
}

/// 7692-7.1.2.1-1: a window has 8 to 15 bits.
#[test]
fn other_windows_cannot_be_offered() {
    for bits in 0..=u8::MAX {
        assert_eq!(WindowBits::new(bits).map(WindowBits::get), (8..=15).contains(&bits).then_some(bits));
        assert_eq!(Level::new(bits).map(Level::get), (bits <= 9).then_some(bits));
    }
}

/// 7692-7-1, 7692-7-2, 7692-7-3, 7692-vec:
/// An offer with a wrong parameter is refused with the name of the parameter.
#[test]
fn wrong_parameters_are_named() {
    use Parameter::*;
    use ParameterError::*;
    for params in [
        "",
        "; server_no_context_takeover",
        "; client_no_context_takeover",
        "; server_max_window_bits=8",
        "; server_max_window_bits=15",
        "; client_max_window_bits=8",
        "; client_max_window_bits=15",
        "; client_max_window_bits",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=13",
    ] {
        let offer = parse(params).unwrap_or_else(|error| panic!("{params}: {error}"));
        assert_eq!(offer.to_string(), format!("{NAME}{params}"));
    }
    for (params, error) in [
        ("; hogefuga", Unknown),
        ("; hogefuga=1", Unknown),
        ("; Server_no_context_takeover", Unknown),
        ("; server_no_context_takeover=0", ValueUnexpected(ServerNoContextTakeover)),
        ("; server_no_context_takeover=true", ValueUnexpected(ServerNoContextTakeover)),
        ("; server_no_context_takeover=10", ValueUnexpected(ServerNoContextTakeover)),
        ("; client_no_context_takeover=\"1\"", ValueUnexpected(ClientNoContextTakeover)),
        ("; server_no_context_takeover; server_no_context_takeover", Repeated(ServerNoContextTakeover)),
        ("; client_no_context_takeover; client_no_context_takeover", Repeated(ClientNoContextTakeover)),
        ("; server_max_window_bits=15; server_max_window_bits=15", Repeated(ServerMaxWindowBits)),
        ("; client_max_window_bits=15; client_max_window_bits=15", Repeated(ClientMaxWindowBits)),
        ("; client_max_window_bits; client_max_window_bits", Repeated(ClientMaxWindowBits)),
        ("; client_max_window_bits; client_max_window_bits=15", Repeated(ClientMaxWindowBits)),
        ("; server_max_window_bits", ValueMissing(ServerMaxWindowBits)),
    ] {
        assert_eq!(parse(params), Err(error), "{params}");
    }
    for value in ["a", "0", "7", "16", "08", "09", "+9", "-9", "9a", "1", "100", "015", "8.0", "256", "264"] {
        for (parameter, name) in
            [(ServerMaxWindowBits, "server_max_window_bits"), (ClientMaxWindowBits, "client_max_window_bits")]
        {
            assert_eq!(parse(&format!("; {name}={value}")), Err(ValueInvalid(parameter)), "{value}");
        }
    }
    assert_eq!(
        ValueInvalid(ClientMaxWindowBits).to_string(),
        "client_max_window_bits is not a number from 8 to 15"
    );
}

/// 7692-7-1, 7692-7-2, 7692-7-3, 7692-5-12:
/// A wrong offer is declined, and so is a list of them. That is not an error.
#[test]
fn a_server_declines_what_it_must() {
    for offer in [
        "pmd; foo",
        "pmd; foo=1",
        "pmd; server_max_window_bits",
        "pmd; server_max_window_bits=7",
        "pmd; server_max_window_bits=16",
        "pmd; server_max_window_bits=09",
        "pmd; client_max_window_bits=0",
        "pmd; client_max_window_bits=16",
        "pmd; server_no_context_takeover=true",
        "pmd; client_no_context_takeover=0",
        "pmd; server_no_context_takeover; server_no_context_takeover",
        "pmd; foo, pmd; bar",
        "x-webkit-deflate-frame",
        "Permessage-Deflate",
        "permessage-deflate2",
    ] {
        assert_eq!(answer(offer), None, "{offer}");
        // The answer to the next offer contains nothing of a declined one.
        assert_eq!(answer(&format!("{offer}, pmd")).as_deref(), Some("pmd"), "{offer}");
    }
    assert_eq!(answer_of(&Compression::default(), &[]), Ok(None));
}

/// 7692-5-7, 7692-5-8, 6455-9.1-8: the first acceptable offer is accepted, and no other, even if the
/// extension is offered twice (D16).
#[test]
fn the_first_acceptable_offer_is_taken() {
    for (offers, expected) in [
        ("pmd, pmd; server_no_context_takeover", "pmd"),
        ("pmd; server_no_context_takeover, pmd", "pmd; server_no_context_takeover"),
        ("pmd; server_max_window_bits=16, pmd", "pmd"),
        (
            "pmd; server_max_window_bits=16, pmd; server_max_window_bits=10, pmd",
            "pmd; server_max_window_bits=10",
        ),
        ("pmd; foo, x-other, pmd; server_max_window_bits=9", "pmd; server_max_window_bits=9"),
        ("x-other; a=b, pmd", "pmd"),
        ("pmd, pmd", "pmd"),
    ] {
        assert_eq!(answer(offers).as_deref(), Some(expected), "{offers}");
    }
}

/// 7692-5-5, 7692-5-6, 7692-7.1.1.1-2, 7692-7.1.1.1-3, 7692-7.1.2.1-2, 7692-7.1.2.2-2, 7692-7.1.2.2-3,
/// 7692-7.1.2.2-4:
/// A server's answer stays within the offer: with at least the takeover parameters offered, with exactly the
/// window offered for the server, and with a window for the client only if a smaller one is allowed.
#[test]
fn by_default_a_server_answers_within_the_offer() {
    for (offer, expected) in [
        ("pmd", "pmd"),
        ("pmd; client_max_window_bits", "pmd"),
        ("pmd; server_no_context_takeover", "pmd; server_no_context_takeover"),
        ("pmd; client_no_context_takeover", "pmd; client_no_context_takeover"),
        ("pmd; client_max_window_bits=15", "pmd; client_max_window_bits=15"),
        ("pmd; client_max_window_bits=10", "pmd; client_max_window_bits=10"),
        (
            "pmd; client_max_window_bits; server_max_window_bits=11; server_no_context_takeover",
            "pmd; server_no_context_takeover; server_max_window_bits=11",
        ),
    ] {
        assert_eq!(answer(offer).as_deref(), Some(expected), "{offer}");
    }
}

/// 7692-7.1.2.1-2, 7692-7-4: each window that is offered for the server is answered unchanged. 8 bits never
/// become 9.
#[test]
fn a_window_of_eight_bits_is_answered_as_such() {
    for bits in 8..=15 {
        let offer = format!("pmd; server_max_window_bits={bits}");
        assert_eq!(answer(&offer).as_deref(), Some(&*offer));
        let offer = format!("pmd; client_max_window_bits={bits}");
        assert_eq!(answer(&offer).as_deref(), Some(&*offer));
    }
}

/// 7692-5.2-1, 6455-9.1-3: values may be quoted.
#[test]
fn quoted_values_are_values() {
    let quoted = r#"pmd; server_max_window_bits="10"; client_max_window_bits="1\2""#;
    assert_eq!(answer(quoted).as_deref(), Some("pmd; server_max_window_bits=10; client_max_window_bits=12"));
    assert_eq!(answer(r#"pmd; server_max_window_bits="09""#), None);
}

/// 6455-9.1-4: offers on several lines are one list.
#[test]
fn lines_are_one_list() {
    let lines = [
        "permessage-deflate; foo, x-other",
        "permessage-deflate; server_max_window_bits=12",
        "permessage-deflate",
    ];
    let answer = answer_of(&Compression::default(), &lines);
    assert_eq!(answer, Ok(Some("permessage-deflate; server_max_window_bits=12".to_owned())));
}

/// 6455-9.1-2, 7692-7-2: a value that is not a token makes the list malformed, wherever it is.
#[test]
fn a_malformed_list_is_an_error() {
    for line in [
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_no_context_takeover=\"\"",
        "permessage-deflate; server_max_window_bits=\"1 0\"",
        "permessage-deflate, foo;",
        "permessage-deflate;",
        ",",
    ] {
        assert_eq!(answer_of(&Compression::default(), &[line]), Err(MalformedExtensions), "{line}");
    }
}

/// 7692-7.1.1.1-4, 7692-7.1.1.2-2, 7692-7.1.2.1-2, 7692-7.1.2.1-3, 7692-7.1.2.2-2, 7692-7.1.2.2-3:
/// The server's own settings are in its answer, as far as the offer allows.
#[test]
fn a_server_s_own_limits_are_answered() {
    let strict = Compression::new()
        .server_no_context_takeover(true)
        .client_no_context_takeover(true)
        .server_max_window_bits(window(11))
        .client_max_window_bits(window(12));
    let alone = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (offer, expected) in [
        ("", "; server_max_window_bits=11"),
        ("; client_max_window_bits", "; server_max_window_bits=11; client_max_window_bits=12"),
        ("; client_max_window_bits=14", "; server_max_window_bits=11; client_max_window_bits=12"),
        ("; client_max_window_bits=10", "; server_max_window_bits=11; client_max_window_bits=10"),
        ("; server_max_window_bits=13", "; server_max_window_bits=11"),
        ("; server_max_window_bits=9", "; server_max_window_bits=9"),
    ] {
        let answer = answer_of(&strict, &[&format!("permessage-deflate{offer}")]);
        assert_eq!(answer, Ok(Some(format!("{alone}{expected}"))), "{offer}");
    }
}
