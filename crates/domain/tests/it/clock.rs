//! Legal clocks over weekends, bank holidays and the change of the hour.

use holdfast_domain::clock::{Calendar, Standing, standing};
use holdfast_domain::procedure::Within;
use jiff::Timestamp;

use crate::content::content;

fn england() -> Calendar {
    Calendar::england(content().bank_holidays.iter().map(|holiday| holiday.date)).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn due(start: &str, within: Within, expected: &str) {
    assert_eq!(england().due(at(start), within).unwrap(), at(expected));
}

#[test]
fn one_working_day_leaps_weekends_and_bank_holidays() {
    // Thursday before Easter 2027 → Tuesday after it; by then it is summer time.
    due("2027-03-25T10:00Z", Within::WorkingDays(1), "2027-03-30T22:59:59Z");
    // Christmas Eve 2027 is a Friday; 25 and 26 December fall on the weekend, so 27 and 28 are off too.
    due("2027-12-24T10:00Z", Within::WorkingDays(1), "2027-12-29T23:59:59Z");
    // Known on a Saturday: the first working day is Monday.
    due("2026-11-21T10:00Z", Within::WorkingDays(1), "2026-11-23T23:59:59Z");
}

#[test]
fn ofsteds_fourteen_days_count_the_first() {
    due("2026-11-01T09:00Z", Within::DaysCountingTheFirst(14), "2026-11-14T23:59:59Z");
    due("2026-11-01T09:00Z", Within::Days(14), "2026-11-15T23:59:59Z");
}

#[test]
fn hours_run_through_the_change_of_the_hour_and_the_weekend() {
    // Clocks go back on 25 October 2026, forward on 28 March 2027: 72 hours stay 72 hours.
    due("2026-10-24T12:00Z", Within::Hours(72), "2026-10-27T12:00Z");
    due("2027-03-27T12:00Z", Within::Hours(72), "2027-03-30T12:00Z");
}

#[test]
fn the_same_day_ends_at_local_midnight() {
    due("2026-07-01T22:30Z", Within::SameDay, "2026-07-01T22:59:59Z");
    // In summer, half past eleven at night by UTC is already the next day in London.
    due("2026-07-01T23:30Z", Within::SameDay, "2026-07-02T22:59:59Z");
    due("2026-10-25T00:30Z", Within::SameDay, "2026-10-25T23:59:59Z");
}

#[test]
fn a_month_ends_where_months_end() {
    due("2027-01-31T10:00Z", Within::OneMonth, "2027-02-28T23:59:59Z");
    due("2026-11-30T10:00Z", Within::Months(3), "2027-02-28T23:59:59Z");
}

#[test]
fn bank_holidays_fall_on_working_days_and_are_eight_a_year() {
    let holidays = content().bank_holidays;
    for year in 2026..=2028 {
        let of_year: Vec<_> = holidays.iter().filter(|holiday| holiday.date.year() == year).collect();
        assert_eq!(of_year.len(), 8, "{year}");
        for holiday in of_year {
            assert!(holiday.date.weekday().to_monday_one_offset() <= 5, "{} {}", holiday.date, holiday.name);
        }
    }
    assert!(!england().is_working_day("2027-03-26".parse().unwrap()));
}

#[test]
fn a_clock_says_how_it_stands() {
    let (start, end) = (at("2026-11-23T08:00Z"), at("2026-11-23T18:00Z"));
    assert_eq!(standing(start, end, None, at("2026-11-23T15:00Z")), Standing::Running);
    assert_eq!(standing(start, end, None, at("2026-11-23T17:00Z")), Standing::Soon);
    assert_eq!(standing(start, end, None, at("2026-11-23T18:00:01Z")), Standing::Late);
    assert_eq!(standing(start, end, Some(end), at("2026-11-24T08:00Z")), Standing::MetInTime);
    assert_eq!(standing(start, end, Some(at("2026-11-23T19:00Z")), at("2026-11-24T08:00Z")), Standing::MetLate);
}
