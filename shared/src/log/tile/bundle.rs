//! Bundles of entries: each with its length before it, in two bytes with the higher first.

/// Bytes of one entry at most: what two bytes can count.
pub const ENTRY_BYTES: usize = u16::MAX as usize;

/// An entry that a bundle cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry has at most {ENTRY_BYTES} bytes, and this one has {bytes}")]
pub struct EntryTooLong {
    /// Its length.
    pub bytes: usize,
}

/// Why bytes are no bundle of so many entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// They end within an entry, or before the last one.
    #[error("the bundle ends within entry {entry} of {width}, counted from 0")]
    Cut {
        /// The entry that is not whole.
        entry: u64,
        /// Entries that there should be.
        width: u64,
    },
    /// There is something after the last entry.
    #[error("the bundle has {bytes} bytes after the last of its {width} entries")]
    Trailing {
        /// Bytes too many.
        bytes: usize,
        /// Entries that there should be.
        width: u64,
    },
}

/// Appends an entry to a bundle.
///
/// # Errors
/// [`EntryTooLong`], and nothing is written.
pub fn write_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntryTooLong> {
    let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong { bytes: entry.len() })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, as many as `width` says, which is at most 256, and nothing after them.
///
/// # Errors
/// [`BundleError`] for anything else.
pub fn read_bundle(bytes: &[u8], width: u64) -> Result<Vec<&[u8]>, BundleError> {
    let (mut rest, mut entries) = (bytes, Vec::new());
    for entry in 0..width {
        let cut = BundleError::Cut { entry, width };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(cut)?;
        let (whole, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(cut)?;
        entries.push(whole);
        rest = after;
    }
    match rest.len() {
        0 => Ok(entries),
        bytes => Err(BundleError::Trailing { bytes, width }),
    }
}
