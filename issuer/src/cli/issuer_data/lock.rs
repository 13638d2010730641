//! The data directory: its owner's alone, and one issuer's at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;

/// A data directory that no other issuer works on while this is held.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// The system lets go of the lock with the file, however the process ends.
    _lock: File,
}

impl DataDir {
    /// Makes the directory where it is missing, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, CliError> {
        let shown = path.display();
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
            CliError::io("make the data directory", &shown, &error).hint("name a directory of this user's own: --data DIR")
        })?;
        let file = path.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file)
            .map_err(|error| CliError::io("open", file.display(), &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(CliError::failed(format!("an issuer is running on the data directory `{shown}`")).hint(
                "stop it first, for one works on it at a time; verifiers go on deciding meanwhile.\nOr name another directory: --data DIR",
            )),
            Err(TryLockError::Error(error)) => Err(CliError::io("lock", file.display(), &error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_data_directory_is_one_issuers_at_a_time_and_its_owners_alone() {
        let above = tempfile::tempdir().expect("a directory");
        let path = above.path().join("a/b");
        let held = DataDir::lock(&path).expect("locked");
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o700);
        let error = DataDir::lock(&path).expect_err("held").to_text().expect("a text");
        assert!(error.contains("an issuer is running"), "{error}");
        drop(held);
        DataDir::lock(&path).expect("free again");
    }
}
