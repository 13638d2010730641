//! The `passport` command (contract section 8): one file a command.
//!
//! Results go to standard output, talk to standard error. Exit codes: 0 done or allowed, 1 failed, 2 called wrongly,
//! 3 denied, 4 not a valid passport, 5 a person has to approve.

mod admin_passport;
mod agents;
mod approvals;
mod audit;
mod backup;
mod client;
mod completions;
mod console;
mod core_dumps;
mod demo;
mod doctor;
mod error;
mod hand_over;
mod history;
mod ids;
mod input;
mod inspect;
mod issue;
mod issuer_data;
mod keys;
mod migrate;
mod open_files;
mod output;
mod page;
mod panics;
mod passports;
mod renew;
mod replay;
mod restore;
mod serve;
mod shrink;
mod templates;
mod test;
mod trust;
mod usage;
mod verify;
mod webhooks;
mod words;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::error::{CliError, Ended, USAGE};
use self::output::{Output, WIDTH};
use crate::clock::{Clock, SystemClock};
use crate::config::SettingsFile;
use crate::entropy::{Entropy, SystemEntropy};

/// Permission passports for AI agents: issue them, carry them, check them offline.
#[derive(Debug, Parser)]
#[command(name = "passport", version, term_width = WIDTH, after_help = EXITS)]
pub(crate) struct Cli {
    /// Write results for a program, as JSON
    #[arg(long, global = true, display_order = LAST)]
    json: bool,
    /// The settings file [default: passport.toml, if there is one]
    #[arg(long, global = true, display_order = LAST, env = "PASSPORT_CONFIG", hide_env_values = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Behind what a command has of its own.
const LAST: usize = 900;

const EXITS: &str = "\
Exit codes: 0 done or allowed, 1 failed, 2 called wrongly, 3 denied,
4 not a valid passport, 5 a person has to approve";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    AdminPassport(admin_passport::AdminPassport),
    Migrate(migrate::Migrate),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Doctor(doctor::Doctor),
    Demo(demo::Demo),
    /// Create, list and disable agents
    #[command(subcommand)]
    Agents(agents::Agents),
    Issue(Box<issue::Issue>),
    Renew(renew::Renew),
    /// List and revoke passports
    #[command(subcommand)]
    Passports(passports::Passports),
    /// Save, list, try and delete templates of grants
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Create, list, change and replay webhooks
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    Inspect(Box<inspect::Inspect>),
    Verify(Box<verify::Verify>),
    /// Fetch and read what verifiers trust
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    /// List, rotate and revoke the issuer's keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// List, approve and deny what agents ask for
    #[command(subcommand)]
    Approvals(approvals::Approvals),
    Console(console::Console),
    /// Read the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    Test(test::Test),
    Replay(Box<replay::Replay>),
    Shrink(Box<shrink::Shrink>),
    Completions(completions::Completions),
}

const FIRST_STEPS: &str = "\
passport: permission passports for AI agents

what to do first:
  passport demo            watch an agent's day, on throw-away data
  passport serve --dev     run an issuer on this machine, to try it out
  passport inspect TOKEN   read what a passport says
  passport verify --help   decide offline whether a passport allows a request
  passport --help          everything else";

/// What every command works with.
pub(crate) struct Session {
    pub(crate) out: Output,
    pub(crate) settings: SettingsFile,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) entropy: Box<dyn Entropy>,
}

/// Runs the command that this process was called with.
#[must_use]
pub fn run() -> ExitCode {
    panics::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error),
    };
    let out = Output::new(cli.json);
    let Some(command) = cli.command else {
        if out.is_json() {
            return ExitCode::from(out.end(Err(CliError::usage("no command is given").hint(FIRST_STEPS))));
        }
        out.say(FIRST_STEPS);
        return ExitCode::from(USAGE);
    };
    let ended = match SettingsFile::load(cli.config.as_deref()) {
        Ok(settings) => dispatch(command, &Session { out, settings, clock: Box::new(SystemClock), entropy: Box::new(SystemEntropy) }),
        Err(error) => Err(CliError::usage(error.to_string())),
    };
    ExitCode::from(out.end(ended))
}

fn dispatch(command: Command, session: &Session) -> Ended {
    match command {
        Command::Serve(serve) => serve.run(session),
        Command::AdminPassport(admin) => admin.run(session),
        Command::Migrate(migrate) => migrate.run(session),
        Command::Backup(backup) => backup.run(session),
        Command::Restore(restore) => restore.run(session),
        Command::Doctor(doctor) => doctor.run(session),
        Command::Demo(demo) => demo.run(session),
        Command::Agents(agents) => agents.run(session),
        Command::Issue(issue) => issue.run(session),
        Command::Renew(renew) => renew.run(session),
        Command::Passports(passports) => passports.run(session),
        Command::Templates(templates) => templates.run(session),
        Command::Webhooks(webhooks) => webhooks.run(session),
        Command::Inspect(inspect) => inspect.run(session),
        Command::Verify(verify) => verify.run(session),
        Command::Trust(trust) => trust.run(session),
        Command::Keys(keys) => keys.run(session),
        Command::Approvals(approvals) => approvals.run(session),
        Command::Console(console) => console.run(session),
        Command::Audit(audit) => audit.run(session),
        Command::Test(test) => test.run(session),
        Command::Replay(replay) => replay.run(session),
        Command::Shrink(shrink) => shrink.run(session),
        Command::Completions(completions) => completions.run(session),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_page_of_help_fits_80_columns() {
        fn walk(command: &mut clap::Command) {
            for page in [command.render_help().to_string(), command.render_long_help().to_string()] {
                for line in page.lines() {
                    assert!(line.chars().count() <= WIDTH, "{}: {line}", command.get_name());
                }
            }
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{} of {} is documented", argument.get_id(), command.get_name());
            }
            command.get_subcommands_mut().for_each(walk);
        }
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        walk(&mut command);
    }
}
