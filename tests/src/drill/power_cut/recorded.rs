//! The data directory of an issuer whose changes are recorded, and what a power cut makes of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::disk::{Disk, Syncs, Unsynced};
use super::journal;
use crate::generate::Gen;
use crate::places::workspace;

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A data directory beside its journal.
pub(super) struct Recorded {
    data: PathBuf,
    journal: PathBuf,
    /// What there was when the journal was begun.
    start: Files,
    folder: TempDir,
}

impl Recorded {
    /// For the data directory of an issuer that has not been started yet. Builds the shim.
    pub(super) fn new(data: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("shim.so"))
            .arg(workspace().join("tests/power_cut/shim.c"))
            .args(["-ldl", "-lpthread"])
            .status()
            .expect("cc runs: it comes with build-essential");
        assert!(built.success(), "the shim does not build");
        // The kernel tells the shim the paths of open files without links in them.
        let above = data.parent().expect("a folder").canonicalize().expect("it is there");
        let data = above.join(data.file_name().expect("a name"));
        Self { data, journal: folder.path().join("journal"), start: Files::new(), folder }
    }

    /// What the issuer is to be started with.
    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", self.folder.path().join("shim.so").into()),
            ("POWER_CUT_DIRECTORY", self.data.clone().into()),
            ("POWER_CUT_JOURNAL", self.journal.clone().into()),
        ]
    }

    /// Begins the journal anew: what there is now is on the disk.
    pub(super) fn begin(&mut self) {
        self.start = self.files();
        let _ = fs::remove_file(&self.journal);
    }

    /// The disk at the end of the journal.
    pub(super) fn disk(&self, syncs: Syncs) -> Disk {
        let mut disk = Disk::new(syncs, self.start.clone());
        journal::read(&self.journal).into_iter().for_each(|record| disk.apply(record));
        disk
    }

    /// What was changed and not recorded, after a clean end.
    pub(super) fn missed(&self) -> Vec<String> {
        let replayed = shown(self.disk(Syncs::All).after(Unsynced::Kept, &mut Gen::new(0)));
        let found = self.files();
        let paths = replayed.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>();
        let differs = paths.into_iter().filter(|path| replayed.get(*path) != found.get(*path));
        let bytes = |files: &Files, path: &PathBuf| files.get(path).map_or("no file".to_owned(), |file| format!("{} bytes", file.len()));
        differs.map(|path| format!("{}: {} recorded, {} there", path.display(), bytes(&replayed, path), bytes(&found, path))).collect()
    }

    /// How many changes are in the journal.
    pub(super) fn changes(&self) -> u64 {
        journal::read(&self.journal).len() as u64
    }

    /// Makes the data directory what it is `after` a power cut.
    pub(super) fn become_what_is(&self, after: Files) {
        use std::os::unix::fs::PermissionsExt as _;
        let after = shown(after);
        for entry in paths(&self.data) {
            if !after.contains_key(&entry) {
                fs::remove_file(&entry).expect("removed");
            }
        }
        for (path, bytes) in &after {
            let is_new = !path.exists();
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("written");
            if is_new {
                fs::set_permissions(path, Permissions::from_mode(0o600)).expect("closed to others");
            }
        }
    }

    fn files(&self) -> Files {
        let files = paths(&self.data).into_iter().map(|path| {
            let bytes = fs::read(&path).expect("read");
            (path, bytes)
        });
        shown(files.collect())
    }
}

/// Without what SQLite shares between processes in memory, which no power cut leaves.
fn shown(mut files: Files) -> Files {
    files.retain(|path, _| !path.to_string_lossy().ends_with("-shm"));
    files
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let each = entries.flat_map(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() { paths(&path) } else { vec![path] }
    });
    each.collect()
}
