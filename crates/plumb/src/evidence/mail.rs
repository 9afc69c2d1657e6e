//! Checkpoints by mail: the mailbox of somebody who keeps what comes in is an anchor nobody here can
//! take back.

use super::place::{Anchor, unreachable};
use base::{Error, Result};
use clap::Args;
use lettre::message::{Mailbox as Address, header::ContentType};
use lettre::{Message, SmtpTransport, Transport as _};
use std::time::Duration;

/// How long the mail server may take for each answer, in seconds.
const ANSWER_SECONDS: u64 = 20;

/// How mail leaves.
#[derive(Debug, Clone, Args, Default)]
pub struct Post {
    /// The mail server, for anchors by mail: smtp://host:25 or smtps://user:password@host.
    #[arg(long, value_name = "URL", env = "PLUMB_SMTP", hide_env_values = true)]
    pub smtp: Option<String>,
    /// The sender of mail.
    #[arg(long, value_name = "ADDRESS", env = "PLUMB_MAIL_FROM", default_value = "plumb@localhost")]
    pub mail_from: String,
}

/// Somebody's mailbox.
pub(super) struct Mailbox {
    to: Address,
    from: Address,
    server: SmtpTransport,
}

impl Mailbox {
    pub(super) fn new(address: &str, post: &Post) -> Result<Self> {
        let bad = |text: String| Error::invalid("anchor", "bad_anchor", text);
        let url = post.smtp.as_deref().ok_or_else(|| bad(format!("mailto:{address} needs a mail server: name it with --smtp")))?;
        // The address may hold a password: it is not repeated.
        let server = SmtpTransport::from_url(url).map_err(|error| bad(format!("--smtp is no address of a mail server: {error}")))?;
        let parse = |text: &str| text.parse::<Address>().map_err(|error| bad(format!("“{text}” is no mail address: {error}")));
        Ok(Self { to: parse(address)?, from: parse(&post.mail_from)?, server: server.timeout(Some(Duration::from_secs(ANSWER_SECONDS))).build() })
    }
}

impl Anchor for Mailbox {
    fn name(&self) -> String {
        format!("Mail to {}", self.to.email)
    }

    fn kept(&self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    fn keep(&self, size: u64, note: &str) -> Result<()> {
        let origin = note.lines().next().unwrap_or_default();
        let message = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(format!("Checkpoint {size} of {origin}"))
            // The note is the whole text, so that a saved mail's body can be given to plumb-verify.
            .header(ContentType::TEXT_PLAIN)
            .body(note.to_owned())
            .map_err(Error::internal)?;
        self.server.send(&message).map(|_| ()).map_err(|error| unreachable(&self.name(), &error.to_string()))
    }
}
