//! The IETF draft's status lists.

use passport_shared::status_list::StatusList;
use passport_tests::places::outside_vectors;
use serde_json::Value;

#[test]
fn every_index_of_the_drafts_lists_is_read_as_labelled() {
    let Some(text) = outside_vectors("status-list/cases.json") else { return };
    let cases: Value = serde_json::from_str(&text).expect("json");
    for case in cases.as_array().expect("cases") {
        let bits = u8::try_from(case["bits"].as_u64().expect("bits")).expect("small");
        let list = StatusList::decode(bits, case["lst"].as_str().expect("lst")).expect("a list");
        let size = case["size"].as_u64().expect("a size");
        assert_eq!(u64::try_from(list.size()).expect("a size"), size);
        for index in 0..size {
            let expected = case["status"][index.to_string()].as_u64().unwrap_or(0);
            assert_eq!(list.get(index).map(u64::from), Some(expected), "{bits} bits, index {index}");
        }
        assert_eq!(list.get(size), None);
    }
}
