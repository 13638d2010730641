//! The rows over all processes, and how they are shown.

use super::arguments::Arguments;
use super::measure::{Figure, median};

pub struct Line {
    name: String,
    grants: usize,
    live: usize,
    median_ns: f64,
    ratio: f64,
}

/// One line a row: the medians over the processes.
pub fn summarise(figures: Vec<Figure>) -> Vec<Line> {
    let mut lines: Vec<(Line, Vec<f64>, Vec<f64>)> = Vec::new();
    for figure in figures {
        let Figure { name, grants, live, nanos, ratio } = figure;
        match lines.iter_mut().find(|(line, ..)| line.name == name && line.grants == grants && line.live == live) {
            Some((_, all_nanos, all_ratios)) => {
                all_nanos.push(nanos);
                all_ratios.push(ratio);
            }
            None => lines.push((Line { name, grants, live, median_ns: 0.0, ratio: 0.0 }, vec![nanos], vec![ratio])),
        }
    }
    let sum_up = |(line, nanos, ratios): (Line, Vec<f64>, Vec<f64>)| Line { median_ns: median(&nanos), ratio: median(&ratios), ..line };
    let mut lines: Vec<Line> = lines.into_iter().map(sum_up).collect();
    // As they came, but each name once: a name's rows stand together.
    let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    lines.sort_by_key(|line| (names.iter().position(|name| *name == line.name), line.grants, line.live));
    lines
}

fn is_speed_up(line: &Line) -> bool {
    line.name.contains("/threads2")
}

/// `[{"name", "grants", "live", "median_ns", "ratio"}]`.
pub fn json(lines: &[Line]) -> String {
    let one = |line: &Line| {
        serde_json::json!({
            "name": line.name, "grants": line.grants, "live": line.live,
            "median_ns": rounded(line.median_ns, 10.0), "ratio": rounded(line.ratio, 1e6),
        })
    };
    let lines: Vec<String> = lines.iter().map(|line| format!("  {}", one(line))).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn rounded(value: f64, by: f64) -> f64 {
    (value * by).round() / by
}

pub fn plain(lines: &[Line]) -> String {
    let row = |line: &Line| {
        format!("{:<28} {:>6} {:>6} {:>12} {:>10}\n", line.name, line.grants, line.live, nanos(line.median_ns), ratio(line.ratio))
    };
    let head = |last: &str| format!("{:<28} {:>6} {:>6} {:>12} {:>10}\n", "", "grants", "live", "ns", last);
    shown(lines, &head, &row)
}

pub fn markdown(lines: &[Line]) -> String {
    let row = |line: &Line| {
        format!("| `{}` | {} | {} | {} | {} |\n", line.name, line.grants, line.live, nanos(line.median_ns), ratio(line.ratio))
    };
    let head = |last: &str| format!("| row | grants | live | ns | {last} |\n| --- | ---: | ---: | ---: | ---: |\n");
    shown(lines, &head, &row)
}

/// The rows with a ratio to the baseline, then those of two threads.
fn shown(lines: &[Line], head: &dyn Fn(&str) -> String, row: &dyn Fn(&Line) -> String) -> String {
    let (threads, rows): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| is_speed_up(line));
    let mut text = String::new();
    for (lines, last) in [(rows, "ratio"), (threads, "speed-up")] {
        if !lines.is_empty() {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(&head(last));
            text.extend(lines.into_iter().map(row));
        }
    }
    text
}

/// With a point where it tells something, and a comma between thousands.
fn nanos(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// With three digits that count.
fn ratio(value: f64) -> String {
    match value {
        value if value >= 0.1 => format!("{value:.2}"),
        value if value >= 0.01 => format!("{value:.3}"),
        value => format!("{value:.5}"),
    }
}

/// When, where and how, for the line above the table.
pub fn circumstances(now: i64, arguments: &Arguments) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("an unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let day = passport_shared::time::format(now).unwrap_or_default();
    let day = day.split('T').next().unwrap_or_default();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    format!(
        "Measured on {day}, {model}, {cores} cores, {} processes: `cargo bench -p passport-tests --bench verify -- {}`.\n",
        arguments.processes(),
        words.join(" ")
    )
}
