//! Keys in a directory: the only file access of this crate. Unix only, as the permissions are.

mod access;

use std::path::{Path, PathBuf};

use passport_shared::key_set::KeyId;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::passphrase::{PASSPHRASE_BYTES, Passphrase, PassphraseError};
use crate::pem::{self, PEM_BYTES};
use crate::seal::{self, SealError};
use crate::signing_key::SigningKey;

/// How the keys of a directory rest.
#[derive(Debug)]
pub enum Protection {
    /// Encrypted with a passphrase (see [`seal`](crate::seal())). A plain key in the directory is refused.
    Sealed(Passphrase),
    /// As they are, behind the permissions of the file alone: for development. A sealed key is refused.
    PlainForDevelopment,
}

impl Protection {
    /// `key` as the text that rests, sealed with what is drawn from `rng`.
    ///
    /// # Errors
    /// [`SealError`] if it cannot be written, which is not known to happen.
    pub fn to_pem(&self, key: &SigningKey, rng: &mut (impl CryptoRng + ?Sized)) -> Result<Zeroizing<String>, SealError> {
        match self {
            Self::Sealed(passphrase) => seal::seal(key, passphrase, rng),
            Self::PlainForDevelopment => pem::to_plain_pem(key),
        }
    }

    /// The key in a text that rests. With a passphrase this takes a tenth of a second, by intent.
    ///
    /// # Errors
    /// [`SealError`] if it does not open, or rests in the other way.
    pub fn from_pem(&self, text: &str) -> Result<SigningKey, SealError> {
        match self {
            Self::Sealed(passphrase) => seal::unseal(text, passphrase),
            Self::PlainForDevelopment => pem::from_plain_pem(text),
        }
    }
}

/// Why a key or passphrase cannot be read or kept. What is said here never quotes a file.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("cannot {act} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read it or change it.
    #[error(
        "`{}` has mode {mode:04o}, so that others than its owner can get at it; run `chmod {} '{}'`",
        path.display(), if *directory { "700" } else { "600" }, path.display()
    )]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Whether it is a directory.
        directory: bool,
    },
    /// Something other than a directory, or than a file.
    #[error("`{}` is not a {wanted}; name another", path.display())]
    WrongKind {
        /// What was found.
        path: PathBuf,
        /// What should be there.
        wanted: &'static str,
    },
    /// No file for this key.
    #[error("key `{id}` is not in `{}`; restore its file from a backup, or revoke the key", path.display())]
    NotHeld {
        /// Its name.
        id: KeyId,
        /// The directory.
        path: PathBuf,
    },
    /// A file that cannot be read as a key, or a key that cannot be written.
    #[error("key file `{}`: {source}", path.display())]
    Seal {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SealError,
    },
    /// A file that holds another key than its name says.
    #[error("key file `{}` holds key `{found}`, not the one that it is named for; restore it from a backup", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The key in it.
        found: KeyId,
    },
    /// A file that holds no passphrase.
    #[error("passphrase file `{}`: {source}", path.display())]
    Passphrase {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PassphraseError,
    },
}

/// A directory of key files, one `<kid>.pem` a key. Its mode is 0700, theirs 0600.
///
/// Two processes may use one directory at a time: files appear and disappear whole. A crash may leave a file `<kid>.<number>.tmp`
/// behind, which nothing reads and which may be deleted.
#[derive(Debug)]
pub struct KeyDir {
    path: PathBuf,
    protection: Protection,
}

impl KeyDir {
    /// The directory at `path`. It is made, with the directories above it, if it is not there.
    ///
    /// # Errors
    /// [`FileError::Exposed`] if others than the owner may use it, [`FileError::WrongKind`] if it is no directory,
    /// [`FileError::Io`] if it cannot be made or looked at.
    pub fn open(path: impl Into<PathBuf>, protection: Protection) -> Result<Self, FileError> {
        let path = path.into();
        access::private_directory(&path)?;
        Ok(Self { path, protection })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps `key`, sealed with what is drawn from `rng`. When this returns, the file is on disk under its name, whole.
    ///
    /// # Errors
    /// [`FileError::Io`] if it cannot be written; then there is no file of that name, or the one from before.
    pub fn store(&self, key: &SigningKey, rng: &mut (impl CryptoRng + ?Sized)) -> Result<(), FileError> {
        let path = self.file_of(key.id());
        let text = self.protection.to_pem(key, rng).map_err(|source| FileError::Seal { path: path.clone(), source })?;
        // Named by chance, so that two who store one key never write to one file.
        let temporary = path.with_extension(format!("{:016x}.tmp", rng.next_u64()));
        access::replace(&self.path, &temporary, &path, text.as_bytes())
    }

    /// The key of this name. With a passphrase this takes a tenth of a second, by intent.
    ///
    /// # Errors
    /// [`FileError::NotHeld`] if there is no file for it, [`FileError::Exposed`] if others may read the file,
    /// [`FileError::Seal`] if it does not open, [`FileError::OtherKey`] if another key is in it.
    pub fn load(&self, id: &KeyId) -> Result<SigningKey, FileError> {
        let path = self.file_of(id);
        let not_held = || FileError::NotHeld { id: *id, path: self.path.clone() };
        let bytes = access::read_private(&path, PEM_BYTES)?.ok_or_else(not_held)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| SealError::NotAKeyFile("it is not text"));
        let key = text.and_then(|text| self.protection.from_pem(text));
        match key {
            Ok(key) if key.id() == id => Ok(key),
            Ok(key) => Err(FileError::OtherKey { path, found: *key.id() }),
            Err(source) => Err(FileError::Seal { path, source }),
        }
    }

    /// The text of the key's file as it rests, to keep it elsewhere. A sealed one is not opened.
    ///
    /// # Errors
    /// [`FileError::NotHeld`] if there is no file for it, [`FileError::Exposed`] if others may read the file,
    /// [`FileError::Seal`] if it is not text.
    pub fn resting(&self, id: &KeyId) -> Result<Zeroizing<String>, FileError> {
        let path = self.file_of(id);
        let not_held = || FileError::NotHeld { id: *id, path: self.path.clone() };
        let bytes = access::read_private(&path, PEM_BYTES)?.ok_or_else(not_held)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| FileError::Seal { path, source: SealError::NotAKeyFile("it is not text") })?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The names of the keys that have a file here, sorted. Files that are not named for a key are passed over.
    ///
    /// # Errors
    /// [`FileError::Io`] if the directory cannot be read.
    pub fn list(&self) -> Result<Vec<KeyId>, FileError> {
        let names = access::names(&self.path)?;
        let mut ids: Vec<KeyId> = names.iter().filter_map(|name| name.to_str()?.strip_suffix(".pem")?.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    /// Removes the file of a key that was revoked. A key that has none is no error: to forget twice is to forget once.
    ///
    /// The bytes may survive in the file system or the disk until they are overwritten, and in backups.
    ///
    /// # Errors
    /// [`FileError::Io`] if the file cannot be removed.
    pub fn remove(&self, id: &KeyId) -> Result<(), FileError> {
        access::remove(&self.path, &self.file_of(id))
    }

    fn file_of(&self, id: &KeyId) -> PathBuf {
        // A key's name is 43 characters of base64url: no slash, no dot.
        self.path.join(format!("{id}.pem"))
    }
}

/// The passphrase in the file at `path`; one line break at its end is dropped. A file that others than its owner may read is
/// refused; a pipe, as a shell's `<(…)` gives one, has no owner to speak of.
///
/// # Errors
/// [`FileError::Exposed`], [`FileError::Passphrase`] if there is none in it, [`FileError::Io`] if it cannot be read.
pub fn read_passphrase_file(path: impl AsRef<Path>) -> Result<Passphrase, FileError> {
    let path = path.as_ref();
    // Two more for the line break.
    let bytes = access::read_private_or_pipe(path, PASSPHRASE_BYTES + 2)?;
    Passphrase::from_bytes(&bytes).map_err(|source| FileError::Passphrase { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
