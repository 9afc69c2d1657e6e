//! Reads that a domain declares: structures, where-used, redlines, training matrices. They run on
//! one snapshot as what the caller may see, and stand in the document and in the walking tests like
//! every other endpoint.

use crate::endpoint::{Access, Endpoint, In, Parameter, Run, Shape, Sort, Verb};
use base::{Error, Refusal, RefusalKind, Result, Timestamp};
use db::Read;
use kernel::authority::Viewer;
use kernel::catalog::Catalog;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// One read of a domain.
///
/// ```ignore
/// ReadEndpoint {
///     path: "/api/v1/parts/{part}/structure",
///     requirement: "FRS-STR-004",
///     summary: "The structure below a part, level by level",
///     access: Access::Viewer,
///     parameters: &[path("part", "number or identifier", "VX-209507"), query("levels", Sort::Integer { min: 1, max: 100 }, "how deep", "3")],
///     run: structure,
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ReadEndpoint {
    /// The whole address, with `{name}` for its parameters.
    pub path: &'static str,
    pub requirement: &'static str,
    pub summary: &'static str,
    /// `Viewer` where the path names a record, `SignedIn` where it does not.
    pub access: Access,
    pub parameters: &'static [Parameter],
    pub run: ReadFn,
}

/// Answers the read. What the viewer may not see is `Error::not_found`, as
/// `kernel::record::seen` says it.
pub type ReadFn = fn(&mut dyn Read, &Catalog, &Viewer, &Params) -> Result<ReadAnswer>;

/// What a read answers.
#[derive(Debug, Clone)]
pub enum ReadAnswer {
    Json(Json),
    /// JSON that was written out by the domain, where building a tree of values for tens of
    /// thousands of rows would take longer than the read.
    Written(String),
    /// Rows, which a client may also ask for as NDJSON.
    Rows(Vec<Json>),
}

impl From<Json> for ReadAnswer {
    fn from(value: Json) -> Self {
        Self::Json(value)
    }
}

impl ReadEndpoint {
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint {
            verb: Verb::Get,
            path: self.path,
            requirement: self.requirement,
            summary: self.summary,
            access: self.access,
            parameters: self.parameters,
            demands: crate::endpoint::NOTHING,
            body: crate::endpoint::Body::None,
            status: 200,
            shape: Shape::Free,
            run: Run::Read(self.run),
        }
    }
}

/// The parameters of a request, checked against their declarations.
#[derive(Debug, Clone)]
pub struct Params {
    values: BTreeMap<String, String>,
    now: Timestamp,
    person: Option<String>,
}

impl Params {
    /// Checks what the path and the query brought; everything that was not declared is refused.
    pub fn check(declared: &[Parameter], path: BTreeMap<String, String>, query: BTreeMap<String, String>, now: Timestamp) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (place, given) in [(In::Path, path), (In::Query, query)] {
            for (name, value) in given {
                let found = declared.iter().find(|parameter| parameter.place == place && matches(parameter.name, &name));
                let Some(parameter) = found else { return Err(unknown(declared, &name)) };
                check_value(parameter.sort, &name, &value)?;
                values.insert(name, value);
            }
        }
        Ok(Self { values, now, person: None })
    }

    pub(crate) fn of(mut self, person: Option<&str>) -> Self {
        self.person = person.map(str::to_owned);
        self
    }

    /// A parameter of the path; it is always there.
    pub fn path(&self, name: &str) -> Result<&str> {
        self.text(name).ok_or_else(|| Error::internal(format!("the path has no parameter {name}")))
    }

    /// A parameter that was given and is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// A moment; `None` for now.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::parse(self.text(name)?).ok()
    }

    /// The parameters whose names begin with `prefix`, without it.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// When the request came, by the server's clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The person who asks.
    pub fn person(&self) -> Option<&str> {
        self.person.as_deref()
    }
}

fn matches(declared: &str, given: &str) -> bool {
    match declared.strip_suffix('*') {
        Some(prefix) => given.len() > prefix.len() && given.starts_with(prefix),
        None => declared == given,
    }
}

fn unknown(declared: &[Parameter], name: &str) -> Error {
    let known: Vec<_> = declared.iter().filter(|parameter| parameter.place == In::Query).map(|parameter| parameter.name).collect();
    let known = if known.is_empty() { "It takes none.".to_owned() } else { format!("It takes: {}.", known.join(", ")) };
    Refusal::new(RefusalKind::Invalid, "unknown_parameter", format!("this address has no parameter “{name}”")).at(name).advise(known).into()
}

fn check_value(sort: Sort, name: &str, value: &str) -> Result<()> {
    let wrong = |text: String| Err(Error::invalid(name, "bad_parameter", text));
    match sort {
        Sort::Name(_) if value.is_empty() => wrong(format!("“{name}” is empty; leave it out for any")),
        Sort::Text(most) | Sort::Name(most) if value.chars().count() > most => wrong(format!("“{name}” has at most {most} characters")),
        Sort::Text(_) | Sort::Name(_) => Ok(()),
        Sort::Integer { min, max } => match value.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(()),
            _ => wrong(format!("“{name}” is a whole number from {min} to {max}")),
        },
        Sort::Flag if value == "true" || value == "false" => Ok(()),
        Sort::Flag => wrong(format!("“{name}” is true or false")),
        Sort::Date => base::time::parse_date(name, value).map(|_| ()),
        Sort::Time => Timestamp::parse(value).map(|_| ()).or_else(|_| wrong(format!("“{value}” is not a time such as 2026-11-21T13:02:11Z"))),
        Sort::Choice(values) if values.contains(&value) => Ok(()),
        Sort::Choice(values) => wrong(format!("“{name}” is one of: {}", values.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::query;

    const DECLARED: &[Parameter] = &[
        query("q", Sort::Text(3), "", ""),
        query("rows", Sort::Integer { min: 1, max: 200 }, "", ""),
        query("current", Sort::Flag, "", ""),
        query("as_of", Sort::Time, "", ""),
        query("until", Sort::Date, "", ""),
        query("sort", Sort::Choice(&["number", "changed"]), "", ""),
        query("state", Sort::Name(5), "", ""),
        query("field.*", Sort::Text(9), "", ""),
    ];

    fn check(name: &str, value: &str) -> Result<Params> {
        Params::check(DECLARED, BTreeMap::new(), BTreeMap::from([(name.to_owned(), value.to_owned())]), Timestamp(0))
    }

    #[test]
    fn frs_api_009_a_parameter_is_held_to_its_declaration_at_the_limit_and_past_it() {
        for (name, good, bad) in [
            ("q", "abc", "abcd"),
            ("rows", "200", "201"),
            ("rows", "1", "0"),
            ("current", "true", "yes"),
            ("as_of", "2026-11-21T13:02:11Z", "2026-11-21"),
            ("until", "2026-11-21", "21.11.2026"),
            ("sort", "changed", "sideways"),
            ("state", "draft", "drafts"),
            ("field.grade", "3", "1234567890"),
        ] {
            assert!(check(name, good).is_ok(), "{name}={good}");
            let error = check(name, bad).unwrap_err();
            assert_eq!(error.refusal().unwrap().place.as_deref(), Some(name), "{name}={bad}");
        }
    }

    #[test]
    fn frs_api_009_an_empty_value_is_no_number_date_or_choice() {
        for name in ["rows", "current", "as_of", "until", "sort", "state"] {
            let error = check(name, "").unwrap_err();
            assert_eq!(error.refusal().unwrap().place.as_deref(), Some(name), "{name}");
        }
        assert!(check("q", "").is_ok());
    }

    #[test]
    fn frs_api_009_an_unknown_parameter_is_refused_by_name() {
        for name in ["colour", "field.", "Rows"] {
            let error = check(name, "1").unwrap_err();
            assert_eq!(error.refusal().unwrap().code, "unknown_parameter", "{name}");
        }
    }
}
