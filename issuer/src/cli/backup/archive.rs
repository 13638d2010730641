//! The file of a backup: a tar archive of a manifest, the database and the key files, in this order and nothing else.
//!
//! The manifest says of every other file how long it is and what its SHA-256 is, so that a backup that was cut off or
//! has rotted is told before anything is made of it. It is no signature: who can write the file can write another.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use passport_shared::key_set::KeyId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::DATABASE_NAME;
use crate::cli::issuer_data::KEYS;
use crate::cli::progress::Progress;
use crate::hex::hex;

/// The form of the archive.
pub(crate) const FORMAT: u32 = 1;
/// The manifest's name. It comes first.
pub(crate) const MANIFEST: &str = "manifest.json";
/// More than any manifest needs: 10,000 keys.
pub(crate) const MANIFEST_BYTES: u64 = 4 << 20;
/// More than any key file has.
pub(crate) const KEY_BYTES: u64 = 16_384;

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The release that wrote it.
    pub(crate) version: String,
    /// In seconds since 1970.
    pub(crate) created_at: i64,
    /// The issuer's URL.
    pub(crate) issuer: String,
    /// Whether every key file is sealed.
    pub(crate) sealed: bool,
    pub(crate) files: BTreeMap<String, Sum>,
}

/// How long a file is, and its SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sum {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// A key file as it rests.
pub(crate) struct KeyFile {
    /// In the archive.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Manifest {
    /// Of the files that there are.
    pub(crate) fn of(issuer: &str, now: i64, database: &Path, keys: &[KeyFile]) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        files.insert(DATABASE_NAME.to_owned(), sum_up(&mut File::open(database)?, &mut io::sink())?);
        for key in keys {
            files.insert(key.name.clone(), sum_up(&mut key.bytes.as_slice(), &mut io::sink())?);
        }
        let sealed = keys.iter().all(|key| is_sealed(&key.bytes));
        Ok(Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: now,
            issuer: issuer.to_owned(),
            sealed,
            files,
        })
    }

    /// Bytes of the database.
    pub(crate) fn database_bytes(&self) -> u64 {
        self.files.get(DATABASE_NAME).map_or(0, |sum| sum.bytes)
    }

    /// How many key files there are.
    pub(crate) fn key_count(&self) -> usize {
        self.files.keys().filter(|name| key_of(name).is_some()).count()
    }
}

/// Whether a key file is encrypted (PKCS#8).
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    const SEALED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    bytes.windows(SEALED.len()).any(|window| window == SEALED)
}

/// The key that a name in an archive belongs to; `None`: it is no key's name.
pub(crate) fn key_of(name: &str) -> Option<KeyId> {
    name.strip_prefix(KEYS)?.strip_prefix('/')?.strip_suffix(".pem")?.parse().ok()
}

/// Copies `from` to `to`, and says what went through.
pub(crate) fn sum_up(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        hash.update(chunk);
        to.write_all(chunk)?;
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    Ok(Sum { bytes, sha256: hex(hash.finalize()) })
}

/// The key files of a directory, by name. Files that are not named for a key are passed over.
pub(crate) fn keys(directory: &Path) -> io::Result<Vec<KeyFile>> {
    let mut keys = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{KEYS}/{}", entry.file_name().to_string_lossy());
        if key_of(&name).is_none() || !entry.file_type()?.is_file() {
            continue;
        }
        let mut bytes = Vec::new();
        match File::open(entry.path()) {
            Ok(file) => file.take(KEY_BYTES).read_to_end(&mut bytes)?,
            // Revoked and gone since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        keys.push(KeyFile { name, bytes });
    }
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(keys)
}

/// Writes the archive. The bytes of the database, by far the most of it, are the progress.
pub(crate) fn write(to: &File, manifest: &Manifest, database: &Path, keys: &[KeyFile], progress: &Progress) -> io::Result<()> {
    let mut archive = tar::Builder::new(io::BufWriter::new(to));
    let head = |bytes: u64| {
        let mut head = tar::Header::new_gnu();
        head.set_size(bytes);
        head.set_mode(0o600);
        head.set_mtime(u64::try_from(manifest.created_at).unwrap_or(0));
        head.set_entry_type(tar::EntryType::Regular);
        head
    };
    let text = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
    archive.append_data(&mut head(u64::try_from(text.len()).unwrap_or(u64::MAX)), MANIFEST, text.as_slice())?;
    let file = File::open(database)?;
    archive.append_data(&mut head(file.metadata()?.len()), DATABASE_NAME, progress.watch(file))?;
    for key in keys {
        archive.append_data(&mut head(u64::try_from(key.bytes.len()).unwrap_or(u64::MAX)), &key.name, key.bytes.as_slice())?;
    }
    archive.into_inner()?.flush()
}
