//! To be described.
#[derive(Debug)] pub struct BlobStore;
