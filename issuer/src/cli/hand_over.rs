//! Handing over a passport that was just issued. It is kept nowhere: what gets lost here is lost.

use std::path::Path;

use passport_shared::api::passports::IssuedPassport;
use passport_shared::text::{escape, quote};

use super::Session;
use super::error::{CliError, DONE, Ended};
use super::words::relative_text;
use super::write::{Readers, write};

/// Writes the token alone to `file` or to standard output, and tells what it is: `about` ends that.
/// For a program, `body` goes to standard output whatever else is written.
pub(crate) fn hand_over(issued: &IssuedPassport, body: &str, file: Option<&Path>, about: &str, session: &Session) -> Ended {
    if let Some(path) = file {
        write(path, issued.passport.as_bytes(), Readers::Owner).map_err(|error| lost(issued, error))?;
    }
    let put = match (session.out.is_json(), file) {
        (true, _) => session.out.line(body.as_bytes()),
        (false, None) => session.out.line(issued.passport.as_bytes()),
        (false, Some(_)) => Ok(()),
    };
    put.map_err(|error| match file {
        None => lost(issued, error.although_closed()),
        Some(path) => {
            let there = format!("passport {} was issued, and is in `{}`", quote(&issued.passport_id), path.display());
            error.although_closed().hint(there)
        }
    })?;
    let place = file.map(|path| format!("\nwritten to `{}`", path.display())).unwrap_or_default();
    let renewable = issued.renew_until.as_ref().map(|until| format!("; it can be renewed until {}", escape(until))).unwrap_or_default();
    session.out.say(&format!(
        "issued {} to {}, valid until {} ({}){renewable}\n{about}{place}",
        escape(&issued.passport_id),
        quote(&issued.agent_id),
        escape(&issued.expires_at),
        relative_text(&issued.expires_at, session.clock.now()),
    ));
    Ok(DONE)
}

/// The passport lives, and nobody holds it: whoever asked has to know what to take back.
fn lost(issued: &IssuedPassport, error: CliError) -> CliError {
    error.hint(format!(
        "passport {} was issued and is lost; revoke it: `passport passports revoke {}`",
        quote(&issued.passport_id),
        escape(&issued.passport_id)
    ))
}
