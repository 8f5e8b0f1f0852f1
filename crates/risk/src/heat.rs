//! NIST SP 800-30 r1 as a view of the figures, for readers who expect a matrix.
//!
//! Nothing is computed from it: a cell of a matrix cannot be added to another, and dollars can.

use enamel_types::risk::Level::{High, Low, Moderate, VeryHigh, VeryLow};
use enamel_types::risk::{HeatMap, HeatMapEntry, Level, RiskFigures, ScenarioRisk};

/// Table G-5, overall likelihood: `[chance that it is tried][chance that it then does harm]`, both rising.
const OVERALL: [[Level; 5]; 5] = [
    [VeryLow, VeryLow, Low, Low, Low],
    [VeryLow, Low, Low, Moderate, Moderate],
    [Low, Low, Moderate, Moderate, High],
    [Low, Moderate, Moderate, High, VeryHigh],
    [Low, Moderate, High, VeryHigh, VeryHigh],
];

/// Table I-2, risk: `[likelihood][impact]`, both rising.
const RISK: [[Level; 5]; 5] = [
    [VeryLow, VeryLow, VeryLow, Low, Low],
    [VeryLow, Low, Low, Low, Moderate],
    [VeryLow, Low, Moderate, Moderate, High],
    [VeryLow, Low, Moderate, High, VeryHigh],
    [VeryLow, Low, Moderate, High, VeryHigh],
];

/// The standard's own scale of 0 to 100 (tables G-2 to G-4): the first value of each level but the lowest.
const PER_CENT: [f64; 4] = [5.0, 21.0, 80.0, 96.0];

/// Our judgement, because the standard leaves it open: mean loss of one event as a share of a year's takings at which a level
/// begins. A twentieth of a per cent is a bad afternoon; a fifth of the year is a threat to the practice.
const IMPACT: [f64; 4] = [0.0005, 0.005, 0.05, 0.20];

/// Places each scenario in the 5×5 matrix of NIST SP 800-30 r1: likelihood by table G-5 from the chance of an attempt within a year
/// and its chance of success, impact by the mean loss of an event against a year's takings, risk by table I-2.
pub fn heat_map(figures: &RiskFigures) -> HeatMap {
    HeatMap {
        label: "A view of the dollar figures in the levels of NIST SP 800-30 r1 (tables G-5 and I-2); nothing is computed \
                from it. Likelihood: chance of an attempt within a year and of its success. Impact: mean loss of one \
                event against a year's takings."
            .to_owned(),
        cells: RISK,
        scenarios: figures.scenarios.iter().map(|scenario| place(scenario, figures.yearly_takings.0)).collect(),
    }
}

fn place(scenario: &ScenarioRisk, takings: f64) -> HeatMapEntry {
    let tried = level(100.0 * (1.0 - (-scenario.attempts_per_year).exp()), PER_CENT);
    let harms = level(100.0 * scenario.susceptibility, PER_CENT);
    let likelihood = OVERALL[tried as usize][harms as usize];
    let impact = level(scenario.event_loss.0 / takings.max(1.0), IMPACT);
    HeatMapEntry {
        id: scenario.id.clone(),
        likelihood,
        impact,
        risk: RISK[likelihood as usize][impact as usize],
    }
}

fn level(value: f64, starts: [f64; 4]) -> Level {
    Level::ALL[starts.iter().filter(|start| value >= **start).count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_where_the_standard_says() {
        for (value, expected) in [(0.0, VeryLow), (4.9, VeryLow), (5.0, Low), (20.9, Low), (21.0, Moderate)] {
            assert_eq!(level(value, PER_CENT), expected);
        }
        assert_eq!((level(95.0, PER_CENT), level(96.0, PER_CENT)), (High, VeryHigh));
    }

    #[test]
    fn both_tables_rise_along_both_axes() {
        for table in [OVERALL, RISK] {
            for row in 0..5 {
                for column in 0..5 {
                    assert!(row == 0 || table[row][column] >= table[row - 1][column]);
                    assert!(column == 0 || table[row][column] >= table[row][column - 1]);
                }
            }
        }
        assert_eq!(OVERALL[4], [Low, Moderate, High, VeryHigh, VeryHigh]);
    }
}
