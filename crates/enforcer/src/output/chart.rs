//! The timeline as a picture: a line that goes down at each end.

use std::fmt::Write;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::cluster::{
    row::counted,
    timeline::{Step, Timeline},
};

const SECONDS_A_DAY: i64 = 86_400;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
/// Room for the numbers at the left, the dates below, the first number above.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 32.0;
const DATES_MAX: i64 = 6;
const NUMBERS_MAX: usize = 5;
/// The width of a number over the line: where steps are closer, only the first has one.
const LABEL_WIDTH: f64 = 32.0;

/// The picture's parts, in the units of its view box.
#[derive(Debug)]
pub struct Chart {
    pub width: f64,
    pub height: f64,
    /// The line, as SVG path data.
    pub line: String,
    /// The area below it.
    pub area: String,
    pub steps: Vec<Mark>,
    pub dates: Vec<Tick>,
    pub numbers: Vec<Tick>,
    pub left: f64,
    pub right: f64,
    pub bottom: f64,
}

/// A step of the line.
#[derive(Debug)]
pub struct Mark {
    pub x: f64,
    pub y: f64,
    /// What happens there, for a pointer that rests on it.
    pub title: String,
    /// The number over it.
    pub label: Option<usize>,
}

/// A text beside an axis.
#[derive(Debug)]
pub struct Tick {
    pub at: f64,
    pub text: String,
}

/// From times and numbers of workloads to the picture.
struct Scale {
    start: i64,
    end: i64,
    most: usize,
}

impl Scale {
    fn x(&self, seconds: i64) -> f64 {
        let part = (seconds - self.start) as f64 / (self.end - self.start) as f64;
        round(LEFT + part * (WIDTH - LEFT - RIGHT))
    }

    fn y(&self, number: usize) -> f64 {
        let part = number as f64 / self.most as f64;
        round(HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM))
    }
}

impl Chart {
    /// Draws a timeline; `None` where nothing ends.
    pub fn new(timeline: &Timeline) -> Option<Self> {
        let last = timeline.steps.last()?.seconds;
        // What is left after the last end shows, too.
        let end = last + ((last - timeline.start) / 12).max(SECONDS_A_DAY);
        let step = number_step(timeline.resting());
        let most = timeline.resting().div_ceil(step) * step;
        let scale = Scale { start: timeline.start, end, most };
        let (bottom, right) = (scale.y(0), scale.x(end));
        let line = line(timeline, &scale);
        Some(Self {
            width: WIDTH,
            height: HEIGHT,
            area: format!("{line} V{bottom} H{LEFT} Z"),
            line,
            steps: marks(timeline, &scale),
            dates: dates(&scale),
            numbers: (0..=most)
                .step_by(step)
                .map(|number| Tick { at: scale.y(number), text: number.to_string() })
                .collect(),
            left: LEFT,
            right,
            bottom,
        })
    }
}

fn line(timeline: &Timeline, scale: &Scale) -> String {
    let mut line = format!("M{} {}", scale.x(scale.start), scale.y(timeline.resting()));
    for step in &timeline.steps {
        // Writing to a String cannot fail.
        let _ = write!(line, " H{} V{}", scale.x(step.seconds), scale.y(step.left));
    }
    let _ = write!(line, " H{}", scale.x(scale.end));
    line
}

fn marks(timeline: &Timeline, scale: &Scale) -> Vec<Mark> {
    let mut label_end = 0.0;
    let mark = |step: &Step| {
        let x = scale.x(step.seconds);
        let has_room = x >= label_end;
        if has_room {
            label_end = x + LABEL_WIDTH;
        }
        let title = format!("{}: the end for {}, {} left", step.end, counted(step.ending, "workload"), step.left);
        Mark { x, y: scale.y(step.left), title, label: has_room.then_some(step.left) }
    };
    timeline.steps.iter().map(mark).collect()
}

/// Days at even distances.
fn dates(scale: &Scale) -> Vec<Tick> {
    let days = (scale.end - scale.start) / SECONDS_A_DAY;
    let distance = (days / DATES_MAX + 1) * SECONDS_A_DAY;
    let Ok(start) = Timestamp::from_second(scale.start) else {
        return Vec::new();
    };
    let midnight = start.to_zoned(TimeZone::UTC).start_of_day().and_then(|day| day.checked_add(1.day()));
    let first = midnight.map_or(scale.start, |midnight| midnight.timestamp().as_second());
    let times = (0..=DATES_MAX).map(|index| first + index * distance).take_while(|time| *time <= scale.end);
    let tick = |time| {
        let text = Timestamp::from_second(time).ok()?.strftime("%Y-%m-%d").to_string();
        Some(Tick { at: scale.x(time), text })
    };
    times.filter_map(tick).collect()
}

/// The distance of the numbers beside the picture: 1, 2 or 5 and zeros.
fn number_step(most: usize) -> usize {
    let powers = std::iter::successors(Some(1_usize), |power| power.checked_mul(10));
    let mut steps = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    steps.find(|step| most.div_ceil(*step) <= NUMBERS_MAX).unwrap_or(most)
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_down_at_each_end() {
        let step = |end: &str, day: i64, ending, left| Step {
            end: end.to_owned(),
            seconds: day * SECONDS_A_DAY,
            ending,
            left,
        };
        let steps = vec![step("1970-01-12", 12, 3, 5), step("1970-01-24", 24, 5, 0)];
        let chart = Chart::new(&Timeline { start: 0, excepted: 6, dated: 2, steps }).expect("a chart");
        assert_eq!(chart.line, "M48 24 H350.8 V93 H653.5 V208 H704");
        let marks: Vec<_> = chart.steps.iter().map(|mark| (mark.title.as_str(), mark.label)).collect();
        assert_eq!(
            marks,
            [
                ("1970-01-12: the end for 3 workloads, 5 left", Some(5)),
                ("1970-01-24: the end for 5 workloads, 0 left", Some(0))
            ]
        );
        let texts = |ticks: &[Tick]| ticks.iter().map(|tick| tick.text.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(texts(&chart.numbers), "0 2 4 6 8");
        assert_eq!(texts(&chart.dates), "1970-01-02 1970-01-07 1970-01-12 1970-01-17 1970-01-22 1970-01-27");
    }

    #[test]
    fn there_is_no_picture_of_nothing() {
        assert!(Chart::new(&Timeline { start: 0, excepted: 8, dated: 0, steps: Vec::new() }).is_none());
    }

    #[test]
    fn chooses_round_numbers() {
        const CASES: &[(usize, usize)] = &[(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (26, 10), (4_000, 1_000)];
        for &(most, step) in CASES {
            assert_eq!(number_step(most), step, "{most}");
        }
    }
}
