use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;

use super::columns::COLUMNS;
use super::*;

const DECISION: &str = r#"{"eventId":"evt_1","sequence":1,"kind":"decision","reporter":"shop","receivedAt":"2026-05-30T00:00:05Z","conflict":true,"seq":7,"requestId":"r,1","outcome":"deny","reason":"constraint_unmet","evaluatedAt":"2026-05-30T00:00:00Z","agentId":"say \"hi\"","action":"","attributes":{"amount":7.50}}"#;
const BARE: &str = r#"{"eventId":"evt_2","sequence":2,"kind":"admin","reporter":"é","receivedAt":"2026-05-30T00:00:06Z","conflict":false,"requestId":"r2","evaluatedAt":null}"#;

fn written(format: Format, events: &[&str]) -> File {
    let file = tempfile::tempfile().expect("a file");
    let mut sink = Sink::new(format, file.try_clone().expect("the same")).expect("a sink");
    events.iter().for_each(|event| sink.event(event).expect("written"));
    sink.end().expect("ended");
    file
}

fn text(mut file: File) -> String {
    io::Seek::rewind(&mut file).expect("rewound");
    io::read_to_string(file).expect("text")
}

#[test]
fn a_line_is_the_event_to_the_letter() {
    assert_eq!(text(written(Format::Jsonl, &[DECISION, BARE])), format!("{DECISION}\n{BARE}\n"));
}

#[test]
fn a_record_has_every_column_and_what_is_not_there_is_told_from_what_is_empty() {
    let text = text(written(Format::Csv, &[DECISION, BARE]));
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], COLUMNS.map(|(name, _, _)| name).join(","));
    let quoted = |event: &str| format!("\"{}\"", event.replace('"', "\"\""));
    let start = "1,evt_1,decision,shop,2026-05-30T00:00:05Z,true,\"r,1\",7,2026-05-30T00:00:00Z,deny,constraint_unmet,";
    assert_eq!(lines[1], format!("{start}\"say \"\"hi\"\"\",,\"\",,\"{{\"\"amount\"\":7.50}}\",{}", quoted(DECISION)));
    assert_eq!(lines[2], format!("2,evt_2,admin,é,2026-05-30T00:00:06Z,false,r2,,,,,,,,,,{}", quoted(BARE)));
    assert_eq!(lines[3..], [""]);
}

/// Over more than one group of rows, with the crate's own reader.
#[test]
fn parquet_gives_back_what_was_written() {
    let mut events = vec![DECISION.to_owned(), BARE.to_owned()];
    events.extend((3..=70_000).map(|sequence| BARE.replace("\"sequence\":2", &format!("\"sequence\":{sequence}"))));
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let reader = SerializedFileReader::new(written(Format::Parquet, &events)).expect("a reader");
    assert!(reader.num_row_groups() > 1);
    let mut rows = reader.get_row_iter(None).expect("rows");
    let first = rows.next().expect("a row").expect("read");
    let named: Vec<String> = first.get_column_iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(named, COLUMNS.map(|(name, _, _)| name));
    assert_eq!((first.get_long(0).expect("a number"), first.get_bool(5).expect("a flag")), (1, true));
    assert_eq!(first.get_timestamp_millis(4).expect("a time"), 1_780_099_205_000);
    let texts: Vec<_> = [6, 9, 13, 11].map(|column| first.get_string(column).expect("text").clone()).into();
    assert_eq!(texts, ["r,1", "deny", "", "say \"hi\""]);
    let second = rows.next().expect("a row").expect("read");
    assert!(second.get_string(9).is_err() && second.get_long(7).is_err(), "it has none");
    for (sequence, row) in (3..).zip(rows) {
        assert_eq!(row.expect("read").get_long(0).expect("a number"), sequence);
    }
    assert_eq!(reader.metadata().file_metadata().num_rows(), 70_000);
}

#[test]
fn a_file_without_events_is_whole_in_every_form() {
    assert_eq!(text(written(Format::Jsonl, &[])), "");
    assert_eq!(text(written(Format::Csv, &[])).lines().count(), 1);
    assert_eq!(SerializedFileReader::new(written(Format::Parquet, &[])).expect("a reader").metadata().file_metadata().num_rows(), 0);
}
