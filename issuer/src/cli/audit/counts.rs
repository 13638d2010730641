//! `passport audit counts`: how many decisions there were.

use clap::Args;
use passport_shared::api::audit;
use passport_shared::text::escape;

use crate::cli::Session;
use crate::cli::client::Remote;
use crate::cli::error::{DONE, Ended};
use crate::cli::output::table;

/// Count decisions
///
/// By outcome, over whole hours; of the last seven days unless said otherwise.
#[derive(Debug, Args)]
pub(crate) struct Counts {
    /// What to tell apart besides: hour, agent, reason
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    by: Vec<String>,
    /// Only of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// At or after this RFC 3339 time
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this RFC 3339 time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

impl Counts {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let by = (!self.by.is_empty()).then(|| self.by.join(","));
        let query = [("by", by), ("agentId", self.agent.clone()), ("from", self.from.clone()), ("to", self.to.clone())];
        let answer = self.remote.client(session)?.get("/v1/audit/counts", &query)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let counts: audit::Counts = answer.read_json()?;
        let is_by = |word: &str| self.by.iter().any(|by| by == word);
        let columns = [(is_by("hour"), "HOUR"), (is_by("agent"), "AGENT"), (true, "OUTCOME"), (is_by("reason"), "REASON"), (true, "COUNT")];
        let header: Vec<&str> = columns.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        let shown = |count: &audit::Count| {
            let cells = [&count.hour, &count.agent_id].into_iter().flatten().map(|text| escape(text));
            let reason = count.reason.as_deref().map(escape);
            cells.chain([escape(&count.outcome)]).chain(reason).chain([count.count.to_string()]).collect::<Vec<String>>()
        };
        match counts.items.is_empty() {
            true => session.out.say("no decisions in this time"),
            false => session.out.text(&table(&header, counts.items.iter().map(shown)))?,
        }
        session.out.say(&format!("\nfrom {} to {}", escape(&counts.from), escape(&counts.to)));
        Ok(DONE)
    }
}
