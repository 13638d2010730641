//! Where events are written to, one by one.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::Format;
use super::columns::{COLUMNS, Cell, cells};
use super::groups::Parquet;
use crate::cli::error::CliError;

/// A file that is written.
pub(super) enum Sink {
    Lines(BufWriter<File>),
    Csv(BufWriter<File>),
    Parquet(Box<Parquet>),
}

impl Sink {
    pub(super) fn new(format: Format, file: File) -> Result<Self, CliError> {
        Ok(match format {
            Format::Jsonl => Self::Lines(BufWriter::new(file)),
            Format::Csv => {
                let mut file = BufWriter::new(file);
                let names: Vec<Cell> = COLUMNS.iter().map(|(name, _, _)| Cell::Text(Some((*name).to_owned()))).collect();
                record(&mut file, &names).map_err(|error| cannot(&error))?;
                Self::Csv(file)
            }
            Format::Parquet => Self::Parquet(Box::new(Parquet::new(file)?)),
        })
    }

    /// Writes one event: its object, in one line.
    pub(super) fn event(&mut self, event: &str) -> Result<(), CliError> {
        match self {
            Self::Lines(file) => writeln!(file, "{event}").map_err(|error| cannot(&error)),
            Self::Csv(file) => record(file, &cells(event)?).map_err(|error| cannot(&error)),
            Self::Parquet(parquet) => parquet.event(cells(event)?),
        }
    }

    pub(super) fn end(self) -> Result<(), CliError> {
        match self {
            Self::Lines(mut file) | Self::Csv(mut file) => file.flush().map_err(|error| cannot(&error)),
            Self::Parquet(parquet) => parquet.end(),
        }
    }
}

fn cannot(error: &io::Error) -> CliError {
    CliError::io("write", "the export", error)
}

/// A record as RFC 4180 has it: text that needs quotes is quoted, and what is not there is empty.
fn record(file: &mut impl Write, cells: &[Cell]) -> io::Result<()> {
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            file.write_all(b",")?;
        }
        match cell {
            Cell::Number(None) | Cell::Text(None) => {}
            Cell::Number(Some(number)) => write!(file, "{number}")?,
            Cell::Flag(flag) => write!(file, "{flag}")?,
            // An empty text is quoted, to be told from none.
            Cell::Text(Some(text)) if text.is_empty() || text.contains(['"', ',', '\n', '\r']) => {
                write!(file, "\"{}\"", text.replace('"', "\"\""))?;
            }
            Cell::Text(Some(text)) => file.write_all(text.as_bytes())?,
        }
    }
    file.write_all(b"\r\n")
}
