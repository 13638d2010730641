//! The only file access of the verifier's refresh: one file, read whole or replaced whole.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Bits of a file's mode with which others could write to it.
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

/// The bytes of a file, at most `max` and one more, so that what is too long can be told. `None` if there is none.
pub(super) fn read(path: &Path, max: usize) -> io::Result<Option<Vec<u8>>> {
    match open(path)? {
        Some(file) => read_at_most(&file, max).map(Some),
        None => Ok(None),
    }
}

/// The same for a file that nobody but its owner can write to: what is in it is taken for our own.
pub(super) fn read_own(path: &Path, max: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else { return Ok(None) };
    // Asked of the open file, not of its name: what is checked is what is read.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        if mode & OTHERS_WRITE != 0 {
            let why = format!("others can write to it (mode {mode:o}); remove it, or give it back with mode 600");
            return Err(io::Error::new(ErrorKind::PermissionDenied, why));
        }
    }
    read_at_most(&file, max).map(Some)
}

fn open(path: &Path) -> io::Result<Option<File>> {
    #[expect(clippy::disallowed_methods, reason = "this room reads the refresher's files")]
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

fn read_at_most(file: &File, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts `bytes` at `path`, for its owner alone, in one step that a crash leaves done or not begun: they are written
/// beside it, down to the disk, and then get their name.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    // What an earlier run left half written, or what others put there: it is not written through.
    #[expect(clippy::disallowed_methods, reason = "this room writes the refresher's one file")]
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[expect(clippy::disallowed_methods, reason = "this room writes the refresher's one file")]
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    #[expect(clippy::disallowed_methods, reason = "this room writes the refresher's one file")]
    std::fs::rename(&beside, path)?;
    // A name is on disk only once its directory is.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    open(directory)?.map_or(Ok(()), |directory| directory.sync_all())
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it names no file"))?;
    let mut name = name.to_owned();
    name.push(".new");
    Ok(path.with_file_name(name))
}
