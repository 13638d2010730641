//! The caller's span, out of the header `traceparent` (W3C Trace Context, section 3.2).

use axum::http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Bytes of the header in version 00, and the least of any later version.
const BYTES: usize = 55;

/// Bytes of the header in any version that is looked at.
const MOST_BYTES: usize = 256;

/// The one parent that the headers name. What is not sound names none: it is the caller's own tracing that is the poorer, and
/// no reason to refuse a request. `tracestate` is not read, since nothing is passed on.
pub(super) fn of(headers: &HeaderMap) -> Option<SpanContext> {
    let mut all = headers.get_all("traceparent").iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    read(one.as_bytes())
}

fn read(bytes: &[u8]) -> Option<SpanContext> {
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let (known, more) = bytes.split_at_checked(BYTES)?;
    let mut parts = known.split(|byte| *byte == b'-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let later = match hex(version, 2)? {
        0 => false,
        255 => return None,
        _ => true,
    };
    if parts.next().is_some() || !(more.is_empty() || later && more.first() == Some(&b'-')) {
        return None;
    }
    let trace = TraceId::from(hex(trace, 32)?);
    let span = SpanId::from(u64::try_from(hex(span, 16)?).ok()?);
    let flags = TraceFlags::new(u8::try_from(hex(flags, 2)?).ok()?) & TraceFlags::SAMPLED;
    let parent = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    parent.is_valid().then_some(parent)
}

/// A number of exactly so many lowercase hexadecimal digits.
fn hex(bytes: &[u8], digits: usize) -> Option<u128> {
    let sound = bytes.len() == digits && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    sound.then(|| std::str::from_utf8(bytes).ok().and_then(|text| u128::from_str_radix(text, 16).ok())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// The same in a version that is to come.
    const LATER: &str = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| ("traceparent".parse().unwrap(), value.to_vec().try_into().unwrap())).fold(
            HeaderMap::new(),
            |mut headers, (name, value): (axum::http::HeaderName, axum::http::HeaderValue)| {
                headers.append(name, value);
                headers
            },
        )
    }

    #[test]
    fn a_sound_parent_is_read_with_its_choice_to_be_recorded() {
        for (flags, sampled) in [("01", true), ("00", false), ("03", true), ("fe", false)] {
            let parent = of(&headers(&[format!("{}-{flags}", SOUND.strip_suffix("-01").unwrap()).as_bytes()])).unwrap();
            assert_eq!(parent.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(parent.span_id().to_string(), "00f067aa0ba902b7");
            assert_eq!((parent.is_sampled(), parent.is_remote()), (sampled, true), "{flags}");
        }
        let later = format!("{LATER}-what-the-future-brings");
        assert!(of(&headers(&[later.as_bytes()])).is_some());
    }

    #[test]
    fn what_is_no_sound_parent_is_passed_over() {
        let long = format!("{LATER}-{}", "x".repeat(MOST_BYTES));
        for wrong in [
            "",
            "x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            long.as_str(),
        ] {
            assert!(of(&headers(&[wrong.as_bytes()])).is_none(), "{wrong}");
        }
        assert!(of(&headers(&[SOUND.as_bytes(), SOUND.as_bytes()])).is_none(), "two parents are none");
        assert!(of(&headers(&[b"\xff\xfe"])).is_none());
        assert!(of(&HeaderMap::new()).is_none());
    }
}
