//! How much memory the largest simulated Region takes: `cargo bench --bench memory`, on Linux.
//!
//! It runs `large` for three hours, the longest time that the world keeps anything, and prints the process's peak.

use std::error::Error;
use std::io::Write;

use chrono::TimeDelta;
use lambda_simulator::{World, scenario};

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout();
    let scenario = scenario("large")?;
    let mut world = World::new(&scenario, 1);
    for minutes in [12, 60, 180] {
        world.advance(scenario.origin() + TimeDelta::minutes(minutes));
        let status = std::fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or(" unknown");
        writeln!(output, "large after {minutes} min: {}", peak.trim())?;
    }
    Ok(())
}
