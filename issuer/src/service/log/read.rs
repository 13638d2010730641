//! The log as monitors and auditors read it: its tiles, its entries, and the proof of one event.

use std::time::Duration;

use passport_shared::log::merkle::Plan;
use passport_shared::log::proof_file::Proof;
use passport_shared::log::tile::{Content, Tile, write_entry};

use super::PAUSE;
use crate::service::{Issuer, ServiceError};
use crate::store::{AuditEvent, SignedCheckpoint};

/// Bytes of a hash.
const HASH: usize = 32;

impl Issuer {
    /// The bytes of a tile, or of a bundle of entries (docs/audit.md A11 to A13), as far as the log has come.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for one that the log does not have (yet).
    pub async fn log_tile(&self, tile: Tile) -> Result<Vec<u8>, ServiceError> {
        let absent = || ServiceError::NotFound { what: "file of the log", id: tile.to_string() };
        let Content::Hashes(level) = tile.content() else { return self.bundle(tile).await };
        let wanted = (i64::from(level), i64::try_from(tile.index()).map_err(|_| absent())?);
        let stored = self.store().tiles(vec![wanted]).await?.pop().flatten().ok_or_else(absent)?;
        // The last tile grows; what it had stays.
        let width = usize::try_from(tile.width()).map_err(|_| absent())?;
        stored.get(..width.saturating_mul(HASH)).map(<[u8]>::to_vec).ok_or_else(absent)
    }

    async fn bundle(&self, tile: Tile) -> Result<Vec<u8>, ServiceError> {
        let absent = || ServiceError::NotFound { what: "file of the log", id: tile.to_string() };
        let mut after = i64::try_from(tile.first()).map_err(|_| absent())?;
        let end = after.saturating_add(i64::try_from(tile.width()).map_err(|_| absent())?);
        if self.store().log_head().await?.size < end {
            return Err(absent());
        }
        let mut bundle = Vec::new();
        while after < end {
            let limit = u32::try_from(end.saturating_sub(after)).map_err(|_| absent())?;
            for event in self.store().log_from(after, limit).await?.items {
                let act = "read the audit log";
                let entry = event.entry().to_text().map_err(|error| ServiceError::internal(act, error))?;
                write_entry(&mut bundle, entry.as_bytes()).map_err(|error| ServiceError::internal(act, error))?;
                after = match event.sequence == after.saturating_add(1) {
                    true => event.sequence,
                    false => return Err(ServiceError::internal(act, "an event is missing")),
                };
            }
        }
        Ok(bundle)
    }

    /// The proofs of the events under this request id, in the order of acceptance; of this reporter alone, where one is
    /// named. Each is over one checkpoint, which is signed for it where there is none yet that has them all.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] if there is no such event; as [`Issuer::checkpoint`].
    pub async fn log_proofs(&self, request_id: &str, reporter: Option<&str>) -> Result<Vec<Proof>, ServiceError> {
        let mut events = self.store().events_of_request(request_id).await?;
        events.retain(|event| reporter.is_none_or(|reporter| reporter == event.reporter));
        let last = events.last().map(|event| event.sequence);
        let last = last.ok_or_else(|| ServiceError::NotFound { what: "event of the request", id: request_id.to_owned() })?;
        let checkpoint = self.checkpoint_over(last).await?;
        let mut proofs = Vec::with_capacity(events.len());
        for event in events {
            proofs.push(self.proof(&checkpoint, event).await?);
        }
        Ok(proofs)
    }

    /// A checkpoint of at least so many events, which may take a second.
    async fn checkpoint_over(&self, size: i64) -> Result<SignedCheckpoint, ServiceError> {
        let checkpoint = self.checkpoint().await?;
        if checkpoint.size >= size {
            return Ok(checkpoint);
        }
        tokio::time::sleep(PAUSE.saturating_add(Duration::from_millis(10))).await;
        let checkpoint = self.checkpoint().await?;
        match checkpoint.size >= size {
            true => Ok(checkpoint),
            false => Err(ServiceError::Conflict {
                detail: format!(
                    "the event is number {size}, and the audit log has signed no checkpoint over more than {}: it is held; see `passport doctor`",
                    checkpoint.size
                ),
            }),
        }
    }

    async fn proof(&self, checkpoint: &SignedCheckpoint, event: AuditEvent) -> Result<Proof, ServiceError> {
        let act = "prove an event";
        let failed = |error: &dyn std::fmt::Display| ServiceError::internal(act, format!("event {}: {error}", event.sequence));
        let size = u64::try_from(checkpoint.size).map_err(|error| failed(&error))?;
        let index = u64::try_from(event.sequence.saturating_sub(1)).map_err(|error| failed(&error))?;
        let plan = Plan::inclusion(index, size).map_err(|error| failed(&error))?;
        let mut tiles: Vec<Tile> = plan.nodes().filter_map(|node| Tile::holding(node, size)).collect();
        tiles.sort_unstable();
        tiles.dedup();
        let key = |tile: &Tile| {
            let Content::Hashes(level) = tile.content() else { return None };
            Some((i64::from(level), i64::try_from(tile.index()).ok()?))
        };
        let wanted: Vec<_> = tiles.iter().filter_map(key).collect();
        let stored = self.store().tiles(wanted).await?;
        let hashes = plan.hashes(|node| {
            let tile = Tile::holding(node, size).ok_or("the tree has no such node")?;
            let place = tiles.binary_search(&tile).map_err(|_| "a tile was not asked for")?;
            let width = usize::try_from(tile.width()).unwrap_or(usize::MAX).saturating_mul(HASH);
            let bytes = stored.get(place).and_then(Option::as_deref).and_then(|bytes| bytes.get(..width)).ok_or("a tile is missing")?;
            tile.node(bytes, node).ok_or("a tile is damaged")
        });
        let hashes = hashes.map_err(|error| failed(&error))?;
        let entry = event.entry().to_text().map_err(|error| failed(&error))?;
        Ok(Proof { checkpoint: checkpoint.note.clone(), index, entry, hashes, body: Some(event.event.body) })
    }

    /// The file at this path below the log's address.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for what is no path of a file of a log.
    pub fn log_file(path: &str) -> Result<Tile, ServiceError> {
        Tile::parse(path).ok_or_else(|| ServiceError::NotFound { what: "file of the log", id: path.to_owned() })
    }
}
