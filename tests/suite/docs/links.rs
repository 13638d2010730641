//! Links lead somewhere, to the heading too, and no page is left out of the book.

use std::path::Path;

use passport_tests::places::workspace;

use super::page::Page;

/// The name that forges and mdBook give a heading, as far as they agree.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &Page) -> Vec<String> {
    page.text.lines().filter(|line| line.starts_with('#')).map(anchor).collect()
}

/// The targets of a page's links, outside code.
fn links(page: &Page) -> Vec<String> {
    let mut fenced = false;
    let mut links = Vec::new();
    for line in page.text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        if !fenced {
            links.extend(plain.split("](").skip(1).filter_map(|rest| rest.split(')').next().map(str::to_owned)));
        }
    }
    links
}

#[test]
fn every_link_of_a_page_leads_to_a_file_and_to_a_heading_that_are_there() {
    let mut count = 0;
    for page in Page::all() {
        for link in links(&page).iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, wanted) = link.split_once('#').map_or((link.as_str(), None), |(file, anchor)| (file, Some(anchor)));
            let path = if file.is_empty() { page.name.clone() } else { Path::new(&page.name).with_file_name(file).display().to_string() };
            assert!(workspace().join(&path).exists(), "{} links to {link}, which is not there", page.name);
            if let Some(wanted) = wanted.filter(|_| path.ends_with(".md")) {
                assert!(anchors(&Page::read(&path)).iter().any(|anchor| anchor == wanted), "{}: {link} names no heading", page.name);
            }
            count += 1;
        }
    }
    assert!(count > 40, "only {count} links were seen");
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let summary = links(&Page::read("docs/SUMMARY.md"));
    for page in Page::all().iter().filter_map(|page| page.name.strip_prefix("docs/")).filter(|name| *name != "SUMMARY.md") {
        assert_eq!(summary.iter().filter(|link| *link == page).count(), 1, "docs/SUMMARY.md lists docs/{page} once");
    }
    let book = std::fs::read_to_string(workspace().join("docs/book.toml")).expect("docs/book.toml");
    assert!(book.contains("src = \".\""), "the book is made of the pages where they lie");
}
