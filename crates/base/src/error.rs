//! One error type for the whole product.
//!
//! An error is written for the person who reads it. A [`Refusal`] says what was refused, by which
//! rule, which records block it and what to do; everything else is [`Error::Internal`], which is
//! logged once where it is handled and shown as "something went wrong on our side".

use serde::{Deserialize, Serialize};
use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug)]
pub enum Error {
    /// The request was understood and refused; nothing was written.
    Refused(Box<Refusal>),
    /// A passing fault of the database (serialization, deadlock, failover, busy). The command
    /// path repeats the whole transaction; a caller outside it should not see this.
    Transient(String),
    /// COMMIT was sent and no answer came. The idempotency key tells whether it happened.
    InDoubt(String),
    /// A fault of ours or of the machine. The text is for the log, never for the page.
    Internal(String),
}

/// Why a request was refused; decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// 400: the text itself cannot be read (bad UTF-8, bad JSON, not an XLSX).
    Malformed,
    /// 401: nobody is signed in, or the secret is wrong.
    Unauthenticated,
    /// 403: the person may not do this.
    Forbidden,
    /// 404: there is no such thing, or the person may not know of it.
    NotFound,
    /// 409: a rule, a hold or another record stands against it.
    Conflict,
    /// 412: the record is no longer as the person saw it.
    Stale,
    /// 413: larger than a named limit.
    TooLarge,
    /// 422: a value is wrong; `place` names it.
    Invalid,
    /// 429: too many attempts.
    TooMany,
    /// 503: not now; try again.
    Unavailable,
    /// 507: no room is left on a disk.
    NoRoom,
}

impl RefusalKind {
    pub fn http_status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Stale => 412,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::TooMany => 429,
            Self::Unavailable => 503,
            Self::NoRoom => 507,
        }
    }
}

/// A record as a reader needs it in a sentence: enough to name it and to link to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRef {
    pub id: String,
    pub kind: String,
    pub number: String,
    /// Empty for kinds without revisions.
    pub revision: String,
    pub title: String,
}

impl RecordRef {
    /// `PR-0012 rev C`, or only the number for a kind without revisions.
    pub fn label(&self) -> String {
        if self.revision.is_empty() {
            self.number.clone()
        } else {
            format!("{} rev {}", self.number, self.revision)
        }
    }
}

/// One reason why a step may not happen, with the records that stand in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// The rule's identifier, for example `capa.orders_released`.
    pub rule: String,
    /// The requirement the rule fulfils, for example `FRS-CAPA-017`.
    pub requirement: String,
    /// A sentence for people: "Training: 3 of 12 open".
    pub text: String,
    pub records: Vec<RecordRef>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// Stable and machine-readable: `stale_version`, `unknown_field`, `blocked`.
    pub code: String,
    /// What was refused and why, as a sentence.
    pub message: String,
    /// Where in the input: a field path (`fields.severity`), a cell (`sheet 1, row 12, column D`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Blocker>,
    /// What the reader can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// After how long the same may succeed, in seconds, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl Refusal {
    pub fn new(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            message: message.into(),
            place: None,
            blockers: Vec::new(),
            advice: None,
            retry_after_seconds: None,
        }
    }

    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub fn blocked_by(mut self, blockers: Vec<Blocker>) -> Self {
        self.blockers = blockers;
        self
    }
}

impl Error {
    pub fn malformed(code: &str, message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::Malformed, code, message).into()
    }

    pub fn unauthenticated(code: &str, message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::Unauthenticated, code, message).into()
    }

    pub fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::Forbidden, code, message).into()
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::NotFound, "not_found", message).into()
    }

    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::Conflict, code, message).into()
    }

    pub fn stale(message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::Stale, "stale_version", message)
            .advise("Read the record again and repeat your change on what it says now.")
            .into()
    }

    pub fn too_large(place: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::TooLarge, "too_large", message).at(place).into()
    }

    pub fn invalid(place: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::Invalid, code, message).at(place).into()
    }

    pub fn internal(message: impl fmt::Display) -> Self {
        Self::Internal(message.to_string())
    }

    /// The refusal, if this error is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => {
                write!(out, "{}", refusal.message)?;
                if let Some(place) = &refusal.place {
                    write!(out, " (at {place})")?;
                }
                for blocker in &refusal.blockers {
                    write!(out, "\n  - {}", blocker.text)?;
                    for record in &blocker.records {
                        write!(out, " [{}]", record.label())?;
                    }
                }
                if let Some(advice) = &refusal.advice {
                    write!(out, "\n  {advice}")?;
                }
                Ok(())
            }
            Self::Transient(text) => write!(out, "passing fault of the database: {text}"),
            Self::InDoubt(text) => write!(out, "commit in doubt: {text}"),
            Self::Internal(text) => write!(out, "internal error: {text}"),
        }
    }
}

impl std::error::Error for Error {}
