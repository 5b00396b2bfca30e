//! `ws` alone, and `ws demo`.

mod support;

use support::{RUNTIMES, Ws};

#[test]
fn every_adapter_passes_with_every_other() {
    for args in [&[][..], &["demo"]] {
        let ended = Ws::start(args).wait();
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{}", ended.stdout);
        let (plain, tls) = ended.stdout.split_once("\nover TLS ").expect("two tables");
        for table in [plain, tls] {
            for client in RUNTIMES {
                for server in RUNTIMES {
                    let pair = format!("{client} → {server} ");
                    assert!(table.lines().any(|line| line.starts_with(&pair)), "{}", ended.stdout);
                }
            }
        }
        assert!(ended.stdout.ends_with("all 32 pairs passed\n"), "{}", ended.stdout);
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
