//! The spool of a service that reports its decisions: who can get at it, what waits in it, and whether it is sound.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use passport_shared::text::quote;
use passport_verifier::{SpoolSummary, look_into_spool};

use super::Finding;
use crate::cli::error::plain;
use crate::cli::words::{counted, size, when};

/// What waits for longer, in seconds, is not just on its way: an hour, far beyond the longest pause between two tries.
const OLD: i64 = 3_600;

const NAME_IT: &str = "name the directory that the service gives its reporter: --spool DIR";

pub(super) fn look(directory: &Path, now: i64) -> Vec<Finding> {
    let mut findings = vec![access(directory)];
    match look_into_spool(directory) {
        Ok(Some(found)) => findings.extend([waiting(&found, now), soundness(&found)]),
        Ok(None) => {
            findings.push(Finding::wrong("spool", format!("`{}` is no spool: it has no `spool.json`", directory.display()), NAME_IT));
        }
        Err(error) => {
            let advice = "the service does not start on it: see to the directory, and keep a copy of it for who wants to know";
            findings.push(Finding::wrong("spool", error.to_string(), advice));
        }
    }
    findings
}

fn access(directory: &Path) -> Finding {
    match directory.metadata() {
        Err(error) => Finding::wrong("spool access", format!("`{}`: {}", directory.display(), plain(&error)), NAME_IT),
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => Finding::wrong(
            "spool access",
            format!("others can get at `{}`, and so at what was decided", directory.display()),
            format!("chmod 700 '{}'", directory.display()),
        ),
        Ok(_) => Finding::ok("spool access", "its owner's alone"),
    }
}

fn waiting(found: &SpoolSummary, now: i64) -> Finding {
    let room = format!("{} in {}", size(found.bytes), counted(found.segments, "segment"));
    let Some(oldest) = found.oldest_at.filter(|_| found.waiting > 0) else {
        return Finding::ok("spool", format!("nothing of {} waits; {room}", quote(&found.reporter)));
    };
    let waits = if found.waiting == 1 { "waits" } else { "wait" };
    let said = format!(
        "{} of {} {waits} for the issuer, the oldest of {}; {room}",
        counted(found.waiting, "decision"),
        quote(&found.reporter),
        when(oldest, now)
    );
    match now.saturating_sub(oldest) > OLD {
        true => Finding::care(
            "spool",
            said,
            "does the service run, does it reach the issuer, and is its passport still good? Its log and its health say so",
        ),
        false => Finding::ok("spool", said),
    }
}

fn soundness(found: &SpoolSummary) -> Finding {
    match found.damaged {
        0 => Finding::ok("spool files", "all that waits can be read"),
        places => Finding::wrong(
            "spool files",
            format!("decisions that wait are damaged at {}", counted(places, "place")),
            "see to the disk; the service reports a gap in their place, so keep a copy of the directory if they matter",
        ),
    }
}
