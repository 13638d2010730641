//! Taking an archive apart: what is not of its form, not in its manifest or not what that says ends it.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use passport_shared::text::{escape, quote};

use crate::cli::backup::DATABASE_NAME;
use crate::cli::backup::archive::{FORMAT, KEY_BYTES, MANIFEST, MANIFEST_BYTES, Manifest, key_of, sum_up};
use crate::cli::error::{CliError, plain};
use crate::cli::issuer_data::KEYS;
use crate::cli::output::Output;
use crate::cli::progress::Progress;

/// Writes the files of the archive at `path` into the directory `to`, down to the disk, each for its owner alone.
pub(super) fn unpack(path: &Path, to: &Path, out: Output) -> Result<Manifest, CliError> {
    let file = File::open(path).map_err(|error| CliError::io("open", path.display(), &error))?;
    let broken = |error: &io::Error| bad(path, &format!("cannot be read: {}", plain(error)));
    let mut archive = tar::Archive::new(io::BufReader::new(file));
    let mut entries = archive.entries().map_err(|error| broken(&error))?;

    let first = entries.next().ok_or_else(|| bad(path, "is empty"))?.map_err(|error| broken(&error))?;
    if name_of(&first).as_deref() != Some(MANIFEST) || first.size() > MANIFEST_BYTES {
        return Err(bad(path, "does not begin with a manifest: is it the right file?"));
    }
    let mut text = Vec::new();
    first.take(MANIFEST_BYTES).read_to_end(&mut text).map_err(|error| broken(&error))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| bad(path, &format!("has a manifest that cannot be read: {}", escape(&error.to_string()))))?;
    if manifest.format != FORMAT {
        return Err(CliError::failed(format!(
            "the backup `{}` has form {} and this release reads {FORMAT}",
            path.display(),
            manifest.format
        ))
        .hint(format!("it was written by release {}", quote(&manifest.version))));
    }

    let make = |error: io::Error| CliError::io("make", to.display(), &error);
    DirBuilder::new().mode(0o700).create(to.join(KEYS)).map_err(make)?;
    let progress = Progress::bytes(manifest.database_bytes(), "unpacked", out);
    let mut missing: BTreeSet<&str> = manifest.files.keys().map(String::as_str).collect();
    for entry in entries {
        let mut entry = entry.map_err(|error| broken(&error))?;
        let name = name_of(&entry).ok_or_else(|| bad(path, "holds something other than files"))?;
        let fits = match name.as_str() {
            DATABASE_NAME => true,
            // Of a name that reads as a key's there is no way out of the directory.
            key => key_of(key).is_some() && entry.size() <= KEY_BYTES,
        };
        // Each file once, and none that the manifest does not have.
        let Some(sum) = manifest.files.get(&name).filter(|sum| fits && missing.remove(name.as_str()) && sum.bytes == entry.size()) else {
            return Err(bad(path, &format!("holds {}, which does not belong there", quote(&name))));
        };
        let mut put = || -> io::Result<_> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to.join(&name))?;
            let found = sum_up(&mut progress.watch(&mut entry), &mut file)?;
            file.sync_all().map(|()| found)
        };
        if put().map_err(|error| CliError::io("write", to.join(&name).display(), &error))? != *sum {
            return Err(bad(path, &format!("is damaged: {} is not what its manifest says", quote(&name))));
        }
    }
    match missing.first() {
        None if manifest.files.contains_key(DATABASE_NAME) => Ok(manifest),
        None => Err(bad(path, "has no database")),
        Some(name) => Err(bad(path, &format!("lacks {}: it was cut off", quote(name)))),
    }
}

/// The name of a plain file in the archive.
fn name_of<R: Read>(entry: &tar::Entry<'_, R>) -> Option<String> {
    let plain_file = entry.header().entry_type() == tar::EntryType::Regular;
    entry.path().ok().filter(|_| plain_file).and_then(|path| path.to_str().map(str::to_owned))
}

fn bad(path: &Path, why: &str) -> CliError {
    CliError::failed(format!("the backup `{}` {why}", path.display())).hint("take another backup; nothing was restored")
}
