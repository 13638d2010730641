//! Runs a campaign: `drill NAME --times N --seed S [--json]`.
//!
//! Ends with 0 where every promise was kept, with 1 where one was not, with 2 where it was called wrongly.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use passport_tests::drill::{CAMPAIGNS, Campaign, Database, Setup, hidden};

/// Runs the long campaigns that hold Passport's promises against the whole system, in real processes.
#[derive(Debug, Parser)]
#[command(name = "drill")]
struct Args {
    /// The drill; `all` for each in its turn; `list` to see what there is.
    #[arg(value_parser = names())]
    name: String,
    /// How many times; for the drill `intake`, how many seconds of each phase. Unless set, what the promise names.
    #[arg(long, visible_alias = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    times: Option<u64>,
    /// As many times as in CI.
    #[arg(long, conflicts_with = "times")]
    short: bool,
    /// The same seed is the same campaign.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many issuers, for the drills `revoke` and `rotate`; more than one on PostgreSQL alone.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=8), default_value_t = 1)]
    issuers: u8,
    /// The database, for the drills `revoke`, `rotate`, `kill-issuer`, `intake` and `kill-intake`.
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    database: Database,
    /// How many services verify, for the drills `revoke` and `rotate`.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=64), default_value_t = 8)]
    verifiers: u64,
    /// How many services report in batches, for the drills `intake` and `kill-intake`: 16 keep two cores busy.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=256), default_value_t = 16)]
    clients: u64,
    /// Events in a batch, for the same drills.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000), default_value_t = 100)]
    batch: u64,
    /// How many services report single events, for the drill `intake`.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_024), default_value_t = 64)]
    singles: u64,
    /// How many events there are before the first kill, for the drill `kill-intake`.
    #[arg(long, default_value_t = 0)]
    stored: u64,
    /// The report as one line of JSON, and no progress bar.
    #[arg(long)]
    json: bool,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(CAMPAIGNS.iter().map(|campaign| campaign.name).chain(["all", "list"]))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(run) = hidden(&arguments) {
        run(&arguments);
        return ExitCode::SUCCESS;
    }
    let args = Args::parse();
    if args.name == "list" {
        return told(CAMPAIGNS.iter().try_for_each(list));
    }
    let chosen = CAMPAIGNS.iter().filter(|campaign| args.name == "all" || args.name == campaign.name);
    let Args { database, verifiers, clients, batch, singles, stored, .. } = args;
    let setup = Setup { issuers: usize::from(args.issuers), database, verifiers, clients, batch, singles, stored };
    if setup.issuers > 1 && setup.database == Database::Sqlite {
        Args::command().error(ErrorKind::ArgumentConflict, "more than one issuer takes --database postgres").exit();
    }
    let mut kept = true;
    for campaign in chosen {
        let times = args.times.unwrap_or(if args.short { campaign.short } else { campaign.long });
        let report = campaign.start_on(setup, times, args.seed, !args.json && io::stderr().is_terminal());
        kept &= report.is_kept();
        let written = match args.json {
            true => writeln!(io::stdout(), "{}", serde_json::to_string(&report).expect("a report is strings and numbers")),
            false => write!(io::stdout(), "{report}"),
        };
        if written.is_err() {
            return ExitCode::FAILURE;
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn list(campaign: &Campaign) -> io::Result<()> {
    let Campaign { name, about, unit, long, short, .. } = campaign;
    writeln!(io::stdout(), "{name}: {about}\n    {long} {unit}; {short} in CI")
}

fn told(written: io::Result<()>) -> ExitCode {
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
