//! How many files and sockets this process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Kept free for what is no connection: the database, keys, logs.
const OURS: u64 = 256;

/// Raises the limit as far as it may be raised without privileges, and gives how many connections it has room for, at
/// most `wanted`. Where there is less room, more connections would fail at the system and not at our own bound, which
/// knows whom to push out.
pub(crate) fn room_for(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // Without a limit there is room.
    let room = current.map_or(u64::MAX, |files| files.saturating_sub(OURS).max(1));
    usize::try_from(room).unwrap_or(usize::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_more_room_than_is_wanted_and_some_always() {
        assert_eq!(room_for(8), 8);
        assert!(room_for(usize::MAX) >= 1);
    }
}
