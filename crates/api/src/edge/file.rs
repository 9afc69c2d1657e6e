//! Streaming a file to a client. A thread is taken for each part and given back, so that a slow
//! line keeps none busy.

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::task::JoinHandle;

/// Bytes read at a time.
const PART_BYTES: usize = 256 << 10;

/// The body that sends so many bytes of a file.
pub fn body(file: File, size: u64) -> Body {
    Body::new(FileBody { file: Some(file), reading: None, left: size })
}

struct FileBody {
    file: Option<File>,
    reading: Option<JoinHandle<io::Result<(File, Bytes)>>>,
    left: u64,
}

fn read_part(mut file: File, most: u64) -> io::Result<(File, Bytes)> {
    let mut part = Vec::new();
    file.by_ref().take(most.min(PART_BYTES as u64)).read_to_end(&mut part)?;
    if part.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than it was"));
    }
    Ok((file, Bytes::from(part)))
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if let Some(file) = self.file.take() {
            let most = self.left;
            self.reading = Some(tokio::task::spawn_blocking(move || read_part(file, most)));
        }
        let Some(reading) = self.reading.as_mut() else { return Poll::Ready(None) };
        let ended = std::task::ready!(Pin::new(reading).poll(context));
        self.reading = None;
        let read = ended.map_err(io::Error::other).and_then(|read| read);
        Poll::Ready(Some(read.map(|(file, part)| {
            self.left = self.left.saturating_sub(part.len() as u64);
            self.file = Some(file);
            Frame::data(part)
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
