//! The head of the log: how far it has come, and what goes with each row that is added. The tree grows, and so do the tables
//! by which events are found and counted.
//!
//! A head can be kept from one transaction to the next, and saves most look-ups then. [`Head::check`] throws it away where
//! anybody else has written since.

use hashbrown::HashMap;
use passport_shared::log::merkle::{Frontier, leaf_hash};
use passport_shared::log::tile;

use super::super::driver::{DbConnection, Failure, corrupt};
use super::super::makers::Known;
use super::super::settling;
use super::chains::Chain;
use super::counts::Counts;
use super::reporters;
use super::rows::Row;
use super::settled::{Moved, Settled, Tile};
use super::terms::Noted;
use crate::store::EventKind;

/// How far the log has come.
#[derive(Default)]
pub(in super::super) struct Head {
    tree: Frontier,
    /// The growing tile of each level: its hashes so far. None is whole.
    tiles: Vec<Vec<u8>>,
    /// Tiles that have become whole, and how many levels have changed, since the head was last written.
    whole: Vec<Tile>,
    touched: usize,
    /// What the events of the block that is not full have, and of those that have become full since the head was last
    /// written.
    noted: Noted,
    full: Vec<(i64, Noted)>,
    /// The chain that each reporter goes on with, as far as it was looked up.
    pub(super) chains: HashMap<String, Chain>,
    /// Who may report, as far as it was looked up.
    pub(super) makers: Known,
}

impl Head {
    /// The head as it is in the database.
    pub(super) async fn load(conn: &mut DbConnection) -> Result<Self, Failure> {
        let (size, edge) = stored(conn).await?;
        let tree = Frontier::from_bytes(&edge).map_err(|error| corrupt("the head of the audit log", error))?;
        if i64::try_from(tree.size()) != Ok(size) {
            return Err(corrupt("the head of the audit log", format!("it says {size} events, and its edge is of {}", tree.size())));
        }
        let mut tiles = Vec::new();
        for (level, (tile, width)) in growing(size).enumerate() {
            let level = i64::try_from(level).unwrap_or(i64::MAX);
            let bytes: Option<Vec<u8>> = match width {
                0 => Some(Vec::new()),
                _ => {
                    let query = sqlx::query_scalar("SELECT hashes FROM audit_tiles WHERE level = $1 AND tile = $2");
                    query.bind(level).bind(tile).fetch_optional(&mut *conn).await?
                }
            };
            let bytes = bytes.filter(|bytes| bytes.len() == width * 32);
            tiles.push(bytes.ok_or_else(|| corrupt("a tile of the audit log", format!("level {level}, tile {tile}")))?);
        }
        Ok(Self { tree, tiles, ..Self::default() })
    }

    /// This head where it is still the database's, else that; and the trust sequence.
    pub(super) async fn check(self, conn: &mut DbConnection) -> Result<(Self, i64), Failure> {
        let query = "SELECT h.size, h.edge, t.sequence FROM audit_head h CROSS JOIN trust t WHERE h.id = 1 AND t.id = 1";
        let (size, edge, trust): (i64, Vec<u8>, i64) = sqlx::query_as(query).fetch_one(&mut *conn).await?;
        if size > 0 && i64::try_from(self.tree.size()) == Ok(size) && self.tree.to_bytes() == edge {
            Ok((self, trust))
        } else {
            Ok((Self { makers: self.makers, ..Self::load(conn).await? }, trust))
        }
    }

    /// How many events the log has.
    pub(super) fn size(&self) -> i64 {
        i64::try_from(self.tree.size()).unwrap_or(i64::MAX)
    }

    /// Takes in the rows that follow, which are written already.
    pub(super) async fn take_in(&mut self, conn: &mut DbConnection, rows: &[Row<'_>]) -> Result<(), Failure> {
        self.grow(rows)?;
        self.write(conn, rows, Vec::new()).await
    }

    /// Writes what has become of the tree, and of the tables where the rows that it has grown by are looked for and counted.
    pub(super) async fn write<'e>(&mut self, conn: &mut DbConnection, rows: &[Row<'e>], chains: Vec<Moved<'e>>) -> Result<(), Failure> {
        let mut tiles = std::mem::take(&mut self.whole);
        for (level, (number, width)) in growing(self.size()).enumerate().take(std::mem::take(&mut self.touched)) {
            let bytes = self.tiles.get(level).filter(|_| width > 0);
            tiles.extend(bytes.map(|bytes| Tile { level: i64::try_from(level).unwrap_or(i64::MAX), number, hashes: bytes.clone() }));
        }
        let mut counts = Counts::default();
        for (block, noted) in std::mem::take(&mut self.full) {
            noted.write(conn, block, &mut counts).await?;
        }
        let (counts, reporters) = (counts.in_order(), reporters::of(rows));
        settling::settle(conn, Settled { size: self.size(), edge: self.tree.to_bytes(), tiles, counts, reporters, chains }).await
    }

    /// Appends their leaves to the tree, and notes what they are found by.
    pub(super) fn grow(&mut self, rows: &[Row<'_>]) -> Result<(), Failure> {
        let mut text = String::with_capacity(1_024);
        for row in rows {
            if row.sequence != self.size().saturating_add(1) {
                return Err(corrupt("the audit log", format!("event {} does not follow {}", row.sequence, self.size())));
            }
            text.clear();
            row.entry().write(&mut text).map_err(|error| corrupt("an audit event", error))?;
            let leaf = leaf_hash(text.as_bytes());
            let (tiles, whole, touched) = (&mut self.tiles, &mut self.whole, &mut self.touched);
            let appended = self.tree.append_with(leaf, |node, hash| {
                if node.level % 8 != 0 {
                    return;
                }
                let level = usize::from(node.level / 8);
                if tiles.len() <= level {
                    tiles.resize_with(level + 1, Vec::new);
                }
                *touched = (*touched).max(level + 1);
                let Some(tile) = tiles.get_mut(level) else { return };
                tile.extend_from_slice(hash);
                if tile.len() == tile::BYTES {
                    let number = i64::try_from(node.index / 256).unwrap_or(i64::MAX);
                    whole.push(Tile { level: i64::from(node.level / 8), number, hashes: std::mem::take(tile) });
                }
            });
            appended.map_err(|error| corrupt("the audit log", error))?;
            self.full.extend(self.noted.take_in(row));
        }
        Ok(())
    }
}

/// Whether it is a decision, which is what is counted: a gap record and an admin's change are none.
pub(super) fn is_decision(row: &Row<'_>) -> bool {
    row.kind == EventKind::Decision && row.event.outcome.is_some()
}

/// For each level of tiles, the number of the one that grows, and how many hashes it has.
fn growing(size: i64) -> impl Iterator<Item = (i64, usize)> {
    std::iter::successors(Some(size), |nodes| Some(nodes / 256))
        .take_while(|nodes| *nodes > 0)
        .map(|nodes| (nodes / 256, usize::try_from(nodes % 256).unwrap_or(0)))
}

pub(super) async fn stored(conn: &mut DbConnection) -> Result<(i64, Vec<u8>), Failure> {
    Ok(sqlx::query_as("SELECT size, edge FROM audit_head WHERE id = 1").fetch_one(conn).await?)
}
