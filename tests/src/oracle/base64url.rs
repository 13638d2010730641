//! Unpadded base64url (RFC 4648 section 5), unused bits zero, no white space.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes, or `None` for anything that is not exactly what encoding those bytes gives.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bits: Vec<bool> = Vec::new();
    for character in text {
        let value = ALPHABET.iter().position(|known| known == character)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let whole = bits.len() / 8 * 8;
    let unused = bits.split_off(whole);
    // Six or more unused bits would be a character that carries nothing.
    if unused.len() >= 6 || unused.contains(&true) {
        return None;
    }
    Some(bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_the_vectors_of_rfc_4648() {
        let vectors: [(&[u8], &[u8]); 8] = [
            (b"", b""),
            (b"Zg", b"f"),
            (b"Zm8", b"fo"),
            (b"Zm9v", b"foo"),
            (b"Zm9vYg", b"foob"),
            (b"Zm9vYmE", b"fooba"),
            (b"Zm9vYmFy", b"foobar"),
            (b"-_8", b"\xfb\xff"),
        ];
        for (text, bytes) in vectors {
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn refuses_padding_spare_bits_and_strangers() {
        for text in ["Zg==", "Zh", "Zm9", "Zm9vY", "Z", "Zm 8", "Zm8\n", "+/8", "é"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
