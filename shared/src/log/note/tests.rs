use proptest::prelude::*;

use super::*;

/// The example of the Go project's package `note`, whose format this is.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key() -> VerifierKey {
    VerifierKey::parse(KEY).expect("a key")
}

/// The published signature over the published text, and no other: what holds is for `verifier` to say, and is tested there.
fn published(key: &PublicKeyBytes, text: &[u8], signature: &[u8; 64]) -> bool {
    let wanted = STANDARD.decode(LINE.trim_end().rsplit(' ').next().expect("base64")).expect("base64");
    key == self::key().key() && text == TEXT.as_bytes() && signature[..] == wanted[ID_BYTES..]
}

#[test]
fn the_published_note_is_read_and_written() {
    let whole = format!("{TEXT}\n{LINE}");
    let note = Note::parse(whole.as_bytes()).expect("a note");
    assert_eq!(note.open(&key(), published), Ok(TEXT));
    let signature = note.signatures[0].bytes[ID_BYTES..].try_into().expect("64 bytes");
    assert_eq!(assemble(TEXT, &key(), &signature), whole);
}

#[test]
fn the_example_of_the_specification_is_read() {
    let whole = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(whole.as_bytes()).expect("a note");
    assert!(note.unverified_text().ends_with("sole:\n\ned è subito sera.\n"));
    assert_eq!(note.signatures[0].name, "quasimodo.example/salvatore");
}

#[test]
fn signatures_of_others_are_passed_over_and_a_false_one_of_the_key_is_not() {
    let other = "— witness.example AAAAAAEC\n";
    // The same name with another id is another key.
    let namesake = "— PeterNeumann AAAAAAEC\n";
    for lines in [format!("{other}{LINE}{namesake}"), format!("{LINE}{LINE}")] {
        assert_eq!(Note::parse(format!("{TEXT}\n{lines}").as_bytes()).expect("a note").open(&key(), published), Ok(TEXT));
    }
    let open = |text: &str| Note::parse(text.as_bytes()).expect("a note").open(&key(), published).map(str::to_owned);
    assert_eq!(open(&format!("{TEXT}\n{other}{namesake}")), Err(NoteError::NotSigned("PeterNeumann".to_owned())));
    let false_one = LINE.replace("x08go/Z", "x08go/Y");
    let bad = Err(NoteError::BadSignature("PeterNeumann".to_owned()));
    assert_eq!(open(&format!("{TEXT}\n{LINE}{false_one}")), bad);
    assert_eq!(open(&format!("{TEXT}\n{false_one}{LINE}")), bad);
    assert_eq!(open(&format!("{}\n{LINE}", TEXT.replace("problem", "Problem"))), bad);
    let short = format!("— PeterNeumann {}\n", STANDARD.encode([&key().id()[..], &[1; 63]].concat()));
    assert_eq!(open(&format!("{TEXT}\n{short}")), bad);
}

#[test]
fn what_is_no_note_is_refused() {
    let many = |count| format!("{TEXT}\n{}", "— w AAAAAAEC\n".repeat(count));
    assert!(Note::parse(many(64).as_bytes()).is_ok());
    for text in [
        String::new(),
        TEXT.to_owned(),
        format!("{TEXT}{LINE}"),
        format!("{TEXT}\n"),
        format!("{TEXT}\n{}", LINE.trim_end()),
        format!("{TEXT}\n{LINE}\n"),
        format!("{TEXT}\n{LINE}more\n"),
        format!("{TEXT}\n{}", LINE.replace('—', "-")),
        format!("{TEXT}\n{}", LINE.replace("— ", "—  ")),
        format!("{TEXT}\n{}", LINE.replace("Peter", "Peter+")),
        format!("{TEXT}\n{}", LINE.replace("Peter", "Peter\u{2003}")),
        format!("{TEXT}\n{}", LINE.replace('=', "")),
        format!("{TEXT}\n{}", LINE.replace('\n', " \n")),
        format!("{TEXT}\n{}", LINE.replace('\n', "\r\n")),
        format!("{TEXT}\n— w AAAAAA==\n"),
        format!("{TEXT}\t\n\n{LINE}"),
        many(65),
        format!("{}\n\n{LINE}", "x".repeat(LOG_NOTE_BYTES)),
    ] {
        assert!(Note::parse(text.as_bytes()).is_err(), "{text:.300}");
    }
    assert!(Note::parse(b"\xff\n\n\xe2\x80\x94 w AAAAAAEC\n").is_err());
}

#[test]
fn only_whole_verifier_keys_are_read() {
    for start in 0..=KEY.len() {
        for end in start..=KEY.len() {
            let part = KEY.get(start..end).expect("ascii");
            assert_eq!(VerifierKey::parse(part).is_ok(), part == KEY, "{part}");
        }
    }
    for at in 0..KEY.len() {
        let mut bytes = KEY.as_bytes().to_vec();
        bytes[at] += 1;
        assert!(VerifierKey::parse(std::str::from_utf8(&bytes).expect("ascii")).is_err(), "{at}");
    }
    // From the same tests: a key that is too long, and one of an unknown type, each with its own id.
    assert_eq!(VerifierKey::parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="), Err(KeyError::Malformed));
    assert_eq!(VerifierKey::parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), Err(KeyError::OtherType(0x65)));
    assert_eq!(VerifierKey::parse(&KEY.replace("c74f20a3", "C74F20A3")), Err(KeyError::OtherId));
    for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b", &"n".repeat(257)] {
        assert_eq!(VerifierKey::new(name, [1; 32]), Err(KeyError::Name), "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_note_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), tail in "(\n|— |[a-z+/= ]|\\PC){0,60}") {
        let _ = Note::parse(&bytes);
        let _ = Note::parse(tail.as_bytes());
        let _ = VerifierKey::parse(&tail);
    }
}
