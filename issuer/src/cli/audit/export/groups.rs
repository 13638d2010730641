//! Parquet: columns, in groups of rows that are written as they are full.

use std::fs::File;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::columns::{COLUMNS, Cell, Kind, millis};
use crate::cli::error::CliError;

/// Rows of one group: it is what memory is taken for.
const ROWS: usize = 65_536;

/// Bytes of text in one group, and one event.
const BYTES: usize = 64 << 20;

/// A file that is written.
pub(super) struct Parquet {
    writer: SerializedFileWriter<File>,
    rows: Vec<[Cell; COLUMNS.len()]>,
    bytes: usize,
}

impl Parquet {
    pub(super) fn new(file: File) -> Result<Self, CliError> {
        let columns = COLUMNS.iter().map(|(name, kind, always)| {
            let presence = if *always { "REQUIRED" } else { "OPTIONAL" };
            let kind = match kind {
                Kind::Number => ("INT64", ""),
                Kind::Flag => ("BOOLEAN", ""),
                Kind::Time => ("INT64", " (TIMESTAMP(MILLIS,true))"),
                Kind::Text => ("BYTE_ARRAY", " (STRING)"),
                Kind::Json => ("BYTE_ARRAY", " (JSON)"),
            };
            format!("{presence} {} {name}{};", kind.0, kind.1)
        });
        let schema = format!("message audit_event {{ {} }}", columns.collect::<Vec<_>>().join(" "));
        let schema = parse_message_type(&schema).map_err(|error| cannot(&error))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(|error| cannot(&error))?;
        Ok(Self { writer, rows: Vec::new(), bytes: 0 })
    }

    pub(super) fn event(&mut self, cells: [Cell; COLUMNS.len()]) -> Result<(), CliError> {
        let text = |cell: &Cell| if let Cell::Text(Some(text)) = cell { text.len() } else { 0 };
        self.bytes = self.bytes.saturating_add(cells.iter().map(text).sum());
        self.rows.push(cells);
        if self.rows.len() < ROWS && self.bytes < BYTES {
            return Ok(());
        }
        self.group().map_err(|error| cannot(&error))
    }

    pub(super) fn end(mut self) -> Result<(), CliError> {
        self.group().and_then(|()| self.writer.close().map(|_| ())).map_err(|error| cannot(&error))
    }

    /// Writes the rows that there are.
    fn group(&mut self) -> Result<(), ParquetError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (number, (_, kind, always)) in COLUMNS.iter().enumerate() {
            let Some(column) = group.next_column()? else { break };
            let cells = self.rows.iter().filter_map(|row| row.get(number));
            write(column, cells, *kind, *always)?;
        }
        group.close()?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn write<'c>(
    mut column: SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = &'c Cell> + Clone,
    kind: Kind,
    always: bool,
) -> Result<(), ParquetError> {
    let number = |cell: &Cell| match cell {
        Cell::Number(number) => *number,
        Cell::Text(text) => text.as_deref().and_then(millis),
        Cell::Flag(_) => None,
    };
    // One that is always there has no levels; a value that cannot be read would have to be there all the same.
    let levels = |there: &dyn Fn(&Cell) -> bool| -> Vec<i16> { cells.clone().map(|cell| i16::from(there(cell))).collect() };
    match kind {
        Kind::Number | Kind::Time => {
            let values: Vec<i64> = cells.clone().filter_map(|cell| number(cell).or_else(|| always.then_some(0))).collect();
            let levels = levels(&|cell| number(cell).is_some());
            column.typed::<Int64Type>().write_batch(&values, (!always).then_some(&levels[..]), None)?;
        }
        Kind::Flag => {
            let values: Vec<bool> = cells.map(|cell| *cell == Cell::Flag(true)).collect();
            column.typed::<BoolType>().write_batch(&values, None, None)?;
        }
        Kind::Text | Kind::Json => {
            let text = |cell: &'c Cell| if let Cell::Text(Some(text)) = cell { Some(text.as_str()) } else { None };
            let values: Vec<ByteArray> =
                cells.clone().filter_map(|cell| text(cell).or_else(|| always.then_some(""))).map(ByteArray::from).collect();
            let levels = levels(&|cell| matches!(cell, Cell::Text(Some(_))));
            column.typed::<ByteArrayType>().write_batch(&values, (!always).then_some(&levels[..]), None)?;
        }
    }
    column.close()
}

fn cannot(error: &ParquetError) -> CliError {
    CliError::failed(format!("cannot write the export as Parquet: {error}"))
}
