//! Checkpoints: what a log says of itself at one moment, as C2SP tlog-checkpoint writes it. The text of a signed
//! [note](super::note).

use super::merkle::Hash;
use super::{decimal, decode_hash, encode_hash};
use crate::limits::STRING_BYTES;

/// The log's name, how many entries it has, and the root over them.
///
/// ```
/// use passport_shared::log::checkpoint::Checkpoint;
///
/// let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
/// let checkpoint = Checkpoint::parse(text)?;
/// assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
/// assert_eq!(checkpoint.text(), text);
/// # Ok::<(), passport_shared::log::checkpoint::CheckpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The first line.
    #[error("a checkpoint's origin has 1 to 256 bytes and no control character")]
    Origin,
    /// The second line.
    #[error("a checkpoint's second line is its size: decimal digits without a zero before them")]
    Size,
    /// The third line.
    #[error("a checkpoint's third line is its root: 32 bytes in Base64")]
    Root,
    /// What comes after.
    #[error("a checkpoint has at least three lines, none of them empty, each ended by a line feed")]
    Lines,
}

impl Checkpoint {
    /// The checkpoint of the log `origin`, with no extension.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] if that cannot be a log's name.
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        let origin = origin.into();
        if is_line(&origin) && origin.len() <= STRING_BYTES {
            Ok(Self { origin, size, root, extensions: Vec::new() })
        } else {
            Err(CheckpointError::Origin)
        }
    }

    /// Reads the text of a note. It must have been opened before: an unsigned checkpoint says nothing.
    ///
    /// # Errors
    /// [`CheckpointError`] for what is no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let origin = lines.next().ok_or(CheckpointError::Origin)?;
        let size = lines.next().and_then(decimal).ok_or(CheckpointError::Size)?;
        let root = lines.next().and_then(decode_hash).ok_or(CheckpointError::Root)?;
        let mut checkpoint = Self::new(origin, size, root)?;
        for line in lines {
            if !is_line(line) {
                return Err(CheckpointError::Lines);
            }
            checkpoint.extensions.push(line.to_owned());
        }
        Ok(checkpoint)
    }

    /// The text to sign.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, encode_hash(&self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The log's name, which no other log has.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Entries in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// The lines after the root. A log of ours writes none.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

fn is_line(line: &str) -> bool {
    !line.is_empty() && !line.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "issuer.example/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_checkpoint_is_written_as_it_was_read() {
        for text in [TEXT.to_owned(), format!("{TEXT}one more\nand another\n"), TEXT.replace("\n7\n", "\n0\n")] {
            assert_eq!(Checkpoint::parse(&text).expect("sound").text(), text);
        }
        let largest = TEXT.replace("\n7\n", "\n18446744073709551615\n");
        assert_eq!(Checkpoint::parse(&largest).expect("sound").size(), u64::MAX);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        use CheckpointError::{Lines, Origin, Root, Size};
        for (text, error) in [
            (String::new(), Lines),
            ("\n".to_owned(), Size),
            (TEXT.trim_end().to_owned(), Lines),
            (format!("\n{TEXT}"), Size),
            (TEXT.replace("issuer.example/log", ""), Origin),
            (TEXT.replace("log", &"l".repeat(256)), Origin),
            (TEXT.replace("log", "l\u{85}g"), Origin),
            (TEXT.replace("\n7\n", "\n07\n"), Size),
            (TEXT.replace("\n7\n", "\n+7\n"), Size),
            (TEXT.replace("\n7\n", "\n-7\n"), Size),
            (TEXT.replace("\n7\n", "\n 7\n"), Size),
            (TEXT.replace("\n7\n", "\n\n"), Size),
            (TEXT.replace("\n7\n", "\n18446744073709551616\n"), Size),
            (TEXT.replace("q2I=", "q2I"), Root),
            (TEXT.replace("q2I=", "q2J="), Root),
            (TEXT.replace("CsUY", ""), Root),
            (format!("{TEXT}\n"), Lines),
            (format!("{TEXT}\nmore\n"), Lines),
            (format!("{TEXT}more\n\n"), Lines),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text:?}");
        }
        assert_eq!(Checkpoint::new("two\nlines", 1, [0; 32]), Err(Origin));
    }
}
