use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::log::merkle::{Frontier, Plan};
use crate::log::note::assemble;

const ORIGIN: &str = "issuer.example/log";
const BODY: &str = "{\"requestId\": \"req_1\",\n\t\"note\": \"\u{80}\u{7f}\\u0001 \\\"é\\\"\"}";

fn key() -> VerifierKey {
    VerifierKey::new(ORIGIN, [9; 32]).expect("a name")
}

/// Stands for a signature: a hash of the text. The real ones are tried in `verifier`.
fn check(key: &PublicKeyBytes, text: &[u8], signature: &[u8; 64]) -> bool {
    key == &[9; 32] && signature == &sign(text)
}

fn sign(text: &[u8]) -> [u8; 64] {
    let half = leaf_hash(text);
    [half, half].concat().try_into().expect("64 bytes")
}

fn entry() -> Entry<'static> {
    Entry { event_id: "evt_1".into(), kind: "decision".into(), body_hash: Entry::hash_of(BODY), ..Entry::default() }
}

/// The proof of entry 2 of 5.
fn proof() -> Proof {
    proof_of(&entry().to_text().expect("short"), ORIGIN)
}

fn proof_of(entry: &str, origin: &str) -> Proof {
    let (mut tree, mut nodes) = (Frontier::default(), std::collections::HashMap::new());
    for line in ["a", "b", entry, "d", "e"] {
        let keep = |node, hash: &Hash| assert_eq!(nodes.insert(node, *hash), None);
        tree.append_with(leaf_hash(line.as_bytes()), keep).expect("room");
    }
    let text = Checkpoint::new(origin, 5, tree.root()).expect("an origin").text();
    Proof {
        checkpoint: assemble(&text, &key(), &sign(text.as_bytes())),
        index: 2,
        entry: entry.to_owned(),
        hashes: Plan::inclusion(2, 5).expect("inside").hashes(|node| Ok::<_, Infallible>(nodes[&node])).expect("there"),
        body: Some(BODY.to_owned()),
    }
}

#[test]
fn a_decision_is_proved_by_its_file_and_the_key() {
    let read = Proof::parse(proof().to_json().as_bytes()).expect("a proof");
    assert_eq!(read, proof());
    let proved = read.verify(&key(), check).expect("proved");
    assert_eq!((proved.checkpoint.size(), proved.index, proved.entry, proved.body.as_deref()), (5, 2, entry(), Some(BODY)));
    // With the body dropped by age, the rest is proved as before.
    let without = Proof { body: None, ..proof() };
    let read = Proof::parse(without.to_json().as_bytes()).expect("a proof");
    assert_eq!(read.verify(&key(), check).expect("proved").body, None);
}

#[test]
fn what_is_not_proved_is_said_as_what_it_is() {
    let fails = |proof: Proof| proof.verify(&key(), check).expect_err("not proved");
    let sound = proof();
    assert_eq!(fails(Proof { body: Some(BODY.replace("req_1", "req_2")), ..sound.clone() }), Unproved::OtherBody);
    assert_eq!(fails(Proof { entry: sound.entry.replace("evt_1", "evt_2"), ..sound.clone() }), Unproved::Inclusion(ProofError::OtherRoot));
    assert_eq!(fails(Proof { index: 3, ..sound.clone() }), Unproved::Inclusion(ProofError::OtherRoot));
    assert_eq!(fails(Proof { index: 5, ..sound.clone() }), Unproved::Inclusion(ProofError::OutsideTree { index: 5, size: 5 }));
    assert!(matches!(fails(Proof { hashes: Vec::new(), ..sound.clone() }), Unproved::Inclusion(ProofError::TooShort { .. })));
    let resized = sound.checkpoint.replace("\n5\n", "\n6\n");
    assert!(matches!(fails(Proof { checkpoint: resized, ..sound.clone() }), Unproved::Note(NoteError::BadSignature(_))));
    let renamed = sound.checkpoint.replace("— issuer", "— tissuer");
    assert!(matches!(fails(Proof { checkpoint: renamed, ..sound.clone() }), Unproved::Note(NoteError::NotSigned(_))));
    assert_eq!(
        fails(proof_of(&sound.entry, "another.example/log")),
        Unproved::OtherLog { origin: "another.example/log".to_owned(), key: ORIGIN.to_owned() }
    );
    assert!(matches!(fails(proof_of("{}", ORIGIN)), Unproved::Entry(EntryError::Malformed(_))));
    let text = "no checkpoint\n";
    let note = assemble(text, &key(), &sign(text.as_bytes()));
    assert_eq!(fails(Proof { checkpoint: note, ..sound.clone() }), Unproved::Checkpoint(CheckpointError::Size));
    let other_key = VerifierKey::new(ORIGIN, [8; 32]).expect("a name");
    assert!(matches!(sound.verify(&other_key, check), Err(Unproved::Note(NoteError::NotSigned(_)))));
}

#[test]
fn what_is_no_proof_file_is_refused() {
    let json = proof().to_json();
    for changed in [
        String::new(),
        "[]".to_owned(),
        json.replace("proof-1", "proof-2"),
        json.replace("\"index\": 2", "\"index\": 2.0"),
        json.replace("\"index\": 2", "\"index\": -2"),
        json.replace("\"index\": 2", "\"index\": \"2\""),
        json.replace("\"index\": 2", "\"index\": 2, \"index\": 2"),
        json.replace("\"index\": 2", "\"index\": 2, \"note\": 2"),
        json.replace("\"index\": 2,", ""),
        json.replace("\"hashes\": [", "\"hashes\": [\"\", "),
        json.replace("\"hashes\": [", &format!("\"hashes\": [{}", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\", ".repeat(64))),
        json.replace("\"body\": \"", "\"body\": 1, \"rest\": \""),
        json.replace("\"body\"", "\"bodies\""),
        format!("{json}x"),
        format!("{json}{}", " ".repeat(LOG_PROOF_BYTES)),
    ] {
        assert!(matches!(Proof::parse(changed.as_bytes()), Err(Unproved::File(_))), "{changed:.600}");
    }
    let largest = Proof { body: Some("\u{1}".repeat(crate::limits::AUDIT_EVENT_BYTES)), ..proof() };
    assert_eq!(Proof::parse(largest.to_json().as_bytes()), Ok(largest));
}

proptest! {
    #[test]
    fn a_bit_flipped_anywhere_in_a_proof_is_found(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = proof().to_json().into_bytes();
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        // What is left is refused, or is the same proof: white space, or a letter of an escape, says nothing.
        if let Ok(read) = Proof::parse(&bytes) {
            let is_the_same = read == proof();
            prop_assert_eq!(read.verify(&key(), check).is_ok(), is_the_same, "byte {}", place);
        }
    }
}
