//! What the shipped scenarios say, and that the simulation says the same as the formulas.

use enamel_risk::{heat_map, simulate};
use enamel_types::practice::PracticeProfile;
use enamel_types::risk::RiskFigures;

use crate::world::{counts, everywhere, finding, input, scenarios};

#[test]
fn look() {
    let profile = PracticeProfile::default();
    for (name, results) in [
        ("nothing known", Default::default()),
        ("all pass", everywhere(counts(5, 0, 0))),
        ("all fail", everywhere(counts(0, 5, 0))),
        ("some fail", everywhere(counts(4, 1, 0))),
    ] {
        let findings: Vec<_> = ["W01", "W03", "W08", "W16", "W53", "W60", "phi.folder"]
            .iter()
            .map(|r| finding(r, 1, 20))
            .collect();
        let findings = if name == "some fail" { findings } else { Vec::new() };
        let start = std::time::Instant::now();
        let figures: RiskFigures =
            simulate(&scenarios(), &input(results, &findings, &profile), 100_000, 1, 2);
        println!(
            "== {name} {:?}: mean {} p50 {} p90 {} p95 {} any {:.3}",
            start.elapsed(),
            figures.total.mean,
            figures.total.p50,
            figures.total.p90,
            figures.total.p95,
            figures.total.any_loss
        );
        for s in &figures.scenarios {
            println!(
                "  {:24} ev/y {:.4} event {} mean {} p95 {}",
                s.id.as_str(),
                s.events_per_year,
                s.event_loss,
                s.losses.mean,
                s.losses.p95
            );
        }
        for f in &figures.fixes {
            println!("  fix {} {} {} {}", f.id, f.saves_mean, f.minutes, f.saves_per_hour);
        }
        for e in heat_map(&figures).scenarios {
            println!("  heat {e:?}");
        }
        if name == "nothing known" {
            for s in &figures.swings {
                println!("  swing {} {} {}", s.factor, s.low, s.high);
            }
            for a in figures.assumptions.iter().take(12) {
                println!("  {a:?}");
            }
        }
    }
}
