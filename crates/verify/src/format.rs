//! The formats, written from `docs/FORMATS.md`.

use db::{Row, Value};
use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// Canonical bytes.
pub(crate) struct Parts(Vec<u8>);

impl Parts {
    pub(crate) fn new(label: &str) -> Self {
        let mut parts = Self(Vec::with_capacity(512));
        parts.put(b'L', label.as_bytes());
        parts
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.put(b'T', text.as_bytes())
    }

    pub(crate) fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.put(b'N', &[]),
        }
    }

    pub(crate) fn number(&mut self, number: i64) -> &mut Self {
        self.put(b'I', &number.to_be_bytes())
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.put(b'B', bytes)
    }

    pub(crate) fn hash(&self) -> Hash {
        Sha256::digest(&self.0).into()
    }

    /// RFC 6962 leaf hash of these bytes.
    pub(crate) fn leaf(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(&self.0);
        hasher.finalize().into()
    }

    fn put(&mut self, tag: u8, bytes: &[u8]) -> &mut Self {
        self.0.push(tag);
        self.0.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

/// RFC 6962 tree head, by its definition.
pub(crate) fn tree_head(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [only] => *only,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            let mut hasher = Sha256::new();
            hasher.update([1]);
            hasher.update(tree_head(left));
            hasher.update(tree_head(right));
            hasher.finalize().into()
        }
    }
}

/// Row image. `sorted` are the row's columns in the order of their names.
pub(crate) fn image(table: &str, row: &Row, sorted: &[&str]) -> base::Result<Hash> {
    let mut parts = Parts::new("PLUMB-ROW-1");
    parts.text(table);
    for name in sorted {
        if matches!(*name, "tenant" | "at_tx" | "at_ord") || name.starts_with("pd_") {
            continue;
        }
        match row.value(name)? {
            Value::Null => continue,
            Value::Bool(truth) => parts.text(name).number(i64::from(*truth)),
            Value::Int(number) => parts.text(name).number(*number),
            Value::Text(text) => parts.text(name).text(text),
            Value::Bytes(bytes) => parts.text(name).bytes(bytes),
        };
    }
    Ok(parts.hash())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
