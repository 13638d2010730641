use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::log::merkle::{Frontier, Plan, leaf_hash, verify_consistency, verify_inclusion};

fn paths(tiles: impl Iterator<Item = Tile>) -> Vec<String> {
    tiles.map(|tile| tile.to_string()).collect()
}

#[test]
fn a_tree_has_the_tiles_that_the_specification_says() {
    let paths_of = |size| paths(Tile::all(size));
    assert!(paths_of(0).is_empty());
    assert_eq!(paths_of(1), ["tile/entries/000.p/1", "tile/0/000.p/1"]);
    assert_eq!(paths_of(256), ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    // The specification's own example.
    let large: Vec<Tile> = Tile::all(70_000).collect();
    let of = |level: u8| large.iter().filter(move |tile| tile.content == Content::Hashes(level));
    assert_eq!(of(0).filter(|tile| tile.is_full()).count(), 273);
    assert_eq!(of(1).filter(|tile| tile.is_full()).count(), 1);
    let partial: Vec<String> = large.iter().filter(|tile| !tile.is_full()).map(Tile::to_string).collect();
    assert_eq!(partial, ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
}

#[test]
fn the_largest_tree_has_eight_levels_of_tiles() {
    let last = |level| Tile::at(Content::Hashes(level), (u64::MAX >> (8 * level)) / 256, u64::MAX).expect("there");
    assert_eq!(last(7).to_string(), "tile/7/000.p/255");
    assert_eq!(last(0).to_string(), "tile/0/x072/x057/x594/x037/x927/935.p/255");
    for level in 0..8 {
        assert_eq!(Tile::parse(&last(level).to_string()), Some(last(level)));
        assert!(last(level).is_in(u64::MAX));
    }
}

#[test]
fn only_what_is_written_is_read_as_a_path() {
    for path in ["tile/0/000", "tile/entries/x001/234.p/255", "tile/7/000.p/255", "tile/1/x001/x234/067.p/1"] {
        assert_eq!(Tile::parse(path).expect(path).to_string(), path);
    }
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/00/000",
        "tile/8/000",
        "tile/63/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile//000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/x001",
        "tile/0/001/234",
        "tile/0/x000/234",
        "tile/0/x001/x234",
        "tile/0/x1/234",
        "tile/0/x001//234",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/+00",
        "tile/Entries/000",
        "tile/0/000 ",
        "tile/0/00\u{663}",
        "tile/7/001",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x072/x057/x594/x037/x927/936",
        "tile/entries/../000",
    ] {
        assert_eq!(Tile::parse(path), None, "{path}");
    }
}

#[test]
fn what_a_bundle_holds_is_read_back_and_nothing_else() {
    let entries: [&[u8]; 4] = [b"one", b"", &[7; ENTRY_BYTES], b"four"];
    let mut bundle = Vec::new();
    entries.iter().for_each(|entry| write_entry(&mut bundle, entry).expect("short enough"));
    assert_eq!(read_bundle(&bundle, 4).expect("whole"), entries);
    assert_eq!(read_bundle(&bundle, 5), Err(BundleError::Cut { entry: 4, width: 5 }));
    assert_eq!(read_bundle(&bundle, 3), Err(BundleError::Trailing { bytes: 6, width: 3 }));
    assert_eq!(read_bundle(&bundle[..bundle.len() - 1], 4), Err(BundleError::Cut { entry: 3, width: 4 }));
    let before = bundle.clone();
    assert_eq!(write_entry(&mut bundle, &vec![0; ENTRY_BYTES + 1]), Err(EntryTooLong { bytes: 65_536 }));
    assert_eq!(bundle, before);
}

/// A store of tiles: what a server would have on disk, filled as the tree grows.
#[derive(Default)]
struct Files {
    tree: Frontier,
    files: BTreeMap<String, Vec<u8>>,
    nodes: std::collections::HashMap<Node, Hash>,
}

impl Files {
    fn grow(&mut self, to: u64) {
        let from = self.tree.size();
        for n in from..to {
            let nodes = &mut self.nodes;
            let keep = |node, hash: &Hash| assert_eq!(nodes.insert(node, *hash), None);
            self.tree.append_with(leaf_hash(&n.to_be_bytes()), keep).expect("room");
        }
        for tile in Tile::grown(from, to).filter(|tile| tile.content != Content::Entries) {
            let hashes: Vec<Hash> = tile.nodes().map(|node| self.nodes[&node]).collect();
            assert_eq!(self.files.insert(tile.to_string(), hashes.concat()), None, "{tile} was there already");
        }
    }

    fn node(&self, node: Node, size: u64) -> Result<Hash, String> {
        let tile = Tile::holding(node, size).ok_or_else(|| format!("{node:?} is not in a tree of {size}"))?;
        let bytes = self.files.get(&tile.to_string()).ok_or_else(|| format!("{tile} is not there"))?;
        tile.node(bytes, node).ok_or_else(|| format!("{node:?} is not in {tile}"))
    }
}

#[test]
fn every_proof_between_checkpoints_is_made_of_tiles_alone() {
    let mut files = Files::default();
    let mut checkpoints = vec![(0, files.tree.root())];
    for size in [1, 2, 255, 256, 257, 300, 511, 512, 65_535, 65_536, 65_800, 70_000] {
        files.grow(size);
        checkpoints.push((size, files.tree.root()));
    }
    for (new, new_root) in &checkpoints {
        let source = |node| files.node(node, *new);
        assert_eq!(Plan::root(*new).hashes(source).expect("tiles"), [*new_root]);
        for (old, old_root) in checkpoints.iter().filter(|(old, _)| old <= new) {
            let proof = Plan::consistency(*old, *new).map(|plan| plan.hashes(source).expect("tiles")).expect("a plan");
            verify_consistency(*old, old_root, *new, new_root, &proof).expect("proved");
        }
        for index in (0..*new).step_by(997) {
            let proof = Plan::inclusion(index, *new).map(|plan| plan.hashes(source).expect("tiles")).expect("a plan");
            verify_inclusion(&leaf_hash(&index.to_be_bytes()), index, *new, &proof, new_root).expect("proved");
        }
    }
}

#[test]
fn a_tile_that_is_not_whole_gives_no_hash() {
    let tile = Tile::at(Content::Hashes(0), 0, 4).expect("there");
    let node = |level, index| Node { level, index };
    let bytes = vec![1; 4 * 32];
    assert!(tile.node(&bytes, node(2, 0)).is_some() && tile.node(&bytes, node(0, 3)).is_some());
    for cut in [0, 31, 96, 127] {
        assert_eq!(tile.node(&bytes[..cut], node(0, 0)), None, "{cut}");
    }
    for absent in [node(0, 4), node(3, 0), node(8, 0), node(0, u64::MAX), node(7, u64::MAX), node(255, 1)] {
        assert_eq!(tile.node(&bytes, absent), None, "{absent:?}");
        assert_eq!(Tile::holding(absent, 4), None, "{absent:?}");
    }
}

proptest! {
    #[test]
    fn what_came_with_growth_is_what_is_there_and_was_not(from in 0_u64..200_000, more in 0_u64..2_000) {
        let to = from + more;
        let [before, now] = [from, to].map(|size| Tile::all(size).collect::<BTreeSet<_>>());
        let grown: Vec<Tile> = Tile::grown(from, to).collect();
        prop_assert_eq!(grown.iter().copied().collect::<BTreeSet<_>>(), now.difference(&before).copied().collect());
        prop_assert!(now.iter().all(|tile| tile.is_in(to)));
        prop_assert!(grown.iter().all(|tile| !tile.is_in(from)));
        prop_assert!(before.iter().filter(|tile| tile.is_full()).all(|tile| tile.is_in(to)));
    }

    #[test]
    fn every_tile_is_read_back_from_its_path(level in 0_u8..8, index in any::<u64>(), width in 1_u64..=256) {
        let most = (u64::MAX >> (8 * u32::from(level))) / 256;
        let tile = Tile { content: Content::Hashes(level), index: index % most.max(1), width };
        if most > 0 || width < 256 {
            prop_assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
        }
    }

    #[test]
    fn any_text_is_a_path_or_refused(text in "(tile/)?[0-9x/.pentris]{0,40}") {
        if let Some(tile) = Tile::parse(&text) {
            prop_assert_eq!(tile.to_string(), text);
        }
    }
}
