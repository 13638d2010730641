use std::collections::HashMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// The eight entries of the test tree that the Certificate Transparency project publishes for RFC 6962.
const ENTRIES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// Its roots with one to eight entries.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const F: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).expect("hex")).expect("small");
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn hash(hex: &str) -> Hash {
    bytes(hex).try_into().expect("32 bytes")
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().map(|hex| hash(hex)).collect()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// A tree with all its complete subtrees.
fn tree(leaves: &[Hash]) -> (Frontier, HashMap<Node, Hash>) {
    let (mut tree, mut nodes) = (Frontier::default(), HashMap::new());
    for leaf in leaves {
        tree.append_with(*leaf, |node, hash| assert_eq!(nodes.insert(node, *hash), None)).expect("room");
    }
    (tree, nodes)
}

fn made(plan: Result<Plan, ProofError>, nodes: &HashMap<Node, Hash>) -> Vec<Hash> {
    plan.expect("a plan").hashes(|node| Ok::<_, Infallible>(nodes[&node])).expect("every node is there")
}

fn reference() -> Vec<Hash> {
    ENTRIES.iter().map(|entry| leaf_hash(&bytes(entry))).collect()
}

#[test]
fn the_reference_tree_of_rfc_6962_has_the_published_roots() {
    assert_eq!(empty_root(), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_eq!(Frontier::default().root(), empty_root());
    for (size, wanted) in (1..).zip(ROOTS) {
        assert_eq!(root(&reference()[..size]), hash(wanted), "{size} entries");
    }
}

#[test]
fn the_reference_tree_of_rfc_6962_has_the_published_proofs() {
    let leaves = reference();
    let (_, nodes) = tree(&leaves);
    let inclusions: [(u64, u64, &[&str]); 5] =
        [(0, 1, &[]), (0, 8, &[A, B, C]), (5, 8, &[D, E, ROOTS[3]]), (2, 3, &[ROOTS[1]]), (1, 5, &[ROOTS[0], B, D])];
    for (index, size, wanted) in inclusions {
        let at = |place: u64| usize::try_from(place).expect("small");
        assert_eq!(made(Plan::inclusion(index, size), &nodes), hashes(wanted), "{index} in {size}");
        verify_inclusion(&leaves[at(index)], index, size, &hashes(wanted), &hash(ROOTS[at(size) - 1])).expect("proved");
    }
    let consistencies: [(u64, u64, &[&str]); 4] = [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[F, E, ROOTS[3]]), (2, 5, &[B, D])];
    for (old, new, wanted) in consistencies {
        let root = |size: u64| hash(ROOTS[usize::try_from(size).expect("small") - 1]);
        assert_eq!(made(Plan::consistency(old, new), &nodes), hashes(wanted), "{old} to {new}");
        verify_consistency(old, &root(old), new, &root(new), &hashes(wanted)).expect("proved");
    }
}

#[test]
fn every_proof_of_every_small_tree_holds() {
    let leaves = leaves(70);
    let (_, nodes) = tree(&leaves);
    let roots: Vec<Hash> = (0..=leaves.len()).map(|size| root(&leaves[..size])).collect();
    for (new, new_root) in (0_u64..).zip(&roots) {
        assert_eq!(made(Ok(Plan::root(new)), &nodes), [*new_root]);
        for (index, leaf) in (0..new).zip(&leaves) {
            verify_inclusion(leaf, index, new, &made(Plan::inclusion(index, new), &nodes), new_root).expect("proved");
        }
        for (old, old_root) in (0..=new).zip(&roots) {
            verify_consistency(old, old_root, new, new_root, &made(Plan::consistency(old, new), &nodes)).expect("proved");
        }
    }
}

#[test]
fn a_tree_goes_on_from_what_was_kept_of_it() {
    let leaves = leaves(300);
    let (whole, nodes) = tree(&leaves);
    let mut kept = Frontier::default();
    for (size, leaf) in (0..).zip(&leaves) {
        assert_eq!(kept.edge(), Node::edge(size).map(|node| nodes[&node]).collect::<Vec<_>>());
        kept = Frontier::from_bytes(&kept.to_bytes()).expect("what was written");
        assert_eq!(kept.append(*leaf), Ok(size));
    }
    assert_eq!((kept.size(), kept.root()), (300, whole.root()));
}

#[test]
fn what_is_no_edge_of_a_tree_is_refused() {
    let (tree, _) = tree(&leaves(7));
    let kept = tree.to_bytes();
    for cut in [0, 7, 8, 39, kept.len() - 1] {
        assert!(Frontier::from_bytes(&kept[..cut]).is_err(), "{cut}");
    }
    let too_many = [kept, vec![0; 32]].concat();
    assert_eq!(Frontier::from_bytes(&too_many), Err(EdgeError::Count { size: 7, wanted: 3, found: 4 }));
    let mut full = Frontier::from_edge(u64::MAX, vec![[0; 32]; 64]).expect("an edge");
    let before = full.clone();
    assert_eq!(full.append([1; 32]), Err(Full));
    assert_eq!(full, before);
}

#[test]
fn a_proof_of_another_length_or_for_another_size_is_refused_as_such() {
    let leaves = leaves(13);
    let (_, nodes) = tree(&leaves);
    let (root, old_root) = (root(&leaves), root(&leaves[..6]));
    let inclusion = made(Plan::inclusion(4, 13), &nodes);
    let check = |index, size, proof: &[Hash]| verify_inclusion(&leaves[4], index, size, proof, &root);
    assert_eq!(check(4, 13, &inclusion), Ok(()));
    assert_eq!(check(4, 13, &inclusion[1..]), Err(ProofError::TooShort { size: 13, found: 3 }));
    assert_eq!(check(4, 13, &[&inclusion[..], &[[0; 32]]].concat()), Err(ProofError::TooLong { size: 13, found: 5 }));
    assert_eq!(check(13, 13, &inclusion), Err(ProofError::OutsideTree { index: 13, size: 13 }));
    assert_eq!(check(0, 0, &[]), Err(ProofError::OutsideTree { index: 0, size: 0 }));
    assert_eq!(check(5, 13, &inclusion), Err(ProofError::OtherRoot));
    let consistency = made(Plan::consistency(6, 13), &nodes);
    let check = |old, new, proof: &[Hash]| verify_consistency(old, &old_root, new, &root, proof);
    assert_eq!(check(6, 13, &consistency), Ok(()));
    assert!(matches!(check(6, 13, &consistency[1..]), Err(ProofError::TooShort { .. })));
    assert!(matches!(check(6, 13, &[]), Err(ProofError::TooShort { .. })));
    assert!(matches!(check(8, 13, &[]), Err(ProofError::TooShort { .. })));
    assert!(matches!(check(6, 13, &[&consistency[..], &[[0; 32]]].concat()), Err(ProofError::TooLong { .. })));
    assert_eq!(check(13, 6, &consistency), Err(ProofError::Shrunk { old: 13, new: 6 }));
    assert_eq!(check(13, 13, &[]), Err(ProofError::OtherRoot));
    assert_eq!(check(0, 13, &[]), Err(ProofError::OtherOldRoot));
    assert!(matches!(check(13, 13, &consistency), Err(ProofError::TooLong { .. })));
    assert_eq!(verify_consistency(0, &empty_root(), 13, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &empty_root(), 0, &root, &[]), Err(ProofError::OtherRoot));
}

#[test]
fn the_largest_sizes_are_answered_as_quickly_as_the_smallest() {
    let proof = vec![[7; 32]; 200];
    for index in [0, 1, u64::MAX / 2, u64::MAX - 2, u64::MAX - 1, u64::MAX] {
        assert!(verify_inclusion(&[0; 32], index, u64::MAX, &proof, &[1; 32]).is_err());
        assert!(verify_consistency(index, &[0; 32], u64::MAX, &[1; 32], &proof).is_err());
        for plan in [Plan::inclusion(index, u64::MAX), Plan::consistency(index, u64::MAX)].into_iter().flatten() {
            let count = plan.nodes().count();
            assert!(count <= 4_096, "{count} nodes");
            assert!(plan.hashes(|_| Ok::<_, Infallible>([3; 32])).expect("total").len() <= 65);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_bit_flipped_anywhere_in_an_inclusion_is_found(size in 1_u64..600, at in any::<prop::sample::Index>(), bit in 0_usize..256, which in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let (tree, nodes) = tree(&leaves);
        let place = at.index(leaves.len());
        let index = u64::try_from(place).expect("small");
        let (mut leaf, mut root) = (leaves[place], tree.root());
        let mut proof = made(Plan::inclusion(index, size), &nodes);
        let flipped = match which.index(proof.len() + 2) {
            0 => &mut leaf,
            1 => &mut root,
            at => &mut proof[at - 2],
        };
        flipped[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Err(ProofError::OtherRoot));
    }

    #[test]
    fn a_bit_flipped_anywhere_in_a_consistency_proof_is_found(new in 2_u64..600, at in any::<prop::sample::Index>(), bit in 0_usize..256, which in any::<prop::sample::Index>()) {
        let leaves = leaves(new);
        let (_, nodes) = tree(&leaves);
        let old = 1 + u64::try_from(at.index(leaves.len() - 1)).expect("small");
        let mut roots = [old, new].map(|size| root(&leaves[..usize::try_from(size).expect("small")]));
        let mut proof = made(Plan::consistency(old, new), &nodes);
        let flipped = match which.index(proof.len() + 2) {
            at @ 0..2 => &mut roots[at],
            at => &mut proof[at - 2],
        };
        flipped[bit / 8] ^= 1 << (bit % 8);
        let checked = verify_consistency(old, &roots[0], new, &roots[1], &proof);
        prop_assert!(matches!(checked, Err(ProofError::OtherRoot | ProofError::OtherOldRoot)), "{checked:?}");
    }

    /// A proof says nothing of another place or another size but where the tree has the same shape above the entry, and
    /// there the checkpoint's root covers the size.
    #[test]
    fn a_proof_is_good_for_one_place_only(size in 2_u64..600, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let (tree, nodes) = tree(&leaves);
        let (one, other) = (one.index(leaves.len()), other.index(leaves.len()));
        prop_assume!(one != other);
        let [one_index, other_index] = [one, other].map(|place| u64::try_from(place).expect("small"));
        let proof = made(Plan::inclusion(one_index, size), &nodes);
        prop_assert!(verify_inclusion(&leaves[one], other_index, size, &proof, &tree.root()).is_err());
        prop_assert!(verify_inclusion(&leaves[other], one_index, size, &proof, &tree.root()).is_err());
    }
}
