//! What is read from the logs of a simulated Region, against what really ran in it.

#[path = "../../benches/live/played.rs"]
mod played;

use played::{Distance, Played};

/// The mean absolute error that is allowed, as a share of the peak.
const TARGET: f64 = 0.02;

/// Three minutes of reading, from a minute after it began on: until then what ran already is not seen.
async fn check(name: &str) {
    let mut played = Played::new(name, 1, 12).await.unwrap();
    let mut region = Distance::default();
    let mut functions = vec![Distance::default(); played.functions().len()];
    for second in 1..=240 {
        assert!(played.second(true) > 1, "several sessions");
        if second > 60 && second % 30 == 0 {
            played.compare(30, &mut region, &mut functions);
        }
    }
    let errors: Vec<(String, Distance)> =
        played.functions().iter().map(ToString::to_string).zip(functions).chain([("Region".into(), region)]).collect();
    let compared = errors.iter().filter(|(_, distance)| distance.error().is_some()).count();
    assert!(compared * 10 > errors.len() * 8, "most functions of {name} ran: {compared}");
    for (of, distance) in errors {
        assert!(distance.error().is_none_or(|error| error <= TARGET), "{name}, {of}: {distance:?}");
        assert_eq!(distance.unknown, 0, "{name}, {of}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_live_curves_of_a_mixed_incident_are_the_true_ones() {
    check("mixed").await;
}

#[tokio::test(start_paused = true)]
async fn the_live_curves_at_the_regions_limit_are_the_true_ones() {
    check("region-limit").await;
}
