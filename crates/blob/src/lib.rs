//! To be described.
#[derive(Debug)] pub struct BlobStore;

impl BlobStore { pub fn open(_: &std::path::Path) -> base::Result<Self> { Ok(Self) } }
