//! Endpoints as declared: the router, the OpenAPI document, the reference page and the tests that
//! walk over all of them derive from the same table.

use crate::call::{Answer, Call};
use crate::edge::Problem;
use crate::extra::ReadFn;
use std::sync::Arc;

/// The methods in use. `HEAD` comes with `GET`; `PUT` and everything else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Verb {
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    pub fn changes(self) -> bool {
        self != Self::Get
    }
}

/// Who gets an answer. The walking test holds every endpoint to what is declared here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not.
    Anybody,
    /// Anybody who is signed in; the answer holds what they may see.
    SignedIn,
    /// Whoever may see the kind, of which the answer holds what they may see; for others the kind
    /// does not exist.
    Kind,
    /// Whoever has the permission for the kind at the site.
    KindPermitted(&'static str),
    /// Whoever may see the record; for others it does not exist.
    Viewer,
    /// Whoever has the permission on the record: the kind's verb, the step, or the command.
    /// Somebody who may see the record is told which permission is missing; for others it does not
    /// exist.
    Permitted(&'static str),
    /// Whoever has the permission that the command in the request asks for.
    Command,
}

impl Access {
    /// What it says, for the document and the matrix.
    pub fn text(self) -> String {
        match self {
            Self::Anybody => "anybody".to_owned(),
            Self::SignedIn => "anybody signed in".to_owned(),
            Self::Kind | Self::Viewer => "<kind>.view".to_owned(),
            Self::KindPermitted(permission) | Self::Permitted(permission) => permission.to_owned(),
            Self::Command => "the command's permission".to_owned(),
        }
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
    Path,
    Query,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Text of at most so many characters.
    Text(usize),
    /// One of the names that the company's kinds give, of at most so many characters; empty is none.
    Name(usize),
    Integer { min: i64, max: i64 },
    /// `true` or `false`.
    Flag,
    /// `2026-11-21`.
    Date,
    /// `2026-11-21T13:02:11Z`.
    Time,
    Choice(&'static [&'static str]),
}

#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// A name that ends in `.*` stands for every name that begins so.
    pub name: &'static str,
    pub place: In,
    pub sort: Sort,
    pub text: &'static str,
    pub example: &'static str,
}

pub const fn path(name: &'static str, text: &'static str, example: &'static str) -> Parameter {
    Parameter { name, place: In::Path, sort: Sort::Text(base::limits::LINE_CHARS), text, example }
}

pub const fn query(name: &'static str, sort: Sort, text: &'static str, example: &'static str) -> Parameter {
    Parameter { name, place: In::Query, sort, text, example }
}

/// What a request carries as its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    None,
    /// JSON of this schema.
    Json(&'static str),
    /// JSON of this schema, or nothing.
    JsonOrNone(&'static str),
    /// The bytes of a file.
    File,
}

/// What an endpoint answers when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// JSON of this schema.
    One(&'static str),
    /// Rows of this schema, as one JSON object or as NDJSON.
    Rows(&'static str),
    /// JSON that the endpoint's own declaration describes.
    Free,
    Text(&'static str),
    File,
    Empty,
}

/// What a change must bring besides its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demands {
    /// `Idempotency-Key`.
    pub key: bool,
    /// `If-Match` with the version that was seen.
    pub version: bool,
}

pub const NOTHING: Demands = Demands { key: false, version: false };
pub const KEY: Demands = Demands { key: true, version: false };
pub const KEY_AND_VERSION: Demands = Demands { key: true, version: true };

/// What an endpoint runs.
#[derive(Clone, Copy)]
pub enum Run {
    /// On a blocking thread.
    Call(fn(&Call) -> Result<Answer, Problem>),
    /// A read that a domain declared, on a blocking thread.
    Read(ReadFn),
    /// Takes the body as a stream.
    Upload,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Call(_) => "Call",
            Self::Read(_) => "Read",
            Self::Upload => "Upload",
        })
    }
}

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub verb: Verb,
    pub path: &'static str,
    /// The requirement that asks for it.
    pub requirement: &'static str,
    pub summary: &'static str,
    pub access: Access,
    pub parameters: &'static [Parameter],
    pub demands: Demands,
    pub body: Body,
    pub status: u16,
    pub shape: Shape,
    pub run: Run,
}

impl Endpoint {
    /// A read: what most endpoints start from.
    pub const fn get(path: &'static str, requirement: &'static str, summary: &'static str, run: fn(&Call) -> Result<Answer, Problem>) -> Self {
        Self {
            verb: Verb::Get,
            path,
            requirement,
            summary,
            access: Access::Viewer,
            parameters: &[],
            demands: NOTHING,
            body: Body::None,
            status: 200,
            shape: Shape::Free,
            run: Run::Call(run),
        }
    }

    /// A change, with an idempotency key.
    pub const fn change(
        verb: Verb,
        path: &'static str,
        requirement: &'static str,
        summary: &'static str,
        run: fn(&Call) -> Result<Answer, Problem>,
    ) -> Self {
        Self { verb, demands: KEY, shape: Shape::One("outcome"), ..Self::get(path, requirement, summary, run) }
    }

    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    pub const fn demands(mut self, demands: Demands) -> Self {
        self.demands = demands;
        self
    }

    pub const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub const fn answers(mut self, status: u16, shape: Shape) -> Self {
        self.status = status;
        self.shape = shape;
        self
    }

    /// `GET /api/v1/kinds`.
    pub fn name(&self) -> String {
        format!("{} {}", self.verb.name(), self.path)
    }
}

/// Every endpoint of a server: the fixed ones, then the reads of its domains.
pub fn all(state: &crate::State) -> Vec<Arc<Endpoint>> {
    let fixed = crate::handlers::fixed().into_iter().filter(|endpoint| state.settings.reference_page || endpoint.path != crate::handlers::service::PAGE);
    fixed.chain(state.extra.iter().map(crate::ReadEndpoint::endpoint)).map(Arc::new).collect()
}
