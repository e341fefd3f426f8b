//! Small numbers do not leave the hands of those who work cases. A nursery has thirty children: "one case" is a name.
//!
//! A count below [`LEAST`] is not shown, and neither is another count or a total from which it could be worked out. [`table`] is the
//! rule of one table of counts with its total. Tables that cut the same total in ways of their own (by month, by room) give nothing
//! of each other away; where the rows of one are parts of the rows of another (kinds of an area), both go through [`nested`].

/// Smallest count that is shown.
pub const LEAST: u64 = 5;

/// A count as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Count(u64),
    /// Too small, or it would give a small one away.
    Kept,
}

impl Shown {
    /// The count, if it may be read.
    pub fn count(self) -> Option<u64> {
        match self {
            Self::Count(count) => Some(count),
            Self::Kept => None,
        }
    }
}

/// The counts of one table, whose sum the reader knows if it is [`LEAST`] or more.
///
/// Every count below [`LEAST`] is kept back; then the smallest shown ones too, until nothing follows from the total: at
/// least two are kept, and together they are at least [`LEAST`]. Where there is nothing at all to hide (every small count
/// is nought), noughts are shown.
pub fn table(counts: &[u64]) -> Vec<Shown> {
    let total: u64 = counts.iter().sum();
    if counts.iter().all(|count| *count == 0 || *count >= LEAST) {
        return counts.iter().map(|count| Shown::Count(*count)).collect();
    }
    let mut kept: Vec<bool> = counts.iter().map(|count| *count < LEAST).collect();
    loop {
        let hidden = counts.iter().zip(&kept).filter(|(_, kept)| **kept);
        let (many, sum) = hidden.fold((0_usize, 0_u64), |(many, sum), (count, _)| (many + 1, sum + count));
        // With a total below the least nothing is known but "few", and every count is below it too.
        if total < LEAST || (many >= 2 && sum >= LEAST) {
            break;
        }
        let smallest =
            counts.iter().zip(&kept).enumerate().filter(|(_, (_, kept))| !**kept).min_by_key(|(_, (c, _))| **c);
        match smallest.map(|(at, _)| at).and_then(|at| kept.get_mut(at)) {
            Some(one) => *one = true,
            None => break,
        }
    }
    counts.iter().zip(kept).map(|(count, kept)| if kept { Shown::Kept } else { Shown::Count(*count) }).collect()
}

/// Counts that are parts of groups, where the reader sees the groups as [`table`] shows their sums.
///
/// The parts of a shown group add up to what is read there, so they are a table of their own; the parts of all groups that are
/// kept back add up to what the others leave of the total, so they are one table together.
pub fn nested(groups: &[Vec<u64>]) -> Vec<Vec<Shown>> {
    let sums: Vec<u64> = groups.iter().map(|parts| parts.iter().sum()).collect();
    let seen = table(&sums);
    let kept: Vec<u64> =
        groups.iter().zip(&seen).filter(|(_, sum)| **sum == Shown::Kept).flat_map(|(parts, _)| parts.clone()).collect();
    let mut pool = table(&kept).into_iter();
    let both = groups.iter().zip(&seen);
    both.map(|(parts, sum)| match sum {
        Shown::Count(_) => table(parts),
        Shown::Kept => pool.by_ref().take(parts.len()).collect(),
    })
    .collect()
}

/// A total: shown from [`LEAST`] on, and when it is nought.
pub fn total(count: u64) -> Shown {
    if count == 0 || count >= LEAST { Shown::Count(count) } else { Shown::Kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every way in which the kept counts could be filled, given what is shown: how many values each could have.
    fn possible(counts: &[u64]) -> Vec<(usize, std::collections::BTreeSet<u64>)> {
        let shown = table(counts);
        let hidden: Vec<usize> = (0..counts.len()).filter(|at| shown[*at] == Shown::Kept).collect();
        let known: u64 = shown.iter().filter_map(|shown| shown.count()).sum();
        let sum: u64 = counts.iter().sum();
        let left = match total(sum) {
            Shown::Count(sum) => vec![sum - known],
            Shown::Kept => (1..LEAST).map(|few| few.saturating_sub(known)).collect(),
        };
        let mut values = vec![std::collections::BTreeSet::new(); counts.len()];
        for left in left {
            for (n, at) in hidden.iter().enumerate() {
                // The others can take any share of what is left, if there are others.
                let least = if hidden.len() == 1 { left } else { 0 };
                values[*at].extend(least..=left);
                assert!(n < hidden.len());
            }
        }
        hidden.into_iter().map(|at| (at, values[at].clone())).collect()
    }

    proptest! {
        #[test]
        fn no_small_count_is_shown_or_can_be_worked_out(counts in proptest::collection::vec(0..12_u64, 1..8)) {
            let shown = table(&counts);
            for (count, shown) in counts.iter().zip(&shown) {
                if let Shown::Count(seen) = shown {
                    prop_assert_eq!(seen, count);
                    prop_assert!(*count == 0 || *count >= LEAST, "a small number is shown");
                }
            }
            for (at, values) in possible(&counts) {
                prop_assert!(values.len() > 1, "{} follows from the rest of {counts:?}: {shown:?}", counts[at]);
                prop_assert!(values.iter().max().is_some_and(|most| *most >= LEAST - 1), "the few are too few to hide");
            }
        }
    }

    /// Every figure that a reader has, as the parts that it is made of: each part, each group, the total.
    fn figures(groups: &[Vec<u64>], shown: &[Vec<Shown>]) -> Vec<Vec<i8>> {
        let sums: Vec<u64> = groups.iter().map(|parts| parts.iter().sum()).collect();
        let parts: usize = groups.iter().map(Vec::len).sum();
        let mut found = Vec::new();
        let mut begin = 0;
        for ((group, seen), sum) in groups.iter().zip(shown).zip(table(&sums)) {
            let of = |range: std::ops::Range<usize>| (0..parts).map(|at| i8::from(range.contains(&at))).collect();
            for (at, _) in seen.iter().enumerate().filter(|(_, one)| one.count().is_some()) {
                found.push(of(begin + at..begin + at + 1));
            }
            if sum.count().is_some() {
                found.push(of(begin..begin + group.len()));
            }
            begin += group.len();
        }
        if total(sums.iter().sum()).count().is_some() {
            found.push(vec![1; parts]);
        }
        found
    }

    /// Adds, leaves out and takes away each figure in every way; does what comes out name one small part?
    fn gives_away(figures: &[Vec<i8>], so_far: &[i8], counts: &[u64]) -> Option<usize> {
        let Some((first, rest)) = figures.split_first() else {
            let mut left = so_far.iter().enumerate().filter(|(_, times)| **times != 0);
            return match (left.next(), left.next()) {
                (Some((at, 1 | -1)), None) if counts[at] > 0 && counts[at] < LEAST => Some(at),
                _ => None,
            };
        };
        [0_i8, 1, -1].into_iter().find_map(|times| {
            let next: Vec<i8> = so_far.iter().zip(first).map(|(old, new)| old + times * new).collect();
            gives_away(rest, &next, counts)
        })
    }

    proptest! {
        #[test]
        fn no_sum_and_no_difference_of_what_is_shown_is_a_small_count(
            groups in proptest::collection::vec(proptest::collection::vec(0..9_u64, 1..4), 1..4)
        ) {
            let shown = nested(&groups);
            let counts: Vec<u64> = groups.iter().flatten().copied().collect();
            for (count, shown) in counts.iter().zip(shown.iter().flatten()) {
                prop_assert!(shown.count().is_none_or(|seen| seen == *count && (seen == 0 || seen >= LEAST)));
            }
            let figures = figures(&groups, &shown);
            if figures.len() <= 10 {
                let given = gives_away(&figures, &vec![0; counts.len()], &counts);
                prop_assert!(given.is_none(), "{given:?} of {groups:?} follows from {shown:?}");
            }
        }
    }

    #[test]
    fn a_part_does_not_follow_from_its_group() {
        use Shown::{Count, Kept};
        // Table by table, the two and the three would stand alone behind eight of ten and nine of twelve.
        assert_eq!(table(&[8, 2, 9, 3]), [Count(8), Kept, Count(9), Kept]);
        assert_eq!(nested(&[vec![8, 2], vec![9, 3]]), [[Kept, Kept], [Kept, Kept]]);
        assert_eq!(nested(&[vec![8, 0], vec![9, 6]]), [[Count(8), Count(0)], [Count(9), Count(6)]]);
    }

    #[test]
    fn what_a_reader_sees() {
        use Shown::{Count, Kept};
        assert_eq!(table(&[7, 9, 0]), [Count(7), Count(9), Count(0)]);
        assert_eq!(table(&[1, 9, 20]), [Kept, Kept, Count(20)], "one alone would follow from the total");
        assert_eq!(table(&[1, 1, 20, 6]), [Kept, Kept, Count(20), Kept], "two ones would follow from their sum");
        assert_eq!(table(&[1, 0, 0]), [Kept, Kept, Kept]);
        assert_eq!((total(4), total(5), total(0)), (Kept, Count(5), Count(0)));
    }
}
