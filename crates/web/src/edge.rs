//! Where HTTP ends: a request becomes a [`Visit`], an [`Answer`] becomes a response.
//!
//! Pages are synchronous and run on the blocking pool, because the database is. A page that
//! changes something gets a form only after the request has proved that it comes from our own
//! pages.

mod respond;

use crate::shell;
use api::edge as http;
use axum::extract::{FromRequest, Multipart, RawPathParams, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use base::limits::{BODY_SECONDS, OPEN_BODY_BYTES, REQUEST_BODY_BYTES, UPLOAD_BYTES, UPLOAD_SECONDS};
use base::{Error, Refusal, RefusalKind, Result};
use kernel::authority::{Actor, Grant, Viewer};
use kernel::catalog::Catalog;
use kernel::command::Outcome;
use kernel::{Kernel, MAIN_TENANT, session};
use maud::Markup;
use respond::{How, respond};
use std::sync::Arc;
use std::time::Duration;

/// What a server decides once.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The company's name on the sign-in page.
    pub organisation: String,
    /// Cookies are sent over TLS only.
    pub secure_cookies: bool,
    /// A line for the sign-in page: the logins of the demo company.
    pub notice: String,
    /// The address under which people reach this server; `None`: the request's own host.
    pub public_origin: Option<String>,
    /// The second origin, which shows what people uploaded: `http://127.0.0.1:8089`. Empty: files
    /// are only downloaded.
    pub content_origin: String,
    /// Turns for blocking work, the same as the API's: both work on one database.
    pub gate: http::Gate,
    /// Turns for forms with files, which are held in memory; shared with the API's uploads.
    pub transfers: http::Gate,
}

#[derive(Clone)]
pub(crate) struct Shared {
    pub kernel: Kernel,
    pub settings: Arc<Settings>,
}

/// A file that came with a form, already in the file store.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub field: String,
    pub name: String,
    pub media_type: String,
    pub digest: String,
    pub size_bytes: i64,
}

/// Somebody signed in, asking for a page.
pub(crate) struct Visit {
    pub kernel: Kernel,
    pub actor: Actor,
    pub catalog: Arc<Catalog>,
    pub viewer: Viewer,
    /// The roles of the person and where they hold them.
    pub grants: Vec<Grant>,
    pub settings: Arc<Settings>,
    pub request: Incoming,
}

/// The parts of a request that pages look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incoming {
    pub path: String,
    pub params: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub form: Vec<(String, String)>,
    pub uploads: Vec<Upload>,
    pub flash: Option<String>,
    pub session_token: Option<String>,
    /// The part of the page that our own modules ask for, in the header [`FRAGMENT`].
    pub fragment: Option<String>,
}

/// What a page answers.
pub(crate) enum Answer {
    Page(Box<crate::ui::Page>),
    /// A part of a page, for the modules that asked for it.
    Fragment(StatusCode, Markup),
    /// See other: after every change.
    Go { to: String, flash: Option<String> },
    Json(serde_json::Value),
    /// Signed in: the token goes into the cookie.
    SignedIn { token: String, to: String },
    SignedOut,
    /// A page with another status, as a form that comes back with errors.
    Refused(StatusCode, Box<crate::ui::Page>),
    File { name: String, media_type: String, bytes: Vec<u8> },
    /// To the content origin, with a token that is good for a few minutes.
    Content { address: String },
}

pub(crate) type PageFn = fn(&Visit) -> Result<Answer>;
pub(crate) type OpenPageFn = fn(&Shared, &Incoming) -> Result<Answer>;

const FLASH_COOKIE: &str = "plumb_flash";

/// How our modules ask for a part of a page: `dialog` or `rows`. Every page answers without it too.
const FRAGMENT: &str = "plumb-fragment";

impl Incoming {
    pub fn param(&self, name: &str) -> &str {
        value_of(&self.params, name).unwrap_or("")
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        value_of(&self.query, name).filter(|value| !value.is_empty())
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        value_of(&self.form, name)
    }

    /// A field that must be there.
    pub fn need(&self, name: &str) -> Result<&str> {
        self.field(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| Error::invalid(name, "missing_field", "this is needed"))
    }

    /// Whether this part is asked for: a `dialog` to stand over the page that is open, or the `rows`
    /// below a row.
    pub fn wants(&self, fragment: &str) -> bool {
        self.fragment.as_deref() == Some(fragment)
    }

    /// The idempotency key the page made for its form.
    pub fn key(&self) -> Result<&str> {
        self.need("key")
    }
}

fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl Visit {
    /// Reads one consistent state.
    pub fn read<T>(&self, body: impl FnMut(&mut dyn db::Read) -> Result<T>) -> Result<T> {
        self.kernel.database().read(body)
    }

    /// Runs a command for the person.
    pub fn run(&self, command: &str, input: serde_json::Value) -> Result<Outcome> {
        let mut request = kernel::command::Request::new(command, input, self.request.key()?);
        request.reason = self.request.field("reason").map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
        self.kernel.execute(&self.actor, &request)
    }

    /// As [`Visit::run`], for the second and further commands of one form: each gets a key of its
    /// own that follows from the form's, so that sending the form twice changes nothing twice.
    pub fn run_also(&self, place: usize, command: &str, input: serde_json::Value) -> Result<Outcome> {
        let key = format!("{}.{place}", self.request.key()?);
        self.kernel.execute(&self.actor, &kernel::command::Request::new(command, input, key))
    }

    pub fn tenant(&self) -> &str {
        self.actor.tenant()
    }

    /// Whether the person may do this somewhere; what they may not do is not offered.
    pub fn may(&self, permission: &str) -> bool {
        kernel::authority::may_somewhere(&self.catalog, &self.grants, permission)
    }

    /// Whether the person is here to look only.
    pub fn is_inspector(&self) -> bool {
        kernel::authority::only_looks(&self.grants)
    }

    /// Today for the person.
    pub fn today(&self) -> Result<String> {
        Ok(self.kernel.now().date_in(self.actor.zone())?.to_string())
    }
}

/// A page for people who are signed in.
pub(crate) async fn signed_in(page: PageFn, shared: State<Shared>, params: RawPathParams, request: Request) -> Response {
    let State(shared) = shared;
    answer_with(shared, REQUEST_BODY_BYTES, params, request, move |shared, incoming| {
        let actor = match &incoming.session_token {
            Some(token) => session::actor_of_session(&shared.kernel, MAIN_TENANT, token)?,
            None => None,
        };
        let Some(actor) = actor else {
            shared.settings.gate.forget(incoming.session_token.as_deref());
            return Ok(Answer::Go { to: format!("/sign-in?next={}", crate::text::encode(&incoming.path)), flash: None });
        };
        shared.settings.gate.know(incoming.session_token.as_deref(), actor.person());
        if actor.must_change_password() && !matches!(incoming.path.as_str(), "/password" | "/sign-out") {
            return Ok(Answer::Go { to: "/password".to_owned(), flash: None });
        }
        let catalog = shared.kernel.catalog()?;
        let here = actor.clone();
        let catalog_here = Arc::clone(&catalog);
        let (viewer, grants) = shared.kernel.database().read(|tx| {
            let grants = kernel::authority::grants_of(tx, here.tenant(), here.person())?;
            Ok((kernel::authority::viewer(tx, &catalog_here, &here)?, grants))
        })?;
        let settings = Arc::clone(&shared.settings);
        let visit = Visit { kernel: shared.kernel.clone(), actor, catalog, viewer, grants, settings, request: incoming.clone() };
        match page(&visit) {
            Err(error) => Ok(shell::error_answer(Some(&visit), &error)),
            done => done,
        }
    })
    .await
}

/// A page that needs nobody: sign-in.
pub(crate) async fn open_to_all(page: OpenPageFn, shared: State<Shared>, params: RawPathParams, request: Request) -> Response {
    let State(shared) = shared;
    answer_with(shared, OPEN_BODY_BYTES, params, request, page).await
}

/// `most` is what a form without files may have, in bytes: a small one is read from anybody.
async fn answer_with(
    shared: Shared,
    most: usize,
    params: RawPathParams,
    request: Request,
    work: impl Fn(&Shared, &Incoming) -> Result<Answer> + Send + 'static,
) -> Response {
    let how = How { secure: shared.settings.secure_cookies, ..How::default() };
    // A form with files has the time of an upload; one without is read with its own, shorter one.
    let within = Duration::from_secs(UPLOAD_SECONDS);
    let read = tokio::time::timeout(within, read_request(&shared, most, params, request)).await;
    let incoming = match read.unwrap_or_else(|_| Err(too_slow(UPLOAD_SECONDS))) {
        Ok(incoming) => incoming,
        Err(error) => return respond(shell::error_answer(None, &error), how),
    };
    let how = How { had_flash: incoming.flash.is_some(), in_dialog: incoming.wants("dialog"), ..how };
    let gate = shared.settings.gate.clone();
    let who = incoming.session_token.clone();
    let worked = http::run_blocking_for(&gate, who.as_deref(), move || {
        Ok(match work(&shared, &incoming) {
            Ok(answer) => answer,
            Err(error) => shell::error_answer(None, &error),
        })
    })
    .await;
    match worked {
        Ok(answer) => respond(answer, how),
        Err(problem) => respond(shell::error_answer(None, &refusal_of(&problem)), how),
    }
}

fn too_slow(seconds: u64) -> Error {
    Error::malformed("too_slow", format!("the form did not arrive within {seconds} seconds"))
}

/// A refusal at the edge, as pages show it.
fn refusal_of(problem: &http::Problem) -> Error {
    let kind = match problem.status() {
        StatusCode::SERVICE_UNAVAILABLE => RefusalKind::Unavailable,
        StatusCode::FORBIDDEN => RefusalKind::Forbidden,
        StatusCode::PAYLOAD_TOO_LARGE => RefusalKind::TooLarge,
        StatusCode::BAD_REQUEST | StatusCode::REQUEST_TIMEOUT => RefusalKind::Malformed,
        _ => {
            problem.log(&http::RequestId::make());
            return Error::internal(problem.detail());
        }
    };
    let refusal = Refusal::new(kind, problem.code(), problem.detail());
    match problem.advice() {
        Some(advice) => refusal.advise(advice).into(),
        None => refusal.into(),
    }
}

async fn read_request(shared: &Shared, most: usize, params: RawPathParams, request: Request) -> Result<Incoming> {
    let (parts, body) = request.into_parts();
    let mut incoming = Incoming {
        path: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        params: params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        query: pairs(parts.uri.query().unwrap_or("").as_bytes())?,
        flash: http::cookies(&parts.headers, FLASH_COOKIE).find(|text| !text.is_empty()).and_then(crate::text::decode),
        session_token: http::session_token(&parts.headers),
        fragment: parts.headers.get(FRAGMENT).and_then(|value| value.to_str().ok()).map(str::to_owned),
        ..Incoming::default()
    };
    if parts.method == Method::POST {
        // SameSite=Strict keeps the cookie away too; this is the second fence.
        http::check_same_origin(&parts.headers, shared.settings.public_origin.as_deref()).map_err(|problem| refusal_of(&problem))?;
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        if content_type.starts_with("multipart/form-data") {
            refuse_strangers(shared, &incoming).await?;
            let _turn = shared.settings.transfers.enter().await.map_err(|problem| refusal_of(&problem))?;
            let multipart = Multipart::from_request(Request::from_parts(parts, body), &()).await;
            let multipart = multipart.map_err(|error| Error::malformed("bad_form", error.body_text()))?;
            read_parts(shared, multipart, &mut incoming).await?;
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            if most > OPEN_BODY_BYTES && is_stranger(shared, &incoming).await? {
                // Sent to sign in all the same: nothing of the form is read for that.
                return Ok(incoming);
            }
            let bytes = http::body::read(body, most, BODY_SECONDS).await.map_err(|problem| refusal_of(&problem))?;
            incoming.form = pairs(&bytes)?;
        } else {
            return Err(Error::malformed("bad_form", "this is not a form"));
        }
    }
    Ok(incoming)
}

/// Files are taken from people who are signed in, and only from them: a file is kept as it arrives.
async fn refuse_strangers(shared: &Shared, incoming: &Incoming) -> Result<()> {
    match person_of(shared, incoming).await? {
        Some(_) => Ok(()),
        None => Err(Error::unauthenticated("not_signed_in", "Sign in first; nothing of the form was taken.")),
    }
}

/// Whether the session is nobody's. One that was good a moment ago is looked up when the form is there,
/// as every one is.
async fn is_stranger(shared: &Shared, incoming: &Incoming) -> Result<bool> {
    if incoming.session_token.as_deref().is_some_and(|token| shared.settings.gate.knows(token)) {
        return Ok(false);
    }
    Ok(person_of(shared, incoming).await?.is_none())
}

async fn person_of(shared: &Shared, incoming: &Incoming) -> Result<Option<Actor>> {
    let Some(token) = incoming.session_token.clone() else { return Ok(None) };
    let (kernel, who) = (shared.kernel.clone(), token.clone());
    let found = http::run_blocking_for(&shared.settings.gate, Some(&who), move || Ok(session::actor_of_session(&kernel, MAIN_TENANT, &token))).await;
    found.map_err(|problem| refusal_of(&problem))?
}

async fn read_parts(shared: &Shared, mut multipart: Multipart, incoming: &mut Incoming) -> Result<()> {
    let bad = |error: axum::extract::multipart::MultipartError| Error::malformed("bad_form", error.body_text());
    while let Some(mut field) = multipart.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or("").to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let limit = if file_name.is_some() { UPLOAD_BYTES } else { REQUEST_BODY_BYTES };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(bad)? {
            if bytes.len() + chunk.len() > limit {
                return Err(Error::too_large(name, format!("at most {limit} bytes are allowed")));
            }
            bytes.extend_from_slice(&chunk);
        }
        match file_name {
            Some(file_name) if !bytes.is_empty() => {
                let kernel = shared.kernel.clone();
                let size_bytes = bytes.len() as i64;
                let stored = http::run_blocking(&shared.settings.gate, move || Ok(kernel.files().put(&bytes, UPLOAD_BYTES as u64))).await;
                let digest = stored.map_err(|problem| refusal_of(&problem))??.hex();
                incoming.uploads.push(Upload { field: name, name: file_name, media_type, digest, size_bytes });
            }
            Some(_) => {}
            None => {
                let text = String::from_utf8(bytes).map_err(|_| Error::malformed("bad_utf8", format!("the field {name} is not UTF-8")))?;
                incoming.form.push((name, text));
            }
        }
    }
    Ok(())
}

fn pairs(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("bad_utf8", "the request is not UTF-8"))?;
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let read = |text: &str| crate::text::decode(text).ok_or_else(|| Error::malformed("bad_utf8", "the request is not UTF-8"));
            Ok((read(name)?, read(value)?))
        })
        .collect()
}

/// The status of an error page.
pub(crate) fn status_of(error: &Error) -> StatusCode {
    let code = match error {
        Error::Refused(refusal) => refusal.kind.http_status(),
        Error::Transient(_) | Error::InDoubt(_) => RefusalKind::Unavailable.http_status(),
        Error::Internal(_) => 500,
    };
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
