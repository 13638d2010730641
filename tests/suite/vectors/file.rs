//! What a vector file is: trusts, and cases that are decided under one of them.

use std::collections::BTreeMap;

use passport_verifier::{
    Clock, Decision, DecisionRecord, Guard, MaxAge, Randomness, RandomnessError, RecordError, Recorded, Recorder, Request, ResourcePolicy,
    StatusPolicy, Trust, Verifier,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::worlds::NOW;

/// A file of vectors.
#[derive(Serialize, Deserialize)]
pub(super) struct VectorFile {
    about: String,
    trusts: BTreeMap<String, Value>,
    vectors: Vec<Vector>,
}

/// One case.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) name: String,
    pub(super) trust: String,
    pub(super) audience: String,
    /// What is set otherwise than by default.
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    pub(super) settings: Settings,
    pub(super) token: String,
    /// The request's JSON text, to the letter: some are not JSON.
    pub(super) request: String,
    pub(super) now: i64,
    /// What fails in the wrapper around the verifier; without one, the core alone decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<Fault>,
    /// The decision's JSON text, to the letter.
    pub(super) decision: Box<RawValue>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_token_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_status_age: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) allow_unavailable_status: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) must_name_resource: bool,
}

impl Settings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What fails beside the decision.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Fault {
    /// The decision cannot be recorded.
    RecordUnavailable,
    /// No randomness can be had.
    RandomnessUnavailable,
    /// The clock had already shown a minute more.
    ClockWentBack,
}

impl VectorFile {
    /// Decides every case for the first time. Each comes with the reason that it was written for.
    pub(super) fn decided(about: &str, trusts: Vec<(&'static str, Value)>, cases: Vec<(&'static str, Vector)>) -> Self {
        let trusts = trusts.into_iter().map(|(name, trust)| (name.to_owned(), trust)).collect();
        let mut file = Self { about: about.to_owned(), trusts, vectors: Vec::new() };
        for (reason, mut vector) in cases {
            vector.decision = file.decide(&vector);
            assert_eq!(reason_of(&vector.decision), reason, "{}: {}", vector.name, vector.decision);
            assert!(!file.vectors.iter().any(|other| other.name == vector.name), "{} stands twice", vector.name);
            file.vectors.push(vector);
        }
        file
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("json") + "\n"
    }

    pub(super) fn reasons(&self) -> Vec<String> {
        self.vectors.iter().map(|vector| reason_of(&vector.decision)).collect()
    }

    /// Reads a file and decides everything in it again. Gives the number of vectors.
    pub(super) fn replay(text: &str) -> usize {
        let file: Self = serde_json::from_str(text).expect("a vector file");
        for vector in &file.vectors {
            assert_eq!(file.decide(vector).get(), vector.decision.get(), "{}", vector.name);
        }
        file.vectors.len()
    }

    fn trust(&self, name: &str) -> Trust {
        let trust = &self.trusts[name];
        match trust["bundle"].as_str() {
            Some(bundle) => Trust::from_bundle(bundle.as_bytes(), NOW).expect("a bundle"),
            None => {
                Trust::from_key_set(trust["issuer"].as_str().expect("an issuer"), trust["jwks"].to_string().as_bytes()).expect("a key set")
            }
        }
    }

    fn decide(&self, vector: &Vector) -> Box<RawValue> {
        let settings = vector.settings;
        let mut verifier = Verifier::new(self.trust(&vector.trust), &vector.audience);
        if let Some(bytes) = settings.max_token_bytes {
            verifier = verifier.with_max_token_bytes(bytes);
        }
        if let Some(seconds) = settings.max_status_age {
            verifier = verifier.with_max_status_age(MaxAge::Seconds(seconds));
        }
        if settings.allow_unavailable_status {
            verifier = verifier.with_status_policy(StatusPolicy::AllowUnavailable);
        }
        if settings.must_name_resource {
            verifier = verifier.with_resource_policy(ResourcePolicy::MustName);
        }
        let request = Request::parse(vector.request.as_bytes());
        let Some(fault) = vector.fault else {
            return json(&verifier.decide(&vector.token, &request, vector.now).record());
        };
        let guard = Guard::new(verifier).with_clock(Still(vector.now));
        let guard = match fault {
            Fault::RecordUnavailable => guard.with_recorder(FullRecorder).with_randomness(Nought),
            Fault::RandomnessUnavailable => guard.with_randomness(Empty),
            Fault::ClockWentBack => guard.with_latest_time(vector.now + 60).with_randomness(Nought),
        };
        json(&guard.decide(&vector.token, &request).record())
    }
}

fn json(record: &DecisionRecord<'_>) -> Box<RawValue> {
    to_raw_value(record).expect("json")
}

fn reason_of(decision: &RawValue) -> String {
    let decision: Value = serde_json::from_str(decision.get()).expect("json");
    decision["reason"].as_str().expect("a reason").to_owned()
}

struct Still(i64);

impl Clock for Still {
    fn now(&self) -> i64 {
        self.0
    }
}

struct Nought;

impl Randomness for Nought {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        bytes.fill(0);
        Ok(())
    }
}

struct Empty;

impl Randomness for Empty {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
        Err(RandomnessError)
    }
}

struct FullRecorder;

impl Recorder for FullRecorder {
    fn record(&self, _: &Decision<'_>) -> Result<Recorded, RecordError> {
        Err(RecordError::Full { waiting: 1 })
    }
}
