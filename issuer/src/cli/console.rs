//! `passport console`: a link with which a browser signs in, once.

use clap::Args;
use passport_shared::api::console::ConsoleLink;

use super::Session;
use super::client::Remote;
use super::error::{DONE, Ended};

/// Print a link that signs a browser in to the console, once
///
/// The browser may there what the passport used here may, and stays signed in no longer than that lives. The link is good for
/// five minutes; its secret is behind the `#`, so that no server and no log sees it. Open it where nobody looks on.
#[derive(Debug, Args)]
pub(crate) struct Console {
    #[command(flatten)]
    remote: Remote,
}

impl Console {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let answer = self.remote.client(session)?.post("/v1/console/links", &serde_json::Map::new())?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let link: ConsoleLink = answer.read_json()?;
        session.out.line(link.url.as_bytes())?;
        session.out.say(&format!("good once, until {}", link.expires_at));
        Ok(DONE)
    }
}
