//! When a delivery is tried again, after what Standard Webhooks suggests.

use crate::entropy::{Entropy, below};

/// Seconds after each failed attempt: ten attempts over some three days.
const AFTER: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The longest that a receiver can ask for, in seconds.
const LONGEST: i64 = 86_400;

/// Failures one after the other from which on a receiver is left alone for a while, whatever there is for it.
const TIRED: u32 = 3;

/// The longest that it is, in seconds, so that one that is back is noticed.
const LONGEST_REST: i64 = 300;

/// In how many seconds the next attempt is, after so many that failed; `None`: it is given up. Up to a fifth is added, so that
/// what failed together does not come again together.
pub(crate) fn after(attempts: i64, asked: Option<i64>, entropy: &dyn Entropy) -> Option<i64> {
    let base = *AFTER.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    let base = base.max(asked.unwrap_or(0).clamp(0, LONGEST));
    let fifth = u64::try_from(base / 5 + 1).unwrap_or(1);
    Some(base.saturating_add(i64::try_from(below(entropy, fifth)).unwrap_or(0)))
}

/// For how many seconds a receiver rests after so many failures one after the other; 0: not at all.
pub(crate) fn rest(failures: u32, asked: Option<i64>) -> i64 {
    let own = match failures.checked_sub(TIRED) {
        Some(more) => 5_i64.checked_shl(more.min(16)).unwrap_or(LONGEST_REST).min(LONGEST_REST),
        None => 0,
    };
    own.max(asked.unwrap_or(0).clamp(0, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chance that always says the same.
    #[derive(Debug)]
    struct Same(u8);

    impl Entropy for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn ten_attempts_are_spread_over_three_days_and_then_it_is_given_up() {
        let plain: Vec<_> = (1..=10).map(|attempts| after(attempts, None, &Same(0))).collect();
        let expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map(Some);
        assert_eq!((&plain[..9], plain[9]), (&expected[..], None));
        for attempts in 1..=9 {
            let (least, some) = (after(attempts, None, &Same(0)).unwrap(), after(attempts, None, &Same(77)).unwrap());
            assert!(least <= some && some <= least + least / 5, "{attempts}: {some}");
        }
        assert_eq!(after(0, None, &Same(0)), None);
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_and_not_for_ever() {
        assert_eq!(after(1, Some(60), &Same(0)), Some(60));
        assert_eq!(after(2, Some(60), &Same(0)), Some(300), "not for less");
        assert_eq!(after(1, Some(i64::MAX), &Same(0)), Some(86_400));
        assert_eq!(after(1, Some(-5), &Same(0)), Some(5));
        assert_eq!((rest(0, Some(30)), rest(0, Some(i64::MAX))), (30, 86_400));
    }

    #[test]
    fn who_fails_again_and_again_is_left_alone_for_longer_and_longer() {
        let rests: Vec<_> = (0..=10).map(|failures| rest(failures, None)).collect();
        assert_eq!(rests, [0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(rest(u32::MAX, None), 300);
    }
}
