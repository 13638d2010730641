//! What was signed of a log: by which key, and which checkpoints.

use std::collections::BTreeMap;

use passport_shared::log::checkpoint::Checkpoint;
use passport_verifier::log::LogVerifier;

use super::{Asked, LogReport, Place, Stored, signed_number};

/// The key to believe.
pub(super) fn key(asked: &Asked, stored: &Stored, report: &mut LogReport) -> Option<LogVerifier> {
    let kept = match &stored.key {
        None if stored.has_tree => {
            report.note(Place::Key, "the log has none".to_owned());
            None
        }
        None => None,
        Some(text) => match LogVerifier::new(text) {
            Ok(key) => Some(key),
            Err(error) => {
                report.note(Place::Key, format!("the stored one cannot be used: {error}"));
                None
            }
        },
    };
    if let (Some(asked), Some(kept)) = (&asked.key, &kept)
        && asked.verifier_key() != kept.verifier_key()
    {
        report.note(Place::Key, "the stored one is not the one that was given".to_owned());
    }
    asked.key.clone().or(kept)
}

/// The checkpoints that the key has signed, those that somebody kept among them, by size.
pub(super) fn checkpoints(key: &LogVerifier, asked: &Asked, stored: &Stored, report: &mut LogReport) -> Vec<Checkpoint> {
    let mut all = BTreeMap::new();
    let mut before = i64::MIN;
    for own in &stored.checkpoints {
        if own.signed_at < before {
            report.note(Place::Checkpoint(own.size), "it was signed before one of fewer events".to_owned());
        }
        before = own.signed_at;
        match key.checkpoint(own.note.as_bytes()) {
            Err(error) => report.note(Place::Checkpoint(own.size), error.to_string()),
            Ok(checkpoint) if signed_number(checkpoint.size()) != own.size => {
                let what = format!("it is over {} events: another one was put in its place", checkpoint.size());
                report.note(Place::Checkpoint(own.size), what);
            }
            Ok(checkpoint) => {
                all.insert(checkpoint.size(), checkpoint);
            }
        }
    }
    let newest = stored.checkpoints.last().map_or(0, |own| own.size);
    for note in &asked.kept {
        match key.checkpoint(note) {
            Err(error) => report.note(Place::Key, format!("the checkpoint that was given: {error}")),
            Ok(checkpoint) => {
                let size = checkpoint.size();
                let is_stored = stored.checkpoints.iter().any(|own| own.size == signed_number(size));
                // What is newer than all of them may be newer than a copy is. After a loss that somebody has looked at, some are gone.
                if stored.has_tree && !stored.resumed && !is_stored && signed_number(size) < newest {
                    let what = "the key has signed it, and it is not among the stored ones: it was removed".to_owned();
                    report.note(Place::Checkpoint(signed_number(size)), what);
                }
                if all.get(&size).is_some_and(|own: &Checkpoint| own.root() != checkpoint.root()) {
                    let what = "the key has signed two: the stored one, and the one that was given".to_owned();
                    report.note(Place::Checkpoint(signed_number(size)), what);
                }
                all.insert(size, checkpoint);
            }
        }
    }
    all.into_values().collect()
}
