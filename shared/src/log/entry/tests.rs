use proptest::prelude::*;

use super::*;

const BODY: &str = r#"{"requestId":"req_1","allowed":true}"#;

fn full() -> Entry<'static> {
    Entry {
        sequence: 7,
        event_id: "evt_1".into(),
        kind: "decision".into(),
        reporter: "shop".into(),
        seq: Some(3),
        request_id: "req_1".into(),
        body_hash: Entry::hash_of(BODY),
        reported_hash: Some("h".into()),
        received_at: 1_780_099_201,
        evaluated_at: Some(1_780_099_200),
        agent_id: Some("ollie".into()),
        passport_id: Some("pp_1".into()),
        outcome: Some("allow".into()),
        reason: Some("granted".into()),
        action: Some("purchase".into()),
        resource: Some("commerce".into()),
        conflict: false,
    }
}

fn bare() -> Entry<'static> {
    let Entry { sequence, event_id, kind, reporter, request_id, body_hash, received_at, .. } = full();
    Entry { sequence, event_id, kind, reporter, request_id, body_hash, received_at, ..Entry::default() }
}

#[test]
fn an_entry_is_the_line_that_the_document_shows() {
    let text = full().to_text().expect("short");
    // The hash is the one that `sha256sum` gives of the body.
    assert_eq!(
        text,
        concat!(
            r#"{"v":1,"sequence":7,"eventId":"evt_1","kind":"decision","reporter":"shop","seq":3,"requestId":"req_1","#,
            r#""bodySha256":"45550ce44dde419f6faa3c8a67649319b650111b7f7c9ce822a948e17442dc67","reportedHash":"h","#,
            r#""receivedAt":1780099201,"evaluatedAt":1780099200,"agentId":"ollie","passportId":"pp_1","outcome":"allow","#,
            r#""reason":"granted","action":"purchase","resource":"commerce","conflict":false}"#
        )
    );
    assert!(bare().to_text().expect("short").ends_with(r#"","receivedAt":1780099201,"conflict":false}"#));
    assert_eq!(full().leaf().expect("short"), leaf_hash(text.as_bytes()));
}

/// Every column of the row: no two rows that differ have one leaf.
#[test]
fn whatever_is_changed_in_an_event_changes_its_leaf() {
    let other = || Some(Cow::Borrowed("other"));
    let changes: [fn(&mut Entry<'static>); 17] = [
        |entry| entry.sequence += 1,
        |entry| entry.event_id.to_mut().push('x'),
        |entry| entry.kind = "admin".into(),
        |entry| entry.reporter.to_mut().push('x'),
        |entry| entry.seq = Some(4),
        |entry| entry.request_id.to_mut().push('x'),
        |entry| entry.body_hash[31] ^= 1,
        |entry| entry.reported_hash = None,
        |entry| entry.received_at -= 1,
        |entry| entry.evaluated_at = None,
        |entry| entry.agent_id = None,
        |entry| entry.passport_id = None,
        |entry| entry.outcome = Some("deny".into()),
        |entry| entry.reason = None,
        |entry| entry.action = None,
        |entry| entry.resource = None,
        |entry| entry.conflict = true,
    ];
    let mut leaves = vec![full().leaf().expect("short"), bare().leaf().expect("short")];
    for change in changes {
        let mut entry = full();
        change(&mut entry);
        leaves.push(entry.leaf().expect("short"));
        if let Some(agent) = &mut entry.agent_id {
            *agent = "".into();
            leaves.push(entry.leaf().expect("short"));
        }
    }
    // What stood under one name never reads as if it stood under another.
    for entry in [
        Entry { agent_id: other(), ..bare() },
        Entry { passport_id: other(), ..bare() },
        Entry { outcome: other(), ..bare() },
        Entry { reason: other(), ..bare() },
        Entry { action: other(), ..bare() },
        Entry { resource: other(), ..bare() },
        Entry { reported_hash: other(), ..bare() },
        Entry { event_id: r#"evt_1","kind":"admin"#.into(), ..bare() },
    ] {
        leaves.push(entry.leaf().expect("short"));
    }
    let count = leaves.len();
    leaves.sort_unstable();
    leaves.dedup();
    assert_eq!(leaves.len(), count);
}

#[test]
fn the_largest_event_within_the_bounds_fits_an_entry() {
    let long = || Cow::Owned("\u{1}".repeat(256));
    let entry = Entry {
        sequence: i64::MIN,
        event_id: long(),
        kind: long(),
        reporter: long(),
        seq: Some(i64::MIN),
        request_id: long(),
        reported_hash: Some(long()),
        received_at: i64::MIN,
        evaluated_at: Some(i64::MIN),
        agent_id: Some(long()),
        passport_id: Some(long()),
        outcome: Some(long()),
        reason: Some(long()),
        action: Some(long()),
        resource: Some(long()),
        ..Entry::default()
    };
    let text = entry.to_text().expect("short enough");
    assert!(text.len() < ENTRY_BYTES / 3, "{}", text.len());
    assert_eq!(Entry::read(text.as_bytes()), Ok(entry));
    let mut out = "before".to_owned();
    let too_long = Entry { resource: Some("r".repeat(ENTRY_BYTES).into()), ..bare() };
    assert!(matches!(too_long.write(&mut out), Err(EntryError::TooLong { .. })));
    assert_eq!(out, "before");
}

#[test]
fn an_entry_in_any_other_form_is_refused() {
    let text = full().to_text().expect("short");
    let hash = text.split('"').find(|part| part.len() == 64).expect("a hash").to_owned();
    for changed in [
        format!(" {text}"),
        format!("{text}\n"),
        text.replace(",\"seq\"", ", \"seq\""),
        text.replace("\"seq\":3", "\"seq\":3.0"),
        text.replace("\"seq\":3", "\"seq\":3e0"),
        text.replace("\"seq\":3", "\"seq\":\"3\""),
        text.replace("\"seq\":3", "\"seq\":null"),
        text.replace("\"seq\":3", "\"seq\":-0"),
        text.replace("\"seq\":3", "\"seq\":9223372036854775808"),
        text.replace("\"v\":1", "\"v\":2"),
        text.replace("\"v\":1,", ""),
        text.replace("shop", "\\u0073hop"),
        text.replace("shop", "sh\\/op"),
        text.replace(&hash, &hash.to_uppercase()),
        text.replace(&hash, hash.trim_start_matches('4')),
        text.replace("\"conflict\":false", "\"conflict\":0"),
        text.replace("\"conflict\":false", "\"conflict\":false,\"more\":1"),
        text.replace("\"agentId\":\"ollie\",", "") + " ",
        text.replace(r#""action":"purchase","resource":"commerce""#, r#""resource":"commerce","action":"purchase""#),
        text.replace(r#""eventId":"evt_1","#, ""),
        text.replace(r#""eventId":"evt_1","#, r#""eventId":"evt_1","eventId":"evt_1","#),
        String::new(),
        "[]".to_owned(),
        "x".repeat(ENTRY_BYTES + 1),
    ] {
        assert!(Entry::read(changed.as_bytes()).is_err(), "{changed:.400}");
    }
    assert_eq!(Entry::read(text.as_bytes()), Ok(full()));
}

proptest! {
    #[test]
    fn every_entry_is_read_back_as_it_was(text in "\\PC{0,40}", odd in prop::collection::vec(any::<char>(), 0..40), number in any::<i64>(), flag in any::<bool>()) {
        let odd: String = odd.into_iter().collect();
        let entry = Entry { event_id: text.into(), agent_id: flag.then(|| odd.clone().into()), request_id: odd.into(), seq: Some(number), conflict: flag, ..full() };
        prop_assert_eq!(Entry::read(entry.to_text().expect("short").as_bytes()), Ok(entry));
    }

    #[test]
    fn a_bit_flipped_in_an_entry_is_refused_or_another_entry(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = full().to_text().expect("short").into_bytes();
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(Entry::read(&bytes).map_or(true, |entry| entry != full() && entry.leaf() != full().leaf()));
    }
}
