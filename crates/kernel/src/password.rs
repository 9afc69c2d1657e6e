//! Stand-in.
use base::Result;
#[derive(Debug, Clone)] pub struct Hashing;
pub fn verify(_: Option<&str>, _: &str, _: &Hashing) -> Result<bool> { Ok(true) }
pub fn check_policy(_: &str, _: &str) -> Result<()> { Ok(()) }
pub fn hash(_: &str, _: &Hashing, _: &[u8]) -> Result<String> { Ok(String::new()) }
