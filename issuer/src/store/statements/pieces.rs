//! Rows in pieces of a few sizes: a statement for each size is kept ready, where one for every number of rows would be read anew
//! each time, which costs more than it does.

/// The sizes, the largest first.
const SIZES: [usize; 5] = [100, 30, 10, 3, 1];

/// All of them, in order, in as few pieces as their sizes allow.
pub(super) fn pieces<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = all;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (piece, after) = rest.split_at(size);
        rest = after;
        Some(piece)
    })
}

/// For a list of values to look for, in which one may stand twice: in pieces of at most a hundred, each filled up to one of the
/// sizes with its last value.
pub(super) fn filled<T: Copy>(all: &[T]) -> impl Iterator<Item = Vec<T>> {
    let [most, ..] = SIZES;
    all.chunks(most).map(move |part| {
        let size = SIZES.into_iter().rev().find(|size| part.len() <= *size).unwrap_or(most);
        let last = part.last().copied();
        part.iter().copied().chain(last.into_iter().cycle()).take(size).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_piece_and_in_its_place() {
        for count in 0..400 {
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(pieces(&all).collect::<Vec<_>>().concat(), all);
            assert!(pieces(&all).all(|piece| SIZES.contains(&piece.len())));
            assert!(pieces(&all).count() <= count / 100 + 9, "{count}");
        }
    }

    #[test]
    fn what_is_filled_up_looks_for_the_same_values() {
        for count in 0..250 {
            let all: Vec<usize> = (0..count).collect();
            let mut looked_for = filled(&all).collect::<Vec<_>>().concat();
            assert!(filled(&all).all(|part| SIZES.contains(&part.len())));
            looked_for.dedup();
            assert_eq!(looked_for, all);
        }
    }
}
