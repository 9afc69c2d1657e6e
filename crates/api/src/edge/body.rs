//! The body of a request: its type, its size, the time it may take.

use super::Problem;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use std::io::{self, Read};
use std::time::Duration;
use tokio::sync::mpsc;

/// Frames of an upload that may wait for the disk.
const FRAMES_WAITING: usize = 4;

/// Refuses a body that does not say it is JSON.
pub fn check_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (media_type, parameters) = given.split_once(';').unwrap_or((given, ""));
    let charset = parameters.trim();
    if media_type.trim().eq_ignore_ascii_case("application/json") && (charset.is_empty() || charset.eq_ignore_ascii_case("charset=utf-8")) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_content_type", format!("The body must be application/json, not “{given}”."))
        .at("Content-Type")
        .advise("Send JSON in UTF-8 with Content-Type: application/json."))
}

/// Reads the whole body, at most `limit` bytes, within `seconds`.
pub async fn read(body: Body, limit: usize, seconds: u64) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let collected = tokio::time::timeout(Duration::from_secs(seconds), http_body_util::Limited::new(body, limit).collect()).await;
    match collected {
        Err(_) => Err(too_slow(seconds)),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "interrupted", "The body did not arrive as a whole.")),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("The body is larger than {limit} bytes.")).at("body")
}

fn too_slow(seconds: u64) -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", format!("The body did not arrive within {seconds} seconds."))
}

/// A body as a reader for a thread that blocks, and the work that feeds it: run both.
pub fn streamed(body: Body) -> (BodyReader, impl Future<Output = ()> + Send) {
    let (send, frames) = mpsc::channel(FRAMES_WAITING);
    let feed = async move {
        let mut body = body;
        while let Some(frame) = body.frame().await {
            let part = match frame {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => Ok(data),
                    // Trailers are nothing of the content.
                    Err(_) => continue,
                },
                Err(_) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended")),
            };
            let broken = part.is_err();
            if send.send(Some(part)).await.is_err() || broken {
                return;
            }
        }
        // Without this last word the reader takes the content for cut off.
        let _ = send.send(None).await;
    };
    (BodyReader { frames, rest: Bytes::new(), ended: false }, feed)
}

type Part = Option<io::Result<Bytes>>;

/// Reads a body frame by frame on a blocking thread.
#[derive(Debug)]
pub struct BodyReader {
    frames: mpsc::Receiver<Part>,
    rest: Bytes,
    ended: bool,
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            match self.frames.blocking_recv() {
                Some(Some(part)) => self.rest = part?,
                Some(None) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upload was given up")),
            }
        }
        let count = self.rest.len().min(into.len());
        let part = self.rest.split_to(count);
        into[..count].copy_from_slice(&part);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn content_type(value: &'static str) -> HeaderMap {
        [(header::CONTENT_TYPE, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn frs_api_009_only_json_in_utf8_is_read() {
        for good in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8"] {
            assert!(check_json(&content_type(good)).is_ok(), "{good}");
        }
        for bad in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin1", "application/jsonp"] {
            assert_eq!(check_json(&content_type(bad)).unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{bad}");
        }
        assert!(check_json(&HeaderMap::new()).is_err());
    }

    /// A body that never comes to its end.
    struct Stalled;

    impl HttpBody for Stalled {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
            std::task::Poll::Pending
        }
    }

    #[test]
    fn frs_api_008_a_body_has_a_size_and_a_time() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let read = |body: Body, seconds: u64| runtime.block_on(read(body, 10, seconds));
        assert_eq!(read(Body::from("0123456789"), 60).unwrap().len(), 10);
        assert_eq!(read(Body::from("0123456789a"), 60).unwrap_err().status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(read(Body::new(Stalled), 0).unwrap_err().status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn a_streamed_body_is_read_whole_and_a_cut_one_is_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut reader, feed) = streamed(Body::from(vec![7u8; 100_000]));
        let reading = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|count| (count, bytes))
        });
        runtime.block_on(feed);
        let (count, bytes) = reading.join().unwrap().unwrap();
        assert_eq!((count, bytes.iter().all(|byte| *byte == 7)), (100_000, true));

        let (mut reader, feed) = streamed(Body::from("abc"));
        drop(feed);
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
