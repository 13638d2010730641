//! What PostgreSQL alone does with the same rows: COPY into a table that is like the issuer's.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use crate::drill::reporting::{Chain, Pool};
use crate::generate::Gen;

/// Rows that one COPY brings, which is a transaction.
const ROWS: usize = 20_000;
/// Bytes handed over at once.
const PART: usize = 1 << 20;

/// All columns but the mark of a conflict, which is 0.
const COPY: &str = "COPY rows (sequence, event_id, kind, reporter, seq, request_id, body, body_hash, received_at, evaluated_at, agent_id, \
    passport_id, outcome, reason, action, resource) FROM STDIN";

/// How the table keeps a hash: as bytes, or as text in hexadecimal digits.
const HASH: &str = "SELECT data_type FROM information_schema.columns WHERE table_name = 'rows' AND column_name = 'body_hash'";

/// Rows a second, while the time of copying comes to `time`. Making the rows is not counted.
pub(super) fn rows_per_s(url: &str, pool: &Arc<Pool>, dice: Gen, time: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await.expect("a connection");
        connection.execute("CREATE TABLE rows (LIKE audit_events INCLUDING ALL)").await.expect("a table like the issuer's");
        let hash: String = sqlx::query_scalar(HASH).fetch_one(&mut connection).await.expect("a column for the hash");
        let mut chain = Chain::start(Arc::clone(pool), dice);
        let (mut rows, mut took) = (0_usize, Duration::ZERO);
        while took < time {
            let text = lines(&mut chain, rows, &hash);
            let began = Instant::now();
            let mut copy = connection.copy_in_raw(COPY).await.expect("a copy");
            for part in text.as_bytes().chunks(PART) {
                copy.send(part).await.expect("taken");
            }
            let copied = copy.finish().await.expect("copied");
            took += began.elapsed();
            assert_eq!(usize::try_from(copied), Ok(ROWS), "what was measured was written");
            rows += ROWS;
        }
        rows as f64 / took.as_secs_f64()
    })
}

/// The rows after the first `before`, in COPY's text format.
fn lines(chain: &mut Chain, before: usize, hash: &str) -> String {
    let mut text = String::with_capacity(ROWS * 1_100);
    let mark = if hash == "bytea" { r"\\x" } else { "" };
    for number in before + 1..=before + ROWS {
        let row = chain.row();
        let hash: String = row.body_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let body = row.body.replace('\\', r"\\");
        writeln!(
            text,
            "{number}\t{}\tdecision\treporter-0\t{}\t{}\t{body}\t{mark}{hash}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            row.event_id,
            row.seq,
            row.request_id,
            row.at,
            row.at,
            row.agent,
            row.passport,
            row.outcome,
            row.reason,
            row.action,
            row.resource
        )
        .expect("memory");
    }
    text
}
