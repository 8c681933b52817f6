//! The report's text and tables.

use lambda_model::finding::Kind;

use crate::table::{Table, number, percent};
use crate::tally::{BINS, Slips, Tally, quantile};

/// The part of the report about some runs.
pub(crate) fn part(tally: &Tally) -> String {
    [
        format!("{} runs.\n\n{}", tally.runs, kinds(tally)),
        format!(
            "### The cause of throttles\n\nNamed correctly: {}.\n\n{}",
            tally.causes.accuracy(),
            tally.causes.matrix()
        ),
        format!("### Calibration\n\n{}", calibration(tally)),
        format!("### Forecasts\n\n{}.\n", tally.coverage.words()),
    ]
    .join("\n")
}

/// Precision, recall and delays by kind.
fn kinds(tally: &Tally) -> String {
    let head = ["kind", "findings", "precision", "due", "recall", "median min", "90 % min", "overstayed"];
    let mut table = Table::new(&head);
    let (mut right, mut made, mut found, mut due) = (0, 0, 0, 0);
    for kind in Kind::ALL {
        let Some(sums) = tally.kinds.get(kind) else { continue };
        (right, made) = (right + sums.right, made + sums.right + sums.wrong);
        (found, due) = (found + sums.found, due + sums.found + sums.missed);
        table.row([
            kind.name().to_string(),
            (sums.right + sums.wrong).to_string(),
            percent(sums.right, sums.right + sums.wrong),
            (sums.found + sums.missed).to_string(),
            percent(sums.found, sums.found + sums.missed),
            number(quantile(&sums.delays, 0.5)),
            number(quantile(&sums.delays, 0.9)),
            sums.overstayed.to_string(),
        ]);
    }
    let delays: Vec<f64> = tally.kinds.values().flat_map(|sums| sums.delays.iter().copied()).collect();
    table.row([
        "**all**".to_string(),
        made.to_string(),
        percent(right, made),
        due.to_string(),
        percent(found, due),
        number(quantile(&delays, 0.5)),
        number(quantile(&delays, 0.9)),
    ]);
    table.text()
}

/// How often findings of some confidence are right.
fn calibration(tally: &Tally) -> String {
    let mut table = Table::new(&["confidence", "findings", "mean confidence", "right"]);
    let ends = BINS.iter().skip(1).copied().chain([1.0]);
    for ((from, until), bin) in BINS.iter().zip(ends).zip(&tally.bins) {
        if bin.count > 0 {
            table.row([
                format!("{from:.2}–{until:.2}"),
                bin.count.to_string(),
                format!("{:.1} %", 100.0 * bin.said / bin.count as f64),
                percent(bin.right, bin.count),
            ]);
        }
    }
    table.text()
}

/// What went wrong most often.
pub(crate) fn slips(slips: &Slips, most: usize) -> String {
    let mut table = Table::new(&["scenario", "kind", "about", "times", "for example"]);
    let mut worst: Vec<_> = slips.iter().collect();
    worst.sort_by_key(|(_, slip)| std::cmp::Reverse(slip.count));
    for ((scenario, kind, function), slip) in worst.into_iter().take(most) {
        table.row([
            scenario.clone(),
            kind.to_string(),
            function.clone(),
            slip.count.to_string(),
            format!("seed {}, minute {:.1}", slip.seed, slip.minute),
        ]);
    }
    table.text()
}
