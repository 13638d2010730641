//! Reading and writing files that hold secrets: nobody else's eyes, whole or not at all, on disk when done.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::FileError;

/// Everyone but the owner.
const OTHERS: u32 = 0o077;

/// Turns what the system said into an error that names the file.
fn cannot<'p>(act: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> FileError + 'p {
    move |source| FileError::Io { act, path: path.to_owned(), source }
}

/// Sees to it that there is a directory at `path` that its owner alone can use.
pub(super) fn private_directory(path: &Path) -> Result<(), FileError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    if !missing.is_empty() {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(cannot("make the directory", path))?;
    }
    for above in missing.iter().filter_map(|made| made.parent()) {
        sync(if above.as_os_str().is_empty() { Path::new(".") } else { above })?;
    }
    let metadata = fs::metadata(path).map_err(cannot("look at", path))?;
    if !metadata.is_dir() {
        return Err(FileError::WrongKind { path: path.to_owned(), wanted: "directory" });
    }
    for_its_owner_alone(path, &metadata)
}

/// Refuses what others may read, write or enter.
fn for_its_owner_alone(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(FileError::Exposed { path: path.to_owned(), mode, directory: metadata.is_dir() })
}

/// The bytes of a file that its owner alone can use, `None` if there is no such file. Reads one byte more than
/// `max` at the most, so that what is too long can be told.
pub(super) fn read_private(path: &Path, max: usize) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(cannot("open", path))?,
    };
    // Asked of the open file, not of its name: what is checked is what is read.
    let metadata = file.metadata().map_err(cannot("look at", path))?;
    if !metadata.is_file() {
        return Err(FileError::WrongKind { path: path.to_owned(), wanted: "file" });
    }
    for_its_owner_alone(path, &metadata)?;
    read(file, path, max).map(Some)
}

/// The same for something that must be there and may be a pipe.
pub(super) fn read_private_or_pipe(path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let file = File::open(path).map_err(cannot("open", path))?;
    let metadata = file.metadata().map_err(cannot("look at", path))?;
    if metadata.is_file() {
        for_its_owner_alone(path, &metadata)?;
    }
    read(file, path, max)
}

fn read(file: File, path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let limit = max.saturating_add(1);
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.saturating_add(64)));
    file.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes).map_err(cannot("read", path))?;
    Ok(bytes)
}

/// Puts `bytes` at `path`, a file in `directory`, in one step that a crash leaves done or not begun: they are
/// written to `temporary`, a name that is not in use, down to the disk, and then get their own name.
pub(super) fn replace(directory: &Path, temporary: &Path, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary).map_err(cannot("make", temporary))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(cannot("write", temporary));
    let placed = written.and_then(|()| fs::rename(temporary, path).map_err(cannot("put in place", path)));
    if placed.is_err() {
        // The error that led here is the one to tell of.
        let _ = fs::remove_file(temporary);
    }
    placed?;
    sync(directory)
}

/// Removes the file at `path`, down to the disk. One that is not there is no error.
pub(super) fn remove(directory: &Path, path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => {
            removed.map_err(cannot("remove", path))?;
            sync(directory)
        }
    }
}

/// A name in a directory is on disk only once the directory is.
fn sync(directory: &Path) -> Result<(), FileError> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(cannot("write", directory))
}

/// The names in a directory.
pub(super) fn names(directory: &Path) -> Result<Vec<OsString>, FileError> {
    let entries = fs::read_dir(directory).map_err(cannot("list", directory))?;
    entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(cannot("list", directory))).collect()
}
