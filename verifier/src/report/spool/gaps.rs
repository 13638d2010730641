//! Gap records that were made after the events were written: for what was found to be damaged, and for what the issuer
//! refuses. Each is made once and kept in a file of its own, so that it is the same however often it is delivered.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::files;

/// More than any gap record has.
const BYTES: usize = 4_096;

#[derive(Debug)]
pub(super) struct Gaps {
    directory: PathBuf,
    /// By the last number that each stands for.
    kept: BTreeMap<u64, Vec<u8>>,
}

impl Gaps {
    /// Reads those of earlier runs. One that is damaged will be made anew.
    pub(super) fn open(directory: &Path, names: &[String]) -> io::Result<Self> {
        let mut kept = BTreeMap::new();
        for name in names {
            let Some(last) = name.strip_prefix("gap-").and_then(|rest| rest.strip_suffix(".record")).and_then(|last| last.parse().ok())
            else {
                continue;
            };
            let bytes = files::read(&directory.join(name), BYTES)?.unwrap_or_default();
            if let Some((checksum, event)) = bytes.split_first_chunk::<4>()
                && crc32fast::hash(event) == u32::from_le_bytes(*checksum)
            {
                kept.insert(last, event.to_vec());
            }
        }
        Ok(Self { directory: directory.to_owned(), kept })
    }

    /// The one that ends with this number.
    pub(super) fn get(&self, last: u64) -> Option<&[u8]> {
        self.kept.get(&last).map(Vec::as_slice)
    }

    /// Keeps one, on disk before this returns.
    pub(super) fn keep(&mut self, last: u64, event: Vec<u8>) -> io::Result<()> {
        let bytes = [&crc32fast::hash(&event).to_le_bytes(), event.as_slice()].concat();
        files::replace(&self.path(last), &bytes)?;
        self.kept.insert(last, event);
        Ok(())
    }

    /// Forgets those up to this number: the issuer has them.
    pub(super) fn forget(&mut self, acknowledged: u64) {
        while let Some(last) = self.kept.first_key_value().map(|(last, _)| *last).filter(|last| *last <= acknowledged) {
            // One that stays is removed by a later run.
            let _ = files::remove(&self.path(last));
            self.kept.remove(&last);
        }
    }

    fn path(&self, last: u64) -> PathBuf {
        self.directory.join(format!("gap-{last:020}.record"))
    }
}
