//! Compact JWS (RFC 7515) as this project speaks it: split, header, signing input. No keys.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeSliceError, Engine as _};

use crate::json::{Controls, Document};
use crate::key_set::KeyId;
use crate::limits::STRING_BYTES;

/// Bytes of an Ed25519 signature (RFC 8032).
pub const SIGNATURE_BYTES: usize = 64;

/// Unpadded base64url (RFC 4648, section 5) of `bytes`.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads unpadded base64url. Padding, white space, the other alphabet and unused bits that are not zero are
/// refused, so that one value has one text.
#[must_use]
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// What kind of token this is: the explicit type of RFC 8725, section 3.11. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// A permission passport.
    Passport,
    /// A status list (IETF Token Status List).
    StatusList,
    /// A trust bundle: everything a verifier needs, in one document.
    TrustBundle,
    /// One key's word for another: both are the same issuer's.
    KeyEndorsement,
    /// A person's approval of one request.
    Approval,
    /// The audit log's word that it has taken in a batch of events.
    Receipt,
}

impl TokenType {
    /// Every kind, for tests that hold each against each.
    pub const ALL: [Self; 6] = [Self::Passport, Self::StatusList, Self::TrustBundle, Self::KeyEndorsement, Self::Approval, Self::Receipt];

    /// The value of the `typ` header member.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passport => "passport+jwt",
            Self::StatusList => "statuslist+jwt",
            Self::TrustBundle => "passport-trust+jwt",
            Self::KeyEndorsement => "passport-key+jwt",
            Self::Approval => "passport-approval+jwt",
            Self::Receipt => "passport-receipt+jwt",
        }
    }

    /// Whether `typ` names this kind: without regard to ASCII case, an `application/` prefix allowed.
    fn is_named(self, typ: &str) -> bool {
        const PREFIX: &str = "application/";
        let bare = match typ.get(..PREFIX.len()) {
            Some(start) if start.eq_ignore_ascii_case(PREFIX) => typ.get(PREFIX.len()..).unwrap_or_default(),
            _ => typ,
        };
        bare.eq_ignore_ascii_case(self.name())
    }
}

/// The name of the one algorithm, Ed25519: RFC 8037 calls it `EdDSA`, RFC 9864 `Ed25519`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// `EdDSA`, which every library knows.
    #[default]
    EdDsa,
    /// `Ed25519`, the fully specified name.
    Ed25519,
}

impl Algorithm {
    /// The value of the `alg` header member.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }
}

/// Why a token cannot be read as one of ours. What is said here never quotes the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompactError {
    /// Longer than the bound.
    #[error("the token has {bytes} bytes, more than the {max} that are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// Not three base64url parts with a signature of 64 bytes and a sound JSON header.
    #[error("{0}")]
    Malformed(&'static str),
    /// The header has a member, a value or an absence that is not supported.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// A compact JWS taken apart, nothing in it proved.
#[derive(Debug)]
pub struct Compact<'t> {
    /// The bytes that the signature is over: header, dot, payload, as they stand.
    pub signing_input: &'t [u8],
    /// The payload, decoded.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: [u8; SIGNATURE_BYTES],
    /// The header as it stands, encoded.
    pub header: &'t [u8],
}

impl<'t> Compact<'t> {
    /// Splits `token` and decodes its parts. The length is looked at first.
    pub fn split(token: &'t [u8], max_bytes: usize) -> Result<Self, CompactError> {
        use CompactError::Malformed;
        if token.len() > max_bytes {
            return Err(CompactError::TooLong { bytes: token.len(), max: max_bytes });
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(Malformed("the token does not have three parts with a dot between them"));
        };
        let part = |from: usize, to: usize| token.get(from..to).unwrap_or_default();
        let payload = decode(part(first + 1, second)).ok_or(Malformed("the token's payload is not unpadded base64url"))?;
        let signature = read_signature(part(second + 1, token.len()))?;
        Ok(Self { signing_input: part(0, second), payload, signature, header: part(0, first) })
    }

    /// Reads the header: sound JSON with `alg`, `typ` and `kid` and nothing else. Gives the `kid`.
    pub fn key_id(&self, expected: TokenType) -> Result<String, CompactError> {
        use CompactError::{Malformed, Unsupported};
        let header = decode(self.header).ok_or(Malformed("the token's header is not unpadded base64url"))?;
        let document = Document::read(&header, Controls::Refused).map_err(|_| Malformed("the token's header is not sound JSON"))?;
        let (mut alg, mut typ, mut kid) = (None, None, None);
        for (name, value) in document.root().members().into_iter().flatten() {
            match name {
                "alg" => alg = value.as_str(),
                "typ" => typ = value.as_str(),
                "kid" => kid = value.as_str(),
                _ => return Err(Unsupported("the token's header has a member other than `alg`, `typ` and `kid`")),
            }
        }
        if !alg.is_some_and(|alg| alg == Algorithm::EdDsa.name() || alg == Algorithm::Ed25519.name()) {
            return Err(Unsupported("the token's `alg` is not `EdDSA` or `Ed25519`"));
        }
        if !typ.is_some_and(|typ| expected.is_named(typ)) {
            return Err(Unsupported(match expected {
                TokenType::Passport => "the token's `typ` is not `passport+jwt`",
                TokenType::StatusList => "the token's `typ` is not `statuslist+jwt`",
                TokenType::TrustBundle => "the token's `typ` is not `passport-trust+jwt`",
                TokenType::KeyEndorsement => "the token's `typ` is not `passport-key+jwt`",
                TokenType::Approval => "the token's `typ` is not `passport-approval+jwt`",
                TokenType::Receipt => "the token's `typ` is not `passport-receipt+jwt`",
            }));
        }
        match kid {
            Some(kid) if (1..=STRING_BYTES).contains(&kid.len()) => Ok(kid.to_owned()),
            _ => Err(Unsupported("the token's `kid` is not a string of 1 to 256 bytes")),
        }
    }
}

fn read_signature(text: &[u8]) -> Result<[u8; SIGNATURE_BYTES], CompactError> {
    let mut signature = [0; SIGNATURE_BYTES];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut signature) {
        Ok(SIGNATURE_BYTES) => Ok(signature),
        Ok(_) | Err(DecodeSliceError::OutputSliceTooSmall) => Err(CompactError::Malformed("the token's signature does not have 64 bytes")),
        Err(DecodeSliceError::DecodeError(_)) => Err(CompactError::Malformed("the token's signature is not unpadded base64url")),
    }
}

/// The header of a passport signed by `key`, encoded, with the algorithm's name that issuers write unless set otherwise.
#[must_use]
pub fn passport_header(key: &KeyId) -> String {
    encode(header(TokenType::Passport, Algorithm::EdDsa, key))
}

fn header(kind: TokenType, algorithm: Algorithm, key: &KeyId) -> String {
    format!(r#"{{"alg":"{}","typ":"{}","kid":"{key}"}}"#, algorithm.name(), kind.name())
}

/// The bytes to sign for a token: its header and `payload`, encoded, with a dot between.
#[must_use]
pub fn signing_input(kind: TokenType, algorithm: Algorithm, key: &KeyId, payload: &[u8]) -> String {
    format!("{}.{}", encode(header(kind, algorithm, key)), encode(payload))
}

/// The finished token: what was signed and its signature.
#[must_use]
pub fn assemble(signing_input: &str, signature: &[u8; SIGNATURE_BYTES]) -> String {
    format!("{signing_input}.{}", encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", encode(header), encode("{}"), encode([0; 64]))
    }

    fn read(token: &str) -> Result<String, CompactError> {
        Compact::split(token.as_bytes(), 8192)?.key_id(TokenType::Passport)
    }

    #[test]
    fn only_the_three_members_make_a_header() {
        assert_eq!(read(&token(r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"k"}"#)), Ok("k".into()));
        assert_eq!(read(&token(r#"{"kid":"k","typ":"Application/PASSPORT+jwt","alg":"Ed25519"}"#)), Ok("k".into()));
        for header in [
            r#"{"alg":"none","typ":"passport+jwt","kid":"k"}"#,
            r#"{"alg":"eddsa","typ":"passport+jwt","kid":"k"}"#,
            r#"{"alg":"HS256","typ":"passport+jwt","kid":"k"}"#,
            r#"{"alg":["EdDSA"],"typ":"passport+jwt","kid":"k"}"#,
            r#"{"typ":"passport+jwt","kid":"k"}"#,
            r#"{"alg":"EdDSA","kid":"k"}"#,
            r#"{"alg":"EdDSA","typ":"passport+jwt"}"#,
            r#"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#,
            r#"{"alg":"EdDSA","typ":"application/application/passport+jwt","kid":"k"}"#,
            r#"{"alg":"EdDSA","typ":"passport+jwt","kid":""}"#,
            r#"{"alg":"EdDSA","typ":"passport+jwt","kid":5}"#,
            r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"k","crit":["exp"]}"#,
            r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"k","b64":false}"#,
            r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"k","jwk":{}}"#,
            "{}",
        ] {
            assert!(matches!(read(&token(header)), Err(CompactError::Unsupported(_))), "{header}");
        }
        for header in ["", "[]", r#"{"alg":"EdDSA","alg":"EdDSA","typ":"passport+jwt","kid":"k"}"#, "{\"alg\":\"EdDSA\"} x"] {
            assert!(matches!(read(&token(header)), Err(CompactError::Malformed(_))), "{header}");
        }
    }

    #[test]
    fn the_compact_form_has_one_spelling() {
        let good = token(r#"{"alg":"EdDSA","typ":"passport+jwt","kid":"k"}"#);
        assert!(read(&good).is_ok());
        for bad in [
            format!("{good}="),
            format!("{good}."),
            format!(" {good}"),
            format!("{good}\n"),
            good.replacen('.', "", 1),
            String::new(),
            "..".into(),
        ] {
            assert!(matches!(read(&bad), Err(CompactError::Malformed(_))), "{bad}");
        }
        // The last character of 64 bytes carries four unused bits.
        assert!(good.ends_with('A'));
        let spelled_otherwise = format!("{}B", good.strip_suffix('A').expect("ends in A"));
        assert!(matches!(read(&spelled_otherwise), Err(CompactError::Malformed(_))));
        assert!(matches!(Compact::split(&[b'a'; 8193], 8192), Err(CompactError::TooLong { bytes: 8193, max: 8192 })));
    }

    #[test]
    fn no_kind_of_token_is_read_as_another() {
        for made in TokenType::ALL {
            let kid = KeyId::of(&[7; 32]);
            let input = signing_input(made, Algorithm::EdDsa, &kid, b"{}");
            let token = assemble(&input, &[0; 64]);
            for expected in TokenType::ALL {
                let read = Compact::split(token.as_bytes(), 8192).expect("compact").key_id(expected);
                assert_eq!(read.is_ok(), made == expected, "{made:?} as {expected:?}");
            }
        }
    }
}
