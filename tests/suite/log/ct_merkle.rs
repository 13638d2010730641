//! The tree agrees with the crate `ct-merkle`, which others wrote.

use std::collections::HashMap;
use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use passport_shared::log::merkle::{Frontier, Hash, Node, Plan, ProofError, leaf_hash, verify_consistency, verify_inclusion};
use passport_tests::generate::Gen;
use sha2::Sha256;

/// Entries of the largest tree.
const SIZE: u64 = 2_000;

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

/// One log in both implementations, with the roots that it had at each size.
#[derive(Default)]
struct Both {
    theirs: Theirs,
    tree: Frontier,
    nodes: HashMap<Node, Hash>,
    /// From the tree without entries on.
    roots: Vec<Hash>,
}

impl Both {
    fn new() -> Both {
        Both { roots: vec![Frontier::default().root()], ..Both::default() }
    }

    fn append(&mut self, generator: &mut Gen) {
        let entry: Vec<u8> = (0..generator.below(40)).map(|_| generator.next_u64().to_le_bytes()[0]).collect();
        let nodes = &mut self.nodes;
        let keep = |node, hash: &Hash| assert!(nodes.insert(node, *hash).is_none());
        self.tree.append_with(leaf_hash(&entry), keep).expect("room");
        self.theirs.push(entry);
        self.roots.push(self.tree.root());
        assert_eq!(self.tree.root()[..], self.theirs.root().as_bytes()[..], "{} entries", self.tree.size());
    }

    fn ours(&self, plan: Result<Plan, ProofError>) -> Vec<Hash> {
        plan.expect("a plan").hashes(|node| Ok::<_, Infallible>(self.nodes[&node])).expect("every node is there")
    }
}

/// One bit of one hash of the proof, or a hash more or fewer, or nothing.
fn damaged(generator: &mut Gen, proof: &[Hash]) -> Vec<Hash> {
    let mut proof = proof.to_vec();
    match generator.below(6) {
        0 if !proof.is_empty() => {
            let at = generator.below(proof.len());
            proof[at][generator.below(32)] ^= 1 << generator.below(8);
        }
        1 => drop(proof.pop()),
        2 => proof.push([7; 32]),
        _ => {}
    }
    proof
}

#[test]
fn roots_and_inclusions_agree_with_ct_merkle_on_random_trees() {
    let mut generator = super::generator(1);
    let (mut both, mut held, mut refused) = (Both::new(), 0, 0);
    for size in 1..=SIZE {
        both.append(&mut generator);
        let index = generator.below(size as usize);
        let theirs = both.theirs.prove_inclusion(index);
        let ours = both.ours(Plan::inclusion(index as u64, size));
        assert_eq!(ours.concat(), theirs.as_bytes(), "{index} of {size}");
        // Whatever is asked, both give the same answer.
        let proof = damaged(&mut generator, &ours);
        let [asked, other] = [0; 2].map(|_| if generator.chance(200) { generator.below(size as usize) } else { index });
        let entry = &both.theirs.items()[other];
        let ours = verify_inclusion(&leaf_hash(entry), asked as u64, size, &proof, &both.tree.root());
        let theirs = InclusionProof::try_from_bytes(proof.concat()).expect("whole hashes");
        let theirs = both.theirs.root().verify_inclusion(entry, asked as u64, &theirs);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{asked} of {size}: {ours:?}, {theirs:?}");
        *(if ours.is_ok() { &mut held } else { &mut refused }) += 1;
    }
    assert!(held > 400 && refused > 400, "{held} held, {refused} were refused: does this test still see both?");
}

#[test]
fn consistency_agrees_with_ct_merkle_on_random_pairs_of_sizes() {
    let mut generator = super::generator(2);
    let (mut both, mut held, mut refused) = (Both::new(), 0, 0);
    for new in 1..=SIZE {
        both.append(&mut generator);
        let old = 1 + generator.below(new as usize);
        let theirs = both.theirs.prove_consistency(new as usize - old);
        let ours = both.ours(Plan::consistency(old as u64, new));
        assert_eq!(ours.concat(), theirs.as_bytes(), "{old} to {new}");
        let proof = damaged(&mut generator, &ours);
        let asked = if generator.chance(200) { 1 + generator.below(new as usize) } else { old };
        let root = both.roots[if generator.chance(200) { asked - 1 } else { asked }];
        let ours = verify_consistency(asked as u64, &root, new, &both.tree.root(), &proof);
        let theirs = ConsistencyProof::try_from_bytes(proof.concat()).expect("whole hashes");
        let theirs = both.theirs.root().verify_consistency(&RootHash::new(root.into(), asked as u64), &theirs);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{asked} to {new}: {ours:?}, {theirs:?}");
        *(if ours.is_ok() { &mut held } else { &mut refused }) += 1;
    }
    assert!(held > 400 && refused > 400, "{held} held, {refused} were refused: does this test still see both?");
}
