//! Finds a server through SRV records, as draft-ibc-websocket-dns-srv proposes: `_ws._tcp.NAME` and
//! `_wss._tcp.NAME`.
//!
//! The records name the place to connect to, and nothing else: the Host field, and the name that TLS sends
//! and checks, stay those of the URL. The name server is this program's own, on loopback, and has one name.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use ws_core::connect::{Action, Connect, Plan, Target};
use ws_core::{Config, Instant};
use ws_tokio::{Accept, CloseCode, Event, WebSocket};

/// Returns the places to connect to, best first. Missing records are not a failure: then the name itself is
/// used, with its own port.
async fn look_up(resolver: &TokioResolver, target: &Target, port: u16) -> io::Result<Vec<SocketAddr>> {
    let (service, default_port) = if target.is_secure() { ("_wss", 443) } else { ("_ws", 80) };
    let mut found = Vec::new();
    // A URL with a port sets the place itself.
    if port == default_port {
        match resolver.srv_lookup(format!("{service}._tcp.{}.", target.host())).await {
            Ok(lookup) => found.extend(lookup.answers().iter().filter_map(|record| match &record.data {
                RData::SRV(srv) => Some(srv.clone()),
                _ => None,
            })),
            Err(error) if error.is_no_records_found() => {}
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    if found.is_empty() {
        let addresses = resolver.lookup_ip(target.host()).await.map_err(io::Error::other)?;
        return Ok(addresses.iter().map(|ip| SocketAddr::new(ip, port)).collect());
    }
    // "." means that the service does not exist (RFC 2782).
    found.retain(|srv| !srv.target.is_root());
    let mut addresses = Vec::new();
    for srv in in_order(found)? {
        // A target without an address is skipped.
        if let Ok(ips) = resolver.lookup_ip(srv.target.clone()).await {
            addresses.extend(ips.iter().map(|ip| SocketAddr::new(ip, srv.port)));
        }
    }
    Ok(addresses)
}

/// Orders by priority; among equals by chance, with the weight as the number of tickets (RFC 2782).
fn in_order(mut records: Vec<SRV>) -> io::Result<Vec<SRV>> {
    let mut ordered = Vec::with_capacity(records.len());
    records.sort_by_key(|srv| (srv.priority, srv.weight));
    while let Some(first) = records.first() {
        let equals = records.iter().take_while(|srv| srv.priority == first.priority);
        let tickets: u64 = equals.clone().map(|srv| u64::from(srv.weight)).sum();
        let lot = getrandom::u64().map_err(io::Error::other)? % (tickets + 1);
        let mut passed = 0;
        let drawn = equals.take_while(|srv| {
            passed += u64::from(srv.weight);
            passed < lot
        });
        let drawn = drawn.count().min(records.len() - 1);
        ordered.push(records.remove(drawn));
    }
    Ok(ordered)
}

/// Connects to a `ws:` URL by the core's plan, one address after the other.
async fn connect(resolver: &TokioResolver, url: &str) -> Result<WebSocket<TcpStream>, Box<dyn Error>> {
    let start = time::Instant::now();
    let now = || Instant::from_origin(start.elapsed());
    let connect = Connect::new(url)?;
    let target = connect.target().clone();
    let mut plan = Plan::<io::Error>::new(now(), connect);
    let mut stream = None;
    loop {
        match plan.poll_action(now()) {
            Action::Resolve { host: _, port } => match look_up(resolver, &target, port).await {
                Ok(addresses) => {
                    println!("{url} is at {} addresses", addresses.len());
                    plan.handle_resolved(now(), addresses);
                }
                Err(error) => plan.handle_failed(error),
            },
            Action::Dial { attempt, address, .. } => match TcpStream::connect(address).await {
                Ok(connected) => {
                    if plan.handle_connected(attempt) {
                        stream = Some(connected);
                    }
                }
                Err(error) => {
                    println!("an address failed: {}", error.kind());
                    plan.handle_dial_failed(now(), attempt, error);
                }
            },
            Action::Wait { until: Some(until) } => tokio::time::sleep(until - now()).await,
            Action::Open => break,
            Action::Failed(error) => return Err(error.into()),
            other => return Err(format!("this program cannot {other:?}").into()),
        }
    }
    let stream = stream.ok_or("the plan opens what is connected")?;
    Ok(ws_tokio::client(stream, &plan.request(), Config::default()).await?)
}

/// Answers queries for `example.com`, whose service runs on two ports: nothing listens on the first.
async fn serve_names(socket: UdpSocket, ports: [u16; 2]) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut bytes = [0; 512];
    loop {
        let (n, from) = socket.recv_from(&mut bytes).await?;
        let query = Message::from_vec(&bytes[..n])?;
        let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
        answer.metadata.authoritative = true;
        for question in query.queries {
            let name = question.name().clone();
            let host = Name::from_ascii("node.example.com.")?;
            let records: Vec<RData> = match (name.to_ascii().to_lowercase().as_str(), question.query_type()) {
                ("_ws._tcp.example.com.", RecordType::SRV) => vec![
                    RData::SRV(SRV::new(10, 0, ports[0], host.clone())),
                    RData::SRV(SRV::new(20, 5, ports[1], host)),
                ],
                ("node.example.com." | "plain.example.com.", RecordType::A) => {
                    vec![RData::A(A(Ipv4Addr::LOCALHOST))]
                }
                _ => vec![],
            };
            if records.is_empty() {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            answer.add_answers(records.into_iter().map(|data| Record::from_rdata(name.clone(), 60, data)));
            answer.add_query(question);
        }
        socket.send_to(&answer.to_vec()?, from).await?;
    }
}

async fn echo(listener: TcpListener) -> Result<(), ws_tokio::Error> {
    let (stream, _) = listener.accept().await?;
    let mut ws = ws_tokio::accept_with(stream, Config::default(), |request| {
        println!("the server is asked for as {}", request.host().unwrap_or_default());
        Accept::new().into()
    })
    .await?;
    while let Some((event, mut reply)) = ws.event_ref().await? {
        if let Event::Message(message) = event {
            reply.feed(message).await?;
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let dead = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let live = listener.local_addr()?.port();
    let server = tokio::spawn(echo(listener));
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let mut udp = ConnectionConfig::udp();
    udp.port = socket.local_addr()?.port();
    let names = tokio::spawn(serve_names(socket, [dead, live]));
    let name_server = NameServerConfig::new(IpAddr::V4(Ipv4Addr::LOCALHOST), true, vec![udp]);
    let config = ResolverConfig::from_name_servers(vec![name_server]);
    let resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build()?;

    let mut ws = connect(&resolver, "ws://example.com/chat").await?;
    ws.send("hello, SRV").await?;
    println!("echoed: {:?}", ws.recv().await?.ok_or("the server closed")?.as_message());
    ws.close(CloseCode::NORMAL).await?;
    ws.closed().await?;
    server.await??;

    // Without such records, the name itself is looked up; the port of the URL overrides any record.
    let plain = look_up(&resolver, Connect::new("ws://plain.example.com/")?.target(), 80).await?;
    println!("without records: {plain:?}");
    let own = look_up(&resolver, Connect::new("ws://node.example.com:8080/")?.target(), 8080).await?;
    println!("with a port: {own:?}");
    names.abort();
    Ok(())
}
