//! The file that proves one decision: that it is in the log, at which place, and what it said. Whoever has the log's verifier
//! key checks it, on a machine that has nothing else.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::entry::{Entry, EntryError};
use super::merkle::{Hash, ProofError, leaf_hash, verify_inclusion};
use super::note::{Note, NoteError, VerifierKey};
use super::{decode_hash, encode_hash};
use crate::jose::SIGNATURE_BYTES;
use crate::json::write::push_string;
use crate::json::{Controls, Document, Value};
use crate::key_set::PublicKeyBytes;
use crate::limits::LOG_PROOF_BYTES;
use crate::text::quote;

/// What `format` says.
const FORMAT: &str = "passport-log-proof-1";
/// Hashes of the longest proof that there is.
const HASHES: usize = 64;

/// A proof as it stands in a file, and nothing in it proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `checkpoint`: the signed note.
    pub checkpoint: String,
    /// `index`: the entry's place in the tree, from 0.
    pub index: u64,
    /// `entry`: its bytes.
    pub entry: String,
    /// `hashes`: the inclusion proof, from the entry up.
    pub hashes: Vec<Hash>,
    /// `body`: the event as it is stored; `None`, written `null`, if it was dropped by age.
    pub body: Option<String>,
}

/// What a proof has proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The checkpoint that the key has signed.
    pub checkpoint: Checkpoint,
    /// The entry's place in the tree, from 0.
    pub index: u64,
    /// The entry.
    pub entry: Entry<'static>,
    /// The event as it is stored, or `None` if the file does not have it.
    pub body: Option<String>,
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// Not a proof file.
    #[error("the file is no proof: {0}")]
    File(&'static str),
    /// The checkpoint is not one that the key has signed.
    #[error("the checkpoint in the proof: {0}")]
    Note(#[from] NoteError),
    /// What the key has signed is no checkpoint.
    #[error("the checkpoint in the proof: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// It is a checkpoint of another log.
    #[error("the checkpoint is of the log {}, and the key is for {}", quote(origin), quote(key))]
    OtherLog {
        /// The log that the checkpoint names.
        origin: String,
        /// The key's name.
        key: String,
    },
    /// The entry is not in that tree.
    #[error("the entry: {0}")]
    Inclusion(#[from] ProofError),
    /// The log has an entry there that cannot be read.
    #[error("the log has this entry, but it cannot be read: {0}")]
    Entry(#[from] EntryError),
    /// The body is not the one that was taken in.
    #[error("the body is not the one that the entry names: it was changed after it was taken into the log, or in the proof")]
    OtherBody,
}

impl Proof {
    /// The file: one JSON object, a member a line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\n  \"format\": \"{FORMAT}\",\n  \"checkpoint\": ");
        push_string(&mut out, &self.checkpoint);
        out.push_str(&format!(",\n  \"index\": {},\n  \"entry\": ", self.index));
        push_string(&mut out, &self.entry);
        let hashes: Vec<String> = self.hashes.iter().map(|hash| format!("\"{}\"", encode_hash(hash))).collect();
        out.push_str(&format!(",\n  \"hashes\": [{}],\n  \"body\": ", hashes.join(", ")));
        match &self.body {
            Some(body) => push_string(&mut out, body),
            None => out.push_str("null"),
        }
        out.push_str("\n}\n");
        out
    }

    /// Reads a file: the members above, each once and no other, in any order.
    ///
    /// # Errors
    /// [`Unproved::File`], for more than 8,388,608 bytes too.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unproved> {
        use Unproved::File;
        if bytes.len() > LOG_PROOF_BYTES {
            return Err(File("it is longer than 8 MiB"));
        }
        // The body may have line breaks, or characters that an attribute's value may have.
        let document = Document::read(bytes, Controls::InValues).map_err(|_| File("it is not a sound JSON object"))?;
        let root = document.root();
        if root.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(File("its `format` is not `passport-log-proof-1`: a newer release may be able to read it"));
        }
        const NAMES: [&str; 6] = ["format", "checkpoint", "index", "entry", "hashes", "body"];
        if root.members().into_iter().flatten().any(|(name, _)| !NAMES.contains(&name)) {
            return Err(File("it has a member that a proof does not have"));
        }
        let text = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
        let index = root.get("index").and_then(|value| value.as_integer(i64::MAX)).and_then(|index| u64::try_from(index).ok());
        let hashes = root.get("hashes").and_then(Value::items).filter(|items| items.clone().nth(HASHES).is_none());
        let hashes = hashes.and_then(|items| items.map(|item| item.as_str().and_then(decode_hash)).collect());
        Ok(Self {
            checkpoint: text("checkpoint").ok_or(File("its `checkpoint` is no string"))?,
            index: index.ok_or(File("its `index` is no whole number"))?,
            entry: text("entry").ok_or(File("its `entry` is no string"))?,
            hashes: hashes.ok_or(File("its `hashes` are not at most 64 hashes in Base64"))?,
            body: match root.get("body") {
                Some(value) if value.kind_name() == "null" => None,
                _ => Some(text("body").ok_or(File("its `body` is neither a string nor `null`"))?),
            },
        })
    }

    /// Proves it: the key has signed the checkpoint, of the log that the key is named for; the entry is in that tree, at that
    /// place; and the body is the one that the entry names. `check` answers whether a signature holds
    /// ([`Note::open`]).
    ///
    /// # Errors
    /// [`Unproved`] with the first of these that is not so.
    pub fn verify(
        self,
        key: &VerifierKey,
        check: impl Fn(&PublicKeyBytes, &[u8], &[u8; SIGNATURE_BYTES]) -> bool,
    ) -> Result<Proved, Unproved> {
        let checkpoint = open_checkpoint(self.checkpoint.as_bytes(), key, check)?;
        let leaf = leaf_hash(self.entry.as_bytes());
        verify_inclusion(&leaf, self.index, checkpoint.size(), &self.hashes, checkpoint.root())?;
        let entry = Entry::read(self.entry.as_bytes())?;
        if self.body.as_ref().is_some_and(|body| Entry::hash_of(body) != entry.body_hash) {
            return Err(Unproved::OtherBody);
        }
        Ok(Proved { checkpoint, index: self.index, entry, body: self.body })
    }
}

/// The checkpoint in a note, if `key` has signed it and is named for its log. `check` as in [`Note::open`].
///
/// # Errors
/// [`Unproved::Note`], [`Unproved::Checkpoint`] and [`Unproved::OtherLog`].
pub fn open_checkpoint(
    note: &[u8],
    key: &VerifierKey,
    check: impl Fn(&PublicKeyBytes, &[u8], &[u8; SIGNATURE_BYTES]) -> bool,
) -> Result<Checkpoint, Unproved> {
    let checkpoint = Checkpoint::parse(Note::parse(note)?.open(key, check)?)?;
    if checkpoint.origin() == key.name() {
        Ok(checkpoint)
    } else {
        Err(Unproved::OtherLog { origin: checkpoint.origin().to_owned(), key: key.name().to_owned() })
    }
}

#[cfg(test)]
mod tests;
