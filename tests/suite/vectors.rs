//! The published vectors (`tests/vectors/*.json`): made here, compared in CI, and there for other languages.
//!
//! `UPDATE_VECTORS=1 cargo test -p passport-tests vectors` writes them again.

mod cases;
mod file;
mod worlds;

use std::collections::BTreeSet;

use passport_tests::places::workspace;
use passport_verifier::Reason;

use file::VectorFile;

#[test]
fn the_published_vectors_are_the_present_ones() {
    let update = std::env::var_os("UPDATE_VECTORS").is_some();
    for (name, file) in cases::all() {
        let path = workspace().join("tests/vectors").join(format!("{name}.json"));
        let text = file.to_json();
        if update {
            std::fs::write(&path, &text).expect("written");
            continue;
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            published, text,
            "{name}.json is stale: run `UPDATE_VECTORS=1 cargo test -p passport-tests vectors`, and look at what changed"
        );
    }
}

#[test]
fn every_reason_code_is_produced_by_a_vector() {
    let produced: BTreeSet<String> = cases::all().iter().flat_map(|(_, file)| file.reasons()).collect();
    // Proofs of possession are not specified yet (docs/format.md): a passport that needs one is `proof_required`.
    let reserved = BTreeSet::from([Reason::ProofInvalid.code().to_owned()]);
    let all: BTreeSet<String> = Reason::ALL.iter().map(|reason| reason.code().to_owned()).collect();
    assert_eq!(&produced | &reserved, all);
    assert!(produced.is_disjoint(&reserved), "take it off the list");
}

/// A stranger's reader: nothing but the file, and a verifier set up from it.
#[test]
fn a_verifier_set_up_from_the_file_alone_decides_the_same() {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        return; // They are being written.
    }
    let mut count = 0;
    for entry in std::fs::read_dir(workspace().join("tests/vectors")).expect("the vectors") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|ending| ending == "json") {
            count += VectorFile::replay(&std::fs::read_to_string(&path).expect("text"));
        }
    }
    assert!(count >= 100, "only {count} vectors");
}
