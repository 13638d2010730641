//! Who reports while the issuer is killed, and sends again what was not answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::drill::Drill;
use crate::drill::reporting::{Line, Receipt, Reporter};

pub(in crate::drill) const TAKEN: &str = "a batch is answered with 200, or with 429 and taken later, until the issuer is killed";
const AGREE: &str = "a batch that is sent again is taken whole or counted whole as duplicates, as it was there or not";
const BUSY: &str = "every reporter has a batch under way when the issuer is killed";

/// How long the writers may take to have been answered twice each.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a refused batch waits where the answer names no time.
const WAIT: Duration = Duration::from_millis(100);

pub(in crate::drill) struct Writer {
    pub(in crate::drill) reporter: Reporter,
    /// Whether its batch was seen in the log after the kill.
    pub(in crate::drill) there: Option<bool>,
    /// Batches that were sent again, and those of them that were there already.
    pub(in crate::drill) again: u64,
    pub(in crate::drill) already: u64,
}

impl Writer {
    pub(in crate::drill) fn new(reporter: Reporter) -> Self {
        Self { reporter, there: None, again: 0, already: 0 }
    }

    /// Sends the batch under way until it is answered. `Ok` with what is wrong with the answer, `Err` where none comes.
    async fn send(&mut self, line: &mut Line, again: bool) -> std::io::Result<Vec<(&'static str, String)>> {
        loop {
            let answer = line.ask(self.reporter.request()).await?;
            if answer.status == 429 {
                tokio::time::sleep(answer.retry_after.unwrap_or(WAIT)).await;
                continue;
            }
            let batch = self.reporter.batch();
            let (new, old) = (Receipt { accepted: batch, ..Receipt::default() }, Receipt { duplicates: batch, ..Receipt::default() });
            let name = &self.reporter.name;
            let Some(receipt) = answer.receipt() else { return Ok(vec![(TAKEN, format!("{name}: {} {}", answer.status, answer.body))]) };
            let mut faults = Vec::new();
            if again {
                let was_there = receipt == old;
                if receipt != new && !was_there || self.there.is_some_and(|there| there != was_there) {
                    faults.push((AGREE, format!("{name}: {receipt:?}, seen in the log: {:?}", self.there)));
                }
                self.again += 1;
                self.already += u64::from(was_there);
            } else if receipt != new {
                faults.push((TAKEN, format!("{name}: {receipt:?}")));
            }
            self.there = None;
            self.reporter.acknowledge();
            return Ok(faults);
        }
    }
}

/// Has them send again what was not answered, and then one batch after another, until each was answered twice and the
/// pause after that is over. Then it kills the issuer under them.
pub(in crate::drill) fn until_killed(
    drill: &Drill,
    address: &str,
    writers: Vec<Writer>,
    batch: u64,
    pause: Duration,
    kill: impl FnOnce(),
) -> Vec<Writer> {
    let answered: Arc<Vec<AtomicU64>> = Arc::new(writers.iter().map(|_| AtomicU64::new(0)).collect());
    let busy = || answered.iter().all(|count| count.load(Ordering::Relaxed) >= 2);
    run(drill, address, writers, Some(batch), &answered, async {
        let deadline = Instant::now() + PATIENCE;
        while !busy() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drill.expect(busy(), BUSY, || format!("answers: {answered:?}"));
        tokio::time::sleep(pause).await;
        kill();
    })
}

/// Has them send again what was not answered.
pub(in crate::drill) fn settle(drill: &Drill, address: &str, writers: Vec<Writer>) -> Vec<Writer> {
    let answered = Arc::new(writers.iter().map(|_| AtomicU64::new(0)).collect());
    let writers = run(drill, address, writers, None, &answered, async {});
    for Writer { reporter, .. } in &writers {
        drill.expect(!reporter.is_waiting(), TAKEN, || format!("{}: no answer, and nobody was killed", reporter.name));
    }
    writers
}

/// Runs all of them on one thread beside `meanwhile`, until they have ended.
fn run(
    drill: &Drill,
    address: &str,
    writers: Vec<Writer>,
    batch: Option<u64>,
    answered: &Arc<Vec<AtomicU64>>,
    meanwhile: impl Future<Output = ()>,
) -> Vec<Writer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut ended = runtime.block_on(async {
        let mut set = JoinSet::new();
        for (place, writer) in writers.into_iter().enumerate() {
            let (address, answered) = (address.to_owned(), Arc::clone(answered));
            set.spawn(async move {
                let (writer, faults) = work(writer, &address, batch, &answered[place]).await;
                (place, writer, faults)
            });
        }
        meanwhile.await;
        set.join_all().await
    });
    ended.sort_by_key(|(place, ..)| *place);
    let back = ended.into_iter().map(|(_, writer, faults)| {
        faults.iter().for_each(|(promise, fault)| drill.broken(promise, fault));
        writer
    });
    back.collect()
}

/// Sends again what is under way, and then, where there are more batches to come, those of so many events, until
/// there is nobody to answer or something is wrong.
async fn work(mut writer: Writer, address: &str, batch: Option<u64>, answered: &AtomicU64) -> (Writer, Vec<(&'static str, String)>) {
    let Ok(mut line) = Line::open(address).await else { return (writer, Vec::new()) };
    let mut again = writer.reporter.is_waiting();
    loop {
        if !again {
            match batch {
                Some(batch) => _ = writer.reporter.next(batch),
                None => return (writer, Vec::new()),
            }
        }
        match writer.send(&mut line, again).await {
            Ok(faults) if faults.is_empty() => _ = answered.fetch_add(1, Ordering::Relaxed),
            Ok(faults) => return (writer, faults),
            Err(_) => return (writer, Vec::new()),
        }
        again = false;
    }
}
