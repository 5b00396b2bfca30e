//! The settings and their setters.

use core::time::Duration;

use ws_core::frame::Rules;
use ws_core::serve::Limits;
use ws_core::{Compression, Config, KeepAlive};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn new_settings_are_the_default_ones() {
    assert_eq!(Config::new(), Config::default());
    assert_eq!(KeepAlive::new(), KeepAlive::default());
    assert_eq!(Limits::new(), Limits::default());
    assert_eq!(Rules::new(), Rules::default());
}

#[test]
fn each_setter_sets_its_field() {
    let config = Config::new().max_head(1).max_fields(2).max_body(3).max_frame(4).max_message(5);
    let config = config.max_fragments(6).max_output(7).stream(true).auto_pong(false);
    assert_eq!((config.max_head, config.max_fields, config.max_body), (1, 2, 3));
    assert_eq!((config.max_frame, config.max_message, config.max_fragments), (4, 5, 6));
    assert_eq!((config.max_output, config.stream), (7, true));
    assert!(!config.auto_pong);

    let keep_alive = KeepAlive::new().interval(SECOND).timeout(2 * SECOND);
    assert_eq!((keep_alive.interval, keep_alive.timeout), (SECOND, 2 * SECOND));
    let config = config.opening_timeout(3 * SECOND).idle_timeout(4 * SECOND).close_timeout(5 * SECOND);
    let config = config.keep_alive(keep_alive);
    assert_eq!((config.opening_timeout, config.idle_timeout), (Some(3 * SECOND), Some(4 * SECOND)));
    assert_eq!((config.close_timeout, config.keep_alive), (5 * SECOND, Some(keep_alive)));

    let limits = Limits::new().connections(1).per_address(2);
    assert_eq!((limits.connections, limits.per_address), (1, 2));
    let rules = Rules::new().masked(true).rsv1(true);
    assert_eq!((rules.masked, rules.rsv1), (Some(true), true));
}

#[test]
fn optional_settings_are_turned_off_with_none() {
    let config = Config::new().keep_alive(KeepAlive::new()).idle_timeout(SECOND);
    let config = config.keep_alive(None).idle_timeout(None).opening_timeout(None).compression(None);
    assert_eq!((config.keep_alive, config.idle_timeout, config.opening_timeout), (None, None, None));
    assert_eq!(Rules::new().masked(true).masked(None), Rules::new());
}

/// In every build, with and without the feature `deflate`.
#[test]
fn compression_is_a_setting_that_is_off_by_default() {
    let compression: Option<Compression> = Config::new().compression;
    assert_eq!(compression, None);
}

#[cfg(feature = "deflate")]
#[test]
fn each_setter_of_compression_sets_its_field() {
    use ws_core::deflate::{ClientWindow, Context, Level, Offer, WindowBits};

    assert_eq!((Compression::new(), Offer::new()), (Compression::default(), Offer::default()));
    let (min, level) = (WindowBits::MIN, Level::new(9).expect("levels go up to 9"));
    let offer = Offer::new().server_no_context_takeover(true).client_no_context_takeover(true);
    let offer = offer.server_max_window_bits(min).client_max_window_bits(ClientWindow::AtMost(min));
    assert!(offer.server_no_context_takeover && offer.client_no_context_takeover);
    assert_eq!(offer.server_max_window_bits, Some(min));
    assert_eq!(offer.client_max_window_bits, ClientWindow::AtMost(min));

    let compression = Compression::new().offers([offer]).level(level).min_len(1).context(Context::Shared);
    let compression = compression.server_no_context_takeover(true).client_no_context_takeover(true);
    let compression = compression.server_max_window_bits(min).client_max_window_bits(min);
    assert_eq!((&compression.offers[..], compression.level), (&[offer][..], level));
    assert_eq!((compression.min_len, compression.context), (1, Context::Shared));
    assert!(compression.server_no_context_takeover && compression.client_no_context_takeover);
    assert_eq!((compression.server_max_window_bits, compression.client_max_window_bits), (min, min));
    assert_eq!(Config::new().compression(compression.clone()).compression, Some(compression));
}
