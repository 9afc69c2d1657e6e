//! `plumb serve`: pages and API on one address, uploaded content on another, and the work that the
//! clock starts.

use crate::backup::Keeper;
use crate::evidence::{Checker, Checkpointer};
use api::edge::{Address, Connections, serve as serve_on};
use axum::Router;
use base::limits::{CONNECTIONS_PER_ADDRESS, JOBS_PER_TURN};
use base::{Error, Result};
use clap::Args;
use kernel::{Kernel, MAIN_TENANT};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Where the server listens.
#[derive(Debug, Clone, Args)]
pub struct Listen {
    /// Address for pages and API.
    #[arg(long, value_name = "ADDR", env = "PLUMB_LISTEN", default_value = "127.0.0.1:8088")]
    pub listen: SocketAddr,
    /// Address for uploaded content, a second origin without cookies.
    #[arg(long, value_name = "ADDR", env = "PLUMB_CONTENT_LISTEN", default_value = "127.0.0.1:8089")]
    pub content_listen: SocketAddr,
    /// The address under which people reach the server, such as https://plumb.example.com; requests
    /// by any other name are refused. Without it only a bare address or localhost is answered.
    #[arg(long, value_name = "URL", env = "PLUMB_PUBLIC_ORIGIN", requires = "content_origin")]
    pub public_origin: Option<Address>,
    /// The address under which people reach uploaded content, where it is not --content-listen. It
    /// needs a host name of its own.
    #[arg(long, value_name = "URL", env = "PLUMB_CONTENT_ORIGIN")]
    pub content_origin: Option<Address>,
    /// The company's name on the sign-in page.
    #[arg(long, env = "PLUMB_ORGANISATION", default_value = "")]
    pub organisation: String,
    /// A line below the sign-in form.
    #[arg(long, env = "PLUMB_NOTICE", default_value = "")]
    pub notice: String,
    /// Send cookies over TLS only; for a server behind a TLS proxy.
    #[arg(long, env = "PLUMB_SECURE_COOKIES")]
    pub secure_cookies: bool,
    /// Header in which a proxy in front of the server names the client, such as X-Forwarded-For; the
    /// limit on wrong sign-ins from one address counts by it. Only for a server that nobody reaches
    /// but through the proxy.
    #[arg(long, value_name = "NAME", env = "PLUMB_CLIENT_ADDRESS_HEADER")]
    pub client_address_header: Option<axum::http::HeaderName>,
}

/// Where people sign in: through the API and on the page.
const SIGN_IN: [&str; 2] = ["/api/v1/session", "/sign-in"];

/// How often the work by the clock is looked at.
const JOBS_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked at whether somebody has asked for a check of the trail.
const CHECKS_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked whether a backup or a restore drill is due.
const KEEP_EVERY: Duration = Duration::from_secs(60);

/// Serves until the process is asked to end; requests under way are finished.
pub fn serve(kernel: Kernel, listen: &Listen, checkpointer: Option<Checkpointer>, checker: Checker, keeper: Option<Keeper>) -> Result<()> {
    start_logging();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)?;
    runtime.block_on(run(kernel, listen, checkpointer, checker, keeper))
}

async fn run(kernel: Kernel, listen: &Listen, checkpointer: Option<Checkpointer>, checker: Checker, keeper: Option<Keeper>) -> Result<()> {
    let pages = bind(listen.listen).await?;
    let content = bind(listen.content_listen).await?;
    let jobs = tokio::task::spawn_blocking({
        let kernel = kernel.clone();
        move || kernel.ids().next_id(kernel.now())
    });
    let holder = jobs.await.map_err(Error::internal)?;
    tokio::spawn(check_the_trail(checker, holder.clone()));
    if let Some(keeper) = keeper {
        tokio::spawn(keep(Arc::new(keeper), holder.clone()));
    }
    tokio::spawn(work_by_the_clock(kernel.clone(), checkpointer.map(Arc::new), holder));
    check_apart(listen)?;
    let named = |address: &Option<Address>| address.as_ref().map(Address::to_string);
    let origin = named(&listen.content_origin).unwrap_or_else(|| content_origin_of(listen.content_listen));
    let api_state = crate::assembly::api(kernel.clone(), listen.secure_cookies, named(&listen.public_origin));
    let (gate, transfers) = (api_state.gate.clone(), api_state.transfers.clone());
    let settings = web::Settings {
        organisation: listen.organisation.clone(),
        secure_cookies: listen.secure_cookies,
        notice: listen.notice.clone(),
        public_origin: named(&listen.public_origin),
        content_origin: origin.clone(),
        gate: gate.clone(),
        transfers,
    };
    let app = Router::new().merge(api::router(api_state)).merge(web::router(kernel.clone(), settings));
    let app = api::edge::limit_sign_ins(app, kernel.clone(), &SIGN_IN, listen.client_address_header.clone());
    let app = api::edge::only_for_us(app, listen.public_origin.as_ref().map(Address::as_str));
    let second = api::edge::only_for_us(web::content_router(kernel, gate), listen.content_origin.as_ref().map(Address::as_str));
    tracing::info!(pages = %listen.listen, content = %origin, "ready");
    println!("Plumb listens on http://{}", listen.listen);
    // Behind a proxy every connection has its address.
    let per_address = listen.client_address_header.is_none().then_some(CONNECTIONS_PER_ADDRESS);
    let bounds = Connections { per_address, ..Connections::default() };
    tokio::join!(serve_on(pages, app, bounds, asked_to_end()), serve_on(content, second, bounds, asked_to_end()));
    Ok(())
}

/// A browser sends a cookie to every port of a host, so content on the same machine goes by the
/// machine's other name.
fn content_origin_of(listen: SocketAddr) -> String {
    if listen.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) { format!("http://localhost:{}", listen.port()) } else { format!("http://{listen}") }
}

/// Uploaded content under the host of the pages could act for whoever looks at it.
fn check_apart(listen: &Listen) -> Result<()> {
    match (&listen.public_origin, &listen.content_origin) {
        (Some(pages), Some(content)) if pages.shares_cookies_with(content) => {
            let text = format!("Pages at {pages} and uploaded content at {content} would share their cookies: a browser looks at the host and at no port.");
            Err(base::Refusal::new(base::RefusalKind::Invalid, "same_host", text).advise("Give --content-origin a host name of its own.").into())
        }
        _ => Ok(()),
    }
}

async fn bind(address: SocketAddr) -> Result<tokio::net::TcpListener> {
    // The standard backlog of 128 refuses clients in a burst.
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() };
    let bound = socket.and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    });
    bound.map_err(|error| {
        base::Refusal::new(base::RefusalKind::Unavailable, "address_in_use", format!("The address {address} cannot be used: {error}."))
            .advise("Name another with --listen and --content-listen.")
            .into()
    })
}

async fn work_by_the_clock(kernel: Kernel, checkpointer: Option<Arc<Checkpointer>>, holder: String) {
    loop {
        let (kernel, checkpointer, holder) = (kernel.clone(), checkpointer.clone(), holder.clone());
        let worked = tokio::task::spawn_blocking(move || {
            kernel::present::watch(&kernel, MAIN_TENANT)?;
            if kernel::present::out_of_step(&kernel).is_some() {
                return Ok(());
            }
            kernel::jobs::run_all(&kernel, MAIN_TENANT, &holder)?;
            kernel::jobs::work_off(&kernel, MAIN_TENANT, JOBS_PER_TURN)?;
            checkpointer.map_or(Ok(()), |checkpointer| checkpointer.turn(&holder))
        })
        .await;
        match worked {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "work by the clock failed"),
            Err(error) => tracing::error!(%error, "work by the clock panicked"),
        }
        tokio::time::sleep(JOBS_EVERY).await;
    }
}

/// Beside the other work by the clock: a check of a large company takes minutes.
async fn check_the_trail(checker: Checker, holder: String) {
    let checker = Arc::new(checker);
    loop {
        let (checker, holder) = (Arc::clone(&checker), holder.clone());
        match tokio::task::spawn_blocking(move || checker.turn(&holder)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the check of the trail failed"),
            Err(error) => tracing::error!(%error, "the check of the trail panicked"),
        }
        tokio::time::sleep(CHECKS_EVERY).await;
    }
}

/// Backups and restore drills, beside all other work because they take their time.
async fn keep(keeper: Arc<Keeper>, holder: String) {
    loop {
        let (keeper, holder) = (Arc::clone(&keeper), holder.clone());
        match tokio::task::spawn_blocking(move || keeper.turn(&holder)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "backup or restore drill failed"),
            Err(error) => tracing::error!(%error, "backup or restore drill panicked"),
        }
        tokio::time::sleep(KEEP_EVERY).await;
    }
}

async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            // Without the signal the process still ends by interrupt.
            interrupt.await.unwrap_or_default();
        }
    }
}

/// One line of JSON an event, for machines; the level comes from `PLUMB_LOG`.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PLUMB_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let started = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
