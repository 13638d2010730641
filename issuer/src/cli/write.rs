//! Writing files whole or not at all.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::error::{CliError, plain};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone: it holds a passport.
    Owner,
    /// Whom the directory lets in.
    Everyone,
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    Replaced,
    Kept,
}

/// Puts `bytes` and a line break at `path` in one step: a crash leaves the old file or the new one. On disk when this returns.
pub(crate) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), CliError> {
    put(path, bytes, readers, There::Replaced)
}

/// The same, where nothing is yet: a file that is there stays as it is, and this fails.
pub(crate) fn create(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), CliError> {
    put(path, bytes, readers, There::Kept)
}

fn put(path: &Path, bytes: &[u8], readers: Readers, there: There) -> Result<(), CliError> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everyone => 0o644,
    };
    let directory = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    let put = || {
        let mut file = tempfile::Builder::new().prefix(".passport-").permissions(Permissions::from_mode(mode)).tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        match there {
            There::Replaced => file.persist(path).map_err(|error| error.error)?,
            There::Kept => file.persist_noclobber(path).map_err(|error| error.error)?,
        };
        // The file's new name is on disk only with its directory.
        File::open(directory)?.sync_all()
    };
    put().map_err(|error| CliError::failed(format!("cannot write `{}`: {}", path.display(), plain(&error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_a_passport_is_its_owners_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("p");
        for (text, readers, others) in [("one", Readers::Everyone, 0o044), ("two", Readers::Owner, 0)] {
            write(&path, text.as_bytes(), readers).expect("written");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), format!("{text}\n"));
            // What the umask takes away is not for us to say; what others get at most is.
            let mode = path.metadata().expect("there").permissions().mode();
            assert_eq!(mode & 0o077 & !others, 0, "{mode:o}");
        }
        assert!(create(&path, b"three", Readers::Owner).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "two\n", "it was there already");
        assert_eq!(directory.path().read_dir().expect("read").count(), 1, "nothing is left beside it");
        assert!(write(&directory.path().join("none/p"), b"x", Readers::Owner).is_err());
    }
}
