//! Checkpoints (C2SP tlog-checkpoint): how large a log is and the head over it, as three lines.

use base::{Digest, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a log commits to at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log this is.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    pub head: Digest,
    /// Lines behind the third, which other programs pass over.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.head.0));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Reads the text of a note.
    ///
    /// Errors: 422 when it is no checkpoint.
    pub fn parse(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| Error::invalid("checkpoint", "bad_checkpoint", "this is no checkpoint: origin, size and head, each on a line"))
    }
}

fn read(text: &str) -> Option<Checkpoint> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
    let size_text = lines.next()?;
    let size: u64 = size_text.parse().ok()?;
    let head = Digest::from_bytes(&STANDARD.decode(lines.next()?).ok()?)?;
    let extensions: Vec<_> = lines.map(str::to_owned).collect();
    (size.to_string() == size_text && extensions.iter().all(|line| !line.is_empty())).then_some(Checkpoint { origin, size, head, extensions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frs_evd_007_a_checkpoint_reads_as_it_was_written() {
        // The example of C2SP tlog-checkpoint.
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.text(), text);
        let extended = Checkpoint { extensions: vec!["time 1700000000".to_owned()], ..checkpoint };
        assert_eq!(Checkpoint::parse(&extended.text()).unwrap(), extended);
    }

    #[test]
    fn frs_evd_007_anything_else_is_refused() {
        let good = "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        assert!(Checkpoint::parse(good).is_ok());
        let bad = [
            "",
            "o\n1\n",
            "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
            "o\n1\nCsUY\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
        ];
        for text in bad {
            assert!(Checkpoint::parse(text).is_err(), "{text:?}");
        }
    }
}
