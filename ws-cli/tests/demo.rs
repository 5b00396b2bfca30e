//! `ws` alone, and `ws demo`.

mod support;

use support::Ws;

#[test]
fn every_adapter_passes_with_every_other() {
    for args in [&[][..], &["demo"]] {
        let ended = Ws::start(args).wait();
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{}", ended.stdout);
        for client in support::RUNTIMES {
            for server in support::RUNTIMES {
                let pair = format!("{client} → {server} ");
                assert!(ended.stdout.lines().any(|line| line.starts_with(&pair)), "{}", ended.stdout);
            }
        }
        assert!(ended.stdout.ends_with("all 16 pairs passed\n"), "{}", ended.stdout);
    }
}

#[test]
fn help_and_version_are_there() {
    for args in [&["--help"][..], &["echo", "--help"], &["connect", "--help"], &["--version"]] {
        let ended = Ws::start(args).wait();
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        assert!(ended.stdout.contains("ws"), "{}", ended.stdout);
    }
}
