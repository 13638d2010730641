use super::*;
use crate::testing::openssl;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from_text(text).expect("a passphrase")
}

fn fresh() -> SigningKey {
    SigningKey::generate(&mut rand::rng())
}

/// The PEM text of a key sealed with these scrypt parameters; what is sealed is noise.
fn asks(n: u64, r: u16, p: u16) -> String {
    let kdf = ScryptParams {
        salt: [1; 16].as_slice().try_into().expect("a salt"),
        cost_parameter: n,
        block_size: r,
        parallelization: p,
        key_length: None,
    };
    let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [2; 16] };
    let scheme = EncryptionScheme::Pbes2(pbes2::Parameters { kdf: kdf.into(), encryption });
    let noise = OctetStringRef::new(&[3; 48]).expect("bytes");
    let info = EncryptedPrivateKeyInfoRef { encryption_algorithm: scheme, encrypted_data: noise };
    pkcs8::SecretDocument::try_from(&info).expect("der").to_pem(SEALED_LABEL, LineEnding::LF).expect("pem").to_string()
}

#[test]
fn a_sealed_key_is_opened_by_its_passphrase_alone() {
    let (key, mine) = (fresh(), passphrase("correct horse"));
    let pem = seal(&key, &mine, &mut rand::rng()).expect("sealed");
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_eq!(unseal(&pem, &mine).expect("opened").id(), key.id());
    for other in ["correct horsf", "Correct horse", "correct horse "] {
        assert_eq!(unseal(&pem, &passphrase(other)).expect_err("refused"), SealError::WrongPassphrase);
    }
}

#[test]
fn a_wrong_passphrase_that_gets_past_the_padding_is_still_a_wrong_passphrase() {
    // N = 2, so that 2,000 tries are quick; about eight of them find good padding.
    let pem = asks(2, 1, 1);
    let (_, document) = pem::read_pem(&pem).expect("pem");
    let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).expect("pkcs8");
    let mut past_the_padding = 0;
    for at in 0..2_000 {
        let wrong = passphrase(&format!("try {at}"));
        past_the_padding += usize::from(sealed.encryption_algorithm.decrypt(wrong.as_bytes(), sealed.encrypted_data.as_bytes()).is_ok());
        assert_eq!(unseal(&pem, &wrong).expect_err("refused"), SealError::WrongPassphrase);
    }
    assert!(past_the_padding > 0);
}

#[test]
fn sealing_twice_gives_two_texts() {
    let (key, mine) = (fresh(), passphrase("p"));
    let mut rng = rand::rng();
    assert_ne!(*seal(&key, &mine, &mut rng).expect("sealed"), *seal(&key, &mine, &mut rng).expect("sealed"));
}

#[test]
fn openssl_opens_what_we_seal_and_we_open_what_openssl_seals() {
    let (key, mine) = (fresh(), passphrase("correct horse"));
    let public = pem::public_pem(key.public()).expect("written");
    let sealed = seal(&key, &mine, &mut rand::rng()).expect("sealed");
    assert_eq!(openssl(&["pkey", "-passin", "pass:correct horse", "-pubout"], &sealed), public);
    let plain = pem::to_plain_pem(&key).expect("written");
    let theirs = openssl(&["pkcs8", "-topk8", "-scrypt", "-passout", "pass:correct horse"], &plain);
    assert_eq!(unseal(&theirs, &mine).expect("opened").id(), key.id());
}

#[test]
fn only_scrypt_with_aes_256_is_opened() {
    let plain = pem::to_plain_pem(&fresh()).expect("written");
    for how in [["-v2", "aes-256-cbc"], ["-v2", "aes-128-cbc"], ["-v2", "des3"], ["-v1", "PBE-SHA1-3DES"]] {
        let theirs = openssl(&["pkcs8", "-topk8", "-passout", "pass:p", how[0], how[1]], &plain);
        assert_eq!(unseal(&theirs, &passphrase("p")).expect_err("refused"), SealError::UnsupportedEncryption, "{how:?}");
    }
}

#[test]
fn the_error_says_which_kind_of_file_it_is() {
    let (key, mine) = (fresh(), passphrase("p"));
    assert_eq!(unseal(&pem::to_plain_pem(&key).expect("written"), &mine).expect_err("refused"), SealError::Plain);
    let sealed = seal(&key, &mine, &mut rand::rng()).expect("sealed");
    assert_eq!(pem::from_plain_pem(&sealed).expect_err("refused"), SealError::Sealed);
    let public = pem::public_pem(key.public()).expect("written");
    for text in ["", "hello", public.as_str()] {
        assert!(matches!(unseal(text, &mine), Err(SealError::NotAKeyFile(_))), "{text}");
    }
    let other = openssl(&["genpkey", "-algorithm", "x25519"], "");
    let other = openssl(&["pkcs8", "-topk8", "-scrypt", "-passout", "pass:p"], &other);
    assert_eq!(unseal(&other, &mine).expect_err("refused"), SealError::NotEd25519);
}

#[test]
fn a_file_cannot_ask_for_unbounded_work() {
    let huge = 1 << 63;
    for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (2, 0, 1), (2, 1, 0), (huge, 8, 1), (1 << 18, 8, 1), (1 << 17, 8, 5), (2, 1, 65535)]
    {
        let refused = unseal(&asks(n, r, p), &passphrase("p")).expect_err("refused");
        let bounded = (n, r, p) == (2, 1, 65535);
        assert_eq!(refused, if bounded { SealError::WrongPassphrase } else { SealError::Cost { n, r, p } });
    }
    // The bounds themselves, without the work.
    let within = |n, r, p| {
        let document = asks(n, r, p);
        let (_, document) = pem::read_pem(&document).expect("pem");
        let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).expect("pkcs8");
        check_cost(scrypt_of(&info.encryption_algorithm).expect("scrypt")).is_ok()
    };
    assert!(within(1 << LOG_N, 8, 5));
    assert!(within(1 << 17, 8, 1));
    assert!(within(1 << 17, 8, 4));
    assert!(!within(1 << 17, 8, 5));
    assert!(!within(1 << 17, 9, 1));
}

#[test]
fn a_changed_file_never_opens_as_the_same_key() {
    let (key, mine) = (fresh(), passphrase("p"));
    let plain = pem::to_plain_pem(&key).expect("written");
    // Sealed cheaply, for speed.
    let cheap = ["pkcs8", "-topk8", "-scrypt", "-scrypt_N", "2", "-scrypt_r", "1", "-scrypt_p", "1", "-passout", "pass:p"];
    let sealed = openssl(&cheap, &plain);
    let (_, document) = pem::read_pem(&sealed).expect("pem");
    for at in 0..document.as_bytes().len() {
        for bit in [1, 0x40, 0x80] {
            let mut bytes = document.to_bytes();
            bytes[at] ^= bit;
            let text = der::pem::encode_string(SEALED_LABEL, LineEnding::LF, &bytes).expect("pem");
            if let Ok(opened) = unseal(&text, &mine) {
                assert_ne!(opened.id(), key.id(), "byte {at}, bit {bit}");
            }
        }
    }
}
