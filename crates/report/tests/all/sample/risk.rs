//! The sample's risk run, shaped as the model gives it.

use enamel_types::risk::{
    Assumption, Basis, FactorEffect, FixWorth, HeatMap, HeatMapEntry, Level, LossDistribution, RiskFigures,
    ScenarioRisk, Swing,
};
use enamel_types::{FindingEntry, Minutes, ScenarioId, Standing, Usd};

use super::rule;

/// The loss that half of all loss years exceed.
const MIDDLE_LOSS: f64 = 50_000.0;

fn losses(mean: f64, p50: f64, p90: f64, p95: f64, any_loss: f64) -> LossDistribution {
    // A lognormal tail by a logistic stand-in: close enough to look at, and free of a random number.
    let curve = (0..240)
        .map(|step| {
            let loss = 10f64.powf(2.0 + f64::from(step) / 48.0);
            (Usd(loss), any_loss / (1.0 + (loss / MIDDLE_LOSS).powf(1.7)))
        })
        .collect();
    LossDistribution { mean: Usd(mean), p50: Usd(p50), p90: Usd(p90), p95: Usd(p95), any_loss, curve }
}

#[allow(clippy::too_many_lines)] // a table, one entry after the other
pub(super) fn risk(findings: &[FindingEntry]) -> RiskFigures {
    let scenario = |id: &str, title: &str, story: &str, events: f64, mean: f64, p95: f64| ScenarioRisk {
        id: ScenarioId::new(id).expect("a scenario id in the sample"),
        title: title.to_owned(),
        story: story.to_owned(),
        events_per_year: events,
        losses: losses(mean, 0.0, 0.0, p95, events.min(0.9)),
        attempts_per_year: events * 8.0,
        susceptibility: 0.12,
        event_loss: Usd(mean / events),
        factors: Vec::new(),
    };
    let mut scenarios = vec![
        scenario(
            "ransomware-remote",
            "Ransomware through a remote door",
            "Somebody guesses or buys a password, sits down at the server at night and encrypts it.",
            0.062,
            17_900.0,
            68_000.0,
        ),
        scenario(
            "ransomware-mail",
            "Ransomware through mail",
            "Somebody at the front desk opens an attachment that looks like an invoice.",
            0.048,
            11_300.0,
            0.0,
        ),
        scenario(
            "ransomware-msp",
            "Ransomware through the IT provider",
            "The provider's own tool is misused to reach all its practices at once.",
            0.011,
            4_200.0,
            0.0,
        ),
        scenario(
            "mail-takeover",
            "Mail account taken over",
            "Somebody reads the mail of a dentist and sends patients a changed bank account.",
            0.12,
            2_900.0,
            14_000.0,
        ),
        scenario(
            "stolen-device",
            "Stolen computer",
            "A laptop or a small computer is carried off over the weekend.",
            0.03,
            1_450.0,
            0.0,
        ),
    ];
    scenarios[0].factors = vec![FactorEffect {
        factor: "Remote doors take a second proof of identity".to_owned(),
        acts_on: "susceptibility".to_owned(),
        multiplier: 2.4,
        seen: "1 of 1 rule fails".to_owned(),
        why: "A password alone can be bought.".to_owned(),
    }];
    let fix = |name: &str, title: &str, saves: f64, minutes: u32| {
        let of_rule: Vec<_> = findings
            .iter()
            .filter(|entry| entry.finding.rule.as_str() == name && entry.standing == Standing::Open)
            .collect();
        FixWorth {
            id: rule(name),
            title: title.to_owned(),
            how: of_rule.first().map(|entry| entry.finding.fix.how.clone()).unwrap_or_default(),
            saves_mean: Usd(saves),
            minutes: Minutes(minutes),
            saves_per_hour: Usd(saves / f64::from(minutes) * 60.0),
            findings: of_rule.iter().map(|entry| entry.finding.id).collect(),
        }
    };
    let assumption = |factor: &str, value: &str, basis, source: &str| Assumption {
        factor: factor.to_owned(),
        value: value.to_owned(),
        basis,
        source: source.to_owned(),
    };
    RiskFigures {
        mean_range: Some((Usd(21_400.0), Usd(58_900.0))),
        trials: 100_000,
        seed: 1,
        total: losses(37_750.0, 0.0, 61_000.0, 112_000.0, 0.24),
        scenarios,
        fixes: vec![
            fix("W09", "Close Remote Desktop or put a second proof of identity in front", 12_400.0, 45),
            fix("W03", "Switch off the old file sharing SMB1", 2_100.0, 20),
            fix("secret.clear", "Take the Open Dental password out of the clear", 3_050.0, 40),
            fix("phi.folder", "Clear the download folder of the front desk", 640.0, 20),
            fix("os.eol", "Cut the Windows 7 x-ray computer off from the internet", 1_900.0, 180),
            fix("W33", "Encrypt the disk of OP2", 310.0, 30),
        ],
        assumptions: vec![
            assumption(
                "Patients on file",
                "4,120 (3,900 to 4,400)",
                Basis::Measured,
                "found by the search of D:\\OpenDentImages, entry 11",
            ),
            assumption(
                "Days of downtime after ransomware",
                "2 to 23 days, most likely 8",
                Basis::Cited,
                "Coveware, third quarter 2025",
            ),
            assumption(
                "Ransomware through a remote door: attempts in a year",
                "2 to 40, most likely 12",
                Basis::Cited,
                "Sophos, Active Adversary Report 2025",
            ),
            assumption("Takings of a working day", "$4,200", Basis::Stated, "practice file"),
            assumption(
                "Share of patients who leave after a breach",
                "0% to 6%, most likely 2%",
                Basis::Judgement,
                "No study of dental practices was found; half of what hospitals report, because patients know their dentist.",
            ),
        ],
        yearly_takings: Usd(840_000.0),
        swings: vec![
            Swing {
                factor: "Ransomware through a remote door: attempts in a year".to_owned(),
                low: Usd(21_000.0),
                high: Usd(71_000.0),
            },
            Swing {
                factor: "Days of downtime after ransomware".to_owned(),
                low: Usd(28_000.0),
                high: Usd(52_000.0),
            },
        ],
    }
}

pub(super) fn heat_map() -> HeatMap {
    use Level::{High, Low, Moderate, VeryHigh, VeryLow};
    let place = |id: &str, likelihood, impact, risk| HeatMapEntry {
        id: ScenarioId::new(id).expect("a scenario id in the sample"),
        likelihood,
        impact,
        risk,
    };
    HeatMap {
        label: "Levels are drawn from the yearly chance and from the loss as a share of a year's takings."
            .to_owned(),
        cells: [
            [VeryLow, VeryLow, VeryLow, Low, Low],
            [VeryLow, Low, Low, Low, Moderate],
            [VeryLow, Low, Moderate, Moderate, High],
            [VeryLow, Low, Moderate, High, VeryHigh],
            [VeryLow, Low, Moderate, High, VeryHigh],
        ],
        scenarios: vec![
            place("ransomware-remote", Moderate, High, Moderate),
            place("ransomware-mail", Moderate, High, Moderate),
            place("mail-takeover", High, Low, Low),
            place("stolen-device", Low, Moderate, Low),
        ],
    }
}
