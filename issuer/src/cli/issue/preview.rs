//! `passport issue --dry-run`: what would be issued, for a person.

use passport_shared::api::passports::PassportPreview;
use passport_shared::passport::Passport;
use passport_shared::text::escape;

use crate::cli::Session;
use crate::cli::client::Answer;
use crate::cli::error::{DONE, Ended};
use crate::cli::output::{STRONG, facts, styled};
use crate::cli::said::{hidden, section};
use crate::cli::words::{listed, relative_text, whole};

/// Shows a preview, and says that it was one.
pub(super) fn tell(answer: &Answer, session: &Session) -> Ended {
    let preview: PassportPreview = answer.read_json()?;
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    session.out.text(&text(&preview, session.clock.now()))?;
    session.out.say("\nnothing was issued; the same without `--dry-run` issues it");
    Ok(DONE)
}

fn text(preview: &PassportPreview, now: i64) -> String {
    // Claims of a later release may not be read here; everything else is still worth showing.
    let claims = Passport::read(preview.claims.get().as_bytes()).ok();
    let when = |time: &String| format!("{} ({})", escape(time), relative_text(time, now));
    let mut rows = vec![("agent", escape(&preview.agent_id)), ("audience", listed(&preview.audience))];
    rows.extend(preview.not_before.as_ref().map(|starts| ("starts", when(starts))));
    rows.push(("expires", when(&preview.expires_at)));
    rows.extend(preview.renew_until.as_ref().map(|until| ("renewable", format!("until {}", when(until)))));
    let principal = claims.as_ref().and_then(|claims| claims.on_behalf_of.as_ref());
    rows.extend(principal.map(|principal| ("on behalf of", escape(principal))));
    rows.extend(preview.template.as_ref().map(|template| ("template", escape(template))));
    rows.extend(preview.template_revision.map(|revision| ("revision", revision.to_string())));
    rows.push(("size", format!("at most {} bytes; verifiers take {}", preview.token_bytes, preview.max_token_bytes)));
    let words: Vec<String> = preview.describe.iter().map(|sentence| whole(sentence)).collect();
    let says = section("Who carries it", &words).unwrap_or_else(|| styled(STRONG, "It would allow nothing."));
    let hides = claims.as_ref().and_then(|claims| claims.hidden.as_deref()).and_then(hidden);
    [Some(facts(&rows)), Some(says), hides].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}
