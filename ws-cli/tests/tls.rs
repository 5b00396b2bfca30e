//! `ws echo` and `ws connect` inside TLS.

mod support;

use std::fs;
use std::path::Path;

use support::{RUNTIMES, Ws};

/// The files of a server that proves itself.
struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    /// Makes one for `host`, which is trusted by whoever trusts its certificate. `test` keeps tests apart that run at once.
    fn of(host: &str, test: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let path = |ending: &str| {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{host}.{ending}"));
            path.to_str().unwrap().to_owned()
        };
        let identity = Self { certificate: path("crt"), key: path("key") };
        fs::write(&identity.certificate, made.cert.pem()).unwrap();
        fs::write(&identity.key, made.signing_key.serialize_pem()).unwrap();
        identity
    }

    fn echo(&self, runtime: &str) -> (Ws, String) {
        Ws::echo_tls(runtime, &self.certificate, &self.key)
    }
}

/// A client that says hello, and no more.
fn connect(url: &str, runtime: &str, args: &[&str]) -> Ws {
    let mut ws = Ws::start(&[&["connect", url, "--runtime", runtime], args].concat());
    // One that has given up already reads nothing.
    let _ = std::io::Write::write_all(&mut ws.take_input(), b"hello\n");
    ws
}

#[test]
fn messages_come_back_inside_tls() {
    let identity = Identity::of("127.0.0.1", "echo");
    for server in RUNTIMES {
        let (_server, url) = identity.echo(server);
        for client in RUNTIMES {
            for trust in [&["--ca", &identity.certificate][..], &["--insecure"]] {
                connect(&url, client, trust).wait().well("hello\n");
            }
        }
    }
}

/// 6455-4.1-9b: a server that nobody trusted speaks for, or that is another one, is not talked to.
#[test]
fn a_server_that_is_not_trusted_is_refused() {
    let (right, stranger) = (Identity::of("127.0.0.1", "right"), Identity::of("127.0.0.1", "stranger"));
    let other = Identity::of("example.com", "other");
    for server in RUNTIMES {
        let (_right, right_url) = right.echo(server);
        let (_other, other_url) = other.echo(server);
        for client in RUNTIMES {
            for (url, ca, cause) in [
                (&right_url, &stranger.certificate, "invalid peer certificate"),
                (&other_url, &other.certificate, "not valid for name"),
            ] {
                let ended = connect(url, client, &["--ca", ca]).wait();
                assert!(
                    ended.stderr.starts_with(&format!("ws: cannot connect to {url}")),
                    "{}",
                    ended.stderr
                );
                ended.badly("", cause);
            }
        }
    }
}

/// Whoever speaks no TLS gets nothing, and holds up nobody.
#[test]
fn a_client_without_tls_is_turned_away() {
    let identity = Identity::of("127.0.0.1", "plain");
    for runtime in RUNTIMES {
        let (_server, url) = identity.echo(runtime);
        let plain = url.replacen("wss:", "ws:", 1);
        assert_eq!(connect(&plain, runtime, &[]).wait().code, Some(1));
        connect(&url, runtime, &["--ca", &identity.certificate]).wait().well("hello\n");
    }
}

#[test]
fn what_is_no_identity_is_told() {
    let identity = Identity::of("127.0.0.1", "files");
    let Identity { certificate, key } = &identity;
    let serve = |args: &[&str]| Ws::start(&[&["echo", "--listen", "127.0.0.1:0"], args].concat()).wait();
    serve(&["--tls-cert", "/nowhere", "--tls-key", key]).badly("", "/nowhere: ");
    serve(&["--tls-cert", key, "--tls-key", key]).badly("", key);
    assert_eq!(serve(&["--tls-cert", certificate]).code, Some(2));
}
