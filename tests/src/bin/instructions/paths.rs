//! The paths: what is made ready, and what one turn does.

use std::hint::black_box;
use std::time::Duration;

use passport_shared::decision::Verdict;
use passport_shared::jose::Compact;
use passport_shared::judge::{ResourcePolicy, judge};
use passport_tests::scene::{Scene, USUAL_GRANTS, denied_request, request};
use passport_verifier::{Passport, Recorder as _, Reporter, ReporterPassport, ReporterSettings, Trust};

/// Their names, and how many turns are counted: enough that what varies between two runs is small against them.
pub const PATHS: [(&str, u32); 8] = [
    ("first check", 40),
    ("next check", 400),
    ("held, allow", 400),
    ("held, deny", 400),
    ("decide only", 400),
    ("read claims", 400),
    ("load bundle", 4),
    ("report push", 10_000),
];

/// Any time will do, as long as it is always the same.
const NOW: i64 = 1_800_000_000;

/// Makes the path of this name ready and goes it so often.
pub fn turn(path: &str, turns: &str) -> Result<(), String> {
    let turns: u32 = turns.parse().map_err(|_| format!("`{turns}` is not a number"))?;
    let scene = Scene::at(NOW);
    let (request, denied) = (request(), denied_request());
    // As many first checks as could be asked for, so that what is made ready is the same for every number of turns.
    let tokens = scene.passports(128, USUAL_GRANTS);
    let verifier = scene.verifier(scene.trust());
    let token = &tokens[0];
    let held = verifier.verify(token, NOW).expect("it verifies");
    let mut yes: Box<dyn FnMut(usize) -> bool> = match path {
        "first check" => Box::new(|turn| verifier.decide(&tokens[turn + 1], &request, NOW).is_allowed()),
        "next check" => Box::new(|_| verifier.decide(token, &request, NOW).is_allowed()),
        "held, allow" => Box::new(|_| held.decide(&request, NOW).is_allowed()),
        "held, deny" => Box::new(|_| !held.decide(&denied, NOW).is_allowed()),
        "decide only" => Box::new(|_| {
            let verdict = judge(black_box(held.claims()), black_box(&request), ResourcePolicy::MustName, NOW);
            matches!(black_box(verdict), Verdict::Allow { .. })
        }),
        "read claims" => {
            let payload = Compact::split(token.as_bytes(), token.len()).expect("a token").payload;
            Box::new(move |_| Passport::read(black_box(&payload)).is_ok())
        }
        "load bundle" => {
            let bundle = scene.bundle();
            Box::new(move |_| Trust::from_bundle(black_box(bundle.as_bytes()), NOW).is_ok())
        }
        "report push" => {
            let spool = tempfile::tempdir().expect("a directory");
            let url = "http://127.0.0.1:9".parse().expect("a URL");
            let settings = ReporterSettings::new(url, ReporterPassport::read(token).expect("a passport"), spool.path());
            let settings = settings.with_waits(Duration::from_secs(60), Duration::from_secs(60));
            let reporter = Reporter::start(settings).expect("a spool and threads");
            let decision = held.decide(&request, NOW).identified(|| "req_01a20b0c-9043-7799-a2c6-d6ef4e101b69".to_owned());
            Box::new(move |_| {
                // It goes with the reporter.
                let _ = &spool;
                reporter.record(black_box(&decision)).is_ok()
            })
        }
        _ => return Err(format!("`{path}` is no path")),
    };
    for turn in 0..turns as usize {
        assert!(black_box(yes(black_box(turn))), "every turn of `{path}` has to go as it should");
    }
    Ok(())
}
