//! What the tests of several files use, and the test that no secret is shown.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What `openssl` with these arguments makes of `input`. Fails where it is missing or refuses.
pub(crate) fn openssl(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is needed for this test: install it");
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

mod secrets {
    use passport_shared::jose;

    use crate::{
        FileVault, KeyDir, KeyVault as _, Passphrase, Protection, SealError, SigningKey, from_plain_pem, seal, to_plain_pem, unseal,
    };

    const PASSPHRASE: &str = "correct horse battery staple";

    /// The ways in which a seed may be written.
    fn spellings(seed: &[u8; 32]) -> Vec<String> {
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let url = jose::encode(seed);
        let standard = url.replace('-', "+").replace('_', "/");
        let list = format!("{seed:?}");
        let lines = format!("{seed:#?}");
        // The PEM text has the seed's base64 at another offset; its last line is enough.
        let pem = to_plain_pem(&SigningKey::from_seed(seed)).expect("written");
        let pem = pem.lines().nth(1).and_then(|line| line.get(24..)).expect("a line").to_owned();
        vec![hex.to_uppercase(), hex, url, standard, list, lines, pem]
    }

    fn shows_nothing(shown: &str, seed: &[u8; 32]) {
        for spelling in spellings(seed) {
            assert!(!shown.contains(&spelling), "a secret is shown in {shown}");
        }
        for secret in [PASSPHRASE, "wrong horse"] {
            assert!(!shown.contains(secret), "a passphrase is shown in {shown}");
        }
    }

    #[test]
    fn no_debug_shows_a_secret() {
        let mut rng = rand::rng();
        let passphrase = || Passphrase::from_text(PASSPHRASE).expect("one");
        let above = tempfile::tempdir().expect("a directory");
        let open = |protection| KeyDir::open(above.path().join("keys"), protection).expect("opened");
        let vault = FileVault::new(open(Protection::PlainForDevelopment));
        let public = vault.create(&mut rng).expect("made");
        let key = open(Protection::PlainForDevelopment).load(&public.id).expect("loaded");
        // The seed that is looked for is the key's own.
        assert_eq!(SigningKey::from_seed(key.seed()).id(), key.id());
        let sealed = open(Protection::Sealed(passphrase()));
        let shown = [
            format!("{key:?} {key:#?}"),
            format!("{vault:?} {vault:#?}"),
            format!("{sealed:?} {sealed:#?}"),
            format!("{:?} {:#?}", Protection::Sealed(passphrase()), passphrase()),
        ];
        assert!(shown.iter().take(2).all(|text| text.contains(key.id().as_str())), "{shown:?}");
        shows_nothing(&shown.concat(), key.seed());
    }

    #[test]
    fn no_error_shows_a_secret() {
        let key = SigningKey::generate(&mut rand::rng());
        let passphrase = Passphrase::from_text(PASSPHRASE).expect("one");
        let wrong = Passphrase::from_text("wrong horse").expect("one");
        let plain = to_plain_pem(&key).expect("written");
        let sealed = seal(&key, &passphrase, &mut rand::rng()).expect("sealed");
        // A plain key with its end cut off, or something other around it, is still a secret.
        let cut = plain.lines().take(2).collect::<String>();
        let errors: Vec<SealError> = [
            unseal(&plain, &passphrase),
            unseal(&sealed, &wrong),
            unseal(&cut, &passphrase),
            from_plain_pem(&sealed),
            from_plain_pem(&cut),
            from_plain_pem(&plain.replace("PRIVATE", "SECRET")),
            from_plain_pem(&plain.replacen('M', "!", 1)),
        ]
        .into_iter()
        .map(|read| read.expect_err("refused"))
        .collect();
        for error in errors {
            shows_nothing(&format!("{error} {error:?} {error:#?}"), key.seed());
        }
        for text in [format!("{PASSPHRASE}\n\n"), format!("{PASSPHRASE}\nmore"), PASSPHRASE.repeat(100)] {
            let error = Passphrase::from_text(&text).expect_err("refused");
            shows_nothing(&format!("{error} {error:?}"), key.seed());
        }
    }
}
