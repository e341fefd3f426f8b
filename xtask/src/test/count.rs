//! How many passed and failed, read from what the runners print at their end.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

/// Passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests and checks that failed.
    pub(crate) failed: u64,
}

impl Count {
    /// One failure.
    pub(crate) fn one_failed() -> Self {
        Self { passed: 0, failed: 1 }
    }

    /// Adds nextest's `Summary [ 3.5s] 21 tests run: 20 passed (1 slow), 1 failed, 0 skipped`; other lines nothing.
    pub(crate) fn add_nextest_line(&mut self, line: &str) {
        let Some((_, after)) = line.trim_start().strip_prefix("Summary [").and_then(|rest| rest.split_once("run: "))
        else {
            return;
        };
        // Remarks in brackets hold commas of their own: "(1 slow, 1 flaky)".
        let plain: String = after.split('(').map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect();
        self.add_parts(plain.split(','));
    }

    /// Adds cargo test's `test result: ok. 3 passed; 0 failed; 1 ignored; …`; other lines nothing. The output of a
    /// failed test may hold such a line too, but indented.
    pub(crate) fn add_libtest_line(&mut self, line: &str) {
        if let Some((_, after)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            self.add_parts(after.split(';'));
        }
    }

    fn add_parts<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        for (number, what) in parts.filter_map(|part| part.trim().split_once(' ')) {
            let Ok(number) = number.parse::<u64>() else { continue };
            match what.trim() {
                "passed" => self.passed += number,
                "failed" | "timed out" | "exec failed" => self.failed += number,
                _ => {}
            }
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut total, count| {
            total += count;
            total
        })
    }
}

impl fmt::Display for Count {
    /// The form that CI looks for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nextest(line: &str) -> Count {
        let mut count = Count::default();
        count.add_nextest_line(line);
        count
    }

    fn libtest(line: &str) -> Count {
        let mut count = Count::default();
        count.add_libtest_line(line);
        count
    }

    #[test]
    fn nextest_at_its_end() {
        let passed = |passed, failed| Count { passed, failed };
        assert_eq!(nextest("     Summary [   3.595s] 21 tests run: 21 passed, 0 skipped"), passed(21, 0));
        assert_eq!(nextest("     Summary [   0.9s] 4/21 tests run: 3 passed, 1 failed, 0 skipped"), passed(3, 1));
        let mixed =
            "Summary [ 1.0s] 9 tests run: 5 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 1 exec failed, 7 skipped";
        assert_eq!(nextest(mixed), passed(5, 4));
        assert_eq!(nextest("        PASS [   0.157s] ( 1/21) it pages::a"), passed(0, 0));
    }

    #[test]
    fn libtest_at_its_end() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 12 filtered out; finished in 0.17s";
        assert_eq!(libtest(line), Count { passed: 3, failed: 2 });
        assert_eq!(libtest(&format!("    {line}")), Count::default(), "inside another's output");
    }

    #[test]
    fn the_last_line() {
        let total: Count = [Count { passed: 2, failed: 0 }, Count::one_failed()].into_iter().sum();
        assert_eq!(total.to_string(), "2 passed, 1 failed");
    }
}
