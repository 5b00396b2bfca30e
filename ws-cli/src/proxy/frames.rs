//! A gateway with an endpoint for each side.

use core::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use ws_core::handshake::{
    Accept, AnswerError, ClientRequest, Decision, Reject, Request, RequestError, Response, Status,
};
use ws_core::intermediary::Pseudonym;
use ws_core::{CloseCode, Config, Connection, Event, Timeout};
use ws_driver::Timer as _;
use ws_tokio::{Error, NetStream, Receiver, Sender, WebSocket};

use super::leaving::Twin;
use super::settings::{Host, Proxy};
use crate::deflate::Deflate;
use crate::signals::stopped;

/// The longest body of a refusal that is passed on, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Returns the settings of both sides.
pub(super) fn config(common: Config, max_message: usize, deflate: &Deflate) -> Config {
    common
        .max_message(max_message)
        .max_frame(max_message)
        .max_body(MAX_BODY)
        .stream(true)
        // The other side answers pings.
        .auto_pong(false)
        // The other side answers a Close frame, after it has sent its last messages.
        .auto_close(false)
        .compression(deflate.compression())
}

/// Moves messages for `client` until both sides are done. When the proxy stops, both are closed with 1001.
pub(super) async fn pass(proxy: &Proxy, client: NetStream, twin: Twin, mut stop: watch::Receiver<bool>) {
    let mut client = WebSocket::new(client, Connection::server(now(), proxy.config.clone()));
    let opened = tokio::select! {
        opened = open(proxy, &mut client, &twin) => opened,
        () = stopped(&mut stop) => return,
    };
    drop(twin);
    let Ok(Some(backend)) = opened else {
        // What the client still sends must not cause a reset: that would discard our answer.
        let _ = timeout(proxy.config.close_timeout, drain(&mut client)).await;
        return;
    };
    let (to_client, from_client) = client.split();
    let (to_backend, from_backend) = backend.split();
    let passed = Notify::new();
    let close_both = async {
        tokio::select! {
            () = stopped(&mut stop) => {}
            () = idle(proxy.idle_timeout, &passed) => {}
        }
        for side in [&to_client, &to_backend] {
            // The side may be closing already.
            let _ = side.close(CloseCode::GOING_AWAY).await;
        }
        core::future::pending::<()>().await;
    };
    let forward_both = async {
        tokio::join!(
            forward(from_client, &to_backend, CloseCode::GOING_AWAY, &passed),
            forward(from_backend, &to_client, CloseCode::BAD_GATEWAY, &passed),
        )
    };
    tokio::select! {
        _ = forward_both => {}
        () = close_both => {}
    }
}

/// Passes on what is received, as it comes. If the side ends without a Close frame, `to` is closed with
/// `lost`.
async fn forward(mut from: Receiver<NetStream>, to: &Sender<NetStream>, lost: CloseCode, passed: &Notify) {
    loop {
        // If this cannot be sent, that side has closed or is closing. Its receiver returns the reason.
        let _ = match from.event_ref().await {
            Ok(Some(Event::Chunk(chunk))) => to.send_chunk(chunk).await,
            Ok(Some(Event::Ping(payload))) => to.ping(payload).await,
            Ok(Some(Event::Pong(payload))) => to.pong(payload).await,
            Ok(Some(Event::Close(frame))) => to.close(frame).await,
            Ok(Some(_)) => Ok(()),
            Ok(None) => return,
            Err(_) => to.close(lost).await,
        };
        passed.notify_one();
    }
}

/// Returns when nothing has passed for `limit`.
async fn idle(limit: Option<Duration>, passed: &Notify) {
    match limit {
        Some(limit) => while timeout(limit, passed.notified()).await.is_ok() {},
        None => core::future::pending().await,
    }
}

async fn drain(client: &mut WebSocket<NetStream>) {
    while let Ok(Some(_)) = client.event_ref().await {}
}

/// Opens both sides, the backend first. Returns `None` if the client was refused.
async fn open(
    proxy: &Proxy,
    client: &mut WebSocket<NetStream>,
    twin: &Twin,
) -> Result<Option<WebSocket<NetStream>>, Error> {
    loop {
        let Some((Event::Request(request), mut reply)) = client.event_ref().await? else { return Ok(None) };
        if !request.is_upgrade() {
            // The request does not ask for a WebSocket, so this answers with a 426.
            reply.answer(&Accept::new().into())?;
            continue;
        }
        let answer = tokio::select! {
            answer = ask(proxy, &request) => answer,
            // The client has left.
            () = twin.left() => Err(refusal(Status::BAD_GATEWAY)),
        };
        match answer {
            Ok((backend, accept)) => {
                reply.answer(&accept.into())?;
                client.flush().await?;
                return Ok(Some(backend));
            }
            Err(refused) => reply.answer(&Decision::Reject(refused.keep_alive()))?,
        }
    }
}

/// Sends the client's request to the backend. An error is the answer for the client. One time limit covers
/// dialing and the handshake: the time of the connection to the backend begins before it is dialed.
async fn ask(proxy: &Proxy, request: &Request<'_>) -> Result<(WebSocket<NetStream>, Accept), Reject> {
    let (bad_gateway, begun) = (|_| refusal(Status::BAD_GATEWAY), now());
    let mut resource = String::from(request.path());
    if let Some(query) = request.query() {
        resource.push('?');
        resource.push_str(query);
    }
    let host = match &proxy.host {
        Host::Kept => request.host().unwrap_or_default(),
        Host::Named(host) => host,
    };
    let asked =
        forwarded(request, host, &resource, &proxy.pseudonym).map_err(|_| refusal(Status::BAD_REQUEST))?;
    let dialed =
        timeout(proxy.opening_timeout, proxy.dial()).await.map_err(|_| refusal(Status::GATEWAY_TIMEOUT))?;
    let stream = dialed.map_err(bad_gateway)?;
    let entropy = ws_adapter::entropy().map_err(bad_gateway)?;
    let conn = Connection::client(begun, proxy.config.clone(), &asked, entropy);
    let mut backend = WebSocket::new(stream, conn);
    let accept = match backend.event_ref().await {
        Ok(Some((Event::Open(response), _))) => {
            accepted(&response).map_err(|_| refusal(Status::BAD_GATEWAY))?
        }
        Ok(Some((Event::Rejected(response), _))) => return Err(rejected(&response)),
        Err(Error::WebSocket(ws_core::Error::TimedOut(Timeout::Opening))) => {
            return Err(refusal(Status::GATEWAY_TIMEOUT));
        }
        Ok(_) | Err(_) => return Err(refusal(Status::BAD_GATEWAY)),
    };
    Ok((backend, accept))
}

/// Returns the request for the backend: that of the client, except the fields of one hop or of one handshake.
fn forwarded<'r>(
    request: &Request<'r>,
    host: &'r str,
    resource: &'r str,
    pseudonym: &'r Pseudonym,
) -> Result<ClientRequest<'r>, RequestError> {
    let mut asked = ClientRequest::new(host, resource)?.subprotocol_is_optional();
    for name in request.subprotocols() {
        asked = asked.subprotocol(name)?;
    }
    for (name, value) in request.fields().end_to_end().filter(|(name, _)| passes(name)) {
        asked = asked.field(name, value)?;
    }
    asked.field("Via", pseudonym.via())
}

fn accepted(response: &Response<'_>) -> Result<Accept, AnswerError> {
    let mut accept = Accept::new();
    if let Some(name) = response.subprotocol() {
        accept = accept.subprotocol(name);
    }
    for (name, value) in response.fields().end_to_end().filter(|(name, _)| passes(name)) {
        accept = accept.field(name, value)?;
    }
    Ok(accept)
}

/// Returns the backend's refusal. If its body is not complete, the body and the fields that describe it are
/// left out.
fn rejected(response: &Response<'_>) -> Reject {
    let Some(status) = Status::new(response.status()) else { return refusal(Status::BAD_GATEWAY) };
    let mut reject = Reject::new(status);
    let is_whole = response.body_is_complete();
    let passes = |name: &str| passes(name) && (is_whole || !starts_with(name, "content-"));
    for (name, value) in response.fields().end_to_end().filter(|(name, _)| passes(name)) {
        match reject.field(name, value) {
            Ok(more) => reject = more,
            Err(_) => return refusal(Status::BAD_GATEWAY),
        }
    }
    if is_whole { reject.body(response.body()) } else { reject }
}

/// Returns whether a field is passed on: each handshake writes its own fields itself.
fn passes(name: &str) -> bool {
    let own = ["host", "expect", "content-length"];
    !starts_with(name, "sec-websocket-") && !own.iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Returns an answer that the proxy gives in place of the backend.
fn refusal(status: Status) -> Reject {
    Reject::new(status).body(match status {
        Status::BAD_REQUEST => "the request cannot be passed on\n",
        Status::GATEWAY_TIMEOUT => "the backend did not answer in time\n",
        _ => "the backend does not answer as it should\n",
    })
}

/// Returns the time on the clock of the connections.
fn now() -> ws_core::Instant {
    ws_tokio::Tokio::now()
}
