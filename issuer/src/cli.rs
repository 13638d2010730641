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
mod first_steps;
mod hand_over;
mod help;
mod history;
mod ids;
mod init;
mod input;
mod inspect;
mod issue;
mod issuer_data;
mod keys;
mod man;
mod migrate;
mod open_files;
mod output;
mod page;
mod panics;
mod passports;
mod progress;
mod renew;
mod replay;
mod restore;
mod said;
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

use clap::{ColorChoice, FromArgMatches as _, Parser, Subcommand};

use self::error::{CliError, Ended, plain};
use self::output::{Output, WIDTH};
use crate::clock::{Clock, SystemClock};
use crate::config::{SettingsError, SettingsFile};
use crate::entropy::{Entropy, SystemEntropy};

/// Permission passports for AI agents: issue them, carry them, check them offline.
#[derive(Debug, Parser)]
#[command(name = "passport", version, term_width = WIDTH, after_help = EXITS)]
pub(crate) struct Cli {
    /// Write results for a program, as JSON
    #[arg(long, global = true, display_order = LAST)]
    json: bool,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, display_order = LAST, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
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
    Init(Box<init::Init>),
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
    Man(man::Man),
}

/// What every command works with.
pub(crate) struct Session {
    pub(crate) out: Output,
    pub(crate) settings: SettingsFile,
    /// The settings file, where one was named.
    pub(crate) named: Option<PathBuf>,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) entropy: Box<dyn Entropy>,
}

/// Runs the command that this process was called with.
#[must_use]
pub fn run() -> ExitCode {
    panics::install();
    // Before the call is read, for what is wrong with it is coloured too.
    let colours = usage::colours(std::env::args_os().skip(1));
    paint(colours);
    let mut command = help::command().color(colours);
    let read = command.try_get_matches_from_mut(std::env::args_os()).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match read {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error),
    };
    paint(cli.color);
    let out = Output::new(cli.json);
    let settings = match &cli.command {
        // It makes the file; one that is there may be wrong.
        Some(Command::Init(_)) => Ok(SettingsFile::default()),
        _ => SettingsFile::load(cli.config.as_deref()).map_err(settings_error),
    };
    let ended = settings.and_then(|settings| match cli.command {
        Some(command) => {
            let (clock, entropy) = (Box::new(SystemClock), Box::new(SystemEntropy));
            dispatch(command, &Session { out, settings, named: cli.config, clock, entropy })
        }
        None => first_steps::tell(&settings, out),
    });
    ExitCode::from(out.end(ended))
}

/// Has everything that is written coloured, or nothing.
fn paint(colours: ColorChoice) {
    match colours {
        // As the environment says: `NO_COLOR`, `CLICOLOR_FORCE`, and whether there is a terminal.
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// What is wrong with the settings file, and what to do next.
fn settings_error(error: SettingsError) -> CliError {
    const NAMED: &str = "name the settings file that is there with --config FILE; `passport init` writes one";
    match error {
        SettingsError::Unreadable { path, source } => {
            CliError::usage(format!("cannot read the settings file `{}`: {}", path.display(), plain(&source))).hint(NAMED)
        }
        SettingsError::TooLong { .. } => CliError::usage(error.to_string()).hint(NAMED),
        SettingsError::NotToml { .. } => {
            CliError::usage(error.to_string()).hint("a text stands in quotes, as in listen = \"127.0.0.1:7700\"")
        }
        SettingsError::Unknown { .. } | SettingsError::Value { .. } => {
            CliError::usage(error.to_string()).hint("`passport serve --help` says what each setting is")
        }
    }
}

fn dispatch(command: Command, session: &Session) -> Ended {
    match command {
        Command::Init(init) => init.run(session),
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
        Command::Man(man) => man.run(session),
    }
}
