//! A reader that was written from the specifications alone can follow the log.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use passport_keys::LogKey;
use passport_shared::log::checkpoint::Checkpoint;
use passport_shared::log::entry::Entry;
use passport_shared::log::merkle::{Frontier, Hash, Node, Plan, leaf_hash};
use passport_shared::log::tile::{Content, Tile, write_entry};
use passport_tests::mint;
use passport_tests::tile_reader::TileReader;

const ORIGIN: &str = "issuer.example/log";

/// A log that is published as files.
struct Published {
    key: LogKey,
    tree: Frontier,
    entries: Vec<String>,
    nodes: HashMap<Node, Hash>,
    files: BTreeMap<String, Vec<u8>>,
    _directory: tempfile::TempDir,
}

impl Published {
    fn new() -> Published {
        let directory = tempfile::tempdir().expect("a directory");
        let key = mint::log_key(directory.path(), ORIGIN);
        let (tree, entries, nodes, files) = Default::default();
        Published { key, tree, entries, nodes, files, _directory: directory }
    }

    fn grow(&mut self, to: u64) {
        let from = self.tree.size();
        for index in from..to {
            let body = format!(r#"{{"requestId":"req_{index}"}}"#);
            let entry = Entry { sequence: index as i64 + 1, body_hash: Entry::hash_of(&body), ..Entry::default() };
            let entry = entry.to_text().expect("short");
            let nodes = &mut self.nodes;
            let keep = |node, hash: &Hash| assert!(nodes.insert(node, *hash).is_none());
            self.tree.append_with(leaf_hash(entry.as_bytes()), keep).expect("room");
            self.entries.push(entry);
        }
        for tile in Tile::grown(from, to) {
            let bytes = match tile.content() {
                Content::Hashes(_) => tile.nodes().flat_map(|node| self.nodes[&node]).collect(),
                Content::Entries => {
                    let (first, mut bundle) = (tile.first() as usize, Vec::new());
                    let entries = &self.entries[first..first + tile.width() as usize];
                    entries.iter().for_each(|entry| write_entry(&mut bundle, entry.as_bytes()).expect("short"));
                    bundle
                }
            };
            self.files.insert(tile.to_string(), bytes);
        }
        let checkpoint = Checkpoint::new(ORIGIN, to, self.tree.root()).expect("sound");
        self.files.insert("checkpoint".to_owned(), self.key.sign(&checkpoint).expect("signed").into_bytes());
    }

    fn vkey(&self) -> String {
        self.key.verifier_key().to_string()
    }

    fn ours(&self, plan: Plan) -> Vec<Hash> {
        plan.hashes(|node| Ok::<_, Infallible>(self.nodes[&node])).expect("every node is there")
    }
}

#[test]
fn a_reader_written_from_the_specification_alone_follows_the_log() {
    let mut log = Published::new();
    let mut generator = super::generator(3);
    let mut sizes: Vec<u64> = vec![0];
    for size in [1, 2, 3, 255, 256, 257, 1_000, 65_535, 65_536, 65_537, 70_000] {
        log.grow(size);
        let files = |path: &str| log.files.get(path).cloned();
        let reader = TileReader::open(&files, &log.vkey()).expect("a checkpoint");
        let entries = reader.check().expect("every file is as it should be");
        assert!(entries.iter().map(Vec::as_slice).eq(log.entries.iter().map(String::as_bytes)));
        assert_eq!((reader.size, reader.hash(0, size)), (size, Ok(reader.root)));
        for index in [0, size - 1, size / 2, generator.below(size as usize) as u64] {
            let ours = log.ours(Plan::inclusion(index, size).expect("inside"));
            assert_eq!(reader.path(index, 0, size), Ok(ours), "{index} of {size}");
        }
        for old in sizes.iter().copied().skip(1) {
            let ours = log.ours(Plan::consistency(old, size).expect("it grew"));
            assert_eq!(reader.proof(old, size), Ok(ours), "{old} to {size}");
        }
        sizes.push(size);
    }
}

#[test]
fn a_reader_finds_every_file_that_was_changed_and_names_it() {
    let mut log = Published::new();
    log.grow(600);
    let mut generator = super::generator(4);
    let names: Vec<String> = Tile::all(600).map(|tile| tile.to_string()).collect();
    assert_eq!(names.len(), 7, "three bundles, three tiles of leaves and one above");
    for name in names.iter().cycle().take(140) {
        let mut changed = log.files[name].clone();
        match generator.below(3) {
            0 => drop(changed.pop()),
            1 => changed.push(0),
            _ => {
                let at = generator.below(changed.len());
                changed[at] ^= 1 << generator.below(8);
            }
        }
        let files = |path: &str| if path == name { Some(changed.clone()) } else { log.files.get(path).cloned() };
        let reader = TileReader::open(&files, &log.vkey()).expect("a checkpoint");
        let found = reader.check().expect_err(name);
        // Of a changed entry its leaf is the witness.
        let witness = name.replace("entries", "0");
        assert!(found.contains(name) || found.contains(&witness), "{name}: {found}");
        let without = |path: &str| if path == name { None } else { log.files.get(path).cloned() };
        let reader = TileReader::open(&without, &log.vkey()).expect("a checkpoint");
        assert_eq!(reader.check(), Err(format!("{name} is missing")));
    }
    for place in 0..log.files["checkpoint"].len() {
        let mut changed = log.files["checkpoint"].clone();
        changed[place] ^= 1;
        let files = |path: &str| if path == "checkpoint" { Some(changed.clone()) } else { log.files.get(path).cloned() };
        assert!(TileReader::open(&files, &log.vkey()).is_err(), "byte {place}");
    }
}
