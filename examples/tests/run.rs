//! Each example runs, prints what it should, and ends by itself.

use std::process::Command;

fn run(program: &str) -> String {
    let output = Command::new(program).output().expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// adapter-IO3: hyper hands its connections over.
#[test]
fn hyper_server() {
    let printed = run(env!("CARGO_BIN_EXE_hyper-server"));
    assert_eq!(
        printed,
        "echoed: Text(\"hello, hyper\")\nclosed: 1000\nwithout an upgrade: HTTP/1.1 426 Upgrade Required\n"
    );
}

/// adapter-IO3: axum hands its connections over.
#[test]
fn axum_server() {
    let printed = run(env!("CARGO_BIN_EXE_axum-server"));
    assert_eq!(
        printed,
        "agreed: Some(\"chat.v1\")\nanswered: client said in lobby: hello, axum\n\
         closed: Some(OwnedCloseFrame { code: CloseCode(1003), reason: \"send lines as JSON\" })\n\
         without an upgrade: HTTP/1.1 426 Upgrade Required\n"
    );
}

#[test]
fn mio_echo() {
    assert_eq!(run(env!("CARGO_BIN_EXE_mio-echo")), "echoed: Text(\"hello, mio\")\nclosed\n");
}

/// srv-1, srv-2: SRV records set the place to connect to, by priority; the Host field stays the URL's.
#[test]
fn srv_client() {
    assert_eq!(
        run(env!("CARGO_BIN_EXE_srv-client")),
        "ws://example.com/chat is at 2 addresses\nan address failed: connection refused\n\
         the server is asked for as example.com\nechoed: Text(\"hello, SRV\")\n\
         without records: [127.0.0.1:80]\nwith a port: [127.0.0.1:8080]\n"
    );
}
