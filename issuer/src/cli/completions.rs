//! `passport completions`: tab completion for shells.

use clap::Args;
use clap_complete::Shell;

use super::error::{DONE, Ended};
use super::{Session, help};

/// Write completions for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        // Into memory first: the generator panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut help::command(), "passport", &mut script);
        session.out.line(&script)?;
        Ok(DONE)
    }
}
