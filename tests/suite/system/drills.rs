//! The drills' own command. Their short forms run in `./check drills`, where nothing else runs beside them.

use std::process::{Command, Output};

fn drill(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drill")).args(args).output().expect("it runs")
}

#[test]
fn a_drill_that_is_called_wrongly_says_so_and_ends_with_2() {
    for args in [&[][..], &["no-such-drill"], &["all", "--times", "0"], &["all", "--times", "1", "--short"], &["all", "--seed", "x"]] {
        let output = drill(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn the_list_of_drills_names_each_with_both_its_forms() {
    let output = drill(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    for campaign in passport_tests::drill::CAMPAIGNS {
        assert!(text.contains(&format!("{}: {}", campaign.name, campaign.about)), "{text}");
        assert!(text.contains(&format!("{} {}; {} in CI", campaign.long, campaign.unit, campaign.short)), "{text}");
    }
}
