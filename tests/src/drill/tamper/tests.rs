use indicatif::ProgressBar;

use super::*;
use crate::drill::Setup;

/// What the drill says of one tampering with event 7, to which the verifier has said this.
fn broken(told: &Told) -> Vec<&'static str> {
    let drill = Drill::new(Setup::default(), 1, 1, ProgressBar::hidden());
    let act = Act { kind: "events", what: "event 7 removed".to_owned(), places: vec!["event 7".to_owned()], kept: None };
    hold(&drill, 0, &act, told);
    drill.broken.into_inner().expect("no panic").into_keys().collect()
}

fn told(sound: bool, places: &[&str]) -> Told {
    Told { sound, places: places.iter().map(|place| (*place).to_owned()).collect(), text: String::new() }
}

#[test]
fn a_verifier_that_is_blind_or_looks_elsewhere_breaks_what_the_drill_holds() {
    assert_eq!(broken(&told(true, &[])), [FOUND]);
    assert_eq!(broken(&told(true, &["event 7"])), [FOUND], "who finds it and calls it sound has not found it");
    assert_eq!(broken(&told(false, &[])), [LOCATED], "a check that fails for another reason finds nothing");
    assert_eq!(broken(&told(false, &["event 8"])), [LOCATED]);
    assert!(broken(&told(false, &["head", "event 7"])).is_empty());
}
