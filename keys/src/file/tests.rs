use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn fresh() -> SigningKey {
    SigningKey::generate(&mut rand::rng())
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o7777
}

/// A directory in a temporary one, which goes when the first is dropped.
fn plain() -> (tempfile::TempDir, KeyDir) {
    let above = tempfile::tempdir().expect("a directory");
    let keys = KeyDir::open(above.path().join("a/keys"), Protection::PlainForDevelopment).expect("opened");
    (above, keys)
}

#[test]
fn what_is_stored_is_loaded_and_is_for_its_owner_alone() {
    for protection in [Protection::PlainForDevelopment, Protection::Sealed(Passphrase::from_text("p").expect("one"))] {
        let above = tempfile::tempdir().expect("a directory");
        let keys = KeyDir::open(above.path().join("keys"), protection).expect("opened");
        let (one, two) = (fresh(), fresh());
        for key in [&one, &two] {
            keys.store(key, &mut rand::rng()).expect("stored");
            assert_eq!(keys.load(key.id()).expect("loaded").id(), key.id());
            assert_eq!(mode(&keys.file_of(key.id())), 0o600);
        }
        assert_eq!(mode(keys.path()), 0o700);
        let mut both = vec![*one.id(), *two.id()];
        both.sort();
        assert_eq!(keys.list().expect("listed"), both);
        assert_eq!(fs::read_dir(keys.path()).expect("listed").count(), 2, "no temporary file is left");
    }
}

#[test]
fn a_sealed_directory_holds_no_plain_key_and_refuses_one() {
    let above = tempfile::tempdir().expect("a directory");
    let passphrase = || Passphrase::from_text("p").expect("one");
    let sealed = KeyDir::open(above.path().join("keys"), Protection::Sealed(passphrase())).expect("opened");
    let plain = KeyDir::open(above.path().join("keys"), Protection::PlainForDevelopment).expect("opened");
    let key = fresh();
    sealed.store(&key, &mut rand::rng()).expect("stored");
    let text = fs::read_to_string(sealed.file_of(key.id())).expect("read");
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert!(matches!(plain.load(key.id()), Err(FileError::Seal { source: SealError::Sealed, .. })));
    plain.store(&key, &mut rand::rng()).expect("stored");
    assert!(matches!(sealed.load(key.id()), Err(FileError::Seal { source: SealError::Plain, .. })));
}

#[test]
fn a_file_that_others_can_get_at_is_refused_with_the_way_out() {
    let (_above, keys) = plain();
    let key = fresh();
    keys.store(&key, &mut rand::rng()).expect("stored");
    let path = keys.file_of(key.id());
    for open in [0o640, 0o604, 0o620, 0o601, 0o777] {
        chmod(&path, open);
        let error = keys.load(key.id()).expect_err("refused").to_string();
        assert!(error.contains(&format!("has mode {open:04o}")), "{error}");
        assert!(error.ends_with(&format!("run `chmod 600 '{}'`", path.display())), "{error}");
    }
    for closed in [0o600, 0o400] {
        chmod(&path, closed);
        assert!(keys.load(key.id()).is_ok());
    }
}

#[test]
fn a_directory_that_others_can_get_at_is_refused_with_the_way_out() {
    let above = tempfile::tempdir().expect("a directory");
    for open in [0o755, 0o701, 0o770] {
        chmod(above.path(), open);
        let error = KeyDir::open(above.path(), Protection::PlainForDevelopment).expect_err("refused").to_string();
        assert!(error.ends_with(&format!("run `chmod 700 '{}'`", above.path().display())), "{error}");
    }
    let file = above.path().join("file");
    fs::write(&file, "").expect("written");
    assert!(matches!(KeyDir::open(&file, Protection::PlainForDevelopment), Err(FileError::WrongKind { wanted: "directory", .. })));
}

#[test]
fn a_file_must_hold_the_key_that_it_is_named_for() {
    let (_above, keys) = plain();
    let (mine, other) = (fresh(), fresh());
    keys.store(&other, &mut rand::rng()).expect("stored");
    fs::rename(keys.file_of(other.id()), keys.file_of(mine.id())).expect("renamed");
    assert!(matches!(keys.load(mine.id()), Err(FileError::OtherKey { found, .. }) if &found == other.id()));
}

#[test]
fn what_is_no_key_file_is_refused_and_what_is_not_there_is_told_apart() {
    let (_above, keys) = plain();
    let key = fresh();
    assert!(matches!(keys.load(key.id()), Err(FileError::NotHeld { id, .. }) if &id == key.id()));
    let path = keys.file_of(key.id());
    for bytes in [b"".as_slice(), b"\xff\xfe", &[b'-'; 1 << 20]] {
        fs::write(&path, bytes).expect("written");
        chmod(&path, 0o600);
        assert!(matches!(keys.load(key.id()), Err(FileError::Seal { source: SealError::NotAKeyFile(_), .. })));
    }
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    assert!(matches!(keys.load(key.id()), Err(FileError::WrongKind { wanted: "file", .. })));
}

#[test]
fn a_write_that_fails_leaves_what_was_there() {
    let (_above, keys) = plain();
    let key = fresh();
    // A directory in the way of the last step.
    fs::create_dir(keys.file_of(key.id())).expect("made");
    assert!(matches!(keys.store(&key, &mut rand::rng()), Err(FileError::Io { act: "put in place", .. })));
    assert_eq!(fs::read_dir(keys.path()).expect("listed").count(), 1, "no temporary file is left");
}

#[test]
fn storing_again_replaces_the_file_whole() {
    let (above, keys) = plain();
    let (key, elsewhere) = (fresh(), above.path().join("elsewhere"));
    fs::write(&elsewhere, "kept").expect("written");
    // A link in its place is replaced, not followed.
    symlink(&elsewhere, keys.file_of(key.id())).expect("linked");
    for _ in 0..2 {
        keys.store(&key, &mut rand::rng()).expect("stored");
        assert_eq!(keys.load(key.id()).expect("loaded").id(), key.id());
        assert_eq!(fs::read_to_string(&elsewhere).expect("read"), "kept");
    }
}

#[test]
fn a_file_that_is_already_there_is_never_written_through() {
    let (above, keys) = plain();
    let (taken, elsewhere) = (keys.path().join("x.tmp"), above.path().join("elsewhere"));
    fs::write(&elsewhere, "kept").expect("written");
    symlink(&elsewhere, &taken).expect("linked");
    let refused = access::replace(keys.path(), &taken, &keys.path().join("x.pem"), b"secret");
    assert!(matches!(refused, Err(FileError::Io { act: "make", .. })));
    assert_eq!(fs::read_to_string(&elsewhere).expect("read"), "kept");
}

#[test]
fn what_is_removed_is_gone_and_removing_it_again_is_no_error() {
    let (_above, keys) = plain();
    let key = fresh();
    keys.store(&key, &mut rand::rng()).expect("stored");
    for _ in 0..2 {
        keys.remove(key.id()).expect("removed");
        assert_eq!(keys.list().expect("listed"), []);
    }
}

#[test]
fn files_that_are_not_named_for_a_key_are_passed_over() {
    let (_above, keys) = plain();
    for name in ["notes.pem", "kid.tmp", &format!("{}.txt", fresh().id()), &format!("{}", fresh().id())] {
        fs::write(keys.path().join(name), "").expect("written");
    }
    assert_eq!(keys.list().expect("listed"), []);
}

#[test]
fn a_passphrase_file_is_one_line_that_others_cannot_read() {
    let above = tempfile::tempdir().expect("a directory");
    let path = above.path().join("passphrase");
    fs::write(&path, "correct horse\n").expect("written");
    chmod(&path, 0o644);
    assert!(matches!(read_passphrase_file(&path), Err(FileError::Exposed { mode: 0o644, directory: false, .. })));
    chmod(&path, 0o600);
    assert_eq!(read_passphrase_file(&path).expect("read").as_bytes(), b"correct horse");
    let longest = "a".repeat(PASSPHRASE_BYTES);
    for (text, fits) in [(format!("{longest}\r\n"), true), (format!("{longest}a"), false), ("a".repeat(1 << 20), false)] {
        fs::write(&path, &text).expect("written");
        assert_eq!(read_passphrase_file(&path).is_ok(), fits, "{} bytes", text.len());
    }
    fs::write(&path, "\n").expect("written");
    assert!(matches!(read_passphrase_file(&path), Err(FileError::Passphrase { source: PassphraseError::Empty, .. })));
    assert!(matches!(read_passphrase_file(above.path().join("none")), Err(FileError::Io { act: "open", .. })));
}
