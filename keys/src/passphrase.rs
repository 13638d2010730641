//! The passphrase that key files are sealed with.

use std::fmt;

use zeroize::Zeroizing;

/// The longest passphrase, in bytes: what fits a line, and far more than helps.
pub(crate) const PASSPHRASE_BYTES: usize = 1024;

/// A passphrase: one line of 1 to 1024 bytes of UTF-8. Wiped when dropped; its `Debug` shows nothing of it.
///
/// It has no least length: a short one from a good generator is a person's own choice to make, an empty one is a mistake.
pub struct Passphrase(Zeroizing<String>);

/// Why a text is no passphrase. What is said here never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing in it.
    #[error("the passphrase is empty; `openssl rand -base64 32` makes a good one")]
    Empty,
    /// Longer than the bound.
    #[error("the passphrase has {bytes} bytes, more than the {PASSPHRASE_BYTES} that are accepted; is it the right file?")]
    TooLong {
        /// Its length, or one more than the bound where reading stopped there.
        bytes: usize,
    },
    /// A line break inside it, which other tools would take as its end.
    #[error("the passphrase has more than one line; put it on one")]
    ManyLines,
    /// Not text.
    #[error("the passphrase is not UTF-8 text; is it the right file?")]
    NotText,
}

impl Passphrase {
    /// The passphrase in `text`, from a variable or a file. One line break at its end is dropped, as editors and `echo`
    /// leave it there; white space is otherwise part of it.
    ///
    /// # Errors
    /// [`PassphraseError`] if nothing is left, if it is too long or if it has several lines.
    pub fn from_text(text: &str) -> Result<Self, PassphraseError> {
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if line.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if line.len() > PASSPHRASE_BYTES {
            return Err(PassphraseError::TooLong { bytes: line.len() });
        }
        if line.contains(['\n', '\r']) {
            return Err(PassphraseError::ManyLines);
        }
        Ok(Self(Zeroizing::new(line.to_owned())))
    }

    /// The passphrase in the bytes of a file.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, PassphraseError> {
        Self::from_text(std::str::from_utf8(bytes).map_err(|_| PassphraseError::NotText)?)
    }

    /// Its text, for what opens by a PIN.
    pub(crate) fn as_text(&self) -> &str {
        &self.0
    }

    /// Its bytes, for the key derivation.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_dropped_and_nothing_else() {
        for (text, kept) in [("a b", "a b"), ("a\n", "a"), ("a\r\n", "a"), (" a ", " a "), ("é", "é")] {
            assert_eq!(Passphrase::from_text(text).expect(text).as_bytes(), kept.as_bytes());
        }
        for (text, error) in [
            ("", PassphraseError::Empty),
            ("\n", PassphraseError::Empty),
            ("\r\n", PassphraseError::Empty),
            ("a\n\n", PassphraseError::ManyLines),
            ("a\nb", PassphraseError::ManyLines),
            ("a\r", PassphraseError::ManyLines),
        ] {
            assert_eq!(Passphrase::from_text(text).expect_err("refused"), error, "{text:?}");
        }
        assert_eq!(Passphrase::from_bytes(b"\xff").expect_err("refused"), PassphraseError::NotText);
    }

    #[test]
    fn the_bound_on_length_is_kept_on_both_sides() {
        assert!(Passphrase::from_text(&"a".repeat(PASSPHRASE_BYTES)).is_ok());
        assert_eq!(
            Passphrase::from_text(&"a".repeat(PASSPHRASE_BYTES + 1)).expect_err("refused"),
            PassphraseError::TooLong { bytes: PASSPHRASE_BYTES + 1 }
        );
    }
}
