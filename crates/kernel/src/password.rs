//! Stand-in.
use base::Result;
#[derive(Debug, Clone)] pub struct Hashing;
impl Hashing { pub fn cheap_for_tests() -> Self { Self } }
pub fn verify(h: Option<&str>, s: &str, _: &Hashing) -> Result<bool> { Ok(h == Some(s)) }
pub fn check_policy(_: &str, _: &str) -> Result<()> { Ok(()) }
pub fn hash(s: &str, _: &Hashing, _: &[u8]) -> Result<String> { Ok(s.to_owned()) }
