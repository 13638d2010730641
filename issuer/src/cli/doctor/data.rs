//! The data directory: who can get at it, its database, its keys, its disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use passport_keys::{KeyDir, Passphrase, Protection};
use passport_shared::text::escape;

use super::Finding;
use crate::cli::error::plain;
use crate::cli::issuer_data::{Places, failed};
use crate::cli::words::{counted, size, when};
use crate::store::sqlite::{Check, Contents, look as look_into};

/// A key that has signed for longer, in seconds, should give way to the next: 90 days.
const KEY_AGE: i64 = 90 * 86_400;
/// A write-ahead log of more bytes says that it is not folded into the database.
const LOG_BYTES: u64 = 256 << 20;
/// With fewer bytes free there is cause for care; with fewer than a tenth of it, for alarm.
const FREE_BYTES: u64 = 1 << 30;

pub(super) async fn look(places: &Places, passphrase: Option<Passphrase>, now: i64) -> Vec<Finding> {
    let mut findings = vec![permissions(places)];
    match look_into(&places.database, Check::Quick).await {
        Err(error) => {
            let why = failed("read the database", &error).what().unwrap_or_default();
            findings.push(Finding::wrong(
                "database",
                why,
                "is --data the issuer's? If the file is damaged, restore a backup: passport restore",
            ));
        }
        Ok(contents) => {
            findings.push(database(places, &contents));
            findings.push(last_event(&contents, now));
            findings.push(keys(places, &contents, passphrase));
            findings.push(rotation(&contents, now));
            findings.extend(log(&contents, now));
        }
    }
    findings.push(disk(&places.path));
    findings
}

fn permissions(places: &Places) -> Finding {
    for path in [&places.path, &places.keys, &places.database] {
        match path.metadata() {
            Err(error) => {
                return Finding::wrong(
                    "permissions",
                    format!("`{}`: {}", path.display(), plain(&error)),
                    "name the issuer's directory: --data DIR",
                );
            }
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                let mode = if metadata.is_dir() { "700" } else { "600" };
                return Finding::wrong(
                    "permissions",
                    format!("others can get at `{}`", path.display()),
                    format!("chmod {mode} '{}'", path.display()),
                );
            }
            Ok(_) => {}
        }
    }
    Finding::ok("permissions", "directory, keys and database are their owner's alone")
}

fn database(places: &Places, contents: &Contents) -> Finding {
    let mut log = places.database.clone().into_os_string();
    log.push("-wal");
    let log = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let found = format!(
        "sound; schema {}, {}, {}, {}, a log of {}",
        contents.schema,
        counted(contents.agents, "agent"),
        counted(contents.passports, "passport"),
        counted(contents.events, "audit event"),
        size(log)
    );
    match log > LOG_BYTES {
        true => Finding::care(
            "database",
            found,
            "the log is not folded into the database: is something reading it for long? Start the issuer again",
        ),
        false => Finding::ok("database", found),
    }
}

fn last_event(contents: &Contents, now: i64) -> Finding {
    match contents.last_event_at {
        None => Finding::ok("last event", "none yet"),
        Some(at) if at > now.saturating_add(5) => Finding::wrong(
            "last event",
            format!("the last audit event is from the future: {}", when(at, now)),
            "this machine's clock went back: set it by network time before the issuer is started",
        ),
        Some(at) => Finding::ok("last event", when(at, now)),
    }
}

fn keys(places: &Places, contents: &Contents, passphrase: Option<Passphrase>) -> Finding {
    let living: Vec<&String> = contents.keys.iter().filter(|(_, key)| key.state != "revoked").map(|(id, _)| id).collect();
    let missing = living.iter().find(|id| !places.keys.join(format!("{id}.pem")).is_file());
    if let Some(id) = missing {
        return Finding::wrong(
            "keys",
            format!("the key {id} has no file"),
            "put it back from a backup, or revoke the key: without it the issuer does not start",
        );
    }
    let Some(passphrase) = passphrase else {
        return Finding::ok("keys", format!("{} with a file each; give the passphrase to see whether they open", living.len()));
    };
    // A directory that others can enter is refused, and not made where it is missing: it was looked at above.
    let opened = KeyDir::open(&places.keys, Protection::Sealed(passphrase))
        .and_then(|directory| living.iter().filter_map(|id| id.parse().ok()).try_for_each(|id| directory.load(&id).map(|_| ())));
    match opened {
        Ok(()) => Finding::ok("keys", format!("{}, and each opens with the passphrase given", living.len())),
        Err(error) => Finding::wrong("keys", error.to_string(), "is it the right passphrase? Else put the file back from a backup"),
    }
}

fn rotation(contents: &Contents, now: i64) -> Finding {
    let active = contents.keys.values().find(|key| key.state == "active");
    match active.and_then(|key| key.activated_at) {
        None => Finding::wrong(
            "rotation",
            "no key is active",
            "start the issuer, which makes its first keys; if it has run before, restore a backup",
        ),
        Some(at) if now.saturating_sub(at) > KEY_AGE => {
            Finding::care("rotation", format!("the active key signs since {}", when(at, now)), "passport keys rotate")
        }
        Some(at) => Finding::ok("rotation", format!("the active key signs since {}", when(at, now))),
    }
}

/// What the audit log has signed of itself.
fn log(contents: &Contents, now: i64) -> Option<Finding> {
    let log = contents.log.as_ref()?;
    if let Some(why) = &log.held {
        let advice = "compare with the checkpoints that others keep (docs/audit.md A22), then: passport audit resume";
        return Some(Finding::wrong("audit log", format!("it signs no checkpoints: {}", escape(why)), advice));
    }
    Some(match log.last {
        Some((size, _)) if size > log.size && size > log.resumed_after => Finding::wrong(
            "audit log",
            format!("it has {} events, and a checkpoint was signed over {size}: the last {} are missing", log.size, size - log.size),
            "restore the newest backup that has them; passport audit verify says more",
        ),
        Some((size, at)) => {
            Finding::ok("audit log", format!("{}, the newest checkpoint is over {size}, {}", counted(log.size, "event"), when(at, now)))
        }
        None => Finding::ok("audit log", format!("{}, and no checkpoint yet", counted(log.size, "event"))),
    })
}

fn disk(path: &Path) -> Finding {
    let free = match rustix::fs::statvfs(path) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            return Finding::wrong(
                "disk",
                format!("cannot be looked at: {}", plain(&error.into())),
                "name the issuer's directory: --data DIR",
            );
        }
    };
    let found = format!("{} free", size(free));
    let advice = "make room: an issuer that cannot write acknowledges nothing";
    match free {
        free if free < FREE_BYTES / 10 => Finding::wrong("disk", found, advice),
        free if free < FREE_BYTES => Finding::care("disk", found, advice),
        _ => Finding::ok("disk", found),
    }
}
