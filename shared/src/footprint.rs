//! How much memory a value holds on the heap, for whoever keeps many of them within a bound.

use smallvec::{Array, SmallVec};
use smol_str::SmolStr;

/// What a value holds on the heap, in bytes: what it asked for, without what an allocator adds.
pub trait Footprint {
    /// The bytes, those of the value itself left out.
    fn heap_bytes(&self) -> usize;
}

/// Two counts stand before the text.
const SHARED_TEXT: usize = 2 * size_of::<usize>();

impl Footprint for SmolStr {
    fn heap_bytes(&self) -> usize {
        if self.is_heap_allocated() { self.len() + SHARED_TEXT } else { 0 }
    }
}

impl<T: Footprint> Footprint for Vec<T> {
    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<A: Array<Item: Footprint>> Footprint for SmallVec<A> {
    fn heap_bytes(&self) -> usize {
        let spilled = if self.spilled() { self.capacity() * size_of::<A::Item>() } else { 0 };
        spilled + self.iter().map(A::Item::heap_bytes).sum::<usize>()
    }
}

impl<T: Footprint> Footprint for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }
}

impl<T: Footprint> Footprint for (usize, T) {
    fn heap_bytes(&self) -> usize {
        self.1.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::passport::Passport;

    use super::*;

    #[test]
    fn nothing_that_a_passport_holds_is_left_out() {
        let long = "x".repeat(200);
        let read = |grant: &str| {
            let claims = format!(
                r#"{{"iss":"i","sub":"s","aud":["a"],"iat":1,"exp":2,"jti":"j","authorization_details":[{{"type":"permission_passport","resource":"r","allowedActions":[]{grant}}}]}}"#
            );
            Passport::read(claims.as_bytes()).expect("sound").heap_bytes()
        };
        let none = read("");
        for operator in [
            format!(r#"{{"equals":"{long}"}}"#),
            format!(r#"{{"notEquals":"{long}"}}"#),
            format!(r#"{{"oneOf":["{long}"]}}"#),
            format!(r#"{{"noneOf":["{long}"]}}"#),
            format!(r#"{{"glob":["{long}"]}}"#),
            format!(r#"{{"under":"{long}"}}"#),
            format!(r#"{{"host":"{long}.example"}}"#),
        ] {
            assert!(read(&format!(r#","constraints":{{"n":{operator}}}"#)) > none + 200, "{operator}");
        }
        assert!(read(r#","constraints":{"n":{"min":1,"max":2,"cidr":"10.0.0.0/8"}}"#) > none);
        assert!(read(&format!(r#","blockedActions":["{long}"]"#)) > none + 200);
        assert!(read(&format!(r#","constraints":{{"{long}":{{}}}}"#)) > none + 200);
    }
}
