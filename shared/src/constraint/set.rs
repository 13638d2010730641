//! `oneOf` and `noneOf`.

use crate::scalar::{Scalar, ScalarRef};

/// Equal to one of them.
#[inline(never)]
pub(super) fn one_of(operands: &[Scalar], value: ScalarRef<'_>) -> bool {
    operands.iter().any(|operand| operand.compare(value) == Some(true))
}

/// Of a type that one of them has, and equal to none. No operand at all excludes nothing.
///
/// The type is asked for so that `noneOf: ["EUR"]` is not met by a number, which nobody had in mind.
#[inline(never)]
pub(super) fn none_of(operands: &[Scalar], value: ScalarRef<'_>) -> bool {
    let mut same_type = operands.is_empty();
    for operand in operands {
        match operand.compare(value) {
            Some(true) => return false,
            Some(false) => same_type = true,
            None => {}
        }
    }
    same_type
}
