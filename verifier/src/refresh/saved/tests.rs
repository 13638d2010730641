use super::*;
use crate::testing::{NOW, TestIssuer};

fn state() -> SavedTrust {
    let issuer = TestIssuer::new();
    SavedTrust { latest_time: NOW, pin: Some(issuer.key_id()), bundle: Some(issuer.bundle(5, NOW, &[]).into_bytes()) }
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    assert_eq!(SavedTrust::read(&path), Ok(None));
    let nothing = SavedTrust { latest_time: 0, pin: None, bundle: None };
    for state in [state(), nothing.clone(), state(), nothing] {
        state.write(&path).expect("written");
        assert_eq!(SavedTrust::read(&path), Ok(Some(state)));
    }
    assert_eq!(std::fs::metadata(&path).map(|file| file.is_file()).ok(), Some(true));
    assert!(!folder.path().join("saved.new").exists());
}

#[test]
fn a_state_with_any_byte_changed_or_cut_off_is_none() {
    let sound = state().text();
    assert!(SavedTrust::parse(&sound).is_ok());
    for at in 0..sound.len() {
        assert!(SavedTrust::parse(&sound[..at]).is_err(), "cut off at {at}");
        let mut changed = sound.clone();
        for bit in [1, 0x20, 0x80] {
            changed[at] = sound[at] ^ bit;
            assert!(SavedTrust::parse(&changed).is_err(), "bit {bit} at {at}");
        }
    }
    let mut longer = sound;
    longer.push(b'\n');
    assert!(SavedTrust::parse(&longer).is_err());
}

#[test]
fn a_state_of_another_form_is_none_though_its_checksum_holds() {
    let with = |body: &str| SavedTrust::parse(format!("{TITLE}sha256 {}\n{body}", hex(body.as_bytes())).as_bytes());
    assert!(with("latest 7\npin -\nbundle -\n").is_ok());
    for body in [
        "",
        "latest 7\npin -\n",
        "latest 7\npin -\nbundle -",
        "latest 7\npin -\nbundle -\nmore -\n",
        "pin -\nlatest 7\nbundle -\n",
        "latest -1\npin -\nbundle -\n",
        "latest 253402300800\npin -\nbundle -\n",
        "latest soon\npin -\nbundle -\n",
        "latest 7\npin short\nbundle -\n",
    ] {
        assert!(with(body).is_err(), "{body}");
    }
}

#[cfg(unix)]
#[test]
fn a_state_is_written_for_its_owner_alone_and_one_that_others_can_write_is_not_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    state().write(&path).expect("written");
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    for shared in [0o620, 0o602, 0o666] {
        mode(shared);
        assert!(matches!(SavedTrust::read(&path), Err(SavedTrustError::Unreadable { .. })), "{shared:o}");
    }
    mode(0o644);
    assert!(SavedTrust::read(&path).is_ok());
}

#[cfg(unix)]
#[test]
fn what_lies_at_the_name_beside_is_not_written_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, victim) = (folder.path().join("saved"), folder.path().join("victim"));
    std::os::unix::fs::symlink(&victim, folder.path().join("saved.new")).expect("a link");
    state().write(&path).expect("written");
    assert!(!victim.exists() && SavedTrust::read(&path).is_ok_and(|saved| saved.is_some()));
}
