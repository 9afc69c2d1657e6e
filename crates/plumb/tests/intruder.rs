//! What somebody tries who wants in, or wants more than is theirs: over real connections against the
//! real server, and over every endpoint, command and page with the product's own domains.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

#[path = "../../api/tests/suite/client.rs"]
#[expect(dead_code, reason = "the API's own tests send more than these")]
mod client;
#[path = "program/http.rs"]
mod http;
#[path = "program/run.rs"]
mod run;
#[path = "program/server.rs"]
mod server;

#[path = "intruder/accounts.rs"]
mod accounts;
#[path = "intruder/calls.rs"]
mod calls;
#[path = "intruder/company.rs"]
mod company;
#[path = "intruder/foreign.rs"]
mod foreign;
#[path = "intruder/foreign_forms.rs"]
mod foreign_forms;
#[path = "intruder/hostile.rs"]
mod hostile;
#[path = "intruder/input.rs"]
mod input;
#[path = "intruder/load.rs"]
mod load;
#[path = "intruder/place.rs"]
mod place;
#[path = "intruder/strangers.rs"]
mod strangers;
#[path = "intruder/wire.rs"]
mod wire;
