//! Status lists (IETF Token Status List): one bit, or a few, for each passport, compressed.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use serde::Serialize;
use smol_str::SmolStr;

use crate::jose;
use crate::json::{self, Controls, Document, Value};
use crate::limits::{STATUS_LIST_BYTES, TIME_MAX};

/// The statuses of a list's entries.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
}

/// The level of zlib that makes lists smallest.
const BEST_COMPRESSION: u8 = 9;

/// Bytes that are inflated in one step.
const CHUNK_BYTES: usize = 32_768;

/// Why a status list is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// The claims are not sound JSON.
    #[error("the status list is not sound JSON: {0}")]
    Json(#[from] json::Fault),
    /// A claim is missing or malformed.
    #[error("the status list's `{0}` is missing or malformed")]
    Claim(&'static str),
    /// Not zlib data, or cut short.
    #[error("the status list's `lst` is not zlib data in base64url")]
    NotZlib,
    /// It inflates to more than the bound.
    #[error("the status list inflates to more than {STATUS_LIST_BYTES} bytes")]
    TooLarge,
}

impl StatusList {
    /// A list of `size` entries of one bit, all valid but for those at `revoked`. Indexes out of range are ignored:
    /// they could not be looked up either.
    #[must_use]
    pub fn new(size: usize, revoked: impl IntoIterator<Item = u64>) -> Self {
        let mut bytes = vec![0; size.div_ceil(8)];
        for index in revoked {
            let byte = usize::try_from(index / 8).ok().and_then(|at| bytes.get_mut(at));
            if let Some(byte) = byte {
                *byte |= 1 << (index % 8);
            }
        }
        Self { bits: 1, bytes }
    }

    /// The status at `index`: 0 is valid, everything else is not. `None` out of range.
    #[inline]
    #[must_use]
    pub fn get(&self, index: u64) -> Option<u8> {
        // 1, 2, 4 or 8 bits an entry: powers of two, so that nothing has to be divided.
        let bits = u64::from(self.bits);
        let first_bit = index.checked_mul(bits)?;
        let byte = self.bytes.get(usize::try_from(first_bit / 8).ok()?)?;
        Some((byte >> (first_bit % 8)) & (u8::MAX >> (8 - bits)))
    }

    /// How many entries it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len() * usize::from(8 / self.bits)
    }

    /// The `lst` value: zlib, then base64url.
    #[must_use]
    pub fn encode(&self) -> String {
        jose::encode(compress_to_vec_zlib(&self.bytes, BEST_COMPRESSION))
    }

    /// Reads a `lst` value, inflating no more than the bound.
    pub fn decode(bits: u8, lst: &str) -> Result<Self, StatusListError> {
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(StatusListError::Claim("status_list.bits"));
        }
        let compressed = jose::decode(lst).ok_or(StatusListError::NotZlib)?;
        Ok(Self { bits, bytes: inflate_bounded(&compressed)? })
    }
}

/// Inflates one zlib stream after which nothing stands, step by step, and stops at the bound.
fn inflate_bounded(compressed: &[u8]) -> Result<Vec<u8>, StatusListError> {
    let mut state = InflateState::new_boxed(DataFormat::Zlib);
    let (mut rest, mut bytes, mut chunk) = (compressed, Vec::new(), vec![0; CHUNK_BYTES]);
    loop {
        let step = inflate(&mut state, rest, &mut chunk, MZFlush::None);
        bytes.extend_from_slice(chunk.get(..step.bytes_written).ok_or(StatusListError::NotZlib)?);
        if bytes.len() > STATUS_LIST_BYTES {
            return Err(StatusListError::TooLarge);
        }
        rest = rest.get(step.bytes_consumed..).ok_or(StatusListError::NotZlib)?;
        match step.status {
            Ok(MZStatus::StreamEnd) if rest.is_empty() => return Ok(bytes),
            // A step that does neither would be taken for ever.
            Ok(MZStatus::Ok) if step.bytes_consumed > 0 || step.bytes_written > 0 => {}
            Ok(_) | Err(_) => return Err(StatusListError::NotZlib),
        }
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusList({} entries of {} bits)", self.size(), self.bits)
    }
}

/// The claims of a status list token, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListClaims {
    /// `sub`: the list's URI.
    pub uri: SmolStr,
    /// `iat`, in seconds since 1970.
    pub issued_at: i64,
    /// `exp`, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// The list itself.
    pub list: StatusList,
}

impl StatusListClaims {
    /// Reads the claims from a token's payload.
    pub fn read(payload: &[u8]) -> Result<Self, StatusListError> {
        use StatusListError::Claim;
        let document = Document::read(payload, Controls::Refused)?;
        let root = document.root();
        let uri = root.get("sub").and_then(Value::as_str).ok_or(Claim("sub"))?;
        let issued_at = root.get("iat").and_then(|time| time.as_integer(TIME_MAX)).ok_or(Claim("iat"))?;
        let expires_at = match root.get("exp") {
            Some(time) => Some(time.as_integer(TIME_MAX).ok_or(Claim("exp"))?),
            None => None,
        };
        let list = root.get("status_list").ok_or(Claim("status_list"))?;
        let bits = list
            .get("bits")
            .and_then(|bits| bits.as_integer(8))
            .and_then(|bits| u8::try_from(bits).ok())
            .ok_or(Claim("status_list.bits"))?;
        let lst = list.get("lst").and_then(Value::as_str).ok_or(Claim("status_list.lst"))?;
        Ok(Self { uri: uri.into(), issued_at, expires_at, list: StatusList::decode(bits, lst)? })
    }
}

/// The claims of a status list token about to be signed.
#[derive(Debug, Serialize)]
pub struct NewStatusListClaims<'a> {
    /// The list's URI.
    #[serde(rename = "sub")]
    pub uri: &'a str,
    /// In seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// In seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
    /// For how many seconds a copy may be kept before it is asked for again.
    pub ttl: i64,
    /// The list.
    pub status_list: EncodedList,
}

/// A list as it stands in a token.
#[derive(Debug, Serialize)]
pub struct EncodedList {
    bits: u8,
    lst: String,
}

impl EncodedList {
    /// Compresses `list`.
    #[must_use]
    pub fn new(list: &StatusList) -> Self {
        Self { bits: list.bits, lst: list.encode() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_revoked_is_read_back_and_nothing_else_is() {
        let list = StatusList::new(1000, [0, 7, 8, 999, 5000]);
        let read = StatusList::decode(1, &list.encode()).expect("a list");
        for index in 0..1000 {
            assert_eq!(read.get(index), Some(u8::from([0, 7, 8, 999].contains(&index))), "{index}");
        }
        assert_eq!(read.get(1000), None);
        assert_eq!(read.get(u64::MAX), None);
    }

    #[test]
    fn several_bits_are_read_from_the_lowest() {
        // The IETF draft's example: 2 bits, bytes c9 44 f9.
        let lst = jose::encode(compress_to_vec_zlib(&[0xc9, 0x44, 0xf9], BEST_COMPRESSION));
        let list = StatusList::decode(2, &lst).expect("a list");
        let statuses: Vec<_> = (0..12).map_while(|index| list.get(index)).collect();
        assert_eq!(statuses, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_inflated_further() {
        let inflating_to = |bytes: usize| jose::encode(compress_to_vec_zlib(&vec![0; bytes], BEST_COMPRESSION));
        let bomb = inflating_to(STATUS_LIST_BYTES * 8);
        assert!(bomb.len() < 20_000);
        assert_eq!(StatusList::decode(1, &bomb), Err(StatusListError::TooLarge));
        assert_eq!(StatusList::decode(1, &inflating_to(STATUS_LIST_BYTES + 1)), Err(StatusListError::TooLarge));
        assert_eq!(StatusList::decode(1, &inflating_to(STATUS_LIST_BYTES)).map(|list| list.size()), Ok(STATUS_LIST_BYTES * 8));
        let whole = jose::decode(StatusList::new(64, [1]).encode()).expect("base64url");
        for short in 0..whole.len() {
            assert_eq!(StatusList::decode(1, &jose::encode(&whole[..short])), Err(StatusListError::NotZlib), "{short}");
        }
        let more = jose::decode(StatusList::new(8, []).encode())
            .map(|mut bytes| {
                bytes.push(0);
                bytes
            })
            .expect("base64url");
        assert_eq!(StatusList::decode(1, &jose::encode(more)), Err(StatusListError::NotZlib), "nothing stands after it");
        assert_eq!(StatusList::decode(1, "AAAA"), Err(StatusListError::NotZlib));
        assert_eq!(StatusList::decode(3, "AAAA"), Err(StatusListError::Claim("status_list.bits")));
    }

    #[test]
    fn claims_are_written_and_read_back() {
        let list = StatusList::new(64, [3]);
        let claims = NewStatusListClaims { uri: "u", issued_at: 5, expires_at: 9, ttl: 2, status_list: EncodedList::new(&list) };
        let read = StatusListClaims::read(&serde_json::to_vec(&claims).expect("json")).expect("claims");
        assert_eq!(read, StatusListClaims { uri: "u".into(), issued_at: 5, expires_at: Some(9), list });
        for broken in
            ["{}", r#"{"sub":"u","iat":-1}"#, r#"{"sub":"u","iat":1,"exp":null}"#, r#"{"sub":"u","iat":1,"status_list":{"bits":1}}"#]
        {
            assert!(StatusListClaims::read(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
