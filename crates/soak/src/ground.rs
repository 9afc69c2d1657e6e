//! A company founded on one engine, in a folder that goes away with it, and the program on its data.

use crate::company::{Company, Desk};
use crate::server::{Program, Server};
use base::{Error, Result};
use std::path::{Path, PathBuf};
use testkit::engines::TestDatabase;

/// The folder holds `data` and the server's log; beside them is room for whatever a test makes.
pub struct Ground {
    pub program: Program,
    pub company: Company,
    folder: tempfile::TempDir,
    database: Option<TestDatabase>,
}

impl Ground {
    /// On SQLite, or on this database of PostgreSQL; with so many people on the shop floor.
    pub fn found(binary: &Path, database: Option<TestDatabase>, operators: usize) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::internal)?;
        let url = database.as_ref().and_then(|database| database.postgres_url().map(str::to_owned));
        let program = Program { binary: binary.to_owned(), data: folder.path().join("data"), database: url, variables: Vec::new() };
        let company = Company::found(&program, &folder.path().join("server.log"), operators)?;
        Ok(Self { program, company, folder, database })
    }

    /// As people call it.
    pub fn engine(&self) -> &'static str {
        if self.database.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// A server with these variables in its environment, and the company seen through it.
    pub fn serve(&self, variables: &[(&str, String)]) -> Result<(Server, Desk)> {
        let server = self.program.serve(&self.log(), variables)?;
        let desk = self.company.through(&server);
        Ok((server, desk))
    }
}
