//! The README is true.

use passport_tests::places::workspace;

/// The blocks of the README that are fenced as `language`.
pub(crate) fn blocks(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join("README.md")).expect("a README");
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_readmes_shop_is_the_example_that_is_built_and_tested() {
    let example = std::fs::read_to_string(workspace().join("verifier/examples/shop.rs")).expect("the example");
    assert_eq!(blocks("rust"), [example], "copy verifier/examples/shop.rs into the README");
}

#[test]
fn every_file_that_the_readme_names_is_there() {
    let text = std::fs::read_to_string(workspace().join("README.md")).expect("a README");
    let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 5);
    for link in links {
        assert!(workspace().join(link).exists(), "{link}");
    }
}
