use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, with_local_recorder};

use super::*;
use crate::testing::{HandClock, NOW, TestIssuer, purchase};
use crate::{Guard, KeeperHealth, RecordError, Recorded, RecorderHealth, TrustKeeper};

type Slots = Mutex<BTreeMap<String, Arc<AtomicU64>>>;

/// An exporter whose values can be read: counters as they are, gauges as the bits of a double.
#[derive(Default)]
struct Exporter {
    counters: Slots,
    gauges: Slots,
}

impl Exporter {
    fn slot(slots: &Slots, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::clone(slots.lock().expect("lock").entry(name).or_default())
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.counters.lock().expect("lock").iter().map(|(name, value)| (name.clone(), value.load(Ordering::Relaxed))).collect()
    }

    fn gauges(&self) -> BTreeMap<String, f64> {
        let gauges = self.gauges.lock().expect("lock");
        gauges.iter().map(|(name, value)| (name.clone(), f64::from_bits(value.load(Ordering::Relaxed)))).collect()
    }
}

impl Recorder for Exporter {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Self::slot(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Self::slot(&self.gauges, key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

struct Around;

impl crate::Recorder for Around {
    fn record(&self, _: &crate::Decision<'_>) -> Result<Recorded, RecordError> {
        Ok(Recorded::Done)
    }

    fn health(&self) -> Option<RecorderHealth> {
        let numbers =
            RecorderHealth { waiting: 1, oldest_waiting: Some(2), delivered: 3, rejected: 4, lost: 5, ..RecorderHealth::default() };
        Some(RecorderHealth { failed_attempts: 6, spool_bytes: Some(7 << 32), spool_quota: Some(8), gaps: 9, disk_errors: 10, ..numbers })
    }
}

impl TrustKeeper for Around {
    fn ask(&self) {}

    fn health(&self) -> KeeperHealth {
        let counts = KeeperHealth { last_success: Some(NOW - 11), attempts: 12, failures: 13, refused: 14, ..KeeperHealth::default() };
        KeeperHealth { following: Some(true), save_failures: 15, ..counts }
    }
}

const AUDIENCE: &str = "audience=https://shop.example";

#[test]
fn decisions_are_counted_by_outcome_and_reason_for_whoever_listens_later() {
    let issuer = TestIssuer::new();
    let guard = Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW));
    let exporter = Exporter::default();
    let (good, over, refund) = (purchase(1), purchase(501), crate::Request::new("refund").on("commerce"));
    for request in [&good, &good, &over, &refund] {
        let _ = guard.decide(issuer.passport(), request);
    }
    let _ = guard.authorize(Some("Bearer x"), &good);
    let _ = guard.verify(Some("Bearer x"));
    let _ = guard.authorize(None, &good);
    with_local_recorder(&exporter, || guard.publish_metrics());
    let decisions = |outcome: &str, reason: &str| format!("passport_decisions_total{{{AUDIENCE},outcome={outcome},reason={reason}}}");
    let counters: Vec<_> = exporter.counters().into_iter().filter(|(name, _)| name.starts_with("passport_decisions")).collect();
    assert_eq!(
        counters,
        [
            (decisions("allow", "granted"), 2),
            (decisions("approval_required", "approval_required"), 1),
            (decisions("deny", "constraint_unmet"), 1),
            (decisions("deny", "malformed_token"), 2),
        ]
    );
    let _ = guard.decide(issuer.passport(), &good);
    with_local_recorder(&exporter, || guard.publish_metrics());
    assert_eq!(exporter.counters()[&decisions("allow", "granted")], 3, "they go on from where they were");
}

#[test]
fn health_is_published_under_the_names_in_the_table_and_no_other() {
    let guard = Guard::new(TestIssuer::new().verifier()).with_clock(HandClock::at(NOW));
    let guard = guard.with_recorder(Around).with_trust_keeper(Around);
    let _ = guard.decide("x", &purchase(1));
    let exporter = Exporter::default();
    with_local_recorder(&exporter, || guard.publish_metrics());
    let label = |name: &str| format!("{name}{{{AUDIENCE}}}");
    let (counters, gauges) = (exporter.counters(), exporter.gauges());
    for (name, value) in [
        ("passport_unrecorded_total", 0),
        ("passport_reports_delivered_total", 3),
        ("passport_reports_rejected_total", 4),
        ("passport_reports_lost_total", 5),
        ("passport_reports_failed_attempts_total", 6),
        ("passport_spool_gaps_total", 9),
        ("passport_spool_errors_total", 10),
        ("passport_trust_attempts_total", 12),
        ("passport_trust_failures_total", 13),
        ("passport_trust_refused_total", 14),
        ("passport_trust_save_failures_total", 15),
    ] {
        assert_eq!(counters.get(&label(name)), Some(&value), "{name}");
    }
    for (name, value) in [
        ("passport_health", 1.0),
        ("passport_clock_behind_seconds", 0.0),
        ("passport_trust_keys", 1.0),
        ("passport_trust_confirmed_seconds", 11.0),
        ("passport_trust_following", 1.0),
        ("passport_reports_waiting", 1.0),
        ("passport_reports_oldest_seconds", 2.0),
        ("passport_spool_bytes", 30_064_771_072.0),
        ("passport_spool_quota_bytes", 8.0),
    ] {
        assert_eq!(gauges.get(&label(name)), Some(&value), "{name}");
    }
    // The table is the one that services read; a plain set of keys has no sequence and no age.
    let table: Vec<&str> = include_str!("../metrics.rs").lines().filter_map(|line| line.trim().strip_prefix("/// | `")).collect();
    let named = |name: &String| table.iter().any(|row| row.starts_with(name.split('{').next().unwrap_or_default()));
    assert!(counters.keys().chain(gauges.keys()).all(named), "{counters:?} {gauges:?}");
    let absent = ["passport_trust_sequence", "passport_trust_age_seconds", "passport_trust_status_age_seconds"];
    assert_eq!(table.len(), 11 + 1 + 9 + absent.len());
    assert!(absent.iter().all(|name| !gauges.contains_key(&label(name))));
}

#[test]
fn a_gauge_is_exact_for_any_number_of_bytes_on_a_disk() {
    for value in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 53) - 1] {
        assert_eq!(format!("{:.0}", number(value)), value.to_string());
    }
    assert_eq!((seconds(-5), seconds(5)), (0.0, 5.0));
}
