//! Taking connections: how many, how many of one address, and how long one may keep us waiting.
//!
//! A client that sends its request a byte at a time costs nothing but a place; places are counted,
//! and one that makes no progress is taken back. What is open when the server ends is finished.

use super::host;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use base::limits::{CONNECTIONS, CONNECTIONS_PER_ADDRESS, REQUEST_HEAD_BYTES, REQUEST_HEAD_SECONDS, REQUEST_HEADERS, STALLED_SECONDS};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Sleep;
use tower::ServiceExt;

/// How many connections are taken, and how long they may wait; tests set them low to stand at the
/// limit.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    pub most: usize,
    /// Of one address; `None` where all come from one proxy in front.
    pub per_address: Option<usize>,
    /// A request's line and headers arrive within this time; so long may a connection be idle.
    pub head: Duration,
    /// A client that takes nothing of its answer for so long is left.
    pub stalled: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            most: CONNECTIONS,
            per_address: Some(CONNECTIONS_PER_ADDRESS),
            head: Duration::from_secs(REQUEST_HEAD_SECONDS),
            stalled: Duration::from_secs(STALLED_SECONDS),
        }
    }
}

/// Serves an application on a listener until `ended`; requests under way are finished then.
pub async fn serve(listener: TcpListener, app: Router, bounds: Connections, ended: impl Future<Output = ()>) {
    let app = host::one_request_at_a_time(app);
    let places = Arc::new(Places::default());
    let (end, open) = watch::channel(());
    let mut ended = std::pin::pin!(ended);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut ended => break,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, as a rule: those in use come back.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Past the limit the connection is closed unread: an answer would cost what is short.
        let Some(place) = Places::take(&places, client.ip(), bounds) else { continue };
        tokio::spawn(converse(stream, client, app.clone(), bounds, open.clone(), place));
    }
    drop(open);
    // Every conversation holds a receiver until it is over.
    end.send_replace(());
    end.closed().await;
}

async fn converse(stream: TcpStream, client: SocketAddr, app: Router, bounds: Connections, mut end: watch::Receiver<()>, place: Place) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::trace!(%error, "a connection went away");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(client));
        app.clone().oneshot(request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_headers(REQUEST_HEADERS)
        .max_header_size(REQUEST_HEAD_BYTES)
        .serve_connection(TokioIo::new(Moving { stream, patience: bounds.stalled, waiting: None }), service);
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        _ = end.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}

/// The connections that are open, by address.
#[derive(Debug, Default)]
struct Places(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(places: &Arc<Self>, client: IpAddr, bounds: Connections) -> Option<Place> {
        let address = super::guesses::network(client);
        let mut taken = places.taken();
        let own = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= bounds.most || bounds.per_address.is_some_and(|most| own >= most) {
            return None;
        }
        taken.all += 1;
        taken.by_address.insert(address, own + 1);
        Some(Place { places: Arc::clone(places), address })
    }
}

/// A place among the open connections, given back when it is dropped.
struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        let left = taken.by_address.get(&self.address).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            taken.by_address.remove(&self.address);
        } else {
            taken.by_address.insert(self.address, left);
        }
    }
}

/// A stream that is an error once the client has taken nothing for a while of what we write. What
/// we wait to read has its own times: the head's here, the body's where it is read.
struct Moving<S> {
    stream: S,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Moving<S> {
    fn watch(&mut self, context: &mut Context<'_>, tried: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if tried.is_ready() {
            self.waiting = None;
            return tried;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Moving<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Moving<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, tried)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, tried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(most: usize, per_address: Option<usize>) -> Connections {
        Connections { most, per_address, ..Connections::default() }
    }

    fn take(places: &Arc<Places>, address: &str, bounds: Connections) -> Option<Place> {
        Places::take(places, address.parse().unwrap(), bounds)
    }

    #[test]
    fn frs_net_002_one_connection_past_the_limit_of_a_server_or_of_an_address_is_not_taken() {
        let (places, own) = (Arc::default(), Connections::default());
        let one_address = |places: &Arc<Places>| take(places, "192.0.2.7", own);
        let of_one: Vec<_> = (0..CONNECTIONS_PER_ADDRESS).map(|_| one_address(&places).unwrap()).collect();
        assert!(one_address(&places).is_none(), "one more of the same address");
        let others: Vec<_> = (CONNECTIONS_PER_ADDRESS..CONNECTIONS).map(|n| take(&places, &format!("198.18.{}.{}", n >> 8, n & 255), own).unwrap()).collect();
        assert!(take(&places, "192.0.2.8", own).is_none(), "one more of all");
        drop(of_one);
        assert!(take(&places, "192.0.2.8", own).is_some());
        drop(others);
        assert!(places.taken().by_address.is_empty());
    }

    /// What happens to a client that is slower is shown with shorter times, on a real connection
    /// (`crates/plumb/tests/intruder/wire.rs`); these are the times that a server has.
    #[test]
    fn frs_net_002_a_server_waits_for_a_slow_client_until_the_named_limits() {
        let own = Connections::default();
        assert_eq!((own.head, own.stalled), (Duration::from_secs(REQUEST_HEAD_SECONDS), Duration::from_secs(STALLED_SECONDS)));
    }

    #[test]
    fn frs_net_002_a_connection_past_the_limit_is_not_taken_and_an_ended_one_makes_room() {
        let places = Arc::default();
        let of_two = bounds(3, Some(2));
        let mut held = vec![take(&places, "192.0.2.7", of_two).unwrap(), take(&places, "192.0.2.7", of_two).unwrap()];
        assert!(take(&places, "192.0.2.7", of_two).is_none(), "a third of one address");
        held.push(take(&places, "192.0.2.8", of_two).unwrap());
        assert!(take(&places, "192.0.2.9", of_two).is_none(), "a fourth of all");
        held.pop();
        held.pop();
        assert!(take(&places, "192.0.2.7", of_two).is_some());
        drop(held);
        assert_eq!(places.taken().all, 0);
        assert!(places.taken().by_address.is_empty());
        let behind_a_proxy: Vec<_> = (0..4).map(|_| take(&places, "127.0.0.1", bounds(3, None))).collect();
        assert_eq!(behind_a_proxy.iter().filter(|place| place.is_some()).count(), 3);
    }
}
