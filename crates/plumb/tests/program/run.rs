//! One run of the real program, to its end.

use std::path::Path;
use std::process::{Command, Stdio};

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Holds the run to its exit code, and gives what it said for people.
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Runs `plumb` in a folder with words from `line`, with these variables beside.
pub fn plumb(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_plumb"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("PLUMB_PASSWORD")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ended { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}
